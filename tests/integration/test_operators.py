"""Canteens and stations of invented cities are paid for serving: hand-counted cases, closed months, corrections."""

import json
import subprocess
import sys
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import pytest

from config.money_commands import export_month
from config.money_servings import export_servings
from dispatch.errors import Conflict, Invalid, NotFound
from dispatch.rules.rights import DISTRICT
from schedules.money.operators.evidence import evidence
from schedules.money.rules.facts import Person
from schedules.money.rules.policies import NoRule
from schedules.money.rules.statement import Kind
from tests.architecture.tree import ROOT
from tests.integration.operators_rig import CHIEF, CLERK, OperatorsRig, days

HEAD = '[policy]\nid = "{id}"\nkind = "{kind}"\ntitle = "{id}"\ngrade = "B"\n{more}\n'
OLD, NEW = "effective_to = 2026-03-15", "effective_from = 2026-03-16"


def rule(id_, kind, body, more=""):
    return HEAD.format(id=id_, kind=kind, more=more) + body


SLAB = rule(
    "baiyang",
    "meal_operator",
    """[slab]
metric = "elder_meals_per_month"
rates = [ { from = 60, to = 100, per_unit = "1.00" }, { from = 101, per_unit = "2.00" } ]
""",
)
MEAL = '[[tier]]\nwhen = { age_min = 60 }\namount = "5.00"\n[operator]\nper_person_day = "%s"\n'
MEALS = [rule("qinghe", "meal", MEAL % "3.00", OLD), rule("qinghe", "meal", MEAL % "4.00", NEW)]
YEAR = rule(
    "yuntai",
    "meal_operator",
    """[slab]
metric = "elder_meals_per_day_avg"
rates = [ { from = 2, lump = "10000.00" } ]
""",
)
STATION = rule(
    "songxi",
    "station_operator",
    """[eligible]
age_min = 60
[monthly]
urban_per_person = "12.50"
rural_flat = "1800.00"
rural_flat_below = 4
rural_per_person = "33.30"
star_add = { 5 = "900.00" }
""",
)
VISITS = rule(
    "luxi",
    "station_operator",
    """[slab]
metric = "visits_per_month"
rates = [ { from = 2, per_unit = "8.00" } ]
""",
)
ODD = rule("odd", "meal_operator", '[slab]\nmetric = "smiles"\nrates = [ { from = 1, lump = "1.00" } ]\n')
GRADED = rule(
    "graded",
    "meal_operator",
    """[slab]
metric = "meals_per_month"
select = "grade"
[[slab.table]]
grade = "A"
rates = [ { from = 1, lump = "1.00" } ]
""",
)
DAYS = rule(
    "heyuan",
    "meal_operator",
    """[eligible]
age_min = 70
[operator]
per_person_day = "0.40"
""",
)
ALL = [SLAB, *MEALS, YEAR, STATION, VISITS]
MARCH = days(date(2026, 3, 1), date(2026, 3, 31))


@pytest.fixture
def rig(tmp_path, request):
    rig = OperatorsRig(tmp_path, getattr(request, "param", ALL))
    yield rig
    rig.close_down()


def recount(rig, folder, months, change=lambda lines: lines, more=()):
    """What the program of others says to all exports: what differs, and how many dues. `change` alters the dues."""
    paths = {name: [folder / f"{name}-{month}" for month in months] for name in ("ledger", "servings", "operators")}
    for place, month in enumerate(months):
        with paths["ledger"][place].open("w") as out:
            export_month(rig.world.reading, month, out, form="json")
        with paths["servings"][place].open("w") as out:
            export_servings(rig.world.reading, month, out)
        lines = change([{"about": month}, *evidence(rig.reckoning, month)])
        paths["operators"][place].write_text("".join(json.dumps(each) + "\n" for each in lines), "utf-8")
    done = subprocess.run(
        [sys.executable, "-I", ROOT / "config/recompute_money.py", *paths["ledger"], "--meals", *paths["servings"],
         "--operators", *paths["operators"], *more, "--policies", rig.policies],
        capture_output=True, text=True, check=False,
    )  # fmt: skip
    at = done.stdout.find("{\n")
    # The meals of this rig were put on file without entries of their own: those are said to be missing.
    faults = [each for each in done.stdout[:at].splitlines() if not each.startswith("meal ")]
    return faults, json.loads(done.stdout[at:])["dues"]


