"""JSON-LD that reads well: short keys, ``@type``, language maps, native numbers, lists and nested nodes.

The context is made from what is written: a property is given a type, a language map or a list only if all its values
have that form, so expanding gives back the same statements, literals as written.
JSON-LD 1.1: https://www.w3.org/TR/json-ld11/
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from typing import IO, TYPE_CHECKING, Any

from qe_kg.namespaces import RDF, XSD, compact_by
from qe_kg.store.statements import Statement, statement
from qe_kg.terms import Term

if TYPE_CHECKING:
    import pyoxigraph as ox

_FIRST, _REST, _NIL, _TYPE = f"{RDF}first", f"{RDF}rest", f"{RDF}nil", f"{RDF}type"
_INTEGER, _BOOLEAN = f"{XSD}integer", f"{XSD}boolean"
#: Integers beyond this are not exact in every reader of JSON.
_EXACT = 2**53
#: Nodes are nested no deeper than this.
_DEEPEST = 40
_INDENT = 2

Properties = dict[str, list[Term]]


def write_jsonld(quads: Iterable[ox.Quad], output: IO[bytes], prefixes: Mapping[str, str]) -> None:
    """Write sorted quads as JSON-LD, each named graph as a node with its content.

    Raises:
        ReadError: there is a triple term, which RDF 1.1 lacks.

    """
    graphs: dict[str | None, list[Statement]] = defaultdict(list)
    for quad in quads:
        one = statement(quad)
        graphs[one.graph].append(one)
    shared = _in_several(graphs)
    contents = {name: _Content.of(statements, shared) for name, statements in graphs.items()}
    context = _Context.of(contents, prefixes)
    output.write(b'{\n  "@context": ' + _json(context.to_dict(), 1) + b',\n  "@graph": [')
    separator = b"\n"
    for name, content in contents.items():
        if name is not None:
            output.write(separator + b'    {\n      "@id": ' + _json(context.name(name), 0) + b',\n      "@graph": [')
            separator = b"\n"
        level = 2 if name is None else 4
        for node in content.roots():
            output.write(separator + b" " * _INDENT * level + _json(context.node(node, content), level))
            separator = b",\n"
        if name is not None:
            output.write(b"\n      ]\n    }")
            separator = b",\n"
    output.write(b"\n  ]\n}\n")


def _json(value: object, level: int) -> bytes:
    text = json.dumps(value, indent=_INDENT, ensure_ascii=False)
    return text.replace("\n", "\n" + " " * _INDENT * level).encode()


def _in_several(graphs: Mapping[str | None, list[Statement]]) -> set[str]:
    """Return the blank nodes that are in more than one graph, or name one."""
    where: dict[str, set[str | None]] = defaultdict(set)
    for name, statements in graphs.items():
        for one in statements:
            for term in (one.subject, one.value):
                if term.kind == "bnode":
                    where[term.value].add(name)
    return {node for node, found in where.items() if len(found) > 1}


@dataclass(frozen=True)
class _Content:
    """What a graph says: node → property → values, and the blank nodes that stand within another node or a list."""

    nodes: dict[Term, Properties]
    nested: frozenset[Term]
    lists: dict[Term, list[Term]]

    @classmethod
    def of(cls, statements: Iterable[Statement], shared: set[str]) -> _Content:
        nodes: dict[Term, Properties] = {}
        users: dict[Term, list[Term]] = defaultdict(list)
        for one in statements:
            nodes.setdefault(one.subject, {}).setdefault(one.predicate.value, []).append(one.value)
            if one.value.kind == "bnode":
                # A class is named, never nested: so it is as if somebody else named it too.
                users[one.value] += [one.subject] * (2 if one.predicate.value == _TYPE else 1)
        parents = {
            node: found[0]
            for node, found in users.items()
            if len(found) == 1 and node in nodes and node.value not in shared
        }
        nested = _reachable(nodes, parents)
        heads = {node for node in nested if not _is_rest(node, nodes[parents[node]])}
        found = {head: _members(head, nodes, nested) for head in heads}
        return cls(nodes, frozenset(nested), {head: members for head, members in found.items() if members is not None})

    def roots(self) -> Iterator[Term]:
        """Yield the nodes that stand in no other one."""
        return (node for node in self.nodes if node not in self.nested)

    def uses(self) -> Iterator[tuple[str, list[Term]]]:
        """Yield each property of each node, with its values, but for the cells of lists."""
        cells = {cell for head in self.lists for cell in self._cells(head)}
        for node, properties in self.nodes.items():
            if node not in cells:
                yield from properties.items()

    def _cells(self, head: Term) -> Iterator[Term]:
        while head.kind == "bnode":
            yield head
            head = self.nodes[head][_REST][0]


def _reachable(nodes: Mapping[Term, Properties], parents: Mapping[Term, Term]) -> set[Term]:
    """Return the nodes that can stand within the one that names them: not in a circle, nor too deep."""
    children: dict[Term, list[Term]] = defaultdict(list)
    for node, parent in parents.items():
        children[parent].append(node)
    found: set[Term] = set()
    waiting = [(node, 0) for node in nodes if node not in parents]
    while waiting:
        parent, depth = waiting.pop()
        for node in children.get(parent, ()):
            below = depth if _is_rest(node, nodes[parent]) else depth + 1
            if below <= _DEEPEST:
                found.add(node)
            waiting.append((node, below if below <= _DEEPEST else 0))
    return found


def _is_rest(node: Term, parent: Properties) -> bool:
    return _is_cell(parent) and parent[_REST][0] == node


def _is_cell(properties: Properties) -> bool:
    return properties.keys() == {_FIRST, _REST} and len(properties[_FIRST]) == len(properties[_REST]) == 1


def _members(head: Term, nodes: Mapping[Term, Properties], nested: set[Term]) -> list[Term] | None:
    """Return the members of a list; None if it is none to its end."""
    members = []
    while head.value != _NIL:
        if head not in nested or not _is_cell(nodes[head]):
            return None
        members.append(nodes[head][_FIRST][0])
        head = nodes[head][_REST][0]
    return members


class _Context:
    """The short names of a document, and what they say of the values."""

    def __init__(self, prefixes: Mapping[str, str]) -> None:
        self._longest_first = sorted(prefixes.items(), key=lambda item: (-len(item[1]), item[0]))
        self._prefixes, self._names = dict(prefixes), dict[str, str]()
        #: Property or class → the key that stands for it.
        self._keys: dict[str, str] = {}
        #: Property → what its definition says beside its IRI.
        self._forms: dict[str, dict[str, str]] = {}

    @classmethod
    def of(cls, graphs: Mapping[str | None, _Content], prefixes: Mapping[str, str]) -> _Context:
        values: dict[str, list[list[Term]]] = defaultdict(list)
        lists: dict[Term, list[Term]] = {}
        classes: set[str] = set()
        contents, names = graphs.values(), {name for name in graphs if name is not None}
        for content in contents:
            lists |= content.lists
            for name, found in content.uses():
                if name == _TYPE:
                    classes |= {one.value for one in found if one.kind == "iri"}
                    found = [one for one in found if one.kind == "literal"]
                if found:
                    values[name].append(found)
        context = cls(_without_schemes(prefixes, contents, names))
        context._choose_keys([*values, *classes])
        context._forms = {name: _form(found, lists) for name, found in values.items()}
        context._keep_used(contents, {*classes, *names})
        return context

    def _keep_used(self, contents: Iterable[_Content], others: set[str]) -> None:
        iris = {*self._keys, *self._forms, *others, *(form.get("@type", "") for form in self._forms.values())}
        for content in contents:
            for node, properties in content.nodes.items():
                iris |= {one.value for values in properties.values() for one in (node, *values) if one.kind == "iri"}
                iris |= {one.datatype for values in properties.values() for one in values if one.datatype}
        used = {self.name(iri).partition(":")[0] for iri in iris}
        self._prefixes = {prefix: namespace for prefix, namespace in self._prefixes.items() if prefix in used}

    def _choose_keys(self, iris: Iterable[str]) -> None:
        """Give the last part of its IRI to the first that has it, the model's own names before those of others."""
        taken: set[str] = set(self._prefixes)
        order = {prefix: number for number, prefix in enumerate(self._prefixes)}

        def rank(iri: str) -> tuple[int, str]:
            return order.get(compact_by(self._longest_first, iri).partition(":")[0], len(order)), iri

        for iri in sorted(set(iris), key=rank):
            short = compact_by(self._longest_first, iri)
            last = short.partition(":")[2] if short != iri else ""
            if last and last not in taken and ":" not in last and iri != _TYPE:
                taken.add(last)
                self._keys[iri] = last

    def name(self, iri: str) -> str:
        """Return how an IRI is written as a value."""
        found = self._names.get(iri)
        if found is None:
            found = self._names[iri] = compact_by(self._longest_first, iri)
        return found

    def to_dict(self) -> dict[str, object]:
        terms: dict[str, object] = {}
        for iri in sorted({*self._keys, *self._forms}):
            key, form = self._key(iri), dict(self._forms.get(iri, {}))
            if form.get("@type", "@id") != "@id":
                form["@type"] = self.name(form["@type"])
            if form or key != self.name(iri):
                terms[key] = {"@id": self.name(iri), **form} if form else self.name(iri)
        return {"@version": 1.1, **self._prefixes, **terms}

    def _key(self, iri: str) -> str:
        return self._keys.get(iri) or self.name(iri)

    def node(self, node: Term, content: _Content) -> dict[str, Any]:
        """Return a node with all that is said about it."""
        made: dict[str, Any] = {}
        if node.kind == "iri":
            made["@id"] = self.name(node.value)
        elif node not in content.nested:
            made["@id"] = f"_:{node.value}"
        for name, values in content.nodes[node].items():
            if name == _TYPE:
                kinds = [self._kind(one) for one in values if one.kind != "literal"]
                if kinds:
                    made["@type"] = kinds[0] if len(kinds) == 1 else kinds
                values = [one for one in values if one.kind == "literal"]
            if values:
                made[self._key(name)] = self._values(values, self._forms[name], content)
        return made

    def _kind(self, one: Term) -> str:
        return self._key(one.value) if one.kind == "iri" else f"_:{one.value}"

    def _values(self, values: list[Term], form: Mapping[str, str], content: _Content) -> object:
        container, kind = form.get("@container"), form.get("@type")
        if container == "@language":
            by_tag: dict[str, list[str]] = defaultdict(list)
            for one in values:
                by_tag[one.language or ""].append(one.value)
            return {tag: found[0] if len(found) == 1 else found for tag, found in by_tag.items()}
        if container == "@list":
            members = content.lists.get(values[0], [])
            return [self._value(one, kind, content) for one in members]
        found = [self._value(one, kind, content) for one in values]
        return found[0] if len(found) == 1 else found

    def _value(self, one: Term, kind: str | None, content: _Content) -> object:
        if one.kind != "literal":
            if one in content.lists:
                return {"@list": [self._value(member, None, content) for member in content.lists[one]]}
            if one in content.nested:
                return self.node(one, content)
            name = self.name(one.value) if one.kind == "iri" else f"_:{one.value}"
            return name if kind == "@id" else {"@id": name}
        if one.language:
            return {"@value": one.value, "@language": one.language}
        if kind is not None or one.datatype is None:
            return one.value
        native = _native(one)
        return {"@value": one.value, "@type": self.name(one.datatype)} if native is None else native


