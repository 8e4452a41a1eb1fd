"""Amazon's request signing (Signature Version 4) for Neptune, by Amazon's own library: the extra ``aws``."""

from __future__ import annotations

from collections.abc import Mapping

from qe_kg.errors import StoreError

_SERVICE = "neptune-db"


def signed(method: str, url: str, headers: Mapping[str, str], body: bytes | None, region: str) -> dict[str, str]:
    """Return the headers of a request with its signature.

    The credentials are those that Amazon's library finds: environment variables, its own files, the machine's role.

    Raises:
        StoreError: the library is not installed, or finds no credentials.

    """
    try:
        from botocore.auth import SigV4Auth
        from botocore.awsrequest import AWSRequest
        from botocore.session import Session
    except ImportError as error:
        raise StoreError('auth = "aws" needs botocore: pip install "quantum-energy-kg[aws]"') from error
    credentials = Session().get_credentials()
    if credentials is None:
        raise StoreError("Amazon's library finds no credentials: set AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY")
    request = AWSRequest(method=method, url=url, data=body, headers=dict(headers))
    SigV4Auth(credentials.get_frozen_credentials(), _SERVICE, region).add_auth(request)
    return {name: str(value) for name, value in request.headers.items()}
