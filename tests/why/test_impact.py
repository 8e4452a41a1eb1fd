"""Why a change reaches somebody: by hand from the document, and by taking out what is said to connect."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from qe_kg import open_model
from qe_kg.assets import packaged_model
from qe_kg.change import Change
from qe_kg.errors import UnknownNameError
from qe_kg.model import Model
from qe_kg.why import why_impact

pytestmark = pytest.mark.xdist_group("why-impact")
ROOT = Path(__file__).resolve().parents[2]
Run = Callable[..., "subprocess.CompletedProcess[str]"]


@pytest.fixture(scope="module")
def model() -> Model:
    return open_model(packaged_model())


def test_flows_statements_and_the_derivation_between_them(model: Model) -> None:
    """Lines 84 and 123 of the document, and the derivation that a reader inferred at RCV-02."""
    reason = why_impact(model, "AOV-04", "Customers")
    assert reason is not None
    assert (reason.text, reason.note) == ("Customers is affected by AOV-04", "2 hops, declared")
    told = [(one.kind, one.text) for one in reason.walk()][1:]
    assert told == [
        ("flow", "AOV-04 hands Outage Info to RCV-02"),
        ("statement", "stated by F21, line 84 of the source: “AOV_EED -- \"Outage Info\" --> RCV_SVC”"),
        ("statement", "stated by T16, line 123 of the source: “Outage Event information from AOV-04/AOV-05 triggers "
                      "flows to RCV-02”"),
        ("derivation", "Customer Communication is made of Outage Info (generate)"),
        ("flow", "RCV-02 hands Customer Communication to Customers"),
        ("statement", "stated by T18, line 123 of the source: “flows to RCV-02 for customer communication.”"),
    ]  # fmt: skip
    for one in reason.walk():
        assert one.place is not None and one.place.line
        line = (ROOT / one.place.file).read_text(encoding="utf-8").splitlines()[one.place.line - 1]
        wanted = {
            "statement": "qe:statesFlow qed:flow-",
            "derivation": "qed:derivation-rcv-02-customer-communication a ",
        }
        assert line.strip().startswith(wanted.get(one.kind, "qed:")), (one, line)


def test_where_nothing_says_so_the_gap_is_told(model: Model) -> None:
    """Lines 78 and 93: what SMV-03 makes of grid telemetry is nowhere said."""
    reason = why_impact(model, "AOV-04", "Market Operators")
    assert reason is not None and reason.note == "2 hops, possible"
    gap = "at SMV-03 no derivation says that Market Bids/Offers is made of Grid Telemetry"
    assert [one.text for one in reason.walk() if one.kind == "gap"] == [gap]


def test_without_the_derivation_it_is_no_reason_any_more(model: Model) -> None:
    name = "derivation-rcv-02-customer-communication"
    gone = tuple(quad for quad in model.quads("data") if getattr(quad.subject, "value", "").endswith(name))
    assert len(gone) == 6
    reason = why_impact(model.changed(Change((), gone)), "AOV-04", "Customers")
    assert reason is not None and name not in str(reason.to_dict())
    assert [one.kind for one in reason.below] == ["flow", "derivation", "flow"], "there is another way"


def test_every_answer_of_impact_and_trace_can_be_explained(model: Model) -> None:
    """As many flows as there are hops, and a gap only where the answer says "possible"."""
    for upstream in (False, True):
        lineage = model.trace("Market Operators") if upstream else model.impact("AOV-04")
        assert len(lineage.reached) > 5
        for one in lineage.reached:
            reason = why_impact(model, lineage.start[0].iri, one.element.iri, upstream=upstream)
            assert reason is not None
            kinds = [below.kind for below in reason.below]
            assert kinds.count("flow") == one.hops
            assert ("gap" in kinds) <= (one.certainty == "possible"), one
            assert all(below.place for below in reason.below if below.kind in ("flow", "derivation"))


def test_who_is_not_reached_is_told(model: Model, qe_kg: Run) -> None:
    done = qe_kg("why", "--impact", "AOV-04", "AMI systems")
    assert (done.returncode, done.stdout, done.stderr) == (1, "", "AOV-04 does not reach AMI systems\n")
    with pytest.raises(UnknownNameError):
        why_impact(model, "AOV-04", "AOV-99")
    done = qe_kg("why", "--trace", "Customers", "AOV-04", "--format", "json")
    document = json.loads(done.stdout)
    assert document["text"] == "what reaches Customers comes from AOV-04"
    assert [one["kind"] for one in document["because"]] == ["flow", "derivation", "flow"]
    wrong = qe_kg("why", "--impact", "AOV-04", "Customers", "--at", "2026-01-01")
    assert wrong.returncode == 2 and "--at are for --result" in wrong.stderr
