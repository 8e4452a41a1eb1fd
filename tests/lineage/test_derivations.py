"""What the flow graph knows of derivations: which of them leave nothing of what restricts their input."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest

from qe_kg import open_model

PREFIXES = """\
@prefix qe: <https://quantumenergy.example/ns/> .
@prefix qev: <https://quantumenergy.example/vocab/> .
@prefix t: <https://test.example/id/> .
"""
T = "https://test.example/id/"


def derivation(name: str, *kinds: str) -> str:
    kind = "".join(f" ; qe:hasDerivationKind qev:derivation-kind-{kind}" for kind in kinds)
    return f"t:{name} a qe:Derivation ; qe:isDerivedAt t:p ; qe:takesInput t:x ; qe:givesOutput t:y{kind} .\n"


@pytest.mark.parametrize(
    ("derivations", "is_free"),
    [
        ((("d1", "aggregate"),), True),
        ((("d1", "anonymise"), ("d2", "publish")), True),
        ((("d1", "transform"),), False),
        ((("d1",),), False),  # an unknown kind leaves the restriction in place
        ((("d1", "aggregate"), ("d2", "transform")), False),  # the second way keeps it
        ((("d1", "aggregate"), ("d2",)), False),
    ],
)
def test_a_step_declassifies_only_if_every_derivation_behind_it_does(
    write_model: Callable[..., Path], derivations: tuple[tuple[str, ...], ...], is_free: bool
) -> None:
    text = PREFIXES + "".join(derivation(*one) for one in derivations)
    graph = open_model(write_model({"data.ttl": text})).flow_graph
    step = (f"{T}p", f"{T}x", f"{T}y")
    assert graph.derivations == {step}
    assert graph.declassifying == ({step} if is_free else set())


def chain(*kinds: str) -> str:
    """One derivation after the other at one participant, from i0 to i1, i2 and so on."""
    return PREFIXES + "".join(
        f"t:d{n} a qe:Derivation ; qe:isDerivedAt t:p ; qe:takesInput t:i{n} ; qe:givesOutput t:i{n + 1} ; "
        f"qe:hasDerivationKind qev:derivation-kind-{kind} .\n"
        for n, kind in enumerate(kinds)
    )


@pytest.mark.parametrize(
    ("kinds", "is_free"),
    [(("transform", "generate"), False), (("transform", "aggregate"), True), (("aggregate", "transform"), True)],
)
def test_derivations_in_a_row_lead_from_the_first_input_to_the_last_output(
    write_model: Callable[..., Path], kinds: tuple[str, ...], is_free: bool
) -> None:
    graph = open_model(write_model({"data.ttl": chain(*kinds)})).flow_graph
    whole = (f"{T}p", f"{T}i0", f"{T}i2")
    assert whole in graph.derivations and len(graph.derivations) == 3
    assert (whole in graph.declassifying) == is_free
