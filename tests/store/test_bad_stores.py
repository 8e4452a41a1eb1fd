"""Every bad profile and every bad answer, by every command: one clear line, exit code 3, nothing changed, no secret."""

from __future__ import annotations

import subprocess
import sys
from base64 import b64encode
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import Any
from urllib.parse import quote

import pytest
from click.testing import CliRunner

from qe_kg import ProfileError, QeKgError
from qe_kg.cli import qe_kg as command_line
from qe_kg.store.profiles import Profile
from qe_kg.store.remote import RemoteStore
from tests.servers.fake import JSON, Request, Response, fake_server, rows
from tests.servers.running import free_port

SECRET = 's3cret/w&rd="x"'
USER = "ada"
CERTIFICATES = Path(__file__).parent / "certificates"
#: Every way in which what signs in may be written.
WRITTEN = (
    SECRET, quote(SECRET, safe=""), quote(SECRET), SECRET.replace('"', '\\"'), SECRET.replace("&", "&amp;"),
    b64encode(f"{USER}:{SECRET}".encode()).decode(), b64encode(SECRET.encode()).decode(),
)  # fmt: skip
#: A command → its arguments; {store} and {out} stand for the store and a file that is there already.
COMMANDS: Mapping[str, tuple[str, ...]] = {
    "query": ("query", "ASK { ?s ?p ?o }", "--store", "{store}"),
    "impact": ("impact", "A-1", "--store", "{store}"),
    "rules": ("rules", "--store", "{store}"),
    "consent": ("consent", "--store", "{store}"),
    "whatif": ("whatif", "--move", "A-1=regulated", "--store", "{store}"),
    "validate": ("validate", "--store", "{store}"),
    "export": ("export", "--to", "nt", "-o", "{out}", "--store", "{store}"),
    "diff": ("diff", "{model}", "{store}"),
    "load": ("load", "{model}", "--store", "{store}"),
    "publish": ("publish", "--no-gate", "--store", "{store}"),
    "status": ("status", "--store", "{store}"),
    "rollback": ("rollback", "--store", "{store}"),
}
DATA = (
    "@prefix qe: <https://quantumenergy.example/ns/> . @prefix t: <https://test.example/id/> . t:a a qe:ValueStream ."
)


@pytest.fixture
def model(write_model: Callable[..., Path], monkeypatch: pytest.MonkeyPatch) -> Path:
    for name, value in (("USER", USER), ("PASSWORD", SECRET), ("RETRIES", "0")):
        monkeypatch.setenv(f"QE_KG_STORE_{name}", value)
    return write_model({"d.ttl": DATA}, {"data": ["d.ttl"], "ontology": [], "shapes": [], "queries": []})


def _refused(command: str, store: str, model: Path, code: int = 3) -> str:
    """Run a command that has to fail; return the one line that it says, in which nothing of what signs in is."""
    out = model / "out.nt"
    out.write_text("as it was", encoding="utf-8")
    places = {"store": store, "model": str(model), "out": str(out)}
    arguments = [places.get(one.strip("{}"), one) if one.startswith("{") else one for one in COMMANDS[command]]
    if command != "load":
        arguments += ["--model", str(model)]
    done = CliRunner().invoke(command_line, arguments)
    assert isinstance(done.exception, QeKgError), (command, done.exception, done.output)
    told = str(done.exception)
    assert done.exception.exit_code == code, (command, told)
    assert "\n" not in told and len(told) > 20 and not done.stdout, (command, told, done.stdout)
    assert not [one for one in WRITTEN if one in told + done.output], (command, told)
    assert out.read_text(encoding="utf-8") == "as it was"
    return told


# --- what a store answers ------------------------------------------------------------------------------------------


def _says(status: int, text: str = "", content_type: str = "text/plain", **headers: str) -> Response:
    more = {name.replace("_", "-"): value for name, value in headers.items()}
    return Response(text.encode(), status, {"Content-Type": content_type, **more})


