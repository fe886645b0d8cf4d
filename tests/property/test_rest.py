"""Laws of rest and of cutting windows, against counting by the minute; and each limit by an example."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.ids import CarerId
from schedules.calendar import Calendar
from schedules.duty.rules import Hole, Shift
from schedules.duty.rules.rest import Away, Limits, Why, clashes
from schedules.duty.rules.windows import cut, left_open

SHANGHAI, BERLIN = Calendar("Asia/Shanghai"), Calendar("Europe/Berlin")
MONDAY = datetime(2026, 11, 22, 16, tzinfo=UTC)
"""The first instant of Monday 23 November in Shanghai."""

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def shift(start: float, end: float, *, who: str = "A", id_: str = "") -> Shift:
    """Hours from Monday's local midnight."""
    return Shift(
        id=id_ or f"{who}{start}", carer_id=CarerId(who), start_at=MONDAY + start * HOUR, end_at=MONDAY + end * HOUR
    )


def why(new, others, *, away=(), **limits) -> list[Why]:
    return [each.why for each in clashes(new, others, away, limits=Limits(**limits), calendar=SHANGHAI)]


def test_an_overlap_names_the_other_shift_and_is_of_the_same_carer_only():
    other = shift(6, 9)
    (found,) = clashes(shift(8, 20), [other, shift(8, 20, who="B")], [], limits=Limits(), calendar=SHANGHAI)
    assert (found.why, found.other) == (Why.OVERLAP, other)
    assert why(shift(9, 20), [other]) == [], "touching is no overlap"
    assert why(shift(8, 20, id_="x"), [shift(7, 19, id_="x")]) == [], "a shift does not clash with what it was before"


def test_whoever_is_absent_cannot_stand_a_shift():
    away = Away(kind="sick", start_at=MONDAY + 10 * HOUR, end_at=MONDAY + 30 * HOUR)
    assert why(shift(8, 11), [], away=[away]) == [Why.ABSENT]
    assert why(shift(8, 10), [], away=[away]) == []
    assert why(shift(30, 32), [], away=[away]) == []


@pytest.mark.parametrize(("gap", "found"), [(0, []), (2, []), (4, []), (4.5, [Why.REST]), (7.9, [Why.REST]), (8, [])])
@pytest.mark.parametrize("is_before", [True, False])
def test_rest_is_long_or_a_break_and_nothing_between(gap, found, is_before):
    other = shift(8 - gap - 4, 8 - gap) if is_before else shift(12 + gap, 16 + gap)
    assert why(shift(8, 12), [other], rest_h=8, break_h=4) == found


def test_hours_are_those_of_the_local_day_and_week():
    assert why(shift(12, 20), [shift(6, 10)], day_h=12) == []
    assert why(shift(12, 20.5), [shift(6, 10)], day_h=12) == [Why.DAY]
    assert why(shift(20, 32), [shift(8, 16)], day_h=12) == [], "midnight parts a night: four hours on Monday"
    assert why(shift(12, 24), [shift(24, 37)], day_h=12) == [], "what ends at 24:00 is no part of the day after"
    week = [shift(24 * day + 8, 24 * day + 20) for day in range(4)]
    assert why(shift(24 * 4 + 8, 24 * 4 + 20), week, week_h=60) == []
    assert why(shift(24 * 4 + 8, 24 * 4 + 21), week, week_h=60) == [Why.WEEK]
    assert why(shift(24 * 6 + 20, 24 * 7 + 8), [*week, shift(24 * 5, 24 * 5 + 8)], week_h=60) == []
    (told,) = clashes(shift(0, 13), [], [], limits=Limits(day_h=12), calendar=SHANGHAI)
    assert (told.found, told.limit, told.day.isoformat(), told.other) == (13, 12, "2026-11-23", None)


def test_days_and_nights_in_a_row():
    days = [shift(24 * day + 8, 24 * day + 16) for day in range(6)]
    assert why(shift(24 * 6 + 8, 24 * 6 + 16), days, days_in_row=6) == [Why.DAYS]
    assert why(shift(24 * 7 + 8, 24 * 7 + 16), days, days_in_row=6) == []
    assert why(shift(24 * 3 + 8, 24 * 3 + 16), [*days[:3], *days[4:]], days_in_row=5) == [Why.DAYS], "it closes a gap"
    assert why(shift(24 * 5 + 17, 24 * 5 + 18), days, days_in_row=5) == [], "that day was worked without it"
    nights = [shift(24 * day + 20, 24 * day + 32) for day in range(3)]
    assert why(shift(24 * 3 + 20, 24 * 3 + 32), nights, nights_in_row=3) == [Why.NIGHTS]
    assert why(shift(24 * 3 + 20, 24 * 3 + 26), nights, nights_in_row=3) == [], "two hours are no night"
    assert why(shift(24 * 3 + 20, 24 * 3 + 27), nights, nights_in_row=3) == [Why.NIGHTS], "three are one"


def test_the_hour_that_comes_twice_is_counted_twice():
    start = datetime(2026, 10, 24, 22, tzinfo=UTC)  # midnight in Berlin; 02:30 comes twice that night
    night = Shift(id="n", carer_id=CarerId("A"), start_at=start, end_at=start + 13 * HOUR)
    (found,) = clashes(night, [], [], limits=Limits(day_h=12), calendar=BERLIN)
    assert found.found == 13
    assert BERLIN.local(night.end_at).hour == 12, "twelve hours on the wall"


marks = st.integers(0, 48)
spans = st.tuples(marks, st.integers(1, 12)).map(lambda each: (each[0], each[0] + each[1]))


def minutes(start_at, end_at) -> set[int]:
    return set(range(int((start_at - MONDAY) / HOUR), int((end_at - MONDAY) / HOUR)))


@given(spans, spans)
def test_a_cut_loses_nothing_and_doubles_nothing(whole, window):
    before = shift(*whole, id_="x")
    made = cut(before, MONDAY + window[0] * HOUR, MONDAY + window[1] * HOUR)
    wanted = set(range(*whole)) & set(range(*window))
    if made is None:
        assert not wanted
        return
    parts = [(each.start_at, each.end_at) for each in (made.kept, made.rest, made.taken) if each is not None]
    pieces = [minutes(*each) for each in parts]
    assert sum(map(len, pieces)) == len(set().union(*pieces)) == whole[1] - whole[0]
    assert minutes(made.taken.start_at, made.taken.end_at) == wanted
    if made.kept is not None:
        assert (made.kept.id, made.kept.sequence) == ("x", 1)
    else:
        assert made.rest is None


@given(st.lists(spans, max_size=4), st.lists(spans, max_size=5))
def test_what_is_left_open_is_what_nobody_who_stays_covers(windows, staying):
    found = left_open(
        [Hole(start_at=MONDAY + a * HOUR, end_at=MONDAY + b * HOUR) for a, b in windows],
        [shift(*each, who=str(number)) for number, each in enumerate(staying)],
    )
    wanted = set().union(*(range(*each) for each in windows)) - set().union(*(range(*each) for each in staying))
    pieces = [minutes(each.start_at, each.end_at) for each in found]
    assert set().union(*pieces) == wanted
    assert sum(map(len, pieces)) == len(wanted), "each part is named once"
