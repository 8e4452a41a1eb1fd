"""The parts of a Turtle text: descriptions, their predicates and values, each with its place and its meaning.

A *description* is what stands between two full stops: a subject with predicates and values. What a name or literal
means is its *key*: the same for ``qe:carries`` and ``<https://…/carries>``, for ``1`` and ``"1"^^xsd:integer``. A
structure in brackets is one value; its key lists what is in it, in an order of its own.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import NamedTuple

from qe_kg.namespaces import RDF, XSD, is_iri
from qe_kg.terms import literal
from qe_kg.turtle_spans import NotFollowedError, Token, tokens_of

_TYPE = f"<{RDF}type>"
_STRING = re.compile(r"(\"\"\"|'''|\"|')(.*)\1\Z", re.DOTALL)
_ESCAPE = re.compile(r"\\(u[0-9A-Fa-f]{4}|U[0-9A-Fa-f]{8}|.)", re.DOTALL)
_ESCAPED = {"t": "\t", "b": "\b", "n": "\n", "r": "\r", "f": "\f"}
_LOCAL_ESCAPE = re.compile(r"\\(.)")
_SPACE = re.compile(r"(?:[ \t\r\n]+|#[^\n]*)*")


class NotEditableError(ValueError):
    """The text cannot be edited by its parts: it has relative names, or more than Turtle."""


class Triple(NamedTuple):
    """One statement by the keys of its three parts."""

    subject: str
    predicate: str
    value: str


@dataclass
class Value:
    """One value: its place in the text and its key."""

    start: int
    end: int
    key: str


@dataclass
class Group:
    """One predicate with its values; ``start`` and ``end`` are the predicate's own place."""

    start: int
    end: int
    key: str
    values: list[Value] = field(default_factory=list)


@dataclass
class Description:
    """What stands between two full stops.

    Attributes:
        subject: the subject's key; None for a structure in brackets, which is taken as a whole.
        start: where the subject begins.
        subject_end: where the subject ends.
        end: behind the full stop.
        groups: its predicates with their values.
        key: the key of the whole, for one without a subject's name.

    """

    subject: str | None
    start: int
    subject_end: int
    end: int = -1
    groups: list[Group] = field(default_factory=list)
    key: str = ""

    def triples(self) -> Iterator[Triple]:
        """Yield its statements."""
        if self.subject is not None:
            for group in self.groups:
                for value in group.values:
                    yield Triple(self.subject, group.key, value.key)


@dataclass
class Document:
    """A Turtle text by its parts.

    Attributes:
        text: the text.
        prefixes: prefix → namespace, in the text's order.
        head_end: behind the last directive; 0 where there is none.
        descriptions: in the text's order.

    """

    text: str
    prefixes: dict[str, str] = field(default_factory=dict)
    head_end: int = 0
    descriptions: list[Description] = field(default_factory=list)

    def triples(self) -> set[Triple]:
        """Return the statements about what has a name."""
        return {triple for one in self.descriptions for triple in one.triples()}

    def nameless(self) -> list[Description]:
        """Return the descriptions of what has no name."""
        return [one for one in self.descriptions if one.subject is None]


def parse_document(text: str, prefixes: dict[str, str] | None = None) -> Document:
    """Split a Turtle text into its parts.

    Args:
        text: Turtle that a parser has found to be right.
        prefixes: prefixes that hold without being declared in it.

    Raises:
        NotEditableError: it has @base or relative names, declares a prefix twice, or is no Turtle.

    """
    return _Reader(text, prefixes or {}).read()


