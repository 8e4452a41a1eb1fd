"""Three Turtle texts merged by statement into one text: ours, with what theirs changed since the base.

What comes out is ``ours + (theirs − base) − (base − theirs)``. Ours keeps its comments and its order; a new element
of theirs is put behind the one that it follows in theirs. Where both sides changed the same thing differently, the
element's description stands twice, between the marks that every git tool knows; what does not conflict is in both.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass

from qe_kg.merge.conflicts import Conflict, find_conflicts, slot_of
from qe_kg.turtle_text.document import Description, Document, NotEditableError, Triple, parse_document
from qe_kg.turtle_text.edit import Written, edit_description, edit_text, translate

_LABELLED = re.compile(r"(?:^|[ \[(])_:")
_REST_OF_LINE = re.compile(r"[ \t]*(?:#[^\n]*)?")


@dataclass(frozen=True)
class Merged:
    """A merged text.

    Attributes:
        text: the text; with marks where there are conflicts.
        conflicts: the elements that both sides changed differently.

    """

    text: str
    conflicts: tuple[Conflict, ...]


def merge_texts(
    base: str, ours: str, theirs: str, *, single: frozenset[str] = frozenset(), marker_size: int = 7,
    names: tuple[str, str] = ("ours", "theirs"),
) -> Merged:  # fmt: skip
    """Merge three Turtle texts.

    Args:
        base: the text that both come from; "" if there is none.
        ours: the text that keeps its order and comments.
        theirs: the other text.
        single: keys (``<iri>``) of properties that have one value at most, one a language for texts.
        marker_size: how many signs a mark of a conflict has.
        names: what the two sides are called in the marks.

    Raises:
        NotEditableError: a text has what cannot be merged by statement: labelled blank nodes, relative names, or
            a structure without a name that both sides changed.

    """
    return _Merge(base, ours, theirs, single).run(marker_size, names)


class _Merge:
    def __init__(self, base: str, ours: str, theirs: str, single: frozenset[str]) -> None:
        self.base, self.theirs = parse_document(base), parse_document(theirs)
        self.ours = _with_prefixes(parse_document(ours), self.theirs, self.base)
        old, our, their = (_checked(one) for one in (self.base, self.ours, self.theirs))
        self.our, self.their = our, their
        self.conflicts = find_conflicts(old, our, their, single)
        disputed = {slot for one in self.conflicts for slot in one.slots}
        whole = {one.subject for one in self.conflicts if one.deleted_by}

        def settled(triples: Iterable[Triple]) -> set[Triple]:
            return {
                triple
                for triple in triples
                if triple.subject not in whole and not disputed & set(slot_of(triple, disputed))
            }

        self.added, self.removed = settled(their - old - our), settled((old - their) & our)

    def run(self, marker_size: int, names: tuple[str, str]) -> Merged:
        subjects = {one.subject for one in self.ours.descriptions}
        written = _written(self.theirs, self.ours.prefixes)
        here = {triple: written[triple] for triple in self.added if triple.subject in subjects}
        document = parse_document(edit_text(self.ours, self.removed, here))
        changes = [*self._nameless(document)]
        changes += self._new_elements(document, {one.subject for one in self.added if one.subject not in subjects})
        changes += self._disputed(document, written, marker_size, names)
        return Merged(_applied(document.text, changes), self.conflicts)

    # --- what has no name ---------------------------------------------------------------------------------

    def _nameless(self, document: Document) -> Iterator[_Change]:
        """Yield what changes for structures without a subject's name, each taken as a whole."""
        old, our, their = (Counter(one.key for one in side.nameless()) for side in (self.base, self.ours, self.theirs))
        if (old - our) & (old - their) and our != their:
            raise NotEditableError("both sides changed a structure that has no name")
        gone, come = (old - their) & our, (their - old) - (our - old)
        for one in document.nameless():
            if gone[one.key]:
                gone[one.key] -= 1
                yield _Change(one.start, one.end, "")
        for one in self.theirs.nameless():
            if come[one.key]:
                come[one.key] -= 1
                text = translate(self.theirs.text[one.start : one.end], self.theirs.prefixes, document.prefixes)
                end = len(document.text.rstrip())
                yield _Change(end, end, f"\n\n{text}")

    # --- elements that only theirs has --------------------------------------------------------------------

    def _new_elements(self, document: Document, new: set[str]) -> Iterator[_Change]:
        known = document.text.splitlines()
        places = _Places(document, self.theirs)
        for number, one in enumerate(self.theirs.descriptions):
            if one.subject in new:
                start = _start_with_comments(self.theirs.text, one.start, known)
                text = translate(self.theirs.text[start : one.end], self.theirs.prefixes, document.prefixes)
                yield places.insert(number, text)

    # --- conflicts ----------------------------------------------------------------------------------------

    def _disputed(
        self, document: Document, written: dict[Triple, Written], marker_size: int, names: tuple[str, str]
    ) -> Iterator[_Change]:
        def marked(ours: str, theirs: str) -> str:
            lines = [
                f"{'<' * marker_size} {names[0]}",
                ours,
                "=" * marker_size,
                theirs,
                f"{'>' * marker_size} {names[1]}",
            ]
            return "\n".join(line for line in lines if line)

        places = _Places(document, self.theirs)
        for conflict in self.conflicts:
            if conflict.deleted_by == "ours":
                for number, one in enumerate(self.theirs.descriptions):
                    if one.subject == conflict.subject:
                        text = self.theirs.text[one.start : one.end]
                        yield places.insert(
                            number, marked("", translate(text, self.theirs.prefixes, document.prefixes))
                        )
                continue
            described = [one for one in document.descriptions if one.subject == conflict.subject]
            if conflict.deleted_by == "theirs":
                for one in described:
                    yield _Change(one.start, one.end, marked(document.text[one.start : one.end], ""), own_lines=True)
                continue
            yield from self._twice(document, conflict, described, written, marked)

    def _twice(
        self, document: Document, conflict: Conflict, described: list[Description], written: dict[Triple, Written],
        marked: Callable[[str, str], str],
    ) -> Iterator[_Change]:  # fmt: skip
        """Yield the descriptions that hold what is in dispute, each as ours has it and as theirs does."""

        def in_dispute(triple: Triple) -> bool:
            return any(True for _ in slot_of(triple, conflict.slots))

        instead = {
            triple: written[triple]
            for triple in self.their
            if triple.subject == conflict.subject and in_dispute(triple)
        }  # fmt: skip
        holding = [one for one in described if any(map(in_dispute, one.triples()))] or described[-1:]
        for one in holding:
            ours = document.text[one.start : one.end]
            values = {triple for triple in one.triples() if in_dispute(triple)}
            same = values & instead.keys()
            come = {triple: how for triple, how in instead.items() if triple not in same}
            yield _Change(
                one.start, one.end, marked(ours, edit_description(ours, document.prefixes, values - same, come)),
                own_lines=True,
            )  # fmt: skip
            instead = {}  # theirs' values stand once, in the first of several descriptions


