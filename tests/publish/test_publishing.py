"""What publishing does when nothing goes wrong, and when two do it at once: on every server."""

from __future__ import annotations

import hashlib
import threading
from typing import Any

import pytest

from qe_kg import CallError, StoreError
from qe_kg.publish.plan import Plan
from qe_kg.publish.swap import swap
from qe_kg.publish.versions import DCAT, GraphVersion, piece_names
from qe_kg.store.canonical import canonical_text
from qe_kg.store.remote import RemoteStore
from tests.publish.site import PIECE, Graphs, Site, triples, versions
from tests.servers.running import PRODUCTS

everywhere = pytest.mark.parametrize("site", PRODUCTS, indirect=True)

BLANK = """<https://x.example/s> <https://x.example/p> _:a .
_:a <https://x.example/q> _:b .
_:b <https://x.example/r> "{0}" .
"""


def _states(plan: Plan) -> dict[str, tuple[str, int, int]]:
    return {one.name.rsplit("/", 1)[1]: (one.state, len(one.added), len(one.removed)) for one in plan.steps}


@everywhere
def test_each_version_replaces_the_one_before(site: Site) -> None:
    first, second = versions(2)
    plan = site.plan(first)
    assert _states(plan) == {"same.ttl": ("new", 5, 0), "changed.ttl": ("new", 10, 0), "number-0.ttl": ("new", 1, 0)}
    assert (plan.published, plan.removed_share, plan.head.number) == (0, 0.0, 0)
    one = site.publish(first)
    assert site.has(first) and (one.number, one.publisher, one.is_accepted) == (1, "Ada", True)
    plan = site.plan(second)
    assert _states(plan) == {
        "same.ttl": ("same", 0, 0), "changed.ttl": ("changed", 1, 1), "number-0.ttl": ("gone", 0, 1),
        "number-1.ttl": ("new", 2, 0),
    }  # fmt: skip
    assert (plan.published, plan.removed_share) == (16, 2 / 16)
    plan.check_removals(2 / 16)
    with pytest.raises(CallError, match=r"2 of 16 published triples \(12%\) would go"):
        plan.check_removals(0.1)
    two = site.publish(second)
    assert site.has(second) and not site.has(first)
    assert (two.number, two.previous, site.head()) == (2, one.iri, two)


@everywhere
def test_a_second_time_nothing_is_sent(site: Site) -> None:
    (graphs,) = versions(1)
    once = site.publish(graphs)
    before = site.graphs_in_store()
    again = site.publish(graphs)
    assert again == once and site.plan(graphs).is_done and site.graphs_in_store() == before


@everywhere
def test_blank_nodes_are_kept_and_compared_by_what_is_said_of_them(site: Site) -> None:
    site.publish({"a": BLANK.format("1"), "b": triples("b", range(2))})
    assert site.has({"a": BLANK.format("1"), "b": triples("b", range(2))})
    relabelled = BLANK.format("1").replace("_:a", "_:zz").replace("_:b", "_:a")
    assert site.plan({"a": relabelled, "b": triples("b", range(2))}).is_done
    site.publish({"a": BLANK.format("2"), "b": triples("b", range(2))}, delta=True)
    assert site.has({"a": BLANK.format("2"), "b": triples("b", range(2))})


@everywhere
def test_rollback_brings_back_what_was_there_to_the_byte(site: Site) -> None:
    published = list(versions(4))
    hashes = []
    for graphs in published:
        version = site.publish(graphs, keep=2)
        hashes.append({name: graph.hash for name, graph in site.live().items()})
    assert [one.number for one in site.kept()] == [4, 3, 2]
    back = site.roll_back()
    assert (back.number, back.hash, back.publisher) == (5, site.kept()[2].hash, "Bob")
    assert {name: graph.hash for name, graph in site.live().items()} == hashes[2] and site.has(published[2])
    assert version.hash != back.hash
    site.roll_back(site.kept()[1].hash[:10])
    assert {name: graph.hash for name, graph in site.live().items()} == hashes[3]
    with pytest.raises(CallError, match="no kept version is '1'; kept are: 6 "):
        site.roll_back("1")


@everywhere
def test_what_no_kept_version_needs_is_removed(site: Site) -> None:
    for graphs in versions(4):
        site.publish(graphs, keep=1)
    expected = {site.record, f"{site.record}/inventory"}
    for version in site.kept():
        expected |= {version.iri, *(one for graph in version.graphs.values() for one in piece_names(graph.content))}
    expected |= {f"{site.record}/claims"} & site.graphs_in_store()
    expected |= set() if site.head().by_content else set(site.head().graphs)
    assert [one.number for one in site.kept()] == [4, 3]
    assert site.graphs_in_store() == expected


