"""The lexical forms of the XSD datatypes, and the values of literals where an order is defined.

Engines do not agree on which literals are ill-formed; this table follows the productions of XML Schema 1.1 Part 2
(https://www.w3.org/TR/xmlschema11-2/), without white space around a form, as RDF 1.1 reads them. The patterns are
kept to what Python's ``re`` and the regular expressions of SPARQL stores read alike: no look-ahead, no shorthands.
"""

from __future__ import annotations

import re
from decimal import Decimal
from functools import cache, lru_cache
from typing import NamedTuple

from qe_kg.namespaces import XSD
from qe_kg.shacl.nodes import LANG_STRING, Node, is_literal, literal_node, literal_parts

_D2 = "[0-9][0-9]"
_YEAR = "-?([1-9][0-9]{3,}|0[0-9]{3})"
_MONTH, _DAY = "(0[1-9]|1[0-2])", "(0[1-9]|[12][0-9]|3[01])"
_ZONE = "(Z|[+-]((0[0-9]|1[0-3]):[0-5][0-9]|14:00))?"
_MONTH_DAY = "((0[1-9]|1[0-2])-(0[1-9]|1[0-9]|2[0-8])|(0[13-9]|1[0-2])-(29|30)|(0[13578]|1[02])-31)"
_LEAP = "-?([1-9][0-9]+|0[0-9])(0[48]|[2468][048]|[13579][26])"
_LEAP_CENTURY = "-?([1-9][0-9]*[02468][048]|[1-9][0-9]*[13579][26]|0[48]|[2468][048]|[13579][26]|00)00"
_DATE = f"({_YEAR}-{_MONTH_DAY}|({_LEAP}|{_LEAP_CENTURY})-02-29)"
_TIME = r"(([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9](\.[0-9]+)?|24:00:00(\.0+)?)"
_DAYS = r"([0-9]+D(T_)?|T_)".replace(
    "T_", r"T([0-9]+H([0-9]+M)?([0-9]+(\.[0-9]+)?S)?|[0-9]+M([0-9]+(\.[0-9]+)?S)?|[0-9]+(\.[0-9]+)?S)"
)
_MONTHS = "([0-9]+Y([0-9]+M)?|[0-9]+M)"
_INTEGER = "[+-]?[0-9]+"
_FLOAT = r"([+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?|[+-]?INF|NaN)"
_NAME = (
    "[:A-Z_a-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u02ff\u0370-\u037d\u037f-\u1fff\u200c-\u200d\u2070-\u218f"
    "\u2c00-\u2fef\u3001-\ud7ff\uf900-\ufdcf\ufdf0-\ufffd\U00010000-\U000effff]"
)
_NAME_CHAR = f"{_NAME[:-1]}0-9.\u00b7\u0300-\u036f\u203f-\u2040-]"
_BASE64 = "[A-Za-z0-9+/]"

#: The pattern of the lexical space of each datatype, to be matched as a whole; a missing one takes any text.
PATTERNS: dict[str, str] = {
    "boolean": "(true|false|1|0)",
    "decimal": r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)",
    "integer": _INTEGER,
    "nonNegativeInteger": r"(\+?[0-9]+|-0+)",
    "positiveInteger": r"\+?0*[1-9][0-9]*",
    "nonPositiveInteger": r"(-[0-9]+|\+?0+)",
    "negativeInteger": "-0*[1-9][0-9]*",
    **dict.fromkeys(("long", "int", "short", "byte"), _INTEGER),
    **dict.fromkeys(("unsignedLong", "unsignedInt", "unsignedShort", "unsignedByte"), r"(\+?[0-9]+|-0+)"),
    "double": _FLOAT,
    "float": _FLOAT,
    "date": _DATE + _ZONE,
    "time": _TIME + _ZONE,
    "dateTime": f"{_DATE}T{_TIME}{_ZONE}",
    "dateTimeStamp": f"{_DATE}T{_TIME}{_ZONE[:-1]}",
    "gYear": _YEAR + _ZONE,
    "gYearMonth": f"{_YEAR}-{_MONTH}{_ZONE}",
    "gMonth": f"--{_MONTH}{_ZONE}",
    "gMonthDay": f"--({_MONTH_DAY}|02-29){_ZONE}",
    "gDay": f"---{_DAY}{_ZONE}",
    "duration": f"-?P({_MONTHS}{_DAYS}?|{_DAYS})",
    "yearMonthDuration": f"-?P{_MONTHS}",
    "dayTimeDuration": f"-?P{_DAYS}",
    "hexBinary": "([0-9A-Fa-f]{2})*",
    "base64Binary": (
        f"(({_BASE64} ?){{4}})*(({_BASE64} ?){{3}}{_BASE64}|({_BASE64} ?){{2}}[AEIMQUYcgkosw048] ?=|"
        f"{_BASE64} ?[AQgw] ?= ?=)?"
    ),
    "language": "[a-zA-Z]{1,8}(-[a-zA-Z0-9]{1,8})*",
    "normalizedString": r"[^\t\n\r]*",
    "token": r"([^\t\n\r ]+( [^\t\n\r ]+)*)?",
    "Name": f"{_NAME}{_NAME_CHAR}*",
    "NCName": f"{_NAME.replace(':', '', 1)}({_NAME_CHAR.replace(':', '', 1)})*",
    "NMTOKEN": f"{_NAME_CHAR}+",
    "anyURI": r"""([^\x00-\x20<>"{}|\\^`%]|%[0-9A-Fa-f]{2})*""",
}  # fmt: skip

