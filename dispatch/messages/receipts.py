"""What providers tell later about messages they took: kept once, and only ever moving upwards."""

from collections.abc import Sequence
from typing import Protocol

from dispatch.ids import OfferId
from dispatch.messages.providers.provider import Receipt, ReceiptKind
from dispatch.rules.message import Channel
from dispatch.store.outbox import Message, Outbox
from dispatch.store.transactions import Transactions, Tx


class Unreached(Protocol):
    """Who is told that an offer cannot reach its person."""

    def unreached(self, offer_id: OfferId, *, code: str) -> None:
        """The letter certainly did not reach its person."""
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
                self._unreached.unreached(offer_id, code=receipt.code or receipt.status)

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
        if not new or known is None or message is None or rank(known.status) >= RANKS[receipt.kind]:
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


LOST = frozenset({ReceiptKind.FAILED, ReceiptKind.UNDELIVERED})

RANKS = {kind: rank for rank, kind in enumerate(ReceiptKind, 1)}


def rank(status: str | None) -> int:
    return RANKS[ReceiptKind(status)] if status in set(ReceiptKind) else 0
