"""The pages of the reference: up to date, with links that lead somewhere, for another model too, and as HTML."""

from __future__ import annotations

import re
import subprocess
from collections.abc import Callable
from functools import cache
from html.parser import HTMLParser
from pathlib import Path, PurePosixPath
from posixpath import normpath

import pytest

from qe_kg.assets import packaged_model
from qe_kg.errors import ReadError
from qe_kg.manifest import read_manifest
from qe_kg.reference import Vocabulary, read_vocabulary
from qe_kg.reference.folder import find_outdated, write_folder
from qe_kg.reference.html import as_html
from qe_kg.reference.pages import MARKER, anchor, md, write_pages
from tests.reference.test_coverage import FILES, ROLES

pytestmark = pytest.mark.xdist_group("reference")
ROOT = Path(__file__).resolve().parents[2]
Run = Callable[..., "subprocess.CompletedProcess[str]"]
WriteModel = Callable[..., Path]


@cache
def shipped() -> Vocabulary:
    return read_vocabulary(read_manifest(packaged_model()))


@cache
def pages() -> dict[str, str]:
    return write_pages(shipped())


def test_the_pages_in_the_repository_are_up_to_date() -> None:
    outdated = find_outdated(ROOT / "docs" / "reference", pages())
    assert not outdated, f"run: qe-kg reference --model data/quantum-energy --output docs/reference\n{outdated}"


def test_every_term_rule_query_and_list_has_its_page() -> None:
    assert len([name for name in pages() if name.startswith("terms/")]) == len(shipped().terms) > 200
    assert {name for name in pages() if name.startswith("lists/")} == {
        f"lists/{path.stem}.md" for path in (ROOT / "ontology" / "vocab").glob("*.ttl")
    }
    shapes = "".join(path.read_text(encoding="utf-8") for path in (ROOT / "shapes" / "policy").glob("*.ttl"))
    rules = re.findall(r'a qe:Rule ;\s+skos:notation "([^"]+)"', shapes)
    assert sorted(re.findall(r"^## (\S+)$", pages()["rules.md"], re.MULTILINE)) == sorted(rules) and len(rules) > 20
    queries = [path.relative_to(ROOT / "queries").with_suffix("") for path in (ROOT / "queries").rglob("*.rq")]
    assert re.findall(r"^## (\S+)$", pages()["queries.md"], re.MULTILINE) == sorted(map(str, queries))


def test_a_page_tells_what_its_files_say() -> None:
    page = pages()["terms/qe-isPermittedBy.md"]
    for line in (
        "# is permitted by",
        "`qe:isPermittedBy` · object property · [Regulation](../modules/regulation.md)",
        "An information flow is permitted by the permission basis that allows it.",
        "- Of: [Information flow](qe-InformationFlow.md)",
        "- Value: [Permission basis](qe-PermissionBasis.md)",
        "- Alignment: related match `odrl:hasPolicy`",
    ):
        assert line in page.splitlines()
    assert "[SEP-02](../rules.md#sep-02)" in page and "`qesh:SEP-02-hasPermissionBasis`" in page
    assert "`qe:validFrom` · functional, datatype property · " in pages()["terms/qe-validFrom.md"]
    assert "```turtle\n# participants.ttl\nqed:" in pages()["terms/qe-inZone.md"]


def test_every_link_leads_to_a_page_and_a_heading() -> None:
    links = 0
    for name, text in pages().items():
        assert text.endswith(f"\n{MARKER}\n") and "\n\n\n\n" not in text
        for target in re.findall(r"\]\(([^)]+)\)", text):
            path, _, heading = target.partition("#")
            wanted = normpath(PurePosixPath(name).parent / path)
            assert wanted in pages(), (name, target)
            headings = re.findall(r"^#+ (.*)$", pages()[wanted], re.MULTILINE) if heading else []
            assert not heading or heading in map(anchor, headings), (name, target)
            links += 1
    assert links > 2000


