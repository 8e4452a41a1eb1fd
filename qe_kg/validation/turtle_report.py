"""The report in SHACL's own vocabulary, as Turtle in a fixed order."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache, partial
from itertools import chain

from qe_kg.namespaces import SH, Namespaces
from qe_kg.namespaces import is_iri as looks_like_iri
from qe_kg.shacl.nodes import Node, iri, is_blank, is_iri, literal_node, literal_parts, text_of
from qe_kg.shacl.paths import Alternative, Inverse, Path, Predicate
from qe_kg.shacl.paths import Sequence as SequencePath
from qe_kg.shacl.results import RawResult
from qe_kg.validation.report import Result

_REPEATED = {"*": "sh:zeroOrMorePath", "+": "sh:oneOrMorePath", "?": "sh:zeroOrOnePath"}
_PREFIXES = ("qe", "qed", "qesh", "qev", "sh", "xsd")


def report_turtle(raw: Sequence[RawResult], results: Iterable[Result], namespaces: Namespaces) -> Iterator[str]:
    """Yield the text of a ``sh:ValidationReport``, part by part: it may be long.

    Args:
        raw: the engine's results, in the order of runs; each is written, whatever its status.
        results: the gate's results; those that no shape brought about are written too.
        namespaces: the prefixes to use.

    """
    # Shapes, components, severities, paths and messages are few beside the results, and so are focus nodes.
    term, path = cache(partial(_term, namespaces=namespaces)), cache(partial(_path, namespaces=namespaces))
    yield "".join(f"@prefix {prefix}: <{namespaces.prefixes[prefix]}> .\n" for prefix in _PREFIXES)
    begin = "\n[] a sh:ValidationReport ;\n    sh:conforms false ;\n    sh:result "
    own = (_own(one, namespaces) for one in results if one.shape.startswith("qe-kg:"))
    for entry in chain((_entry(one, term, path) for one in raw), own):
        yield begin + entry
        begin = " ,\n        "
    yield " .\n" if begin.startswith(" ,") else "\n[] a sh:ValidationReport ;\n    sh:conforms true .\n"


def _entry(one: RawResult, term: Callable[[Node], str], path: Callable[[Path], str]) -> str:
    pairs = [
        ("sh:focusNode", term(one.focus)),
        ("sh:resultPath", None if one.path is None else path(one.path)),
        ("sh:value", None if one.value is None else term(one.value)),
        ("sh:resultSeverity", term(iri(one.severity))),
        ("sh:sourceConstraintComponent", term(iri(one.component))),
        ("sh:sourceShape", term(one.shape)),
        *(("sh:resultMessage", term(message)) for message in one.messages),
    ]
    return _result(pairs)


def _own(one: Result, namespaces: Namespaces) -> str:
    focus = iri(one.focus) if looks_like_iri(one.focus) else literal_node(one.focus)
    message = literal_node(f"{one.rule}: {one.message}", language="en")
    return _result(
        [
            ("sh:focusNode", _term(focus, namespaces)),
            ("sh:resultSeverity", _term(iri(f"{SH}{one.severity}"), namespaces)),
            ("sh:sourceConstraintComponent", f"<urn:{one.component}>"),
            ("sh:resultMessage", _term(message, namespaces)),
        ]
    )


def _result(pairs: Iterable[tuple[str, str | None]]) -> str:
    inside = "".join(f" ;\n            {name} {value}" for name, value in pairs if value is not None)
    return f"[ a sh:ValidationResult{inside} ]"


def _term(node: Node, namespaces: Namespaces) -> str:
    if is_iri(node):
        compact = namespaces.compact(text_of(node))
        return compact if compact.partition(":")[0] in _PREFIXES and compact != text_of(node) else node
    if is_blank(node):
        return node
    parts = literal_parts(node)
    is_typed = not parts.language and node.endswith(">")
    return node[: node.rindex("^^") + 2] + _term(iri(parts.datatype), namespaces) if is_typed else node


def _path(path: Path, namespaces: Namespaces) -> str:
    if isinstance(path, Predicate):
        return _term(path.node, namespaces)
    if isinstance(path, SequencePath):
        return "( " + " ".join(_path(one, namespaces) for one in path.paths) + " )"
    if isinstance(path, Alternative):
        return "[ sh:alternativePath ( " + " ".join(_path(one, namespaces) for one in path.paths) + " ) ]"
    name = "sh:inversePath" if isinstance(path, Inverse) else _REPEATED[path.times]
    return f"[ {name} {_path(path.path, namespaces)} ]"
