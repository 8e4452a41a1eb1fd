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

from tests.mutation.bench import ROOT, Bench, Breach
from tests.mutation.mutants import Mutant, by_hand, distinct, from_shapes
from tests.mutation.oracle import ORACLES
from tests.mutation.oracle_consent import CONSENT_ORACLES

pytestmark = pytest.mark.xdist_group("mutation")
#: A thing of the model that is evidence of nothing.
WRONG = "qed:information-item-products"


@pytest.fixture(scope="module")
def as_is() -> Bench:
    return Bench()


@pytest.fixture(scope="module")
def clinic() -> Bench:
    return Bench(directory=ROOT / "examples" / "riverside-clinic")


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


def mutants_of(bench: Bench, stride: int) -> list[Mutant]:
    from_evidence = from_shapes(bench.shapes, bench.facts, bench.applicable, WRONG)
    return distinct([*from_evidence, *by_hand(bench.facts)])[::stride]


def test_every_rule_has_an_oracle(as_is: Bench) -> None:
    assert {*ORACLES, *CONSENT_ORACLES, "SEP-03", "SEP-04", "FIN-04"} >= set(as_is.rule_iris)


@pytest.mark.parametrize("name", ["as_is", "clinic"])
def test_what_no_rule_reads_changes_no_result(name: str, request: pytest.FixtureRequest) -> None:
    bench: Bench = request.getfixturevalue(name)
    assert bench.found(bench.whole) == bench.found(bench.read_by_rules)


@pytest.mark.parametrize(("name", "stride"), [("as_is", 5), ("clinic", 5)])
def test_changes_break_what_the_oracles_say(name: str, stride: int, request: pytest.FixtureRequest) -> None:
    """Also where the model breaks rules to begin with."""
    bench: Bench = request.getfixturevalue(name)
    assert bench.found(bench.read_by_rules) == bench.expected(bench.facts) != set()
    counts, wrong, _ = judge(bench, mutants_of(bench, stride))
    assert wrong == {}
    assert counts["killed"]
