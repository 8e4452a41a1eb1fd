"""Every block of the README does what the README says."""

from __future__ import annotations

import doctest
import shutil
import sys
from pathlib import Path

import pytest

from tests.docs import console

ROOT = Path(__file__).resolve().parents[2]
README = ROOT / "README.md"
BLOCKS = console.blocks(README)
KNOWN = {"console", "python", "toml", "turtle", "mermaid", "text", "make"}


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy of the checkout, where the README's commands may write."""
    folder = tmp_path_factory.mktemp("checkout")
    names = (
        *("ontology", "shapes", "queries", "data", "examples", "qe_kg", "tests", "docs", "benchmarks"),
        *("pyproject.toml", "Makefile", "README.md", "LICENSE", "CHANGELOG.md", "CONTRIBUTING.md"),
    )
    for name in names:
        copy = shutil.copytree if (ROOT / name).is_dir() else shutil.copy
        copy(ROOT / name, folder / name)
    # The Makefile finds its environment set up: the one that runs this test. (An installation from the copy would
    # turn that environment away from the checkout.)
    (folder / ".venv").mkdir()
    for part in Path(sys.prefix).iterdir():
        (folder / ".venv" / part.name).symlink_to(part)
    (folder / ".venv" / ".installed").unlink(missing_ok=True)
    (folder / ".venv" / ".installed").touch()
    return folder


def test_the_page_is_run_from_top_to_bottom(folder: Path) -> None:
    for block in BLOCKS:
        assert block.language in KNOWN, f"line {block.line}: nothing runs a block of language {block.language!r}"
        if block.info.startswith("file="):
            target = folder / block.info.removeprefix("file=")
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(block.body, encoding="utf-8")
        elif block.language == "console":
            for command, expected in console.commands(block):
                _, actual = console.run(command, folder)
                assert console.matches(expected, actual), f"line {block.line}: $ {command}\n{actual}"
        elif block.language == "python":
            run_doctest(block)
        elif block.language == "make":
            run_make(block, folder)


def run_doctest(block: console.Block) -> None:
    test = doctest.DocTestParser().get_doctest(block.body, {}, "README", str(README), block.line)
    assert test.examples, f"line {block.line}: a python block shows a session with >>>"
    results = doctest.DocTestRunner(optionflags=doctest.ELLIPSIS | doctest.NORMALIZE_WHITESPACE).run(test)
    assert results.failed == 0


def run_make(block: console.Block, folder: Path) -> None:
    """The two commands; of the second one, which runs this very test, everything but the tests themselves."""
    lines = [line.split("#")[0].strip() for line in block.body.splitlines() if line.strip()]
    assert lines == ["make demo", "make test"]
    code, output = console.run("make demo", folder)
    assert code == 0, output
    assert (folder / "build" / "quantum-energy.ttl").stat().st_size > 100_000
    code, output = console.run("make test PYTEST_ARGS='--collect-only -q -n 0 tests/docs'", folder)
    assert code == 0, output
    assert "test_readme.py" in output


def test_the_drawing_in_the_page_is_the_command_s(folder: Path) -> None:
    drawn = [block for block in BLOCKS if block.language == "mermaid"]
    assert len(drawn) == 1
    _, output = console.run(
        "qe-kg impact AOV-04 --depth 1 --basis drawn --format mermaid --model data/quantum-energy", folder
    )
    assert console.plain(drawn[0].body) == output


def test_the_picture_in_the_page_shows_what_the_command_draws(folder: Path) -> None:
    picture = ROOT / "docs" / "images" / "map.svg"
    assert f"docs/images/{picture.name}" in README.read_text(encoding="utf-8")
    console.run("qe-kg map --format svg -o new.svg", folder)
    # Fonts differ between machines and move the shapes; the texts are the same.
    assert texts(folder / "new.svg") == texts(picture)


def texts(svg: Path) -> list[str]:
    import re

    return sorted(re.findall(r"<text[^>]*>([^<]*)</text>", svg.read_text(encoding="utf-8")))


def test_every_command_has_help_with_an_example(folder: Path) -> None:
    _, overview = console.run("qe-kg --help", folder)
    from qe_kg.cli import qe_kg as group

    for name in group.commands or group.list_commands(None):  # type: ignore[arg-type]
        assert name in overview
        code, text = console.run(f"qe-kg {name} --help", folder)
        assert code == 0
        assert "Examples:" in text or name == "demo", f"qe-kg {name} --help shows no example"


def test_no_document_mentions_a_file_that_is_not_there() -> None:
    import re

    for page in [README, *ROOT.glob("*.md"), *(ROOT / "docs").rglob("*.md")]:
        for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text(encoding="utf-8")):
            assert (page.parent / link).exists(), f"{page}: {link}"


def test_the_pseudo_terminal_tells_right_from_wrong(tmp_path: Path) -> None:
    assert shutil.which("bash")
    assert console.run("printf 'one\\ntwo\\n'; exit 3", tmp_path) == (3, "one\ntwo")
    assert console.matches("one\n…\nfour", "one\ntwo\nthree\nfour")
    assert console.matches("a\nb", "a\nb")
    assert not console.matches("one\n…\nfour", "one\ntwo\nthree")
    assert not console.matches("one\n", "two")
