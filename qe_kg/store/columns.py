"""A large graph as three columns of numbers, one a triple: what a term is called is kept once.

An N-Triples file is cut into terms by what works on whole blocks of it, and the parser sees no line of the usual form.
A term is taken as it stands if the parser would give it back like that; any line with another one, or of another form,
goes by the parser, so that nothing ill-formed passes and every term is written in the one way that `str` has for it.
Blank nodes get labels by number, as `qe_kg.store.files.with_labels` gives them; lines that may have one go one by one.
"""

from __future__ import annotations

import os
import pickle
import subprocess
import sys
from collections.abc import Iterable, Mapping, Sequence
from functools import cached_property
from itertools import compress, count
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyoxigraph as ox

from qe_kg.errors import ReadError
from qe_kg.store.files import syntax_error
from qe_kg.store.sparql_source import altered_by_store
from qe_kg.store.streams import check_syntax
from qe_kg.store.usual_lines import BLANK, END, is_usual, of_other_forms, terms_of, words_of_names, words_of_text

Numbers = npt.NDArray[np.int32]
Rows = npt.NDArray[np.intp]

_BLOCK = 1 << 21
#: From this size on (bytes), two processes share a file; the other one begins later, and so gets less of it.
APART, _SHARE = 1 << 25, 0.55
_OTHER_HALF = """
import sys
from pathlib import Path
from qe_kg.store.columns import Columns
columns = Columns.of_part(Path(sys.argv[1]), int(sys.argv[2]))
sys.stdout.buffer.write(columns.written())
"""
_XSD = b"^^<http://www.w3.org/2001/XMLSchema#"


class Terms(dict[bytes, int]):
    """The number of each term, given in the order in which they come."""

    def __init__(self) -> None:
        super().__init__()
        self.next = count().__next__

    def __missing__(self, term: bytes) -> int:
        number = self[term] = self.next()
        return number


class _Labels(dict[bytes, bytes]):
    """The label made for each one of a file, numbered in the order in which they come; as it is without a prefix."""

    def __init__(self, prefix: str | None) -> None:
        super().__init__()
        self._prefix = None if prefix is None else prefix.encode()

    def __missing__(self, label: bytes) -> bytes:
        made = label if self._prefix is None else b"_:%b%d" % (self._prefix, len(self) + 1)
        self[label] = made
        return made


