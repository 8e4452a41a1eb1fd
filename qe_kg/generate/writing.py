"""Writing a made-up enterprise as it is made: N-Triples or Turtle, a manifest, and the list of its defects."""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import IO

from qe_kg.errors import CallError
from qe_kg.generate.enterprise import NAMESPACE, PREFIX, Enterprise, Node
from qe_kg.namespaces import Namespaces

FORMS = ("nt", "ttl")
_FLUSH = 1 << 16


def write_enterprise(enterprise: Enterprise, output: IO[bytes], form: str = "nt", *, base: str | None = None) -> int:
    """Write all triples of an enterprise as they are made; memory does not grow with its size.

    Args:
        enterprise: what to write.
        output: a binary file.
        form: "nt" or "ttl".
        base: another base for the vocabulary.

    Returns:
        The number of triples.

    Raises:
        CallError: an unknown form.

    """
    if form not in FORMS:
        raise CallError(f"an enterprise is written as {' or '.join(FORMS)}, not {form!r}")
    own = {PREFIX: NAMESPACE}
    prefixes = (Namespaces(own=own) if base is None else Namespaces(base, own)).prefixes
    lines = _n_triples(enterprise, prefixes) if form == "nt" else _turtle(enterprise, prefixes)
    written, count = bytearray(), 0
    for text, triples in lines:
        written += text.encode()
        count += triples
        if len(written) > _FLUSH:
            output.write(written)
            written.clear()
    output.write(written)
    return count


def _n_triples(enterprise: Enterprise, prefixes: dict[str, str]) -> Iterator[tuple[str, int]]:
    known = {"a": "<http://www.w3.org/1999/02/22-rdf-syntax-ns#type>"}

    def term(text: str) -> str:
        if text[0] == '"':
            value, _, datatype = text.rpartition('"^^')
            return f'{value}"^^{term(datatype)}' if value else text
        if text[0] == "<":
            return text
        found = known.get(text)
        if found is None:
            prefix, _, local = text.partition(":")
            found = f"<{prefixes[prefix]}{local}>"
            if prefix != PREFIX:  # the vocabulary is small and comes again and again
                known[text] = found
        return found

    for subject, pairs in enterprise.nodes():
        start = term(subject)
        yield "".join(f"{start} {term(key)} {term(value)} .\n" for key, value in pairs), len(pairs)


def _turtle(enterprise: Enterprise, prefixes: dict[str, str]) -> Iterator[tuple[str, int]]:
    used = (PREFIX, "dcterms", "dpv", "prov", "qe", "qev", "skos", "xsd")
    yield "".join(f"@prefix {prefix}: <{prefixes[prefix]}> .\n" for prefix in sorted(used)), 0
    for subject, pairs in enterprise.nodes():
        yield f"\n{subject} {_block(pairs)} .\n", len(pairs)


def _block(pairs: list[tuple[str, str]]) -> str:
    by_key: dict[str, list[str]] = {}
    for key, value in pairs:
        is_number = value.endswith("^^xsd:integer")
        by_key.setdefault(key, []).append(value.split('"')[1] if is_number else value)
    return " ;\n    ".join(f"{key} {' , '.join(values)}" for key, values in by_key.items())


def write_defects(enterprise: Enterprise, output: IO[bytes]) -> None:
    """Write what was built in, as JSON: call it once all of the enterprise is written."""
    document = {
        "flows": enterprise.flows,
        "seed": enterprise.seed,
        "defectRate": enterprise.defect_rate,
        "defects": [
            {"kind": one.kind, "element": one.element.replace(f"{PREFIX}:", NAMESPACE), "rule": one.rule}
            for one in enterprise.defects
        ],
    }
    output.write(json.dumps(document, indent=1).encode() + b"\n")


def write_model(enterprise: Enterprise, directory: Path, form: str = "nt") -> int:
    """Write an enterprise as a model directory: its triples, ``defects.json`` and a manifest.

    Returns:
        The number of triples.

    Raises:
        ReadError: the directory cannot be written to.

    """
    from qe_kg.atomic_files import atomic_output

    directory.mkdir(parents=True, exist_ok=True)
    with atomic_output(directory / f"enterprise.{form}") as file:
        count = write_enterprise(enterprise, file, form)
    with atomic_output(directory / "defects.json") as file:
        write_defects(enterprise, file)
    with atomic_output(directory / "qe-kg.toml") as file:
        file.write(_manifest(enterprise, form).encode())
    return count


def _manifest(enterprise: Enterprise, form: str) -> str:
    return f"""\
[model]
name = "Made-up enterprise with {enterprise.flows} flows, seed {enterprise.seed}"
version = "1"
namespace = "{NAMESPACE}"
prefix = "{PREFIX}"

[files]
ontology = ["builtin"]
shapes = ["builtin"]
queries = ["builtin"]
data = ["enterprise.{form}"]
"""


__all__ = ["FORMS", "Node", "write_defects", "write_enterprise", "write_model"]