def at(day, hour, minute=0):
    """An instant of the clocks of the place, in UTC."""
    return datetime(day.year, day.month, day.day, hour, minute, tzinfo=ZoneInfo("Asia/Shanghai")).astimezone(UTC)


def test_slabs_at_their_borders_with_no_meals_and_a_canteen_closed_in_the_middle_of_the_month(rig):
    rig.term("baiyang", "A")
    rig.term("baiyang", "B")
    rig.term("baiyang", "C", until_on=date(2026, 3, 20))
    rig.eat("A", MARCH[:2], 30)
    rig.eat("C", date(2026, 3, 20), 30, first=0)
    rig.eat("C", date(2026, 3, 19), 40, first=0)
    rig.eat("C", date(2026, 3, 18), 31, first=0)
    # After the end, of another month, cancelled, of nobody we know, and of somebody who had died: none of them counts.
    rig.eat("C", [date(2026, 3, 21), date(2026, 4, 1), date(2026, 2, 28)], 40)
    rig.cancel(rig.eat("A", date(2026, 3, 9), 5))
    rig.eat("A", date(2026, 3, 9), 5, reason="died")
    rig.eat("A", date(2026, 3, 9), 5, resident_id=None)
    # The same lunch of the same people at two canteens counts once, where it came in first.
    rig.eat("B", MARCH[:2], 30)
    assert rig.due("2026-03") == [("A", "slab", "60", 6_000), ("B", "slab", "0", 0), ("C", "slab", "101", 20_200)]
    assert rig.close("2026-03").entries == 2
    assert rig.booked("2026-03") == [("A", 6_000, ""), ("C", 20_200, "")]
    [first, _] = rig.entries("2026-03")
    assert (first.source.kind, first.on, first.claim.split("/")[0]) == ("bill", date(2026, 3, 31), "op:canteen-A")
    assert [each.on.day for each in rig.entries("2026-03")] == [31, 20]


def test_each_persons_day_is_paid_once_by_the_rule_of_the_day_and_across_a_months_end(rig, tmp_path):
    # Fifteen days at 3.00 and sixteen at 4.00; dinner of the same day, and lunch elsewhere, are no second day.
    rig.eat("A", [date(2026, 2, 28), *MARCH, date(2026, 4, 1)], 2, policy="qinghe")
    rig.eat("A", MARCH[:3], 2, kind="dinner", policy="qinghe")
    rig.eat("C", MARCH[:5], 2, kind="breakfast", policy="qinghe")
    rig.eat("C", MARCH[:1], 3, first=10, policy="qinghe")
    # Somebody who had no public money is nobody's person-day.
    rig.eat("C", MARCH[:1], 3, first=20)
    assert rig.due("2026-03") == [
        ("A", "person_day", "30", 9_000), ("A", "person_day", "32", 12_800), ("C", "person_day", "3", 900),
    ]  # fmt: skip
    rig.close("2026-02")
    rig.close("2026-03")
    assert rig.booked("2026-02") == [("A", 600, "")]
    assert [(fen, late) for _, fen, late in rig.booked("2026-03")] == [(9_000, ""), (12_800, ""), (900, "")]
    versions = {each.version for each in rig.entries("2026-03")}
    assert versions == {each.version for each in rig.book.policies.versions("qinghe")}
    assert {each.on.day for each in rig.entries("2026-03")} == {1, 15, 31}
    assert recount(rig, tmp_path, ["2026-02", "2026-03"]) == ([], 4)
    # Whoever leaves a canteen out, or moves money to another one, is named.
    faults, _ = recount(rig, tmp_path, ["2026-02", "2026-03"], lambda lines: [each for each in lines if each.get("owed_to") != "C"])  # noqa: E501  # fmt: skip
    assert any("of C in 2026-03: 3 person-days are in no line" in each for each in faults)
    assert any("there is no bill op-person_day-canteen-C" in each for each in faults)
    moved = lambda lines: [each | {"owed_to": "A"} if each.get("owed_to") == "C" else each for each in lines]  # noqa: E731
    [fault] = recount(rig, tmp_path, ["2026-02", "2026-03"], moved)[0]
    assert "'owed:C': 900" in fault


