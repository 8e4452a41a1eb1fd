"""Reading and writing RDF files: the place of every syntax error, and literals as written."""

from __future__ import annotations

import io
import re
from collections.abc import Callable
from pathlib import Path

import pyoxigraph as ox
import pytest

from qe_kg import ParseError, ReadError, open_model
from qe_kg.store.files import FORMATS, canonical, format_of, read_quads, rename_quads
from qe_kg.store.streams import is_dataset, one_each, write_as_read

PREFIX = "@prefix ex: <http://e/> .\n"
#: Content that does not parse → line and column of the fault, and what the message must say.
UNPARSABLE: dict[str, tuple[bytes, int, int, str]] = {
    "missing dot": (f"{PREFIX}ex:a ex:b ex:c\nex:d ex:e ex:f .\n".encode(), 3, 1, "dot is expected"),
    "missing dot at the end": (f"{PREFIX}ex:a ex:b ex:c\n".encode(), 3, 1, "expected '.'"),
    "undeclared prefix": (f"{PREFIX}ex:a foo:b ex:c .\n".encode(), 2, 6, "expected a declared prefix: add an @prefix"),
    "undeclared prefix after wide characters": (f'{PREFIX}ex:a ex:b "→→" ; ex:c foo:d .\n'.encode(), 2, 23, "foo:"),
    "unterminated string": (f'{PREFIX}ex:a ex:b "abc .\nex:d a ex:f .\n'.encode(), 2, 11, "expected the closing quote"),
    "unterminated long string": (f'{PREFIX}ex:a ex:b """abc .\n'.encode(), 2, 11, "expected the closing quote"),
    "space in an IRI": (f"{PREFIX}ex:a ex:b <http://e/a b> .\n".encode(), 2, 11, "expected an IRI"),
    "relative IRI": (f"{PREFIX}ex:a ex:b <abc> .\n".encode(), 2, 11, "expected an absolute IRI"),
    "literal as predicate": (f'{PREFIX}ex:a "p" ex:c .\n'.encode(), 2, 6, "expected an IRI, a prefixed name or 'a'"),
    "missing object": (f"{PREFIX}ex:a ex:b .\n".encode(), 2, 11, "expected an IRI, a prefixed name, a literal"),
    "open bracket": (f"{PREFIX}ex:a ex:b [ ex:c ex:d .\n".encode(), 2, 23, "should end with a ']'"),
    "binary": (bytes(range(256)), 1, 1, "expected a statement"),
    "zeros": (b"\0" * 200, 1, 1, "expected a statement"),
    "Latin-1": (f'{PREFIX}ex:a ex:b "caf\xe9" .\n'.encode("latin-1"), 2, 15, "expected text in UTF-8"),
    "UTF-16": (f"{PREFIX}ex:a ex:b ex:c .\n".encode("utf-16"), 1, 1, "expected text in UTF-8"),
}  # fmt: skip
LITERALS = (
    '"1.50"^^<http://www.w3.org/2001/XMLSchema#decimal>',
    '"01"^^<http://www.w3.org/2001/XMLSchema#integer>',
    '"colour"@en-GB',
    '"PT60S"^^<http://www.w3.org/2001/XMLSchema#duration>',
    '"2020-01-01T00:00:00.000Z"^^<http://www.w3.org/2001/XMLSchema#dateTime>',
    '"not a number"^^<http://www.w3.org/2001/XMLSchema#integer>',
)


@pytest.mark.parametrize("case", UNPARSABLE)
@pytest.mark.parametrize("read", ["file", "model"])
def test_a_syntax_error_is_located_and_says_what_was_expected(
    case: str, read: str, write_model: Callable[..., Path]
) -> None:
    content, line, column, expected = UNPARSABLE[case]
    model = write_model({"bad.ttl": content})
    with pytest.raises(ParseError) as caught:
        open_model(model) if read == "model" else list(read_quads(model / "bad.ttl"))
    error = caught.value
    assert (error.file, error.line, error.column) == (str(model / "bad.ttl"), line, column)
    assert str(error).startswith(f"{model / 'bad.ttl'}:{line}:{column}: ")
    assert expected in error.problem and "\n" not in error.problem
    assert not re.match("(?i)parser error|error at", error.problem), "the place is told once"


def test_an_empty_file_is_an_empty_graph(tmp_path: Path) -> None:
    empty = tmp_path / "empty.ttl"
    empty.touch()
    assert list(read_quads(empty)) == []


def test_a_missing_file_and_a_folder_are_no_syntax_errors(tmp_path: Path) -> None:
    (tmp_path / "folder.ttl").mkdir()
    for name in ("nowhere.ttl", "folder.ttl"):
        with pytest.raises(ReadError, match=f"{name}: cannot be read") as caught:
            list(read_quads(tmp_path / name))
        assert not isinstance(caught.value, ParseError)


