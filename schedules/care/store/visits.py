"""Planned visits on file: each key once, who is sent, and what waits."""

from collections.abc import Collection, Sequence
from datetime import date, datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    ColumnElement,
    Connection,
    Date,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    bindparam,
    case,
    exists,
    func,
    literal,
    or_,
    select,
    true,
    update,
)

from dispatch.ids import AlarmId, CarerId, HomeId, ResidentId, StationId
from dispatch.store.database import Instant, Json, insert_once, metadata
from dispatch.store.people import homes, residents
from dispatch.store.prepared import Prepared, once
from schedules.care.rules.presence import Span, State, Visit
from schedules.care.rules.visit import Proved, Source, Wanted

visits = Table(
    "visits", metadata,
    Column("id", String(40), primary_key=True),
    Column("key", String(120), nullable=False, unique=True),
    Column("source", String(8), nullable=False),
    Column("code", Integer, nullable=False),
    Column("home_id", String(40), ForeignKey("homes.id"), nullable=False),
    Column("resident_id", String(40), ForeignKey("residents.id"), nullable=False),
    Column("on", Date, nullable=False),
    Column("start_from", Instant, nullable=False),
    Column("start_by", Instant, nullable=False),
    Column("minutes", Integer, nullable=False),
    Column("least_minutes", Integer),
    Column("planned", Json, nullable=False),
    Column("skills", Json, nullable=False),
    Column("carers", Integer, nullable=False),
    Column("medical", Boolean, nullable=False),
    Column("usual", Json, nullable=False),
    Column("not_with", Json, nullable=False),
    Column("state", String(12), nullable=False),
    Column("chase", Integer, nullable=False),
    Column("due_at", Instant),
    Column("failures", Integer, nullable=False, server_default="0"),
    Column("begun_at", Instant),
    Column("finished_at", Instant),
    Column("counted_on", Date),
    Column("items", Json),
    Column("reason", String(40)),
    Column("alarm_id", String(40), ForeignKey("alarms.id")),
    Column("judged_at", Instant),
    Column("counts", Boolean, nullable=False),
    Column("sound", Boolean, nullable=False),
    CheckConstraint("state IN ('planned','begun','finished','missed','cancelled')", name="state"),
    CheckConstraint("state IN ('finished','missed','cancelled') OR due_at IS NOT NULL", name="waits"),
    CheckConstraint("NOT counts OR (state = 'finished' AND finished_at IS NOT NULL)", name="counts"),
    Index("ix_visits_on", "on", "start_by"),
    Index("ix_visits_resident_id", "resident_id", "counted_on"),
    Index("ix_visits_home_id", "home_id", "on"),
)  # fmt: skip
"""`planned` are the items that were asked for, `items` those that were done. `counted_on` is the local day it began."""

_WAITS = visits.c.due_at.is_not(None)
Index("ix_visits_due_at", visits.c.due_at, sqlite_where=_WAITS, postgresql_where=_WAITS)

visit_sendings = Table(
    "visit_sendings", metadata,
    Column("id", String(60), primary_key=True),
    Column("by", String(80), nullable=False),
    Column("begun_at", Instant, nullable=False),
    Column("live_at", Instant),
)  # fmt: skip
"""
Carers sent to very many visits at once, while that is under way: from `live_at` on what was prepared is true. A row is
there until the last of it stands where it belongs.
"""

visit_carers = Table(
    "visit_carers", metadata,
    Column("visit_id", String(40), ForeignKey("visits.id"), primary_key=True),
    Column("carer_id", String(40), ForeignKey("carers.id"), primary_key=True),
    Column("sent", Boolean, nullable=False),
    Column("sending_id", String(60), ForeignKey(visit_sendings.c.id, name="fk_visit_carers_sending_id_visit_sendings")),
    Column("then_sent", Boolean),
    Column("begun_at", Instant),
    Column("finished_at", Instant),
    Index("ix_visit_carers_carer_id", "carer_id", "begun_at"),
)  # fmt: skip
"""
Who is `sent`, and who came by what was said: whoever was not sent may have come all the same. Once the sending of a row
is live, `then_sent` says who is sent, whatever `sent` says: read `IS_SENT`.
"""

_PREPARED = visit_carers.c.sending_id.is_not(None)
Index("ix_visit_carers_sending_id", visit_carers.c.sending_id, sqlite_where=_PREPARED, postgresql_where=_PREPARED)

IS_LIVE = exists().where(visit_sendings.c.id == visit_carers.c.sending_id, visit_sendings.c.live_at.is_not(None))
IS_SENT = case((visit_carers.c.then_sent.is_not(None) & IS_LIVE, visit_carers.c.then_sent), else_=visit_carers.c.sent)
"""Whether this carer is sent to this visit."""

