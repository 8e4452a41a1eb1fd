"""The difference told by element, each case worked out by hand."""

from __future__ import annotations

from typing import Any

import pyoxigraph as ox
import pytest

from qe_kg.diff.elements import ElementDiff, diff_elements
from qe_kg.namespaces import Namespaces
from qe_kg.store.statements import difference

HEAD = """
@prefix qe: <https://quantumenergy.example/ns/> .
@prefix qev: <https://quantumenergy.example/vocab/> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
@prefix owl: <http://www.w3.org/2002/07/owl#> .
@prefix dcterms: <http://purl.org/dc/terms/> .
@prefix sh: <http://www.w3.org/ns/shacl#> .
@prefix t: <https://test.example/id/> .
"""
T = "https://test.example/id/"
NAMES = Namespaces(own={"t": T})


def diff(old: str, new: str) -> ElementDiff:
    sides = [
        list(ox.parse((HEAD + text).encode(), format=ox.RdfFormat.TURTLE, rename_blank_nodes=True))
        for text in (old, new)
    ]
    return diff_elements(difference(*sides), NAMES)


def told(found: ElementDiff) -> list[tuple[Any, ...]]:
    return [
        (
            one.kind, NAMES.compact(one.iri), one.label,
            {c.property: ([v.text for v in c.before], [v.text for v in c.after]) for c in one.properties},
        )
        for one in found.elements
    ]  # fmt: skip


A = 't:a a qe:ValueStream ; skos:notation "A-01" ; skos:prefLabel "Make"@en ; qe:inZone qev:zone-regulated .\n'
B = 't:b a qe:ValueStream ; skos:notation "B-01" ; skos:prefLabel "Sell"@en ; qe:inZone qev:zone-shared .\n'


def test_nothing_differs() -> None:
    assert diff(A + B, B + A).elements == ()


def test_added_removed_and_changed_from_to() -> None:
    moved = A.replace("zone-regulated", "zone-non-regulated").replace('"Make"@en', '"Make things"@en')
    assert told(diff(A, moved + B)) == [
        (
            "added", "t:b", "Sell",
            {
                "a": ([], ["qe:ValueStream"]),
                "qe:inZone": ([], ["qev:zone-shared"]),
                "skos:notation": ([], ['"B-01"']),
                "skos:prefLabel": ([], ['"Sell"@en']),
            },
        ),
        (
            "changed", "t:a", "Make things",
            {
                "qe:inZone": (["qev:zone-regulated"], ["qev:zone-non-regulated"]),
                "skos:prefLabel": (['"Make"@en'], ['"Make things"@en']),
            },
        ),
    ]  # fmt: skip
    assert [(one[0], one[1]) for one in told(diff(A + B, A))] == [("removed", "t:b")]


def test_values_name_what_they_point_to() -> None:
    zones = 'qev:zone-regulated a qe:RegulatoryZone ; skos:prefLabel "Regulated"@en .\n'
    (one,) = diff(zones + A, zones + A.replace("qev:zone-regulated", "t:new")).elements
    (change,) = one.properties
    assert [(value.text, value.label) for value in (*change.before, *change.after)] == [
        ("qev:zone-regulated", "Regulated"),
        ("t:new", None),
    ]
    assert one.type == "qe:ValueStream"


def test_a_change_inside_a_structure_without_a_name_is_its_owners() -> None:
    shape = "t:s a sh:NodeShape ; sh:property [ sh:path skos:notation ; sh:in ( 1 2 ) ] , [ sh:path t:p ] ."
    assert told(diff(shape, shape.replace("( 1 2 )", "( 1 2 3 )"))) == [
        (
            "changed", "t:s", "s",
            {
                "sh:property": (
                    ['[ sh:in ( "1"^^xsd:integer "2"^^xsd:integer ) ; sh:path skos:notation ]'],
                    ['[ sh:in ( "1"^^xsd:integer "2"^^xsd:integer "3"^^xsd:integer ) ; sh:path skos:notation ]'],
                )
            },
        )
    ]  # fmt: skip
    (one,) = diff("", "[] a owl:AllDisjointClasses ; owl:members ( t:a t:b ) .").elements
    assert (one.kind, one.type, one.iri) == (
        "added",
        "owl:AllDisjointClasses",
        "[ a owl:AllDisjointClasses ; owl:members ( t:a t:b ) ]",
    )


