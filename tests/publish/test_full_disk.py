"""A store whose disk is full, which is a small file system in memory: nothing changes, and with room it goes on."""

from __future__ import annotations

import os
import shutil
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest

from qe_kg.errors import StoreError
from tests.publish.readers import marked, readers
from tests.publish.site import Site
from tests.servers.running import SERVERS

_OLD = marked("old", {"same": 3, "changed": 40, "gone": 5})
_NEW = marked("new", {"same": 4, "changed": 30_000, "added": 6})
#: How much of the disk is free when the publication begins, in bytes: for less than its staging, and for no more.
_FREE = (50_000, 1_000_000, 5_000_000, 8_000_000, 12_000_000)


def _as_root(*command: str) -> None:
    subprocess.run(command if os.geteuid() == 0 else ("sudo", "-n", *command), check=True)


@pytest.fixture
def disk(tmp_path: Path) -> Iterator[Path]:
    """Give the folder of a file system of 80 MB."""
    folder = tmp_path / "disk"
    folder.mkdir()
    _as_root("mount", "-t", "tmpfs", "-o", "size=80m,mode=777", "tmpfs", str(folder))
    yield folder
    _as_root("umount", str(folder))


@pytest.mark.servers
@pytest.mark.parametrize("free", _FREE)
def test_old_version_while_the_disk_is_full_and_the_new_one_after(
    disk: Path, free: int, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tests.publish.site.PIECE", 10_000)
    server = SERVERS["oxigraph"](disk / "server").start()
    try:
        site = Site(server, "https://test.example/full/")
        site.publish(_OLD)
        before = {name: graph.hash for name, graph in site.live().items()}
        ballast = disk / "ballast"
        with ballast.open("wb") as file:
            os.posix_fallocate(file.fileno(), 0, shutil.disk_usage(disk).free - free)
        with readers(site, {"old": _OLD, "new": _NEW}, pause=0.05) as reading:
            for _ in range(2):
                with pytest.raises(StoreError, match="No space left on device"):
                    site.publish(_NEW, store=site.store(retries=0, timeout=5))
                assert site.has(_OLD)
        assert not reading.wrong and not reading.seen["new"] and reading.seen["old"]
        ballast.unlink()
        try:
            site.publish(_NEW, store=site.store(timeout=5))
        except StoreError:  # where its log could not be written, Oxigraph takes nothing more until it starts anew
            server.kill()
            server.start()
            assert site.has(_OLD)
            site.publish(_NEW, store=site.store(timeout=5))
        assert site.has(_NEW)
        site.roll_back()
        assert {name: graph.hash for name, graph in site.live().items()} == before
    finally:
        server.stop()
