"""Units of work on the one writer of SQLite and on a real PostgreSQL: who goes first, what is kept, and the clock."""

import itertools
import threading
from collections import Counter
from concurrent.futures import Future, ThreadPoolExecutor
from datetime import timedelta
from typing import ClassVar

import pytest
from sqlalchemy import create_engine, event, func, insert, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError, InternalError, OperationalError

from config.serve import mend
from config.wiring import mend_waiting
from dispatch.errors import Busy, Conflict
from dispatch.messages.providers.provider import Outcome as ProviderOutcome
from dispatch.messages.providers.provider import Sent
from dispatch.messages.settling import confirm
from dispatch.rules import answering
from dispatch.rules.alarm import OfferState, Outcome
from dispatch.rules.people import operator
from dispatch.rules.record import Line
from dispatch.store import writer
from dispatch.store.alarms import Alarms, alarms
from dispatch.store.bell import Listener
from dispatch.store.database import is_passing, metadata, reading_engine, writing_engine
from dispatch.store.idempotency import StorageFailed
from dispatch.store.outbox import LEASE, Attempt, Outbox, messages
from dispatch.store.people import stations
from dispatch.store.precedence import Precedence
from dispatch.store.record import Record, entries
from dispatch.store.transactions import Lane, PooledTransactions, SerialTransactions, moved
from dispatch.store.writer import (
    BATCH_MIN,
    BATCH_S,
    BULK_WAIT_S,
    CALLER_WAIT_S,
    EMERGENCY_BATCH_MAX,
    EMERGENCY_WAIT_S,
    WriterTransactions,
)
from tests.builders import build_world, numbered_ids
from tests.fakes.clock import NOON, HandClock
from tests.fakes.foreign_lock import foreign_lock
from tests.fakes.line import until
from tests.kept import lay_tables

WANG = operator("wang")


def station(code):
    return {"id": code, "code": code, "name": code, "lends": []}


def write(code):
    """A unit that keeps one station and one line."""

    def work(tx):
        tx.connection.execute(insert(stations), station(code))
        tx.log(Line(kind="station_added", by=WANG, facts={"code": code}))
        return code

    return work


class House:
    """A database of its own, with the transactions under test on it."""

    def __init__(self, folder, **more):
        self.url = f"sqlite:///{folder / 'anling.db'}"
        self.clock = HandClock(NOON)
        self.writing, self.reading = writing_engine(self.url, synchronous="OFF"), reading_engine(self.url)
        lay_tables(self.writing, folder / "anling.db")
        self.made = []
        self.transactions = self.start(**more)

    def start(self, kind=WriterTransactions, **more):
        made = kind(self.writing, self.clock, numbered_ids(), **more)
        self.made.append(made)
        return made

    def stations(self):
        with self.reading.connect() as connection:
            return set(connection.execute(select(stations.c.code)).scalars())

    def kinds(self):
        with self.reading.connect() as connection:
            return [row.kind for row in connection.execute(select(entries.c.kind).order_by(entries.c.number))]

    def close(self):
        for each in self.made:
            each.close()
        self.writing.dispose()
        self.reading.dispose()


@pytest.fixture
def house(tmp_path):
    house = House(tmp_path)
    yield house
    house.close()


class Gate:
    """Holds the writer inside a unit, so that others gather behind it."""

    def __init__(self, transactions, pool):
        self._entered, self._open = threading.Event(), threading.Event()
        self.held = pool.submit(transactions.run, self._wait, lane=Lane.BULK)
        assert self._entered.wait(10)

    def _wait(self, tx):
        self._entered.set()
        assert self._open.wait(10)

    def let_go(self):
        self._open.set()
        self.held.result(10)


@pytest.fixture
def pool():
    with ThreadPoolExecutor(64) as pool:
        yield pool


# ------------------------------------------------------------------------------------------------ one unit


def test_what_a_unit_did_is_durable_and_its_result_given_back(house):
    assert house.transactions.run(write("S1")) == "S1"
    assert (house.stations(), house.kinds()) == ({"S1"}, ["station_added"])


def test_a_unit_that_raises_takes_nothing_with_it(house):
    def work(tx):
        write("S1")(tx)
        raise Conflict("no")

    with pytest.raises(Conflict):
        house.transactions.run(work)
    assert (house.stations(), house.kinds()) == (set(), [])


def test_a_unit_that_breaks_a_key_is_rolled_back_alone(house):
    house.transactions.run(write("S1"))
    with pytest.raises(DBAPIError):
        house.transactions.run(write("S1"))
    assert house.kinds() == ["station_added"]


@pytest.mark.parametrize("kind", [WriterTransactions, SerialTransactions])
def test_after_somebody_wrote_beside_us_one_unit_fails_and_the_next_goes_on_behind_it(house, kind):
    ours = house.start(kind)
    ours.run(write("ours"))
    house.start(SerialTransactions).run(write("theirs"))
    with pytest.raises(IntegrityError):
        ours.run(write("lost"))
    ours.run(write("again"))
    assert house.stations() == {"ours", "theirs", "again"}
    assert house.kinds() == ["station_added"] * 3


