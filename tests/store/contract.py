"""The contract of stores as one table: what is asked, of every adapter, and the models that it is asked of."""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from qe_kg import Model
from qe_kg.cli import qe_kg as command_line

ROOT = Path(__file__).resolve().parents[2]
_BY_GRAPH = "SELECT ?g (COUNT(*) AS ?n) { GRAPH ?g { ?s ?p ?o } } GROUP BY ?g ORDER BY ?g"
_COUNT = "SELECT (COUNT(*) AS ?n) (COUNT(DISTINCT ?s) AS ?subjects) WHERE { ?s ?p ?o }"
_MADE = "CONSTRUCT { ?t qe:isAbout ?s } WHERE { ?f qe:hasSource ?s ; qe:hasTarget ?t }"


@dataclass(frozen=True)
class Row:
    """What is asked: a command with its arguments, in which ``{name}`` stands for one of the model's names.

    Attributes:
        arguments: the command and its arguments, without --store.
        exit_code: how it has to end.
        least: how many bytes the answer has at least, so that none is compared that says nothing.

    """

    arguments: tuple[str, ...]
    exit_code: int = 0
    least: int = 300


def _row(text: str, *more: str, exit_code: int = 0, least: int = 300) -> Row:
    return Row((*text.split(), *more), exit_code, least)


_RULES = ("--at", "2027-01-01", "--profile", "us-mi,eu")
#: Every capability that a store has to have; the name begins with the command.
ROWS: dict[str, Row] = {
    "query": _row("query impact/list-direct-recipients -p", "participant={start}"),
    "query of many joins": _row("query information/map-concepts-to-participants"),
    "query of graphs": _row("query", _BY_GRAPH),
    "query that counts": _row("query", _COUNT, least=100),
    "query that constructs": _row("query", _MADE, "--format", "csv"),
    "query that asks": _row("query", "ASK { ?x a qe:Rule }", least=10),
    "query of what is entailed": _row("query --entail", "SELECT ?x { ?x a qe:Participant } ORDER BY ?x"),
    "query of what no reader inferred": _row("query --no-inferences", _COUNT, least=100),
    "impact": _row("impact {start} --evidence"),
    "impact of an item": _row("impact", "{item}", "--basis", "all", "--depth", "2"),
    "impact of a change": _row("impact {start} --change stop"),
    "impact as a drawing": _row("impact {start} --depth 1 --format mermaid"),
    "impact of nobody": _row("impact NO-99", exit_code=2, least=0),
    "trace": _row("trace {end} --certain"),
    "paths": _row("paths {start} {end} --limit 5"),
    "structure": _row("structure"),
    "whatif": _row("whatif --move", "{start}=non-regulated"),
    "why of a triple": _row("why {start} a qe:Participant"),
    "why of a result": _row("why --result", "{faulty}", "SEP-02", *_RULES),
    "why of an impact": _row("why --impact {start} {end}"),
    "map": _row("map --basis all"),
    "validate": _row("validate", *_RULES, exit_code=1),
    "validate what changed": _row("validate --changed {patch}", *_RULES, exit_code=1),
    "rules": _row("rules --all"),
    "rules: one": _row("rules SEP-02"),
    "evidence": _row("evidence", *_RULES),
    "repair": _row("repair --accepted", *_RULES),
    "consent": _row("consent", *_RULES),
    "cut": _row("cut --plain --from {start} --to {end} --at 2027-01-01"),
    "export": _row("export --to nt", least=100_000),
    "export of what is inferred": _row("export --to nq --with inferred --entail", least=100_000),
    "export of another base": _row("export --to trig --base https://kg.acme.example/", least=100_000),
    "export of what is public": _row("export --to ttl --profile public", least=10_000),
}

#: Commands that write to a store, or compare it with files; what they do on each adapter is tested there.
ELSEWHERE = {
    "load": "tests/store/test_contract.py",
    "publish": "tests/publish/test_publishing.py",
    "status": "tests/publish/test_publishing.py",
    "rollback": "tests/publish/test_publishing.py",
}
#: Commands that are about the files of a repository; docs/how-to/stores.md says so.
OF_FILES = (
    "check", "coverage", "reference", "fmt", "migrate", "merge-driver", "init", "generate",
)  # fmt: skip
#: Commands that have nothing to do with where a model is.
OF_NEITHER = ("queries", "demo", "completion")

_FAULTS = """\
@prefix qe: <https://quantumenergy.example/ns/> .
@prefix qev: <https://quantumenergy.example/vocab/> .
@prefix rc: <https://riverside-clinic.example/id/> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
# In a graph that the file names itself, which stores have to keep apart and to give back.
rc:graph-of-faults {
rc:information-item-case-notes a qe:InformationItem ; skos:prefLabel "Case Notes"@en ;
    qe:hasDataCategory qev:data-category-customer-data .
rc:flow-case-notes a qe:InformationFlow ; skos:prefLabel "Case Notes: CARE-01 → WELL-01"@en ;
    qe:hasSource rc:value-stream-care-01 ; qe:hasTarget rc:value-stream-well-01 ;
    qe:carries rc:information-item-case-notes ; qe:isCoveredByConsent rc:consent-record-wearable-readings .
}
"""
_PATCH = "TX .\nD <{flow}> <https://quantumenergy.example/ns/carries> <{item}> .\nTC .\n"


