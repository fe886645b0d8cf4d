"""Two canteens with a till each, the rules of a city written here, and the ledger of the rules as the books."""

from datetime import date, datetime
from pathlib import Path
from zoneinfo import ZoneInfo

from config.district_phones import typed_number
from dispatch.registry.id_numbers import IdNumbers, draw_key
from dispatch.rules.people import operator
from dispatch.rules.rights import DISTRICT
from dispatch.store.absences import absences
from dispatch.store.moves import register_moves
from dispatch.store.people import residents
from schedules.meals.catering import Catering
from schedules.meals.deciding import Deciding
from schedules.meals.desk import MealDesk
from schedules.meals.ordering import MealOrdering
from schedules.meals.rules.serving import By, MealType, Presented
from schedules.meals.store.canteens import canteen_rules, canteens, tills
from schedules.meals.store.diners import Facts, diner_facts, diners
from schedules.meals.store.orders import meal_counts, meal_orders
from schedules.meals.store.servings import serving_cancellations, servings
from schedules.money.book import read_book
from schedules.money.rules.ledger import Ledger
from tests.architecture.tree import ROOT
from tests.builders import NOON

MEALS = (
    register_moves,
    serving_cancellations,
    servings,
    meal_counts,
    meal_orders,
    diner_facts,
    diners,
    tills,
    canteen_rules,
    canteens,
)
IMPLIED = ROOT / "config/policies/implications.toml"
TILLS = operator("till")
AREA = "130102001001"
CHINA = ZoneInfo("Asia/Shanghai")

RULES = {
    "city": """
[policy]
id = "city"
kind = "meal"
title = "本市助餐"
grade = "A"
effective_to = 2026-11-15
[[tier]]
when = { age_min = 60 }
group = "city"
amount = "3.00"
[[tier]]
when = { age_min = 80 }
group = "town"
amount = "2.00"
[[delivery]]
when = { age_min = 80 }
amount = "1.00"
""",
    "city-new": """
[policy]
id = "city"
kind = "meal"
title = "本市助餐（新）"
grade = "A"
effective_from = 2026-11-16
[limit]
meals_per_week = 3
[[tier]]
when = { age_min = 60 }
group = "city"
ratio = "1/4"
cap = "4.00"
""",
    "account": """
[policy]
id = "account"
kind = "meal"
title = "虚拟账户"
grade = "A"
[[tier]]
when = { age_min = 60 }
up_to = "quota"
[[quota]]
when = { age_min = 60 }
per = "month"
amount = "20.00"
expires = "month_end"
""",
}


class Books:
    """What catering sees of it; a unit that is taken back takes its entries back as well."""

    def __init__(self, ledger):
        self._ledger = ledger

    def enter(self, entry):
        return self._ledger.enter(entry)

    def closed(self):
        return self._ledger.closed


def at(text):
    """Local time of Shijiazhuang."""
    return datetime.fromisoformat(text).replace(tzinfo=CHINA)


class Canteens:
    """Canteens A (rule `city`) and B (rule `city`), over a world of tests."""

    def __init__(self, world, rules=RULES, *, policies=None):
        self.world, self.ledger = world, Ledger()
        self.ids = IdNumbers([draw_key()], b"pepper")
        self.policies = policies or _written(rules, beside=world)
        self.book = read_book(self.policies, implied=IMPLIED)
        assert not self.book.faults
        self.deciding = Deciding(self.book, is_workday=lambda day: day.weekday() < 5)
        self.catering = Catering(
            world.transactions, world.clock, world.calendar, self.deciding, books=lambda _: Books(self.ledger),
            id_numbers=lambda: self.ids, e164=typed_number,
        )  # fmt: skip
        self.desk = MealDesk(
            world.transactions, world.reading, world.clock, world.calendar, id_numbers=lambda: self.ids,
            policies=lambda: sorted({each.id for each in self.book.policies if each.kind == "meal"}),
        )  # fmt: skip
        self.ordering = MealOrdering(world.transactions, world.reading, world.clock, world.calendar)
        self._count = 0

    def open(self, code="A", *, rules=(("city", date(2026, 1, 1), None),), **said):
        said = {"code": code, "name": f"食堂{code}", "area_code": AREA, "station": "S1", **said}
        said["rules"] = [{"policy": policy, "from_on": first, "until_on": last} for policy, first, last in rules]
        self.desk.put(said, by=TILLS, area=DISTRICT)
        self.desk.put_till(f"till-{code}", code, by=TILLS, area=DISTRICT)

    def card(self, resident, number, **facts):
        self.desk.put_diner(resident, Facts(**facts), card_number=number, by=TILLS, area=DISTRICT)

    def meal(self, when, who="+8613800000101", *, till="till-A", by=By.PHONE, price=1200, kind="lunch", **more):
        self._count += 1
        more.setdefault("ref", f"m{self._count}")
        return Presented(
            till=till, meal_type=MealType(kind), served_at=at(when), price_fen=price, by=by, who=who, **more
        )

    def serve(self, *meals, by=TILLS):
        return self.catering.serve(meals, by=by)

    def eat(self, when, *arguments, **more):
        """One meal; its answer."""
        (receipt,) = self.serve(self.meal(when, *arguments, **more))
        assert receipt.wrong is None, receipt.wrong
        return receipt.serving.answer


def wipe(world, residents_before):
    """The world as it was before the first meal, at noon again; made once, it serves every test of a file."""
    now = world.clock.now()
    world.clock.step_wall((NOON - now).total_seconds())
    world.transactions.run(lambda tx: None)

    def work(tx):
        for table in MEALS:
            tx.connection.execute(table.delete())
        tx.connection.execute(absences.delete())
        for row in residents_before:
            tx.connection.execute(residents.update().where(residents.c.id == row["id"]).values(**row))

    world.transactions.run(work)


def everybody(world):
    """Every resident as on file."""
    with world.reading.connect() as connection:
        return [dict(row._mapping) for row in connection.execute(residents.select())]


def _written(rules, *, beside):
    """A folder of its own beside the world's database, which goes with it."""
    around = Path(beside.reading.url.database).parent
    folder = around / f"rules-{sum(1 for _ in around.glob('rules-*'))}"
    folder.mkdir()
    for name, text in rules.items():
        (folder / f"{name}.toml").write_text(text, encoding="utf-8")
    return folder
