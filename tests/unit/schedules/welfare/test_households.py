"""The signal on simulated households: what the default threshold must catch, and how often it may be wrong."""

import pytest

from tests.bench.welfare import FALSE_MAX, REPORTED, chosen, scale
from tests.households.lives import WATCHED_DAYS, households
from tests.households.playing import play

MANY = 0.3
"""Troubles a household-month, six times as many as we think there are: so that 60 households have enough of them."""


@pytest.fixture(scope="module")
def outcome():
    lives = list(households(REPORTED + 1, 70, troubles_a_month=MANY))
    return play(lives, scale(), (scale().threshold,))[scale().threshold]


def test_it_catches_no_less_than_was_measured_when_the_threshold_was_chosen(outcome):
    assert outcome.right + outcome.missed >= 25
    assert outcome.recall >= 0.25


def test_it_looks_after_a_household_in_vain_no_more_often_than_the_rule_of_the_threshold_says(outcome):
    assert outcome.household_months == 70 * WATCHED_DAYS / 30
    assert outcome.false_a_month <= FALSE_MAX * 1.2


def test_a_lower_threshold_catches_more_and_is_wrong_more_often():
    lives = list(households(5, 25, troubles_a_month=MANY))
    found = play(lives, scale(), (-4.0, -2.0, 2.0))
    assert found[-4.0].recall >= found[-2.0].recall >= found[2.0].recall
    assert found[-4.0].false > found[2.0].false


def test_the_rule_takes_the_lowest_threshold_that_is_not_wrong_too_often():
    lives = list(households(5, 25, troubles_a_month=0.05))
    found = play(lives, scale(), (-5.0, -2.0, 2.0, 5.0))
    allowed = [each for each, outcome in found.items() if outcome.false_a_month <= FALSE_MAX]
    assert chosen(found) == min(allowed)


def test_the_same_seed_is_the_same_household():
    assert next(households(9, 1, troubles_a_month=0.1)) == next(households(9, 1, troubles_a_month=0.1))
    assert next(households(9, 1, troubles_a_month=0.1)) != next(households(10, 1, troubles_a_month=0.1))
