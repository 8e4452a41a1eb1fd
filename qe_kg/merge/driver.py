"""Merging three files the way git asks a merge driver to."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from qe_kg import git
from qe_kg.assets import asset_root
from qe_kg.atomic_files import atomic_output
from qe_kg.errors import ParseError, ReadError
from qe_kg.merge.three_way import Merged, merge_texts
from qe_kg.namespaces import COMMON_PREFIXES, DEFAULT_BASE, OWL, RDF, RDFS, SKOS
from qe_kg.store.files import read_quads
from qe_kg.store.statements import Statement, difference, selected
from qe_kg.turtle_text import NotEditableError

_LABELS = (f"{SKOS}prefLabel", f"{SKOS}definition", f"{SKOS}notation", f"{RDFS}label", f"{OWL}versionInfo")


@dataclass(frozen=True)
class Outcome:
    """What came of a merge.

    Attributes:
        conflicts: one line for each conflict.
        by_line: why the files were merged by line and not by statement, or None.

    """

    conflicts: tuple[str, ...]
    by_line: str | None = None


def merge_files(base: Path, ours: Path, theirs: Path, *, name: str, marker_size: int = 7) -> Outcome:
    """Merge theirs into ours, in place; ours is replaced whole or not at all.

    What cannot be merged by statement is merged by line, as git does it by itself.

    Args:
        base: the file that both come from; empty if there is none.
        ours: the file that takes the outcome.
        theirs: the other.
        name: the file's name in the repository, for messages.
        marker_size: how many signs a mark of a conflict has.

    Raises:
        ReadError: a file cannot be read or written.

    """
    texts = [_read(path) for path in (base, ours, theirs)]
    newline = "\r\n" if "\r\n" in texts[1] else "\n"
    plain = [text.replace("\r\n", "\n") for text in texts]
    try:
        merged = merge_texts(plain[0], plain[1], plain[2], single=single_valued(), marker_size=marker_size)
        _verify(plain, merged)
    except (NotEditableError, ReadError) as error:
        count, text = git.merge_file(ours, base, theirs, ("ours", "base", "theirs"), marker_size)
        lines = (f"{name}: {count} conflict{'s' if count != 1 else ''}, marked by line",) if count else ()
        _write(ours, text)
        return Outcome(lines, f"{name} is merged by line: {error}")
    _write(ours, merged.text.replace("\n", newline))
    return Outcome(tuple(f"{name}: {_told(one.subject, merged)}" for one in merged.conflicts))


def _read(path: Path) -> str:
    try:
        return path.read_bytes().decode("utf-8")
    except (OSError, UnicodeDecodeError) as error:
        raise ReadError(f"{path}: cannot be read: {error}") from error


def _write(path: Path, text: str) -> None:
    with atomic_output(path) as file:
        file.write(text.encode("utf-8", "surrogateescape"))


@cache
def single_valued() -> frozenset[str]:
    """Return the keys of the properties that have one value at most: labels, and what the ontology calls functional."""
    kinds = {f"{OWL}FunctionalProperty"}
    files = sorted((asset_root() / "ontology" / "modules").glob("*.ttl"))
    found = {one.subject.value for path in files for one in selected(read_quads(path), {f"{RDF}type"}, kinds)}
    return frozenset(f"<{one}>" for one in {*found, *_LABELS})


def _verify(texts: list[str], merged: Merged) -> None:
    """Check with the parser of record that a merge without conflict says what it must.

    Raises:
        NotEditableError: it does not.
        ParseError: one of the texts does not parse.

    """
    old, our, their = (_parsed(text) for text in texts)
    if merged.conflicts:
        return
    wanted = our | (their - old)
    wanted -= old - their
    got = _parsed(merged.text)
    if got != wanted:
        raise NotEditableError("the statements could not be put together in the text")


def _parsed(text: str) -> frozenset[Statement]:
    with tempfile.NamedTemporaryFile(suffix=".ttl") as file:
        path = Path(file.name)
        path.write_text(text, encoding="utf-8")
        try:
            return frozenset(difference([], read_quads(path)).added)
        except ParseError as error:
            raise NotEditableError(f"line {error.line}: {error.problem}") from error


def _told(subject: str, merged: Merged) -> str:
    (conflict,) = (one for one in merged.conflicts if one.subject == subject)
    name = _short(subject)
    if conflict.deleted_by:
        other = "theirs" if conflict.deleted_by == "ours" else "ours"
        return f"{name}: {conflict.deleted_by} deleted what {other} changed"
    return f"{name}: both changed {', '.join(sorted({_short(slot.predicate) for slot in conflict.slots}))}"


def _short(key: str) -> str:
    name = key[1:-1]
    for prefix, namespace in {**COMMON_PREFIXES, "qe": f"{DEFAULT_BASE}ns/", "qed": f"{DEFAULT_BASE}id/"}.items():
        if name.startswith(namespace):
            return f"{prefix}:{name[len(namespace) :]}"
    return key
