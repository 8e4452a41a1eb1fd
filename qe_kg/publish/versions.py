"""What the store records of each publication: its graphs and their hashes, who published it, when, from what.

::

    GRAPH <BASE graph/record> {
      <BASE graph/record>  dcat:hasCurrentVersion  <BASE graph/record/version/7-1f0c9a2e> .     # the one that counts
      <BASE graph/record/version/7-1f0c9a2e>  dcterms:dateAccepted  "…"^^xsd:dateTime . }        # was read back whole

    GRAPH <BASE graph/record/version/7-1f0c9a2e> {                    # nobody looks at it until the line above is there
      <…/7-1f0c9a2e>  dcterms:title "Quantum Energy" ; dcterms:identifier "HASH" ; dcat:prev <…/6-…> ;
                      prov:hadMember <BASE graph/model/flows.ttl> ; prov:wasGeneratedBy <…/7-1f0c9a2e#publishing> .
      <BASE graph/model/flows.ttl?sha256=HASH>  prov:specializationOf <BASE graph/model/flows.ttl> ; … }

A version's number tells how many came before it, the rest of its name is the run that made it. The members are the
graphs under their usual names, or, where a store cannot change several graphs at once, the graphs named by content.
"""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime

from qe_kg.namespaces import DCTERMS, PROV, RDF, XSD
from qe_kg.store.remote import RemoteStore
from qe_kg.terms import Term, iri, literal

DCAT = "http://www.w3.org/ns/dcat#"
FOAF = "http://xmlns.com/foaf/0.1/"
SPDX = "http://spdx.org/rdf/terms#"
VOID = "http://rdfs.org/ns/void#"

Triple = tuple[Term, Term, Term]


@dataclass(frozen=True)
class GraphVersion:
    """One graph of a publication.

    Attributes:
        name: its usual name.
        hash: the hash of what the files say.
        stored: the hash of what the store holds of it; another one where the product alters literals.
        size: triples that the store holds of it.
        pieces: in how many graphs the content is staged, where it is large.

    """

    name: str
    hash: str
    stored: str
    size: int
    pieces: int = 1

    @property
    def content(self) -> str:
        """The IRI of the content, and of the graph that holds it under a name of its own, if it is one."""
        return f"{self.name}?sha256={self.hash}" + (f"&pieces={self.pieces}" if self.pieces > 1 else "")


@dataclass(frozen=True)
class Version:
    """One publication.

    Attributes:
        iri: its name, which is that of the graph that describes it too.
        model: the model's name.
        scenario: the scenario that was published, or None.
        graphs: its graphs by usual name.
        previous: the IRI of the version before it.
        derived: for content that was sent as a difference: what it is a difference to (IRIs of content graphs).
        by_content: whether readers find the graphs by content names rather than under the usual ones.
        publisher: who published it.
        began: when.
        tool: the version of this package.
        commit: the commit of the model's repository, or None.
        is_accepted: whether it was read back whole.
        rivals: IRIs of other versions that the record calls current too.

    """

    iri: str
    model: str
    graphs: Mapping[str, GraphVersion] = field(default_factory=dict)
    scenario: str | None = None
    previous: str | None = None
    derived: Mapping[str, str] = field(default_factory=dict)
    by_content: bool = False
    publisher: str = ""
    began: str = ""
    tool: str = ""
    commit: str | None = None
    is_accepted: bool = False
    rivals: tuple[str, ...] = ()

    @property
    def number(self) -> int:
        """How many versions came before it; 0 is none at all."""
        return _number(self.iri)

    @property
    def hash(self) -> str:
        """The hash of what the files say: equal for two versions that say the same."""
        text = "".join(f"{one.hash} {name}\n" for name, one in sorted(self.graphs.items()))
        return hashlib.sha256(text.encode()).hexdigest()

    def place(self, name: str) -> str | None:
        """Return where readers find a graph; None where the version has none of the name."""
        found = self.graphs.get(name)
        return None if found is None else found.content if self.by_content else name

    def told(self) -> str:
        """Return number, hash, publisher and time, for a person."""
        return f"version {self.number} ({self.hash[:12]}), published by {self.publisher or 'nobody known'} {self.began}"

    def triples(self) -> list[Triple]:
        """Return the description of the version."""
        me, activity = iri(self.iri), iri(f"{self.iri}#publishing")
        person, tool = iri(f"{self.iri}#publisher"), iri(f"{self.iri}#tool")
        rows = [
            (me, f"{RDF}type", iri(f"{PROV}Entity")),
            (me, f"{DCTERMS}title", literal(self.model)),
            (me, f"{DCTERMS}identifier", literal(self.hash)),
            (me, f"{PROV}wasGeneratedBy", activity),
            (activity, f"{RDF}type", iri(f"{PROV}Activity")),
            (activity, f"{PROV}startedAtTime", literal(self.began, f"{XSD}dateTime")),
            (activity, f"{PROV}wasAssociatedWith", person),
            (activity, f"{PROV}wasAssociatedWith", tool),
            (person, f"{RDF}type", iri(f"{PROV}Person")),
            (person, f"{FOAF}name", literal(self.publisher)),
            (tool, f"{RDF}type", iri(f"{PROV}SoftwareAgent")),
            (tool, f"{FOAF}name", literal("qe-kg")),
            (tool, f"{DCAT}version", literal(self.tool)),
        ]
        if self.scenario:
            rows.append((me, f"{DCTERMS}subject", literal(self.scenario)))
        if self.previous:
            rows.append((me, f"{DCAT}prev", iri(self.previous)))
        if self.commit:
            commit = iri(f"{self.iri}#commit")
            rows += [(activity, f"{PROV}used", commit), (commit, f"{DCTERMS}identifier", literal(self.commit))]
        for name, one in self.graphs.items():
            content, checksum = iri(one.content), iri(f"{one.content}#stored")
            rows += [
                (me, f"{PROV}hadMember", content if self.by_content else iri(name)),
                (content, f"{PROV}specializationOf", iri(name)),
                (content, f"{DCTERMS}identifier", literal(one.hash)),
                (content, f"{SPDX}checksum", checksum),
                (checksum, f"{SPDX}algorithm", iri(f"{SPDX}checksumAlgorithm_sha256")),
                (checksum, f"{SPDX}checksumValue", literal(one.stored)),
                (content, f"{VOID}triples", literal(str(one.size), f"{XSD}integer")),
            ]
        rows += [(iri(one), f"{PROV}wasDerivedFrom", iri(base)) for one, base in self.derived.items()]
        return [(subject, iri(predicate), value) for subject, predicate, value in rows]


