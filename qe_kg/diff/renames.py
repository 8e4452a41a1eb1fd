"""Which removed element is which added one under a new name.

Known where the data say so: an element that is ``owl:deprecated`` and has one ``dcterms:isReplacedBy``. Everything
else is a guess from likeness: the same class, and properties with the same or similar values. Guesses are made in
rounds, the surest first, since two flows are alike once their renamed streams are known to be the same.
"""

from __future__ import annotations

import difflib
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache

from qe_kg.namespaces import DCTERMS, OWL, RDF
from qe_kg.store.statements import Statement

#: From which likeness (0 to 1) on a guess is made at all.
LIKENESS = 0.7
#: How much less likely than the best a pair may be and still be accepted in the same round.
_ROUND = 0.03
#: More pairs of one class than these are not compared: thousands of new names at once are no renaming by hand.
_MOST_PAIRS = 40_000


@dataclass(frozen=True)
class Rename:
    """One element under two names; the likeness of what the data declare is 1."""

    old: str
    new: str
    is_declared: bool
    likeness: float


def find_renames(
    old: Mapping[str, list[Statement]], new: Mapping[str, list[Statement]], gone: set[str], come: set[str]
) -> list[Rename]:
    """Return the renamed elements, one to one.

    Args:
        old: statements by subject before.
        new: statements by subject after.
        gone: IRIs that have no statement after.
        come: IRIs that had none before.

    """
    declared = _declared(new, come)
    mapping = {one.old: one.new for one in declared}
    taken = set(mapping.values())
    pairs = _pairs(old, new, gone - set(mapping), come - taken)
    guesses = _Guesser(old, new, mapping).guess(pairs)
    return sorted([*declared, *guesses], key=lambda one: one.new)


def _declared(new: Mapping[str, list[Statement]], come: set[str]) -> list[Rename]:
    successors: dict[str, list[str]] = defaultdict(list)
    for subject, statements in new.items():
        is_deprecated = any(
            one.predicate.value == f"{OWL}deprecated" and one.value.value in ("true", "1") for one in statements
        )
        targets = [one.value.value for one in statements if one.predicate.value == f"{DCTERMS}isReplacedBy"]
        if is_deprecated and len(targets) == 1 and targets[0] in come:
            successors[targets[0]].append(subject)
    # Two elements that one replaces were merged, not renamed.
    return [Rename(olds[0], successor, True, 1.0) for successor, olds in successors.items() if len(olds) == 1]


def _types(statements: Iterable[Statement]) -> frozenset[str]:
    return frozenset(one.value.value for one in statements if one.predicate.value == f"{RDF}type")


def _pairs(
    old: Mapping[str, list[Statement]], new: Mapping[str, list[Statement]], gone: set[str], come: set[str]
) -> list[tuple[str, str]]:
    by_type: dict[frozenset[str], tuple[list[str], list[str]]] = defaultdict(lambda: ([], []))
    for iri in sorted(gone):
        by_type[_types(old[iri])][0].append(iri)
    for iri in sorted(come):
        by_type[_types(new[iri])][1].append(iri)
    found = []
    for types, (before, after) in by_type.items():
        if types and len(before) * len(after) <= _MOST_PAIRS:
            found += [(one, other) for one in before for other in after]
    return found


class _Guesser:
    def __init__(
        self, old: Mapping[str, list[Statement]], new: Mapping[str, list[Statement]], mapping: dict[str, str]
    ) -> None:
        self.mapping, self.taken = dict(mapping), set(mapping.values())
        self.before, self.after = _slots(old), _slots(new)
        self.open_old: set[str] = set()
        self.open_new: set[str] = set()

    def guess(self, pairs: list[tuple[str, str]]) -> list[Rename]:
        """Accept pairs whose each is the other's best, the surest rounds first, until none is left."""
        found: list[Rename] = []
        while pairs:
            self.open_old, self.open_new = {one for one, _ in pairs}, {other for _, other in pairs}
            scored = sorted(((self._likeness(*pair), *pair) for pair in pairs), key=lambda row: (-row[0], *row[1:]))
            best_old: dict[str, tuple[float, str]] = {}
            best_new: dict[str, tuple[float, str]] = {}
            for likeness, one, other in scored:
                best_old.setdefault(one, (likeness, other))
                best_new.setdefault(other, (likeness, one))
            top = scored[0][0]
            accepted = [
                Rename(one, other, False, likeness)
                for likeness, one, other in scored
                if likeness >= max(LIKENESS, top - _ROUND) and best_old[one][1] == other and best_new[other][1] == one
            ]
            if not accepted:
                break
            found += accepted
            self.mapping |= {one.old: one.new for one in accepted}
            self.taken |= {one.new for one in accepted}
            pairs = [(one, other) for one, other in pairs if one not in self.mapping and other not in self.taken]
        return found

    def _likeness(self, one: str, other: str) -> float:
        before, after = self.before[one], self.after[other]
        slots = [self._slot(before.get(name, set()), after.get(name, set())) for name in before.keys() | after.keys()]
        # What an element says and who refers to it weighs more than how alike the old name and the new one look.
        return (sum(slots) + _alike(one, other) / 2) / (len(slots) + 0.5)

    def _slot(self, before: set[tuple[str, str]], after: set[tuple[str, str]]) -> float:
        if not before or not after:
            return 0.0
        mapped = {(kind, self.mapping.get(value, value)) for kind, value in before}
        same = len(mapped & after)
        left, right = mapped - after, after - mapped
        points = 2.0 * same
        # Of two names that may yet turn out to be one, half is counted; texts count as far as they are alike.
        unknown_left = sum(value in self.open_old for kind, value in left if kind == "iri")
        unknown_right = sum(value in self.open_new for kind, value in right if kind == "iri")
        points += min(unknown_left, unknown_right)
        texts_left = sorted(value for kind, value in left if kind == "text")
        texts_right = sorted(value for kind, value in right if kind == "text")
        points += sum(2 * _alike(a, b) for a, b in zip(texts_left, texts_right, strict=False))
        return points / (len(mapped) + len(after))


def _slots(statements: Mapping[str, list[Statement]]) -> dict[str, dict[str, set[tuple[str, str]]]]:
    """Return, for each element, its values by property, and what refers to it by property."""
    found: dict[str, dict[str, set[tuple[str, str]]]] = defaultdict(lambda: defaultdict(set))
    for subject, about in statements.items():
        for one in about:
            predicate = one.predicate.value
            if predicate == f"{RDF}type" or one.value.kind == "bnode":
                continue
            is_iri = one.value.kind == "iri"
            found[subject][predicate].add(("iri", one.value.value) if is_iri else ("text", one.value.n3()))
            if is_iri:
                found[one.value.value][f"^{predicate}"].add(("iri", subject))
    return found


@cache
def _alike(one: str, other: str) -> float:
    if one == other:
        return 1.0
    # Names of one namespace share their beginning; likeness is about what follows it.
    if one.startswith("http") and other.startswith("http"):
        one, other = one.rpartition("/")[2], other.rpartition("/")[2]
    return difflib.SequenceMatcher(None, one, other, autojunk=False).ratio()