@dataclass
class _Change:
    """A stretch of the text and what comes in its place; ``own_lines`` keeps other text off the lines of it."""

    start: int
    end: int
    text: str
    own_lines: bool = False


class _Places:
    """Where in a document descriptions of another go: behind the one that they follow there."""

    def __init__(self, document: Document, other: Document) -> None:
        self.document, self.other = document, other
        self.ends = {one.subject: one for one in document.descriptions if one.subject}

    def insert(self, number: int, text: str) -> _Change:
        """Return the change that puts a text where the other document has its n-th description."""
        for one in reversed(self.other.descriptions[:number]):
            anchor = self.ends.get(one.subject or "")
            if anchor:
                rest = _REST_OF_LINE.match(self.document.text, anchor.end)
                end = rest.end() if rest else anchor.end
                return _Change(end, end, f"\n\n{text}")
        for one in self.other.descriptions[number + 1 :]:
            anchor = self.ends.get(one.subject or "")
            if anchor:
                start = _start_with_comments(self.document.text, anchor.start, ())
                return _Change(start, start, f"{text}\n\n")
        end = max(len(self.document.text.rstrip()), self.document.head_end)
        return _Change(end, end, f"\n\n{text}" if end else text)


def _applied(text: str, changes: list[_Change]) -> str:
    pieces, at = [], 0
    # Insertions at one place keep their order; one that replaces comes before what is put behind it.
    for change in sorted(changes, key=lambda one: one.start):
        pieces.append(text[at : change.start])
        if change.own_lines and change.start and text[change.start - 1] != "\n":
            pieces.append("\n")
        pieces.append(change.text)
        at = change.end
        if not change.text and text[at : at + 2] == "\n\n":
            at += 2  # of a description that goes whole, the empty line behind it goes too
        elif change.own_lines and text[at : at + 1] not in ("\n", ""):
            pieces.append("\n")
    result = "".join([*pieces, text[at:]])
    return result if not result or result.endswith("\n") else result + "\n"


def _checked(document: Document) -> frozenset[Triple]:
    triples = frozenset(document.triples())
    keys = [*(part for triple in triples for part in triple), *(one.key for one in document.nameless())]
    if any(_LABELLED.search(key) for key in keys if not key.startswith('"')):
        raise NotEditableError("it has labelled blank nodes, whose labels mean nothing in another text")
    return triples


def _written(document: Document, prefixes: dict[str, str]) -> dict[Triple, Written]:
    """Return how each statement is written, for a text with other prefixes."""
    found = {}
    for one in document.descriptions:
        for group in one.groups if one.subject else ():
            predicate = translate(document.text[group.start : group.end], document.prefixes, prefixes)
            for value in group.values:
                text = translate(document.text[value.start : value.end], document.prefixes, prefixes)
                found[Triple(one.subject or "", group.key, value.key)] = Written(predicate, text)
    return found


def _with_prefixes(ours: Document, theirs: Document, base: Document) -> Document:
    """Return ours with the prefixes that theirs declares since the base and ours does not know."""
    lines = [
        f"@prefix {prefix}: <{namespace}> ."
        for prefix, namespace in theirs.prefixes.items()
        if prefix not in ours.prefixes and prefix not in base.prefixes
    ]
    if not lines:
        return ours
    head, rest = ours.text[: ours.head_end], ours.text[ours.head_end :]
    joined = "\n".join(lines)
    return parse_document(f"{head}\n{joined}{rest}" if head else f"{joined}\n\n{rest}")


def _start_with_comments(text: str, start: int, known: Iterable[str]) -> int:
    """Return where the lines of comment directly above a place begin; a line that is known already ends them."""
    lines = set(known)
    while start and text[start - 1] == "\n":
        before = text.rfind("\n", 0, start - 1) + 1
        line = text[before : start - 1]
        if not line.startswith("#") or line in lines:
            break
        start = before
    return start
