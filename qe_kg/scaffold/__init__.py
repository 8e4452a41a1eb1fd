"""A new model directory: a small example that is valid, with its pipeline, to be replaced piece by piece."""

from __future__ import annotations

import json
import re
from pathlib import Path

from qe_kg import __version__
from qe_kg.atomic_files import atomic_output
from qe_kg.errors import CallError, ReadError
from qe_kg.namespaces import Namespaces, is_iri

_TEMPLATES = Path(__file__).resolve().parent / "templates"
PACKAGE = "quantum-energy-kg"

#: File of a new model → its template. A dot in front would hide a template from who looks for it.
FILES = {
    "qe-kg.toml": "manifest.toml",
    "README.md": "readme.md",
    ".gitattributes": "gitattributes",
    ".pre-commit-config.yaml": "pre-commit.yaml",
    ".github/workflows/qe-kg.yml": "github/qe-kg.yml",
    ".gitlab-ci.yml": "gitlab/gitlab-ci.yml",
    "model/participants.ttl": "model/participants.ttl.in",
    "model/information.ttl": "model/information.ttl.in",
    "model/flows.ttl": "model/flows.ttl.in",
    "model/claims.ttl": "model/claims.ttl.in",
    "source/overview.md": "source/overview.md",
    "questions/who-receives-what-customers-send.toml": "questions/who-receives-what-customers-send.toml",
}
_PREFIX = re.compile(r"[A-Za-z]([A-Za-z0-9_-]*[A-Za-z0-9])?")
#: Prefixes that the templates declare beside the model's own.
_TAKEN = frozenset(Namespaces().prefixes)


def create_model(
    directory: Path, *, name: str | None = None, namespace: str | None = None, prefix: str | None = None
) -> tuple[Path, ...]:
    """Write a new model directory; nothing that is there is touched.

    Args:
        directory: where to; it may exist, and hold other files.
        name: the model's name; by default the directory's.
        namespace: what the IRIs of its elements start with; by default made from the name, under ``.example``.
        prefix: prefix for that namespace; by default made from the name.

    Returns:
        The files written.

    Raises:
        CallError: a file that would be written is there already, or a value cannot be used.
        ReadError: a file cannot be written.

    """
    name = directory.resolve().name.replace("-", " ").replace("_", " ").title() if name is None else name
    if not name.strip() or len(name.splitlines()) != 1:
        raise CallError("--name must be one line of text that is not empty")
    slug = "-".join(re.findall(r"[a-z0-9]+", name.lower())) or "model"
    namespace = f"https://{slug}.example/id/" if namespace is None else namespace
    if not is_iri(namespace) or namespace[-1] not in "/#":
        raise CallError(f"--namespace must be an IRI that ends with / or #, not {namespace!r}")
    prefix = _prefix_of(slug) if prefix is None else prefix
    if not _PREFIX.fullmatch(prefix) or prefix in _TAKEN:
        raise CallError(f"--prefix must be a name like 'rc' that is not in use, not {prefix!r}")
    there = [file for file in FILES if (directory / file).exists()]
    if there or (directory.exists() and not directory.is_dir()):
        what = f"holds {', '.join(there)} already" if there else "is a file"
        raise CallError(f"{directory} {what}; nothing was written. Name another directory")
    values = {
        "@@NAME@@": name,
        "@@NAMESPACE@@": namespace,
        "@@PREFIX@@": prefix,
        "@@PACKAGE@@": PACKAGE,
        "@@REQUIREMENT@@": f"{PACKAGE}=={__version__}",
    }
    written = []
    for file, template in FILES.items():
        text = (_TEMPLATES / template).read_text(encoding="utf-8")
        for key, value in values.items():
            # TOML and Turtle quote alike; Markdown shows a name as it is.
            text = text.replace(key, value if file.endswith(".md") else json.dumps(value, ensure_ascii=False)[1:-1])
        if file.endswith(".ttl"):  # the formatter has prefixes in the order of their names
            head, blank, body = text.partition("\n\n")
            text = "\n".join(sorted(head.splitlines())) + blank + body
        written.append(_write(directory / file, text))
    return tuple(written)


def _prefix_of(slug: str) -> str:
    words = slug.split("-")
    short = "".join(word[0] for word in words) if len(words) > 1 else slug[:4]
    short = short if short[0].isalpha() else f"m{short}"
    return short if short not in _TAKEN else f"{short}x"


def _write(path: Path, text: str) -> Path:
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise ReadError(f"{path.parent}: cannot be made: {error.strerror or error}") from error
    with atomic_output(path) as file:
        file.write(text.encode("utf-8"))
    return path