@pytest.mark.parametrize("rig", [[DAYS]], indirect=True)
def test_person_days_of_a_rule_of_their_own_are_paid_to_whoever_served_first(rig, tmp_path):
    rig.term("heyuan", "A")
    rig.term("heyuan", "C", from_on=date(2026, 3, 2))
    old = {"born_on": None, "age": 70, "cats": [], "level": None, "hukou": "", "residence": "", "income_fen": None,
           "schemes": [], "point": "", "workday": True,
           "used": {"same_type_today": 0, "today": 0, "week": 0, "quota_fen": None}}  # fmt: skip
    # The till of C was without a line: its breakfasts are told after the lunches at A, and were eaten before them.
    rig.eat("A", MARCH[:2], 3, asked=old)
    for day in MARCH[:2]:
        rig.eat("C", day, 2, kind="breakfast", asked=old, served_at=at(day, 7))
    # A dinner is told at once and eaten last.
    rig.eat(
        "C", MARCH[1], 1, first=2, kind="dinner", asked=old, served_at=at(MARCH[1], 17), received_at=at(MARCH[0], 1)
    )
    rig.eat("A", MARCH[:2], 3, first=10, asked=old | {"age": 69})
    rig.eat("A", MARCH[:2], 3, first=20)
    # On the first the canteen C has no term yet; on the second its two breakfasts come before the lunches at A.
    assert rig.due("2026-03") == [("A", "person_day", "4", 160), ("C", "person_day", "2", 80)]
    rig.close("2026-03")
    assert rig.booked("2026-03") == [("A", 160, ""), ("C", 80, "")]
    assert recount(rig, tmp_path, ["2026-03"]) == ([], 2)


def test_a_station_is_paid_for_its_canteens_but_those_that_are_paid_themselves(rig):
    rig.term("baiyang", "S1", "station")
    rig.term("baiyang", "B")
    rig.eat("A", MARCH[:2], 30)
    rig.eat("B", MARCH[2:5], 30)
    rig.eat("C", MARCH[5:7], 30)
    assert rig.due("2026-03") == [("B", "slab", "90", 9_000), ("S1", "slab", "60", 6_000)]


def test_a_correction_after_closing_goes_into_the_open_month_and_comes_to_the_difference(rig, tmp_path):
    rig.term("baiyang", "A")
    meals = rig.eat("A", MARCH[:4], 26)
    assert len(meals) == 104
    rig.close("2026-03")
    assert rig.booked("2026-03") == [("A", 20_800, "")]
    # Four meals are taken back: 100 are paid at 1.00 and no more at 2.00.
    rig.until(date(2026, 5, 20))
    rig.cancel(meals[:4])
    rig.close("2026-04")
    assert rig.booked("2026-04") == [("A", -20_800, "reversal"), ("A", 10_000, "late")]
    back, again = sorted(rig.entries("2026-04"), key=lambda each: each.reverses is None)
    assert (back.reverses, again.source.id) == (rig.entries("2026-03")[0].id, rig.entries("2026-03")[0].source.id)
    # A till that was offline sends seven meals of March at last: 107 at 2.00.
    rig.until(date(2026, 6, 2))
    rig.eat("A", MARCH[7], 7)
    # April has not changed, and is not looked at again.
    assert rig.settle("2026-05") == (2, 1, 0)
    assert rig.settle("2026-05")[:2] == (0, 0)
    assert rig.booked("2026-05") == [("A", -10_000, "reversal"), ("A", 21_400, "late")]
    faults, dues = recount(rig, tmp_path, ["2026-03", "2026-04", "2026-05"])
    assert (faults, dues) == ([], 3)


