"""What providers said of messages, asked as a whole."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import Connection, func, select

from dispatch.store.outbox import receipts


def newest_receipt_at(connection: Connection, providers: Sequence[str]) -> datetime | None:
    """When the last word of one of these providers came; None if there never was one."""
    newest = select(func.max(receipts.c.received_at)).where(receipts.c.provider.in_(providers))
    found: datetime | None = connection.execute(newest).scalar()
    return found
