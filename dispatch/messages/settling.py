"""
Settling: what became of an attempt is kept, and what happens next to its message.

Two attempts may be under way for one emergency. The first that is taken makes it sent; one that fails leaves the
message to the other, and only the last decides whether it is tried again.
"""

from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta

from dispatch.messages.claiming import release
from dispatch.messages.job import Job, settled
from dispatch.messages.providers.provider import Blame, Outcome, Sent
from dispatch.messages.receipts import LOST, cut, is_id, plain
from dispatch.messages.roads import Roads
from dispatch.rules.looking import look_after
from dispatch.rules.message import Channel, Priority
from dispatch.store.bundles import Bundles
from dispatch.store.outbox import Attempt, Message, Outbox
from dispatch.store.transactions import Tx

BACKOFF_S = (5, 10, 20, 40, 60)
"""When no provider took an emergency: tried again after these times, then every minute, until it expires."""

LOOK_UP_S = 2
"""An attempt that may have been sent is looked up after this time, when no other provider is left to try at once."""

NOBODY_CALLS = "nobody_calls"
"""The reason of a call that no provider makes."""

NOTICE_DOUBT_S = 600
"""What is no emergency and may have been sent is sent again only after so long without an answer; MESSAGING, 8.4."""


class Settling:
    """Keeps outcomes, in somebody's unit of work. `limit_s`: see `rules.looking.look_after`."""

    def __init__(self, roads: Roads, *, limit_s: float) -> None:
        self._roads = roads
        self._limit_s = limit_s

    def settle(self, tx: Tx, job: Job, sent: Sent) -> bool:
        """Keeps the outcome; True when this person cannot be reached in this way by anybody."""
        outbox, message = Outbox(tx.connection), job.message
        # A callback that overtook us may have said more already; then its word stands.
        known = outbox.attempt(job.outgoing.attempt_id)
        outcome = _outcome(sent, known)
        outbox.end(
            job.outgoing.attempt_id, ended_at=tx.now, outcome=outcome,
            provider_id=sent.provider_id or (known and known.provider_id),
            status=(known and known.status) or sent.status, code=sent.code, detail=sent.detail[:240],
            **self._look(tx, job, outcome, known),
        )  # fmt: skip
        tx.log(settled(message, job.provider.name, outcome, sent.code, job.why))
        if outcome in {"taken", "confirmed"}:
            lost = known is not None and known.status in LOST
            self._sent(tx, outbox, message, state="failed" if lost else "sent")
            return False
        return self._again(tx, outbox, job, sent)

    def believed(self, tx: Tx, job: Job, sent: Sent) -> Sent:
        """
        What a provider said, as far as it can be kept. An id that another attempt has already is none of this one's:
        then nobody knows what became of it, whatever was said.
        """
        sent = replace(sent, status=cut(sent.status), code=cut(sent.code), detail=plain(sent.detail))
        if sent.provider_id is None:
            return sent
        if is_id(sent.provider_id):
            _alone_with(tx, job.provider.name, sent.provider_id)
            holder = Outbox(tx.connection).attempt_of_provider(job.provider.name, sent.provider_id)
            if holder is None or holder.id == job.outgoing.attempt_id:
                return sent
        return replace(
            sent,
            outcome=Outcome.UNKNOWN,
            provider_id=None,
            blame=Blame.PROVIDER,
            detail="an id that is another's or none",
        )

    def found(self, tx: Tx, job: Job, doubt: Attempt, found: Sent) -> bool:
        """Settles with what was found. False when that belongs to another attempt: calls to one number look alike."""
        outbox = Outbox(tx.connection)
        if not confirm(tx, doubt, found):
            return False
        outbox.end(
            job.outgoing.attempt_id,
            outcome="absent",
            detail="not needed: the earlier attempt was found",
            ended_at=tx.now,
        )
        self._sent(tx, outbox, job.message, state="sent")
        tx.log(settled(job.message, doubt.provider, "confirmed", None))
        return True

    def unwanted(self, tx: Tx, job: Job, why: str) -> None:
        """It was claimed and need not leave any more."""
        outbox = Outbox(tx.connection)
        outbox.end(job.outgoing.attempt_id, outcome="not_sent", detail=f"not needed: {why}", ended_at=tx.now)
        state = "expired" if why == "expired" else "cancelled"
        outbox.change(job.message, state=state, reason=why, due_at=None)
        release(tx, job.message)

    def _look(self, tx: Tx, job: Job, outcome: str, known: Attempt | None) -> Mapping[str, object]:
        """When its provider is asked about it, unless a receipt has said the last word or its silence says nothing."""
        unknown = outcome == "unknown"
        if not unknown and (outcome not in {"taken", "confirmed"} or not self._is_heard_of(job)):
            return {}
        if known is not None and known.status in _FINAL:
            return {}
        urgent = job.message.priority is Priority.EMERGENCY
        after = look_after(unknown=unknown, urgent=urgent, looks=0, limit_s=self._limit_s)
        return {"look_at": tx.now + after, "looks": 0} if after else {}

    def _is_heard_of(self, job: Job) -> bool:
        return job.provider.capability(job.message.to).receipts

    def _sent(self, tx: Tx, outbox: Outbox, message: Message, *, state: str) -> None:
        if outbox.change(message, state=state, sent_at=tx.now, due_at=None) and message.priority > Priority.EMERGENCY:
            Bundles(tx.connection).settle(message.id, state=state, sent_at=tx.now, due_at=None)

    def _again(self, tx: Tx, outbox: Outbox, job: Job, sent: Sent) -> bool:
        message = job.message
        attempts = outbox.attempts_of(message.id)
        beside = [each for each in attempts if each.id != job.outgoing.attempt_id and _since(each, job, attempts)]
        if any(each.outcome in {"in_flight", "taken", "confirmed"} for each in beside):
            return False
        if not self._roads.carries(message):
            return self._carried_by_nobody(tx, message)
        others = self._roads.fresh(message, attempts)
        if sent.blame is Blame.RECIPIENT and not others:
            reason = f"refused {sent.code or ''}".strip()
            if outbox.change(message, state="failed", reason=reason, due_at=None):
                release(tx, message)
            return True
        unknown = sent.outcome is Outcome.UNKNOWN
        wait_s = self._wait_s(message, sent, others=bool(others))
        state = "uncertain" if unknown else "posted"
        outbox.change(message, state=state, due_at=tx.now + timedelta(seconds=wait_s), reason=sent.detail[:160] or None)
        return False

    def _carried_by_nobody(self, tx: Tx, message: Message) -> bool:
        """
        No provider makes calls. Who was asked to come has had a text, and the next step is due; anybody else is written
        to. A number that is none of a person, as 120, is left to be tried: the siren brings somebody who phones there.
        """
        outbox = Outbox(tx.connection)
        if message.channel is not Channel.VOICE or not message.to.startswith("+"):
            outbox.change(message, state="posted", due_at=tx.now + timedelta(seconds=BACKOFF_S[0]), reason=NOBODY_CALLS)
            return False
        if message.answerable and message.offer_id is not None:
            outbox.change(message, state="failed", reason=NOBODY_CALLS, due_at=None)
            return True
        outbox.change(message, state="posted", channel=Channel.SMS, due_at=tx.now, reason=NOBODY_CALLS)
        return False

    def _wait_s(self, message: Message, sent: Sent, *, others: bool) -> float:
        unknown = sent.outcome is Outcome.UNKNOWN
        if unknown and message.priority > Priority.CONFIRMATION:
            return NOTICE_DOUBT_S
        if others:
            return 0
        if unknown and message.tries == 1:
            return LOOK_UP_S
        waits = BACKOFF_S[min(message.tries, len(BACKOFF_S)) - 1]
        return max(waits, sent.retry_after_s or 0.0) if message.priority > Priority.CONFIRMATION else waits


