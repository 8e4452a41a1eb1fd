"""Migrations: what they rewrite, that they keep the rest, and that those shipped do what their examples say."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

from qe_kg.errors import QeKgError, ReadError
from qe_kg.migrations import Migration, migrate_query, migrate_text, read_migrations
from qe_kg.namespaces import Namespaces

SHIPPED = read_migrations()
HEAD = """@prefix qe: <https://quantumenergy.example/ns/> .
@prefix t: <https://test.example/id/> .
@prefix xsd: <http://www.w3.org/2001/XMLSchema#> .
"""
RENAME = {
    "migration.toml": 'title = "owner becomes isOwnedBy"\n[terms]\n"qe:owner" = "qe:isOwnedBy"\n"qe:Old" = "qe:New"\n',
    "detect.rq": "SELECT ?s WHERE { { ?s qe:owner ?o } UNION { ?s a qe:Old } }",
    "mend.ru": "DELETE { ?s qe:owner ?o } INSERT { ?s qe:isOwnedBy ?o } WHERE { ?s qe:owner ?o } ;\n"
    "DELETE { ?s a qe:Old } INSERT { ?s a qe:New } WHERE { ?s a qe:Old }",
}
# A property becomes an element of its own, which no renaming of terms can do.
RESHAPE = {
    "migration.toml": 'title = "latency becomes a requirement"\nwhy = "It has a source of its own now."\n',
    "detect.rq": "SELECT ?s WHERE { ?s qe:latency ?l }",
    "mend.ru": "DELETE { ?s qe:latency ?l } INSERT { ?s qe:requires ?r . ?r a qe:Requirement ; qe:within ?l } "
    'WHERE { ?s qe:latency ?l BIND(IRI(CONCAT(STR(?s), "-requirement")) AS ?r) }',
}
TEXT = f"""{HEAD}
# qe:owner in a comment stays
t:a a qe:Old ; # why
    qe:note "qe:owner in a text stays" ;
    qe:size "1.50"^^xsd:decimal , 01 ;
    qe:owner t:me , t:you ;
    qe:latency "PT5M"^^xsd:duration .