_OF_CARER = Prepared(
    select(visits.c.id)
    .join(visit_carers, visit_carers.c.visit_id == visits.c.id)
    .where(
        visit_carers.c.carer_id == bindparam("carer_id"),
        or_(IS_SENT, visit_carers.c.begun_at.is_not(None)),
        visits.c.on >= bindparam("start"),
        visits.c.on < bindparam("end"),
    )
)
"""Asked at every answer of a carer, who has no visit about now in most cases."""

_GET = Prepared(select(visits).where(visits.c.id == bindparam("id")).with_for_update())
_SAVE = Prepared(update(visits).where(visits.c.id == bindparam("key_id")))
_DUE = Prepared(
    select(visits.c.id).where(visits.c.due_at <= bindparam("now")).order_by(visits.c.due_at).limit(bindparam("most"))
)
_NEXT_DUE = Prepared(select(func.min(visits.c.due_at).label("at")).where(_WAITS))
_COME = once(visit_carers)
_SPAN = Prepared(
    update(visit_carers).where(
        visit_carers.c.visit_id == bindparam("visit"), visit_carers.c.carer_id == bindparam("carer")
    )
)
_SENT_TO = Prepared(
    select(visit_carers.c.visit_id, visit_carers.c.carer_id)
    .where(visit_carers.c.visit_id == bindparam("id"), IS_SENT)
    .order_by(visit_carers.c.carer_id)
)
_LOOK_AGAIN = Prepared(
    update(visits).where(
        visits.c.id.in_(bindparam("ids", expanding=True)),
        visits.c.state.in_([State.FINISHED.value, State.MISSED.value]),
    )
)

CODES = tuple(code for code in range(100, 1000) if code % 10 in {0, 6, 7, 8, 9})
"""Codes of three digits whose last can be no action: `rules.reply` reads them as codes, like those of offers."""