def test_a_unit_sees_one_time_and_draws_new_ids(house):
    first, second = (house.transactions.run(lambda tx: (tx.now, tx.new_id(), tx.new_id())) for _ in range(2))
    assert first[0] == NOON
    assert len({*first[1:], *second[1:]}) == 4


@pytest.mark.parametrize("kind", [WriterTransactions, SerialTransactions])
def test_a_unit_inside_a_unit_is_a_defect_and_not_a_deadlock(house, kind):
    transactions = house.start(kind) if kind is SerialTransactions else house.transactions
    with pytest.raises(AssertionError, match="run inside a unit of work"):
        transactions.run(lambda tx: transactions.run(lambda inner: None))
    assert transactions.run(lambda tx: "on") == "on"


def test_after_a_crash_before_the_commit_nothing_of_it_is_there(house):
    def crash():
        raise ZeroDivisionError

    transactions = house.start(SerialTransactions, before_commit=crash)
    with pytest.raises(ZeroDivisionError):
        transactions.run(write("S1"))
    assert (house.stations(), house.kinds()) == (set(), [])


# ------------------------------------------------------------------------------------------------ the lanes


def test_an_emergency_passes_a_thousand_that_wait(house):
    with ThreadPoolExecutor(max_workers=1100) as pool:
        gate = Gate(house.transactions, pool)
        order = []
        bulk = [
            pool.submit(house.transactions.run, lambda tx, n=n: order.append(n), lane=Lane.BULK) for n in range(1000)
        ]
        until(lambda: house.transactions.waiting() == 1000)
        emergency = pool.submit(house.transactions.run, lambda tx: order.append("emergency"))
        until(lambda: house.transactions.waiting() == 1001)
        gate.let_go()
        emergency.result(10)
        for each in bulk:
            each.result(30)
    assert order[0] == "emergency"
    assert sorted(order[1:]) == list(range(1000))


def test_who_waited_long_enough_is_let_in_beside_the_next_emergencies(house, pool):
    house.transactions.run(write("S1"))
    gate = Gate(house.transactions, pool)
    order = []
    emergencies = [
        pool.submit(house.transactions.run, lambda tx: order.append("emergency"))
        for _ in range(EMERGENCY_BATCH_MAX + 5)
    ]
    bulk = [pool.submit(house.transactions.run, lambda tx: order.append("bulk"), lane=Lane.BULK) for _ in range(2)]
    until(lambda: house.transactions.waiting() == EMERGENCY_BATCH_MAX + 7)
    house.clock.advance(BULK_WAIT_S + 0.001)
    gate.let_go()
    for each in [*emergencies, *bulk]:
        each.result(10)
    assert order.index("bulk") == EMERGENCY_BATCH_MAX, "behind a full batch, in the same commit"
    assert order[-1] == "bulk", "and one at a time"


@pytest.mark.parametrize("lane", [Lane.PRESS, Lane.EMERGENCY])
def test_a_long_unit_sees_who_waits_for_it_before_it_in_the_queue_and_beside_it(house, pool, lane):
    seen = []

    def look(tx):
        seen.append(house.transactions.urgent())

    house.transactions.run(look, lane=Lane.BULK)
    gate = Gate(house.transactions, pool)
    emergencies = [
        pool.submit(house.transactions.run, lambda tx: None, lane=lane) for _ in range(EMERGENCY_BATCH_MAX + 5)
    ]
    bulk = pool.submit(house.transactions.run, look, lane=Lane.BULK)
    until(lambda: house.transactions.waiting() == EMERGENCY_BATCH_MAX + 6)
    house.clock.advance(BULK_WAIT_S + 0.001)
    gate.let_go()
    for each in [*emergencies, bulk]:
        each.result(10)
    assert seen == [0, EMERGENCY_BATCH_MAX + 5]


def test_a_press_passes_what_else_is_urgent_and_is_told_before_it_begins(house, pool):
    gate, told = Gate(house.transactions, pool), threading.Event()
    others = [pool.submit(house.transactions.run, lambda tx: told.wait(10)) for _ in range(8)]
    until(lambda: house.transactions.waiting() == 8)
    press = pool.submit(house.transactions.run, lambda tx: "kept", lane=Lane.PRESS)
    press.add_done_callback(lambda _: told.set())
    until(lambda: house.transactions.waiting() == 9)
    gate.let_go()
    assert press.result(10) == "kept"
    assert all(each.result(10) for each in others)


def test_who_waited_behind_presses_long_enough_is_let_in_beside_the_next(house, pool):
    gate = Gate(house.transactions, pool)
    order = []
    other = pool.submit(house.transactions.run, lambda tx: order.append("emergency"))
    presses = [
        pool.submit(house.transactions.run, lambda tx: order.append("press"), lane=Lane.PRESS)
        for _ in range(EMERGENCY_BATCH_MAX + 5)
    ]
    until(lambda: house.transactions.waiting() == EMERGENCY_BATCH_MAX + 6)
    house.clock.advance(EMERGENCY_WAIT_S + 0.001)
    gate.let_go()
    for each in [other, *presses]:
        each.result(10)
    assert order.index("emergency") == EMERGENCY_BATCH_MAX, "behind a full batch, in the same commit"


