"""Honest months of canteens from a seed, and what can be planted in them. Nothing here asks the search anything."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from random import Random

from dispatch.rules.place import Position
from schedules.care.rules.visit import Proved
from schedules.money.anomalies.rules.limits import read_limits
from schedules.money.anomalies.rules.scan import Known, Scan
from schedules.money.anomalies.rules.serving import About, Canteen, Delivery, Serving, Stay
from schedules.money.rules.exclusions import Exclusion

EAST8 = timezone(timedelta(hours=8))
FIRST = date(2026, 3, 1)
LIMITS, FAULTS = read_limits(Path("config/money/anomalies.toml").read_text(encoding="utf-8"), "anomalies.toml")
EXCLUSIONS = [Exclusion(scheme="any_meal", not_with=("gov_homecare_purchase",))]
HOURS = tuple((weekday, 10 * 60 + 30, 19 * 60) for weekday in range(7))


def at(day, hour, minute=0, second=0):
    return datetime(day.year, day.month, day.day, hour, minute, second, tzinfo=EAST8).astimezone(UTC)


class Month:
    """`canteens` about 1.1 km from each other in a row, each with its own regulars, `days` long."""

    def __init__(self, seed, *, canteens=6, people=60, days=31):
        self.random = Random(seed)
        self.days = [FIRST + timedelta(days=number) for number in range(days)]
        self.canteens = {
            f"c{number}": Canteen(
                id=f"c{number}",
                station="s1",
                place=Position(38.0 + number / 100, 114.5),
                hours=HOURS,
                minimums=frozenset({1000}),
            )
            for number in range(canteens)
        }
        self.about, self.visits = {}, {}
        self.servings = {day: [] for day in self.days}
        self.number = 0
        for day in self.days:
            for canteen in self.canteens:
                self._meals(day, canteen, people)

    def _meals(self, day, canteen, people):
        moment = at(day, 11) + timedelta(seconds=self.random.randrange(60))
        for number in self.random.sample(range(people), k=int(people * self.random.uniform(0.7, 0.95))):
            moment += timedelta(seconds=self.random.randrange(8, 60))
            resident = f"{canteen}-r{number}"
            if self.random.random() < 0.1:
                self.add(day, canteen, resident, moment + timedelta(minutes=20), way="card", delivery=Delivery(
                    photo=f"{self.random.getrandbits(256):064x}", taken_at=moment + timedelta(minutes=21),
                ))  # fmt: skip
            else:
                self.add(day, canteen, resident, moment, way="card" if self.random.random() < 0.9 else "phone")

    def add(self, day, canteen, resident, moment, **changes):
        self.number += 1
        told = {
            "till": "t1", "operator": f"o{self.random.randrange(2)}", "meal": "lunch", "way": "card",
            "price_fen": self.random.choice([1000, 1200, 1200, 1500]), "subsidy_fen": 300, "scheme": "meal-1",
        }  # fmt: skip
        serving = Serving(
            id=f"m{self.number}", resident=resident, canteen=canteen, served_at=moment, received_at=moment, day=day,
            **told | changes,
        )  # fmt: skip
        self.servings[day].append(serving)
        return serving

    def known(self):
        return Known(about=self.about, canteens=self.canteens, exclusions=EXCLUSIONS)

    def findings(self):
        scan = Scan(LIMITS, self.known(), lambda moment: moment.astimezone(EAST8))
        found = [each for day in self.days for each in scan.day(day, self.servings[day], self.visits.get(day, ()))]
        return list({each.key: each for each in [*found, *scan.month()]}.values())

    # ------------------------------------------------------------------------------------ what can be planted

    def _had(self):
        """Some meal that was eaten there, on a day of which the neighbours are in the month."""
        day = self.random.choice(self.days[2:-2])
        return self.random.choice([each for each in self.servings[day] if each.delivery is None])

    def _change(self, meal, **changes):
        own = self.servings[meal.day]
        own[own.index(meal)] = replace(meal, **changes)

    def plant_after_death(self):
        meal = self._had()
        own = {each.day for day in self.days for each in self.servings[day] if each.resident == meal.resident}
        self.about[meal.resident] = About(died_on=meal.day - timedelta(days=1))
        return {("after_death", meal.resident, day) for day in own if day >= meal.day}

    def plant_in_hospital(self):
        meal = self._had()
        stay = Stay(kind="hospital", first=meal.day - timedelta(days=1), last=meal.day + timedelta(days=1))
        self.about[meal.resident] = About(stays=(stay,))
        return {("in_hospital", meal.resident, meal.day)}

    def plant_two_canteens(self):
        meal = self._had()
        far = "c5" if meal.canteen == "c0" else "c0"
        self._change(meal, canteen="c0" if far == "c5" else "c5")
        moment = meal.served_at + timedelta(minutes=25)
        self.add(meal.day, far, meal.resident, moment, till="t9", subsidy_fen=0)
        return {("two_canteens", meal.resident, meal.day)}

    def plant_over_limit(self):
        meal = self._had()
        self.add(meal.day, meal.canteen, meal.resident, meal.served_at + timedelta(minutes=90))
        return {("over_limit", meal.resident, meal.day)}

    def plant_burst(self):
        day, canteen = self.random.choice(self.days), self.random.choice(sorted(self.canteens))
        for number in range(5):
            self.add(day, canteen, f"{canteen}-x{number}", at(day, 16, 0, 4 * number), till="t2")
        return {("burst", canteen, day)}

    def plant_closed_hours(self):
        day, canteen = self.random.choice(self.days), self.random.choice(sorted(self.canteens))
        self.add(day, canteen, f"{canteen}-night", at(day, 21, 5), meal="dinner", till="t3")
        return {("closed_hours", canteen, day)}

    def plant_stale_photo(self):
        meal = self._had()
        old = Delivery(photo=f"{self.random.getrandbits(256):064x}", taken_at=meal.served_at - timedelta(days=2))
        self._change(meal, delivery=old)
        return {("stale_photo", meal.resident, meal.day)}

    def plant_reused_photo(self):
        one = self._had()
        photo = f"{self.random.getrandbits(256):064x}"
        self._change(one, delivery=Delivery(photo=photo, taken_at=one.served_at))
        later = self.days[self.days.index(one.day) + 1]
        other = next(each for each in self.servings[later] if each.resident != one.resident)
        self._change(other, delivery=Delivery(photo=photo, taken_at=other.served_at))
        return {("reused_photo", other.resident, later)}

    def plant_excluded_scheme(self):
        meal = self._had()
        self.about[meal.resident] = About(cats=frozenset({"gov_homecare_purchase"}))
        first = min(each.day for day in self.days for each in self.servings[day] if each.resident == meal.resident)
        return {("excluded_scheme", meal.resident, first)}

    def plant_same_minute(self):
        canteen = self.random.choice(sorted(self.canteens))
        for day in self.days[3:15]:
            for number in range(22):
                moment = at(day, 17, 30, self.random.randrange(55))
                self.add(day, canteen, f"{canteen}-p{number}", moment, meal="dinner", till=f"p{number}")
        return {("same_minute", canteen, self.days[3])}

    def plant_one_operator(self):
        canteen = self.random.choice(sorted(self.canteens))
        for day in self.days:
            for each in list(self.servings[day]):
                if each.canteen == canteen and each.way == "phone":
                    self._change(each, operator="o1")
        return {("one_operator", canteen, self.days[0])}

    def plant_at_minimum(self):
        canteen = self.random.choice(sorted(self.canteens))
        for day in self.days:
            for number, each in enumerate(list(self.servings[day])):
                if each.canteen == canteen:
                    self._change(each, price_fen=1000 if number % 8 else 1200)
        return {("at_minimum", canteen, self.days[0])}

    def plant_jump(self):
        day, canteen = self.random.choice(self.days[12:]), self.random.choice(sorted(self.canteens))
        for number in range(80):
            self.add(day, canteen, f"{canteen}-j{number}", at(day, 13) + timedelta(minutes=2 * number), subsidy_fen=0)
        return {("jump", canteen, day)}

    def plant_visits(self):
        day = self.random.choice(self.days)
        begun = at(day, 9)

        def visit(id_, resident, carer, start, minutes):
            start = begun + timedelta(minutes=start)
            return Proved(
                visit_id=f"{id_}-{day}", resident_id=resident, carer_ids=(carer,), on=day, begun_at=start,
                finished_at=start + timedelta(minutes=minutes),
            )  # fmt: skip

        self.about["v-dead"] = About(died_on=day - timedelta(days=3))
        self.about["v-ill"] = About(stays=(Stay(kind="institution", first=day - timedelta(days=3)),))
        self.visits[day] = [
            visit("v1", "v-a", "k1", 0, 60), visit("v2", "v-b", "k1", 59, 60), visit("v3", "v-c", "k1", 119, 30),
            visit("v4", "v-d", "k2", 0, 60), visit("v5", "v-d", "k3", 30, 10), visit("v6", "v-dead", "k4", 0, 30),
            visit("v7", "v-ill", "k5", 0, 30),
        ]  # fmt: skip
        return {
            ("visits_overlap", "v-b", day), ("visits_overlap", "v-d", day), ("visit_after_death", "v-dead", day),
            ("visit_in_hospital", "v-ill", day),
        }  # fmt: skip


PLANTS = [name for name in dir(Month) if name.startswith("plant_")]


def told(findings):
    """What was found, as the plants tell it: the code, of whom or where, on which day."""
    return {(str(each.code), each.resident or each.canteen, each.first) for each in findings}
