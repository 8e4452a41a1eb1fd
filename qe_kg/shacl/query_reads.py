"""What a query reads: the triple patterns that match in each of its solutions, and the other properties that it names.

A reader of those forms that rules are written in; of any other it says that it does not know. (rdflib's parser, which
knows all of them, takes a third of a second before it has read the first query.)
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Literal

from qe_kg.shacl.dependence import predicates_of
from qe_kg.shacl.nodes import RDF_TYPE, Node, iri
from qe_kg.shacl.paths import Alternative, Inverse, Path, Predicate, Repeated, Sequence, may_be_empty
from qe_kg.sparql_text import Token, tokens

_TIMES: tuple[Literal["*", "+", "?"], ...] = ("*", "+", "?")
_MODIFIERS = frozenset(["ORDER", "BY", "ASC", "DESC"])
_HEADER = frozenset(["SELECT", "DISTINCT", "REDUCED", "AS", "WHERE", "PREFIX"])


class _NotKnown(Exception):
    """The query has something that is not looked into."""


@dataclass(frozen=True)
class Step:
    """One triple that each solution needs.

    Attributes:
        subject, value: a node, or a variable: "?" and its name, or "?" and a number for one that the query lacks.
        property: the property.

    """

    subject: str
    property: Node
    value: str


@dataclass(frozen=True)
class Reads:
    """What a query reads.

    Attributes:
        steps: what each solution needs; its properties are not among ``others`` unless they are named elsewhere too.
        others: the properties that are named elsewhere.

    """

    steps: tuple[Step, ...]
    others: frozenset[Node]


def read_reads(query: str) -> Reads | None:
    """Return what a SELECT reads; None if that is not known.

    It is not for a variable in the place of a property, a path that negates properties, one that may have no step and
    stands alone, a sub-select, VALUES, GRAPH, an aggregate, blank nodes and lists, numbers in a triple pattern.
    """
    try:
        reader = _Reader([one for one in tokens(query) if one.kind not in ("space", "comment")])
        reader.query()
    except _NotKnown:
        return None
    return Reads(tuple(reader.steps), frozenset(reader.others))


@dataclass
class _Reader:
    tokens: list[Token]
    at: int = 0
    steps: list[Step] = field(default_factory=list)
    others: set[Node] = field(default_factory=set)
    prefixes: dict[str, str] = field(default_factory=dict)
    fresh: int = 0
    here: list[tuple[Path, str, str]] = field(default_factory=list)  # the triple patterns of the group that is read

    # --- tokens -------------------------------------------------------------------------------------------

    @property
    def text(self) -> str:
        """The token that comes next."""
        return self.tokens[self.at].text if self.at < len(self.tokens) else ""

    @property
    def word(self) -> str:
        """The word that comes next, in capitals; "" if it is none."""
        token = self.tokens[self.at] if self.at < len(self.tokens) else None
        return token.text.upper() if token is not None and token.kind == "word" else ""

    def take(self, text: str | None = None) -> Token:
        """Take the next token, which has to be a certain one."""
        if self.at >= len(self.tokens) or text not in (None, self.text):
            raise _NotKnown
        self.at += 1
        return self.tokens[self.at - 1]

    def takes(self, *texts: str) -> bool:
        """Take the next token if it is one of some."""
        if self.text in texts:
            self.at += 1
            return True
        return False

    def variable(self) -> str:
        self.fresh += 1
        return f"?{self.fresh}"

    # --- grammar ------------------------------------------------------------------------------------------

    def query(self) -> None:
        """Read a whole query."""
        while self.text != "{":
            token = self.take()
            if token.kind == "word" and token.text.upper() not in _HEADER:
                raise _NotKnown
            if token.kind == "open":  # an expression that is projected
                self.close(token, reads=False)
            if self.word == "PREFIX":
                self.take()
            elif token.kind == "name" and self.tokens[self.at - 2].text.upper() == "PREFIX":
                self.prefixes[token.text] = self.take().text[1:-1]
        self.group(is_needed=True)
        for token in self.tokens[self.at :]:
            if token.kind not in ("variable",) and token.text.upper() not in _MODIFIERS and token.text not in "()":
                raise _NotKnown

    def group(self, *, is_needed: bool) -> None:
        """Read a group; whether each solution needs what it matches, or only some do."""
        outer, self.here = self.here, []
        self.take("{")
        while not self.takes("}"):
            word = self.word
            if word == "FILTER":
                self.take()
                self.condition()
            elif word == "BIND":
                self.take()
                self.close(self.take("("))
            elif word in ("OPTIONAL", "MINUS", "UNION"):
                self.take()
                self.group(is_needed=False)
            elif self.text == "{":
                self.group(is_needed=False)
            elif not self.takes("."):
                self.triples(is_needed=is_needed)
        self.check_empty_paths()
        self.here = outer

    def check_empty_paths(self) -> None:
        """Require that a path that may have no step begins or ends where another pattern of the group does.

        Such a path matches each node of the data. Only then is that node in what else is read.
        """
        ends = {end for path, *both in self.here if not may_be_empty(path) for end in both}
        if any(may_be_empty(path) and ends.isdisjoint(both) for path, *both in self.here):
            raise _NotKnown

    def condition(self) -> None:
        """Read what follows FILTER: an expression in parentheses, a call, or EXISTS."""
        if self.word in ("NOT", "EXISTS"):
            while self.word in ("NOT", "EXISTS"):
                self.take()
            self.group(is_needed=False)
            return
        if self.text != "(" and self.take().kind not in ("word", "name", "iri"):
            raise _NotKnown
        self.close(self.take("("))

    def close(self, opened: Token, *, reads: bool = True) -> None:
        """Read an expression to the parenthesis that closes it, and the groups that EXISTS has in it."""
        if opened.text != "(":
            raise _NotKnown
        depth = 1
        while depth:
            if self.text == "{":
                if not reads or self.tokens[self.at - 1].text.upper() != "EXISTS":
                    raise _NotKnown
                self.group(is_needed=False)
                continue
            token = self.take()
            depth += {"(": 1, ")": -1}.get(token.text, 0)
            is_comparison = token.kind == "iri" and not {"(", ")", "?", "$"}.isdisjoint(token.text)  # ?a<?b&&?c>?d
            if is_comparison or token.text.upper() == "SELECT":
                raise _NotKnown

    def triples(self, *, is_needed: bool) -> None:
        """Read a subject with what is said of it."""
        subject = self.node()
        while True:
            path = self.path()
            while True:
                value = self.node()
                self.here.append((path, subject, value))
                if is_needed and _is_plain(path):
                    self.steps += self.split(subject, path, value)
                else:
                    self.others.update(predicates_of(path))
                if not self.takes(","):
                    break
            if not self.takes(";"):
                return
            while self.takes(";"):
                pass
            if self.text in (".", "}"):
                return

    def node(self) -> str:
        """Read a subject or a value."""
        token = self.take()
        if token.kind == "variable":
            return f"?_{token.text[1:]}"
        if token.kind in ("iri", "name"):
            return self.iri(token)
        if token.text.upper() in ("TRUE", "FALSE"):
            return self.variable()
        if token.kind != "string":
            raise _NotKnown
        if self.takes("@"):
            self.take()
            while self.takes("-"):
                self.take()
        elif self.takes("^"):
            self.take("^")
            self.take()
        return self.variable()  # any literal: a store may write this one in another way

    def iri(self, token: Token) -> Node:
        """Return the IRI of a token."""
        if token.kind == "iri":
            return token.text
        prefix, colon, local = token.text.partition(":")
        if prefix + colon not in self.prefixes or "\\" in local:
            raise _NotKnown
        return iri(self.prefixes[prefix + colon] + local)

    def path(self) -> Path:
        """Read a property path."""
        several = [self.sequence()]
        while self.takes("|"):
            several.append(self.sequence())
        return several[0] if len(several) == 1 else Alternative(tuple(several))

    def sequence(self) -> Path:
        several = [self.element()]
        while self.takes("/"):
            several.append(self.element())
        return several[0] if len(several) == 1 else Sequence(tuple(several))

    def element(self) -> Path:
        if self.takes("^"):
            return Inverse(self.element())
        if self.takes("("):
            path = self.path()
            self.take(")")
        elif self.takes("a"):
            path = Predicate(RDF_TYPE)
        else:
            token = self.take()
            if token.kind not in ("iri", "name"):
                raise _NotKnown
            path = Predicate(self.iri(token))
        for times in _TIMES:
            if self.takes(times):
                return Repeated(path, times)
        return path

    def split(self, subject: str, path: Path, value: str) -> Iterator[Step]:
        """Yield the steps of a path."""
        if isinstance(path, Predicate):
            yield Step(subject, path.node, value)
        elif isinstance(path, Inverse):
            yield from self.split(value, path.path, subject)
        elif isinstance(path, Sequence):
            ends = [subject, *(self.variable() for _ in path.paths[1:]), value]
            for one, start, end in zip(path.paths, ends, ends[1:], strict=False):
                yield from self.split(start, one, end)


def _is_plain(path: Path) -> bool:
    """Tell whether a path is a number of steps one after the other, forwards or backwards."""
    if isinstance(path, Inverse):
        return _is_plain(path.path)
    return isinstance(path, Predicate) or (isinstance(path, Sequence) and all(map(_is_plain, path.paths)))