def test_where_units_take_long_few_share_a_commit_so_that_a_press_waits_for_few(house, pool):
    for _ in range(20):
        house.transactions.run(lambda tx: house.clock.advance(BATCH_S))
    gate = Gate(house.transactions, pool)
    others = [pool.submit(house.transactions.run, write(f"S{n}")) for n in range(2 * BATCH_MIN)]
    until(lambda: house.transactions.waiting() == 2 * BATCH_MIN)
    before = house.transactions.beats
    gate.let_go()
    for each in others:
        each.result(10)
    until(lambda: house.transactions.beats == before + 3)
    assert len(house.stations()) == 2 * BATCH_MIN


def test_while_a_press_is_between_its_units_each_of_the_others_has_a_commit_of_its_own(tmp_path, pool):
    presses = Precedence(HandClock(NOON))
    house = House(tmp_path, precedence=presses)
    for _ in range(20):
        house.transactions.run(lambda tx: house.clock.advance(BATCH_S))
    gate = Gate(house.transactions, pool)
    others = [pool.submit(house.transactions.run, write(f"S{n}")) for n in range(2 * BATCH_MIN)]
    until(lambda: house.transactions.waiting() == 2 * BATCH_MIN)
    before = house.transactions.beats
    presses.begin("press")
    gate.let_go()
    for each in others:
        each.result(10)
    until(lambda: house.transactions.beats == before + 1 + 2 * BATCH_MIN)
    house.close()


@pytest.mark.parametrize("on_the_way", [False, True])
def test_on_a_slow_disk_many_share_a_commit_however_long_they_take(house, pool, on_the_way, monkeypatch):
    monkeypatch.setattr(house.transactions._precedence, "busy", lambda: on_the_way)
    event.listen(house.writing, "commit", lambda _: house.clock.advance(1.0))
    for _ in range(20):
        house.transactions.run(lambda tx: house.clock.advance(BATCH_S))
    gate = Gate(house.transactions, pool)
    others = [pool.submit(house.transactions.run, write(f"S{n}")) for n in range(EMERGENCY_BATCH_MAX)]
    until(lambda: house.transactions.waiting() == EMERGENCY_BATCH_MAX)
    before = house.transactions.beats
    gate.let_go()
    for each in others:
        each.result(10)
    until(lambda: house.transactions.beats == before + 2)


def test_while_emergencies_come_in_ones_and_twos_the_others_wait(house, pool):
    gate = Gate(house.transactions, pool)
    order = []
    bulk = pool.submit(house.transactions.run, lambda tx: order.append("bulk"), lane=Lane.BULK)
    until(lambda: house.transactions.waiting() == 1)
    emergencies = [pool.submit(house.transactions.run, lambda tx: order.append("emergency")) for _ in range(2)]
    until(lambda: house.transactions.waiting() == 3)
    gate.let_go()
    for each in [*emergencies, bulk]:
        each.result(10)
    assert order == ["emergency", "emergency", "bulk"]


@pytest.mark.parametrize(("lane", "most"), [(Lane.EMERGENCY, EMERGENCY_BATCH_MAX), (Lane.BULK, 1)])
def test_those_who_wait_share_one_commit(house, lane, most):
    with ThreadPoolExecutor(max_workers=50) as pool:
        gate = Gate(house.transactions, pool)
        waiting = [pool.submit(house.transactions.run, write(f"S{n}"), lane=lane) for n in range(most)]
        until(lambda: house.transactions.waiting() == most)
        before = house.transactions.beats
        gate.let_go()
        for each in waiting:
            each.result(10)
    until(lambda: house.transactions.beats == before + 2)
    assert len(house.stations()) == most


def test_in_a_shared_commit_who_raises_harms_no_neighbour(house, pool):
    gate = Gate(house.transactions, pool)

    def bad(tx):
        write("bad")(tx)
        raise ZeroDivisionError

    works = [write("S1"), bad, write("S2"), write("S1"), write("S3")]
    results = []
    for number, work in enumerate(works):
        results.append(pool.submit(house.transactions.run, work))
        until(lambda number=number: house.transactions.waiting() == number + 1)
    gate.let_go()
    failures = [type(each.exception(10)).__name__ for each in results]
    assert failures == ["NoneType", "ZeroDivisionError", "NoneType", "IntegrityError", "NoneType"]
    assert house.stations() == {"S1", "S2", "S3"}
    with house.reading.connect() as connection:
        assert list(Record(connection).faults()) == []
        assert [each.number for each in Record(connection).after(0, 10)] == [1, 2, 3]


@pytest.mark.error_lines("commit_failed")
@pytest.mark.parametrize("told", [True, False])
def test_where_the_database_takes_the_transaction_back_nobody_is_told_that_it_was_kept(house, pool, told):
    """As SQLite does on a full disk; the unit that met it may have noticed, or have gone on."""
    gate = Gate(house.transactions, pool)

    def full(tx):
        tx.connection.connection.cursor().execute("ROLLBACK")
        if told:
            raise OSError("disk full")

    results = []
    for number, work in enumerate([write("S1"), full, write("S2")]):
        results.append(pool.submit(house.transactions.run, work))
        until(lambda number=number: house.transactions.waiting() == number + 1)
    gate.let_go()
    assert all(each.exception(10) is not None for each in results)
    assert house.stations() == set()
    assert house.transactions.run(write("S3")) == "S3"
    assert house.stations() == {"S3"}


