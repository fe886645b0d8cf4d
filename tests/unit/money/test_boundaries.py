"""Where rules turn: birthdays, leap days, midnight, the ends of weeks, months and quarters, a change within a month."""

import json
from datetime import date, timedelta

import pytest

from schedules.money.cases import BadCase
from schedules.money.rules.ages import full_years
from schedules.money.rules.conditions import compiled
from schedules.money.rules.facts import NO_MEAL, Person
from schedules.money.rules.policies import NoRule, Policies
from schedules.money.rules.usage import Change, account, credit_of, last_day, used_before, week_of
from tests.unit.money.rig import folder_of, meal_case, policy, quoting

BY_AGE = """
[[tier]]
when = { age_min = 60, age_max = 69 }
amount = "3.00"
[[tier]]
when = { age_min = 70 }
amount = "4.00"
"""


def subsidy(asked, born_on, on, name="city", **more):
    return asked.answer(meal_case(name, {"born_on": born_on}, "12.00", date=on, **more))["subsidy"]


@pytest.mark.parametrize(
    ("born_on", "on", "given"),
    [
        ("1956-03-10", "2026-03-09", "3.00"),
        ("1956-03-10", "2026-03-10", "4.00"),
        ("1956-03-10", "2026-03-11", "4.00"),
        ("1966-03-10", "2026-03-09", "0.00"),
        ("1966-03-10", "2026-03-10", "3.00"),
        ("1956-02-29", "2026-02-28", "3.00"),
        ("1956-02-29", "2026-03-01", "4.00"),
        ("1956-12-31", "2026-12-30", "3.00"),
        ("1956-12-31", "2026-12-31", "4.00"),
        ("1956-01-01", "2025-12-31", "3.00"),
        ("1956-01-01", "2026-01-01", "4.00"),
    ],
)  # fmt: skip
def test_a_year_more_counts_from_the_birthday_on(tmp_path, born_on, on, given):
    assert subsidy(quoting(folder_of(tmp_path, city=BY_AGE)), born_on, on) == given


@pytest.mark.parametrize(
    ("on", "mar_1", "feb_28"),
    [("2023-02-28", 70, 71), ("2023-03-01", 71, 71), ("2024-02-28", 71, 71), ("2024-02-29", 72, 72)],
)
def test_a_leap_day_birthday_is_counted_as_the_setting_says(on, mar_1, feb_28):
    born, day = date(1952, 2, 29), date.fromisoformat(on)
    assert (full_years(born, day), full_years(born, day, "feb_28")) == (mar_1, feb_28)


def test_a_century_without_a_leap_day_and_one_with():
    assert full_years(date(1896, 2, 29), date(1900, 2, 28), "feb_28") == 4
    assert full_years(date(1896, 2, 29), date(2000, 2, 28), "feb_28") == 103


@pytest.mark.parametrize(
    ("at", "given"),
    [
        ("2026-03-09T23:59:59+08:00", "3.00"),
        ("2026-03-10T00:00:00+08:00", "4.00"),
        ("2026-03-09T15:59:59Z", "3.00"),
        ("2026-03-09T16:00:00Z", "4.00"),
        ("2026-03-10T00:00:00", "4.00"),
    ],
)  # fmt: skip
def test_the_day_is_the_local_day_of_the_service(tmp_path, at, given):
    asked = quoting(folder_of(tmp_path, city=BY_AGE))
    case = meal_case("city", {"born_on": "1956-03-10"}, "12.00", at=at)
    assert asked.answer(case)["subsidy"] == given


def test_a_week_is_monday_to_sunday_over_the_end_of_the_year():
    assert week_of(date(2025, 12, 31)) == (date(2025, 12, 29), date(2026, 1, 4))
    assert week_of(date(2026, 1, 4)) == week_of(date(2025, 12, 29))
    assert week_of(date(2026, 1, 5)) == (date(2026, 1, 5), date(2026, 1, 11))


def test_five_a_week_begin_anew_on_monday(tmp_path):
    asked = quoting(folder_of(tmp_path, city='[limit]\nmeals_per_week = 5\n[[tier]]\namount = "3.00"'))
    had = [
        {"date": f"{day:%Y-%m-%d}", "type": "lunch"} for day in (date(2025, 12, 29) + timedelta(n) for n in range(5))
    ]
    answers = [
        asked.answer(meal_case("city", {"age": 70}, "12.00", used={"meals": had}, date=on))["reason"]
        for on in ("2025-12-28", "2026-01-03", "2026-01-04", "2026-01-05")
    ]
    assert answers == ["ok", "limit_week", "limit_week", "ok"]


