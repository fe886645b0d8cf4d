"""
Keeps rotations and lays their shifts some weeks ahead, a few at a time, again and again.

Laying is done in small units of work between everybody else's: no alarm waits for a plan. What was changed by hand
stays as it is (`rules.rotation`); what speaks against a shift leaves its turn out, says so on the page, and is looked
at again the next time.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta

from dispatch.clock import Clock
from dispatch.errors import Invalid, NotFound, Stale
from dispatch.ids import CarerId
from dispatch.rules.people import SERVICE, Person
from dispatch.rules.record import Line
from dispatch.store.database import Engine
from dispatch.store.people import People
from dispatch.store.transactions import Lane, Transactions, Tx
from schedules.calendar import Calendar
from schedules.duty.guard import Guard, row_of
from schedules.duty.rules.rest import Why
from schedules.duty.rules.rotation import Laid, Rotation, Settlement, Turn, settle, turns
from schedules.duty.rules.shifts import Shift
from schedules.duty.store import Shifts
from schedules.duty.store.rotations import Rotations

BATCH = 20
"""Turns in one unit of work: a few milliseconds."""

_DAY = timedelta(days=1)

Key = tuple[int, date, CarerId, int]
_FIRST: Key = (-1, date.min, CarerId(""), -1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Skipped:
    """A turn that could not be laid: `why` is a word of `rules.rest.Why`."""

    rotation: Rotation
    turn: Turn
    why: str


class Rotating:
    """The agent of rotations. `changed` is called after each change of shifts is durable."""

    def __init__(
        self, transactions: Transactions, reading: Engine, clock: Clock, *, guard: Guard, weeks: int,
        changed: Callable[[], None],
    ) -> None:  # fmt: skip
        """`weeks` is how far ahead shifts are laid."""
        self._transactions = transactions
        self._reading = reading
        self._clock = clock
        self._guard = guard
        self._weeks = weeks
        self._changed = changed

    @property
    def calendar(self) -> Calendar:
        return self._guard.calendar

    def all(self) -> list[tuple[Rotation, int]]:
        """Every rotation with its version, by name."""
        with self._reading.connect() as connection:
            shelf = Rotations(connection)
            return [(each, shelf.version(each.id)) for each in shelf.all()]

    def get(self, id_: str) -> tuple[Rotation, int]:
        """
        One rotation, and how often it was changed.

        Raises:
            NotFound: there is none.
        """
        with self._reading.connect() as connection:
            found = Rotations(connection).get(id_)
            if found is None:
                raise NotFound(f"no rotation {id_[:40]}")
            return found, Rotations(connection).version(id_)

    def skipped(self) -> list[Skipped]:
        """What could not be laid and is still to come."""
        with self._reading.connect() as connection:
            shelf = Rotations(connection)
            known = {each.id: each for each in shelf.all()}
            return [
                Skipped(rotation=known[id_], turn=laid.turn, why=laid.why)
                for id_, laid in shelf.skipped(self._clock.now())
            ]

    def add(self, make: Callable[[str], Rotation], *, by: Person) -> Rotation:
        """A new rotation; `make` gets its id. Its shifts are laid at once, as far ahead as for all."""

        def work(tx: Tx) -> Rotation:
            new = make(tx.new_id())
            Rotations(tx.connection).put(new, by=by, at=tx.now)
            tx.log(_line("rotation_added", new, by))
            return new

        made = self._transactions.run(work, lane=Lane.BULK)
        self._lay(made)
        return made

    def change(self, id_: str, make: Callable[[Rotation], Rotation], *, version: int | None, by: Person) -> Rotation:
        """
        Gives a rotation other days or places; its shifts that begin later follow, but for those changed by hand.

        Raises:
            NotFound: there is none.
            Stale: it is not at this version any more.
        """

        def work(tx: Tx) -> Rotation:
            shelf = Rotations(tx.connection)
            old = shelf.get(id_)
            if old is None:
                raise NotFound(f"no rotation {id_[:40]}")
            if version is not None and version != shelf.version(id_):
                raise Stale("Somebody else has changed this meanwhile.", {"version": shelf.version(id_)})
            new = make(old)
            shelf.put(new, by=by, at=tx.now)
            tx.log(_line("rotation_changed", new, by))
            return new

        made = self._transactions.run(work, lane=Lane.BULK)
        self._lay(made)
        return made

    def end(self, id_: str, last_day: date, *, by: Person) -> Rotation:
        """The rotation lays nothing after this local day; what it has laid for later is taken back."""

        def ended(old: Rotation) -> Rotation:
            if last_day < old.first_day - _DAY:
                said = "It ends before it begins."
                raise Invalid(said, {"json": {"last_day": [said]}})
            return replace(old, last_day=last_day)

        return self.change(id_, ended, version=None, by=by)

    def extend(self) -> int:
        """Lays what is missing of the next weeks, of every rotation; how many shifts changed. Called now and then."""
        return sum(self._lay(each) for each, _ in self.all())

    def _lay(self, rotation: Rotation) -> int:
        today = self.calendar.day_of(self._clock.now())
        until = today + self._weeks * 7 * _DAY
        wanted = turns(self._of_the_register(rotation), today - _DAY, until, self.calendar.instant)
        count, after = 0, _FIRST
        while True:
            done = self._transactions.run(
                lambda tx, key=after: self._batch(tx, rotation, wanted, until, key),  # type: ignore[misc]
                lane=Lane.BULK,
            )
            count += done[1]
            if done[0] is None:
                break
            after = done[0]
        if count:
            self._changed()
        return count

    def _of_the_register(self, rotation: Rotation) -> Rotation:
        """Without places of people who work here no longer."""
        with self._reading.connect() as connection:
            there = {each.id for each in People(connection).carers() if each.ended_at is None}
        return replace(rotation, places=tuple(each for each in rotation.places if each.carer_id in there))

    def _batch(
        self, tx: Tx, rotation: Rotation, wanted: Sequence[Turn], until: date, after: Key
    ) -> tuple[Key | None, int]:
        """The next few turns behind a key: the last key that was looked at, None at the end, and how many changed."""
        shelf = Rotations(tx.connection)
        found = settle(wanted, shelf.laid(rotation.id, tx.now), now=tx.now, until=until)
        steps = sorted((step for step in _steps(found) if step[0] > after), key=lambda step: step[0])
        count = 0
        # What waits to be moved stands where it is not wanted any more: nothing is weighed against it.
        moving = {each.shift.id for each, _ in found.move if each.shift is not None}
        for _, laid, turn in steps[:BATCH]:
            count += self._step(tx, rotation, laid, turn, moving)
            if laid is not None and laid.shift is not None:
                moving.discard(laid.shift.id)
        if count:
            tx.log(Line(kind="rotation_laid", by=SERVICE, facts={"rotation": rotation.id, "changed": count}))
        return (steps[BATCH - 1][0] if len(steps) > BATCH else None), count

    def _step(self, tx: Tx, rotation: Rotation, laid: Laid | None, turn: Turn | None, moving: set[str]) -> bool:
        shelf, shifts = Rotations(tx.connection), Shifts(tx.connection)
        if turn is None:
            assert laid is not None
            shelf.forget(rotation.id, laid.turn)
            return laid.shift is not None and shifts.remove(laid.shift.id)
        old = laid.shift if laid is not None else None
        sequence = old.sequence + 1 if old else 0
        new = Shift(
            id=old.id if old else tx.new_id(), carer_id=turn.carer_id, start_at=turn.start_at, end_at=turn.end_at,
            sequence=sequence,
        )  # fmt: skip
        against = self._guard.against(tx, new, besides=moving)
        if rotation.reason:
            against = [each for each in against if each.why in {Why.OVERLAP, Why.ABSENT}]
        if against:
            if old is not None:
                shifts.remove(old.id)
            shelf.keep(rotation.id, turn, shift_id=None, why=str(against[0].why))
            return old is not None
        if old is not None:
            shifts.move(new, tx.now)
        else:
            shifts.add_once(row_of(new))
        shelf.keep(rotation.id, turn, shift_id=new.id)
        return True


def _steps(found: Settlement) -> list[tuple[Key, Laid | None, Turn | None]]:
    """What is to be done, each with the key that orders it; taking back comes first, because it frees its carer."""
    steps: list[tuple[Key, Laid | None, Turn | None]] = [(_key(0, each.turn), each, None) for each in found.drop]
    steps += [(_key(1, turn), laid, turn) for laid, turn in found.move]
    return steps + [(_key(2, each), None, each) for each in found.lay]


def _key(order: int, turn: Turn) -> Key:
    return order, turn.day, turn.carer_id, turn.number


def _line(kind: str, rotation: Rotation, by: Person) -> Line:
    last = rotation.last_day.isoformat() if rotation.last_day else None
    facts = {
        "rotation": rotation.id, "station": rotation.station_id, "first": rotation.first_day.isoformat(), "last": last,
    }  # fmt: skip
    return Line(kind=kind, by=by, facts=facts, note=rotation.reason or None)
