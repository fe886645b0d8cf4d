"""Alarms and their offers on file, and who was chosen and why."""

from collections.abc import Collection, Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    BigInteger,
    CheckConstraint,
    Column,
    ColumnElement,
    Connection,
    Float,
    ForeignKey,
    Index,
    Integer,
    String,
    Table,
    bindparam,
    func,
    insert,
    literal,
    literal_column,
    select,
    true,
    update,
)

from dispatch.errors import NotFound
from dispatch.ids import AlarmId, OfferId
from dispatch.rules.alarm import Alarm, Offer, OfferState, Outcome, Proof, Role, State
from dispatch.rules.nearest import Choice
from dispatch.rules.people import Person
from dispatch.rules.place import Position
from dispatch.rules.signal import Cause
from dispatch.store.database import Instant, Json, metadata
from dispatch.store.prepared import Prepared, counting
from dispatch.store.transactions import Tx

alarms = Table(
    "alarms",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("number", String(24), nullable=False, unique=True),
    Column("subject", String(160), nullable=False),
    Column("cause", String(24), nullable=False),
    Column("state", String(12), nullable=False),
    Column("raised_at", Instant, nullable=False),
    Column("due_at", Instant),
    Column("policy_id", String(40), ForeignKey("policies.id"), nullable=False),
    Column("home_id", String(40), ForeignKey("homes.id")),
    Column("resident_id", String(40), ForeignKey("residents.id")),
    Column("station_id", String(40), ForeignKey("stations.id")),
    Column("lat", Float),
    Column("lng", Float),
    Column("place_source", String(12), nullable=False),
    Column("press_count", Integer, nullable=False),
    Column("pressed_at", Instant, nullable=False),
    Column("step", Integer, nullable=False),
    Column("rounds", Integer, nullable=False),
    Column("stepped_at", Instant),
    Column("accepted_at", Instant),
    Column("attended_at", Instant),
    Column("proof", String(20)),
    Column("closed_at", Instant),
    Column("closed_by", String(80)),
    Column("outcome", String(20)),
    Column("delayed_s", Integer, nullable=False),
    Column("failures", Integer, nullable=False, server_default="0"),
    Column("version", Integer, nullable=False),
    CheckConstraint("state IN ('raised','offered','accepted','attended','closed')", name="state"),
    CheckConstraint("(state = 'closed') = (due_at IS NULL)", name="due"),
    CheckConstraint("(state = 'closed') = (closed_by IS NOT NULL)", name="closed_by"),
    Index(
        "ix_alarms_due_at",
        "due_at",
        sqlite_where=Column("due_at").is_not(None),
        postgresql_where=Column("due_at").is_not(None),
    ),
    Index("ix_alarms_raised_at", "raised_at"),
    Index("ix_alarms_home_id", "home_id", "raised_at"),
    Index("ix_alarms_resident_id", "resident_id", "raised_at"),
)
# Written out in the SQL, not bound: only so can a database see that an index over these rows alone will do.
_OPEN = alarms.c.state != literal_column("'closed'")
Index("ix_alarms_subject_open", alarms.c.subject, unique=True, sqlite_where=_OPEN, postgresql_where=_OPEN)

offers = Table(
    "offers",
    metadata,
    Column("id", String(40), primary_key=True),
    Column("alarm_id", String(40), ForeignKey("alarms.id"), nullable=False),
    Column("person", String(80), nullable=False),
    Column("code", Integer, nullable=False),
    Column("state", String(12), nullable=False),
    Column("role", String(8)),
    Column("offered_at", Instant, nullable=False),
    Column("eta_s", Integer),
    Column("asked", Integer, nullable=False),
    Column("answered_at", Instant),
    Column("arrival_due_at", Instant),
    Column("attended_at", Instant),
    Column("proof", String(20)),
    CheckConstraint("state IN ('open','lapsed','declined','withdrawn','accepted','done')", name="state"),
    CheckConstraint("(role IS NOT NULL) = (state IN ('accepted','done'))", name="role"),
    Index("ix_offers_alarm_id", "alarm_id", "person", unique=True),
    Index("ix_offers_person", "person", "offered_at"),
    Index("ix_offers_offered_at", "offered_at"),
)
_LEADS = offers.c.role == literal_column("'lead'")
Index("ix_offers_lead", offers.c.alarm_id, unique=True, sqlite_where=_LEADS, postgresql_where=_LEADS)
_ENGAGED = offers.c.state.in_([literal_column("'open'"), literal_column("'accepted'")])
# All that is asked of it stands in the index, so that a carer with years of offers is looked up as fast as a new one.
Index(
    "ix_offers_engaged", offers.c.person, offers.c.state, offers.c.alarm_id,
    sqlite_where=_ENGAGED, postgresql_where=_ENGAGED,
)  # fmt: skip

