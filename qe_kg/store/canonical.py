"""A graph in canonical form: N-Triples, blank nodes named by RDFC-1.0, sorted; and its hash.

Two graphs that say the same have the same form, whatever file, order and blank node labels they come in. The hash is
SHA-256 over that form, which is what RDFC-1.0 hashes a graph without a name to.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from itertools import islice
from operator import eq

import pyoxigraph as ox

from qe_kg.errors import ReadError

#: Above this many statements about blank nodes of one graph, naming them might not end in the lifetime of anybody.
_TOO_TANGLED = 200_000
_PART = 10_000


@dataclass(frozen=True)
class CanonicalGraph:
    """What one graph says.

    Attributes:
        lines: canonical N-Triples lines without their line ends, sorted by code point, each once.
        has_blank_nodes: whether any of them has a blank node.

    """

    lines: tuple[bytes, ...]
    has_blank_nodes: bool = False

    @cached_property
    def hash(self) -> str:
        """SHA-256 of the canonical form, in hexadecimal."""
        digest = hashlib.sha256()
        for part in self.parts():
            digest.update(part)
        return digest.hexdigest()

    def __len__(self) -> int:
        return len(self.lines)

    def divided(self, count: int) -> list[CanonicalGraph]:
        """Divide it into so many graphs of about the same size; without blank nodes each says the same by itself."""
        if count == 1:
            return [self]
        size = -(-len(self.lines) // count)
        return [replace(self, lines=self.lines[n * size : (n + 1) * size]) for n in range(count)]

    def parts(self) -> Iterator[bytes]:
        """Yield the N-Triples text in parts that are worth a packet each."""
        lines = iter(self.lines)
        while part := b"\n".join(islice(lines, _PART)):
            yield part + b"\n"


def canonical(quads: Iterable[ox.Quad | ox.Triple]) -> CanonicalGraph:
    """Bring quads of one graph into canonical form; the graph's name does not count.

    Raises:
        ReadError: there are too many statements about blank nodes, or RDF 1.2 triple terms.

    """
    plain: list[ox.Triple] = []
    tangled: list[ox.Triple] = []
    for one in quads:
        triple = one if isinstance(one, ox.Triple) else one.triple
        is_tangled = isinstance(triple.subject, ox.BlankNode) or isinstance(triple.object, ox.BlankNode)
        (tangled if is_tangled else plain).append(triple)
    if len(tangled) > _TOO_TANGLED:
        raise ReadError(f"a graph has {len(tangled):,} statements about blank nodes: too many to name; give them IRIs")
    if tangled:
        # A triple without blank nodes has no part in naming them.
        dataset = ox.Dataset(ox.Quad(one.subject, one.predicate, one.object) for one in tangled)
        dataset.canonicalize(ox.CanonicalizationAlgorithm.RDFC_1_0)
        tangled = [quad.triple for quad in dataset]
    lines = ox.serialize([*plain, *tangled], format=ox.RdfFormat.N_TRIPLES) or b""
    return CanonicalGraph(_sorted(lines), bool(tangled))


def canonical_text(text: bytes) -> CanonicalGraph:
    """Bring N-Triples into canonical form.

    Raises:
        ReadError: they do not parse.

    """
    try:
        if b"_:" in text:
            return canonical(quad.triple for quad in ox.parse(text, format=ox.RdfFormat.N_TRIPLES))
        # In one go, which takes a fifth of the time: no triple becomes an object of Python's.
        parsed = ox.parse(text, format=ox.RdfFormat.N_TRIPLES)
        return CanonicalGraph(_sorted(ox.serialize(parsed, format=ox.RdfFormat.N_TRIPLES) or b""))
    except SyntaxError as error:
        raise ReadError(f"that is no N-Triples: {error.msg or error}") from error


def _sorted(text: bytes) -> tuple[bytes, ...]:
    # Files are in order for the most part, which sorting makes use of, and hardly ever say a thing twice.
    lines = text.split(b"\n")
    lines.sort()
    if any(map(eq, lines, islice(lines, 1, None))):
        lines = list(dict.fromkeys(lines))
    return tuple(lines if lines[0] else lines[1:])
