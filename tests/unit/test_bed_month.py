"""A bed's month against its duty, at every point of it: figures counted by hand."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from schedules.care.rules.month import (
    Asked,
    Course,
    Duty,
    Stretch,
    count,
    counting,
    months_of,
    stand,
    still_to_come,
    tell,
)
from schedules.care.rules.visit import Proved, Source, Wanted

FUJIAN = Duty(id="fj", title="fj", numbers={
    "visits_per_day_min": 1, "hours_per_month_min": Fraction(30), "medical_visits_per_month_min": 2,
    "basic_items_min": 3,
})  # fmt: skip
NANJING = Duty(id="nj", title="nj", numbers={
    "minutes_per_day_min": 60, "hours_per_month_min": Fraction(30), "contract_months_min": 3,
    "satisfaction_min": Fraction(9, 10), "remote_rounds_per_day_min": 2,
})  # fmt: skip
NOVEMBER = [date(2026, 11, day) for day in range(1, 31)]
WHOLE = (Stretch(from_on=date(2026, 1, 1)),)
BASIC = {"B01", "B02", "B03"}


def visit(day: date, minutes: int = 60, *, at: int = 1, number: int = 0, **more) -> Proved:
    """Begun at `at` o'clock UTC (nine in the morning by Shanghai's clocks) on that local day."""
    begun = datetime(day.year, day.month, day.day, at, tzinfo=UTC)
    return Proved(
        visit_id=f"{day}-{at}-{number}", resident_id="r", carer_ids=("c",), on=day, begun_at=begun,
        finished_at=begun + timedelta(minutes=minutes), **more,
    )  # fmt: skip


def wanted(day: date, minutes: int = 60, *, at: int = 1, **more) -> Wanted:
    begun = datetime(day.year, day.month, day.day, at, tzinfo=UTC)
    return Wanted(
        key=f"plan:b:{at}:{day}", source=Source.PLAN, home_id="h", resident_id="r", on=day, start_from=begun,
        start_by=begun + timedelta(hours=1), minutes=minutes, **more,
    )  # fmt: skip


def asked(until: int, *, today: int, duty: Duty = FUJIAN, stretches=WHOLE, **more) -> Asked:
    """Visits of an hour on each day up to `until`, one an hour planned on each day from `today` on."""
    done = [visit(day, items=("B01",)) for day in NOVEMBER if day.day <= until]
    coming = [wanted(day) for day in NOVEMBER if day.day >= today]
    values = {"days": NOVEMBER, "today": date(2026, 11, today) if today < 31 else date(2026, 12, 1), "duty": duty,
              "stretches": stretches, "proved": done, "coming": coming, "basic": BASIC}  # fmt: skip
    return Asked(**values | more)


def courses(standing) -> dict[str, str]:
    return {each.name: each.course.value for each in standing.points}


def point(standing, name):
    return next(each for each in standing.points if each.name == name)


def test_the_middle_of_a_month_that_goes_as_planned():
    coming = [wanted(day, items=("B02", "B03"), medical=day.day in {20, 28}) for day in NOVEMBER if day.day >= 11]
    standing = stand(asked(10, today=11, coming=coming))
    assert courses(standing) == {
        "daily_visit": "on_course", "hours": "on_course", "medical_visits": "on_course", "basic_items": "on_course",
    }  # fmt: skip
    hours = point(standing, "hours")
    assert (hours.done, hours.planned, hours.missing) == (10, 20, 0)
    assert standing.course is Course.ON_COURSE
    assert standing.fails == ["basic_items", "daily_visit", "hours", "medical_visits"]


def test_too_little_is_planned_and_more_would_still_help():
    standing = stand(asked(10, today=11, coming=[wanted(day, 30) for day in NOVEMBER if day.day >= 11]))
    hours = point(standing, "hours")
    assert (hours.done, hours.planned, hours.missing, hours.course) == (10, 10, 10, Course.NEEDS_MORE)
    assert point(standing, "medical_visits").course is Course.NEEDS_MORE


def test_a_day_without_a_visit_cannot_be_made_good():
    standing = stand(asked(9, today=11))
    assert (point(standing, "daily_visit").course, standing.course) == (Course.LOST, Course.LOST)
    assert point(standing, "daily_visit").missing == 1


@pytest.mark.parametrize(("room", "course"), [(120, "lost"), (579, "lost"), (580, "needs_more")])
def test_the_rest_of_the_month_holds_so_many_hours_and_no_more(room, course):
    # One hour is done, three days are left: 3 × 580 minutes are just the 29 hours that are missing.
    standing = stand(asked(1, today=28, coming=[], day_minutes_max=room))
    assert courses(standing)["hours"] == course


def test_a_finished_month_is_met_or_lost():
    met = [visit(day, items=("B01", "B02", "B03"), medical=day.day < 3) for day in NOVEMBER]
    standing = stand(asked(0, today=31, proved=met))
    assert (standing.course, standing.fails) == (Course.MET, [])
    assert {point(standing, name).done for name in ("hours", "daily_visit")} == {30}
    short = stand(asked(0, today=31, proved=met[:-1]))
    assert (short.course, list(short.fails)) == (Course.LOST, ["daily_visit", "hours"])


def test_a_minute_is_missing_and_it_is_not_reached():
    met = [visit(day, 60 if day.day > 1 else 59, items=("B01", "B02", "B03"), medical=True) for day in NOVEMBER]
    assert list(stand(asked(0, today=31, proved=met)).fails) == ["hours"]
    assert stand(asked(0, today=31, proved=met)).counted.minutes == 30 * 60 - 1


def test_nanjing_asks_for_an_hour_each_day_and_for_what_no_visit_shows():
    others = {"contract_months": 3, "satisfaction": Fraction(95, 100)}
    standing = stand(asked(10, today=11, duty=NANJING, others=others))
    assert courses(standing) == {
        "daily_minutes": "on_course", "hours": "on_course", "contract_months": "met", "satisfaction": "met",
        "remote_rounds": "unknown",
    }  # fmt: skip
    short = [visit(day, 59 if day.day == 4 else 60) for day in NOVEMBER if day.day <= 10]
    assert courses(stand(asked(10, today=11, duty=NANJING, proved=short)))["daily_minutes"] == "lost"
    worse = stand(asked(10, today=11, duty=NANJING, others={"min_daily_remote_rounds": 1, "satisfaction": 0}))
    assert courses(worse)["remote_rounds"] == "lost"
    assert courses(worse)["satisfaction"] == "needs_more"


def test_an_agreement_that_is_too_short_can_be_made_longer_even_when_the_month_is_over():
    met = [visit(day) for day in NOVEMBER]
    others = {"contract_months": 2, "satisfaction": 1, "min_daily_remote_rounds": 2}
    standing = stand(asked(0, today=31, duty=NANJING, proved=met, others=others))
    assert (courses(standing)["contract_months"], list(standing.fails)) == ("needs_more", ["contract_months"])
    short = [*met[:-1], visit(NOVEMBER[-1], 90), visit(NOVEMBER[3], 59)][1:]
    missed = stand(asked(0, today=31, duty=NANJING, proved=short, others=others | {"contract_months": 3}))
    assert list(missed.fails) == ["daily_minutes", "hours"]


def test_each_day_has_what_is_done_and_what_is_planned():
    days = {each.on.day: each for each in stand(asked(10, today=11)).days}
    assert (days[10].visits, days[10].minutes, days[10].planned_visits) == (1, 60, 0)
    assert (days[11].visits, days[11].planned_visits, days[11].planned_minutes) == (0, 1, 60)


def test_suspended_days_are_not_owed_and_visits_on_them_do_not_count():
    stretches = (Stretch(from_on=date(2026, 11, 5), until_on=date(2026, 11, 10)), Stretch(from_on=date(2026, 11, 20)))
    standing = stand(asked(30, today=31, stretches=stretches))
    assert standing.owed == 5 + 11
    # The 10th itself still counts: it was the last day on which somebody came.
    assert standing.counted.visits == 5 + 1 + 11
    assert point(standing, "daily_visit").course is Course.MET


def test_no_visit_counts_for_two_beds():
    day = date(2026, 11, 15)
    old, new = Stretch(from_on=date(2026, 11, 1), until_on=day), Stretch(from_on=day)
    visits = [visit(each) for each in NOVEMBER]
    first = counting(visits, NOVEMBER, [old], [new])
    second = counting(visits, NOVEMBER, [new], [old])
    assert [each.on.day for each in first] == list(range(1, 15))
    assert [each.on.day for each in second] == list(range(15, 31))
    assert [each.on.day for each in counting(visits, NOVEMBER, [old])][-1] == 15
    assert counting(visits, NOVEMBER, [Stretch(from_on=day, until_on=day)]) == []


def test_a_share_of_the_hours_where_the_standard_says_so():
    stretches = (Stretch(from_on=date(2026, 11, 16)),)
    whole, share = (
        point(stand(asked(30, today=31, stretches=stretches, duty=duty)), "hours")
        for duty in (FUJIAN, replace(FUJIAN, prorated=True))
    )
    assert (whole.need, whole.course, share.need, share.course) == (30, Course.LOST, 15, Course.MET)


def test_a_month_without_service_owes_nothing():
    standing = stand(asked(0, today=31, stretches=()))
    assert (standing.course, standing.fails, standing.points, standing.owed) == (Course.MET, [], [], 0)


def test_two_carers_at_once_are_one_visit():
    day = date(2026, 11, 3)
    pair = [visit(day, 60), visit(day, 61, number=1, items=("B02",), medical=True)]
    counted = count(tell(pair))
    assert (counted.visits, counted.minutes, counted.medical, counted.items) == (1, 61, 1, {"B02"})
    after = replace(visit(day, 60, number=2), begun_at=pair[0].begun_at + timedelta(minutes=50),
                    finished_at=pair[0].begun_at + timedelta(minutes=110))  # fmt: skip
    half = replace(after, begun_at=pair[0].begun_at + timedelta(minutes=30),
                   finished_at=pair[0].begun_at + timedelta(minutes=90))  # fmt: skip
    assert [count(tell([pair[0], each])).visits for each in (half, after)] == [2, 2]
    assert (count(tell([pair[0], after])).visits, count(tell([pair[0], after])).minutes) == (2, 110)


def test_minutes_after_midnight_belong_to_the_day_on_which_the_visit_began():
    late = visit(date(2026, 11, 30), 90, at=15)
    told = tell(counting([late], [*NOVEMBER, date(2026, 12, 1)], WHOLE))
    assert count(told).by_day == {date(2026, 11, 30): (1, 90)}


def test_what_is_done_today_is_not_planned_as_well():
    day = date(2026, 11, 3)
    plan = [wanted(day, at=1), wanted(day, at=9)]
    noon = datetime(2026, 11, 3, 4, tzinfo=UTC)
    assert still_to_come(plan, [visit(day)], noon) == [plan[1]]
    # The one of the morning has passed without anybody; the one of the evening can still be.
    assert still_to_come(plan, [], noon) == [plan[1]]
    assert still_to_come(plan, [visit(day, at=9)], datetime(2026, 11, 3, 0, tzinfo=UTC)) == [plan[0]]
    assert still_to_come(plan, [], datetime(2026, 11, 3, 2, 30, tzinfo=UTC)) == plan
    assert still_to_come(plan, [], datetime(2026, 11, 3, 3, tzinfo=UTC)) == [plan[1]]


@pytest.mark.parametrize(
    ("first", "last", "months"),
    [("2026-01-01", "2026-03-31", 3), ("2026-01-15", "2026-04-14", 3), ("2026-01-15", "2026-04-13", 2),
     ("2026-11-30", "2027-02-27", 2), ("2028-02-29", "2029-02-28", 12), ("2026-01-01", "2026-01-01", 0)],
)  # fmt: skip
def test_an_agreement_has_so_many_whole_months(first, last, months):
    assert months_of(date.fromisoformat(first), date.fromisoformat(last)) == months


SPANS = st.lists(st.tuples(st.integers(0, 300), st.integers(1, 120)), min_size=1, max_size=8)


@given(SPANS)
def test_each_minute_of_the_resident_counts_once(spans):
    start = datetime(2026, 11, 3, 0, tzinfo=UTC)
    visits = [
        replace(visit(date(2026, 11, 3), number=number), begun_at=start + timedelta(minutes=begin),
                finished_at=start + timedelta(minutes=begin + long))
        for number, (begin, long) in enumerate(spans)
    ]  # fmt: skip
    minutes = {begin + each for begin, long in spans for each in range(long)}
    assert count(tell(visits)).minutes == len(minutes)


@given(st.integers(0, 30), st.integers(1, 31))
def test_more_visits_never_make_it_worse(done, today):
    less, more = (stand(asked(number, today=today)) for number in (done, min(30, done + 1)))
    assert set(more.fails) <= set(less.fails)
    assert point(more, "hours").missing <= point(less, "hours").missing
