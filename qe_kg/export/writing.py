"""Writing a model to RDF files, safely and the same way each time."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING

from qe_kg.atomic_files import atomic_output
from qe_kg.errors import CallError, ReadError
from qe_kg.namespaces import Namespaces, is_iri
from qe_kg.store.files import FORMATS, canonical, rename_quads, write_quads

if TYPE_CHECKING:
    import pyoxigraph as ox

# What XML 1.0 has no way to write, not even escaped.
_NOT_IN_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
FORM_NAMES = tuple(FORMATS)


def rebasing(old: str, new: str) -> Callable[[str], str]:
    """Make a function that moves IRIs from one base to another.

    Raises:
        CallError: the new base is no IRI that ends with "/" or "#".

    """
    if not is_iri(new) or new[-1] not in "/#":
        raise CallError(f"a base must be an IRI that ends with / or #, not {new!r}")
    return lambda iri: new + iri[len(old) :] if iri.startswith(old) else iri


def export(
    quads: Iterator[ox.Quad], output: Path | str | IO[bytes], form: str, namespaces: Namespaces, base: str | None = None
) -> int:
    """Write quads to a path, replaced only when the new file is whole, or to a binary file.

    Args:
        quads: what to write.
        output: where to.
        form: one of `FORM_NAMES`.
        namespaces: their namespaces and prefixes.
        base: another base for all IRIs of ours; None leaves them.

    Returns:
        The number of quads written.

    Raises:
        CallError: an unknown format, or a bad base.
        ReadError: the output cannot be written.

    """
    if form not in FORM_NAMES:
        raise CallError(f"unknown format {form!r}; known are {', '.join(FORM_NAMES)}")
    prefixes = dict(namespaces.prefixes)
    if base is not None:
        move = rebasing(namespaces.base, base)
        quads = rename_quads(quads, move)
        prefixes = {prefix: move(namespace) for prefix, namespace in prefixes.items()}
    if isinstance(output, str | Path):
        with atomic_output(Path(output)) as file:
            return write_model(quads, file, form, prefixes)
    return write_model(quads, output, form, prefixes)


def write_model(quads: Iterable[ox.Quad], output: IO[bytes], form: str, prefixes: dict[str, str]) -> int:
    """Write quads in one fixed order, so that equal models give equal bytes.

    Args:
        quads: what to write; its literals are written as they are.
        output: a binary file.
        form: a key of `FORM_NAMES`.
        prefixes: prefix → namespace, for the formats that have prefixes.

    Returns:
        The number of quads.

    """
    ordered = canonical(quads)
    if form == "rdfxml":
        for quad in ordered:
            if found := _NOT_IN_XML.search(str(getattr(quad.object, "value", ""))):
                raise ReadError(
                    f"XML cannot hold the character U+{ord(found[0]):04X}, which a literal of {quad.subject} has; "
                    "write another format"
                )
    write_quads(ordered, output, form, prefixes)
    return len(ordered)
