"""The evidence matrix as one HTML page that needs nothing else: to read on a screen, to print, and to file."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from html import escape
from itertools import groupby

from qe_kg.rules.catalogue import NOTICE, LegalSource, Rule
from qe_kg.rules.evidence import Cell, EvidenceMatrix, State, Subject

#: How a state is shown: a mark that does not need color, and its name.
_MARKS: dict[State | None, tuple[str, str]] = {
    "satisfied": ("✓", "satisfied"),
    "missing": ("✗", "missing"),
    "waived": ("W", "waived"),
    "baseline": ("B", "known (baseline)"),
    None: ("·", "not applicable"),
}

_CSS = """
:root { --ink: #1c2430; --soft: #5b6675; --line: #d5dbe3; --paper: #fff; --head: #f3f5f8;
  --good: #1d6b3a; --good-bg: #e5f4ea; --bad: #a31621; --bad-bg: #fbe6e7; --known: #7a4b00; --known-bg: #fdf0d9;
  --waived: #4a3a8c; --waived-bg: #ebe8f8; }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 2rem; max-width: 84rem; color: var(--ink); background: var(--paper);
  font: 15px/1.45 system-ui, "Segoe UI", "Helvetica Neue", Arial, sans-serif; }
h1 { font-size: 1.7rem; margin: 0 0 .25rem; } h2 { font-size: 1.25rem; margin: 2.2rem 0 .6rem; }
h3 { font-size: 1.05rem; margin: 1.8rem 0 .3rem; }
p { margin: .3rem 0; max-width: 70rem; } .soft { color: var(--soft); } a { color: inherit; }
dl.facts { display: grid; grid-template-columns: max-content 1fr; gap: .15rem 1rem; margin: .6rem 0; }
dl.facts dt { color: var(--soft); } dl.facts dd { margin: 0; overflow-wrap: anywhere; }
.notice { border-left: 4px solid var(--soft); background: var(--head); padding: .5rem .8rem; margin: 1rem 0; }
.scenario { border-left-color: var(--known); background: var(--known-bg); }
table { border-collapse: collapse; margin: .5rem 0 1rem; }
th, td { border: 1px solid var(--line); padding: .28rem .5rem; text-align: left; vertical-align: top; }
thead th { background: var(--head); font-weight: 600; }
td.n { text-align: right; font-variant-numeric: tabular-nums; } td.zero { color: #a9b1bc; }
table.wide { width: 100%; table-layout: fixed; } table.wide td { overflow-wrap: anywhere; }
table.wide th:nth-child(1) { width: 13%; } table.wide th:nth-child(2) { width: 24%; }
table.wide th:nth-child(3) { width: 7%; } table.wide th:nth-child(4) { width: 17%; }
table.wide th:nth-child(6) { width: 13%; }
.scroll { overflow-x: auto; } .quote { color: var(--soft); font-size: .82em; max-width: 46rem; }
table.matrix th.rule { vertical-align: bottom; padding: .4rem .2rem; }
table.matrix th.rule a { writing-mode: vertical-rl; transform: rotate(180deg); text-decoration: none;
  white-space: nowrap; }
table.matrix td.mark { text-align: center; padding: .2rem; min-width: 1.9rem; }
table.matrix td.mark a { display: block; text-decoration: none; font-weight: 700; }
table.matrix th.subject { font-weight: 400; min-width: 16rem; }
.satisfied { color: var(--good); background: var(--good-bg); }
.missing { color: var(--bad); background: var(--bad-bg); }
.baseline { color: var(--known); background: var(--known-bg); }
.waived { color: var(--waived); background: var(--waived-bg); }
.none { color: #a9b1bc; }
.state { display: inline-block; padding: 0 .45rem; border-radius: .6rem; font-weight: 600; white-space: nowrap; }
ul.plain { margin: 0; padding-left: 1.1rem; } code { font: .9em ui-monospace, "Cascadia Mono", Menlo, monospace; }
footer { margin-top: 2.5rem; color: var(--soft); border-top: 1px solid var(--line); padding-top: .6rem; }
@page { size: A4 landscape; margin: 12mm; }
@media print {
  body { padding: 0; max-width: none; font-size: 9.5pt; }
  .scroll { overflow: visible; } a { text-decoration: none; }
  h2 { break-before: page; } h2.first { break-before: auto; } h2, h3 { break-after: avoid; }
  section > p { break-after: avoid; }
  thead { display: table-header-group; } tr, dl.facts { break-inside: avoid; }
  * { print-color-adjust: exact; -webkit-print-color-adjust: exact; }
  table.matrix th.subject { min-width: 12rem; } table.matrix td.mark { min-width: 1.3rem; }
}
"""


def evidence_page(matrix: EvidenceMatrix) -> str:
    """Return the page; everything that comes from the model is escaped."""
    return "".join(_page(matrix))


def _page(matrix: EvidenceMatrix) -> Iterator[str]:
    title = f"Evidence: {matrix.model}"
    yield '<!DOCTYPE html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
    yield '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
    yield f"<title>{escape(title)}</title>\n<style>{_CSS}</style>\n</head>\n<body>\n<header>\n"
    yield f"<h1>{escape(title)}</h1>\n"
    yield '<p class="soft">What each rule asks of each flow, participant and record, and whether it is there.</p>\n'
    yield '<dl class="facts">\n'
    yield f"<dt>As of</dt><dd>{matrix.day.isoformat()}</dd>\n"
    yield f"<dt>Rules of</dt><dd>{escape(', '.join(matrix.profiles))}</dd>\n"
    yield f"<dt>Rules</dt><dd>{len(matrix.rules)}</dd>\n</dl>\n"
    if matrix.scenario:
        yield (
            f'<p class="notice scenario"><strong>Scenario “{escape(matrix.scenario)}”.</strong> '
            "An illustration of what could be, not the state of the business.</p>\n"
        )
    yield f'<p class="notice"><strong>Notice.</strong> {escape(NOTICE)}</p>\n</header>\n'
    yield from _summary(matrix)
    yield from _matrices(matrix)
    yield '<h2 id="rules">Rule by rule</h2>\n'
    for rule in matrix.rules:
        yield from _rule(matrix, rule)
    yield f"<footer>{escape(NOTICE)}</footer>\n</body>\n</html>\n"


def _legend() -> str:
    shown = (f'<span class="state {state or "none"}">{mark}</span> {name}' for state, (mark, name) in _MARKS.items())
    return f'<p class="soft">{" &nbsp; ".join(shown)}</p>\n'


def _summary(matrix: EvidenceMatrix) -> Iterator[str]:
    yield '<h2 id="summary" class="first">Summary</h2>\n<table>\n<thead><tr><th>Rule</th><th>What it says</th>'
    yield "<th>Severity</th><th>Missing</th><th>Waived</th><th>Baseline</th><th>Satisfied</th>"
    yield "<th>Not applicable</th></tr></thead>\n<tbody>\n"
    for rule in matrix.rules:
        counts = matrix.counts(rule.code)
        yield f'<tr><td><a href="#{_anchor(rule.code)}">{escape(rule.code)}</a></td><td>{escape(rule.label)}</td>'
        yield f"<td>{escape(', '.join(rule.severities))}</td>"
        for state in ("missing", "waived", "baseline", "satisfied", "notApplicable"):
            number = counts[state]
            marked = state if number and state != "notApplicable" else "" if number else "zero"
            yield f'<td class="n {marked}">{number}</td>'
        yield "</tr>\n"
    yield "</tbody>\n</table>\n"


def _matrices(matrix: EvidenceMatrix) -> Iterator[str]:
    cells = {(cell.rule, cell.focus): cell for cell in matrix.cells}
    for index, (kind, members) in enumerate(groupby(matrix.subjects, key=lambda one: one.element.type)):
        subjects = list(members)
        focuses = {subject.element.iri for subject in subjects}
        rules = [rule for rule in matrix.rules if any((rule.code, focus) in cells for focus in focuses)]
        yield f'<h2 id="matrix-{index}">{escape(_kind(kind))}</h2>\n{_legend()}<div class="scroll">\n'
        yield '<table class="matrix">\n<thead><tr><th>Subject</th><th>Lines</th>'
        for rule in rules:
            link = f'<a href="#{_anchor(rule.code)}" title="{escape(rule.label)}">{escape(rule.code)}</a>'
            yield f'<th class="rule" scope="col">{link}</th>'
        yield "</tr></thead>\n<tbody>\n"
        for subject in subjects:
            anchor = escape(f"subject-{subject.element.iri}")
            yield f'<tr id="{anchor}"><th class="subject" scope="row">{_subject(matrix, subject)}'
            yield f"{_wording(subject)}</th><td>{_lines(subject)}</td>"
            for rule in rules:
                yield _mark(cells.get((rule.code, subject.element.iri)))
            yield "</tr>\n"
        yield "</tbody>\n</table>\n</div>\n"


def _mark(cell: Cell | None) -> str:
    mark, name = _MARKS[cell.state if cell else None]
    if cell is None:
        return f'<td class="mark none" title="{name}">{mark}</td>'
    title = escape(f"{cell.rule}: {name}")
    link = f'<a href="#{_anchor(cell.rule, cell.focus)}" title="{title}">{mark}</a>'
    return f'<td class="mark {cell.state}">{link}</td>'


def _rule(matrix: EvidenceMatrix, rule: Rule) -> Iterator[str]:
    yield f'<section>\n<h3 id="{_anchor(rule.code)}">{escape(rule.code)} · {escape(rule.label)}</h3>\n'
    yield f"<p>{escape(rule.statement)}</p>\n"
    if rule.scope_note:
        yield f'<p class="soft">{escape(rule.scope_note)}</p>\n'
    yield '<dl class="facts">\n'
    yield f"<dt>Basis</dt><dd>{'<br>'.join(_basis(source) for source in rule.basis) or 'none stated'}</dd>\n"
    yield f"<dt>Evidence asked for</dt><dd>{_texts(rule.evidence)}</dd>\n"
    yield f"<dt>How to mend</dt><dd>{_texts(rule.remedy)}</dd>\n"
    yield f"<dt>Severity</dt><dd>{escape(', '.join(rule.severities))}</dd>\n"
    yield f"<dt>Applies in</dt><dd>{escape(', '.join(rule.jurisdictions))}</dd>\n"
    yield f"<dt>Not applicable</dt><dd>{matrix.not_applicable.get(rule.code, 0)}</dd>\n</dl>\n"
    cells = [cell for cell in matrix.cells if cell.rule == rule.code]
    if not cells:
        yield '<p class="soft">Applies to nothing in this model.</p>\n</section>\n'
        return
    subjects = {subject.element.iri: subject for subject in matrix.subjects}
    yield '<table class="wide">\n<thead><tr><th>State</th><th>Subject</th><th>Lines</th><th>Evidence found</th>'
    yield "<th>Evidence missing</th><th>Place to mend</th></tr></thead>\n<tbody>\n"
    for cell in sorted(cells, key=lambda one: list(_MARKS).index(one.state) != 1):
        subject = subjects[cell.focus]
        mark, name = _MARKS[cell.state]
        severity = f"<br>{escape(cell.severity)}" if cell.severity else ""
        reason = f'<br><span class="soft">{escape(cell.reason)}</span>' if cell.reason else ""
        yield f'<tr id="{_anchor(cell.rule, cell.focus)}"><td><span class="state {cell.state}">{mark} {name}</span>'
        link = escape(f"#subject-{cell.focus}")
        yield f'{severity}{reason}</td><td><a href="{link}">{_subject(matrix, subject)}</a>{_wording(subject)}</td>'
        yield f"<td>{_lines(subject)}</td>"
        yield f"<td>{_found(cell)}</td><td>{_missing(cell)}</td>"
        yield f"<td><code>{escape(str(cell.source))}</code></td></tr>\n" if cell.source else "<td></td></tr>\n"
    yield "</tbody>\n</table>\n</section>\n"


def _basis(source: LegalSource) -> str:
    if not source.is_law:
        return f'{escape(source.label)} <span class="soft">(no law{_dash(source.note)})</span>'
    checked = source.verification or "not stated"
    return f'{escape(source.citation or source.label)} <span class="soft">(wording checked: {escape(checked)})</span>'


def _dash(text: str) -> str:
    return f": {escape(text)}" if text else ""


def _texts(texts: Iterable[str]) -> str:
    return "<br>".join(map(escape, texts)) or "—"


def _found(cell: Cell) -> str:
    if not cell.found:
        return ""
    items = (f"<li><code>{escape(one.path)}</code>: {escape(', '.join(one.values))}</li>" for one in cell.found)
    return f'<ul class="plain">{"".join(items)}</ul>'


def _missing(cell: Cell) -> str:
    if not cell.missing:
        return ""
    parts: list[str] = []
    for group, members in groupby(cell.missing, key=lambda one: one.group):
        items = "".join(
            f"<li>{f'<code>{escape(one.path)}</code>: ' if one.path else ''}{escape(one.message)}</li>"
            for one in members
        )
        parts.append(items if group is None else f'<li>One of:<ul class="plain">{items}</ul></li>')
    return f'<ul class="plain">{"".join(parts)}</ul>'


def _subject(matrix: EvidenceMatrix, subject: Subject) -> str:
    element = subject.element
    if subject.source and subject.target:
        label = element.label
        ends = f"{subject.source.name} → {subject.target.name}"
        return f"{escape(ends)}<br>{escape(label)}" if subject.source.name not in label else escape(label)
    name = f"{element.code} {element.label}" if element.code else element.label
    if not subject.path:
        return escape(name)
    steps = "".join(f"<li>{escape(matrix.names.get(flow, flow))}</li>" for flow in subject.path)
    return f'{escape(name)}<ol class="plain">{steps}</ol>'


def _wording(subject: Subject) -> str:
    """Quote what the source document says of it: at most three statements, then how many more."""
    shown = [f"{one.code or one.line or ''}: “{one.wording}”".lstrip(": ") for one in subject.statements[:3]]
    if len(subject.statements) > 3:
        shown.append(f"and {len(subject.statements) - 3} more")
    return "".join(f'<div class="quote">{escape(one)}</div>' for one in shown)


def _lines(subject: Subject) -> str:
    return ", ".join(map(str, subject.lines))


def _kind(compact: str) -> str:
    """Turn "qe:InformationFlow" into "Information flow"."""
    local = compact.rpartition(":")[2]
    words = "".join(f" {c.lower()}" if c.isupper() else c for c in local).strip()
    return words[:1].upper() + words[1:]


def _anchor(rule: str, focus: str | None = None) -> str:
    return escape(f"rule-{rule}" if focus is None else f"cell-{rule}-{focus}", quote=True)