t:b <https://quantumenergy.example/ns/owner> [ a qe:Old ] .
"""
Run = Callable[..., subprocess.CompletedProcess[str]]


def write(folder: Path, **migrations: dict[str, str]) -> Path:
    for name, files in migrations.items():
        for file, content in files.items():
            path = folder / name.replace("__", "/").replace("_", ".") / file
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(content, encoding="utf-8")
    return folder


def test_names_are_replaced_where_they_stand(tmp_path: Path) -> None:
    migrations = read_migrations(write(tmp_path, **{"0_2_0__rename": RENAME}))
    migrated = migrate_text(TEXT, migrations, Namespaces())
    assert migrated.text == TEXT.replace("qe:owner t:me", "qe:isOwnedBy t:me").replace("qe:Old", "qe:New").replace(
        "<https://quantumenergy.example/ns/owner>", "qe:isOwnedBy"
    )
    ((migration, places),) = migrated.done
    assert (migration.release, migration.name, places) == ("0.2.0", "rename", 5)
    assert migrate_text(migrated.text, migrations, Namespaces()).done == ()


def test_what_is_reshaped_is_changed_by_statement(tmp_path: Path) -> None:
    migrations = read_migrations(write(tmp_path, **{"0_3_0__reshape": RESHAPE}))
    plain = TEXT.replace("[ a qe:Old ]", "t:me")
    text = migrate_text(plain, migrations, Namespaces()).text
    expected = plain.replace(
        'qe:owner t:me , t:you ;\n    qe:latency "PT5M"^^xsd:duration .',
        "qe:owner t:me , t:you ;\n    qe:requires t:a-requirement .",
    )
    assert text == f'{expected}\nt:a-requirement a qe:Requirement ;\n    qe:within "PT5M"^^xsd:duration .\n'
    assert '"1.50"^^xsd:decimal , 01' in text, "literals stay as written"


def test_releases_follow_each_other(tmp_path: Path) -> None:
    again = RENAME | {
        "migration.toml": 'title = "again"\n[terms]\n"qe:isOwnedBy" = "qe:hasOwner"\n',
        "detect.rq": "SELECT ?s WHERE { ?s qe:isOwnedBy ?o }",
        "mend.ru": "DELETE { ?s qe:isOwnedBy ?o } INSERT { ?s qe:hasOwner ?o } WHERE { ?s qe:isOwnedBy ?o }",
    }
    migrations = read_migrations(write(tmp_path, **{"0_10_0__again": again, "0_2_0__rename": RENAME}))
    assert [one.release for one in migrations] == ["0.2.0", "0.10.0"]
    assert "qe:hasOwner t:me , t:you" in migrate_text(TEXT, migrations, Namespaces()).text


def test_a_model_under_another_base_is_migrated_too(tmp_path: Path) -> None:
    migrations = read_migrations(write(tmp_path, **{"0_2_0__rename": RENAME}))
    moved = TEXT.replace("https://quantumenergy.example/", "https://other.example/kg#")
    migrated = migrate_text(moved, migrations, Namespaces("https://other.example/kg#"))
    assert "qe:isOwnedBy t:me , t:you" in migrated.text
    assert migrate_text(moved, migrations, Namespaces()).done == ()


def test_a_text_that_would_say_something_else_is_left_alone(tmp_path: Path) -> None:
    half = RENAME | {"mend.ru": "DELETE { ?s qe:owner ?o } INSERT { [] qe:isOwnedBy ?o } WHERE { ?s qe:owner ?o }"}
    migrations = read_migrations(write(tmp_path, **{"0_2_0__half": half}))
    with pytest.raises(ReadError, match=r"cannot be migrated by 0\.2\.0/half: .* mend it by hand"):
        migrate_text(TEXT, migrations, Namespaces())


def test_queries_get_the_new_names(tmp_path: Path) -> None:
    migrations = read_migrations(write(tmp_path, **{"0_2_0__rename": RENAME}))
    query = (
        "#+ question: Who owns qe:owner?\nPREFIX q: <https://quantumenergy.example/ns/>\n"
        'SELECT ?s WHERE { ?s q:owner ?o ; a <https://quantumenergy.example/ns/Old> FILTER(?o != "qe:owner") }\n'
    )
    migrated = migrate_query(query, migrations, Namespaces())
    assert migrated.text == query.replace(" q:owner", " q:isOwnedBy").replace(
        "<https://quantumenergy.example/ns/Old>", "q:New"
    )
    assert migrated.done[0][1] == 2


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"migration.toml": "why = 1\n"}, "must have a title"),
        ({"migration.toml": 'title = "x"\n[terms]\n"zz:a" = "qe:b"\n'}, "'zz:a' is no IRI and has no known prefix"),
        ({"migration.toml": "title"}, "migration.toml: "),
        ({"mend.ru": "LOAD <http://evil.example/>"}, "a migration fetches nothing: LOAD"),
        ({"detect.rq": "SELECT * WHERE { SERVICE <http://evil.example/> { } }"}, "fetches nothing: SERVICE"),
    ],
)
def test_what_is_wrong_with_a_migration_is_told(tmp_path: Path, change: dict[str, str], message: str) -> None:
    with pytest.raises(QeKgError, match=message):
        read_migrations(write(tmp_path, **{"0_2_0__x": RENAME | change}))


def test_folders_are_named_after_releases(tmp_path: Path) -> None:
    with pytest.raises(ReadError, match="named after a release"):
        read_migrations(write(tmp_path, next__x=RENAME))
    with pytest.raises(ReadError, match="no such folder of migrations"):
        read_migrations(tmp_path / "nowhere")


def test_a_query_that_is_wrong_is_told(tmp_path: Path) -> None:
    for name, wrong in (("detect.rq", "SELECT ?s WHERE {"), ("mend.ru", "DELETE ?s")):
        migrations = read_migrations(write(tmp_path / name, **{"0_2_0__x": RENAME | {name: wrong}}))
        with pytest.raises(QeKgError, match="cannot be"):
            migrate_text(TEXT, migrations, Namespaces())


def test_the_command_checks_shows_and_writes(write_model: Callable[..., Path], qe_kg: Run, tmp_path: Path) -> None:
    migrations = write(tmp_path / "migrations", **{"0_2_0__rename": RENAME})
    windows = TEXT.replace("\n", "\r\n")
    query = "#+ question: Who?\nSELECT ?s WHERE { ?s qe:owner ?o } ORDER BY ?s\n"
    files = {"a.ttl": TEXT, "w.ttl": windows, "later/s.ttl": TEXT, "other.ttl": HEAD, "q/who.rq": query}
    roles = {"data": ["a.ttl", "w.ttl", "other.ttl"], "queries": ["q"]}
    model = write_model(files, roles)
    manifest = model / "qe-kg.toml"
    manifest.write_text(manifest.read_text() + '\n[scenarios.later]\nadd = ["later/s.ttl"]\n', encoding="utf-8")
    options = ("--model", model, "--migrations", migrations)
    done = qe_kg("migrate", *options, "--check")
    answer = json.loads(done.stdout)
    assert (done.returncode, answer["written"]) == (1, False)
    assert sorted(Path(one["file"]).name for one in answer["files"]) == ["a.ttl", "s.ttl", "w.ttl", "who.rq"]
    assert answer["files"][0] | {"file": ""} == {
        "file": "", "release": "0.2.0", "migration": "rename", "title": "owner becomes isOwnedBy", "places": 5,
    }  # fmt: skip
    assert (model / "a.ttl").read_text(encoding="utf-8") == TEXT
    done = qe_kg("migrate", *options, "--dry-run")
    assert done.returncode == 0 and "-    qe:owner t:me , t:you ;\n+    qe:isOwnedBy t:me , t:you ;\n" in done.stdout
    assert qe_kg("migrate", *options).returncode == 0
    assert (model / "w.ttl").read_bytes().decode() == (model / "a.ttl").read_text(encoding="utf-8").replace(
        "\n", "\r\n"
    )
    assert "?s qe:isOwnedBy ?o" in (model / "q" / "who.rq").read_text(encoding="utf-8")
    done = qe_kg("migrate", *options, "--check", "--format", "table")
    assert (done.returncode, done.stdout) == (0, "nothing to migrate in Test (1 migration known)\n")
    (model / "a.ttl").write_text("oops", encoding="utf-8")
    done = qe_kg("migrate", *options)
    assert done.returncode == 3 and "a.ttl" in done.stderr and "Traceback" not in done.stderr


def check_example(migration: Migration) -> None:
    """Migrate the example that a migration brings along, and compare."""
    before, after = ((migration.folder / name).read_text(encoding="utf-8") for name in ("before.ttl", "after.ttl"))
    migrated = migrate_text(before, [migration], Namespaces())
    assert migrated.done and migrated.text == after
    assert migrate_text(after, [migration], Namespaces()).done == ()


def test_every_migration_does_what_its_example_says(tmp_path: Path) -> None:
    after = TEXT.replace("qe:owner t:me", "qe:isOwnedBy t:me").replace("qe:Old", "qe:New")
    after = after.replace("<https://quantumenergy.example/ns/owner>", "qe:isOwnedBy")
    right = RENAME | {"before.ttl": TEXT, "after.ttl": after}
    for migration in (*SHIPPED, *read_migrations(write(tmp_path / "right", **{"0_2_0__x": right}))):
        check_example(migration)
    (wrong,) = read_migrations(write(tmp_path / "wrong", **{"0_2_0__x": right | {"after.ttl": TEXT}}))
    with pytest.raises(AssertionError):
        check_example(wrong)


def test_the_shipped_models_need_no_migration(qe_kg: Run) -> None:
    assert qe_kg("migrate", "--check").returncode == 0
