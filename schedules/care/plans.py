"""Care plans: changed in versions, and read as the visits they ask for (`wanted`)."""

from collections.abc import Callable, Collection, Iterable, Sequence
from datetime import date, timedelta

from dispatch.errors import Conflict, Invalid, Stale
from dispatch.ids import CarerId, ResidentId
from dispatch.rules.absences import Absence, Kind
from dispatch.rules.people import Person
from dispatch.rules.record import Line as RecordLine
from dispatch.rules.rights import Area
from dispatch.store.absences import Absences
from dispatch.store.accounts import Reading
from dispatch.store.people import People
from dispatch.store.transactions import Transactions, Tx
from schedules.calendar import Calendar
from schedules.care.rules.bed import State
from schedules.care.rules.items import ServiceList
from schedules.care.rules.plan import IsWorkday, Line, Plan, Served, in_force, lacks, takes_effect, wanted
from schedules.care.rules.visit import Wanted
from schedules.care.store.beds import Beds
from schedules.care.store.plans import Plans

DAY = timedelta(days=1)
LINES_MAX = 30
PIECE = 500


class CarePlans:
    """
    The plans of all beds. As a source of visits it wants, for a local day, what the plans in force ask for of everybody
    who is in service, served, and not away from home at that time.
    """

    def __init__(
        self, transactions: Transactions, reading: Reading, calendar: Calendar, *, items: ServiceList,
        is_workday: IsWorkday, change_by: int, changed: Callable[[], None] = lambda: None,
    ) -> None:  # fmt: skip
        """`change_by` is the day of the month until which a change takes effect with the next month."""
        self._transactions = transactions
        self._reading = reading
        self._calendar = calendar
        self._items = items
        self._is_workday = is_workday
        self._change_by = change_by
        self._changed = changed

    def change(
        self, name: str, lines: Sequence[Line], *, base: int, urgent: bool, by: Person, area: Area,
        not_with: Sequence[CarerId] = (), note: str | None = None,
    ) -> Plan:  # fmt: skip
        """
        A new version. `base` is the version that was changed (0: there was none); `urgent` is for safety and holds from
        today on.

        Raises:
            NotFound: no such bed in this area. Conflict: it has ended. Stale: somebody else wrote a version since.
            Invalid: a line, an item or a carer that does not exist, or an urgent change without a reason.
        """
        self._refuse(lines, urgent=urgent, note=note)

        def work(tx: Tx) -> Plan:
            bed = Beds(tx.connection).get(name, area)
            if bed.state is State.ENDED:
                raise Conflict("This bed has ended.")
            known = {each.id for each in People(tx.connection).carers()}
            if not {carer for each in lines for carer in each.usual} | set(not_with) <= known:
                raise _wrong("usual", "There is no such carer.")
            before = Plans(tx.connection).of([bed.id]).get(bed.id, [])
            if len(before) != base:
                raise Stale("Somebody else has changed this meanwhile", {})
            from_on = takes_effect(
                self._calendar.day_of(tx.now), urgent=urgent, first=not before, change_by=self._change_by
            )
            plan = Plan(
                id=tx.new_id(), bed_id=bed.id, version=base + 1, from_on=from_on, made_at=tx.now, by=by, urgent=urgent,
                lines=tuple(lines), not_with=tuple(not_with),
            )  # fmt: skip
            Plans(tx.connection).add(plan)
            facts = {
                "bed": bed.id,
                "resident": bed.resident_id,
                "version": str(plan.version),
                "from": from_on.isoformat(),
            }
            tx.log(RecordLine(kind="care_plan_changed", by=by, facts=facts, note=note))
            return plan

        made = self._transactions.run(work)
        self._changed()
        return made

    def of(self, bed_id: str) -> list[Plan]:
        """All versions of a bed's plan, the first first."""
        with self._reading.connect() as connection:
            return Plans(connection).of([bed_id]).get(bed_id, [])

    def wanted(self, day: date) -> Sequence[Wanted]:
        """What all plans ask for on this local day, ordered by bed and time, with keys that stay what they are."""
        return self.between([day])

    def between(self, days: Sequence[date], bed_id: str | None = None) -> list[Wanted]:
        """The same for several days following each other, of one bed or of all."""
        if not days:
            return []
        with self._reading.connect() as connection:
            served = Beds(connection).served(days[0], days[-1], bed_id)
            plans = Plans(connection).of({each.bed_id for each, _ in served})
            away = _away(absences_of(Absences(connection), {each.resident_id for each, _ in served}))
        found = [
            each
            for whom, stretch in served
            for day in days
            if stretch.owes(day)
            for each in self._of(plans.get(whom.bed_id, ()), whom, day)
        ]
        return [each for each in found if not any(one.holds(each.start_by) for one in away.get(each.resident_id, ()))]

    def _of(self, plans: Iterable[Plan], whom: Served, day: date) -> list[Wanted]:
        plan = in_force(plans, day)
        if plan is None:
            return []
        return wanted(plan, whom, day, zone=self._calendar.tzinfo, is_workday=self._is_workday)

    def _refuse(self, lines: Sequence[Line], *, urgent: bool, note: str | None) -> None:
        if len(lines) > LINES_MAX:
            raise _wrong("lines", "A plan has thirty lines at most.")
        if len({each.code for each in lines}) != len(lines):
            raise _wrong("lines", "Two lines have the same code.")
        for line in lines:
            if why := lacks(line):
                raise _wrong("lines", why)
        unknown = sorted({item for each in lines for item in each.items} - self._items.codes)
        if unknown:
            raise _wrong("items", "The service list has no such item.")
        if urgent and not (note or "").strip():
            raise _wrong("note", "Please say why it cannot wait.")


def absences_of(shelf: Absences, residents: Collection[ResidentId]) -> list[Absence]:
    """The absences of these residents that are not over; the shelf takes some hundred at a time."""
    ids = sorted(residents)
    return [each for start in range(0, len(ids), PIECE) for each in shelf.of(ids[start : start + PIECE])]


def _away(absences: Iterable[Absence]) -> dict[ResidentId, list[Absence]]:
    """Who is in hospital or away; a device that is being tried keeps nobody from coming."""
    found: dict[ResidentId, list[Absence]] = {}
    for each in absences:
        if each.kind is not Kind.TEST:
            found.setdefault(each.resident_id, []).append(each)
    return found


def _wrong(field: str, why: str) -> Invalid:
    return Invalid("Please check what was entered", {"json": {field: [why]}})