class Visits:
    """The shelf of visits."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    # ------------------------------------------------------------------------------------------- one visit

    def add(self, visit: Visit) -> bool:
        """Keeps a new visit; False where one with its key is on file, which stays as it is."""
        done = self._connection.execute(insert_once(visits, self._connection).values(_row(visit)))
        return done.rowcount == 1

    def get(self, id_: str) -> Visit | None:
        row = _GET.on(self._connection, id=id_).first()
        if row is None:
            return None
        sent = _SENT_TO.on(self._connection, id=id_)
        return _value(row, tuple(CarerId(each.carer_id) for each in sent))

    def save(self, visit: Visit, *, counted_on: date | None = None) -> None:
        """Its new state; who is sent is `send`'s."""
        row = {**_row(visit), "failures": 0, **({"counted_on": counted_on} if counted_on else {})}
        del row["id"]
        _SAVE.on(self._connection, key_id=visit.id, **row)

    def send(self, visit_id: str, carer_ids: Sequence[CarerId]) -> None:
        """These are sent from now on, and nobody else; who has come stays on file."""
        mine = visit_carers.c.visit_id == visit_id
        # What was prepared of it and is not true yet stays without a word: whoever prepared finds that a hand was here.
        self._connection.execute(update(visit_carers).where(mine).values(sent=False, then_sent=None))
        for carer_id in carer_ids:
            new = {"visit_id": visit_id, "carer_id": carer_id, "sent": True}
            self._connection.execute(insert_once(visit_carers, self._connection).values(new))
            known = mine & (visit_carers.c.carer_id == carer_id)
            self._connection.execute(update(visit_carers).where(known).values(sent=True))

    def locked(self, ids: Collection[str]) -> dict[str, Visit]:
        """These visits, by id, which nobody else changes until the unit ends; ids nobody has are left out."""
        query = select(visits).where(visits.c.id.in_(ids)).order_by(visits.c.id).with_for_update()
        return {each.id: each for each in self._values(self._connection.execute(query).all())}

    def span(self, visit_id: str, each: Span) -> None:
        """When this carer was there, by what was said."""
        _COME.on(self._connection, visit_id=visit_id, carer_id=each.carer_id, sent=False)
        _SPAN.on(
            self._connection, visit=visit_id, carer=each.carer_id, begun_at=each.begin.at if each.begin else None,
            finished_at=each.finish.at if each.finish else None,
        )  # fmt: skip

    # ------------------------------------------------------------------------------------------- many visits

    def by_key(self, keys: Collection[str]) -> dict[str, Visit]:
        return {each.wanted.key: each for each in self._select(visits.c.key.in_(keys))}

    def on(self, day: date) -> list[Visit]:
        """Every visit of a local day, by its latest start."""
        return self._select(visits.c.on == day)

    def of_carer(self, carer_id: CarerId, start: date, end: date) -> list[Visit]:
        """Those of the days [start, end) to which this carer is or was sent, or came."""
        ids = [row.id for row in _OF_CARER.on(self._connection, carer_id=carer_id, start=start, end=end)]
        return self._select(visits.c.id.in_(ids)) if ids else []

    def at_home(self, home_id: HomeId, start: datetime, end: datetime) -> list[Visit]:
        """Those of a home that may begin within [start, end)."""
        return self._select((visits.c.home_id == home_id) & (visits.c.start_from < end) & (visits.c.start_by >= start))

    def of_resident(self, resident_id: ResidentId, start: date, end: date) -> list[Visit]:
        """Those of the days [start, end)."""
        return self._select((visits.c.resident_id == resident_id) & (visits.c.on >= start) & (visits.c.on < end))

    def chosen(self, ids: Collection[str]) -> list[Visit]:
        return self._select(visits.c.id.in_(ids))

    def proved(self, resident_id: ResidentId, start: date, end: date) -> list[Proved]:
        """
        The visits that count, of the local days [start, end): each of the six points is known and no finding stands
        against it.
        """
        return self._counted((visits.c.resident_id == resident_id), start, end)

    def proved_of_all(self, start: date, end: date) -> list[Proved]:
        """The same of everybody, for what compares them."""
        return self._counted(true(), start, end)

    def _counted(self, whose: ColumnElement[bool], start: date, end: date) -> list[Proved]:
        inside = visits.c.counts & (visits.c.counted_on >= start) & (visits.c.counted_on < end)
        found = self._select(whose & inside)
        days = {
            row.id: row.counted_on
            for row in self._connection.execute(select(visits.c.id, visits.c.counted_on).where(whose & inside))
        }
        came = self._came([each.id for each in found])
        return [_proved(each, days[each.id], came.get(each.id, ())) for each in found]

    def came_to(self, visit_id: str) -> tuple[CarerId, ...]:
        """Who came, by what was said."""
        return self._came([visit_id]).get(visit_id, ())

    def codes_on(self, day: date) -> int:
        """How many codes of a day are given."""
        return self._connection.execute(select(func.count()).select_from(visits).where(visits.c.on == day)).scalar_one()

    # ------------------------------------------------------------------------------------------- what waits

    def due(self, now: datetime, most: int) -> list[str]:
        return [row.id for row in _DUE.on(self._connection, now=now, most=most)]

    def next_due(self) -> datetime | None:
        found: datetime | None = _NEXT_DUE.on(self._connection).scalar()
        return found

    def wake(self, ids: Collection[str], at: datetime) -> None:
        """Finished visits to be looked at again."""
        if ids:
            _LOOK_AGAIN.on(self._connection, ids=list(ids), due_at=at)

    def stumbled(self, id_: str, until: datetime) -> int:
        """A look failed: rests until then. How often in a row."""
        its = visits.c.id == id_
        self._connection.execute(update(visits).where(its, _WAITS).values(failures=visits.c.failures + 1, due_at=until))
        return self._connection.execute(select(visits.c.failures).where(its)).scalar() or 0

    def shift_due(self, seconds: float) -> None:
        """
        Moves what is due in its turn, because somebody moved the clock; a start is of the wall, so only what is due in
        the past stays there.
        """
        moved = {"due_at": visits.c.due_at + literal(round(seconds * 1_000_000), BigInteger)}
        judged = _WAITS & visits.c.state.in_([State.FINISHED.value, State.MISSED.value])
        self._connection.execute(update(visits).where(judged).values(**moved))

    def buried(self) -> list[str]:
        """Visits that count though the resident had died before that day."""
        query = (
            select(visits.c.id)
            .join(residents, residents.c.id == visits.c.resident_id)
            .where(visits.c.counts, residents.c.died_on.is_not(None), residents.c.died_on < visits.c.counted_on)
        )
        return list(self._connection.execute(query).scalars())

    def station_of(self, home_ids: Collection[HomeId]) -> dict[HomeId, StationId | None]:
        """Whose each home is."""
        query = select(homes.c.id, homes.c.station_id).where(homes.c.id.in_(home_ids))
        return {row.id: row.station_id for row in self._connection.execute(query)}

    def names(self, resident_ids: Collection[ResidentId]) -> dict[str, str]:
        """What these residents are called."""
        query = select(residents.c.id, residents.c.name).where(residents.c.id.in_(resident_ids))
        return {row.id: row.name for row in self._connection.execute(query)} if resident_ids else {}

    # ------------------------------------------------------------------------------------------- inside

    def _select(self, which: Any) -> list[Visit]:
        found = select(visits).where(which).order_by(visits.c.start_by, visits.c.id)
        return self._values(self._connection.execute(found).all())

    def _values(self, rows: Sequence[Any]) -> list[Visit]:
        ids = [row.id for row in rows]
        sent: dict[str, list[CarerId]] = {}
        query = select(visit_carers.c.visit_id, visit_carers.c.carer_id).where(
            visit_carers.c.visit_id.in_(ids), IS_SENT
        )
        for row in self._connection.execute(query.order_by(visit_carers.c.carer_id)) if ids else ():
            sent.setdefault(row.visit_id, []).append(CarerId(row.carer_id))
        return [_value(row, tuple(sent.get(row.id, ()))) for row in rows]

    def _came(self, ids: Collection[str]) -> dict[str, tuple[CarerId, ...]]:
        query = select(visit_carers.c.visit_id, visit_carers.c.carer_id).where(
            visit_carers.c.visit_id.in_(ids), visit_carers.c.begun_at.is_not(None)
        )
        found: dict[str, tuple[CarerId, ...]] = {}
        for row in self._connection.execute(query.order_by(visit_carers.c.carer_id)):
            found[row.visit_id] = (*found.get(row.visit_id, ()), CarerId(row.carer_id))
        return found


