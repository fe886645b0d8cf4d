"""A small district with visits to be kept: plans, carers who text, tags, and whoever judges."""

from datetime import timedelta

from sqlalchemy import select

from dispatch.answers import Answers, Said
from dispatch.expectations import DeskClaims
from dispatch.ids import CarerId, new_id
from dispatch.rules.people import carer_id
from dispatch.rules.place import Position
from dispatch.rules.signal import Event
from dispatch.store.alarms import alarms
from dispatch.store.outbox import messages
from dispatch.store.record import Record
from schedules.care.rules.evidence import Limits
from schedules.care.rules.lateness import Patience
from schedules.care.rules.presence import Way, Which
from schedules.care.rules.visit import Source, Wanted
from schedules.care.store.visit_points import Findings, visit_points
from schedules.care.store.visits import Visits, visits
from schedules.care.visit_answers import VisitClaims, VisitOrders
from schedules.care.visit_letters import Letters
from schedules.care.visit_planning import Planning
from schedules.care.visit_tags import Tags
from schedules.care.visiting import Said as SaidOf
from schedules.care.visiting import Visiting
from tests.builders import build_world

DESK = "+8613900000001"
MINUTE, HOUR = timedelta(minutes=1), timedelta(hours=1)
AT_HOME = Position(38.0721, 114.4921)
"""A dozen metres from H1."""


class Wants:
    """A source that says what it was told to."""

    def __init__(self):
        self.visits = []
        self.broken = False

    def wanted(self, day):
        if self.broken:
            raise LookupError("no plan today")
        return [each for each in self.visits if each.on == day]