def test_the_statement_of_the_month_has_it_and_its_people_add_up_and_so_do_fund_and_budget(rig):
    rig.term("baiyang", "A", fund="town")
    rig.eat("A", MARCH[:4], 26, policy="qinghe")
    rig.close("2026-03")
    rig.statements.draw("2026-03", by=CLERK)
    rig.statements.set_budget("town", 2026, 100_000, by=CLERK)
    page = {each.account: each for each in rig.statements.page(DISTRICT)}
    # 104 meals at 2.00 by the town, 104 person-days at 3.00 by the district.
    assert {name: each.amount_fen for name, each in page.items()} == {
        "owed:A": 52_000, "fund:town": 20_800, "fund:district": 31_200,
    }  # fmt: skip
    for each in page.values():
        people = rig.statements.people(each)
        assert sum(had.amount_fen for had in people) == each.amount_fen
        assert all(had.is_serving for had in people)
    told = rig.statements.one(page["owed:A"].id, DISTRICT)
    assert [(row["kind"], row["fen"], row["counted"]) for row in told.serving] == [
        ("person_day", 31_200, "104"), ("slab", 20_800, "104"),
    ]  # fmt: skip
    assert told.serving[1]["because"]["zh"][1:] == ["2026-03核定：就餐人次104", "104达到101，全部按每份¥2.00"]
    assert told.serving[1]["because"]["en"][1] == "Counted for 2026-03: 104 meals"
    [town] = [each for each in rig.statements.budgets(2026) if each["fund"] == "fund:town"]
    assert (town["given_fen"], town["budget_fen"]) == (20_800, 100_000)
    fund = rig.statements.one(page["fund:town"].id, DISTRICT)
    assert ([row["fen"] for row in fund.serving], fund.statement.kind) == ([20_800], Kind.FUND)


def test_a_station_is_paid_for_whom_it_served_by_what_shows_it_and_whom_the_rule_names(rig, tmp_path):
    rig.known = {f"r{number}": (lambda _day, age=59 + number: Person(age)) for number in range(9)}
    rig.term("songxi", "S1", "station", facts={"area": "rural", "star": "5"}, until_on=date(2026, 3, 15))
    rig.term("luxi", "S1", "station")
    rig.eat("A", date(2026, 3, 3), 3)
    rig.eat("B", date(2026, 3, 16), 1, first=8)
    rig.eat("C", date(2026, 3, 3), 1, first=7)
    rig.visit("r2", date(2026, 3, 4))
    rig.visit("r3", date(2026, 3, 15))
    rig.visit("r4", date(2026, 3, 16))
    rig.visit("r5", date(2026, 3, 5), station="S2")
    # r1 to r3 count; r0 is 59, r4 and r8 came after the end, r5 and r7 are served by the other station.
    assert rig.due("2026-03") == [("S1", "slab", "3", 2_400), ("S1", "station", "3", 270_000)]
    rig.close("2026-03")
    rig.until(date(2026, 5, 11))
    rig.visit("r6", date(2026, 3, 9))
    rig.close("2026-04")
    # Four people: 4 × 33.30 and the stars; four visits at 8.00. Of April there is nothing, and it says why.
    assert rig.booked("2026-04") == [
        ("S1", -270_000, "reversal"), ("S1", -2_400, "reversal"), ("S1", 3_200, "late"), ("S1", 103_320, "late"),
    ]  # fmt: skip
    faults, dues = recount(rig, tmp_path, ["2026-03", "2026-04"])
    assert (faults, dues) == ([], 3)
    assert rig.due("2026-04") == [("S1", "slab", "0", 0)]


