"""From a model that keeps every rule, one change at a time: exactly the rules that should fire do, exactly there.

What should fire is said by oracles in plain Python, which know the rules and not their shapes; what fires, by the
product's shapes, its engine and its finder of paths. A miss and a false alarm both fail. ``pytest -s`` prints the
counts: ``killed`` are mutants (by default groups of them) that break a rule and are found out, ``equivalent`` those
that break none, since other evidence stands in.

All mutants, one at a time, take minutes: ``make mutants`` tries them. By default each kind is tried at one place, and
several at once where they touch different things; where the two sides then differ, each is judged by itself.
"""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable

import pyoxigraph as ox
import pytest

from qe_kg.validation.engines import CompiledShapes
from tests.mutation.bench import ROOT, Bench, Breach
from tests.mutation.facts import Value, short
from tests.mutation.mutants import Mutant, a_few, apart, at_once, by_hand, distinct, evidence, from_shapes, of_consents

pytestmark = pytest.mark.xdist_group("mutation")
ALL = os.environ.get("MUTANTS") == "all"
#: A thing of the model that is evidence of nothing.
WRONG = "qed:information-item-products"


@pytest.fixture(scope="module")
def target() -> Bench:
    return Bench("compliant")


@pytest.fixture(scope="module")
def as_is() -> Bench:
    return Bench()


@pytest.fixture(scope="module")
def clinic() -> Bench:
    return Bench(directory=ROOT / "examples" / "riverside-clinic")


def judge(bench: Bench, mutants: Iterable[Mutant]) -> tuple[Counter[str], dict[str, set[Breach]], set[str]]:
    """Count mutants; give those that the two sides judge differently, and the names of those that broke a rule."""
    before = bench.expected(bench.facts)
    counts, killed = Counter[str](), set[str]()
    wrong: dict[str, set[Breach]] = {}
    for group in [[one] for one in mutants] if ALL else apart(mutants, 12):
        difference, expected = difference_of(bench, at_once(group))
        if difference:
            alone = {one.what: difference_of(bench, one)[0] for one in group if len(group) > 1}
            wrong |= {what: found for what, found in alone.items() if found} or {at_once(group).what: difference}
        counts["made"] += len(group)
        counts["judged"] += 1
        counts["killed" if expected != before else "equivalent"] += 1
        killed |= {one.what for one in group if expected != before}
    print(f"\n{bench.scenario or bench.directory.name}: {dict(counts)}, judged differently: {len(wrong)}")
    return counts, wrong, killed


def difference_of(bench: Bench, mutant: Mutant) -> tuple[set[Breach], set[Breach]]:
    """What the two sides do not both say of a change, and what the oracles say."""
    quads, facts = bench.changed(mutant)
    expected = bench.expected(facts)
    return bench.found(quads) ^ expected, expected


def of_evidence(bench: Bench) -> list[Mutant]:
    return distinct(from_shapes(bench.shapes, bench.facts, bench.applicable, WRONG))


def test_every_rule_has_an_oracle() -> None:
    from tests.mutation.oracle import ORACLES
    from tests.mutation.oracle_consent import CONSENT_ORACLES

    assert {*ORACLES, *CONSENT_ORACLES, "SEP-03", "SEP-04", "FIN-04"} == set(Bench().rule_iris)


def test_the_target_state_keeps_every_rule(target: Bench) -> None:
    assert target.expected(target.facts) == set()
    assert target.found(target.read_by_rules) == set()


@pytest.mark.parametrize("name", ["as_is", "target", "clinic"])
def test_what_no_rule_reads_changes_no_result(name: str, request: pytest.FixtureRequest) -> None:
    bench: Bench = request.getfixturevalue(name)
    assert bench.found(bench.whole) == bench.found(bench.read_by_rules)


def test_evidence_taken_away_or_spoiled_is_missed_where_it_is_asked_for(target: Bench) -> None:
    mutants = of_evidence(target) if ALL else a_few(of_evidence(target), 1)
    _, wrong, killed = judge(target, mutants)
    assert wrong == {}
    asked = {short(str(one.prop)) for one in evidence(target.shapes)}
    tried = {mutant.what.partition(" at ")[0] for mutant in mutants}
    assert {name.partition(" at ")[0] for name in killed} <= tried <= asked


def test_changes_that_no_shape_names_break_what_the_oracles_say(target: Bench) -> None:
    mutants = distinct(by_hand(target.facts))
    counts, wrong, _ = judge(target, mutants if ALL else a_few(mutants, 1))
    assert wrong == {}
    assert counts["killed"]


def test_a_consent_that_is_worth_nothing_is_found_wherever_it_is_relied_on(target: Bench) -> None:
    mutants = distinct(of_consents(target.facts))
    counts, wrong, _ = judge(target, mutants if ALL else mutants[::8])
    assert wrong == {}
    assert counts["killed"]


#: Fields of a consent record whose value may lead out of the model, so that any name is taken; and properties for
#: which another value of the kind is as good: an item that is carried or consented to, what a flow holds, where a
#: purpose belongs.
ANY_NAME = {
    *("dcterms:conformsTo", "dpv:hasDataSubject", "dpv:hasNotice", "dpv:hasStorageCondition", "dpv:hasJurisdiction"),
    *("dpv:hasConsentControl", "dpv:isImplementedByEntity", "dpv:hasLegalBasis"),
}
AS_GOOD = {"qe:carries", "dpv:hasPersonalData", "qe:holdsRestrictedPayload", "skos:broader"}


def is_free_text(mutant: Mutant) -> bool:
    """Words in place of words."""
    words = {"http://www.w3.org/2001/XMLSchema#string", "en"}
    return all(isinstance(value, Value) and value.kind in words for _, _, value in mutant.removed)


def test_a_value_of_the_wrong_kind_is_never_a_pass(target: Bench) -> None:
    """A date that is none, a thing of another class: if no rule finds it, the shapes of the structure do."""
    files = sorted((ROOT / "shapes" / "structure").glob("*.ttl"))
    structure = CompiledShapes([one for file in files for one in ox.parse(path=str(file))])

    def results(quads: list[ox.Quad]) -> set[tuple[str, str]]:
        return {(result.focus, result.shape) for result in structure.validate(quads).results}

    before, passed = results(target.read_by_rules), set()
    spoiled = [mutant for mutant in of_evidence(target) if mutant.what.endswith("spoiled")]
    for mutant in spoiled if ALL else a_few(spoiled, 1):
        quads, facts = target.changed(mutant)
        if not is_free_text(mutant) and not target.expected(facts) and results(quads) <= before:
            passed |= {predicate for _, predicate, _ in mutant.added}
    assert passed <= ANY_NAME | AS_GOOD


@pytest.mark.parametrize("name", ["as_is", "clinic"])
def test_a_model_that_breaks_rules_to_begin_with(name: str, request: pytest.FixtureRequest) -> None:
    bench: Bench = request.getfixturevalue(name)
    assert bench.found(bench.read_by_rules) == bench.expected(bench.facts) != set()
    mutants = distinct([*of_evidence(bench), *by_hand(bench.facts)])
    counts, wrong, _ = judge(bench, mutants if ALL else mutants[::50])
    assert wrong == {}
    assert counts["killed"]
