"""The table of days off in a running service: who is told that it ends, and a new year by its file alone."""

from dataclasses import replace
from datetime import UTC, date, datetime, timedelta

import pytest
from structlog.testing import capture_logs

from config.almanac import Almanac
from config.holiday_files import read_holidays
from config.options import OperatorSettings
from config.settings import Settings
from config.wiring_pages import teller_once
from dispatch.store.outbox import messages
from schedules.calendar import Calendar
from tests.builders import build_world

DESK = "+447700900001"
NOTICE = """
year = 2027
source = "a notice"
[[holidays]]
name = "new_year"
first = 2027-01-01
last = 2027-01-03
worked = [2027-01-09]
"""
EVE = datetime(2026, 12, 31, 4, tzinfo=UTC)
"""Noon at Shijiazhuang, the day before the year begins."""


class Rig:
    def __init__(self, folder):
        self.home = folder / "home"
        self.home.mkdir()
        self.world = build_world(folder, start=EVE)
        settings = replace(Settings(home=self.home), operators=OperatorSettings(phones=(DESK,)))
        self.table = read_holidays()
        tell = teller_once(settings.operators.phones, self.world.transactions, self.world.clock, lambda: None)
        self.almanac = Almanac(self.table, settings, self.world.clock, Calendar("Asia/Shanghai"), tell=tell)

    def put(self, text):
        (self.home / "holidays").mkdir(exist_ok=True)
        (self.home / "holidays" / "2027.toml").write_text(text, encoding="utf-8")

    def check(self):
        with capture_logs() as logs:
            self.almanac.check()
        return [each["event"] for each in logs]

    def told(self):
        with self.world.reading.connect() as connection:
            rows = connection.execute(messages.select().where(messages.c.to == DESK)).all()
        return [(row.sentence, row.facts["why"], row.facts["place"]) for row in rows]


@pytest.fixture
def rig(tmp_path):
    rig = Rig(tmp_path)
    yield rig
    rig.world.close()


def test_the_desk_is_told_once_for_each_mark_and_by_day(rig):
    rig.world.clock.advance(10 * 3600)  # Ten in the evening.
    rig.check()
    assert rig.told() == []
    rig.world.clock.advance(10 * 3600)  # Eight in the morning of the year that is missing.
    rig.check()
    rig.check()
    assert rig.told() == [("page", "holidays_missing", "2027")]
    rig.world.clock.advance(timedelta(days=40).total_seconds())
    rig.check()
    assert len(rig.told()) == 1


def test_a_board_shows_a_missing_year_as_a_fault_when_it_is_near(rig):
    [note] = rig.almanac.notes()
    assert (note.count, note.fault) == (2027, True)


def test_the_years_file_holds_without_a_restart_for_whoever_has_the_table(rig):
    is_workday = rig.table.is_workday
    assert is_workday(date(2027, 1, 1))
    rig.put(NOTICE)
    assert rig.check() == ["holidays_read"]
    assert (is_workday(date(2027, 1, 1)), is_workday(date(2027, 1, 9))) == (False, True)
    assert rig.told() == []
    assert rig.almanac.notes() == []
    assert rig.check() == []


def test_a_file_that_is_wrong_takes_nothing_away_and_is_told_once(rig):
    rig.put(NOTICE)
    rig.check()
    rig.put(NOTICE.replace("2027-01-09", "2027-01-11"))  # A Monday.
    assert rig.check() == ["holidays_unread"]
    assert rig.check() == []
    assert not rig.table.is_workday(date(2027, 1, 1))
    assert not rig.table.is_workday(date(2026, 10, 1))
    rig.put(NOTICE)
    assert rig.check() == []


def test_a_file_that_was_taken_away_is_not_on_file(rig):
    rig.put(NOTICE)
    rig.check()
    (rig.home / "holidays" / "2027.toml").unlink()
    rig.check()
    assert rig.table.is_workday(date(2027, 1, 1))
    assert len(rig.told()) == 1
