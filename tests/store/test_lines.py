"""Files compared by their lines, against the difference of plain sets."""

from __future__ import annotations

import tempfile
from pathlib import Path
from random import Random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from qe_kg.errors import ReadError
from qe_kg.store import lines
from qe_kg.store.lines import Lines, Stretch, compare_lines, lines_of

#: Few lines, so that they recur: of all lengths up to some blocks, empty ones and comments among them.
_TEXTS = [b"", b"# c", *(b"<a:%d> <a:p> <a:%s> ." % (number, b"x" * (number * 7 % 40)) for number in range(12))]
sides = st.lists(st.lists(st.sampled_from(_TEXTS), max_size=14), min_size=1, max_size=3)


def written(folder: Path, name: str, files: list[list[bytes]], endings: list[bytes]) -> Lines:
    """Write a side's files, each with its own ending of the last line."""
    found = []
    for number, content in enumerate(files):
        path = folder / name / f"{number}.nt"
        path.parent.mkdir(exist_ok=True)
        path.write_bytes(b"\n".join(content) + endings[number])
        found.append(Stretch(path, 0, path.stat().st_size))
    return Lines(tuple(found))


def read(found: Lines) -> set[bytes]:
    return {line for block in found.blocks() for line in block.split(b"\n")} - {b""}


@settings(derandomize=True, max_examples=100, deadline=None)
@given(sides, sides, st.booleans(), st.integers(0, 99), st.lists(st.sampled_from([b"", b"\n"]), min_size=6, max_size=6))
def test_what_differs_is_the_difference_of_the_sets(
    old: list[list[bytes]], new: list[list[bytes]], kindred: bool, seed: int, endings: list[bytes]
) -> None:
    """Of files that have nothing to do with each other, and of an edited and shuffled copy; in blocks of few bytes."""
    if kindred:
        random = Random(seed)
        new = [[line for line in file if random.random() > 0.2] for file in old] + new[: seed % 2]
        for file in new[: seed % 3]:
            random.shuffle(file)
    with pytest.MonkeyPatch.context() as patch, tempfile.TemporaryDirectory() as folder:
        for name, value in (("_BLOCK", 16 + seed), ("_NEAR", 2), ("_TOO_MUCH", seed * 8)):
            patch.setattr(lines, name, value)
        before, after = (
            written(Path(folder), name, files, ends)
            for name, files, ends in (("old", old, endings[:3]), ("new", new, [*endings[3:], b""]))
        )
        found = compare_lines(before, after)
        first, second = ({line for file in files for line in file} - {b""} for files in (old, new))
        shared = read(found.shared)
        assert shared <= first & second
        assert (found.gone - shared, found.come - shared) == (first - second, second - first)
        assert first & second <= shared
        assert found.gone <= first and found.come <= second
        subject = f"a:{seed % 12}"
        assert set(found.shared.about([subject])) == {
            line for line in shared if line.startswith(b"<" + subject.encode() + b">")
        }
        assert set(found.shared.naming([subject])) == {
            line for line in shared if b"<" + subject.encode() + b">" in line
        }


def test_of_two_versions_of_a_large_file_only_what_differs_is_taken_apart(tmp_path: Path) -> None:
    content = [b"<a:s%d> <a:p> <a:o> ." % number for number in range(50_000)]
    edited = list(content)
    edited[10] = b"<a:other> <a:p> <a:o> ."
    del edited[20_000:20_010]
    edited[40_000:40_000] = [b"<a:new> <a:p> <a:o> ."]
    old, new = (written(tmp_path, name, [one], [b"\n"]) for name, one in (("old", content), ("new", edited)))
    found = compare_lines(old, new)
    assert found.gone == {content[10], *content[20_000:20_010]}
    assert found.come == {b"<a:other> <a:p> <a:o> .", b"<a:new> <a:p> <a:o> ."}
    assert len(found.shared.stretches) == 3
    assert not found.shared.more


def test_which_files_go_by_their_lines(tmp_path: Path) -> None:
    good = "<a:s> <a:p> <a:o_o> .\n"
    for name, text, goes in (
        ("a.nt", good, True), ("a.nq", good, True), ("a.ttl", good, False), ("b.nt", good + " " + good, False),
        ("c.nt", good.replace(" ", "\t"), False), ("d.nt", good + "_:x <a:p> <a:o> .\n", False),
        ("e.nt", good.replace("a:o", "a:\\u006f"), False), ("f.nt", good.replace("\n", "\r\n"), False),
        ("g.nt", "\ufeff" + good, False), ("h.nt", " " + good, False), ("i.nt", "", True),
        ("j.nt", good.replace("<a:o_o>", '"a \\"quoted\\" \\\\ word"'), True),
    ):  # fmt: skip
        (tmp_path / name).write_bytes(text.encode())
        assert (lines_of(tmp_path / name) is not None) is goes, name
    assert lines_of(tmp_path / "missing.nt") is None  # who parses it tells


def test_a_file_that_is_gone_meanwhile_is_told(tmp_path: Path) -> None:
    gone = Lines((Stretch(tmp_path / "gone.nt", 0, 10),))
    with pytest.raises(ReadError, match=r"gone\.nt: cannot be read: No such file"):
        compare_lines(gone, gone)
