"""
Who eats: found by card, ID number or telephone; what rules ask about them; and where they were on a day.

A card number is kept as ID numbers are: by a keyed hash and its last four digits.
"""

from collections.abc import Collection, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    Column,
    Connection,
    Date,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    bindparam,
    func,
    insert,
    select,
)

from dispatch.ids import ResidentId
from dispatch.store.absences import absences
from dispatch.store.database import Instant, Json, metadata, upsert
from dispatch.store.people import homes, residents
from dispatch.store.prepared import Prepared
from schedules.care.rules.bed import Why as BedWhy
from schedules.care.store.beds import bed_steps, beds
from schedules.meals.rules.serving import Why

diners = Table(
    "diners", metadata,
    Column("resident_id", String(40), ForeignKey("residents.id"), primary_key=True),
    Column("card_hash", String(64), unique=True),
    Column("card_mask", String(20), nullable=False),
    Column("hukou", String(12), nullable=False),
    Column("residence", String(12), nullable=False),
    Column("income_fen", BigInteger),
    Column("schemes", Json, nullable=False),
    Column("version", Integer, nullable=False),
    Column("changed_at", Instant, nullable=False),
)  # fmt: skip

diner_facts = Table(
    "diner_facts", metadata,
    Column("resident_id", String(40), ForeignKey("residents.id"), primary_key=True),
    Column("from_on", Date, primary_key=True),
    Column("at", Instant, primary_key=True),
    Column("is_back", Boolean, nullable=False),
    Column("hukou", String(12), nullable=False),
    Column("residence", String(12), nullable=False),
    Column("income_fen", BigInteger),
    Column("schemes", Json, nullable=False),
    Index("ix_diner_facts_at", "at"),
)  # fmt: skip
"""
What rules asked about a diner, from which local day on: of a day that holds which was written last for it or a day
before. `is_back`: it was written on a later day than its own. Who was never changed has no row.
"""

