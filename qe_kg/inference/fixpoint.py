"""Running the rules in a store until nothing more follows."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Protocol

from qe_kg.inference.axioms import SCHEMA_QUERY, STAND_IN, read_axioms
from qe_kg.inference.rules import Rule, clashes_for, rules_for
from qe_kg.namespaces import XSD
from qe_kg.shacl.datatypes import is_well_formed
from qe_kg.shacl.graph import Graph
from qe_kg.store.embedded import EmbeddedStore
from qe_kg.store.protocol import Solutions
from qe_kg.terms import Term

#: How many contradictions of one rule are listed.
MOST_CLASHES = 20
#: How many rules are looked at at a time.
_AT_ONCE = 2


class RuleStore(Protocol):
    """What the rules need of a store: its default graph is the union of its named graphs."""

    def select(self, query: str) -> Solutions:
        """Answer a SELECT query."""

    def ask(self, query: str) -> bool:
        """Answer an ASK query."""

    def insert_where(self, graph: str, head: str, where: str) -> None:
        """Add what a template gives for each solution of a pattern to a named graph, and so to the union."""

    def delete_where(self, graph: str, pattern: str, condition: str) -> None:
        """Take the triples of a pattern that meet a condition out of a named graph, and so out of the union."""


@dataclass(frozen=True)
class Contradiction:
    """What the axioms rule out and the data say: the rule, and the triples that clash, N-Triples terms by variable."""

    rule: Rule
    binding: dict[str, Term]

    def __str__(self) -> str:
        return self.told(str)

    def told(self, show: Callable[[str], str]) -> str:
        """Return the contradiction in one sentence, with IRIs as a function shows them."""

        def text(term: Term) -> str:
            if term.value.startswith(STAND_IN):
                return "a class without a name"
            return show(term.value) if term.kind == "iri" else term.value

        return self.rule.says.format(**{name: text(term) for name, term in self.binding.items()})


@dataclass(frozen=True)
class Reasoning:
    """The rules that a store's axioms call for; make it with `reason_about`."""

    rules: tuple[Rule, ...]
    clashes: tuple[Rule, ...]


def reason_about(store: RuleStore) -> Reasoning:
    """Read the axioms in a store and make the rules that they call for.

    Raises:
        OntologyError: an axiom is outside OWL 2 RL.

    """
    schema = Graph()
    for subject, predicate, value in store.select(SCHEMA_QUERY).rows:
        assert subject and predicate and value
        schema.add(subject.n3(), predicate.n3(), value.n3())
    axioms = read_axioms(schema)
    return Reasoning(tuple(rules_for(axioms)), tuple(clashes_for(axioms)))


def run(store: RuleStore, reasoning: Reasoning, graph: str) -> None:
    """Add everything that follows to a store, in a named graph of its own.

    A rule runs again only if triples of a kind that its body looks at came after its last run. Rules over a hierarchy
    have the whole hierarchy in their rows, so they never have to run because of themselves.

    Args:
        store: what to reason over; the triples are added to the union (its default graph) too.
        reasoning: from `reason_about`.
        graph: IRI of the named graph.

    """
    latest = {"type": 1, "property": 1, "same": 1}
    seen: dict[int, dict[str, int]] = {}
    turns = list(_turns(reasoning.rules))
    clock = 1
    while True:
        done = True
        for turn in turns:
            due = [
                (number, rule)
                for number, rule in turn
                if number not in seen or any(seen[number].get(kind) != latest[kind] for kind in rule.reads)
            ]
            for (number, rule), added in zip(due, _applied(store, [rule for _, rule in due], graph), strict=True):
                if added:
                    clock += 1
                    done = False
                    latest[rule.writes] = clock
                    if rule.name.startswith("eq-rep"):  # a property of any kind
                        latest["type"] = clock
                seen[number] = dict(latest) if rule.name in _CLOSED or not added else {}
        if done:
            return


def _turns(rules: Iterable[Rule]) -> Iterator[list[tuple[int, Rule]]]:
    """Yield the rules with their numbers, those together that follow each other and read nothing that one writes."""
    turn: list[tuple[int, Rule]] = []
    for number, rule in enumerate(rules):
        if any(rule.writes in other.reads or other.writes in rule.reads for _, other in (*turn, (number, rule))):
            if turn:
                yield turn
            turn = []
        turn.append((number, rule))
    if turn:
        yield turn