numbers = Table(
    "numbers",
    metadata,
    Column("day", String(8), primary_key=True),
    Column("last", Integer, nullable=False),
)

choices = Table(
    "choices",
    metadata,
    Column("alarm_id", String(40), ForeignKey("alarms.id"), primary_key=True),
    Column("version", Integer, primary_key=True),
    Column("at", Instant, nullable=False),
    Column("choice", Json, nullable=False),
)

EVERY: ColumnElement[bool] = true()

_GET = Prepared(select(alarms).where(alarms.c.id == bindparam("id")))
_OPEN_OF = Prepared(select(alarms).where(alarms.c.subject == bindparam("subject"), _OPEN))
_DUE = Prepared(
    select(alarms.c.id).where(alarms.c.due_at <= bindparam("now")).order_by(alarms.c.due_at).limit(bindparam("most"))
)
_NEXT_DUE = Prepared(select(func.min(alarms.c.due_at).label("at")).where(alarms.c.due_at.is_not(None)))
_OFFERS = Prepared(
    select(offers).where(offers.c.alarm_id == bindparam("id")).order_by(offers.c.offered_at, offers.c.id)
)
_OFFER = Prepared(select(offers).where(offers.c.id == bindparam("id")))
_UPDATE = Prepared(update(alarms).where(alarms.c.id == bindparam("key"), alarms.c.version == bindparam("was")))
_STUMBLED = Prepared(update(alarms).where(alarms.c.id == bindparam("key")).values(failures=alarms.c.failures + 1))
_SAVE_OFFER = Prepared(update(offers).where(offers.c.id == bindparam("key")))

_ADD, _ADD_OFFER, _ADD_CHOICE = Prepared(insert(alarms)), Prepared(insert(offers)), Prepared(insert(choices))
_COUNT = counting(numbers, "day", "last")
_AMONG = offers.c.person.in_(bindparam("people", expanding=True))
_ENGAGED_OF = Prepared(
    select(offers.c.person, func.count().label("times"))
    .where(_ENGAGED, _AMONG, offers.c.alarm_id != bindparam("but"))
    .group_by(offers.c.person)
)
_ALL_ENGAGED = Prepared(select(offers.c.person, func.count().label("n")).where(_ENGAGED).group_by(offers.c.person))
_CALLOUTS = Prepared(
    select(offers.c.person, func.max(offers.c.answered_at).label("at"))
    .where(offers.c.role.is_not(None), offers.c.offered_at > bindparam("since")).group_by(offers.c.person)
)  # fmt: skip
_CODES_OF = Prepared(select(offers.c.person, offers.c.code).where(_AMONG, offers.c.offered_at > bindparam("since")))
_ON_THE_WAY = Prepared(
    select(func.count().label("times")).where(
        _ENGAGED,
        offers.c.person == bindparam("person"),
        offers.c.state == "accepted",
        offers.c.alarm_id != bindparam("but"),
    )
)
_ASKED = Prepared(
    select(offers)
    .join(alarms, alarms.c.id == offers.c.alarm_id)
    .where(offers.c.person == bindparam("person"), _OPEN)
    .order_by(offers.c.offered_at.desc())
)
_LAST_TO = Prepared(
    select(offers)
    .where(offers.c.person == bindparam("person"), offers.c.offered_at > bindparam("since"))
    .order_by(offers.c.offered_at.desc())
    .limit(1)
)