@pytest.mark.error_lines("commit_failed")
def test_when_a_commit_fails_all_its_callers_hear_it_and_the_writer_lives(house):
    orphan = {"id": "h", "code": "H", "address": "x", "station_id": "nowhere", "entry": ""}

    def deferred(tx):
        tx.connection.exec_driver_sql("PRAGMA defer_foreign_keys=ON")
        tx.connection.execute(insert(metadata.tables["homes"]), orphan)

    with pytest.raises(DBAPIError):
        house.transactions.run(deferred)
    assert house.transactions.run(write("S1")) == "S1"


@pytest.mark.error_lines("commit_failed")
def test_a_file_that_somebody_else_holds_is_told_as_every_failure_of_the_database(tmp_path):
    """Whoever waits for that, as the web and the lines do, would not know the driver's own word for it."""
    world = build_world(tmp_path)
    with foreign_lock(tmp_path / "anling.db", world.transactions), pytest.raises(StorageFailed, match="locked"):
        world.transactions.run(lambda tx: None)
    world.transactions.run(lambda tx: None)
    world.close()


@pytest.mark.parametrize(
    ("statement", "passes"),
    [
        ("CREATE TABLE later (at)", True),
        ("SELECT * FROM never_made", False),
        ("SELECT nonsense(", False),
    ],
)
def test_what_the_machine_refuses_passes_and_what_is_wrong_does_not(house, statement, passes):
    """A page that asks for a table that is not there is broken for ever, and whoever reads the log is to know it."""
    with house.reading.connect() as connection, pytest.raises(StorageFailed) as refused:
        connection.exec_driver_sql(statement)
    assert is_passing(refused.value) is passes


@pytest.mark.parametrize(
    ("kind", "state", "passes"),
    [
        (InternalError, "25006", True),
        (InternalError, "XX001", False),
        (OperationalError, "53300", True),
        (OperationalError, None, True),
        (IntegrityError, "23505", False),
    ],
)
def test_what_a_server_refuses_for_now_passes_too(kind, state, passes):
    refused = kind("INSERT", None, type("Told", (Exception,), {"sqlstate": state})())
    assert is_passing(refused) is passes
    assert is_passing(OperationalError("INSERT", None, OSError("by the driver alone"))) is False


class Patience(Future):
    """A future whose callers wait no moment, and which keeps how long they would have waited."""

    asked: ClassVar[list[float | None]] = []

    def result(self, timeout=None):
        self.asked.append(timeout)
        return super().result(0)


@pytest.mark.parametrize(
    ("lane", "wait_s"), [(Lane.PRESS, CALLER_WAIT_S), (Lane.EMERGENCY, CALLER_WAIT_S), (Lane.BULK, 12 * CALLER_WAIT_S)]
)
def test_who_waits_too_long_is_told_that_it_is_busy(house, pool, monkeypatch, lane, wait_s):
    gate = Gate(house.transactions, pool)
    monkeypatch.setattr(Patience, "asked", [])
    monkeypatch.setattr(writer, "Future", Patience)
    with pytest.raises(Busy, match="the database is busy"):
        house.transactions.run(write("S1"), lane=lane)
    assert Patience.asked == [wait_s], "a press is given up as early as any other emergency: then the siren sounds"
    gate.let_go()


def test_who_gave_up_in_the_moment_of_its_end_is_told_the_end(house, pool, monkeypatch):
    class Late(Future):
        def result(self, timeout=None):
            if timeout is None:
                return super().result()
            super().result()
            raise TimeoutError

    monkeypatch.setattr(writer, "Future", Late)
    assert house.transactions.run(write("S1")) == "S1"


def test_in_a_quiet_house_a_unit_runs_in_its_callers_own_thread(house):
    assert house.transactions.run(lambda tx: threading.get_ident()) == threading.get_ident()


def test_whoever_leads_works_for_the_others_no_longer_than_one_commit(house, pool):
    gate = Gate(house.transactions, pool)
    waiting = pool.submit(house.transactions.run, lambda tx: threading.current_thread().name)
    until(lambda: house.transactions.waiting() == 1)
    gate.let_go()
    assert waiting.result(10) == "writer"


def test_a_unit_inside_a_unit_is_refused_whoever_leads(house):
    with pytest.raises(AssertionError, match="inside a unit"):
        house.transactions.run(lambda tx: house.transactions.run(write("S1")))
    assert house.transactions.run(write("S2")) == "S2"


@pytest.mark.error_lines("commit_failed")
def test_after_a_commit_that_failed_a_fresh_connection_is_taken(house, monkeypatch):
    def cut(tx):
        write("S1")(tx)
        tx.connection.connection.dbapi_connection.close()

    with pytest.raises(Exception, match="closed database"):
        house.transactions.run(cut)
    assert house.transactions.run(write("S2")) == "S2"
    assert house.stations() == {"S2"}


