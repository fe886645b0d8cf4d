"""Leaves contacts in peace: limits, quiet hours and bundles, for everything that is no emergency."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from dispatch.rules.message import Channel
from dispatch.rules.pacing import Pace, earliest, longest_s
from dispatch.store.bundles import Bundles
from dispatch.store.outbox import LEASE, Message, Outbox
from dispatch.store.transactions import Tx

BUNDLE_MAX = 8
"""Messages that leave in one text."""

ALONE_AFTER = 2 * LEASE + timedelta(minutes=10)
"""Should the message in whose text it leaves never come to an end, it is due by itself after this time."""


class Paces:
    """Asks the rules, with what is on file about the contact."""

    def __init__(self, pace: Pace, local: Callable[[datetime], datetime]) -> None:
        self._pace = pace
        self._local = local

    def lets(self, tx: Tx, message: Message) -> bool:
        """Whether it may leave now; if not, it is due again when it may. What was begun goes on."""
        if message.tries:
            return True
        since = tx.now - timedelta(seconds=longest_s(self._pace, message.priority))
        at = earliest(
            self._pace, message.priority, now=tx.now, local=self._local(tx.now), to=message.to,
            left=Bundles(tx.connection).left(message.to, message.priority, since, tx.now),
            expires_at=message.expires_at,
        )  # fmt: skip
        if at > tx.now:
            # Whoever waited for another to carry it waits for itself now.
            Outbox(tx.connection).change(message, due_at=at, bundle_id=None)
        return at <= tx.now

    def beside(self, tx: Tx, message: Message) -> list[Message]:
        """What may leave in the same text, because it waits for the same contact; the oldest first."""
        bundles = Bundles(tx.connection)
        if message.channel is not Channel.SMS or message.answerable:
            return []
        if message.tries:
            return bundles.of(message.id)
        return bundles.beside(message, tx.now, BUNDLE_MAX)

    def bundle(self, tx: Tx, leader: Message, beside: Sequence[Message]) -> None:
        """Keeps which messages leave in the text of this one."""
        for each in beside:
            Bundles(tx.connection).join(each.id, leader.id, tx.now + ALONE_AFTER)
