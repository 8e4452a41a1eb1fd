"""The real command line with input that is wrong: one message, the right exit code, and no partial result."""

from __future__ import annotations

import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

WriteModel = Callable[..., Path]
Done = subprocess.CompletedProcess[str]
Run = Callable[..., Done]

PREFIXES = "@prefix qe: <https://quantumenergy.example/ns/> .\n@prefix t: <https://test.example/id/> .\n"
SKOS = "@prefix skos: <http://www.w3.org/2004/02/skos/core#> .\n"


def _is_refused(done: Done, code: int, *texts: str) -> None:
    assert done.returncode == code, (done.returncode, done.stderr)
    assert done.stdout == "", "no partial result"
    assert "Traceback" not in done.stderr and done.stderr.strip()
    for text in texts:
        assert text in done.stderr, done.stderr


# --- data ------------------------------------------------------------------------------------------------------

#: Content of bad.ttl → line:column and what was expected.
UNPARSABLE = {
    "missing dot": (f"{PREFIXES}t:a a qe:Stakeholder\nt:b a qe:Stakeholder .\n".encode(), "4:1", "dot is expected"),
    "undeclared prefix": (f"{PREFIXES}t:a a qee:Stakeholder .\n".encode(), "3:7", "expected a declared prefix"),
    "unterminated string": (f'{PREFIXES}t:a qe:note "abc .\n'.encode(), "3:13", "expected the closing quote"),
    "bad IRI": (f"{PREFIXES}t:a qe:note <http://e/a b> .\n".encode(), "3:13", "expected an IRI"),
    "binary": (bytes(range(256)) * 4, "1:1", "expected a statement"),
    "Latin-1": (f'{PREFIXES}t:a qe:note "caf\xe9" .\n'.encode("latin-1"), "3:17", "expected text in UTF-8"),
}


@pytest.mark.parametrize("case", UNPARSABLE)
def test_a_file_that_does_not_parse_is_named_with_its_place(case: str, write_model: WriteModel, qe_kg: Run) -> None:
    content, place, expected = UNPARSABLE[case]
    model = write_model({"bad.ttl": content}, {"ontology": [], "shapes": [], "data": ["bad.ttl"]})
    done = qe_kg("export", "--model", model)
    _is_refused(done, 3, f"qe-kg: {model / 'bad.ttl'}:{place}: ", expected)
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize(
    "command",
    [("validate",), ("impact", "X"), ("trace", "X"), ("query", "ASK {}"), ("map",), ("validate", "bad.ttl")],
    ids=lambda command: " ".join(command),
)
def test_every_command_refuses_it(command: tuple[str, ...], write_model: WriteModel, qe_kg: Run) -> None:
    model = write_model({"good.ttl": PREFIXES + "t:a a qe:Stakeholder .", "bad.ttl": PREFIXES + "t:a a qe:Stakeholder"})
    _is_refused(qe_kg(*command, "--model", model, cwd=model), 3, "bad.ttl:3:21: ", "expected '.'")


def test_an_empty_file_is_no_error(write_model: WriteModel, qe_kg: Run) -> None:
    model = write_model({"empty.ttl": b""}, {"ontology": [], "shapes": [], "data": ["empty.ttl"]})
    done = qe_kg("export", "--model", model, "--to", "nt")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


@pytest.mark.parametrize(
    ("manifest", "texts"),
    [
        (b"[model]\nname = \n[files]\n", ("qe-kg.toml:2:8: ",)),
        (b"[model]\nnmae = 'x'\n[files]\n", ("qe-kg.toml: [model] has an unknown key 'nmae'; known are",)),
        (b"[model]\n[files]\ndata = ['no.ttl']\n", ("qe-kg.toml: [files] data names 'no.ttl'", "no such file")),
        (b"\xff\xfe", ("qe-kg.toml: cannot be read",)),
    ],
)
def test_a_wrong_manifest_is_refused(
    manifest: bytes, texts: tuple[str, ...], write_model: WriteModel, qe_kg: Run
) -> None:
    model = write_model({}, manifest=manifest)
    for done in (qe_kg("validate", "--model", model), qe_kg("queries", cwd=model)):
        _is_refused(done, 3, *texts)


