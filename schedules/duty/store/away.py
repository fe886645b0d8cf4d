"""Absences of carers, the windows they leave open, and who stands in for whom."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import (
    CheckConstraint,
    Column,
    Connection,
    ForeignKey,
    Index,
    String,
    Table,
    delete,
    insert,
    select,
    update,
)

from dispatch.ids import CarerId
from dispatch.store.database import Instant, metadata, upsert
from dispatch.store.people import carers
from schedules.duty.rules.rest import Away

carer_absences = Table(
    "carer_absences", metadata,
    Column("id", String(40), primary_key=True),
    Column("carer_id", String(40), ForeignKey(carers.c.id), nullable=False),
    Column("kind", String(10), nullable=False),
    Column("from_at", Instant, nullable=False),
    Column("until_at", Instant, nullable=False),
    Column("by", String(80), nullable=False),
    Column("kept_at", Instant, nullable=False),
    CheckConstraint("kind IN ('sick','leave','training','other')", name="kind"),
    CheckConstraint("until_at > from_at", name="until_at"),
    Index("ix_carer_absences_until_at", "until_at"),
)  # fmt: skip

vacancies = Table(
    "vacancies", metadata,
    Column("id", String(40), primary_key=True),
    Column("absence_id", String(40), ForeignKey(carer_absences.c.id), nullable=False),
    Column("carer_id", String(40), ForeignKey(carers.c.id), nullable=False),
    Column("start_at", Instant, nullable=False),
    Column("end_at", Instant, nullable=False),
    Column("filled_by", String(40)),
    CheckConstraint("end_at > start_at", name="end_at"),
    Index("ix_vacancies_absence_id", "absence_id"),
    Index("ix_vacancies_end_at", "end_at"),
)  # fmt: skip
"""A window of duty that an absence took from somebody; `filled_by` is the shift of whoever stands in, if anybody."""

stand_ins = Table(
    "stand_ins", metadata,
    Column("shift_id", String(40), primary_key=True),
    Column("carer_id", String(40), ForeignKey(carers.c.id), nullable=False),
    Column("start_at", Instant, nullable=False),
    Column("end_at", Instant, nullable=False),
)  # fmt: skip
"""The shift of whoever stands in, and for whom."""

KINDS = ("sick", "leave", "training", "other")


@dataclass(frozen=True, slots=True, kw_only=True)
class CarerAbsence:
    """A carer is away, [from_at, until_at): sick, on leave, at a training, or else."""

    id: str
    carer_id: CarerId
    kind: str
    from_at: datetime
    until_at: datetime
    by: str
    kept_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Vacancy:
    """Duty that `carer_id` would have had."""

    id: str
    absence_id: str
    carer_id: CarerId
    start_at: datetime
    end_at: datetime
    filled_by: str | None = None


class CarerAbsences:
    """The shelf of all three."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def add(self, absence: CarerAbsence) -> None:
        names = carer_absences.columns.keys()
        self._connection.execute(insert(carer_absences).values({name: getattr(absence, name) for name in names}))

    def get(self, id_: str) -> CarerAbsence | None:
        row = self._connection.execute(select(carer_absences).where(carer_absences.c.id == id_)).first()
        return None if row is None else CarerAbsence(**row._mapping)

    def end(self, id_: str, until_at: datetime) -> None:
        """It ends at this instant; one that has not begun by then is forgotten with its windows."""
        absence = self.get(id_)
        if absence is not None and until_at <= absence.from_at:
            self._connection.execute(delete(vacancies).where(vacancies.c.absence_id == id_))
            self._connection.execute(delete(carer_absences).where(carer_absences.c.id == id_))
            return
        self._connection.execute(update(carer_absences).where(carer_absences.c.id == id_).values(until_at=until_at))

    def covering(self, start: datetime, end: datetime) -> list[CarerAbsence]:
        """Those that share time with [start, end), by their beginning."""
        query = select(carer_absences).where(carer_absences.c.until_at > start, carer_absences.c.from_at < end)
        rows = self._connection.execute(query.order_by(carer_absences.c.from_at, carer_absences.c.id))
        return [CarerAbsence(**row._mapping) for row in rows]

    def away(self, carer_id: CarerId, start: datetime, end: datetime) -> list[Away]:
        """What speaks against a shift of this carer in [start, end)."""
        return [
            Away(kind=each.kind, start_at=each.from_at, end_at=each.until_at)
            for each in self.covering(start, end) if each.carer_id == carer_id
        ]  # fmt: skip

    def open_up(self, vacancy: Vacancy) -> None:
        names = vacancies.columns.keys()
        self._connection.execute(insert(vacancies).values({name: getattr(vacancy, name) for name in names}))

    def vacancy(self, id_: str) -> Vacancy | None:
        row = self._connection.execute(select(vacancies).where(vacancies.c.id == id_)).first()
        return None if row is None else Vacancy(**row._mapping)

    def vacancies(self, start: datetime, end: datetime) -> list[Vacancy]:
        """Windows left open that share time with [start, end), by their start; those that were filled too."""
        query = select(vacancies).where(vacancies.c.end_at > start, vacancies.c.start_at < end)
        rows = self._connection.execute(query.order_by(vacancies.c.start_at, vacancies.c.id))
        return [Vacancy(**row._mapping) for row in rows]

    def of_absence(self, id_: str) -> list[Vacancy]:
        query = select(vacancies).where(vacancies.c.absence_id == id_).order_by(vacancies.c.start_at, vacancies.c.id)
        return [Vacancy(**row._mapping) for row in self._connection.execute(query)]

    def fill(self, id_: str, shift_id: str) -> None:
        self._connection.execute(update(vacancies).where(vacancies.c.id == id_).values(filled_by=shift_id))

    def close(self, id_: str) -> None:
        """The window is nobody's any more: whoever left it open has it again."""
        self._connection.execute(delete(vacancies).where(vacancies.c.id == id_))

    def stands_in(self, shift_id: str, carer_id: CarerId, start: datetime, end: datetime) -> None:
        row = {"shift_id": shift_id, "carer_id": carer_id, "start_at": start, "end_at": end}
        upsert(stand_ins, self._connection, "shift_id", row)

    def stand_ins(self, shift_ids: Collection[str]) -> Mapping[str, CarerId]:
        """For whom these shifts are stood, by the shift's id."""
        rows = self._connection.execute(select(stand_ins).where(stand_ins.c.shift_id.in_(list(shift_ids))))
        return {row.shift_id: CarerId(row.carer_id) for row in rows}
