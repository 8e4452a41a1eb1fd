"""Which literals a product alters when it stores them, and into what: found out by round trips, tested by them.

Stores that keep a number as a number give another text for it: ``"1.50"^^xsd:decimal`` comes back as ``"1.5"``, and
Virtuoso's durations come back as counts of seconds. What is not known to be altered here has to come back as it went.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import NamedTuple

import pyoxigraph as ox

from qe_kg.namespaces import XSD
from qe_kg.store.canonical import CanonicalGraph, canonical_text

_TYPED = re.compile(rb'("(?:[^"\\]|\\.)*+"\^\^<[^>]+>) \.\Z')
_PARTS = re.compile(r'"(.*)"\^\^<([^>]+)>\Z', re.DOTALL)
_INTEGER = re.compile(r"\s*([+-]?)0*(\d+)\s*\Z")
_DECIMAL = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)\Z")
_FLOAT = re.compile(r"[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?\Z")
_FRACTION = re.compile(r"(.*T?\d\d:\d\d:\d\d)(?:\.(\d+?)0*)?((?:Z|[+-]\d\d:\d\d)?)\Z")
_INTEGERS = (
    "integer", "int", "long", "short", "byte", "nonNegativeInteger", "positiveInteger", "nonPositiveInteger",
    "negativeInteger", "unsignedInt", "unsignedLong", "unsignedShort", "unsignedByte",
)  # fmt: skip
_WKT = "http://www.opengis.net/ont/geosparql#wktLiteral"


class Altered(NamedTuple):
    """A literal, as N-Triples, and what the product makes of it; None where only that it is altered is known."""

    before: str
    after: str | None


@dataclass(frozen=True)
class Foretold:
    """What a store should hold of a graph.

    Attributes:
        graph: what should come back; literals whose altered form is not known stand in it as they were.
        altered: the literals that are altered, sorted.
        loose: lines of ``graph`` whose value comes back otherwise, in a form that nobody can tell, or not at all.

    """

    graph: CanonicalGraph
    altered: tuple[Altered, ...] = ()
    loose: frozenset[bytes] = frozenset()

    def fits(self, found: CanonicalGraph) -> bool:
        """Tell whether what came back is what was foretold."""
        if not self.loose:
            return found.hash == self.graph.hash
        firm = set(self.graph.lines) - self.loose
        rest = set(found.lines) - firm
        places = {_place(line) for line in self.loose}
        given = {_place(line) for line in rest}
        return firm <= set(found.lines) and given == places and len(rest) <= len(self.loose)


def foretell(product: str, graph: CanonicalGraph) -> Foretold:
    """Tell what a product will give back of a graph."""
    if product not in _RULES:
        return Foretold(graph)
    typed = {line: found[1] for line in graph.lines if b'"^^<' in line and (found := _TYPED.search(line))}
    by_literal: dict[str, list[bytes]] = {}
    for line, literal in typed.items():
        by_literal.setdefault(literal.decode(), []).append(line)
    changes = _RULES[product](by_literal)
    collapsed = _collapsed(typed) if product == "virtuoso" else set()
    if not changes and not collapsed:
        return Foretold(graph)
    lines, loose = set(graph.lines), set(collapsed)
    for before, after in changes.items():
        for line in by_literal[before]:
            if after is None or line in collapsed:
                loose.add(line)
            else:
                lines.discard(line)
                lines.add(line[: -len(before.encode()) - 2] + after.encode() + b" .")
    # Blank nodes are named by what is said about them, so their names may now be others.
    text = b"\n".join(sorted(lines)) + b"\n"
    stored = canonical_text(text) if graph.has_blank_nodes else CanonicalGraph(tuple(sorted(lines)))
    altered = {Altered(before, after) for before, after in changes.items()}
    altered |= {Altered(typed[line].decode(), None) for line in collapsed if typed[line].decode() not in changes}
    return Foretold(stored, tuple(sorted(altered, key=lambda one: one.before)), frozenset(loose))


def _place(line: bytes) -> bytes:
    """Return subject and predicate of a line."""
    subject, predicate, _ = line.split(b" ", 2)
    return subject + b" " + predicate


def _oxigraph(literals: Iterable[str]) -> dict[str, str | None]:
    """Ask Oxigraph itself: its server and its library are one code."""
    asked = sorted(literals)
    text = "".join(f"<urn:n:{number}> <urn:p> {one} .\n" for number, one in enumerate(asked))
    store = ox.Store()
    store.bulk_load(text.encode(), format=ox.RdfFormat.N_TRIPLES)
    lines = (ox.serialize((quad.triple for quad in store), format=ox.RdfFormat.N_TRIPLES) or b"").decode()
    found: dict[str, str | None] = {}
    for line in lines.splitlines():
        subject, _, literal = line.split(" ", 2)
        before, after = asked[int(subject[len("<urn:n:") : -1])], literal.removesuffix(" .")
        if before != after:
            found[before] = after
    return found


def _by(rule: Callable[[str, str], str | None]) -> Callable[[Iterable[str]], dict[str, str | None]]:
    """Turn a rule for lexical form and datatype into one for literals; "" stands for a form that is not known."""

    def apply(literals: Iterable[str]) -> dict[str, str | None]:
        found: dict[str, str | None] = {}
        for one in literals:
            parts = _PARTS.match(one)
            if parts is None:
                continue
            after = rule(parts[1], parts[2])
            if after == "":
                found[one] = None
            elif after is not None and after != parts[1]:
                found[one] = f'"{after}"^^<{parts[2]}>'
        return found

    return apply


def _fuseki(text: str, datatype: str) -> str | None:
    """Jena's TDB2 keeps values that fit into 56 bits as values."""
    kind = datatype.removeprefix(XSD) if datatype.startswith(XSD) else ""
    if kind in _INTEGERS and (whole := _INTEGER.match(text)):
        value = int(whole[1] + whole[2])
        return str(value) if abs(value) < 1 << 55 else None
    if kind == "decimal" and _DECIMAL.match(text):
        number = Decimal(text)
        is_kept = abs(int("".join(map(str, number.as_tuple().digits)))) < 1 << 47
        return _plain_decimal(number, whole="{}.0") if is_kept else None
    if kind == "double" and _FLOAT.match(text):
        return _java_double(float(text), exponent=True)
    if kind == "float" and _FLOAT.match(text):
        return _java_double(float(text), exponent=False)
    if kind == "boolean" and text in ("0", "1"):
        return ("false", "true")[int(text)]
    if kind == "dateTime" and (parts := _FRACTION.match(text)):
        # Thousandths are kept with the value; what is finer is kept as text.
        return None if parts[2] and len(parts[2]) > 3 else _short_fraction(parts)
    return None


