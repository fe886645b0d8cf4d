"""Who is on duty, by the shifts."""

from datetime import timedelta

import pytest

from dispatch.ids import CarerId
from schedules.duty.rules import Shift, changes_after, joined, on_duty
from tests.fakes.clock import NOON

WANG, LI = CarerId("wang"), CarerId("li")


def at(hours: float):
    return NOON + timedelta(hours=hours)


def shift(carer: CarerId, start: float, end: float) -> Shift:
    return Shift(id=f"{carer}{start}{end}", carer_id=carer, start_at=at(start), end_at=at(end))


def test_a_shift_begins_at_its_start_and_is_over_at_its_end():
    day = [shift(WANG, 0, 8)]
    tick = timedelta(microseconds=1)
    assert on_duty(day, at(0) - tick) == {}
    assert on_duty(day, at(0)) == {WANG: at(8)}
    assert on_duty(day, at(8) - tick) == {WANG: at(8)}
    assert on_duty(day, at(8)) == {}


def test_one_relieves_the_other_without_a_moment_between():
    assert on_duty([shift(WANG, 0, 8), shift(LI, 8, 16)], at(8)) == {LI: at(16)}


@pytest.mark.parametrize("second", [(8, 16), (4, 16), (0, 16)])
def test_a_carer_whose_next_shift_adjoins_or_overlaps_stays_until_the_later_end(second):
    assert on_duty([shift(WANG, *second), shift(WANG, 0, 8)], at(1 if second[0] == 0 else 0)) == {WANG: at(16)}


def test_a_shift_inside_another_does_not_shorten_it():
    assert on_duty([shift(WANG, 0, 12), shift(WANG, 2, 4)], at(5)) == {WANG: at(12)}


def test_shifts_with_a_break_between_are_two_stretches():
    day = [shift(WANG, 0, 4), shift(WANG, 5, 9)]
    assert on_duty(day, at(1)) == {WANG: at(4)}
    assert on_duty(day, at(4.5)) == {}
    assert len(joined(day)) == 2


def test_the_shifts_of_different_carers_are_never_joined():
    assert on_duty([shift(WANG, 0, 8), shift(LI, 8, 16)], at(0)) == {WANG: at(8)}


def test_nobody_is_on_duty_by_an_empty_roster():
    assert on_duty([], at(0)) == {}
    assert changes_after([], at(0)) is None


def test_the_next_change_is_the_next_start_or_end():
    day = [shift(WANG, 0, 8), shift(LI, 6, 14)]
    assert [changes_after(day, at(hour)) for hour in (-1, 0, 6, 8)] == [at(0), at(6), at(8), at(14)]
    assert changes_after(day, at(14)) is None


def test_a_shift_that_does_not_end_after_its_start_is_a_mistake():
    with pytest.raises(AssertionError):
        shift(WANG, 8, 8)
