"""Telling the people on watch about the service itself."""

from collections.abc import Callable, Sequence
from datetime import timedelta

from dispatch.clock import Clock
from dispatch.rules.message import Channel, Draft, Priority
from dispatch.rules.people import operator
from dispatch.store.outbox import Outbox
from dispatch.store.transactions import Transactions

LASTS = timedelta(minutes=10)


def nobody_hears(
    phones: Sequence[str], transactions: Transactions, clock: Clock, nudge: Callable[[], None]
) -> None:  # fmt: skip
    """No console can ring: the duty numbers (E.164) are told, because an alarm would ring for nobody."""
    now = clock.now()
    drafts = [
        Draft(
            key=f"no_console::{now.isoformat()}:{phone}", sentence="page", channel=Channel.SMS,
            priority=Priority.CONFIRMATION, to=phone, person=operator(phone), lang="zh", expires_at=now + LASTS,
            facts={"why": "no_console", "number": "", "place": "", "cause": "unclear", "at": now.isoformat()},
        )
        for phone in phones
    ]  # fmt: skip
    transactions.run(lambda tx: Outbox.post(tx, drafts))
    nudge()
