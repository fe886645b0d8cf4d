"""Meals at tills: who gets which fen, what a repeat, a late till, a cancelling and a death change."""

from datetime import date, timedelta

import pytest
from sqlalchemy import select, update

from dispatch.errors import Conflict, Invalid, NotFound
from dispatch.rules.rights import DISTRICT
from dispatch.store.absences import absences
from dispatch.store.people import residents
from dispatch.store.record import Record
from schedules.meals.rules.serving import By
from schedules.meals.store.servings import servings
from schedules.money.rules.ledger import balances
from tests.builders import build_world
from tests.integration.meals_rig import RULES, TILLS, Canteens, at, everybody, wipe

SECOND = "+8613800000102"
NUMBER = "11010519491231002X"


@pytest.fixture(scope="module")
def town(tmp_path_factory):
    world = build_world(tmp_path_factory.mktemp("meals"))
    return world, everybody(world)


@pytest.fixture
def rig(town):
    return opened(*town)


def opened(world, before, rules=RULES):
    wipe(world, before)
    rig = Canteens(world, rules)
    rig.open("A")
    rig.open("B")
    return rig


def given(rig):
    return -balances(rig.ledger).get("fund:city", 0)


def change(rig, **values):
    def work(tx):
        tx.connection.execute(update(residents).where(residents.c.code == "R1").values(**values))

    rig.world.transactions.run(work)


def go_to(rig, when):
    rig.world.clock.advance((at(when) - rig.world.clock.now()).total_seconds())


def test_a_meal_gets_what_the_rule_of_its_day_gives_and_says_why(rig):
    go_to(rig, "2026-11-21T12:05:00")
    answer = rig.eat("2026-11-21T12:00:00")
    assert answer.reason == "ok"
    assert (answer.money.subsidy_fen, answer.money.pays_fen) == (300, 900)
    assert dict(answer.money.layers) == {"city": 300}
    assert "本市助餐（新）" in answer.because["zh"][0]
    assert "3.00" in answer.because["en"][-1]
    (entry,) = rig.ledger
    assert entry.version == answer.version
    assert balances([entry]) == {"fund:city": -300, "owed:A": 300}


def test_a_repeat_changes_nothing_and_another_meal_under_its_id_is_refused(rig):
    first = rig.meal("2026-11-21T11:00:00", ref="x")
    (one,) = rig.serve(first)
    (two,) = rig.serve(first)
    assert two.repeated
    assert two.serving == one.serving
    (other,) = rig.serve(rig.meal("2026-11-21T11:00:00", ref="x", price=1300))
    assert isinstance(other.wrong, Conflict)
    assert given(rig) == 300


def test_a_day_that_is_sent_again_changes_nothing_but_what_differs_in_it_is_refused(rig):
    day = [rig.meal(f"2026-11-21T1{hour}:00:00", ref=f"x{hour}") for hour in (0, 1, 2)]
    told = rig.serve(*day[:2])
    changed = rig.meal("2026-11-21T10:00:00", ref="x0", price=1300)
    first, second, third = rig.serve(changed, *day[1:])
    assert isinstance(first.wrong, Conflict)
    assert (second.repeated, second.serving, second.diner.code) == (True, told[1].serving, "R1")
    assert (third.repeated, third.wrong) == (False, None)
    assert given(rig) == 300


def test_a_day_that_is_sent_again_by_somebody_elses_key_is_not_answered(rig):
    day = [rig.meal(f"2026-11-21T1{hour}:00:00") for hour in (0, 1)]
    rig.serve(*day)
    rig.desk.put_till("till-A", "A", key="a", by=TILLS, area=DISTRICT)
    assert all(isinstance(each.wrong, NotFound) for each in rig.serve(*day, by="key:b"))
    assert all(each.repeated for each in rig.serve(*day, by="key:a"))


