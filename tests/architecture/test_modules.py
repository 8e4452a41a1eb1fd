"""The package's architecture: which way its imports point, who uses which library, and what importing it costs."""

from __future__ import annotations

import ast
import os
import subprocess
import sys
from collections.abc import Iterator
from functools import cache
from pathlib import Path
from typing import NamedTuple

import pytest

import qe_kg

ROOT = Path(__file__).resolve().parents[2]
PACKAGE = ROOT / "qe_kg"
MAX_LINES = 450

#: Which modules may use a third-party package; a pattern ends in ".*".
USERS = {
    "click": {"qe_kg.cli.*"},
    "markdown_it": {"qe_kg.reference.html"},
    "numpy": {
        "qe_kg.lineage.*",
        "qe_kg.store.name_list",
        "qe_kg.shacl.column_graph",
        "qe_kg.shacl.column_paths",
        "qe_kg.shacl.large",
        "qe_kg.shacl.suspects",
        "qe_kg.store.columns",
    },
    "pygraphviz": {"qe_kg.drawing"},
    "pyoxigraph": {
        "qe_kg.lineage.assumptions",
        "qe_kg.store.*",
        "qe_kg.rdflib_bridge",
        "qe_kg.change",
        "qe_kg.validation.preparation",
    },
    "pyshacl": {"qe_kg.validation.pyshacl_engine"},
    "rdflib": {"qe_kg.rdflib_bridge", "qe_kg.shacl.affected.patterns", "qe_kg.validation.*"},
    "rich": {"qe_kg.cli.*"},
    "rustworkx": {"qe_kg.lineage.structure"},
    "urllib3": {"qe_kg.store.connection"},
    "yaml": {"qe_kg.query_library"},
    "zstandard": {"qe_kg.export.compression"},
}
#: The same for packages that an extra brings: the extra and the module.
EXTRAS = {"botocore": ("aws", "qe_kg.store.aws")}
#: Packages that are installed under another name than they are imported.
DISTRIBUTIONS = {"markdown_it": "markdown-it-py", "yaml": "pyyaml"}
#: Dependencies that are called as programs, and the one module that calls each.
PROGRAMS = {"turtlefmt": "qe_kg.formatting"}
#: What several commands share; every other module of the command line is a command, which it loads by name.
HELPERS = {
    "qe_kg.cli.changes",
    "qe_kg.cli.options",
    "qe_kg.cli.output",
    "qe_kg.cli.progress",
    "qe_kg.cli.publishing",
    "qe_kg.cli.reports",
    "qe_kg.cli.since",
    "qe_kg.report_formats.findings",
}
#: Modules that are loaded by name: how the call is written, and what the names begin with.
LOADED = {"f'qe_kg.cli.{module}'": "qe_kg.cli.", "f'qe_kg.report_formats.{form}'": "qe_kg.report_formats."}
#: Layers from the bottom up; a module imports only from its own layer and from those below.
LAYERS = (
    {"errors", "namespaces", "terms", "assets", "manifest", "turtle_spans", "git", "atomic_files", "collection"},
    {"store.*", "shacl.*", "rdflib_bridge", "positions", "sparql_text", "query_results"},
    {
        "catalogue",
        "integrity",
        "query_library",
        "query_answering",
        "lineage.*",
        "validation.*",
        "inference.*",
        "export.*",
        "drawing",
        "change",
        "model_files",
        "rules.*",
        "report_formats.*",
        "formatting",
        "turtle_text.*",
    },
    {"merge.*", "migrations.*", "scaffold"},
    {"generate.*"},
    {"model", "loose_files", "opening"},
    {"competency"},
    {"diff.*", "checks.*", "publish.*", "reference.*", "why.*"},
    {"cli.*", "__main__"},
)


class Import(NamedTuple):
    """One import of a module by another, and whether only the type checker sees it."""

    target: str
    typing_only: bool


def _name(path: Path) -> str:
    parts = path.relative_to(ROOT).with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


