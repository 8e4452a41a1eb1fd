"""Namespaces and prefixes, as plain strings.

A company may publish the whole vocabulary under a base of its own. `Namespaces` therefore derives every IRI
from one base, and `rebase` maps what is shipped to that base.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from functools import cached_property

DEFAULT_BASE = "https://quantumenergy.example/"

#: Prefixes of other vocabularies, as everybody uses them.
COMMON_PREFIXES = {
    "rdf": "http://www.w3.org/1999/02/22-rdf-syntax-ns#",
    "rdfs": "http://www.w3.org/2000/01/rdf-schema#",
    "owl": "http://www.w3.org/2002/07/owl#",
    "xsd": "http://www.w3.org/2001/XMLSchema#",
    "skos": "http://www.w3.org/2004/02/skos/core#",
    "dcterms": "http://purl.org/dc/terms/",
    "prov": "http://www.w3.org/ns/prov#",
    "org": "http://www.w3.org/ns/org#",
    "dcat": "http://www.w3.org/ns/dcat#",
    "odrl": "http://www.w3.org/ns/odrl/2/",
    "dpv": "https://w3id.org/dpv#",
    "sh": "http://www.w3.org/ns/shacl#",
}

RDF = COMMON_PREFIXES["rdf"]
RDFS = COMMON_PREFIXES["rdfs"]
OWL = COMMON_PREFIXES["owl"]
XSD = COMMON_PREFIXES["xsd"]
SKOS = COMMON_PREFIXES["skos"]
DCTERMS = COMMON_PREFIXES["dcterms"]
PROV = COMMON_PREFIXES["prov"]
SH = COMMON_PREFIXES["sh"]

_CURIE = re.compile(r"([A-Za-z][\w.-]*|):([^\s<>\"{}|^`\\]*)\Z")
# What may follow a prefix without escaping in Turtle and SPARQL (a safe subset of PN_LOCAL).
_LOCAL_NAME = re.compile(r"[A-Za-z0-9_]([\w.-]*[\w-])?\Z")
_IRI = re.compile(r"[A-Za-z][A-Za-z0-9+.-]*:[^\x00-\x20<>\"{}|^`\\]*\Z")


def is_iri(text: str) -> bool:
    """Tell whether a text has the form of an absolute IRI."""
    return _IRI.match(text) is not None


def compact_by(prefixes: Iterable[tuple[str, str]], iri: str) -> str:
    """Shorten an IRI by the first of some (prefix, namespace) with which that is valid Turtle; else leave it."""
    for prefix, namespace in prefixes:
        if iri.startswith(namespace) and _LOCAL_NAME.match(iri[len(namespace) :]):
            return f"{prefix}:{iri[len(namespace) :]}"
    return iri


@dataclass(frozen=True)
class Namespaces:
    """The namespaces of one model.

    Args:
        base: what the vocabulary's IRIs start with; ends with "/" or "#".
        own: further prefixes that the model declares for its own instance data, prefix → namespace.

    """

    base: str = DEFAULT_BASE
    own: dict[str, str] = field(default_factory=dict)

    @property
    def terms(self) -> str:
        """Namespace of classes and properties (``qe:``)."""
        return f"{self.base}ns/"

    @property
    def instances(self) -> str:
        """Namespace of instance data (``qed:``)."""
        return f"{self.base}id/"

    @property
    def shapes(self) -> str:
        """Namespace of shapes (``qesh:``)."""
        return f"{self.base}shapes/"

    @property
    def lists(self) -> str:
        """Namespace of the concepts of controlled lists (``qev:``)."""
        return f"{self.base}vocab/"

    @cached_property
    def prefixes(self) -> dict[str, str]:
        """All prefixes, the model's own first."""
        ours = {"qe": self.terms, "qed": self.instances, "qesh": self.shapes, "qev": self.lists}
        return self.own | ours | COMMON_PREFIXES

    @cached_property
    def _longest_first(self) -> list[tuple[str, str]]:
        return sorted(self.prefixes.items(), key=lambda item: (-len(item[1]), item[0] in self.own))

    def compact(self, iri: str) -> str:
        """Shorten an IRI to ``prefix:local`` where that is valid Turtle; else return it unchanged."""
        return compact_by(self._longest_first, iri)

    def expand(self, name: str) -> str | None:
        """Turn ``prefix:local``, ``<iri>`` or an absolute IRI into an IRI; None if it is none of them."""
        if name.startswith("<") and name.endswith(">"):
            name = name[1:-1]
        match = _CURIE.match(name)
        if match and match[1] in self.prefixes:
            return self.prefixes[match[1]] + match[2]
        return name if is_iri(name) and ("//" in name or name.startswith("urn:")) else None

    def rebase(self, iri: str) -> str:
        """Map an IRI under the shipped base to this model's base."""
        if self.base != DEFAULT_BASE and iri.startswith(DEFAULT_BASE):
            return self.base + iri[len(DEFAULT_BASE) :]
        return iri

    def unrebase(self, iri: str) -> str:
        """Map an IRI under this model's base back to the shipped base."""
        return DEFAULT_BASE + iri[len(self.base) :] if iri.startswith(self.base) else iri
