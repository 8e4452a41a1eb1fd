"""The one moment at which readers pass from the old version to the new: the safest way that each product has.

- **update**: one SPARQL update that changes all graphs and the record; Oxigraph and Fuseki do all of it or nothing.
  (Oxigraph runs two at once side by side, so there the right to do it is claimed first: `qe_kg.publish.claims`.)
- **transaction**: the same update within a serialisable transaction (RDF4J, GraphDB); else two of them at once might
  both find the old version current.
- **pointer**: graphs named by content are there already, and one triple of the record comes to name the new version
  (Virtuoso, and whatever is not known to change several graphs at once).

In all three the current version is compared first, by the store, and where it is another one nothing changes: of two
publishers one wins. `MOVE` and `COPY` are not used: from a graph that is missing they empty the target. Nor is `ADD`:
Fuseki's reads a graph while it writes to the index that it reads, and leaves triples out.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal

from qe_kg.errors import StoreError
from qe_kg.namespaces import DCTERMS, PROV
from qe_kg.publish.claims import claims_graph
from qe_kg.publish.plan import Step
from qe_kg.publish.versions import DCAT, Version, patch_names, piece_names
from qe_kg.store.quirks import Quirks
from qe_kg.store.remote import RemoteStore

Way = Literal["update", "transaction", "pointer"]


def way_of(quirks: Quirks) -> Way:
    """Return how a product's graphs are swapped."""
    if quirks.transactions == "rdf4j":
        return "transaction"
    return "update" if quirks.atomic_update else "pointer"


def needs_claim(quirks: Quirks) -> bool:
    """Tell whether two updates at once have to be kept apart, because the product does not."""
    return not quirks.serial_updates


def begin_record(store: RemoteStore, record: str, first: str) -> None:
    """Say that nothing was published yet, where the record says nothing: there is then something to compare with."""
    run(
        store,
        f"INSERT {{ GRAPH <{record}> {{ <{record}> <{DCAT}hasCurrentVersion> <{first}> }} }} WHERE {{ "
        # Counted, for Virtuoso takes a WHERE that only says what must not exist as if it said nothing.
        f"{{ SELECT (COUNT(*) AS ?n) WHERE {{ GRAPH <{record}> {{ <{record}> <{DCAT}hasCurrentVersion> ?any }} }} }} "
        f"FILTER(?n = 0) }}",
    )


def swap(store: RemoteStore, record: str, old: str, new: Version, steps: Sequence[Step]) -> None:
    """Make a version the current one, if the old one still is; where it is not, nothing changes.

    Raises:
        StoreError: it did not work out, or nobody knows whether it did.

    """
    head = f"<{record}> <{DCAT}hasCurrentVersion>"
    quirks = store.profile.quirks
    if way_of(quirks) == "pointer":
        run_once(store, _moved(record, f"{head} ?any", f"{head} <{new.iri}>", f"{head} <{old}> . {head} ?any"))
        return
    fence = f"GRAPH <{claims_graph(record)}> {{ <{new.iri}> ?claim ?claimed }}" if needs_claim(quirks) else ""
    # Given only where the old version is current and what it takes is there; the rest asks for no more than this.
    permit = f"<{new.iri}> <{DCTERMS}isVersionOf> <{record}>"
    conditions = " ".join(_condition(step, new, number) for number, step in enumerate(steps))
    parts = [
        f"INSERT {{ GRAPH <{record}> {{ {permit} }} }} "
        f"WHERE {{ GRAPH <{record}> {{ {head} <{old}> }} {fence} {conditions} }}",
        *(part for step in steps for part in _graph_update(record, permit, step, new)),
        # What a plain load said about its graphs.
        f"DELETE {{ GRAPH <{record}> {{ <{record}> <{PROV}hadMember> ?m }} }} "
        f"WHERE {{ GRAPH <{record}> {{ {permit} . <{record}> <{PROV}hadMember> ?m }} }}",
        _moved(record, f"{head} ?any", f"{head} <{new.iri}>", f"{permit} . {head} ?any"),
    ]
    run_once(store, " ;\n".join(parts))


def _condition(step: Step, new: Version, number: int) -> str:
    """Return what must hold before a step is taken: what was staged is there, and what it differs from is, too."""
    if step.wanted is None:
        return ""
    triple = f"?s{number} ?p{number} ?o{number}"
    content = new.graphs[step.name].content
    if content not in new.derived:
        return " ".join(f"FILTER EXISTS {{ GRAPH <{piece}> {{ {triple} }} }}" for piece in piece_names(content))
    found, live = [], f"EXISTS {{ GRAPH <{step.name}> {{ {triple} }} }}"
    removed, added = patch_names(content, new.derived[content])
    for name, lines, is_wrong in ((removed, step.removed, f"NOT {live}"), (added, step.added, live)):
        if lines:
            patch = f"GRAPH <{name}> {{ {triple} }}"
            found.append(f"FILTER EXISTS {{ {patch} }} FILTER NOT EXISTS {{ {patch} FILTER {is_wrong} }}")
    return " ".join(found)


