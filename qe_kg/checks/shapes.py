"""Checks of shapes: what would pass in silence, and the fixtures that prove them."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

from qe_kg.checks.context import Context, ParsedFile, finding
from qe_kg.errors import ShapesError
from qe_kg.loose_files import model_with_data
from qe_kg.namespaces import DCTERMS, OWL, RDFS, SH
from qe_kg.report_formats.findings import Finding
from qe_kg.shacl.graph import Graph
from qe_kg.shacl.lint import lint
from qe_kg.shacl.model import IllFormedShapes
from qe_kg.shacl.nodes import RDF_TYPE, RDFS_CLASS, Node, iri, is_blank, is_iri, sh, text_of
from qe_kg.shacl.parser import read_shapes
from qe_kg.store.files import shown_path
from qe_kg.validation.report import Result, SourcePlace

_IDENTIFIER = iri(f"{DCTERMS}identifier")
_SEE_ALSO = iri(f"{RDFS}seeAlso")
_OWL_CLASS = iri(f"{OWL}Class")
#: What a shape says of data; what else it says describes it.
_CONSTRAINING = {
    *("class", "datatype", "nodeKind", "minCount", "maxCount", "minExclusive", "minInclusive", "maxExclusive"),
    *(
        "maxInclusive",
        "minLength",
        "maxLength",
        "pattern",
        "languageIn",
        "uniqueLang",
        "equals",
        "disjoint",
        "lessThan",
    ),
    *("lessThanOrEquals", "not", "and", "or", "xone", "node", "property", "qualifiedValueShape", "qualifiedMinCount"),
    *("qualifiedMaxCount", "closed", "hasValue", "in", "sparql"),
}


def check_shapes(context: Context) -> Iterator[Finding]:
    """Check that shapes are well formed, use known terms, have live targets, and say what is wrong."""
    files = list(context.checked("shapes"))
    if not files:
        return
    graph = Graph(quad for one in context.files if one.file.role == "shapes" for quad in one.quads)
    yield from _ill_formed_or_suspicious(context, files, graph)
    for one in files:
        for number, s, p, o in one.triples():
            if p == sh("targetClass"):
                yield from _dead_target(context, one, number, s, o)
        yield from _silent(context, one, graph)


def _ill_formed_or_suspicious(context: Context, files: list[ParsedFile], graph: Graph) -> Iterator[Finding]:
    try:
        read = read_shapes(graph)
    except IllFormedShapes as error:
        place = _place(files, *error.triple)
        yield finding("SHP-01", error.problem, context.compact(error.node), place, identity=(error.problem,))
        return
    except ShapesError as error:
        yield finding("SHP-01", str(error), "shapes", None, identity=(str(error),))
        return
    for problem, subject, predicate, value in lint(graph, read):
        place = _place(files, subject, predicate, value)
        if place is not None:  # else it is in a file that is not checked
            label = "a shape without a name" if is_blank(subject) else context.compact(subject)
            yield finding("SHP-02", problem, label, place, identity=(predicate, problem))


def _place(files: list[ParsedFile], subject: Node, predicate: Node | None, value: Node | None) -> SourcePlace | None:
    """Find a triple; without a predicate, the subject."""
    for one in files:
        for number, s, p, o in one.triples():
            if s == subject and predicate in (None, p) and value in (None, o):
                return one.place(number, "subject" if predicate is None else "triple")
    return None


def _dead_target(context: Context, one: ParsedFile, number: int, shape: Node, target: Node) -> Iterator[Finding]:
    graph = context.graph
    kinds = graph.objects(target, RDF_TYPE)
    declared = _OWL_CLASS in kinds or RDFS_CLASS in kinds or graph.properties(target).get(iri(f"{RDFS}subClassOf"))
    if not declared and not graph.subjects(RDF_TYPE, target):
        message = (
            f"the target class {context.compact(target)} is no class that a file declares, and nothing is of it: the "
            "shape looks at nothing; mend its name"
        )
        yield finding("SHP-03", message, context.compact(shape), one.place(number), identity=(target,))


def _silent(context: Context, one: ParsedFile, graph: Graph) -> Iterator[Finding]:
    """Warn of shapes that report without a message, or under no rule."""
    shapes = {
        s: number
        for number, s, p, o in one.triples()
        if p == RDF_TYPE and o in (sh("NodeShape"), sh("PropertyShape")) and is_iri(s)
    }
    for shape, number in shapes.items():
        said = graph.properties(shape)
        own = {text_of(p)[len(SH) :] for p in said if p.startswith(f"<{SH}")} & _CONSTRAINING
        reports = own - {"property"}
        if not own and sh("path") not in said and any(p.startswith(f"<{SH}target") for p in said):
            message = "has a target and no constraint: nothing can break it"
            yield _warning(context, one, shape, number, "SHP-04", message)
        if reports and sh("message") not in said:
            yield _warning(context, one, shape, number, "SHP-05", "has no sh:message; say the rule and the way to mend")
        if reports and _IDENTIFIER not in said and _SEE_ALSO not in said:
            message = "has neither dcterms:identifier nor a rule (rdfs:seeAlso); a baseline or waiver cannot name it"
            yield _warning(context, one, shape, number, "SHP-06", message)


def _warning(context: Context, one: ParsedFile, shape: Node, number: int, rule: str, message: str) -> Finding:
    name = context.compact(shape)
    place = one.place(number, "subject")
    return finding(rule, f"{name} {message}", name, place, level="warning", identity=(message,))


# --- fixtures ---------------------------------------------------------------------------------------------------

_EXPECTATION = re.compile(r"#\s*expect:\s*(.*\S)")


def check_fixtures(context: Context) -> Iterator[Finding]:
    """Check that each fixture has the results of its rule that its comments expect, and no other."""
    for file in context.manifest.of_role("fixtures"):
        rule, kind = _about(file.path)
        name = shown_path(file.path)
        report = model_with_data(context.manifest.directory, [file.path]).validate(
            baseline=False, waivers=False, **_profiles(context)
        )
        found = [one for one in report.results if one.rule == rule]
        expected = _expected(context, file.path, rule)
        if kind == "pass" and expected:
            yield finding(
                "FIX-01", "a passing fixture expects no result; name it .fail.ttl", name, SourcePlace(name, 1)
            )
        elif kind == "fail" and not expected:
            message = f"a failing fixture lists its results, as '# expect:\t{rule}\tFOCUS'; there is none"
            yield finding("FIX-01", message, name, SourcePlace(name, 1))
        yield from _differences(name, rule, found, expected)


def _profiles(context: Context) -> dict[str, Any]:
    return {key: value for key, value in context.validation.items() if key in ("profiles", "at")}


def _about(path: Path) -> tuple[str, str]:
    rule, _, kind = path.name.removesuffix(".ttl").rpartition(".")
    return (
        (rule, kind)
        if kind in ("pass", "fail")
        else (path.stem, "fail" if _EXPECTATION.search(_read(path)) else "pass")
    )


def _read(path: Path) -> str:
    return path.read_text(encoding="utf-8", errors="replace")


def _expected(context: Context, path: Path, rule: str) -> dict[str, int]:
    """Read focus → line out of the comments; of long ones (rule, shape, focus …) the third field, else the second."""
    found: dict[str, int] = {}
    prefixes = dict(re.findall(r"@prefix\s+([\w-]*):\s*<([^>]*)>", _read(path)))
    for number, line in enumerate(_read(path).splitlines(), 1):
        match = _EXPECTATION.match(line)
        if match:
            fields = match[1].split("\t")
            if fields[0] == rule and len(fields) > 1:
                text = fields[2] if len(fields) > 2 else fields[1]
                prefix, _, local = text.partition(":")
                known = prefixes | context.manifest.namespaces.prefixes
                found[text.strip("<>") if text.startswith("<") else f"{known.get(prefix, prefix + ':')}{local}"] = (
                    number
                )
    return found


def _differences(name: str, rule: str, found: list[Result], expected: dict[str, int]) -> Iterator[Finding]:
    for focus, line in expected.items():
        if focus not in {one.focus for one in found}:
            message = f"{rule} was to find {focus}, and does not"
            yield finding("FIX-02", message, name, SourcePlace(name, line), identity=(message,))
    for one in found:
        if one.focus not in expected:
            message = f"{rule} finds {one.focus}, which no comment expects: {one.message}"
            yield finding("FIX-02", message, name, one.source or SourcePlace(name, None), identity=(one.focus,))