EVER = date(1900, 1, 1)
"""From this day on holds what was known before the first change."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Facts:
    """What a rule may ask about a diner that no other register has; areas are codes of 2 to 12 digits."""

    card_mask: str = ""
    hukou: str = ""
    residence: str = ""
    income_fen: int | None = None
    schemes: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Since:
    """Facts with the day from which on they hold, and when that was written."""

    from_on: date
    at: datetime
    is_back: bool
    facts: Facts


@dataclass(frozen=True, slots=True, kw_only=True)
class Diner:
    """A resident at a till."""

    id: ResidentId
    code: str
    name: str
    home_id: str
    station_id: str | None
    born_on: date | None
    level: str
    cats: tuple[str, ...]
    ended_at: datetime | None
    ended_why: str | None
    died_on: date | None
    facts: Facts = Facts()


_BEFORE = timedelta(microseconds=1)

_NOBODY_IN = {BedWhy.HOSPITAL: Why.HOSPITAL, BedWhy.SHORT_STAY: Why.INSTITUTION, BedWhy.INSTITUTION: Why.INSTITUTION}
"""Why a bed is suspended or has ended that says where its resident is; who only asked for a pause may eat out."""

_ALL = (
    select(residents, homes.c.station_id, diners.c.card_mask, diners.c.hukou, diners.c.residence,
           diners.c.income_fen, diners.c.schemes)
    .join(homes, homes.c.id == residents.c.home_id)
    .join(diners, diners.c.resident_id == residents.c.id, isouter=True)
    .order_by(residents.c.code)
)  # fmt: skip
_BY_CARD = Prepared(_ALL.where(diners.c.card_hash == bindparam("who")))
_BY_ID_NUMBER = Prepared(_ALL.where(residents.c.id_hash == bindparam("who")))
_BY_PHONE = Prepared(_ALL.where(residents.c.phone == bindparam("who")))
PIECE = 128
"""Diners that are looked up by one statement: the longest list that has a form of its own (`prepared.ROOMS`)."""

_BY_NAME = Prepared(_ALL.where((residents.c.code == bindparam("name")) | (residents.c.id == bindparam("name"))))
_MANY = Prepared(_ALL.where(residents.c.id.in_(bindparam("ids", expanding=True))))
_AWAY = Prepared(
    select(absences.c.id).where(absences.c.resident_id == bindparam("who"), absences.c.kind == "hospital")
    .where(absences.c.state != "over", absences.c.from_at <= bindparam("at"), absences.c.until_at > bindparam("at"))
    .limit(1)
)  # fmt: skip
_TURNS = ("activate", "suspend", "resume", "end", "reopen")
_BEDDED = Prepared(
    select(bed_steps.c.why, bed_steps.c.state).join(beds, beds.c.id == bed_steps.c.bed_id)
    .where(beds.c.resident_id == bindparam("who"), bed_steps.c.on <= bindparam("day"), bed_steps.c.deed.in_(_TURNS))
    .order_by(bed_steps.c.on.desc(), bed_steps.c.at.desc(), bed_steps.c.id.desc()).limit(1)
)  # fmt: skip


class Diners:
    """The shelf."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def by_card(self, hash_: str) -> list[Diner]:
        return [_value(row) for row in _BY_CARD.on(self._connection, who=hash_)]

    def by_id_number(self, hash_: str) -> list[Diner]:
        return [_value(row) for row in _BY_ID_NUMBER.on(self._connection, who=hash_)]

    def by_phone(self, e164: str) -> list[Diner]:
        """Everybody with this number who is served; where nobody is, those who were."""
        found = [_value(row) for row in _BY_PHONE.on(self._connection, who=e164)]
        return [each for each in found if each.ended_at is None] or found

    def get(self, name: str) -> Diner | None:
        """By code or id."""
        row = _BY_NAME.on(self._connection, name=name).first()
        return None if row is None else _value(row)

    def many(self, ids: Collection[str]) -> dict[str, Diner]:
        """By their ids."""
        asked = list(ids)
        pieces = [asked[start : start + PIECE] for start in range(0, len(asked), PIECE)]
        return {row.id: _value(row) for ids in pieces for row in _MANY.on(self._connection, ids=ids)}

    def keep(self, id_: str, facts: Facts, *, card_hash: str | None, version: int, at: datetime) -> None:
        """What is known of this resident as a diner from now on."""
        row = {
            "resident_id": id_, "card_hash": card_hash, "card_mask": facts.card_mask, "hukou": facts.hukou,
            "residence": facts.residence, "income_fen": facts.income_fen, "schemes": list(facts.schemes),
            "version": version, "changed_at": at,
        }  # fmt: skip
        upsert(diners, self._connection, "resident_id", row)

    def note(self, diner: Diner, facts: Facts, *, since: date, is_back: bool, at: datetime) -> None:
        """
        Keeps from which day on these facts hold, and at the first change what held before; to be called before `keep`.
        The same facts as of now are noted where their day lies back; the first ones of all only then, because before
        them nothing else was known.
        """
        mask = diner.facts.card_mask
        is_same = replace(facts, card_mask=mask) == diner.facts
        changes = self.changes(diner.id)
        is_first = not changes and diner.facts == Facts(card_mask=mask)
        if (is_same or is_first) and not is_back:
            return
        if not changes:
            self._noted(diner.id, diner.facts, since=EVER, is_back=False, at=at - _BEFORE)
        self._noted(diner.id, facts, since=since, is_back=is_back, at=at)

    def _noted(self, id_: str, facts: Facts, *, since: date, is_back: bool, at: datetime) -> None:
        row = {
            "resident_id": id_, "from_on": since, "at": at, "is_back": is_back, "hukou": facts.hukou,
            "residence": facts.residence, "income_fen": facts.income_fen, "schemes": list(facts.schemes),
        }  # fmt: skip
        self._connection.execute(insert(diner_facts), row)

    def changes(self, id_: str) -> list[Since]:
        """What was written about a diner, the earliest first."""
        query = select(diner_facts).where(diner_facts.c.resident_id == id_).order_by(diner_facts.c.at)
        return [_since(row) for row in self._connection.execute(query)]

    def on(self, diner: Diner, day: date, *, today: date) -> Diner:
        """A diner with the facts of a local day; what is known now holds today, and is read already."""
        held = held_on(self.changes(diner.id), day) if day < today else None
        return diner if held is None else replace(diner, facts=replace(held.facts, card_mask=diner.facts.card_mask))

    def back_at(self) -> datetime | None:
        """When something was last written of a day before."""
        return self._connection.execute(select(func.max(diner_facts.c.at)).where(diner_facts.c.is_back)).scalar()

    def card_of(self, id_: str) -> tuple[str | None, int]:
        """The hash of the card, and how often the row was written."""
        row = self._connection.execute(select(diners).where(diners.c.resident_id == id_)).first()
        return (None, 0) if row is None else (row.card_hash, row.version)

    def whereabouts(self, diner: Diner, on: date, at: datetime) -> Why | None:
        """
        Why public money may not feed them there and then: dead, gone, in hospital, in an institution.

        On the day of a death a meal counts: nobody knows the hour. An absence that somebody ended is over from its
        beginning on, because the row does not say since when.
        """
        if diner.died_on is not None and on > diner.died_on:
            return Why.DIED
        if diner.ended_at is not None and diner.died_on is None and at >= diner.ended_at:
            return Why.DIED if diner.ended_why == "died" else Why.LEFT
        return self._away(diner.id, at) or self._bedded(diner.id, on)

    def _away(self, id_: str, at: datetime) -> Why | None:
        found = _AWAY.on(self._connection, who=id_, at=at).first()
        return None if found is None else Why.HOSPITAL

    def _bedded(self, id_: str, on: date) -> Why | None:
        """The last thing that befell their home-care beds up to that day."""
        row = _BEDDED.on(self._connection, who=id_, day=on).first()
        return _NOBODY_IN.get(row.why) if row is not None and row.state in {"suspended", "ended"} else None


def held_on(changes: Sequence[Since], day: date) -> Since | None:
    """What holds on a local day of all that was written, the earliest first; None where nothing ever changed."""
    return next((each for each in reversed(changes) if each.from_on <= day), None)


def _since(row: Any) -> Since:
    facts = Facts(
        hukou=row.hukou, residence=row.residence, income_fen=row.income_fen, schemes=tuple(row.schemes)
    )  # fmt: skip
    return Since(from_on=row.from_on, at=row.at, is_back=row.is_back, facts=facts)


def _value(row: Any) -> Diner:
    facts = Facts()
    if row.hukou is not None:
        facts = Facts(
            card_mask=row.card_mask, hukou=row.hukou, residence=row.residence, income_fen=row.income_fen,
            schemes=tuple(row.schemes),
        )  # fmt: skip
    return Diner(
        id=ResidentId(row.id), code=row.code, name=row.name, home_id=row.home_id, station_id=row.station_id,
        born_on=row.born_on, level=row.level, cats=tuple(row.cats), ended_at=row.ended_at, ended_why=row.ended_why,
        died_on=row.died_on, facts=facts,
    )  # fmt: skip
