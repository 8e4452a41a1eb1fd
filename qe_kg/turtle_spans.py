"""Where each triple of a Turtle, TriG, N-Triples or N-Quads text is written.

The text is cut into tokens and followed by a small state machine that knows nothing of IRIs or values: it says which
stretches of the text are the subject, predicate and object of the first, the second, the n-th triple. The order is
that of ``pyoxigraph.parse``, which is the parser of record; so the n-th quad that it yields, blank nodes and literals
exactly as it has them, stands at the n-th span. Only texts that pyoxigraph has parsed may be given.
"""

from __future__ import annotations

import re
from array import array
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

_CHAR = (
    "A-Za-z0-9_\\-\u00b7\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u037d\u037f-\u1fff\u200c\u200d\u203f\u2040\u2070-\u218f"
    "\u2c00-\u2fef\u3001-\ud7ff\uf900-\ufdcf\ufdf0-\ufffd\U00010000-\U000effff"
)
_ESCAPE = r"%[0-9A-Fa-f]{2}|\\."
_SPACE = r"(?:[ \t\r\n\ufeff]+|\#[^\n\r]*)*+"
_IRI = r"<[^<>\"{}|^`\x00-\x20]*>"
_NAME = (
    rf"(?:[{_CHAR}](?:[{_CHAR}.]*[{_CHAR}])?)?:"
    rf"(?:(?:[{_CHAR}:]|{_ESCAPE})(?:\.*(?:[{_CHAR}:]|{_ESCAPE}))*)?"
)
_STRING = (
    r'"""(?:[^"\\]++|\\.|"{1,2}(?!"))*+"""'
    r"|'''(?:[^'\\]++|\\.|'{1,2}(?!'))*+'''"
    r'|"(?:[^"\\\n\r]++|\\.)*+"'
    r"|'(?:[^'\\\n\r]++|\\.)*+'"
)
_SUFFIX = rf"{_SPACE}(?:@[A-Za-z][A-Za-z0-9-]*|\^\^{_SPACE}(?:{_IRI}|{_NAME}))"
_NUMBER = r"[+-]?(?:\d+\.\d*[eE][+-]?\d+|\.?\d+[eE][+-]?\d+|\d*\.\d+|\d+)"
# Compiled when it is first needed: that takes longer than all that most commands do with it.
_TOKEN = rf"{_SPACE}(?:({_IRI}|{_NAME}|{_NUMBER})|({_STRING})({_SUFFIX})?|([.;,\[\](){{}}])|(@?[A-Za-z]+)|(\Z)|(.))"
_TERM, _PLAIN_STRING, _MARKED_STRING, _PUNCTUATION, _WORD, _END = 1, 2, 3, 4, 5, 6
# How many terms follow a directive's word.
_DIRECTIVES = {"prefix": 2, "base": 1, "version": 1}


class NotFollowedError(ValueError):
    """The text uses what this module cannot follow: triple terms, annotations, formulas."""


@dataclass
class Spans:
    """Offsets into the text, a list entry a triple, and per description.

    Attributes:
        predicate: where each triple's predicate begins (for a list's cell: where its list does).
        start, end: where each triple's object begins and ends.
        block: the number of the description (subject and what follows it) that each triple is written in.
        subject_start, subject_end: each description's subject; "[" to "]" and "(" to ")" for those without a name.
        block_end: the end of each description's last object: what is added to the description belongs there.

    """

    predicate: array[int] = field(default_factory=lambda: array("q"))
    start: array[int] = field(default_factory=lambda: array("q"))
    end: array[int] = field(default_factory=lambda: array("q"))
    block: array[int] = field(default_factory=lambda: array("q"))
    subject_start: array[int] = field(default_factory=lambda: array("q"))
    subject_end: array[int] = field(default_factory=lambda: array("q"))
    block_end: array[int] = field(default_factory=lambda: array("q"))

    def __len__(self) -> int:
        return len(self.start)

    def open_block(self, start: int, end: int) -> int:
        """Note a description; return its number."""
        self.subject_start.append(start)
        self.subject_end.append(end)
        self.block_end.append(end)
        return len(self.subject_start) - 1


