"""
Meals in the demo's past: a canteen with its till, a month of dinners and lunches, and last month's public money.

Like the alarms of the month all is done by the real rooms at a clock set by hand. Somebody came to lunch twice on one
day, and somebody whom the till did not know was fed: both wait for a person. Last month is closed, its statements hang
out for objections, and the next step is left to whoever opens the demo.
"""

from collections.abc import Iterator
from datetime import date, datetime, time
from functools import partial

from config.demo_care import DAY, MINUTE, Happening
from config.demo_clock import PastClock
from config.wiring import House
from dispatch.rules.people import Person, operator
from dispatch.rules.rights import DISTRICT
from dispatch.store.people import residents
from schedules.meals.rules.serving import By, MealType, Presented
from schedules.money.rules.statement import Deed

DAYS = 30
BEFORE = 7
"""So many days are served at least, and so many before the month that is closed last ended."""

DAYS_MAX = DAYS + BEFORE + 3
"""No demo begins earlier: on the first of a month, before its closing, the last one closed is the one before."""
DINERS = 5
"""So many come to the canteen; not each of them every day."""

CANTEEN, TILL, RULE = "T1", "T1-1", "dandong-2024"
STRANGER = "+8613800099999"
CLERK, OFFICE = operator("clerk"), operator("civil-affairs")
"""Who draws and submits statements, and who publishes them: two people without an account here."""

LUNCH, DINNER, CLOSING = time(12, 40), time(18, 20), time(9)
LATELY = 30 * MINUTE
TWICE, UNKNOWN = 4, 6
"""So many days ago somebody came to lunch twice, and somebody unknown came."""


class PastMeals:
    """The canteen of that month."""

    def __init__(self, house: House, clock: PastClock, by: Person) -> None:
        self._house = house
        self._clock = clock
        self._by = by
        self._meals, self._settlement = house.homecare.meals, house.homecare.settlement
        with house.reading.connect() as connection:
            everybody = connection.execute(residents.select().order_by(residents.c.id)).all()
        self._diners = [each.phone for each in everybody if each.born_on and each.phone][:DINERS]

    def events(self, until: datetime) -> list[Happening]:
        """What happens up to then, in the order of time."""
        today = self._house.calendar.day_of(until)
        days = [today - number * DAY for number in range(self._days_back(until), -1, -1)]
        found: list[Happening] = [(self._at(days[0], time(8)), self._open)]
        for day in days:
            found += self._day(day, (today - day).days)
        return [each for each in found if each[0] < until - LATELY]

    def _days_back(self, until: datetime) -> int:
        """To the first day: some of them lie in the month that is closed last, on whatever day of one the demo is."""
        today = self._house.calendar.day_of(until)
        first = today.replace(day=1)
        if self._at(first, CLOSING) >= until - LATELY:
            first = (first - DAY).replace(day=1)
        return max(DAYS, (today - first).days + BEFORE)

    def _at(self, day: date, at: time) -> datetime:
        return self._house.calendar.instant(day, at)

    def _open(self) -> None:
        rules = [{"policy": RULE, "from_on": date(2024, 1, 1), "until_on": None}]
        said = {
            "code": CANTEEN, "name": "柏林社区长者食堂", "area_code": "130105001001", "station": "S1", "place": "P1",
            "rules": rules,
        }  # fmt: skip
        self._meals.desk.put(said, by=self._by, area=DISTRICT)
        self._meals.desk.put_till(TILL, CANTEEN, by=self._by, area=DISTRICT)

    def _day(self, day: date, ago: int) -> Iterator[Happening]:
        if day.day == 1:
            yield self._at(day, CLOSING), partial(self._settle, day - DAY)
        for meal, at in ((MealType.LUNCH, LUNCH), (MealType.DINNER, DINNER)):
            yield self._at(day, at), partial(self._serve, day, ago, meal)

    def _serve(self, day: date, ago: int, meal: MealType) -> None:
        at = self._clock.now()
        who = [phone for number, phone in enumerate(self._diners) if self._comes(number, day, meal)]
        if meal is MealType.LUNCH:
            who += who[:1] * (ago == TWICE) + [STRANGER] * (ago == UNKNOWN)
        meals = [
            Presented(
                till=TILL, ref=f"{day:%m%d}-{meal}-{number}", meal_type=meal, served_at=at - (40 - number) * MINUTE,
                price_fen=1200 + 100 * ((number + day.day) % 5), by=By.PHONE, who=phone, operator="马师傅",
            )
            for number, phone in enumerate(who)
        ]  # fmt: skip
        self._meals.catering.serve(meals, by=self._by)

    def _comes(self, number: int, day: date, meal: MealType) -> bool:
        """Most come to lunch on most days, a third to dinner."""
        turn = number * 7 + day.toordinal() * (3 if meal is MealType.LUNCH else 5)
        return turn % 5 > 0 if meal is MealType.LUNCH else turn % 3 == 0

    def _settle(self, last: date) -> None:
        """The month that ended with this day is closed, its statements are drawn and published."""
        settling, closing = self._settlement.settling, self._settlement.counting.closing
        waiting = closing.next()
        if waiting is None:
            return
        month = f"{last:%Y-%m}"
        closing.close(month, by=CLERK)
        settling.draw(month, by=CLERK)
        for each in settling.page(DISTRICT, month=month):
            settling.step(each.id, Deed.SUBMIT, by=CLERK, area=DISTRICT)
            settling.step(each.id, Deed.PUBLISH, by=OFFICE, area=DISTRICT)
