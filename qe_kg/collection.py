"""Python's cyclic garbage collection, off where it costs much and finds nothing."""

from __future__ import annotations

import gc
from collections.abc import Iterator
from contextlib import contextmanager


@contextmanager
def without_collection(*, for_good: bool = False) -> Iterator[None]:
    """Keep the cyclic collector from walking a million quads or results, which hold no cycles, again and again.

    With ``for_good`` it does not walk later either what is there at the end: for a process that is soon over.
    """
    was_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if for_good:
            gc.freeze()
        if was_on:
            gc.enable()


@contextmanager
def with_collection() -> Iterator[None]:
    """Let the cyclic collector run all the same: for what leaves many cycles behind, such as rdflib's evaluation."""
    was_on = gc.isenabled()
    gc.enable()
    try:
        yield
    finally:
        if not was_on:
            gc.disable()