def test_html_is_well_formed_and_its_links_lead_to_pages() -> None:
    site = as_html(pages(), shipped().name)
    assert len(site) == len(pages()) and "index.html" in site
    for name, text in site.items():
        reader = _Reader()
        reader.feed(text)
        assert reader.open == [] and reader.headings == 1, name
        for link in reader.links:
            path, _, heading = link.partition("#")
            wanted = normpath(PurePosixPath(name).parent / path)
            assert wanted in site and (not heading or f'id="{heading}"' in site[wanted]), (name, link)


class _Reader(HTMLParser):
    """Keeps which elements are open, and the links."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.links: list[str] = []
        self.headings = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in ("meta", "br", "hr"):
            self.open.append(tag)
        self.links += [value or "" for name, value in attrs if name == "href"]
        self.headings += tag == "h1"
        assert tag not in ("script", "img", "iframe")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


NASTY = "<b>*a*|`x`</b> [y](http://z) &amp; ü"


def test_another_model_has_pages_and_markup_in_its_texts_stays_text(write_model: WriteModel) -> None:
    files = dict(FILES)
    files["ontology.ttl"] = files["ontology.ttl"].replace("Place that has an address.", NASTY)
    files["ontology.ttl"] += 't:opens2 a owl:Class ; rdfs:label "x" . t:Opens a owl:Class ; rdfs:label "y" .\n'
    vocabulary = read_vocabulary(read_manifest(write_model(files, ROLES)))
    found = write_pages(vocabulary)
    terms = {name for name in found if name.startswith("terms/")}
    assert terms == {f"terms/t-{name}.md" for name in ("Site", "Depot", "near", "nextTo", "opens2", "Opens", "opens-2")}
    assert 't:a a t:Depot ;\n    t:opens "8"^^xsd:integer' in found["terms/t-opens-2.md"]
    page = as_html(found, vocabulary.name)["terms/t-Site.html"]
    assert "<p>&lt;b&gt;*a*|`x`&lt;/b&gt; [y](http://z) &amp;amp; ü</p>" in page
    assert md("a\n|b") == "a \\|b"


def test_a_folder_is_brought_up_to_date_and_what_is_not_ours_stays(tmp_path: Path) -> None:
    made = {"README.md": f"# A\n\n{MARKER}\n", "terms/a.md": f"# a\n\n{MARKER}\n"}
    assert write_folder(tmp_path, made).missing == ("README.md", "terms/a.md")
    assert not find_outdated(tmp_path, made)
    before = (tmp_path / "README.md").stat().st_mtime_ns
    (tmp_path / "own.md").write_text("mine", encoding="utf-8")
    less = {"README.md": made["README.md"], "terms/b.md": made["terms/a.md"]}
    outdated = find_outdated(tmp_path, less)
    assert (outdated.missing, outdated.changed, outdated.left_over) == (("terms/b.md",), (), ("terms/a.md",))
    write_folder(tmp_path, less)
    assert {path.name for path in tmp_path.rglob("*.md")} == {"README.md", "own.md", "b.md"}
    assert (tmp_path / "README.md").stat().st_mtime_ns == before
    with pytest.raises(ReadError, match=r"own\.md: this file was not made by qe-kg reference"):
        write_folder(tmp_path, {"own.md": f"new\n{MARKER}\n"})


def test_the_command_writes_and_checks(tmp_path: Path, write_model: WriteModel, qe_kg: Run) -> None:
    model, folder = write_model(FILES, ROLES), tmp_path / "pages"
    stale = qe_kg("reference", "--model", model, "-o", folder, "--check")
    assert stale.returncode == 1 and f"missing: {folder / 'terms/t-Site.md'}\n" in stale.stdout
    assert "without --check" in stale.stderr and not folder.exists()
    done = qe_kg("reference", "--model", model, "-o", folder)
    assert (done.returncode, done.stdout) == (0, "") and "10 pages, 10 written, 0 taken away" in done.stderr
    again = qe_kg("reference", "--model", model, "-o", folder, "--check")
    assert (again.returncode, again.stdout, again.stderr) == (0, "", "")
    (folder / "terms" / "t-Site.md").write_text(f"old\n{MARKER}\n", encoding="utf-8")
    assert qe_kg("reference", "--model", model, "-o", folder, "--check").stdout == (
        f"out of date: {folder / 'terms/t-Site.md'}\n"
    )
