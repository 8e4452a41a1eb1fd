"""HTTP Digest access authentication (RFC 7616): the answer to a server's challenge."""

from __future__ import annotations

import hashlib
import itertools
import re
import secrets
from collections.abc import Iterator
from dataclasses import dataclass, field

_ALGORITHMS = {"MD5": "md5", "SHA-256": "sha256"}
_PART = re.compile(r'([A-Za-z0-9_-]+)\s*=\s*(?:"((?:[^"\\]|\\.)*)"|([^\s,"]+))')


@dataclass
class Challenge:
    """A server's challenge, which answers many requests; each counts up.

    Attributes:
        realm: what the password is for.
        nonce: the server's number.
        opaque: what it wants to have back.
        algorithm: "MD5" or "SHA-256", with or without "-sess".
        qop: "auth", or "" for a server of old.

    """

    realm: str
    nonce: str
    opaque: str = ""
    algorithm: str = "MD5"
    qop: str = "auth"
    _counts: Iterator[int] = field(default_factory=lambda: itertools.count(1), repr=False, compare=False)

    @classmethod
    def read(cls, header: str) -> Challenge | None:
        """Read a ``WWW-Authenticate`` header; None where it asks for no Digest that is known here."""
        found = re.search(r"\bDigest\s+(.*)", header, re.IGNORECASE | re.DOTALL)
        if found is None:
            return None
        parts = {one[1].lower(): one[2] if one[2] is not None else one[3] for one in _PART.finditer(found[1])}
        algorithm = parts.get("algorithm", "MD5").upper()
        offered = {one.strip() for one in parts.get("qop", "").split(",")} - {""}
        if algorithm.removesuffix("-SESS") not in _ALGORITHMS or (offered and "auth" not in offered):
            return None
        return cls(
            parts.get("realm", ""), parts.get("nonce", ""), parts.get("opaque", ""), algorithm,
            "auth" if offered else "",
        )  # fmt: skip

    def answer(self, method: str, uri: str, user: str, password: str, cnonce: str | None = None) -> str:
        """Return the ``Authorization`` header of a request.

        Args:
            method: its method.
            uri: path and query as they stand in the request's first line.
            user: the user's name.
            password: the password.
            cnonce: the client's number; None makes one up.

        """
        # Taken in one step, for several threads may ask at once.
        cnonce, count = cnonce or secrets.token_hex(16), f"{next(self._counts):08x}"
        base = self.algorithm.removesuffix("-SESS")

        def digest(text: str) -> str:
            return hashlib.new(_ALGORITHMS[base], text.encode(), usedforsecurity=False).hexdigest()

        first = digest(f"{user}:{self.realm}:{password}")
        if self.algorithm.endswith("-SESS"):
            first = digest(f"{first}:{self.nonce}:{cnonce}")
        middle = f"{count}:{cnonce}:auth:" if self.qop else ""
        response = digest(f"{first}:{self.nonce}:{middle}{digest(f'{method}:{uri}')}")
        quoted = {"username": user, "realm": self.realm, "nonce": self.nonce, "uri": uri, "response": response}
        if self.opaque:
            quoted["opaque"] = self.opaque
        if self.qop:
            quoted["cnonce"] = cnonce
        parts = [f'{name}="{_escaped(value)}"' for name, value in quoted.items()]
        parts.append(f"algorithm={self.algorithm}")
        if self.qop:
            parts += ["qop=auth", f"nc={count}"]
        return "Digest " + ", ".join(parts)


def _escaped(text: str) -> str:
    return text.replace("\\", "\\\\").replace('"', '\\"')