# A line as programs write it; the last group is the object.
_NODE = rf"{_IRI}|_:[^\s<>\"]++"
_LINE = re.compile(
    rf"({_NODE}) ({_IRI}) ({_NODE}|\"(?:[^\"\\\n]++|\\.)*+\"(?:@[A-Za-z][A-Za-z0-9-]*+|\^\^{_IRI})?+) \."
)


class LineSpans(NamedTuple):
    """Where in a line of N-Triples the subject begins and ends, and the object."""

    subject_start: int
    subject_end: int
    start: int
    end: int


def spans_of_line(line: str) -> LineSpans:
    """Follow one line of N-Triples that has a triple.

    Raises:
        NotFollowedError: it cannot be followed.

    """
    if match := _LINE.fullmatch(line):
        return LineSpans(0, match.end(1), *match.span(3))
    spans = spans_of(line)
    return LineSpans(spans.subject_start[0], spans.subject_end[0], spans.start[0], spans.end[0])


# What is expected next.
_STATEMENT, _PREDICATE, _OBJECT, _AFTER_OBJECT, _LIST = range(5)


@dataclass
class _Frame:
    """An open bracket or list: its sign, whether it is a subject, where it begins, its own description."""

    sign: str
    is_subject: bool
    start: int
    block: int
    outer: tuple[int, int]  # block and predicate to go on with
    cells: list[int] = field(default_factory=list)  # triples whose object ends where the list does
    is_empty: bool = True


class _Triple(NamedTuple):
    block: int
    predicate: int
    start: int
    end: int
    cell_of: _Frame | None = None


