"""Which flows need consent, which record covers each, and whether it may run on a day.

A flow needs consent where a rule that is in force says so: where the rule applies to the flow and asks for
``qe:isCoveredByConsent`` (as the only way, or with no other of its alternatives met). A flow relies on all the records
that it points to, since several records are of several people: each must stand on the day, name the flow's target (or
the value stream of which that is a stage) and its personal data, cover each purpose of the flow along the purpose
hierarchy, and grant the flow's granularity. A flow that no rule asks about and that points to no record is not listed.

JSON of an answer::

    {"asked": [iri…], "at": "YYYY-MM-DD", "profiles": [str…],
     "flows": [{"flow", "label", "source", "target", "item", "lines",
                "neededBy": [rule…],    rules that ask for consent here
                "records": [iri…],
                "mayRun": bool,
                "faults": [{"why": str, "record": iri|null, "asked": str|null, "found": str|null}]}],
     "records": [{"record", "label", "stands": bool, "faults": [str…], "flows": [iri…]}]}

``why`` is one of `WHY`. ``asked`` and ``found`` tell what was compared: days, participants, purposes, durations or the
rule that is not met.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache
from typing import Any

from qe_kg.catalogue import Element
from qe_kg.errors import UnknownNameError, nearest
from qe_kg.lineage import Flow
from qe_kg.namespaces import DCTERMS, SKOS, is_iri
from qe_kg.rules.context import Context
from qe_kg.rules.probes import Piece, ask, read_rule_shapes
from qe_kg.rules.records import DPV, ConsentRecord, Lapse, read_records, seconds_of
from qe_kg.shacl.nodes import iri, sh, text_of
from qe_kg.shacl.paths import Predicate, Sequence

#: What can be wrong, with what it means.
WHY: dict[str, str] = {
    "missing": "consent is needed and there is no record",
    "no-record": "what it points to is no consent record",
    "withdrawn": "the consent was withdrawn, revoked or invalidated",
    "not-given": "the consent was not given",
    "expired": "the consent has expired",
    "not-yet-valid": "the consent is not valid yet",
    "no-dates": "the record does not say from when until when it is valid",
    "unreadable": "a date of the record is no date",
    "recipient": "the consent is for another recipient",
    "data": "the consent does not name this personal data",
    "purpose": "the consent is for another purpose",
    "no-purpose": "the flow states no purpose",
    "granularity": "the flow is finer than what was granted",
    "no-granularity": "the flow states no granularity, and the record grants one",
    "rule": "the record is not what the rule asks for",
}


@dataclass(frozen=True)
class Fault:
    """One reason against a flow: a key of `WHY`, the record at fault, and what was compared."""

    why: str
    record: str | None = None
    asked: str | None = None
    found: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {"why": self.why, "record": self.record, "asked": self.asked, "found": self.found}


@dataclass(frozen=True)
class Need:
    """A rule that asks for consent at a flow: its notation, its message, and whether the records given meet it."""

    rule: str
    message: str
    is_met: bool


@dataclass(frozen=True)
class Facts:
    """What consent is judged by.

    Attributes:
        records: all consent records, by IRI.
        coverage: the records of each flow.
        purposes: the purposes of each flow.
        granularity: the granularity of each flow, as written.
        broader: the directly broader purposes of each purpose.
        stages: the value stream of each stage.
        needs: the rules that ask for consent at each flow.
        personal: for each item of personal data, what a record can name for it: itself, its categories and concepts.

    """

    records: Mapping[str, ConsentRecord]
    coverage: Mapping[str, tuple[str, ...]]
    purposes: Mapping[str, tuple[str, ...]]
    granularity: Mapping[str, str]
    broader: Mapping[str, tuple[str, ...]]
    stages: Mapping[str, str]
    needs: Mapping[str, tuple[Need, ...]]
    personal: Mapping[str, frozenset[str]]

    def widened(self, purpose: str) -> set[str]:
        """Return a purpose and all that are broader."""
        found, todo = {purpose}, [purpose]
        while todo:
            for one in self.broader.get(todo.pop(), ()):
                if one not in found:
                    found.add(one)
                    todo.append(one)
        return found


@dataclass(frozen=True)
class FlowConsent:
    """One flow and its consent on a day."""

    flow: Flow
    needed_by: tuple[str, ...]
    records: tuple[str, ...]
    faults: tuple[Fault, ...]

    @property
    def may_run(self) -> bool:
        """Tell whether nothing about consent stands against the flow."""
        return not self.faults


def judge(flow: Flow, facts: Facts, at: date, without: frozenset[str] = frozenset()) -> FlowConsent:
    """Judge one flow.

    Args:
        flow: the flow.
        facts: what it is judged by.
        at: the day.
        without: records that are taken off the flow.

    """
    needs = facts.needs.get(flow.iri, ())
    records = tuple(one for one in facts.coverage.get(flow.iri, ()) if one not in without)
    faults: list[Fault] = []
    if needs and not records:
        faults.append(Fault("missing", asked=", ".join(need.rule for need in needs)))
    for one in records:
        record = facts.records.get(one)
        faults += _record_faults(flow, record, facts, at) if record else [Fault("no-record", one)]
    if records and not faults:
        faults += [Fault("rule", asked=need.rule, found=need.message) for need in needs if not need.is_met]
    return FlowConsent(flow, tuple(need.rule for need in needs), records, tuple(dict.fromkeys(faults)))


def _record_faults(flow: Flow, record: ConsentRecord, facts: Facts, at: date) -> Iterable[Fault]:
    for lapse in record.lapses(at):
        yield Fault(lapse, record.iri, at.isoformat(), _reason(record, lapse))
    if not {flow.target, facts.stages.get(flow.target)} & set(record.recipients):
        yield Fault("recipient", record.iri, flow.target, " ".join(record.recipients) or None)
    for item in flow.items:
        if item in facts.personal and not facts.personal[item] & set(record.data):
            yield Fault("data", record.iri, item, " ".join(record.data) or None)
    purposes = facts.purposes.get(flow.iri, ())
    if not purposes:
        yield Fault("no-purpose", record.iri, None, " ".join(record.purposes) or None)
    for purpose in purposes:
        if not facts.widened(purpose) & set(record.purposes):
            yield Fault("purpose", record.iri, purpose, " ".join(record.purposes) or None)
    granted = None if record.granularity is None else seconds_of(record.granularity)
    if record.granularity is not None:
        step = facts.granularity.get(flow.iri)
        length = None if step is None else seconds_of(step)
        if length is None:
            yield Fault("no-granularity", record.iri, step, record.granularity)
        elif granted is None or length < granted:
            yield Fault("granularity", record.iri, step, record.granularity)


def _reason(record: ConsentRecord, lapse: Lapse) -> str | None:
    """Return what of a record makes it lapse."""
    if lapse in ("withdrawn", "not-given"):
        return " ".join(record.statuses) or None
    if lapse == "not-yet-valid":
        return max((*record.given, *record.valid_from))
    if lapse == "expired" and (record.valid or record.valid_until):
        return min((*record.valid, *record.valid_until))
    return " ".join((*record.given, *record.valid, *record.valid_from, *record.valid_until)) or None


# --- asking a model ---------------------------------------------------------------------------------------

KINDS = ("flow", "item", "concept", "participant", "record", "purpose")


@dataclass(frozen=True)
class RecordState:
    """One consent record on a day: why it does not stand, if so, and the flows that rely on it."""

    record: Element
    lapses: tuple[Lapse, ...]
    flows: tuple[str, ...]


@dataclass(frozen=True)
class ConsentAnswer:
    """Consent of the flows that were asked about; see the module for the JSON form.

    Attributes:
        asked: what was asked about; nothing means all flows.
        day: the day.
        profiles: the jurisdictions whose rules say which flows need consent.
        flows: the flows that need consent or have records, ordered by IRI.
        records: the records of these flows, and those asked about, ordered by IRI.
        elements: names of everything mentioned, by IRI.

    """

    asked: tuple[Element, ...]
    day: date
    profiles: tuple[str, ...]
    flows: tuple[FlowConsent, ...]
    records: tuple[RecordState, ...]
    elements: Mapping[str, Element]

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {
            "asked": [element.iri for element in self.asked],
            "at": self.day.isoformat(),
            "profiles": list(self.profiles),
            "flows": [flow_dict(one, self.elements) for one in self.flows],
            "records": [
                {
                    "record": one.record.iri,
                    "label": one.record.label,
                    "stands": not one.lapses,
                    "faults": list(one.lapses),
                    "flows": list(one.flows),
                }
                for one in self.records
            ],
        }


def flow_dict(one: FlowConsent, elements: Mapping[str, Element]) -> dict[str, Any]:
    """Return the JSON form of a flow and its consent."""
    shown = one.flow.to_dict()
    return {
        "flow": shown["id"],
        "label": elements[one.flow.iri].label,
        **{key: shown[key] for key in ("source", "target", "item", "lines")},
        "neededBy": list(one.needed_by),
        "records": list(one.records),
        "mayRun": one.may_run,
        "faults": [fault.to_dict() for fault in one.faults],
    }


@lru_cache(maxsize=4)
def read_facts(context: Context) -> Facts:
    """Read what consent is judged by; once for a context, since it asks an engine twice.

    Raises:
        ShapesError: the shapes cannot be evaluated.

    """
    graph, terms = context.graph, context.namespaces.terms

    def values(predicate: str) -> dict[str, tuple[str, ...]]:
        found: dict[str, set[str]] = {}
        for value, subjects in graph.by_value(iri(predicate)).items():
            for subject in subjects:
                found.setdefault(text_of(subject), set()).add(text_of(value))
        return {subject: tuple(sorted(some)) for subject, some in found.items()}

    return Facts(
        records=read_records(context.store, context.namespaces),
        coverage=values(f"{terms}isCoveredByConsent"),
        purposes=values(f"{DPV}hasPurpose"),
        granularity={subject: some[0] for subject, some in values(f"{terms}granularity").items()},
        broader=values(f"{SKOS}broader"),
        stages=context.stages,
        needs=_needs(context),
        personal=_personal(context),
    )


def _personal(context: Context) -> dict[str, frozenset[str]]:
    graph, terms = context.graph, context.namespaces.terms
    category, about = iri(f"{terms}hasDataCategory"), iri(f"{terms}isAbout")
    personal = {
        one
        for value, some in graph.by_value(iri(f"{terms}isPersonal")).items()
        if text_of(value) in ("true", "1")
        for one in some
    }
    items = {item for one in personal for item in graph.subjects(category, one)}
    return {
        text_of(item): frozenset(map(text_of, (item, *graph.objects(item, category), *graph.objects(item, about))))
        for item in items
    }


def _needs(context: Context) -> dict[str, tuple[Need, ...]]:
    """Find the rules that ask for consent at each flow.

    Asked of the model without any link to a record: a rule that is met there, by another ground or because it is only
    about the records that are given, does not ask for one.
    """
    covers = iri(f"{context.namespaces.terms}isCoveredByConsent")

    def is_about_consent(piece: Piece) -> bool:
        path = piece.path.paths[0] if isinstance(piece.path, Sequence) else piece.path
        # What only says of which kind a record is asks for none.
        asks = any(context.shapes.objects(piece.shape, sh(name)) for name in ("minCount", "qualifiedMinCount"))
        return asks and path == Predicate(covers)

    active = read_rule_shapes(context.shapes, context.active_rules)
    asking = [shape for shape in active if any(is_about_consent(piece) for piece in shape.pieces)]
    if not asking:
        return {}
    bare = [quad for quad in context.data if str(quad.predicate) != covers]
    without = ask(bare, context.shapes_quads, context.shapes, asking)
    given = ask(context.data, context.shapes_quads, context.shapes, asking)
    needs: dict[str, list[Need]] = {}
    for shape, bare_answers, answers in zip(asking, without, given, strict=True):
        for place, piece in enumerate(shape.pieces):
            if not is_about_consent(piece):
                continue
            others = [n for n, one in enumerate(shape.pieces) if one.group == piece.group is not None and n != place]
            for focus in bare_answers.applies & bare_answers.lacks.get(place, set()):
                if all(focus in bare_answers.lacks.get(other, ()) for other in others):
                    is_met = focus not in answers.lacks.get(place, ())
                    need = Need(context.notation(shape.rule), piece.message, is_met)
                    needs.setdefault(text_of(focus), []).append(need)
    return {flow: tuple(sorted(set(some), key=lambda one: (one.rule, one.message))) for flow, some in needs.items()}


def consent(context: Context, names: Iterable[str] = ()) -> ConsentAnswer:
    """Tell of flows which need consent, which record covers each, and whether it may run on the day.

    Args:
        context: the model, the day and the jurisdictions.
        names: flows, items, concepts, participants, records (also by their identifier) or purposes; none asks about
            all flows.

    Raises:
        UnknownNameError, AmbiguousNameError: a name is wrong.
        ShapesError: the shapes cannot be evaluated.

    """
    asked = tuple(dict.fromkeys(resolve(context, name) for name in names))
    facts = read_facts(context)
    chosen = {element.iri for element in asked}
    flows = tuple(
        judge(flow, facts, context.day)
        for flow in context.flows.edges
        if (not asked and (flow.iri in facts.needs or flow.iri in facts.coverage))
        or flow.iri in chosen
        or ((flow.iri in facts.needs or flow.iri in facts.coverage) and _is_asked_about(flow, chosen, facts, context))
    )
    records = {record for one in flows for record in one.records} | (chosen & set(facts.records))
    if not asked:
        records |= set(facts.records)
    elements = _describe(context, flows, records)
    return ConsentAnswer(
        asked=asked,
        day=context.day,
        profiles=context.profiles,
        flows=flows,
        records=tuple(
            RecordState(
                elements[one],
                facts.records[one].lapses(context.day) if one in facts.records else (),
                tuple(sorted(flow for flow, covering in facts.coverage.items() if one in covering)),
            )
            for one in sorted(records)
        ),
        elements=elements,
    )


def resolve(context: Context, name: str, *kinds: str) -> Element:
    """Find what a name means; a record also goes by its ``dcterms:identifier``.

    Raises:
        UnknownNameError, AmbiguousNameError: there is none, or there are several.

    """
    identifier = iri(f"{DCTERMS}identifier")
    records = context.graph.instances(iri(f"{context.namespaces.terms}ConsentRecord"))
    found = [one for one in records if name.strip() in map(text_of, context.graph.objects(one, identifier))]
    if len(found) == 1:
        name = text_of(found[0])
    try:
        return context.catalogue.resolve(name, *(kinds or KINDS))
    except UnknownNameError as error:
        near = nearest(
            name, sorted({text_of(one) for record in records for one in context.graph.objects(record, identifier)})
        )
        if error.candidates or not near:
            raise
        raise UnknownNameError(f"{error}; the nearest identifiers are {', '.join(near)}", near) from None


def _is_asked_about(flow: Flow, chosen: set[str], facts: Facts, context: Context) -> bool:
    ends = {flow.source, flow.target}
    ends |= {facts.stages[end] for end in ends if end in facts.stages}
    about = {
        text_of(concept)
        for item in flow.items
        for concept in context.graph.objects(iri(item), iri(f"{context.namespaces.terms}isAbout"))
    }
    purposes = {wide for one in facts.purposes.get(flow.iri, ()) for wide in facts.widened(one)}
    covering = set(facts.coverage.get(flow.iri, ()))
    consented = {one for record in covering if record in facts.records for one in facts.records[record].purposes}
    return bool(chosen & (ends | set(flow.items) | about | purposes | covering | consented))


def _describe(context: Context, flows: Iterable[FlowConsent], records: Iterable[str]) -> Mapping[str, Element]:
    mentioned = set(records)
    for one in flows:
        mentioned |= {one.flow.iri, one.flow.source, one.flow.target, *one.flow.items}
        for fault in one.faults:
            if fault.why in ("recipient", "data", "purpose", "no-purpose", "withdrawn", "not-given"):
                mentioned |= {
                    part for text in (fault.asked, fault.found) if text for part in text.split() if is_iri(part)
                }
    return context.catalogue.describe(mentioned)
