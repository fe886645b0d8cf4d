"""What people have texted to our numbers, as Twilio lists it: the net below the webhook."""

from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from twilio.rest import Client  # type: ignore[import-untyped]

from dispatch.messages.providers.provider import Inbound

PAGE = 100
"""Messages looked through; more do not come in between two looks."""


def listed(client: Client, our_number: str | None, since: datetime) -> list[Any]:
    """
    The newest messages, to `our_number` where it is one.

    Filtered by number and by day: the API documents its filter of dates by whole days (GMT), and inbound messages have
    that date when they are there (MESSAGING, 2.5). A day more is asked for: what came while the other clock had
    another day.
    """
    chosen: dict[str, Any] = {"to": our_number} if our_number else {}
    day = since.astimezone(UTC).replace(hour=0, minute=0, second=0, microsecond=0) - timedelta(days=1)
    return list(client.messages.list(**chosen, date_sent_after=day, limit=PAGE, page_size=PAGE))


def inbound_of(page: Sequence[Any], since: datetime, *, ahead: timedelta = timedelta()) -> list[Inbound]:
    """
    Those that came in since then by our clock, the oldest first; the key is the sid, as in their webhook. `ahead`:
    so far is Twilio's clock before ours.
    """
    inbound = [one for one in page if one.direction == "inbound" and isinstance(one.sid, str)]
    came = [(one.date_created - ahead, one) for one in inbound if one.date_created]
    return [
        Inbound(key=one.sid, sender=str(one.from_ or ""), text=str(one.body or ""), said_at=at)
        for at, one in sorted(came, key=lambda each: each[0])
        if at >= since
    ]
