"""Strings: length, pattern, languages (https://www.w3.org/TR/shacl/#core-components-string)."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from qe_kg.shacl.model import Constraint, Evaluation, Finding, ForeignPattern, ValueConstraint, component
from qe_kg.shacl.nodes import STRING, Node, is_blank, is_literal, literal_node, literal_parts, sh, text_of
from qe_kg.shacl.parameters import Parameters
from qe_kg.shacl.regex import NotXPathError, to_python
from qe_kg.shacl.selects import Scope, Violations, filtered, where_not


@dataclass(frozen=True)
class MinLength(ValueConstraint):
    """``sh:minLength``: https://www.w3.org/TR/shacl/#MinLengthConstraintComponent ."""

    component = component("MinLength")
    least: int

    def holds(self, value: Node, run: Evaluation) -> bool:
        """Tell whether the IRI or lexical form is long enough; a blank node never is."""
        return not is_blank(value) and len(text_of(value)) >= self.least

    def violations(self, scope: Scope) -> Violations:
        """Select the values that are too short."""
        return where_not(scope, f"!isBlank({scope.value}) && STRLEN(STR({scope.value})) >= {self.least}")

    @property
    def text(self) -> str:
        """The rule in words."""
        return f"The value must have at least {self.least} character{'s' * (self.least != 1)}."


@dataclass(frozen=True)
class MaxLength(ValueConstraint):
    """``sh:maxLength``: https://www.w3.org/TR/shacl/#MaxLengthConstraintComponent ."""

    component = component("MaxLength")
    most: int

    def holds(self, value: Node, run: Evaluation) -> bool:
        """Tell whether the IRI or lexical form is short enough; a blank node never is."""
        return not is_blank(value) and len(text_of(value)) <= self.most

    def violations(self, scope: Scope) -> Violations:
        """Select the values that are too long."""
        return where_not(scope, f"!isBlank({scope.value}) && STRLEN(STR({scope.value})) <= {self.most}")

    @property
    def text(self) -> str:
        """The rule in words."""
        return f"The value must have at most {self.most} character{'s' * (self.most != 1)}."


@dataclass(frozen=True)
class Pattern(ValueConstraint):
    """``sh:pattern`` with ``sh:flags``: https://www.w3.org/TR/shacl/#PatternConstraintComponent ."""

    component = component("Pattern")
    pattern: str
    flags: str
    compiled: re.Pattern[str]

    def holds(self, value: Node, run: Evaluation) -> bool:
        """Tell whether the IRI or lexical form matches; a blank node never does."""
        return not is_blank(value) and self.compiled.search(text_of(value)) is not None

    def violations(self, scope: Scope) -> Violations:
        """Select the values that do not match."""
        arguments = ", ".join(literal_node(one) for one in (self.pattern, self.flags) if one or one == self.pattern)
        return where_not(scope, f"!isBlank({scope.value}) && REGEX(STR({scope.value}), {arguments})")

    @property
    def text(self) -> str:
        """The rule in words."""
        return f'The value must match the pattern "{self.pattern}"{f" with flags {self.flags}" * bool(self.flags)}.'


@lru_cache(1000)
def _covers(ranges: tuple[str, ...], tag: str) -> bool:
    return any(one == "*" or f"{tag}-".lower().startswith(f"{one.lower()}-") for one in ranges)


@dataclass(frozen=True)
class LanguageIn(ValueConstraint):
    """``sh:languageIn``: https://www.w3.org/TR/shacl/#LanguageInConstraintComponent ."""

    component = component("LanguageIn")
    ranges: tuple[str, ...]

    def holds(self, value: Node, run: Evaluation) -> bool:
        """Tell whether the value has a language tag that one of the ranges covers, as SPARQL's langMatches says."""
        # There are many values and few languages: a literal is not taken apart for its tag, which ends it.
        return is_literal(value) and value[-1] not in '">' and _covers(self.ranges, value[value.rindex('"') + 2 :])

    def violations(self, scope: Scope) -> Violations:
        """Select the values in other languages."""
        tests = (f"langMatches(LANG({scope.value}), {literal_node(one)})" for one in self.ranges)
        return where_not(scope, f"isLiteral({scope.value}) && ({' || '.join(tests) or 'false'})")

    @property
    def text(self) -> str:
        """The rule in words."""
        return f"The value must be in one of the languages {', '.join(self.ranges)}."


@dataclass(frozen=True)
class UniqueLang(Constraint):
    """``sh:uniqueLang``: https://www.w3.org/TR/shacl/#UniqueLangConstraintComponent ."""

    component = component("UniqueLang")

    def check(self, focus: Node, values: Sequence[Node], run: Evaluation) -> Iterator[Finding]:
        """Yield a finding for each language that several values have."""
        tags = Counter(literal_parts(value).language.lower() for value in values if is_literal(value))
        for tag, number in tags.items():
            if tag and number > 1:
                yield Finding(tell_apart=tag)

    def violations(self, scope: Scope) -> Violations:
        """Select the languages that several values share."""
        other, tag = scope.patterns.fresh(), scope.patterns.fresh()
        # First the rare case, a second value; only there the languages are looked at.
        return filtered(
            scope,
            f"{scope.step(other)} FILTER(!sameTerm({scope.value}, {other})) "
            f"FILTER(isLiteral({scope.value}) && isLiteral({other}) && LANG({scope.value}) != '' "
            f"&& LCASE(LANG({scope.value})) = LCASE(LANG({other}))) BIND(LCASE(LANG({scope.value})) AS {tag})",
            None,
            apart=tag,
        )

    @property
    def text(self) -> str:
        """The rule in words."""
        return "There must be at most one value of a language."


def _compiles(pattern: str) -> bool:
    try:
        re.compile(pattern)
    except (re.error, OverflowError, RecursionError):
        return False
    return True


def read(parameters: Parameters) -> Iterator[Constraint]:
    """Yield the constraints of this family that a shape declares."""
    least, most = parameters.integer("minLength"), parameters.integer("maxLength")
    if least is not None:
        yield MinLength(least)
    if most is not None:
        yield MaxLength(most)
    pattern, flags = parameters.text("pattern"), parameters.text("flags") or ""
    if pattern is not None:
        literal = parameters.one("pattern")
        try:
            yield Pattern(pattern, flags, to_python(pattern, flags))
        except NotXPathError as error:
            if not _compiles(pattern):
                raise parameters.fault(f"is no regular expression: {error}", "pattern", literal) from error
            raise ForeignPattern(f"sh:pattern: {error}", parameters.shape, sh("pattern"), literal) from error
        except ValueError as error:
            name = "flags" if "flag" in str(error) else "pattern"
            raise parameters.fault(f"is no regular expression: {error}", name, parameters.one(name)) from error
    ranges = parameters.list("languageIn")
    if ranges is not None:
        for one in ranges:
            if not is_literal(one) or literal_parts(one).datatype != STRING:
                raise parameters.fault("must be a list of texts (xsd:string)", "languageIn", one)
        yield LanguageIn(tuple(text_of(one) for one in ranges))
    if parameters.is_true("uniqueLang"):
        if parameters.path is None:
            raise parameters.fault("is about a property shape, and this is a node shape", "uniqueLang")
        yield UniqueLang()
