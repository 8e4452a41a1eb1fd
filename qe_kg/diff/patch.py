"""A difference as RDF Patch (https://afs.github.io/rdf-patch/), and a patch applied.

Blank nodes are named after what is said about them (`qe_kg.store.statements`): the names in a patch are those that
the old graph's blank nodes get when they are named the same way, so a patch finds them in any copy of it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING

from qe_kg.change import Change
from qe_kg.errors import ParseError, ReadError
from qe_kg.store.statements import Difference, name_blank_nodes, parse_line, quad_of

if TYPE_CHECKING:
    import pyoxigraph as ox

_IGNORED = ("H", "TX", "TC", "PA", "PD")


def write_patch(difference: Difference) -> str:
    """Write a difference as RDF Patch: what is deleted first, then what is added, each sorted."""
    rows = [f"D {one.n3()} ." for one in difference.removed] + [f"A {one.n3()} ." for one in difference.added]
    digest = hashlib.sha256("\n".join(rows).encode("utf-8")).hexdigest()
    header = [
        f"H id <urn:sha256:{digest}> .",
        'H blank-nodes "named by RDFC-1.0 over the statements that hang together" .',
    ]
    return "\n".join([*header, "TX .", *rows, "TC ."]) + "\n"


def apply_patch(quads: Iterable[ox.Quad], patch: str, name: str = "the patch") -> frozenset[ox.Quad]:
    """Return a set of quads with a patch applied; blank nodes come out with the names that the patch uses.

    Args:
        quads: what the patch was made for.
        patch: the text of `write_patch`.
        name: what to call the patch in an error.

    Raises:
        ParseError: a line of the patch is none.
        ReadError: the patch deletes what is not there: it was made for other data.

    """
    result = set(name_blank_nodes(quads))
    for number, kind, quad in _rows(patch, name):
        if kind == "A":
            result.add(quad)
        elif quad in result:
            result.remove(quad)
        else:
            raise ReadError(f"{name}:{number}: deletes what is not there: {quad}")
    return frozenset(result)


def read_patch(patch: str, name: str = "the patch") -> Change:
    """Return what a patch adds and what it deletes, whatever it is applied to.

    Raises:
        ParseError: a line of the patch is none.

    """
    found: dict[str, dict[ox.Quad, None]] = {"A": {}, "D": {}}
    for _, kind, quad in _rows(patch, name):
        found[kind][quad] = None
        found["D" if kind == "A" else "A"].pop(quad, None)
    return Change(tuple(found["A"]), tuple(found["D"]))


def _rows(patch: str, name: str) -> Iterator[tuple[int, str, ox.Quad]]:
    """Yield the rows of a patch that say something: line, "A" or "D", quad."""
    for number, line in enumerate(patch.splitlines(), 1):
        kind, _, rest = line.strip().partition(" ")
        if not kind or kind.startswith("#") or kind in _IGNORED:
            continue
        try:
            if kind not in ("A", "D"):
                raise ValueError(f"a line begins with A, D, {', '.join(_IGNORED)}, not {kind!r}")
            yield number, kind, quad_of(parse_line(rest))
        except ValueError as error:
            raise ParseError(name, number, None, " ".join(str(error).split())) from error
