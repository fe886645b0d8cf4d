"""
What a receiver of webhooks is asked for, because a webhook of its that was lost is an acceptance that was lost.

```
  we ──► GET <poll_url>?after=<cursor>       signed like a webhook, over the query in the place of a body
     ◄── {"items": [{"id": "msg_…", "type": "message.reply", "timestamp": "…", "data": {…}}, …], "cursor": "…"}
```

Each item is a webhook that it has posted to us, or tried to, the oldest first: its id is that of the webhook, so that
what came both ways is one, and its timestamp is when it happened. `cursor` is whatever it wants to be told the next
time; without one, as after our start, it gives what it has of the last day. `"more": true` says that the next page can
be had at once. A cursor that it does not know any more is answered 410.
"""

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any
from urllib.parse import quote, urlsplit

import structlog

from dispatch.errors import Invalid
from dispatch.ids import new_id
from dispatch.messages.providers.bulkhead import Full, Overdue
from dispatch.messages.providers.exchange import FAILURES, Answered
from dispatch.messages.providers.provider import Heard, Listed
from dispatch.messages.providers.standard_webhooks import sign
from dispatch.messages.providers.webhook import READERS, WebhookProvider, WebhookSettings

PAGES_MAX = 10
"""Pages asked for in one go; the rest comes the next time."""

CURSOR_MAX = 500
GONE = 410

_READERS = {type_: (kind, reader) for kind, (type_, reader) in READERS.items()}

log = structlog.get_logger()


class PolledWebhookProvider(WebhookProvider):
    """A receiver that can be asked as well. Keeps the contract of `Listing`."""

    def __init__(self, settings: WebhookSettings) -> None:
        """
        Raises:
            ValueError: a secret that is no secret of Standard Webhooks.
        """
        super().__init__(settings)
        self._cursor = ""

    def fetch(self, since: datetime) -> Listed | None:
        """What it has since its cursor; the cursor moves on when that is kept. `since` is nothing to it."""
        listed, cursor = Listed(), self._cursor
        for _ in range(PAGES_MAX):
            answered = self._page(cursor)
            if answered is None:
                return None
            listed = _joined(listed, [self._heard(item) for item in _items(answered.said)])
            cursor, before = _cursor(answered.said) or cursor, cursor
            if answered.said.get("more") is not True or cursor == before:
                break
        return replace(listed, done=lambda: self._move_on(cursor))

    def _move_on(self, cursor: str) -> None:
        self._cursor = cursor

    def _page(self, cursor: str) -> Answered | None:
        if self.lacking():
            return None
        exchange, url = self._calls.exchange(), _url(self._settings.poll_url, cursor)
        headers = sign(self._secrets[0], f"ask_{new_id()}", self._signs_at(), urlsplit(url).query.encode())
        try:
            answered = self._calls.within(exchange, lambda: exchange.ask("GET", url, headers=headers))
        except (Full, Overdue, *FAILURES):
            return None
        if answered.status == GONE:
            self._cursor = ""
        return answered if answered.status < 300 and isinstance(answered.said.get("items"), list) else None

    def _heard(self, item: Mapping[str, Any]) -> Heard:
        """One item; nothing where it is not understood, for it must not cost those beside it."""
        try:
            return self._read(item)
        except Invalid as wrong:
            log.warning("listed_not_understood", provider=self.name, what=str(wrong))
            return Heard()

    def _read(self, item: Mapping[str, Any]) -> Heard:
        id_, data, reader = item.get("id"), item.get("data"), _READERS.get(str(item.get("type")))
        if not isinstance(id_, str) or not id_ or not isinstance(data, dict) or reader is None:
            raise Invalid("The item has no id, no data, or a type that is none of ours.")
        at = self._calls.theirs.ours(_moment(item.get("timestamp")))
        kind, read = reader
        heard = read(f"{kind}:{id_}"[:150], data)
        return replace(heard, replies=tuple(replace(each, said_at=at) for each in heard.replies))


def webhook_provider(settings: WebhookSettings) -> WebhookProvider:
    """One that can be asked, where there is an address to ask at."""
    return PolledWebhookProvider(settings) if settings.poll_url else WebhookProvider(settings)


def _url(poll_url: str, cursor: str) -> str:
    return f"{poll_url}{'&' if urlsplit(poll_url).query else '?'}after={quote(cursor, safe='')}" if cursor else poll_url


def _items(said: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    return [each for each in said["items"] if isinstance(each, dict)]


def _cursor(said: Mapping[str, Any]) -> str:
    told = said.get("cursor")
    return told if isinstance(told, str) and len(told) <= CURSOR_MAX else ""


def _moment(told: object) -> datetime:
    """When it happened: without that nobody knows what an answer could have answered."""
    try:
        at = datetime.fromisoformat(str(told))
        if at.tzinfo is not None:
            return at.astimezone(UTC)
    except (ValueError, OverflowError):
        pass
    raise Invalid("The item has no timestamp with an offset.", {"timestamp": "missing"})


def _joined(listed: Listed, heard: Sequence[Heard]) -> Listed:
    replies = [reply for each in heard for reply in each.replies]
    receipts = [receipt for each in heard for receipt in each.receipts]
    return replace(listed, replies=(*listed.replies, *replies), receipts=(*listed.receipts, *receipts))
