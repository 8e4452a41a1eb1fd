"""Questions why, asked of a model in a person's names."""

from __future__ import annotations

from typing import Any

from qe_kg.catalogue import Element
from qe_kg.errors import UnknownNameError, nearest
from qe_kg.inference.why import Explanation
from qe_kg.manifest import RDF_ROLES
from qe_kg.model import Model
from qe_kg.validation.places import Locator
from qe_kg.validation.report import SourcePlace
from qe_kg.validation.triples import triples_of
from qe_kg.why.impact import why_reached
from qe_kg.why.places import Sources
from qe_kg.why.reason import Reason
from qe_kg.why.result import why_found


def why_triple(model: Model, subject: str, predicate: str, value: str) -> Reason | None:
    """Explain a triple as `Model.reasons` does; None where it is neither said nor follows."""
    found = model.reasons.why(subject, predicate, value)
    return None if found is None else reason_of(model, found)


def reason_of(model: Model, one: Explanation) -> Reason:
    """Return an explanation of a triple as a reason."""
    place = SourcePlace(one.file, one.line) if one.file and one.rule is None else None
    note = "" if one.rule is None else f"by {one.rule}" + (f": {one.says}" if one.says else "")
    below = tuple(reason_of(model, premise) for premise in one.premises)
    return Reason("triple", one.text(model.compact), note, place, below)


def why_result(model: Model, focus: str, rule: str, *, engine: str = "auto", **options: Any) -> Reason | None:  # noqa: ANN401
    """Explain why a validation has a result; None where it has none.

    Args:
        model: the model.
        focus: the element that the result is at: a code, label, CURIE or IRI.
        rule: the rule's identifier, or the identifier or compact IRI of a shape.
        engine: the SHACL engine; see `qe_kg.validation.engines.ENGINES`.
        options: ``profiles`` and ``at``, as for `Model.validate`.

    Raises:
        UnknownNameError, AmbiguousNameError: a name means nothing, or several things.
        CallError, ShapesError: as `Model.validate`.

    """
    model = model.in_memory()
    context = model.rule_context(**options)
    report = model.validate(profiles=context.profiles, at=context.day, engine=engine)
    known = {name for one in report.results for name in (one.rule, one.shape)} | set(context.index.names())
    if rule not in known:
        near = nearest(rule, sorted(known))
        hint = f"; the nearest names are {', '.join(near)}" if near else ""
        raise UnknownNameError(f"{rule!r} is no rule and no shape with a result{hint}", near)
    expanded = model.namespaces.expand(focus)
    if expanded not in {one.focus for one in report.results}:
        expanded = model.catalogue.resolve(focus, "element", "record", "concept").iri
    files = {file: triples_of(model.input_file(file)) for file in model.manifest.of_role(*RDF_ROLES)}
    shapes = [one for file, one in files.items() if file.role == "shapes"]
    data = [*files.values(), *map(triples_of, model.own_inputs())]
    locator = Locator(lambda: data, shapes, context.shapes)
    return why_found(context, report, locator, rule, expanded, engine=engine)


def why_impact(model: Model, start: str, goal: str, *, upstream: bool = False, **options: Any) -> Reason | None:  # noqa: ANN401
    """Explain why an impact (or with ``upstream`` a trace) reaches somebody; None where it does not.

    Args:
        model: the model.
        start: what was asked about.
        goal: whom the answer names: a code, label, CURIE or IRI.
        upstream: whether a trace is meant.
        options: as for `Model.impact`.

    Raises:
        UnknownNameError, AmbiguousNameError: a name means nothing, or several things.

    """
    element: Element = model.catalogue.resolve(goal, "participant")
    lineage = model.trace(start, **options) if upstream else model.impact(start, **options)
    return why_reached(lineage, element.iri, Sources(model.store, model.namespaces, model.file_of))
