"""From a model that keeps every rule, one change at a time: exactly the rules that should fire do, exactly there.

What should fire is said by oracles in plain Python, which know the rules and not their shapes; what fires, by the
product's shapes, its engine and its finder of paths. A miss and a false alarm both fail. The counts are printed with
``pytest -s``; ``killed`` are mutants that break a rule and are found, ``equivalent`` those that break none, since
other evidence stands in.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable

import pytest

from tests.mutation.bench import Bench, Breach
from tests.mutation.facts import short
from tests.mutation.mutants import Mutant, by_hand, distinct, evidence, from_shapes, of_consents
from tests.mutation.oracle import ORACLES
from tests.mutation.oracle_consent import CONSENT_ORACLES

#: A thing of the model that is evidence of nothing.
WRONG = "qed:information-item-products"


@pytest.fixture(scope="module")
def target() -> Bench:
    return Bench("compliant")


@pytest.fixture(scope="module")
def as_is() -> Bench:
    return Bench()


def judge(bench: Bench, mutants: Iterable[Mutant]) -> tuple[Counter[str], dict[str, set[Breach]], set[str]]:
    """Count mutants; give those that the two sides judge differently, and the names of those that broke a rule."""
    before = bench.expected(bench.facts)
    counts, wrong, killed = Counter[str](), {}, set()
    for mutant in mutants:
        quads, facts = bench.changed(mutant)
        found, expected = bench.found(quads), bench.expected(facts)
        counts["made"] += 1
        if found != expected:
            wrong[mutant.what] = found ^ expected
        elif expected != before:
            counts["killed"] += 1
            killed.add(mutant.what)
        else:
            counts["equivalent"] += 1
    print(f"\n{bench.scenario or 'as is'}: {dict(counts)}, judged differently: {len(wrong)}")
    return counts, wrong, killed


def test_every_rule_has_an_oracle(as_is: Bench) -> None:
    assert {*ORACLES, *CONSENT_ORACLES, "SEP-03", "SEP-04", "FIN-04"} == set(as_is.rule_iris)


def test_the_target_state_keeps_every_rule(target: Bench) -> None:
    assert target.expected(target.facts) == set()
    assert target.found(target.read_by_rules) == set()


@pytest.mark.parametrize("scenario", [None, "compliant"])
def test_what_no_rule_reads_changes_no_result(scenario: str | None) -> None:
    bench = Bench(scenario)
    assert bench.found(bench.whole) == bench.found(bench.read_by_rules)


def test_the_document_as_it_is_breaks_what_the_oracles_say(as_is: Bench) -> None:
    assert as_is.found(as_is.read_by_rules) == as_is.expected(as_is.facts) != set()


def test_evidence_taken_away_or_spoiled_is_missed_where_it_is_asked_for(target: Bench) -> None:
    mutants = distinct(from_shapes(target.shapes, target.facts, target.applicable, WRONG))
    _, wrong, killed = judge(target, mutants)
    assert wrong == {}
    asked = {short(str(one.prop)) for one in evidence(target.shapes)}
    missed = {name.partition(" at ")[0] for name in killed}
    assert missed <= asked


def test_changes_that_no_shape_names_break_what_the_oracles_say(target: Bench) -> None:
    _, wrong, _ = judge(target, distinct(by_hand(target.facts)))
    assert wrong == {}


def test_a_consent_that_is_worth_nothing_is_found_wherever_it_is_relied_on(target: Bench) -> None:
    mutants = distinct(of_consents(target.facts))
    counts, wrong, _ = judge(target, mutants)
    assert wrong == {}
    assert counts["killed"]
