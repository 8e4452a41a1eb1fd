"""What a server gives back of every kind of literal is what was foretold of it: the same text, or the altered one."""

from __future__ import annotations

import pytest

from qe_kg.namespaces import XSD
from qe_kg.publish.reading import read_graph
from qe_kg.store.canonical import canonical_text
from qe_kg.store.rewriting import foretell
from tests.publish.site import Site
from tests.servers.running import PRODUCTS

_PLAIN = (
    '"a"', '"a"@en', '"a"@en-GB', '"A"@de-Latn-DE', '""', '"é😀"', r'"a\nb\t\"q\"\\"',
    '"POINT(1 2)"^^<http://www.opengis.net/ont/geosparql#wktLiteral>', '"x"^^<https://x.example/type>',
    '"<a>x</a>"^^<http://www.w3.org/1999/02/22-rdf-syntax-ns#XMLLiteral>',
)  # fmt: skip
_TYPED = {
    "integer": "1 01 +1 -0 0 123456789012345678901234567890 x 0100 36028797018963967",
    "int": "1 01",
    "byte": "300 5",
    "nonNegativeInteger": "5 05",
    "unsignedByte": "7",
    "decimal": "1.50 1.5 1.0 1 .5 -0.0 12345678901234567890.123456789012345678 1. 100 10.00 -1.50 0.000000001",
    "double": "1.0E0 1 1e400 INF NaN 1.5 0.1 150 1e10 1e-5 123456789 1.5E-3 1e7 -0.0 1e21 123456.789",
    "float": "1.5 1 0.1 1e10 1e-5 16777216",
    "boolean": "true 1 0 false",
    "date": "2020-01-01 2020-01-01Z 2020-01-01+01:00 20200101 -0044-03-15",
    "dateTime": "2020-01-01T00:00:00 2020-01-01T00:00:00Z 2020-01-01T00:00:00.000Z 2020-01-01T00:00:00+00:00 "
    "2020-01-01 2020-01-01T12:00:00.1234567Z 2020-01-01T00:00:00+01:00 2020-01-01T12:00:00.120Z "
    "2020-01-01T12:00:00.12340Z 2020-01-01T12:00:00-00:00",
    "dateTimeStamp": "2020-01-01T00:00:00Z",
    "time": "12:00:00 12:00:00.0Z",
    "duration": "PT60S PT1M P30D P1Y2M P5Y P12M -P1D",
    "dayTimeDuration": "PT60S P1D PT24H",
    "yearMonthDuration": "P12M P1Y",
    "gYear": "2020",
    "gYearMonth": "2020-01",
    "anyURI": "https://x.example/a https://x.example/%7Ea",
    "hexBinary": "0aFF",
}
LITERALS = [*_PLAIN, *(f'"{text}"^^<{XSD}{kind}>' for kind, texts in _TYPED.items() for text in texts.split())]
TEXT = "".join(f"<https://x.example/{n}> <https://x.example/p> {one} .\n" for n, one in enumerate(LITERALS))
# Several values that are equal as numbers, and several that are not, of one subject.
TEXT += "".join(
    f'<https://x.example/{name}> <https://x.example/p> "{text}"^^<{XSD}{kind}> .\n'
    for name, values in {
        "equal": (("1", "integer"), ("1.0", "decimal"), ("true", "boolean")),
        "unequal": (("1", "integer"), ("2", "integer")),
    }.items()
    for text, kind in values
)


@pytest.mark.parametrize("site", PRODUCTS, indirect=True)
def test_what_comes_back_was_foretold(site: Site) -> None:
    graph = canonical_text(TEXT.encode())
    foretold = foretell(site.server.product, graph)
    version = site.publish({"literals": TEXT})
    place = version.place(site.name("literals"))
    assert place is not None
    found = read_graph(site.store(), place)
    assert foretold.fits(found)
    if not foretold.loose:
        assert found.hash == foretold.graph.hash
        went, came = set(graph.lines), set(found.lines)
        gone = {line.split(b" ", 2)[2].removesuffix(b" .").decode() for line in went - came}
        assert gone == {one.before for one in foretold.altered}
    is_altered = {"oxigraph": True, "fuseki": True, "rdf4j": False, "virtuoso": True}
    assert bool(foretold.altered) is is_altered[site.server.product]
    assert bool(foretold.loose) is (site.server.product == "virtuoso")


def test_what_virtuoso_makes_of_a_duration_is_told() -> None:
    text = f'<https://x.example/a> <https://x.example/p> "PT60S"^^<{XSD}duration> .\n'
    (one,) = foretell("virtuoso", canonical_text(text.encode())).altered
    assert one == (f'"PT60S"^^<{XSD}duration>', None)
    (one,) = foretell("oxigraph", canonical_text(text.encode())).altered
    assert one == (f'"PT60S"^^<{XSD}duration>', f'"PT1M"^^<{XSD}duration>')
    assert foretell("rdf4j", canonical_text(text.encode())).altered == ()


def test_a_store_that_gives_back_other_literals_than_foretold_is_told() -> None:
    graph = canonical_text(TEXT.encode())
    for product in ("oxigraph", "fuseki", "virtuoso"):
        foretold = foretell(product, graph)
        firm = [line for line in foretold.graph.lines if line not in foretold.loose]
        assert not foretold.fits(canonical_text(b"\n".join({*foretold.graph.lines} - {firm[0]}) + b"\n"))
        foreign = b'<https://x.example/foreign> <https://x.example/p> "x" .\n'
        assert not foretold.fits(canonical_text(b"\n".join(foretold.graph.lines) + b"\n" + foreign))
