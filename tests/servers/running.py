"""Starts, kills and stops SPARQL servers for tests, each on a free loopback port and in a folder of its own."""

from __future__ import annotations

import http.client
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.parse
import urllib.request
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from tests.servers.installation import FUSEKI, JAVA, JETTY, RDF4J, missing

#: How long a server may take until it answers, in seconds; two cores may have much else to do.
PATIENCE = 120
_JAVA = ("java", "-Xmx768m", "-XX:+UseSerialGC", "-XX:TieredStopAtLevel=1", "-Xshare:auto")
#: Becomes the server, and leaves somebody behind who waits for the end of a pipe that this process holds: however this
#: process ends, nothing then writes to the pipe, and all that was started here is killed. (What Linux offers for it,
#: PR_SET_PDEATHSIG, goes by the thread that started the server, and some are started by threads that end.)
_DIES_WITH_US = 'exec 3<&0; (cat <&3 >/dev/null; kill -KILL 0) & exec "$@" 3<&- </dev/null'


def free_port() -> int:
    """Return a loopback port that nobody listens on."""
    with socket.socket() as one:
        one.bind(("127.0.0.1", 0))
        port: int = one.getsockname()[1]
        return port


@dataclass
class Server:
    """A server of one product, with its endpoints; `start` it before use and `stop` it after.

    Attributes:
        product: its name, as profiles have it.
        folder: where it keeps its data; it is there again after `kill` and `start`.
        command: makes the command line from the port.
        paths: the paths of the query, update and graph store endpoints.
        prepare: makes a started server ready, where it starts without anything.
        user, password: who may write, where the product asks.

    """

    product: str
    folder: Path
    command: Callable[[int], list[str]]
    paths: tuple[str, str, str]
    ping: str
    prepare: Callable[[Server], None] | None = None
    user: str | None = None
    password: str | None = None
    environment: Mapping[str, str] = field(default_factory=dict)
    port: int = 0
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        """The server's address without a path."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def base(self) -> str:
        """What the endpoints' addresses begin with, as a profile has it after the product's name."""
        return self.url + self.paths[1].removesuffix("/update").removesuffix("/statements").removesuffix("/sparql-auth")

    @property
    def query_url(self) -> str:
        return self.url + self.paths[0]

    @property
    def update_url(self) -> str:
        return self.url + self.paths[1]

    @property
    def graph_store_url(self) -> str:
        return self.url + self.paths[2]

    def start(self) -> Server:
        """Start the server, on the port that it had if it ran before, and wait until it answers."""
        self.folder.mkdir(parents=True, exist_ok=True)
        self.port = self.port or free_port()
        log = (self.folder / "server.log").open("ab")
        self.process = subprocess.Popen(
            ["/bin/sh", "-c", _DIES_WITH_US, "sh", *self.command(self.port)], cwd=self.folder, stdout=log, stderr=log,
            stdin=subprocess.PIPE, env={**os.environ, **self.environment}, start_new_session=True,
        )  # fmt: skip
        log.close()
        deadline = time.monotonic() + PATIENCE
        while not self._answers():
            if self.process.poll() is not None or time.monotonic() > deadline:
                text = (self.folder / "server.log").read_text(errors="replace")[-2000:]
                self.kill()
                raise RuntimeError(f"{self.product} does not answer on {self.url}:\n{text}")
            time.sleep(0.05)
        if self.prepare is not None:
            self.prepare(self)
        return self

    def _answers(self) -> bool:
        try:
            with urllib.request.urlopen(self.url + self.ping, timeout=5):
                return True
        except urllib.error.HTTPError as error:
            return error.code < 500
        except (OSError, http.client.HTTPException):
            return False

    def kill(self) -> None:
        """End the server at once, as a power cut would."""
        self._end(signal.SIGKILL)

    def stop(self) -> None:
        """Ask the server to end, and end it where it does not."""
        self._end(signal.SIGTERM)

    def _end(self, how: signal.Signals) -> None:
        if self.process is None:
            return
        if self.process.poll() is None:
            os.killpg(self.process.pid, how)
        try:
            self.process.wait(15)
        except subprocess.TimeoutExpired:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait(15)
        if self.process.stdin:
            self.process.stdin.close()
        self.process = None


def oxigraph(folder: Path) -> Server:
    """Return an Oxigraph server with a store on disk."""
    program = shutil.which("oxigraph", path=str(Path(sys.executable).parent)) or "oxigraph"

    def command(port: int) -> list[str]:
        return [program, "serve", "--location", str(folder / "store"), "--bind", f"127.0.0.1:{port}"]

    return Server("oxigraph", folder, command, ("/query", "/update", "/store"), "/query?query=ASK%7B%7D")


def fuseki(folder: Path, java: tuple[str, ...] = _JAVA) -> Server:
    """Return a Fuseki server with a TDB2 database on disk."""
    _must_be_installed()
    (folder / "tdb").mkdir(parents=True, exist_ok=True)

    def command(port: int) -> list[str]:
        return [*java, "-jar", str(JAVA / FUSEKI), "--localhost", "--port", str(port), "--update", "--ping",
                f"--loc={folder / 'tdb'}", "/kg"]  # fmt: skip

    return Server(
        "fuseki", folder, command, ("/kg/query", "/kg/update", "/kg/data"), "/kg/query?query=ASK%7B%7D",
        environment={"FUSEKI_BASE": str(folder / "base")},
    )  # fmt: skip


_NATIVE = """@prefix rep: <http://www.openrdf.org/config/repository#> .
@prefix sr: <http://www.openrdf.org/config/repository/sail#> .
@prefix sail: <http://www.openrdf.org/config/sail#> .
[] a rep:Repository ; rep:repositoryID "kg" ; rep:repositoryImpl [
  rep:repositoryType "openrdf:SailRepository" ; sr:sailImpl [ sail:sailType "openrdf:NativeStore" ] ] .
