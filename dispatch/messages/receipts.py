"""What providers tell later about messages they took: kept once, and only ever moving upwards."""

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


class Receipts:
    """
    Takes receipts in. A callback may come before the call that sent the message has returned, twice, or out of order.
    """

    def __init__(self, transactions: Transactions, unreached: Unreached) -> None:
        self._transactions = transactions
        self._unreached = unreached

    def receive(self, provider: str, receipts: Sequence[Receipt]) -> None:
        """Keeps what a provider tells later. A copy changes nothing; an order that is mixed up only moves upwards."""
        if not receipts:
            return
        lost = self._transactions.run(lambda tx: [self._receive(tx, provider, each) for each in receipts])
        for offer_id, receipt in zip(lost, receipts, strict=True):
            if offer_id is not None:
                told = self._unreached.unanswered if receipt.over else self._unreached.unreached
                told(offer_id, code=receipt.code or receipt.status)

    def _receive(self, tx: Tx, provider: str, receipt: Receipt) -> OfferId | None:
        """Keeps one; gives back the offer that will not reach its person, if that is what it says."""
        outbox = Outbox(tx.connection)
        known = outbox.attempt(receipt.attempt_id) if receipt.attempt_id else None
        known = known or outbox.attempt_of_provider(provider, receipt.provider_id)
        new = outbox.receipt_once(
            provider, receipt.key, attempt_id=known.id if known else receipt.attempt_id, kind=receipt.kind.value,
            status=receipt.status, code=receipt.code, received_at=tx.now,
        )  # fmt: skip
        message = outbox.get(known.message_id) if known else None
        if not new or known is None or message is None:
            return None
        in_vain = receipt.over and _in_vain(tx, message, known.id)
        lost = self._moved(tx, outbox, known, message, receipt)
        return message.offer_id if in_vain else lost

    def _moved(self, tx: Tx, outbox: Outbox, known: Attempt, message: Message, receipt: Receipt) -> OfferId | None:
        """The attempt as the receipt says, if that is more than was known."""
        if rank(known.status) >= RANKS[receipt.kind]:
            return None
        values = {"status": receipt.kind.value, "code": receipt.code, "provider_id": receipt.provider_id}
        proved = {"outcome": "confirmed"} if known.outcome in {"unknown", "absent", "in_flight"} else {}
        outbox.end(known.id, **values, **proved)
        return self._on_file(tx, outbox, message, receipt)

    def _on_file(self, tx: Tx, outbox: Outbox, message: Message, receipt: Receipt) -> OfferId | None:
        if receipt.kind is ReceiptKind.DELIVERED and message.state in {"sent", "uncertain", "claimed"}:
            outbox.change(message, state="delivered", delivered_at=tx.now, due_at=None)
        if receipt.kind not in LOST or message.state == "delivered":
            return None
        if message.state == "sent":
            outbox.change(message, state="failed", reason=f"{receipt.status} {receipt.code or ''}".strip())
        return message.offer_id if message.channel is Channel.SMS else None


def _in_vain(tx: Tx, message: Message, attempt_id: AttemptId) -> bool:
    """Whether a call that asked somebody to come is over without a key: heard or not, nobody has answered."""
    asked = message.channel is Channel.VOICE and message.answerable and message.offer_id is not None
    return asked and not is_resident(message.person) and Replies(tx.connection).of_attempt(attempt_id) is None


LOST = frozenset({ReceiptKind.FAILED, ReceiptKind.UNDELIVERED})

RANKS = {kind: rank for rank, kind in enumerate(ReceiptKind, 1)}


def rank(status: str | None) -> int:
    return RANKS[ReceiptKind(status)] if status in set(ReceiptKind) else 0
