"""A VoID and DCAT description of an export: what is in it, in which files, of which size and content.

VoID: https://www.w3.org/TR/void/. DCAT 3: https://www.w3.org/TR/vocab-dcat-3/. Nothing in it depends on the clock.
"""

from __future__ import annotations

import io
import os
from collections import Counter
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from qe_kg import git
from qe_kg.errors import CallError
from qe_kg.manifest import Manifest
from qe_kg.namespaces import COMMON_PREFIXES, DCTERMS, RDF, XSD, Namespaces, is_iri
from qe_kg.store.files import canonical
from qe_kg.store.statements import Statement, quad_of, statement
from qe_kg.store.streams import write_as_read
from qe_kg.terms import Term, iri, literal

if TYPE_CHECKING:
    import pyoxigraph as ox

FILE_NAME = "dataset.ttl"
_VOID, _SPDX, _DCAT = "http://rdfs.org/ns/void#", "http://spdx.org/rdf/terms#", COMMON_PREFIXES["dcat"]
_MEDIA = "https://www.iana.org/assignments/media-types/"
_MEDIA_TYPES = {
    "ttl": "text/turtle", "trig": "application/trig", "nt": "application/n-triples", "nq": "application/n-quads",
    "rdfxml": "application/rdf+xml", "jsonld": "application/ld+json", "n3": "text/n3",
    "gzip": "application/gzip", "zstd": "application/zstd",
}  # fmt: skip


@dataclass
class Tally:
    """Counts of the statements that went by: by graph (None is the default graph), class and property."""

    graphs: Counter[str | None] = field(default_factory=Counter)
    classes: Counter[str] = field(default_factory=Counter)
    properties: Counter[str] = field(default_factory=Counter)

    @property
    def statements(self) -> int:
        """How many there were."""
        return sum(self.graphs.values())

    def watch(self, quads: Iterable[ox.Quad]) -> Iterator[ox.Quad]:
        """Yield quads as they come, and count them."""
        for quad in quads:
            predicate = quad.predicate.value
            self.properties[predicate] += 1
            self.graphs[getattr(quad.graph_name, "value", None)] += 1
            if predicate == f"{RDF}type":
                self.classes[getattr(quad.object, "value", "")] += 1
            yield quad

    def add(self, other: Tally) -> None:
        """Take up the counts of another one."""
        self.graphs += other.graphs
        self.classes += other.classes
        self.properties += other.properties


@dataclass(frozen=True)
class WrittenFile:
    """A file of an export: its name, format, compression, size in bytes, SHA-256 in hexadecimal, and what it holds."""

    name: str
    form: str
    compression: str | None
    size: int
    digest: str
    content: Tally


@dataclass(frozen=True)
class Dataset:
    """What an export is an export of.

    Attributes:
        name: a title.
        version: its version.
        namespaces: its namespaces, with the base that is written.
        own_namespace: where its own individuals are.
        license: IRI of the licence, or None where the manifest names none.
        modified: when it was last changed, or None where nothing tells.
        url: where the folder will be published, or None.

    """

    name: str
    version: str
    namespaces: Namespaces
    own_namespace: str
    license: str | None = None
    modified: datetime | None = None
    url: str | None = None

    @classmethod
    def of(cls, manifest: Manifest, namespaces: Namespaces, own_namespace: str, url: str | None = None) -> Dataset:
        """Describe the model of a manifest, under the namespaces in which it is written.

        Raises:
            CallError: the URL is no IRI.

        """
        if url is not None and not is_iri(url):
            raise CallError(f"{url!r} is no address; write it as https://data.example/model/")
        modified = last_modified(manifest.directory)
        place = None if url is None else url.rstrip("/") + "/"
        return cls(manifest.name, manifest.version, namespaces, own_namespace, manifest.license, modified, place)


def last_modified(directory: Path) -> datetime | None:
    """Return when a folder was last changed: SOURCE_DATE_EPOCH, else the last commit that touched it, else None.

    Raises:
        CallError: SOURCE_DATE_EPOCH is no number of seconds.

    """
    given = os.environ.get("SOURCE_DATE_EPOCH")
    if given:
        try:
            return datetime.fromtimestamp(int(given), UTC)
        except (ValueError, OverflowError, OSError) as error:
            raise CallError(f"SOURCE_DATE_EPOCH is no number of seconds: {given!r}") from error
    seconds = git.last_commit_time(directory)
    return None if seconds is None else datetime.fromtimestamp(seconds, UTC)


