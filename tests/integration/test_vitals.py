"""How the engine shows that it lives, and what it knows to be wrong with itself."""

import json
import sqlite3
from dataclasses import replace
from datetime import timedelta

import pytest
from sqlalchemy import text

from dispatch.clock import Instant
from dispatch.errors import Busy
from dispatch.horn.signs import look, read_beat
from dispatch.rules.message import Channel, Draft, Priority
from dispatch.siren import SirenGuard
from dispatch.store.outbox import Outbox
from dispatch.vitals import Vitals
from dispatch.watch.auditor import Auditor
from dispatch.watch.predicates import PREDICATES
from dispatch.watch.roads import ROADS
from tests.builders import build_world
from tests.fakes.provider import NOT_SENT, REFUSED_CONFIG, REFUSED_RECIPIENT
from tests.integration.roads_rig import PHONES, WANG, Roads


@pytest.fixture
def roads(tmp_path):
    roads = Roads(tmp_path)
    yield roads
    roads.close()


class Stuck:
    """Whoever runs units of work, with a writer that does not come to its turn."""

    def __init__(self, real):
        self._real = real
        self.stuck = False

    def run(self, work, **more):
        if self.stuck:
            raise Busy("the database is busy")
        return self._real.run(work, **more)


def vitals_of(roads, *, transactions=None, others=dict, database=None):
    world = roads.world
    return Vitals(
        transactions or world.transactions, world.reading, world.clock, world.path / "engine.beat",
        database=database, untaken_s=20.0, others=others,
    )  # fmt: skip


def beat_of(roads):
    return json.loads((roads.world.path / "engine.beat").read_text(encoding="utf-8"))


def test_a_well_engine_beats_without_a_worry(roads):
    vitals = vitals_of(roads, database=roads.world.path / "anling.db")
    vitals.check()
    clock = roads.world.clock.look()
    assert beat_of(roads)["worries"] == {}
    assert read_beat(roads.world.path / "engine.beat", clock).steady_s == clock.steady_s
    assert read_beat(roads.world.path / "engine.beat", replace(clock, boot="another")).steady_s is None


def test_a_writer_that_is_stuck_is_a_worry_since_it_began(roads):
    transactions = Stuck(roads.world.transactions)
    vitals = vitals_of(roads, transactions=transactions)
    vitals.check()
    transactions.stuck = True
    roads.world.clock.advance(6)
    vitals.check()
    since_s = beat_of(roads)["worries"]["database_not_writable"]
    roads.world.clock.advance(6)
    vitals.check()
    assert beat_of(roads)["worries"]["database_not_writable"] == since_s
    transactions.stuck = False
    vitals.check()
    assert beat_of(roads)["worries"] == {}


def test_a_file_that_was_put_in_the_place_of_the_database_is_noticed(roads):
    path = roads.world.path / "other.db"
    path.touch()
    vitals = vitals_of(roads, database=path)
    vitals.check()
    path.rename(roads.world.path / "moved.db")
    path.touch()
    vitals.check()
    assert vitals.worries == ("database_not_writable",)


def test_an_emergency_that_no_provider_took_is_a_worry_after_twenty_seconds(roads):
    roads.one.says.extend([NOT_SENT] * 100)
    roads.two.says.extend([NOT_SENT] * 100)
    vitals = vitals_of(roads)
    roads.world.press()
    roads.later(19)
    vitals.check()
    assert "message_not_taken" not in vitals.worries
    roads.later(6)
    vitals.check()
    assert "message_not_taken" in vitals.worries
    assert "no_provider_takes" in vitals.worries
    roads.one.says.clear()
    roads.two.says.clear()
    roads.later(60)
    vitals.check()
    assert vitals.worries == ()


def test_an_alarm_of_which_nobody_could_be_told_is_one_too(tmp_path):
    """Nobody on duty, no duty number: not a single message was ever written."""
    world = build_world(tmp_path, on_duty=())
    vitals = Vitals(
        world.transactions, world.reading, world.clock, tmp_path / "engine.beat", database=None, untaken_s=20.0,
        others=dict,
    )  # fmt: skip
    try:
        world.press("H2", "R2")
        world.advance(25)
        vitals.check()
        assert vitals.worries == ("message_not_taken",)
    finally:
        world.close()


def test_in_the_shadow_nobody_is_to_be_told(roads):
    roads.shadowing.switch("*", "shadow", by=WANG)
    vitals = vitals_of(roads)
    roads.world.press()
    roads.later(60)
    vitals.check()
    assert vitals.worries == ()


def test_an_exercise_on_a_dead_road_wakes_nobody(roads):
    roads.two.says.extend([NOT_SENT] * 100)
    vitals = vitals_of(roads)
    roads.drilling.begin(provider="two", by=WANG)
    for _ in range(20):
        roads.later(5)
        vitals.check()
        assert vitals.worries == ()
    assert broken(roads) == set()
    path = roads.world.path / "anling.db"
    assert look(roads.world.path, path, roads.world.clock, untaken_s=20.0, overdue_s=30.0).untaken == ()


def test_one_wrong_number_is_not_taken_for_a_dead_road(roads):
    roads.one.says.extend([REFUSED_RECIPIENT] * 3)
    roads.two.says.extend([REFUSED_RECIPIENT] * 3)
    vitals = vitals_of(roads)
    number = PHONES["C1"]
    for _ in range(3):
        _notice(roads, number)
        roads.later(2)
    vitals.check()
    assert "no_provider_takes" not in vitals.worries


