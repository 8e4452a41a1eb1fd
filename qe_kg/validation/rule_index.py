"""Which rule a shape reports for, and which rules apply in the jurisdictions that were chosen."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Sequence

from qe_kg.errors import UnknownNameError, nearest
from qe_kg.namespaces import DCTERMS, RDFS, SKOS, Namespaces
from qe_kg.shacl.graph import Graph
from qe_kg.shacl.nodes import Node, iri, sh, text_of

_IDENTIFIER, _NOTATION = iri(f"{DCTERMS}identifier"), iri(f"{SKOS}notation")
_SEE_ALSO = iri(f"{RDFS}seeAlso")
#: The jurisdiction whose rules are checked where none is chosen.
GENERIC = "generic"


class RuleIndex:
    """The rules that a shapes graph reports for.

    A shape reports for the rule that it, or a shape whose ``sh:property`` it is, points to by ``rdfs:seeAlso``.
    Rules are known by their notation. A rule that names no jurisdiction applies in all.
    """

    def __init__(self, data: Graph, shapes: Graph, namespaces: Namespaces) -> None:
        self._shapes, self._names = shapes, namespaces
        terms = namespaces.terms
        applies_in = iri(f"{terms}appliesIn")
        self._notations = {
            rule: text_of(notation)
            for rule in sorted(data.instances(iri(f"{terms}Rule")))
            if (notation := data.value(rule, _NOTATION)) is not None
        }
        self._jurisdictions = {
            one: text_of(data.value(one, _NOTATION) or one) for one in data.instances(iri(f"{terms}Jurisdiction"))
        }
        self._reach = {
            rule: frozenset(self._jurisdictions.get(one, text_of(one)) for one in data.objects(rule, applies_in))
            for rule in self._notations
        }

    def rule_of(self, shape: Node) -> str:
        """Return the notation of the shape's rule; else its identifier or that of its parent; else its name."""
        chain = list(self._with_parents(shape))
        for one in chain:
            rule = self._rule_at(one)
            if rule is not None:
                return self._notations[rule]
        for one in chain:
            identifier = self._shapes.value(one, _IDENTIFIER)
            if identifier is not None:
                return text_of(identifier)
        return shape if shape[0] == "_" else self._names.compact(text_of(shape))

    def is_known(self, rule: str) -> bool:
        """Tell whether there is a rule, or a shape, with this identifier."""
        return rule in self._notations.values() or any(
            text_of(one) == rule for one in self._shapes.by_value(_IDENTIFIER)
        )

    def names(self) -> list[str]:
        """Return the notations of all rules and the identifiers of all shapes."""
        return sorted({*self._notations.values(), *map(text_of, self._shapes.by_value(_IDENTIFIER))})

    def check_profiles(self, profiles: Sequence[str]) -> None:
        """Check that each profile is a jurisdiction.

        Raises:
            UnknownNameError: one is not; the nearest names are in the message.

        """
        known = sorted(self._jurisdictions.values())
        for name in profiles:
            if name not in known and not (name == GENERIC and not known):
                near = nearest(name, known) or tuple(known)
                hint = f"the nearest names are {', '.join(near)}" if known else "the model knows no jurisdiction"
                raise UnknownNameError(f"there is no profile {name!r}; {hint}", near)

    def left_out(self, profiles: Collection[str]) -> frozenset[str]:
        """Return the notations of the rules that apply in none of the chosen jurisdictions."""
        return frozenset(self._notations[rule] for rule in self._inactive(profiles))

    def in_force(self, profiles: Collection[str] | None) -> dict[str, str]:
        """Return the IRIs of the rules that apply in one of the chosen jurisdictions, by notation; of all for None."""
        inactive = set() if profiles is None else set(self._inactive(profiles))
        return {code: text_of(rule) for rule, code in self._notations.items() if rule not in inactive}

    def shapes_left_out(self, profiles: Collection[str]) -> list[Node]:
        """Return the shapes that report for rules that apply in none of the chosen jurisdictions."""
        rules = self._inactive(profiles)
        return sorted({shape for rule in rules for shape in self._shapes.subjects(_SEE_ALSO, rule)})

    def _inactive(self, profiles: Collection[str]) -> list[Node]:
        return [rule for rule, reach in self._reach.items() if reach and not reach & set(profiles)]

    def _with_parents(self, shape: Node) -> Iterator[Node]:
        seen: set[Node] = set()
        current: Node | None = shape
        while current is not None and current not in seen:
            seen.add(current)
            yield current
            current = next(iter(self._shapes.subjects(sh("property"), current)), None)

    def _rule_at(self, shape: Node) -> Node | None:
        return next((one for one in self._shapes.objects(shape, _SEE_ALSO) if one in self._notations), None)