class Columns:
    """Triples as numbers of their terms.

    Attributes:
        names: the terms by number, as N-Triples has them; literals end in " .".
        subjects, properties, values: a number each, by row.
        lines: the line of the file that a row stands in, from 1; 0 where it is of no file.
        files: the number of the file that a row stands in, from 0; 0 too where it is of none.

    """

    def __init__(self) -> None:
        self._numbers = Terms()
        self._bad: set[int] = set()
        self._parts: list[tuple[Numbers, Numbers, Numbers, Numbers, int]] = []
        self._odd: dict[tuple[int, int], bytes] = {}
        self._files: list[Path] = []
        self._labels: list[_Labels] = []

    @classmethod
    def of_part(cls, path: Path, start: int) -> Columns:
        """Read an N-Triples file from the beginning of a line on; that line has the number 1, labels are the file's.

        Raises:
            OSError, ReadError, SyntaxError: it cannot be read.

        """
        columns = cls()
        columns._files.append(path)
        columns._labels.append(_Labels(None))
        columns._add_lines(path, start, None, 1)
        return columns

    # --- filling ------------------------------------------------------------------------------------------

    def add_file(self, path: Path, prefix: str) -> None:
        """Read an N-Triples file.

        Args:
            path: the file.
            prefix: what the labels of its blank nodes begin with, before their number; no other file's do.

        Raises:
            ParseError, ReadError: it cannot be read.

        """
        self._files.append(path)
        self._labels.append(_Labels(prefix))
        try:
            if path.stat().st_size < APART or (os.cpu_count() or 1) == 1 or not sys.executable:
                self._add_lines(path, 0, None, 1)
            else:
                self._add_in_two(path)
        except SyntaxError as error:
            check_syntax(path)  # it tells the place
            raise syntax_error(path, error) from error
        except OSError as error:
            raise ReadError(f"{path}: cannot be read: {error.strerror or error}") from error

    def _add_lines(self, path: Path, start: int, end: int | None, line: int) -> int:
        """Read a file from the beginning of a line, which has some number, to that of another; return its number."""
        with path.open("rb") as file:
            file.seek(start)
            while (end is None or file.tell() < end) and (
                block := file.read(_BLOCK if end is None else min(_BLOCK, end - file.tell()))
            ):
                block += file.readline() if block[-1:] != b"\n" else b""
                line += self._add_block(block, line)
        return line

    def _add_in_two(self, path: Path) -> None:
        """Read the first half of a file here, and the second at the same time in a process of its own."""
        with path.open("rb") as file:
            file.seek(int(path.stat().st_size * _SHARE))
            file.readline()
            middle = file.tell()
        command = [sys.executable, "-P", "-c", _OTHER_HALF, str(path), str(middle)]
        environment = {**os.environ, "PYTHONPATH": os.pathsep.join(filter(None, sys.path))}
        try:
            other = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, env=environment)
        except OSError:  # no second process is to be had
            self._add_lines(path, 0, None, 1)
            return
        with other:
            try:
                line = self._add_lines(path, 0, middle, 1)
                answer, _ = other.communicate()
            except BaseException:
                other.kill()
                raise
        if other.returncode:  # whatever it is, it comes up here too
            self._add_lines(path, middle, None, line)
        else:
            self._add_part(answer, line - 1)

    def written(self) -> bytes:
        """Return all that was read of one file, for `_add_part` of another process."""
        columns = [self.subjects, self.properties, self.values, self.lines]
        return pickle.dumps((b"\n".join(self.names), [one.tobytes() for one in columns], self._odd, self._bad))

    def _add_part(self, part: bytes, lines_before: int) -> None:
        text, columns, odd, bad = pickle.loads(part)
        known, number = len(self._numbers), self._numbers.__getitem__
        names, label = text.split(b"\n") if text else [], self._labels[-1].__getitem__
        if BLANK in text:  # they are in the order in which they come, and the numbers go on
            names = [label(name) if name[:2] == BLANK else name for name in names]
        numbers = np.fromiter(map(number, names), np.int32)
        subjects, properties, values, lines = (np.frombuffer(one, np.int32) for one in columns)
        file = len(self._files) - 1
        self._parts.append((numbers[subjects], numbers[properties], numbers[values], lines + lines_before, file))
        self._odd |= {(file, at + lines_before): line for (_, at), line in odd.items()}
        self._bad.update(one for one in numbers[list(bad)].tolist() if one >= known)

    def add_quads(self, quads: Iterable[ox.Quad]) -> None:
        """Add the triples of quads."""
        found = [(_name(one.subject), _name(one.predicate), _name(one.object)) for one in quads]
        number = self._numbers.__getitem__
        columns = [np.fromiter(map(number, column), np.int32, len(found)) for column in zip(*found, strict=True)]
        if found:
            self._parts.append((columns[0], columns[1], columns[2], np.zeros(len(found), np.int32), 0))

    def leave_out(self, subject: str, property_: str) -> None:
        """Take away what has been added about a property of a subject."""
        first, second = self.number(subject), self.number(property_)
        if first is not None and second is not None:
            for at, (*columns, file) in enumerate(self._parts):
                kept = (columns[0] != first) | (columns[1] != second)
                self._parts[at] = (*(one[kept] for one in columns), file)

    def _add_block(self, block: bytes, first_line: int) -> int:
        """Read whole lines, of which the first has some number; return how many they are."""
        if b"\r" in block:  # which ends a line too
            block = block.replace(b"\r\n", b"\n").replace(b"\r", b"\n")
        lines = block.split(b"\n")
        if not lines[-1]:
            lines.pop()
        known = len(self._numbers)
        with_text = _have(b'"', lines)
        with_blank = _have(BLANK, lines) if BLANK in block else np.zeros(len(lines), dtype=bool)
        rest: list[int] = np.flatnonzero(with_blank).tolist()
        found: list[tuple[Numbers, Numbers, Numbers, Rows]] = []
        number = self._numbers.__getitem__
        for cut, chosen in ((words_of_names, ~(with_text | with_blank)), (words_of_text, with_text & ~with_blank)):
            at: Rows = np.flatnonzero(chosen)
            words = cut(list(compress(lines, chosen.tobytes())))
            if words is None:  # something in them is of another form
                usual = np.fromiter(map(is_usual, compress(lines, chosen.tobytes())), bool, len(at))
                rest += at[~usual].tolist()
                at = at[usual]
                words = cut([lines[one] for one in at.tolist()])
                assert words is not None
            subjects, properties, values = (np.fromiter(map(number, one), np.int32, len(at)) for one in words)
            found.append((subjects, properties, values, at))
        self._check(known)
        for subjects, properties, values, at in found:
            good = np.ones(len(at), dtype=bool)
            if self._bad:
                bad = np.fromiter(self._bad, np.int32, len(self._bad))
                good = ~(np.isin(subjects, bad) | np.isin(properties, bad) | np.isin(values, bad))
                rest += at[~good].tolist()
            where = (at[good] + first_line).astype(np.int32)
            self._parts.append((subjects[good], properties[good], values[good], where, len(self._files) - 1))
        self._add_odd((first_line + one, lines[one]) for one in rest)
        return len(lines)

    def _check(self, known: int) -> None:
        """Note which of the terms that are new are not as the parser would give them back."""
        new = [term for term, _ in zip(reversed(self._numbers), range(len(self._numbers) - known), strict=False)]
        self._bad.update(self._numbers[one] for one in of_other_forms(new))

    def _add_odd(self, lines: Iterable[tuple[int, bytes]]) -> None:
        """Read lines each by itself: by the parser, unless nothing but blank nodes makes one odd."""
        number, label, rows = self._numbers.__getitem__, self._labels[-1].__getitem__, []
        for at, line in sorted(lines):
            if terms := terms_of(line):
                rows.append((*[number(label(one) if one[:2] == BLANK else one) for one in terms], at))
                continue
            for quad in ox.parse(line, format=ox.RdfFormat.N_TRIPLES):
                names = map(_name, (quad.subject, quad.predicate, quad.object))
                rows.append((*[number(label(one) if one[:2] == BLANK else one) for one in names], at))
                self._odd[len(self._files) - 1, at] = line
                self._bad.difference_update(rows[-1][:3])
        if rows:
            columns = np.array(rows, dtype=np.int32).T
            self._parts.append((columns[0], columns[1], columns[2], columns[3], len(self._files) - 1))

    # --- columns ------------------------------------------------------------------------------------------

    @cached_property
    def names(self) -> list[bytes]:
        """The terms by number."""
        return list(self._numbers)

    def _column(self, number: int) -> Numbers:
        return np.concatenate([part[number] for part in self._parts]) if self._parts else np.zeros(0, np.int32)

    @cached_property
    def subjects(self) -> Numbers:
        """The subject of each row."""
        return self._column(0)

    @cached_property
    def properties(self) -> Numbers:
        """The property of each row."""
        return self._column(1)

    @cached_property
    def values(self) -> Numbers:
        """The value of each row."""
        return self._column(2)

    @cached_property
    def lines(self) -> Numbers:
        """The line of each row."""
        return self._column(3)

    @cached_property
    def files(self) -> Numbers:
        """The file of each row."""
        return np.repeat([part[4] for part in self._parts], [len(part[0]) for part in self._parts]).astype(np.int32)

    def number(self, node: str) -> int | None:
        """Return the number of a node, or None if no row has it."""
        return self._numbers.get(node.encode() + (END if node[0] == '"' else b""))

    def node(self, number: int) -> str:
        """Return the node of a number."""
        name = self.names[number]
        return name[:-2].decode() if name[0] == 34 else name.decode()

    def nodes(self, numbers: Iterable[int]) -> list[str]:
        """Return the nodes of some numbers."""
        return [self.node(one) for one in numbers]

    @cached_property
    def _by_property(self) -> dict[int, Rows]:
        codes = np.zeros(len(self.names), np.int32)
        codes[self.properties] = 1
        kinds = np.flatnonzero(codes)
        codes[kinds] = np.arange(len(kinds))
        codes = codes[self.properties]
        order = np.argsort(codes.astype(np.uint16) if len(kinds) < 1 << 16 else codes, kind="stable")
        ends = np.cumsum(np.bincount(codes, minlength=len(kinds)))
        return {int(kind): order[end - n : end] for kind, end, n in zip(kinds, ends, np.bincount(codes), strict=True)}

    def rows(self, node: str) -> Rows:
        """Return the rows of a property."""
        number = self.number(node)
        return self._by_property.get(number, np.zeros(0, np.intp)) if number is not None else np.zeros(0, np.intp)

    @property
    def used_properties(self) -> list[str]:
        """The properties of all rows."""
        return self.nodes(self._by_property)

    # --- text ---------------------------------------------------------------------------------------------

    def statements(self, rows: Rows) -> tuple[bytes, ...]:
        """Return rows as N-Triples: those without and those with blank nodes, or what may be one."""
        names, columns = self.names, (self.subjects, self.properties, self.values)
        terms = ([names[number] for number in column[rows].tolist()] for column in columns)
        lines = [_statement(*row) + b"\n" for row in zip(*terms, strict=True)]
        with_blank = _have(BLANK, lines)
        return tuple(b"".join(compress(lines, chosen.tobytes())) for chosen in (~with_blank, with_blank))

    def rows_of(self, files: Iterable[Path]) -> Rows:
        """Return the rows that stand in some files."""
        numbers = [self._files.index(file) for file in files]
        return np.flatnonzero(np.isin(self.files, numbers) & (self.lines > 0))

    def labels(self, file: Path) -> Mapping[bytes, bytes]:
        """Return the blank nodes of a file as they are called here, by what they are called there."""
        return self._labels[self._files.index(file)]

    def file_rows(self, file: Path) -> FileRows:
        """Return the rows that stand in a file."""
        number = self._files.index(file)
        odd = {line: text for (where, line), text in self._odd.items() if where == number}
        return FileRows(self, number, odd, {made: label for label, made in self._labels[number].items()})

    @cached_property
    def altered(self) -> dict[str, int]:
        """How many literals an Oxigraph store would rewrite, by property."""
        typed = [number for number, name in enumerate(self.names) if _XSD in name and number not in self._bad]
        found = altered_by_store(map(self.node, typed))
        is_altered = np.zeros(len(self.names), dtype=bool)
        is_altered[[number for number in typed if self.node(number) in found]] = True
        numbers: dict[str, int] = {}
        for kind, rows in self._by_property.items() if found else ():
            there = rows[is_altered[self.values[rows]]]
            if len(there):
                pairs = {*zip(self.subjects[there].tolist(), self.values[there].tolist(), strict=True)}
                numbers[self.node(kind)] = len(pairs)
        return numbers


