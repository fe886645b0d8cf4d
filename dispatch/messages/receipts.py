"""What providers tell later about messages they took: kept once, and only ever moving upwards."""

import re
from collections.abc import Sequence
from typing import Protocol

from dispatch.ids import AttemptId, OfferId
from dispatch.messages.providers.provider import Receipt, ReceiptKind
from dispatch.rules.message import Channel
from dispatch.rules.people import is_resident
from dispatch.store.outbox import Attempt, Message, Outbox
from dispatch.store.replies import Replies
from dispatch.store.transactions import Transactions, Tx


class Unreached(Protocol):
    """Who is told that an offer cannot reach its person."""

    def unreached(self, offer_id: OfferId, *, code: str) -> None:
        """The letter certainly did not reach its person."""
        ...

    def unanswered(self, offer_id: OfferId, *, code: str) -> None:
        """The call is over, or a machine has it, and no key was pressed."""
        ...

    def doubtful(self, offer_id: OfferId) -> None:
        """Nobody knows whether the letter left."""
        ...

    def unheard(self, offer_id: OfferId, *, not_by: str) -> None:
        """A provider took the letter, and no receipt came in its time."""
        ...


class Receipts:
    """
    Takes receipts in. A callback may come before the call that sent the message has returned, twice, or out of order.
    """

    def __init__(self, transactions: Transactions, unreached: Unreached) -> None:
        self._transactions = transactions
        self._unreached = unreached

    def receive(self, provider: str, receipts: Sequence[Receipt]) -> frozenset[Channel]:
        """
        Keeps what a provider tells later. A copy changes nothing; an order that is mixed up only moves upwards.

        Returns the channels on which something of this provider arrived.
        """
        if not receipts:
            return frozenset()
        told = self._transactions.run(lambda tx: [self._receive(tx, provider, each) for each in receipts])
        for (offer_id, _), receipt in zip(told, receipts, strict=True):
            if offer_id is not None:
                tell = self._unreached.unanswered if receipt.over else self._unreached.unreached
                tell(offer_id, code=receipt.code or receipt.status)
        return frozenset(channel for _, channel in told if channel is not None)

    def _receive(self, tx: Tx, provider: str, receipt: Receipt) -> tuple[OfferId | None, Channel | None]:
        """Keeps one; gives back the offer that will not reach its person, or the channel on which it arrived."""
        outbox = Outbox(tx.connection)
        known = outbox.attempt(receipt.attempt_id) if receipt.attempt_id else None
        # No provider speaks for another's attempts, whatever it names.
        known = known if known and known.provider == provider else None
        known = known or (
            outbox.attempt_of_provider(provider, receipt.provider_id) if is_id(receipt.provider_id) else None
        )
        new = outbox.receipt_once(
            provider, plain(receipt.key)[:KEY_MAX], attempt_id=known.id if known else receipt.attempt_id,
            kind=receipt.kind.value, status=cut(receipt.status), code=cut(receipt.code), received_at=tx.now,
        )  # fmt: skip
        if not new or known is None:
            return None, None
        # Most of what is told is that a message is on its way: that says something of the attempt alone.
        message = outbox.get(known.message_id) if receipt.over or receipt.kind in FINAL else None
        in_vain = message if message and receipt.over and _in_vain(tx, message, known.id) else None
        lost, arrived = self._moved(tx, outbox, known, message, receipt)
        return (in_vain.offer_id if in_vain else lost), arrived

    def _moved(
        self, tx: Tx, outbox: Outbox, known: Attempt, message: Message | None, receipt: Receipt
    ) -> tuple[OfferId | None, Channel | None]:
        """The attempt as the receipt says, if that is more than was known; the message where it is the last word."""
        if rank(known.status) >= RANKS[receipt.kind]:
            return None, None
        values = {"status": receipt.kind.value, "code": cut(receipt.code), **_named(outbox, known, receipt)}
        proved = {"outcome": "confirmed"} if known.outcome in {"unknown", "absent", "in_flight"} else {}
        final = {"look_at": None} if receipt.kind in FINAL else {}
        outbox.end(known.id, **values, **proved, **final)
        if message is None:
            return None, None
        arrived = message.channel if receipt.kind is ReceiptKind.DELIVERED else None
        return self._on_file(tx, outbox, message, receipt), arrived

    def _on_file(self, tx: Tx, outbox: Outbox, message: Message, receipt: Receipt) -> OfferId | None:
        if receipt.kind is ReceiptKind.DELIVERED and message.state in _MAY_ARRIVE:
            outbox.change(message, state="delivered", delivered_at=tx.now, due_at=None)
        if receipt.kind not in LOST or message.state == "delivered" or _goes_on(outbox, message, receipt):
            return None
        if message.state == "sent":
            outbox.change(
                message, state="failed", reason=plain(f"{receipt.status} {receipt.code or ''}").strip()[:KEY_MAX]
            )
        return message.offer_id if message.channel is Channel.SMS else None


_MAY_ARRIVE = frozenset({"sent", "uncertain", "claimed", "posted"})


def _in_vain(tx: Tx, message: Message, attempt_id: AttemptId) -> bool:
    """Whether a call that asked somebody to come is over without a key: heard or not, nobody has answered."""
    asked = message.channel is Channel.VOICE and message.answerable and message.offer_id is not None
    return asked and not is_resident(message.person) and Replies(tx.connection).of_attempt(attempt_id) is None


def _named(outbox: Outbox, known: Attempt, receipt: Receipt) -> dict[str, str]:
    """The provider's own id of the attempt, unless it is another's already: a hook that mixes two up loses neither."""
    said = receipt.provider_id
    if said == known.provider_id:
        return {}
    holder = outbox.attempt_of_provider(known.provider, said) if is_id(said) else known
    its_own = holder is None or (holder.id == known.id and is_id(said))
    return {"provider_id": said} if its_own else {}


_UNKEPT = re.compile("[\x00\ud800-\udfff]")

KEY_MAX, ID_MAX, CODE_MAX = 160, 80, 40
"""Characters of what providers say that are kept: the columns of `store/outbox.py`, which PostgreSQL never exceeds."""


def plain(said: str, instead: str = "?") -> str:
    """What others said, with `instead` for every sign that no database keeps: half of a pair, NUL."""
    return _UNKEPT.sub(instead, said)


def cut(said: str | None) -> str | None:
    """A status or a code as it may be kept."""
    return said and plain(said)[:CODE_MAX]


def is_id(said: str) -> bool:
    """Whether a provider's id of an attempt can be kept, and found again."""
    return 0 < len(said) <= ID_MAX and said.isprintable()


LOST = frozenset({ReceiptKind.FAILED, ReceiptKind.UNDELIVERED})

FINAL = LOST | {ReceiptKind.DELIVERED}
"""After these a provider has nothing more to say."""

RANKS = {kind: rank for rank, kind in enumerate(ReceiptKind, 1)}


def rank(status: str | None) -> int:
    return RANKS[ReceiptKind(status)] if status in set(ReceiptKind) else 0


def _goes_on(outbox: Outbox, message: Message, receipt: Receipt) -> bool:
    """Whether another road has this message too, or is about to: then it is not lost with the one."""
    attempts = [each for each in outbox.attempts_of(message.id) if each.provider_id != receipt.provider_id]
    alive = {"in_flight", "taken", "confirmed"}
    return any(each.outcome in alive and each.status not in LOST for each in attempts)
