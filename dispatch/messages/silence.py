"""
A provider took an emergency, and no receipt came in its time: not received. The next road is taken at once.

    a text that asks somebody     they are called, by another provider if one calls
    nobody calls, or not by another     the text leaves by a provider that has not had it
    neither                       the next step of the alarm comes sooner

Nothing waits for the step. The road itself is held to be in doubt after three such in a row (`rules.breaker`).
"""

from dataclasses import dataclass

from dispatch.messages.courier import Courier
from dispatch.messages.receipts import Unreached
from dispatch.rules.message import Channel, Fact
from dispatch.rules.people import SERVICE
from dispatch.rules.record import Line
from dispatch.store.looks import Look
from dispatch.store.outbox import SILENT, Message, Outbox
from dispatch.store.transactions import Transactions, Tx

_UNDER_WAY = frozenset({"sent", "in-progress", "ringing", "answered"})
"""A call of which so much is known rings, or is being listened to."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Silent:
    """A message of which nothing was heard, and what follows: a call, or a doubt told to the desk, or nothing more."""

    message: Message
    provider: str
    call: bool = False
    doubt: bool = False


class Silences:
    """Judges in a unit of work, and answers after it."""

    def __init__(self, courier: Courier, transactions: Transactions, unreached: Unreached) -> None:
        self._courier = courier
        self._transactions = transactions
        self._unreached = unreached

    def judge(self, tx: Tx, look: Look) -> Silent | None:
        """None when something was heard of it after all, or nobody waits for it any more."""
        message, attempt = look.message, look.attempt
        if message.state != "sent" or attempt.outcome not in {"taken", "confirmed"} or message.expires_at <= tx.now:
            return None
        if message.channel is Channel.VOICE and attempt.status in _UNDER_WAY:
            return None
        facts: dict[str, Fact] = {
            "message": message.id, "sentence": message.sentence, "person": message.person, "provider": attempt.provider,
        }  # fmt: skip
        tx.log(Line(kind="message_silent", by=SERVICE, alarm_id=message.alarm_id, facts=facts))
        return self._next_road(tx, message, attempt.provider)

    def answer(self, silent: Silent) -> None:
        """What follows outside of the unit: the road is marked, the desk is told."""
        self._courier.note_arrival(silent.provider, silent.message.channel, arrived=False)
        if silent.message.offer_id is not None and silent.call:
            self._unreached.unheard(silent.message.offer_id, not_by=silent.provider)
        elif silent.message.offer_id is not None and silent.doubt:
            self._unreached.doubtful(silent.message.offer_id)
        self._courier.nudge()

    def _next_road(self, tx: Tx, message: Message, provider: str) -> Silent:
        outbox = Outbox(tx.connection)
        asks = message.answerable and message.offer_id is not None and message.channel is Channel.SMS
        callers = self._courier.roads.callers(message.to) if asks and not _is_called(outbox, message) else []
        others = self._courier.roads.fresh(message, outbox.attempts_of(message.id))
        by_another = any(name != provider for name in callers)
        again = bool(others) and not by_another
        if again:
            outbox.change(message, state="posted", due_at=tx.now, reason=SILENT)
        return Silent(message=message, provider=provider, call=bool(callers), doubt=not again)


def _is_called(outbox: Outbox, message: Message) -> bool:
    """Whether this person is being called about the same offer already."""
    assert message.alarm_id is not None
    return any(
        each.offer_id == message.offer_id and each.channel is Channel.VOICE and each.posted_at >= message.posted_at
        for each in outbox.of_alarm(message.alarm_id)
    )
