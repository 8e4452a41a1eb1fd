"""Which shapes depend on literals that a store would rewrite, so that they must not be left to it."""

from __future__ import annotations

from collections.abc import Iterator

from qe_kg.shacl.components.custom import Custom
from qe_kg.shacl.components.other import Closed
from qe_kg.shacl.components.sparql import SparqlConstraint
from qe_kg.shacl.model import Constraint, Shape, Shapes
from qe_kg.shacl.nodes import Node, iri
from qe_kg.shacl.paths import Alternative, Path, Predicate, Sequence
from qe_kg.sparql_text import Token, tokens


def predicates_of(path: Path) -> Iterator[Node]:
    """Yield the properties that a path walks along."""
    if isinstance(path, Predicate):
        yield path.node
    elif isinstance(path, Sequence | Alternative):
        for one in path.paths:
            yield from predicates_of(one)
    else:
        yield from predicates_of(path.path)


def predicates_of_query(query: str) -> set[Node] | None:
    """Return the IRIs that a query names, written out or with a prefix; None if it may look at any property.

    It may where a variable stands in the place of a property, or a path negates some. Of brackets, of groups within
    parentheses, and of a triple behind a condition without a full stop it is not asked.
    """
    prefixes: dict[str, str] = {}
    found: set[Node] = set()
    significant = [one for one in tokens(query) if one.kind not in ("space", "comment")]
    projects = False  # whether this is the list of variables of a SELECT
    is_condition = False
    place = depth = 0  # in a triple: 0 subject, 1 property, 2 object; depth of parentheses
    for number, token in enumerate(significant):
        if token.kind == "word" and token.text.upper() == "PREFIX":
            prefixes[significant[number + 1].text] = significant[number + 2].text[1:-1]
        if token.kind == "word" and token.text.upper() == "SELECT":
            projects = True
        elif token.text == "{":
            projects = False
        if projects:
            continue
        if token.kind == "iri":
            found.add(token.text)
        elif token.kind == "name":
            prefix, colon, local = token.text.partition(":")
            found.add(iri(prefixes.get(prefix + colon, "") + local))
        elif place == 1 and (token.text == "!" or (token.kind == "variable" and not depth)):
            return None
        is_condition = is_condition or token.text.upper() in ("FILTER", "BIND")
        if token.text == "[" or (token.text == "{" and depth):
            return None
        is_condition = is_condition and token.text != "{"
        if is_condition and token.text == ")" and depth == 1:
            is_condition = False
            if significant[number + 1].kind in ("variable", "iri", "name", "string"):
                return None
        if token.text in "()":
            depth += 1 if token.text == "(" else -1
            if not depth and place == 1:
                place = 2  # a path in parentheses was the property
        elif not depth:
            place = _place_after(token, place)
    return found


def _place_after(token: Token, place: int) -> int:
    fixed = {"{": 0, "}": 0, ".": 0, ";": 1, ",": 2}
    if token.text in fixed:
        return fixed[token.text]
    is_term = token.kind in ("variable", "iri", "name", "string") or token.text == "a"
    return min(place + 1, 2) if is_term else place


class Dependence:
    """Tells which shapes depend on some literals.

    Args:
        shapes: the shapes.
        predicates: the properties whose values a store would rewrite, at least in part.
        literals: the literals of the shapes graph that it would rewrite.

    """

    def __init__(self, shapes: Shapes, predicates: set[Node], literals: set[Node]) -> None:
        self._shapes, self._predicates, self._literals = shapes, predicates, literals
        self._known: dict[Node, bool] = {}

    def of_shape(self, shape: Shape) -> bool:
        """Tell whether the results of a shape may depend on how such a literal is written."""
        if shape.node not in self._known:
            self._known[shape.node] = self._depends(shape)
        return self._known[shape.node]

    def _depends(self, shape: Shape) -> bool:
        if not self._predicates and not self._literals:
            return False
        if any(one.kind in ("subjects", "objects") and one.node in self._predicates for one in shape.targets):
            return True
        if any(one.node in self._literals for one in shape.targets):
            return True
        if shape.path is not None and not self._predicates.isdisjoint(predicates_of(shape.path)):
            return True
        if any(self.of_constraint(one) for one in shape.constraints):
            return True
        return any(self.of_shape(self._shapes[one]) for one in shape.references())

    def of_constraint(self, constraint: Constraint) -> bool:
        """Tell whether a constraint looks at such a literal beyond the value nodes of its shape."""
        if isinstance(constraint, SparqlConstraint | Custom):
            named = predicates_of_query(constraint.query.text)
            arguments = [node for _, node in constraint.arguments] if isinstance(constraint, Custom) else []
            if not self._literals.isdisjoint(arguments):
                return True
            return bool(self._predicates) and (named is None or not self._predicates.isdisjoint(named))
        if isinstance(constraint, Closed):
            return bool(self._predicates)
        for value in vars(constraint).values():
            nodes = value if isinstance(value, tuple | frozenset) else (value,)
            if any(isinstance(one, str) and (one in self._predicates or one in self._literals) for one in nodes):
                return True
        return False


def uses_sparql(shapes: Shapes, shape: Shape) -> bool:
    """Tell whether a shape, or one that it needs, has a constraint written in SPARQL."""
    return any(isinstance(one, SparqlConstraint | Custom) for one in shape.constraints) or any(
        uses_sparql(shapes, shapes[one]) for one in shape.references()
    )
