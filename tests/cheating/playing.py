"""
A month played into the service by what it offers to the outside: what is wanted, said, shown, entered and known.

It translates and knows no rule: a tap becomes a statement with its own time, a landline a call with an id, an office's
entry two statements with a reason and nobody who agrees.
"""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

from sqlalchemy import update

from dispatch.errors import Refusal
from dispatch.ids import CarerId
from dispatch.registry.absences import Absent
from dispatch.rules.absences import Kind
from dispatch.rules.people import Person, carer_id, operator
from dispatch.rules.place import Position
from dispatch.rules.rights import DISTRICT
from dispatch.store.people import residents
from schedules.care.rules.evidence import Limits
from schedules.care.rules.lateness import Patience
from schedules.care.rules.presence import Way, Which
from schedules.care.rules.visit import Source, Wanted
from schedules.care.store.visit_points import Findings
from schedules.care.store.visits import Visits
from schedules.care.visit_letters import Letters
from schedules.care.visit_planning import Planning
from schedules.care.visiting import Said, Visiting
from tests.builders import build_world
from tests.cheating.values import Away, Event, Month, Plan

OFFICE = operator("office")
SETTLES = 50


@dataclass(slots=True)
class Result:
    """By kind of visit: how many there were, and how many counted without a human; why honest ones did not."""

    all: Counter[str] = field(default_factory=Counter)
    counted: Counter[str] = field(default_factory=Counter)
    honest: set[str] = field(default_factory=set)
    why: dict[str, Counter[str]] = field(default_factory=dict)
    refused: Counter[str] = field(default_factory=Counter)
    unproved: list[str] = field(default_factory=list)

    @property
    def honest_share(self) -> float:
        every = sum(n for kind, n in self.all.items() if kind in self.honest)
        return sum(n for kind, n in self.counted.items() if kind in self.honest) / every

    def table(self) -> str:
        """One line a kind, for people."""
        rows = [f"{'kind':<18} {'n':>6} {'counted':>8}  why not (codes of findings)"]
        for kind in sorted(self.all, key=lambda each: (each not in self.honest, each)):
            said = ", ".join(f"{code} {n}" for code, n in self.why.get(kind, Counter()).most_common(4))
            mark = " " if kind in self.honest else "✗"
            rows.append(f"{mark}{kind:<17} {self.all[kind]:>6} {self.counted[kind]:>8}  {said}")
        rows.append(f"honest that counted without a human: {self.honest_share:.4f}; unproved: {len(self.unproved)}")
        rows.append(f"refused: {dict(self.refused)}" if self.refused else "nothing was refused")
        return "\n".join(rows)


class _Wants:
    """A source of visits for the planning."""

    def __init__(self, wanted: dict[date, list[Wanted]]) -> None:
        self._wanted = wanted

    def wanted(self, day: date, /) -> list[Wanted]:
        return self._wanted.get(day, [])


