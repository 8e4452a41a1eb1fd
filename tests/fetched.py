"""Archives of the package index that tests read but nobody installs: fetched once, by name, version and hash."""

from __future__ import annotations

import hashlib
import os
import subprocess
import sys
import tempfile
from pathlib import Path


def fetched(name: str, version: str, sha256: str, *, source: bool = False) -> Path:
    """Return the path of a wheel or (``source``) a source distribution, verified by its hash.

    It is kept beside the environment that runs the tests, so that only the first run needs the index.
    """
    folder = Path(sys.prefix) / "fetched" / sha256
    if not folder.is_dir():
        folder.parent.mkdir(exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent) as made:
            wanted = Path(made) / "requirements.txt"
            wanted.write_text(f"{name}=={version} --hash=sha256:{sha256}\n", encoding="utf-8")
            target = Path(made) / "archive"
            kind = "--no-binary" if source else "--only-binary"
            subprocess.run(
                [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check", "--no-deps",
                 "--require-hashes", kind, ":all:", "--dest", str(target), "--requirement", str(wanted)],
                check=True, env={**os.environ, "PIP_NO_INPUT": "1"},
            )  # fmt: skip
            try:
                target.rename(folder)
            except OSError:  # another worker was faster
                assert folder.is_dir()
    (archive,) = folder.iterdir()
    assert hashlib.sha256(archive.read_bytes()).hexdigest() == sha256
    return archive
