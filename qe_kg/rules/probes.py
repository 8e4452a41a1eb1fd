"""What a rule's shapes say of each focus: whether the rule applies there, and which piece of evidence is there.

A rule's reporting shape points to the rule with ``rdfs:seeAlso`` and has a target. Where it reads ``sh:not BREACH``,
the rule applies where everything in the breach shape but its own ``sh:not`` holds, and what that ``sh:not`` names is
the evidence; everything else on the reporting shape is asked of every target. Evidence is taken apart into pieces: a
property shape each, through ``sh:node`` and ``sh:and``; the members of an ``sh:or`` are alternatives of one another.

Each question becomes a node shape of its own with the rule's targets, a *probe*, which has a result at a focus where
the answer is told. One run of a SHACL engine answers all of them; nothing of SHACL is done here.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING

from qe_kg.namespaces import RDFS, SKOS
from qe_kg.shacl.graph import Graph
from qe_kg.shacl.nodes import RDF_TYPE, RDFS_CLASS, Node, iri, is_iri, literal_node, literal_parts, sh, text_of
from qe_kg.shacl.paths import Path, read_path
from qe_kg.store.files import parse_quads
from qe_kg.validation import engines

if TYPE_CHECKING:
    import pyoxigraph as ox

TARGETS = tuple(sh(f"target{kind}") for kind in ("Class", "Node", "SubjectsOf", "ObjectsOf"))
_SEE_ALSO, _LABEL, _DEACTIVATED = iri(f"{RDFS}seeAlso"), iri(f"{SKOS}prefLabel"), sh("deactivated")
_PATH, _NOT, _PROPERTY, _MESSAGE = sh("path"), sh("not"), sh("property"), sh("message")
#: What on a shape is no constraint.
_DESCRIPTION = frozenset({
    RDF_TYPE, _MESSAGE, _LABEL, _DEACTIVATED, _SEE_ALSO, *TARGETS, sh("severity"), sh("name"), sh("description"),
    sh("order"), sh("group"), sh("prefixes"), sh("ignoredProperties"),
})  # fmt: skip
_PROBE = "urn:x-qe-kg:probe:"


@dataclass(frozen=True)
class Piece:
    """One piece of evidence.

    Attributes:
        shape: the shape that asks for it (a node of the shapes graph).
        path: the property that is looked at; None where the shape is about the focus itself.
        message: what the shape says, in English where it does.
        label: its name, or None.
        group: None for a piece that is needed; else alternatives of one group have the same number.

    """

    shape: Node
    path: Path | None
    message: str
    label: str | None
    group: int | None = None


@dataclass(frozen=True)
class RuleShape:
    """One reporting shape of a rule.

    Attributes:
        rule: the rule's IRI.
        shape: the reporting shape.
        severity: local name, e.g. "Violation".
        targets: (target property, value) pairs.
        condition: the breach shape that tells where the rule applies; None where it applies to every target.
        evidence: what the condition's ``sh:not`` names: one of these must hold.
        pieces: the evidence taken apart.

    """

    rule: str
    shape: Node
    severity: str
    targets: tuple[tuple[Node, Node], ...]
    condition: Node | None
    evidence: tuple[Node, ...]
    pieces: tuple[Piece, ...]


@dataclass
class Answers:
    """What the probes of one reporting shape told, as nodes of the data graph.

    Attributes:
        targets: every focus that the shape is about.
        applies: those at which the rule applies.
        lacks: for each piece, by its place in ``pieces``, where it is not there; not only where the rule applies.
        breaks: where the evidence as a whole is not there.

    """

    targets: set[Node] = field(default_factory=set)
    applies: set[Node] = field(default_factory=set)
    lacks: dict[int, set[Node]] = field(default_factory=dict)
    breaks: set[Node] = field(default_factory=set)


def read_rule_shapes(shapes: Graph, rules: Iterable[str]) -> list[RuleShape]:
    """Read the active reporting shapes of rules (IRIs), ordered by rule and shape."""
    found = []
    for rule in sorted(rules):
        for shape in sorted(shapes.subjects(_SEE_ALSO, iri(rule))):
            targets = tuple((kind, value) for kind in TARGETS for value in shapes.objects(shape, kind))
            if targets and '"true"' not in (shapes.value(shape, _DEACTIVATED) or ""):
                found.append(_rule_shape(shapes, rule, shape, targets))
    return found


def _rule_shape(shapes: Graph, rule: str, shape: Node, targets: tuple[tuple[Node, Node], ...]) -> RuleShape:
    condition = next((one for one in shapes.objects(shape, _NOT) if shapes.objects(one, _NOT)), None)
    severity = text_of(shapes.value(shape, sh("severity")) or sh("Violation")).rpartition("#")[2]
    evidence = tuple(shapes.objects(condition, _NOT)) if condition else ()
    pieces: list[Piece] = []
    if len(evidence) > 1:
        pieces += [_piece(shapes, one, 0) for one in evidence]
    for one in evidence[:1] if len(evidence) == 1 else ():
        pieces += _taken_apart(shapes, one)
    pieces += _taken_apart(shapes, shape, but=condition)
    return RuleShape(rule, shape, severity, targets, condition, evidence, tuple(_numbered(pieces)))


def _numbered(pieces: list[Piece]) -> Iterator[Piece]:
    """Give groups numbers from 0; so far a group's number is only different from the others'."""
    known: dict[int, int] = {}
    for piece in pieces:
        yield piece if piece.group is None else replace(piece, group=known.setdefault(piece.group, len(known)))


def _taken_apart(shapes: Graph, shape: Node, but: Node | None = None, inside: tuple[Node, ...] = ()) -> list[Piece]:
    if shapes.objects(shape, _PATH):
        return [_piece(shapes, shape)]
    pieces: list[Piece] = []
    for predicate, values in shapes.properties(shape).items():
        if predicate in _DESCRIPTION or not predicate.startswith(sh("")[:-1]):
            continue
        for value in values:
            if value == but or value in inside:
                continue
            if predicate == _PROPERTY:
                pieces.append(_piece(shapes, value))
            elif predicate == sh("node"):
                pieces += _taken_apart(shapes, value, inside=(*inside, shape))
            elif predicate == sh("and"):
                for member in shapes.items(value) or ():
                    pieces += _taken_apart(shapes, member, inside=(*inside, shape))
            elif predicate == sh("or"):
                group = hash(value)
                pieces += [_piece(shapes, member, group) for member in shapes.items(value) or ()]
            elif not any(piece.shape == shape for piece in pieces):
                pieces.append(_piece(shapes, shape))  # sh:not, sh:sparql, …: the shape as a whole
    return pieces


def _piece(shapes: Graph, shape: Node, group: int | None = None) -> Piece:
    path = shapes.value(shape, _PATH)
    label = shapes.value(shape, _LABEL)
    message = _english(shapes.objects(shape, _MESSAGE))
    if not message:
        for constraint in shapes.objects(shape, sh("sparql")):
            message = message or _english(shapes.objects(constraint, _MESSAGE))
    return Piece(
        shape, read_path(shapes, path) if path else None, message, text_of(label) if label else None, group
    )  # fmt: skip


def _english(literals: Iterable[Node]) -> str:
    ordered = sorted(literals, key=lambda one: (literal_parts(one).language != "en", one))
    return text_of(ordered[0]) if ordered else ""


# --- asking -----------------------------------------------------------------------------------------------


class _Probes:
    """Writes probes; ``questions`` has of each the place of the reporting shape, a kind and the place of the piece."""

    def __init__(self, shapes: Graph) -> None:
        self._shapes = shapes
        self.questions: list[tuple[int, str, int]] = []
        self._anything = iri(f"{_PROBE}anything")
        self.triples: list[tuple[Node, Node, Node]] = [(self._anything, RDF_TYPE, sh("NodeShape"))]

    def ask_all(self, number: int, shape: RuleShape) -> None:
        """Write all probes of a reporting shape."""
        self._ask(number, "target", 0, shape, _NOT, self._anything)  # everything conforms, so every target breaks it
        if shape.condition is not None:
            condition = iri(f"{_PROBE}condition:{number}")
            self.triples += [
                (condition, predicate, value)
                for predicate, values in self._shapes.properties(shape.condition).items()
                for value in values
                if predicate not in _DESCRIPTION or predicate == RDF_TYPE
                if not (predicate == _NOT and value in shape.evidence)
            ]
            self._ask(number, "applies", 0, shape, _NOT, condition)
        for place, piece in enumerate(shape.pieces):
            self._ask(number, "lacks", place, shape, sh("node"), self._as_node_shape(piece.shape))
        whole = shape.evidence if len(shape.evidence) == 1 else () if shape.evidence else (shape.shape,)
        for one in whole:
            self._ask(number, "breaks", 0, shape, sh("node"), self._as_node_shape(one))

    def _ask(self, number: int, kind: str, place: int, shape: RuleShape, constraint: Node, value: Node) -> None:
        probe = iri(f"{_PROBE}{len(self.questions)}")
        self.questions.append((number, kind, place))
        self.triples += [
            (probe, RDF_TYPE, sh("NodeShape")),
            *((probe, target, one) for target, one in shape.targets),
            (probe, constraint, value),
            (probe, _MESSAGE, literal_node("probe")),
        ]

    def _as_node_shape(self, shape: Node) -> Node:
        if not self._shapes.objects(shape, _PATH):
            return shape
        wrapper = iri(f"{_PROBE}piece:{text_of(shape)}") if is_iri(shape) else iri(f"{_PROBE}piece:{shape[2:]}")
        self.triples += [(wrapper, RDF_TYPE, sh("NodeShape")), (wrapper, _PROPERTY, shape)]
        return wrapper


def ask(
    data: list[ox.Quad], shapes_quads: list[ox.Quad], shapes: Graph, rule_shapes: list[RuleShape], engine: str = "auto"
) -> list[Answers]:
    """Let a SHACL engine tell, for each reporting shape, where it applies and what is there.

    Args:
        data: the data, ontologies included.
        shapes_quads: the whole shapes graph.
        shapes: the same, indexed.
        rule_shapes: what to ask about.
        engine: one of `qe_kg.validation.engines.ENGINES`.

    Raises:
        ShapesError: the shapes cannot be evaluated.

    """
    probes = _Probes(shapes)
    for number, shape in enumerate(rule_shapes):
        probes.ask_all(number, shape)
    asked = parse_quads("".join(f"{subject} {predicate} {value} .\n" for subject, predicate, value in probes.triples))
    run = engines.run(engine, data, [*(quad for quad in shapes_quads if not _is_target(quad)), *asked])
    answers = [Answers() for _ in rule_shapes]
    for result in run.results:
        number, kind, place = probes.questions[int(text_of(result.shape).removeprefix(_PROBE))]
        if kind == "lacks":
            answers[number].lacks.setdefault(place, set()).add(result.focus)
        else:
            {"target": answers[number].targets, "applies": answers[number].applies, "breaks": answers[number].breaks}[
                kind
            ].add(result.focus)
    for shape, answer in zip(rule_shapes, answers, strict=True):
        if shape.condition is None:
            answer.applies = set(answer.targets)
        if len(shape.evidence) > 1:
            answer.breaks = set.intersection(*(answer.lacks.get(n, set()) for n in range(len(shape.evidence))))
    return answers


def find_misfits(
    data: list[ox.Quad], shapes_quads: list[ox.Quad], shapes: Graph, asked: Iterable[Node], engine: str = "auto"
) -> dict[Node, set[Node]]:
    """Find, for property shapes with a path of one step, the values that do not conform to their ``sh:node``.

    Args:
        data: the data, ontologies included.
        shapes_quads: the whole shapes graph.
        shapes: the same, indexed.
        asked: the property shapes.
        engine: one of `qe_kg.validation.engines.ENGINES`.

    Raises:
        ShapesError: the shapes cannot be evaluated.

    """
    found: dict[Node, set[Node]] = {}
    lines: list[str] = []
    probed: list[Node] = []
    for shape in asked:
        path = shapes.value(shape, _PATH)
        for node in shapes.objects(shape, sh("node")) if path and is_iri(path) else ():
            probe = iri(f"{_PROBE}{len(probed)}")
            probed.append(shape)
            lines += [
                f"{probe} {RDF_TYPE} {sh('NodeShape')} .",
                f"{probe} {sh('targetObjectsOf')} {path} .",
                f"{probe} {sh('node')} {node} .",
            ]
    if not probed:
        return found
    kept = [quad for quad in shapes_quads if not _is_target(quad)]
    for result in engines.run(engine, data, [*kept, *parse_quads("\n".join(lines))]).results:
        place = int(text_of(result.shape).removeprefix(_PROBE))
        found.setdefault(probed[place], set()).add(result.focus)
    return found


def _is_target(quad: ox.Quad) -> bool:
    """Tell whether a triple makes a shape look at anything by itself."""
    predicate = str(quad.predicate)
    return predicate in TARGETS or (predicate == RDF_TYPE and str(quad.object) == RDFS_CLASS)
