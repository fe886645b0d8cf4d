"""Requests of people about their data, their consents, and who has been erased, on file."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import (
    CheckConstraint,
    Column,
    Connection,
    ForeignKey,
    Index,
    String,
    Table,
    Text,
    insert,
    select,
    update,
)

from dispatch.store.database import Instant, insert_once, metadata

privacy_requests = Table(
    "privacy_requests", metadata,
    Column("id", String(40), primary_key=True),
    Column("resident_id", String(40), ForeignKey("residents.id"), nullable=False, index=True),
    Column("kind", String(12), nullable=False),
    Column("asked_by", String(120), nullable=False),
    Column("reason", Text, nullable=False),
    Column("asked_at", Instant, nullable=False),
    Column("answer_by", Instant, nullable=False),
    Column("state", String(12), nullable=False),
    Column("by", String(80), nullable=False),
    Column("second_by", String(80)),
    Column("decided_at", Instant),
    Column("ended_at", Instant),
    Column("answer", Text),
    CheckConstraint("kind IN ('access','correction','erasure','withdrawal')", name="kind"),
    CheckConstraint("state IN ('open','approved','refused','done')", name="state"),
    Index("ix_privacy_requests_state", "state", "asked_at"),
)  # fmt: skip
"""`asked_by` is whoever asked, in words; `by` who wrote it down, `second_by` who agreed to an erasure."""

resident_consents = Table(
    "resident_consents", metadata,
    Column("id", String(40), primary_key=True),
    Column("resident_id", String(40), ForeignKey("residents.id"), nullable=False, index=True),
    Column("purpose", String(40), nullable=False),
    Column("version", String(40), nullable=False),
    Column("given_by", String(120), nullable=False),
    Column("channel", String(16), nullable=False),
    Column("given_at", Instant, nullable=False),
    Column("kept_by", String(80), nullable=False),
    Column("withdrawn_at", Instant),
)  # fmt: skip
"""What a resident (or a guardian) agreed to, in which version of the words; withdrawn by a date, never deleted."""

erasures = Table(
    "erasures", metadata,
    Column("resident_id", String(40), primary_key=True),
    Column("request_id", String(40)),
    Column("at", Instant, nullable=False),
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """
    What somebody asked about a resident's data.

        access, correction, withdrawal: open ──► done or refused
        erasure:                        open ──► approved by a second person ──► done
    """

    id: str
    resident_id: str
    kind: str
    asked_by: str
    reason: str
    asked_at: datetime
    answer_by: datetime
    state: str
    by: str
    second_by: str | None = None
    decided_at: datetime | None = None
    ended_at: datetime | None = None
    answer: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Consent:
    """One consent: to which purpose, in which version of the words, given by whom and how, until when."""

    id: str
    resident_id: str
    purpose: str
    version: str
    given_by: str
    channel: str
    given_at: datetime
    kept_by: str
    withdrawn_at: datetime | None = None


class Requests:
    """The shelf of requests, consents and erasures."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, request: Request) -> None:
        values = {name: getattr(request, name) for name in Request.__dataclass_fields__}
        self._connection.execute(insert(privacy_requests).values(values))

    def get(self, id_: str) -> Request | None:
        query = select(privacy_requests).where(privacy_requests.c.id == id_).with_for_update()
        row = self._connection.execute(query).first()
        return None if row is None else Request(**row._mapping)

    def recent(self, most: int) -> list[Request]:
        """Open ones first, then the newest."""
        open_first = privacy_requests.c.state.in_(["refused", "done"])
        query = select(privacy_requests).order_by(open_first, privacy_requests.c.asked_at.desc()).limit(most)
        return [Request(**row._mapping) for row in self._connection.execute(query)]

    def approved(self) -> list[Request]:
        """Erasures that two people agreed to and that are not done."""
        query = select(privacy_requests).where(privacy_requests.c.state == "approved")
        return [Request(**row._mapping) for row in self._connection.execute(query)]

    def change(self, id_: str, **values: Any) -> None:
        self._connection.execute(update(privacy_requests).where(privacy_requests.c.id == id_).values(**values))

    def keep_consent(self, consent: Consent) -> None:
        values = {name: getattr(consent, name) for name in Consent.__dataclass_fields__}
        self._connection.execute(insert(resident_consents).values(values))

    def withdraw(self, id_: str, at: datetime) -> bool:
        """False where there is no such consent, or it was withdrawn before."""
        query = update(resident_consents).where(
            resident_consents.c.id == id_, resident_consents.c.withdrawn_at.is_(None)
        )
        return self._connection.execute(query.values(withdrawn_at=at)).rowcount == 1

    def consents_of(self, resident_id: str) -> Sequence[Consent]:
        query = select(resident_consents).where(resident_consents.c.resident_id == resident_id)
        return [Consent(**row._mapping) for row in self._connection.execute(query.order_by("given_at"))]

    def mark_erased(self, resident_id: str, request_id: str | None, at: datetime) -> None:
        row = {"resident_id": resident_id, "request_id": request_id, "at": at}
        self._connection.execute(insert_once(erasures, self._connection).values(row))

    def is_erased(self, resident_id: str) -> bool:
        query = select(erasures.c.resident_id).where(erasures.c.resident_id == resident_id)
        return self._connection.execute(query).first() is not None

    def erased(self) -> list[str]:
        """Everybody who was erased, by id."""
        return [row[0] for row in self._connection.execute(select(erasures.c.resident_id))]
