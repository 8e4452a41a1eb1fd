"""Writing RDF as it is read, so that memory does not grow with its size."""

from __future__ import annotations

import io
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import IO, cast

import pyoxigraph as ox

from qe_kg.errors import ReadError
from qe_kg.store.files import FORMATS, syntax_error

#: Formats of one statement a line, in which a statement says the same wherever it stands.
LINE_FORMS = ("nt", "nq")
# What XML 1.0 has no way to write, not even escaped.
_NOT_IN_XML = re.compile("[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")
_NODE_AS_VALUE = re.compile(rb"(?<=> )_:(?=\S+ \.\n\Z)")
_BLOCK = 1 << 16
# Lines of N-Triples that the parser would give back as they are; what is not among them may be fine all the same.
_PATH = rb"(?:[A-Za-z0-9/._~!$&'()*+,;=:@-]++|%[0-9A-Fa-f]{2})*+"
_NAME = rb"<https?://[A-Za-z0-9.-]++/" + _PATH + rb"(?:#" + _PATH + rb")?+>"
_TEXT = rb'"(?:[^\x00-\x1f"\\\x7f]++|\\["\\nrt])*+"'
_VALUE = rb"(?:" + _NAME + rb"|" + _TEXT + rb"(?:\^\^" + _NAME + rb"|@[a-z]{1,8}(?:-[a-z0-9]{1,8})*+)?+)"
_PLAIN = rb"(?:" + _NAME + rb" " + _NAME + rb" " + _VALUE + rb" \.\n)*+"


def write_as_read(quads: Iterable[ox.Quad], output: IO[bytes], form: str, prefixes: dict[str, str]) -> None:
    """Serialise quads in the order in which they come; a format without named graphs gets their triples.

    Raises:
        ReadError: XML has no way to write one of them.

    """
    rdf_format = FORMATS[form]
    if rdf_format.supports_datasets:
        ox.serialize(quads, output, rdf_format, prefixes=prefixes)
    elif form == "rdfxml":
        # A reader of XML takes a bare carriage return for a line feed.
        returns = _Changing(output, lambda block: block.replace(b"\r", b"&#xD;"))
        ox.serialize(map(_writable_as_xml, quads), cast("IO[bytes]", returns), rdf_format, prefixes=prefixes)
    else:
        ox.serialize((quad.triple for quad in quads), output, rdf_format, prefixes=prefixes)


def _writable_as_xml(quad: ox.Quad) -> ox.Triple:
    if found := _NOT_IN_XML.search(str(getattr(quad.object, "value", ""))):
        raise ReadError(
            f"XML cannot hold the character U+{ord(found[0]):04X}, which a literal of {quad.subject} has; "
            "write another format"
        )
    return quad.triple


def pass_through(path: Path, output: IO[bytes], *, graph: str | None, labels: str) -> int:
    """Write an N-Triples file as N-Triples, or as N-Quads of a named graph, without an object a statement.

    Nothing invalid passes, and each term is written in one way: lines that `_PLAIN` does not know go by the parser.

    Args:
        path: an N-Triples file.
        output: where to.
        graph: IRI of the graph; None writes triples.
        labels: what the labels of blank nodes begin with, since two files may use one label for two nodes.

    Returns:
        The number of statements.

    Raises:
        ParseError: the file does not parse.
        ReadError: it cannot be read.

    """
    ending, prefix, count = b" .\n" if graph is None else f" <{graph}> .\n".encode(), b"_:" + labels.encode(), 0
    try:
        with path.open("rb") as file:
            for block in _whole_lines(file):
                written = block if _is_plain(block) else _normal(block)
                if b"_:" in written:
                    written = b"".join(_labelled(line, prefix) for line in written.splitlines(keepends=True))
                count += written.count(b"\n")
                # A line feed within a literal is written "\n", so these bytes are the ends of lines and nothing else.
                output.write(written if graph is None else written.replace(b" .\n", ending))
    except SyntaxError:
        check_syntax(path)
        raise
    except FileNotFoundError as error:
        raise ReadError(f"{path}: cannot be read: {error.strerror or error}") from error
    return count


def check_syntax(path: Path) -> None:
    """Read an N-Triples file to its end.

    Raises:
        ParseError: it does not parse.

    """
    try:
        for _ in ox.parse(path=str(path), format=ox.RdfFormat.N_TRIPLES):
            pass
    except SyntaxError as error:
        raise syntax_error(path, error) from error


def _whole_lines(file: IO[bytes]) -> Iterator[bytes]:
    rest = b""
    while read := file.read(_BLOCK):
        read = rest + read
        end = read.rfind(b"\n") + 1
        rest = read[end:]
        if end:
            yield read[:end]
    if rest:
        yield rest


def _is_plain(block: bytes) -> bool:
    try:
        return re.fullmatch(_PLAIN, block) is not None and bool(block.isascii() or block.decode())
    except UnicodeDecodeError:
        return False  # the parser tells where


def _normal(block: bytes) -> bytes:
    return ox.serialize(ox.parse(block, format=ox.RdfFormat.N_TRIPLES), format=ox.RdfFormat.N_QUADS) or b""


def as_plain_lines(lines: bytes) -> bytes:
    """Return lines of N-Triples as they are usually written, a statement a line, with blank nodes labelled anew.

    Raises:
        ParseError: they do not parse.

    """
    try:
        parsed = ox.parse(lines, format=ox.RdfFormat.N_TRIPLES, rename_blank_nodes=True)
        return ox.serialize(parsed, format=ox.RdfFormat.N_QUADS) or b""
    except SyntaxError as error:
        raise syntax_error(Path("text"), error) from error


def as_lines(quads: Iterable[ox.Quad]) -> bytes:
    """Return the triples of quads as N-Triples."""
    return ox.serialize((quad.triple for quad in quads), format=ox.RdfFormat.N_TRIPLES) or b""


def _labelled(line: bytes, prefix: bytes) -> bytes:
    if line.startswith(b"_:"):
        line = prefix + line[2:]
    return _NODE_AS_VALUE.sub(prefix, line, count=1)


class _Changing(io.RawIOBase):
    """A binary file that changes what is written to it, byte by byte, before it hands it on."""

    def __init__(self, output: IO[bytes], change: Callable[[bytes], bytes]) -> None:
        self._output, self._change = output, change

    def writable(self) -> bool:
        return True

    def write(self, data: object) -> int:
        block = bytes(data)  # type: ignore[call-overload]
        self._output.write(self._change(block))
        return len(block)


def has_blank_node(quad: ox.Quad) -> bool:
    """Tell whether a statement is about a blank node."""
    return isinstance(quad.subject, ox.BlankNode) or isinstance(quad.object, ox.BlankNode)


def header_size(form: str, prefixes: dict[str, str]) -> int:
    """Return how many bytes a document of no statement takes: the declarations of prefixes."""
    return len(ox.serialize([], format=FORMATS[form], prefixes=prefixes) or b"")


def is_dataset(form: str) -> bool:
    """Tell whether a format has named graphs."""
    return FORMATS[form].supports_datasets


def one_each(quads: Iterable[ox.Quad]) -> Iterator[ox.Quad]:
    """Yield, of the quads that say one triple in several graphs, the first."""
    seen: set[ox.Triple] = set()
    for quad in quads:
        if (triple := quad.triple) not in seen:
            seen.add(triple)
            yield quad
