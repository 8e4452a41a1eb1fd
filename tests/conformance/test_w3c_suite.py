"""The W3C SHACL test suite, full reports: focus, path, value, severity, component and source shape of each result.

Run with ``auto``, with each of our evaluators alone, and with pySHACL.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from functools import cache

import pytest

from qe_kg.errors import ShapesError
from qe_kg.shacl.direct import make_result
from qe_kg.shacl.engine import CompiledShapes
from qe_kg.shacl.results import RawResult
from qe_kg.shacl.setwise import SetwiseRun
from qe_kg.store.sparql_source import MemorySource
from qe_kg.validation import engines
from tests.conformance import w3c_suite
from tests.conformance.test_engines_agree import by_columns

pytestmark = pytest.mark.xdist_group("w3c")  # one worker fetches the suite and reads it once

Engine = Callable[[w3c_suite.Case], Iterable[RawResult]]


def auto(case: w3c_suite.Case) -> Iterable[RawResult]:
    return engines.run("auto", case.data, case.shapes).results


def term_by_term(case: w3c_suite.Case) -> Iterable[RawResult]:
    return engines.run("sparql", case.data, case.shapes).results


def set_by_set(case: w3c_suite.Case) -> Iterable[RawResult]:
    compiled = CompiledShapes(case.shapes)
    run = SetwiseRun(compiled.shapes, MemorySource(case.data, {"urn:qe-kg:shapes": case.shapes}))
    return [result for shape in compiled.shapes.targeted for result in run.results(shape, make_result)]


def suspects_only(case: w3c_suite.Case) -> Iterable[RawResult]:
    return by_columns(CompiledShapes(case.shapes), case.data).results


def pyshacl(case: w3c_suite.Case) -> Iterable[RawResult]:
    return engines.run("pyshacl", case.data, case.shapes).results


#: What an engine gets wrong, and why.
KNOWN: dict[Engine, dict[str, str]] = {
    auto: {},
    term_by_term: {},
    # Only a part of what `auto` runs on large data: it never leaves a shape that looks at such a literal to the store.
    set_by_set: {
        "core/node/maxExclusive-001": 'the store rewrites "4.0"^^xsd:decimal to 4',
        "core/node/minExclusive-001": 'the store rewrites "4.0"^^xsd:decimal to 4',
        "core/property/datatype-ill-formed": 'the store rewrites "300"^^xsd:byte to an xsd:integer',
    },
    suspects_only: {},
    pyshacl: {
        "core/property/uniqueLang-002": 'it takes "1"^^xsd:boolean for true',
        "sparql/node/prefixes-001": "it does not look for sh:declare in what the ontology imports",
        "sparql/pre-binding/shapesGraph-001": "it does not support $shapesGraph",
    },
}


@cache
def all_cases() -> tuple[w3c_suite.Case, ...]:
    return tuple(w3c_suite.cases())


def test_the_suite_is_whole() -> None:
    names = [case.name for case in all_cases()]
    core = sum(name.startswith("core/") for name in names)
    assert (len(set(names)), core, len(names) - core) == (121, 98, 23)
    assert sum(case.expected is None for case in all_cases()) == 7


@pytest.mark.parametrize("engine", KNOWN, ids=lambda engine: engine.__name__)
def test_full_reports(engine: Engine) -> None:
    wrong = {}
    for case in all_cases():
        try:
            found = w3c_suite.keys(list(engine(case)))
        except ShapesError as error:
            if case.expected is not None:
                wrong[case.name] = str(error)
            continue
        if case.expected is None:
            wrong[case.name] = "the shapes should have been refused"
        elif found != case.expected:
            blind, expected = map(w3c_suite.without_blank_nodes, (found, case.expected))
            if blind != expected:
                wrong[case.name] = f"missing {expected - blind}, too many {blind - expected}"
    assert wrong.keys() == KNOWN[engine].keys(), wrong
