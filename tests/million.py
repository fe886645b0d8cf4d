"""
A season of meals by chance, as big as one likes: every till sends all of it ten times, and the rules change every day.

    rules    a folder of policy files, each rule with many versions in force one after the other
    people   of all ages (29 February among them), groups and areas; some move, some die, some share a telephone
    tills    send their day in batches, some days later; each batch is sent ten times, in another order each time
    mistakes cancelled before the meal came in, soon after, or when its month was closed long ago

The same from a seed at every size: the ordinary tests see it with a thousand meals, `make drill` with a million.
"""

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from random import Random
from zoneinfo import ZoneInfo

from sqlalchemy import insert, select, update

from config.district_phones import typed_number
from config.money_commands import export_month
from config.money_servings import export_servings
from config.quoting import IMPLIED
from config.serving_options import ServingSettings
from config.wiring_operators import reckoning_of
from dispatch.registry.id_numbers import IdNumbers, draw_key
from dispatch.rules.people import operator
from dispatch.rules.rights import DISTRICT
from dispatch.store.people import residents, stations
from schedules.meals.catering import Catering, card
from schedules.meals.deciding import Deciding
from schedules.meals.desk import MealDesk
from schedules.meals.rules.serving import By, MealType, Presented
from schedules.meals.store.diners import diners
from schedules.money.book import read_book
from schedules.money.closing import Closing
from schedules.money.keeping import rules_in
from schedules.money.operators.evidence import evidence
from schedules.money.operators.filing import Filing
from schedules.money.operators.settling import Settling
from schedules.money.rules.ages import full_years
from schedules.money.rules.facts import Person
from schedules.money.rules.operators import Term
from schedules.money.rules.reading import read_policy
from schedules.money.rules.ways import CUSTOMARY
from schedules.money.store.ledger import Books
from tests.builders import build_world

CHINA, DAY = ZoneInfo("Asia/Shanghai"), timedelta(days=1)
FIRST, DAYS = date(2026, 2, 20), 100
LATER = 40
"""Days after the last meal on which somebody still finds a mistake; rules change on those too."""

TILL, KEEPER = operator("till"), operator("keeper")
AREAS = ("440104001001", "440104002003", "440118105001", "340202001002")
CATS = ("dibao", "tekun_scattered", "tekun_central", "low_income", "disabled_ability") * 3 + (
    "in_institution", "gov_homecare_purchase"
)  # fmt: skip
LEVELS = ("", "intact", "mild", "moderate", "severe", "total")
PRICES = (0, 199, 500, 833, 1000, 1001, 1200, 1550, 1833, 2500)
MEAL_HOURS = {MealType.BREAKFAST: 6, MealType.LUNCH: 11, MealType.DINNER: 17}
BATCH = 500
SENDS = 10
LATE_SHARE, MISTAKES = 0.06, 0.34
EXCLUDED = """
[[exclude]]
scheme = "any_meal"
not_with = ["in_institution"]
[[exclude]]
scheme = "rule-0"
not_with = ["gov_homecare_purchase"]
[[exclude]]
scheme = "rule-1"
not_with = ["rule-0"]
"""

_SLAB = """[policy]
id = "serving-slab"
kind = "meal_operator"
title = "运营补贴"
grade = "A"
{days}
{eligible}
[slab]
metric = "{metric}"
rates = [{{ from = 5, to = 60, per_unit = "{low}" }}, {{ from = 61, per_unit = "{high}" }}]
"""
_OLD = "[eligible]\nage_min = 80"
SERVING = {
    "slab-1": _SLAB.format(days="effective_to = 2026-03-16", eligible="", metric="elder_meals_per_month", low="0.50",
                           high="0.75"),
    "slab-2": _SLAB.format(days="effective_from = 2026-03-17", eligible=_OLD, metric="elder_meals_per_month",
                           low="0.33", high="1.25"),
    "quarter": _SLAB.replace("serving-slab", "serving-quarter").format(
        days="", eligible="", metric="aided_meals_per_quarter", low="0.10", high="0.20"),
    "average": _SLAB.replace("serving-slab", "serving-average").format(
        days="", eligible="", metric="elder_meals_per_day_avg", low="7.00", high="9.99"),
    "people": _SLAB.replace("serving-slab", "serving-people").format(
        days="", eligible=_OLD, metric="people_per_month", low="3.00", high="4.00"),
    "days": """[policy]
id = "serving-days"
kind = "meal_operator"
title = "按人天"
grade = "A"
[eligible]
age_min = 70
[operator]
per_person_day = "0.40"
""",
    "station": """[policy]
id = "serving-station"
kind = "station_operator"
title = "驿站"
grade = "A"
[eligible]
age_min = 70
[monthly]
urban_per_person = "11.10"
rural_flat = "900.00"
rural_flat_below = 20
rural_per_person = "12.20"
star_add = { "3" = "100.00" }
""",
}  # fmt: skip
"""Whoever serves is paid, too: a slab whose rule changes in the middle of a month, a quarter, averages, a station."""


