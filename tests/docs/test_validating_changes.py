"""The examples of the page on validating what changed are run."""

from __future__ import annotations

from pathlib import Path

from tests.docs import console

PAGE = Path(__file__).resolve().parents[2] / "docs" / "explanation" / "validating-changes.md"


def test_the_examples_do_what_the_page_says(tmp_path: Path) -> None:
    run = 0
    names: dict[str, object] = {}  # later examples go on where earlier ones end
    for block in console.blocks(PAGE):
        if block.info.startswith("file="):
            (tmp_path / block.info.removeprefix("file=")).write_text(block.body, encoding="utf-8")
        elif block.language == "python":
            exec(compile(block.body, str(PAGE), "exec"), names)
            run += 1
        else:
            for command, expected in console.commands(block):
                _, actual = console.run(command, tmp_path)
                assert console.matches(expected, actual), f"line {block.line}: $ {command}\n{actual}"
                run += 1
    assert run == 3
