"""The manifest of a model: ``qe-kg.toml``, which says what each file of the model is.

::

    [model]
    name = "Riverside Clinic"
    version = "0.1.0"
    namespace = "https://riverside-clinic.example/id/"   # the IRIs that this model defines
    prefix = "rc"                                        # optional: prefix for that namespace
    base = "https://quantumenergy.example/"              # optional: base of the vocabulary
    license = "https://creativecommons.org/licenses/by/4.0/"   # optional: licence of the data, for who gets an export

    [files]                     # paths and globs, relative to the manifest; "builtin" is what is shipped
    ontology = ["builtin"]
    data = ["*.ttl"]
    inference = ["inferences.ttl"]
    shapes = ["builtin", "shapes/*.ttl"]
    baseline = ["baseline.ttl"]
    waivers = ["waivers.ttl"]
    queries = ["builtin", "queries"]
    sources = ["source/overview.md"]
    questions = ["questions/*.toml"]    # competency questions, see `qe_kg.competency`
    fixtures = ["fixtures/*.ttl"]       # RULE.pass.ttl and RULE.fail.ttl, see `qe_kg.checks.shapes`
    alignments = ["builtin"]    # relations to other vocabularies; exported on demand, never loaded

    [alignments]
    cim = "https://cim.ucaiug.io/ns#"   # optional: the CIM namespace of the release that you use

    [validation]                # optional
    profiles = ["us-mi"]        # the jurisdictions whose rules are checked unless a call names others

    [scenarios.target]          # optional: what the model would be if …; any number of them
    title = "Once the consents are collected"
    add = ["scenarios/target/*.ttl"]                 # files that come in addition
    remove = ["scenarios/target/removed.ttl"]        # files of triples that are taken away
    baseline = ["scenarios/target/baseline.ttl"]     # in place of the model's own, which do not apply
    waivers = []

    [stores.prod]               # optional: stores elsewhere, see `qe_kg.store.profiles`
    product = "fuseki"
    base = "https://kg.example.com/flows"
"""

from __future__ import annotations

import os
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from qe_kg.assets import asset_root, packaged_model
from qe_kg.errors import ManifestError, UnknownNameError, nearest
from qe_kg.namespaces import DEFAULT_BASE, Namespaces, is_iri

MANIFEST_NAME = "qe-kg.toml"
BUILTIN = "builtin"

#: Roles whose files are RDF and become named graphs, in the order in which they are loaded.
RDF_ROLES = ("ontology", "data", "inference", "baseline", "waivers", "shapes")
#: Roles whose files accept findings; a scenario names its own.
ACCEPTING_ROLES = ("baseline", "waivers")
#: RDF too, but read on demand only: what other vocabularies call our terms answers no question about flows.
ALIGNMENTS = "alignments"
_FILE_ROLES = (*RDF_ROLES, ALIGNMENTS, "sources", "questions", "fixtures")
_ROLES = (*_FILE_ROLES, "queries")
#: What is shipped for a role: patterns under the assets.
BUILTIN_PATTERNS = {
    "ontology": ("ontology/qe.ttl", "ontology/modules/*.ttl", "ontology/vocab/*.ttl"),
    "shapes": ("shapes/**/*.ttl",),
    ALIGNMENTS: ("ontology/alignments/*.ttl",),
    "queries": ("queries",),
}
#: The CIM namespace that the shipped alignment is written in; it changes with the release.
CIM_NAMESPACE = "http://iec.ch/TC57/CIM100#"
_PREFIX = re.compile(r"[A-Za-z]([A-Za-z0-9_-]*[A-Za-z0-9])?")
_TOML_PLACE = re.compile(r" \(at line (\d+), column (\d+)\)$")
_MODEL_KEYS = {"name", "version", "namespace", "prefix", "base", "license"}
_SCENARIO_LISTS = ("add", "remove", *ACCEPTING_ROLES)


