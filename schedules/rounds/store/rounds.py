"""Rounds on file: who is in which class, every round with its result, and how far the record was read."""

from collections.abc import Collection, Sequence
from dataclasses import asdict, dataclass, fields
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
    Text,
    func,
    select,
    true,
    update,
)

from dispatch.errors import NotFound
from dispatch.ids import HomeId, ResidentId
from dispatch.rules.people import Resident
from dispatch.rules.record import Entry
from dispatch.rules.rights import Area
from dispatch.store.absences import absences
from dispatch.store.alarms import alarms
from dispatch.store.database import Instant, Json, insert_once, metadata, upsert
from dispatch.store.people import homes, resident_of, residents
from dispatch.store.record import entries, entry_of
from schedules.rounds.rules.book import Late, Means
from schedules.rounds.rules.round import SEEN, UNPROVED, Kind, Result, Round, Shown, Stage, State

round_people = Table(
    "round_people", metadata,
    Column("resident_id", String(40), ForeignKey("residents.id"), primary_key=True),
    Column("cls", String(20), nullable=False),
    Column("by_hand", Boolean, nullable=False),
    Column("why", Text, nullable=False),
    Column("responsible", String(80), nullable=False),
    Column("since", Date, nullable=False),
    Column("last_on", Date),
)  # fmt: skip
"""Everybody on a list. `cls` is empty where somebody was taken off by hand; `last_on` the day of the last result."""

care_rounds = Table(
    "care_rounds", metadata,
    Column("id", String(40), primary_key=True),
    Column("key", String(120), nullable=False, unique=True),
    Column("resident_id", String(40), ForeignKey("residents.id"), nullable=False),
    Column("home_id", String(40), ForeignKey("homes.id"), nullable=False),
    Column("kind", String(10), nullable=False),
    Column("cls", String(20), nullable=False),
    Column("why", String(20), nullable=False),
    Column("means", Json, nullable=False),
    Column("opened_on", Date, nullable=False),
    Column("plan_on", Date, nullable=False),
    Column("due_on", Date, nullable=False),
    Column("deadline", Instant, nullable=False),
    Column("late", Json, nullable=False),
    Column("look_at", Instant),
    Column("stage", String(10), nullable=False),
    Column("tries", Integer, nullable=False),
    Column("state", String(10), nullable=False),
    Column("result", String(10)),
    Column("by_means", String(10)),
    Column("done_on", Date),
    Column("done_at", Instant),
    Column("done_by", String(80)),
    Column("shown", String(10)),
    Column("proof", String(120)),
    Column("reviewed_by", String(80)),
    Column("campaign_id", String(40)),
    CheckConstraint("state IN ('open','done','dropped')", name="state"),
    CheckConstraint("(state = 'open') = (look_at IS NOT NULL)", name="waits"),
    CheckConstraint("(state = 'done') = (result IS NOT NULL)", name="result"),
    Index("ix_care_rounds_resident_id", "resident_id", "due_on"),
    Index("ix_care_rounds_due_on", "due_on"),
    Index("ix_care_rounds_done_on", "done_on"),
)  # fmt: skip
_OPEN = care_rounds.c.state == "open"
_CLAIMED = care_rounds.c.shown == "claimed"
_SHOWN = care_rounds.c.proof.is_not(None)
Index("ix_care_rounds_proof", care_rounds.c.proof, sqlite_where=_SHOWN, postgresql_where=_SHOWN)
Index("ix_care_rounds_claimed", care_rounds.c.done_at, sqlite_where=_CLAIMED, postgresql_where=_CLAIMED)
_WAITS = care_rounds.c.look_at.is_not(None)
Index("ix_care_rounds_look_at", care_rounds.c.look_at, sqlite_where=_WAITS, postgresql_where=_WAITS)
_REGULAR = (care_rounds.c.state == "open") & (care_rounds.c.kind == "regular")
Index(
    "ix_care_rounds_one_open", care_rounds.c.resident_id, unique=True, sqlite_where=_REGULAR, postgresql_where=_REGULAR
)

round_marks = Table(
    "round_marks", metadata,
    Column("name", String(20), primary_key=True),
    Column("number", BigInteger, nullable=False),
)  # fmt: skip
"""How far the record has been read for what asks for a round."""

