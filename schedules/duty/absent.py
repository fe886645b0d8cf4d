"""
Carers who are away, and who stands in for them.

An absence takes its carer off duty at once and names what that leaves open: the windows themselves (`Vacancy`), and of
them the parts in which nobody of the station is on duty any more (`holes`). Nothing here touches an open alarm: whoever
was asked or is on the way stays so, and the next who is asked comes from the shifts as they then are.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TypeVar

from dispatch.clock import Clock
from dispatch.errors import Conflict, Invalid, NotFound
from dispatch.ids import CarerId, StationId
from dispatch.rules.message import Fact
from dispatch.rules.people import Carer, Person
from dispatch.rules.record import Line
from dispatch.store.database import Connection, Engine
from dispatch.store.people import People
from dispatch.store.transactions import Lane, Transactions, Tx
from schedules.duty.guard import Guard, changed, hold, row_of
from schedules.duty.rules.shifts import Hole, Shift
from schedules.duty.rules.windows import cut, left_open
from schedules.duty.store import Shifts
from schedules.duty.store.away import KINDS, CarerAbsence, CarerAbsences, Vacancy

LONGEST = timedelta(days=370)
BACK = timedelta(days=31)
"""An absence may be written down so long after it began."""

Done = TypeVar("Done")


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """An absence with the windows it leaves open and the holes of the station among them."""

    absence: CarerAbsence
    vacancies: Sequence[Vacancy]
    holes: Sequence[Hole]


class Absent:
    """The agent of absences and of standing in. `changed` is called after each change is durable."""

    def __init__(
        self, transactions: Transactions, reading: Engine, clock: Clock, *, guard: Guard, changed: Callable[[], None]
    ) -> None:
        self._transactions = transactions
        self._reading = reading
        self._clock = clock
        self._guard = guard
        self._changed = changed

    # ------------------------------------------------------------------------------------------- reading

    def between(self, start: datetime, end: datetime) -> list[Told]:
        """Absences that share time with this window, with what they leave open, by their beginning."""
        with self._reading.connect() as connection:
            return [_told(connection, each) for each in CarerAbsences(connection).covering(start, end)]

    def get(self, id_: str) -> Told:
        """
        One absence.

        Raises:
            NotFound: there is none.
        """
        with self._reading.connect() as connection:
            found = CarerAbsences(connection).get(id_)
            if found is None:
                raise NotFound(f"no absence {id_[:40]}")
            return _told(connection, found)

    def vacancy(self, id_: str) -> Vacancy:
        """
        One window left open.

        Raises:
            NotFound: there is none.
        """
        with self._reading.connect() as connection:
            found = CarerAbsences(connection).vacancy(id_)
        if found is None:
            raise NotFound(f"no vacancy {id_[:40]}")
        return found

    def stand_ins(self, shifts: Sequence[Shift]) -> dict[str, CarerId]:
        """For whom these shifts are stood, by the shift's id."""
        with self._reading.connect() as connection:
            return dict(CarerAbsences(connection).stand_ins([each.id for each in shifts]))

    # ------------------------------------------------------------------------------------------- being away

    def begin(self, carer_id: CarerId, kind: str, from_at: datetime, until_at: datetime, *, by: Person) -> Told:
        """
        Somebody is away, [from_at, until_at): off duty for that time.

        Raises:
            Invalid: no such kind, or times that cannot be.
            Conflict: this carer is absent in that time already.
        """
        self._refuse_odd(kind, from_at, until_at)

        def work(tx: Tx) -> Told:
            hold(tx, carer_id)
            shelf = CarerAbsences(tx.connection)
            if shelf.away(carer_id, from_at, until_at):
                raise Conflict("This carer is absent at that time already.")
            new = CarerAbsence(
                id=tx.new_id(), carer_id=carer_id, kind=kind, from_at=from_at, until_at=until_at, by=by, kept_at=tx.now
            )
            shelf.add(new)
            for shift in Shifts(tx.connection).of_carer(carer_id, from_at, until_at):
                self._leave_open(tx, shift, new, by)
            told = _told(tx.connection, new)
            tx.log(_line("carer_absent", new, by, windows=len(told.vacancies), holes=len(told.holes)))
            return told

        return self._done(work)

    def end(self, id_: str, at: datetime, *, by: Person) -> Told | None:
        """
        Somebody is back at this instant: what of their duty nobody stood in for is theirs again; None where the
        absence had not begun and is forgotten.

        Raises:
            NotFound: there is no such absence.
            Invalid: it would end later than it does.
        """

        def work(tx: Tx) -> Told | None:
            shelf = CarerAbsences(tx.connection)
            absence = shelf.get(id_)
            if absence is None:
                raise NotFound(f"no absence {id_[:40]}")
            if at > absence.until_at:
                said = "An absence that takes longer is a new one."
                raise Invalid(said, {"json": {"until": [said]}})
            windows = shelf.of_absence(id_)
            shelf.end(id_, at)
            for window in windows:
                self._give_back(tx, window, max(at, tx.now), by)
            tx.log(_line("carer_back", replace(absence, until_at=max(at, absence.from_at)), by))
            left = shelf.get(id_)
            return _told(tx.connection, left) if left else None

        return self._done(work)

    # ------------------------------------------------------------------------------------------- standing in

    def fill(self, vacancy_id: str, carer_id: CarerId, *, by: Person, reason: str | None = None) -> Shift:
        """
        Somebody takes a window that was left open, or what is left of it by now.

        Raises:
            NotFound: there is no such window.
            Conflict: somebody has it already, or it is over.
            Clashing: something speaks against it, and no reason is given.
        """

        def work(tx: Tx) -> Shift:
            shelf = CarerAbsences(tx.connection)
            window = shelf.vacancy(vacancy_id)
            if window is None:
                raise NotFound(f"no vacancy {vacancy_id[:40]}")
            hold(tx, window.carer_id)
            if window.end_at <= tx.now:
                raise Conflict("This time is over.")
            if window.filled_by is not None and Shifts(tx.connection).get(window.filled_by) is not None:
                raise Conflict("Somebody stands in there already.")
            start = max(window.start_at, tx.now)
            new = Shift(id=tx.new_id(), carer_id=carer_id, start_at=start, end_at=window.end_at)
            self._guard.check(tx, new, by=by, reason=reason)
            self._put_instead(tx, new, window.carer_id, by)
            shelf.fill(vacancy_id, new.id)
            return new

        return self._done(work)

    def stand_in(
        self, shift_id: str, carer_id: CarerId, start: datetime, end: datetime, *, by: Person,
        reason: str | None = None,
    ) -> Shift:  # fmt: skip
        """
        Somebody else stands in for a window of a shift, which keeps what lies before and after it.

        Raises:
            NotFound: there is no such shift.
            Invalid: the shift has nothing in this window, or it is the same carer.
            Clashing: something speaks against it, and no reason is given.
        """

        def work(tx: Tx) -> Shift:
            old = Shifts(tx.connection).get(shift_id)
            if old is None:
                raise NotFound(f"no shift {shift_id[:40]}")
            hold(tx, old.carer_id)
            made = cut(old, start, end)
            if made is None:
                raise Invalid("The shift has nothing at that time.", {"json": {"start": ["outside of the shift"]}})
            if old.carer_id == carer_id:
                raise Invalid("That is the same carer.", {"json": {"carer": ["That is the same carer."]}})
            new = Shift(id=tx.new_id(), carer_id=carer_id, start_at=made.taken.start_at, end_at=made.taken.end_at)
            self._guard.check(tx, new, by=by, reason=reason)
            self._shorten(tx, old, made.kept, made.rest, by)
            self._put_instead(tx, new, old.carer_id, by)
            return new

        return self._done(work)

    # ------------------------------------------------------------------------------------------- what changes

    def _leave_open(self, tx: Tx, shift: Shift, absence: CarerAbsence, by: Person) -> None:
        made = cut(shift, absence.from_at, absence.until_at)
        assert made is not None
        self._shorten(tx, shift, made.kept, made.rest, by)
        CarerAbsences(tx.connection).open_up(
            Vacancy(
                id=tx.new_id(),
                absence_id=absence.id,
                carer_id=shift.carer_id,
                start_at=made.taken.start_at,
                end_at=made.taken.end_at,
            )
        )

    def _shorten(self, tx: Tx, old: Shift, kept: Shift | None, rest: Hole | None, by: Person) -> None:
        """The shift as it is without the window; what lies behind the window becomes a shift of its own."""
        shelf = Shifts(tx.connection)
        if kept is None:
            shelf.remove(old.id)
            tx.log(changed("taken", old, by))
        else:
            shelf.move(kept, tx.now)
            tx.log(changed("moved", kept, by))
        if rest is not None:
            more = Shift(id=tx.new_id(), carer_id=old.carer_id, start_at=rest.start_at, end_at=rest.end_at)
            shelf.add_once(row_of(more))
            tx.log(changed("put", more, by))

    def _put_instead(self, tx: Tx, new: Shift, absent: CarerId, by: Person) -> None:
        Shifts(tx.connection).add_once(row_of(new))
        CarerAbsences(tx.connection).stands_in(new.id, absent, new.start_at, new.end_at)
        tx.log(changed("put", new, by, instead=absent))

    def _give_back(self, tx: Tx, window: Vacancy, at: datetime, by: Person) -> None:
        """What is left of a window from now on, unless somebody stands in or something speaks against it by now."""
        shelf, shifts = CarerAbsences(tx.connection), Shifts(tx.connection)
        is_filled = window.filled_by is not None and shifts.get(window.filled_by) is not None
        if is_filled or window.end_at <= at:
            return
        back = Shift(id=tx.new_id(), carer_id=window.carer_id, start_at=max(window.start_at, at), end_at=window.end_at)
        if self._guard.against(tx, back):
            return
        shifts.add_once(row_of(back))
        shelf.close(window.id)
        tx.log(changed("put", back, by))

    def _done(self, work: Callable[[Tx], Done]) -> Done:
        done = self._transactions.run(work, lane=Lane.BULK)
        self._changed()
        return done

    def _refuse_odd(self, kind: str, from_at: datetime, until_at: datetime) -> None:
        if kind not in KINDS:
            raise Invalid("There is no such kind of absence.", {"json": {"kind": ["one of " + ", ".join(KINDS)]}})
        if from_at >= until_at:
            raise Invalid("The absence ends before it begins.", {"json": {"until": ["It ends before it begins."]}})
        if until_at - from_at > LONGEST or from_at < self._clock.now() - BACK:
            raise Invalid("That is too far away.", {"json": {"from": ["That is too far away."]}})