class FileRows:
    """The rows of one file, looked at one by one: made by `Columns.file_rows`.

    Args:
        columns: all rows.
        file: the number of the file.
        odd: the lines that are not three terms with a space between them, by number.
        labels: what blank nodes are called in the file, by what they are called in the columns.

    """

    def __init__(self, columns: Columns, file: int, odd: Mapping[int, bytes], labels: Mapping[bytes, bytes]) -> None:
        self._file, self._odd, self._labels, self._names = file, odd, labels, columns.names
        # A look into numpy's arrays takes several times as long as into these.
        self._files, self._lines = columns.files.data, columns.lines.data
        self._terms = columns.subjects.data, columns.properties.data, columns.values.data
        self._node = columns.node

    def among(self, rows: Iterable[int]) -> list[int]:
        """Return those of some rows that stand in the file, in its order."""
        number, files, lines = self._file, self._files, self._lines
        return sorted((row for row in rows if files[row] == number and lines[row]), key=lines.__getitem__)

    def subject(self, row: int) -> str:
        """Return the subject of a row, as a node."""
        return self._node(self._terms[0][row])

    def predicate(self, row: int) -> str:
        """Return the property of a row, as a node."""
        return self._node(self._terms[1][row])

    def value(self, row: int) -> str:
        """Return the value of a row, as a node."""
        return self._node(self._terms[2][row])

    def line(self, row: int) -> tuple[int, str]:
        """Return the line that a row stands in: its number, and its text in the file without the end."""
        at = self._lines[row]
        if odd := self._odd.get(at):
            return at, odd.decode()
        names = [self._names[column[row]] for column in self._terms]
        return at, _statement(*(self._labels.get(one, one) for one in names)).decode()


def _statement(subject: bytes, property_: bytes, value: bytes) -> bytes:
    """Write three names as N-Triples; that of a literal has its full stop."""
    return b"%b %b %b" % (subject, property_, value if value[0] == 34 else value + END)


def _have(part: bytes, texts: Sequence[bytes]) -> npt.NDArray[np.bool_]:
    """Tell of each text whether it has some part."""
    return np.array([part in text for text in texts], dtype=bool)


def _name(term: ox.NamedNode | ox.BlankNode | ox.Literal | ox.Triple) -> bytes:
    name = str(term).encode()
    if name.startswith(b"<<"):
        raise ReadError(f"RDF 1.2 triple terms are not supported: {term}")
    return name + END if name[0] == 34 else name
