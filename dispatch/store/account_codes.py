"""
Codes of accounts that are good for one use: activation, recovery, and the sealed ones of the duty console.

Kept as SHA-256 only: each has at least 80 random bits, so that nothing is gained by a slow hash.
"""

import hashlib
from datetime import datetime
from enum import StrEnum

from sqlalchemy import Column, Connection, ForeignKey, Index, String, Table, delete, func, insert, or_, select, update

from dispatch.ids import OperatorId
from dispatch.store.database import Instant, metadata

account_codes = Table(
    "account_codes", metadata,
    Column("hash", String(64), primary_key=True),
    Column("kind", String(12), nullable=False),
    Column("operator_id", String(40), ForeignKey("operators.id")),
    Column("made_at", Instant, nullable=False),
    Column("expires_at", Instant),
    Column("used_at", Instant),
    Index("ix_account_codes_operator_id", "operator_id", "kind"),
)  # fmt: skip


class Kind(StrEnum):
    """What a code is for. A sealed one belongs to nobody."""

    ACTIVATION = "activation"
    RECOVERY = "recovery"
    SEALED = "sealed"


class AccountCodes:
    """The shelf of codes that are used once."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, kind: Kind, code: str, at: datetime, *, of: OperatorId | None, until: datetime | None = None) -> None:
        row = {"hash": digest(kind, code), "kind": kind.value, "operator_id": of, "made_at": at, "expires_at": until}
        self._connection.execute(insert(account_codes), row)

    def use(self, kind: Kind, code: str, at: datetime, *, of: OperatorId | None) -> bool:
        """Uses a code up; False when it is none, another's, over, or was used before."""
        mine = account_codes.c.operator_id.is_(None) if of is None else account_codes.c.operator_id == of
        good = or_(account_codes.c.expires_at.is_(None), account_codes.c.expires_at > at)
        this = (account_codes.c.hash == digest(kind, code)) & mine & good & account_codes.c.used_at.is_(None)
        return bool(self._connection.execute(update(account_codes).where(this).values(used_at=at)).rowcount)

    def left(self, kind: Kind, *, of: OperatorId | None) -> int:
        """How many are still good for use, whatever their time."""
        mine = account_codes.c.operator_id.is_(None) if of is None else account_codes.c.operator_id == of
        query = select(func.count()).select_from(account_codes)
        unused = (account_codes.c.kind == kind.value) & mine & account_codes.c.used_at.is_(None)
        return int(self._connection.execute(query.where(unused)).scalar_one())

    def forget(self, kind: Kind, *, of: OperatorId) -> None:
        """All of somebody's codes of a kind, used or not."""
        these = (account_codes.c.operator_id == of) & (account_codes.c.kind == kind.value)
        self._connection.execute(delete(account_codes).where(these))


def digest(kind: Kind, code: str) -> str:
    """What is kept of a code, however it was typed: blanks, dashes and case do not count."""
    plain = "".join(each for each in code.casefold() if each.isalnum())
    return hashlib.sha256(f"{kind.value}\n{plain}".encode()).hexdigest()
