"""Explanations: each leads down to lines that say so, and each of its steps is a rule that gives its conclusion."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from qe_kg import open_model
from qe_kg.inference.why import Explanation
from tests.inference.oracle import PREFIXES, by_owlrl

WriteModel = Callable[..., Path]
Run = Callable[..., subprocess.CompletedProcess[str]]

ONTOLOGY = (
    PREFIXES
    + """
ex:Stream rdfs:subClassOf ex:Participant .
ex:Participant rdfs:subClassOf ex:Element .
ex:follows a owl:TransitiveProperty ; owl:inverseOf ex:precedes .
ex:hasSource rdfs:range ex:Stream .
ex:Told owl:equivalentClass [ a owl:Restriction ; owl:onProperty ex:by ; owl:hasValue ex:v ] .
"""
)
DATA = (
    PREFIXES
    + """
ex:f ex:hasSource ex:a .
ex:a ex:follows ex:b .
ex:b ex:follows ex:c .
ex:c ex:follows ex:a .
ex:x ex:by ex:v .
ex:x ex:amount "1.50"^^xsd:decimal .
"""
)


@pytest.fixture
def model(write_model: WriteModel) -> Path:
    return write_model(
        {"ontology.ttl": ONTOLOGY, "data.ttl": DATA},
        {"ontology": ["ontology.ttl"], "data": ["data.ttl"], "shapes": [], "queries": []},
    )


def _why(model: Path, text: str) -> Explanation | None:
    opened = open_model(model)
    subject, predicate, value = text.split()
    relation = predicate if predicate == "a" else f"http://e/{predicate}"
    return opened.reasons.why(f"http://e/{subject}", relation, f"http://e/{value}")


def _steps(one: Explanation) -> Iterator[Explanation]:
    yield one
    for premise in one.premises:
        yield from _steps(premise)


def _text(one: Explanation) -> str:
    names = [term.value.rpartition("/")[2].rpartition("#")[2] for term in one.triple]
    place = f"{Path(one.file).name}:{one.line}" if one.file else one.rule
    return " ".join(names) + f" [{place}]"


def test_a_said_triple_answers_with_its_line(model: Path) -> None:
    found = _why(model, "a follows b")
    assert found is not None and _text(found) == "a follows b [data.ttl:4]" and found.premises == ()


def test_a_chain_of_rules_ends_in_lines(model: Path) -> None:
    found = _why(model, "a a Element")
    assert found is not None
    assert [_text(one) for one in _steps(found)] == [
        "a type Element [cax-sco]",
        "a type Stream [prp-rng]",
        "f hasSource a [data.ttl:3]",
        "hasSource range Stream [ontology.ttl:6]",
        "Stream subClassOf Participant [ontology.ttl:3]",
        "Participant subClassOf Element [ontology.ttl:4]",
    ]


def test_a_loop_is_no_reason_for_itself(model: Path) -> None:
    found = _why(model, "a follows a")  # around the loop
    assert found is not None and found.rule == "prp-trp"
    above: list[object] = []

    def visit(one: Explanation, path: tuple[object, ...]) -> None:
        assert one.triple not in path
        above.append(one.triple)
        for premise in one.premises:
            visit(premise, (*path, one.triple))

    visit(found, ())
    assert {_text(one) for one in _steps(found) if one.rule is None} >= {
        "a follows b [data.ttl:4]", "b follows c [data.ttl:5]", "c follows a [data.ttl:6]",
    }  # fmt: skip


def test_a_class_without_a_name_is_a_step_all_the_same(model: Path) -> None:
    found = _why(model, "x a Told")
    assert found is not None
    assert any(_text(one) == "x by v [data.ttl:7]" for one in _steps(found))
    assert "urn:qe-kg" not in found.says


def test_what_does_not_follow_has_no_reason(model: Path, qe_kg: Run) -> None:
    assert _why(model, "b a Told") is None
    done = qe_kg("why", "http://e/b", "a", "http://e/Told", "--model", model)
    assert (done.returncode, done.stdout) == (1, "")
    assert "is said in no file, and does not follow" in done.stderr


def test_everything_that_follows_has_an_explanation_that_ends_in_lines() -> None:
    opened = open_model(entail=True)
    entailed = list(opened.quads("entailed"))
    assert len(entailed) > 400
    asking = open_model()
    for quad in entailed[:: len(entailed) // 40]:
        subject, value = (str(term).strip("<>") for term in (quad.subject, quad.object))
        found = asking.reasons.why(subject, quad.predicate.value, value)
        assert found is not None and found.rule is not None
        leaves = [one for one in _steps(found) if one.rule is None]
        assert leaves and all(one.file and one.line for one in leaves)


def test_the_premises_alone_give_the_conclusion_by_owlrl(model: Path) -> None:
    found = _why(model, "b precedes c") or _why(model, "c precedes b")
    assert found is not None and found.rule == "prp-inv"
    said = "\n".join(" ".join(term.n3() for term in one.triple) + " ." for one in _steps(found) if one.rule is None)
    assert " ".join(term.n3() for term in found.triple) in by_owlrl(said).triples


def test_the_json_and_the_drawing_show_the_same_tree(model: Path, qe_kg: Run) -> None:
    call = ("why", "http://e/a", "a", "http://e/Element", "--model", model, "--format")
    tree = json.loads(qe_kg(*call, "json").stdout)
    assert (tree["rule"], tree["source"]) == ("cax-sco", None)
    assert tree["premises"][0]["premises"][0]["source"]["line"] == 3
    table = qe_kg(*call, "table").stdout
    assert table.count("├─") + table.count("└─") == 5
    mermaid = qe_kg(*call, "mermaid").stdout
    assert mermaid.count("-->") == 5 and "data.ttl:3" in mermaid
    assert qe_kg(*call, "svg").stdout.startswith("<?xml")


def test_a_wrong_name_is_told(model: Path, qe_kg: Run) -> None:
    done = qe_kg("why", "AOV-99", "a", "qe:Participant")
    assert done.returncode == 2 and "AOV-04" in done.stderr
    done = qe_kg("why", "AOV-04", "no such", "qe:Participant")
    assert done.returncode == 2 and "is no property" in done.stderr
