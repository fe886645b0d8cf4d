"""
What the people on watch and installers are told about devices, by the outbox like every other message.

Nothing here is an emergency: a reminder leaves behind every alarm and behind what families are told, and however much
falls due at once, the duty numbers get one text a quarter of an hour about it. The list is on the page of repairs.
"""

from collections.abc import Mapping, Sequence
from datetime import timedelta

from dispatch.rules.message import Channel, Draft, Fact, Priority
from dispatch.rules.people import operator
from dispatch.store.database import to_us
from dispatch.store.outbox import Outbox
from dispatch.store.transactions import Tx

GROUPED = timedelta(minutes=15)
"""Reminders of one kind are one text within this time."""

PAGE_LASTS = timedelta(minutes=10)
REMINDER_LASTS = timedelta(hours=4)


class Notices:
    """Posts texts within somebody's unit of work. `phones` are the duty numbers, E.164."""

    def __init__(self, phones: Sequence[str], *, lang: str = "zh") -> None:
        self._phones = tuple(phones)
        self._lang = lang

    def page(self, tx: Tx, why: str, *, place: str, key: str) -> None:
        """Somebody must know now. `key` is the same for what is one page."""
        facts: Mapping[str, Fact] = {
            "why": why, "number": "", "place": place, "cause": "unclear", "at": tx.now.isoformat(),
        }  # fmt: skip
        self._post(tx, key, "page", Priority.CONFIRMATION, PAGE_LASTS, facts)

    def remind(self, tx: Tx, why: str, *, place: str) -> None:
        """Somebody should look at the page of repairs, today."""
        quarter = to_us(tx.now) // (GROUPED // timedelta(microseconds=1))
        self._post(
            tx, f"{why}:{quarter}", "reminder", Priority.REMINDER, REMINDER_LASTS, {"why": why, "place": place}
        )  # fmt: skip

    def _post(
        self, tx: Tx, key: str, sentence: str, priority: Priority, lasts: timedelta, facts: Mapping[str, Fact]
    ) -> None:
        Outbox.post(tx, [
            Draft(
                key=f"{key}:{phone}", sentence=sentence, channel=Channel.SMS, priority=priority, to=phone,
                person=operator(phone), lang=self._lang, expires_at=tx.now + lasts, facts=facts,
            )
            for phone in self._phones
        ])  # fmt: skip


def tell_installer(
    tx: Tx, sentence: str, *, phone: str, by: str, lang: str, key: str, facts: Mapping[str, Fact]
) -> None:
    """What became of a test press, to the telephone that the installer named."""
    Outbox.post(tx, [
        Draft(
            key=key, sentence=sentence, channel=Channel.SMS, priority=Priority.CONFIRMATION, to=phone, person=by,
            lang=lang, expires_at=tx.now + REMINDER_LASTS, facts=facts,
        )
    ])  # fmt: skip