# Their rows hold the transitive closure.
_CLOSED = frozenset(
    {"cax-sco", "prp-spo1", "prp-dom", "prp-rng", "cls-svf2", "cls-hv2", "cls-oo", "prp-symp", "eq-sym"}
)


def _applied(store: RuleStore, rules: Sequence[Rule], graph: str) -> Iterator[bool]:
    """Add what follows by each of some rules that do not hang on each other; tell of each whether anything did."""
    patterns = [(rule, _following(rule)) for rule in rules]

    def follows(rule: Rule, where: str) -> bool:
        return _has_chance(store, rule) and store.ask(f"ASK {{ {where} }}")

    # A store in this process looks while the other thread waits, or looks as well.
    threads = _AT_ONCE if isinstance(store, EmbeddedStore) and len(patterns) > 1 else 1
    with ThreadPoolExecutor(threads) as pool:
        found = list((pool.map if threads > 1 else map)(lambda pattern: follows(*pattern), patterns))
    for (rule, where), is_more in zip(patterns, found, strict=True):
        if is_more:
            assert rule.head is not None
            store.insert_where(graph, " ".join(rule.head), where)
        yield is_more


def _following(rule: Rule) -> str:
    """Return the pattern of what follows by a rule and is not known."""
    assert rule.head is not None
    head = " ".join(rule.head)
    # Each conclusion once before it is looked up: many triples of one subject give the same one.
    variables = " ".join(sorted({part for part in rule.head if part.startswith("?")}))
    # To look each conclusion up is slow where nearly all are known, and to hold all that is known where few are.
    known = f"MINUS {{ {head} }}" if rule.is_usual else f"FILTER NOT EXISTS {{ {head} }}"
    return f"{{ SELECT DISTINCT {variables} WHERE {{ {rule.where()} }} }} {known}"


def _has_chance(store: RuleStore, rule: Rule) -> bool:
    if rule.parameters and not rule.rows:
        return False
    chance = rule.chance()
    return not chance or store.ask(f"ASK {{ {chance} }}")


def contradictions(store: RuleStore, reasoning: Reasoning) -> Iterator[Contradiction]:
    """Yield what contradicts itself in a store to which `run` has added what follows."""
    for rule in reasoning.clashes:
        if not _has_chance(store, rule):
            continue
        answer = store.select(f"SELECT * WHERE {{ {rule.where()} }} LIMIT {MOST_CLASHES}")
        found = {tuple(None if term is None else term.n3() for term in row): row for row in answer.rows}
        for key in sorted(found, key=str):
            binding = {name: term for name, term in zip(answer.columns, found[key], strict=True) if term is not None}
            yield Contradiction(rule, binding)


def ill_formed_literals(store: RuleStore) -> Iterator[str]:
    """Yield a message for each literal that its datatype does not allow (the rule dt-not-type)."""
    typed = f"isLiteral(?o) && DATATYPE(?o) != <{XSD}string> && LANG(?o) = ''"
    for (value,) in store.select(f"SELECT DISTINCT ?o WHERE {{ ?s ?p ?o FILTER({typed}) }} ORDER BY ?o").rows:
        if value is not None and not is_well_formed(value.n3()):
            for (subject,) in store.select(f"SELECT DISTINCT ?s WHERE {{ ?s ?p {value.n3()} }} ORDER BY ?s").rows:
                yield f"{value.value!r} does not match its datatype, {value.datatype}, at {subject}"


def forget_what_says_nothing(store: RuleStore, graph: str) -> None:
    """Take away what was only needed on the way, or has no meaning outside this store.

    That is membership of classes and use of properties without a name, and whatever is about a blank node.
    """
    stand_in = " || ".join(f"STRSTARTS(STR({variable}), '{STAND_IN}')" for variable in ("?p", "?o"))
    store.delete_where(graph, "?s ?p ?o", f"isBlank(?s) || isBlank(?o) || {stand_in}")
