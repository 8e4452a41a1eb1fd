"""Where in a Turtle or TriG file a triple stands.

rdflib's parser is the one in Python that can be followed while it reads; it is slow, so a file is read this way
only when something about it is to be reported.
"""

from __future__ import annotations

import bisect
import logging
import re
from functools import lru_cache
from pathlib import Path
from typing import Any, NamedTuple

import rdflib
from rdflib import Dataset, Graph
from rdflib.plugins.parsers.notation3 import RDFSink, SinkParser
from rdflib.plugins.parsers.trig import TrigSinkParser
from rdflib.term import Node

from qe_kg.namespaces import Namespaces

rdflib.NORMALIZE_LITERALS = False
# A literal that does not fit its datatype is a finding of a shape; rdflib logs it with a traceback.
logging.getLogger("rdflib.term").setLevel(logging.CRITICAL)

_SPACE = re.compile(r"(?:[ \t\r\n]+|#[^\n\r]*)*")


class Position(NamedTuple):
    """A place in a file: line and column, both counted from 1."""

    line: int
    column: int


class Positions:
    """The places of a file's subjects and triples, by the text of IRIs and lexical forms."""

    def __init__(self) -> None:
        self.subjects: dict[str, Position] = {}
        self.predicates: dict[tuple[str, str], Position] = {}
        self.triples: dict[tuple[str, str, str], Position] = {}

    def find(self, subject: str, predicate: str | None = None, value: str | None = None) -> Position | None:
        """Return the place of a triple's object; failing that, of the predicate's first use; of the subject."""
        if predicate is not None:
            if value is not None and (subject, predicate, value) in self.triples:
                return self.triples[subject, predicate, value]
            if (subject, predicate) in self.predicates:
                return self.predicates[subject, predicate]
        return self.subjects.get(subject)


def _following(parser: type[SinkParser]) -> type[Any]:
    class Following(parser):  # type: ignore[valid-type, misc]
        """Notes the offset of each subject and each object that the parser meets."""

        def __init__(self, sink: RDFSink, **options: Any) -> None:  # noqa: ANN401
            super().__init__(sink, **options)
            self.noted = Positions()
            self._objects: list[tuple[int, str]] = []
            self._pending: list[tuple[int, str]] = []
            self._subject_at = 0
            self._line_ends: list[int] = []

        def feed(self, octets: str | bytes) -> None:
            text = octets if isinstance(octets, str) else octets.decode("utf-8")
            text = text.removeprefix("\ufeff")
            self._line_ends = [match.end() for match in re.finditer("\n", text)]
            super().feed(text)

        def _position(self, offset: int) -> Position:
            line = bisect.bisect_right(self._line_ends, offset)
            return Position(line + 1, offset - (self._line_ends[line - 1] if line else 0) + 1)

        def statement(self, argstr: str, i: int) -> int:
            self._subject_at = _SPACE.match(argstr, i).end()  # type: ignore[union-attr]
            return int(super().statement(argstr, i))

        def property_list(self, argstr: str, i: int, subj: Node) -> int:
            self.noted.subjects.setdefault(str(subj), self._position(self._subject_at))
            return int(super().property_list(argstr, i, subj))

        def object(self, argstr: str, i: int, res: Any) -> int:  # noqa: ANN401
            start = _SPACE.match(argstr, i).end()  # type: ignore[union-attr]
            end = int(super().object(argstr, i, res))
            if end >= 0:
                self._objects.append((start, argstr[start:end].strip()))
            return end

        def objectList(self, argstr: str, i: int, res: Any) -> int:  # noqa: ANN401
            mark = len(self._objects)
            end = int(super().objectList(argstr, i, res))
            self._pending = self._objects[mark:][::-1]
            del self._objects[mark:]
            return end

        def makeStatement(self, quadruple: Any) -> None:  # noqa: ANN401
            _, predicate, subject, value = quadruple
            if self._pending:
                offset, written = self._pending.pop()
                place = self._position(offset)
                # "a" comes as a pair, and a number or boolean without quotes as a Python value.
                predicate = predicate[1] if isinstance(predicate, tuple) else predicate
                triple = (str(subject), str(predicate), str(value) if isinstance(value, Node) else written)
                self.noted.triples.setdefault(triple, place)
                self.noted.predicates.setdefault(triple[:2], place)
            super().makeStatement(quadruple)

    return Following


def positions_of(path: Path) -> Positions | None:
    """Return the places in a Turtle or TriG file; None for other formats and for files that do not parse."""
    try:
        return _positions(path, path.stat().st_mtime_ns, path.stat().st_size)
    except OSError:
        return None


@lru_cache(maxsize=64)
def _positions(path: Path, _modified: int, _size: int) -> Positions | None:
    if path.suffix.lower() not in (".ttl", ".turtle", ".trig"):
        return None
    is_trig = path.suffix.lower() == ".trig"
    sink = RDFSink(Dataset() if is_trig else Graph())
    parser = _following(TrigSinkParser if is_trig else SinkParser)(sink, baseURI=path.as_uri(), turtle=True)
    try:
        parser.loadBuf(path.read_text(encoding="utf-8"))
    except Exception:  # rdflib also fails with IndexError and the like; a place is a courtesy
        return None
    noted: Positions = parser.noted
    return noted


def locate(
    path: Path, namespaces: Namespaces, subject: str, predicate: str | None = None, value: str | None = None
) -> int | None:
    """Return the line in a file where a triple stands, or the nearest thing to it; None if that is unknown."""
    places = positions_of(path.resolve())
    if places is None:
        return None
    # What is shipped may be loaded under another base than it is written in.
    for original in (lambda text: text, lambda text: namespaces.unrebase(text)):
        found = places.find(
            original(subject),
            None if predicate is None else original(predicate),
            None if value is None else original(value),
        )
        if found:
            return found.line
    return None
