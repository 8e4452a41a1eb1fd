"""The page about rules: the model that it shows is written and run as it says."""

from __future__ import annotations

from pathlib import Path

from tests.docs import console

PAGE = Path(__file__).resolve().parents[2] / "docs" / "explanation" / "rules.md"


def test_a_rule_of_ones_own_works_as_the_page_says(tmp_path: Path) -> None:
    ran = 0
    for block in console.blocks(PAGE):
        if block.info.startswith("file="):
            target = tmp_path / block.info.removeprefix("file=")
            target.parent.mkdir(exist_ok=True)
            target.write_text(block.body, encoding="utf-8")
        elif block.language == "console":
            for command, expected in console.commands(block):
                _, actual = console.run(command, tmp_path)
                assert console.matches(expected, actual), f"line {block.line}: $ {command}\n{actual}"
                ran += 1
    assert ran == 4
