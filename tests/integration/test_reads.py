"""Who looked at whose file is kept: once in a while, before it is shown, and never in the way of an alarm."""

import pytest

from dispatch import ids
from dispatch.errors import Busy
from dispatch.privacy.reads import AGAIN_S, Reads
from dispatch.store.database import metadata, reading_engine, writing_engine
from dispatch.store.record import Record
from dispatch.store.transactions import SerialTransactions
from tests.fakes.clock import HandClock

WANG, LI = "operator:wang", "operator:li"


class Tired:
    """A database that has no time as often as it is told."""

    def __init__(self, transactions) -> None:
        self.transactions = transactions
        self.busy = False

    def run(self, work, **lane):
        if self.busy:
            raise Busy("the database is busy; try again")
        return self.transactions.run(work, **lane)


class Desk:
    def __init__(self, folder) -> None:
        url = f"sqlite:///{folder}/anling.db"
        engine = writing_engine(url)
        metadata.create_all(engine)
        self.clock = HandClock()
        self.tired = Tired(SerialTransactions(engine, self.clock, ids.new_id))
        self.reading = reading_engine(url)
        self.reads = Reads(self.tired, self.clock)

    def kept(self):
        with self.reading.connect() as connection:
            entries = Record(connection).after(0, 100)
        return [(each.by, each.body) for each in entries if each.kind == "resident_read"]


@pytest.fixture
def desk(tmp_path):
    return Desk(tmp_path)


def test_an_opened_file_is_kept_with_who_and_where(desk):
    desk.reads.opened(WANG, ["r1"], page="/residents/<id>")
    assert desk.kept() == [(WANG, '{"page":"/residents/<id>","resident":"r1"}')]


def test_refreshing_adds_nothing_until_ten_minutes_have_passed(desk):
    for _ in range(50):
        desk.reads.opened(WANG, ["r1"], page="/alarms/<alarm_id>")
    assert len(desk.kept()) == 1
    desk.clock.advance(AGAIN_S)
    desk.reads.opened(WANG, ["r1"], page="/alarms/<alarm_id>")
    assert len(desk.kept()) == 2


def test_another_person_and_another_file_are_kept_at_once(desk):
    desk.reads.opened(WANG, ["r1", "r2", "r1"], page="/residents")
    desk.reads.opened(LI, ["r1"], page="/residents")
    assert [by for by, _ in desk.kept()] == [WANG, WANG, LI]


def test_a_clock_set_back_hides_no_reading(desk):
    desk.reads.opened(WANG, ["r1"], page="/residents")
    desk.clock.step_wall(-3600)
    desk.clock.advance(AGAIN_S)
    desk.reads.opened(WANG, ["r1"], page="/residents")
    assert len(desk.kept()) == 2


def test_a_file_stays_shut_while_its_opening_cannot_be_kept(desk):
    desk.tired.busy = True
    with pytest.raises(Busy):
        desk.reads.opened(WANG, ["r1"], page="/residents")
    desk.tired.busy = False
    desk.reads.opened(WANG, ["r1"], page="/residents")
    assert len(desk.kept()) == 1


def test_in_an_open_alarm_a_busy_database_stops_nobody_and_loses_nothing(desk):
    desk.tired.busy = True
    desk.reads.opened(WANG, ["r1"], page="/board", urgent=True)
    desk.reads.opened(WANG, ["r2"], page="/board", urgent=True)
    assert desk.kept() == []
    desk.tired.busy = False
    desk.reads.close()
    desk.reads.flush()
    assert [body for _, body in desk.kept()] == [
        '{"page":"/board","resident":"r1"}',
        '{"page":"/board","resident":"r2"}',
    ]