@dataclass(frozen=True)
class ModelFile:
    """One file of a model.

    Attributes:
        path: where it is.
        role: "ontology", "data", "inference", "baseline", "waivers", "shapes", "alignments", "sources" or
            "questions"; in a scenario also "removed", whose triples are taken away.
        name: path relative to the model (or to the shipped assets), with "/"; stable across machines.
        builtin: True for what is shipped with the package.

    """

    path: Path
    role: str
    name: str
    builtin: bool


@dataclass(frozen=True)
class Scenario:
    """What a model would be if …: files that come in addition, and files of triples that are taken away."""

    name: str
    title: str
    files: tuple[ModelFile, ...]


@dataclass(frozen=True)
class Manifest:
    """What a manifest says, with the files it names found.

    Attributes:
        profiles: notations of the jurisdictions whose rules are checked by default; empty where it names none.
        scenarios: the scenarios that it names, in its order.
        scenario: the scenario that `files` include, or None for the model as it is.
        license: IRI of the licence of the data, or None.
        stores: the tables of the connection profiles by name, as they stand there; see `qe_kg.store.profiles`.

    """

    directory: Path
    name: str
    version: str
    namespaces: Namespaces
    own_namespace: str
    files: tuple[ModelFile, ...]
    query_directories: tuple[Path, ...]
    cim_namespace: str = CIM_NAMESPACE
    profiles: tuple[str, ...] = ()
    scenarios: tuple[Scenario, ...] = ()
    scenario: Scenario | None = None
    stores: Mapping[str, Any] = field(default_factory=dict)
    license: str | None = None

    def of_role(self, *roles: str) -> tuple[ModelFile, ...]:
        """Return the files of these roles, in the manifest's order."""
        return tuple(file for file in self.files if file.role in roles)

    def align(self, iri: str) -> str:
        """Map an IRI of a shipped alignment to this model's base and to its release of the CIM."""
        if iri.startswith(CIM_NAMESPACE):
            return self.cim_namespace + iri[len(CIM_NAMESPACE) :]
        return self.namespaces.rebase(iri)

    def in_scenario(self, name: str) -> Manifest:
        """Return the manifest with a scenario's files; the model's baseline and waivers do not apply in it.

        Raises:
            UnknownNameError: no scenario has that name; the nearest names are in the message.

        """
        for scenario in self.scenarios:
            if scenario.name == name:
                kept = [file for file in self.files if file.role not in ACCEPTING_ROLES]
                return replace(self, files=_one_role_each([*kept, *scenario.files]), scenario=scenario)
        known = [scenario.name for scenario in self.scenarios]
        if not known:
            raise UnknownNameError(f"there is no scenario {name!r}: the model {self.name} has none")
        near = nearest(name, known) or tuple(known)
        raise UnknownNameError(f"there is no scenario {name!r}; the nearest names are {', '.join(near)}", near)


def find_model(directory: Path | str | None = None) -> Path:
    """Return the directory of the model that is meant.

    Args:
        directory: a model directory; None means the current folder if it holds a manifest, else the
            packaged model.

    Raises:
        ManifestError: the directory is named and holds no manifest.

    """
    if directory is None:
        return Path.cwd() if Path(MANIFEST_NAME).is_file() else packaged_model()
    directory = Path(directory)
    if directory.name == MANIFEST_NAME:
        directory = directory.parent
    if not (directory / MANIFEST_NAME).is_file():
        what = f"there is no {MANIFEST_NAME} in it" if directory.is_dir() else "there is no such directory"
        raise ManifestError(f"{directory} is not a model: {what}. A model is a directory with a {MANIFEST_NAME}")
    return directory