def _told(connection: Connection, absence: CarerAbsence) -> Told:
    windows = CarerAbsences(connection).of_absence(absence.id)
    return Told(absence=absence, vacancies=windows, holes=holes_of(connection, windows))


def holes_of(connection: Connection, windows: Sequence[Vacancy]) -> list[Hole]:
    """Of windows left open by one carer: the parts in which nobody of their station is on duty."""
    if not windows:
        return []
    start, end = min(each.start_at for each in windows), max(each.end_at for each in windows)
    carers = People(connection).carers()
    mine = _of_station(carers, next((each.station_id for each in carers if each.id == windows[0].carer_id), None))
    staying = [each for each in Shifts(connection).covering(start, end) if each.carer_id in mine]
    return left_open([Hole(start_at=each.start_at, end_at=each.end_at) for each in windows], staying)


def _of_station(carers: Sequence[Carer], station_id: StationId | None) -> set[CarerId]:
    return {each.id for each in carers if each.station_id == station_id}


def _line(kind: str, absence: CarerAbsence, by: Person, **more: int) -> Line:
    facts: dict[str, Fact] = {
        "absence": absence.id, "carer": absence.carer_id, "what": absence.kind, "from": absence.from_at.isoformat(),
        "until": absence.until_at.isoformat(), **more,
    }  # fmt: skip
    return Line(kind=kind, by=by, facts=facts)
