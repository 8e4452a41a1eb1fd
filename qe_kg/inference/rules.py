"""The rules of OWL 2 RL over individuals, as SPARQL.

A rule is a body, a head, and one row of parameters for each axiom that calls for it: one query answers for all axioms
of x
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from qe_kg.inference.axioms import TYPE, Row
from qe_kg.namespaces import OWL

Pattern = tuple[str, str, str]

SAME = f"<{OWL}sameAs>"
DIFFERENT = f"<{OWL}differentFrom>"
_DISTINCT = "!sameTerm(?y, ?z) && !isLiteral(?y) && !isLiteral(?z)"
_RESOURCE = "!isLiteral(?y)"
_NOT_SAME = f"?p != {SAME}"  # symmetry and transitivity see to these


@dataclass(frozen=True)
class Template:
    """A rule without its axioms.

    Attributes:
        name: the rule's name in the specification.
        parameters: variables that the rows bind.
        body: patterns that must hold; no pattern means that the axiom alone is enough.
        head: what follows; None for a contradiction.
        condition: a SPARQL filter, or "".
        says: the rule in words, with ``{variable}`` for what it is about; for contradictions and explanations.
        is_usual: whether what follows is mostly known already, since most data say it; then all that is known is
            looked up at once.
        two_of: of a rule about two values of ?x by ?p, the SPARQL filter for ?y that both meet; few subjects have two.

    """

    name: str
    parameters: tuple[str, ...]
    body: tuple[Pattern, ...]
    head: Pattern | None
    condition: str = ""
    says: str = ""
    is_usual: bool = False
    two_of: str = ""


@dataclass(frozen=True)
class Rule(Template):
    """A rule with its axioms: ``rows`` holds N-Triples terms in the order of the parameters."""

    rows: tuple[Row, ...] = ()

    @property
    def reads(self) -> frozenset[str]:
        """The kinds of triples that the body looks at: "type", "same" and "property"."""
        if any(pattern[1] == "?p" and "?p" not in self.parameters for pattern in self.body):
            return frozenset({"type", "same", "property"})
        return frozenset(_kind(pattern) for pattern in self.body)

    @property
    def writes(self) -> str:
        """The kind of triple that follows."""
        return _kind(self.head) if self.head else ""

    def where(self, rows: Iterable[Row] | None = None, fixed: Mapping[str, str] | None = None) -> str:
        """Return the body as a SPARQL group's content.

        Args:
            rows: the axioms to look at; None means all.
            fixed: variables of the body with the terms that they must be, for explanations.

        """
        values = self._values(self.rows if rows is None else rows)
        if fixed:
            values += f"VALUES ({' '.join(fixed)}) {{ ({' '.join(fixed.values())}) }} "
        condition = f" FILTER({self.condition})" if self.condition else ""
        return values + " ".join(f"{s} {p} {o} ." for s, p, o in self.body) + condition

    def chance(self) -> str:
        """Return a pattern without which the body cannot hold, and which is sooner answered; "" where there is none."""
        if not self.two_of:
            return ""
        return (
            f"{{ SELECT ?p WHERE {{ {self._values(self.rows)}?x ?p ?y FILTER({self.two_of}) }} "
            "GROUP BY ?p HAVING (COUNT(?y) > COUNT(DISTINCT ?x)) }"
        )

    def _values(self, rows: Iterable[Row]) -> str:
        if not self.parameters:
            return ""
        listed = " ".join(f"({' '.join(row)})" for row in rows)
        return f"VALUES ({' '.join(self.parameters)}) {{ {listed} }} "


def _kind(pattern: Pattern) -> str:
    return {TYPE: "type", SAME: "same"}.get(pattern[1], "property")


def _template(
    name: str, parameters: str, body: str, head: str | None, condition: str = "", says: str = "", *,
    is_usual: bool = False, two_of: str = "",
) -> Template:  # fmt: skip
    def pattern(text: str) -> Pattern:
        one, two, three = text.replace(" a ", f" {TYPE} ").replace(" same ", f" {SAME} ").split()
        return one, two, three

    return Template(
        name, tuple(parameters.split()), tuple(pattern(one) for one in body.split(" , ") if one),
        pattern(head) if head else None, condition, says, is_usual, two_of,
    )  # fmt: skip


# Key → rule. A key ends in a number where the number of parameters depends on the axiom.
_RULES = {
    "cax-sco": _template("cax-sco", "?c ?d", "?x a ?c", "?x a ?d", "", "every {c} is a {d}"),
    "prp-dom": _template("prp-dom", "?p ?c", "?x ?p ?y", "?x a ?c", "", "what has {p} is a {c}", is_usual=True),
    "prp-rng": _template(
        "prp-rng", "?p ?c", "?x ?p ?y", "?y a ?c", _RESOURCE, "a value of {p} is a {c}", is_usual=True
    ),
    "prp-spo1": _template("prp-spo1", "?p ?q", "?x ?p ?y", "?x ?q ?y", "", "{p} is a kind of {q}"),
    "prp-inv": _template("prp-inv", "?p ?q", "?x ?p ?y", "?y ?q ?x", _RESOURCE, "{q} is the inverse of {p}"),
    "prp-symp": _template("prp-symp", "?p", "?x ?p ?y", "?y ?p ?x", _RESOURCE, "{p} is symmetric"),
    "prp-trp": _template("prp-trp", "?p", "?x ?p ?y , ?y ?p ?z", "?x ?p ?z", "", "{p} is transitive"),
    "prp-fp": _template(
        "prp-fp", "?p", "?x ?p ?y , ?x ?p ?z", "?y same ?z", _DISTINCT, "{p} has one value at most", two_of=_RESOURCE
    ),
    "prp-ifp": _template(
        "prp-ifp", "?p", "?x ?p ?y , ?z ?p ?y", "?x same ?z", "!sameTerm(?x, ?z)", "{p} has one subject for a value"
    ),
    "cls-svf1": _template(
        "cls-svf1", "?p ?c ?r", "?x ?p ?y , ?y a ?c", "?x a ?r", "", "what has {p} to a {c} is a {r}"
    ),
    "cls-svf2": _template("cls-svf2", "?p ?r", "?x ?p ?y", "?x a ?r", "", "what has {p} is a {r}"),
    "cls-avf": _template(
        "cls-avf", "?r ?p ?c", "?x a ?r , ?x ?p ?y", "?y a ?c", _RESOURCE, "each {p} of a {r} is a {c}"
    ),
    "cls-hv1": _template("cls-hv1", "?r ?p ?v", "?x a ?r", "?x ?p ?v", "", "every {r} has {p} {v}"),
    "cls-hv2": _template("cls-hv2", "?p ?v ?r", "?x ?p ?v", "?x a ?r", "", "what has {p} {v} is a {r}"),
    "cls-maxc1": _template(
        "cls-maxc2", "?r ?p", "?x a ?r , ?x ?p ?y , ?x ?p ?z", "?y same ?z", _DISTINCT, "a {r} has one {p} at most"
    ),
    "cls-maxqc1": _template(
        "cls-maxqc3",
        "?r ?p ?c",
        "?x a ?r , ?x ?p ?y , ?y a ?c , ?x ?p ?z , ?z a ?c",
        "?y same ?z",
        _DISTINCT,
        "a {r} has one {p} at most that is a {c}",
    ),
    "cls-oo": _template("cls-oo", "?x ?r", "", "?x a ?r", "", "{x} is listed as one of {r}"),
}

_EQUALITY = {
    "eq-sym": _template("eq-sym", "", "?x same ?y", "?y same ?x", "", "being the same goes both ways"),
    "eq-trans": _template(
        "eq-trans", "", "?x same ?y , ?y same ?z", "?x same ?z", "!sameTerm(?x, ?z)", "being the same carries on"
    ),
    "eq-rep-s": _template("eq-rep-s", "", "?x same ?z , ?x ?p ?y", "?z ?p ?y", _NOT_SAME, "{x} and {z} are the same"),
    "eq-rep-o": _template("eq-rep-o", "", "?y same ?z , ?x ?p ?y", "?x ?p ?z", _NOT_SAME, "{y} and {z} are the same"),
}

_CLASHES = {
    "prp-irp": _template("prp-irp", "?p", "?x ?p ?x", None, "", "irreflexive property {p} leads from {x} to itself"),
    "prp-asyp": _template(
        "prp-asyp",
        "?p",
        "?x ?p ?y , ?y ?p ?x",
        None,
        "STR(?x) <= STR(?y)",
        "asymmetric property {p} leads from {x} to {y} and back",
    ),
    "prp-pdw": _template(
        "prp-pdw", "?p ?q", "?x ?p ?y , ?x ?q ?y", None, "", "disjoint properties {p} and {q} both lead from {x} to {y}"
    ),
    "prp-npa": _template("prp-npa1", "?x ?p ?y", "?x ?p ?y", None, "", "{x} has {p} {y}, which is denied of it"),
    "cax-dw": _template("cax-dw", "?c ?d", "?x a ?c , ?x a ?d", None, "", "{x} is in the disjoint classes {c} and {d}"),
    "cls-nothing2": _template("cls-nothing2", "?c", "?x a ?c", None, "", "{x} is in {c}, which nothing can be in"),
    "cls-maxc0": _template(
        "cls-maxc1", "?r ?p", "?x a ?r , ?x ?p ?y", None, "", "{x} is a {r}, which has no {p}, and has {p} {y}"
    ),
    "cls-maxqc0": _template(
        "cls-maxqc1",
        "?r ?p ?c",
        "?x a ?r , ?x ?p ?y , ?y a ?c",
        None,
        "",
        "{x} is a {r}, which has no {p} that is a {c}, and has {p} {y}",
    ),
    "eq-diff1": _template(
        "eq-diff1",
        "",
        f"?x same ?y , ?x {DIFFERENT} ?y",
        None,
        "",
        "{x} and {y} follow to be the same, and are owl:differentFrom each other",
    ),
    "eq-ref": _template("eq-ref", "", f"?x {DIFFERENT} ?x", None, "", "{x} is said to be owl:differentFrom itself"),
    "eq-diff2": _template(
        "eq-diff2", "?x ?y", "?x same ?y", None, "", "{x} and {y} follow to be the same, and are listed as different"
    ),
    "dt-diff": _template(
        "dt-diff",
        "?p",
        "?x ?p ?y , ?x ?p ?z",
        None,
        "isLiteral(?y) && isLiteral(?z) && STR(?y) <= STR(?z) && !sameTerm(?y, ?z) && COALESCE(?y != ?z, true)",
        "functional property {p} of {x} has two values, {y} and {z}",
        two_of="isLiteral(?y)",
    ),
}


def rules_for(axioms: Mapping[str, Iterable[Row]]) -> list[Rule]:
    """Return the rules that these axioms call for, those about equality last."""
    made = [_with_rows(_sized(key, _RULES), rows) for key, rows in axioms.items() if _sized(key, _RULES)]
    made.sort(key=lambda rule: (_ORDER.get(rule.writes, 3), rule.name, len(rule.body)))
    return [*made, *(_with_rows(template, ()) for template in _EQUALITY.values())]


def clashes_for(axioms: Mapping[str, Iterable[Row]]) -> list[Rule]:
    """Return the rules by which these axioms can be contradicted."""
    made = [_with_rows(_CLASHES[key], rows) for key, rows in axioms.items() if key in _CLASHES]
    always = [_with_rows(_CLASHES[key], ()) for key in ("eq-diff1", "eq-ref")]
    return sorted([*made, *always], key=lambda rule: rule.name)


# Properties first: types follow from them, and are then closed once.
_ORDER = {"property": 0, "same": 1, "type": 2}


def _with_rows(template: Template | None, rows: Iterable[Row]) -> Rule:
    assert template is not None
    return Rule(**vars(template), rows=tuple(sorted(rows)))


def _sized(key: str, known: Mapping[str, Template]) -> Template | None:
    """Return the template of a key; of a family whose size the axiom decides, one of that size."""
    family, _, number = key.rpartition("-")
    if key in known or not number.isdigit():
        return known.get(key)
    size = range(int(number))
    if family == "cls-int1":
        parameters, body = [*(f"?c{i}" for i in size), "?r"], [f"?x a ?c{i}" for i in size]
        return _template(
            family, " ".join(parameters), " , ".join(body), "?x a ?r", "", "what is in all of its parts is a {r}"
        )
    if family == "prp-spo2":
        parameters, body = [*(f"?p{i}" for i in size), "?q"], [f"?x{i} ?p{i} ?x{i + 1}" for i in size]
        head = f"?x0 ?q ?x{len(size)}"
        return _template(family, " ".join(parameters), " , ".join(body), head, "", "the chain leads to {q}")
    if family == "prp-key":
        parameters = ["?c", *(f"?p{i}" for i in size)]
        body = ["?x a ?c", "?y a ?c", *(f"{end} ?p{i} ?v{i}" for i in size for end in ("?x", "?y"))]
        condition = "!sameTerm(?x, ?y)"
        return _template(
            family, " ".join(parameters), " , ".join(body), "?x same ?y", condition, "a {c} is known by its keys"
        )
    return None