CHANGES = ("closed", "absence_over", "resident_left")
"""Kinds of entries that may ask for a round."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Listed:
    """Somebody on a list of rounds."""

    resident_id: ResidentId
    cls: str
    by_hand: bool
    why: str
    responsible: str
    since: date
    last_on: date | None = None


class Rounds:
    """The shelf of rounds."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    # ------------------------------------------------------------------------------------------- rounds

    def open(self, round_: Round) -> bool:
        """Opens one; False where the same was opened before."""
        return self._connection.execute(insert_once(care_rounds, self._connection), _row(round_)).rowcount > 0

    def save(self, round_: Round) -> None:
        self._connection.execute(update(care_rounds).where(care_rounds.c.id == round_.id).values(**_row(round_)))

    def get(self, id_: str, area: Area | None = None) -> Round:
        """
        One round.

        Raises:
            NotFound: there is none with this id, or it is outside the area.
        """
        query = select(care_rounds).where(care_rounds.c.id == id_, _inside(area))
        row = self._connection.execute(query).first()
        if row is None:
            raise NotFound("There is no such round.")
        return _value(row)

    def open_of(self, resident_id: ResidentId) -> list[Round]:
        """The open rounds of one resident, the most urgent first."""
        query = (
            select(care_rounds).where(care_rounds.c.resident_id == resident_id, _OPEN).order_by(care_rounds.c.deadline)
        )
        return [_value(row) for row in self._connection.execute(query)]

    def of(self, resident_id: ResidentId, most: int) -> list[Round]:
        """The newest rounds of one resident."""
        query = (
            select(care_rounds)
            .where(care_rounds.c.resident_id == resident_id)
            .order_by(care_rounds.c.due_on.desc(), care_rounds.c.id)
        )
        return [_value(row) for row in self._connection.execute(query.limit(most))]

    def due_list(self, area: Area, *, until: date, now: datetime, most: int, after: str = "", cls: str = "",
             community: str = "", station: str = "", responsible: str = "",
             ) -> list[tuple[Round, Resident, str, str]]:  # fmt: skip
        """
        Open rounds due by then, those longest overdue first, each with who it is about, their address and community.
        Whoever is away now is not due. `responsible`: only those entrusted to this person.
        """
        away = select(absences.c.resident_id).where(
            absences.c.state != "over", absences.c.from_at <= now, absences.c.until_at > now
        )
        query = (
            select(care_rounds, homes.c.address, homes.c.community)
            .join(residents, residents.c.id == care_rounds.c.resident_id)
            .join(homes, homes.c.id == residents.c.home_id)
            .where(_OPEN, care_rounds.c.due_on <= until, care_rounds.c.resident_id.not_in(away), _inside(area))
        )
        for column, said in ((care_rounds.c.cls, cls), (homes.c.community, community), (homes.c.station_id, station)):
            query = query.where(column == said) if said else query
        if responsible:
            theirs = select(round_people.c.resident_id).where(round_people.c.responsible == responsible)
            query = query.where(care_rounds.c.resident_id.in_(theirs))
        if after:
            due_on, _, id_ = after.partition("/")
            later = (care_rounds.c.due_on == date.fromisoformat(due_on)) & (care_rounds.c.id > id_)
            query = query.where((care_rounds.c.due_on > date.fromisoformat(due_on)) | later)
        rows = self._connection.execute(query.order_by(care_rounds.c.due_on, care_rounds.c.id).limit(most)).all()
        people = self.residents_by_id([row.resident_id for row in rows])
        return [(_value(row), people[row.resident_id], row.address, row.community) for row in rows]

    def planned(self, day: date) -> list[Round]:
        """Open rounds that are planned for this local day."""
        query = select(care_rounds).where(_OPEN, care_rounds.c.plan_on == day).order_by(care_rounds.c.id)
        return [_value(row) for row in self._connection.execute(query)]

    def due(self, now: datetime, most: int) -> list[str]:
        query = select(care_rounds.c.id).where(care_rounds.c.look_at <= now).order_by(care_rounds.c.look_at).limit(most)
        return list(self._connection.execute(query).scalars())

    def next_due(self) -> datetime | None:
        found: datetime | None = self._connection.execute(
            select(func.min(care_rounds.c.look_at)).where(_WAITS)
        ).scalar()
        return found

    def rest(self, id_: str, until: datetime) -> None:
        """It is looked at again then, and not before."""
        self._connection.execute(update(care_rounds).where(care_rounds.c.id == id_, _WAITS).values(look_at=until))

    def rate(self, first: date, last: date, area: Area) -> tuple[int, int]:
        """People visited between these local days, of the people with a round due then; a mere claim is no visit."""
        due = select(care_rounds.c.resident_id).where(
            care_rounds.c.due_on.between(first, last), care_rounds.c.state != "dropped", _inside(area)
        ).distinct()  # fmt: skip
        seen = select(care_rounds.c.resident_id).where(
            care_rounds.c.done_on.between(first, last), care_rounds.c.result.in_(sorted(SEEN)),
            func.coalesce(care_rounds.c.shown, "").not_in(sorted(UNPROVED)),
        )  # fmt: skip
        count = self._connection.execute(select(func.count()).select_from(due.subquery())).scalar() or 0
        both = due.where(care_rounds.c.resident_id.in_(seen)).subquery()
        return self._connection.execute(select(func.count()).select_from(both)).scalar() or 0, count

    def claimed(self, area: Area, most: int) -> list[tuple[Round, Resident]]:
        """Rounds at the door that are only claimed, the one that waits longest for a second person first."""
        query = select(care_rounds).where(_CLAIMED, _inside(area)).order_by(care_rounds.c.done_at, care_rounds.c.id)
        found = [_value(row) for row in self._connection.execute(query.limit(most))]
        people = self.residents_by_id([each.resident_id for each in found])
        return [(each, people[each.resident_id]) for each in found]

    def proved_by(self, proof: str) -> bool:
        """Whether another round was shown by this."""
        query = select(care_rounds.c.id).where(care_rounds.c.proof == proof).limit(1)
        return self._connection.execute(query).first() is not None

    def remote(self, resident_id: ResidentId, first: date, last: date) -> dict[date, int]:
        """How often somebody was seen or spoken to from afar, by telephone or video, on each of these local days."""
        query = select(care_rounds.c.done_on, func.count()).where(
            care_rounds.c.resident_id == resident_id, care_rounds.c.done_on.between(first, last),
            care_rounds.c.by_means.in_([Means.PHONE, Means.VIDEO]), care_rounds.c.result.in_(sorted(SEEN)),
        ).group_by(care_rounds.c.done_on)  # fmt: skip
        return {row[0]: row[1] for row in self._connection.execute(query)}

    def overdue(self, day: date, area: Area) -> int:
        query = select(func.count()).select_from(care_rounds).where(_OPEN, care_rounds.c.due_on < day, _inside(area))
        return self._connection.execute(query).scalar() or 0

    def of_campaign(self, id_: str) -> list[Round]:
        """The open rounds of one call for extra rounds."""
        query = select(care_rounds).where(care_rounds.c.campaign_id == id_, _OPEN)
        return [_value(row) for row in self._connection.execute(query)]

    # ------------------------------------------------------------------------------------------- people

    def put(self, listed: Listed) -> None:
        upsert(round_people, self._connection, "resident_id", asdict(listed))

    def listed(self, resident_id: ResidentId) -> Listed | None:
        query = select(round_people).where(round_people.c.resident_id == resident_id)
        row = self._connection.execute(query).first()
        return None if row is None else Listed(**row._mapping)

    def everybody(self) -> dict[ResidentId, Listed]:
        """Who is on a list."""
        found = (Listed(**row._mapping) for row in self._connection.execute(select(round_people)))
        return {each.resident_id: each for each in found}

    def without_one(self) -> list[ResidentId]:
        """Who is on a list and has no open regular round: nobody should be."""
        has = select(care_rounds.c.resident_id).where(_REGULAR)
        served = select(residents.c.id).where(residents.c.ended_at.is_(None))
        query = select(round_people.c.resident_id).where(
            round_people.c.cls != "", round_people.c.resident_id.in_(served), round_people.c.resident_id.not_in(has)
        )
        return list(self._connection.execute(query).scalars())

    def orphans(self, most: int) -> list[str]:
        """Open rounds of people who are not served any more."""
        gone = select(residents.c.id).where(residents.c.ended_at.is_not(None))
        query = select(care_rounds.c.id).where(_OPEN, care_rounds.c.resident_id.in_(gone)).limit(most)
        return list(self._connection.execute(query).scalars())

    def served(self) -> Sequence[Resident]:
        """Everybody who is served."""
        query = select(residents).where(residents.c.ended_at.is_(None)).order_by(residents.c.id)
        return [resident_of(row) for row in self._connection.execute(query)]

    def hospital(self, since: datetime, now: datetime) -> dict[ResidentId, datetime]:
        """Until when each was in hospital last, of those who were since then."""
        query = select(absences.c.resident_id, func.max(absences.c.until_at)).where(
            absences.c.kind == "hospital", absences.c.until_at >= since, absences.c.from_at <= now
        ).group_by(absences.c.resident_id)  # fmt: skip
        return {ResidentId(row[0]): row[1] for row in self._connection.execute(query)}

    def residents_by_id(self, ids: Collection[str]) -> dict[str, Resident]:
        query = select(residents).where(residents.c.id.in_(ids))
        return {row.id: resident_of(row) for row in self._connection.execute(query)}

    # ------------------------------------------------------------------------------------------- the record

    def mark(self, name: str) -> int | None:
        query = select(round_marks.c.number).where(round_marks.c.name == name)
        found: int | None = self._connection.execute(query).scalar()
        return found

    def set_mark(self, name: str, number: int) -> None:
        upsert(round_marks, self._connection, "name", {"name": name, "number": number})

    def news(self, after: int, most: int) -> tuple[list[Entry], int]:
        """Entries that may ask for a round behind this number, and the number up to which the record was read."""
        # The last number first: what is written between the two looks is read by the next one.
        last = self._connection.execute(select(func.max(entries.c.number))).scalar() or 0
        query = select(entries).where(entries.c.number > after, entries.c.number <= last, entries.c.kind.in_(CHANGES))
        found = [entry_of(row) for row in self._connection.execute(query.order_by(entries.c.number).limit(most))]
        return found, found[-1].number if len(found) == most else last

    def alarmed_since(self, at: datetime) -> int:
        """How many missed rounds have become alarms since then."""
        query = select(func.count()).select_from(entries).where(entries.c.kind == "round_missed", entries.c.at >= at)
        return self._connection.execute(query).scalar() or 0

    def any_done(self, since: datetime) -> bool:
        """Whether anybody has entered the result of any round since then."""
        query = select(care_rounds.c.id).where(care_rounds.c.state == "done", care_rounds.c.done_on >= since.date())
        return self._connection.execute(query.limit(1)).first() is not None

    def print_of_registers(self) -> tuple[int, ...]:
        """Three numbers that change with nearly everything that puts somebody into another class."""
        query = select(func.count(), func.coalesce(func.sum(residents.c.version), 0), func.count(residents.c.ended_at))
        return tuple(self._connection.execute(query).one())

    def whose_alarm(self, alarm_id: str) -> tuple[ResidentId | None, HomeId | None, str]:
        """Who an alarm was about, and its cause."""
        query = select(alarms.c.resident_id, alarms.c.home_id, alarms.c.cause).where(alarms.c.id == alarm_id)
        row = self._connection.execute(query).first()
        return (None, None, "") if row is None else (row.resident_id, row.home_id, row.cause)


def _inside(area: Area | None) -> ColumnElement[bool]:
    if area is None or area.stations is None:
        return true()
    mine = select(residents.c.id).join(homes, homes.c.id == residents.c.home_id)
    return care_rounds.c.resident_id.in_(mine.where(homes.c.station_id.in_(sorted(area.stations))))


def _row(round_: Round) -> dict[str, Any]:
    return {each.name: getattr(round_, each.name) for each in fields(Round)} | {
        "means": [str(each) for each in round_.means], "late": asdict(round_.late),
    }  # fmt: skip


def _value(row: Any) -> Round:
    said = {each.name: row._mapping[care_rounds.c[each.name]] for each in fields(Round)}
    return Round(**said | {
        "kind": Kind(said["kind"]), "state": State(said["state"]), "stage": Stage(said["stage"]),
        "means": tuple(Means(each) for each in said["means"]), "late": Late(**said["late"]),
        "result": Result(said["result"]) if said["result"] else None,
        "by_means": Means(said["by_means"]) if said["by_means"] else None,
        "shown": Shown(said["shown"]) if said["shown"] else None,
    })  # fmt: skip