@everywhere
def test_differences_give_what_whole_graphs_give(site: Site) -> None:
    texts = [triples("a", range(n, n + 50)) for n in (0, 1, 3)]
    site.publish({"a": texts[0]})
    hashes = [site.live()["a"].hash]
    for text in (texts[1], texts[2], texts[1], texts[0]):
        version = site.publish({"a": text}, delta=True)
        assert site.has({"a": text})
        hashes.append(site.live()["a"].hash)
    assert hashes[1] == hashes[3] and hashes[0] == hashes[4] and len(set(hashes)) == 3
    if not version.by_content:
        sizes = {name.rpartition("?")[2]: site.store().size(name) for name in site.graphs_in_store() if "?" in name}
        assert sorted(sizes.values()) == [1, 1, 1, 1, 2, 2, 25, 25, 25, 25]
    for number, expected in (("3", hashes[2]), ("2", hashes[1]), ("1", hashes[0])):
        site.roll_back(number, keep=20)
        assert site.live()["a"].hash == expected


@everywhere
def test_what_is_large_goes_in_pieces_and_is_not_sent_again(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    (start,) = versions(1)
    if site.publish(start).by_content:
        return  # readers get the graph that was staged, so it is one
    large = {**start, "large": triples("large", range(3 * PIECE))}
    pieces = piece_names(GraphVersion(site.name("large"), site.wanted(large)[-1].hash, "", 0, 3).content)
    sent, put_graph = list[str](), RemoteStore.put_graph

    def put(store: RemoteStore, name: str, *arguments: Any, **options: Any) -> None:
        sent.append(name)
        if len(sent) == 2:
            raise StoreError("the connection was cut")
        put_graph(store, name, *arguments, **options)

    monkeypatch.setattr(RemoteStore, "put_graph", put)
    with pytest.raises(StoreError, match="was cut"):
        site.publish(large)
    assert site.has(start) and site.graphs_in_store() & set(pieces) == {pieces[0]}
    site.publish(large)
    assert site.has(large) and sent == [*pieces[:2], *pieces[1:], site.head().iri]
    smaller = {**start, "large": triples("large", range(5, 3 * PIECE))}
    site.publish(smaller, delta=True)
    assert site.has(smaller)
    site.roll_back()
    assert site.has(large)


@everywhere
def test_a_difference_to_something_else_is_refused(site: Site) -> None:
    text = triples("a", range(9))
    site.publish({"a": text})
    if site.head().by_content:
        return  # sends no differences
    for foreign, kept in ((triples("a", range(9, 10)), text), ("", triples("a", range(1, 9)))):
        site.store().put_graph(site.name("a"), text.encode())
        plan = site.plan({"a": triples("a", range(1, 10))})
        site.store().put_graph(site.name("a"), (kept + foreign).encode())
        with pytest.raises(StoreError, match="a graph had changed that a difference is sent for"):
            site.publish({}, plan=plan, delta=True)
        assert site.has({"a": kept + foreign}) and site.head().number == 1
    site.publish({"a": triples("a", range(1, 10))}, delta=True)
    assert site.has({"a": triples("a", range(1, 10))})


@everywhere
@pytest.mark.parametrize("is_delta", [False, True])
def test_a_swap_that_did_something_else_is_told(site: Site, monkeypatch: pytest.MonkeyPatch, *, is_delta: bool) -> None:
    site.publish({"a": triples("a", range(9))})
    if site.head().by_content:
        return  # what readers get is what was read back
    name, change = site.name("a"), {"a": triples("a", range(5, 12))}

    def badly(store: RemoteStore, *arguments: Any) -> None:
        swap(store, *arguments)
        put = triples("a", range(6, 12)) + triples("a" if is_delta else "other", range(1))
        store.put_graph(name, put.encode())

    with monkeypatch.context() as patched:
        patched.setattr("qe_kg.publish.publisher.swap", badly)
        with pytest.raises(StoreError, match="something else in"):
            site.publish(change, delta=is_delta)
    site.publish(change)
    assert site.has(change)


@everywhere
def test_of_two_publishers_one_is_told_who_was_faster(site: Site) -> None:
    first, second, third = versions(3)
    site.publish(first)
    plan = site.plan(third)
    winner = site.publish(second, who="Grace")
    with pytest.raises(StoreError, match=r"published to by somebody else meanwhile: version 2 .* by Grace"):
        site.publish(third, plan=plan)
    assert site.has(second) and site.head() == winner
    site.publish(third)
    assert site.has(third)


@everywhere
def test_of_publishers_at_the_same_moment_one_wins(site: Site) -> None:
    (start,) = versions(1)
    site.publish(start)
    for attempt in range(4):
        candidates: list[Graphs] = [
            {**start, "race.ttl": triples(f"race {attempt} {n}".replace(" ", "-"), range(20))} for n in range(3)
        ]
        plans = [site.plan(graphs) for graphs in candidates]
        outcomes = _all_at_once(site, candidates, plans)
        won = [n for n, outcome in enumerate(outcomes) if outcome == "won"]
        assert len(won) == 1, outcomes
        assert site.has(candidates[won[0]]) and site.head().publisher == f"publisher {won[0]}"


def _all_at_once(site: Site, candidates: list[Graphs], plans: list[Plan]) -> list[str]:
    outcomes = [""] * len(plans)
    gate = threading.Barrier(len(plans))

    def work(n: int) -> None:
        gate.wait()
        try:
            site.publish(candidates[n], plan=plans[n], who=f"publisher {n}", keep=20)
            outcomes[n] = "won"
        except StoreError as error:
            outcomes[n] = str(error)

    threads = [threading.Thread(target=work, args=(n,)) for n in range(len(plans))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return outcomes


@everywhere
def test_a_graph_that_others_changed_is_told_and_mended(site: Site) -> None:
    (graphs,) = versions(1)
    version = site.publish(graphs)
    place = version.place(site.name("same.ttl"))
    assert place is not None
    site.store().post_graph(place, triples("foreign", range(1)).encode())
    later = {**graphs, "same.ttl": triples("same", range(6))}
    step = next(one for one in site.plan(later).steps if one.name == site.name("same.ttl"))
    assert step.is_foreign and (len(step.added), len(step.removed)) == (1, 1)
    site.publish(later, delta=True)
    assert site.has(later)


@everywhere
def test_what_others_wrote_to_a_graph_that_stays_is_found_by_reading_it(site: Site) -> None:
    (graphs,) = versions(1)
    place = site.publish(graphs).place(site.name("same.ttl"))
    assert place is not None and site.plan(graphs, read_back=True).is_done
    site.store().post_graph(place, triples("foreign", range(1)).encode())
    assert site.plan(graphs).is_done
    plan = site.plan(graphs, read_back=True)
    assert _states(plan)["same.ttl"] == ("changed", 0, 1)
    assert [(one.name, one.is_foreign) for one in plan.changes] == [(site.name("same.ttl"), True)]
    site.publish(graphs, plan=plan, delta=True)
    assert site.has(graphs) and site.plan(graphs, read_back=True).is_done


@everywhere
def test_two_current_versions_and_a_mixture_are_mended(site: Site) -> None:
    (graphs,) = versions(1)
    version = site.publish(graphs)
    place = version.place(site.name("same.ttl"))
    assert place is not None
    site.store().put_graph(place, triples("other", range(7)).encode())
    rival = f"<{site.record}> <{DCAT}hasCurrentVersion> <{site.record}/version/1-00000000> .\n"
    site.store().post_graph(site.record, rival.encode())
    plan = site.plan(graphs)
    assert not plan.is_done and [one.name for one in plan.changes] == [site.name("same.ttl")]
    site.publish(graphs)
    assert site.has(graphs) and site.plan(graphs).is_done


@everywhere
def test_what_was_loaded_without_versions_is_taken_over(site: Site) -> None:
    (graphs,) = versions(1)
    for name, text in graphs.items():
        site.store().put_graph(site.name(name), text.encode())
    plan = site.plan(graphs)
    assert (
        all((one.state, one.added, one.removed) == ("changed", (), ()) for one in plan.steps) and plan.head.number == 0
    )
    site.publish(graphs)
    assert site.has(graphs) and site.plan(graphs).is_done


@pytest.mark.servers
@pytest.mark.parametrize("site", [one for one in PRODUCTS if one.values == ("virtuoso",)], indirect=True)
def test_a_graph_that_a_store_does_not_give_back_whole_is_not_published(site: Site) -> None:
    (graphs,) = versions(1)
    site.publish(graphs)
    with pytest.raises(StoreError, match=r"of a graph that has 10,010: .*ResultSetMaxRows"):
        site.publish({**graphs, "large": triples("large", range(10_010))})
    assert site.has(graphs)


def test_canonical_form_does_not_depend_on_labels_and_order() -> None:
    text = BLANK.format("1")
    other = "\n".join(reversed(text.replace("_:a", "_:q").replace("_:b", "_:a").splitlines()))
    assert canonical_text(text.encode()) == canonical_text(other.encode() + b"\n")
    assert canonical_text(text.encode()).hash != canonical_text(BLANK.format("2").encode()).hash


def test_blank_nodes_are_named_as_in_the_examples_of_the_specification() -> None:
    """RDFC-1.0, the examples with unique and with shared hashes, worked out there step by step."""
    e = "http://example.com/#"
    unique = f"""<{e}p> <{e}q> _:e0 .
<{e}p> <{e}r> _:e1 .
_:e0 <{e}s> <{e}u> .
_:e1 <{e}t> <{e}u> .
"""
    assert canonical_text(unique.encode()).lines == tuple(
        line.encode() for line in unique.replace("_:e", "_:c14n").splitlines()
    )
    shared = f"""<{e}p> <{e}q> _:e0 .
<{e}p> <{e}q> _:e1 .
_:e0 <{e}p> _:e2 .
_:e1 <{e}p> _:e3 .
_:e2 <{e}r> _:e3 .
"""
    expected = f"""<{e}p> <{e}q> _:c14n2 .
<{e}p> <{e}q> _:c14n3 .
_:c14n0 <{e}r> _:c14n1 .
_:c14n2 <{e}p> _:c14n1 .
_:c14n3 <{e}p> _:c14n0 .
"""
    assert canonical_text(shared.encode()).lines == tuple(line.encode() for line in expected.splitlines())
    assert canonical_text(shared.encode()).hash == hashlib.sha256(expected.encode()).hexdigest()
