"""
Searching the log: alarms by what they were, entries by who wrote what when, and the words of people within a month.

Every list goes backwards from the newest and is continued by a number. A look at the entries goes through so many of
them at most and then says how far it came: whatever is asked, the answer comes within a second.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Connection, Row, Select, and_, exists, func, or_, select

from dispatch.errors import Invalid
from dispatch.ids import AlarmId, ResidentId, StationId
from dispatch.rules.review import Breach, Stage
from dispatch.rules.rights import Area
from dispatch.store.logbook import BITS, Log, log_alarms, log_findings, log_notes, log_people
from dispatch.store.people import homes, residents, stations
from dispatch.store.record import entries, notes

MONTH = timedelta(days=31)
"""Words are looked for within so long a time at most."""

LOOK_MAX = 200_000
"""So many entries are gone through for one page of the record."""

COUNT_MAX = 10_000
"""What waits is counted so far: a queue that nobody works off would otherwise be counted for longer each day."""

EVERYTHING = 2**62

Plain = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Filter:
    """
    What is looked for; None or empty asks nothing. `[since, until)` is when the alarm was raised; `people` stand in its
    entries, all of them; `text` is in what people wrote about it.
    """

    since: datetime | None = None
    until: datetime | None = None
    station_id: StationId | None = None
    people: tuple[str, ...] = ()
    cause: str | None = None
    outcome: str | None = None
    closed_by: str | None = None
    stages: tuple[Stage, ...] = ()
    breach: Breach | None = None
    is_drawn: bool | None = None
    text: str = ""

    def __post_init__(self) -> None:
        if self.text and (self.since is None or self.until is None or self.until - self.since > MONTH):
            raise Invalid("Words are looked for within a month: please say from when until when.", {"text": ["month"]})


class Search:
    """Reads alarms of the log for people who work for `area`."""

    def __init__(self, connection: Connection, area: Area) -> None:
        self._connection = connection
        self._area = area

    def page(self, wanted: Filter, limit: int, *, before: int | None = None) -> list[Plain]:
        """The newest that fit, each with the codes and names of home, resident and station as they are now."""
        query = self._narrowed(_SHOWN, wanted)
        if query is None:
            return []
        if before is not None:
            query = query.where(log_alarms.c.first < before)
        rows = self._connection.execute(query.order_by(log_alarms.c.first.desc()).limit(limit))
        return [dict(row._mapping) for row in rows]

    def all(self, wanted: Filter, most: int) -> Iterator[Plain]:
        """All that fit, the oldest first, in pages, so that neither memory nor a lock is held for long."""
        after, left = 0, most
        while left > 0:
            query = self._narrowed(_SHOWN, wanted)
            if query is None:
                return
            query = query.where(log_alarms.c.first > after).order_by(log_alarms.c.first).limit(min(500, left))
            rows = self._connection.execute(query).all()
            yield from (dict(row._mapping) for row in rows)
            if not rows:
                return
            after, left = rows[-1].first, left - len(rows)

    def totals(self, wanted: Filter) -> dict[str, int]:
        """How many fit, and their sums, counted by the database."""
        query = self._narrowed(_TOTALS, wanted)
        if query is None:
            return {"alarms": 0, "breached": 0, "lapses": 0, "failures": 0}
        row = self._connection.execute(query).one()
        return {name: int(value or 0) for name, value in row._mapping.items()}

    def waiting(self, most: int = COUNT_MAX) -> dict[Stage, int]:
        """How many cases are open, and how many wait for a signature; `most` + 1 stands for any number above."""
        return {stage: self._count(stage, most) for stage in (Stage.OPEN, Stage.FOUND)}

    def _count(self, stage: Stage, most: int) -> int:
        some = select(log_alarms.c.first).where(log_alarms.c.stage == str(stage), *self._answered())
        query = select(func.count()).select_from(some.limit(most + 1).subquery())
        return int(self._connection.execute(query).scalar_one())

    def follow_ups(self, until: date, limit: int) -> list[Plain]:
        """What was to be looked at again by this day and was not, the longest overdue first."""
        query = (
            select(log_findings, log_alarms.c.number.label("alarm_number"), stations.c.name.label("station"))
            .join(log_alarms, log_alarms.c.alarm_id == log_findings.c.alarm_id)
            .join(stations, stations.c.id == log_findings.c.station_id, isouter=True)
            .where(log_findings.c.done_at.is_(None), log_findings.c.follow_up_on.is_not(None))
            .where(log_findings.c.follow_up_on <= until, *self._answered())
            .order_by(log_findings.c.follow_up_on, log_findings.c.number)
        )
        return [dict(row._mapping) for row in self._connection.execute(query.limit(limit))]

    def resident_by(self, code: str) -> ResidentId | None:
        """The resident whom this code means."""
        return self._connection.execute(select(residents.c.id).where(residents.c.code == code)).scalar()

    def _narrowed(self, query: Select[Any], wanted: Filter) -> Select[Any] | None:
        """None where the log has nothing of that time."""
        span = None
        if wanted.since is not None or wanted.until is not None:
            span = Log(self._connection).span(wanted.since, wanted.until)
            if span is None:
                return None
        return query.where(*_conditions(wanted, span), *self._answered())

    def _answered(self) -> list[ColumnElement[bool]]:
        """As `Area.answers_for`: what belongs to no station is everybody's."""
        if self._area.stations is None:
            return []
        return [or_(log_alarms.c.station_id.is_(None), log_alarms.c.station_id.in_(sorted(self._area.stations)))]