_EVERYTHING = " ".join(WRITTEN)
#: What a store answers to everything → what has to be said.
ANSWERS: Mapping[str, tuple[Response | None, str]] = {
    "wrong password": (_says(401, _EVERYTHING, WWW_Authenticate='Basic realm="r"'), "name and password (401)"),
    "not allowed": (_says(403, f"{_EVERYTHING} may not"), "does not allow that (403): "),
    "wrong URL": (_says(404, "<html><title>Not here</title>"), "a web page with the title 'Not here'"),
    "a web page": (_says(200, f"<html><title>Hello {SECRET}</title>", "text/html"), "a web page with the title 'Hello"),
    "wrong content type": (_says(200, "<sparql/>", "application/sparql-results+xml"), "sparql-results+xml instead of"),
    "no content type": (Response(b"", 200, {}), "answers with something instead of"),
    "half an answer": (_says(200, '{"head":{"vars":["p"]},"results":{"bindings":[', JSON), "broke off in the middle"),
    "no SPARQL result": (_says(200, '{"error": "no"}', JSON), "no SPARQL result"),
    "another place": (
        _says(302, "", Location=f"https://{USER}:{WRITTEN[1]}@e.example/q?{SECRET}"),
        "moved to https://e.ex",
    ),
    "a failure": (_says(500, f'{{"request": "{_EVERYTHING}"}}', "application/json"), "answers 500"),
    "busy for ever": (_says(503, "later"), "answers 503 Service Unavailable: later"),
    "a broken connection": (None, "broke the connection"),
}


@pytest.mark.parametrize("answer", ANSWERS)
def test_a_bad_answer(answer: str, model: Path) -> None:
    response, words = ANSWERS[answer]
    with fake_server(lambda _: response) as (url, seen):
        for command in COMMANDS:
            seen.clear()
            assert words in _refused(command, f"fuseki+{url}/kg", model), command
            written = [
                one for one in seen if one.method in ("PUT", "POST", "DELETE") and not one.path.endswith("/query")
            ]
            assert len(written) <= 1, (command, written)  # the first that is refused is the last that is sent
            assert command == "load" or not written, command


def test_a_store_that_holds_nothing_of_the_model(model: Path) -> None:
    with fake_server(lambda _: rows()) as (url, _):
        for command in ("query", "impact", "validate", "export", "diff", "whatif"):
            assert "holds no graph of the model Test" in _refused(command, f"fuseki+{url}/kg", model)


# --- what a profile says -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("store", "words"),
    [
        (
            f"http://{USER}:{quote(SECRET, safe='')}@127.0.0.1:9/q",
            "leave user and password out of the URL of 127",
        ),
        (f"fuseki+http://{USER}:{quote(SECRET, safe='')}@127.0.0.1:9/q", "leave user and password out of the URL"),
        ("fusiki+http://127.0.0.1:9/q", "product must be one of"),
        ("http://127.0.0.1:port/q", "that is no URL"),
        ("http:///q", "that is no URL"),
        ("ftp://127.0.0.1/q", "ftp:// is no scheme of a store"),
        ("fuseki+http://nowhere.invalid/q", "there is no host of the name in nowhere.invalid"),
        (f"fuseki+http://127.0.0.1:NOBODY/q?key={quote(SECRET, safe='')}", "nothing answers at 127.0.0.1"),
        ("prod", "a name or a secret to sign in with does not belong in a file"),
        ("strange", "has an unknown key 'pasword'"),
        ("untrusted", "ca: there is no file"),
        ("open", "needs the token: set the environment variable QE_KG_STORE_OPEN_TOKEN"),
    ],
)
def test_a_bad_profile(store: str, words: str, model: Path) -> None:
    store = store.replace("NOBODY", str(free_port()))
    tables: dict[str, dict[str, str]] = {
        "prod": {"query": "http://127.0.0.1:9/q", "password": SECRET},
        "strange": {"query": "http://127.0.0.1:9/q", "pasword": SECRET},
        "untrusted": {"query": "http://127.0.0.1:9/q", "ca": "none.pem"},
        "open": {"query": "http://127.0.0.1:9/q", "auth": "bearer"},
    }
    with (model / "qe-kg.toml").open("a", encoding="utf-8") as file:
        for name, table in tables.items():
            file.write(f"\n[stores.{name}]\n" + "".join(f"{key} = '{value}'\n" for key, value in table.items()))
    for command in COMMANDS:
        if command == "diff" and store.startswith("ftp"):
            continue  # a side that is no URL may be a branch of git
        assert words in _refused(command, store, model), command


