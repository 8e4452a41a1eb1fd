"""A SELECT as text, taken apart so that it can be asked for page by page, and counted."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from itertools import pairwise

from qe_kg.errors import QueryError
from qe_kg.sparql_text import Token, tokens


@dataclass(frozen=True)
class SelectText:
    """The parts of a SELECT: what it declares, the graphs that it names, and the rest.

    Attributes:
        query: the whole query.
        prologue: BASE and PREFIX lines.
        dataset: FROM and FROM NAMED clauses.
        body: everything else, from SELECT on.
        is_ordered: whether the rows come in an order.
        is_open: whether LIMIT may be put behind it: it has no LIMIT, OFFSET or VALUES of its own.

    """

    query: str
    prologue: str
    dataset: str
    body: str
    is_ordered: bool
    is_open: bool

    @classmethod
    def read(cls, query: str) -> SelectText:
        """Take a query apart.

        Raises:
            QueryError: it is no SELECT.

        """
        found = list(_outer(query))
        words = [(token.text.upper() if token.kind == "word" else "", token) for token in found]
        start = next((token.start for word, token in words if word == "SELECT"), None)
        if start is None:
            raise QueryError("a SELECT query was expected")
        body, behind = query[start:], {word for word, _ in words}
        dataset: list[str] = []
        for number in range(len(words) - 1, -1, -1):
            if words[number][0] == "FROM":
                is_named = words[number + 1][0] == "NAMED"
                last = found[number + (2 if is_named else 1)]
                first, end = found[number].start - start, last.start + len(last.text) - start
                dataset.insert(0, body[first:end])
                body = f"{body[:first]} {body[end:]}"
        is_open = not behind & {"LIMIT", "OFFSET", "VALUES"}
        return cls(query, query[:start], " ".join(dataset), body, "ORDER" in behind, is_open)

    def counted(self) -> str:
        """Return the query that counts its rows, as ?n."""
        return self._around("SELECT (COUNT(*) AS ?n)", "")

    def page(self, columns: tuple[str, ...], size: int, offset: int) -> str:
        """Return the query for a page, in an order that is the same for each page.

        Raises:
            QueryError: its own order would be lost.

        """
        names = " ".join(f"?{name}" for name in columns)
        window = f"LIMIT {size} OFFSET {offset}"
        if not self.is_ordered:
            return self._around(f"SELECT {names}", f"ORDER BY {names} {window}")
        if not self.is_open:
            raise QueryError("the query has an order and a LIMIT of its own, so it cannot be asked for page by page")
        # What its own order leaves open, the columns decide.
        return f"{self.query}\n{names}\n{window}"

    def _around(self, select: str, behind: str) -> str:
        # On lines of their own, since the query may end with a comment.
        return f"{self.prologue} {select} {self.dataset} WHERE {{ {{ {self.body}\n}} }} {behind}"


def names_graphs(query: str) -> bool:
    """Tell whether a query says itself which graphs it asks."""
    return any(token.kind == "word" and token.text.upper() == "FROM" for token in _outer(query))


def with_prefixes(query: str, prefixes: dict[str, str]) -> str:
    """Return a query with those of some prefixes declared that it uses and does not declare itself."""
    found = [token for token in tokens(query) if token.kind not in ("space", "comment")]
    used = {token.text.partition(":")[0] for token in found if token.kind == "name"}
    declared = {
        after.text.partition(":")[0]
        for token, after in pairwise(found)
        if token.kind == "word" and token.text.upper() == "PREFIX"
    }
    missing = sorted((used & set(prefixes)) - declared)  # some stores take no prefix twice
    return "".join(f"PREFIX {name}: <{prefixes[name]}> " for name in missing) + query


def with_dataset(query: str, graphs: Iterable[str], named: Iterable[str]) -> str:
    """Return a query that names the graphs it asks, as FROM and FROM NAMED clauses."""
    dataset = "".join(f"FROM <{one}>\n" for one in graphs) + "".join(f"FROM NAMED <{one}>\n" for one in named)
    depth, is_template, previous = 0, False, ""
    for token in tokens(query):
        if token.kind in ("space", "comment"):
            continue
        word = token.text.upper() if token.kind == "word" else ""
        begins = word == "WHERE" or (token.text == "{" and previous != "CONSTRUCT")
        if depth == 0 and begins and (not is_template or previous == "}"):
            return f"{query[: token.start]}\n{dataset}{query[token.start :]}"
        if token.text == "{" and previous == "CONSTRUCT":
            is_template = True
        depth += (token.kind == "open") - (token.kind == "close")
        previous = word or token.text
    return f"{query}\n{dataset}"  # a DESCRIBE without a pattern


def _outer(query: str) -> list[Token]:
    """Return the tokens outside of all brackets."""
    found, depth = [], 0
    for token in tokens(query):
        if token.kind == "close":
            depth -= 1
        elif token.kind == "open":
            depth += 1
        elif depth == 0 and token.kind not in ("space", "comment"):
            found.append(token)
    return found