def read_manifest(directory: Path) -> Manifest:
    """Read the manifest of a model directory and find the files that it names.

    Raises:
        ManifestError: it does not parse, has unknown keys, or names files that are not there.

    """
    path = directory / MANIFEST_NAME
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        place = _TOML_PLACE.search(str(error))
        where = f"{path}:{place[1]}:{place[2]}" if place else str(path)
        raise ManifestError(f"{where}: {_TOML_PLACE.sub('', str(error))}") from error
    except (OSError, UnicodeDecodeError) as error:
        raise ManifestError(f"{path}: cannot be read: {error}") from error
    _refuse_unknown_keys(path, "", document, {"model", "files", "alignments", "validation", "scenarios", "stores"})
    model, files = _table(path, document, "model"), _table(path, document, "files")
    alignments = _table(path, {"alignments": {}} | document, "alignments")
    _refuse_unknown_keys(path, "alignments", alignments, {"cim"})
    validation = _table(path, {"validation": {}} | document, "validation")
    _refuse_unknown_keys(path, "validation", validation, {"profiles"})
    _refuse_unknown_keys(path, "model", model, _MODEL_KEYS)
    _refuse_unknown_keys(path, "files", files, set(_ROLES))
    for key, value in model.items():
        if not isinstance(value, str) or not value:
            raise ManifestError(f"{path}: [model] {key} must be a text that is not empty")
    base = _namespace(path, "model", "base", model.get("base", DEFAULT_BASE))
    own = _namespace(path, "model", "namespace", model.get("namespace", f"{base}id/"))
    prefixes = {_prefix(path, model["prefix"]): own} if "prefix" in model else {}
    entries = {role: _entries(path, role, files) for role in _ROLES}
    found = [file for role in _FILE_ROLES for file in _find(path, "files", role, entries[role])]
    scenarios = _scenarios(path, document)
    in_scenarios = {file.path.resolve() for scenario in scenarios for file in scenario.files}
    return Manifest(
        directory=directory,
        name=model.get("name", directory.resolve().name),
        version=model.get("version", "0"),
        namespaces=Namespaces(base, prefixes),
        own_namespace=own,
        # What a scenario names belongs to it alone, also where a pattern such as **/*.ttl finds it.
        files=_one_role_each(file for file in found if file.path.resolve() not in in_scenarios),
        query_directories=tuple(
            asset_root() / "queries" if entry == BUILTIN else _directory(path, directory / entry)
            for entry in entries["queries"]
        ),
        cim_namespace=_namespace(path, "alignments", "cim", alignments.get("cim", CIM_NAMESPACE)),
        profiles=tuple(_texts(path, "[validation] profiles", validation.get("profiles", []), "names")),
        scenarios=scenarios,
        license=_license(path, model.get("license")),
        stores=_table(path, {"stores": {}} | document, "stores"),
    )


def _scenarios(path: Path, document: dict[str, Any]) -> tuple[Scenario, ...]:
    tables = _table(path, {"scenarios": {}} | document, "scenarios")
    found = []
    for name, table in tables.items():
        where = f"scenarios.{name}"
        if not isinstance(table, dict):
            raise ManifestError(f"{path}: [{where}] must be a table with a list of files to add, to remove, or both")
        _refuse_unknown_keys(path, where, table, {"title", *_SCENARIO_LISTS})
        title = table.get("title", name)
        if not isinstance(title, str) or not title:
            raise ManifestError(f"{path}: [{where}] title must be a text that is not empty")
        files: dict[Path, ModelFile] = {}
        for key in _SCENARIO_LISTS:
            entries = _texts(path, f"[{where}] {key}", table.get(key, []), "paths")
            role = {"add": "data", "remove": "removed"}.get(key, key)
            for file in _find(path, where, key, entries):
                # The last role counts, so that "add" may be a pattern that finds the others too.
                shown = "/".join(part for part in file.name.split("/") if part != "..")
                files[file.path.resolve()] = replace(file, role=role, name=shown)
        if not files:
            raise ManifestError(f"{path}: [{where}] names no file to add or to remove")
        found.append(Scenario(name, title, tuple(files.values())))
    return tuple(found)


def _table(path: Path, document: dict[str, Any], name: str) -> dict[str, Any]:
    table = document.get(name)
    if not isinstance(table, dict):
        raise ManifestError(f"{path}: the table [{name}] is missing")
    return table


