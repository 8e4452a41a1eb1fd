"""What the checks look at: a model's files, each read once, and what is made of them."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from qe_kg.errors import ParseError, ReadError
from qe_kg.integrity import Problem
from qe_kg.manifest import RDF_ROLES, Manifest, ModelFile
from qe_kg.model import Model
from qe_kg.opening import open_model
from qe_kg.positions import FilePlaces, places_of
from qe_kg.report_formats.findings import Finding, Level
from qe_kg.shacl.graph import Graph
from qe_kg.shacl.nodes import Node
from qe_kg.store.files import read_quads, shown_path
from qe_kg.validation.report import SourcePlace
from qe_kg.validation.rule_help import RuleHelp

if TYPE_CHECKING:
    import pyoxigraph as ox

Kind = Literal["triple", "subject", "end_of_description"]


@dataclass
class ParsedFile:
    """One RDF file: its quads, or the error that kept it from being read."""

    file: ModelFile
    name: str
    quads: list[ox.Quad] = field(default_factory=list)
    error: ReadError | None = None

    @cached_property
    def places(self) -> FilePlaces | None:
        """The places of its triples; None where they cannot be told."""
        return places_of(self.file.path, len(self.quads))

    def place(self, number: int | None = None, kind: Kind = "triple") -> SourcePlace:
        """Return the place of a triple by its number, of its subject or the end of its description, or the file."""
        if number is None or self.places is None:
            return SourcePlace(self.name, None)
        return SourcePlace(self.name, *getattr(self.places, kind)(number))

    def triples(self) -> Iterator[tuple[int, Node, Node, Node]]:
        """Yield each triple with its number, its terms as the SHACL engine has them."""
        for number, quad in enumerate(self.quads):
            yield number, str(quad.subject), str(quad.predicate), str(quad.object)


class Context:
    """A model under check.

    Args:
        manifest: the model's manifest.
        shipped: whether what the package ships (ontology, shapes, queries) is checked as well as the model's own.
        validation: how the policy gate is run: keyword arguments of `Model.validate`.

    """

    def __init__(self, manifest: Manifest, *, shipped: bool = False, validation: dict[str, Any] | None = None) -> None:
        self.manifest, self.shipped = manifest, shipped
        self.validation = validation or {}
        self.help: dict[str, RuleHelp] = {}
        self._models: dict[bool, Model] = {}

    @cached_property
    def files(self) -> tuple[ParsedFile, ...]:
        """All RDF files that the model is made of, shipped ones too."""
        return tuple(_parse(file) for file in self.manifest.of_role(*RDF_ROLES))

    def checked(self, *roles: str) -> Iterator[ParsedFile]:
        """Yield the files of some roles (all without one) that are to be checked."""
        for one in self.files:
            if (self.shipped or not one.file.builtin) and (not roles or one.file.role in roles):
                yield one

    def read_again(self) -> None:
        """Forget what was read, after files changed."""
        for name in ("files", "graph"):
            self.__dict__.pop(name, None)
        self._models.clear()

    @cached_property
    def graph(self) -> Graph:
        """The triples of all files."""
        return Graph(quad for one in self.files for quad in one.quads)

    @cached_property
    def query_files(self) -> tuple[tuple[Path, Path], ...]:
        """The query files that are to be checked, each with the directory that its name is relative to."""
        from qe_kg.assets import asset_root

        directories = [
            one for one in self.manifest.query_directories if self.shipped or not one.is_relative_to(asset_root())
        ]
        return tuple((one, path) for one in directories for path in sorted(one.rglob("*.rq")))

    def model(self, include_inferences: bool = True) -> Model:
        """Open the model, once."""
        if include_inferences not in self._models:
            opened = open_model(self.manifest.directory, include_inferences=include_inferences)
            self._models[include_inferences] = opened
        return self._models[include_inferences]

    def compact(self, node: Node) -> str:
        """Write a node for a person."""
        return self.manifest.namespaces.compact(node[1:-1]) if node.startswith("<") else node


def _parse(file: ModelFile) -> ParsedFile:
    parsed = ParsedFile(file, shown_path(file.path))
    try:
        parsed.quads = list(read_quads(file.path))
    except ReadError as error:
        parsed.error = error
    return parsed


def finding(
    rule: str, message: str, label: str, place: SourcePlace | None, *, level: Level = "error",
    identity: Iterable[str] = (), related: tuple[tuple[str, SourcePlace], ...] = (),
) -> Finding:  # fmt: skip
    """Make a finding of a check."""
    file = place.file if place else ""
    return Finding(rule, level, message, label, place, related=related, identity=(file, label, *identity))


def error_place(error: Exception, name: str) -> tuple[SourcePlace, str]:
    """Return the place that an error tells, and its message without it."""
    if isinstance(error, ParseError):
        end = None if error.column is None else error.column + 1
        return SourcePlace(name, error.line, error.column, error.line, end), error.problem
    return SourcePlace(name, None), str(error)


def of_problem(context: Context, problem: Problem) -> Finding:
    """Turn a problem of the model into a finding."""
    path = context.compact(f"<{problem.predicate}>")
    place = None
    if problem.file is not None:
        place = SourcePlace(shown_path(Path(problem.file)), *(problem.place or (None,)))
    return Finding(
        problem.rule, "error", problem.message, context.compact(f"<{problem.subject}>"), place,
        identity=(problem.subject, path, problem.value.value), properties={"focus": problem.subject, "path": path},
    )  # fmt: skip
