"""Connection profiles: what they may say, what overrides it, and that no secret gets out."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable
from dataclasses import Field, fields
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import pyoxigraph as ox
import pytest
from click.testing import CliRunner

from qe_kg import CallError, ManifestError, ProfileError, QeKgError, StoreError, open_model
from qe_kg.cli import qe_kg as command_line
from qe_kg.opening import find_store
from qe_kg.store.digest import Challenge
from qe_kg.store.profiles import Profile, profile_of_url, read_profile
from qe_kg.store.quirks import PRODUCTS, Quirks
from qe_kg.store.remote import RemoteStore
from tests.servers.fake import Request, Response, fake_server, rows

SECRET = "s3cret-w0rd"
TOML = Path("/there/qe-kg.toml")


def _read(table: Any, **environment: str) -> Profile:
    return read_profile("prod", {"prod": table}, TOML, environment)


@pytest.mark.parametrize(
    ("product", "base", "urls"),
    [
        ("oxigraph", "http://h:1", ("http://h:1/query", "http://h:1/update", "http://h:1/store")),
        ("fuseki", "http://h/ds/", ("http://h/ds/query", "http://h/ds/update", "http://h/ds/data")),
        ("rdf4j", "http://h/r", ("http://h/r", "http://h/r/statements", "http://h/r/rdf-graphs/service")),
        ("graphdb", "http://h/r", ("http://h/r", "http://h/r/statements", "http://h/r/rdf-graphs/service")),
        ("virtuoso", "http://h", ("http://h/sparql", "http://h/sparql-auth", "http://h/sparql-graph-crud-auth")),
        ("stardog", "http://h/db", ("http://h/db/query", "http://h/db/update", "http://h/db")),
        ("neptune", "https://h", ("https://h/sparql", "https://h/sparql", "https://h/sparql/gsp/")),
        ("generic", "http://h/q", ("http://h/q", "", "")),
    ],
)
def test_each_product_has_its_urls(product: str, base: str, urls: tuple[str, str, str]) -> None:
    found = _read({"product": product, "base": base})
    assert (found.query, found.update, found.graph_store) == urls
    assert profile_of_url(f"{product}+{base}", {}).query == urls[0]
    assert product in PRODUCTS and found.quirks is PRODUCTS[product]


def test_the_environment_overrides_and_has_the_secrets() -> None:
    table = {"query": "http://a/q", "user-env": "KG_USER", "timeout": 5, "verify": False}
    found = _read(table, KG_USER="me", QE_KG_STORE_PROD_PASSWORD=SECRET, QE_KG_STORE_PROD_QUERY="http://b/q",
                  QE_KG_STORE_PROD_TIMEOUT="7.5", QE_KG_STORE_PROD_VERIFY="true")  # fmt: skip
    assert (found.query, found.timeout, found.verify, found.auth) == ("http://b/q", 7.5, True, "basic")
    assert (found.user, found.secret) == ("me", SECRET)
    assert SECRET not in repr(found) and "me" not in repr(found).replace("timeout", "").replace("name", "")
    assert _read({"query": "http://a/q"}, QE_KG_STORE_PROD_TOKEN=SECRET).auth == "bearer"
    assert profile_of_url("virtuoso+http://h", {"QE_KG_STORE_USER": "u", "QE_KG_STORE_PASSWORD": "p"}).auth == "digest"
    assert _read({"query": "http://a/q"}).auth == "none"


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ({"query": "http://a/q", "password": SECRET}, "does not belong in a file"),
        ({"query": "http://a/q", "token": SECRET}, "does not belong in a file"),
        ({"query": f"http://me:{SECRET}@a/q"}, "leave user and password out of the URL of a"),
        ({"query": f"ftp://{SECRET}"}, "no URL that begins with http"),
        ({"query": "http://"}, "no URL that begins with http"),
        ({"query": "http://h:port/"}, "no URL that begins with http"),
        (
            {"query": "http://a/q", "auth": "basic"},
            "needs the user: set the environment variable QE_KG_STORE_PROD_USER",
        ),
        ({"query": "http://a/q", "auth": "bearer", "token-env": "T"}, "needs the token: set the .* variable T"),
        ({"query": "http://a/q", "auth": "magic"}, "auth must be one of none, basic"),
        ({"query": "http://a/q", "auth": "aws"}, "needs region"),
        ({"query": "http://a/q", "product": "fusiki"}, "product must be one of .*fuseki"),
        ({"query": "http://a/q", "graph_store": "x"}, "unknown key 'graph_store'; known are .*graph-store"),
        ({"query": "http://a/q", "timeout": "long"}, "timeout must be a number"),
        ({"query": "http://a/q", "timeout": 0}, "timeout must be a number"),
        ({"query": "http://a/q", "retries": 1.5}, "retries must be a whole number"),
        ({"query": "http://a/q", "verify": "no"}, "verify must be true or false"),
        ({"query": "http://a/q", "ca": "none.pem"}, "there is no file /there/none.pem"),
        ({"product": "fuseki"}, "needs the URL of the endpoint"),
        ("http://a/q", "must be a table"),
    ],
    ids=str,
)
def test_a_wrong_profile_is_one_line_without_a_secret(table: Any, words: str) -> None:
    with pytest.raises(ManifestError, match=words) as caught:
        _read(table)
    assert caught.value.exit_code == 3 and "\n" not in str(caught.value) and SECRET not in str(caught.value)
    assert "/there/qe-kg.toml: [stores.prod]" in str(caught.value)


def test_profiles_are_found_by_name(write_model: Callable[..., Path], tmp_path: Path) -> None:
    model = write_model({"d.ttl": ""}, more='[stores.prod]\nquery = "http://a/q"\n[stores.test]\nquery = "http://b/q"')
    found = find_store("test", model)
    assert isinstance(found, Profile) and found.query == "http://b/q"
    with pytest.raises(CallError, match=r"no store 'tset' in .*; there is test"):
        find_store("tset", model)
    assert find_store(str(tmp_path / "kg.db"), model) == tmp_path / "kg.db"
    with pytest.raises(ProfileError, match="ftp:// is no scheme of a store"):
        find_store("ftp://x", model)
    with pytest.raises(ProfileError, match="leave user and password out") as caught:
        find_store(f"http://u:{SECRET}@h/q", model)
    assert SECRET not in str(caught.value)


# --- signing in ----------------------------------------------------------------------------------------------------


def test_digest_is_that_of_the_specification() -> None:
    """The example of RFC 2617, section 3.5, and for SHA-256 the formula of RFC 7616 written out."""
    header = (
        'Digest realm="testrealm@host.com", qop="auth,auth-int", nonce="dcd98b7102dd2f0e8b11d0f600bfb0c093", '
        'opaque="5ccc069c403ebaf9f0171e9517f40e41"'
    )
    challenge = Challenge.read(header)
    assert challenge is not None
    answer = challenge.answer("GET", "/dir/index.html", "Mufasa", "Circle Of Life", "0a4f113b")
    assert 'response="6629fae49393a05397450978507c4ef1"' in answer and "nc=00000001" in answer
    assert 'opaque="5ccc069c403ebaf9f0171e9517f40e41"' in answer and 'uri="/dir/index.html"' in answer

    def sha(text: str) -> str:
        return hashlib.sha256(text.encode()).hexdigest()

    newer = Challenge.read('Basic realm="b", Digest realm="r", nonce="n", qop="auth", algorithm=SHA-256')
    assert newer is not None
    expected = sha(f"{sha('u:r:p')}:n:00000001:c:auth:{sha('PUT:/g?graph=x')}")
    assert f'response="{expected}"' in newer.answer("PUT", "/g?graph=x", "u", "p", "c")
    assert Challenge.read('Basic realm="x"') is None and Challenge.read('Digest nonce="n", algorithm=NEW') is None


def _signed_in(auth: str) -> Callable[[Request], Response]:
    """Answer who signs in as u with the password that it is; Digest is worked out anew here."""

    def md5(text: str) -> str:
        return hashlib.md5(text.encode()).hexdigest()

    def answer(request: Request) -> Response:
        given = request.headers.get("Authorization", "")
        if auth == "digest":
            parts = dict(one.split("=", 1) for one in given.removeprefix("Digest ").split(", ") if "=" in one)
            nc, cnonce = parts.get("nc", ""), parts.get("cnonce", "").strip('"')
            first, last = md5(f"u:r:{SECRET}"), md5(f"{request.method}:{request.path}")
            fits = parts.get("response") == f'"{md5(f"{first}:N:{nc}:{cnonce}:auth:{last}")}"'
        else:
            fits = given == {"basic": "Basic dTpzM2NyZXQtdzByZA==", "bearer": f"Bearer {SECRET}"}[auth]
        offered = {"digest": 'Digest realm="r", nonce="N", qop="auth"', "basic": 'Basic realm="r"', "bearer": "Bearer"}
        return rows("1") if fits else Response(b"", 401, {"WWW-Authenticate": offered[auth]})

    return answer


@pytest.mark.parametrize("auth", ["basic", "digest", "bearer"])
def test_signing_in(auth: Any) -> None:
    with fake_server(_signed_in(auth)) as (url, seen):
        store = RemoteStore(Profile("here", f"{url}/q", "", f"{url}/g", auth=auth, user="u", secret=SECRET))
        for _ in range(2):
            assert store.select("SELECT ?x { ?x ?p ?o }").rows
        store.put_graph("http://e/g", lambda: iter([b"<http://e/s> <http://e/p> <http://e/o> .\n"]))
        assert sum(bool(one.body) and one.method == "PUT" for one in seen) == 1  # a long body is sent once
        wrong = RemoteStore(Profile("here", f"{url}/q", auth=auth, user="u", secret="wr0ng-w0rd"))
        with pytest.raises(StoreError, match=r"does not accept .* \(401\); it takes") as caught:
            wrong.select("SELECT ?x { ?x ?p ?o }")
        assert "wr0ng" not in str(caught.value)


def test_a_password_goes_to_no_other_host_and_into_no_message() -> None:
    with fake_server(lambda _: rows()) as (other, seen):
        moved = Response(b"", 307, {"Location": f"{other}/q?key={SECRET}"})
        for response in (moved, Response(f"you said {SECRET}".encode(), 500)):
            with fake_server(lambda _, response=response: response) as (url, _):  # type: ignore[misc]
                store = RemoteStore(Profile("here", f"{url}/q", auth="bearer", secret=SECRET))
                with pytest.raises(StoreError) as caught:
                    store.ask("ASK {}")
                assert SECRET not in str(caught.value)
        assert not seen


def test_amazon_signs_as_its_own_library_is_known_to(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "AKIDEXAMPLE")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET)
    with fake_server(lambda _: rows("1")) as (url, seen):
        profile = Profile("here", f"{url}/sparql", product="neptune", auth="aws", region="eu-central-1")
        assert RemoteStore(profile).select("SELECT ?x { ?x ?p ?o }").rows
    (request,) = seen
    scope = f"AKIDEXAMPLE/{request.headers['X-Amz-Date'][:8]}/eu-central-1/neptune-db/aws4_request"
    assert request.headers["Authorization"].startswith(f"AWS4-HMAC-SHA256 Credential={scope}, SignedHeaders=")
    assert _signature(request, "eu-central-1") == request.headers["Authorization"].rpartition("Signature=")[2]


def _signature(request: Request, region: str) -> str:
    """Work out Signature Version 4 by its specification."""
    import hmac

    def keyed(key: bytes, text: str) -> bytes:
        return hmac.new(key, text.encode(), hashlib.sha256).digest()

    names = request.headers["Authorization"].partition("SignedHeaders=")[2].partition(",")[0]
    lower = {name.lower(): value for name, value in request.headers.items()}
    headers = "".join(f"{name}:{lower[name]}\n" for name in names.split(";"))
    body = hashlib.sha256(request.body).hexdigest()
    whole = f"{request.method}\n{request.path}\n\n{headers}\n{names}\n{body}"
    when = lower["x-amz-date"]
    scope = f"{when[:8]}/{region}/neptune-db/aws4_request"
    to_sign = f"AWS4-HMAC-SHA256\n{when}\n{scope}\n{hashlib.sha256(whole.encode()).hexdigest()}"
    key = f"AWS4{SECRET}".encode()
    for part in (when[:8], region, "neptune-db", "aws4_request"):
        key = keyed(key, part)
    return hmac.new(key, to_sign.encode(), hashlib.sha256).hexdigest()


def test_amazon_without_credentials(monkeypatch: pytest.MonkeyPatch) -> None:
    import botocore.session

    monkeypatch.setattr(botocore.session.Session, "get_credentials", lambda _: None)
    profile = Profile("here", "http://127.0.0.1:9/sparql", auth="aws", region="eu-central-1")
    with pytest.raises(StoreError, match="finds no credentials"):
        RemoteStore(profile).ask("ASK {}")


# --- by the command line -------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("response", "words"),
    [
        (Response(b"", 401, {"WWW-Authenticate": "Basic"}), "wants you to sign in"),
        (
            Response(b"<html><title>Home</title>", headers={"Content-Type": "text/html"}),
            "a web page with the title 'Home'",
        ),
        (rows(), "holds no graph of the model"),
    ],
    ids=["password", "page", "empty"],
)
def test_a_store_that_cannot_be_asked_is_one_line(response: Response, words: str) -> None:
    with fake_server(lambda _: response) as (url, _):
        for call in (("impact", "AOV-04"), ("validate",), ("export", "--to", "nt"), ("diff", f"{url}/q")):
            arguments = call if call[0] == "diff" else (*call, "--store", f"{url}/q")
            done = CliRunner().invoke(command_line, arguments)
            assert isinstance(done.exception, QeKgError) and words in str(done.exception), (call, done.exception)
            assert done.exception.exit_code == 3 and "\n" not in str(done.exception) and not done.stdout


def test_the_model_that_a_store_holds_is_the_one_that_is_asked() -> None:
    def answer(request: Request) -> Response:
        said = {"http://purl.org/dc/terms/title": "Another", "http://www.w3.org/ns/prov#hadMember": "http://e/g"}
        bindings = [{"p": {"type": "uri", "value": p}, "o": {"type": "literal", "value": o}} for p, o in said.items()]
        return Response(json.dumps({"head": {"vars": ["p", "o", "usual"]}, "results": {"bindings": bindings}}).encode())

    with fake_server(answer) as (url, _), pytest.raises(CallError, match="holds the model 'Another' and not"):
        open_model(store=f"{url}/q")


def test_the_documentation_lists_each_product_as_it_is_treated() -> None:
    text = Path("docs/how-to/stores.md").read_text(encoding="utf-8")
    for name, one in PRODUCTS.items():
        urls = ", ".join("–" if path is None else path or "the base itself" for path in _paths(one))
        sees = "the union" if one.default_graph == "union" else "the unnamed graph"
        cut = f"tells {one.rows_header}" if one.rows_header else "perhaps: counted" if one.may_cut_rows else "no"
        twice = "twice" if one.union_repeats else "once"
        assert f"| {name} | {urls} | {sees} | {cut} | {twice} | {one.auth} | {one.tested or '–'} |" in text


#: What the table of products has a column for.
_IN_THE_TABLE = {"query", "update", "graph_store", "default_graph", "may_cut_rows", "rows_header", "union_repeats"}


@pytest.mark.parametrize("quirk", [one for one in fields(Quirks) if one.name not in {*_IN_THE_TABLE, "auth", "tested"}])
def test_the_documentation_has_a_line_for_each_quirk(quirk: Field[object]) -> None:
    products: dict[object, list[str]] = {}
    for name, one in PRODUCTS.items():
        products.setdefault(getattr(one, quirk.name), []).append(name)
    others = "; ".join(f"{value}: {', '.join(names)}" for value, names in products.items() if value != quirk.default)
    line = f"| `{quirk.name}` | {others} | "
    assert others and line in Path("docs/how-to/stores.md").read_text(encoding="utf-8"), line


@pytest.mark.parametrize("product", PRODUCTS)
def test_what_means_busy_for_a_product_is_tried_again(product: str) -> None:
    for status in (409, 429, 503, *PRODUCTS[product].busy, 500):
        answers = [Response(b"", status), rows("1")]
        with fake_server(lambda _, answers=answers: answers.pop(0)) as (url, seen):  # type: ignore[misc]
            store = RemoteStore(Profile("here", f"{url}/q", product=product, backoff=0.001))
            if status in (409, 429, 503, *PRODUCTS[product].busy):
                assert store.select("SELECT ?x { ?x ?p ?o }").rows and len(seen) == 2
            else:
                with pytest.raises(StoreError, match="answers 500"):
                    store.select("SELECT ?x { ?x ?p ?o }")


@pytest.mark.parametrize(
    ("product", "sizes"), [("fuseki", [2501]), ("generic", [1000, 1000, 501]), ("virtuoso", [500] * 5 + [1])]
)
def test_one_update_has_no_more_triples_than_the_product_takes(product: str, sizes: list[int]) -> None:
    quads = [ox.Quad(ox.NamedNode("e:s"), ox.NamedNode("e:p"), ox.Literal(str(number))) for number in range(2501)]
    with fake_server(lambda _: Response(b"", 204)) as (url, seen):
        RemoteStore(Profile("here", f"{url}/q", f"{url}/u", product=product)).insert_data("e:g", quads)
    updates = [parse_qs(one.body.decode())["update"][0] for one in seen]
    assert [one.count("<e:s>") for one in updates] == sizes
    assert all(one.startswith("INSERT DATA { GRAPH <e:g> {") for one in updates)


def _paths(one: Quirks) -> tuple[str | None, ...]:
    return one.query, one.update, one.graph_store