def test_a_timeout_of_the_work_itself_comes_through(house):
    def work(tx):
        raise TimeoutError("of its own")

    with pytest.raises(TimeoutError, match="of its own"):
        house.transactions.run(work)


def test_at_the_stop_what_waits_is_finished_and_nothing_new_is_taken(tmp_path, pool):
    house = House(tmp_path)
    gate = Gate(house.transactions, pool)
    waiting = pool.submit(house.transactions.run, write("S1"))
    until(lambda: house.transactions.waiting() == 1)
    stopping = pool.submit(house.transactions.close)
    until(lambda: house.transactions._stopping)
    with pytest.raises(Busy, match="stopping"):
        house.transactions.run(write("S2"))
    gate.let_go()
    assert waiting.result(10) == "S1"
    stopping.result(10)
    assert house.stations() == {"S1"}
    house.close()


# ------------------------------------------------------------------------------------------------ the clock


def jumps(house, kind=WriterTransactions):
    seen = []
    return house.start(kind, on_jump=lambda tx, seconds: seen.append(seconds)), seen


def test_a_clock_set_back_is_noticed_before_anything_is_written(house):
    transactions, seen = jumps(house)
    transactions.run(write("S1"))
    house.clock.advance(10)
    house.clock.step_wall(-3600)
    transactions.run(write("S2"))
    assert seen == [-3600]
    assert house.kinds() == ["station_added", "clock_jumped", "station_added"]
    transactions.run(write("S3"))
    assert seen == [-3600], "once"


@pytest.mark.parametrize("step_s", [2.0, -2.0, 0.5])
def test_small_steps_are_no_news(house, step_s):
    transactions, seen = jumps(house)
    transactions.run(write("S1"))
    house.clock.step_wall(step_s)
    transactions.run(write("S2"))
    assert (seen, house.kinds()) == ([], ["station_added"] * 2)


def test_a_clock_set_forward_is_on_file_too(house):
    transactions, seen = jumps(house)
    transactions.run(write("S1"))
    house.clock.step_wall(2.5)
    transactions.run(write("S2"))
    assert seen == [2.5]


@pytest.mark.parametrize("kind", [WriterTransactions, SerialTransactions])
def test_the_mending_stays_when_the_unit_behind_it_is_refused(house, kind):
    transactions, seen = jumps(house, kind)
    transactions.run(write("S1"))
    house.clock.step_wall(-600)

    def refused(tx):
        raise Conflict("no")

    with pytest.raises(Conflict):
        transactions.run(refused)
    assert (seen, house.kinds()) == ([-600], ["station_added", "clock_jumped"])


@pytest.mark.parametrize(("kind", "looks"), [(WriterTransactions, 2), (SerialTransactions, 1)])
def test_a_clock_set_just_before_a_unit_is_not_used_before_it_is_told(house, kind, looks):
    """Between the look that judges the clock, the last of `looks`, and the unit's own time nothing may lie."""
    transactions, seen = jumps(house, kind)
    transactions.run(write("S1"))
    judged, look, count = house.clock.now(), house.clock.look, itertools.count(1)

    def look_and_set():
        instant = look()
        if next(count) == looks:
            house.clock.step_wall(-600)
        return instant

    house.clock.look = look_and_set
    assert transactions.run(lambda tx: tx.now) == judged
    transactions.run(write("S2"))
    assert (seen, house.kinds()) == ([-600], ["station_added", "clock_jumped", "station_added"])


def test_when_the_mending_itself_fails_it_is_tried_again(house):
    failing = [ZeroDivisionError()]
    seen = []

    def on_jump(tx, seconds):
        if failing:
            raise failing.pop()
        seen.append(seconds)

    transactions = house.start(SerialTransactions, on_jump=on_jump)
    transactions.run(write("S1"))
    house.clock.step_wall(-600)
    with pytest.raises(ZeroDivisionError):
        transactions.run(write("S2"))
    transactions.run(write("S2"))
    assert seen == [-600]


def test_a_step_while_the_service_was_down_is_noticed_at_its_start(house):
    house.transactions.run(write("S1"))
    house.clock.advance(60)
    house.clock.step_wall(-900)
    transactions, seen = jumps(house)
    transactions.run(write("S2"))
    assert [round(each) for each in seen] == [-900]


def test_over_a_restart_of_the_machine_a_clock_behind_the_record_was_set_back(house):
    house.transactions.run(write("S1"))
    house.clock.reboot("boot2")
    house.clock.step_wall(-300)
    transactions, seen = jumps(house)
    transactions.run(write("S2"))
    assert seen == [-300]


def test_over_a_restart_of_the_machine_time_may_have_passed(house):
    house.transactions.run(write("S1"))
    house.clock.reboot("boot2")
    house.clock.step_wall(7200)
    transactions, seen = jumps(house)
    transactions.run(write("S2"))
    assert seen == []


def test_with_nothing_on_file_nothing_is_known_of_the_clock_before(house):
    house.clock.step_wall(-3600)
    transactions, seen = jumps(house)
    transactions.run(write("S1"))
    assert seen == []