def test_a_leap_years_average_is_booked_with_its_last_month_and_a_closed_canteen_with_its_own(tmp_path):
    rig = OperatorsRig(tmp_path, [YEAR], start=date(2028, 1, 5))
    rig.term("yuntai", "A", from_on=date(2028, 1, 1))
    rig.term("yuntai", "C", from_on=date(2028, 1, 1), until_on=date(2028, 2, 29))
    # 732 meals are two a day of a leap year; 731 are not.
    rig.eat("A", days(date(2028, 1, 1), date(2028, 1, 24)), 30)
    rig.eat("A", date(2028, 2, 29), 12)
    rig.eat("C", days(date(2028, 2, 1), date(2028, 2, 29)), 10, first=30)
    rig.until(date(2028, 3, 5))
    assert rig.due("2028-01") == []
    assert rig.due("2028-02") == [("C", "slab", "145/183", 0)]
    assert rig.due("2028-12") == [("A", "slab", "2", 1_000_000)]
    # One more at the closed canteen's, one less at the other: neither year is what it was.
    rig.cancel([rig.eat("A", date(2028, 2, 28), 1)[0]])
    assert rig.due("2028-12") == [("A", "slab", "2", 1_000_000)]
    rig.until(date(2029, 1, 3))
    rig.settling.settle("2028-12", by=CHIEF)
    assert rig.booked("2028-12") == [("A", 1_000_000, "")]
    rig.cancel([f"m{1:06}"])
    assert rig.due("2028-12") == [("A", "slab", "731/366", 0)]
    rig.until(date(2029, 2, 3))
    rig.settling.settle("2029-01", by=CHIEF)
    assert rig.booked("2028-12") == [("A", -1_000_000, ""), ("A", 1_000_000, "")]
    rig.close_down()


def test_a_missing_rule_costs_its_own_money_and_is_paid_late_once_it_is_there(rig):
    rig.term("baiyang", "A")
    rig.eat("A", MARCH[:3], 30, policy="qinghe")
    (rig.policies / "0.toml").rename(rig.policies / "0.gone")
    rig.open()
    [(held, no)] = rig.reckoning.month("2026-03").troubles
    assert held.policy == "baiyang"
    assert isinstance(no, NoRule)
    assert rig.settling.settle("2026-03", by=CHIEF).troubles == 1
    rig.close("2026-03")
    assert rig.booked("2026-03") == [("A", 27_000, "")]
    (rig.policies / "0.gone").rename(rig.policies / "0.toml")
    rig.open()
    rig.close("2026-04")
    assert rig.booked("2026-04") == [("A", 9_000, "late")]


def test_a_file_that_is_lost_takes_nothing_back(rig):
    rig.term("baiyang", "A")
    rig.eat("A", MARCH[:3], 30, policy="qinghe")
    rig.close("2026-03")
    assert [fen for _, fen, _ in rig.booked("2026-03")] == [9_000, 27_000]
    for name in ("0.toml", "1.toml"):
        (rig.policies / name).unlink()
    rig.open()
    rig.until(date(2026, 5, 20))
    rig.eat("A", MARCH[8], 1)
    rig.close("2026-04")
    assert rig.booked("2026-04") == []
    assert [held.policy for held, _ in rig.reckoning.month("2026-03").troubles] == ["baiyang"]


def test_a_month_in_which_nothing_but_serving_is_paid_is_closed_in_its_turn_and_once(rig):
    rig.known = {"r1": lambda _day: Person(80)}
    rig.term("songxi", "S1", "station", facts={"area": "rural"}, until_on=date(2026, 4, 30))
    assert rig.closing.next() == ("2026-03", 0, False)
    with pytest.raises(Conflict, match="2026-03 has entries and is open"):
        rig.close("2026-04")
    # What was asked for booked it all the same, each in its own month.
    rig.closing.begin("2026-03", by=CHIEF)
    rig.visit("r1", date(2026, 3, 4))
    rig.closing.begin("2026-03", by=CHIEF)
    assert rig.closing.next() == ("2026-03", 1, True)
    rig.close("2026-03")
    assert rig.booked("2026-03") == [("S1", 180_000, "")]
    assert rig.closing.next() == ("2026-04", 1, False)
    rig.close("2026-04")
    assert rig.closing.next() is None
    with pytest.raises(Conflict, match="not over"):
        rig.settling.settle("2026-05", by=CHIEF)
    with pytest.raises(Invalid):
        rig.settling.settle("2026-5", by=CHIEF)