def _without_schemes(
    prefixes: Mapping[str, str], contents: Iterable[_Content], graphs: Iterable[str]
) -> dict[str, str]:
    """Leave out a prefix that is the scheme of an IRI, which would be read as a short name."""
    schemes = {iri.partition(":")[0] for iri in graphs}
    for content in contents:
        for node, properties in content.nodes.items():
            named = {node.value, *properties, *(one.datatype or "" for values in properties.values() for one in values)}
            named |= {one.value for values in properties.values() for one in values if one.kind == "iri"}
            schemes |= {iri.partition(":")[0] for iri in named}
    return {prefix: namespace for prefix, namespace in prefixes.items() if prefix not in schemes}


def _native(one: Term) -> int | bool | None:
    """Return a literal as a value of JSON, where exactly it is read back from that; else None."""
    if one.datatype == _BOOLEAN and one.value in ("true", "false"):
        return one.value == "true"
    if one.datatype == _INTEGER and one.value.lstrip("-").isascii() and one.value.lstrip("-").isdigit():
        number = int(one.value)
        return number if str(number) == one.value and abs(number) < _EXACT else None
    return None


def _form(values: list[list[Term]], lists: Mapping[Term, list[Term]]) -> dict[str, str]:
    """Return what all values of a property have in common, as its definition says it."""
    every = [one for found in values for one in found]
    if all(one in lists for one in every) and all(len(found) == 1 for found in values):
        members = [member for one in every for member in lists[one]]
        return {"@container": "@list", **_kind_of(members, lists)}
    if every and all(one.language for one in every):
        return {"@container": "@language"}
    return _kind_of(every, lists)


def _kind_of(every: list[Term], lists: Mapping[Term, list[Term]]) -> dict[str, str]:
    if every and all(one.kind != "literal" and one not in lists for one in every):
        return {"@type": "@id"}
    datatypes = {one.datatype if one.kind == "literal" and not one.language else None for one in every}
    if len(datatypes) == 1 and None not in datatypes and any(_native(one) is None for one in every):
        (datatype,) = datatypes
        return {"@type": str(datatype)}
    return {}
