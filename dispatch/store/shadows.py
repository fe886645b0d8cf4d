"""
Shadow mode for a cut-over: which streets are only listened to, and which alarms were raised in a shadow.

    switches    a street (or * for all that are not named): shadow or live, since when and by whom
    shadowed    an alarm that nobody is told of, until its street goes live
"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Column, Connection, ForeignKey, Index, String, Table, bindparam, select, update

from dispatch.ids import AlarmId
from dispatch.rules.alarm import Alarm
from dispatch.rules.people import SERVICE, Person, compound
from dispatch.rules.record import Line
from dispatch.rules.signal import Cause
from dispatch.store.alarms import alarms
from dispatch.store.database import Instant, insert_once, metadata, upsert
from dispatch.store.outbox import messages
from dispatch.store.prepared import Prepared
from dispatch.store.transactions import Tx

EVERYWHERE = "*"
"""The street that stands for all that are not named."""

LIVE, SHADOW = "live", "shadow"

switches = Table(
    "switches", metadata,
    Column("area", String(120), primary_key=True),
    Column("mode", String(8), nullable=False),
    Column("at", Instant, nullable=False),
    Column("by", String(80), nullable=False),
)  # fmt: skip

shadowed = Table(
    "shadowed", metadata,
    Column("alarm_id", String(40), ForeignKey("alarms.id"), primary_key=True),
    Column("area", String(120), nullable=False),
    Column("since_at", Instant, nullable=False),
    Column("until_at", Instant),
    Index("ix_shadowed_area", "area", "until_at"),
)  # fmt: skip

_SHADOWED = Prepared(
    select(shadowed.c.alarm_id).where(shadowed.c.alarm_id == bindparam("id"), shadowed.c.until_at.is_(None))
)

_MODES = Prepared(select(switches.c.area, switches.c.mode))
_SHADE = Prepared(select(shadowed.c.area).where(shadowed.c.alarm_id == bindparam("id"), shadowed.c.until_at.is_(None)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Switch:
    """How one street stands: `mode` is shadow or live."""

    area: str
    mode: str
    at: datetime
    by: Person


@dataclass(frozen=True, slots=True, kw_only=True)
class WouldHave:
    """A message that was decided and not sent, because its alarm stands in a shadow."""

    alarm_id: AlarmId
    number: str
    area: str
    sentence: str
    channel: str
    person: Person
    posted_at: datetime


class Shadows:
    """The shelf of switches and of what stands in a shadow."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def all(self) -> list[Switch]:
        rows = self._connection.execute(select(switches).order_by(switches.c.area))
        return [Switch(area=row.area, mode=row.mode, at=row.at, by=Person(row.by)) for row in rows]

    def mode_of(self, area: str) -> str:
        """Shadow or live. Whatever nobody has switched is live: silence must have been asked for by name."""
        found = {row.area: row.mode for row in _MODES.on(self._connection)}
        return found.get(area) or found.get(EVERYWHERE) or LIVE

    def switch(self, area: str, mode: str, *, at: datetime, by: Person) -> None:
        upsert(switches, self._connection, "area", {"area": area, "mode": mode, "at": at, "by": by})

    def cover(self, alarm_id: AlarmId, area: str, at: datetime) -> None:
        """Nobody is told of this alarm until its street goes live."""
        row = {"alarm_id": alarm_id, "area": area, "since_at": at, "until_at": None}
        self._connection.execute(insert_once(shadowed, self._connection).values(**row))

    def covers(self, alarm_id: AlarmId) -> bool:
        return _SHADOWED.on(self._connection, id=alarm_id).first() is not None

    def uncover(self, alarm_id: AlarmId, at: datetime) -> None:
        """From now on people are told of it."""
        self._connection.execute(update(shadowed).where(shadowed.c.alarm_id == alarm_id).values(until_at=at))

    def open_in(self, area: str) -> list[AlarmId]:
        """Open alarms of this street that stand in its shadow; of every street for EVERYWHERE."""
        query = (
            select(shadowed.c.alarm_id)
            .join(alarms, alarms.c.id == shadowed.c.alarm_id)
            .where(shadowed.c.until_at.is_(None), alarms.c.state != "closed")
            .order_by(alarms.c.raised_at)
        )
        if area != EVERYWHERE:
            query = query.where(shadowed.c.area == area)
        return [AlarmId(row[0]) for row in self._connection.execute(query)]

    def of_alarm(self, alarm_id: AlarmId) -> str | None:
        """The street in whose shadow this alarm was raised; None for one that was live from the start."""
        found = self._connection.execute(select(shadowed.c.area).where(shadowed.c.alarm_id == alarm_id)).scalar()
        return None if found is None else str(found)

    def shade_of(self, alarm_id: AlarmId) -> str | None:
        """The street in whose shadow this alarm stands now; None for one that people are told of."""
        row = _SHADE.on(self._connection, id=alarm_id).first()
        return None if row is None else str(row.area)

    def would_have(self, most: int) -> list[WouldHave]:
        """What was decided and not sent, the newest first."""
        query = (
            select(messages.c.sentence, messages.c.channel, messages.c.person, messages.c.posted_at,
                   alarms.c.id, alarms.c.number, shadowed.c.area)
            .join(alarms, alarms.c.id == messages.c.alarm_id)
            .join(shadowed, shadowed.c.alarm_id == alarms.c.id)
            .where(messages.c.reason == REASON)
            .order_by(messages.c.posted_at.desc(), messages.c.id.desc())
            .limit(most)
        )  # fmt: skip
        return [
            WouldHave(
                alarm_id=row.id, number=row.number, area=row.area, sentence=row.sentence, channel=row.channel,
                person=Person(row.person), posted_at=row.posted_at,
            )
            for row in self._connection.execute(query)
        ]  # fmt: skip


REASON = "shadow mode: decided, not sent"
"""What stands at a message that was not sent for this."""


def cover(tx: Tx, alarm: Alarm, address: str | None) -> None:
    """
    An alarm was raised in this unit: it stands in the shadow of its street, if that is one.

    An alarm without a home stands in the shadow only where everything does that is not named; an
    exercise never does, because it is there to be told.
    """
    if alarm.cause is Cause.EXERCISE:
        return
    shelf, street = Shadows(tx.connection), compound(address) if address else ""
    if shelf.mode_of(street) == SHADOW:
        shelf.cover(alarm.id, street, tx.now)
        tx.log(Line(kind="shadowed", by=SERVICE, alarm_id=alarm.id, facts={"street": street}))