def _refuse_unknown_keys(path: Path, table: str, found: dict[str, Any], known: set[str]) -> None:
    unknown = sorted(set(found) - known)
    if unknown:
        where = f"[{table}]" if table else "it"
        raise ManifestError(f"{path}: {where} has an unknown key {unknown[0]!r}; known are {', '.join(sorted(known))}")


def _namespace(path: Path, table: str, key: str, value: object) -> str:
    if not isinstance(value, str) or not is_iri(value) or value[-1] not in "/#":
        raise ManifestError(f"{path}: [{table}] {key} must be an IRI that ends with / or #, not {value!r}")
    return value


def _license(path: Path, value: str | None) -> str | None:
    if value is not None and not is_iri(value):
        raise ManifestError(f"{path}: [model] license must be the IRI of a licence, not {value!r}")
    return value


def _prefix(path: Path, value: str) -> str:
    if not _PREFIX.fullmatch(value) or value in Namespaces().prefixes:
        raise ManifestError(f"{path}: [model] prefix must be a name like 'rc' that is not in use, not {value!r}")
    return value


def _entries(path: Path, role: str, files: dict[str, Any]) -> list[str]:
    default = [BUILTIN] if role in BUILTIN_PATTERNS else []
    entries = files.get(role, default)
    _texts(path, f"[files] {role}", entries, "paths")
    if BUILTIN in entries and role not in BUILTIN_PATTERNS:
        raise ManifestError(f'{path}: [files] {role} cannot be "{BUILTIN}": nothing is shipped for it')
    return list(entries)


def _texts(path: Path, what: str, value: object, kind: str) -> list[str]:
    if not isinstance(value, list) or not all(isinstance(one, str) for one in value):
        raise ManifestError(f"{path}: {what} must be a list of {kind}")
    return value


def _find(path: Path, table: str, role: str, entries: list[str]) -> list[ModelFile]:
    found: dict[Path, ModelFile] = {}
    for entry in entries:
        builtin = entry == BUILTIN
        root, patterns = (asset_root(), BUILTIN_PATTERNS[role]) if builtin else (path.parent, (entry,))
        if Path(entry).is_absolute():
            raise ManifestError(f"{path}: {entry!r} is not a path relative to the manifest")
        matches = sorted(match for pattern in patterns for match in _matches(path, root, pattern))
        # Questions in another folder are not there where the model alone was installed.
        if not matches and not (role == "questions" and entry.startswith("../")):
            raise ManifestError(f"{path}: [{table}] {role} names {entry!r}, but there is no such file in {path.parent}")
        for match in matches:
            name = match.relative_to(root).as_posix()
            path_of = Path(os.path.normpath(match))  # "a/../b" is hard to read where a result says where it is
            found.setdefault(path_of, ModelFile(path_of, role, name, builtin))
    return list(found.values())


def _one_role_each(files: Iterable[ModelFile]) -> tuple[ModelFile, ...]:
    """Give a file that several roles name to the last of them: ``data = ["*.ttl"]`` is all that nothing else is."""
    by_path = {file.path.resolve(): file for file in files}
    order = [*_FILE_ROLES, "removed"]
    return tuple(sorted(by_path.values(), key=lambda file: order.index(file.role)))


def _matches(path: Path, root: Path, pattern: str) -> list[Path]:
    return [root / pattern] if (root / pattern).is_file() else _glob(path, root, pattern)


def _glob(path: Path, root: Path, pattern: str) -> list[Path]:
    try:
        return [match for match in root.glob(pattern) if match.is_file()]
    except (ValueError, NotImplementedError) as error:
        raise ManifestError(f"{path}: {pattern!r} is not a path relative to the manifest: {error}") from error


def _directory(path: Path, directory: Path) -> Path:
    if not directory.is_dir():
        raise ManifestError(f"{path}: [files] queries names {directory}, which is not a directory")
    return directory