def test_a_model_that_is_not_there_is_refused(tmp_path: Path, qe_kg: Run) -> None:
    _is_refused(qe_kg("validate", "--model", "nowhere"), 3, "nowhere is not a model: there is no such directory")
    _is_refused(qe_kg("export", "--model", tmp_path), 3, "is not a model: there is no qe-kg.toml in it")


# --- names -----------------------------------------------------------------------------------------------------


@pytest.fixture
def twins(write_model: WriteModel) -> Path:
    stakeholder = 't:{0} a qe:Stakeholder ; skos:prefLabel "{1}"@en .\n'
    data = PREFIXES + SKOS + stakeholder.format("one", "Twin") + stakeholder.format("two", "Twin")
    return write_model({"data.ttl": data + stakeholder.format("customers", "Customers")})


def test_an_unknown_name_brings_the_nearest(twins: Path, qe_kg: Run) -> None:
    done = qe_kg("impact", "Custommers", "--model", twins)
    _is_refused(done, 2, "no participant, flow, item or concept 'Custommers'; the nearest names are 'Customers'")
    _is_refused(qe_kg("trace", "t:nobody", "--model", twins), 2, "'t:nobody'")


def test_an_ambiguous_name_lists_the_candidates(twins: Path, qe_kg: Run) -> None:
    _is_refused(qe_kg("impact", "Twin", "--model", twins), 2, "'Twin' is ambiguous", "  t:one  (", "  t:two  (")


@pytest.mark.parametrize(
    "name",
    ["", " ", '"', "\\", "> . } #", "t:", ":", "<>", "<http://e/a b>", "http://e/\ue000", "t:\x01", "a" * 5000, "?x",
     "\u202e", b"\xff"],
)  # fmt: skip
def test_a_strange_name_is_an_unknown_name(name: str | bytes, twins: Path, qe_kg: Run) -> None:
    _is_refused(qe_kg("impact", "--model", twins, "--", name), 2, "there is no participant, flow, item or concept")


