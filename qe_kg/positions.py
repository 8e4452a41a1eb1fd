"""Where a triple stands in its file: line and column of its beginning and end.

The n-th quad that the parser of record yields is matched with the n-th span of the text (`qe_kg.turtle_spans`); blank
nodes and literals thereby stay what the parser made of them. A file is followed only when something in it is to be
reported. Of RDF/XML and JSON-LD, which people seldom write, the subject's line is told and no more.
"""

from __future__ import annotations

import bisect
import re
from array import array
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Literal, NamedTuple

from qe_kg.errors import ReadError
from qe_kg.namespaces import RDF, Namespaces
from qe_kg.store.files import format_of, read_quads, text_of
from qe_kg.turtle_spans import NotFollowedError, Spans, spans_of, spans_of_line

_FOLLOWED = ("ttl", "trig", "nt", "nq")

#: What of a triple has a place: its object, the subject of its description, that description, and the end of it.
Kind = Literal["triple", "subject", "description", "end_of_description"]


class Place(NamedTuple):
    """A stretch of a file: lines and columns (of characters) count from 1, and the end is just behind it.

    Where something is missing the stretch is empty: it belongs there.
    """

    line: int
    column: int
    end_line: int
    end_column: int


class FilePlaces:
    """The places of one file's triples, by the number of the quad as the parser yields it (from 0)."""

    def __init__(self, text: str, spans: Spans) -> None:
        self.spans = spans
        self._line_starts = array("q", [0, *(match.end() for match in re.finditer("\n", text))])

    def __len__(self) -> int:
        return len(self.spans)

    def triple(self, number: int) -> Place:
        """Return the place of a triple's object: of a blank node the brackets, of a list the parentheses."""
        return self._place(self.spans.start[number], self.spans.end[number])

    def subject(self, number: int) -> Place:
        """Return the place of the subject of the description that a triple is written in."""
        block = self.spans.block[number]
        return self._place(self.spans.subject_start[block], self.spans.subject_end[block])

    def end_of_description(self, number: int) -> Place:
        """Return the empty place behind the last object of the description that a triple is written in."""
        end = self.spans.block_end[self.spans.block[number]]
        return self._place(end, end)

    def description(self, number: int) -> Place:
        """Return the place of the whole description that a triple is written in, without its full stop."""
        block = self.spans.block[number]
        return self._place(self.spans.subject_start[block], self.spans.block_end[block])

    def _place(self, start: int, end: int) -> Place:
        return Place(*self._line_and_column(start), *self._line_and_column(end))

    def _line_and_column(self, offset: int) -> tuple[int, int]:
        line = bisect.bisect_right(self._line_starts, offset)
        return line, offset - self._line_starts[line - 1] + 1


def places_of(path: Path, count: int | None = None) -> FilePlaces | None:
    """Return the places in a Turtle, TriG, N-Triples or N-Quads file.

    Args:
        path: a file that has been parsed.
        count: how many quads the parser yielded.

    Returns:
        None for other formats, and for a file that cannot be followed or has another number of triples than ``count``.

    """
    try:
        status = path.stat()
        places = _places(path.resolve(), status.st_mtime_ns, status.st_size)
    except (OSError, ReadError):
        return None
    return places if places is not None and count in (None, len(places)) else None


@lru_cache(maxsize=64)
def _places(path: Path, _modified: int, _size: int) -> FilePlaces | None:
    form = format_of(path)
    if form not in _FOLLOWED:
        return None
    try:
        text = path.read_text(encoding="utf-8-sig")
        return FilePlaces(text, spans_of(text, has_graph_terms=form == "nq"))
    except (NotFollowedError, UnicodeDecodeError):
        return None


def place_in_line(line: str, number: int, kind: Kind) -> Place:
    """Return a place in a line of N-Triples.

    Args:
        line: the line, which has a triple.
        number: its number.
        kind: the place of what.

    """
    try:
        found = spans_of_line(line)
    except NotFollowedError:
        return Place(number, 1, number, len(line) + 1)
    first = found.start if kind == "triple" else found.end if kind == "end_of_description" else found.subject_start
    last = found.subject_end if kind == "subject" else found.end
    return Place(number, first + 1, number, last + 1)


