"""
The signature of Standard Webhooks (standardwebhooks.com, specification 1.0.0): who sent this, when, and all of it.

```
  webhook-id: msg_…    webhook-timestamp: 1614265330    webhook-signature: v1,<base64> v1,<base64> …
                              HMAC-SHA256( "<id>.<timestamp>.<body>" )
```

A secret is `whsec_` with the base64 of 24 to 64 bytes behind it. Several signatures may stand in one header, while a
secret is being replaced. Their own library asks the machine for the time, which here is handed in.
"""

import base64
import binascii
import hashlib
import hmac
from collections.abc import Mapping, Sequence
from datetime import datetime

from dispatch.messages.providers.provider import Forged

TOLERANCE_S = 300
"""
How far a timestamp may be off; what is older may be a replay of something that was recorded. (What was heard once has
no second effect whatever its age: its id is kept.)
"""

SECRET_MIN, SECRET_MAX = 24, 64
"""Bytes of a secret, by the specification."""

_PREFIX = "whsec_"


def secret_bytes(secret: str) -> bytes:
    """
    The bytes behind a secret as people write it.

    Raises:
        ValueError: no base64, or of another length than the specification allows.
    """
    try:
        told = base64.b64decode(secret.removeprefix(_PREFIX), validate=True)
    except binascii.Error:
        raise ValueError("a secret is whsec_ and base64") from None
    if not SECRET_MIN <= len(told) <= SECRET_MAX:
        raise ValueError(f"a secret has {SECRET_MIN} to {SECRET_MAX} bytes")
    return told


def sign(secret: bytes, id_: str, at: datetime, body: bytes) -> dict[str, str]:
    """The three headers under which this body is believed."""
    stamp = str(int(at.timestamp()))
    return {"webhook-id": id_, "webhook-timestamp": stamp, "webhook-signature": f"v1,{_mac(secret, id_, stamp, body)}"}


def verify(secrets: Sequence[bytes], headers: Mapping[str, str], body: bytes, clocks: Sequence[datetime]) -> str:
    """
    The id of a webhook that was signed with one of these secrets, not long ago. `clocks` are what time it may be: our
    own, which may be wrong, and what is known of the sender's.

    Raises:
        Forged: a header is missing, the time is off by more than `TOLERANCE_S` by every clock, or no signature fits.
    """
    told = {name.lower(): value for name, value in headers.items()}
    id_, stamp = told.get("webhook-id", ""), told.get("webhook-timestamp", "")
    if not id_ or not (stamp.isascii() and stamp.isdecimal() and len(stamp) < 16):
        raise Forged("The headers of the signature are missing.")
    if all(abs(now.timestamp() - int(stamp)) > TOLERANCE_S for now in clocks):
        raise Forged("Signed too long ago, or in the future.")
    given = [each.partition(",")[2] for each in told.get("webhook-signature", "").split(" ") if each.startswith("v1,")]
    good = [_mac(secret, id_, stamp, body) for secret in secrets]
    # All are compared, so that the time tells nothing of which one fits.
    matches = [hmac.compare_digest(one.encode(), other.encode()) for one in given for other in good]
    if not any(matches):
        raise Forged("The signature is missing or wrong.")
    return id_


def _mac(secret: bytes, id_: str, stamp: str, body: bytes) -> str:
    signed = f"{id_}.{stamp}.".encode() + body
    return base64.b64encode(hmac.new(secret, signed, hashlib.sha256).digest()).decode()
