"""What would satisfy a shape at a node: triples to add and to take out, with placeholders where a person must choose.

Everything is read off shapes: the property from ``sh:path``, what its values must be from ``sh:hasValue``, ``sh:in``,
``sh:class``, ``sh:datatype`` and the shape in ``sh:node`` or ``sh:qualifiedValueShape``, and what a new node needs from
the shapes that target its class. A placeholder is an IRI or a literal with ``TODO`` in it.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import replace

from qe_kg.namespaces import DCTERMS, RDF, RDFS, SKOS, XSD
from qe_kg.rules.context import Context
from qe_kg.rules.drafts import (
    CannotMendError,
    Draft,
    Need,
    Placeholder,
    is_within,
    kebab,
    number_of,
    steps_of,
)
from qe_kg.rules.probes import read_rule_shapes
from qe_kg.rules.records import DPV, STANDING
from qe_kg.shacl.nodes import RDF_TYPE, Node, iri, is_iri, is_literal, literal_node, literal_parts, sh, text_of
from qe_kg.shacl.paths import Inverse, Predicate, read_path

_PATH, _PROPERTY, _TARGET_CLASS = sh("path"), sh("property"), sh("targetClass")
_LABEL = literal_node("TODO", None, "en")
_CONCEPT = iri(f"{SKOS}Concept")
_PURPOSE = f"{DPV}Purpose"
#: What stands at properties of the Data Privacy Vocabulary whose shapes ask for an IRI only: a class, or fixed values.
_CLASSES = {
    f"{DPV}hasDataSubject": f"{DPV}DataSubject",
    f"{DPV}hasNotice": f"{DPV}ConsentNotice",
    f"{DPV}hasDataController": f"{DPV}DataController",
    f"{DPV}hasStorageCondition": f"{DPV}StorageCondition",
}
_OUR_CLASSES = {f"{DPV}hasJurisdiction": "Jurisdiction", f"{DPV}hasPersonalData": "DataCategory"}
_VALUES = {
    f"{DPV}hasConsentStatus": tuple(sorted(STANDING)),
    f"{DPV}hasConsentControl": (f"{DPV}WithdrawConsent",),
    f"{DPV}hasLegalBasis": (f"{DPV}ExplicitlyExpressedConsent", f"{DPV}ExpressedConsent", f"{DPV}Consent"),
    f"{DCTERMS}conformsTo": ("https://w3id.org/dpv/schema/dpv-27560#record",),
}
_ENTITY = "http://www.w3.org/ns/prov#Entity"
#: How deep new nodes may need new nodes.
_DEPTH = 3


class Mender:
    """Drafts what would satisfy shapes in one model.

    Args:
        context: the model.
        own_namespace: where new nodes get their IRIs.
        asked: for each focus (IRI), the shapes of all evidence that some rule needs of it: what is new does for all.
        misfits: for each property shape, the values that do not conform to its ``sh:node``.

    """

    def __init__(
        self,
        context: Context,
        own_namespace: str,
        asked: Mapping[str, Sequence[Node]],
        misfits: Mapping[Node, Collection[Node]],
    ) -> None:
        self._context, self._own, self._asked, self._misfits = context, own_namespace, asked, misfits
        self._data, self._shapes = context.graph, context.shapes
        #: How often each name of a placeholder was used; to be put back where a draft is thrown away.
        self.used: dict[str, int] = {}
        self._by_class: dict[Node, list[Node]] = {}
        see_also = iri(f"{RDFS}seeAlso")
        for shape in sorted(self._shapes.subjects_of(_TARGET_CLASS)):
            if not self._shapes.objects(shape, see_also):
                for target in self._shapes.objects(shape, _TARGET_CLASS):
                    self._by_class.setdefault(target, []).extend(self._shapes.objects(shape, _PROPERTY))
        # What rules need of everything of a class; where a rule applies is not asked of what is new.
        self._by_rule: dict[Node, list[Node]] = {}
        for one in read_rule_shapes(self._shapes, context.active_rules):
            needed = [piece.shape for piece in one.pieces if piece.group is None and piece.path is not None]
            for kind, target in one.targets:
                if kind == _TARGET_CLASS:
                    self._by_rule.setdefault(target, []).extend(needed)

    # --- one piece of evidence --------------------------------------------------------------------------

    def mend(self, draft: Draft, focus: Node, shape: Node) -> None:
        """Draft what would satisfy a property shape, or each property shape of a node shape, at a focus.

        Raises:
            CannotMendError: triples cannot be told.

        """
        if not self._shapes.objects(shape, _PATH):
            inner = [*self._shapes.objects(shape, _PROPERTY), *self._shapes.objects(shape, sh("node"))]
            if not inner:
                raise CannotMendError
            for one in inner:
                self.mend(draft, focus, one)
            return
        steps = steps_of(read_path(self._shapes, self._shapes.objects(shape, _PATH)[0]))
        if not steps:
            raise CannotMendError
        *before, last = steps
        need = self._need(shape, Need())
        if not need.least and not need.fixed:
            raise CannotMendError  # the shape forbids and does not ask
        if isinstance(last, Inverse):
            self._new_subject(draft, focus, last, need, is_direct=not before)
            return
        nodes = [focus]
        for place, step in enumerate(before):
            if isinstance(step, Inverse):
                raise CannotMendError
            # Where one fitting value is enough, what is described otherwise stays as it is, beside something new.
            is_new = need.is_one_enough and place == 0
            nodes = [value for node in nodes for value in self._reached(draft, node, step.node, is_new)]
        need.misfits = self._misfits.get(shape, ())
        for node in dict.fromkeys(nodes):
            direct = before[0] if len(before) == 1 else None
            if isinstance(direct, Predicate) and not all(
                self._fits(value, need) for value in self._data.objects(node, last.node)
            ):
                # What it says is what happened, say how consent was given: something new must take its place.
                draft.removed.append((focus, direct.node, node))
                node = self._reached(draft, focus, direct.node, is_new=True)[-1]
            self._fill(draft, node, last.node, need)

    def _new_subject(self, draft: Draft, focus: Node, step: Inverse, need: Need, *, is_direct: bool) -> None:
        """Draft something new that points to the focus."""
        if not is_direct or not need.classes or need.inner or not isinstance(step.path, Predicate):
            raise CannotMendError
        link = Draft()
        self._new_node(link, focus, step.path.node, need, 0)
        (_, predicate, value), *rest = link.added
        for triple in ((value, predicate, focus), *rest):
            draft.add(triple)
        draft.placeholders += [replace(link.placeholders[0], subject=value), *link.placeholders[1:]]

    def complete(self, draft: Draft, focus: Node) -> None:
        """Fill in what follows from the focus, and add what the new evidence would otherwise be held against.

        A new consent record of a flow is for the flow's target, purposes and items; a flow without a purpose needs one.
        """
        terms = self._context.namespaces.terms
        target, carries, purpose = iri(f"{terms}hasTarget"), iri(f"{terms}carries"), iri(f"{DPV}hasPurpose")
        records = [one for one in draft.values(focus, iri(f"{terms}isCoveredByConsent")) if "-TODO" in one]
        if records and not self._data.objects(focus, purpose) and not draft.values(focus, purpose):
            self._fill(draft, focus, purpose, Need(least=1, classes=[iri(f"{DPV}Purpose")]))
        covers = iri(f"{terms}isCoveredByConsent")
        consented = sorted({
            one
            for record in self._data.objects(focus, covers)
            if (focus, covers, record) not in draft.removed
            for one in self._data.objects(record, purpose)
        })  # fmt: skip
        if consented and any("-TODO" in one for one in draft.values(focus, purpose)):
            self._replace(draft, focus, purpose, consented[:1])
        known = {
            iri(f"{DPV}hasRecipient"): self._data.objects(focus, target),
            iri(f"{DPV}hasPersonalData"): self._data.objects(focus, carries),
            purpose: [*self._data.objects(focus, purpose), *draft.values(focus, purpose)],
        }
        for record in records:
            for predicate, values in known.items():
                if values:
                    self._replace(draft, record, predicate, values)

        giving, back = iri(f"{terms}hasGivingChannel"), iri(f"{terms}hasWithdrawalChannel")
        for record in [focus, *records]:
            if any("-TODO" in one for one in draft.values(record, back)):  # withdrawn as it was given
                self._replace(draft, record, back, [*self._data.objects(record, giving), *draft.values(record, giving)])
        for other in draft.values(focus, iri(f"{terms}isRecordedIn")):
            affiliate = iri(f"{terms}namesAffiliate")
            if any("-TODO" in one for one in draft.values(other, affiliate)):
                self._replace(draft, other, affiliate, self._affiliate(focus))

    def _affiliate(self, flow: Node) -> list[Node]:
        """Return the end of a flow that is in the non-regulated zone, else its target."""
        names = self._context.namespaces
        ends = [
            end for side in ("hasTarget", "hasSource") for end in self._data.objects(flow, iri(f"{names.terms}{side}"))
        ]
        zone = names.compact(f"{names.lists}zone-non-regulated")
        described = self._context.catalogue.describe(text_of(end) for end in ends)
        return [end for end in ends if described[text_of(end)].zone == zone][:1] or ends[:1]

    def _replace(self, draft: Draft, subject: Node, predicate: Node, values: list[Node]) -> None:
        """Put known values in the place of placeholders, with all that these brought along."""
        if values:
            old = [one for one in draft.values(subject, predicate) if "-TODO" in one and one not in values]
            draft.drop(subject, predicate, old)
        for value in values:
            draft.add((subject, predicate, value))

    def _reached(self, draft: Draft, node: Node, predicate: Node, is_new: bool) -> list[Node]:
        found = [*([] if is_new else self._data.objects(node, predicate)), *draft.values(node, predicate)]
        if found:
            return found
        ranges = self._data.objects(predicate, iri(f"{RDFS}range"))
        if not ranges:
            raise CannotMendError
        self._new_value(draft, node, predicate, Need(least=1, classes=ranges[:1]), 0)
        return draft.values(node, predicate)

    def _fill(self, draft: Draft, node: Node, predicate: Node, need: Need, depth: int = 0) -> None:
        """Give a node the values of a property that it lacks."""
        there = [
            value for value in self._data.objects(node, predicate) if (node, predicate, value) not in draft.removed
        ]
        if need.fixed or need.choices is not None:  # what another piece left open is now told
            draft.drop(node, predicate, draft.wider(node, predicate, need.choices or []))
        given = draft.values(node, predicate)
        need = self._with_structure(node, draft, predicate, need)
        unfit = [value for value in there if value in need.misfits or not self._fits(value, need)]
        stays = [value for value in there if value not in unfit]
        is_unlike = bool(need.inner) or any(value not in stays for value in need.fixed)
        if need.most is not None and is_unlike and len(stays) >= need.most:
            unfit, stays = there, []  # there is room for one value only, and it is another
        draft.removed += [(node, predicate, value) for value in unfit]
        for value in need.fixed:
            if value not in stays:
                draft.add((node, predicate, value))
        if need.fixed:
            return
        # Of a node that stays nobody knows here whether it is the one that is counted.
        is_unsure = bool(need.inner) and not unfit
        wanted = max(need.least, 1) - len(given) - (0 if is_unsure else len(stays))
        for _ in range(max(0, wanted)):
            self._new_value(draft, node, predicate, need, depth)

    def _fits(self, value: Node, need: Need) -> bool:
        """Tell whether a value is of the kind asked for, as far as that can be told without an engine."""
        is_member = all(value in self._data.instances(one) for one in need.classes)
        is_chosen = need.choices is None or value in need.choices
        is_typed = not need.datatypes or (is_literal(value) and iri(literal_parts(value).datatype) in need.datatypes)
        is_matched = all(re.search(pattern, text_of(value)) for pattern in need.patterns)
        return is_member and is_chosen and is_typed and is_matched and is_within(text_of(value), need)

    # --- values -----------------------------------------------------------------------------------------

    def _need(self, shape: Node, need: Need) -> Need:
        """Gather what one property shape asks of its values."""
        values = self._shapes.objects

        def number(name: str) -> int:
            return max((int(text_of(one)) for one in values(shape, sh(name))), default=0)

        least = max(number("minCount"), number("qualifiedMinCount"))
        need.least = max(need.least, least)
        for one in values(shape, sh("maxCount")):
            need.most = min(int(text_of(one)), need.most if need.most is not None else int(text_of(one)))
        need.fixed += values(shape, sh("hasValue"))
        for head in values(shape, sh("in")):
            members = self._shapes.items(head) or []
            need.choices = members if need.choices is None else [one for one in need.choices if one in members]
        for name, known in (("class", need.classes), ("datatype", need.datatypes)):
            known += [one for one in values(shape, sh(name)) if one not in known]
        for one in [one for name in ("node", "qualifiedValueShape") for one in values(shape, sh(name))]:
            is_of_values = any(values(one, sh(name)) for name in ("datatype", "languageIn", "in", "hasValue"))
            if is_of_values:  # such a shape says what the values are; others what they need
                self._need(one, need)
                need.is_one_enough = True
            else:
                need.inner.append(one)
        for head in values(shape, sh("or")):  # any of them would do: the first is the plainest
            for one in (self._shapes.items(head) or [])[:1]:
                self._need(one, need)
        if values(shape, sh("languageIn")):
            need.datatypes = [iri(f"{RDF}langString")]
        need.patterns += [text_of(one) for one in values(shape, sh("pattern"))]
        least_ones = [text_of(one) for one in values(shape, sh("minInclusive"))]
        greatest_ones = [text_of(one) for one in values(shape, sh("maxInclusive"))]
        need.smallest = max([*least_ones, *([need.smallest] if need.smallest else [])], key=number_of, default=None)
        need.greatest = min([*greatest_ones, *([need.greatest] if need.greatest else [])], key=number_of, default=None)
        need.is_iri = need.is_iri or sh("IRI") in values(shape, sh("nodeKind"))
        return need

    def _with_structure(self, node: Node, draft: Draft, predicate: Node, need: Need) -> Need:
        """Add what the shapes of the node's classes ask of the property."""
        known = need.copy()
        for shape in self._property_shapes(
            [*self._data.objects(node, RDF_TYPE), *draft.values(node, RDF_TYPE)], predicate
        ):
            least = known.least
            self._need(shape, known)
            known.least = least  # how many are needed is asked by the rule
        return known

    def _property_shapes(self, classes: Iterable[Node], predicate: Node | None = None) -> list[Node]:
        """Return the property shapes of classes and of what is above them: those of a property, or all, with rules'."""
        above = iri(f"{RDFS}subClassOf")
        todo, seen = list(classes), set[Node]()
        found: dict[Node, None] = {}
        while todo:
            one = todo.pop()
            if one in seen:
                continue
            seen.add(one)
            todo += self._data.objects(one, above)
            known = self._by_class.get(one, []) + (self._by_rule.get(one, []) if predicate is None else [])
            for part in known:
                if predicate is None or predicate in self._shapes.objects(part, _PATH):
                    found[part] = None
        return list(found)

    def _new_value(self, draft: Draft, node: Node, predicate: Node, need: Need, depth: int) -> None:
        pattern = need.patterns[0] if need.patterns else None
        name = text_of(predicate)
        if name in _VALUES:
            known = [iri(one) for one in _VALUES[name]]
            need.choices = [one for one in known if need.choices is None or one in need.choices] or need.choices
        elif name in _OUR_CLASSES:
            need.classes, need.inner = [iri(self._context.namespaces.terms + _OUR_CLASSES[name])], []
        elif name in _CLASSES and not need.classes:
            need.classes = [iri(_CLASSES[name])]
        inner = [one for shape in need.inner for one in self._shapes.objects(shape, sh("class"))]
        choices = need.choices if need.choices is not None else self._listed([*need.classes, *inner])
        if choices is not None:
            if len(choices) == 1:
                draft.add((node, predicate, choices[0]))
                return
            if is_iri((choices or [""])[0] or "<"):
                kind = text_of(need.classes[0]) if need.classes else None
                value = self._named(kebab(text_of(predicate)))
                draft.placeholders.append(Placeholder(value, node, predicate, kind, tuple(sorted(choices)), pattern))
                draft.add((node, predicate, value))
                return
        if need.classes or need.inner or need.is_iri:
            self._new_node(draft, node, predicate, need, depth)
            return
        datatype = text_of(need.datatypes[0]) if need.datatypes else None
        is_tagged = datatype is not None and datatype.endswith("langString")
        value = literal_node("TODO", None if is_tagged else datatype, "en" if is_tagged else None)
        draft.placeholders.append(
            Placeholder(
                value,
                node,
                predicate,
                datatype or f"{XSD}string",
                tuple(choices or ()),
                pattern,
                need.smallest,
                need.greatest,
            )
        )
        draft.add((node, predicate, value))

    def _new_node(self, draft: Draft, node: Node, predicate: Node, need: Need, depth: int) -> None:
        later: list[tuple[Node, Node]] = []
        for shape in self._asked.get(text_of(node), ()) if is_iri(node) else ():
            steps = steps_of(read_path(self._shapes, self._shapes.objects(shape, _PATH)[0]), strict=False)
            if steps and steps[0] == Predicate(predicate):
                if len(steps) == 1:
                    self._need(shape, need)
                elif len(steps) == 2 and isinstance(steps[1], Predicate):
                    later.append((steps[1].node, shape))
        need.inner = list(dict.fromkeys(need.inner))
        inner_classes = [one for shape in need.inner for one in self._shapes.objects(shape, sh("class"))]
        classes = [*need.classes, *inner_classes]
        name = kebab(text_of(classes[0] if classes else predicate))
        value = self._named(name)
        draft.placeholders.append(Placeholder(value, node, predicate, text_of(classes[0]) if classes else None))
        draft.add((node, predicate, value))
        for one in classes[:1]:
            draft.add((value, RDF_TYPE, one))
        if not classes:
            draft.add((value, RDF_TYPE, iri(_ENTITY)))
        label = iri(f"{SKOS}prefLabel")
        for shape in need.inner:
            for part in self._shapes.objects(shape, _PROPERTY):
                *before, last = steps_of(read_path(self._shapes, self._shapes.objects(part, _PATH)[0]))
                if before or isinstance(last, Inverse):
                    raise CannotMendError  # it takes more than a description of the new node
                self._fill(draft, value, last.node, self._need(part, Need()), depth + 1)
        for path, shape in later:
            self._fill(draft, value, path, self._need(shape, Need()), depth + 1)
        if depth < _DEPTH:
            for part in self._property_shapes(classes):
                asked = self._need(part, Need())
                path = self._shapes.objects(part, _PATH)[0]
                if (asked.least or asked.fixed) and is_iri(path):
                    self._fill(draft, value, path, asked, depth + 1)
        if not draft.values(value, label):
            draft.placeholders.append(Placeholder(_LABEL, value, label, f"{RDF}langString"))
            draft.add((value, label, _LABEL))

    def _listed(self, classes: list[Node]) -> list[Node] | None:
        """Return the members of a controlled list; None where the class is none."""
        for one in classes:
            if text_of(one) == _PURPOSE or _CONCEPT in self._above(one):
                return sorted(self._data.instances(one))
        return None

    def _above(self, of: Node) -> set[Node]:
        seen, todo = set[Node](), [of]
        while todo:
            for one in self._data.objects(todo.pop(), iri(f"{RDFS}subClassOf")):
                if one not in seen:
                    seen.add(one)
                    todo.append(one)
        return seen

    def _named(self, name: str) -> Node:
        """Name a placeholder: "permission-basis-TODO", then "permission-basis-TODO-2"."""
        self.used[name] = self.used.get(name, 0) + 1
        number = f"-{self.used[name]}" if self.used[name] > 1 else ""
        return iri(f"{self._own}{name}-TODO{number}")