def test_refusals_of_several_numbers_are_a_dead_road(roads):
    roads.one.says.extend([REFUSED_CONFIG] * 30)
    roads.two.says.extend([REFUSED_CONFIG] * 30)
    vitals = vitals_of(roads)
    for number in PHONES.values():
        _notice(roads, number)
    roads.later(2)
    vitals.check()
    assert "no_provider_takes" in vitals.worries


def _notice(roads, number):
    """A text of no alarm."""
    now = roads.world.clock.now()
    draft = Draft(
        key=f"{number}{now}", sentence="reach_thanks", channel=Channel.SMS, priority=Priority.CONFIRMATION, to=number,
        person="carer:x", lang="zh", expires_at=now + timedelta(minutes=10),
    )  # fmt: skip
    roads.world.transactions.run(lambda tx: Outbox.post(tx, [draft]))
    roads.settle()


def test_the_siren_sees_the_same_in_the_database_without_the_engine(roads):
    roads.one.says.extend([NOT_SENT] * 100)
    roads.two.says.extend([NOT_SENT] * 100)
    alarm_id = roads.world.press()
    roads.later(25)
    signs = look(roads.world.path, roads.world.path / "anling.db", roads.world.clock, untaken_s=20.0, overdue_s=30.0)
    assert alarm_id in signs.untaken
    assert (signs.overdue, signs.unreadable) == ((), "")
    roads.world.clock.advance(600)
    signs = look(roads.world.path, roads.world.path / "anling.db", roads.world.clock, untaken_s=20.0, overdue_s=30.0)
    assert signs.overdue == (alarm_id,)


@pytest.mark.parametrize("broken", ["", "no database at all", None])
def test_a_database_that_cannot_be_read_is_seen(roads, broken):
    path = roads.world.path / "broken.db"
    if broken is not None:
        path.write_text(broken, encoding="utf-8")
    assert look(roads.world.path, path, roads.world.clock, untaken_s=20.0, overdue_s=30.0).unreadable


def test_the_siren_writes_nothing_to_the_database(roads):
    path = roads.world.path / "anling.db"
    connection = sqlite3.connect(path)
    before = connection.execute("PRAGMA data_version").fetchone()
    look(roads.world.path, path, roads.world.clock, untaken_s=20.0, overdue_s=30.0)
    assert connection.execute("PRAGMA data_version").fetchone() == before
    connection.close()


# ------------------------------------------------------------------------------------------------ the watch


def broken(roads):
    auditor = Auditor(roads.world.reading, roads.world.clock, predicates=(*PREDICATES, *ROADS))
    own = {each.name for each in ROADS}
    return {(each.promise, each.id) for each in auditor.pass_() if each.promise in own}


def test_the_watch_names_what_nobody_took_by_its_own_words(roads):
    roads.one.says.extend([NOT_SENT] * 100)
    roads.two.says.extend([NOT_SENT] * 100)
    alarm_id = roads.world.press()
    roads.settle()
    roads.later(20)
    assert broken(roads) == set()
    roads.later(1)
    first = min(roads.world.messages(alarm_id), key=lambda each: each.posted_at)
    assert broken(roads) == {("I20.not_taken", first.id), ("I20.nobody_told", alarm_id)}


def test_a_message_that_was_refused_for_good_leaves_its_alarm_told_to_nobody(roads):
    alarm_id = roads.world.press()
    roads.world.wake()
    with roads.world.writing.begin() as connection:
        connection.execute(text("UPDATE messages SET state = 'failed', due_at = NULL"))
    roads.world.clock.advance(21)
    assert broken(roads) == {("I20.nobody_told", alarm_id)}


# ------------------------------------------------------------------------------------------------ who watches the siren


def guard_of(roads, paged):
    world = roads.world
    return SirenGuard(world.path, world.transactions, world.clock, wanted=True, page=lambda: paged.append(None))


def siren_beats(roads, **more):
    at: Instant = roads.world.clock.look()
    said = {"steady_s": at.steady_s, "boot": at.boot, "reasons": [], "faults": {}, "mistakes": [], **more}
    (roads.world.path / "siren.beat").write_text(json.dumps(said), encoding="utf-8")


def test_a_siren_that_is_gone_for_a_minute_pages_once(roads):
    paged = []
    guard = guard_of(roads, paged)
    siren_beats(roads)
    for _ in range(30):
        guard.check()
        roads.world.clock.advance(10)
    assert len(paged) == 1
    siren_beats(roads)
    guard.check()
    assert guard.well is True


def test_a_siren_that_sounds_is_well_and_one_that_cannot_be_heard_is_not(roads):
    guard = guard_of(roads, [])
    siren_beats(roads, reasons=["engine_silent"])
    assert guard.well is True
    siren_beats(roads, faults={"relay": "gone"})
    assert guard.well is False


def test_where_no_siren_is_set_up_none_is_missed(roads):
    world = roads.world
    guard = SirenGuard(world.path, world.transactions, world.clock, wanted=False, page=lambda: pytest.fail("paged"))
    for _ in range(20):
        guard.check()
        world.clock.advance(10)
    assert guard.well is None
