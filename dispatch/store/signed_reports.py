"""Monthly reports that somebody signed, kept as they were signed: later counts are compared with them."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Column, Connection, Index, String, Table, insert, select

from dispatch.rules.people import Person
from dispatch.store.database import Instant, Json, metadata

signed_reports = Table(
    "signed_reports", metadata,
    Column("id", String(40), primary_key=True),
    Column("month", String(7), nullable=False),
    Column("signed_at", Instant, nullable=False),
    Column("signed_by", String(80), nullable=False),
    Column("digest", String(64), nullable=False),
    Column("figures", Json, nullable=False),
    Index("ix_signed_reports_month", "month", "signed_at"),
)  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedReport:
    """`month` like 2026-11; `figures` as the API gives them, with the record's head; `digest` is their SHA-256."""

    id: str
    month: str
    signed_at: datetime
    signed_by: Person
    digest: str
    figures: Mapping[str, Any]


class SignedReports:
    """The shelf of them. Nothing on it is ever changed."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, report: SignedReport) -> None:
        row = {name: getattr(report, name) for name in SignedReport.__dataclass_fields__}
        self._connection.execute(insert(signed_reports).values(**row))

    def of_month(self, month: str) -> list[SignedReport]:
        """The newest first."""
        query = select(signed_reports).where(signed_reports.c.month == month)
        rows = self._connection.execute(query.order_by(signed_reports.c.signed_at.desc(), signed_reports.c.id.desc()))
        return [SignedReport(**{**row._mapping, "signed_by": Person(row.signed_by)}) for row in rows]
