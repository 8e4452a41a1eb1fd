"""Servers that tests start: on a free port of this machine, in a process that ends with the test."""

from __future__ import annotations

import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True)
class Server:
    """A server that answers.

    Attributes:
        product: its name, as connection profiles have it.
        base: its base URL.
        process: where it runs.

    """

    product: str
    base: str
    process: subprocess.Popen[bytes]

    @property
    def named(self) -> str:
        """What --store takes."""
        return f"{self.product}+{self.base}"

    def clear(self) -> None:
        """Remove everything."""
        request = urllib.request.Request(f"{self.base}/store", data=b"", method="PUT")
        request.add_header("Content-Type", "application/n-quads")
        urllib.request.urlopen(request).close()


def free_port() -> int:
    """Return a port that nothing listens at."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


@contextmanager
def oxigraph_server(location: Path | None = None, *options: str, port: int | None = None) -> Iterator[Server]:
    """Start an Oxigraph server, in memory unless a folder is given."""
    port = port or free_port()
    base = f"http://127.0.0.1:{port}"
    place = () if location is None else ("--location", str(location))
    command = [Path(sys.executable).with_name("oxigraph"), "serve", "--bind", f"127.0.0.1:{port}", *place, *options]
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_for(f"{base}/query?query=ASK%7B%7D", process)
        yield Server("oxigraph", base, process)
    finally:
        process.terminate()
        process.wait(10)


def wait_for(url: str, process: subprocess.Popen[bytes], seconds: float = 30) -> None:
    """Wait until something answers at a URL."""
    until = time.monotonic() + seconds
    while not _answers(url, seconds):
        assert process.poll() is None, f"the server ended with {process.returncode}"
        assert time.monotonic() < until, f"nothing answers at {url}"
        time.sleep(0.02)


def _answers(url: str, seconds: float) -> bool:
    try:
        urllib.request.urlopen(url, timeout=seconds).close()
    except urllib.error.HTTPError:
        return True
    except (urllib.error.URLError, ConnectionError):
        return False
    return True