MODULES = {_name(path): path for path in sorted(PACKAGE.rglob("*.py"))}


def _imports(tree: ast.AST, typing_only: bool = False) -> Iterator[tuple[ast.Import | ast.ImportFrom, bool]]:
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.Import | ast.ImportFrom):
            yield node, typing_only
        guarded = isinstance(node, ast.If) and ast.unparse(node.test) == "TYPE_CHECKING"
        yield from _imports(node, typing_only or guarded)


@cache
def _imported(name: str) -> frozenset[Import]:
    """Everything that a module imports: at its top, inside functions, and by ``import_module``."""
    tree = ast.parse(MODULES[name].read_text(encoding="utf-8"))
    found: set[Import] = set()
    for node, typing_only in _imports(tree):
        if isinstance(node, ast.Import):
            found |= {Import(alias.name, typing_only) for alias in node.names}
            continue
        assert node.level == 0 and node.module, f"{name}: relative import in line {node.lineno}"
        for alias in node.names:
            whole = f"{node.module}.{alias.name}"
            found.add(Import(whole if whole in MODULES else node.module, typing_only))
    for call in ast.walk(tree):
        if isinstance(call, ast.Call) and ast.unparse(call.func) == "import_module" and name != "qe_kg":
            pattern = ast.unparse(call.args[0])
            assert pattern in LOADED, f"{name}: {pattern} may be any module"
            loaded = {module for module in MODULES if module.startswith(LOADED[pattern])} - HELPERS
            found |= {Import(module, False) for module in loaded}
    return frozenset(found)


def _ours(name: str) -> set[str]:
    return {one.target for one in _imported(name) if one.target in MODULES and one.target != "qe_kg"}


def _fits(name: str, patterns: set[str]) -> bool:
    packages = {one.removesuffix(".*") for one in patterns if one.endswith(".*")}
    return name in patterns | packages or any(name.startswith(f"{one}.") for one in packages)


def _layer(name: str) -> int:
    short = name.removeprefix("qe_kg.")
    found = [number for number, patterns in enumerate(LAYERS) if _fits(short, patterns)]
    assert len(found) == 1, f"{name} belongs to no layer: say in LAYERS what may call it"
    return found[0]


def test_no_import_cycle_not_even_a_lazy_one() -> None:
    done: set[str] = set()

    def visit(name: str, path: tuple[str, ...]) -> None:
        assert name not in path, " → ".join((*path[path.index(name) :], name))
        if name not in done:
            for target in sorted(_ours(name)):
                visit(target, (*path, name))
            done.add(name)

    for name in MODULES:
        visit(name, ())


@pytest.mark.parametrize("name", [name for name in MODULES if name != "qe_kg"])
def test_arrows_point_one_way(name: str) -> None:
    for target in _ours(name):
        assert _layer(target) <= _layer(name), f"{name} imports {target}, which is above it"


@pytest.mark.parametrize("name", MODULES)
def test_each_library_is_used_from_where_it_belongs(name: str) -> None:
    for one in _imported(name):
        library = one.target.partition(".")[0]
        if library in ("qe_kg", "__future__") or library in sys.stdlib_module_names or one.typing_only:
            continue
        if library in EXTRAS:
            assert name == EXTRAS[library][1], f"{name} may not use {library}"
            continue
        assert library in USERS, f"{name} uses {library}, which USERS does not know"
        assert _fits(name, USERS[library]), f"{name} may not use {library}"


def test_every_library_that_is_allowed_is_used_and_declared() -> None:
    import tomllib

    used = {one.target.partition(".")[0] for name in MODULES for one in _imported(name) if not one.typing_only}
    assert set(USERS) <= used
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    declared = {dependency.partition(">")[0].partition("=")[0] for dependency in project["dependencies"]}
    assert declared == {DISTRIBUTIONS.get(library, library) for library in USERS} | set(PROGRAMS)
    for library, (extra, _) in EXTRAS.items():
        assert library in used
        assert [one.partition(">")[0] for one in project["optional-dependencies"][extra]] == [library]
    for program, user in PROGRAMS.items():
        texts = {name: MODULES[name].read_text(encoding="utf-8") for name in MODULES}
        assert {name for name, text in texts.items() if f'"{program}"' in text} == {user}


