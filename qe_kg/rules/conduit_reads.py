"""Which properties findings along paths are made from: a change of other properties leaves them as they are."""

from __future__ import annotations

from qe_kg.change import Change
from qe_kg.namespaces import COMMON_PREFIXES, DCTERMS, RDF, RDFS, SKOS, Namespaces

_OURS = [
    "appliesIn",
    "atLine",
    "carries",
    "declassifies",
    "expandsTo",
    "givesOutput",
    "grantedGranularity",
    "hasDataCategory",
    "hasDerivationKind",
    "hasDisclosureMode",
    "hasSegment",
    "hasSource",
    "hasTarget",
    "holdsRestrictedPayload",
    "inZone",
    "isAllocatedBy",
    "isCoveredByConsent",
    "isDerivedAt",
    "isPermittedBy",
    "isRestricted",
    "isStageOf",
    "isTransmissionInformation",
    "medium",
    "modality",
    "passesThrough",
    "performsFunction",
    "statesFlow",
    "takesInput",
    "validFrom",
    "validUntil",
]
_OTHERS = (
    *(f"{RDF}{name}" for name in ("type",)),
    *(f"{RDFS}{name}" for name in ("label", "seeAlso", "subClassOf")),
    *(f"{SKOS}{name}" for name in ("altLabel", "broader", "notation", "prefLabel")),
    *(f"{DCTERMS}{name}" for name in ("date", "identifier", "title", "valid")),
    *(
        f"{COMMON_PREFIXES['dpv']}{name}"
        for name in ("hasConsentStatus", "hasLegalBasis", "hasPersonalData", "hasPurpose", "hasRecipient")
    ),
)


def properties_read(namespaces: Namespaces) -> frozenset[str]:
    """Return the IRIs of all properties that `qe_kg.rules.conduits.find_conduits` reads, flows and rules included."""
    return frozenset((*_OTHERS, *(f"{namespaces.terms}{name}" for name in _OURS)))


def can_change_conduits(change: Change, namespaces: Namespaces) -> bool:
    """Tell whether a change can make, end or alter a finding along a path."""
    read = properties_read(namespaces)
    return any(quad.predicate.value in read for quad in (*change.added, *change.removed))
