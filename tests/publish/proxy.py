"""A proxy between a publisher and a server that does to one request, or to all from one on, what networks do."""

from __future__ import annotations

import contextlib
import http.client
import socket
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from urllib.parse import urlsplit

from tests.servers.listening import Handler, listening
from tests.servers.running import Server

#: What happens to a request; each stands for itself in the name of a fault point.
KINDS = (
    "cut before",  # the connection closes before the server has heard anything
    "cut after",  # the server does what it was asked, nobody hears of it
    "cut in request",  # the server gets half a body
    "cut in answer",  # the publisher gets half an answer of the announced length
    "short answer",  # half an answer that announces its own length: a truncated 200
    "500 once", "503 once", "409 once", "500 always", "503 always", "409 always",
    "full",  # from here on nothing more can be stored
    "cut at work",  # the connection closes while the server does what it was asked
    "slow",  # the publisher has given up when the server is asked
    "kill publisher before", "kill publisher after", "kill server before", "kill server after",
)  # fmt: skip


@dataclass
class Proxy:
    """Counts requests and spoils those that it is told to.

    Attributes:
        server: where requests go.
        kind: what to do, one of `KINDS`; "" passes everything.
        at: the number of the request that it is done to, counted from 0.
        kill: ends the publisher; called from the proxy's thread.
        delay: how long "slow" waits, in seconds.
        requests: method and path of what came in.
        restart: held while the server is killed and started again.
        late: threads that still ask the server although nobody waits for the answer.

    """

    server: Server
    kind: str = ""
    at: int = -1
    kill: Callable[[], None] = lambda: None
    delay: float = 0.5
    port: int = 0
    requests: list[str] = field(default_factory=list)
    restart: threading.Lock = field(default_factory=threading.Lock)
    late: list[threading.Thread] = field(default_factory=list)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    @property
    def base(self) -> str:
        """What to use as the server's base URL."""
        return self.server.base.replace(f":{self.server.port}", f":{self.port}", 1)

    def number(self, method: str, path: str) -> int:
        """Count a request."""
        with self._lock:
            self.requests.append(f"{method} {path.partition('?')[0]}")
            return len(self.requests) - 1

    def status_for(self, number: int, method: str) -> int | None:
        """Return the status to answer a request with in place of the server's, if any."""
        status, _, how = self.kind.partition(" ")
        if status.isdigit() and (number == self.at or (how == "always" and number >= self.at)):
            return int(status)
        return 507 if self.kind == "full" and number >= self.at and method != "GET" else None


@contextmanager
def proxied(proxy: Proxy) -> Iterator[Proxy]:
    """Start a proxy on a free port."""

    class Spoiling(Handler):
        def handle_any(self) -> None:
            body = self.body()
            # A query asks for nothing to be stored: it is spoiled too, but never answered with "full".
            method = "GET" if self.command == "POST" and body.startswith(b"query=") else self.command
            number = proxy.number(method, self.path)
            status = proxy.status_for(number, method)
            if status is not None:
                _answer(self, status, b"spoiled", {"Content-Type": "text/plain"})
            elif number != proxy.at or proxy.kind in ("", "full") or proxy.kind[0].isdigit():
                _answer(self, *_forward(proxy.server, self, body))
            else:
                self.spoil(proxy.kind, body)

        def spoil(self, kind: str, body: bytes) -> None:
            self.close_connection = True
            if kind == "cut before":
                return
            if kind == "cut in request":
                _send_half(proxy.server, self, body)
                return
            if kind in ("slow", "cut at work"):
                time.sleep(proxy.delay if kind == "slow" else 0)
                late = threading.Thread(target=lambda: _forward_late(proxy.server, self, body))
                late.start()
                proxy.late.append(late)
                return
            if kind.endswith("before"):
                _kill(proxy, kind)
                return
            status, content, headers = _forward(proxy.server, self, body)
            if kind.endswith("after"):
                if kind != "cut after":
                    _kill(proxy, kind)
                return
            half = content[: len(content) // 2]
            whole = half[: half.rfind(b"\n") + 1] or half
            if kind == "short answer":
                _answer(self, status, whole, headers)
            else:
                _answer(self, status, content, headers, sent=len(half))

    with listening(Spoiling) as proxy.port:
        yield proxy


def _kill(proxy: Proxy, kind: str) -> None:
    if "server" in kind:
        with proxy.restart:
            proxy.server.kill()
            proxy.server.start()
    else:
        proxy.kill()


def _headers(handler: Handler) -> dict[str, str]:
    left_out = ("transfer-encoding", "content-length", "connection", "host", "accept-encoding")
    return {name: value for name, value in handler.headers.items() if name.lower() not in left_out}


def _forward(server: Server, handler: Handler, body: bytes) -> tuple[int, bytes, dict[str, str]]:
    connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=60)
    try:
        connection.request(handler.command, handler.path, body, _headers(handler))
        answer = connection.getresponse()
        content = answer.read()
        kept = ("content-type", "www-authenticate", "location", "x-sparql-maxrows")
        return answer.status, content, {name: it for name, it in answer.getheaders() if name.lower() in kept}
    finally:
        connection.close()


def _forward_late(server: Server, handler: Handler, body: bytes) -> None:
    with contextlib.suppress(OSError, http.client.HTTPException):
        _forward(server, handler, body)


def _send_half(server: Server, handler: Handler, body: bytes) -> None:
    """Send a request that says how long it is and ends before."""
    head = f"{handler.command} {handler.path} HTTP/1.1\r\nHost: {urlsplit(server.url).netloc}\r\n"
    lines = "".join(f"{name}: {value}\r\n" for name, value in _headers(handler).items())
    with socket.create_connection(("127.0.0.1", server.port), timeout=10) as to_server:
        text = f"{head}{lines}Content-Length: {len(body)}\r\n\r\n".encode()
        to_server.sendall(text + body[: len(body) // 2])


def _answer(
    handler: Handler, status: int, content: bytes, headers: dict[str, str],
    sent: int | None = None,
) -> None:  # fmt: skip
    handler.send_response(status)
    for name, value in headers.items():
        handler.send_header(name, value)
    if status != 204:
        handler.send_header("Content-Length", str(len(content)))
    handler.end_headers()
    handler.wfile.write(content if sent is None else content[:sent])
