"""Where a walk starts: from the names that a person gives to participants and flows."""

from __future__ import annotations

from collections.abc import Iterable

from qe_kg.catalogue import Catalogue, Element
from qe_kg.errors import CallError, UnknownNameError
from qe_kg.lineage.answer import Start
from qe_kg.lineage.flows import BASES, chunks, value_rows
from qe_kg.namespaces import Namespaces
from qe_kg.store.protocol import Store

LINEAGE_KINDS = ("participant", "flow", "item", "concept")


class Starts:
    """Finds where walks start in one model."""

    def __init__(self, store: Store, catalogue: Catalogue, namespaces: Namespaces) -> None:
        self._store, self._catalogue, self._namespaces = store, catalogue, namespaces

    def resolve(self, names: Iterable[str]) -> Start:
        """Return the start that names of participants, flows, items, concepts or patterns stand for.

        A value stream starts with its stages too, an item or a concept with the flows that carry it, of which only it
        is followed, and a pattern with the flows that follow it.

        Raises:
            UnknownNameError, AmbiguousNameError: a name means nothing, or several things.
            CallError: there is no name.

        """
        elements = tuple(dict.fromkeys(self.element(name) for name in names))
        if not elements:
            raise CallError("name at least one participant, flow, item or concept")
        by_kind = self._sorted_out(elements)
        participants = by_kind["participant"]
        participants |= set(self._subjects("isStageOf", participants))
        items = by_kind["item"] | set(self._subjects("isAbout", by_kind["concept"]))
        whole = by_kind["flow"] | set(self._subjects("followsPattern", by_kind["pattern"]))
        payloads: dict[str, frozenset[str]] = {}
        for flow, item in self._pairs("carries", items):
            if flow not in whole:
                payloads[flow] = payloads.get(flow, frozenset()) | {item}
        return Start(elements, frozenset(participants), frozenset(whole | payloads.keys()), payloads)

    def element(self, name: str) -> Element:
        """Return the participant, flow, item or concept that has a name, else the pattern.

        A pattern is often called like the item that it is about; the item is what people mean.

        Raises:
            UnknownNameError, AmbiguousNameError: the name means nothing, or several things.

        """
        found = self._catalogue.named(name, *LINEAGE_KINDS)
        if len(found) == 1:
            return found[0]
        is_pattern = not found and self._catalogue.named(name, "pattern")
        return self._catalogue.resolve(name, *(("pattern",) if is_pattern else LINEAGE_KINDS))

    def items(self, *, item: str | None = None, concept: str | None = None) -> frozenset[str] | None:
        """Return the items to follow: an item, the items about a concept, those that are both; None for all.

        Raises:
            UnknownNameError, AmbiguousNameError: a name means nothing, or several things.

        """
        if item is None and concept is None:
            return None
        found: list[set[str]] = []
        if item is not None:
            found.append({self._catalogue.resolve(item, "item").iri})
        if concept is not None:
            found.append(set(self._subjects("isAbout", [self._catalogue.resolve(concept, "concept").iri])))
        return frozenset(set.intersection(*found))

    def types(self, name: str | None) -> frozenset[str] | None:
        """Return the classes (compact IRIs) of participants that a name of a class stands for.

        Args:
            name: like "ValueStream", "value stream" or "qe:ValueStream"; None for all.

        Raises:
            UnknownNameError: no class of participants is called so.

        """
        if name is None:
            return None
        known = {self._namespaces.compact(one) for one in self._catalogue.subclasses("Participant")}
        folded = {one.lower(): one for one in sorted(known)} | {
            one.rpartition(":")[2].lower(): one for one in sorted(known)
        }
        found = folded.get(name.replace(" ", "").replace("-", "").lower())
        if found is None:
            listed = tuple(sorted(one.rpartition(":")[2] for one in known))
            raise UnknownNameError(f"there is no type of participant {name!r}; known are {', '.join(listed)}", listed)
        return frozenset(self._namespaces.compact(one) for one in self._catalogue.subclasses(found.rpartition(":")[2]))

    def is_participant(self, element: Element) -> bool:
        """Tell whether an element is a participant."""
        return self._is("Participant", element)

    def _is(self, class_name: str, element: Element) -> bool:
        return self._namespaces.expand(element.type) in self._catalogue.subclasses(class_name)

    def _sorted_out(self, elements: Iterable[Element]) -> dict[str, set[str]]:
        classes = {
            "participant": "Participant", "flow": "InformationFlow", "item": "InformationItem",
            "concept": "InformationConcept", "pattern": "FlowPattern",
        }  # fmt: skip
        return {
            kind: {element.iri for element in elements if self._is(name, element)} for kind, name in classes.items()
        }

    def _subjects(self, name: str, objects: Iterable[str]) -> list[str]:
        return [subject for subject, _ in self._pairs(name, objects)]

    def _pairs(self, name: str, objects: Iterable[str]) -> list[tuple[str, str]]:
        """Return (subject, object) pairs of a property with these objects."""
        found: list[tuple[str, str]] = []
        for listed in chunks(objects):
            name_of = f"<{self._namespaces.terms}{name}>"
            query = f"SELECT ?a ?b WHERE {{ VALUES ?b {{ {listed} }} ?a {name_of} ?b FILTER(isIRI(?a)) }}"
            found += [(subject, value) for subject, value in value_rows(self._store, query)]
        return found


def check_options(basis: str, depth: int | None) -> None:
    """Refuse what no walk can do.

    Raises:
        CallError: the basis is unknown or the depth negative.

    """
    if basis not in BASES:
        raise CallError(f"basis must be one of {', '.join(BASES)}, not {basis!r}")
    if depth is not None and depth < 0:
        raise CallError(f"depth must be 0 or more, not {depth}")
