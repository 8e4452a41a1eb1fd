"""What the checks' own rules say, and the way to mend; the rules of the policy gate have help of their own."""

from __future__ import annotations

from qe_kg.validation.rule_help import RuleHelp

#: Rule | title | what it asks | how to mend.
_TABLE = """\
SYN-01 | Syntax | Every file parses. | Mend the text at this place.
FMT-01 | Format | Turtle is formatted the same way by everyone. | Run qe-kg fmt.
HEAD-01 | One header | A file of an ontology or of shapes has one owl:Ontology. | Add one, or split the file.
HEAD-02 | What a header says | A header names title, description, licence and version. | Add what is missing.
HEAD-03 | Imports | What is imported is part of the model. | Add the file, or take the import out.
QRY-01 | A query parses | Every query of the library is valid SPARQL 1.1 that may be run. | Mend the query.
QRY-02 | Columns | A query gives the columns that its header declares. | Mend the header or the SELECT.
QRY-03 | Question | A query's header says which question it answers. | Add '#+ question: …'.
QRY-04 | Parameters | A declared parameter is used. | Use it, or take it out of the header.
ONT-01 | One label | A term has one English label, which no other term has. | Add, or change, skos:prefLabel.
ONT-02 | One definition | A term has one English definition. | Add skos:definition.
ONT-03 | No circular definition | A class is not defined by its own label. | Name its parent and what differs.
ONT-04 | Its ontology | A term says which ontology defines it. | Add rdfs:isDefinedBy.
ONT-05 | No circle | No class or property is below itself. | Take out one step of the circle.
ONT-06 | Ends of a property | A property has the domain and range that its shapes need. | Say rdfs:domain, rdfs:range.
ONT-07 | Labels unlike | No two terms have labels that differ by case, hyphen or plural only. | Change one of them.
ONT-08 | No circle of definitions | Definitions do not begin with each other's terms. | Say one in other words.
ONT-09 | Connected | Each term is connected by an axiom or a shape. | Say what it is below, or take it out.
ONT-10 | Inverses that fit | An inverse has the other's ends swapped, and is the only one. | Mend the ends, or drop it.
OWL-01 | OWL 2 RL | The ontology keeps to the profile OWL 2 RL. | Use another axiom, or a shape.
OWL-02 | Consistency | The data do not contradict the ontology. | Mend the data, or the axiom.
OWL-03 | Reasoning | What follows from the ontology can be worked out. | Take the axiom back, or say it otherwise.
SHP-01 | Well-formed shapes | Shapes are as SHACL asks. | Mend the shape.
SHP-02 | Known terms | Shapes use only terms that SHACL has: others are passed over. | Mend the name.
SHP-03 | Live target | A target class exists. | Mend its name.
SHP-04 | Constraint | A shape with a target has a constraint. | Add one.
SHP-05 | Message | A shape says what is wrong and how to mend it. | Add sh:message.
SHP-06 | Identifier | A shape's results can be named. | Add dcterms:identifier, or rdfs:seeAlso to its rule.
NAME-01 | Unknown term | A term in use is defined. | Mend its name, or define it.
NAME-02 | Dangling reference | What is referred to is described. | Mend the name, or describe it.
NAME-03 | Conflict | Two files do not define one thing differently. | Keep one of the values.
CQ-01 | Answer | A competency question has the answer worked out by hand. | Mend the model, or work it out anew.
CQ-02 | Question | A competency question can be asked. | Mend the query, or the question.
FIX-01 | Fixture | A fixture says what it expects. | Add its results, or rename it.
FIX-02 | Fixture | A fixture has exactly the results that it expects. | Mend the shape, or the fixture.
"""


def _help(row: str) -> RuleHelp:
    rule, title, statement, remedy = row.split(" | ")
    return RuleHelp(rule, title, statement, remedy=remedy)


#: Rule → help.
HELP = {one.rule: one for one in map(_help, _TABLE.splitlines())}