def confirm(tx: Tx, doubt: Attempt, found: Sent) -> bool:
    """An attempt in doubt was found at its provider. False when what was found belongs to another attempt."""
    outbox = Outbox(tx.connection)
    if found.provider_id:
        _alone_with(tx, doubt.provider, found.provider_id)
    holder = found.provider_id and outbox.attempt_of_provider(doubt.provider, found.provider_id)
    if holder and holder.id != doubt.id:
        return False
    outbox.end(doubt.id, outcome="confirmed", provider_id=found.provider_id, status=found.status, ended_at=tx.now)
    return True


def _alone_with(tx: Tx, provider: str, provider_id: str) -> None:
    """Where several write at once, nobody else gives this id to an attempt between our look and our commit."""
    tx.hold(f"{provider}:{provider_id}")


_FINAL = frozenset({"delivered", *LOST})


def _outcome(sent: Sent, known: Attempt | None) -> str:
    """
    A receipt that overtook us has said more than an answer that never came. What was given up and is taken after all
    was in doubt meanwhile, and may have been sent again: that stays to be seen.
    """
    before = None if known is None else known.outcome
    overtaken = before == "confirmed" and sent.outcome is Outcome.UNKNOWN
    late = before in {"unknown", "absent", "confirmed"} and sent.outcome is Outcome.TAKEN
    return "confirmed" if overtaken or late else sent.outcome.value


def _since(each: Attempt, job: Job, attempts: list[Attempt]) -> bool:
    """Whether an attempt belongs to the same claim as the job: made beside it, not before it."""
    own = next(mine for mine in attempts if mine.id == job.outgoing.attempt_id)
    first, second = (own, each) if own.seq < each.seq else (each, own)
    return second.why == "hedge" and second.seq == first.seq + 1
