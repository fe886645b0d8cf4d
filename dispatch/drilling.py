"""
Drills: an exercise takes the way of a real alarm, and says at every step that it is one.

```
  begun ──► the gateway's own thread ──► reception ──► desk ──► nearest carer ──► one provider, one channel ──► answer
    │                                                                                                            │
    └─► failed: what did not happen          broken off: somebody needs help in earnest           passed ◄───────┘
```

Whoever orders it is named, because it is closed in that person's name. It never turns to family or to 120, never asks
while a real alarm is open, and ends in three minutes at the latest.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from dispatch.desk import Desk
from dispatch.errors import AlarmClosed, Conflict, Invalid
from dispatch.ids import AlarmId, StationId
from dispatch.rules.alarm import Offer, OfferState, Outcome
from dispatch.rules.message import Channel, Fact
from dispatch.rules.people import Person
from dispatch.rules.place import Position
from dispatch.rules.record import Line
from dispatch.rules.signal import Cause
from dispatch.store.alarms import Alarms
from dispatch.store.database import Connection, Engine
from dispatch.store.drills import Drill, Drills, Path
from dispatch.store.outbox import Outbox
from dispatch.store.people import People
from dispatch.store.transactions import Transactions, Tx

LIMIT = timedelta(seconds=150)
"""An exercise nobody has answered by then has failed: a carer has 60 s to answer an offer, and may look up late."""

LOOK = timedelta(seconds=2)
AGAIN = timedelta(seconds=10)
PHONES_MAX = 50

ANSWERED = frozenset({OfferState.ACCEPTED, OfferState.DECLINED, OfferState.DONE})
"""Somebody who declines was reached just as well."""

log = structlog.get_logger()


class Door(Protocol):
    """A gateway, as far as a drill needs it."""

    name: str

    def rehearse(self, drill_id: str, *, station_id: StationId | None, position: Position | None) -> None:
        """Hears the press of this drill, in its own thread, as it hears any other."""
        ...


class Carries(Protocol):
    """What a provider can do for a number."""

    def __call__(self, provider: str, channel: Channel, phone: str) -> bool: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Rhythm:
    """Every so often, in whose name, within which times, and after how long a path counts as untested."""

    every: timedelta | None
    by: Callable[[], Person | None]
    untested: timedelta
    working: Callable[[datetime], bool]


class Drilling:
    """Begins drills and follows them to their end. An owner of waiting rows."""

    name = "drills"
    patient = True

    def __init__(
        self,
        transactions: Transactions,
        reading: Engine,
        desk: Desk,
        *,
        doors: Callable[[], Sequence[Door]],
        providers: Sequence[str],
        carries: Carries,
        rhythm: Rhythm,
        page: Callable[[str, str], None],
        nudge: Callable[[], None],
    ) -> None:
        """`page(why, what)` tells the duty numbers."""
        self._transactions = transactions
        self._reading = reading
        self._desk = desk
        self._doors = doors
        self._providers = tuple(providers)
        self._carries = carries
        self._rhythm = rhythm
        self._page = page
        self._nudge = nudge

    # ------------------------------------------------------------------------------------------- which paths there are

    def paths(self) -> list[Path]:
        """Every way an alarm may take here: each gateway, with each provider and channel that reaches some carer."""
        with self._reading.connect() as connection:
            phones = [each.phone for each in People(connection).carers() if each.phone][:PHONES_MAX]
        roads = [
            (provider, channel)
            for provider in self._providers
            for channel in Channel
            if any(self._carries(provider, channel, phone) for phone in phones)
        ]
        return [
            Path(gateway=door.name, provider=provider, channel=channel.value)
            for door in self._doors()
            for provider, channel in roads
        ]

    def untested(self, now: datetime) -> dict[Path, datetime | None]:
        """The paths not shown to work for too long, with when they last were."""
        with self._reading.connect() as connection:
            passed = Drills(connection).passed()
        since = now - self._rhythm.untested
        last = {each: passed.get(each) for each in self.paths()}
        return {path: at for path, at in last.items() if at is None or at < since}

    def recent(self, most: int) -> list[Drill]:
        with self._reading.connect() as connection:
            return Drills(connection).recent(most)

    # ------------------------------------------------------------------------------------------- beginning one

    def begin(self, *, gateway: str = "", provider: str = "", channel: str = "", by: Person) -> Drill:
        """
        Raises an exercise. Of the paths that fit what was said, the one that was tried longest ago.

        Raises:
            Invalid: no such path. Conflict: another drill runs, or somebody needs help at the moment.
        """
        path = self._choose(gateway, provider, channel)
        door = next(each for each in self._doors() if each.name == path.gateway)
        drill = self._transactions.run(lambda tx: self._begin(tx, path, by))
        with self._reading.connect() as connection:
            stations = People(connection).stations()
        placed = next((each for each in stations if each.position is not None), None)
        door.rehearse(drill.id, station_id=placed.id if placed else None, position=placed.position if placed else None)
        self._nudge()
        return drill

    def _choose(self, gateway: str, provider: str, channel: str) -> Path:
        wanted = {"gateway": gateway, "provider": provider, "channel": channel}
        fit = [
            each
            for each in self.paths()
            if all(getattr(each, name) == value for name, value in wanted.items() if value)
        ]
        if not fit:
            known = ", ".join(map(str, self.paths()[:20])) or "none: no gateway, or no carer with a telephone"
            raise Invalid(f"There is no such path. Paths are {known}.", {"path": "unknown"})
        with self._reading.connect() as connection:
            tried = Drills(connection).tried()
        never = [each for each in fit if each not in tried]
        return min(never) if never else min(fit, key=lambda each: (tried[each], each))

    def _begin(self, tx: Tx, path: Path, by: Person) -> Drill:
        shelf = Drills(tx.connection)
        if shelf.running() is not None:
            raise Conflict("Another exercise is running.")
        if _in_earnest(tx.connection):
            raise Conflict("Somebody needs help at the moment: no exercise now.")
        drill = Drill(
            id=tx.new_id(), gateway=path.gateway, provider=path.provider, channel=path.channel, by=by, state="running",
            begun_at=tx.now, due_at=tx.now + LOOK,
        )  # fmt: skip
        shelf.add(drill)
        tx.log(Line(kind="drill_begun", by=by, facts={"drill": drill.id, **_told(path)}))
        return drill

    def check(self, now: datetime) -> Drill | None:
        """Begins the next one of its own accord, if it is time to. Called every minute."""
        rhythm = self._rhythm
        by = rhythm.by() if rhythm.every is not None and rhythm.working(now) else None
        if rhythm.every is None or by is None:
            return None
        with self._reading.connect() as connection:
            last = Drills(connection).last_begun()
            if (last is not None and now - last < rhythm.every) or _in_earnest(connection):
                return None
        if not self.paths():
            return None
        return self.begin(by=by)

    # ------------------------------------------------------------------------------------------- following it

    def due(self, now: datetime, most: int) -> Sequence[str]:
        with self._reading.connect() as connection:
            return Drills(connection).due(now, most)

    def next_due(self) -> datetime | None:
        with self._reading.connect() as connection:
            return Drills(connection).next_due()

    def wake(self, id_: str) -> None:
        """Looks how far it has come; ends it when it is over."""
        state, drill = self._transactions.run(lambda tx: self._look(tx, id_))
        if drill is None or state == "running":
            return
        if drill.alarm_id is not None:
            self._close(drill.alarm_id, drill.by)
        self._transactions.run(lambda tx: _end(tx, drill, state))
        if state == "failed":
            self._page("drill_failed", str(drill.path))
        self._nudge()

    def stumble(self, id_: str, error: Exception) -> None:
        """Looked at again in a while; what it has raised is an alarm like any other and has its own clock."""
        self._transactions.run(lambda tx: Drills(tx.connection).change(id_, due_at=tx.now + AGAIN))

    def _look(self, tx: Tx, id_: str) -> tuple[str, Drill | None]:
        shelf = Drills(tx.connection)
        before = shelf.get(id_)
        if before is None or before.due_at is None:
            return "running", None
        drill = _seen(tx.connection, before)
        state = _judged(drill, tx.now, in_earnest=_in_earnest(tx.connection))
        found = {name: getattr(drill, name) for name in ("alarm_id", "raised_at", "taken_at", "answered_at")}
        shelf.change(id_, **found, due_at=tx.now + LOOK)
        return state, drill

    def _close(self, alarm_id: AlarmId, by: Person) -> None:
        try:
            self._desk.close(alarm_id, outcome=Outcome.TEST, by=by)
        except AlarmClosed:
            # Somebody at the board was quicker, or this is the second try of it.
            log.info("drill_closed_already", alarm_id=alarm_id)


def _seen(connection: Connection, drill: Drill) -> Drill:
    """What has happened so far, read from where it happened."""
    alarms = Alarms(connection)
    alarm_id = drill.alarm_id
    if alarm_id is None:
        alarm = alarms.open_of(drill.subject)
        if alarm is None:
            return drill
        drill, alarm_id = replace(drill, alarm_id=alarm.id, raised_at=alarm.raised_at), alarm.id
    outbox = Outbox(connection)
    attempts = [each for message in outbox.of_alarm(alarm_id) for each in outbox.attempts_of(message.id)]
    taken = [each.ended_at for each in attempts if each.outcome in {"taken", "confirmed"} and each.ended_at]
    answered = [each.answered_at for each in _answered(alarms.offers_of(alarm_id)) if each.answered_at]
    return replace(drill, taken_at=min(taken, default=None), answered_at=min(answered, default=None))


def _answered(offers: Sequence[Offer]) -> list[Offer]:
    return [each for each in offers if each.state in ANSWERED]


def _judged(drill: Drill, now: datetime, *, in_earnest: bool) -> str:
    if drill.answered_at is not None:
        return "passed"
    if in_earnest:
        return "broken_off"
    return "failed" if now - drill.begun_at >= LIMIT else "running"


def _end(tx: Tx, drill: Drill, state: str) -> None:
    marks = {"raised": drill.raised_at, "taken": drill.taken_at, "answered": drill.answered_at}
    lacking = next((name for name, at in marks.items() if at is None), None) if state == "failed" else None
    Drills(tx.connection).change(drill.id, state=state, due_at=None, ended_at=tx.now, lacking=lacking)
    facts: dict[str, Fact] = {"drill": drill.id, "result": state, "lacking": lacking, **_told(drill.path)}
    facts |= {f"{name}_ms": round((at - drill.begun_at).total_seconds() * 1000) for name, at in marks.items() if at}
    tx.log(Line(kind="drill_ended", by=drill.by, alarm_id=drill.alarm_id, facts=facts))


def _told(path: Path) -> Mapping[str, Fact]:
    return {"gateway": path.gateway, "provider": path.provider, "channel": path.channel}


def _in_earnest(connection: Connection) -> bool:
    """Whether anybody needs help: an open alarm that is no exercise."""
    return any(each.cause is not Cause.EXERCISE for each in Alarms(connection).open())
