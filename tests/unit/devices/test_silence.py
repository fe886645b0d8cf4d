"""When the silence of a device is a fault, and when it is nobody's."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.rules.plan import Remedy, Rule, read_plan
from devices.rules.silence import RELOOK_MAX, Health, Known, Span, judge, listened

START = datetime(2026, 11, 21, 4, 0, tzinfo=UTC)
HOUR, MINUTE = timedelta(hours=1), timedelta(minutes=1)
PLAN = read_plan({
    "supervision": {"late_after": 2, "offline_after": 3, "test_days": 31},
    "faults": {"other": {"repair_h": 72, "check_h": 24}, "mains_fail": {"after_h": 1, "repair_h": 24, "check_h": 12}},
})  # fmt: skip
HOURLY = Rule(interval=HOUR, late=2 * HOUR, offline=3 * HOUR, pressed=True, test_every=31 * 24 * HOUR)
SILENT = Rule(interval=None, late=None, offline=None, pressed=True, test_every=31 * 24 * HOUR)


def at(hours: float) -> datetime:
    return START + timedelta(hours=hours)


def known(*, listened_until: datetime | None = None, **more) -> Known:
    return Known(**{"heard_at": START, "listened_until": listened_until or at(1000), **more})


@pytest.mark.parametrize(
    ("hours", "health"),
    [
        (0, Health.WELL),
        (1.99, Health.WELL),
        (2, Health.LATE),
        (2.99, Health.LATE),
        (3, Health.OFFLINE),
        (300, Health.OFFLINE),
    ],
)
def test_two_missed_is_late_and_three_is_offline(hours, health):
    assert judge(known(), HOURLY, PLAN, at(hours)).health is health


@pytest.mark.parametrize(("hours", "next_hours"), [(0, 2), (0.5, 2), (2, 3), (2.5, 3)])
def test_the_next_look_is_when_it_would_change(hours, next_hours):
    assert judge(known(), HOURLY, PLAN, at(hours)).due_at == at(next_hours)


def test_an_offline_device_is_looked_at_again_when_it_is_heard_and_not_before():
    verdict = judge(known(), HOURLY, PLAN, at(4))
    assert (verdict.due_at, verdict.faults) == (None, ("offline",))


@given(st.floats(min_value=0, max_value=100_000))
def test_what_speaks_only_when_pressed_is_never_late(hours):
    verdict = judge(known(), SILENT, PLAN, at(hours))
    assert (verdict.health, verdict.faults, verdict.due_at) == (Health.WELL, (), None)


def test_silence_counts_only_as_long_as_the_gateway_is_known_to_hear():
    verdict = judge(known(listened_until=at(1.5)), HOURLY, PLAN, at(10))
    assert verdict.health is Health.WELL
    assert at(10) < verdict.due_at <= at(10) + RELOOK_MAX


def test_while_its_gateway_is_deaf_a_device_is_looked_at_every_quarter_of_its_interval():
    """However little is missing: a hundred thousand behind one gateway must cost nothing."""
    verdict = judge(known(listened_until=at(1.99)), HOURLY, PLAN, at(10))
    assert verdict.due_at == at(10.25)
    soon = judge(known(listened_until=at(1.99)), HOURLY, PLAN, at(2))
    assert soon.due_at == at(2) + timedelta(hours=0.01)


def test_the_time_in_which_nobody_listened_is_taken_out():
    """The gateway was away from the first to the ninth hour; at the tenth the device has been silent for two."""
    outage = (Span(start=at(1), end=at(9)),)
    assert judge(known(deaf=outage), HOURLY, PLAN, at(9.5)).health is Health.WELL
    assert judge(known(deaf=outage), HOURLY, PLAN, at(10)).health is Health.LATE
    assert judge(known(deaf=outage), HOURLY, PLAN, at(11)).health is Health.OFFLINE


def test_what_was_heard_in_the_future_counts_from_now():
    """The clock was set back by a day: the device has the whole of its time again, and no more."""
    verdict = judge(known(heard_at=at(24)), HOURLY, PLAN, at(0))
    assert (verdict.health, verdict.due_at) == (Health.WELL, at(2))


def test_a_fault_that_is_told_counts_at_once():
    verdict = judge(known(fault="tamper", fault_at=START, battery_low=True), SILENT, PLAN, at(0))
    assert set(verdict.faults) == {"tamper", "low_battery"}


def test_a_power_cut_counts_after_its_time():
    cut = known(fault="mains_fail", fault_at=START)
    early = judge(cut, SILENT, PLAN, at(0.5))
    assert (early.faults, early.due_at) == ((), at(1))
    assert judge(cut, SILENT, PLAN, at(1)).faults == ("mains_fail",)


def test_the_first_of_two_things_to_come_is_waited_for():
    verdict = judge(known(fault="mains_fail", fault_at=START), HOURLY, PLAN, at(0))
    assert verdict.due_at == at(1)


def test_a_fault_that_began_in_the_future_began_now():
    verdict = judge(known(fault="mains_fail", fault_at=at(48)), SILENT, PLAN, at(0))
    assert verdict.due_at == at(1)


hours = st.floats(min_value=0, max_value=200, allow_nan=False)
spans = st.lists(st.tuples(hours, hours).map(sorted), max_size=6)


@given(hours, hours, spans)
def test_listening_is_what_is_left_without_the_deaf_minutes(start, length, deaf):
    """The same counted minute by minute."""
    begin, end = round(start * 60), round(start * 60) + round(length * 60)
    minutes = [(round(a * 60), round(b * 60)) for a, b in deaf]
    left = sum(not any(a <= minute < b for a, b in minutes) for minute in range(begin, end))
    told = [Span(start=START + a * MINUTE, end=START + b * MINUTE) for a, b in minutes]
    assert listened(START + begin * MINUTE, START + end * MINUTE, told) == left * MINUTE


@given(heard=hours, heard_by=hours, now=hours, deaf=spans)
def test_a_device_is_never_blamed_for_a_gateway_that_was_not_heard_after_it(heard, heard_by, now, deaf):
    told = tuple(Span(start=at(a), end=at(b)) for a, b in deaf)
    verdict = judge(known(heard_at=at(heard), listened_until=at(heard_by), deaf=told), HOURLY, PLAN, at(now))
    if min(heard_by, now) - min(heard, now) < 2:
        assert verdict.health is Health.WELL
        assert verdict.faults == ()


@given(heard=hours, heard_by=hours, now=hours)
def test_whoever_may_still_fall_silent_is_looked_at_again_in_time(heard, heard_by, now):
    """Never in the past, never later than an interval after it could change: nobody drops out of sight."""
    verdict = judge(known(heard_at=at(heard), listened_until=at(heard_by)), HOURLY, PLAN, at(now))
    if verdict.health is Health.OFFLINE:
        assert verdict.due_at is None
    else:
        assert at(now) < verdict.due_at <= at(now) + 2 * HOUR + RELOOK_MAX


@given(heard=hours, heard_by=hours, first=hours, later=hours)
def test_silence_only_grows(heard, heard_by, first, later):
    first, later = sorted((first, later))
    order = list(Health)
    one, other = (
        judge(known(heard_at=at(heard), listened_until=at(heard_by)), HOURLY, PLAN, at(now)).health
        for now in (first, later)
    )
    assert order.index(one) <= order.index(other)


def test_the_remedy_of_a_fault_nobody_named_is_the_common_one():
    assert PLAN.remedy("squeaking") == Remedy(after=timedelta(), repair=72 * HOUR, check=24 * HOUR)
