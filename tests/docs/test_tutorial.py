"""Every block of the tutorial does what the tutorial says, in an empty folder."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml

from tests.docs import console

ROOT = Path(__file__).resolve().parents[2]
PAGE = ROOT / "docs" / "tutorial" / "your-first-model.md"


def test_the_tutorial_is_run_from_top_to_bottom(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("GIT_CONFIG_GLOBAL", "/dev/null")
    run = 0
    for block in console.blocks(PAGE):
        if block.info.startswith("file="):
            target = tmp_path / block.info.removeprefix("file=")
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(block.body, encoding="utf-8")
        else:
            assert block.language == "console", f"line {block.line}: nothing runs a block of {block.language!r}"
            for command, expected in console.commands(block):
                _, actual = console.run(command, tmp_path)
                assert console.matches(expected, actual), f"line {block.line}: $ {command}\n{actual}"
                run += 1
    assert run >= 9
    # What the last section says of the two pipelines.
    workflow = (tmp_path / "library" / ".github" / "workflows" / "qe-kg.yml").read_text(encoding="utf-8")
    pipeline = (tmp_path / "library" / ".gitlab-ci.yml").read_text(encoding="utf-8")
    for text in (workflow, pipeline):
        assert yaml.safe_load(text) and "--fail-on new-violation" in text
