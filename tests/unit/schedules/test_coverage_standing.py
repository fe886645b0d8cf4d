"""Gaps on file against gaps found, and when people hear of them."""

from dataclasses import replace
from datetime import timedelta

import pytest

from schedules.coverage.rules.reach import Gap, Reason
from schedules.coverage.rules.standing import CLOSED_FOR, Standing, Told, compared, telling, tells_closing
from tests.fakes.clock import NOON

HOUR, DAY = timedelta(hours=1), timedelta(days=1)


def gap(start=10 * HOUR, end=12 * HOUR, homes=("H1", "H2"), community="K", reason=Reason.NOBODY_ON_DUTY) -> Gap:
    return Gap(community=community, reason=reason, start_at=NOON + start, end_at=NOON + end, homes=homes)


def row(of: Gap, id_="g1", **more) -> Standing:
    return Standing(id=id_, gap=of, found_at=NOON, **more)


def known(of: Gap, told=Told.DAY, **more) -> Standing:
    return row(of, told=told, told_at=NOON, homes_told=len(of.homes), length_told=of.end_at - of.start_at, **more)


def test_what_was_found_for_the_first_time_is_new():
    assert compared([], [gap()], NOON).new == [gap()]


def test_the_same_gap_again_is_nothing_new():
    changes = compared([known(gap())], [gap()], NOON + HOUR)
    assert (changes.new, changes.changed) == ([], [])


def test_a_gap_that_has_begun_stays_the_same_while_the_window_moves_on():
    lasting = known(gap(start=-2 * HOUR, end=14 * DAY))
    now = NOON + HOUR
    changes = compared([lasting], [gap(start=HOUR, end=14 * DAY + HOUR)], now)
    (fresh,) = changes.changed
    assert changes.new == []
    assert (fresh.id, fresh.gap.start_at, fresh.told) == ("g1", NOON - 2 * HOUR, Told.DAY)
    assert telling(replace(fresh, told=Told.HOUR), now) is None


def test_a_gap_that_is_not_found_any_more_is_closed_once():
    (closed,) = compared([known(gap())], [], NOON).changed
    assert closed.closed_at == NOON
    assert compared([closed], [], NOON + HOUR).changed == []


def test_a_gap_that_has_passed_is_no_news():
    (passed,) = compared([known(gap())], [], NOON + 13 * HOUR).changed
    assert passed.closed_at == gap().end_at
    assert not tells_closing(passed, NOON + 14 * HOUR)


def test_closing_is_told_after_a_while_and_not_if_it_opens_again():
    closed = known(gap(), closed_at=NOON)
    assert not tells_closing(closed, NOON + CLOSED_FOR - HOUR / 60)
    assert tells_closing(closed, NOON + CLOSED_FOR)
    (open_again,) = compared([closed], [gap()], NOON + HOUR / 60).changed
    assert open_again.is_open
    assert telling(open_again, NOON + HOUR / 60) is None
    assert not tells_closing(row(gap(), closed_at=NOON), NOON + HOUR)


def test_the_very_same_gap_goes_before_one_that_only_looks_alike():
    first, second = gap(10 * HOUR, 20 * HOUR, ("H1", "H2", "H3")), gap(12 * HOUR, 13 * HOUR, ("H2", "H3"))
    rows = [row(second, "b"), row(first, "a")]
    assert compared(rows, [first, second], NOON).changed == []


def test_other_homes_or_another_time_are_another_gap():
    for other in (gap(homes=("H8", "H9")), gap(start=12 * HOUR, end=13 * HOUR), gap(community="L")):
        changes = compared([row(gap())], [other], NOON)
        assert changes.new == [other]
        assert [each.closed_at for each in changes.changed] == [NOON]


@pytest.mark.parametrize(
    ("bigger", "told"),
    [
        (gap(homes=("H1", "H2", "H3")), Told.DAY),
        (gap(homes=("H1", "H2", "H3", "H4")), Told.NOT_YET),
        (gap(end=13 * HOUR), Told.DAY),
        (gap(end=14 * HOUR), Told.NOT_YET),
    ],
)
def test_a_gap_that_has_grown_by_more_than_half_is_told_anew(bigger, told):
    (fresh,) = compared([known(gap())], [bigger], NOON).changed
    assert fresh.told is told


@pytest.mark.parametrize(
    ("before", "told"),
    [
        (8 * DAY, None),
        (7 * DAY, Told.WEEK),
        (27 * HOUR, Told.WEEK),
        (26 * HOUR, Told.DAY),
        (HOUR, Told.HOUR),
        (-HOUR, Told.HOUR),
    ],
)
def test_people_are_told_a_week_a_day_and_an_hour_ahead(before, told):
    start = gap().start_at
    assert telling(row(gap()), start - before) == told
    assert telling(row(gap(), told=told or Told.HOUR), start - before) is None


def test_nobody_is_told_of_what_is_over_or_closed():
    assert telling(row(gap()), gap().end_at) is None
    assert telling(row(gap(), closed_at=NOON), NOON) is None