def test_one_subsidised_meal_of_a_type_and_day_at_whatever_canteen(rig):
    assert rig.eat("2026-11-21T11:00:00").money.subsidy_fen == 300
    again = rig.eat("2026-11-21T11:20:00", till="till-B")
    assert (again.reason, again.money.pays_fen) == ("limit_meal_type", 1200)
    assert rig.eat("2026-11-21T07:20:00", kind="breakfast").reason == "ok"


def test_a_batch_gives_the_same_in_whatever_order_it_comes(rig, town):
    meals = [rig.meal(f"2026-11-{day}T{hour}:00:00", till=till)
             for day in ("20", "21") for hour, till in (("11", "till-B"), ("10", "till-A"))]  # fmt: skip
    forwards = [each.serving.answer for each in rig.serve(*meals)]
    other = opened(*town)
    backwards = [each.serving.answer for each in reversed(other.serve(*reversed(meals)))]
    assert forwards == backwards
    assert [each.reason for each in forwards] == ["limit_meal_type", "ok", "limit_meal_type", "ok"]


def test_what_was_told_stands_and_a_meal_that_comes_in_later_gets_what_is_left(rig):
    told = rig.eat("2026-11-21T11:30:00")
    late = rig.eat("2026-11-21T11:00:00", till="till-B", charged_fen=900)
    assert (told.reason, late.reason) == ("ok", "limit_meal_type")
    assert given(rig) == 300


def test_a_till_that_charged_otherwise_is_told_the_difference(rig):
    (receipt,) = rig.serve(rig.meal("2026-11-21T11:00:00", charged_fen=1200))
    assert receipt.differs_fen == 300


def test_a_rule_changed_in_the_middle_of_a_month_and_each_meal_goes_by_its_day(rig, town):
    rig = opened(*town, {name: text.replace("2026-11-1", "2026-12-1") for name, text in RULES.items()})
    go_to(rig, "2026-12-16T12:30:00")
    old = rig.eat("2026-12-15T12:00:00", delivery=True, delivery_fee_fen=300)
    new = rig.eat("2026-12-16T12:00:00")
    assert dict(old.money.layers) == {"city": 300, "town": 200}
    assert (old.money.delivery_fen, old.money.pays_fen) == (100, 900)
    assert dict(new.money.layers) == {"city": 300}
    assert old.version != new.version
    assert balances(rig.ledger)["fund:delivery"] == -100


def test_somebody_born_on_a_leap_day_is_a_year_older_on_the_first_of_march(town):
    rules = {"city": RULES["city"].replace("effective_to = 2026-11-15", "").replace("age_min = 80", "age_min = 75")}
    rig = opened(*town, rules)
    change(rig, born_on=date(1952, 2, 29))
    go_to(rig, "2027-03-01T23:00:00")
    layers = [dict(rig.eat(f"2027-{day}T12:00:00").money.layers) for day in ("02-28", "03-01")]
    assert layers == [{"city": 300}, {"city": 300, "town": 200}]


def test_the_local_day_counts_over_midnight(rig):
    go_to(rig, "2026-11-22T00:30:00")
    before = rig.eat("2026-11-21T23:59:00", kind="dinner")
    after = rig.eat("2026-11-22T00:01:00", kind="dinner")
    assert (before.reason, after.reason) == ("ok", "ok")


def test_a_week_goes_from_monday_to_sunday(rig):
    go_to(rig, "2026-11-22T20:00:00")
    meals = [rig.meal(f"2026-11-{day}T12:00:00") for day in (18, 19, 20, 21)]
    assert [each.serving.answer.reason for each in rig.serve(*meals)] == [*["too_late"] * 1, "ok", "ok", "ok"]
    more = rig.eat("2026-11-22T18:00:00", kind="dinner")
    assert more.reason == "limit_week"
    go_to(rig, "2026-11-23T12:10:00")
    assert rig.eat("2026-11-23T12:00:00").reason == "ok"


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        ({"died_on": date(2026, 11, 20), "ended_why": "died"}, "died"),
        ({"died_on": date(2026, 11, 21), "ended_why": "died"}, "ok"),
        ({"ended_at": at("2026-11-21T08:00:00"), "ended_why": "left"}, "left"),
        ({"ended_at": at("2026-11-21T13:00:00"), "ended_why": "moved_away"}, "ok"),
        ({"born_on": None}, "no_age"),
        ({"phone": "+8613800009999"}, "unknown_diner"),
    ],
)
def test_who_may_have_no_money_is_fed_pays_and_is_told_why(rig, values, reason):
    change(rig, **values)
    answer = rig.eat("2026-11-21T12:00:00")
    assert answer.reason == reason
    if reason != "ok":
        assert answer.money.pays_fen == 1200
        assert answer.to_look_at
        assert all(answer.because[lang][0] for lang in ("zh", "en"))
        assert list(rig.ledger) == []
        assert [each.answer.reason for each, _, _ in review(rig)] == [reason]