def describe(dataset: Dataset, files: Iterable[WrittenFile], tally: Tally) -> bytes:
    """Return the description as Turtle, the same bytes for the same export."""
    buffer = io.BytesIO()
    quads = canonical(quad_of(one) for one in _statements(dataset, tuple(files), tally))
    prefixes = dataset.namespaces.prefixes | {"void": _VOID, "spdx": _SPDX}
    used = {one.value for quad in quads for one in _iris(statement(quad))}
    kept = {name: space for name, space in prefixes.items() if any(one.startswith(space) for one in used)}
    write_as_read(quads, buffer, "ttl", kept)
    return buffer.getvalue()


def _iris(one: Statement) -> Iterator[Term]:
    yield from (term for term in (one.subject, one.predicate, one.value) if term.kind == "iri")
    if one.value.datatype:
        yield iri(one.value.datatype)


def _statements(dataset: Dataset, files: tuple[WrittenFile, ...], tally: Tally) -> Iterator[Statement]:
    base = dataset.url or f"{dataset.namespaces.base}dataset/"
    me = iri(f"{base}{FILE_NAME}#dataset")

    def say(subject: Term, name: str, *values: Term) -> Iterator[Statement]:
        return (Statement(subject, iri(name), value) for value in values)

    yield from say(me, f"{RDF}type", iri(f"{_DCAT}Dataset"), iri(f"{_VOID}Dataset"))
    yield from say(me, f"{DCTERMS}title", literal(dataset.name))
    yield from say(me, f"{_DCAT}version", literal(dataset.version))
    yield from say(me, f"{_VOID}uriSpace", literal(dataset.own_namespace))
    yield from say(me, f"{_VOID}vocabulary", iri(dataset.namespaces.terms))
    common = [(f"{DCTERMS}license", iri(dataset.license))] if dataset.license else []
    if dataset.modified is not None:
        common.append((f"{DCTERMS}modified", _typed(dataset.modified.strftime("%Y-%m-%dT%H:%M:%SZ"), "dateTime")))
    for name, value in common:
        yield from say(me, name, value)
    yield from say(me, f"{_VOID}triples", _number(tally.statements))
    yield from say(me, f"{_VOID}classes", _number(len(tally.classes)))
    yield from say(me, f"{_VOID}properties", _number(len(tally.properties)))
    for part, key, counts, measure in (
        ("classPartition", "class", tally.classes, "entities"),
        ("propertyPartition", "property", tally.properties, "triples"),
    ):
        for number, name in enumerate(sorted(counts), 1):
            node = iri(f"{base}{FILE_NAME}#{key}-{number}")
            yield from say(me, f"{_VOID}{part}", node)
            yield from say(node, f"{_VOID}{key}", iri(name))
            yield from say(node, f"{_VOID}{measure}", _number(counts[name]))
    for graph, count in tally.graphs.items():
        if graph is not None:
            yield from say(me, f"{_VOID}subset", iri(graph))
            yield from say(iri(graph), f"{RDF}type", iri(f"{_VOID}Dataset"))
            yield from say(iri(graph), f"{_VOID}triples", _number(count))
    for file in files:
        node, checksum = iri(base + file.name), iri(f"{base}{FILE_NAME}#checksum-{file.name}")
        yield from say(me, f"{_DCAT}distribution", node)
        yield from say(node, f"{RDF}type", iri(f"{_DCAT}Distribution"))
        yield from say(node, f"{DCTERMS}title", literal(file.name))
        yield from say(node, f"{_DCAT}byteSize", _typed(str(file.size), "nonNegativeInteger"))
        yield from say(node, f"{_DCAT}mediaType", iri(_MEDIA + _MEDIA_TYPES[file.form]))
        if file.compression is not None:
            yield from say(node, f"{_DCAT}compressFormat", iri(_MEDIA + _MEDIA_TYPES[file.compression]))
        if dataset.url is not None:
            yield from say(node, f"{_DCAT}downloadURL", node)
        for name, value in common:
            yield from say(node, name, value)
        yield from say(node, f"{_SPDX}checksum", checksum)
        yield from say(checksum, f"{RDF}type", iri(f"{_SPDX}Checksum"))
        yield from say(checksum, f"{_SPDX}algorithm", iri(f"{_SPDX}checksumAlgorithm_sha256"))
        yield from say(checksum, f"{_SPDX}checksumValue", _typed(file.digest, "hexBinary"))
        for graph in file.content.graphs:
            yield from say(me if graph is None else iri(graph), f"{_VOID}dataDump", node)


def _number(count: int) -> Term:
    return _typed(str(count), "integer")


def _typed(text: str, datatype: str) -> Term:
    return literal(text, f"{XSD}{datatype}")
