"""Runs the blocks of a Markdown page as a person at a terminal would."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

_FENCE = re.compile(r"^```(?P<language>\w*)(?: (?P<info>[^\n]*))?\n(?P<body>.*?)^```$", re.MULTILINE | re.DOTALL)
_STYLE = re.compile(r"\x1b\[[0-9;]*m")
# What differs from run to run and from machine to machine.
_SECONDS = re.compile(r"\b\d+\.\d s\b")
_DAY = re.compile(r"\bas of \d{4}-\d\d-\d\d\b")
WIDTH = 110


@dataclass(frozen=True)
class Block:
    """One fenced block: its language, what follows it on the fence, its text and its line in the page."""

    language: str
    info: str
    body: str
    line: int


def blocks(page: Path) -> list[Block]:
    text = page.read_text(encoding="utf-8")
    return [
        Block(found["language"], found["info"] or "", found["body"], text[: found.start()].count("\n") + 1)
        for found in _FENCE.finditer(text)
    ]


def commands(block: Block) -> list[tuple[str, str]]:
    """Split a console block into (command, expected output)."""
    parts = re.split(r"^\$ ", block.body, flags=re.MULTILINE)
    assert not parts[0], f"line {block.line}: a console block begins with a command"
    pairs = (part.partition("\n") for part in parts[1:])
    return [(command, expected) for command, _, expected in pairs]


def run(command: str, folder: Path) -> tuple[int, str]:
    """Run a command on a pseudo-terminal of fixed width; return its exit code and what a person sees."""
    master, slave = pty.openpty()
    scripts = str(Path(sys.executable).parent)
    environment = os.environ | {
        "PATH": f"{scripts}{os.pathsep}{os.environ['PATH']}",
        "COLUMNS": str(WIDTH),
        "NO_COLOR": "1",
        "TERM": "dumb",
        "PYTHONPATH": str(folder),
    }
    process = subprocess.Popen(
        ["bash", "-c", command], cwd=folder, env=environment, stdin=subprocess.DEVNULL, stdout=slave, stderr=slave
    )
    os.close(slave)
    output = b""
    while True:
        try:
            piece = os.read(master, 65536)
        except OSError:  # how Linux says that the other side has closed
            break
        if not piece:
            break
        output += piece
    os.close(master)
    return process.wait(), plain(output.decode("utf-8"))


def plain(text: str) -> str:
    lines = _STYLE.sub("", text.replace("\r\n", "\n")).split("\n")
    shown = "\n".join(line.rstrip() for line in lines).strip("\n")
    return _DAY.sub("as of 2026-01-01", _SECONDS.sub("0.0 s", shown))


def matches(expected: str, actual: str) -> bool:
    """Tell whether output is as expected; a line "…" stands for any lines."""
    pieces = re.split(r"^…$\n?", plain(expected), flags=re.MULTILINE)
    pattern = r"(?:.*\n)*?".join(re.escape(piece) for piece in pieces)
    return re.fullmatch(rf"{pattern}\n?", actual + "\n") is not None or plain(expected) == actual