@pytest.mark.parametrize(
    ("passed_s", "stepped_s", "boot", "expected"),
    [(10, 0, "boot1", 0), (10, 5, "boot1", 5), (10, -5, "boot1", -5), (0, 50, "boot2", 0), (0, -50, "boot2", -50)],
)
def test_what_is_certain_of_a_moved_clock(passed_s, stepped_s, boot, expected):
    clock = HandClock(NOON)
    before = clock.look()
    clock.advance(passed_s)
    clock.step_wall(stepped_s)
    if boot != "boot1":
        clock.reboot(boot)
    assert moved(before, clock.look()) == expected


def test_set_back_by_an_hour_nothing_that_waits_is_delayed(tmp_path):
    world = build_world(tmp_path)
    transactions = SerialTransactions(world.writing, world.clock, world.ids, on_jump=mend)
    alarm_id = world.press()
    world.wake()
    other = world.press("H2", "R2")
    world.wake()
    world.desk.accept(other, world.carer("C2"), by=WANG)
    due = world.alarm(alarm_id).due_at
    arrival = next(each for each in world.offers(other) if each.state is OfferState.ACCEPTED).arrival_due_at
    first, *_ = world.messages(alarm_id)
    transactions.run(lambda tx: None)
    world.clock.step_wall(-3600)
    transactions.run(lambda tx: None)
    hour = timedelta(hours=1)
    assert world.alarm(alarm_id).due_at == due - hour
    assert next(each for each in world.offers(other) if each.role).arrival_due_at == arrival - hour
    again = next(each for each in world.messages(alarm_id) if each.id == first.id)
    assert (again.due_at, again.expires_at) == (first.due_at - hour, first.expires_at - hour)
    transactions.close()
    world.close()


def test_set_forward_what_waits_falls_due_early_but_no_letter_is_given_up_or_sent_again_for_that(tmp_path):
    world = build_world(tmp_path)
    transactions = SerialTransactions(world.writing, world.clock, world.ids, on_jump=mend)
    alarm_id = world.press()
    world.wake()
    due = world.alarm(alarm_id).due_at
    letter, *_ = world.messages(alarm_id)
    look_at, hour = world.clock.now() + timedelta(seconds=3), timedelta(hours=1)
    claimed = transactions.run(lambda tx: Outbox(tx.connection).claim(letter, until=tx.now + LEASE, look_at=look_at))
    world.clock.step_wall(3600)
    transactions.run(lambda tx: None)
    assert world.alarm(alarm_id).due_at == due < world.clock.now()
    again = next(each for each in world.messages(alarm_id) if each.id == letter.id)
    assert (again.state, again.expires_at) == ("claimed", letter.expires_at + hour)
    assert (again.due_at, again.lease_until) == (look_at + hour, claimed.lease_until + hour)
    transactions.close()
    world.close()


def test_set_forward_a_claim_by_the_clock_of_another_machine_is_held_no_longer(tmp_path):
    world = build_world(tmp_path)
    transactions = SerialTransactions(world.writing, world.clock, world.ids, on_jump=mend)
    alarm_id = world.press()
    world.wake()
    letter, *_ = world.messages(alarm_id)
    ahead = world.clock.now() + timedelta(hours=1) + LEASE
    transactions.run(lambda tx: Outbox(tx.connection).claim(letter, until=ahead))
    world.clock.step_wall(3600)
    transactions.run(lambda tx: None)
    assert next(each for each in world.messages(alarm_id) if each.id == letter.id).lease_until == ahead
    transactions.close()
    world.close()


# ------------------------------------------------------------------------------------------------ what cannot be done


@pytest.mark.parametrize("statement", ["UPDATE entries SET kind = 'x'", "DELETE FROM entries"])
def test_the_database_itself_refuses_to_change_the_record(house, statement):
    house.transactions.run(write("S1"))
    with pytest.raises(DBAPIError, match="the record is append-only"):
        house.transactions.run(lambda tx: tx.connection.execute(text(statement)))
    assert house.kinds() == ["station_added"]


def test_an_alarm_is_not_changed_unless_its_home_is_held(tmp_path):
    world = build_world(tmp_path)
    alarm_id = world.press()
    alarm = world.alarm(alarm_id)
    with pytest.raises(AssertionError, match=f"home:{alarm.home_id} is not held"):
        world.transactions.run(lambda tx: Alarms.of(tx).save(alarm, alarm))
    with pytest.raises(AssertionError, match="is not held"):
        world.transactions.run(lambda tx: Alarms.of(tx).add(alarm))
    with pytest.raises(AssertionError, match="writing needs a unit of work"):
        world.transactions.run(lambda tx: Alarms(tx.connection).save(alarm, alarm))
    world.close()


def test_an_alarm_changed_underneath_is_a_defect(tmp_path):
    world = build_world(tmp_path)
    alarm = world.alarm(world.press())
    world.wake()

    def work(tx):
        tx.hold(f"home:{alarm.home_id}")
        Alarms.of(tx).save(alarm, alarm)

    with pytest.raises(AssertionError, match="changed underneath"):
        world.transactions.run(work)
    world.close()


