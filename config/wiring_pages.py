"""Telling the people on watch about the service itself."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

from dispatch.clock import Clock
from dispatch.rules.message import Channel, Draft, Priority
from dispatch.rules.people import operator
from dispatch.store.outbox import Outbox
from dispatch.store.transactions import Lane, Transactions

LASTS = timedelta(minutes=10)
UNHURRIED = timedelta(hours=6)

Page = Callable[[str, str], None]
"""Tells every duty number that something needs a human: `why` is a code of `messages/words.py`, then what."""


def pager(phones: Sequence[str], transactions: Transactions, clock: Clock, nudge: Callable[[], None]) -> Page:
    """A `Page` to these numbers (E.164)."""

    def page(why: str, what: str) -> None:
        now = clock.now()
        drafts = _drafts(phones, why, what, now, key=f"{why}:{what}:{now.isoformat()}", lasts=LASTS)
        transactions.run(lambda tx: Outbox.post(tx, drafts))
        nudge()

    return page


def teller_once(
    phones: Sequence[str], transactions: Transactions, clock: Clock, nudge: Callable[[], None]
) -> Callable[[str, str, str], None]:
    """The same for what can wait: why, what, and a key by which what was told is known for as long as it is on file."""

    def tell(why: str, what: str, key: str) -> None:
        drafts = _drafts(phones, why, what, clock.now(), key=key, lasts=UNHURRIED)
        transactions.run(lambda tx: Outbox.post(tx, drafts), lane=Lane.BULK)
        nudge()

    return tell


def _drafts(
    phones: Sequence[str], why: str, what: str, now: datetime, *, key: str, lasts: timedelta
) -> list[Draft]:  # fmt: skip
    return [
        Draft(
            key=f"{key}:{phone}", sentence="page", channel=Channel.SMS, priority=Priority.CONFIRMATION, to=phone,
            person=operator(phone), lang="zh", expires_at=now + lasts,
            facts={"why": why, "number": "", "place": what, "cause": "unclear", "at": now.isoformat()},
        )
        for phone in phones
    ]  # fmt: skip
