"""
Visits: planned from whatever is wanted, signed in and out, chased when nobody comes, and given to judgement.

```
  Wanted (care plans, orders, rounds) ──► plan ──► sign (in, out, confirmed) ──► judged ──► counts, or findings
                                            └──► wake: remind, tell, missed ──► an alarm at the desk
```

Waiting is a row: each step is one unit of work, so that whatever dies between two of them is found again by the next
look and done once. A missed visit's alarm is raised in the unit that says it was missed.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from dispatch.clock import Clock
from dispatch.desk import Desk
from dispatch.errors import Conflict, Invalid, NotFound
from dispatch.ids import AlarmId, CarerId, ResidentId
from dispatch.rules.people import SERVICE, Person
from dispatch.rules.place import Position
from dispatch.rules.raising import Heard
from dispatch.rules.received import Received
from dispatch.rules.record import Line
from dispatch.rules.signal import Cause
from dispatch.store.database import Engine
from dispatch.store.people import People
from dispatch.store.transactions import Transactions, Tx
from schedules.calendar import Calendar
from schedules.care.judging import Judging
from schedules.care.origins import Origin
from schedules.care.rules.evidence import Limits, shown
from schedules.care.rules.lateness import Patience, Step, due_of, look
from schedules.care.rules.picture import Picture
from schedules.care.rules.presence import Point, State, Visit, Way, Which
from schedules.care.rules.visit import Proved, Source
from schedules.care.sending import assigned, refuse, settle_in
from schedules.care.store.visit_points import Points
from schedules.care.store.visits import Visits
from schedules.care.visit_letters import Letters
from schedules.care.visit_planning import cancel_in, facts_of

AGAIN = timedelta(minutes=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """
    One statement about a visit, as it comes in at a door. `key` is the same for every copy; `at` is None for now.

    Positions are WGS-84 already.
    """

    key: str
    which: Which
    way: Way
    by: Person
    carer_id: CarerId | None = None
    at: datetime | None = None
    position: Position | None = None
    accuracy_m: int | None = None
    proof: str | None = None
    reason: str | None = None
    items: tuple[str, ...] | None = None


class Visiting:
    """Plans, signs, chases. An owner of waiting rows: `due`, `wake`, `next_due`, `stumble`."""

    name = "visits"
    patient = True

    def __init__(
        self, transactions: Transactions, reading: Engine, clock: Clock, calendar: Calendar, desk: Desk, *,
        letters: Letters, patience: Patience, limits: Limits, nudge: Callable[[], None],
    ) -> None:  # fmt: skip
        self.limits = limits
        self.local = calendar.local
        self.origins: dict[Source, Origin] = {}
        self._transactions = transactions
        self._reading = reading
        self._clock = clock
        self._desk = desk
        self._letters = letters
        self._patience = patience
        self._nudge = nudge
        self._judging = Judging(calendar, limits)

    # ------------------------------------------------------------------------------------------- what people do

    def assign(self, visit_id: str, carer_ids: Sequence[CarerId], *, by: Person) -> None:
        """
        These carers are sent, and nobody else.

        Raises:
            NotFound: no such visit, or no such carer. Conflict: it is over, or the household does not want one of them.
        """

        def work(tx: Tx) -> None:
            visit = self._visit(tx, visit_id)
            refuse(visit, carer_ids, People(tx.connection).carers_by_id(carer_ids))
            settle_in(tx, [visit.id])
            Visits(tx.connection).send(visit.id, list(dict.fromkeys(carer_ids)))
            tx.log(assigned(visit, carer_ids, by))

        self._transactions.run(work)
        self._nudge()

    def cancel(self, visit_id: str, *, reason: str, by: Person, note: str | None = None) -> None:
        """
        It does not take place. `reason` is a code (`family`, `hospital`, `suspended`, `weather`, `other`).

        Raises:
            NotFound: no such visit. Conflict: somebody is there, or it is over.
        """

        def work(tx: Tx) -> None:
            visit = self._visit(tx, visit_id)
            if visit.state is not State.PLANNED:
                raise Conflict("Only a visit that has not begun can be cancelled.")
            cancel_in(tx, visit, reason, by, note)

        self._transactions.run(work)
        self._nudge()

    def suspend(self, resident_id: ResidentId, start: date, end: date, *, by: Person) -> int:
        """Cancels what is planned for a resident on the days [start, end): in hospital, away. How many."""

        def work(tx: Tx) -> int:
            tx_visits = Visits(tx.connection).of_resident(resident_id, start, end)
            planned = [each for each in tx_visits if each.state is State.PLANNED and each.wanted.start_by > tx.now]
            for each in planned:
                cancel_in(tx, each, "suspended", by, None)
            return len(planned)

        return self._transactions.run(work)

    def sign(self, visit_id: str, said: Said) -> Visit:
        """
        Somebody has come, leaves, or the resident says so. The visit after it.

        Raises:
            NotFound: no such visit. Conflict: it was cancelled. Invalid: a desk's entry without a reason.
        """
        visit = self._transactions.run(lambda tx: self.sign_in_unit(tx, visit_id, said))
        self._nudge()
        return visit

    def sign_in_unit(self, tx: Tx, visit_id: str, said: Said) -> Visit:
        """The same in a unit of work of somebody else's, who nudges once that is durable."""
        visit = self._visit(tx, visit_id)
        if said.way is Way.OFFICE and not (said.reason or "").strip():
            raise Invalid("An entry at the desk needs a reason.", {"json": {"reason": ["Missing."]}})
        if visit.state is State.CANCELLED:
            raise Conflict("This visit was cancelled.")
        point = Point(
            id=tx.new_id(), visit_id=visit.id, which=said.which, way=said.way, at=said.at or tx.now,
            received_at=tx.now, by=said.by, carer_id=said.carer_id, position=said.position,
            accuracy_m=said.accuracy_m, proof=said.proof, reason=said.reason,
        )  # fmt: skip
        if not Points(tx.connection).add(point, said.key):
            return visit
        return self._signed(tx, visit, point, said.items)

    def _signed(self, tx: Tx, visit: Visit, point: Point, items: tuple[str, ...] | None) -> Visit:
        shelf = Visits(tx.connection)
        home = People(tx.connection).home(visit.wanted.home_id)
        seen = shown(visit, Points(tx.connection).of([visit.id]), home.position, self.limits)
        for each in seen.spans:
            shelf.span(visit.id, each)
        moved = replace(visit, begun_at=seen.begun_at or visit.begun_at, finished_at=seen.finished_at)
        if point.which is Which.FINISH:
            moved = replace(moved, items=items if items is not None else visit.items or visit.wanted.items)
        there = sum(1 for each in seen.spans if each.begin and not each.finish)
        after = self._next(moved, point, there, len([each for each in seen.spans if each.begin]), tx.now)
        shelf.save(after)
        left = "visit_finished" if point.which is Which.FINISH else "visit_confirmed"
        kind = "visit_begun" if point.which is Which.BEGIN else left
        facts = facts_of(visit, carer=point.carer_id, way=point.way, at=point.at.isoformat(), proof=point.proof)
        tx.log(Line(kind=kind, by=point.by, alarm_id=visit.alarm_id, facts=facts, note=point.reason))
        return after

    def _next(self, visit: Visit, point: Point, there: int, hands: int, now: datetime) -> Visit:
        """Its state after a statement: begun while somebody is inside, finished when all who came have left."""
        if point.which is Which.CONFIRM:
            return replace(visit, due_at=now) if visit.is_over else visit
        if visit.state is State.FINISHED:
            return replace(visit, due_at=now)
        if there or (point.which is Which.BEGIN and visit.finished_at is None):
            chase = 0 if visit.state is not State.BEGUN else visit.chase
            begun = replace(visit, state=State.BEGUN, chase=chase)
            due_at = due_of(begun, self._patience, hands=hands)
            return replace(begun, due_at=max(due_at, now) if due_at else now)
        return replace(visit, state=State.FINISHED, due_at=now)

    def add_photo(
        self, visit_id: str, sha256: str, *, taken_at: datetime | None, by: Person, carer_id: CarerId | None = None,
        picture: Picture | None = None,
    ) -> bool:  # fmt: skip
        """
        A photo of the visit by its hash, with its picture where it is to be kept; False where the visit has it.

        Raises:
            NotFound: no such visit. Conflict: it was cancelled.
        """

        def work(tx: Tx) -> bool:
            visit = self._visit(tx, visit_id)
            if visit.state is State.CANCELLED:
                raise Conflict("This visit was cancelled.")
            return self._judging.add_photo(
                tx, visit, sha256, taken_at=taken_at, by=by, carer_id=carer_id, picture=picture
            )

        new = self._transactions.run(work)
        self._nudge()
        return new

    def approve(self, point_id: str, *, by: Person) -> None:
        """
        A second person agrees to an entry at the desk.

        Raises:
            NotFound: no such entry. Conflict: it is one's own, no desk's, or somebody has agreed.
        """
        self._transactions.run(lambda tx: self._judging.approve(tx, point_id, by))
        self._nudge()

    def resolve(self, finding_id: str, resolution: str, *, by: Person, note: str | None = None) -> None:
        """
        A human looked at the evidence: `accepted` or `rejected`.

        Raises:
            NotFound: no such finding. Conflict: it is resolved, or cannot be accepted (see `Judging.resolve`).
        """
        self._transactions.run(lambda tx: self._judging.resolve(tx, finding_id, resolution, by, note))
        self._nudge()

    # ------------------------------------------------------------------------------------------- what falls due

    def due(self, now: datetime, most: int) -> Sequence[str]:
        with self._reading.connect() as connection:
            return Visits(connection).due(now, most)

    def next_due(self) -> datetime | None:
        with self._reading.connect() as connection:
            return Visits(connection).next_due()

    def wake(self, id_: str) -> None:
        """Chases, or judges. Waking too early or twice does nothing."""
        alarm_id = self._transactions.run(lambda tx: self._wake(tx, id_))
        if alarm_id is not None:
            self._desk.proceed(Received(alarm_id=alarm_id))
        self._nudge()

    def stumble(self, id_: str, error: Exception) -> None:
        """
        It rests for a minute and is tried again, as often as it takes. A visit that nobody came to is told to the
        operators by other words meanwhile, because what fails may be what raises its alarm.
        """

        def work(tx: Tx) -> None:
            shelf = Visits(tx.connection)
            failures = shelf.stumbled(id_, tx.now + AGAIN)
            visit = shelf.get(id_)
            if visit is not None and visit.state is State.PLANNED and failures == 1:
                self._letters.operators(tx, visit, "visit_late", key="stumbled")

        self._transactions.run(work)

    def _wake(self, tx: Tx, id_: str) -> AlarmId | None:
        shelf = Visits(tx.connection)
        visit = shelf.get(id_)
        if visit is None or visit.due_at is None or visit.due_at > tx.now:
            return None
        tx.hold(f"home:{visit.wanted.home_id}")
        if visit.is_over:
            self._judging.judge(tx, visit)
            self._tell_origin(tx, id_)
            return None
        origin = self.origins.get(visit.wanted.source)
        if visit.state is State.PLANNED and origin is not None and not origin.waits_in(tx, visit):
            # A round that was made by telephone, an order that was called off: nobody is chased for it.
            cancel_in(tx, visit, "not_wanted", SERVICE, None)
            return None
        there = shown(visit, Points(tx.connection).of([id_]), None, self.limits).spans
        inside = {each.carer_id for each in there if each.begin}
        moved, steps = look(visit, tx.now, self._patience, hands=len(inside))
        missed = self._missed(tx, visit, origin) if Step.MISS in steps else None
        # A row that was due too early waits for its true time.
        due_at = moved.due_at if steps else due_of(moved, self._patience, hands=len(inside))
        shelf.save(replace(moved, alarm_id=missed or visit.alarm_id, due_at=due_at))
        for step in steps:
            self._letters.step(tx, visit, step, inside)
            tx.log(_line(step, visit, missed))
        return missed

    def _tell_origin(self, tx: Tx, id_: str) -> None:
        shelf = Visits(tx.connection)
        judged = shelf.get(id_)
        origin = self.origins.get(judged.wanted.source) if judged is not None and judged.counts else None
        if judged is not None and origin is not None:
            origin.proved_in(tx, judged, shelf.came_to(id_))

    def _missed(self, tx: Tx, visit: Visit, origin: Origin | None) -> AlarmId | None:
        if origin is not None and origin.missed_in(tx, visit):
            return None
        wanted = visit.wanted
        return self._desk.raise_in(tx, Heard(
            cause=Cause.MISSED_VISIT, by=SERVICE, home_id=wanted.home_id, resident_id=wanted.resident_id,
        ))  # fmt: skip

    def _visit(self, tx: Tx, id_: str) -> Visit:
        visit = Visits(tx.connection).get(id_)
        if visit is None:
            raise NotFound("There is no such visit.")
        tx.hold(f"home:{visit.wanted.home_id}")
        return visit

    # ------------------------------------------------------------------------------------------- what others read

    def proved(self, resident_id: ResidentId, start: date, end: date) -> Sequence[Proved]:
        """What counts of the local days [start, end)."""
        with self._reading.connect() as connection:
            return Visits(connection).proved(resident_id, start, end)

    def on(self, day: date) -> Sequence[Visit]:
        """Every visit of a local day, by its latest start."""
        with self._reading.connect() as connection:
            return Visits(connection).on(day)


def _line(step: Step, visit: Visit, alarm_id: AlarmId | None) -> Line:
    absent = "visit_reminded" if step is Step.REMIND else "visit_late" if step is Step.TELL else "visit_missed"
    inside = "visit_unsigned" if step is Step.UNSIGNED else "visit_abandoned"
    kind = inside if step in {Step.UNSIGNED, Step.ABANDON} else absent
    return Line(kind=kind, by=SERVICE, alarm_id=alarm_id, facts=facts_of(visit))