def review(rig):
    return rig.desk.meals(DISTRICT, since=date(2026, 11, 1), until=date(2026, 11, 30), review=True)


def test_in_hospital_there_is_no_money(rig):
    row = {
        "id": "a1", "resident_id": rig.world.resident("R1"), "home_id": rig.world.home("H1"), "kind": "hospital",
        "from_at": at("2026-11-20T08:00:00"), "until_at": at("2026-11-21T08:00:00"), "state": "away", "by": "x",
        "due_at": at("2026-11-21T08:00:00"), "warned": False,
    }  # fmt: skip
    rig.world.transactions.run(lambda tx: tx.connection.execute(absences.insert(), row))
    assert rig.eat("2026-11-20T12:00:00").reason == "hospital"
    assert rig.eat("2026-11-21T11:00:00").reason == "ok"


def test_two_rules_or_none_and_nobody_guesses(rig):
    rig.open("C", rules=())
    rig.open("D", rules=(("city", date(2026, 12, 1), None),))
    assert rig.eat("2026-11-21T12:00:00", till="till-C").reason == "no_rule"
    assert rig.eat("2026-11-21T12:00:00", till="till-D").reason == "no_rule"
    with pytest.raises(Invalid, match="Two rules are in force on 2026-11-20"):
        rig.open("E", rules=(("city", date(2026, 1, 1), None), ("account", date(2026, 11, 20), None)))
    with pytest.raises(Invalid, match="no meal rule nowhere"):
        rig.open("E", rules=(("nowhere", date(2026, 1, 1), None),))


def test_by_card_by_id_and_by_a_telephone_of_two(rig):
    rig.card("R1", "6217 0001")
    change(rig, id_hash=rig.ids.hash(NUMBER))
    assert rig.eat("2026-11-21T07:00:00", "62170001", by=By.CARD, kind="breakfast").reason == "ok"
    assert rig.eat("2026-11-21T12:00:00", NUMBER, by=By.ID).reason == "ok"
    assert rig.eat("2026-11-21T12:00:00", "130102194001010011", by=By.ID).reason == "unknown_diner"
    assert rig.eat("2026-11-21T12:00:00", NUMBER, by=By.CARD).reason == "unknown_diner"
    with pytest.raises(Conflict):
        rig.card("R2", "62170001")

    def share(tx):
        tx.connection.execute(update(residents).values(phone="+8613800000101"))

    rig.world.transactions.run(share)
    assert rig.eat("2026-11-21T12:00:00").reason == "several_diners"


def test_a_cancelled_meal_gives_its_money_back_once_and_frees_the_meal(rig):
    first = rig.meal("2026-11-21T11:00:00")
    rig.serve(first)
    for _ in range(3):
        gone = rig.catering.cancel("till-A", first.ref, by=TILLS, note="按错了")
    assert gone.cancelled_at is not None
    assert given(rig) == 0
    assert rig.eat("2026-11-21T11:05:00", till="till-B").reason == "ok"
    rig.serve(first)
    assert given(rig) == 300


