"""Edits of a Turtle text by statement: what is not touched stays as it was written, comments and order included."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from qe_kg.namespaces import RDF
from qe_kg.turtle_spans import tokens_of
from qe_kg.turtle_text.document import Description, Document, Group, NotEditableError, Triple, parse_document

_TYPE = f"<{RDF}type>"
_COMMENT = re.compile(r"#[^\n]*")
_LOCAL = re.compile(r"[A-Za-z0-9_]([\w.-]*[\w-])?\Z")


@dataclass(frozen=True)
class Written:
    """A predicate and a value as they are written where they come from."""

    predicate: str
    value: str


def edit_text(document: Document, removed: Iterable[Triple], added: Mapping[Triple, Written]) -> str:
    """Return a document's text without some statements and with others.

    Args:
        document: the document.
        removed: statements that it holds.
        added: statements about subjects that it describes, as they are to be written with its prefixes.

    Raises:
        NotEditableError: a subject of what is added is not described.

    """
    gone, come = set(removed), dict(added)
    last: dict[str | None, int] = {one.subject: number for number, one in enumerate(document.descriptions)}
    missing = {triple.subject for triple in come} - set(last)
    if missing:
        raise NotEditableError(f"nothing describes {min(missing)}")
    pieces, at = [], 0
    for number, one in enumerate(document.descriptions):
        here = {triple for triple in one.triples() if triple in gone}
        # A value that takes the place of another stays in that one's description; the rest goes to the last one.
        slots = {(triple.subject, triple.predicate) for triple in here}
        now = {
            triple: written
            for triple, written in come.items()
            if triple.subject == one.subject and (triple[:2] in slots or last[one.subject] == number)
        }
        for triple in now:
            del come[triple]
        if here or now:
            pieces.append(document.text[at : one.start])
            pieces.append(edit_description(document.text[one.start : one.end], document.prefixes, here, now))
            at = one.end
            if not pieces[-1]:
                at = _skip_empty_line(document.text, pieces, at)
    pieces.append(document.text[at:])
    return "".join(pieces)


def edit_description(
    text: str, prefixes: Mapping[str, str], removed: Iterable[Triple], added: Mapping[Triple, Written]
) -> str:
    """Return the text of one description without some of its statements and with others; "" if none is left."""
    come = dict(added)
    for triple in sorted(removed):
        successor = next((one for one in sorted(come) if one[:2] == triple[:2]), None)
        description = _parse(text, prefixes)
        if successor:
            written = come.pop(successor)
            text = _replace(text, description, triple, written.value)
        elif come or sum(len(group.values) for group in description.groups) > 1:
            come = dict(come)
            if sum(len(group.values) for group in description.groups) == 1:
                # The only statement goes and others come: one of those must be there first.
                first = min(come)
                text = _insert(text, description, first, come.pop(first))
                description = _parse(text, prefixes)
            text = _remove(text, description, triple)
        else:
            return _comments_only(text)
    for triple in sorted(come, key=lambda one: (one.predicate != _TYPE, one)):
        text = _insert(text, _parse(text, prefixes), triple, come[triple])
    return text


def _parse(text: str, prefixes: Mapping[str, str]) -> Description:
    (description,) = parse_document(text, dict(prefixes)).descriptions
    return description


def _find(description: Description, triple: Triple) -> tuple[int, int]:
    for number, group in enumerate(description.groups):
        if group.key == triple.predicate:
            for index, value in enumerate(group.values):
                if value.key == triple.value:
                    return number, index
    raise NotEditableError(f"the statement is not there: {' '.join(triple)}")


def _replace(text: str, description: Description, triple: Triple, written: str) -> str:
    number, index = _find(description, triple)
    value = description.groups[number].values[index]
    return text[: value.start] + written + text[value.end :]


def _remove(text: str, description: Description, triple: Triple) -> str:
    """Take one statement out; at least one other is left."""
    number, index = _find(description, triple)
    group = description.groups[number]
    if len(group.values) > 1:
        if index + 1 < len(group.values):
            return _cut(text, group.values[index].start, group.values[index + 1].start)
        return _cut(text, group.values[index - 1].end, group.values[index].end)
    if number + 1 < len(description.groups):
        return _cut(text, group.start, description.groups[number + 1].start)
    return _cut(text, _end(description.groups[number - 1]), _end(group))


def _end(group: Group) -> int:
    return group.values[-1].end


def _cut(text: str, start: int, end: int) -> str:
    """Take a stretch out, but for the comments in it."""
    comments = _comments(text[start:end])
    kept = "".join(f"\n    {comment}" for comment in comments) + "\n    " if comments else ""
    # Where the next predicate follows, the space before it is already there.
    return text[:start].rstrip(" ") + kept + text[end:] if comments else text[:start] + text[end:]


def _comments(text: str) -> list[str]:
    """Return the comments of a stretch of text that begins and ends between tokens."""
    found, at = [], 0
    for token in tokens_of(text):
        found += _COMMENT.findall(text[at : token.start])
        at = token.end
    return found + _COMMENT.findall(text[at:])


def _comments_only(text: str) -> str:
    return "\n".join(_comments(text))


def _insert(text: str, description: Description, triple: Triple, written: Written) -> str:
    for group in description.groups:
        if group.key == triple.predicate:
            at = _end(group)
            return f"{text[:at]} , {written.value}{text[at:]}"
    if triple.predicate == _TYPE:
        at = description.subject_end
        return f"{text[:at]} a {written.value} ;\n   {text[at:]}"
    at = _end(description.groups[-1])
    return f"{text[:at]} ;\n    {written.predicate} {written.value}{text[at:]}"


def _skip_empty_line(text: str, pieces: list[str], at: int) -> int:
    """After a description went whole, take the empty line with it that stood behind it."""
    before = "".join(pieces)
    rest = re.match(r"[ \t]*\n", text[at:])
    if rest and (not before or before.endswith("\n")):
        at += rest.end()
        blank = re.match(r"[ \t]*\n", text[at:])
        if blank and (not before or before.endswith("\n\n")):
            at += blank.end()
    return at


# --- from one text to another ------------------------------------------------------------------------------


def translate(text: str, source: Mapping[str, str], target: Mapping[str, str]) -> str:
    """Return a stretch of Turtle that means with other prefixes what it meant with its own.

    Args:
        text: whole tokens.
        source: the prefixes that it was written with.
        target: the prefixes that it is to be read with; a name that none of them fits is written whole.

    """
    pieces, at = [], 0
    for token in tokens_of(text):
        pieces.append(text[at : token.start])
        if token.kind == "string":
            pieces.append(text[token.start : token.mark])
            mark = text[token.mark : token.end]
            before, sign, datatype = mark.partition("^^")
            pieces.append(f"{before}^^{translate(datatype, source, target)}" if sign else mark)
        else:
            pieces.append(_translated(text[token.start : token.end], token.kind, source, target))
        at = token.end
    return "".join([*pieces, text[at:]])


def _translated(token: str, kind: str, source: Mapping[str, str], target: Mapping[str, str]) -> str:
    prefix, colon, local = token.partition(":")
    if kind != "term" or not colon or token.startswith("<") or prefix == "_" or prefix not in source:
        return token
    if target.get(prefix) == source[prefix]:
        return token
    iri = source[prefix] + re.sub(r"\\(.)", r"\1", local)
    return shortened(iri, target)


def shortened(iri: str, prefixes: Mapping[str, str]) -> str:
    """Write an IRI by the longest prefix that fits it, else whole."""
    for prefix, namespace in sorted(prefixes.items(), key=lambda item: -len(item[1])):
        if iri.startswith(namespace) and _LOCAL.match(iri[len(namespace) :]):
            return f"{prefix}:{iri[len(namespace) :]}"
    return f"<{iri}>"
