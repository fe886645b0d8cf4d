"""Telling the people on watch about the service itself."""

from collections.abc import Callable, Sequence
from datetime import timedelta

from dispatch.clock import Clock
from dispatch.rules.message import Channel, Draft, Priority
from dispatch.rules.people import operator
from dispatch.store.outbox import Outbox
from dispatch.store.transactions import Transactions

LASTS = timedelta(minutes=10)

Page = Callable[[str, str], None]
"""Tells every duty number that something needs a human: `why` is a code of `messages/words.py`, then what."""


def pager(phones: Sequence[str], transactions: Transactions, clock: Clock, nudge: Callable[[], None]) -> Page:
    """A `Page` to these numbers (E.164)."""

    def page(why: str, what: str) -> None:
        now = clock.now()
        drafts = [
            Draft(
                key=f"{why}:{what}:{now.isoformat()}:{phone}", sentence="page", channel=Channel.SMS,
                priority=Priority.CONFIRMATION, to=phone, person=operator(phone), lang="zh", expires_at=now + LASTS,
                facts={"why": why, "number": "", "place": what, "cause": "unclear", "at": now.isoformat()},
            )
            for phone in phones
        ]  # fmt: skip
        transactions.run(lambda tx: Outbox.post(tx, drafts))
        nudge()

    return page