#: The least and the greatest value where a datatype has them.
RANGES: dict[str, tuple[int, int]] = {
    "long": (-(2**63), 2**63 - 1),
    "int": (-(2**31), 2**31 - 1),
    "short": (-(2**15), 2**15 - 1),
    "byte": (-128, 127),
    "unsignedLong": (0, 2**64 - 1),
    "unsignedInt": (0, 2**32 - 1),
    "unsignedShort": (0, 2**16 - 1),
    "unsignedByte": (0, 255),
}
#: Datatypes other than numbers whose values are compared.
ORDERED = (
    "string", "boolean", "dateTime", "dateTimeStamp", "date", "time", "gYear", "gYearMonth", "yearMonthDuration",
    "dayTimeDuration",
)  # fmt: skip
_RANGES = {f"{XSD}{name}": limits for name, limits in RANGES.items()}
#: Datatypes derived from xsd:decimal by way of xsd:integer.
INTEGERS = frozenset(
    f"{XSD}{name}"
    for name in ("integer", "nonNegativeInteger", "positiveInteger", "nonPositiveInteger", "negativeInteger", *RANGES)
)


@cache
def _compiled(datatype: str) -> re.Pattern[str] | None:
    pattern = PATTERNS.get(datatype.removeprefix(XSD)) if datatype.startswith(XSD) else None
    return None if pattern is None else re.compile(pattern)


@lru_cache(maxsize=1 << 16)
def is_well_formed(node: Node) -> bool:
    """Tell whether a literal's lexical form is in the lexical space of its datatype; unknown datatypes take any."""
    lexical, datatype, language = literal_parts(node)
    if datatype == LANG_STRING:
        return bool(language)
    pattern = _compiled(datatype)
    if pattern is None:
        return True
    if pattern.fullmatch(lexical) is None:
        return False
    limits = _RANGES.get(datatype)
    return limits is None or limits[0] <= int(lexical) <= limits[1]


def lexical_test(variable: str, datatype: str) -> str | None:
    """Write in SPARQL that a literal's lexical form is in the lexical space of a datatype; None where any form is."""
    name = datatype.removeprefix(XSD)
    pattern = PATTERNS.get(name) if datatype.startswith(XSD) else None
    if pattern is None:
        return f'LANG({variable}) != ""' if datatype == LANG_STRING else None
    test = f"REGEX(STR({variable}), {literal_node(f'^{pattern}$')})"
    if name in RANGES:
        least, greatest = RANGES[name]
        number = f"<{XSD}decimal>(STR({variable}))"
        test += f" && {number} >= {least}.0 && {number} <= {greatest}.0"
    return test


def order_test(variable: str) -> str:
    """Write in SPARQL that a node has a value within an order; stores also order what SPARQL 1.1 gives no order to."""
    listed = ", ".join(f"<{XSD}{name}>" for name in ORDERED)
    return f"(isNumeric({variable}) || DATATYPE({variable}) IN ({listed}))"


class Moment(NamedTuple):
    """A point of time as exact seconds; ``zoned`` tells whether it is counted in UTC or in nobody knows which zone."""

    kind: str
    seconds: Decimal
    zoned: bool


