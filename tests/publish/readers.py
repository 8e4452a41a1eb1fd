"""Readers that ask a store all the time, and note whatever they see that is not one whole version."""

from __future__ import annotations

import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field

from qe_kg.errors import StoreError
from qe_kg.namespaces import PROV
from qe_kg.publish.swap import way_of
from qe_kg.publish.versions import DCAT
from tests.publish.site import Graphs, Site

_SAYS = "https://x.example/says"


def marked(version: str, graphs: dict[str, int]) -> Graphs:
    """Make up a version: graphs of some sizes in which every triple says which version it is of."""
    return {
        name: "".join(f'<https://x.example/{name}/{n}> <{_SAYS}> "{version}" .\n' for n in range(size))
        for name, size in graphs.items()
    }


@dataclass
class Reading:
    """What readers saw.

    Attributes:
        count: how often they got an answer.
        seen: how often each version.
        wrong: what was no version.

    """

    count: int = 0
    seen: Counter[str] = field(default_factory=Counter)
    wrong: list[str] = field(default_factory=list)


@contextmanager
def readers(site: Site, known: dict[str, Graphs], threads: int = 1, pause: float = 0.001) -> Iterator[Reading]:
    """Read while the block runs: one query over all graphs, whose answer has to be one version to the triple.

    Args:
        site: what to read.
        known: versions by the name that their triples say.
        threads: how many readers.
        pause: seconds between two questions of a reader.

    """
    shapes = {
        name: frozenset((site.name(graph), name, text.count("\n")) for graph, text in graphs.items())
        for name, graphs in known.items()
    }
    names = " ".join(sorted({f"<{graph}>" for shape in shapes.values() for graph, _, _ in shape}))
    if way_of(site.store().profile.quirks) == "pointer":
        where = (
            f"GRAPH <{site.record}> {{ <{site.record}> <{DCAT}hasCurrentVersion> ?v }} "
            f"GRAPH ?v {{ ?v <{PROV}hadMember> ?c . ?c <{PROV}specializationOf> ?g }} GRAPH ?c {{ ?s <{_SAYS}> ?o }}"
        )
    else:
        where = f"VALUES ?g {{ {names} }} GRAPH ?g {{ ?s <{_SAYS}> ?o }}"
    query = f"SELECT ?g ?o (COUNT(*) AS ?n) WHERE {{ {where} }} GROUP BY ?g ?o"
    reading, over, lock = Reading(), threading.Event(), threading.Lock()

    def read() -> None:
        store = site.store(retries=0, timeout=20)
        while not over.is_set():
            try:
                rows = store.select(query).rows
            except StoreError:
                over.wait(0.02)  # a server that was killed
                continue
            found = frozenset((g.value, o.value, int(n.value)) for g, o, n in rows if g and o and n)
            matching = [name for name, shape in shapes.items() if shape == found]
            with lock:
                reading.count += 1
                reading.seen.update(matching)
                if not matching:
                    reading.wrong.append(str(sorted(found)))
            over.wait(pause)

    running = [threading.Thread(target=read, daemon=True) for _ in range(threads)]
    for one in running:
        one.start()
    try:
        yield reading
    finally:
        over.set()
        for one in running:
            one.join()
