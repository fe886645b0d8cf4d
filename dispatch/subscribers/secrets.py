"""
Secrets that sign what leaves. Like the codes of links they are made and not kept: whoever reads a backup has none.

    whsec_ + base64( HMAC-SHA-256( secret of this service, "webhook:<subscription>:<generation>" ) )
"""

import base64
import hashlib
import hmac
from datetime import datetime, timedelta

from dispatch.messages.providers.standard_webhooks import secret_bytes, sign
from dispatch.store.subscriptions import Subscription

OVERLAP = timedelta(hours=24)
"""After a new secret was made, both sign for so long."""


class Signing:
    """Makes secrets and signatures."""

    def __init__(self, secret: str) -> None:
        """`secret` is the service's own and stays the same over restarts."""
        self._key = secret.encode()

    def secret(self, id_: str, generation: int) -> str:
        """The secret of a subscription as its receiver is told it, once."""
        mac = hmac.new(self._key, f"webhook:{id_}:{generation}".encode(), hashlib.sha256).digest()
        return f"whsec_{base64.b64encode(mac).decode()}"

    def headers(self, to: Subscription, webhook_id: str, at: datetime, body: bytes) -> dict[str, str]:
        """The three headers of Standard Webhooks 1.1, signed by every secret that holds now."""
        generations = [to.generation]
        if to.old_until is not None and at < to.old_until:
            generations.append(to.generation - 1)
        signed = [sign(secret_bytes(self.secret(to.id, each)), webhook_id, at, body) for each in generations]
        return {**signed[0], "webhook-signature": " ".join(each["webhook-signature"] for each in signed)}