@pytest.mark.parametrize("name", MODULES)
def test_a_module_is_short_enough_to_read(name: str) -> None:
    assert len(MODULES[name].read_text(encoding="utf-8").splitlines()) <= MAX_LINES


def test_the_public_names_are_what_resolves() -> None:
    assert sorted(qe_kg.__all__, key=str.lower) == sorted({*qe_kg._HOME, "__version__"}, key=str.lower)
    for name in qe_kg.__all__:
        assert getattr(qe_kg, name) is not None
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        _ = qe_kg.nothing
    tree = ast.parse((PACKAGE / "__init__.py").read_text(encoding="utf-8"))
    typed = {
        alias.name: node.module
        for node, typing_only in _imports(tree)
        if isinstance(node, ast.ImportFrom) and typing_only
        for alias in node.names
    }
    assert typed == {name: f"qe_kg.{home}" for name, home in qe_kg._HOME.items()}


def test_every_error_is_under_one_root() -> None:
    from qe_kg import errors

    classes = [one for one in vars(errors).values() if isinstance(one, type) and issubclass(one, Exception)]
    assert classes
    drawn = errors.__doc__ or ""
    for one in classes:
        if not one.__name__.startswith("_"):
            assert one.__name__ in drawn and one.__name__ in qe_kg.__all__
            assert issubclass(one, qe_kg.QeKgError)
            assert one.exit_code == (2 if issubclass(one, qe_kg.CallError) else 3)


def _loaded(code: str) -> set[str]:
    done = subprocess.run(
        [sys.executable, "-c", f"import sys\n{code}\nprint(*sys.modules, file=sys.stderr)"],
        capture_output=True, text=True, check=True, cwd=ROOT, env={**os.environ, "PYTHONPATH": str(ROOT)},
    )  # fmt: skip
    return {name.partition(".")[0] for name in done.stderr.split()}


RUN = (
    "import qe_kg.cli\nsys.argv = ['qe-kg', {}]\n"
    "try:\n    qe_kg.cli.main()\nexcept SystemExit as left:\n    assert not left.code"
)
SLOW = {"rdflib", "pyshacl", "owlrl", "rich", "pyoxigraph", "pygraphviz", "yaml", "urllib3"}


@pytest.mark.parametrize(
    ("code", "unwanted"),
    [
        ("import qe_kg", SLOW | {"click"}),
        ("import qe_kg.cli", SLOW),
        (RUN.format("'--help'"), SLOW),
        (RUN.format("'--version'"), SLOW),
        (RUN.format("'impact', '--help'"), SLOW),
        (RUN.format("'validate', '--help'"), SLOW),
        (
            RUN.format("'impact', 'AOV-04', '--format', 'json'"),
            {"rdflib", "pyshacl", "owlrl", "rich", "pygraphviz", "urllib3"},
        ),
        (
            RUN.format("'query', 'ASK {}', '--format', 'json'"),
            {"rdflib", "pyshacl", "owlrl", "rich", "pygraphviz", "urllib3"},
        ),
        (RUN.format("'export', '--to', 'nt'"), {"rdflib", "pyshacl", "owlrl", "rich", "pygraphviz", "urllib3"}),
        (RUN.format("'validate', '--format', 'json'"), {"owlrl", "rich", "pygraphviz"}),
        (
            RUN.format("'export', '--to', 'nq', '--entail'"),
            {"rdflib", "pyshacl", "owlrl", "rich", "pygraphviz", "urllib3"},
        ),
    ],
    ids=lambda value: value.splitlines()[-5 if "argv" in value else 0][:60] if isinstance(value, str) else "",
)
def test_nothing_is_imported_that_is_not_needed(code: str, unwanted: set[str]) -> None:
    assert not unwanted & _loaded(code)
