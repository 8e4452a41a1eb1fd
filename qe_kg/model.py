"""A model, opened: the one object through which everything is asked."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import replace
from datetime import date
from functools import cached_property, partial
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, cast

from qe_kg.catalogue import Catalogue
from qe_kg.change import Change
from qe_kg.errors import CallError, UnknownNameError
from qe_kg.export.parts import DEFAULT_ROLES, Part, parts_of_files, parts_of_store
from qe_kg.integrity import Problem, find_problems
from qe_kg.lineage.asking import BASES, LineageQuestions
from qe_kg.manifest import RDF_ROLES, Manifest, ModelFile
from qe_kg.model_files import ModelFiles, State, state_of
from qe_kg.query_answering import answer, query_text
from qe_kg.query_library import QueryLibrary
from qe_kg.query_results import QueryResult
from qe_kg.rules.questions import RuleQuestions
from qe_kg.store.embedded import EmbeddedStore
from qe_kg.store.files import shown_path
from qe_kg.store.protocol import Store
from qe_kg.store.stamp import Stamp, StampedFile

if TYPE_CHECKING:
    import pyoxigraph as ox
    from rdflib import Dataset

    from qe_kg.drawing import Diagram
    from qe_kg.inference.questions import TripleQuestions
    from qe_kg.lineage import Lineage
    from qe_kg.store.record import Graphs
    from qe_kg.validation import ValidationReport
    from qe_kg.validation.gate import InputFile, Settings
    from qe_kg.validation.in_store import InStore
    from qe_kg.validation.report import Severity
    from qe_kg.validation.session import Validator
    from qe_kg.validation.since import Since
#: The files that a validation within a store reads: the shapes, and what describes them and their rules.
IN_STORE_ROLES = ("ontology", "shapes")


class Model(RuleQuestions, LineageQuestions):
    """One model, loaded into a store with each of its files as a named graph.

    Make one with `qe_kg.opening.open_model`.

    Attributes:
        manifest: what the model consists of.
        files: what its files say.
        namespaces: its namespaces and prefixes.
        store: the store that it is loaded into.
        catalogue: finds its elements by name.

    """

    def __init__(
        self,
        manifest: Manifest,
        store: Store,
        *,
        entail: bool = False,
        is_whole: bool = True,
        change: Change | None = None,
        stamp: Stamp | None = None,
        held: Graphs | None = None,
        is_loaded: bool = False,
    ) -> None:
        self.is_whole, self.change, self._is_entailed = is_whole, change or Change(), entail
        self.manifest, self.namespaces, self.store = manifest, manifest.namespaces, store
        self.files = ModelFiles(manifest, self.change, held)
        self._is_elsewhere = held is not None and is_loaded
        self._stamp, self._graph_files = stamp, dict[str, Path]()
        #: In what states the files were when they were loaded, where that was done here.
        self._states: dict[Path, State | None] = {}
        for file in manifest.of_role(*RDF_ROLES):
            for graph in {self.files.stored_name(file)} if is_loaded else self._load(file):
                self._graph_files[graph] = file.path
        self._entailed: list[ox.Quad] = []
        if not is_loaded:
            store.add(
                [
                    *self.files.added(),
                    *(one for name in self.files.own_graphs() for one in self.files.in_own_graph(name)),
                ]
            )
            self._entailed = self._entail() if entail else []
        self.catalogue = Catalogue(store, self.namespaces)

    # --- what it is made of -------------------------------------------------------------------------------

    @property
    def name(self) -> str:
        """The model's name, as its manifest has it."""
        return self.manifest.name

    def graph_name(self, file: ModelFile) -> str:
        """Return the IRI of a file's named graph; the same on every machine."""
        return self.files.graph_name(file)

    def file_of(self, graph: str) -> Path | None:
        """Return the file behind a named graph; None for what was entailed."""
        return self._graph_files.get(graph)

    def stamp(self) -> Stamp:
        """Return what the model was loaded from, with its files as they are now."""
        files = tuple(StampedFile.of(file.path) for file in self.manifest.of_role(*RDF_ROLES))
        scenario = self.manifest.scenario.name if self.manifest.scenario else None
        return Stamp(str(self.manifest.directory.resolve()), files, self.is_whole, scenario, self._is_entailed)

    @cached_property
    def stale(self) -> Sequence[str]:
        """The files that have changed since the store on disk was loaded; none for a model in memory."""
        files = (file.path for file in self.manifest.of_role(*RDF_ROLES))
        return self._stamp.changed(files) if self._stamp else ()

    def quads(self, *roles: str) -> Iterator[ox.Quad]:
        """Yield the quads of the files of these roles, with literals as written; "entailed" is a role too."""
        yield from self.files.quads(*roles)
        if "entailed" in roles:
            yield from self._entailed

    def own_quads(self, *roles: str) -> Iterator[ox.Quad]:
        """Yield the quads of the files of these roles as they are here, also where a store holds the model."""
        return replace(self.files, held=None).quads(*roles)

    def compact(self, iri: str) -> str:
        """Shorten an IRI by the model's prefixes where that is valid Turtle."""
        return self.namespaces.compact(iri)

    @cached_property
    def problems(self) -> tuple[Problem, ...]:
        """Unknown terms, dangling references and conflicting definitions, with file and line."""
        return find_problems(self.store, self.namespaces, self.manifest.own_namespace, self._graph_files)

    @cached_property
    def contradictions(self) -> tuple[Problem, ...]:
        """What the axioms rule out and the files say, by the rules of OWL 2 RL, with the lines behind it."""
        return self.reasons.contradictions()

    def to_rdflib(self, *roles: str) -> Dataset:
        """Return the model, or the files of these roles, as an rdflib dataset with a graph a file."""
        from qe_kg.rdflib_bridge import to_rdflib

        return to_rdflib(self.quads(*(roles or RDF_ROLES)), self.namespaces.prefixes)

    def changed(self, change: Change) -> Model:
        """Return the model as it would be with a change; this one stays as it is, and nothing is written.

        Raises:
            ChangeError: the change takes away what the model does not hold.

        """
        change.check(self.quads(*RDF_ROLES))
        after = self.change.then(change)
        return Model(
            self.manifest, EmbeddedStore(), entail=self._is_entailed, is_whole=self.is_whole, change=after,
            held=self.files.held,
        )  # fmt: skip

    def texts(self) -> list[Path | bytes] | None:
        """Return all that the store was loaded from as N-Triples; None where that is not at hand."""
        return self.files.texts(self._states, self._entailed)

    def _load(self, file: ModelFile) -> set[str]:
        self._states[file.path] = state_of(file.path)
        if not self.change.removed and self.files.held is None:
            return self.store.load(file.path, self.graph_name(file), self.files.renaming(file))
        quads = list(self.files.read(file))
        self.store.add(quads)
        return {graph for quad in quads if (graph := getattr(quad.graph_name, "value", None))}

    def _entail(self) -> list[ox.Quad]:
        from qe_kg.inference.entail import entail

        graph = f"{self.namespaces.base}graph/entailed"
        return entail(self.store, graph, lambda: self.quads(*RDF_ROLES), self.namespaces, self.file_of)

    def in_memory(self) -> Model:
        """Return this model, or of one in a store elsewhere a copy in memory, for what looks at all of it."""
        return self._read if self._is_elsewhere else self

    @cached_property
    def _read(self) -> Model:
        return self._copied(entail=self._is_entailed)

    def _copied(self, *, entail: bool) -> Model:
        from qe_kg.store.record import KeptGraphs

        held = None if self.files.held is None else KeptGraphs(self.files.held)
        store = EmbeddedStore()
        return Model(self.manifest, store, is_whole=self.is_whole, entail=entail, change=self.change, held=held)

    @cached_property
    def reasons(self) -> TripleQuestions:
        """Tells why triples hold, reasoning in a store of its own: nothing is added to this model."""
        from qe_kg.inference.questions import TripleQuestions

        own = self._copied(entail=False)
        return TripleQuestions(own.store, own.catalogue, self.namespaces, self.file_of)

    # --- queries ------------------------------------------------------------------------------------------

    @cached_property
    def queries(self) -> QueryLibrary:
        """The library of queries that the model's manifest names."""
        return QueryLibrary(self.manifest.query_directories)

    def query(self, query: str, parameters: Mapping[str, object] | None = None) -> QueryResult:
        """Answer a query of the library by its name, or a SPARQL query given as text.

        Args:
            query: a name such as "impact/list-direct-recipients", or SPARQL text; the model's prefixes and the
                usual ones need not be declared in it.
            parameters: values by name. A library query declares their types; for SPARQL text an IRI, a CURIE or a
                `Term` becomes what it is and everything else a literal.

        Raises:
            UnknownQueryError, ParameterError: the call is wrong.
            UnknownNameError, AmbiguousNameError: a parameter names no element, or several.
            QueryError: the text does not parse or is not allowed.

        """
        text = query_text(query, parameters or {}, lambda: self.queries, self.namespaces, self.resolve)
        return answer(self.store, text, self.namespaces)

    def resolve(self, name: str, kind: str) -> str:
        """Return the IRI of the element of a kind (see `qe_kg.catalogue.KINDS`) that has a name."""
        if kind == "iri":
            iri = self.namespaces.expand(name)
            if iri is None:
                raise UnknownNameError(f"{name!r} is neither an IRI nor a name with a known prefix")
            return iri
        return self.catalogue.resolve(name, kind).iri

    def zone(self, name: str) -> str:
        """Return the IRI of a zone by its notation ("non-regulated"), label, CURIE or IRI."""
        return self.resolve(name, "zone")

    # --- drawings -----------------------------------------------------------------------------------------

    def lineage_diagram(self, lineage: Lineage) -> Diagram:
        """Make the drawing of an impact or trace."""
        from qe_kg.drawing import diagram_of_lineage

        participants = [element.iri for element in lineage.start if self.lineage.starts.is_participant(element)]
        return diagram_of_lineage(lineage, participants)

    def map_diagram(self, basis: str = "drawn") -> Diagram:
        """Make the drawing of all flows of a basis."""
        from qe_kg.drawing import make_diagram

        if basis not in BASES:
            raise CallError(f"basis must be one of {', '.join(BASES)}, not {basis!r}")
        flows = [flow for flow in self.flow_graph.edges if flow.is_of(basis)]
        return make_diagram(self.name, self.flow_graph.elements, flows)

    # --- validation ---------------------------------------------------------------------------------------

    def validate(
        self,
        *,
        baseline: bool = True,
        waivers: bool = True,
        profiles: Iterable[str] = (),
        at: date | str | None = None,
        fail_on: Severity = "Violation",
        engine: str = "auto",
        strict: bool = False,
        since: Since | None = None,
    ) -> ValidationReport:
        """Validate the model with its shapes.

        Args:
            baseline: whether findings that the model's baseline lists count as known.
            waivers: whether findings that somebody waived count as known.
            profiles: notations of the jurisdictions whose rules are checked; none means those of the manifest, else
                "generic".
            at: the day that dates are compared with, such as "2026-06-30"; None is today.
            fail_on: the lightest severity whose open results make the model not conform.
            engine: the SHACL engine; see `qe_kg.validation.engines.ENGINES`.
            strict: whether what was not looked at counts as an open violation.
            since: how the model has come to be what it is: only the focus nodes that this can affect are validated.

        Raises:
            CallError: the day is none, or a profile is unknown (`UnknownNameError`).
            ShapesError: the shapes cannot be evaluated.

        """
        from qe_kg.validation.gate import Settings, read_day

        chosen, day = tuple(dict.fromkeys(profiles)) or self.profiles, read_day(at)
        settings = Settings(chosen, day, baseline, waivers, self.is_whole, fail_on, engine, strict)
        if self._is_elsewhere and since is None and self.store.path is None:
            return self._validated_in_store(settings)
        return self.in_memory()._validated(settings, since=since)

    def _validated_in_store(self, settings: Settings) -> ValidationReport:
        from qe_kg.validation.in_store import InStore, copied, validated_in_store

        def there() -> ValidationReport:
            with copied(self.store, self.namespaces) as store:
                model = Model(self.manifest, store, is_whole=self.is_whole, held=self.files.held, is_loaded=True)
                return model._validated(settings, InStore(store, self.namespaces))

        return validated_in_store(settings.engine, there, lambda: self.in_memory()._validated(settings))

    def _validated(
        self, settings: Settings, in_store: InStore | None = None, since: Since | None = None
    ) -> ValidationReport:
        from qe_kg.validation.gate import validate

        day, chosen = settings.day or date.today(), settings.profiles or ()
        conduits = self.conduits(day, chosen)
        if since is not None:
            since = since.of_model(self, lambda model: model.conduits(day, chosen), conduits, self._is_entailed)
        # Of what a store holds only what is not in it is read: the shapes, and what they are about.
        read = self.manifest.of_role(*(RDF_ROLES if in_store is None else IN_STORE_ROLES))
        there = (file for file in read if in_store is not None or self.files.has_graph_of(file))
        inputs = {file: self.input_file(file, is_here=in_store is not None) for file in there}
        shapes = self.manifest.of_role("shapes")
        # Rules and legal sources are described in the shapes files and are instances like any other.
        return validate(
            [*inputs.values(), *(() if in_store else self.own_inputs())],
            [inputs[file] if self.files.held is None else self.input_file(file, is_here=True) for file in shapes],
            self.namespaces,
            settings,
            problems=self.problems,
            file_names={str(file.path): shown_path(file.path) for file in self.manifest.of_role(*RDF_ROLES)},
            extra=() if in_store else [*self.files.added(), *self._entailed],
            conduits=conduits,
            in_store=in_store,
            since=since,
        )

    def validator(self, *, paths: bool = True, **options: Any) -> Validator:  # noqa: ANN401
        """Return what validates the model as it changes; see `qe_kg.validation.session.Validator`.

        Args:
            paths: whether to look for findings along paths.
            options: ``baseline``, ``waivers``, ``profiles`` and ``at`` as for `validate`.

        """
        from qe_kg.validation.session import validator

        return validator(self, self.profiles, paths=paths, is_whole=self.is_whole, **options)

    def input_file(self, file: ModelFile, *, is_here: bool = False) -> InputFile:
        """Return a file as the gate takes it: with its quads, and under the name to report.

        Args:
            file: one of the manifest's.
            is_here: whether to read the file that is here, also where a store elsewhere holds the model.

        """
        from qe_kg.validation.gate import InputFile

        files = ModelFiles(self.manifest) if is_here else self.files
        if files.held is None:
            is_whole = not files.change.removed and files.renaming(file) is None
            return InputFile(file.path, shown_path(file.path), lambda: files.read(file), is_whole)
        graph = files.stored_name(file)  # lines of the file here say nothing about what a store holds
        return InputFile(Path(graph), graph, lambda: files.read(file), False)

    def own_inputs(self) -> list[InputFile]:
        """Return the graphs in a store that files named themselves, as the gate takes them."""
        from qe_kg.validation.gate import InputFile

        names, read = self.files.own_graphs(), self.files.in_own_graph
        return [InputFile(Path(name), name, partial(read, name), False) for name in names]

    # --- export -------------------------------------------------------------------------------------------

    def parts(self, roles: Iterable[str] = DEFAULT_ROLES) -> tuple[Part, ...]:
        """Return what an export of these roles consists of, one part a source."""
        if self._stamp is not None or self._is_elsewhere:
            from qe_kg.store.record import HeldGraphs

            held = self.files.held or HeldGraphs.of_folder(cast(EmbeddedStore, self.store))
            return parts_of_store(held, self.manifest, tuple(roles))
        return parts_of_files(self.files, tuple(roles), self._entailed)

    def export(
        self,
        output: Path | str | IO[bytes],
        form: str = "ttl",
        *,
        roles: Iterable[str] = DEFAULT_ROLES,
        base: str | None = None,
        order: str = "auto",
        compression: str | None = None,
    ) -> int:
        """Write the model as RDF.

        Args:
            output: a path (replaced only when the new file is whole) or a binary file.
            form: "ttl", "trig", "nt", "nq", "rdfxml", "jsonld" or "n3".
            roles: which files: any of "ontology", "data", "inference", "baseline", "waivers", "shapes", "alignments",
                and "entailed", which a format without named graphs cannot mix with others.
            base: another base for all IRIs of ours.
            order: "sorted", "source" (which takes no memory), or "auto": sorted unless the sources are large.
            compression: "gzip", "zstd" or None.

        Returns:
            The number of quads written.

        Raises:
            CallError: an unknown form, role, order or compression, or a bad base.
            ReadError: the output cannot be written.

        """
        from qe_kg.export.writing import Style, export, moved

        parts, prefixes = moved(self.parts(roles), self.namespaces, base)
        return export(parts, output, Style(form, prefixes, order), compression)
