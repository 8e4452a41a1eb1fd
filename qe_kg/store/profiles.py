"""Connection profiles: where a store elsewhere is and how to sign in; from ``qe-kg.toml`` and the environment.

::

    [stores.prod]
    product = "graphdb"                 # see qe_kg.store.quirks
    base = "https://kg.example.com/repositories/flows"   # the URLs below follow from it
    query = "https://…"                 # or each by itself
    update = "https://…"
    graph-store = "https://…"
    auth = "basic"                      # none, basic, digest, bearer, aws
    user-env = "KG_USER"                # names of environment variables; without them QE_KG_STORE_PROD_USER, …
    password-env = "KG_PASSWORD"
    token-env = "KG_TOKEN"
    ca = "certificates/own-ca.pem"      # relative to the manifest
    verify = true
    timeout = 60                        # seconds to wait for an answer
    retries = 4                         # how often to try again what is busy
    page = 10000                        # ask for so many rows at a time
    region = "eu-central-1"             # for aws

Any of them can be overridden: ``QE_KG_STORE_PROD_QUERY``, ``QE_KG_STORE_PROD_TIMEOUT`` and so on. A password or a token
is only ever in the environment. A URL that is no profile's takes ``QE_KG_STORE_USER``, ``QE_KG_STORE_AUTH`` and so on.
"""

from __future__ import annotations

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal, cast
from urllib.parse import urlsplit

from qe_kg.errors import CallError, ManifestError, ProfileError, nearest
from qe_kg.store.quirks import PRODUCTS, Quirks

Auth = Literal["none", "basic", "digest", "bearer", "aws"]
AUTHS: tuple[Auth, ...] = ("none", "basic", "digest", "bearer", "aws")
_URLS = ("base", "query", "update", "graph-store")
_TEXTS = (*_URLS, "product", "auth", "user-env", "password-env", "token-env", "ca", "region")
_NUMBERS = {"timeout": 60, "retries": 4, "page": 0}
_KEYS = (*_TEXTS, *_NUMBERS, "verify")
_SECRETS = ("user", "password", "token", "secret", "key", "username", "pass", "api-key", "apikey")
_WITH_PRODUCT = re.compile(r"([a-z0-9]+)\+(https?://.*)")


@dataclass(frozen=True)
class Profile:
    """Where a store elsewhere is, how to sign in, and how patient to be.

    Attributes:
        name: what messages call it: the profile's name, else its URL.
        query: URL that answers queries.
        update: URL that takes updates, or "".
        graph_store: URL of the graph store protocol, or "".
        product: a name of `qe_kg.store.quirks.PRODUCTS`.
        auth: how to sign in.
        user: the user's name.
        secret: password or token; never shown.
        ca: file of the certificates that are trusted beside the system's.
        verify: whether the server's certificate is checked.
        timeout: seconds to wait for an answer.
        retries: how often to try again what is busy or broke off.
        backoff: seconds before the first such try; each further one waits twice as long.
        page: rows to ask for at a time; 0 asks for all at once.
        region: of the cloud, for signed requests.

    """

    name: str
    query: str
    update: str = ""
    graph_store: str = ""
    product: str = "generic"
    auth: Auth = "none"
    user: str = field(default="", repr=False)
    secret: str = field(default="", repr=False)
    ca: Path | None = None
    verify: bool = True
    timeout: float = 60
    retries: int = 4
    backoff: float = 0.25
    page: int = 0
    region: str = ""

    @property
    def quirks(self) -> Quirks:
        """What this product does differently."""
        return PRODUCTS[self.product]


def is_url(text: str) -> bool:
    """Tell whether a text names a store elsewhere by its URL, with or without a product before it."""
    return text.startswith(("http://", "https://")) or _WITH_PRODUCT.fullmatch(text) is not None