def test_what_was_used_counts_its_day_its_type_and_its_week():
    had = [
        (date(2026, 3, 1), "lunch"),
        (date(2026, 3, 8), "lunch"),
        (date(2026, 3, 2), "lunch"),
        (date(2026, 3, 4), "lunch"),
        (date(2026, 3, 4), "dinner"),
        (date(2026, 3, 9), "lunch"),
    ]
    used = used_before(had, date(2026, 3, 4), "lunch", 500)
    assert (used.same_type_today, used.today, used.week, used.quota_fen) == (1, 2, 4, 500)


# ------------------------------------------------------------------------------------------------ accounts

HEFEI = """
[[quota]]
when = { age_min = 70, age_max = 79 }
amount = "150.00"
expires = "quarter_end"
[[quota]]
when = { age_min = 80 }
amount = "200.00"
expires = "quarter_end"
[[tier]]
up_to = "quota"
"""


def credited(rule, age, month):
    return credit_of(rule, month, [compiled(each.when)(Person(age=age), NO_MEAL) for each in rule.quota])


def test_a_quarter_is_credited_monthly_and_lapses_at_its_end():
    months = [credited(policy(HEFEI), 82, date(2026, month, 1)) for month in (1, 2, 3, 4)]
    moves = account(months, date(2026, 4, 1))
    assert [(move.on.isoformat(), move.what, move.amount_fen, move.left_fen) for move in moves] == [
        ("2026-01-01", "credit", 20000, 20000),
        ("2026-02-01", "credit", 20000, 40000),
        ("2026-03-01", "credit", 20000, 60000),
        ("2026-03-31", "lapse", 60000, 0),
        ("2026-04-01", "credit", 20000, 20000),
    ]


def test_it_is_there_on_the_last_day_and_gone_the_day_after():
    credit = Change(date(2026, 3, 1), 15000, date(2026, 3, 31))
    spend = [Change(date(2026, 3, 31), 1000), Change(date(2026, 4, 1), 1000)]
    moves = account([credit, *spend], date(2026, 4, 1))
    assert [(move.what, move.amount_fen) for move in moves] == [
        ("credit", 15000),
        ("spend", 1000),
        ("lapse", 14000),
        ("spend", 0),
    ]
    assert account([credit], date(2026, 3, 30))[-1].left_fen == 15000
    assert account([credit, *spend], date(2026, 3, 30))[-1].left_fen == 15000, "what comes later is not told yet"
    assert account([credit], date(2026, 3, 31))[-1].what == "lapse"


@pytest.mark.parametrize(
    ("day", "month", "quarter"),
    [("2026-01-15", "2026-01-31", "2026-03-31"), ("2024-02-29", "2024-02-29", "2024-03-31"),
     ("2026-12-31", "2026-12-31", "2026-12-31"), ("2026-10-01", "2026-10-31", "2026-12-31")],
)  # fmt: skip
def test_months_and_quarters_end_on_their_last_day(day, month, quarter):
    on = date.fromisoformat(day)
    assert last_day(on, "month_end").isoformat() == month
    assert last_day(on, "quarter_end").isoformat() == quarter


def test_who_holds_two_quotas_is_credited_the_higher_and_who_holds_none_nothing():
    rule = policy(HEFEI.replace("age_min = 80", "age_min = 75"))
    assert credited(rule, 76, date(2026, 5, 20)) == Change(date(2026, 5, 1), 20000, date(2026, 6, 30))
    assert credited(rule, 69, date(2026, 5, 20)) is None


def test_an_account_is_told_with_the_age_and_the_version_of_each_month(tmp_path):
    head = '[policy]\nid = "q"\nkind = "meal"\ntitle = "t"\ngrade = "A"\n'
    old, new = (
        head + "effective_to = 2026-02-14\n" + HEFEI,
        head + "effective_from = 2026-02-15\n" + HEFEI.replace("200.00", "210.00"),
    )
    asked = quoting(folder_of(tmp_path, old=old, new=new))
    spent = [{"date": "2026-01-01", "amount": "30.00"}, {"date": "2026-03-31", "amount": "9.00"}]
    case = {
        "id": 1, "policy": "q", "ask": "quota", "person": {"born_on": "1946-02-01"},
        "facts": {"from": "2026-01", "date": "2026-04-01", "spent": spent},
    }  # fmt: skip
    answer = asked.answer(case)
    assert [(move["on"], move["what"], move["amount"]) for move in answer["moves"]] == [
        ("2026-01-01", "credit", "150.00"),
        ("2026-01-01", "spend", "30.00"),
        ("2026-02-01", "credit", "200.00"),
        ("2026-03-01", "credit", "210.00"),
        ("2026-03-31", "spend", "9.00"),
        ("2026-03-31", "lapse", "521.00"),
        ("2026-04-01", "credit", "210.00"),
    ]
    assert answer["left"] == "210.00"


# ------------------------------------------------------------------------------------------------ changes of a rule

