"""A git repository with a small model in a subfolder."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable
from pathlib import Path

import pytest

MANIFEST = """[model]
name = "Bakery"
namespace = "https://bakery.example/id/"
prefix = "b"
[files]
ontology = []
shapes = ["../rules/*.ttl"]
queries = []
data = ["*.ttl"]
[scenarios.online]
add = ["online/*.ttl"]
"""
HEAD = """@prefix b: <https://bakery.example/id/> .
@prefix qe: <https://quantumenergy.example/ns/> .
@prefix qev: <https://quantumenergy.example/vocab/> .
@prefix skos: <http://www.w3.org/2004/02/skos/core#> .
"""
STREAMS = f"""{HEAD}
b:ord-01 a qe:ValueStream ;
    skos:notation "ORD-01" ;
    skos:prefLabel "Take Orders"@en ;
    qe:inZone qev:zone-regulated .

b:bak-01 a qe:ValueStream ;
    skos:notation "BAK-01" ;
    skos:prefLabel "Bake Bread"@en ;
    qe:inZone qev:zone-regulated .
"""
FLOWS = f"""{HEAD}
b:order a qe:InformationItem ;
    skos:prefLabel "Order"@en .

b:flow-order a qe:InformationFlow ;
    skos:prefLabel "Order: ORD-01 → BAK-01"@en ;
    qe:hasSource b:ord-01 ;
    qe:hasTarget b:bak-01 ;
    qe:carries b:order .
"""
SHOP = f"""{HEAD}
b:shop a qe:ValueStream ;
    skos:notation "SHP-01" ;
    skos:prefLabel "Sell Online"@en ;
    qe:inZone qev:zone-regulated .
"""

Git = Callable[..., str]


@pytest.fixture
def git() -> Git:
    """Return a function that runs git in a folder, without what this machine's user has configured."""

    def run(folder: Path, *arguments: str, check: bool = True) -> str:
        identity = {"GIT_AUTHOR_NAME": "T", "GIT_AUTHOR_EMAIL": "t@test.example"}
        identity |= {"GIT_COMMITTER_NAME": "T", "GIT_COMMITTER_EMAIL": "t@test.example"}
        nowhere = {"GIT_CONFIG_GLOBAL": os.devnull, "GIT_CONFIG_SYSTEM": os.devnull}
        done = subprocess.run(
            ["git", "-C", str(folder), *arguments],
            capture_output=True, text=True, check=False, env=os.environ | identity | nowhere,
        )  # fmt: skip
        assert done.returncode == 0 or not check, done.stdout + done.stderr
        return done.stdout + done.stderr

    return run


@pytest.fixture
def bakery(tmp_path: Path, git: Git) -> Path:
    """A repository whose branch main holds a model in ``models/the bakery``; return that folder."""
    model = tmp_path / "repository" / "models" / "the bakery"
    (model / "online").mkdir(parents=True)
    (model.parent / "rules").mkdir()
    (model / "qe-kg.toml").write_text(MANIFEST, encoding="utf-8")
    (model / "streams.ttl").write_text(STREAMS, encoding="utf-8")
    (model / "flows.ttl").write_text(FLOWS, encoding="utf-8")
    (model / "online" / "shop.ttl").write_text(SHOP, encoding="utf-8")
    (model.parent / "rules" / "rules.ttl").write_text(
        '@prefix b: <https://bakery.example/id/> .\nb:rule a b:Rule .\n', encoding="utf-8"
    )  # fmt: skip
    repository = tmp_path / "repository"
    (repository / ".gitattributes").write_text("models/** export-ignore\n", encoding="utf-8")
    git(repository, "init", "--quiet", "--initial-branch=main")
    git(repository, "add", ".")
    git(repository, "commit", "--quiet", "-m", "first")
    return model