def profile_of_url(text: str, environment: Mapping[str, str] = os.environ) -> Profile:
    """Return the profile of a plain query URL, or of ``PRODUCT+BASE-URL``.

    Raises:
        ProfileError: the URL is wrong or holds a password, the product is unknown, or what the environment says of it
            is wrong.

    """
    found = _WITH_PRODUCT.fullmatch(text)
    product, url = (found[1], found[2]) if found else ("", text)
    table: dict[str, Any] = {"base" if product else "query": url}
    if product:
        table["product"] = product
    name = f"{product}+{shown_url(url)}" if product else shown_url(url)
    return _profile(name, table, "QE_KG_STORE_", environment, Path(), ProfileError, "--store")


def read_profile(
    name: str, tables: Mapping[str, Any], manifest: Path, environment: Mapping[str, str] = os.environ
) -> Profile:
    """Return a profile of a manifest by its name.

    Args:
        name: the profile's name.
        tables: the tables under ``[stores]``.
        manifest: the manifest's path, for messages and relative paths.
        environment: the environment variables.

    Raises:
        CallError: there is no such profile.
        ManifestError: it is wrong, or holds a secret.
        ProfileError: what the environment says of it is wrong.

    """
    if name not in tables:
        near = nearest(name, tables) or tuple(tables)
        raise CallError(f"there is no store {name!r} in {manifest}" + (f"; there is {', '.join(near)}" if near else ""))
    where = f"{manifest}: [stores.{name}]"
    table = tables[name]
    if not isinstance(table, dict):
        raise ManifestError(f"{where} must be a table")
    prefix = f"QE_KG_STORE_{re.sub(r'[^A-Z0-9]', '_', name.upper())}_"
    return _profile(name, table, prefix, environment, manifest.parent, ManifestError, where)


def _profile(
    name: str, table: Mapping[str, Any], prefix: str, environment: Mapping[str, str], folder: Path,
    error: type[ProfileError] | type[ManifestError], where: str,
) -> Profile:  # fmt: skip
    _refuse_unknown(table, error, where)
    values = dict(table)
    for key in _KEYS:
        variable = prefix + key.upper().replace("-", "_")
        if variable in environment:
            values[key] = _from_text(key, environment[variable], f"the environment variable {variable}")
    for key in _KEYS:
        if key in values:
            _check(key, values[key], error, where)
    product = values.get("product", "generic")
    if product not in PRODUCTS:
        raise error(f"{where} product must be one of {', '.join(PRODUCTS)}, not {product!r}")
    quirks = PRODUCTS[product]
    base = values.get("base", "").rstrip("/")

    def url(key: str, path: str | None) -> str:
        return str(values.get(key, "")) or (base + path if base and path is not None else "")

    query = url("query", quirks.query)
    if not query:
        raise error(f"{where} needs the URL of the endpoint: query = … or base = …")
    variables = {key: values.get(f"{key}-env", prefix + key.upper()) for key in ("user", "password", "token")}
    user, password, token = (environment.get(variables[key], "") for key in ("user", "password", "token"))
    usual = "digest" if quirks.auth == "digest" else "basic"
    auth = values.get("auth") or ("bearer" if token else usual if user else "none")
    if auth not in AUTHS:
        raise error(f"{where} auth must be one of {', '.join(AUTHS)}, not {auth!r}")
    needed = {"basic": ("user", "password"), "digest": ("user", "password"), "bearer": ("token",)}.get(auth, ())
    for key in needed:
        if not environment.get(variables[key]):
            raise error(f"{where} needs the {key}: set the environment variable {variables[key]}")
    for key in needed:
        _check_sendable(
            key, environment[variables[key]], auth, error, f"{where} the environment variable {variables[key]}"
        )
    if auth == "aws" and not values.get("region"):
        raise error(f'{where} needs region = … for auth = "aws"')
    ca = folder / values["ca"] if values.get("ca") else None
    if ca is not None and not ca.is_file():
        raise error(f"{where} ca: there is no file {ca}")
    return Profile(
        name=name,
        query=query,
        update=url("update", quirks.update),
        graph_store=url("graph-store", quirks.graph_store),
        product=product,
        auth=cast(Auth, auth),
        user=user,
        secret=token if auth == "bearer" else password,
        ca=ca,
        verify=values.get("verify", True),
        timeout=values.get("timeout", _NUMBERS["timeout"]),
        retries=values.get("retries", _NUMBERS["retries"]),
        page=values.get("page", _NUMBERS["page"]),
        region=values.get("region", ""),
    )