def test_a_meal_that_is_priced_when_its_month_is_closed_is_somebodys_person_day_late(rig):
    [meal] = rig.eat("A", MARCH[16], 1)
    rig.term("baiyang", "A", until_on=date(2026, 3, 31))
    rig.close("2026-03")
    assert rig.booked("2026-03") == []
    rig.price(meal, MARCH[16], "qinghe")
    rig.close("2026-04")
    # The meal itself, and the canteen's person-day.
    assert rig.booked("2026-04") == [("A", 400, "late"), ("A", 500, "late")]


def test_a_term_that_was_a_mistake_is_taken_back_and_a_new_version_of_the_past_is_booked(rig):
    term = rig.term("baiyang", "A")
    rig.eat("A", MARCH[:4], 26)
    rig.close("2026-03")
    rig.filing.end(term.id, date(2026, 2, 28), by=CLERK)
    rig.until(date(2026, 5, 20))
    rig.close("2026-04")
    assert rig.booked("2026-04") == [("A", -20_800, "reversal")]
    assert rig.filing.terms() == []
    rig.term("baiyang", "A", until_on=date(2026, 3, 31))
    (rig.policies / "0.toml").write_text(SLAB.replace("2.00", "2.50"), "utf-8")
    rig.open()
    rig.until(date(2026, 6, 2))
    rig.settle("2026-05")
    assert rig.booked("2026-05") == [("A", 26_000, "late")]
    (rig.policies / "0.toml").write_text(SLAB.replace("2.00", "3.00"), "utf-8")
    rig.open()
    rig.settle("2026-05")
    assert [fen for _, fen, _ in rig.booked("2026-05")] == [-26_000, 26_000, 31_200]


@pytest.mark.parametrize(
    ("said", "wrong"),
    [
        ({"policy": "nothing"}, "policy"), ({"policy": "qinghe"}, "policy"), ({"payee": "Z"}, "payee_id"),
        ({"kind": "kitchen"}, "kind"), ({"until_on": date(2026, 2, 1)}, "until_on"), ({"period": "week"}, "period"),
        ({"fund": " "}, "fund"), ({"policy": "songxi"}, "kind"), ({"policy": "odd"}, "policy"),
        ({"policy": "graded"}, "facts"), ({"policy": "graded", "facts": {"grade": "Z"}}, "facts"),
        ({"policy": "songxi", "payee": "S1", "kind": "station"}, "facts"),
        ({"policy": "songxi", "payee": "S1", "kind": "station", "facts": {"area": "urban", "star": "x"}}, "facts"),
    ],
)  # fmt: skip
def test_a_term_that_cannot_be_is_refused_with_its_place(filer, said, wrong):
    with pytest.raises(Invalid) as refused:
        filer.term(**{"policy": "baiyang", **said})
    assert list(refused.value.errors["json"]) == [wrong]


@pytest.fixture(scope="module")
def filer(tmp_path_factory):
    rig = OperatorsRig(tmp_path_factory.mktemp("filing"), [*ALL, ODD, GRADED], people=1)
    yield rig
    rig.close_down()


def test_terms_of_one_payee_and_rule_do_not_overlap(filer):
    one = filer.term("baiyang", "B", until_on=date(2026, 3, 31))
    with pytest.raises(Conflict):
        filer.term("baiyang", "B", from_on=date(2026, 3, 31))
    other = filer.term("baiyang", "B", from_on=date(2026, 4, 1))
    with pytest.raises(Conflict):
        filer.filing.end(one.id, date(2026, 4, 1), by=CLERK)
    with pytest.raises(Invalid):
        filer.filing.end(one.id, date(2026, 2, 27), by=CLERK)
    with pytest.raises(NotFound):
        filer.filing.end("nothing", date(2026, 4, 1), by=CLERK)
    assert filer.filing.end(other.id, date(2026, 4, 30), by=CLERK).until_on == date(2026, 4, 30)
    assert {each.id for each in filer.filing.terms()} >= {one.id, other.id}
