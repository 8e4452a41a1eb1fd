"""The manifest: what it says, and every way in which it can be wrong."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path

import pytest

from qe_kg import ManifestError, open_model
from qe_kg.assets import asset_root, packaged_model
from qe_kg.manifest import MANIFEST_NAME, find_model, read_manifest

WriteModel = Callable[..., Path]

#: Manifest text → what the error must say after the manifest's path.
WRONG: dict[str, tuple[str, str]] = {
    "not TOML": ('[model]\nname = "x"\nversion = \n[files]\n', r":3:11: Invalid value"),
    "no table of the model": ("[files]\ndata = []\n", r": the table \[model\] is missing"),
    "no table of files": ('[model]\nname = "x"\n', r": the table \[files\] is missing"),
    "a table that is a value": ('model = "x"\n[files]\n', r": the table \[model\] is missing"),
    "unknown table": (
        '[model]\n[files]\n[file]\ndata = ["a.ttl"]\n',
        r": it has an unknown key 'file'; known are alignments, files",
    ),
    "unknown key of the model": ('[model]\nnamspace = "x"\n[files]\n', r": \[model\] has an unknown key 'namspace'"),
    "unknown role": (
        '[model]\n[files]\ndate = ["a.ttl"]\n',
        r": \[files\] has an unknown key 'date'; known are alignments, baseline",
    ),
    "empty name": ('[model]\nname = ""\n[files]\n', r": \[model\] name must be a text that is not empty"),
    "version as number": ("[model]\nversion = 1.0\n[files]\n", r": \[model\] version must be a text"),
    "namespace that ends nowhere": (
        '[model]\nnamespace = "http://e/id"\n[files]\n',
        r": \[model\] namespace must be an IRI",
    ),
    "base that is no IRI": (
        '[model]\nbase = "acme/"\n[files]\n',
        r": \[model\] base must be an IRI that ends with / or #",
    ),
    "prefix that is no name": (
        '[model]\nnamespace = "http://e/"\nprefix = "a b"\n[files]\n',
        r": \[model\] prefix must be",
    ),
    "prefix that is taken": (
        '[model]\nnamespace = "http://e/"\nprefix = "skos"\n[files]\n',
        r": \[model\] prefix must be",
    ),
    "a path for a list": ('[model]\n[files]\ndata = "a.ttl"\n', r": \[files\] data must be a list of paths"),
    "numbers for paths": ("[model]\n[files]\ndata = [1]\n", r": \[files\] data must be a list of paths"),
    "builtin data": ('[model]\n[files]\ndata = ["builtin"]\n', r': \[files\] data cannot be "builtin"'),
    "missing file": (
        '[model]\n[files]\ndata = ["no.ttl"]\n',
        r": \[files\] data names 'no.ttl', but there is no such file in",
    ),
    "glob that finds nothing": (
        '[model]\n[files]\nshapes = ["x/*.ttl"]\n',
        r": \[files\] shapes names 'x/\*\.ttl', but",
    ),
    "empty path": ('[model]\n[files]\ndata = [""]\n', r": '' is not a path relative to the manifest"),
    "absolute path": (
        '[model]\n[files]\ndata = ["/etc/hosts"]\n',
        r": '/etc/hosts' is not a path relative to the manifest",
    ),
    "folder of data": (
        '[model]\n[files]\ndata = ["folder"]\n',
        r": \[files\] data names 'folder', but there is no such file",
    ),
    "missing folder of queries": (
        '[model]\n[files]\nqueries = ["no"]\n',
        r": \[files\] queries names .*no, which is not a dir",
    ),
}  # fmt: skip


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_manifest_is_refused_with_its_place_and_the_fault(case: str, write_model: WriteModel) -> None:
    text, expected = WRONG[case]
    model = write_model({"folder/a.txt": ""}, manifest=text)
    with pytest.raises(ManifestError) as caught:
        read_manifest(model)
    message = str(caught.value)
    path = str(model / MANIFEST_NAME)
    assert message.startswith(path)

    assert re.match(expected, message[len(path) :]), message


def test_a_manifest_in_another_encoding_is_refused(write_model: WriteModel) -> None:
    model = write_model({}, manifest='[model]\nname = "Caf\xe9"\n[files]\n'.encode("latin-1"))
    with pytest.raises(ManifestError, match="cannot be read"):
        read_manifest(model)


def test_a_directory_without_a_manifest_is_no_model(tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match=r"there is no qe-kg\.toml in it"):
        find_model(tmp_path)
    with pytest.raises(ManifestError, match="there is no such directory"):
        find_model(tmp_path / "nowhere")
    with pytest.raises(ManifestError, match="there is no such directory"):
        open_model(tmp_path / "nowhere")


def test_the_model_is_named_here_or_packaged(
    write_model: WriteModel, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    model = write_model({})
    assert find_model(model) == model
    assert find_model(str(model)) == model
    assert find_model(model / MANIFEST_NAME) == model
    monkeypatch.chdir(model)
    assert find_model() == model
    monkeypatch.chdir(tmp_path)
    assert find_model() == packaged_model()


def test_what_a_manifest_may_leave_out(write_model: WriteModel) -> None:
    manifest = read_manifest(write_model({}, manifest="[model]\n[files]\n", name="some-folder"))
    assert (manifest.name, manifest.version) == ("some-folder", "0")
    assert manifest.own_namespace == manifest.namespaces.instances == "https://quantumenergy.example/id/"
    assert {file.role for file in manifest.files} == {"ontology", "shapes", "alignments"}
    assert all(file.builtin for file in manifest.files)
    assert manifest.query_directories == (asset_root() / "queries",)


def test_globs_find_files_once_and_in_order(write_model: WriteModel) -> None:
    model = write_model(
        {"b.ttl": "", "a.ttl": "", "deep/c.ttl": "", "notes.md": ""},
        {"ontology": [], "shapes": [], "data": ["b.ttl", "*.ttl", "**/*.ttl"]},
    )
    assert [file.name for file in read_manifest(model).of_role("data")] == ["b.ttl", "a.ttl", "deep/c.ttl"]


def test_a_file_has_one_role_also_where_a_glob_of_another_role_finds_it(write_model: WriteModel) -> None:
    turtle = "@prefix t: <https://test.example/id/> . t:{0} a t:Thing ."
    model = write_model(
        {name: turtle.format(name[0]) for name in ("flows.ttl", "inferences.ttl", "known.ttl")},
        {
            "ontology": [],
            "shapes": [],
            "alignments": [],
            "data": ["*.ttl"],
            "inference": ["inferences.ttl"],
            "baseline": ["known.ttl"],
        },
    )
    assert {file.name: file.role for file in read_manifest(model).files} == {
        "flows.ttl": "data",
        "inferences.ttl": "inference",
        "known.ttl": "baseline",
    }
    without = open_model(model, include_inferences=False)
    assert without.query("ASK { <https://test.example/id/f> ?p ?o }").boolean is True
    assert without.query("ASK { <https://test.example/id/i> ?p ?o }").boolean is False


@pytest.mark.parametrize("name", ["two words.ttl", "größe.ttl", "100%.ttl", "a#b.ttl", "deep/er/x.ttl", "<i>.ttl"])
def test_a_file_may_have_any_name(name: str, write_model: WriteModel) -> None:
    directory = write_model({name: "<http://e/s> <http://e/p> <http://e/o> ."}, {"ontology": [], "data": ["**/*.ttl"]})
    model = open_model(directory)
    rows = model.query("SELECT ?g WHERE { GRAPH ?g { <http://e/s> ?p ?o } }").rows
    assert len(rows) == 1 and rows[0][0] is not None
    assert model.file_of(rows[0][0].value) == directory / name


def test_graph_names_do_not_depend_on_where_the_model_is(write_model: WriteModel) -> None:
    content = {"data.ttl": "<http://e/s> <http://e/p> <http://e/o> ."}
    names = []
    for place in ("here", "over/there"):
        model = open_model(
            write_model(content, {"ontology": [], "shapes": [], "alignments": [], "data": ["data.ttl"]}, name=place)
        )
        names.append([model.graph_name(file) for file in model.manifest.files])
    assert names == [["https://quantumenergy.example/graph/model/data.ttl"]] * 2
