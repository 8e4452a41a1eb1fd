"""A server that answers as a test wants it to, also wrongly."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import parse_qs

from tests.servers.listening import Handler, listening

JSON = "application/sparql-results+json"


@dataclass(frozen=True)
class Request:
    """What came in."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def query(self) -> str:
        """The query of a form."""
        return parse_qs(self.body.decode())["query"][0]


@dataclass(frozen=True)
class Response:
    """What goes out; ``cut`` sends that many bytes less than announced and closes the connection."""

    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=lambda: {"Content-Type": JSON})
    cut: int = 0


def rows(*values: str, **headers: str) -> Response:
    """Answer with a column ?x of plain literals."""
    bindings = [{"x": {"type": "literal", "value": one}} for one in values]
    body = json.dumps({"head": {"vars": ["x"]}, "results": {"bindings": bindings}}).encode()
    return Response(
        body, headers={"Content-Type": JSON, **{name.replace("_", "-"): it for name, it in headers.items()}}
    )


@contextmanager
def fake_server(
    answer: Callable[[Request], Response | None], certificate: Path | None = None
) -> Iterator[tuple[str, list[Request]]]:
    """Start a server; yield its base URL and the requests that come in. None as an answer breaks the connection.

    With a certificate it speaks TLS.
    """
    seen: list[Request] = []

    class Answering(Handler):
        def handle_any(self) -> None:
            request = Request(self.command, self.path, dict(self.headers.items()), self.body())
            seen.append(request)
            response = answer(request)
            if response is None:
                self.close_connection = True
                return
            self.send_response(response.status)
            for name, value in response.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(response.body)))
            self.end_headers()
            self.wfile.write(response.body[: len(response.body) - response.cut])
            self.close_connection = bool(response.cut)

    with listening(Answering, certificate) as port:
        yield f"{'http' if certificate is None else 'https'}://127.0.0.1:{port}", seen
