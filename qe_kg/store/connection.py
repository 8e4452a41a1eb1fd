"""HTTP to a store elsewhere: signing in, time-outs, trying again, and one clear line for everything that goes wrong.

urllib3 is used in this module only. Redirects are not followed: a password could go to another host with them.
"""

from __future__ import annotations

import html
import json
import random
import re
import time
from base64 import b64encode
from collections.abc import Callable, Iterable, Mapping
from functools import partial
from http.client import responses
from types import TracebackType
from typing import Any
from urllib.parse import quote, quote_plus, urljoin, urlsplit

import urllib3
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    NameResolutionError,
    NewConnectionError,
    ReadTimeoutError,
    SSLError,
)

from qe_kg.errors import StoreError
from qe_kg.store.digest import Challenge
from qe_kg.store.profiles import Profile, shown_url

#: What is sent: bytes, or a function that gives the parts from the beginning each time it is called.
Body = bytes | Callable[[], Iterable[bytes]]

_BUSY = (409, 429, 503)
_LONGEST_WAIT = 30.0
_CONNECT_TIMEOUT = 10.0
_SHOWN = 300
#: Headers of a signed request that nobody else should see.
_SIGNED = ("Authorization", "X-Amz-Security-Token")


class Reply:
    """An answer with a good status, read as it comes; a context manager that gives the connection back."""

    def __init__(self, response: urllib3.BaseHTTPResponse, connection: Connection) -> None:
        self._response, self._connection = response, connection
        self.status, self.headers = response.status, response.headers
        self.content_type = response.headers.get("Content-Type", "").partition(";")[0].strip().lower()

    def read(self, size: int = -1) -> bytes:
        """Read some bytes, or all.

        Raises:
            StoreError: the answer breaks off.

        """
        try:
            return self._response.read(None if size < 0 else size)
        except (HTTPError, OSError) as error:
            raise self._connection.broke_off(error) from error

    def __enter__(self) -> Reply:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None:
            self._response.close()
        self._response.release_conn()