class Alarms:
    """The shelf of alarms. Reading works on any connection; every write asserts that the home is held."""

    def __init__(self, connection: Connection, tx: Tx | None = None) -> None:
        self._connection = connection
        self._tx = tx

    @classmethod
    def of(cls, tx: Tx) -> "Alarms":
        return cls(tx.connection, tx)

    def get(self, id_: AlarmId) -> Alarm:
        """
        One alarm.

        Raises:
            NotFound: there is none with this id.
        """
        row = _GET.on(self._connection, id=id_).first()
        if row is None:
            raise NotFound(f"no alarm {id_}")
        return _alarm(row)

    def open_of(self, subject: str) -> Alarm | None:
        """The open alarm of this subject, if there is one."""
        row = _OPEN_OF.on(self._connection, subject=subject).first()
        return None if row is None else _alarm(row)

    def open(self, such: ColumnElement[bool] = EVERY) -> list[Alarm]:
        """All open alarms, the longest unanswered first."""
        query = select(alarms).where(_OPEN, such).order_by(alarms.c.raised_at)
        return [_alarm(row) for row in self._connection.execute(query)]

    def recent(
        self, limit: int, *, before: datetime | None = None, state: State | None = None,
        such: ColumnElement[bool] = EVERY,
    ) -> list[Alarm]:  # fmt: skip
        """The newest alarms, for lists."""
        query = select(alarms).where(such).order_by(alarms.c.raised_at.desc(), alarms.c.id.desc()).limit(limit)
        if before is not None:
            query = query.where(alarms.c.raised_at < before)
        if state is not None:
            query = query.where(alarms.c.state == str(state))
        return [_alarm(row) for row in self._connection.execute(query)]

    def due(self, now: datetime, most: int) -> list[AlarmId]:
        """Those whose time has come, the longest overdue first."""
        return [AlarmId(row.id) for row in _DUE.on(self._connection, now=now, most=most)]

    def next_due(self) -> datetime | None:
        """When the next one falls due."""
        found: datetime | None = _NEXT_DUE.on(self._connection).scalar()
        return found

    def add(self, alarm: Alarm) -> None:
        self._held(alarm)
        _ADD.on(self._connection, **_alarm_row(alarm))

    def save(self, before: Alarm, after: Alarm, *, failures: int = 0) -> None:
        """
        Replaces an alarm. The version guards against a lost update, whatever the lock. `failures` is how many decisions
        about it count as failed from now on.

        Raises:
            AssertionError: somebody else changed it in between, which the hold should have made impossible.
        """
        self._held(before)
        was, row = _alarm_row(before), _alarm_row(after)
        # What stays as it is also stays out of the statement: SQLite would write its index entries anew.
        changed = {column: value for column, value in row.items() if value != was[column]}
        done = _UPDATE.on(self._connection, **changed, failures=failures, key=before.id, was=before.version)
        assert done.rowcount == 1, f"alarm {before.id} changed underneath"

    def stumbled(self, id_: AlarmId) -> int:
        """Counts one failure to decide about this alarm; the count since its last change."""
        _STUMBLED.on(self._connection, key=id_)
        return int(_GET.on(self._connection, id=id_).first().failures)

    def offers_of(self, id_: AlarmId) -> tuple[Offer, ...]:
        """Everybody asked about this alarm, in the order of asking."""
        return tuple(_offer(row) for row in _OFFERS.on(self._connection, id=id_))

    def save_offers(self, alarm: Alarm, before: Sequence[Offer], after: Sequence[Offer]) -> None:
        """Keeps offers that are new or changed; leads are given up before they are taken, for the unique index."""
        self._held(alarm)
        known = {offer.id: _offer_row(offer) for offer in before}
        for offer in sorted(after, key=lambda each: each.role is Role.LEAD):
            # Its key stays out of the statement: SQLite would look for it in every message there ever was.
            was = known.get(offer.id) or {}
            changed = {column: value for column, value in _offer_row(offer).items() if was and value != was[column]}
            if changed:
                _SAVE_OFFER.on(self._connection, **changed, key=offer.id)
        for offer in after:
            if offer.id not in known:
                _ADD_OFFER.on(self._connection, **_offer_row(offer))

    def keep_choice(self, alarm: Alarm, choice: Choice) -> None:
        _ADD_CHOICE.on(self._connection, alarm_id=alarm.id, version=alarm.version, at=choice.at, choice=choice)

    def choice_of(self, id_: AlarmId) -> Choice | None:
        """The latest choice kept with this alarm."""
        query = select(choices.c.choice).where(choices.c.alarm_id == id_).order_by(choices.c.version.desc()).limit(1)
        stored = self._connection.execute(query).scalar()
        return None if stored is None else Choice.from_json(stored)

    def engaged(self, people: Collection[Person], *, but: AlarmId) -> Mapping[Person, int]:
        """How many other alarms each of these people is asked about or on the way to."""
        if not people:
            return {}
        return {Person(row[0]): row[1] for row in _ENGAGED_OF.on(self._connection, people=list(people), but=but)}

    def on_the_way(self, person: Person, *, but: AlarmId) -> int:
        """How many other open alarms this person has accepted."""
        return int(_ON_THE_WAY.on(self._connection, person=person, but=but).scalar())

    def all_engaged(self) -> Mapping[Person, int]:
        """Everybody asked about or on the way to an alarm, with how many."""
        return {Person(row[0]): row[1] for row in _ALL_ENGAGED.on(self._connection)}

    def last_callouts(self, since: datetime) -> Mapping[Person, datetime]:
        """When each person last accepted something offered since then, for the rest they need."""
        return {Person(row[0]): row[1] for row in _CALLOUTS.on(self._connection, since=since) if row[1] is not None}

    def codes_in_use(self, people: Collection[Person], since: datetime) -> Mapping[Person, set[int]]:
        """The reply codes these people were given since then."""
        used: dict[Person, set[int]] = {}
        if people:
            for person, code in _CODES_OF.on(self._connection, people=list(people), since=since):
                used.setdefault(Person(person), set()).add(code)
        return used

    def offers_to(self, person: Person) -> list[tuple[Offer, Alarm]]:
        """What this person has been asked about alarms that are still open, newest first."""
        return [(_offer(row), self.get(row.alarm_id)) for row in _ASKED.on(self._connection, person=person)]

    def offer(self, id_: OfferId) -> Offer | None:
        """One offer by its id."""
        row = _OFFER.on(self._connection, id=id_).first()
        return None if row is None else _offer(row)

    def last_of(self, person: Person, since: datetime) -> tuple[Offer, Alarm] | None:
        """The newest offer to this person since then, its alarm open or not."""
        row = _LAST_TO.on(self._connection, person=person, since=since).first()
        return None if row is None else (_offer(row), self.get(row.alarm_id))

    def next_number(self, day: str) -> int:
        """The next number of this day, from 1. Whoever else wants one waits until this unit is over."""
        return int(_COUNT.on(self._connection, day=day, last=1).scalar())

    def shift_due(self, seconds: float) -> None:
        """Moves all waiting alarms, because somebody moved the clock."""
        by = _micros(seconds)
        self._connection.execute(update(alarms).where(alarms.c.due_at.is_not(None)).values(due_at=alarms.c.due_at + by))
        coming = update(offers).where(offers.c.state == "accepted", offers.c.arrival_due_at.is_not(None))
        self._connection.execute(coming.values(arrival_due_at=offers.c.arrival_due_at + by))

    def pull_in(self, latest: datetime, now: datetime) -> int:
        """Wakes alarms that wait beyond any time a rule gives, as after a start with the clock set back; how many."""
        return self._connection.execute(update(alarms).where(alarms.c.due_at > latest).values(due_at=now)).rowcount

    def _held(self, alarm: Alarm) -> None:
        assert self._tx is not None, "writing needs a unit of work"
        assert hold_key(alarm) in self._tx.held, f"{hold_key(alarm)} is not held"


