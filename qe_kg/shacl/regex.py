"""Regular expressions of XPath (which SPARQL and ``sh:pattern`` use), turned into Python's."""

from __future__ import annotations

import re
import unicodedata
from functools import lru_cache

_FLAGS = {"i": re.IGNORECASE, "m": re.MULTILINE, "s": re.DOTALL, "x": re.VERBOSE}
_NAME_START = r":A-Z_a-z\u00c0-\u00d6\u00d8-\u00f6\u00f8-\u02ff\u0370-\u037d\u037f-\u1fff\u200c\u200d\u2070-\u218f" + (
    r"\u2c00-\u2fef\u3001-\ud7ff\uf900-\ufdcf\ufdf0-\ufffd\U00010000-\U000effff"
)
_CLASSES = {"i": _NAME_START, "c": _NAME_START + r"0-9.\u00b7\u0300-\u036f\u203f\u2040\-"}


class NotXPathError(ValueError):
    """A pattern that other regular expressions have and XPath's do not."""


@lru_cache(maxsize=1024)
def to_python(pattern: str, flags: str = "") -> re.Pattern[str]:
    """Compile a pattern with the flags i, m, s, x and q of XPath.

    Raises:
        NotXPathError: it uses what only other kinds of regular expressions have.
        ValueError: it is no regular expression, or uses what Python cannot express (class subtraction).

    """
    unknown = sorted(set(flags) - {*_FLAGS, "q"})
    if unknown:
        raise ValueError(f"unknown flag {unknown[0]!r}; known are i, m, s, x, q")
    options = 0
    for flag in flags:
        options |= _FLAGS.get(flag, 0)
    if "q" in flags:
        return re.compile(re.escape(pattern), options & re.IGNORECASE)
    try:
        return re.compile(_translate(pattern, multiline="m" in flags), options)
    except (re.error, OverflowError, RecursionError) as error:
        raise ValueError(str(error)) from error


def _translate(pattern: str, multiline: bool) -> str:
    result: list[str] = []
    depth = position = 0  # depth of [...]
    while position < len(pattern):
        char = pattern[position]
        following = pattern[position + 1 : position + 2]
        position += 1
        if char == "\\":
            text, position = _escape(pattern, position, in_class=depth > 0)
            result.append(text)
        elif depth:
            if char == "[":
                raise ValueError("subtraction of character classes is not supported")
            depth -= char == "]"
            result.append(char)
        elif char == "[":
            depth = 1
            result.append(char)
            if following == "^":
                result.append("^")
                position += 1
        elif char == "$" and not multiline:
            result.append(r"\Z")  # Python's $ also matches before a last line feed
        elif char == "(" and following == "?" and pattern[position + 1 : position + 2] != ":":
            raise NotXPathError("groups of the form (?…) other than (?:…) are not in XPath")
        else:
            result.append(char)
    return "".join(result)


def _escape(pattern: str, position: int, in_class: bool) -> tuple[str, int]:
    char = pattern[position : position + 1]
    if char in ("p", "P"):
        end = pattern.find("}", position)
        if pattern[position + 1 : position + 2] != "{" or end < 0:
            raise ValueError(f"\\{char} needs a category in braces")
        members = _category(pattern[position + 2 : end])
        if in_class and char == "P":
            raise ValueError("\\P within a character class is not supported")
        return (members if in_class else f"[{'^' * (char == 'P')}{members}]"), end + 1
    if char.lower() in _CLASSES and char:
        if in_class and char.isupper():
            raise ValueError(f"\\{char} within a character class is not supported")
        members = _CLASSES[char.lower()]
        return (members if in_class else f"[{'^' * char.isupper()}{members}]"), position + 1
    if char in ("A", "Z", "b", "B"):
        raise NotXPathError(f"\\{char} is not in XPath")
    return f"\\{char}", position + 1


@lru_cache(maxsize=64)
def _category(name: str) -> str:
    """Return the characters of a Unicode category as the inside of a character class."""
    ranges: list[tuple[int, int]] = []
    for code in range(0x110000):
        if unicodedata.category(chr(code)).startswith(name):
            if ranges and ranges[-1][1] == code - 1:
                ranges[-1] = (ranges[-1][0], code)
            else:
                ranges.append((code, code))
    if not ranges or len(name) not in (1, 2):
        raise ValueError(f"{name!r} is no Unicode category")
    return "".join(f"\\U{first:08x}-\\U{last:08x}" for first, last in ranges)
