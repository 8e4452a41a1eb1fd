"""SPARQL as text: tokens, a guard for queries that must not run, and safe parameters.

A parameter is a variable that is replaced, token by token, by a typed term in its N-Triples form. Text that a
user gives never becomes query text. (Joining with ``VALUES`` would not reach into sub-selects and filters of
nested groups, so it is not used.)
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import NamedTuple

from qe_kg.errors import ParameterError, QueryError
from qe_kg.terms import Term

MAX_LENGTH = 64 * 1024
MAX_DEPTH = 200

_TOKEN = re.compile(
    r"""
    (?P<space>\s+)
  | (?P<comment>\#[^\n\r]*)
  | (?P<iri><[^<>"{}|^`\\\x00-\x20]*>)
  | (?P<string>\"\"\"(?:(?:\"|\"\")?(?:[^"\\]|\\.))*\"\"\" | '''(?:(?:'|'')?(?:[^'\\]|\\.))*'''
      | "(?:[^"\\\n\r]|\\.)*" | '(?:[^'\\\n\r]|\\.)*')
  | (?P<variable>[?$]\w+)
  | (?P<name>(?:(?<![\w.-])[^\W\d_](?>[\w.-]*))?:(?:[\w.:-]|%[0-9A-Fa-f]{2}|\\.)*(?<!\.))
  | (?P<word>[^\W\d]\w*)
  | (?P<open>[({\[])
  | (?P<close>[)}\]])
  | (?P<other>.)
    """,
    re.VERBOSE | re.DOTALL,
)
_NESTING_OPERATORS = frozenset("!-+^")
_CODE_POINT = re.compile(r"(?<!\\)((?:\\\\)*)\\(?:u([0-9A-Fa-f]{4})|U([0-9A-Fa-f]{8}))")


class Token(NamedTuple):
    """One token: its kind (a group name of the grammar above), its text, its offset."""

    kind: str
    text: str
    start: int


def tokens(query: str) -> Iterator[Token]:
    """Yield all tokens of a query, space and comments included; joined, they are the query."""
    for match in _TOKEN.finditer(query):
        yield Token(match.lastgroup or "other", match[0], match.start())


def _readings(query: str) -> Iterator[Token]:
    """Yield the tokens of a query, and those that it has for a store that puts code points in before it parses.

    The specification has it so for a backslash, u and four digits: a quotation mark that is written thus ends a string
    there and does not here.
    """
    yield from tokens(query)
    if _CODE_POINT.search(query):
        yield from tokens(_CODE_POINT.sub(_code_point, query))


def _code_point(escape: re.Match[str]) -> str:
    code = int(escape[2] or escape[3], 16)
    return escape[1] + (chr(code) if code < 0x110000 else "")


def refuse_network(query: str) -> None:
    """Refuse a query or an update that fetches from the network: SERVICE and LOAD.

    Raises:
        QueryError: it does.

    """
    for token in _readings(query):
        # The native parser needs no space around keywords: SERVICESILENT<…>, SERVICE:x and 1e5SERVICE are calls too.
        if token.kind in ("word", "name"):
            word = token.text.partition(":")[0].upper()
            if "SERVICE" in word:
                raise QueryError("SERVICE is not allowed: a query may not fetch from the network")
            if word in ("LOAD", "LOADSILENT"):
                raise QueryError("LOAD is not allowed: a query may not fetch from the network")


def refuse_graphs(query: str) -> None:
    """Refuse a query that names the graphs it asks: some stores fetch them from the network.

    It is for queries that the user did not write; whoever writes FROM in a query of their own names the graph.

    Raises:
        QueryError: it has a FROM clause.

    """
    if any(token.kind == "word" and token.text.upper() == "FROM" for token in _readings(query)):
        raise QueryError("FROM is not allowed in it: some stores fetch the graph from the network")


def check_allowed(query: str) -> None:
    """Refuse a query that could reach the network or exhaust the native parser's stack.

    Raises:
        QueryError: it is too long, nests too deeply or uses SERVICE.

    """
    if len(query) > MAX_LENGTH:
        raise QueryError(f"the query has {len(query):,} characters; {MAX_LENGTH:,} are allowed")
    refuse_network(query)
    depth = operators = 0
    for token in tokens(query):
        hidden = 0
        if token.kind == "open":
            depth += 1
        elif token.kind == "close":
            depth -= 1
        elif token.kind == "iri" and "(" in token.text:
            hidden = token.text.count("(")  # "?a<((1" may be read as a comparison
        if token.kind not in ("space", "comment"):
            operators = operators + 1 if token.text in _NESTING_OPERATORS else 0
        if depth + hidden > MAX_DEPTH or operators > MAX_DEPTH:
            raise QueryError(f"the query nests more than {MAX_DEPTH} levels deep")


def is_query(text: str) -> bool:
    """Tell whether a text is a SPARQL query rather than a name: whether it holds one of the query forms."""
    words = {token.text.upper() for token in tokens(text) if token.kind == "word"}
    return "{" in text or ("DESCRIBE" in words and len(text.split()) > 1)


def variables(query: str) -> set[str]:
    """Return the names of all variables of a query."""
    return {token.text[1:] for token in tokens(query) if token.kind == "variable"}


def bind(query: str, values: Mapping[str, Term]) -> str:
    """Replace variables by terms.

    Raises:
        ParameterError: a parameter is no variable of the query, or stands where only a variable may stand.

    """
    unknown = sorted(set(values) - variables(query))
    if unknown:
        raise ParameterError(f"the query has no variable ?{unknown[0]}")
    result: list[str] = []
    fixed = _must_stay_variable(query)
    for token in tokens(query):
        name = token.text[1:] if token.kind == "variable" else ""
        if name in values:
            if token.start in fixed:
                raise ParameterError(
                    f"?{name} cannot be a parameter: it is in the SELECT clause or a solution modifier; "
                    "leave it out there, or filter by another variable"
                )
            result.append(values[name].n3())
        else:
            result.append(token.text)
    return "".join(result)


def _must_stay_variable(query: str) -> set[int]:
    """Offsets of variables that a term cannot replace: projections, solution modifiers, AS, BOUND, VALUES."""
    fixed: set[int] = set()
    outer: set[int] = set()
    depth, has_group, previous, previous_two = 0, False, "", ("", "")
    clause: int | None = None  # depth of the SELECT, GROUP or VALUES clause that we are in
    for token in tokens(query):
        if token.kind in ("space", "comment"):
            continue
        word = token.text.upper() if token.kind == "word" else ""
        if token.text == "{":
            if previous != "VALUES":
                has_group = True
            depth, clause = depth + 1, None
        elif token.text == "}":
            depth -= 1
        elif word in ("SELECT", "GROUP", "ORDER", "VALUES"):
            clause = depth
        elif word in ("WHERE", "FROM"):
            clause = None
        elif token.kind == "variable":
            if depth == 0:
                outer.add(token.start)
            elif clause == depth or previous == "AS" or previous_two == ("BOUND", "("):
                fixed.add(token.start)
        previous_two = (previous, token.text)
        previous = word or token.text
    return fixed | outer if has_group else fixed
