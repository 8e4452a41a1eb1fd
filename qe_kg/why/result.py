"""Why a result of validation is there: what makes the rule apply, which of its evidence is there, and which is not."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from typing import TYPE_CHECKING

from qe_kg.rules.context import Context
from qe_kg.rules.probes import Answers, Piece, RuleShape, ask, read_rule_shapes
from qe_kg.shacl.nodes import RDF_TYPE, Node, iri, is_iri, literal_parts, text_of
from qe_kg.shacl.paths import path_text
from qe_kg.validation.places import Locator
from qe_kg.validation.report import Result, SourcePlace, ValidationReport
from qe_kg.why.reason import Reason

if TYPE_CHECKING:
    import pyoxigraph as ox


def why_found(
    context: Context, report: ValidationReport, locator: Locator, rule: str, focus: str, *, engine: str = "auto"
) -> Reason | None:
    """Explain the results of a rule or a shape at a focus; None where there are none.

    Args:
        context: the model, the day and the jurisdictions.
        report: the gate's report for the same day and jurisdictions.
        locator: finds triples and their places in the model's files.
        rule: notation of the rule, or identifier or compact IRI of a shape.
        focus: IRI of what the result is at.
        engine: the SHACL engine.

    """
    results = [one for one in report.results if one.focus == focus and rule in (one.rule, one.shape)]
    if not results:
        return None
    teller = _Teller(context, locator, iri(focus))
    of_rule = {context.notation(one): one for one in context.active_rules}.get(results[0].rule)
    has_path = any(one.hops for one in results)
    shapes = read_rule_shapes(context.shapes, [of_rule]) if of_rule and not has_path else []
    answers = ask(context.data, context.shapes_quads, context.shapes, shapes, engine) if shapes else []
    told = [
        one
        for shape, answer in zip(shapes, answers, strict=True)
        if iri(focus) in answer.applies
        and context.namespaces.compact(text_of(shape.shape)) in {r.shape for r in results}
        for one in teller.rule(shape, answer)
    ]
    if has_path:  # the focus is a finding, which is in no file
        told = [Reason("applies", "it applies, because information may go this way", below=tuple(teller.path(results)))]
    below = [*(told or teller.blamed(results)), *teller.shapes(results)]
    first = results[0]
    status = first.status if first.reason is None else f"{first.status}: {first.reason}"
    text = f"{first.rule} at {first.focus_label}"
    return Reason("result", text, f"{first.severity}, {status}", first.source, (teller.message(first), *below))


class _Teller:
    def __init__(self, context: Context, locator: Locator, focus: Node) -> None:
        self.context, self.locator, self.focus = context, locator, focus
        self.show = context.namespaces.compact

    def message(self, result: Result) -> Reason:
        """Return what the rule asks."""
        return Reason("rule", result.message, "what it asks")

    def rule(self, shape: RuleShape, answer: Answers) -> Iterator[Reason]:
        """Yield why the rule applies, then its evidence piece by piece."""
        kinds = [value for kind, value in shape.targets if kind.endswith("targetClass>")]
        types = [one for kind in kinds for one in self.locator.types(self.focus, self.context.graph.subclasses(kind))]
        said = [*types]
        if shape.condition:
            said += self.locator.looked_at(shape.condition, self.focus, but=shape.evidence)
        yield Reason("applies", "it applies, because", "", None, tuple(self._triples(said)))
        lacking = {place for place, nodes in answer.lacks.items() if self.focus in nodes}
        met = {piece.group for place, piece in enumerate(shape.pieces) if place not in lacking}
        for place, piece in enumerate(shape.pieces):
            if place not in lacking:
                yield self._met(piece)
            elif piece.group is None or piece.group not in met:
                yield self._missing(piece)
        if not lacking and self.focus in answer.breaks:
            yield Reason("missing", "the evidence as a whole does not hold", "", self.locator.end_of(self.focus))

    def _met(self, piece: Piece) -> Reason:
        said = self.locator.looked_at(piece.shape, self.focus)
        return Reason("met", f"there: {self._name(piece)}", "", None, tuple(self._triples(said)))

    def _missing(self, piece: Piece) -> Reason:
        said = self.locator.looked_at(piece.shape, self.focus)
        what = "not enough" if said else "missing"
        note = piece.message if piece.group is None else f"{piece.message} (one of several ways)"
        return Reason(
            "missing", f"{what}: {self._name(piece)}", note, self.locator.end_of(self.focus), tuple(self._triples(said))
        )

    def _name(self, piece: Piece) -> str:
        if piece.path is None:
            return piece.label or self.show(text_of(piece.shape))
        return path_text(piece.path, self._term)

    def blamed(self, results: Sequence[Result]) -> Iterator[Reason]:
        """Yield the triples at fault, and what is missing, of results of shapes that are of no rule."""
        for result in results:
            for quad, place in self.locator.triples_at(self.focus, result.places):
                yield replace(self._triple(quad, place), kind="met")
            if result.belongs is not None:
                yield Reason("missing", f"missing: {result.path or 'what the shape asks for'}", "", result.belongs)

    def path(self, results: Sequence[Result]) -> Iterator[Reason]:
        """Yield the flows of a finding along a path."""
        for hop in (hop for result in results for hop in result.hops):
            note = "" if hop.is_declared else "possible: no derivation says that its payload goes on here"
            yield Reason("flow" if hop.is_declared else "gap", hop.label, note, hop.source)

    def shapes(self, results: Sequence[Result]) -> Iterator[Reason]:
        """Yield the shapes that say so, with the statements of them that do."""
        seen = {(one.shape, one.shape_source): one for one in results if one.shape_source}
        for one in seen.values():
            component = one.component.rpartition(":")[2].removesuffix("ConstraintComponent")
            yield Reason(
                "shape", f"said by {one.shape}", f"sh:{component[:1].lower()}{component[1:]}", one.shape_source
            )

    def _triples(self, said: Sequence[tuple[ox.Quad, SourcePlace]]) -> Iterator[Reason]:
        for quad, place in said:
            yield self._triple(quad, place)

    def _triple(self, quad: ox.Quad, place: SourcePlace) -> Reason:
        predicate = "a" if str(quad.predicate) == RDF_TYPE else self._term(str(quad.predicate))
        value = self._term(str(quad.object))
        label = self.context.label(str(quad.object)) if is_iri(str(quad.object)) else ""
        subject = self._term(str(quad.subject))
        return Reason("triple", f"{subject} {predicate} {value}", label if label not in ("", value) else "", place)

    def _term(self, node: Node) -> str:
        if is_iri(node):
            return self.show(text_of(node))
        return f'"{literal_parts(node).lexical}"' if node[0] == '"' else "[]"
