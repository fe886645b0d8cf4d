"""Whether a road is to be trusted: it is only ever put last."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.rules.breaker import Breaker, BreakerLimits, Mark, noted, tried

LIMITS = BreakerLimits()
GOOD, BAD, FATAL, NOTHING = Mark.GOOD, Mark.BAD, Mark.FATAL, Mark.NOTHING


def after(*marks, every_s=1.0, limits=LIMITS, begin=None, at_s=0.0):
    breaker = begin or Breaker()
    for number, mark in enumerate(marks):
        breaker = noted(breaker, mark, at_s + number * every_s, limits)
    return breaker


def test_two_failures_are_bad_luck_and_three_are_not():
    assert after(BAD, BAD).closed
    assert not after(BAD, BAD, BAD).closed


def test_a_good_one_between_begins_the_count_anew():
    assert after(BAD, BAD, GOOD, BAD, BAD).closed


def test_half_of_the_last_six_is_too_many():
    assert after(GOOD, BAD, GOOD, BAD, GOOD).closed
    assert not after(GOOD, BAD, GOOD, BAD, GOOD, BAD).closed


def test_failures_far_apart_do_not_add_up():
    assert after(BAD, BAD, BAD, BAD, every_s=31.0).closed
    assert not after(BAD, BAD, BAD, every_s=30.0).closed


def test_a_closed_account_opens_at_once():
    assert not after(FATAL).closed


def test_what_says_nothing_changes_nothing():
    breaker = after(BAD, BAD)
    assert noted(breaker, NOTHING, 3.0, LIMITS) == breaker
    assert not after(BAD, NOTHING, BAD, NOTHING, BAD).closed


def test_it_is_open_for_fifteen_seconds_and_each_time_twice_as_long_up_to_two_minutes():
    breaker, now_s, times = after(BAD, BAD, BAD), 2.0, []
    for _ in range(6):
        times.append(breaker.open_until_s - now_s)
        assert not breaker.on_trial(breaker.open_until_s - 0.001)
        now_s = breaker.open_until_s
        assert breaker.on_trial(now_s)
        breaker = noted(breaker, BAD, now_s, LIMITS)
    assert times == [15, 30, 60, 120, 120, 120]


def test_what_was_under_way_when_it_opened_does_not_lengthen_it():
    breaker = after(BAD, BAD, BAD)
    assert noted(breaker, BAD, 3.0, LIMITS).open_until_s == breaker.open_until_s


def test_one_good_answer_closes_it_and_forgets_how_long_it_was_open():
    breaker = noted(after(BAD, BAD, BAD), GOOD, 3.0, LIMITS)
    assert breaker.closed
    assert after(BAD, BAD, BAD, begin=breaker, at_s=10.0).open_for_s == 15


def test_on_trial_one_message_is_enough():
    opened = after(BAD, BAD, BAD)
    assert tried(opened, 10.0, LIMITS) == opened, "not yet"
    once = tried(opened, 17.0, LIMITS)
    assert not once.on_trial(17.0 + 29.9)
    assert once.on_trial(17.0 + 30.0)
    assert noted(once, GOOD, 20.0, LIMITS).closed


def test_limits_that_contradict_themselves_are_refused():
    with pytest.raises(AssertionError):
        BreakerLimits(open_s=20.0, open_max_s=10.0)


@given(st.lists(st.tuples(st.sampled_from(Mark), st.floats(0, 100)), max_size=60))
def test_it_remembers_little_and_is_never_open_longer_than_the_most(steps):
    breaker, now_s = Breaker(), 0.0
    for mark, wait_s in steps:
        now_s += wait_s
        breaker = noted(breaker, mark, now_s, LIMITS)
        assert len(breaker.calls) <= 6
        assert breaker.closed or breaker.open_until_s - now_s <= LIMITS.open_max_s + 1e-6
        assert mark is not GOOD or breaker.closed
