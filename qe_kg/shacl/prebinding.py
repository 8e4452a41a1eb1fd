"""Pre-binding of variables in the queries of SPARQL-based constraints (https://www.w3.org/TR/shacl/#pre-binding)."""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field

from qe_kg.errors import QueryError
from qe_kg.sparql_text import Token, check_allowed, refuse_graphs, tokens

_FORBIDDEN = {
    "MINUS": "MINUS is not allowed where variables are bound beforehand",
    "VALUES": "VALUES is not allowed where variables are bound beforehand",
}
_ALWAYS = frozenset({"currentShape", "shapesGraph"})  # which a sub-select need not project
_PATH = re.compile(r"[$?]PATH(?!\w)")


def checked(query: str, bound: Iterable[str]) -> str:
    """Return a query if SHACL allows it where some variables are bound beforehand.

    Raises:
        QueryError: it uses MINUS, VALUES, SERVICE or FROM, binds such a variable anew, has a sub-select that does not
            project one, or is longer or deeper than is safe.

    """
    check_allowed(query)
    refuse_graphs(query)
    names = frozenset(bound)
    significant = [one for one in tokens(query) if one.kind not in ("space", "comment")]
    for before, token in zip((None, *significant), significant, strict=False):
        word = token.text.upper() if token.kind == "word" else ""
        if word in _FORBIDDEN:
            raise QueryError(_FORBIDDEN[word])
        is_new = before is not None and before.text.upper() == "AS" and token.text[:1] in "?$"
        if is_new and token.text[1:] in names | _ALWAYS:
            raise QueryError(f"AS {token.text}: the variable is bound beforehand and cannot be bound again")
    _check_subselects(significant, names)
    return query


def _check_subselects(significant: list[Token], names: frozenset[str]) -> None:
    """Require that each sub-select projects the variables that SHACL binds wherever they may be used."""
    seen_first = False
    for number, token in enumerate(significant):
        if token.kind != "word" or token.text.upper() != "SELECT":
            continue
        if not seen_first:
            seen_first = significant[0].text != "{" and not any(one.text == "{" for one in significant[:number])
            if seen_first:
                continue
        projected = set()
        for one in significant[number + 1 :]:
            if one.text == "{" or one.text.upper() == "WHERE":
                break
            if one.kind == "variable":
                projected.add(one.text[1:])
        missing = sorted(names - projected)
        if missing:
            raise QueryError(f"a sub-select must project ${missing[0]}, which is bound beforehand")


def with_path(query: str, path: str) -> str:
    """Put a property path in the place of ``$PATH``."""
    return _PATH.sub(lambda _: path, query)


_ACROSS = frozenset(
    ["GROUP", "HAVING", "LIMIT", "OFFSET", "COUNT", "SUM", "MIN", "MAX", "AVG", "SAMPLE", "GROUP_CONCAT"]
)  # what counts or cuts, so that one focus node's answer would depend on another's


def is_batchable(query: str) -> bool:
    """Tell whether several values may be bound at once without one's answer depending on another's."""
    return not any(token.kind == "word" and token.text.upper() in _ACROSS for token in tokens(query))


@dataclass
class _Group:
    """An open group: where its pattern will go, and how it uses the variables."""

    at: int
    used: set[str] = field(default_factory=set)
    in_triples: set[str] = field(default_factory=set)
    in_expressions: set[str] = field(default_factory=set)
    parentheses: int = 0
    is_select: bool = False


def bind_everywhere(query: str, patterns: Mapping[str, str], *, sparingly: bool = False) -> str:
    """Bind variables beforehand: in each group that uses one, put a pattern that binds it at the beginning.

    A value that is bound in the outermost group only would not be seen within nested groups, which SPARQL
    evaluates by themselves; a value that is bound in each of them is, and the groups then join on it.

    Args:
        query: the query; none of the variables is bound by it.
        patterns: for each variable's name the graph pattern that binds it.
        sparingly: leave out nested groups in which triple patterns bind the variable to what the outermost group
            will join with. The same answers, fewer evaluations of an expensive pattern.

    """
    parts: list[str] = []
    outside = _Group(0)
    stack = [outside]
    for token in tokens(query):
        group = stack[-1]
        if token.text == "{":
            parts += ["{", ""]
            stack.append(_Group(len(parts) - 1))
            continue
        if token.text == "}" and len(stack) > 1:
            stack.pop()
            outermost = len(stack) == 1
            wanted = group.used | (outside.used if outermost else set())
            if sparingly and not outermost:
                wanted &= group.in_expressions - group.in_triples
            if not group.is_select:  # a sub-select has a group of its own, and projects what that binds
                parts[group.at] = "".join(f" {patterns[name]} " for name in sorted(wanted))
            stack[-1].used |= group.used
        elif token.text in "()":
            group.parentheses += 1 if token.text == "(" else -1
        elif token.kind == "variable" and token.text[1:] in patterns:
            group.used.add(token.text[1:])
            (group.in_expressions if group.parentheses else group.in_triples).add(token.text[1:])
        elif token.kind == "word" and token.text.upper() == "SELECT" and len(stack) > 1:
            group.is_select = True
        parts.append(token.text)
    return "".join(parts)
