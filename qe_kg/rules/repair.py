"""For each open result the triples that would mend it, as Turtle to paste.

What is missing is known from the evidence matrix, piece by piece; what would satisfy a piece is read off the shapes
(`qe_kg.rules.mending`). Results at one focus are mended together, so that one record does for several rules: the first
way of each is the same. Where alternatives would do, each is a further way. What has to be decided by a person is a
placeholder with ``TODO`` in it: an IRI of something that is there or is to be described, or a literal. Where triples do
not mend (a finding along a path, a flow that must not be), the answer says in words what to do.

JSON of an answer::

    {"model": str, "scenario": str|null, "at": "YYYY-MM-DD", "profiles": [str…],
     "repairs": [{"rule", "focus", "focusLabel", "state": "missing|baseline|waived", "message": str, "advice": [str…],
                  "source": {"file", "line"}|null,
                  "ways": [{"turtle": str,         to paste
                            "remove": str,         Turtle to take out; empty where nothing is in the way
                            "placeholders": [{"name", "subject", "property", "kind": iri|null, "choices": [str…],
                                              "pattern": str|null, "least": str|null, "greatest": str|null}]}]}]}

``advice`` is the rule's remedy in words; it is all there is where ``ways`` is empty. Names, properties and choices are
compact where they can be.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import islice, product
from typing import Any

from qe_kg.rules.context import Context
from qe_kg.rules.drafts import CannotMendError, Draft, Placeholder, Triple
from qe_kg.rules.evidence import Cell, EvidenceMatrix, State
from qe_kg.rules.mending import Mender
from qe_kg.rules.probes import find_misfits
from qe_kg.shacl.nodes import RDF_TYPE, Node, iri, is_iri, literal_parts, text_of
from qe_kg.validation.report import SourcePlace, as_source

#: So many ways are told where several alternatives can be combined.
_MOST_WAYS = 6
_LISTED = 12


@dataclass(frozen=True)
class Way:
    """One way to mend a result: triples to add and to take out, and what is to be filled in."""

    added: tuple[Triple, ...]
    removed: tuple[Triple, ...]
    placeholders: tuple[Placeholder, ...]


@dataclass(frozen=True)
class Repair:
    """What to do about one cell of the matrix; without ways the advice is all there is."""

    rule: str
    focus: str
    label: str
    state: State
    message: str
    advice: tuple[str, ...]
    source: SourcePlace | None
    ways: tuple[Way, ...]


@dataclass(frozen=True)
class RepairAnswer:
    """All repairs that were asked for; see the module for the JSON form."""

    model: str
    scenario: str | None
    day: date
    profiles: tuple[str, ...]
    repairs: tuple[Repair, ...]
    context: Context

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {
            "model": self.model,
            "scenario": self.scenario,
            "at": self.day.isoformat(),
            "profiles": list(self.profiles),
            "repairs": [
                {
                    "rule": one.rule,
                    "focus": one.focus,
                    "focusLabel": one.label,
                    "state": one.state,
                    "message": one.message,
                    "advice": list(one.advice),
                    "source": as_source(one.source),
                    "ways": [self._way(way) for way in one.ways],
                }
                for one in self.repairs
            ],
        }

    def _way(self, way: Way) -> dict[str, Any]:
        def show(node: Node) -> str:
            return _turtle(node, self.context)

        return {
            "turtle": turtle(way.added, self.context, way.placeholders),
            "remove": turtle(way.removed, self.context),
            "placeholders": [
                {
                    "name": show(one.node),
                    "subject": show(one.subject),
                    "property": show(one.property),
                    "kind": one.kind,
                    "choices": [show(choice) for choice in one.choices],
                    "pattern": one.pattern,
                    "least": one.least,
                    "greatest": one.greatest,
                }
                for one in way.placeholders
            ],
        }


def repair(
    context: Context,
    matrix: EvidenceMatrix,
    own_namespace: str,
    *,
    states: Sequence[State] = ("missing",),
    rules: Collection[str] = (),
    engine: str = "auto",
) -> RepairAnswer:
    """Find the repairs of the cells of some states.

    Args:
        context: the model, the day and the jurisdictions.
        matrix: what is missing.
        own_namespace: where new nodes get their IRIs.
        states: which cells to mend.
        rules: codes of the rules to mend; none mends all.
        engine: the SHACL engine.

    Raises:
        ShapesError: the shapes cannot be evaluated.

    """
    cells = [cell for cell in matrix.cells if cell.state in states and (not rules or cell.rule in rules)]
    shapes = {one.shape for cell in cells for one in cell.missing if one.shape is not None}
    misfits = find_misfits(context.data, context.shapes_quads, context.shapes, sorted(shapes), engine)
    mender = Mender(context, own_namespace, matrix.asked, misfits)
    advice = {rule.code: rule.remedy for rule in matrix.rules}
    labels = {subject.element.iri: subject.element.label for subject in matrix.subjects}
    by_focus: dict[str, list[Cell]] = {}
    for cell in cells:
        by_focus.setdefault(cell.focus, []).append(cell)
    ways = {focus: _ways(mender, together) for focus, together in by_focus.items()}
    repairs = [
        Repair(
            rule=cell.rule,
            focus=cell.focus,
            label=labels[cell.focus],
            state=cell.state,
            message=" ".join(dict.fromkeys(one.message for one in cell.missing)),
            advice=advice[cell.rule],
            source=cell.source,
            ways=ways[cell.focus].get(cell.rule, ()),
        )
        for cell in cells
    ]
    return RepairAnswer(matrix.model, matrix.scenario, matrix.day, matrix.profiles, tuple(repairs), context)


def _ways(mender: Mender, cells: Sequence[Cell]) -> dict[str, tuple[Way, ...]]:
    """Draft the ways to mend all cells of one focus together, so that one record does for several rules.

    Returns:
        For each rule that triples mend, its ways: the first is that of all rules together; each further one takes other
        alternatives of this rule.

    """
    focus = iri(cells[0].focus)
    names = dict(mender.used)
    choices = {cell.rule: [one for one in _choices(cell) if _draft(mender, focus, [one])] for cell in cells}
    mendable = [rule for rule, some in choices.items() if some]
    mender.used = names
    first = _draft(mender, focus, [choices[rule][0] for rule in mendable])
    if first is None:
        return {}
    found = {}
    for rule in mendable:
        others = [choices[other][0] for other in mendable if other != rule]
        further = (_draft(mender, focus, [*others, chosen]) for chosen in choices[rule][1:])
        found[rule] = (first, *(way for way in further if way is not None))
    return found


def _choices(cell: Cell) -> list[list[Node]]:
    """Return what can be mended to mend a cell: all needed pieces, and one of each group of alternatives."""
    if any(one.shape is None for one in cell.missing):
        return []
    needed = [one.shape for one in cell.missing if one.group is None]
    groups = sorted({one.group for one in cell.missing if one.group is not None})
    alternatives = [[one.shape for one in cell.missing if one.group == group] for group in groups]
    combined = islice(product(*alternatives), _MOST_WAYS)
    return [[one for one in (*needed, *chosen) if one is not None] for chosen in combined]


def _draft(mender: Mender, focus: Node, pieces: Sequence[Sequence[Node]]) -> Way | None:
    draft = Draft()
    try:
        for piece in dict.fromkeys(one for some in pieces for one in some):
            mender.mend(draft, focus, piece)
    except CannotMendError:
        return None
    if not draft.added:
        return None
    mender.complete(draft, focus)
    return Way(tuple(draft.added), tuple(draft.removed), tuple(draft.placeholders))


# --- Turtle -----------------------------------------------------------------------------------------------


def turtle(triples: Iterable[Triple], context: Context, placeholders: Iterable[Placeholder] = ()) -> str:
    """Write triples as Turtle with the model's prefixes, a subject a paragraph, and a comment for each placeholder."""
    hints: dict[tuple[Node, Node, Node], str] = {
        (one.subject, one.property, one.node): _hint(one, context) for one in placeholders
    }
    by_subject: dict[Node, dict[Node, list[Node]]] = {}
    for subject, predicate, value in triples:
        by_subject.setdefault(subject, {}).setdefault(predicate, []).append(value)
    paragraphs = []
    for subject, properties in by_subject.items():
        comments = [
            f"# {_turtle(predicate, context)}: {hint}"
            for predicate, values in properties.items()
            for value in dict.fromkeys((*values, subject))
            if (hint := hints.get((subject, predicate, value)))
        ]
        ordered = sorted(properties.items(), key=lambda pair: pair[0] != RDF_TYPE)
        lines = [
            f"{'a' if predicate == RDF_TYPE else _turtle(predicate, context)} "
            + " , ".join(_turtle(value, context) for value in values)
            for predicate, values in ordered
        ]
        paragraphs.append("\n".join([*comments, f"{_turtle(subject, context)} " + " ;\n    ".join(lines) + " ."]))
    return "\n\n".join(paragraphs)


