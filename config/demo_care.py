"""
Home care in the demo's past: five beds with their visits of a week, two orders, three service points.

Like the alarms of the month all is done by the real rooms at a clock set by hand. One visit was late, one was missed
and became an alarm, one was signed in from three kilometres away and waits for somebody to look at it.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from functools import partial
from hashlib import sha256
from itertools import count

from config.demo_clock import PastClock
from config.wiring import House
from dispatch.ids import CarerId, ResidentId
from dispatch.rules.alarm import Outcome
from dispatch.rules.people import Person, carer, operator
from dispatch.rules.place import Position
from dispatch.rules.rights import DISTRICT
from dispatch.rules.signal import Cause
from dispatch.store.alarms import Alarms
from dispatch.store.people import People, carers, residents
from schedules.care.assessing import Said as Assessed
from schedules.care.beds import Form
from schedules.care.rules.bed import Deed
from schedules.care.rules.plan import Line, Pattern
from schedules.care.rules.presence import State, Visit, Way, Which
from schedules.care.store.visits import Visits
from schedules.care.visiting import Said
from schedules.orders.ordering import Asking
from schedules.orders.store.orders import Orders, Provider
from schedules.places.desk import PlacesDesk

DAYS = 6
MINUTE, DAY = timedelta(minutes=1), timedelta(days=1)
TOWN, COUNTY = operator("town"), operator("county")
"""Who reviews: two offices without an account here."""

BEDS = (("R8", "C3", 8), ("R12", "C5", 9), ("R2", "C2", 11), ("R4", "C4", 14), ("R6", "C1", 16))
"""The resident, who usually comes, and the hour."""

LATE, MISSED, FAR = ("R2", 1), ("R4", 3), ("R12", 2)
"""Whose visit went wrong, so many days ago."""

PLACES = """code,kind,name,lat,lng,hours,phone,address,offers
P1,canteen,柏林社区长者食堂,38.0701,114.4897,"Mo-Su 06:30-08:30,11:00-13:00",+8631180000001,柏林街12号,早餐 午餐
P2,clinic,合作路社区卫生服务站,38.0595,114.4752,Mo-Fr 08:00-17:30; Sa 08:00-12:00,+8631180000002,合作路66号,测压 换药
P3,repair,便民维修点,38.0679,114.4869,Mo-Sa 09:00-18:00,+8631180000003,联盟路8号,水电 家电
"""

Happening = tuple[datetime, Callable[[], None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Course:
    """How one visit goes: minutes after its earliest start at which somebody comes, how long they stay, where from."""

    after: int
    stay: int
    far: bool = False


class PastCare:
    """The carers of that week. `deliver` sends what is to be sent."""

    def __init__(self, house: House, clock: PastClock, by: Person, deliver: Callable[[], None]) -> None:
        self._house = house
        self._clock = clock
        self._by = by
        self._deliver = deliver
        self._care = house.homecare.visits
        self._numbers = count(1)
        with house.reading.connect() as connection:
            people = People(connection)
            self._carers = {code: CarerId(people.id_of(carers, code) or "") for _, code, _ in BEDS}
            self._residents = {code: ResidentId(people.id_of(residents, code) or "") for code, _, _ in BEDS}

    def events(self, until: datetime) -> list[Happening]:
        """What happens up to then, in the order of time."""
        today = self._house.calendar.day_of(until)
        days = [today - number * DAY for number in range(DAYS, -1, -1)]
        found: list[Happening] = [(self._at(days[0], 0), partial(self._open_beds, days[0]))]
        for day in days:
            found += [(self._at(day, 1), partial(self._plan, day)), *self._visits(day, (today - day).days)]
        last = (until - 20 * MINUTE, partial(self._last, today))
        return sorted([*(each for each in found if each[0] < last[0]), last], key=lambda each: each[0])

    def _at(self, day: date, hour: int, minutes: int = 0) -> datetime:
        return self._house.calendar.instant(day, time(hour)) + minutes * MINUTE

    # ------------------------------------------------------------------------------------------- beds

    def _open_beds(self, day: date) -> None:
        for (resident, code, hour), score in zip(BEDS, (35, 32, 50, 52, 48), strict=True):
            self._open_bed(day, resident, code, hour, score)

    def _open_bed(self, day: date, resident: str, code: str, hour: int, score: int) -> None:
        beds = self._house.homecare.beds
        self._clock.to(self._at(day, 0))
        bed = beds.life.apply(resident, beds.default, by=self._by, area=DISTRICT)
        said = Assessed(standard="gbt42195-2022", assessed_on=day, org="示范区评估中心", score=score)
        beds.assessing.assess(bed, said, by=self._by, area=DISTRICT)
        agreed = Form(org="柏林颐养驿站", agreed_from=day, agreed_until=day + 365 * DAY)
        for deed, by, form in (
            (Deed.FIRST_REVIEW, TOWN, Form()), (Deed.APPROVE, COUNTY, Form()),
            (Deed.BUILD, self._by, Form(org="安居适老化")), (Deed.ACCEPT, COUNTY, Form(org="示范区民政局")),
            (Deed.ACTIVATE, self._by, agreed),
        ):  # fmt: skip
            beds.life.step(bed, deed, form, by=by, area=DISTRICT)
        line = Line(
            code="a", pattern=Pattern.WEEKLY, times=7, start=time(hour), by=time(hour, 30), minutes=60,
            items=("B01", "B02"), usual=(self._carers[code],),
        )  # fmt: skip
        beds.plans.change(bed, [line], base=0, urgent=False, by=self._by, area=DISTRICT)

    # ------------------------------------------------------------------------------------------- visits

    def _plan(self, day: date) -> None:
        self._clock.to(self._at(day, 1))
        self._care.planning.plan(day)

    def _visits(self, day: date, ago: int) -> Iterator[Happening]:
        for resident, code, hour in BEDS:
            if (resident, ago) == MISSED:
                # The chase is looked at by the next event; this one lets it run to its end.
                yield self._at(day, hour, 100), partial(self._settle, self._at(day, hour, 100))
                continue
            late, far = (resident, ago) == LATE, (resident, ago) == FAR
            course = Course(after=65 if late else 4 + (hour + ago) % 9, stay=58 + (hour * 3 + ago) % 7, far=far)
            begin = self._at(day, hour, course.after)
            yield begin, partial(self._sign, Which.BEGIN, resident, code, day, begin, course)
            end = begin + course.stay * MINUTE
            yield end, partial(self._sign, Which.FINISH, resident, code, day, end, course)

    def _sign(self, which: Which, resident: str, code: str, day: date, at: datetime, course: Course) -> None:
        self._settle(at)
        visit = self._visit(resident, day)
        if visit is None or visit.state in {State.CANCELLED, State.MISSED}:
            return
        number, by = next(self._numbers), carer(self._carers[code])
        if which is Which.FINISH:
            photo = sha256(f"demo photo {number}".encode()).hexdigest()
            self._care.visiting.add_photo(visit.id, photo, taken_at=at, by=by, carer_id=self._carers[code])
        self._care.visiting.sign(visit.id, Said(
            # Its own time: an alarm that was lived through meanwhile may have moved the clock past it.
            key=f"demo:{number}", which=which, way=Way.PAGE, at=at, by=by, carer_id=self._carers[code],
            position=self._position(visit, number, far=course.far), accuracy_m=15 + number % 9,
        ))  # fmt: skip

    def _visit(self, resident: str, day: date) -> Visit | None:
        id_ = self._residents[resident]
        with self._house.reading.connect() as connection:
            return next(iter(Visits(connection).of_resident(id_, day, day + DAY)), None)

    def _position(self, visit: Visit, number: int, *, far: bool) -> Position | None:
        """A telephone never tells the very same position twice."""
        with self._house.reading.connect() as connection:
            home = People(connection).home(visit.wanted.home_id).position
        return home and Position(home.lat + number * 1e-6 + (0.027 if far else 0), home.lng)

    def _settle(self, at: datetime) -> None:
        """Time passes until then: visits are chased and judged at their time, and what was missed is looked after."""
        visiting = self._care.visiting
        while (due := visiting.next_due()) is not None and due <= at:
            self._clock.to(due)
            for id_ in visiting.due(self._clock.now(), 100):
                visiting.wake(id_)
        self._clock.to(at)
        with self._house.reading.connect() as connection:
            missed = [each for each in Alarms(connection).open() if each.cause is Cause.MISSED_VISIT]
        for each in missed:
            self._house.desk.close(each.id, outcome=Outcome.OTHER, by=self._by, note="护理员请病假，已改派")
        self._deliver()

    # ------------------------------------------------------------------------------------------- today

    def _last(self, today: date) -> None:
        self._settle(self._clock.now())
        self._order(today)
        house = self._house
        PlacesDesk(
            house.transactions, house.reading, house.clock, house.calendar, house.muster.travel,
            is_holiday=house.homecare.duty.holidays.is_off,
        ).put_list(PLACES, by=self._by)  # fmt: skip
        for number in range(8):
            self._care.planning.plan(today + number * DAY)
        house.homecare.rounds.desk.check()
        self._deliver()

    def _order(self, today: date) -> None:
        """One that a carer has accepted, and one that is offered."""
        ordering = self._house.homecare.rounds.ordering
        barber = Provider(
            id="demo-barber", name="巧手理发", phone="+8613800009001", station_id=None, skills=("hairdressing",),
            by=self._by, at=self._clock.now(),
        )  # fmt: skip
        self._house.transactions.run(lambda tx: Orders(tx.connection).add_provider(barber))
        errand = Asking(resident="R3", service="errand", start_at=self._at(today + DAY, 15), note="代取降压药")
        taken = ordering.take(errand, by=self._by, area=DISTRICT)
        ordering.accept(taken.id, carer(self._carers["C4"]), by=self._by, area=DISTRICT)
        cut = Asking(
            resident="R5", service="hairdressing", start_at=self._at(today + 2 * DAY, 10), note="卧床，请带推子"
        )
        ordering.take(cut, by=self._by, area=DISTRICT)
