"""Python's cyclic collector rests where our own engine makes many results, and runs where rdflib leaves cycles."""

from __future__ import annotations

import gc
import pkgutil
from pathlib import Path
from typing import Any

import pytest

from qe_kg.loose_files import validate_files

SHAPES = """@prefix sh: <http://www.w3.org/ns/shacl#> . @prefix e: <https://e.example/> .
e:Shape a sh:NodeShape ; sh:targetSubjectsOf e:p ; sh:property [ sh:path e:p ; sh:maxCount 1 ] ."""


@pytest.mark.parametrize(
    ("engine", "evaluates", "collects"),
    [("sparql", "qe_kg.shacl.direct.DirectRun.results", False), ("pyshacl", "pyshacl.validate", True)],
)
def test_the_collector_rests_for_our_own_engine_only(
    engine: str, evaluates: str, collects: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    data, shapes = tmp_path / "data.nt", tmp_path / "shapes.ttl"
    data.write_text("<https://e.example/a> <https://e.example/p> <https://e.example/b> .\n", encoding="utf-8")
    shapes.write_text(SHAPES, encoding="utf-8")
    seen: list[bool] = []
    evaluate = pkgutil.resolve_name(evaluates)

    def watched(*arguments: Any, **options: Any) -> Any:
        seen.append(gc.isenabled())
        return evaluate(*arguments, **options)

    monkeypatch.setattr(evaluates, watched)
    assert validate_files([data], [shapes], engine=engine).conforms
    assert seen == [collects]
    assert gc.isenabled()