def prefixes(answer: RepairAnswer, text: str) -> str:
    """Return the prefix lines that some Turtle of an answer needs."""
    known = answer.context.namespaces.prefixes
    return "".join(f"@prefix {name}: <{known[name]}> .\n" for name in sorted(known) if f"{name}:" in text)


def _hint(one: Placeholder, context: Context) -> str:
    parts = []
    if one.choices:
        shown = [_turtle(choice, context) for choice in one.choices[:_LISTED]]
        more = f", … ({len(one.choices)} in all)" if len(one.choices) > _LISTED else ""
        parts.append(f"one of {', '.join(shown)}{more}")
    elif is_iri(one.node):
        what = context.namespaces.compact(one.kind) if one.kind else "thing"
        parts.append(f"a {what}: one that is there, or describe this one")
    elif one.kind:
        parts.append(f"of type {context.namespaces.compact(one.kind)}")
    if one.least is not None:
        parts.append(f"at least {one.least}")
    if one.greatest is not None:
        parts.append(f"at most {one.greatest}")
    if one.pattern:
        parts.append(f"matching {one.pattern}")
    return "; ".join(parts)


def _turtle(node: Node, context: Context) -> str:
    """Write a node as Turtle does."""
    if is_iri(node):
        compact = context.namespaces.compact(text_of(node))
        return node if compact == text_of(node) else compact
    if node.startswith('"'):
        parts = literal_parts(node)
        if parts.lexical in ("true", "false") and parts.datatype.endswith("#boolean"):
            return parts.lexical
        if "^^" in node[-len(parts.datatype) - 4 :]:
            return f"{node[: node.rindex('^^')]}^^{_turtle(iri(parts.datatype), context)}"
    return node
