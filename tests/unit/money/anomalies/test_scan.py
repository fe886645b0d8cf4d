"""What is planted in a month is found, in an honest one nothing is; each rule at its edges."""

from dataclasses import replace
from datetime import timedelta

import pytest

from schedules.care.rules.visit import Proved
from schedules.money.anomalies.rules.scan import Known, Scan
from schedules.money.anomalies.rules.serving import About, Code, Delivery, Stay
from tests.unit.money.anomalies.months import EAST8, FAULTS, LIMITS, PLANTS, Month, at, told

DAY = timedelta(days=1)


def test_the_shipped_thresholds_are_in_order():
    assert FAULTS == []
    assert set(LIMITS) == set(Code)


@pytest.mark.parametrize("seed", range(3))
def test_an_honest_month_has_no_findings(seed):
    month = Month(seed)
    assert sum(map(len, month.servings.values())) > 8000
    assert told(month.findings()) == set()


@pytest.mark.parametrize("plant", PLANTS)
def test_what_is_planted_is_found_and_nothing_else(plant):
    month = Month(f"{plant}-1", people=44, days=20)
    planted = getattr(month, plant)()
    assert told(month.findings()) == planted


def test_all_of_it_at_once_is_found():
    month = Month("all", people=44)
    planted = set().union(*(getattr(month, plant)() for plant in PLANTS))
    found = told(month.findings())
    assert planted <= found
    # One plant may well be another's: five people of a padded list at one till. Few are.
    assert len(found - planted) <= 2


def test_findings_do_not_depend_on_the_order_in_which_meals_came():
    month = Month("order", people=44, days=14)
    for plant in ("plant_burst", "plant_reused_photo", "plant_over_limit", "plant_two_canteens"):
        getattr(month, plant)()
    before = {each.key: each for each in month.findings()}
    for servings in month.servings.values():
        month.random.shuffle(servings)
    assert {each.key: each for each in month.findings()} == before


def test_evidence_is_there_and_money_is_what_the_meals_had():
    month = Month("money", people=44, days=14)
    for plant in PLANTS:
        if plant not in {"plant_jump", "plant_visits"}:
            getattr(month, plant)()
    by_id = {each.id: each for servings in month.servings.values() for each in servings}
    findings = month.findings()
    assert len({each.key for each in findings}) == len(findings)
    for found in findings:
        assert set(found.evidence) <= set(by_id)
        if found.figures["count"] == len(found.evidence) and found.code not in {Code.ONE_OPERATOR, Code.AT_MINIMUM}:
            assert found.amount_fen == sum(by_id[each].subsidy_fen for each in found.evidence)


# ------------------------------------------------------------------------------------------------ the edges


class Plain:
    """A day on which only what a test says is eaten."""

    def __init__(self):
        self.month = Month("edge", people=0, days=20)
        self.day = self.month.days[10]

    def eat(self, resident="r", canteen="c0", *, clock=(11, 0, 0), **changes):
        return self.month.add(self.day, canteen, resident, at(self.day, *clock), **changes)

    def found(self):
        return {str(each.code) for each in self.month.findings()}


@pytest.fixture
def plain():
    return Plain()


@pytest.mark.parametrize(("days", "is_found"), [(0, False), (1, True)])
def test_on_the_day_of_a_death_there_may_have_been_a_meal(plain, days, is_found):
    plain.month.about["r"] = About(died_on=plain.day - days * DAY)
    plain.eat()
    assert plain.found() == ({"after_death"} if is_found else set())


@pytest.mark.parametrize(("before", "after", "is_found"), [(0, 3, False), (1, 0, False), (1, 1, True), (1, None, True)])
def test_the_days_of_coming_and_going_are_at_home(plain, before, after, is_found):
    last = None if after is None else plain.day + after * DAY
    plain.month.about["r"] = About(stays=(Stay(kind="hospital", first=plain.day - before * DAY, last=last),))
    plain.eat()
    assert plain.found() == ({"in_hospital"} if is_found else set())


@pytest.mark.parametrize(
    ("canteen", "clock", "is_found"),
    [("c5", (11, 30, 0), True), ("c5", (11, 30, 1), False), ("c4", (11, 1, 0), False), ("c5", (11, 0, 0), True)],
)
def test_two_canteens_need_way_and_time(plain, canteen, clock, is_found):
    plain.eat(subsidy_fen=0)
    plain.eat(canteen=canteen, clock=clock)
    assert plain.found() == ({"two_canteens"} if is_found else set())


def test_a_meal_that_was_brought_is_in_no_canteen(plain):
    plain.eat(subsidy_fen=0)
    plain.eat(canteen="c5", clock=(11, 5, 0), delivery=Delivery())
    assert plain.found() == set()


def test_lunch_and_dinner_are_two_meals_and_an_unpaid_one_is_free(plain):
    plain.eat()
    plain.eat(meal="dinner", clock=(17, 0, 0))
    plain.eat(clock=(12, 0, 0), subsidy_fen=0)
    assert plain.found() == set()


