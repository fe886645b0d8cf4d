"""How often a contact is written to, and when not."""

from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.rules.message import Priority
from dispatch.rules.pacing import Pace, earliest, longest_s

SHANGHAI = ZoneInfo("Asia/Shanghai")
DAY = datetime(2026, 11, 21, 12, 0, tzinfo=SHANGHAI)
CALM = Pace(spread_s=0.0)
LATER = timedelta(days=3)


def ask(pace, priority, *, local=DAY, left=(), to="+8613800000001", expires=LATER):
    now = local.astimezone(UTC)
    gone = [now - timedelta(seconds=each) for each in left]
    at = earliest(pace, priority, now=now, local=local, left=gone, to=to, expires_at=now + expires)
    return (at - now).total_seconds()


def test_an_emergency_passes_everything():
    assert ask(CALM, Priority.EMERGENCY, local=DAY.replace(hour=3), left=[1] * 100) == 0


@pytest.mark.parametrize(
    ("priority", "left", "waits"),
    [
        (Priority.FAMILY, [], 0),
        (Priority.FAMILY, [10], 170),
        (Priority.FAMILY, [1000, 600, 200], 200),
        (Priority.FAMILY, [180], 0),
        (Priority.FAMILY, [1199.5, 600, 200], 0.5),
        (Priority.FAMILY, [7100, 6000, 5000, 4000, 3000, 2500, 2000, 1500], 100),
        (Priority.REMINDER, [899], 1),
        (Priority.CONFIRMATION, [50] * 119, 0),
        (Priority.CONFIRMATION, [50] * 120, 10),
    ],
)
def test_it_waits_until_no_window_is_full(priority, left, waits):
    assert ask(CALM, priority, left=left) == pytest.approx(waits)


@pytest.mark.parametrize(
    ("hour", "minute", "waits_h"), [(20, 59, 0), (21, 0, 11), (23, 30, 8.5), (3, 0, 5), (7, 59, 1 / 60), (8, 0, 0)]
)
def test_in_quiet_hours_a_reminder_waits_for_the_morning(hour, minute, waits_h):
    local = DAY.replace(hour=hour, minute=minute)
    assert ask(CALM, Priority.REMINDER, local=local) == pytest.approx(waits_h * 3600)
    assert ask(CALM, Priority.FAMILY, local=local) == 0


def test_quiet_hours_within_a_day():
    siesta = Pace(quiet_from=time(12), quiet_until=time(14), spread_s=0.0)
    assert ask(siesta, Priority.REPORT, local=DAY.replace(hour=13)) == 3600
    assert ask(siesta, Priority.REPORT, local=DAY.replace(hour=23)) == 0


def test_the_same_time_twice_is_no_quiet_at_all():
    never = Pace(quiet_from=time(8), quiet_until=time(8))
    assert {ask(never, Priority.REMINDER, local=DAY.replace(hour=hour)) for hour in range(24)} == {0}


def test_in_the_morning_not_everybody_is_written_to_at_once():
    waits = [ask(Pace(), Priority.REMINDER, local=DAY.replace(hour=7), to=f"+86138{n:08}") for n in range(200)]
    assert min(waits) >= 3600
    assert max(waits) < 3600 + 600
    assert max(waits) - min(waits) > 500


def test_what_would_be_worth_nothing_afterwards_does_not_wait():
    night = DAY.replace(hour=2)
    assert ask(CALM, Priority.REMINDER, local=night, expires=timedelta(hours=3)) == 3 * 3600 - 60
    assert ask(CALM, Priority.REMINDER, local=night, expires=timedelta(seconds=30)) == 0


def test_emergencies_can_be_given_neither_quiet_hours_nor_limits():
    with pytest.raises(AssertionError):
        Pace(quiet=frozenset({Priority.EMERGENCY}))
    with pytest.raises(AssertionError):
        Pace(limits={Priority.EMERGENCY: ((1, 1.0),)})


@given(
    priority=st.sampled_from([Priority.FAMILY, Priority.REMINDER, Priority.REPORT]),
    minute=st.integers(0, 24 * 60 - 1),
    left=st.lists(st.floats(0, 90_000), max_size=12),
    expires=st.floats(0, 200_000),
)
def test_nothing_ever_waits_past_its_end_and_then_finds_its_way_free(priority, minute, left, expires):
    local = DAY.replace(hour=0) + timedelta(minutes=minute)
    left = sorted(left, reverse=True)
    waits = ask(CALM, priority, local=local, left=left, expires=timedelta(seconds=expires))
    assert 0 <= waits <= max(0, expires - 60) + 1e-6
    waited = 0.0
    for _ in range(3):  # A limit may end at night, and the night behind it.
        later = [each + waited for each in left if each + waited < longest_s(CALM, priority)]
        waited += ask(CALM, priority, local=local + timedelta(seconds=waited), left=later)
    later = [each + waited for each in left if each + waited < longest_s(CALM, priority)]
    assert ask(CALM, priority, local=local + timedelta(seconds=waited), left=later) == pytest.approx(0, abs=1e-3)
