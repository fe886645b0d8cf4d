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

BATCH = 5
"""Turns in one unit of work: a few milliseconds."""

_DAY = timedelta(days=1)


Step = tuple[Laid | None, Turn | None]
"""A turn to be laid (the second alone), one to be moved (both), or one to be taken back (the first alone)."""


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
        now, count = self._clock.now(), 0
        with self._reading.connect() as connection:
            found = settle(wanted, Rotations(connection).laid(rotation.id, now), now=now, until=until)
        steps = _steps(found)
        # What waits to be moved stands where it is not wanted any more: nothing is weighed against it.
        moving = {each.shift.id for each, _ in found.move if each.shift is not None}
        for first in range(0, len(steps), BATCH):
            part = steps[first : first + BATCH]
            count += self._transactions.run(
                lambda tx, part=part, moving=frozenset(moving): self._batch(tx, rotation, part, moving),  # type: ignore[misc]
                lane=Lane.BULK,
            )
            moving -= {laid.shift.id for laid, _ in part if laid is not None and laid.shift is not None}
        if count:
            self._changed()
        return count

    def _of_the_register(self, rotation: Rotation) -> Rotation:
        """Without places of people who work here no longer."""
        with self._reading.connect() as connection:
            there = {each.id for each in People(connection).carers() if each.ended_at is None}
        return replace(rotation, places=tuple(each for each in rotation.places if each.carer_id in there))

    def _batch(self, tx: Tx, rotation: Rotation, steps: Sequence[Step], moving: frozenset[str]) -> int:
        """A few turns; how many shifts changed."""
        left, count = set(moving), 0
        for laid, turn in steps:
            count += self._step(tx, rotation, laid, turn, left)
            if laid is not None and laid.shift is not None:
                left.discard(laid.shift.id)
        if count:
            tx.log(Line(kind="rotation_laid", by=SERVICE, facts={"rotation": rotation.id, "changed": count}))
        return count

    def _step(self, tx: Tx, rotation: Rotation, laid: Laid | None, turn: Turn | None, moving: set[str]) -> bool:
        """One turn, if it still is as it was when it was looked at: somebody may have changed it since."""
        shelf, shifts = Rotations(tx.connection), Shifts(tx.connection)
        meant = turn or (laid.turn if laid else None)
        assert meant is not None
        known = shelf.one(rotation.id, meant)
        if meant.start_at <= tx.now or not _may(laid, turn, known):
            return False
        if turn is None:
            shelf.forget(rotation.id, meant)
            return known is not None and known.shift is not None and shifts.remove(known.shift.id)
        old = known.shift if known is not None else None
        new = Shift(
            id=old.id if old else tx.new_id(), carer_id=turn.carer_id, start_at=turn.start_at, end_at=turn.end_at,
            sequence=old.sequence + 1 if old else 0,
        )  # fmt: skip
        if why := self._against(tx, rotation, new, moving):
            if old is not None:
                shifts.remove(old.id)
            shelf.keep(rotation.id, turn, shift_id=None, why=why)
            return old is not None
        if old is not None:
            shifts.move(new, tx.now)
        else:
            shifts.add_once(row_of(new))
        shelf.keep(rotation.id, turn, shift_id=new.id)
        return True

    def _against(self, tx: Tx, rotation: Rotation, new: Shift, moving: set[str]) -> str:
        """What keeps a turn from being laid, empty where nothing does; with a reason only what nobody can do."""
        found = self._guard.against(tx, new, besides=moving)
        if rotation.reason:
            found = [each for each in found if each.why in {Why.OVERLAP, Why.ABSENT}]
        return str(found[0].why) if found else ""


def _steps(found: Settlement) -> list[Step]:
    """What is to be done, in order; taking back comes first, because it frees its carer."""
    steps: list[Step] = [(each, None) for each in found.drop]
    return [*steps, *found.move, *((None, each) for each in found.lay)]


def _may(laid: Laid | None, turn: Turn | None, known: Laid | None) -> bool:
    """Whether a step still holds, by what is on file now."""
    if turn is None:
        return known is not None and (known.is_untouched or bool(known.why))
    if laid is None:
        return known is None or bool(known.why)
    return known is not None and known.is_untouched


def _line(kind: str, rotation: Rotation, by: Person) -> Line:
    last = rotation.last_day.isoformat() if rotation.last_day else None
    facts = {
        "rotation": rotation.id, "station": rotation.station_id, "first": rotation.first_day.isoformat(), "last": last,
    }  # fmt: skip
    return Line(kind=kind, by=by, facts=facts, note=rotation.reason or None)