class Connection:
    """Sends requests to one store.

    Args:
        profile: where it is and how to sign in.

    """

    def __init__(self, profile: Profile) -> None:
        self.profile = profile
        trust: dict[str, Any] = {"cert_reqs": "CERT_REQUIRED" if profile.verify else "CERT_NONE"}
        if profile.ca is not None:
            trust["ca_certs"] = str(profile.ca)
        if not profile.verify:
            urllib3.disable_warnings()  # whoever says verify = false knows
        waits = urllib3.Timeout(connect=min(_CONNECT_TIMEOUT, profile.timeout), read=profile.timeout)
        self._pool = urllib3.PoolManager(maxsize=4, timeout=waits, retries=False, **trust)
        self._challenge: Challenge | None = None
        self._has_answered = False
        self._hidden = _hidden(profile)

    def send(
        self, method: str, url: str, *, headers: Mapping[str, str] | None = None, body: Body | None = None,
        idempotent: bool, again_if_busy: bool = False, allowed: tuple[int, ...] = (),
    ) -> Reply:  # fmt: skip
        """Send a request and return the answer.

        Args:
            method: such as "POST".
            url: where to.
            headers: in addition to those that sign in.
            body: what to send.
            idempotent: whether doing it twice is the same as doing it once; only then is it tried again.
            again_if_busy: whether to try again all the same where the store says that it did not begin.
            allowed: statuses that are no errors, beside 200 to 299.

        Raises:
            StoreError: it did not work out.

        """
        attempt = 0
        while True:
            last = not idempotent or attempt >= self.profile.retries
            try:
                response = self._once(method, url, dict(headers or {}), body)
            except NewConnectionError as error:
                # Who never answered is not there; who did may be starting anew.
                if last or not self._has_answered:
                    raise self._failure(error) from error
            except (HTTPError, OSError) as error:
                if last or isinstance(error, SSLError | ReadTimeoutError | ConnectTimeoutError):
                    raise self._failure(error) from error
            else:
                self._has_answered = True
                if 200 <= response.status < 300 or response.status in allowed:
                    return Reply(response, self)
                is_over = attempt >= self.profile.retries or not (idempotent or again_if_busy)
                if is_over or response.status not in self.busy:
                    raise self._refusal(response, url)
                wait = response.headers.get("Retry-After", "")
                response.drain_conn()
                if wait.isdigit():
                    time.sleep(min(float(wait), _LONGEST_WAIT))
            self.wait(attempt)
            attempt += 1

    @property
    def busy(self) -> tuple[int, ...]:
        """The statuses by which the store says that it is to be asked again."""
        return (*_BUSY, *self.profile.quirks.busy)

    def wait(self, attempt: int) -> None:
        """Wait before trying again, longer each time; two that were told to wait should not come back together."""
        time.sleep(min(self.profile.backoff * 2**attempt * random.uniform(0.5, 1.0), _LONGEST_WAIT))

    def _once(self, method: str, url: str, headers: dict[str, str], body: Body | None) -> urllib3.BaseHTTPResponse:
        if self.profile.auth == "digest" and self._challenge is None and callable(body):
            # So that a long body is not sent twice.
            first = self._request("GET", self.profile.graph_store or self.profile.query, {}, None)
            self._challenge = Challenge.read(first.headers.get("WWW-Authenticate", ""))
            first.close()
        response = self._request(method, url, headers, body)
        if self.profile.auth == "digest" and response.status == 401:
            challenge = Challenge.read(", ".join(response.headers.getlist("WWW-Authenticate")))
            if challenge is not None and (self._challenge is None or challenge.nonce != self._challenge.nonce):
                self._challenge = challenge
                response.drain_conn()
                response = self._request(method, url, headers, body)
        return response

    def _request(self, method: str, url: str, headers: dict[str, str], body: Body | None) -> urllib3.BaseHTTPResponse:
        profile = self.profile
        content = body() if callable(body) else body
        if profile.auth == "basic":
            pair = b64encode(f"{profile.user}:{profile.secret}".encode()).decode()
            headers = {**headers, "Authorization": f"Basic {pair}"}
        elif profile.auth == "bearer":
            headers = {**headers, "Authorization": f"Bearer {profile.secret}"}
        elif profile.auth == "digest" and self._challenge is not None:
            parts = urlsplit(url)
            uri = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            headers = {
                **headers, "Authorization": self._challenge.answer(method, uri, profile.user, profile.secret)
            }  # fmt: skip
        elif profile.auth == "aws":
            from qe_kg.store.aws import signed

            content = b"".join(content) if content is not None and not isinstance(content, bytes) else content
            headers = signed(method, url, headers, content, profile.region)
            self._hidden += [headers[name] for name in _SIGNED if name in headers and headers[name] not in self._hidden]
        return self._pool.urlopen(
            method, url, headers=headers, body=content, preload_content=False, redirect=False, retries=False
        )

    # --- what went wrong ------------------------------------------------------------------------------------

    def error(self, problem: str, status: int | None = None) -> StoreError:
        """Make an error of this store, without what is secret."""
        return StoreError(f"the store {self.profile.name} {self._redacted(problem)}", status)

    def broke_off(self, error: Exception) -> StoreError:
        """Make the error for an answer that did not come to its end."""
        if isinstance(error, ReadTimeoutError):
            return self.error(f"stopped sending for {self.profile.timeout:g} seconds; give it more time (timeout)")
        return self.error("broke off in the middle of an answer; nothing of it was used")

    def _redacted(self, text: str) -> str:
        """Return what a store, or a library, says, without what was sent to sign in, however it is written."""
        for secret in self._hidden:
            text = text.replace(secret, "***")
        return text

    def _failure(self, error: Exception) -> StoreError:
        host = urlsplit(self.profile.query).netloc
        if isinstance(error, NameResolutionError):
            return self.error(f"cannot be reached: there is no host of the name in {host}")
        if isinstance(error, NewConnectionError):
            return self.error(f"cannot be reached: nothing answers at {host}")
        if isinstance(error, ConnectTimeoutError):
            return self.error(f"cannot be reached: {host} does not answer")
        if isinstance(error, ReadTimeoutError):
            waited = f"did not answer within {self.profile.timeout:g} seconds; give it more time (timeout)"
            return StoreError(f"the store {self.profile.name} {waited}", may_have_happened=True)
        if isinstance(error, SSLError):
            reason = re.sub(r".*\] |\(_ssl.*", "", str(error)).strip(" )'")
            return self.error(f"has a certificate that is not trusted: {reason}; name your CA's file as ca = …")
        reason = "broke the connection" if isinstance(error, HTTPError) else str(error)
        return StoreError(f"the store {self.profile.name} {self._redacted(reason)}", may_have_happened=True)

    def _refusal(self, response: urllib3.BaseHTTPResponse, url: str) -> StoreError:
        status = response.status
        if status == 401:
            told = "does not accept the user's name and password" if self.profile.secret else "wants you to sign in"
            offered = ", ".join(sorted({one.split()[0] for one in response.headers.getlist("WWW-Authenticate") if one}))
            how = f"; it takes {offered}, and the profile says auth = {self.profile.auth}" if offered else ""
            problem = f"{told} (401){how}"
        elif status == 403:
            problem = f"does not allow that (403): {self._told(response)}"
        elif 300 <= status < 400:
            to = shown_url(urljoin(url, response.headers.get("Location", "")))
            problem = f"has moved to {to} ({status}); name that URL, if you trust it"
        elif status == 404:
            problem = f"has nothing at {urlsplit(url).path or '/'} (404): {self._told(response)}"
        else:
            problem = f"answers {status} {responses.get(status, '')}: {self._told(response)}"
        response.close()
        return self.error(problem.rstrip(": "), status)

    def _told(self, response: urllib3.BaseHTTPResponse) -> str:
        try:
            data = response.read(4096)
        except (HTTPError, OSError):
            return ""
        return told(data)


def _hidden(profile: Profile) -> list[str]:
    """Return what must not be shown, the longest first: what signs in, as it is and as requests and pages write it."""
    pair = f"{profile.user}:{profile.secret}"
    plain = {
        profile.secret,
        pair,
        *(urlsplit(url).query for url in (profile.query, profile.update, profile.graph_store)),
    }
    plain -= {"", ":"}
    ways = (str, quote, quote_plus, partial(quote, safe=""), html.escape, lambda one: json.dumps(one)[1:-1])
    written = {way(one) for one in plain for way in ways}
    encoded = {b64encode(one.encode()).decode() for one in plain}
    # Without a password of a letter or two, no message could be read.
    found = {*written, *encoded, *(one.rstrip("=") for one in encoded)}
    return sorted((one for one in found if len(one) >= 3), key=len, reverse=True)


def told(data: bytes) -> str:
    """Return what an error page says, in one line."""
    text = data.decode("utf-8", "replace")
    if "<html" in text.lower() or "<!doctype" in text.lower():
        title = re.search(r"<title[^>]*>(.*?)</title>", text, re.IGNORECASE | re.DOTALL)
        text = "a web page" + (f" with the title {title[1].strip()!r}" if title else "")
    text = " ".join(html.unescape(text).split())
    return text[:_SHOWN] + ("…" if len(text) > _SHOWN else "")