class Player:
    """The service with the month's district, and a clock that goes from event to event."""

    def __init__(self, month: Month, folder: Path) -> None:
        assert month.zone == "Asia/Shanghai", "the world of tests lives there"
        self._month = month
        self._midnight = datetime.combine(month.first, time(0), ZoneInfo(month.zone)).astimezone(UTC)
        start = self._midnight - timedelta(hours=2)
        self.world = world = build_world(folder, district=_district(month), on_duty=(), start=start)
        self._count = 0
        self._carers = {code: CarerId(str(carer_id(world.carer(code)))) for code in month.carers}
        plans: dict[date, list[Wanted]] = {}
        for plan in month.plans:
            plans.setdefault(plan.on, []).append(self._wanted(plan))
        nothing = lambda: None  # noqa: E731
        self._planning = Planning(
            world.transactions, world.reading, world.clock, world.calendar, sources=[_Wants(plans)],
            patience=Patience(), days_ahead=1, nudge=nothing,
        )  # fmt: skip
        self._visiting = Visiting(
            world.transactions, world.reading, world.clock, world.calendar, world.desk, letters=Letters([]),
            patience=Patience(), limits=Limits(), nudge=nothing,
        )  # fmt: skip
        self._absent = Absent(world.transactions, world.reading, nudge=nothing)
        self._ids: dict[str, str] = {}
        self.refused: Counter[str] = Counter()

    def play(self) -> Result:
        """Everything that happens, in the order in which the service hears of it, and a day for it to settle."""
        for at, what in sorted(self._happenings(), key=lambda each: each[0]):
            self._until(at)
            if isinstance(what, date):
                self._plan(what)
            elif isinstance(what, Away):
                self._away(what)
            else:
                self._tell(what)
        self._until(self.world.clock.now() + timedelta(days=2))
        return self._result()

    def _happenings(self) -> Iterator[tuple[datetime, date | Away | Event]]:
        for number in range(-1, 33):
            day = self._month.first + timedelta(days=number)
            yield self._midnight + timedelta(days=number, minutes=-61), day + timedelta(days=1)
        for away in self._month.away:
            yield away.since, away
        for event in self._month.events:
            yield event.received_at, event

    def _plan(self, day: date) -> None:
        self._planning.plan(day)
        with self.world.reading.connect() as connection:
            keys = [each.key for each in self._month.plans if each.on == day]
            found = Visits(connection).by_key(keys)
        self._ids |= {key: found[key].id for key in keys if key in found}

    def _away(self, away: Away) -> None:
        resident = self.world.resident(away.resident)
        if away.until is not None:
            self._absent.begin(
                resident, Kind.HOSPITAL, from_at=away.since, until_at=away.until, by=OFFICE, area=DISTRICT
            )
            return
        died = update(residents).where(residents.c.id == resident).values(died_on=away.since.date())
        self.world.transactions.run(lambda tx: tx.connection.execute(died))

    def _tell(self, event: Event) -> None:
        visit_id = self._ids.get(event.visit)
        if visit_id is None:
            self.refused["not planned"] += 1
            return
        try:
            self._said(visit_id, event)
        except Refusal as refusal:
            self.refused[f"{event.kind}: {type(refusal).__name__}"] += 1
        self._settle()

    def _said(self, visit_id: str, event: Event) -> None:
        by, carer = self._person(event), self._carers[event.carer]
        if event.kind == "reassigned":
            self._visiting.assign(visit_id, [carer], by=OFFICE)
        elif event.kind == "photo":
            taken_at = datetime.fromisoformat(event.more["taken_at"])
            self._visiting.add_photo(visit_id, event.more["sha256"], taken_at=taken_at, by=by, carer_id=carer)
        elif event.kind == "entry":
            for which, key in ((Which.BEGIN, "begun_at"), (Which.FINISH, "finished_at")):
                at = datetime.fromisoformat(event.more[key])
                self._sign(visit_id, event, which, Way.OFFICE, at, OFFICE, reason="忘记签到")
        else:
            which = {"sign_in": Which.BEGIN, "confirmed": Which.CONFIRM}.get(event.kind, Which.FINISH)
            way = {"page": Way.PAGE, "landline": Way.LANDLINE, "button": Way.RESIDENT}[event.via]
            way = Way.RESIDENT if event.kind == "family" else way
            self._sign(visit_id, event, which, way, event.at, by)

    def _sign(
        self, visit_id: str, event: Event, which: Which, way: Way, at: datetime, by: Person, reason: str | None = None
    ) -> None:  # fmt: skip
        self._count += 1
        accuracy = None if event.accuracy_m is None else round(event.accuracy_m)
        self._visiting.sign(visit_id, Said(
            key=f"said-{self._count}", which=which, way=way, by=by, carer_id=self._carers[event.carer], at=at,
            position=None if event.point is None else Position(event.point.lat, event.point.lng), accuracy_m=accuracy,
            proof=f"call-{self._count}" if way in {Way.LANDLINE, Way.RESIDENT} else None, reason=reason,
        ))  # fmt: skip

    def _person(self, event: Event) -> Person:
        """Whose telephone it came from; of a landline, whose number was typed."""
        if event.kind == "family":
            return Person("contact:family")
        if event.via == "button":
            plan = event.visit.split(":")[1]
            return Person(f"resident:{plan}")
        return self.world.carer(event.phone if event.phone in self._carers else event.carer)

    def _until(self, at: datetime) -> None:
        clock = self.world.clock
        while (due := self._visiting.next_due()) is not None and due <= at:
            clock.advance(max(0.0, (due - clock.now()).total_seconds()))
            self._settle()
        clock.advance(max(0.0, (at - clock.now()).total_seconds()))

    def _settle(self) -> None:
        for _ in range(SETTLES):
            ids = self._visiting.due(self.world.clock.now(), 100)
            for id_ in ids:
                self._visiting.wake(id_)
            if not ids:
                return
        raise AssertionError("it never settles")

    def _wanted(self, plan: Plan) -> Wanted:
        return Wanted(
            key=plan.key, source=Source.PLAN, home_id=self.world.home(plan.home),
            resident_id=self.world.resident(plan.resident), on=plan.on, start_from=plan.start_from,
            start_by=plan.start_by, minutes=plan.minutes, items=("B01",), carers=len(plan.carers),
            usual=tuple(self._carers[each] for each in plan.carers),
        )  # fmt: skip

    def _result(self) -> Result:
        """What counts, read from what is on file; nobody has looked at a finding or agreed to an entry."""
        found = Result(refused=self.refused)
        with self.world.reading.connect() as connection:
            visits = Visits(connection).by_key([each.visit for each in self._month.truths])
            for truth in self._month.truths:
                visit = visits.get(truth.visit)
                found.all[truth.kind] += 1
                found.honest |= {truth.kind} if truth.honest else set()
                if visit is not None and visit.counts:
                    found.counted[truth.kind] += 1
                    found.unproved += [] if truth.honest else [f"{truth.kind} {truth.visit}"]
                else:
                    codes = [each.code for each in Findings(connection).of([visit.id])] if visit else ["not planned"]
                    state = [] if codes or visit is None else [str(visit.state)]
                    found.why.setdefault(truth.kind, Counter()).update([*codes, *state])
        return found


def _district(month: Month) -> str:
    """The month's homes and carers as a district file."""
    parts = [
        f'[district]\nname = "示范区"\narea_code = "130105"\ntimezone = "{month.zone}"\n',
        f'[[stations]]\ncode = "S1"\nname = "柏林"\nlat = {month.station.lat}\nlng = {month.station.lng}\n',
    ]
    parts += [
        f'[[carers]]\ncode = "{code}"\nname = "{code}"\nphone = "+86138{number:08d}"\nstation = "S1"\n'
        f'lat = {month.station.lat}\nlng = {month.station.lng}\nmeans = "ebike"\n'
        for number, code in enumerate(month.carers)
    ]  # fmt: skip
    parts += [
        f'[[homes]]\ncode = "{each.code}"\naddress = "柏林小区 {each.code}"\nlat = {each.at.lat}\nlng = {each.at.lng}\n'
        f'residents = [{{ code = "{each.resident}", name = "老人{each.code}" }}]\n'
        for each in month.homes
    ]  # fmt: skip
    return "\n".join(parts)