# ------------------------------------------------------------------------------------------------ PostgreSQL


@pytest.fixture
def city(postgres, tmp_path):
    """The small district of the builders, copied to PostgreSQL; its desk runs on the pool."""
    world = build_world(tmp_path)
    engine = create_engine(postgres.database(), pool_size=20)
    metadata.create_all(engine)
    with world.reading.connect() as source, engine.begin() as target:
        for table in metadata.sorted_tables:
            rows = [dict(row._mapping) for row in source.execute(select(table))]
            if rows:
                target.execute(insert(table), rows)
    transactions = PooledTransactions(engine, world.clock, world.ids, on_jump=mend_waiting)
    world.desk._transactions, world.desk._reading = transactions, engine
    world.situations._reading, world.muster._reading = engine, engine
    world.transactions.close()
    world.transactions, old, world.reading = transactions, world.reading, engine
    yield world
    world.close()
    old.dispose()


def at_once(*works):
    """All of these in threads of their own, begun together; their results or what they raised."""
    start = threading.Barrier(len(works))

    def go(work):
        start.wait(10)
        return work()

    with ThreadPoolExecutor(len(works)) as pool:
        done = [pool.submit(go, work) for work in works]
        return [each.exception(30) or each.result() for each in done]


def test_four_presses_at_once_make_one_alarm(city):
    found = at_once(*(lambda n=n: city.press(dedup_key=f"k{n}") for n in range(4)))
    assert len(set(found)) == 1, found
    alarm = city.alarm(found[0])
    assert (alarm.press_count, alarm.version) == (4, 4)
    with city.reading.connect() as connection:
        assert connection.execute(select(func.count()).select_from(alarms)).scalar_one() == 1
        assert list(Record(connection).faults()) == []
    assert Counter(city.kinds(found[0])) == {"raised": 1, "pressed_again": 3}


def test_presses_of_different_homes_at_once_have_different_numbers(city):
    found = at_once(
        lambda: city.press("H1"), lambda: city.press("H2", "R2"), lambda: city.press("H2", "R3"),
    )  # fmt: skip
    assert {city.alarm(each).number for each in found} == {"1121-001", "1121-002", "1121-003"}


def somebody_waits(city):
    with city.reading.connect() as beside:
        return beside.execute(text("SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock'")).first()


def test_of_two_that_find_one_call_at_once_one_has_it(city):
    """Calls to one number look alike, and two that look may find the same one before either has committed."""
    alarm_id, found = city.press(), Sent(outcome=ProviderOutcome.TAKEN, provider_id="CA1")
    city.desk.wake(alarm_id)
    begun = threading.Event()

    def doubt(tx, seq):
        message_id = tx.connection.execute(select(messages.c.id).limit(1)).scalar_one()
        made = Attempt(
            id=tx.new_id(), message_id=message_id, seq=seq, provider="twilio", started_at=tx.now, ended_at=None,
            outcome="unknown", provider_id=None, status=None, code=None, detail=None, text="",
        )  # fmt: skip
        Outbox(tx.connection).start(made)
        return made

    first, second = city.transactions.run(lambda tx: (doubt(tx, 1), doubt(tx, 2)))

    def kept_open(tx):
        taken = confirm(tx, first, found)
        begun.set()
        until(lambda: somebody_waits(city))
        return taken

    with ThreadPoolExecutor(2) as pool:
        one = pool.submit(lambda: city.transactions.run(kept_open))
        assert begun.wait(10)
        other = pool.submit(lambda: city.transactions.run(lambda tx: confirm(tx, second, found)))
        assert (one.result(20), other.result(20)) == (True, False)


def test_of_two_who_accept_at_once_one_leads(city):
    alarm_id = city.press()
    city.desk.wake(alarm_id)
    people = [city.carer(code) for code in ("C1", "C2", "C3")]
    results = at_once(*(lambda who=who: city.desk.accept(alarm_id, who, by=WANG) for who in people))
    assert sorted(type(each).__name__ for each in results) == ["AlreadyTaken", "AlreadyTaken", "Decision"]
    assert sum(each.role is not None for each in city.offers(alarm_id)) == 1


def test_whoever_says_yes_to_two_alarms_at_once_leads_the_second_knowingly(city):
    found, person, accepted = [city.press("H1"), city.press("H2", "R2")], city.carer("C1"), threading.Event()
    for each in found:
        city.desk.offer(each, person, by=WANG)

    def kept_open(tx):
        # Whoever is asked is none of those who are proposed, so nobody is looked for here.
        accepts = lambda situation: answering.accept(situation, person, by=person)  # noqa: E731
        city.desk.in_unit(tx, found[0], accepts, person, asks=False)
        accepted.set()
        until(lambda: somebody_waits(city))

    with ThreadPoolExecutor(2) as pool:
        first = pool.submit(lambda: city.transactions.run(kept_open))
        assert accepted.wait(10)
        second = pool.submit(lambda: city.desk.accept(found[1], person, by=person))
        first.result(20)
        second.result(20)
    with city.reading.connect() as connection:
        said = [each.body for each in Record(connection).after(0, 99) if each.kind == "accepted"]
    assert ['"both":1' in each for each in said] == [False, True]