def test_the_name_tells_the_format() -> None:
    assert format_of(Path("a.TTL")) == "ttl"
    assert format_of(Path("a.b.jsonld")) == "jsonld"
    with pytest.raises(ReadError, match=r"a\.docx: its name does not tell an RDF format; known endings: .*\.ttl"):
        format_of(Path("a.docx"))


def test_literals_are_read_as_they_are_written(tmp_path: Path) -> None:
    path = tmp_path / "literals.nt"
    path.write_text("".join(f"<http://e/s> <http://e/p> {literal} .\n" for literal in LITERALS), encoding="utf-8")
    # The parser writes language tags in lower case, as RDF allows: "en-GB" and "en-gb" are one tag.
    assert {str(quad.object) for quad in read_quads(path)} == {text.replace("en-GB", "en-gb") for text in LITERALS}


def test_triples_go_to_the_named_graph_and_quads_stay_in_theirs(tmp_path: Path) -> None:
    path = tmp_path / "two.trig"
    path.write_text(f"{PREFIX}ex:a ex:p ex:b . ex:g {{ ex:c ex:p ex:d }}\n", encoding="utf-8")
    graphs = {str(quad.subject): str(quad.graph_name) for quad in read_quads(path, "http://e/default")}
    assert graphs == {"<http://e/a>": "<http://e/default>", "<http://e/c>": "<http://e/g>"}


def test_renaming_reaches_every_iri_and_no_literal(tmp_path: Path) -> None:
    path = tmp_path / "names.trig"
    path.write_text('<old:g> { <old:s> <old:p> <old:o> , "old:x"^^<old:t> , "old:y"@en }', encoding="utf-8")
    quads = list(read_quads(path, rename=lambda iri: iri.replace("old:", "new:")))
    assert {str(quad) for quad in quads} == {
        "<new:s> <new:p> <new:o> <new:g>",
        '<new:s> <new:p> "old:x"^^<new:t> <new:g>',
        '<new:s> <new:p> "old:y"@en <new:g>',
    }
    assert list(rename_quads(quads, lambda iri: iri.replace("new:", "new:"))) == quads


def test_renaming_reaches_addresses_too(tmp_path: Path) -> None:
    """``sh:namespace "…"^^xsd:anyURI`` says what a prefix in the text of a constraint stands for."""
    path = tmp_path / "a.ttl"
    path.write_text(
        '<http://e/a> <http://e/b> "http://old/x"^^<http://www.w3.org/2001/XMLSchema#anyURI> .', encoding="utf-8"
    )
    (quad,) = read_quads(path, rename=lambda iri: iri.replace("http://old/", "http://new/"))
    assert str(quad.object) == '"http://new/x"^^<http://www.w3.org/2001/XMLSchema#anyURI>'


def test_a_blank_node_label_means_another_node_in_another_file(write_model: Callable[..., Path]) -> None:
    turtle = "@prefix t: <https://test.example/id/> .\nt:{0} t:has _:x . _:x t:name '{0}' ."
    model = open_model(
        write_model({"a.ttl": turtle.format("a"), "b.ttl": turtle.format("b")}, {"ontology": [], "data": ["*.ttl"]})
    )
    assert len({quad.subject for quad in model.quads("data") if isinstance(quad.subject, ox.BlankNode)}) == 2
    assert len(model.query("SELECT DISTINCT ?x WHERE { ?s <https://test.example/id/has> ?x }")) == 2


def test_the_canonical_order_does_not_depend_on_order_or_blank_node_labels(tmp_path: Path) -> None:
    def read(name: str, content: str) -> list[ox.Quad]:
        path = tmp_path / name
        path.write_text(content, encoding="utf-8")
        return canonical(read_quads(path))

    one = read("one.ttl", f"{PREFIX}ex:a ex:p ( 1 2 ) ; a ex:C . ex:b ex:q _:n . _:n ex:r 'x' .")
    other = read("other.ttl", f"{PREFIX}ex:b ex:q [ ex:r 'x' ] . ex:a a ex:C ; ex:p ( 1 2 ) .")
    assert one == other
    first = next(quad for quad in one if str(quad.subject) == "<http://e/a>")
    assert first.predicate.value.endswith("#type")


@pytest.mark.parametrize("form", FORMATS)
def test_every_format_keeps_a_triple_once(form: str) -> None:
    triple = (
        ox.NamedNode("http://e/s"),
        ox.NamedNode("http://e/p"),
        ox.Literal("1.50", datatype=ox.NamedNode("http://e/t")),
    )
    quads = [ox.Quad(*triple, ox.NamedNode(f"http://e/g{number}")) for number in (1, 2)]
    output = io.BytesIO()
    write_as_read(quads if is_dataset(form) else one_each(quads), output, form, {"ex": "http://e/"})
    back = list(ox.parse(output.getvalue(), format=FORMATS[form]))
    assert len(back) == (2 if FORMATS[form].supports_datasets else 1)
    assert {(quad.subject, quad.predicate, quad.object) for quad in back} == {triple}
