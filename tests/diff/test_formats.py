"""The forms in which a comparison is written, and the command."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from html.parser import HTMLParser
from pathlib import Path

import pyoxigraph as ox
import pytest

from qe_kg.diff.compare import Comparison
from qe_kg.diff.elements import diff_elements
from qe_kg.diff.limits import KINDS
from qe_kg.diff.page import as_html
from qe_kg.diff.patch import apply_patch
from qe_kg.diff.text import MARKER, as_markdown, as_text, md
from qe_kg.namespaces import Namespaces
from qe_kg.store.statements import difference

NASTY = "<script>alert(1)</script> | pipe `code` [link](javascript:x) @everyone http://evil.example \\n <!-- -->"
Run = Callable[..., subprocess.CompletedProcess[str]]


def comparison(old: str, new: str, name: str = "main") -> Comparison:
    sides = [list(ox.parse(text.encode(), format=ox.RdfFormat.TURTLE, rename_blank_nodes=True)) for text in (old, new)]
    found = difference(*sides)
    return Comparison(name, "new", found, diff_elements(found, Namespaces()), Namespaces())


def labelled(label: str, iri: str = "https://quantumenergy.example/id/x") -> str:
    quoted = label.replace("\\", "\\\\").replace('"', '\\"')
    return f'<{iri}> <http://www.w3.org/2004/02/skos/core#prefLabel> "{quoted}"@en .'


class Reader(HTMLParser):
    def __init__(self) -> None:
        super().__init__()
        self.tags: list[str] = []
        self.comments: list[str] = []
        self.text = ""

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append(tag)
        assert not any(name.startswith("on") or name in ("src", "href") for name, _ in attrs)

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_comment(self, data: str) -> None:
        self.comments.append(data)


def test_a_page_holds_what_the_data_say_as_text_only() -> None:
    page = as_html(comparison(labelled("plain"), labelled(NASTY), name="<b>old</b>"))
    reader = Reader()
    reader.feed(page)
    assert not {"script", "link", "img", "iframe", "b"} & set(reader.tags)
    assert NASTY in reader.text and "<b>old</b>" in reader.text
    assert reader.comments == []
    assert "@media print" in page and "default-src 'none'" in page
    assert "https://" not in page.split("</style>")[0], "nothing is fetched"


def test_a_comment_is_one_and_holds_no_markup_of_the_data() -> None:
    text = as_markdown(comparison(labelled("plain"), labelled(NASTY)))
    assert text.splitlines()[0] == MARKER and text.count(MARKER) == 1
    assert "<script" not in text and "@everyone" not in text and "](" not in text and "http://evil" not in text
    rows = [line for line in text.splitlines() if line.startswith("|")]
    assert len(rows) == 3 and {row.replace("\\|", "").count("|") for row in rows} == {7}


def test_a_comment_is_no_longer_than_a_comment_may_be() -> None:
    many = "\n".join(
        labelled(f"Element {number} " + "x" * 50, f"https://test.example/{number}") for number in range(2000)
    )
    text = as_markdown(comparison("", many))
    assert 50_000 < len(text) < 65_536
    rows = sum(line.startswith("| added") for line in text.splitlines())
    assert f"… and {2000 - rows} more elements" in text


@pytest.mark.parametrize(
    ("text", "escaped"),
    [("a_b*c", r"a\_b\*c"), ("<!-- x -->", r"&lt;\!-- x --&gt;"), ("a\n# b", r"a \# b"), ("1 → 2", "1 → 2")],
)
def test_markdown_is_escaped(text: str, escaped: str) -> None:
    assert md(text) == escaped


def test_text_tells_from_and_to_and_long_values_line_by_line() -> None:
    text = as_text(comparison(labelled("a"), labelled("b")))
    assert text == (
        "main → new: 1 changed (triples: 1 added, 1 removed)\n\n"
        'changed  element  b\n         skos:prefLabel: "a"@en → "b"@en\n'
    )
    text = as_text(comparison(labelled("a"), labelled("b" * 100)))
    assert f'         - skos:prefLabel "a"@en\n         + skos:prefLabel "{"b" * 100}"@en\n' in text


def test_nothing_differs_in_every_form() -> None:
    found = comparison(labelled("a"), labelled("a"))
    assert as_text(found) == "main → new: no difference\n"
    assert as_markdown(found) == f"{MARKER}\n### main → new: no difference\n"
    assert "no difference" in as_html(found) and "<table>" not in as_html(found)


@pytest.fixture
def two(tmp_path: Path) -> tuple[Path, Path]:
    old, new = tmp_path / "old.ttl", tmp_path / "new.ttl"
    old.write_text(labelled("a"), encoding="utf-8")
    new.write_text(labelled("b") + labelled("c", "https://quantumenergy.example/id/y"), encoding="utf-8")
    return old, new


def test_the_command_writes_json_and_patch(qe_kg: Run, two: tuple[Path, Path], tmp_path: Path) -> None:
    done = qe_kg("diff", *two, "--fail-on", "removed-element", "--fail-on", "any,added-element")
    answer = json.loads(done.stdout)
    assert done.returncode == 1
    assert done.stderr.splitlines() == ["not allowed: any (3)", "not allowed: added-element (1)"]
    assert answer["notAllowed"] == {"any": 3, "added-element": 1}
    assert answer["triples"] == {"added": 2, "removed": 1}
    assert [(one["kind"], one["label"]) for one in answer["elements"]] == [("added", "c"), ("changed", "b")]
    assert answer["elements"][1]["changes"] == [
        {"property": "skos:prefLabel", "from": [{"value": '"a"@en'}], "to": [{"value": '"b"@en'}]}
    ]
    assert answer["meaning"] is None
    target = tmp_path / "change.rdfp"
    assert qe_kg("diff", *two, "--format", "rdfpatch", "-o", target).returncode == 0
    old, new = (frozenset(ox.parse(path=str(path))) for path in two)
    assert apply_patch(old, target.read_text(encoding="utf-8")) == new


def test_the_command_refuses_what_it_does_not_know(qe_kg: Run, two: tuple[Path, Path]) -> None:
    done = qe_kg("diff", *two, "--fail-on", "new-violations")
    assert (done.returncode, done.stdout) == (2, "")
    assert "knows no 'new-violations'" in done.stderr and "Traceback" not in done.stderr
    done = qe_kg("diff", *two, "--fail-on", "new-violation")
    assert done.returncode == 2 and "name the one that the files belong to with --model" in done.stderr
    done = qe_kg("diff", two[0], "nothing.ttl")
    assert done.returncode == 2 and "nothing.ttl'" in done.stderr


def test_the_help_lists_all_kinds(qe_kg: Run) -> None:
    text = qe_kg("diff", "--help").stdout
    assert all(f"{kind} " in text or f"{kind}\n" in text for kind in KINDS)