@pytest.mark.parametrize(
    ("variable", "value", "words"),
    [
        ("TIMEOUT", "soon", "QE_KG_STORE_TIMEOUT must be a number"),
        ("VERIFY", "perhaps", "QE_KG_STORE_VERIFY must be true or false"),
        ("AUTH", "magic", "auth must be one of"),
        ("CA", "/nowhere.pem", "there is no file /nowhere.pem"),
        ("UPDATE", f"http://{USER}:{quote(SECRET, safe='')}@h/u", "leave user and password out of the URL of h"),
        ("PASSWORD", f"{SECRET}\n", "QE_KG_STORE_PASSWORD holds a line break"),
        ("PASSWORD", "", "needs the password"),
        ("USER", "a:b", "QE_KG_STORE_USER holds a colon"),
        ("TOKEN", f"{SECRET}\n", "QE_KG_STORE_TOKEN holds a line break"),
        ("TOKEN", f"{SECRET} {SECRET}", "QE_KG_STORE_TOKEN holds a space"),
        ("TOKEN", f"{SECRET}ключ", "letters that are not ASCII"),
    ],
)
def test_a_bad_environment(variable: str, value: str, words: str, model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(f"QE_KG_STORE_{variable}", value)
    for command in ("query", "export", "load", "publish"):
        assert words in _refused(command, "fuseki+http://127.0.0.1:9/kg", model)


def test_the_program_says_it_in_one_line(model: Path) -> None:
    """The whole program, with an option that it does not have as well: the line is all, and no traceback."""
    call = [sys.executable, "-m", "qe_kg", "export", "--model", str(model), "--store"]
    with fake_server(lambda _: ANSWERS["a failure"][0]) as (url, _):
        done = subprocess.run([*call, f"fuseki+{url}/kg"], capture_output=True, text=True, timeout=60, check=False)
        assert (done.returncode, done.stdout, len(done.stderr.splitlines())) == (3, "", 1), done.stderr
        verbose = CliRunner().invoke(command_line, [*call[3:], f"fuseki+{url}/kg", "--verbose"])
    assert verbose.exit_code == 2
    for told in (done.stderr, verbose.output):
        assert not [one for one in WRITTEN if one in told], told


# --- TLS -----------------------------------------------------------------------------------------------------------


@pytest.fixture
def secure() -> Iterator[str]:
    with fake_server(lambda _: rows("1"), CERTIFICATES / "server.pem") as (url, _):
        yield url


@pytest.mark.parametrize("trust", [{"ca": CERTIFICATES / "ca.pem"}, {"verify": False}])
def test_an_own_authority_is_trusted(secure: str, trust: dict[str, Any]) -> None:
    assert RemoteStore(Profile("here", f"{secure}/q", **trust)).select("SELECT ?x { ?x ?p ?o }").rows


def test_what_nobody_vouches_for_is_not_trusted(secure: str, model: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for command in ("query", "load", "export"):
        assert "a certificate that is not trusted" in _refused(command, f"fuseki+{secure}", model)
    other = secure.replace("127.0.0.1", "localhost")  # the certificate is for the address, not for the name
    monkeypatch.setenv("QE_KG_STORE_CA", str(CERTIFICATES / "ca.pem"))
    assert "a certificate that is not trusted" in _refused("query", f"fuseki+{other}", model)
    monkeypatch.setenv("QE_KG_STORE_CA", str(model / "qe-kg.toml"))
    assert "no certificate" in _refused("query", f"fuseki+{secure}", model)


def test_nothing_is_said_twice() -> None:
    """A password that another one holds, or that is in the name of a header, is hidden as well."""

    def answer(request: Request) -> Response:
        return _says(500, str(dict(request.headers)))

    with fake_server(answer) as (url, _):
        for auth, secret in (("basic", "Basic"), ("bearer", "Bearer-x"), ("basic", "päss/wörd")):
            profile = Profile("here", f"{url}/q?key=hidden-key", auth=auth, user="u", secret=secret)  # type: ignore[arg-type]
            with pytest.raises(QeKgError) as caught:
                RemoteStore(profile).ask("ASK {}")
            pair = b64encode(f"u:{secret}".encode()).decode()
            assert secret not in str(caught.value) and pair not in str(caught.value)
            assert "hidden-key" not in str(caught.value) and not isinstance(caught.value, ProfileError)
