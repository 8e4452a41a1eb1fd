"""Canonical form by RDFC-1.0, beside two implementations of others: PyLD's (its algorithm), and rdflib's (another one).

W3C's own test suite is in no package; made graphs take its place. ``make canonical`` makes thousands of them.
"""

from __future__ import annotations

import os
from collections.abc import Sequence
from itertools import combinations, permutations
from typing import NamedTuple

import pyoxigraph as ox
import pytest
import rdflib
from hypothesis import given, settings
from hypothesis import strategies as st
from pyld import jsonld
from rdflib.compare import to_canonical_graph

from qe_kg.store.canonical import CanonicalGraph, canonical_text

E = "http://e/"
EXAMPLES = int(os.environ.get("QE_KG_EXAMPLES", "60"))

#: Statements as (subject, predicate, object); a number is a blank node, a text is what N-Triples has.
Node = int | str


class Statement(NamedTuple):
    """One statement of a made graph."""

    subject: Node
    predicate: str
    object: Node


def _text(statements: Sequence[Statement], names: Sequence[int] | None = None) -> bytes:
    """Write statements as N-Triples, blank nodes under these names."""

    def shown(node: Node) -> str:
        return node if isinstance(node, str) else f"_:b{names[node] if names else node}"

    return "".join(f"{shown(one.subject)} {one.predicate} {shown(one.object)} .\n" for one in statements).encode()


def _by_pyld(text: bytes) -> list[str]:
    once = "\n".join(dict.fromkeys(text.decode().split("\n")))  # it takes what is said twice for two statements
    options = {"algorithm": "URDNA2015", "inputFormat": "application/n-quads", "format": "application/n-quads"}
    return str(jsonld.normalize(once, options)).splitlines()


def _as_pyld(found: CanonicalGraph) -> list[str]:
    return [line.decode() for line in found.lines]


def _by_rdflib(text: bytes) -> set[tuple[rdflib.term.Node, ...]]:
    return set(to_canonical_graph(rdflib.Graph().parse(data=text, format="nt")))


# What URDNA2015 writes as RDFC-1.0 does; of the rest, see the test of escapes.
_LITERALS = [
    '"x"', '"x"@en', '"x"@de', f'"1"^^<{E}number>', '"\\n\\r\\\\\\""', '"äöü € 𝄞"',
    '"x"^^<http://www.w3.org/2001/XMLSchema#string>', '""',
]  # fmt: skip
_IRIS = [f"<{E}a>", f"<{E}b>", f"<{E}ä>"]
_PREDICATES = st.sampled_from([f"<{E}p>", f"<{E}q>"])


@st.composite
def graphs(draw: st.DrawFn) -> list[Statement]:
    """Make graphs that hang together by blank nodes, many of which look alike."""
    blank = st.integers(0, draw(st.integers(0, 6)))
    subject, value = st.one_of(blank, blank, st.sampled_from(_IRIS)), st.sampled_from([*_IRIS, *_LITERALS])
    statement = st.builds(Statement, subject, _PREDICATES, st.one_of(blank, blank, blank, value))
    return draw(st.lists(statement, max_size=14))


def _alike(kind: str, size: int) -> list[Statement]:
    """Make a graph of blank nodes that all look alike, which takes trying all orders."""
    pairs = {
        "circle": [(one, (one + 1) % size) for one in range(size)],
        "two circles": [(one, (one + 1) % 3 + one // 3 * 3 if one % 3 < 2 else one - 2) for one in range(6)],
        "everybody": list(permutations(range(size), 2)),
        "half": list(combinations(range(size), 2)),
        "both ways": [(one, (one + step) % size) for one in range(size) for step in (1, size - 1)],
        "apart": [(2 * one, 2 * one + 1) for one in range(size)],
        "itself": [(one, one) for one in range(size)],
    }[kind]
    return [Statement(one, f"<{E}p>", other) for one, other in pairs]


@settings(max_examples=EXAMPLES, derandomize=EXAMPLES < 1000, deadline=None, database=None)
@given(graphs(), st.permutations(range(7)), st.randoms(use_true_random=False))
def test_as_pyld_whatever_the_labels_and_the_order(made: list[Statement], names: list[int], random: object) -> None:
    # PyLD takes a statement from a node to itself for two statements about it, against the specification.
    made = [one for one in made if one.subject != one.object]
    found = canonical_text(_text(made))
    assert _as_pyld(found) == _by_pyld(_text(made))
    random.shuffle(made)  # type: ignore[attr-defined]
    assert canonical_text(_text(made, names)) == found


@settings(max_examples=EXAMPLES, derandomize=EXAMPLES < 1000, deadline=None, database=None)
@given(graphs(), st.permutations(range(7)), st.data())
def test_equal_just_where_rdflib_finds_them_equal(made: list[Statement], names: list[int], data: st.DataObject) -> None:
    """A graph beside one in which a statement leads elsewhere; often they say the same all the same."""
    other = list(made)
    if made:
        place = data.draw(st.integers(0, len(made) - 1))
        other[place] = made[place]._replace(object=data.draw(st.integers(0, 6)))
    first, second = _text(made), _text(other, names)
    is_equal = canonical_text(first).hash == canonical_text(second).hash
    assert is_equal == (_by_rdflib(first) == _by_rdflib(second))


@pytest.mark.parametrize(
    ("kind", "size"),
    [("circle", 2), ("circle", 5), ("circle", 6), ("two circles", 6), ("everybody", 4), ("half", 5), ("both ways", 5),
     ("apart", 4), ("itself", 3)],
)  # fmt: skip
def test_nodes_that_all_look_alike(kind: str, size: int) -> None:
    made = _alike(kind, size)
    assert _as_pyld(canonical_text(_text(made))) == _by_pyld(_text(made))
    turned = [*range(1, len(made) * 2), 0]
    assert canonical_text(_text(made[::-1], turned)) == canonical_text(_text(made))


def test_a_circle_of_six_is_not_two_of_three() -> None:
    one, two = (canonical_text(_text(_alike(kind, 6))) for kind in ("circle", "two circles"))
    assert len(one) == len(two) == 6 and one.hash != two.hash


@pytest.mark.parametrize("code", [*range(0x21), 0x22, 0x5C, 0x7F, 0x80, 0xA0, 0x2028, 0xFEFF, 0x1F4A1])
def test_escapes_are_those_of_the_specification(code: int) -> None:
    """Canonical N-Quads: seven by a letter, the other controls by their number, and every other as it is."""
    short = {0x08: "b", 0x09: "t", 0x0A: "n", 0x0C: "f", 0x0D: "r", 0x22: '"', 0x5C: "\\"}
    by_number = code < 0x20 or code == 0x7F
    expected = f"\\{short[code]}" if code in short else f"\\u{code:04X}" if by_number else chr(code)
    triple = ox.Triple(ox.NamedNode(f"{E}s"), ox.NamedNode(f"{E}p"), ox.Literal(chr(code)))
    written = ox.serialize([triple], format=ox.RdfFormat.N_TRIPLES) or b""
    assert canonical_text(written).lines == (f'<{E}s> <{E}p> "{expected}" .'.encode(),)
    as_number = f'<{E}s> <{E}p> "\\U{code:08X}" .\n'.encode()
    assert canonical_text(as_number) == canonical_text(written)
