"""What a change does to the answers of the models' competency questions."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from qe_kg.change import read_removals
from qe_kg.competency import Question, Rows, answer, read_questions
from qe_kg.errors import QeKgError
from qe_kg.model import Model
from qe_kg.store.embedded import EmbeddedStore


@dataclass(frozen=True)
class AnswerChange:
    """One competency question whose answer changed.

    Attributes:
        name: the question's name.
        question: the question in words.
        columns: the columns of the answer.
        gained: rows that only the new side answers.
        lost: rows that only the old side answers, with renamed elements under their new names.
        problem: why one of the sides could not answer, or None.

    """

    name: str
    question: str
    columns: tuple[str, ...]
    gained: Rows
    lost: Rows
    problem: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the JSON form."""
        return {
            "name": self.name, "question": self.question, "columns": list(self.columns),
            "gained": [list(row) for row in self.gained], "lost": [list(row) for row in self.lost],
            "problem": self.problem,
        }  # fmt: skip


class _Asked:
    """One side that is asked questions, opened without inferences only once a question wants that."""

    def __init__(self, model: Model | None) -> None:
        self.model = model
        self.questions = {one.name: one for one in read_questions(model.manifest)} if model else {}

    @cached_property
    def bare(self) -> Model | None:
        """The side without what a reader inferred."""
        if self.model is None:
            return None
        manifest = self.model.manifest
        kept = tuple(file for file in manifest.files if file.role != "inference")
        manifest = replace(manifest, files=kept)
        return Model(manifest, EmbeddedStore(), is_whole=False, change=read_removals(manifest))

    def ask(self, question: Question) -> tuple[tuple[str, ...], Rows, str | None]:
        """Return columns, rows, and why there is no answer; a side that is empty answers with no row."""
        model = self.model if question.include_inferences else self.bare
        if model is None:
            return question.columns, (), None
        try:
            return *answer(model, question), None
        except QeKgError as error:
            return question.columns, (), str(error)


def compare_answers(old: Model | None, new: Model | None, renames: Mapping[str, str]) -> tuple[AnswerChange, ...]:
    """Ask both sides the questions of both; where both have a question of one name, the new one counts.

    Raises:
        ManifestError: a file of a question cannot be read.

    """
    before, after = _Asked(old), _Asked(new)
    named = new or old
    shorten = named.compact if named else str
    moved = {shorten(one): shorten(other) for one, other in renames.items()}
    found = []
    for name, question in sorted((before.questions | after.questions).items()):
        _, was, fault = before.ask(question)
        columns, now, problem = after.ask(question)
        was = tuple(tuple(moved.get(cell, cell) for cell in row) for row in was)
        gained = tuple(row for row in now if row not in set(was))
        lost = tuple(row for row in was if row not in set(now))
        if problem and problem == fault:
            continue
        if gained or lost or problem:
            found.append(AnswerChange(name, question.question, columns, gained, lost, problem))
    return tuple(found)
