"""Why a triple holds: the rule that gives it and the triples that the rule needs, down to lines of files."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from qe_kg.inference.axioms import STAND_IN
from qe_kg.inference.fixpoint import Contradiction, Reasoning, RuleStore, contradictions, reason_about, run
from qe_kg.inference.rules import Pattern, Rule
from qe_kg.namespaces import OWL, RDF, RDFS
from qe_kg.terms import Term, iri

#: How many ways of deriving one triple by one rule are tried.
MOST_WAYS = 50

#: How an axiom of a rule is written as a triple: predicate, and which parameters are subject and object.
_AXIOMS: Mapping[str, tuple[tuple[str, ...], int, int | None]] = {
    "cax-sco": ((f"{RDFS}subClassOf", f"{OWL}equivalentClass"), 0, 1),
    "prp-spo1": ((f"{RDFS}subPropertyOf", f"{OWL}equivalentProperty"), 0, 1),
    "prp-dom": ((f"{RDFS}domain",), 0, 1),
    "prp-rng": ((f"{RDFS}range",), 0, 1),
    "prp-inv": ((f"{OWL}inverseOf",), 0, 1),
    "cax-dw": ((f"{OWL}disjointWith",), 0, 1),
    "prp-pdw": ((f"{OWL}propertyDisjointWith",), 0, 1),
}
_KINDS = {
    "prp-fp": "FunctionalProperty", "prp-ifp": "InverseFunctionalProperty", "prp-trp": "TransitiveProperty",
    "prp-symp": "SymmetricProperty", "prp-irp": "IrreflexiveProperty", "prp-asyp": "AsymmetricProperty",
    "dt-diff": "FunctionalProperty",
}  # fmt: skip

Triple = tuple[Term, Term, Term]
#: From a named graph and the texts of a triple in it to file and line.
Locate = Callable[[str, str, str, str], tuple[str, int | None] | None]


def triple_text(triple: Triple, show: Callable[[str], str]) -> str:
    """Return a triple as a person reads it, with IRIs as a function shows them."""
    return " ".join(term.shown(show) for term in triple)


@dataclass(frozen=True)
class Explanation:
    """A triple with its reason.

    Attributes:
        triple: what holds.
        rule: name of the OWL 2 RL rule that gives it; None where a file says it.
        says: the axiom behind the rule, in words; "" where a file says it.
        premises: what the rule needs, the axioms last.
        file: the file that says it, or None.
        line: line in it, or None.

    """

    triple: Triple
    rule: str | None = None
    says: str = ""
    premises: tuple[Explanation, ...] = field(default=())
    file: str | None = None
    line: int | None = None

    def text(self, show: Callable[[str], str]) -> str:
        """Return the triple as a person reads it, with IRIs as a function shows them."""
        return triple_text(self.triple, show)

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form; terms are in SPARQL's JSON form."""
        subject, predicate, value = (term.to_dict() for term in self.triple)
        place = {"file": self.file, "line": self.line} if self.file else None
        return {
            "subject": subject, "predicate": predicate, "object": value, "rule": self.rule, "says": self.says,
            "source": place, "premises": [premise.to_dict() for premise in self.premises],
        }  # fmt: skip

    def leaves(self) -> Iterator[Explanation]:
        """Yield the triples at the bottom, which files say."""
        if self.rule is None:
            yield self
        for premise in self.premises:
            yield from premise.leaves()

    def depth(self) -> int:
        """Return how many rules lie one above the other."""
        return 0 if self.rule is None else 1 + max((premise.depth() for premise in self.premises), default=0)


