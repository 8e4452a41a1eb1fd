"""Bulk-load layouts: the files that a product's loader takes, and the command that loads them.

Each command is written from the product's own documentation, whose page is named in the README of the layout.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from qe_kg.errors import CallError
from qe_kg.export.description import WrittenFile

_SCRIPT = """#!/bin/sh
# {title}: {usage}
# {page}
set -eu
cd "$(dirname "$0")"
{commands}
"""
_README = """# {title}

{files} for {title}, {statements} statements in all. They are described in `dataset.ttl`, which is not loaded.

    sh load.sh {arguments}

{notes}

Documentation: <{page}>
"""


@dataclass(frozen=True)
class Layout:
    """What a product's loader wants.

    Attributes:
        product: the name by which a call asks for it.
        title: the product and its loader.
        page: the documentation that the command is written from.
        arguments: what load.sh has to be told.
        commands: the commands, given the names of the files.
        notes: what to know before.
        forms: the formats that it takes, the first of which is the default.
        split: how files are split unless a call says otherwise.
        compressions: the compressions that it reads.
        more: further files, given the folder and the files that hold statements: name → content.

    """

    product: str
    title: str
    page: str
    arguments: str
    commands: Callable[[Sequence[str]], str]
    notes: str
    forms: tuple[str, ...] = ("nq",)
    split: str | None = None
    compressions: tuple[str, ...] = ()
    more: Callable[[Path, Sequence[WrittenFile]], dict[str, str]] = lambda _folder, _files: {}

    def check(self, form: str, split: str | None, compression: str | None) -> None:
        """Refuse what the loader does not take.

        Raises:
            CallError: it does not.

        """
        if form not in self.forms:
            raise CallError(f"the layout for {self.product} is {' or '.join(self.forms)}, not {form}")
        if self.split is not None and split != self.split:
            raise CallError(f"the layout for {self.product} is split by {self.split}")
        if compression is not None and compression not in self.compressions:
            takes = f"compressed by {' or '.join(self.compressions)} only" if self.compressions else "uncompressed"
            raise CallError(f"{self.product} loads files {takes}; leave out --compress {compression}")

    def write(self, inside: Path, folder: Path, files: Sequence[WrittenFile]) -> None:
        """Write the commands, what they need, and how to use them.

        Args:
            inside: where to write.
            folder: where it will be.
            files: the files with statements.

        """
        commands, usage = self.commands([file.name for file in files]), f"sh load.sh {self.arguments}"
        script = _SCRIPT.format(title=self.title, usage=usage, page=self.page, commands=commands)
        (inside / "load.sh").write_text(script, encoding="utf-8")
        (inside / "load.sh").chmod(0o755)
        count = sum(file.content.statements for file in files)
        listed = f"{len(files)} files" if len(files) > 1 else f"`{files[0].name}`" if files else "No file"
        text = _README.format(
            title=self.title, files=listed, statements=f"{count:,}", arguments=self.arguments, notes=self.notes,
            page=self.page,
        )  # fmt: skip
        (inside / "README.md").write_text(text, encoding="utf-8")
        for name, content in self.more(folder, files).items():
            (inside / name).write_text(content, encoding="utf-8")


def _at_once(command: str) -> Callable[[Sequence[str]], str]:
    return lambda names: f"{command} {' '.join(names)}"


def _one_by_one(command: str) -> Callable[[Sequence[str]], str]:
    return lambda names: "\n".join(command.format(name) for name in names)


def _virtuoso_files(folder: Path, files: Sequence[WrittenFile]) -> dict[str, str]:
    """Name the graph of each file in a file beside it, as the bulk loader reads it, and say what to load."""
    graphs = {f"{file.name}.graph": f"{graph}\n" for file in files for graph in file.content.graphs}
    place = str(folder.resolve()).replace("'", "''")
    listed = f"ld_dir ('{place}', '*.nt', 'urn:qe-kg:no-graph-file');"
    return {**graphs, "load.sql": f"{listed}\nrdf_loader_run ();\ncheckpoint;\n"}


def _neptune_files(_folder: Path, _files: Sequence[WrittenFile]) -> dict[str, str]:
    request = {
        "source": "s3://BUCKET/PREFIX/",
        "format": "nquads",
        "iamRoleArn": "arn:aws:iam::ACCOUNT:role/ROLE",
        "region": "REGION",
        "mode": "NEW",
        "failOnError": "TRUE",
        "parallelism": "MEDIUM",
        "queueRequest": "TRUE",
    }
    return {"load.json": json.dumps(request, indent=2) + "\n"}


_NEPTUNE = """aws s3 cp . "$2" --recursive --exclude '*' --include '*.nq' --include '*.nq.gz'
curl --fail-with-body -X POST -H 'Content-Type: application/json' --data @load.json "https://$1:8182/loader\""""