def hold_key(alarm: Alarm) -> str:
    """What must be held before this alarm is changed: its home, or its own subject where there is none."""
    return f"home:{alarm.home_id}" if alarm.home_id else alarm.subject


def _micros(seconds: float) -> Any:
    return literal(round(seconds * 1_000_000), BigInteger)


def _alarm_row(alarm: Alarm) -> dict[str, Any]:
    place = alarm.place
    return {
        "id": alarm.id, "number": alarm.number, "subject": alarm.subject, "cause": alarm.cause.value,
        "state": alarm.state.value, "raised_at": alarm.raised_at, "due_at": alarm.due_at, "policy_id": alarm.policy_id,
        "home_id": alarm.home_id, "resident_id": alarm.resident_id, "station_id": alarm.station_id,
        "lat": place.lat if place else None, "lng": place.lng if place else None, "place_source": alarm.place_source,
        "press_count": alarm.press_count, "pressed_at": alarm.pressed_at, "step": alarm.step, "rounds": alarm.rounds,
        "stepped_at": alarm.stepped_at, "accepted_at": alarm.accepted_at, "attended_at": alarm.attended_at,
        "proof": alarm.proof.value if alarm.proof else None, "closed_at": alarm.closed_at, "closed_by": alarm.closed_by,
        "outcome": alarm.outcome.value if alarm.outcome else None, "delayed_s": alarm.delayed_s,
        "version": alarm.version,
    }  # fmt: skip


def _alarm(row: Any) -> Alarm:
    fields = row._asdict()
    lat, lng = fields.pop("lat"), fields.pop("lng")
    del fields["failures"]
    return Alarm(**fields | {
        "place": None if lat is None else Position(lat, lng),
        "cause": Cause(row.cause), "state": State(row.state),
        "proof": row.proof and Proof(row.proof), "outcome": row.outcome and Outcome(row.outcome),
    })  # fmt: skip


def _offer_row(offer: Offer) -> dict[str, Any]:
    return {
        "id": offer.id, "alarm_id": offer.alarm_id, "person": offer.person, "code": offer.code,
        "state": offer.state.value, "role": offer.role.value if offer.role else None, "offered_at": offer.offered_at,
        "eta_s": offer.eta_s, "asked": offer.asked, "answered_at": offer.answered_at,
        "arrival_due_at": offer.arrival_due_at, "attended_at": offer.attended_at,
        "proof": offer.proof.value if offer.proof else None,
    }  # fmt: skip


def _offer(row: Any) -> Offer:
    return Offer(**row._asdict() | {
        "state": OfferState(row.state), "role": row.role and Role(row.role), "proof": row.proof and Proof(row.proof),
    })  # fmt: skip