"""


def rdf4j(folder: Path) -> Server:
    """Return an RDF4J server with one repository, a native store on disk."""
    _must_be_installed()

    def command(port: int) -> list[str]:
        return [*_JAVA, f"-Dorg.eclipse.rdf4j.appdata.basedir={folder / 'data'}", f"-Djava.io.tmpdir={folder}", "-jar",
                str(JAVA / JETTY), "--host", "127.0.0.1", "--port", str(port), "--path", "/rdf4j-server",
                str(JAVA / RDF4J)]  # fmt: skip

    def make_repository(server: Server) -> None:
        request = urllib.request.Request(
            f"{server.url}/rdf4j-server/repositories/kg",
            _NATIVE.encode(),
            {"Content-Type": "text/turtle"},
            method="PUT",
        )
        try:
            with urllib.request.urlopen(request, timeout=60):
                pass
        except urllib.error.HTTPError as error:
            if error.code != 409:  # it is there from the last time
                raise

    base = "/rdf4j-server/repositories/kg"
    paths = (base, f"{base}/statements", f"{base}/rdf-graphs/service")
    return Server("rdf4j", folder, command, paths, "/rdf4j-server/protocol", make_repository)


_VIRTUOSO = """[Database]
DatabaseFile = {folder}/virtuoso.db
ErrorLogFile = {folder}/virtuoso.log
LockFile = {folder}/virtuoso.lck
TransactionFile = {folder}/virtuoso.trx
xa_persistent_file = {folder}/virtuoso.pxa
FileExtend = 200
[TempDatabase]
DatabaseFile = {folder}/virtuoso-temp.db
TransactionFile = {folder}/virtuoso-temp.trx
[Parameters]
ServerPort = 127.0.0.1:{sql}
DisableTcpSocket = 0
MaxClientConnections = 20
CheckpointInterval = 60
NumberOfBuffers = 10000
MaxDirtyBuffers = 6000
DirsAllowed = {folder}
[HTTPServer]
ServerPort = 127.0.0.1:{port}
ServerThreads = 20
ServerRoot = {folder}
MaxClientConnections = 20
[SPARQL]
ResultSetMaxRows = 10000
"""


def virtuoso(folder: Path) -> Server:
    """Return a Virtuoso server as Debian ships it; it keeps the administrator's first password, on loopback only."""
    _must_be_installed()
    sql = free_port()

    def command(port: int) -> list[str]:
        settings = folder / "virtuoso.ini"
        settings.write_text(_VIRTUOSO.format(folder=folder, sql=sql, port=port), encoding="utf-8")
        (folder / "virtuoso.lck").unlink(missing_ok=True)  # left by a kill
        return ["virtuoso-t", "+foreground", "+configfile", str(settings)]

    return Server(
        "virtuoso", folder, command, ("/sparql", "/sparql-auth", "/sparql-graph-crud-auth"),
        "/sparql?query=ASK%7B%3Fs%20%3Fp%20%3Fo%7D", user="dba", password="dba",
    )  # fmt: skip


#: By product name.
SERVERS: Mapping[str, Callable[[Path], Server]] = {
    "oxigraph": oxigraph, "fuseki": fuseki, "rdf4j": rdf4j, "virtuoso": virtuoso,
}  # fmt: skip
#: As values for a parametrised test: what is not from the package index runs with ``make test-servers``.
PRODUCTS = [
    pytest.param(
        name,
        marks=[
            pytest.mark.xdist_group(f"server {name}"),
            *([] if name == "oxigraph" else [pytest.mark.servers]),
        ],
    )
    for name in SERVERS
]


def _must_be_installed() -> None:
    if lacking := missing():
        pytest.fail(f"servers are missing ({', '.join(lacking)}); run `make servers`", pytrace=False)
