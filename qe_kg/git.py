"""What a git repository holds at a revision, without a checkout. ``git`` is called in this module only."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Iterator
from pathlib import Path, PurePosixPath

from qe_kg.errors import ReadError

#: What a hook inherits from the git that runs it, and what would turn us away from the folder that is meant.
_INHERITED = ("GIT_DIR", "GIT_WORK_TREE", "GIT_INDEX_FILE", "GIT_PREFIX", "GIT_COMMON_DIR", "GIT_OBJECT_DIRECTORY")


def _git(folder: Path, *arguments: str, stdin: bytes = b"") -> subprocess.CompletedProcess[bytes]:
    try:
        return subprocess.run(
            ["git", "-C", str(folder), "-c", "core.quotePath=false", *arguments],
            input=stdin,
            capture_output=True,
            check=False,
            env={name: value for name, value in os.environ.items() if name not in _INHERITED},
        )
    except FileNotFoundError as error:
        raise ReadError("git is not installed, or not on the PATH; name files or folders instead") from error


def repository_of(path: Path) -> Path | None:
    """Return the top folder of the repository that a folder or file is in; None if it is in none."""
    folder = path if path.is_dir() else path.parent
    done = _git(folder, "rev-parse", "--show-toplevel")
    return Path(done.stdout.decode().rstrip("\n")).resolve() if done.returncode == 0 else None


def commit_of(repository: Path, revision: str) -> str | None:
    """Return the commit that a revision (branch, tag, HEAD~2, …) names; None if it names none."""
    if revision.startswith("-"):
        return None
    done = _git(repository, "rev-parse", "--verify", "--quiet", f"{revision}^{{commit}}")
    return done.stdout.decode().strip() if done.returncode == 0 else None


def committer(repository: Path) -> str:
    """Return the name under which a commit would be made there, or "" where git knows none."""
    done = _git(repository, "config", "user.name")
    return done.stdout.decode("utf-8", "replace").strip()


def last_commit_time(folder: Path) -> int | None:
    """Return when the last commit that touched a folder was made, in seconds since 1970; None where none did."""
    try:
        done = _git(folder, "log", "-1", "--format=%ct", "--", ".")
    except ReadError:  # without git nothing tells
        return None
    return int(done.stdout) if done.returncode == 0 and done.stdout.strip() else None


def merge_base(repository: Path, one: str, other: str) -> str:
    """Return the last commit that two revisions have in common.

    Raises:
        ReadError: they have none, as in a clone that is too shallow.

    """
    done = _git(repository, "merge-base", one, other)
    if done.returncode != 0:
        raise ReadError(f"{one} and {other} have no commit in common; a shallow clone needs more history")
    return done.stdout.decode().strip()


def names(repository: Path) -> list[str]:
    """Return the names of branches and tags, for who misspelt one."""
    done = _git(repository, "for-each-ref", "--format=%(refname:short)")
    return done.stdout.decode("utf-8", "replace").split()


def merge_file(ours: Path, base: Path, theirs: Path, labels: tuple[str, str, str], marker_size: int) -> tuple[int, str]:
    """Merge three texts by line as git does; return the number of conflicts and the merged text.

    Raises:
        ReadError: git cannot merge them.

    """
    named = [part for label in labels for part in ("-L", label)]
    done = _git(
        Path(), "merge-file", "-p", f"--marker-size={marker_size}", *named,
        str(ours.absolute()), str(base.absolute()), str(theirs.absolute()),
    )  # fmt: skip
    if done.returncode > 127:
        raise ReadError(f"git cannot merge {ours} by line: {done.stderr.decode('utf-8', 'replace').strip()}")
    return done.returncode, done.stdout.decode("utf-8", "surrogateescape")


def extract(repository: Path, commit: str, paths: list[str], into: Path) -> list[Path]:
    """Write files of a commit into a folder, under their paths in the repository and byte by byte as stored.

    ``git archive`` is not used: it leaves out what .gitattributes marks as export-ignore.

    Args:
        repository: its top folder.
        commit: which commit.
        paths: files and folders in the repository, with "/"; one that the commit does not hold is passed over.
        into: an empty folder.

    Returns:
        The files written.

    Raises:
        ReadError: git cannot read them.

    """
    entries = [entry for entry in _tree(repository, commit, paths) if entry[0] != "160000"]  # no submodules
    request = "".join(f"{blob}\n" for _, blob, _ in entries).encode()
    done = _git(repository, "cat-file", "--batch", stdin=request)
    if done.returncode != 0:
        raise ReadError(f"git cannot read {commit[:12]}: {done.stderr.decode('utf-8', 'replace').strip()}")
    written, position = [], 0
    for mode, blob, name in entries:
        end = done.stdout.index(b"\n", position)
        header = done.stdout[position:end].split()
        if len(header) != 3:
            raise ReadError(f"git lacks {name} of {commit[:12]} ({blob[:12]}); fetch it first")
        size = int(header[2])
        content = done.stdout[end + 1 : end + 1 + size]
        position = end + 1 + size + 1
        target = into / name
        target.parent.mkdir(parents=True, exist_ok=True)
        if mode == "120000":
            if not _stays_inside(name, content.decode("utf-8", "replace")):
                continue
            target.symlink_to(content.decode())
        else:
            target.write_bytes(content)
        written.append(target)
    return written


def _tree(repository: Path, commit: str, paths: list[str]) -> Iterator[tuple[str, str, str]]:
    """Yield (mode, object, path) of each file under some paths of a commit."""
    # A path of ls-tree is no pattern; "." is the whole tree.
    done = _git(repository, "ls-tree", "-r", "-z", "--full-tree", commit, "--", *[p for p in paths if p != "."])
    if done.returncode != 0:
        raise ReadError(f"git cannot list {commit[:12]}: {done.stderr.decode('utf-8', 'replace').strip()}")
    for record in done.stdout.decode("utf-8", "surrogateescape").split("\0"):
        if record:
            fields, _, name = record.partition("\t")
            mode, _, blob = fields.split()
            if ".." not in PurePosixPath(name).parts:
                yield mode, blob, name


def _stays_inside(name: str, target: str) -> bool:
    """Tell whether a link leads to a place inside the tree that it stands in."""
    if target.startswith("/"):
        return False
    depth = len(PurePosixPath(name).parts) - 1
    for part in PurePosixPath(target).parts:
        depth += -1 if part == ".." else 1
        if depth < 0:
            return False
    return True