def subject_place(path: Path, iri: str) -> Place | None:
    """Return where a file of any format first names an IRI as a subject, or None where that cannot be told.

    Only for formats that `places_of` does not follow: the IRI is looked for as text, as ``rdf:about``, ``rdf:ID`` or
    ``"@id"`` has it.
    """
    try:
        text = path.read_text(encoding="utf-8-sig")
    except (OSError, UnicodeDecodeError):
        return None
    name = re.escape(iri.replace("&", "&amp;"))
    local = re.escape(re.split(r"[/#]", iri)[-1])
    # An entity or a base may stand for the beginning of the IRI, hence the second and third way to write it.
    for pattern in (
        rf'(?:rdf:about\s*=\s*["\']|"@id"\s*:\s*"){name}["\']',
        rf'rdf:about\s*=\s*["\'][^"\']*[#/;]{local}["\']',
        rf'rdf:ID\s*=\s*["\']{local}["\']',
        rf'"@id"\s*:\s*"[\w.-]*:{local}"',
    ):
        match = re.search(pattern, text)
        if match:
            line = text.count("\n", 0, match.start()) + 1
            end_line = text.count("\n", 0, match.end()) + 1
            before, end_before = text.rfind("\n", 0, match.start()), text.rfind("\n", 0, match.end())
            return Place(line, match.start() - before, end_line, match.end() - end_before)
    return None


@dataclass(frozen=True)
class _Written:
    """The triples of one file as texts, so that they can be looked for under IRIs and lexical forms."""

    places: FilePlaces
    triples: tuple[tuple[str | None, str, str | None], ...]  # None is a blank node
    by_subject: dict[str | None, list[int]]


@lru_cache(maxsize=64)
def _written(path: Path, _modified: int, _size: int) -> _Written | None:
    try:
        quads = list(read_quads(path))
    except ReadError:
        return None
    places = places_of(path, len(quads))
    if places is None:
        return None
    triples = tuple((text_of(quad.subject), quad.predicate.value, text_of(quad.object)) for quad in quads)
    by_subject: dict[str | None, list[int]] = {}
    for number, triple in enumerate(triples):
        by_subject.setdefault(triple[0], []).append(number)
    return _Written(places, triples, by_subject)


def locate(
    path: Path, namespaces: Namespaces, subject: str | None, predicate: str | None = None, value: str | None = None
) -> Place | None:
    """Return where a file has a triple, given as texts, or the nearest thing to it; None if that is unknown.

    Args:
        path: the file.
        namespaces: what is shipped may be loaded under another base than it is written in.
        subject: the subject's IRI; None for any blank node.
        predicate: without one, the place is the subject's.
        value: the object's IRI or lexical form; without one, or where no such triple is there, the place is that of
            the predicate's first object.

    """
    try:
        path = path.resolve()
        status = path.stat()
    except OSError:
        return None
    written = _written(path, status.st_mtime_ns, status.st_size)
    for original in (lambda text: text, namespaces.unrebase):
        wanted = [None if text is None else original(text) for text in (subject, predicate, value)]
        if written is None:
            place = subject_place(path, wanted[0]) if wanted[0] else None
        else:
            place = _find(written, wanted[0], wanted[1], wanted[2])
        if place:
            return place
    return None


def _find(written: _Written, subject: str | None, predicate: str | None, value: str | None) -> Place | None:
    numbers = written.by_subject.get(subject, [])
    if not numbers:
        return None
    of_predicate = [number for number in numbers if written.triples[number][1] == predicate]
    exact = [number for number in of_predicate if written.triples[number][2] == value]
    if exact or of_predicate:
        return written.places.triple((exact or of_predicate)[0])
    return written.places.subject(main_description(numbers, lambda number: written.triples[number][1]))


def main_description(numbers: Sequence[int], predicate: Callable[[int], str]) -> int:
    """Choose out of a subject's triples the one whose description says what the subject is; else the first.

    Raises:
        IndexError: there are none.

    """
    first = numbers[0]
    return next((number for number in numbers if predicate(number) == f"{RDF}type"), first)