class Explainer:
    """Explains triples of one store, to which it adds all that follows.

    Args:
        store: ontology and data; asserted triples are in named graphs and in the union.
        graph: IRI of the graph for what follows.
        locate: gives file and line of a triple in a named graph.
        show: shortens an IRI for the axioms in words.

    Raises:
        OntologyError: an axiom is outside OWL 2 RL.

    """

    def __init__(self, store: RuleStore, graph: str, locate: Locate, show: Callable[[str], str] = str) -> None:
        self._store, self._graph, self._locate, self._show = store, graph, locate, show
        self._reasoning: Reasoning = reason_about(store)
        run(store, self._reasoning, graph)
        self._known: dict[Triple, Explanation] = {}

    def explain(self, triple: Triple) -> Explanation | None:
        """Return why a triple holds; None if it neither is said nor follows."""
        return self._explain(triple, frozenset())

    def values_of(self, subject: Term, predicate: Term) -> list[Term]:
        """Return all values that a property of a subject has, said or following."""
        rows = self._store.select(f"SELECT ?o WHERE {{ {subject.n3()} {predicate.n3()} ?o }} ORDER BY ?o").rows
        return [row[0] for row in rows if row[0]]

    def contradictions(self) -> Iterator[tuple[Contradiction, tuple[Explanation, ...]]]:
        """Yield what contradicts itself, each with why the triples hold that clash, and the axiom that they break."""
        for clash in contradictions(self._store, self._reasoning):
            yield clash, self._premises(clash.rule, clash.binding, frozenset()) or ()

    def _explain(self, triple: Triple, above: frozenset[Triple]) -> Explanation | None:
        if triple in self._known:
            return self._known[triple]
        if triple in above:
            return None  # nothing is its own reason
        found = self._said(triple) or self._derived(triple, above | {triple})
        if found is not None:
            self._known[triple] = found
        return found

    def _said(self, triple: Triple) -> Explanation | None:
        pattern = " ".join(term.n3() for term in triple)
        if any(term.kind == "bnode" for term in triple):
            return None
        rows = self._store.select(
            f"SELECT ?g WHERE {{ GRAPH ?g {{ {pattern} }} FILTER(?g != <{self._graph}>) }} ORDER BY ?g LIMIT 1"
        ).rows
        if not rows or rows[0][0] is None:
            return None
        place = self._locate(rows[0][0].value, *(term.value for term in triple))
        return Explanation(triple, file=place[0] if place else None, line=place[1] if place else None)

    def _derived(self, triple: Triple, above: frozenset[Triple]) -> Explanation | None:
        best: Explanation | None = None
        for rule in self._reasoning.rules:
            fixed = _unify(rule, triple)
            if fixed is None or (rule.parameters and not rule.rows):
                continue
            answer = self._store.select(f"SELECT DISTINCT * WHERE {{ {rule.where(fixed=fixed)} }} LIMIT {MOST_WAYS}")
            ways = sorted(answer.rows, key=str)
            for row in ways:
                binding = {name: term for name, term in zip(answer.columns, row, strict=True) if term is not None}
                premises = self._premises(rule, binding, above)
                if premises is not None:
                    found = Explanation(triple, rule.name, self._in_words(rule, binding), premises)
                    if best is None or found.depth() < best.depth():
                        best = found
                    if best.depth() == 1:
                        return best
        return best

    def _premises(
        self, rule: Rule, binding: Mapping[str, Term], above: frozenset[Triple]
    ) -> tuple[Explanation, ...] | None:
        found: list[Explanation] = []
        for pattern in rule.body:
            premise = self._explain(_filled(pattern, binding), above)
            if premise is None:
                return None
            found.append(premise)
        return (*found, *self._axioms(rule, binding))

    def _in_words(self, rule: Rule, binding: Mapping[str, Term]) -> str:
        return rule.says.format(**{name: self._word(term) for name, term in binding.items()})

    def _word(self, term: Term) -> str:
        if term.value.startswith(STAND_IN):
            return "(a class without a name)"
        return term.shown(self._show)

    # --- the axioms behind a rule -------------------------------------------------------------------------------

    def _axioms(self, rule: Rule, binding: Mapping[str, Term]) -> Iterator[Explanation]:
        """Yield the axioms as they are said; of a hierarchy, the steps from one end to the other."""
        parameters = [binding[name[1:]] for name in rule.parameters if name[1:] in binding]
        if any(term.value.startswith(STAND_IN) or term.kind != "iri" for term in parameters):
            return  # a class without a name has no triple that one could point to
        if rule.name in _KINDS:
            said = self._said((parameters[0], iri(f"{RDF}type"), iri(f"{OWL}{_KINDS[rule.name]}")))
            yield from [said] if said else []
        elif rule.name in _AXIOMS:
            predicates, subject, value = _AXIOMS[rule.name]
            assert value is not None
            yield from self._way(parameters[subject], parameters[value], predicates)

    def _way(self, start: Term, end: Term, predicates: tuple[str, ...]) -> list[Explanation]:
        """Return the shortest chain of said triples from one term to another, breadth first."""
        before: dict[Term, tuple[Term, Explanation] | None] = {start: None}
        waiting = [start]
        while waiting and end not in before:
            here = waiting.pop(0)
            for there, said in self._steps(here, predicates):
                if there not in before:
                    before[there] = (here, said)
                    waiting.append(there)
        chain: list[Explanation] = []
        step = before.get(end)
        while step is not None:
            chain.insert(0, step[1])
            step = before[step[0]]
        return chain

    def _steps(self, here: Term, predicates: tuple[str, ...]) -> Iterator[tuple[Term, Explanation]]:
        for predicate in predicates:
            both_ways = predicate.startswith(OWL)
            for forward in (True, False) if both_ways else (True,):
                pattern = f"{here.n3()} <{predicate}> ?x" if forward else f"?x <{predicate}> {here.n3()}"
                for (there,) in self._store.select(
                    f"SELECT ?x WHERE {{ {pattern} FILTER(isIRI(?x)) }} ORDER BY ?x"
                ).rows:
                    assert there is not None
                    ends = (here, there) if forward else (there, here)
                    said = self._said((ends[0], iri(predicate), ends[1]))
                    if said is not None:
                        yield there, said


def _unify(rule: Rule, triple: Triple) -> dict[str, str] | None:
    """Return what the variables of a rule's head must be to give a triple; None if it cannot."""
    assert rule.head is not None
    fixed: dict[str, str] = {}
    for pattern, term in zip(rule.head, triple, strict=True):
        if not pattern.startswith("?"):
            if pattern != term.n3():
                return None
        elif term.kind == "bnode" or fixed.setdefault(pattern, term.n3()) != term.n3():
            return None  # SPARQL cannot name a blank node
    return fixed


def _filled(pattern: Pattern, binding: Mapping[str, Term]) -> Triple:
    def term(text: str) -> Term:
        return binding[text[1:]] if text.startswith("?") else iri(text[1:-1])

    one, two, three = (term(part) for part in pattern)
    return one, two, three
