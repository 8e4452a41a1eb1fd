"""The report in SHACL's own vocabulary, as Turtle in a fixed order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from itertools import chain, islice

from qe_kg.namespaces import SH, Namespaces
from qe_kg.namespaces import is_iri as looks_like_iri
from qe_kg.shacl.nodes import Node, iri, is_blank, is_iri, literal_node, literal_parts, text_of
from qe_kg.shacl.paths import Alternative, Inverse, Path, Predicate
from qe_kg.shacl.paths import Sequence as SequencePath
from qe_kg.shacl.results import RawResult
from qe_kg.validation.report import Result

_REPEATED = {"*": "sh:zeroOrMorePath", "+": "sh:oneOrMorePath", "?": "sh:zeroOrOnePath"}
_BEGIN = "[ a sh:ValidationResult"
#: So many results are written at once.
_AT_ONCE = 1000
_PREFIXES = ("qe", "qed", "qesh", "qev", "sh", "xsd")


def report_turtle(raw: Sequence[RawResult], results: Iterable[Result], namespaces: Namespaces) -> Iterator[str]:
    """Yield the text of a ``sh:ValidationReport``, part by part: it may be long.

    Args:
        raw: the engine's results, in the order of runs; each is written, whatever its status.
        results: the gate's results; those that no shape brought about are written too.
        namespaces: the prefixes to use.

    """
    write = _Writer(namespaces).write
    yield "".join(f"@prefix {prefix}: <{namespaces.prefixes[prefix]}> .\n" for prefix in _PREFIXES)
    begin = "\n[] a sh:ValidationReport ;\n    sh:conforms false ;\n    sh:result "
    own = (_own(one, namespaces) for one in results if one.shape.startswith("qe-kg:"))
    entries = chain(map(write, raw), own)
    while some := list(islice(entries, _AT_ONCE)):
        yield begin + " ,\n        ".join(some)
        begin = " ,\n        "
    yield " .\n" if begin.startswith(" ,") else "\n[] a sh:ValidationReport ;\n    sh:conforms true .\n"


class _Writer:
    """Writes results; what many have in common is made once."""

    def __init__(self, namespaces: Namespaces) -> None:
        self._names = namespaces
        self._said = cache(self._what_is_said)
        self._path = cache(lambda path: _pair("sh:resultPath", _path(path, namespaces)))
        term = cache(lambda node: _term(node, namespaces))  # the value is often the focus node
        self._focus = cache(lambda node: _BEGIN + _pair("sh:focusNode", term(node)))
        self._value = cache(lambda node: _pair("sh:value", term(node)))

    def write(self, one: RawResult) -> str:
        path = "" if one.path is None else self._path(one.path)
        value = "" if one.value is None else self._value(one.value)
        said = self._said(one.severity, one.component, one.shape, one.messages)
        return f"{self._focus(one.focus)}{path}{value}{said} ]"

    def _what_is_said(self, severity: str, component: str, shape: Node, messages: tuple[Node, ...]) -> str:
        nodes = (
            ("sh:resultSeverity", iri(severity)), ("sh:sourceConstraintComponent", iri(component)),
            ("sh:sourceShape", shape), *(("sh:resultMessage", message) for message in messages),
        )  # fmt: skip
        return "".join(_pair(name, _term(node, self._names)) for name, node in nodes)


def _own(one: Result, namespaces: Namespaces) -> str:
    focus = iri(one.focus) if looks_like_iri(one.focus) else literal_node(one.focus)
    message = literal_node(f"{one.rule}: {one.message}", language="en")
    pairs = (
        ("sh:focusNode", _term(focus, namespaces)),
        ("sh:resultSeverity", _term(iri(f"{SH}{one.severity}"), namespaces)),
        ("sh:sourceConstraintComponent", f"<urn:{one.component}>"),
        ("sh:resultMessage", _term(message, namespaces)),
    )
    return _BEGIN + "".join(_pair(name, value) for name, value in pairs) + " ]"


def _pair(name: str, value: str) -> str:
    return f" ;\n            {name} {value}"


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