OLD = """
[policy]
id = "city"
kind = "meal"
title = "旧规则"
grade = "A"
effective_to = 2026-03-14
[[tier]]
amount = "2.00"
"""
NEW = OLD.replace("effective_to = 2026-03-14", "effective_from = 2026-03-15").replace('"2.00"', '"5.00"')


def test_a_rule_that_changes_within_a_month_is_that_of_the_day_of_the_meal(tmp_path):
    asked = quoting(folder_of(tmp_path, first=OLD, second=NEW))
    answers = [asked.answer(meal_case("city", {"age": 70}, "12.00", date=f"2026-03-{day}")) for day in (14, 15)]
    assert [answer["subsidy"] for answer in answers] == ["2.00", "5.00"]
    assert answers[0]["version"] != answers[1]["version"]


def test_with_several_versions_the_day_must_be_said(tmp_path):
    asked = quoting(folder_of(tmp_path, first=OLD, second=NEW))
    with pytest.raises(NoRule, match=r"2 versions.*say the day"):
        asked.answer(meal_case("city", {"age": 70}, "12.00"))


def test_on_a_day_between_two_versions_nobody_gets_anything_and_it_is_told(tmp_path):
    folder = folder_of(tmp_path, first=OLD, second=NEW.replace("03-15", "04-01"))
    asked = quoting(folder)
    answer = asked.answer(meal_case("city", {"age": 70}, "12.00", date="2026-03-20"))
    assert (answer["subsidy"], answer["person_pays"], answer["reason"]) == ("0.00", "12.00", "not_in_force")
    assert "no version of city is in force on 2026-03-20" in answer["why"]


def test_on_a_day_of_two_versions_nothing_is_guessed(tmp_path):
    asked = quoting(folder_of(tmp_path, first=OLD, second=NEW.replace("03-15", "03-10")))
    with pytest.raises(NoRule, match=r"2 versions of city are in force on 2026-03-12; .*first.toml and second.toml"):
        asked.answer(meal_case("city", {"age": 70}, "12.00", date="2026-03-12"))
    assert asked.answer(meal_case("city", {"age": 70}, "12.00", date="2026-03-09"))["subsidy"] == "2.00"


def test_gaps_and_overlaps_are_found(tmp_path):
    from config.quoting import IMPLIED
    from schedules.money.book import read_book

    for name, day, said in (("gap", "04-01", "no version in force from 2026-03-15 to 2026-03-31"),
                            ("twice", "03-10", "two versions in force from 2026-03-10 to 2026-03-14")):  # fmt: skip
        folder = tmp_path / name
        folder.mkdir()
        folder_of(folder, first=OLD, second=NEW.replace("03-15", day))
        assert [said in str(each) for each in read_book(folder, implied=IMPLIED).doubts] == [True]


def test_workdays_are_asked_of_the_calendar_where_the_till_does_not_say(tmp_path):
    asked = quoting(folder_of(tmp_path, city='[limit]\ndays = "workday"\n[[tier]]\namount = "3.00"'))
    reasons = [
        asked.answer(meal_case("city", {"age": 70}, "9.00", date=f"2026-03-{day:02}"))["reason"] for day in (6, 7)
    ]
    assert reasons == ["ok", "not_workday"]
    with pytest.raises(BadCase, match="workday: missing"):
        asked.answer(meal_case("city", {"age": 70}, "9.00"))


def test_a_device_fitted_on_the_cut_off_day_counts_at_once(tmp_path):
    asked = quoting()
    case = {"id": 1, "policy": "hz-binjiang-call", "ask": "monthly"}
    counts = {
        month: asked.answer({**case, "facts": {"month": month, "install_dates": ["2023-12-15", "2023-12-16"]}})["count"]
        for month in ("2023-11", "2023-12", "2024-01")
    }
    assert counts == {"2023-11": 0, "2023-12": 1, "2024-01": 2}
    assert json.dumps(counts)


def test_versions_that_follow_each_other_leave_no_gap_and_a_long_one_covers_what_is_inside():
    def version(start, end):
        days = "".join(f"{key} = {day}\n" for key, day in (("effective_from", start), ("effective_to", end)) if day)
        return policy(f'[policy]\nid = "c"\nkind = "meal"\ntitle = "t"\ngrade = "A"\n{days}[[tier]]\namount = "1.00"')

    assert Policies([version("", "2026-03-14"), version("2026-03-15", "")]).gaps() == []
    year, spring, later = (
        version("2026-01-01", "2026-12-31"),
        version("2026-03-01", "2026-03-31"),
        version("2027-01-02", ""),
    )
    (gap,) = Policies([later, spring, year]).gaps()
    assert (gap.start, gap.end) == (date(2027, 1, 1), date(2027, 1, 1))
    (twice,) = Policies([later, spring, year]).overlaps()
    assert (twice.start, twice.end) == (date(2026, 3, 1), date(2026, 3, 31))
    assert Policies([spring]).version(spring.version) is spring
    assert Policies([spring]).version("unknown") is None