@pytest.mark.parametrize(("people", "gap", "is_found"), [(4, 6, True), (4, 7, False), (3, 1, False), (12, 6, True)])
def test_hands_need_seconds(plain, people, gap, is_found):
    for number in range(people):
        plain.eat(f"r{number}", clock=(11, gap * number // 60, gap * number % 60))
    found = [each for each in plain.month.findings() if each.code is Code.BURST]
    assert len(found) == int(is_found)
    assert not found or found[0].figures["people"] == people


def test_one_person_paying_often_is_no_crowd(plain):
    for number in range(6):
        plain.eat(clock=(11, 0, number), subsidy_fen=0)
    assert plain.found() == set()


@pytest.mark.parametrize(
    ("clock", "is_found"),
    [((10, 14, 59), True), ((10, 15, 0), False), ((19, 14, 59), False), ((19, 15, 0), True), ((21, 0, 0), True)],
)
def test_hours_have_a_grace(plain, clock, is_found):
    plain.eat(clock=clock)
    assert plain.found() == ({"closed_hours"} if is_found else set())


def test_without_known_hours_the_night_is_the_night(plain):
    plain.month.canteens["c0"] = replace(plain.month.canteens["c0"], hours=())
    plain.eat(clock=(6, 0, 0))
    assert plain.found() == set()
    plain.eat("s", clock=(21, 0, 0))
    assert plain.found() == {"closed_hours"}


@pytest.mark.parametrize(("minutes", "is_found"), [(-120, False), (-121, True), (120, False), (121, True)])
def test_a_picture_is_of_its_hour(plain, minutes, is_found):
    taken = at(plain.day, 11) + timedelta(minutes=minutes)
    plain.eat(delivery=Delivery(photo="ab" * 32, taken_at=taken))
    assert plain.found() == ({"stale_photo"} if is_found else set())


def test_a_picture_used_before_the_month_is_known(plain):
    meal = plain.eat(delivery=Delivery(photo="ab" * 32))
    scan = Scan(LIMITS, Known(), lambda moment: moment.astimezone(EAST8))
    found = list(scan.day(plain.day, [meal], earlier={"ab" * 32: "m-old"}))
    assert [(each.code, each.figures["used_for"]) for each in found] == [(Code.REUSED_PHOTO, "m-old")]


def test_what_excludes_lasts_a_month_and_sums_up(plain):
    plain.month.about["r"] = About(schemes={"voucher": "voucher"}, cats=frozenset({"gov_homecare_purchase"}))
    for day in plain.month.days[:3]:
        plain.month.add(day, "c0", "r", at(day, 11), subsidy_fen=300)
    found = plain.month.findings()
    assert [(each.code, each.amount_fen, each.figures["count"], each.last - each.first) for each in found] == [
        (Code.EXCLUDED_SCHEME, 900, 3, 2 * DAY)
    ]


def test_a_jump_that_goes_on_is_one_finding_even_when_days_are_looked_at_alone(plain):
    scan = Scan(LIMITS, Known(), lambda moment: moment.astimezone(EAST8))
    before = [(plain.day - number * DAY, "c0", 30) for number in range(12, 0, -1)]
    scan.learn([*before[:-1], (plain.day - DAY, "c0", 90)])
    crowd = [plain.eat(f"r{number}", clock=(11, number % 60, 0)) for number in range(90)]
    assert [each.code for each in scan.day(plain.day, crowd)] == []
    fresh = Scan(LIMITS, Known(), lambda moment: moment.astimezone(EAST8))
    fresh.learn(before)
    assert [each.figures for each in fresh.day(plain.day, crowd)] == [{"count": 90, "usual": 30}]


def test_what_is_brought_may_be_handed_over_after_the_kitchen_has_closed(plain):
    plain.eat(clock=(20, 0, 0), delivery=Delivery())
    assert plain.found() == set()


@pytest.mark.parametrize(("hands", "is_found"), [(49, False), (50, True)])
def test_one_person_at_the_only_till_is_remarkable_only_when_they_type_half_of_it(plain, hands, is_found):
    for number in range(100):
        way = "phone" if number < hands else "card"
        plain.eat(f"r{number}", clock=(11 + number // 60, number % 60, 0), operator="o1", way=way)
    assert plain.found() == ({"one_operator"} if is_found else set())


@pytest.mark.parametrize(("days", "shift", "is_found"), [(5, 0, True), (4, 0, False), (8, 11, False)])
def test_a_padded_list_is_of_the_same_people_on_some_days(plain, days, shift, is_found):
    for at_day, day in enumerate(plain.month.days[:days]):
        for number in range(22):
            resident = f"r{number + shift * (at_day % 2)}"
            plain.month.add(day, "c0", resident, at(day, 11, 0, 2 * number), till=f"t{number}")
    assert plain.found() == ({"same_minute"} if is_found else set())


@pytest.mark.parametrize(("least", "is_found"), [(80, False), (81, True)])
def test_more_than_four_fifths_at_the_least_price(plain, least, is_found):
    for number in range(100):
        price = 1000 if number < least else 1200
        plain.eat(f"r{number}", clock=(11 + number // 60, number % 60, 0), price_fen=price)
    assert plain.found() == ({"at_minimum"} if is_found else set())


def test_two_jumps_with_a_usual_day_between_are_two(plain):
    for at_day, day in enumerate(plain.month.days[:16]):
        for number in range(90 if at_day in {12, 13, 15} else 30):
            moment = at(day, 11) + timedelta(minutes=number)
            plain.month.add(day, "c0", f"r{number}", moment, operator=f"o{number % 3}", price_fen=1200)
    found = [each.first for each in plain.month.findings() if each.code is Code.JUMP]
    assert found == [plain.month.days[12], plain.month.days[15]]


def test_a_short_visit_inside_a_long_one_does_not_hide_the_next(plain):
    begun = at(plain.day, 9)
    plain.month.visits[plain.day] = [
        Proved(visit_id=f"v{number}", resident_id=f"p{number}", carer_ids=("k",), on=plain.day,
               begun_at=begun + timedelta(minutes=first), finished_at=begun + timedelta(minutes=last))
        for number, (first, last) in enumerate([(0, 120), (10, 20), (60, 90)])
    ]  # fmt: skip
    assert [each.evidence for each in plain.month.findings()] == [("v0", "v1"), ("v0", "v2")]
