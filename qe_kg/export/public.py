"""What a model classifies as not public, and what has to stay behind with it.

The rules are told to users in docs/how-to/export.md; here is what they are made of.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from qe_kg.namespaces import COMMON_PREFIXES, RDF, Namespaces
from qe_kg.store.files import text_of

if TYPE_CHECKING:
    import pyoxigraph as ox

_TYPE = f"{RDF}type"
_TRUE = ("true", "1")
_CATEGORY = ("hasDataCategory",)
#: What makes a data category not public.
_OF_CATEGORIES = ("isRestricted", "isPersonal")
#: What makes an item or a flow not public by itself.
_OF_ITSELF = ("isTransmissionInformation", "holdsRestrictedPayload")
#: The subject says something about the object, and goes where the object goes.
_SPEAKS_OF = (
    "carries", "takesInput", "givesOutput", "statesElement", "statesFlow", "statesDerivation", "expandsTo",
    "beginsWith", "endsWith", "usesFlow", "isHopOf", "infersAbout", "infersFrom", "isAssignedFor", "atFocus",
)  # fmt: skip
#: The object is the record of a person's consent, and goes where any of its flows goes.
_CONSENTS = ("isCoveredByConsent",)
#: The object is evidence, and goes where all goes that it is evidence for.
_EVIDENCE = (
    "isPermittedBy", "isGovernedBy", "isPostedAs", "isAllocatedBy", "isRecordedIn", "hasAccessStatement",
    f"{COMMON_PREFIXES['dpv']}hasAssessment",
)  # fmt: skip


@dataclass(frozen=True)
class LeftOut:
    """What stays behind.

    Attributes:
        names: IRIs of what is not written, nor named.
        by_class: how many of each class, by the class's IRI.
        unclassified: how many information items nobody put into a category; they are written.

    """

    names: frozenset[str]
    by_class: dict[str, int]
    unclassified: int

    def keeps(self, quad: ox.Quad) -> bool:
        """Tell whether a statement is written: it is about nothing that stays behind, and names nothing of it."""
        return text_of(quad.subject) not in self.names and text_of(quad.object) not in self.names


def find_left_out(quads: Iterable[ox.Quad], namespaces: Namespaces) -> LeftOut:
    """Find what is not public in a whole model.

    Args:
        quads: all that the model says, also what is not exported: a category may stand in another file than its item.
        namespaces: the model's namespaces.

    """
    seen = _look(quads, namespaces)
    gone = set(seen.flagged) | {item for item, found in seen.categories.items() if found & seen.closed_categories}
    waiting = list(gone)
    while waiting:
        for other in seen.followers.get(waiting.pop(), set()) - gone:
            gone.add(other)
            waiting.append(other)
    gone |= {one for one, served in seen.evidence.items() if served <= gone}
    by_class = Counter(kind for one in gone for kind in seen.types.get(one, ()))
    items = {one for one, kinds in seen.types.items() if f"{namespaces.terms}InformationItem" in kinds}
    return LeftOut(frozenset(gone), dict(by_class), len(items - seen.categories.keys()))


@dataclass
class _Seen:
    """What the statements of a model say that matters here; the dictionaries are by IRI.

    Attributes:
        flagged: what is not public by itself.
        closed_categories: categories whose items are not public.
        categories: item → its categories.
        followers: what goes where the key goes.
        evidence: evidence → what it is evidence for.
        types: individual → its classes, for those of the model's own classes.

    """

    flagged: set[str] = field(default_factory=set)
    closed_categories: set[str] = field(default_factory=set)
    categories: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    followers: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    evidence: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))
    types: dict[str, set[str]] = field(default_factory=lambda: defaultdict(set))


def _look(quads: Iterable[ox.Quad], namespaces: Namespaces) -> _Seen:
    seen, terms = _Seen(), namespaces.terms
    roles = {
        (name if "//" in name else f"{terms}{name}"): names[0]
        for names in (_SPEAKS_OF, _CONSENTS, _EVIDENCE, _CATEGORY, _OF_CATEGORIES, _OF_ITSELF, (_TYPE,))
        for name in names
    }
    for quad in quads:
        role = roles.get(quad.predicate.value)
        if role is None:  # nearly all of a large model
            continue
        subject, value = text_of(quad.subject), text_of(quad.object)
        if subject is None or value is None:
            continue
        if role == _SPEAKS_OF[0]:
            seen.followers[value].add(subject)
        elif role == _CONSENTS[0]:
            seen.followers[subject].add(value)
        elif role == _EVIDENCE[0]:
            seen.evidence[value].add(subject)
        elif role == _CATEGORY[0]:
            seen.categories[subject].add(value)
        elif role == _TYPE:
            if value.startswith(terms):
                seen.types[subject].add(value)
        elif value in _TRUE:
            (seen.closed_categories if role == _OF_CATEGORIES[0] else seen.flagged).add(subject)
    return seen