def _refuse_unknown(table: Mapping[str, Any], error: type[ProfileError] | type[ManifestError], where: str) -> None:
    for key in table:
        if key.lower() in _SECRETS:
            raise error(
                f"{where} {key}: a name or a secret to sign in with does not belong in a file; leave it out and set "
                "the environment variable that user-env, password-env or token-env names"
            )
        if key not in _KEYS:
            raise error(f"{where} has an unknown key {key!r}; known are {', '.join(_KEYS)}")


def _from_text(key: str, text: str, where: str) -> object:
    if key in _NUMBERS:
        try:
            return float(text) if key == "timeout" else int(text)
        except ValueError:
            raise ProfileError(f"{where} must be a number, not {text!r}") from None
    if key == "verify":
        if text.lower() not in ("true", "false", "1", "0"):
            raise ProfileError(f"{where} must be true or false, not {text!r}")
        return text.lower() in ("true", "1")
    return text


def _check(key: str, value: object, error: type[ProfileError] | type[ManifestError], where: str) -> None:
    if key == "verify":
        fits, what = isinstance(value, bool), "true or false"
    elif key in _NUMBERS:
        fits = isinstance(value, int | float) and not isinstance(value, bool) and value >= 0
        fits = fits and (key == "timeout" or isinstance(value, int)) and (key != "timeout" or value != 0)
        what = "a number" if key == "timeout" else "a whole number"
    else:
        fits, what = isinstance(value, str) and bool(value), "a text that is not empty"
    if not fits:
        raise error(f"{where} {key} must be {what}")
    if key in _URLS:
        _check_url(str(value), error, f"{where} {key}")


def _check_sendable(
    key: str, value: str, auth: str, error: type[ProfileError] | type[ManifestError], where: str
) -> None:
    """Refuse what no request can carry, without showing it; Basic encodes what it sends."""
    if any(ord(one) < 32 or ord(one) == 127 for one in value):
        raise error(f"{where} holds a line break or another control character, which no {key} can have")
    if auth == "bearer" and not (value.isascii() and " " not in value):
        raise error(f"{where} holds a space, or letters that are not ASCII, which no {key} can have")
    if auth == "basic" and key == "user" and ":" in value:
        raise error(f"{where} holds a colon, which no user of Basic can have; take another way to sign in (auth = …)")


def _check_url(url: str, error: type[ProfileError] | type[ManifestError], where: str) -> None:
    try:
        parts = urlsplit(url)
        fits = parts.scheme in ("http", "https") and bool(parts.hostname) and (parts.port or 1) > 0
    except ValueError:
        fits = False
    # What is wrong may hold a password, so it is not shown.
    if not fits:
        raise error(f"{where}: that is no URL that begins with http:// or https:// and names a host")
    if parts.username or parts.password:
        raise error(
            f"{where}: leave user and password out of the URL of {parts.hostname}; "
            "set the environment variables QE_KG_STORE_USER and QE_KG_STORE_PASSWORD (see docs/how-to/stores.md)"
        )


def shown_url(url: str) -> str:
    """Return a URL without what may be secret in it: a user's name and password, and what follows its path."""
    try:
        parts = urlsplit(url)
        host = f"{parts.hostname}:{parts.port}" if parts.port else parts.hostname
    except ValueError:
        return "the store"
    return f"{parts.scheme}://{host}{parts.path}"
