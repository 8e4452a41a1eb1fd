"""Value type: sh:class, sh:datatype, sh:nodeKind (https://www.w3.org/TR/shacl/#core-components-value-type)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from qe_kg.shacl.datatypes import is_well_formed, lexical_test
from qe_kg.shacl.model import Constraint, Evaluation, ValueConstraint, component
from qe_kg.shacl.nodes import Node, is_literal, literal_parts, sh, text_of
from qe_kg.shacl.parameters import Parameters
from qe_kg.shacl.selects import Scope, Violations, filtered, where_not

_KINDS = {
    sh("IRI"): "<", sh("BlankNode"): "_", sh("Literal"): '"',
    sh("BlankNodeOrIRI"): "_<", sh("BlankNodeOrLiteral"): '_"', sh("IRIOrLiteral"): '<"',
}  # fmt: skip
_TESTS = {"<": "isIRI", "_": "isBlank", '"': "isLiteral"}


@dataclass(frozen=True)
class Class(ValueConstraint):
    """``sh:class``: https://www.w3.org/TR/shacl/#ClassConstraintComponent ."""

    component = component("Class")
    of: Node

    def holds(self, value: Node, run: Evaluation) -> bool:
        """Tell whether the value is an instance of the class or of one below it."""
        return not is_literal(value) and value in run.graph.instances(self.of)

    def violations(self, scope: Scope) -> Violations:
        """Select the values that are no instances of the class."""
        is_instance = scope.patterns.instances(scope.value, self.of)
        return filtered(scope, f"MINUS {{ {is_instance} }}", scope.value)

    @property
    def text(self) -> str:
        """The rule in words."""
        return f"The value must be an instance of {self.of}."


@dataclass(frozen=True)
class Datatype(ValueConstraint):
    """``sh:datatype``: https://www.w3.org/TR/shacl/#DatatypeConstraintComponent ."""

    component = component("Datatype")
    datatype: Node

    def holds(self, value: Node, run: Evaluation) -> bool:
        """Tell whether the value is a well-formed literal of the datatype."""
        return is_literal(value) and literal_parts(value).datatype == text_of(self.datatype) and is_well_formed(value)

    def violations(self, scope: Scope) -> Violations:
        """Select the values of another datatype, and those with a lexical form that is none of it."""
        lexical = lexical_test(scope.value, text_of(self.datatype))
        tests = [f"isLiteral({scope.value})", f"DATATYPE({scope.value}) = {self.datatype}", *filter(None, [lexical])]
        return where_not(scope, " && ".join(tests))

    @property
    def text(self) -> str:
        """The rule in words."""
        return f"The value must be a well-formed literal of datatype {self.datatype}."


@dataclass(frozen=True)
class NodeKind(ValueConstraint):
    """``sh:nodeKind``: https://www.w3.org/TR/shacl/#NodeKindConstraintComponent ."""

    component = component("NodeKind")
    kind: Node

    @property
    def signs(self) -> str:
        """What the nodes of the kind begin with, of the three characters that nodes begin with."""
        return _KINDS[self.kind]

    def holds(self, value: Node, run: Evaluation) -> bool:
        """Tell whether the value is of the kind."""
        return value[0] in self.signs

    def violations(self, scope: Scope) -> Violations:
        """Select the values of another kind."""
        tests = [test for sign, test in _TESTS.items() if sign in _KINDS[self.kind]]
        return where_not(scope, " || ".join(f"{test}({scope.value})" for test in tests))

    @property
    def text(self) -> str:
        """The rule in words."""
        return f"The value must be of node kind {self.kind}."


def read(parameters: Parameters) -> Iterator[Constraint]:
    """Yield the constraints of this family that a shape declares."""
    for one in parameters.iris("class"):
        yield Class(one)
    datatype, kind = parameters.one("datatype"), parameters.one("nodeKind")
    if datatype is not None:
        (datatype,) = parameters.iris("datatype")
        yield Datatype(datatype)
    if kind is not None:
        if kind not in _KINDS:
            raise parameters.fault("must be one of the six node kinds of SHACL", "nodeKind", kind)
        yield NodeKind(kind)