# --------------------------------------------------------------------------------------------------- rules


def write_rules(folder: Path, random: Random, *, rules: int, changes: int, days: int) -> None:
    """So many rules that change so often in all, and what excludes what."""
    folder.mkdir()
    (folder / "exclusions.toml").write_text(EXCLUDED, encoding="utf-8")
    for number in range(rules):
        starts = sorted(random.sample(range(1, days + LATER), min(changes // rules, days + LATER - 1)))
        for first, last in zip([None, *starts], [*starts, None], strict=True):
            name = f"rule-{number}"
            text = _sound(random, name, None if first is None else FIRST + first * DAY,
                          None if last is None else FIRST + (last - 1) * DAY)  # fmt: skip
            # Some versions pay the canteen by the person-day as well.
            text += f'\n[operator]\nper_person_day = "{1 + len(text) % 3}.50"\n' if len(text) % 2 else ""
            (folder / f"{name}.{first or 0:03}.toml").write_text(text, encoding="utf-8")
    for name, text in SERVING.items():
        (folder / f"{name}.toml").write_text(text, encoding="utf-8")


def _sound(random: Random, name: str, first: date | None, last: date | None) -> str:
    """A version by chance; one that contradicts itself is drawn again, as its author would be told to."""
    while True:
        text = "\n".join(_version(random, name, first, last))
        if read_policy(text, name).policy is not None:
            return text


def _version(random: Random, name: str, first: date | None, last: date | None) -> Iterator[str]:
    yield f'[policy]\nid = "{name}"\nkind = "meal"\ntitle = "{name}"\ngrade = "A"'
    yield from ([f"effective_from = {first}"] if first else []) + ([f"effective_to = {last}"] if last else [])
    yield from ['price_basis = "list"'] * (random.random() < 0.3)
    yield "[eligible]\nage_min = 60"
    yield from ['hukou = "4401"'] * (random.random() < 0.1)
    yield "[limit]"
    yield from random.choice([[], [], ["meals_per_day = 2"], ["meals_per_week = 5"], ['days = "workday"']])
    for age_min, age_max, rate in random.sample([(60, 79, "0.90"), (80, 89, "0.85"), (90, 130, "1/3")], 2):
        if random.random() < 0.4:
            stage = random.choice(["before", "after"])
            yield f'[[discount]]\nwhen = {{ age_min = {age_min}, age_max = {age_max} }}\nrate = "{rate}"\nstage = "{stage}"'  # noqa: E501
    # What the first of a month credits is drawn under later versions: some rules nearly always have an account.
    uses_account = random.random() < (0.9 if name in ("rule-1", "rule-6") else 0.05)
    for _ in range(random.randrange(1, 4)):
        yield f"[[tier]]\nwhen = {{ {_who(random)} }}\n" + random.choice([
            'amount = "3.00"', 'amount = "2.55"', 'ratio = "1/4"\ncap = "4.00"', 'ratio = "1/3"', 'up_to = "5.00"',
            'pay = "6.00"', 'amount = "4.00"\nper = "day"', 'amount = "1.00"\nmin_price = "8.00"',
        ])  # fmt: skip
        yield f'group = "{random.choice(["city", "district", "town"])}"'
    if uses_account:
        yield '[[tier]]\nup_to = "quota"\ngroup = "account"'
        yield f'[[quota]]\nwhen = {{ age_min = 60 }}\nper = "month"\namount = "{random.choice([20, 45])}.00"'
        yield f'expires = "{random.choice(["month_end", "quarter_end"])}"'
    yield from ["[guard]\nprice_must_exceed_subsidy = true"] * (random.random() < 0.2)
    if random.random() < 0.6:
        yield f"[[delivery]]\nwhen = {{ age_min = {random.choice([60, 80])} }}"
        yield random.choice(['amount = "1.00"', "free = true", 'amount = "2.50"\nlimit_to_fee = false'])


def _who(random: Random) -> str:
    return random.choice([
        "age_min = 60", "age_min = 70, age_max = 79", "age_min = 80", "age_min = 90", 'cats_any = ["dibao", "tekun"]',
        'levels = ["severe", "total"]', 'same = "district"', 'same = "town"', 'residence = "440104"',
        'income_max = "1500.00"', 'cats_none = ["dibao"], age_min = 65', "delivery = true",
        'any = [{ age_min = 85 }, { cats_all = ["low_income"] }]', 'meal_types = ["lunch", "dinner"]',
    ])  # fmt: skip


# --------------------------------------------------------------------------------------------------- the season


@dataclass(slots=True)
class Batch:
    """What a till sends at once, and what it was told the first time: the fen to pay by its own ids."""

    meals: list[Presented]
    told: dict[str, int] | None = None


@dataclass(slots=True)
class Seen:
    """What happened, in numbers."""

    sent: int = 0
    repeated: int = 0
    cancelled: int = 0
    reasons: Counter[str] = field(default_factory=Counter)


class Season:
    """The season in a folder of its own."""

    def __init__(
        self, folder: Path, *, meals: int, changes: int, days: int = DAYS, canteens: int = 0, seed: int = 2026
    ) -> None:
        """`canteens` each go by a rule of their own; 0: as many as suit the meals, ten at most."""
        self.days, self.folder, self.random, self.seen = days, folder, Random(seed), Seen()
        canteens = canteens or max(2, min(10, meals // 20_000))
        self.tills = [f"till-{number}-{way}" for number in range(canteens) for way in "ab"]
        self._a_day = -(-meals // (days * len(self.tills)))
        self.meals = self._a_day * days * len(self.tills)
        self.people = max(30, meals // 80)
        self.policies = folder / "policies"
        write_rules(self.policies, self.random, rules=canteens, changes=changes, days=days)
        self.world = build_world(folder, start=_at(FIRST, 0))
        self.catering, self.closing = self._open(canteens)
        self.sends: dict[date, list[Batch]] = defaultdict(list)
        self.mistakes: dict[date, list[tuple[str, str]]] = defaultdict(list)
        self.months: list[str] = []
        self.ids: list[str] = []
        self._populate()

    def _open(self, canteens: int) -> tuple[Catering, Closing]:
        world, book = self.world, read_book(self.policies, implied=IMPLIED)
        assert not book.faults, book.faults[0]
        texts, self.numbers = rules_in(self.policies), IdNumbers([draw_key()], b"pepper")
        deciding = Deciding(book, is_workday=lambda day: day.weekday() < 5)
        desk = MealDesk(
            world.transactions, world.reading, world.clock, world.calendar, id_numbers=lambda: self.numbers,
            policies=lambda: [f"rule-{number}" for number in range(canteens)],
        )  # fmt: skip
        for number in range(canteens):
            rules = [{"policy": f"rule-{number}", "from_on": FIRST, "until_on": None}]
            said = {"code": f"c{number}", "area_code": AREAS[number % 4], "station": "S1", "rules": rules}
            desk.put(said, by=TILL, area=DISTRICT)
            for way in "ab":
                desk.put_till(f"till-{number}-{way}", f"c{number}", by=TILL, area=DISTRICT)
        catering = Catering(
            world.transactions, world.clock, world.calendar, deciding,
            books=lambda connection: Books(connection, texts), id_numbers=lambda: self.numbers, e164=typed_number,
        )  # fmt: skip
        return catering, Closing(
            world.transactions, world.reading, world.clock, world.calendar, self._serving(book, texts, canteens)
        )

    def _serving(self, book, texts, canteens: int) -> Settling:
        """Whoever serves is paid: the canteens by several rules, one until it closes in the middle of a month."""
        world = self.world
        self.reckoning = reckoning_of(ServingSettings(), world.reading, book, CUSTOMARY, self._known, world.calendar)
        filing = Filing(world.transactions, world.reading, self.reckoning)
        policies = ("serving-slab", "serving-quarter", "serving-average", "serving-people", "serving-days")
        terms = [
            Term(id="", kind="canteen", payee_id=f"c{number}", policy=policy, from_on=FIRST,
                 period="month" * (number % 2),
                 until_on=date(2026, 3, 20) if number == 1 and policy == "serving-slab" else None,
                 days=("calendar", "served")[number % 2])
            for number in range(canteens) for policy in policies
        ]  # fmt: skip
        with world.reading.connect() as connection:
            station = connection.execute(select(stations.c.id).where(stations.c.code == "S1")).scalar_one()
        rural = {"area": "rural", "star": "3"}
        terms.append(
            Term(id="", kind="station", payee_id=station, policy="serving-station", from_on=FIRST, facts=rural)
        )
        for each in terms:
            filing.add(each, by=TILL)
        return Settling(
            world.transactions, world.reading, world.clock, world.calendar, self.reckoning,
            books=lambda connection: Books(connection, texts),
        )  # fmt: skip

    def _known(self, ids):
        """Residents as rules see them: nothing but the age of the day."""
        with self.world.reading.connect() as connection:
            query = select(residents.c.id, residents.c.born_on)
            born = {row.id: row.born_on for row in connection.execute(query) if row.id in ids}
        return {
            id_: lambda day, on=on: Person(None if on is None else full_years(on, day, "mar_1"))
            for id_, on in born.items()
        }

    def _populate(self) -> None:
        def work(tx) -> None:
            one = dict(tx.connection.execute(select(residents)).first()._mapping)
            for number in range(self.people):
                id_ = f"resident-{number:06}"
                row = one | {"id": id_, "code": f"R-{number}", "phone": self._phone(number), **self._person(number)}
                tx.connection.execute(insert(residents), row)
                tx.connection.execute(insert(diners), {
                    "resident_id": id_, "card_hash": self.numbers.hash(card(f"K{number:08}")), "card_mask": "…",
                    "version": 1, "changed_at": tx.now, **self._facts(),
                })  # fmt: skip
                self.ids.append(id_)

        self.world.transactions.run(work)

    def _person(self, number: int) -> dict[str, object]:
        born = date(self.random.randrange(1920, 1968), self.random.randrange(1, 13), self.random.randrange(1, 29))
        leap = date(self.random.choice([1936, 1944, 1948, 1956, 1964]), 2, 29)
        return {
            "born_on": None if number % 97 == 5 else leap if number % 10 == 3 else born,
            "cats": self.random.sample(CATS, self.random.choice([0, 0, 1, 2])), "level": self.random.choice(LEVELS),
        }  # fmt: skip

    def _facts(self) -> dict[str, object]:
        area = self.random.choice(AREAS)
        return {
            "hukou": area, "residence": area if self.random.random() < 0.8 else self.random.choice(AREAS),
            "income_fen": self.random.choice([None, 90_000, 150_000, 150_001]),
            "schemes": self.random.choice([[], [], [], ["rule-0"], ["rule-1"]]),
        }  # fmt: skip

    def _phone(self, number: int) -> str:
        # Every fiftieth shares the telephone of the one before.
        return f"+86139{number - (number % 50 == 7):08}"

    # ------------------------------------------------------------------------------------------- day by day

    def run(self, told: Callable[[int, int], None] = lambda _done, _of: None) -> None:
        """All of it: every day's meals, everything sent ten times, every month closed on its first."""
        day, number = FIRST, 0
        while number < self.days or any(self.sends.values()) or any(self.mistakes.values()):
            self._until(day, 0, 10)
            if day.day == 1:
                self._close(day - DAY)
            if number < self.days:
                self._prepare(day, number)
            self._until(day, 21)
            self._registers(day)
            self._send(day)
            for till, ref in self.mistakes.pop(day, []):
                self._cancel(till, ref)
            day, number = day + DAY, number + 1
            told(number, self.days)
        self._until(day.replace(day=1) + 32 * DAY, 1)
        self._close(day)

    def _prepare(self, day: date, number: int) -> None:
        for till in self.tills:
            meals = [self._meal(till, day, place) for place in range(self._a_day)]
            for start in range(0, len(meals), BATCH):
                self._plan(day, Batch(meals[start : start + BATCH]))

    def _plan(self, day: date, batch: Batch) -> None:
        """When it is sent the first time, and nine times more."""
        first = self.random.choice([1, 2, 3, 4, 6]) if self.random.random() < LATE_SHARE else 0
        for again in [0, *(self.random.choice([0, 0, 1, 1, 2, 5]) for _ in range(SENDS - 1))]:
            self.sends[day + (first + again) * DAY].append(batch)
        for each in batch.meals:
            if self.random.random() < MISTAKES:
                when = self.random.choice([-1, 0, 0, 1, 2, 3, 12, 25, LATER])
                if when < 0:
                    self._cancel(each.till, each.ref)
                else:
                    self.mistakes[day + (first + when) * DAY].append((each.till, each.ref))

    def _meal(self, till: str, day: date, place: int) -> Presented:
        random, who = self.random, self.random.randrange(self.people)
        kind = random.choice([*MealType, MealType.LUNCH])
        by = random.choice([By.CARD, By.PHONE])
        number = f"K{who:08}" if by is By.CARD else self._phone(who)
        brought = random.random() < 0.25
        return Presented(
            till=till, ref=f"{day}/{place}", meal_type=kind, by=by,
            served_at=_at(day, MEAL_HOURS[kind], random.randrange(120)), price_fen=random.choice(PRICES),
            who=number if random.random() < 0.99 else "K99999999", delivery=brought,
            delivery_fee_fen=random.choice([0, 100, 200, 300]) if brought else 0,
        )  # fmt: skip

    def _registers(self, day: date) -> None:
        """Some change their group or their area, and some die: what a meal was given stays as it was given."""

        def work(tx) -> None:
            for id_ in self.random.sample(self.ids, max(1, self.people // 300)):
                cats = self.random.sample(CATS, self.random.choice([0, 1, 2]))
                tx.connection.execute(update(residents).where(residents.c.id == id_).values(cats=cats))
                tx.connection.execute(update(diners).where(diners.c.resident_id == id_).values(**self._facts()))
            dead = max(int(self.people / 2000 + self.random.random()), day == FIRST + 5 * DAY)
            for id_ in self.random.sample(self.ids, dead):
                tx.connection.execute(update(residents).where(residents.c.id == id_).values(died_on=day))

        self.world.transactions.run(work)

    def _send(self, day: date) -> None:
        due = self.sends.pop(day, [])
        self.random.shuffle(due)
        for batch in due:
            self.world.clock.advance(1)
            self.random.shuffle(batch.meals)
            receipts = self.catering.serve(batch.meals, by=TILL)
            told = {each.ref: each.serving.answer.money.pays_fen for each in receipts if each.serving}
            assert len(told) == len(batch.meals), next(each.wrong for each in receipts if each.wrong)
            self.seen.sent += len(receipts)
            if batch.told is None:
                batch.told = told
                self.seen.reasons.update(each.serving.answer.reason for each in receipts if each.serving)
            else:
                self.seen.repeated += sum(each.repeated for each in receipts)
                assert batch.told == told, "a meal that was sent again was told something else"

    def _cancel(self, till: str, ref: str) -> None:
        self.world.clock.advance(1)
        for _ in range(2):
            self.catering.cancel(till, ref, by=TILL)
        self.seen.cancelled += 1

    def _close(self, last: date) -> None:
        self.months.append(f"{last:%Y-%m}")
        self.closing.close(self.months[-1], by=KEEPER)

    def _until(self, day: date, hour: int, minute: int = 0) -> None:
        self.world.clock.advance(max(0.0, (_at(day, hour, minute) - self.world.clock.now()).total_seconds()))

    # ------------------------------------------------------------------------------------------- given out

    def export(self) -> tuple[list[Path], list[Path]]:
        """The exports that anybody may have: the ledger's months, and the servings of them."""
        ledgers, servings = [], []
        for month in self.months:
            ledgers.append(self.folder / f"ledger-{month}.jsonl")
            with ledgers[-1].open("w", encoding="utf-8") as out:
                export_month(self.world.reading, month, out, form="json")
            if month <= f"{FIRST + self.days * DAY:%Y-%m}":
                servings.append(self.folder / f"servings-{month}.jsonl")
                with servings[-1].open("w", encoding="utf-8") as out:
                    export_servings(self.world.reading, month, out)
        return ledgers, servings

    def export_dues(self) -> list[Path]:
        """Whom each of the months pays for serving."""
        told = []
        for month in self.months:
            told.append(self.folder / f"operators-{month}.jsonl")
            lines = [{"about": month}, *evidence(self.reckoning, month)]
            told[-1].write_text("".join(json.dumps(each) + "\n" for each in lines), encoding="utf-8")
        return told

    def figures(self) -> str:
        """One line of JSON."""
        return json.dumps({
            "meals": self.meals, "sent": self.seen.sent, "repeated": self.seen.repeated,
            "cancelled": self.seen.cancelled, "reasons": dict(self.seen.reasons), "months": self.months,
        })  # fmt: skip


def _at(day: date, hour: int, minute: int = 0) -> datetime:
    return datetime(day.year, day.month, day.day, hour, tzinfo=CHINA) + timedelta(minutes=minute)