class _Reader:
    def __init__(self, text: str, prefixes: dict[str, str]) -> None:
        self.text = text
        self.document = Document(text)
        self.known = dict(prefixes)
        self.tokens: list[Token] = []
        self.at = 0

    def read(self) -> Document:
        try:
            self.tokens = list(tokens_of(self.text))
            while self.at < len(self.tokens):
                self._statement()
        except (NotFollowedError, IndexError) as error:
            raise NotEditableError(f"it cannot be split into statements: {error}") from error
        return self.document

    # --- statements ---------------------------------------------------------------------------------------

    def _statement(self) -> None:
        token = self.tokens[self.at]
        word = self.text[token.start : token.end]
        if token.kind == "word":
            self._directive(word)
            return
        description = Description(None, token.start, token.end)
        if token.kind == "sign":
            value = self._value()  # a structure as subject
            description.subject_end, description.key = value.end, value.key
        else:
            self.at += 1
            description.subject = self._name(token)
        if self._sign() != ".":
            description.groups = self._groups(".")
        description.end = self.tokens[self.at].end
        self.at += 1
        if description.subject is None:
            description.key += " " + _listed(description.groups)
        self.document.descriptions.append(description)

    def _directive(self, word: str) -> None:
        kind = word.lower().removeprefix("@")
        if kind != "prefix":
            raise NotEditableError(f"it has {word}")
        name, space = self.tokens[self.at + 1], self.tokens[self.at + 2]
        prefix = self.text[name.start : name.end].removesuffix(":")
        namespace = _unescaped(self.text[space.start + 1 : space.end - 1])
        if self.document.prefixes.get(prefix, namespace) != namespace or not is_iri(namespace):
            raise NotEditableError(f"the prefix {prefix}: is declared twice, or relative")
        self.document.prefixes[prefix] = self.known[prefix] = namespace
        self.at += 3 + word.startswith("@")  # the older form ends with a full stop
        self.document.head_end = self.tokens[self.at - 1].end

    def _sign(self) -> str:
        token = self.tokens[self.at]
        return self.text[token.start] if token.kind == "sign" else ""

    def _groups(self, end: str) -> list[Group]:
        found: list[Group] = []
        while self._sign() != end:
            if self._sign() == ";":  # several in a row are one, and one before the end is none
                self.at += 1
                continue
            token = self.tokens[self.at]
            self.at += 1
            is_type = token.kind == "word" and self.text[token.start : token.end] == "a"
            group = Group(token.start, token.end, _TYPE if is_type else self._name(token))
            group.values.append(self._value())
            while self._sign() == ",":
                self.at += 1
                group.values.append(self._value())
            found.append(group)
        return found

    # --- values -------------------------------------------------------------------------------------------

    def _value(self) -> Value:
        token = self.tokens[self.at]
        self.at += 1
        text = self.text[token.start : token.end]
        if token.kind == "string":
            return Value(token.start, token.end, self._literal(token))
        if token.kind == "word":
            if text not in ("true", "false"):
                raise NotEditableError(f"unexpected {text!r}")
            return Value(token.start, token.end, literal(text, f"{XSD}boolean").n3())
        if token.kind == "term":
            is_number = text[0] in "+-.0123456789" and ":" not in text
            return Value(token.start, token.end, _number(text) if is_number else self._name(token))
        if text == "[":
            groups = self._groups("]")
            key = f"[{_listed(groups)}]"
        elif text == "(":
            items = []
            while self._sign() != ")":
                items.append(self._value().key)
            key = f"({' '.join(items)})"
        else:
            raise NotEditableError(f"unexpected {text!r}")
        end = self.tokens[self.at].end
        self.at += 1
        return Value(token.start, end, key)

    def _name(self, token: Token) -> str:
        text = self.text[token.start : token.end]
        if text.startswith("<"):
            iri = _unescaped(text[1:-1])
            if not is_iri(iri):
                raise NotEditableError(f"{text} is a relative name")
            return f"<{iri}>"
        prefix, colon, local = text.partition(":")
        if token.kind != "term" or not colon:
            raise NotEditableError(f"unexpected {text!r}")
        if prefix == "_":
            return text
        if prefix not in self.known:
            raise NotEditableError(f"the prefix {prefix}: is not declared")
        return f"<{self.known[prefix]}{_LOCAL_ESCAPE.sub(_plain, local)}>"

    def _literal(self, token: Token) -> str:
        string = _STRING.match(self.text[token.start : token.mark])
        if string is None:
            raise NotEditableError(f"unexpected {self.text[token.start : token.end]!r}")
        value = _unescaped(string[2])
        mark = _SPACE.sub("", self.text[token.mark : token.end], count=1)
        if mark.startswith("@"):
            return literal(value, language=mark[1:]).n3()
        if mark:
            inner = _Reader(mark[2:], self.known)
            (name,) = tokens_of(mark[2:])
            return literal(value, inner._name(name)[1:-1]).n3()
        return literal(value).n3()


def _plain(found: re.Match[str]) -> str:
    return found[1]


def _listed(groups: list[Group]) -> str:
    return " ; ".join(sorted(f"{group.key} {value.key}" for group in groups for value in group.values))


def _number(text: str) -> str:
    kind = "double" if re.search("[eE]", text) else "decimal" if "." in text else "integer"
    return literal(text, f"{XSD}{kind}").n3()


def _unescaped(text: str) -> str:
    def plain(found: re.Match[str]) -> str:
        code = found[1]
        return chr(int(code[1:], 16)) if len(code) > 1 else _ESCAPED.get(code, code)

    return _ESCAPE.sub(plain, text) if "\\" in text else text