LAYOUTS = {
    one.product: one
    for one in (
        Layout(
            "fuseki", "Apache Jena Fuseki (TDB2)", "https://jena.apache.org/documentation/tdb2/tdb2_cmds.html",
            "DATABASE", _at_once('tdb2.tdbloader --loc "$1"'),
            "DATABASE is the folder of the TDB2 database. No server may have it open meanwhile: stop Fuseki first, or "
            "load a new folder and switch to it.",
            compressions=("gzip",),
        ),
        Layout(
            "rdf4j", "Eclipse RDF4J Server", "https://rdf4j.org/documentation/reference/rest-api/",
            "REPOSITORY",
            _one_by_one(
                "curl --fail-with-body -X POST -H 'Content-Type: application/n-quads' -T {} \"$1/statements\""
            ),
            "REPOSITORY is the repository's address, such as http://localhost:8080/rdf4j-server/repositories/model. "
            "Each file is a transaction of its own.",
        ),
        Layout(
            "graphdb", "GraphDB (importrdf)", "https://graphdb.ontotext.com/documentation/10.8/loading-data-using-importrdf.html",
            "CONFIG", _at_once('importrdf preload --force -c "$1"'),
            "CONFIG is the repository's configuration in Turtle. A preload needs a repository that no server has open, "
            "and with --force replaces what it holds.",
            compressions=("gzip",),
        ),
        Layout(
            "virtuoso", "Virtuoso (bulk loader)", "https://vos.openlinksw.com/owiki/wiki/VOS/VirtBulkRDFLoader",
            "PORT USER PASSWORD", lambda _names: 'isql-v "$1" "$2" "$3" load.sql',
            "The folder has to be readable by the server and among DirsAllowed in virtuoso.ini; load.sql names it by "
            "its path, which changes where you move it. The file NAME.nt.graph holds the graph of NAME.nt. Some "
            "systems call isql-v isql-vt or isql. Check select * from DB.DBA.load_list where ll_error is not null.",
            forms=("nt",), split="graph", more=_virtuoso_files,
        ),
        Layout(
            "oxigraph", "Oxigraph", "https://github.com/oxigraph/oxigraph/tree/main/cli",
            "DATABASE", _at_once('oxigraph load --location "$1" --file'),
            "DATABASE is the folder of the database, which no server may have open for writing meanwhile.",
        ),
        Layout(
            "stardog", "Stardog", "https://docs.stardog.com/operating-stardog/database-administration/adding-data",
            "DATABASE", _at_once('stardog data add "$1"'),
            "DATABASE is the database's name. A new one is filled faster while it is made: stardog-admin db create -n "
            "DATABASE followed by the files.",
            compressions=("gzip",),
        ),
        Layout(
            "neptune", "Amazon Neptune (bulk loader)",
            "https://docs.aws.amazon.com/neptune/latest/userguide/load-api-reference-load.html",
            "ENDPOINT S3-ADDRESS", lambda _names: _NEPTUNE,
            "Fill in bucket, role and region in load.json first; its source is the S3-ADDRESS (s3://BUCKET/PREFIX/) in "
            "the cluster's own region. The call only starts the load: ask https://ENDPOINT:8182/loader/ID how it goes. "
            "Where the cluster wants signed requests, send load.json with awscurl or the AWS CLI.",
            compressions=("gzip",), more=_neptune_files,
        ),
    )
}  # fmt: skip