class Amount(NamedTuple):
    """A value of a kind within which values are ordered."""

    kind: str
    value: Decimal | float | str | bool


_ZONED = re.compile(r"(.*?)(Z|[+-][0-9]{2}:[0-9]{2})?", re.DOTALL)
_DURATION = re.compile(r"(-?)P(?:(\d+)Y)?(?:(\d+)M)?(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:([\d.]+)S)?)?")
_UNCERTAIN = Decimal(14 * 3600)  # a zone is at most 14 hours from UTC


@lru_cache(maxsize=1 << 16)
def value_of(node: Node) -> Amount | Moment | None:
    """Return the value of a literal that can be compared; None for all else, ill-formed literals included."""
    if not is_literal(node) or not is_well_formed(node):
        return None
    lexical, datatype, _ = literal_parts(node)
    name = datatype.removeprefix(XSD)
    if datatype in INTEGERS or name == "decimal":
        return Amount("number", Decimal(lexical))
    if name in ("double", "float"):
        return Amount("number", float(lexical.replace("INF", "inf")))
    if name == "string":
        return Amount("string", lexical)
    if name == "boolean":
        return Amount("boolean", lexical in ("true", "1"))
    if name in ("dateTime", "dateTimeStamp", "date", "time", "gYear", "gYearMonth"):
        return _moment("dateTime" if name == "dateTimeStamp" else name, lexical)
    return _duration(name, lexical) if name.endswith("uration") else None


def _moment(kind: str, lexical: str) -> Moment:
    match = _ZONED.fullmatch(lexical)
    assert match
    local, zone = match[1], match[2]
    sign = -1 if local.startswith("-") else 1
    date, _, time = local.lstrip("-").partition("T") if kind != "time" else ("1972-12-31", "", local)
    fields = [int(part) for part in date.split("-")] + [1, 1]
    seconds = Decimal(_day_number(sign * fields[0], fields[1], fields[2]) * 86400)
    if time:
        hours, minutes, rest = time.split(":")
        seconds += int(hours) * 3600 + int(minutes) * 60 + Decimal(rest)
    if zone and zone != "Z":
        offset = int(zone[1:3]) * 3600 + int(zone[4:6]) * 60
        seconds -= offset if zone[0] == "+" else -offset
    return Moment(kind, seconds, zone is not None)


def _day_number(year: int, month: int, day: int) -> int:
    """Count days of the proleptic Gregorian calendar; any year, 0 included."""
    year -= month <= 2
    era, of_era = divmod(year, 400)
    of_year = (153 * (month + (-3 if month > 2 else 9)) + 2) // 5 + day - 1
    return era * 146097 + of_era * 365 + of_era // 4 - of_era // 100 + of_year


def _duration(name: str, lexical: str) -> Amount | None:
    match = _DURATION.fullmatch(lexical)
    assert match
    sign = -1 if match[1] else 1
    years, months, days, hours, minutes, seconds = (Decimal(part or 0) for part in match.groups()[1:])
    if name == "yearMonthDuration":
        return Amount(name, sign * (years * 12 + months))
    if name == "dayTimeDuration":
        return Amount(name, sign * (((days * 24 + hours) * 60 + minutes) * 60 + seconds))
    return None  # a month has no fixed number of days


def is_less(first: Node, second: Node, or_equal: bool) -> bool | None:
    """Compare two literals as SPARQL's ``<`` and ``<=`` do; None where they cannot be compared."""
    one, two = value_of(first), value_of(second)
    if one is None or two is None or one.kind != two.kind:
        return None
    if isinstance(one, Moment) and isinstance(two, Moment):
        return _is_before(one, two, or_equal)
    assert isinstance(one, Amount) and isinstance(two, Amount)
    left, right = one.value, two.value
    if isinstance(left, float) or isinstance(right, float):  # decimals are promoted
        left, right = float(left), float(right)
    return bool(left <= right if or_equal else left < right)  # type: ignore[operator]


def _is_before(one: Moment, two: Moment, or_equal: bool) -> bool | None:
    if one.zoned == two.zoned:
        return one.seconds <= two.seconds if or_equal else one.seconds < two.seconds
    # Without a zone, a time is somewhere within 14 hours before and after.
    distance = two.seconds - one.seconds
    if abs(distance) <= _UNCERTAIN:
        return None
    return distance > 0