def _graph_update(record: str, permit: str, step: Step, new: Version) -> list[str]:
    guard, live = f"GRAPH <{record}> {{ {permit} }}", _in(step.name)
    if step.wanted is None:
        return [f"DELETE {{ {live} }} WHERE {{ {guard} {live} }}"]
    content = new.graphs[step.name].content
    if content in new.derived:
        removed, added = map(_in, patch_names(content, new.derived[content]))
        return [
            *([f"DELETE {{ {live} }} WHERE {{ {guard} {removed} }}"] if step.removed else []),
            *([f"INSERT {{ {live} }} WHERE {{ {guard} {added} }}"] if step.added else []),
        ]
    pieces = list(map(_in, piece_names(content)))
    if step.place is None:
        return [f"INSERT {{ {live} }} WHERE {{ {guard} {piece} }}" for piece in pieces]
    # What stays is neither taken out and put back nor written once more.
    kept = " ".join(f"FILTER NOT EXISTS {{ {piece} }}" for piece in pieces)
    return [
        f"DELETE {{ {live} }} WHERE {{ {guard} {live} {kept} }}",
        *(f"INSERT {{ {live} }} WHERE {{ {guard} {piece} FILTER NOT EXISTS {{ {live} }} }}" for piece in pieces),
    ]


def _in(graph: str) -> str:
    return f"GRAPH <{graph}> {{ ?s ?p ?o }}"


def _moved(record: str, old: str, new: str, condition: str) -> str:
    return (
        f"DELETE {{ GRAPH <{record}> {{ {old} }} }} INSERT {{ GRAPH <{record}> {{ {new} }} }} "
        f"WHERE {{ GRAPH <{record}> {{ {condition} }} }}"
    )


def run_once(store: RemoteStore, update: str) -> None:
    """Send an update; where two at once are not kept apart, not again while the first may be at work.

    Raises:
        StoreError: it did not work out, or nobody knows whether it did.

    """
    if needs_claim(store.profile.quirks):
        store.update(update, again_if_busy=True)
    else:
        run(store, update)


def run(store: RemoteStore, update: str) -> None:
    """Send an update that changes nothing the second time.

    Raises:
        StoreError: it did not work out, or nobody knows whether it did.

    """
    if way_of(store.profile.quirks) == "transaction":
        _in_transaction(store, update)
        return
    store.update(update, idempotent=True)


def _in_transaction(store: RemoteStore, update: str) -> None:
    """Run an update in a serialisable transaction of RDF4J's protocol, again where it met another one.

    The other one may be of a publisher that is gone: RDF4J keeps it for a minute.
    """
    for attempt in range(store.profile.retries + 1):
        try:
            _in_one_transaction(store, update)
        except StoreError as error:
            if error.status not in store.connection.busy or attempt == store.profile.retries:
                raise
            store.connection.wait(attempt)
        else:
            return


def _in_one_transaction(store: RemoteStore, update: str) -> None:
    connection, base = store.connection, store.profile.query
    start = f"{base}/transactions?isolation-level=SERIALIZABLE"
    with connection.send("POST", start, body=b"", idempotent=True) as reply:
        reply.read()
        place = reply.headers.get("Location", "")
    name = place.rpartition("/")[2]
    if not name.replace("-", "").isalnum():
        raise connection.error("began no transaction")
    # Not the address that it told: behind a proxy, or elsewhere, it could be another host's.
    transaction = f"{base}/transactions/{name}"
    headers = {"Content-Type": "application/sparql-update; charset=utf-8"}
    try:
        for action, body, kind in (("UPDATE", update.encode(), headers), ("COMMIT", b"", {})):
            with connection.send(
                "PUT", f"{transaction}?action={action}", headers=kind, body=body, idempotent=False
            ) as r:
                r.read()
    except StoreError:
        _give_up(store, transaction)
        raise


def _give_up(store: RemoteStore, transaction: str) -> None:
    """Roll a transaction back; where that fails the server does it by itself after a while."""
    try:
        with store.connection.send("DELETE", transaction, idempotent=False, allowed=(400, 404, 406, 410, 500)) as reply:
            reply.read()
    except StoreError:
        return
