"""A model under a base of its own: what a company publishes must be as good a model as what is shipped."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from qe_kg import Model, QueryResult, Term, UnknownNameError, ValidationReport, open_model
from qe_kg.cli import qe_kg

QUANTUM_ENERGY = Path(__file__).resolve().parents[2] / "data" / "quantum-energy"
OLD = "https://quantumenergy.example/"
BASES = ("https://kg.acme.example/", "https://kg.acme.example/graph#")


def rebased_directory(directory: Path, original: Model, base: str, *, with_own_ontology: bool) -> Path:
    """Write the model as its export under another base, with a manifest that tells that base."""
    parts = {"data": ["data"], "inference": ["inference"], "baseline": ["baseline"]}
    if with_own_ontology:
        parts |= {"ontology": ["ontology"], "shapes": ["shapes"]}
    directory.mkdir(parents=True)
    for name, roles in parts.items():
        original.export(directory / f"{name}.ttl", "ttl", roles=roles, base=base)
    files = "\n".join(f'{name} = ["{name}.ttl"]' for name in parts)
    (directory / "qe-kg.toml").write_text(
        f'[model]\nname = "Acme"\nbase = "{base}"\n\n[files]\n{files}\n', encoding="utf-8"
    )
    return directory


@pytest.fixture(scope="module")
def original() -> Model:
    return open_model(QUANTUM_ENERGY)


@pytest.fixture(
    scope="module",
    params=[(base, own) for base in BASES for own in (False, True)],
    ids=lambda param: f"{param[0]} {'own' if param[1] else 'shipped'} ontology",
)
def rebased(
    request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory, original: Model
) -> tuple[str, Model]:
    base, own = request.param
    directory = tmp_path_factory.mktemp("rebased") / "model"
    return base, open_model(rebased_directory(directory, original, base, with_own_ontology=own))


def moved(value: Any, base: str) -> Any:
    """An answer with all IRIs under the other base."""
    return json.loads(json.dumps(value).replace(OLD, base))


def test_nothing_stays_under_the_shipped_base(rebased: tuple[str, Model]) -> None:
    _, model = rebased
    used = [
        str(quad) for quad in model.quads("ontology", "data", "inference", "shapes", "baseline") if OLD in str(quad)
    ]
    # What a text says of itself (a comment, an example) may keep the name.
    assert [quad for quad in used if f"<{OLD}" in quad] == []


@pytest.mark.parametrize(
    ("command", "names", "options"),
    [
        ("impact", ["AOV-04"], {"basis": "drawn"}),
        ("impact", ["AOV-04"], {"through_external": True}),
        ("trace", ["REV-01"], {"depth": 2}),
        ("impact", ["Meter Reading"], {}),
        ("impact", ["AOV-04"], {"zone": "external", "basis": "drawn"}),
        ("trace", ["SMV-03"], {"item": "Grid Telemetry"}),
        ("impact", ["qed:value-stream-aov-04"], {"depth": 1}),
    ],
)
def test_impact_and_trace(
    rebased: tuple[str, Model], original: Model, command: str, names: list[str], options: dict[str, Any]
) -> None:
    base, model = rebased
    expected = getattr(original, command)(*names, **options).to_dict()
    assert expected["reached"]
    assert getattr(model, command)(*names, **options).to_dict() == moved(expected, base)


def test_names(rebased: tuple[str, Model]) -> None:
    base, model = rebased
    iri = f"{base}id/value-stream-aov-04"
    for name in ("AOV-04", "electric energy delivery", "qed:value-stream-aov-04", iri, f"<{iri}>"):
        assert model.catalogue.resolve(name, "participant").iri == iri
    with pytest.raises(UnknownNameError):
        model.catalogue.resolve(f"{OLD}id/value-stream-aov-04", "participant")


def rows(result: QueryResult, base: str = OLD) -> list[list[str]]:
    return [[str(cell).replace(base, OLD) if cell else "" for cell in row] for row in result.rows]


def test_every_query_of_the_library_without_required_parameters(rebased: tuple[str, Model], original: Model) -> None:
    base, model = rebased
    asked = 0
    for query in original.queries.all():
        if not any(parameter.required for parameter in query.parameters):
            assert sorted(rows(model.query(query.name), base)) == sorted(rows(original.query(query.name))), query.name
            asked += 1
    assert asked >= 5


def test_query_with_parameter(rebased: tuple[str, Model], original: Model) -> None:
    base, model = rebased
    name, given = "impact/list-direct-recipients", {"participant": "AOV-04"}
    found = rows(original.query(name, given))
    assert found
    assert sorted(rows(model.query(name, given), base)) == sorted(found)


def findings(report: ValidationReport, base: str = OLD) -> list[tuple[str, ...]]:
    keys = ("rule", "shape", "focus", "path", "value", "severity", "status")
    results = report.to_dict()["results"]
    return sorted(tuple(str(one[key]).replace(base, OLD) for key in keys) for one in results)


@pytest.fixture(scope="module")
def original_report(original: Model) -> ValidationReport:
    return original.validate()


def test_validation_finds_the_same(rebased: tuple[str, Model], original_report: ValidationReport) -> None:
    base, model = rebased
    report = model.validate()
    assert model.problems == ()
    assert findings(original_report)
    assert findings(report, base) == findings(original_report)
    assert report.conforms == original_report.conforms


def test_drawings_are_the_same(rebased: tuple[str, Model], original: Model) -> None:
    _, model = rebased
    assert model.map_diagram().arrows == original.map_diagram().arrows
    assert model.map_diagram().nodes == original.map_diagram().nodes


def test_exported_back_it_is_the_original(rebased: tuple[str, Model], original: Model, tmp_path: Path) -> None:
    _, model = rebased
    model.export(tmp_path / "back.nt", "nt", roles=["data", "inference"], base=OLD)
    original.export(tmp_path / "original.nt", "nt", roles=["data", "inference"])
    back, before = ((tmp_path / name).read_text(encoding="utf-8").splitlines() for name in ("back.nt", "original.nt"))
    assert sorted(back) == sorted(before)


@pytest.mark.parametrize("base", BASES)
def test_command_line_on_a_rebased_model(tmp_path: Path, original: Model, base: str) -> None:
    directory = rebased_directory(tmp_path / "model", original, base, with_own_ontology=False)
    runner = CliRunner()
    impact = ["impact", "AOV-04", "--depth", "1", "--format", "json", "--model", str(directory)]
    result = runner.invoke(qe_kg, impact, catch_exceptions=False)
    assert result.exit_code == 0
    assert result.stderr == ""
    assert json.loads(result.stdout)["start"] == [f"{base}id/value-stream-aov-04"]


def test_what_a_user_gives_to_a_shipped_query_is_not_moved(
    rebased: tuple[str, Model], monkeypatch: pytest.MonkeyPatch
) -> None:
    _, model = rebased
    asked: list[str] = []
    answer = model.store.query

    def listen(query: str, prefixes: dict[str, str] | None = None) -> Any:
        asked.append(query)
        return answer(query, prefixes)

    monkeypatch.setattr(model.store, "query", listen)
    model.query("impact/list-direct-recipients", {"participant": Term("literal", f"{OLD}id/x")})
    assert f'"{OLD}id/x"' in asked[-1]
    assert OLD not in asked[-1].replace(f'"{OLD}id/x"', "")