def test_two_units_that_block_each_other_are_both_done_in_the_end(city):
    both = threading.Barrier(2)
    tries = Counter()

    def crossing(first, second):
        def work(tx):
            tries[first] += 1
            tx.hold(first)
            if tries[first] == 1:
                both.wait(10)
            tx.hold(second)
            return first

        return lambda: city.transactions.run(work)

    assert sorted(at_once(crossing("x", "y"), crossing("y", "x"))) == ["x", "y"]
    assert sum(tries.values()) == 3, "who lost the race was run again"


def test_who_loses_every_race_gives_up_and_any_other_error_is_not_tried_again(city):
    tries = Counter()

    def losing(tx):
        tries["lost"] += 1
        tx.connection.execute(text("DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '40P01'; END $$"))

    def failing(tx):
        tries["failed"] += 1
        tx.connection.execute(text("DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '57014'; END $$"))

    for work in (losing, failing):
        with pytest.raises(OperationalError):
            city.transactions.run(work)
    assert tries == {"lost": 5, "failed": 1}


@pytest.mark.parametrize("statement", ["UPDATE entries SET kind = 'x'", "DELETE FROM entries", "TRUNCATE entries"])
def test_postgresql_too_refuses_to_change_the_record(city, statement):
    city.press()
    with pytest.raises(DBAPIError, match="the record is append-only"):
        city.transactions.run(lambda tx: tx.connection.execute(text(statement)))


def test_on_postgresql_a_clock_set_back_is_mended_and_a_unit_in_which_it_is_set_is_done_again(city):
    alarm_id = city.press()
    city.wake()
    due = city.alarm(alarm_id).due_at
    city.clock.step_wall(-3600)

    def refused(tx):
        raise Conflict("no")

    with pytest.raises(Conflict):
        city.transactions.run(refused)
    assert city.alarm(alarm_id).due_at == due - timedelta(hours=1)
    assert city.transactions.waiting() == 0
    tries = []

    def amid(tx):
        tries.append(tx.now)
        if len(tries) == 1:
            city.clock.step_wall(-600)
        write("S9")(tx)

    city.transactions.run(amid)
    assert len(tries) == 2
    with city.reading.connect() as connection:
        assert [each.kind for each in Record(connection).after(0, 99)][-2:] == ["clock_jumped", "station_added"]


def test_of_two_processes_on_one_machine_one_mends_a_clock_that_was_set_and_the_other_finds_it_mended(city):
    other = PooledTransactions(city.transactions._engine, city.clock, city.ids, on_jump=mend_waiting)
    alarm_id = city.press()
    city.wake()
    other.run(lambda tx: None)
    due, back_s = city.alarm(alarm_id).due_at, 0
    for first, second in ((city.transactions, other), (other, city.transactions)):
        for steps in ([-600], [600], [-60], [-600, -300, 60]):
            for seconds in steps:
                city.clock.step_wall(seconds)
                back_s += min(0, seconds)
                first.run(lambda tx: None)
            second.run(lambda tx: None)
            assert city.alarm(alarm_id).due_at == due + timedelta(seconds=back_s)
    with city.reading.connect() as connection:
        told = [each.body for each in Record(connection).after(0, 99) if each.kind == "clock_jumped"]
    assert told == [f'{{"milliseconds":{each}000}}' for each in (-600, 600, -60, -600, -300, 60)] * 2


@pytest.fixture
def rung(city):
    """How often a second process on the same database was rung; it has begun to listen."""
    heard = []
    second = create_engine(city.reading.url)
    listener = Listener(second, lambda: heard.append(1))
    listener.start()
    until(lambda: heard)
    yield heard
    listener.stop()
    second.dispose()


def test_what_one_process_commits_another_hears_of_at_once(city, rung):
    before = len(rung)
    city.press()
    until(lambda: len(rung) > before)


def test_nobody_is_rung_for_what_was_not_kept_or_can_wait(city, rung):
    before = len(rung)
    with pytest.raises(ZeroDivisionError):
        city.transactions.run(lambda tx: 1 / 0)
    city.transactions.run(lambda tx: None, lane=Lane.BULK)
    city.press()
    until(lambda: len(rung) > before)
    assert len(rung) == before + 1


def test_a_listener_whose_connection_is_lost_listens_again(city, rung):
    before = len(rung)
    with city.reading.connect() as connection:
        lost = "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE query LIKE 'LISTEN%%'"
        assert connection.exec_driver_sql(lost).all() == [(True,)]
    until(lambda: len(rung) > before)
    before = len(rung)
    city.press()
    until(lambda: len(rung) > before)


def test_a_whole_alarm_goes_its_way_on_postgresql(city):
    alarm_id = city.press()
    city.wake()
    city.advance(LEASE.total_seconds())
    city.desk.accept(alarm_id, city.carer("C1"), by=WANG)
    city.desk.close(alarm_id, outcome=Outcome.HELPED, by=WANG, note="好")
    assert not city.alarm(alarm_id).open
    with city.reading.connect() as connection:
        assert list(Record(connection).faults()) == []
