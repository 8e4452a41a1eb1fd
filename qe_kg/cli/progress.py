"""A sign of life on standard error for what takes more than a second."""

from __future__ import annotations

import os
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_DELAY = 1.0  # seconds


@contextmanager
def progress(what: str) -> Iterator[None]:
    """Show a spinner while the block runs, if it runs for more than a second and a person is watching."""
    if not sys.stderr.isatty() or os.environ.get("TERM") == "dumb":
        yield
        return
    shown = []

    def show() -> None:
        from rich.console import Console

        status = Console(stderr=True).status(f"{what} …")
        shown.append(status)
        status.start()

    timer = threading.Timer(_DELAY, show)
    timer.daemon = True
    timer.start()
    try:
        yield
    finally:
        timer.cancel()
        timer.join()
        for status in shown:
            status.stop()
