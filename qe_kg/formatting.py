"""Turtle written the same way by everyone: ``turtlefmt``, pinned, which keeps comments and order.

It is a program and no library; it is used from here only. What it makes is believed only after the parser of record
has read it: the same triples with the same literals, in the same order, up to the labels of blank nodes. A second run
must change nothing. Otherwise the file is left as it is.
"""

from __future__ import annotations

import difflib
import re
import shutil
import subprocess
import sys
import sysconfig
import tempfile
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import zip_longest
from pathlib import Path
from typing import TYPE_CHECKING

from qe_kg.errors import FormatError
from qe_kg.store.files import canonical, read_quads, same_in_order

if TYPE_CHECKING:
    import pyoxigraph as ox

SUFFIXES = (".ttl", ".turtle")
#: How many files one run of the program is given; a command line has a limit.
_BATCH = 200
#: Relative names are formatted too; what they are relative to is nobody's matter here.
_BASE = "file:///"
_PLACE = re.compile(r"line (\d+) between bytes (\d+)")


@dataclass(frozen=True)
class Formatted:
    """What formatting a file would make of it.

    Attributes:
        path: the file.
        before, after: its text; with lines that end in LF.
        changed: whether its bytes differ.

    """

    path: Path
    before: str
    after: str
    changed: bool

    @property
    def line(self) -> int:
        """The first line that differs, from 1."""
        pairs = zip_longest(self.before.split("\n"), self.after.split("\n"))
        return next((number for number, (old, new) in enumerate(pairs, 1) if old != new), 1)

    def diff(self, name: str) -> str:
        """Return the difference as a patch."""
        old, new = ([f"{line}\n" for line in text.split("\n")] for text in (self.before, self.after))
        return "".join(difflib.unified_diff(old, new, name, name))


def format_files(paths: Iterable[Path]) -> list[Formatted]:
    """Format files in memory; nothing is written.

    Raises:
        ParseError: a file does not parse.
        ReadError: a file cannot be read.
        FormatError: the program is not there, cannot format a file, or would change what it says.

    """
    paths = list(paths)
    quads = {path: list(read_quads(path, base=_BASE)) for path in paths}  # a syntax error is told as everywhere else
    found: list[Formatted] = []
    with tempfile.TemporaryDirectory(prefix="qe-kg-fmt-") as name:
        copies = {path: Path(name) / f"{number}.ttl" for number, path in enumerate(paths)}
        for path, copy in copies.items():
            copy.write_bytes(path.read_bytes())
        _run(copies)
        changed = {path: copy for path, copy in copies.items() if copy.read_bytes() != path.read_bytes()}
        for path, copy in changed.items():
            _compare(path, quads[path], list(read_quads(copy, base=_BASE)))
        after = {path: copy.read_bytes() for path, copy in changed.items()}
        _run(changed)
        for path in paths:
            if path in changed and changed[path].read_bytes() != after[path]:
                raise FormatError(f"{path}: turtlefmt makes something else of its own output; it is left as it is")
            before = path.read_bytes()
            found.append(Formatted(path, _text(before), _text(after.get(path, before)), path in changed))
    return found


def write_formatted(files: Iterable[Formatted]) -> None:
    """Write what changed, each file whole or not at all.

    Raises:
        ReadError: a file cannot be written.

    """
    from qe_kg.atomic_files import atomic_output

    for one in files:
        if one.changed:
            with atomic_output(one.path) as output:
                output.write(one.after.encode("utf-8"))


def _text(content: bytes) -> str:
    return content.decode("utf-8-sig").replace("\r\n", "\n")


def _compare(path: Path, before: Sequence[ox.Quad], after: Sequence[ox.Quad]) -> None:
    # In order is the rule, and quick; the canonical form decides where a formatter takes more liberty.
    if not same_in_order(before, after) and canonical(before) != canonical(after):
        raise FormatError(f"{path}: turtlefmt would change what the file says; it is left as it is")


def _run(copies: dict[Path, Path]) -> None:
    """Format the copies in place."""
    program = find_program()
    items = list(copies.items())
    for start in range(0, len(items), _BATCH):
        batch = items[start : start + _BATCH]
        if _call(program, [copy for _, copy in batch]) is None:
            continue
        for path, copy in batch:  # one of them cannot be formatted: which, and why
            failure = _call(program, [copy])
            if failure is not None:
                raise FormatError(f"{path}{_explain(failure)}")


def _call(program: str, copies: list[Path]) -> str | None:
    done = subprocess.run([program, *map(str, copies)], capture_output=True, text=True, check=False)
    return None if done.returncode == 0 else done.stderr.strip()


def _explain(failure: str) -> str:
    place = _PLACE.search(failure)
    what = "turtlefmt cannot format this (it knows Turtle 1.1)"
    return f":{place[1]}:{int(place[2]) + 1}: {what}" if place else f": {what}: {failure.partition(chr(10))[0]}"


def find_program() -> str:
    """Return the path of the formatter: the one that was installed with this package, before any other.

    Raises:
        FormatError: it is not there.

    """
    here = (Path(sysconfig.get_path("scripts")), Path(sys.executable).parent)
    for folder in here:
        found = shutil.which("turtlefmt", path=str(folder))
        if found:
            return found
    found = shutil.which("turtlefmt")
    if found:
        return found
    raise FormatError(
        "turtlefmt is not installed: there is no wheel of it for this kind of machine; "
        "install it with 'pip install turtlefmt==0.1.2' (which then needs a Rust compiler)"
    )
