"""The report in SHACL's own vocabulary, as Turtle in a fixed order."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from itertools import chain, islice

from qe_kg.namespaces import SH, Namespaces, compact_by
from qe_kg.namespaces import is_iri as looks_like_iri
from qe_kg.shacl.nodes import Node, iri, is_blank, is_iri, literal_node, text_of
from qe_kg.shacl.paths import Alternative, Inverse, Path, Predicate
from qe_kg.shacl.paths import Sequence as SequencePath
from qe_kg.shacl.results import RawResult
from qe_kg.validation.report import Result

_REPEATED = {"*": "sh:zeroOrMorePath", "+": "sh:oneOrMorePath", "?": "sh:zeroOrOnePath"}
_BEGIN = "[ a sh:ValidationResult"
#: So many results are written at once.
_AT_ONCE = 1000
_PREFIXES = ("qe", "qed", "qesh", "qev", "sh", "xsd")


def report_turtle(raw: Sequence[RawResult], others: Iterable[Result], namespaces: Namespaces) -> Iterator[str]:
    """Yield the text of a ``sh:ValidationReport``, part by part: it may be long.

    Args:
        raw: the engine's results, in the order of runs; each is written, whatever its status.
        others: results that no shape brought about.
        namespaces: the prefixes to use.

    """
    writer = _Writer(namespaces)
    yield "".join(f"@prefix {prefix}: <{namespaces.prefixes[prefix]}> .\n" for prefix in _PREFIXES)
    begin = "\n[] a sh:ValidationReport ;\n    sh:conforms false ;\n    sh:result "
    entries = chain(writer.write(raw), map(writer.write_own, others))
    while some := list(islice(entries, _AT_ONCE)):
        yield begin + " ,\n        ".join(some)
        begin = " ,\n        "
    yield " .\n" if begin.startswith(" ,") else "\n[] a sh:ValidationReport ;\n    sh:conforms true .\n"


class _Writer:
    """Writes results; what many have in common is made once."""

    def __init__(self, namespaces: Namespaces) -> None:
        self._prefixes = sorted(
            ((prefix, namespaces.prefixes[prefix]) for prefix in _PREFIXES), key=lambda item: -len(item[1])
        )
        self._said = cache(self._what_is_said)
        self._along = cache(lambda path: _pair("sh:resultPath", self._path(path)))
        self._term = cache(self._written)  # the value is often the focus node
        self._focus = cache(lambda node: _BEGIN + _pair("sh:focusNode", self._term(node)))
        self._value = cache(lambda node: _pair("sh:value", self._term(node)))

    def write(self, results: Iterable[RawResult]) -> Iterator[str]:
        """Write results of shapes."""
        before: Sequence[object] = []
        said = ""
        for focus, path, value, *alike in results:
            if alike != before:  # results of one constraint follow each other
                before, said = alike, f"{self._said(*alike)} ]"
            along = "" if path is None else self._along(path)
            having = "" if value is None else self._value(value)
            yield f"{self._focus(focus)}{along}{having}{said}"

    def write_own(self, one: Result) -> str:
        """Write a result that no shape brought about."""
        focus = iri(one.focus) if looks_like_iri(one.focus) else literal_node(one.focus)
        message = literal_node(f"{one.rule}: {one.message}", language="en")
        pairs = (
            ("sh:focusNode", self._term(focus)),
            ("sh:resultSeverity", self._term(iri(f"{SH}{one.severity}"))),
            ("sh:sourceConstraintComponent", f"<urn:{one.component}>"),
            ("sh:resultMessage", self._term(message)),
        )
        return _BEGIN + "".join(_pair(name, value) for name, value in pairs) + " ]"

    def _what_is_said(self, severity: str, component: str, shape: Node, messages: tuple[Node, ...]) -> str:
        nodes = (
            ("sh:resultSeverity", iri(severity)), ("sh:sourceConstraintComponent", iri(component)),
            ("sh:sourceShape", shape), *(("sh:resultMessage", message) for message in messages),
        )  # fmt: skip
        return "".join(_pair(name, self._term(node)) for name, node in nodes)

    def _written(self, node: Node) -> str:
        if is_iri(node):
            text = text_of(node)
            compact = compact_by(self._prefixes, text)
            return node if compact is text else compact
        if is_blank(node) or not node.endswith(">"):
            return node
        start = node.rindex("^^") + 2
        return node[:start] + self._term(node[start:])

    def _path(self, path: Path) -> str:
        if isinstance(path, Predicate):
            return self._term(path.node)
        if isinstance(path, SequencePath):
            return "( " + " ".join(map(self._path, path.paths)) + " )"
        if isinstance(path, Alternative):
            return "[ sh:alternativePath ( " + " ".join(map(self._path, path.paths)) + " ) ]"
        name = "sh:inversePath" if isinstance(path, Inverse) else _REPEATED[path.times]
        return f"[ {name} {self._path(path.path)} ]"


def _pair(name: str, value: str) -> str:
    return f" ;\n            {name} {value}"