@dataclass(frozen=True)
class Asked:
    """A model that the table is asked of, and what its names are."""

    directory: Path
    names: Mapping[str, str]


def small_model(folder: Path) -> Asked:
    """Write a model that has a bit of everything and takes little time: the clinic, two families of rules, faults."""
    directory = folder / "clinic"
    shutil.copytree(ROOT / "examples" / "riverside-clinic", directory)
    (directory / "shapes").mkdir()
    for family in ("separation", "consent", "conditions", "prefixes", "legal-sources"):
        shutil.copy(ROOT / "shapes" / "policy" / f"{family}.ttl", directory / "shapes")
    (directory / "faults.trig").write_text(_FAULTS, encoding="utf-8")
    manifest = directory / "qe-kg.toml"
    text = manifest.read_text(encoding="utf-8")
    for old, new in (
        ('shapes = ["builtin"]', 'shapes = ["shapes/*.ttl"]'),
        ('"claims.ttl",', '"claims.ttl", "faults.trig",'),
    ):
        assert old in text
        text = text.replace(old, new)
    manifest.write_text(text, encoding="utf-8")
    own = "https://riverside-clinic.example/id/"
    names = {
        "start": "CARE-01", "end": "WELL-01", "item": "Case Notes", "faulty": "Case Notes: CARE-01 → WELL-01",
        "patch": _patch(folder, f"{own}flow-case-notes", f"{own}information-item-case-notes"),
    }  # fmt: skip
    return Asked(directory, names)


def model_without_durations(folder: Path) -> Asked:
    """Write the small model with its durations as plain texts: Virtuoso makes something else of them."""
    asked = small_model(folder)
    for path in asked.directory.glob("*.t*"):
        path.write_text(path.read_text(encoding="utf-8").replace("^^xsd:duration", ""), encoding="utf-8")
    return asked


def shipped_model(folder: Path) -> Asked:
    """Return the shipped model."""
    own = "https://quantumenergy.example/id/"
    names = {
        "start": "AOV-04", "end": "REV-01", "item": "Grid Telemetry", "faulty": "Grid Telemetry: AOV-04 → SMV-03",
        "patch": _patch(folder, f"{own}flow-aov-04-smv-03-grid-telemetry", f"{own}information-item-grid-telemetry"),
    }  # fmt: skip
    return Asked(ROOT / "data" / "quantum-energy", names)


def _patch(folder: Path, flow: str, item: str) -> str:
    path = folder / "change.rdfp"
    path.write_text(_PATCH.format(flow=flow, item=item), encoding="utf-8")
    return str(path)


@dataclass
class Opened:
    """A model opened by one adapter, once for each way to look at it.

    Attributes:
        asked: the model.
        store: what --store takes; None in memory.
        ways: (without inferences, with what is entailed) → the model.

    """

    asked: Asked
    store: str | None
    ways: Mapping[tuple[bool, bool], Model]
    _answers: dict[str, Any] = field(default_factory=dict)

    def answer(self, name: str) -> Any:
        """Run a row of the table in this process, on the models that are open; return what it says."""
        if name not in self._answers:
            with self._instead_of_opening():
                self._answers[name] = run(ROWS[name], self.asked, self.store)
        return self._answers[name]

    @contextmanager
    def _instead_of_opening(self) -> Iterator[None]:
        def opened(
            path: Path, *, store: str | None, scenario: None, include_inferences: bool, entail: bool
        ) -> Model:  # fmt: skip
            assert (path, store, scenario) == (self.asked.directory, self.store, None)
            return self.ways[not include_inferences, entail]

        import_module("qe_kg.diff.sides")  # it takes the function over when it is imported
        with pytest.MonkeyPatch.context() as patch:
            patch.setattr("qe_kg.opening.open_model", opened)
            yield


def run(row: Row, asked: Asked, store: str | None) -> Any:
    """Run a row by the command line; return its answer, without places, which a store elsewhere does not know."""
    arguments = [one.format(**asked.names) if " {" not in one else one for one in row.arguments]
    arguments += ["--model", str(asked.directory), *(() if store is None else ("--store", store))]
    done = CliRunner().invoke(command_line, arguments)
    code = getattr(done.exception, "exit_code", done.exit_code)
    assert code == row.exit_code, (arguments, code, done.output[:2000], done.exception)
    if code == 2:
        return str(done.exception)
    assert len(done.stdout) >= row.least, (arguments, done.output[:2000])
    try:
        return _without_places(json.loads(done.stdout))
    except json.JSONDecodeError:
        return done.stdout


def _without_places(found: Any) -> Any:
    """Leave out places, the time that it took, and what literals a store would alter: the store has them by then.

    Reasons come in the order of their places, so without these they are sorted.
    """
    if isinstance(found, dict):
        left = {key: _without_places(value) for key, value in found.items() if not _is_of_places(key, value)}
        return {key: sorted(value, key=str) if key == "because" else value for key, value in left.items()}
    if isinstance(found, list):
        of_shapes = [one for one in found if not (isinstance(one, dict) and str(one.get("what", "")).endswith(" here"))]
        return [_without_places(one) for one in of_shapes]
    return found


def _is_of_places(key: str, value: Any) -> bool:
    is_place = value is None or (isinstance(value, dict) and "file" in value)
    return key in ("places", "place", "belongs", "seconds", "altered") or (key == "source" and is_place)
