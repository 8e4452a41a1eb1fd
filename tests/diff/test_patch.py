"""An RDF Patch of OLD and NEW, applied to OLD, gives NEW exactly."""

from __future__ import annotations

import tempfile
from pathlib import Path

import pyoxigraph as ox
import pytest
import rdflib
from hypothesis import given, settings
from hypothesis import strategies as st

from qe_kg.diff.patch import apply_patch, write_patch
from qe_kg.errors import ParseError, ReadError
from qe_kg.store.files import read_quads
from qe_kg.store.statements import content, difference, name_blank_nodes
from tests.diff.graphs import canonical, graphs, named_graphs

ROOT = Path(__file__).resolve().parents[2]


def parse(text: str, form: ox.RdfFormat = ox.RdfFormat.N_TRIPLES) -> frozenset[ox.Quad]:
    return frozenset(ox.parse(text.encode(), format=form, rename_blank_nodes=True))


def folded(graph: rdflib.Graph) -> set[tuple[str, ...]]:
    return {tuple(node.n3().replace("@en-GB", "@en-gb") for node in triple) for triple in graph}


@pytest.mark.filterwarnings("ignore:Dataset:DeprecationWarning")
@settings(derandomize=True, max_examples=40, deadline=None)
@given(named_graphs, named_graphs)
def test_rdflib_reads_the_patch_and_comes_to_the_same(old: str, new: str) -> None:
    patch = write_patch(difference(parse(old), parse(new)))
    patched = rdflib.Dataset()
    for triple in rdflib.Graph().parse(data=old, format="nt"):
        patched.add(triple)
    patched.parse(data=patch, format="patch")
    wanted = rdflib.Graph().parse(data=new, format="nt")
    # One of rdflib's two parsers folds language tags to small letters, the other does not.
    assert folded(patched.default_graph) == folded(wanted)


@settings(derandomize=True, max_examples=60, deadline=None)
@given(graphs)
def test_a_graph_does_not_differ_from_a_copy_with_other_blank_node_names(graph: str) -> None:
    copy = graph.replace("_:n0", "_:z9").replace("_:n1", "_:n0").replace("_:z9", "_:n1")
    found = difference(parse(graph), parse("\n".join(reversed(copy.splitlines())) + "\n"))
    assert (found.added, found.removed) == ((), ())


@settings(derandomize=True, max_examples=80, deadline=None)
@given(graphs, graphs, st.sampled_from(["nt", "ttl"]), st.integers(0, 3))
def test_files_compared_by_line_differ_in_the_same(old: str, new: str, form: str, extra: int) -> None:
    with tempfile.TemporaryDirectory() as folder:
        pairs = []
        for name, text in (("old", old), ("new", new)):
            path, other = Path(folder, f"{name}.nt"), Path(folder, f"{name}-more.{form}")
            lines = text.splitlines(keepends=True)
            path.write_text(text + "# a comment\n", encoding="utf-8")
            # What another file says too, or in other words: with two spaces, which no line of the first has.
            other.write_text("".join(lines[:extra]).replace("> <", ">  <", extra % 2), encoding="utf-8")
            pairs.append([path, other])
        by_line = difference(*(content((path, read_quads(path)) for path in paths) for paths in pairs))
        parsed = difference(*([quad for path in paths for quad in read_quads(path)] for paths in pairs))
    if "_:" not in old + new:  # what two files say of blank nodes is said of two blank nodes
        assert (by_line.added, by_line.removed) == (parsed.added, parsed.removed)
        assert [sorted(map(str, state.items())) for state in by_line.states] == [
            sorted(map(str, state.items())) for state in parsed.states
        ]
    assert len(by_line.added) == len(parsed.added) and len(by_line.removed) == len(parsed.removed)


def test_a_line_that_only_one_side_has_must_parse(tmp_path: Path) -> None:
    (tmp_path / "bad.nt").write_text("<a:s> <a:p> .\n")
    with pytest.raises(ReadError, match="no N-Quads"):
        difference(content([(tmp_path / "bad.nt", ())]), [])


def test_named_graphs_and_literals_as_written_are_kept() -> None:
    old = '<a:s> <a:p> "1.50"^^<http://www.w3.org/2001/XMLSchema#decimal> <a:g> .\n_:x <a:p> _:x <a:g> .\n'
    new = '<a:s> <a:p> "1.5"^^<http://www.w3.org/2001/XMLSchema#decimal> <a:g> .\n_:x <a:p> _:x <a:h> .\n'
    patch = write_patch(difference(parse(old, ox.RdfFormat.N_QUADS), parse(new, ox.RdfFormat.N_QUADS)))
    assert 'D <a:s> <a:p> "1.50"^^<http://www.w3.org/2001/XMLSchema#decimal> <a:g> .' in patch.splitlines()
    assert canonical(apply_patch(parse(old, ox.RdfFormat.N_QUADS), patch)) == canonical(
        parse(new, ox.RdfFormat.N_QUADS)
    )


def test_two_copies_of_one_structure_are_two() -> None:
    one = "<a:s> <a:p> _:x . _:x <a:q> <a:o> ."
    two = f"{one} <a:s> <a:p> _:y . _:y <a:q> <a:o> ."
    patch = write_patch(difference(parse(two, ox.RdfFormat.TURTLE), parse(one, ox.RdfFormat.TURTLE)))
    assert patch.count("\nD ") == 2
    assert canonical(apply_patch(parse(two, ox.RdfFormat.TURTLE), patch)) == canonical(parse(one, ox.RdfFormat.TURTLE))


def test_the_same_difference_is_the_same_patch() -> None:
    shapes = (ROOT / "shapes" / "policy" / "separation.ttl").read_text(encoding="utf-8")
    changed = shapes.replace("qesh:SEP-02", "qesh:SEP-99")
    first, second = (
        write_patch(difference(parse(shapes, ox.RdfFormat.TURTLE), parse(changed, ox.RdfFormat.TURTLE)))
        for _ in range(2)
    )
    assert first == second
    assert "qesh" not in first and "SEP-99" in first


def test_names_are_equal_for_equal_structures_in_different_files() -> None:
    one = parse("<a:s> <a:p> [ <a:q> ( 1 2 ) ] .", ox.RdfFormat.TURTLE)
    more = parse("<a:z> <a:p> [ <a:r> 3 ] . <a:s> <a:p> [ <a:q> ( 1 2 ) ] .", ox.RdfFormat.TURTLE)
    assert set(name_blank_nodes(one)) < set(name_blank_nodes(more))


@pytest.mark.parametrize(
    ("patch", "error", "message"),
    [
        ("D <a:s> <a:p> <a:o> .", ReadError, "p.rdfp:1: deletes what is not there"),
        ("\nA <a:s> <a:p> .", ParseError, "p.rdfp:2: "),
        ("X <a:s> <a:p> <a:o> .", ParseError, "a line begins with A, D, H"),
    ],
)
def test_a_patch_that_does_not_fit_is_refused(patch: str, error: type[Exception], message: str) -> None:
    with pytest.raises(error, match=message):
        apply_patch(frozenset(), patch, "p.rdfp")
