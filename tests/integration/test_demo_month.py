"""The demo's past: a month that the real desk has lived, whole and in order."""

from datetime import timedelta
from pathlib import Path

import pytest

from config.demo_district import demo_text
from config.demo_month import ALARMS, BY_MISTAKE, DAYS
from config.demo_run import _begin, _settings
from config.wiring import build
from devices.store.devices import Devices
from dispatch.clock import SystemClock
from dispatch.ids import new_id
from dispatch.rules.alarm import Outcome, State
from dispatch.store.alarms import Alarms
from dispatch.store.record import Record


@pytest.fixture(scope="module")
def lived(tmp_path_factory):
    home = tmp_path_factory.mktemp("month")
    settings, now = _settings(home, Path("/dev/null"), 1, "rflink"), SystemClock().now()
    _begin(settings, demo_text(now), "kite-7431-river", "rflink")
    house = build(settings, SystemClock(), new_id)
    with house.reading.connect() as connection:
        yield now, connection
    house.stop()


def test_every_alarm_of_the_month_is_over(lived):
    now, connection = lived
    month = Alarms(connection).recent(ALARMS + 1)
    assert len(month) == ALARMS
    assert {each.state for each in month} == {State.CLOSED}
    assert min(each.raised_at for each in month) > now - timedelta(days=DAYS)
    assert max(each.closed_at for each in month) < now
    assert sum(each.attended_at is not None for each in month) >= ALARMS - 3


def test_there_is_something_to_find(lived):
    _, connection = lived
    month, (leaned_on,) = (
        Alarms(connection).recent(ALARMS),
        [each for each in Devices(connection).active() if each.code == BY_MISTAKE],
    )
    mistakes = [each for each in month if each.home_id == leaned_on.home_id and each.outcome is Outcome.FALSE_ALARM]
    took_s = [(each.attended_at - each.raised_at).total_seconds() for each in month if each.attended_at]
    assert len(mistakes) >= 3
    assert max(took_s) > 30 * 60, "the slow night"
    assert sorted(took_s)[len(took_s) // 2] < 15 * 60


def test_the_record_is_whole_and_in_the_order_of_time(lived):
    _, connection = lived
    told = [each.at for each in Record(connection).after(0, 10_000)]
    assert len(told) > 500
    assert told == sorted(told)