def _virtuoso(text: str, datatype: str) -> str | None:
    """Virtuoso keeps numbers, times and durations as SQL has them; durations become counts of seconds."""
    kind = datatype.removeprefix(XSD) if datatype.startswith(XSD) else ""
    if kind in _INTEGERS:
        whole = _INTEGER.match(text)
        if whole is None or abs(int(whole[1] + whole[2])) >= 10**15:
            return ""
        return str(int(whole[1] + whole[2]))
    if kind == "decimal":
        number = Decimal(text) if _DECIMAL.match(text) else None
        return "" if number is None or len(number.as_tuple().digits) > 15 else _plain_decimal(number, whole="{}")
    if kind == "boolean" and text in ("0", "1"):
        return ("false", "true")[int(text)]
    if kind == "date":
        return None if re.fullmatch(r"\d{4}-\d\d-\d\d(?:Z|[+-]\d\d:\d\d)?", text) else ""
    if kind == "dateTime":
        return None if re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:Z|[+-](?!00:00)\d\d:\d\d)?", text) else ""
    if kind == "time":
        return None if re.fullmatch(r"\d\d:\d\d:\d\d(?:Z)?", text) else ""
    if kind in ("double", "float"):
        return None if re.fullmatch(r"-?(?=[\d.]{3,6}\Z)(?:0|[1-9]\d*)\.\d*[1-9]|INF|NaN", text) else ""
    return "" if "uration" in kind or datatype == _WKT else None


def _plain_decimal(value: Decimal, whole: str) -> str:
    plain = f"{value:f}"
    if "." in plain:
        plain = plain.rstrip("0").rstrip(".")
    plain = "0" if plain in ("-0", "") else plain
    return plain if "." in plain else whole.format(plain)


def _java_double(value: float, *, exponent: bool) -> str:
    """Write a number as Java does: the shortest digits, an exponent below 10⁻³ and from 10⁷ on."""
    if value in (float("inf"), float("-inf")):
        return "INF" if value > 0 else "-INF"
    mantissa, _, power = f"{value!r}".partition("e")
    if value != 0 and not 1e-3 <= abs(value) < 1e7:
        digits = Decimal(repr(value))
        order = digits.adjusted()
        mantissa, power = _plain_decimal(digits.scaleb(-order), whole="{}.0"), str(order)
    elif power:
        mantissa, power = _plain_decimal(Decimal(repr(value)), whole="{}.0"), ""
    if power:
        return f"{mantissa}E{power}"
    return f"{mantissa}e0" if exponent else mantissa


def _short_fraction(parts: re.Match[str]) -> str:
    zone = "+00:00" if parts[3] == "-00:00" else parts[3]
    return parts[1] + (f".{parts[2]}" if parts[2] and parts[2].strip("0") else "") + zone


def _collapsed(typed: Mapping[bytes, bytes]) -> set[bytes]:
    """Return the lines of which Virtuoso keeps one where several have equal values: 1, 1.0 and true."""
    found: dict[tuple[bytes, Decimal], list[bytes]] = {}
    for line, literal in typed.items():
        parts = _PARTS.match(literal.decode())
        if parts is None or not parts[2].startswith(XSD):
            continue
        text = {"true": "1", "false": "0"}.get(parts[1], parts[1]).strip()
        if _FLOAT.match(text):
            found.setdefault((_place(line), Decimal(text)), []).append(line)
    return {line for lines in found.values() if len(lines) > 1 for line in lines}


_RULES: dict[str, Callable[[Iterable[str]], dict[str, str | None]]] = {
    "oxigraph": _oxigraph,
    "fuseki": _by(_fuseki),
    "virtuoso": _by(_virtuoso),
}
