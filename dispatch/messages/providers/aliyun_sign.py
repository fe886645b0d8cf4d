"""
How a request to Aliyun is signed: ACS3-HMAC-SHA256, version 3 of their signature.

The canonical request is method, path, query, headers and the hash of the body, each in its prescribed order; what is
signed is its SHA-256. The rules, and the example that the tests check this against, are those of Aliyun's page "V3
request structure and signature mechanism" (help.aliyun.com, SDK documentation, as of 2026).
"""

import hashlib
import hmac
from collections.abc import Mapping
from datetime import UTC, datetime
from urllib.parse import quote

_ALGORITHM = "ACS3-HMAC-SHA256"
_UNRESERVED = "-_.~"


def canonical_query(params: Mapping[str, str]) -> str:
    """Parameters sorted by name, percent-encoded by RFC 3986: also what stands in the address, letter by letter."""
    told = ((quote(name, safe=_UNRESERVED), quote(value, safe=_UNRESERVED)) for name, value in params.items())
    return "&".join(f"{name}={value}" for name, value in sorted(told))


def signed_headers(
    *,
    key_id: str,
    secret: str,
    host: str,
    action: str,
    version: str,
    params: Mapping[str, str],
    at: datetime,
    nonce: str,
    method: str = "POST",
) -> dict[str, str]:
    """
    The headers of a request without a body to "/" that Aliyun believes. `at` may be off by 15 minutes at most; `nonce`
    is used once.
    """
    empty = hashlib.sha256(b"").hexdigest()
    headers = {
        "host": host,
        "x-acs-action": action,
        "x-acs-content-sha256": empty,
        "x-acs-date": f"{at.astimezone(UTC):%Y-%m-%dT%H:%M:%SZ}",
        "x-acs-signature-nonce": nonce,
        "x-acs-version": version,
    }
    names = ";".join(headers)
    lines = "".join(f"{name}:{value}\n" for name, value in headers.items())
    canonical = "\n".join([method, "/", canonical_query(params), lines, names, empty])
    told = f"{_ALGORITHM}\n{hashlib.sha256(canonical.encode()).hexdigest()}"
    signature = hmac.new(secret.encode(), told.encode(), hashlib.sha256).hexdigest()
    return headers | {"Authorization": f"{_ALGORITHM} Credential={key_id},SignedHeaders={names},Signature={signature}"}