_HOMES = log_alarms.join(homes, homes.c.id == log_alarms.c.home_id, isouter=True)
_PLACES = _HOMES.join(residents, residents.c.id == log_alarms.c.resident_id, isouter=True).join(
    stations, stations.c.id == log_alarms.c.station_id, isouter=True
)
_SHOWN = select(
    log_alarms, homes.c.code.label("home"), homes.c.address.label("address"), residents.c.code.label("resident"),
    residents.c.name.label("name"), residents.c.phone.label("phone"), stations.c.code.label("station"),
    stations.c.name.label("station_name"),
).select_from(_PLACES)  # fmt: skip
_TOTALS: Any = select(
    func.count().label("alarms"),
    func.count(func.nullif(log_alarms.c.breaches, 0)).label("breached"),
    func.sum(log_alarms.c.lapses).label("lapses"),
    func.sum(log_alarms.c.failures).label("failures"),
).select_from(log_alarms)


def _conditions(wanted: Filter, span: tuple[int, int] | None) -> list[ColumnElement[bool]]:
    plain = {
        "station_id": wanted.station_id, "cause": wanted.cause, "outcome": wanted.outcome,
        "closed_by": wanted.closed_by, "is_drawn": wanted.is_drawn,
    }  # fmt: skip
    found = [log_alarms.c[name] == value for name, value in plain.items() if value is not None]
    if span is not None:
        found.append(log_alarms.c.first.between(*span))
    if wanted.since is not None:
        found.append(log_alarms.c.raised_at >= wanted.since)
    if wanted.until is not None:
        found.append(log_alarms.c.raised_at < wanted.until)
    if wanted.stages:
        found.append(log_alarms.c.stage.in_([str(each) for each in wanted.stages]))
    if wanted.breach is not None:
        found.append(log_alarms.c.breaches.op("&")(BITS[wanted.breach]) != 0)
    found += [log_alarms.c.first.in_(_with(person)) for person in wanted.people]
    if wanted.text:
        found.append(log_alarms.c.first.in_(_saying(wanted.text, span)))
    return found


def _with(person: str) -> Select[Any]:
    return select(log_people.c.first).where(log_people.c.person == person)


def _saying(text: str, span: tuple[int, int] | None) -> Select[Any]:
    """The alarms raised in that time about which somebody wrote this, whenever they wrote it."""
    query = select(log_notes.c.first).join(notes, notes.c.hash == log_notes.c.note_hash)
    query = query.where(notes.c.text.icontains(text, autoescape=True))
    return query if span is None else query.where(log_notes.c.first.between(*span))


