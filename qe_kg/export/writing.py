"""Writing a model to RDF files, safely and the same way each time."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING

from qe_kg.atomic_files import atomic_output
from qe_kg.errors import CallError
from qe_kg.export.compression import compressing
from qe_kg.export.jsonld import write_jsonld
from qe_kg.export.parts import INFERRED, Part, quads_of
from qe_kg.namespaces import Namespaces, is_iri
from qe_kg.store.files import FORMATS, canonical, with_labels
from qe_kg.store.streams import LINE_FORMS, is_dataset, one_each, pass_through, write_as_read

if TYPE_CHECKING:
    import pyoxigraph as ox

FORM_NAMES = tuple(FORMATS)
ORDERS = ("auto", "sorted", "source")
#: Sources larger than this in all (bytes) are written as they are read unless the call says otherwise.
LARGE = 64_000_000


def rebasing(old: str, new: str) -> Callable[[str], str]:
    """Make a function that moves IRIs from one base to another.

    Raises:
        CallError: the new base is no IRI that ends with "/" or "#".

    """
    if not is_iri(new) or new[-1] not in "/#":
        raise CallError(f"a base must be an IRI that ends with / or #, not {new!r}")
    return lambda iri: new + iri[len(old) :] if iri.startswith(old) else iri


def moved(parts: Sequence[Part], namespaces: Namespaces, base: str | None) -> tuple[tuple[Part, ...], dict[str, str]]:
    """Return parts and prefixes with all IRIs of ours under another base; as they are where it is None.

    Raises:
        CallError: the base is none.

    """
    if base is None:
        return tuple(parts), dict(namespaces.prefixes)
    move = rebasing(namespaces.base, base)
    prefixes = {prefix: move(namespace) for prefix, namespace in namespaces.prefixes.items()}
    return tuple(part.renamed(move) for part in parts), prefixes


@dataclass(frozen=True)
class Style:
    """How statements are written.

    Attributes:
        form: one of `FORM_NAMES`.
        prefixes: prefix → namespace, for the formats that have prefixes.
        order: "sorted", "source", or "auto": sorted unless the sources are large and the format need not be.

    """

    form: str
    prefixes: dict[str, str]
    order: str = "auto"

    def __post_init__(self) -> None:
        if self.form not in FORM_NAMES:
            raise CallError(f"unknown format {self.form!r}; known are {', '.join(FORM_NAMES)}")
        if self.order not in ORDERS:
            raise CallError(f"unknown order {self.order!r}; known are {', '.join(ORDERS)}")
        if self.order == "source" and self.form == "jsonld":
            raise CallError("jsonld is written sorted: what is said about one thing stands together in it")

    def sorts(self, parts: Iterable[Part]) -> bool:
        """Tell whether statements are sorted, which takes memory for all of them."""
        if self.order == "auto":
            return self.form == "jsonld" or sum(part.size for part in parts) <= LARGE
        return self.order == "sorted"


def export(parts: Sequence[Part], output: Path | str | IO[bytes], style: Style, compression: str | None = None) -> int:
    """Write parts to a path, replaced only when the new file is whole, or to a binary file.

    Returns:
        The number of statements written.

    Raises:
        ReadError: a source cannot be read, or the output cannot be written.

    """
    if isinstance(output, str | Path):
        with atomic_output(Path(output)) as file, compressing(file, compression) as packed:
            return write_parts(parts, packed, style)
    with compressing(output, compression) as packed:
        return write_parts(parts, packed, style)


def write_parts(parts: Sequence[Part], output: IO[bytes], style: Style) -> int:
    """Write parts in one fixed order, so that equal models give equal bytes.

    Returns:
        The number of statements. In source order one that a source says twice is written twice.

    Raises:
        CallError: the format cannot keep what is inferred apart from what is asserted.

    """
    check_unmixed(parts, style)
    if style.form not in LINE_FORMS or style.sorts(parts):
        return _counted(in_order(parts, style), output, style)
    count = 0
    for number, part in enumerate(parts, 1):
        if part.lines is not None:
            graph = part.graph if style.form == "nq" else None
            count += pass_through(part.lines, output, graph=graph, labels=f"f{number}b")
        else:
            count += _counted(with_labels(part.read(), f"f{number}b"), output, style)
    return count


def _counted(quads: Iterable[ox.Quad], output: IO[bytes], style: Style) -> int:
    count = 0

    def counted() -> Iterator[ox.Quad]:
        nonlocal count
        for quad in quads:
            count += 1
            yield quad

    write_quads(counted(), output, style)
    return count


def check_unmixed(parts: Sequence[Part], style: Style) -> None:
    """Refuse to write what is inferred into one graph with what is asserted.

    Raises:
        CallError: the format has no named graphs to keep them apart.

    """
    if not is_dataset(style.form) and len(parts) > 1 and any(part.name == INFERRED for part in parts):
        raise CallError(
            f"{style.form} has no named graphs, and what is inferred is never mixed with what is asserted; "
            "write nq, trig or jsonld, or split by graph"
        )


def in_order(parts: Sequence[Part], style: Style) -> Iterator[ox.Quad]:
    """Yield the quads of parts in the order of a style: sorted, with the canonical labels of RDFC-1.0, or as read."""
    if style.sorts(parts):
        ordered = canonical(quads_of(parts))
        yield from ordered if is_dataset(style.form) else one_each(ordered)
    else:
        for number, part in enumerate(parts, 1):
            yield from with_labels(part.read(), f"f{number}b")


def write_quads(quads: Iterable[ox.Quad], output: IO[bytes], style: Style) -> None:
    """Write quads in the order in which they come."""
    if style.form == "jsonld":
        write_jsonld(quads, output, style.prefixes)
    else:
        write_as_read(quads, output, style.form, style.prefixes)