class _Machine:
    """Follows the tokens as the parser does.

    Two habits of the parser decide the order of its triples. What a single token completes comes in reverse; and a
    string without language or type is complete only with the token behind it, which might have been its mark.
    """

    def __init__(self, text: str, has_graph_terms: bool) -> None:
        self.text, self.has_graph_terms = text, has_graph_terms
        self.spans = Spans()
        self.frames: list[_Frame] = []
        self.block = self.predicate = -1
        self.state = _STATEMENT
        self.completed: list[_Triple] = []
        self.held: _Triple | None = None

    def run(self) -> Spans:
        tokens = re.finditer(_TOKEN, self.text, re.DOTALL)
        for match in tokens:
            kind = match.lastindex or 0
            start, end = match.span(kind)
            if self.held is not None:
                self.completed.append(self.held)
                self.held = None
            if kind == _TERM:
                self._term(start, end)
            elif kind == _PUNCTUATION:
                self._punctuation(self.text[start], start, end)
            elif kind == _PLAIN_STRING:
                self._term(start, end)
                if self.completed:
                    self.held = self.completed.pop()
            elif kind == _MARKED_STRING:
                self._term(match.start(_PLAIN_STRING), end)
                if len(self.completed) > 1:  # the string is one token, its mark the next
                    last = self.completed.pop()
                    self._note()
                    self.completed.append(last)
            elif kind == _WORD:
                if self.state == _STATEMENT:
                    self._word(self.text[start:end], tokens)
                else:
                    self._term(start, end)  # "a", "true", "false"
            elif kind != _END:
                raise NotFollowedError(f"unexpected {match[kind]!r} at offset {start}")
            if self.completed:
                self._note()
        return self.spans

    def _note(self) -> None:
        """Note what a token completed."""
        spans = self.spans
        for block, predicate, start, end, cell_of in reversed(self.completed):
            if cell_of is not None:
                cell_of.cells.append(len(spans.start))
            spans.block.append(block)
            spans.predicate.append(predicate)
            spans.start.append(start)
            spans.end.append(end)
            if end > spans.block_end[block]:
                spans.block_end[block] = end
        self.completed.clear()

    def _word(self, word: str, tokens: Iterator[re.Match[str]]) -> None:
        if word.lower() == "graph":
            return
        terms = _DIRECTIVES.get(word.lower().removeprefix("@"))
        if terms is None:
            raise NotFollowedError(f"unexpected word {word!r}")
        for _ in range(terms + word.startswith("@")):  # the older form ends with a full stop
            next(tokens, None)

    def _term(self, start: int, end: int) -> None:
        state = self.state
        if state == _OBJECT:
            self.completed.append(_Triple(self.block, self.predicate, start, end))
            self.state = _AFTER_OBJECT
        elif state == _LIST:
            self._next_cell(start)
            self.completed.append(_Triple(self.block, start, start, end))
        elif state == _PREDICATE:
            self.predicate = start
            self.state = _OBJECT
        elif state == _STATEMENT:
            self.block = self.spans.open_block(start, end)
            self.state = _PREDICATE
        elif not self.has_graph_terms:  # after an object only N-Quads have another term
            raise NotFollowedError(f"unexpected term at offset {start}")

    def _next_cell(self, start: int) -> None:
        """Complete the triple that leads to a list's next cell: from outside to the first, or from the one before."""
        frame = self.frames[-1]
        if not frame.is_empty:
            self.completed.append(_Triple(frame.block, start, start, start, frame))
        elif not frame.is_subject:
            self.completed.append(_Triple(*frame.outer, frame.start, frame.start, frame))
        frame.is_empty = False
        self.block, self.predicate = frame.block, start

    def _punctuation(self, sign: str, start: int, end: int) -> None:
        if sign == ",":
            self.state = _OBJECT
        elif sign == ";":
            self.state = _PREDICATE
        elif sign in "[(":
            if self.state == _LIST:
                self._next_cell(start)
            is_subject = self.state == _STATEMENT
            frame = _Frame(sign, is_subject, start, self.spans.open_block(start, end), (self.block, self.predicate))
            self.frames.append(frame)
            self.block = frame.block
            self.state = _LIST if sign == "(" else _PREDICATE
        elif sign in "])":
            self._close(sign, start, end)
        else:
            # ".", or "{" (what looked like a subject was a graph's name), or "}" (before it a "." may be missing)
            self.state = _STATEMENT

    def _close(self, sign: str, start: int, end: int) -> None:
        if not self.frames or (self.frames[-1].sign == "(") != (sign == ")"):
            raise NotFollowedError(f"unexpected {sign!r} at offset {start}")
        frame = self.frames.pop()
        self.spans.subject_end[frame.block] = end
        if sign == ")" and not frame.is_empty:
            self.completed.append(_Triple(frame.block, start, start, end))
            for cell in frame.cells:
                self.spans.end[cell] = end
        elif not frame.is_subject:
            self.completed.append(_Triple(*frame.outer, frame.start, end))
        if frame.is_subject:
            self.block, self.state = frame.block, _PREDICATE
            return
        self.block, self.predicate = frame.outer
        if self.spans.block_end[self.block] < end:
            self.spans.block_end[self.block] = end
        self.state = (
            _LIST
            if self.frames and self.frames[-1].block == self.block and self.frames[-1].sign == "("
            else _AFTER_OBJECT
        )


def spans_of(text: str, *, has_graph_terms: bool = False) -> Spans:
    """Return the spans of a text's triples, in the order in which pyoxigraph yields them.

    Args:
        text: Turtle, TriG or N-Triples that pyoxigraph has parsed.
        has_graph_terms: True for N-Quads, where a graph's name may follow the object.

    Raises:
        NotFollowedError: it uses what cannot be followed.

    """
    return _Machine(text, has_graph_terms).run()


class Token(NamedTuple):
    """A token of a text: "term" (a name or a number), "string", "word" or "sign", and its place.

    ``mark`` is where a string's language or datatype begins; the end where it has none.
    """

    kind: str
    start: int
    end: int
    mark: int


def tokens_of(text: str) -> Iterator[Token]:
    """Yield the tokens of a Turtle text without space and comments.

    Raises:
        NotFollowedError: something in it is no token.

    """
    kinds = {_TERM: "term", _PLAIN_STRING: "string", _MARKED_STRING: "string", _PUNCTUATION: "sign", _WORD: "word"}
    for match in re.finditer(_TOKEN, text, re.DOTALL):
        kind = match.lastindex or 0
        if kind == _END:
            return
        if kind not in kinds:
            raise NotFollowedError(f"unexpected {match[kind]!r} at offset {match.start(kind)}")
        first = _PLAIN_STRING if kind == _MARKED_STRING else kind
        yield Token(kinds[kind], match.start(first), match.end(kind), match.end(first))
