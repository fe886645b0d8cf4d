"""An account at Aliyun that keeps replies in a queue too: what no push brought is fetched there."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime
from typing import Any

import structlog

from dispatch.errors import Invalid
from dispatch.messages.providers.aliyun import AliyunProvider, AliyunSettings
from dispatch.messages.providers.aliyun_hooks import reply_of
from dispatch.messages.providers.aliyun_queue import (
    EMPTY,
    Queued,
    Token,
    deleting,
    handles,
    queued_in,
    receiving,
    signed,
    token_of,
)
from dispatch.messages.providers.bulkhead import Full, Overdue
from dispatch.messages.providers.exchange import FAILURES, Answered
from dispatch.messages.providers.provider import Inbound, Listed

log = structlog.get_logger()


class PolledAliyunProvider(AliyunProvider):
    """Keeps the contract of `Listing`."""

    def fetch(self, since: datetime) -> Listed | None:
        """What waits in the queue, whenever it came; it is deleted there once it is kept here."""
        token = None if self.lacking() else self._token()
        queued = None if token is None else self._received(token)
        if token is None or queued is None:
            return None
        replies = tuple(each for one in queued for each in self._replies(one))
        return Listed(replies=replies, done=lambda: self._delete(token, queued))

    def _token(self) -> Token | None:
        settings = self._settings
        params = {"MessageType": "SmsUp", "QueueName": settings.uplink_queue}
        answered = self._told("QueryTokenForMnsQueue", params, settings.keys_url)
        return None if answered is None or answered.status >= 300 else token_of(answered.said)

    def _received(self, token: Token) -> list[Queued] | None:
        answered = self._queue(token, "GET", receiving(self._settings.uplink_queue))
        if answered is None or answered.status == EMPTY:
            return None if answered is None else []
        return queued_in(answered.text, self._calls.theirs.ours) if answered.status < 300 else None

    def _replies(self, queued: Queued) -> list[Inbound]:
        try:
            return [replace(reply_of(queued.item), said_at=queued.at)]
        except Invalid as wrong:
            log.warning("listed_not_understood", provider=self.name, what=str(wrong))
            return []

    def _delete(self, token: Token, queued: Sequence[Queued]) -> None:
        """What could not be deleted shows again, and is a copy."""
        if queued:
            self._queue(token, "DELETE", deleting(self._settings.uplink_queue), data=handles(queued))

    def _queue(self, token: Token, method: str, resource: str, **more: Any) -> Answered | None:
        exchange = self._calls.exchange()
        headers = signed(token, method, resource, self._signs_at())
        url = f"{self._settings.queue_url}{resource}"
        try:
            return self._calls.within(
                exchange, lambda: exchange.ask(method, url, headers=headers, whatever=True, **more)
            )
        except (Full, Overdue, *FAILURES):
            return None


def aliyun_provider(settings: AliyunSettings) -> AliyunProvider:
    """One whose queue is asked, where it has one."""
    return PolledAliyunProvider(settings) if settings.uplink_queue else AliyunProvider(settings)