@pytest.mark.parametrize(
    ("arguments", "texts"),
    [
        (("--nonsense",), ("No such option", "--nonsense")),
        (("nonsense",), ("No such command", "nonsense")),
        (("validate", "--frmat", "json"), ("No such option", "--format")),
        (("validate", "--format", "xlsx"), ("xlsx", "json")),
        (("impact",), ("Missing argument",)),
        (("impact", "AOV-04", "--depth", "-1"), ("--depth",)),
        (("impact", "AOV-04", "--depth", "two"), ("--depth",)),
        (("impact", "AOV-04", "--zone", "regulatd"), ("no zone 'regulatd'", "regulated")),
        (("export", "--to", "docx"), ("docx",)),
        (("export", "--only", "everything"), ("everything",)),
        (("export", "one", "two"), ("unexpected extra argument",)),
        (("queries", "--format", "ttl"), ("ttl",)),
        (("impact", "AOV-04", "--format", "ttl"), ("ttl",)),
        (("completion", "tcsh"), ("tcsh",)),
        (("query",), ("Missing argument",)),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else None,
)
def test_a_wrong_call_is_refused(arguments: tuple[str, ...], texts: tuple[str, ...], qe_kg: Run) -> None:
    _is_refused(qe_kg(*arguments), 2, *texts)


# --- queries ---------------------------------------------------------------------------------------------------

RECIPIENTS = "impact/list-direct-recipients"


@pytest.mark.parametrize(
    ("arguments", "texts"),
    [
        (("list-direct-recipient",), ("there is no query 'list-direct-recipient'", "did you mean", RECIPIENTS)),
        (("no-such-file.rq",), ("there is no query 'no-such-file.rq'",)),
        ((RECIPIENTS,), ("needs the parameter 'participant'", "-p participant=")),
        ((RECIPIENTS, "-p", "particpant=AOV-04"), ("has no parameter 'particpant'; it takes participant",)),
        ((RECIPIENTS, "-p", "participant"), ("-p takes NAME=VALUE, not 'participant'",)),
        ((RECIPIENTS, "-p", "=AOV-04"), ("-p takes NAME=VALUE",)),
        ((RECIPIENTS, "-p", "participant=AOV-99"), ("there is no participant 'AOV-99'; the nearest names are",)),
        ((RECIPIENTS, "-p", "participant=AOV-04", "-p", "participant=AOV-05"), ("'participant' is given twice",)),
        (("-", "-p", "nothing=1"), ("the query has no variable ?nothing",)),
        (("-", "-p", "s=1"), ("?s cannot be a parameter",)),
        (("-", "--format", "ttl"), ("--format ttl is for CONSTRUCT and DESCRIBE",)),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else None,
)
def test_a_wrong_call_of_a_query_is_refused(arguments: tuple[str, ...], texts: tuple[str, ...], qe_kg: Run) -> None:
    _is_refused(qe_kg("query", *arguments, stdin="SELECT ?s WHERE { ?s a ?type }"), 2, *texts)


@pytest.mark.parametrize(
    ("text", "texts"),
    [
        ("", ("there is no SPARQL query in it",)),
        ("hello", ("there is no SPARQL query in it",)),
        ("SELECT ?s WHERE {\n  ?s a qe:X ;;; ?p }\n}", ("does not parse", "2:")),
        ("SELECT ?s WHERE { ?s nope:p ?o }", ("does not parse", "1:")),
        ("ASK { SERVICE <http://127.0.0.1:9/> { ?s ?p ?o } }", ("SERVICE is not allowed",)),
        ("ASK { FILTER" + "(" * 10_000 + "1" + ")" * 10_000 + " }", ("nests more than 200 levels deep",)),
        ("ASK { " + "MINUS{}" * 4_000 + " }", None),
        ("ASK {} #" + "x" * 70_000, ("65,536 are allowed",)),
        ("INSERT DATA { <a:a> <a:b> <a:c> }", ("does not parse",)),
        ("DROP ALL # {}", ("does not parse",)),
    ],
    ids=["empty", "words", "syntax", "prefix", "service", "brackets", "subtraction", "long", "insert", "drop"],
)
def test_a_query_that_must_not_run_is_refused(
    text: str, texts: tuple[str, ...] | None, tmp_path: Path, qe_kg: Run
) -> None:
    path = tmp_path / "question.rq"
    path.write_text(text, encoding="utf-8")
    for done in (qe_kg("query", path), qe_kg("query", "-", stdin=text)):
        if texts is None:
            assert done.returncode in (0, 3), "no crash"
        else:
            _is_refused(done, 3, *texts)


def test_a_query_file_in_another_encoding_is_refused(tmp_path: Path, qe_kg: Run) -> None:
    (tmp_path / "latin.rq").write_bytes(b"# caf\xe9\nASK {}")
    _is_refused(qe_kg("query", tmp_path / "latin.rq"), 3, "latin.rq: cannot be read")
    (tmp_path / "folder.rq").mkdir()
    _is_refused(qe_kg("query", tmp_path / "folder.rq"), 3, "folder.rq: cannot be read")


def test_a_query_may_be_the_argument_itself_however_long(qe_kg: Run) -> None:
    text = "SELECT ?s WHERE { ?s a qe:ValueStream } # " + "long " * 200
    done = qe_kg("query", text, "--format", "csv")
    assert done.returncode == 0, done.stderr
    assert len(done.stdout.splitlines()) > 10
    _is_refused(qe_kg("query", "a-name-" * 100), 2, "there is no query")


def test_a_description_needs_no_braces(qe_kg: Run) -> None:
    done = qe_kg("query", "-", "--format", "ttl", stdin="DESCRIBE qed:value-stream-aov-04")
    assert done.returncode == 0, done.stderr
    assert "qed:value-stream-aov-04" in done.stdout


@pytest.mark.parametrize("value", ['" . } #', "> . } #", "a\nb", "\\", "' OR 1=1", "?s", "x=y", "", "日本"])
def test_a_parameter_stays_what_it_is(value: str, qe_kg: Run) -> None:
    import json

    done = qe_kg("query", "-", "-p", f"value={value}", stdin="SELECT ?o WHERE { BIND(?value AS ?o) }")
    assert done.returncode == 0, done.stderr
    (binding,) = json.loads(done.stdout)["results"]["bindings"]
    assert binding["o"] == {"type": "literal", "value": value}