def test_a_renaming_that_the_data_declare() -> None:
    new = (
        B.replace("t:b", "t:sell")
        + 't:b a qe:ValueStream ; skos:prefLabel "Sell"@en ; owl:deprecated true ; dcterms:isReplacedBy t:sell .'
    )
    found = diff(A + B, A + new)
    (one,) = found.elements
    assert (one.kind, one.was, one.iri, one.properties) == ("renamed", f"{T}b", f"{T}sell", ())
    assert one.rename and one.rename.is_declared


def test_two_that_one_replaces_were_merged_and_not_renamed() -> None:
    stub = "t:{0} a qe:ValueStream ; owl:deprecated true ; dcterms:isReplacedBy t:c ."
    found = diff(A + B, A.replace("t:a", "t:c") + stub.format("a") + stub.format("b"))
    assert [(one.kind, one.iri[-1]) for one in found.elements] == [("added", "c"), ("changed", "a"), ("changed", "b")]


def test_a_renaming_that_is_guessed_says_so_and_its_references_follow() -> None:
    flow = 't:f a qe:InformationFlow ; skos:prefLabel "Order"@en ; qe:hasSource t:a ; qe:hasTarget t:b .'
    found = diff(A + B + flow, (A + B + flow).replace("t:a", "t:make").replace('"A-01"', '"A-02"'))
    (one,) = found.elements
    assert (one.kind, one.was, one.iri) == ("renamed", f"{T}a", f"{T}make")
    assert one.rename and not one.rename.is_declared and 0.7 <= one.rename.likeness < 1
    assert [(c.property, c.before[0].text, c.after[0].text) for c in one.properties] == [
        ("skos:notation", '"A-01"', '"A-02"')
    ]
    assert found.following == 1, "the flow's source"
    assert one.to_dict()["known"] == "guess"


def test_elements_of_different_classes_are_never_one() -> None:
    found = diff(A, A.replace("t:a", "t:b").replace("qe:ValueStream", "qe:Capability"))
    assert [one.kind for one in found.elements] == ["added", "removed"]


def test_what_is_not_alike_is_not_renamed() -> None:
    new = 't:zz a qe:ValueStream ; skos:notation "XX-99" ; skos:prefLabel "Train staff"@en ; qe:inZone t:outside .'
    assert [one.kind for one in diff(A, new).elements] == ["added", "removed"]


def streams(names: list[str]) -> str:
    """Ten streams in a ring, with a flow from each to the next."""
    lines = []
    for number, name in enumerate(names):
        following = names[(number + 1) % len(names)]
        lines.append(
            f't:stream-{name} a qe:ValueStream ; skos:notation "S-{number:02}" ; '
            f'skos:prefLabel "Stream {number} of ten"@en ; qe:inZone qev:zone-shared .\n'
            f't:flow-{name}-{following} a qe:InformationFlow ; skos:prefLabel "Flow {number}"@en ; '
            f"qe:hasSource t:stream-{name} ; qe:hasTarget t:stream-{following} ; qe:carries t:item-{number % 3} ."
        )
    return "\n".join(lines)


def test_ten_elements_renamed_at_once_with_the_flows_between_them() -> None:
    old = ["oak", "elm", "ash", "fir", "yew", "bay", "fig", "box", "tea", "nut"]
    new = ["one", "two", "six", "ten", "red", "sky", "sun", "ice", "dew", "fog"]
    found = diff(streams(old), streams(new))
    assert {one.kind for one in found.elements} == {"renamed"}
    expected = {f"{T}stream-{a}": f"{T}stream-{b}" for a, b in zip(old, new, strict=True)}
    flows = zip(old, old[1:] + old[:1], new, new[1:] + new[:1], strict=True)
    expected |= {f"{T}flow-{a}-{b}": f"{T}flow-{c}-{d}" for a, b, c, d in flows}
    assert found.renames == expected
    assert all(not one.properties for one in found.elements), "only names changed"


@pytest.mark.parametrize("count", [2, 3])
def test_a_guess_is_one_to_one(count: int) -> None:
    twins = "".join(A.replace("t:a", f"t:a{number}") for number in range(count))
    found = diff(A, twins)
    assert sorted(one.kind for one in found.elements) == ["added"] * (count - 1) + ["renamed"]
