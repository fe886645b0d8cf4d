"""
Who plans: shifts put in, moved and taken out, at once or as a draft that is published; the addresses of calendars.

A shift that overlaps another of the same carer, or leaves too little rest (`guard`), is put in with a reason only: two
that overlap are mostly a slip of the pen. What is on file already (a district file may) is left alone.
"""

import base64
import hashlib
import hmac
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import TypeVar

from dispatch.clock import Clock
from dispatch.errors import Invalid, NotFound
from dispatch.ids import CarerId, StationId
from dispatch.rules.people import Carer, Person, Station
from dispatch.rules.record import Line
from dispatch.store.database import Connection, Engine
from dispatch.store.people import People
from dispatch.store.transactions import Lane, Transactions, Tx
from schedules.duty.guard import Guard, changed, row_of
from schedules.duty.rules import Hole, Shift, holes
from schedules.duty.rules.rest import AROUND, Clash, clashes
from schedules.duty.store import PUT, TAKE, Plans, ShiftDraft, Shifts

LONGEST = timedelta(hours=24)
"""No shift is longer: one that is was typed into the wrong day."""

AHEAD_MAX = timedelta(days=400)
CODE_BYTES = 16
"""128 bits, as for the links of carers (PROMISES, X3)."""

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Planned:
    """A shift as the plan has it: on file, to be put in (`put`), or to be taken out (`take`)."""

    shift: Shift
    draft: str | None = None
    draft_id: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A window of the plan with everybody who may stand in it, and its holes by station once it is published."""

    planned: Sequence[Planned]
    carers: Sequence[Carer]
    stations: Sequence[Station]
    holes: Sequence[tuple[StationId, Hole]]


class DutyDesk:
    """Reads and changes the plan. `changed` is called after each change is durable: the roster reads afresh."""

    def __init__(
        self, transactions: Transactions, reading: Engine, clock: Clock, *, secret: str, changed: Callable[[], None],
        guard: Guard | None = None,
    ) -> None:  # fmt: skip
        """`secret` makes the addresses of feeds and stays the same over restarts."""
        self._transactions = transactions
        self._reading = reading
        self._clock = clock
        self._key = secret.encode()
        self._changed = changed
        self.guard = guard or Guard()

    # -------------------------------------------------------------------------------------- reading

    def get(self, id_: str) -> Shift:
        """
        A shift on file.

        Raises:
            NotFound: there is none.
        """
        with self._reading.connect() as connection:
            found = Shifts(connection).get(id_)
        if found is None:
            raise NotFound(f"no shift {id_[:40]}")
        return found

    def between(self, start: datetime, end: datetime) -> list[Shift]:
        """Shifts that share time with this window, by their start."""
        with self._reading.connect() as connection:
            found = Shifts(connection).covering(start, end)
        return sorted(found, key=lambda each: (each.start_at, each.id))

    def carer(self, name: str) -> Carer:
        """
        A carer by code or id.

        Raises:
            Invalid: there is none.
        """
        with self._reading.connect() as connection:
            found = next((each for each in People(connection).carers() if name in {each.code, str(each.id)}), None)
        if found is None:
            raise Invalid("There is no such carer.", {"json": {"carer": [f"There is no carer {name[:40]}."]}})
        return found

    def station_of(self, carer_id: CarerId) -> StationId | None:
        """Where somebody belongs."""
        with self._reading.connect() as connection:
            found = next((each for each in People(connection).carers() if each.id == carer_id), None)
        return found.station_id if found else None

    def people(self) -> tuple[list[Carer], list[Station]]:
        """Everybody who may stand in the plan, and where they belong."""
        with self._reading.connect() as connection:
            return list(People(connection).carers()), list(People(connection).stations())

    def against(self, shifts: Sequence[Shift]) -> dict[str, list[Clash]]:
        """What speaks against shifts that are on file or planned, by their ids; absences left aside."""
        found: dict[str, list[Clash]] = {}
        with self._reading.connect() as connection:
            around = {each: _around(connection, each, shifts) for each in {shift.carer_id for shift in shifts}}
        for shift in shifts:
            others = {each.id: each for each in [*around[shift.carer_id], *shifts]}
            guard = self.guard
            found[shift.id] = clashes(shift, others.values(), [], limits=guard.limits, calendar=guard.calendar)
        return found

    def drafts(self) -> list[ShiftDraft]:
        """What is not published yet, by its start."""
        with self._reading.connect() as connection:
            return Plans(connection).all()

    def plan(self, start: datetime, end: datetime) -> Plan:
        """The window as it will be once the drafts are published."""
        with self._reading.connect() as connection:
            on_file, drafts = Shifts(connection).covering(start, end), Plans(connection).all()
            carers, stations = list(People(connection).carers()), list(People(connection).stations())
        taken = {each.shift_id: each for each in drafts if each.what == TAKE}
        planned = [_on_file(each, taken.get(each.id)) for each in on_file]
        planned += [
            _drafted(each) for each in drafts if each.what == PUT and each.start_at < end and each.end_at > start
        ]
        staying = [each.shift for each in planned if each.draft != TAKE]
        found = [(station.id, hole) for station in stations for hole in _holes(station, carers, staying, start, end)]
        planned.sort(key=lambda each: (each.shift.start_at, each.shift.carer_id))
        return Plan(planned=planned, carers=carers, stations=stations, holes=found)

    # -------------------------------------------------------------------------------------- at once

    def put(self, carer_id: CarerId, start: datetime, end: datetime, *, by: Person, reason: str | None = None) -> Shift:
        """
        Puts a shift in; with a `reason` also against what speaks against it.

        Raises:
            Invalid: it ends before it starts, or is longer than a day.
            Clashing: this carer has another at that time, is absent or would go without rest.
        """
        self._refuse_odd(start, end)

        def work(tx: Tx) -> Shift:
            new = Shift(id=tx.new_id(), carer_id=carer_id, start_at=start, end_at=end)
            self.guard.check(tx, new, by=by, reason=reason)
            Shifts(tx.connection).add_once(row_of(new))
            tx.log(changed("put", new, by))
            return new

        return self._done(work)

    def move(
        self, id_: str, *, start: datetime | None, end: datetime | None, carer: CarerId | None, by: Person,
        reason: str | None = None,
    ) -> Shift:  # fmt: skip
        """
        Gives a shift other times or another carer; its id stays, so that calendars move it too.

        Raises:
            NotFound, Invalid, Clashing: as for `put`.
        """

        def work(tx: Tx) -> Shift:
            old = Shifts(tx.connection).get(id_)
            if old is None:
                raise NotFound(f"no shift {id_[:40]}")
            new = replace(
                old, start_at=start or old.start_at, end_at=end or old.end_at, carer_id=carer or old.carer_id,
                sequence=old.sequence + 1,
            )  # fmt: skip
            self.guard.check(tx, new, by=by, reason=reason)
            Shifts(tx.connection).move(new, tx.now)
            tx.log(changed("moved", new, by))
            return new

        old = self.get(id_)
        self._refuse_odd(start or old.start_at, end or old.end_at)
        return self._done(work)

    def take(self, id_: str, *, by: Person) -> None:
        """Takes a shift out."""
        old = self.get(id_)

        def work(tx: Tx) -> None:
            if Shifts(tx.connection).remove(id_):
                tx.log(changed("taken", old, by))

        self._done(work)

    # -------------------------------------------------------------------------------------- as a draft

    def draft_put(
        self, carer_id: CarerId, start: datetime, end: datetime, *, by: Person, reason: str | None = None
    ) -> None:
        """
        Plans a further shift; nobody is on duty by it until the plan is published.

        Raises:
            Invalid, Clashing: as for `put`.
        """
        self._refuse_odd(start, end)

        def work(tx: Tx) -> None:
            drafts = Plans(tx.connection).all()
            new = Shift(id=tx.new_id(), carer_id=carer_id, start_at=start, end_at=end)
            taken = {each.shift_id for each in drafts if each.what == TAKE}
            others = [_drafted(each).shift for each in drafts if each.what == PUT]
            self.guard.check(tx, new, by=by, reason=reason, besides=taken, also=others)
            Plans(tx.connection).add(replace(_as_draft(PUT, new, None, by), reason=reason or None))

        self._transactions.run(work)

    def draft_take(self, shift_id: str, *, by: Person) -> None:
        """Plans to take a shift out, which counts until the plan is published."""
        old = self.get(shift_id)

        def work(tx: Tx) -> None:
            if not any(each.shift_id == shift_id for each in Plans(tx.connection).all()):
                Plans(tx.connection).add(_as_draft(TAKE, replace(old, id=tx.new_id()), shift_id, by))

        self._transactions.run(work)

    def drop(self, draft_id: str) -> None:
        """Forgets one draft."""
        self._transactions.run(lambda tx: Plans(tx.connection).remove(draft_id))

    def publish(self, mine: Callable[[CarerId], bool], *, by: Person) -> int:
        """
        All drafts of carers that are `mine` to plan become true at once; how many there were.

        Raises:
            Clashing: something that speaks against one of them came in between; nothing was published.
        """

        def work(tx: Tx) -> int:
            chosen = [each for each in Plans(tx.connection).all() if mine(CarerId(each.carer_id))]
            for draft in sorted(chosen, key=lambda each: each.what, reverse=True):
                self._publish(tx, draft, by)
            if chosen:
                put = sum(each.what == PUT for each in chosen)
                facts = {"put": put, "taken": len(chosen) - put}
                tx.log(Line(kind="shifts_changed", by=by, facts=facts))
            return len(chosen)

        return self._done(work)

    # -------------------------------------------------------------------------------------- calendars

    def code(self, owner: str) -> str:
        """The code in the address of a feed: `owner` is `carer:<id>` or `station:<id>`."""
        with self._reading.connect() as connection:
            return self._code(owner, Plans(connection).generations().get(owner, 1))

    def owner(self, code: str) -> str | None:
        """Whose feed this code opens; None of one that opens nothing, or does no more."""
        with self._reading.connect() as connection:
            people, generations = People(connection), Plans(connection).generations()
            owners = [f"carer:{each.id}" for each in people.carers()]
            owners += [f"station:{each.id}" for each in people.stations()]
        found = [
            each
            for each in owners
            if hmac.compare_digest(self._code(each, generations.get(each, 1)).encode(), code.encode())
        ]
        return found[0] if found else None

    def renew(self, owner: str, *, by: Person) -> None:
        """The old address opens nothing any more."""

        def work(tx: Tx) -> None:
            Plans(tx.connection).renew(owner)
            tx.log(Line(kind="calendar_renewed", by=by, facts={"owner": owner}))

        self._transactions.run(work)

    def _code(self, owner: str, generation: int) -> str:
        mac = hmac.new(self._key, f"calendar:{owner}:{generation}".encode(), hashlib.sha256).digest()
        return base64.urlsafe_b64encode(mac[:CODE_BYTES]).decode().rstrip("=")

    def _done(self, work: Callable[[Tx], T]) -> T:
        done = self._transactions.run(work, lane=Lane.BULK)
        self._changed()
        return done

    def _publish(self, tx: Tx, draft: ShiftDraft, by: Person) -> None:
        shelf = Shifts(tx.connection)
        if draft.what == TAKE:
            shelf.remove(draft.shift_id or "")
        else:
            new = _drafted(draft).shift
            self.guard.check(tx, new, by=by, reason=draft.reason)
            shelf.add_once(row_of(new))
        Plans(tx.connection).remove(draft.id)

    def _refuse_odd(self, start: datetime, end: datetime) -> None:
        if start >= end:
            raise Invalid("The shift ends before it starts.", {"json": {"end": ["The shift ends before it starts."]}})
        if end - start > LONGEST:
            raise Invalid("No shift is longer than a day.", {"json": {"end": ["No shift is longer than a day."]}})
        if abs(start - self._clock.now()) > AHEAD_MAX:
            raise Invalid("That is too far away.", {"json": {"start": ["That is too far away."]}})


def _around(connection: Connection, carer_id: CarerId, shifts: Sequence[Shift]) -> list[Shift]:
    first, last = min(each.start_at for each in shifts), max(each.end_at for each in shifts)
    return Shifts(connection).of_carer(carer_id, first - AROUND, last + AROUND)


def _holes(
    station: Station, carers: Sequence[Carer], shifts: Sequence[Shift], start: datetime, end: datetime
) -> list[Hole]:
    mine = {each.id for each in carers if each.station_id == station.id}
    return holes([each for each in shifts if each.carer_id in mine], start, end)


def _on_file(shift: Shift, draft: ShiftDraft | None) -> Planned:
    return Planned(shift=shift, draft=TAKE, draft_id=draft.id) if draft else Planned(shift=shift)


def _drafted(draft: ShiftDraft) -> Planned:
    shift = Shift(id=draft.id, carer_id=CarerId(draft.carer_id), start_at=draft.start_at, end_at=draft.end_at)
    return Planned(shift=shift, draft=PUT, draft_id=draft.id)


def _as_draft(what: str, shift: Shift, shift_id: str | None, by: Person) -> ShiftDraft:
    return ShiftDraft(
        id=shift.id, what=what, shift_id=shift_id, carer_id=shift.carer_id, start_at=shift.start_at,
        end_at=shift.end_at, by=by,
    )  # fmt: skip
