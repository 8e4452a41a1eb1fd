"""A comparison as plain text and as Markdown for one comment of a pull request."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from qe_kg.diff.compare import Comparison
from qe_kg.diff.elements import KINDS, ElementChange, PropertyChange, Value

#: Whoever posts the comment finds the one of an earlier push by this line, and replaces it.
MARKER = "<!-- qe-kg diff -->"
#: What is shown of one property; the JSON has all.
_MOST_VALUES = 8
_WIDTH = 90
#: A comment on GitHub has at most 65,536 characters.
_MOST_CHARACTERS = 60_000
_MOST_ROWS = 60


def as_text(comparison: Comparison) -> str:
    """Write a comparison for a terminal or a log."""
    lines = [headline(comparison)]
    kind = None
    for one in comparison.elements.elements:
        lines += [""] if one.kind != kind else []
        kind = one.kind
        lines.append(f"{one.kind:<8} {one.type or 'element'}  {one.label}{_code(one)}")
        if one.rename:
            lines.append(f"{'':9}was {comparison.namespaces.compact(one.was or '')}, {how_known(one)}")
        lines += [f"{'':9}{line}" for change in shown_changes(one) for line in _change_lines(change)]
    for title, rows in sections(comparison):
        lines += ["", f"{title}", *(f"  {row}" for row in rows)]
    return "\n".join(lines) + "\n"


def headline(comparison: Comparison) -> str:
    """Return the first line: what is compared, and the counts."""
    counts = Counter(one.kind for one in comparison.elements.elements)
    told = [f"{counts[kind]} {kind}" for kind in KINDS if counts[kind]]
    triples = comparison.triples
    if not (triples.added or triples.removed):
        return f"{comparison.old} → {comparison.new}: no difference"
    follow = comparison.elements.following
    also = f"; {follow} reference{'s follow' if follow != 1 else ' follows'} a renamed element" if follow else ""
    return (
        f"{comparison.old} → {comparison.new}: {', '.join(told) or 'nothing by element'} "
        f"(triples: {len(triples.added)} added, {len(triples.removed)} removed{also})"
    )


def how_known(one: ElementChange) -> str:
    """Tell how a renaming is known."""
    assert one.rename
    if one.rename.is_declared:
        return "declared by dcterms:isReplacedBy"
    return f"a guess: alike to {one.rename.likeness:.0%}"


def shown_changes(one: ElementChange) -> tuple[PropertyChange, ...]:
    """Return the changes that are worth a line: not those of an element that is there or not as a whole."""
    return one.properties if one.kind in ("changed", "renamed") else ()


def sections(comparison: Comparison) -> Iterator[tuple[str, list[str]]]:
    """Yield what the change means, as titles with rows."""
    if comparison.versions:
        rows = [row for one in comparison.versions for row in one.rows(comparison.namespaces)]
        yield "Versions of the ontology", rows
    if comparison.meaning:
        yield from comparison.meaning.sections()


def _code(one: ElementChange) -> str:
    for change in one.properties:
        if change.property == "skos:notation" and change.after and one.kind == "added":
            return f" ({change.after[0].text.strip(chr(34))})"
    return ""


def _change_lines(change: PropertyChange) -> Iterator[str]:
    before, after = _short(change.before), _short(change.after)
    whole = f"{change.property}: {joined(before)} → {joined(after)}"
    if len(whole) <= _WIDTH and change.before and change.after:
        yield whole
        return
    for mark, values in (("-", before), ("+", after)):
        for value in values:
            yield f"{mark} {change.property} {value}"


def joined(values: list[str]) -> str:
    """Join values, with a sign for none."""
    return ", ".join(values) or "∅"


def _short(values: tuple[Value, ...]) -> list[str]:
    shown = [_value(value) for value in values[:_MOST_VALUES]]
    return [*shown, f"… {len(values) - _MOST_VALUES} more"] if len(values) > _MOST_VALUES else shown


def _value(value: Value) -> str:
    text = f"{value.label} ({value.text})" if value.label else value.text
    return " ".join(text.split())


# --- Markdown ---------------------------------------------------------------------------------------------


def as_markdown(comparison: Comparison) -> str:
    """Write a comparison as one Markdown comment that begins with `MARKER`, cut to the length of one."""
    lines = [MARKER, f"### {md(headline(comparison))}", ""]
    for title, rows in sections(comparison):
        lines += [f"**{md(title)}**", "", *(f"- {md(row)}" for row in rows[:_MOST_ROWS])]
        lines += [f"- … {len(rows) - _MOST_ROWS} more", ""] if len(rows) > _MOST_ROWS else [""]
    elements = comparison.elements.elements
    if elements:
        lines += ["| | type | element | property | from | to |", "|---|---|---|---|---|---|"]
        room = _MOST_CHARACTERS - sum(len(line) + 1 for line in lines)
        for number, one in enumerate(elements):
            rows = list(_md_rows(comparison, one))
            room -= sum(len(row) + 1 for row in rows)
            if room < 0:
                lines += [
                    "",
                    f"… and {len(elements) - number} more elements: a comment holds no more; see the other formats.",
                ]
                break
            lines += rows
        lines.append("")
    return "\n".join(lines)


def _md_rows(comparison: Comparison, one: ElementChange) -> Iterator[str]:
    name = md(one.label) + f"<br>{code(comparison.namespaces.compact(one.iri))}"
    if one.rename:
        name += f"<br>was {code(comparison.namespaces.compact(one.was or ''))}, {md(how_known(one))}"
    changes = shown_changes(one)
    head: tuple[str, ...] = (one.kind, md(one.type), name)
    if not changes:
        yield f"| {' | '.join((*head, '', '', ''))} |"
    for change in changes:
        cells = (md(change.property), _md_values(change.before), _md_values(change.after))
        yield f"| {' | '.join((*head, *cells))} |"
        head = ("", "", "")


def _md_values(values: tuple[Value, ...]) -> str:
    return "<br>".join(md(text) for text in _short(values))


_MD_SPECIAL = re.compile(r"([\\`*_{}\[\]()#+!|~<>&@])")


def md(text: str) -> str:
    """Escape text for Markdown, also against HTML, links, mentions and ends of table cells."""
    escaped = _MD_SPECIAL.sub(lambda found: _ENTITIES.get(found[1], f"\\{found[1]}"), " ".join(text.split()))
    return re.sub(r"(?i)\b(https?|ftp|www)(?=[:.])", lambda found: f"{found[1]}<!-- -->", escaped)


_ENTITIES = {"<": "&lt;", ">": "&gt;", "&": "&amp;", "@": "&#64;", "|": "&#124;"}


def code(text: str) -> str:
    """Return text as code in HTML, which needs no count of backticks."""
    return f"<code>{_html(text)}</code>"


def _html(text: str) -> str:
    from html import escape

    return escape(text).replace("|", "&#124;").replace("@", "&#64;").replace("\n", " ")
