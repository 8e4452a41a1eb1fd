"""The usual form of a line of N-Triples, which is cut into its terms without a parser.

A term of the usual form is one that the parser would give back byte by byte; literals come with the end of their line,
for they may hold spaces themselves.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

_PATH = rb"(?:[A-Za-z0-9/._~!$&'()*+,;=:@-]++|%[0-9A-Fa-f]{2})*+"
_IRI = rb"<https?://[A-Za-z0-9.-]++/" + _PATH + rb"(?:#" + _PATH + rb")?+>"
_TEXT = rb'"(?:[^\x00-\x1f"\\\x7f]++|\\["\\nrt])*+"'
# These two datatypes are never written: the first goes without saying, the second with a language.
_DATATYPE = (
    rb"\^\^(?!<http://www\.w3\.org/(?:2001/XMLSchema#string|1999/02/22-rdf-syntax-ns#(?:dirL|l)angString)>)" + _IRI
)
_LITERAL = _TEXT + rb"(?:" + _DATATYPE + rb"|@[a-z]{1,8}(?:-[a-z0-9]{1,8})*+)?+"
_TERM = re.compile(rb"(?:" + _IRI + rb"|" + _LITERAL + rb" \.)")
_LINE = re.compile(_IRI + rb" " + _IRI + rb" (?:" + _IRI + rb"|" + _LITERAL + rb") \.")
_TERMS = re.compile(rb"(?:" + _TERM.pattern + rb"\n)*+")
_NODE = rb"(" + _IRI + rb"|_:[A-Za-z0-9_][A-Za-z0-9_-]*+)"
_LINE_WITH_BLANKS = re.compile(_NODE + rb" (" + _IRI + rb") (?:" + _NODE + rb" \.|(" + _LITERAL + rb" \.))")
#: Whatever has a blank node has this too.
BLANK = b"_:"
#: What ends a line.
END = b" ."

Words = tuple[Sequence[bytes], Sequence[bytes], Sequence[bytes]]


def words_of_names(lines: list[bytes]) -> Words | None:
    """Cut lines without a literal into subjects, properties and values; None if one is not three words and a full stop.

    That the words are terms is for the caller to find out: only then are the full stops what ends the lines.
    """
    if not lines:
        return [], [], []
    text = b"\n".join(lines) + b"\n"
    words = text.replace(b" .\n", b" . ").split(b" ")
    words.pop()
    if len(words) != 4 * len(lines) or words[3::4].count(b".") != len(lines):
        return None
    return words[0::4], words[1::4], words[2::4]


def words_of_text(lines: list[bytes]) -> Words | None:
    """Cut lines with a literal, which keeps the end of the line; None if one has fewer words."""
    words = [line.split(b" ", 2) for line in lines]
    if not set(map(len, words)) <= {3}:
        return None
    subjects, properties, values = zip(*words, strict=True) if words else ((), (), ())
    return subjects, properties, values


def is_usual(line: bytes) -> bool:
    """Tell whether a line without blank nodes has the usual form; its encoding is not looked at."""
    return _LINE.fullmatch(line) is not None


def terms_of(line: bytes) -> tuple[bytes, bytes, bytes] | None:
    """Cut a line, which may have blank nodes, into its terms; None if it or one of them is of another form."""
    found = _LINE_WITH_BLANKS.fullmatch(line)
    return (found[1], found[2], found[3] or found[4]) if found and _is_utf8(line) else None


def of_other_forms(terms: Sequence[bytes]) -> list[bytes]:
    """Return those of some words that are no terms of the usual form, among which blank nodes do not count."""
    text = b"\n".join(terms) + b"\n" if terms else b""
    if _TERMS.fullmatch(text) and (text.isascii() or _is_utf8(text)):
        return []
    return [one for one in terms if not _TERM.fullmatch(one) or not _is_utf8(one)]


def _is_utf8(text: bytes) -> bool:
    try:
        text.decode()
    except UnicodeDecodeError:
        return False
    return True