class Rig:
    """Visits over a world; `again()` is the service after it was killed."""

    def __init__(self, folder, **limits):
        self.world = build_world(folder, operators=[DESK])
        self.wants, self.limits, self._count = Wants(), Limits(**limits), 0
        self.sources = [self.wants]
        self.again()

    def again(self):
        world = self.world
        letters = Letters([DESK])
        self.planning = Planning(
            world.transactions, world.reading, world.clock, world.calendar, sources=self.sources, patience=Patience(),
            days_ahead=1, nudge=lambda: None,
        )  # fmt: skip
        self.visiting = Visiting(
            world.transactions, world.reading, world.clock, world.calendar, world.desk, letters=letters,
            patience=Patience(), limits=self.limits, nudge=lambda: None,
        )  # fmt: skip
        self.tags = Tags(world.transactions, world.reading, world.clock, self.visiting)
        world.answers = Answers(
            world.transactions, world.reading, [DeskClaims(world.desk), VisitClaims(self.visiting)], world.desk,
            orders=[VisitOrders(self.visiting)], nudge=lambda: None,
        )  # fmt: skip
        return self

    def wanted(self, key="plan:1", home="H1", resident="R1", after=HOUR, **more):
        """A visit wanted in an hour, by C1 unless said otherwise."""
        start = more.pop("start", self.world.clock.now() + after)
        carers = more.pop("usual", ("C1",))
        one = Wanted(
            key=key, source=Source.PLAN, home_id=self.world.home(home), resident_id=self.world.resident(resident),
            on=self.world.calendar.day_of(start), start_from=start, start_by=start + 30 * MINUTE,
            minutes=more.pop("minutes", 60), items=more.pop("items", ("B01",)),
            usual=tuple(self.carer(each) for each in carers), **more,
        )  # fmt: skip
        self.wants.visits.append(one)
        return one

    def plan(self):
        today = self.world.calendar.day_of(self.world.clock.now())
        return self.planning.plan(today) + self.planning.plan(today + timedelta(days=1))

    def planned(self, **more):
        """One visit on file."""
        one = self.wanted(**more)
        self.plan()
        return self.visit(one.key)

    def carer(self, code):
        return CarerId(carer_id(self.world.carer(code)))

    def visit(self, key="plan:1"):
        with self.world.reading.connect() as connection:
            return Visits(connection).by_key([key])[key]

    def until(self, at):
        """Time passes; what falls due on the way is woken at its own time."""
        clock = self.world.clock
        while (due := self.visiting.next_due()) is not None and due <= at:
            clock.advance(max(0.0, (due - clock.now()).total_seconds()))
            self.settle()
        clock.advance(max(0.0, (at - clock.now()).total_seconds()))

    def settle(self):
        now = self.world.clock.now()
        self.tags.check()
        for _ in range(10):
            ids = self.visiting.due(now, 100)
            for id_ in ids:
                self.visiting.wake(id_)
            if not ids:
                return
        raise AssertionError("it never settles")

    def says(self, code, text, **more):
        self._count += 1
        number = {"C1": "+8613800000001", "C2": "+8613800000002", "C3": "+8613800000003"}[code]
        self.world.answers.receive("one", [Said(key=f"said-{self._count}", sender=number, text=text, **more)])
        for id_ in self.world.answers.due(self.world.clock.now(), 10):
            self.world.answers.wake(id_)
        self.settle()

    def sign(self, visit, which, code="C1", *, way=Way.PAGE, position="home", accuracy_m=20, **more):
        self._count += 1
        if position == "home":
            # A telephone never tells the very same position twice.
            position = Position(AT_HOME.lat + self._count * 1e-6, AT_HOME.lng)
        by = more.pop("by", self.world.carer(code))
        said = SaidOf(
            key=more.pop("key", f"press-{self._count}"), which=which, way=way, by=by, carer_id=self.carer(code),
            position=position, accuracy_m=accuracy_m, **more,
        )  # fmt: skip
        after = self.visiting.sign(visit.id, said)
        self.settle()
        return after

    def photo(self, visit, sha="a" * 64, *, taken_at=None, code="C1"):
        now = self.world.clock.now()
        self.visiting.add_photo(visit.id, sha, taken_at=taken_at or now, by=self.world.carer(code))
        self.settle()

    def done_well(self, visit, code="C1", minutes=60, sha="a" * 64):
        """From sign-in to sign-out as it should be, beginning at its earliest start."""
        self.until(max(self.world.clock.now(), visit.wanted.start_from))
        self.sign(visit, Which.BEGIN, code)
        self.until(self.world.clock.now() + minutes * MINUTE)
        self.photo(visit, sha, code=code)
        self.sign(visit, Which.FINISH, code)
        return self.visit(visit.wanted.key)

    def tag(self, home="H1"):
        signal_id = new_id()
        with self.world.writing.begin() as connection:
            from dispatch.store.signals import signals

            connection.execute(signals.insert().values(
                id=signal_id, event=Event.ATTENDANCE.value, gateway="g", protocol="scaip", address="a",
                dedup_key=signal_id, received_at=self.world.clock.now(), device_id="d", raw=b"", trusted=1, copies=1,
                home_id=self.world.home(home), details={},
            ))  # fmt: skip
        self.settle()

    def open_codes(self, key="plan:1"):
        with self.world.reading.connect() as connection:
            found = Findings(connection).of([self.visit(key).id])
        return sorted(each.code for each in found if each.blocks)

    def findings(self, key="plan:1"):
        with self.world.reading.connect() as connection:
            return {each.code: each for each in Findings(connection).of([self.visit(key).id])}

    def proved(self, resident="R1"):
        day = self.world.calendar.day_of(self.world.clock.now())
        return self.visiting.proved(self.world.resident(resident), day - timedelta(days=40), day + timedelta(days=2))

    def sent(self, sentence):
        with self.world.reading.connect() as connection:
            rows = connection.execute(select(messages.c.to).where(messages.c.sentence == sentence))
            return [row.to for row in rows]

    def alarms(self):
        with self.world.reading.connect() as connection:
            return list(connection.execute(select(alarms.c.id, alarms.c.cause, alarms.c.state)))

    def rows(self, table=visits):
        with self.world.reading.connect() as connection:
            return list(connection.execute(select(table)))

    def points(self):
        return self.rows(visit_points)

    def lines(self, kind):
        with self.world.reading.connect() as connection:
            return [each for each in Record(connection).after(0, 10_000) if each.kind == kind]

    def close(self):
        self.world.close()