def piece_names(content: str) -> list[str]:
    """Return the names of the graphs that hold a content."""
    _, _, count = content.partition("&pieces=")
    return [f"{content}&piece={number}" for number in range(1, int(count) + 1)] if count else [content]


def patch_names(content: str, base: str) -> tuple[str, str]:
    """Return the names of the graphs with what is removed from and what is added to one content to get another."""
    part = f"{content}&since={base.partition('?sha256=')[2].partition('&')[0]}"
    return f"{part}&part=removed", f"{part}&part=added"


def new_version(record: str, previous: Version, **values: object) -> Version:
    """Make the version after another one, by a run of its own."""
    began = datetime.now(UTC).isoformat(timespec="seconds").replace("+00:00", "Z")
    name = f"{record}/version/{previous.number + 1}-{secrets.token_hex(4)}"
    made = Version(name, "", previous=previous.iri, began=began)
    return replace(made, **values)  # type: ignore[arg-type]


def as_n_triples(triples: Iterable[Triple]) -> bytes:
    """Write triples as N-Triples."""
    return "".join(f"{s.n3()} {p.n3()} {o.n3()} .\n" for s, p, o in triples).encode()


def first_name(record: str) -> str:
    """Return the name of the version that stands for "nothing was published yet"."""
    return f"{record}/version/0"


def read_heads(store: RemoteStore, record: str) -> list[str]:
    """Return the IRIs of the current version: one, or none where the store has no record of versions.

    Two are there only after two publishers came through at once, where the store did not keep them apart.

    Raises:
        StoreError: the store cannot be asked.

    """
    rows = store.select(f"SELECT ?v WHERE {{ GRAPH <{record}> {{ <{record}> <{DCAT}hasCurrentVersion> ?v }} }}").rows
    return sorted({row[0].value for row in rows if row[0]}, key=lambda name: (_number(name), name))


def _number(name: str) -> int:
    number = name.rsplit("/", 1)[1].partition("-")[0]
    return int(number) if number.isdigit() else 0


def read_version(store: RemoteStore, record: str, name: str) -> Version | None:
    """Read a version's description; None where the store does not hold it (any more).

    Raises:
        StoreError: the store cannot be asked.

    """
    if name == first_name(record):
        return Version(name, "", is_accepted=True)
    rows = store.select(f"SELECT ?s ?p ?o WHERE {{ GRAPH <{name}> {{ ?s ?p ?o }} }}").rows
    said: dict[str, dict[str, list[str]]] = {}
    for subject, predicate, value in rows:
        if subject and predicate and value:
            said.setdefault(subject.value, {}).setdefault(predicate.value, []).append(value.value)

    def one(subject: str, predicate: str) -> str:
        return said.get(subject, {}).get(predicate, [""])[0]

    if not one(name, f"{DCTERMS}identifier"):
        return None
    graphs = {}
    for content, about in said.items():
        if usual := about.get(f"{PROV}specializationOf"):
            graphs[usual[0]] = GraphVersion(
                usual[0], about[f"{DCTERMS}identifier"][0], one(f"{content}#stored", f"{SPDX}checksumValue"),
                int(about[f"{VOID}triples"][0]), len(piece_names(content)),
            )  # fmt: skip
    members = said[name].get(f"{PROV}hadMember", [])
    # No ASK: Virtuoso answers it with a table.
    accepted = store.select(
        f"SELECT ?day WHERE {{ GRAPH <{record}> {{ <{name}> <{DCTERMS}dateAccepted> ?day }} }}"
    ).rows
    return Version(
        name, one(name, f"{DCTERMS}title"), dict(sorted(graphs.items())),
        scenario=one(name, f"{DCTERMS}subject") or None,
        previous=one(name, f"{DCAT}prev") or None,
        derived={s: about[f"{PROV}wasDerivedFrom"][0] for s, about in said.items() if f"{PROV}wasDerivedFrom" in about},
        by_content=any("?sha256=" in member for member in members),
        publisher=one(f"{name}#publisher", f"{FOAF}name"),
        began=one(f"{name}#publishing", f"{PROV}startedAtTime"),
        tool=one(f"{name}#tool", f"{DCAT}version"),
        commit=one(f"{name}#commit", f"{DCTERMS}identifier") or None,
        is_accepted=bool(accepted),
    )  # fmt: skip


def history(store: RemoteStore, record: str, head: Version, limit: int) -> list[Version]:
    """Return the current version and those before it, newest first, as far as they are kept."""
    found, name = [head], head.previous
    while len(found) < limit and name:
        before = read_version(store, record, name)
        if before is None:
            break
        found.append(before)
        name = before.previous
    return [one for one in found if one.number]