# ------------------------------------------------------------------------------------------------ entries


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryFilter:
    """Which entries: of `[since, until)`, of one kind, by one person, about one alarm; None asks nothing."""

    since: datetime | None = None
    until: datetime | None = None
    kind: str | None = None
    by: str | None = None
    alarm_id: AlarmId | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Looked:
    """The entries found, newest first, and the number before which to look on; None where the log is at its end."""

    rows: Sequence[Row[Any]]
    next: int | None


class EntrySearch:
    """Reads entries for people who work for `area`; entries about no alarm are the district's."""

    def __init__(self, connection: Connection, area: Area) -> None:
        self._connection = connection
        self._area = area

    def page(self, wanted: EntryFilter, limit: int, *, before: int | None = None) -> Looked:
        """The newest that fit, of as many as may be gone through at once."""
        least, most = self._span(wanted)
        top = min(most, EVERYTHING if before is None else before - 1)
        if top < least:
            return Looked(rows=(), next=None)
        top = min(top, int(self._connection.execute(select(func.max(entries.c.number))).scalar() or 0))
        bottom = least if wanted.alarm_id is not None else max(least, top - LOOK_MAX + 1)
        query = select(entries).where(entries.c.number.between(bottom, top), *self._conditions(wanted))
        rows = self._connection.execute(query.order_by(entries.c.number.desc()).limit(limit)).all()
        if len(rows) == limit:
            return Looked(rows=rows, next=rows[-1].number if rows[-1].number > least else None)
        return Looked(rows=rows, next=bottom if bottom > least else None)

    def latest(self, kind: str, limit: int) -> Sequence[Row[Any]]:
        """The newest of a kind among as many as may be gone through at once; only for the whole district."""
        if not self._area.is_district:
            return ()
        return self.page(EntryFilter(kind=kind), limit).rows

    def after(self, wanted: EntryFilter, number: int, limit: int) -> Looked:
        """The oldest behind a number that fit; `next` is the number behind which to look on, None at the end."""
        least, most = self._span(wanted)
        head = int(self._connection.execute(select(func.max(entries.c.number))).scalar() or 0)
        if number >= head:
            return Looked(rows=(), next=None)
        bottom, end = max(least, number + 1), min(most, head)
        top = end if wanted.alarm_id is not None else min(end, bottom + LOOK_MAX - 1)
        query = select(entries).where(entries.c.number.between(bottom, top), *self._conditions(wanted))
        rows = self._connection.execute(query.order_by(entries.c.number).limit(limit)).all()
        if len(rows) == limit:
            return Looked(rows=rows, next=rows[-1].number)
        return Looked(rows=rows, next=top if top < end else None)

    def _span(self, wanted: EntryFilter) -> tuple[int, int]:
        log = Log(self._connection)
        span = log.span(wanted.since, wanted.until) if wanted.since or wanted.until else (1, EVERYTHING)
        # The hours know what the follower has seen; what came since lies behind its bookmark.
        behind = log.bookmark() + 1
        if span is None:
            return behind, EVERYTHING
        return span[0], EVERYTHING if span[1] >= behind - 1 else span[1]

    def _conditions(self, wanted: EntryFilter) -> list[ColumnElement[bool]]:
        plain = {"kind": wanted.kind, "by": wanted.by, "alarm_id": wanted.alarm_id}
        found = [entries.c[name] == value for name, value in plain.items() if value is not None]
        if wanted.since is not None:
            found.append(entries.c.at >= wanted.since)
        if wanted.until is not None:
            found.append(entries.c.at < wanted.until)
        if self._area.stations is not None:
            ours = Search(self._connection, self._area)._answered()
            found.append(exists().where(and_(log_alarms.c.alarm_id == entries.c.alarm_id, *ours)))
        return found