def code_of(day: date, number: int) -> int:
    """
    The code of the n-th visit of a day; after 450 they begin anew. Days take turns to begin at the first code and in
    the middle, so that visits before and after midnight have codes of their own; see `visit_answers.to_sign`.
    """
    return CODES[(number + day.toordinal() % 2 * (len(CODES) // 2)) % len(CODES)]


def _proved(visit: Visit, on: date, came: tuple[CarerId, ...]) -> Proved:
    assert visit.begun_at is not None
    assert visit.finished_at is not None
    return Proved(
        visit_id=visit.id, resident_id=visit.wanted.resident_id, carer_ids=came, on=on, begun_at=visit.begun_at,
        finished_at=visit.finished_at, items=visit.items or (), medical=visit.wanted.medical,
    )  # fmt: skip


def _row(visit: Visit) -> dict[str, Any]:
    """Lists as tuples: a prepared statement spreads a list over places."""
    wanted = visit.wanted
    return {
        "id": visit.id, "key": wanted.key, "source": wanted.source.value, "code": visit.code,
        "home_id": wanted.home_id, "resident_id": wanted.resident_id, "on": wanted.on,
        "start_from": wanted.start_from, "start_by": wanted.start_by, "minutes": wanted.minutes,
        "least_minutes": wanted.least_minutes, "planned": wanted.items, "skills": tuple(sorted(wanted.skills)),
        "carers": wanted.carers, "medical": wanted.medical, "usual": wanted.usual,
        "not_with": wanted.not_with, "state": visit.state.value, "chase": visit.chase, "due_at": visit.due_at,
        "begun_at": visit.begun_at, "finished_at": visit.finished_at,
        "items": visit.items, "reason": visit.reason,
        "alarm_id": visit.alarm_id, "judged_at": visit.judged_at, "counts": visit.counts, "sound": visit.sound,
    }  # fmt: skip


def _value(row: Any, carer_ids: tuple[CarerId, ...]) -> Visit:
    wanted = Wanted(
        key=row.key, source=Source(row.source), home_id=HomeId(row.home_id), resident_id=ResidentId(row.resident_id),
        on=row.on, start_from=row.start_from, start_by=row.start_by, minutes=row.minutes,
        items=tuple(row.planned), skills=frozenset(row.skills), carers=row.carers, medical=row.medical,
        usual=tuple(row.usual), not_with=tuple(row.not_with), least_minutes=row.least_minutes,
    )  # fmt: skip
    return Visit(
        id=row.id, wanted=wanted, code=row.code, state=State(row.state), carer_ids=carer_ids, chase=row.chase,
        due_at=row.due_at, begun_at=row.begun_at, finished_at=row.finished_at,
        items=None if row.items is None else tuple(row.items), reason=row.reason,
        alarm_id=AlarmId(row.alarm_id) if row.alarm_id else None, judged_at=row.judged_at,
        counts=bool(row.counts), sound=bool(row.sound),
    )  # fmt: skip


__all__ = ["CODES", "IS_SENT", "Visits", "code_of", "visit_carers", "visit_sendings", "visits"]