def test_a_meal_that_was_cancelled_before_it_came_in_has_no_money(rig):
    meal = rig.meal("2026-11-21T11:00:00")
    assert rig.catering.cancel("till-A", meal.ref, by=TILLS) is None
    (receipt,) = rig.serve(meal)
    assert receipt.serving.answer.reason == "cancelled"
    assert receipt.serving.cancelled_at is not None
    assert list(rig.ledger) == []


def test_what_is_late_of_a_closed_month_is_booked_in_the_next(rig):
    go_to(rig, "2026-12-01T09:00:00")
    first = rig.meal("2026-11-30T12:00:00")
    rig.ledger.close("2026-11")
    (receipt,) = rig.serve(first)
    assert receipt.serving.booked == "2026-12"
    (entry,) = rig.ledger
    assert (entry.on, entry.month, entry.late) == (date(2026, 11, 30), "2026-12", "late")
    rig.ledger.close("2026-12")
    go_to(rig, "2027-01-02T09:00:00")
    rig.catering.cancel("till-A", first.ref, by=TILLS)
    assert [each.month for each in rig.ledger] == ["2026-12", "2027-01"]
    assert given(rig) == 0


def test_a_till_whose_clock_is_ahead_and_one_nobody_knows_are_told_so(rig):
    ahead, strange = rig.serve(
        rig.meal("2026-11-22T12:00:00"), rig.meal("2026-11-21T11:00:00", till="till-Z")
    )  # fmt: skip
    assert isinstance(ahead.wrong, Invalid)
    assert isinstance(strange.wrong, NotFound)
    with pytest.raises(Invalid, match="At most 500"):
        rig.serve(*[rig.meal("2026-11-21T11:00:00")] * 501)


def test_a_till_with_a_key_of_its_own_is_spoken_for_by_that_key_alone(rig):
    rig.desk.put_till("till-A", "A", key="k1", by=TILLS, area=DISTRICT)
    meal = rig.meal("2026-11-21T11:00:00")
    (other,) = rig.serve(meal, by="key:k2")
    (own,) = rig.serve(meal, by="key:k1")
    assert isinstance(other.wrong, NotFound)
    assert own.serving is not None


def test_a_virtual_account_is_never_overdrawn_and_what_is_left_lapses(rig):
    rig.open("Q", rules=(("account", date(2026, 1, 1), None),))
    go_to(rig, "2026-11-30T20:00:00")
    drawn = [
        rig.eat(f"2026-11-{day}T12:00:00", till="till-Q", price=1200).money.subsidy_fen for day in (29, 28, 30)
    ]  # fmt: skip
    assert drawn == [1200, 800, 0]
    go_to(rig, "2026-12-01T13:00:00")
    assert rig.eat("2026-12-01T12:00:00", till="till-Q", price=2500).money.subsidy_fen == 2000


def test_the_record_says_who_did_what(rig):
    rig.serve(rig.meal("2026-11-21T11:00:00", ref="r1"))
    rig.catering.cancel("till-A", "r1", by=TILLS, note="按错了")
    with rig.world.reading.connect() as connection:
        lines = {each.kind: each for each in Record(connection).after(0, 10_000)}
        kept = connection.execute(select(servings)).one()
    assert {"canteen_kept", "till_kept", "meal_served", "meal_cancelled"} <= lines.keys()
    assert kept.cancelled_by == TILLS
    assert "13800000101" not in lines["meal_served"].body


def test_the_list_of_meals_has_every_fen(rig):
    rig.eat("2026-11-21T11:00:00")
    rig.eat("2026-11-21T11:10:00", till="till-B")
    head, *rows = list(rig.desk.exported(date(2026, 11, 1), date(2026, 11, 30)))
    assert head.startswith("id,till,ref,canteen,resident,day")
    assert len(rows) == 2
    assert "limit_meal_type" in rows[1]
    month = rig.desk.month("R1", date(2026, 11, 9), DISTRICT)
    assert (month.given_fen, month.pays_fen, len(month.servings)) == (300, 2100, 2)
    assert timedelta(0) < month.servings[0].received_at - month.servings[0].served_at
