"""The spool of a forwarding gateway: kept in order, numbered once, no call given up, whatever happens to the file."""

import contextlib
import os
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from devices.spool import KEPT_FOR, Entry, Lane, Registered, Spool, Weight, age_s
from devices.spool_file import SpoolBroken, open_file
from devices.spool_rows import CHUNK
from dispatch.clock import Instant
from tests.fakes.clock import HandClock

EVERYTHING = {"most": 10_000, "most_bytes": 10**9}


@pytest.fixture
def clock():
    return HandClock()


@pytest.fixture
def path(tmp_path):
    return tmp_path / "spool.db"


class Opened:
    """Opens spools on one path and closes what is open when the test ends."""

    def __init__(self, path: Path, clock: HandClock) -> None:
        self.path, self.clock = path, clock
        self.all: list[Spool] = []

    def __call__(self, **how) -> Spool:
        self.all.append(Spool(self.path, self.clock, **how))
        return self.all[-1]


@pytest.fixture
def opened(path, clock):
    opened = Opened(path, clock)
    yield opened
    for spool in opened.all:
        spool.close()


def call(clock, body="help"):
    return Entry(lane=Lane.CALLS, body=body, heard=clock.look())


def news(clock, body="low battery", weight=Weight.NEWS):
    return Entry(lane=Lane.NEWS, body=body, heard=clock.look(), weight=weight)


def life(clock, slot="a", body="alive"):
    return Entry(lane=Lane.NEWS, body=body, heard=clock.look(), weight=Weight.LIFE, slot=slot)


def waiting(spool, lane=Lane.CALLS):
    return [(each.seq, each.body) for each in spool.batch(lane, **EVERYTHING)]


def used(path) -> int:
    connection = open_file(path, read_only=True)
    pages, free = (connection.execute(f"PRAGMA {name}").fetchone()[0] for name in ("page_count", "freelist_count"))
    connection.close()
    return (pages - free) * 4096


# ------------------------------------------------------------------------------------------------ in and out


def test_what_was_added_is_there_after_a_restart_in_order_and_numbered(opened, clock):
    first = opened()
    first.add([call(clock, "a"), call(clock, "b")])
    first.add([call(clock, "c")])
    epochs = [first.epoch(lane) for lane in Lane]
    first.close()
    again = opened()
    assert waiting(again) == [(1, "a"), (2, "b"), (3, "c")]
    assert [again.epoch(lane) for lane in Lane] == epochs
    assert len(set(epochs)) == 2


def test_a_wiped_spool_counts_anew_in_another_epoch(opened, clock, path):
    first = opened()
    first.add([call(clock)])
    epoch = first.epoch(Lane.CALLS)
    first.close()
    for file in path.parent.iterdir():
        file.unlink()
    again = opened()
    again.add([call(clock, "new")])
    assert waiting(again) == [(1, "new")]
    assert again.epoch(Lane.CALLS) != epoch


def test_what_the_service_holds_is_not_sent_again_until_it_holds_less(opened, clock):
    spool = opened()
    spool.add([call(clock, body) for body in "abcd"])
    spool.hold(Lane.CALLS, 3)
    assert waiting(spool) == [(4, "d")]
    spool.hold(Lane.CALLS, 1)
    assert waiting(spool) == [(2, "b"), (3, "c"), (4, "d")]
    spool.hold(Lane.CALLS, 99)
    assert waiting(spool) == []
    assert spool.held(Lane.CALLS) == spool.last(Lane.CALLS) == 4


def test_a_batch_has_limits_and_never_none_of_what_waits(opened, clock):
    spool = opened()
    spool.add([call(clock, "x" * 10) for _ in range(5)])
    assert len(spool.batch(Lane.CALLS, most=3, most_bytes=1000)) == 3
    assert len(spool.batch(Lane.CALLS, most=9, most_bytes=25)) == 2
    assert len(spool.batch(Lane.CALLS, most=9, most_bytes=1)) == 1


def test_calls_do_not_wait_behind_news(opened, clock):
    spool = opened()
    spool.add([news(clock) for _ in range(50)])
    spool.add([call(clock)])
    assert waiting(spool) == [(1, "help")]


def test_of_the_life_signs_of_a_device_the_last_one_waits(opened, clock):
    spool = opened()
    for minute in range(5):
        spool.add([life(clock, "a", f"a {minute}"), life(clock, "b", f"b {minute}")])
        clock.advance(60)
    spool.add([news(clock, "tamper")])
    assert waiting(spool, Lane.NEWS) == [(1, "a 4"), (2, "b 4"), (3, "tamper")]
    assert spool.waiting().news == 3


def test_a_number_once_given_is_kept_and_what_comes_after_has_its_own(opened, clock):
    spool = opened()
    spool.add([life(clock, "a", "first")])
    assert waiting(spool, Lane.NEWS) == [(1, "first")]
    spool.add([life(clock, "a", "second")])
    spool.close()
    again = opened()
    assert waiting(again, Lane.NEWS) == [(1, "first")]
    again.hold(Lane.NEWS, 1)
    assert waiting(again, Lane.NEWS) == [(2, "second")]


def test_life_signs_that_the_service_had_are_not_sent_to_a_restored_one(opened, clock):
    spool = opened()
    spool.add([life(clock), news(clock, "tamper"), life(clock, "b")])
    spool.batch(Lane.NEWS, **EVERYTHING)
    spool.hold(Lane.NEWS, 3)
    spool.hold(Lane.NEWS, 0)
    assert waiting(spool, Lane.NEWS) == [(2, "tamper")]


def test_what_waits_is_told_with_its_age(opened, clock):
    spool = opened()
    assert spool.waiting().oldest is None
    clock.advance(10)
    heard = clock.look()
    spool.add([call(clock)])
    clock.advance(10)
    spool.add([call(clock), news(clock)])
    found = spool.waiting()
    assert (found.calls, found.news, found.oldest) == (2, 1, heard)
    spool.hold(Lane.CALLS, 2)
    assert (spool.waiting().calls, spool.waiting().news) == (0, 1)


def test_what_the_service_has_is_forgotten_after_a_week_and_not_before(opened, clock):
    spool = opened()
    spool.add([call(clock, "old")])
    clock.advance(KEPT_FOR.total_seconds() - 60)
    spool.add([call(clock, "young"), call(clock, "waiting")])
    spool.hold(Lane.CALLS, 2)
    spool.tidy()
    clock.advance(120)
    spool.tidy()
    spool.hold(Lane.CALLS, 0)
    assert waiting(spool) == [(2, "young"), (3, "waiting")]


def test_a_week_is_counted_by_the_steady_clock_and_after_a_restart_by_the_other(opened, clock):
    spool = opened()
    spool.add([call(clock, "old")])
    spool.hold(Lane.CALLS, 1)
    clock.step_wall(30 * 86_400)
    spool.tidy()
    spool.hold(Lane.CALLS, 0)
    assert waiting(spool) == [(1, "old")], "a clock that was set is no week"
    spool.hold(Lane.CALLS, 1)
    clock.reboot("boot2")
    spool.tidy()
    spool.hold(Lane.CALLS, 0)
    assert waiting(spool) == []


def test_small_things_are_remembered(opened):
    spool = opened()
    assert (spool.remembered("outage"), spool.knows_register) == ("", False)
    spool.remember("outage", "since noon")
    spool.remember("outage", "since one")
    spool.close()
    assert opened().remembered("outage") == "since one"


def test_the_register_is_the_one_that_was_told_last(opened):
    spool = opened()
    spool.learn({"rflink": {"a": ("D1", "pendant"), "b": ["D2", "smoke"]}, "surgard": {"a": ("A1", "panel")}})
    assert spool.registered("surgard", "a") == Registered(code="A1", kind="panel")
    spool.learn({"rflink": {"b": ("D3", "door")}})
    spool.close()
    again = opened()
    assert (again.registered("rflink", "a"), again.registered("rflink", "b").kind) == (None, "door")
    assert again.knows_register


def test_a_record_that_the_service_refuses_is_replaced_under_its_number(opened, clock):
    spool = opened()
    spool.add([call(clock, "poison"), call(clock, "press")])
    spool.replace(Lane.CALLS, 1, "refused")
    assert waiting(spool) == [(1, "refused"), (2, "press")]


def test_a_copy_of_the_file_that_is_older_begins_anew(opened, clock):
    spool = opened()
    spool.add([call(clock, body) for body in "abc"])
    spool.add([news(clock, "tamper"), news(clock, "later")])
    spool.batch(Lane.NEWS, most=1, most_bytes=9)
    spool.hold(Lane.CALLS, 1)
    epoch = spool.epoch(Lane.CALLS)
    spool.begin_anew(Lane.CALLS)
    assert waiting(spool) == [(1, "b"), (2, "c")]
    assert spool.epoch(Lane.CALLS) != epoch
    spool.add([call(clock, "d")])
    assert waiting(spool)[-1] == (3, "d")
    assert (spool.held(Lane.CALLS), spool.last(Lane.CALLS)) == (0, 3)
    spool.begin_anew(Lane.NEWS)
    assert waiting(spool, Lane.NEWS) == [(1, "tamper")]
    drawn = spool.epoch(Lane.CALLS)
    spool.begin_anew(Lane.CALLS)
    assert spool.epoch(Lane.CALLS) != drawn


# ------------------------------------------------------------------------------------------------ how long ago

NOON = datetime(2026, 3, 2, 12, tzinfo=UTC)


@pytest.mark.parametrize(
    ("heard", "now", "age"),
    [
        ((NOON, 100.0, "a"), (NOON + timedelta(hours=5), 160.0, "a"), 60.0),
        ((NOON, 100.0, "a"), (NOON - timedelta(hours=5), 160.0, "a"), 60.0),
        ((NOON, 9_000.0, "a"), (NOON + timedelta(hours=1), 20.0, "b"), 3600.0),
        ((NOON, 9_000.0, "a"), (NOON - timedelta(hours=1), 20.0, "b"), 20.0),
        ((datetime(1970, 1, 1, tzinfo=UTC), 9_000.0, "a"), (NOON, 20.0, "b"), 20.0),
        ((NOON, 9_000.0, "a"), (datetime(1970, 1, 1, tzinfo=UTC), 20.0, "b"), 20.0),
    ],
)
def test_an_age_is_that_of_the_clock_that_can_be_believed(heard, now, age):
    wall, steady_s, boot = heard
    assert (
        age_s(Instant(wall=wall, steady_s=steady_s, boot=boot), Instant(wall=now[0], steady_s=now[1], boot=now[2]))
        == age
    )


# ------------------------------------------------------------------------------------------------ no room


def fill(spool, clock, count, **how):
    for start in range(0, count, 100):
        clock.advance(1)
        spool.add([life(clock, f"{start + each}", "x" * 500, **how) for each in range(100)])


@pytest.mark.error_lines("spool_dropped")
def test_above_its_limit_life_signs_go_first_and_calls_never(opened, clock, path):
    spool = opened(limit_bytes=400_000)
    spool.add([news(clock, "tamper")])
    fill(spool, clock, 2_000)
    assert used(path) <= 400_000
    for number in range(300):
        spool.add([call(clock, f"{number:04} " + "y" * 1000)])
    bodies = [body for _, body in waiting(spool)]
    assert [int(body[:4]) for body in bodies] == list(range(300)), "no call was given up, though they take more room"
    assert spool.dropped() > 0
    assert waiting(spool, Lane.NEWS) in ([(1, "tamper")], [])


@pytest.mark.error_lines("spool_dropped")
def test_of_what_is_given_up_the_oldest_goes_first(opened, clock):
    spool = opened(limit_bytes=400_000)
    fill(spool, clock, 2_000)
    left = spool.batch(Lane.NEWS, **EVERYTHING)
    assert 100 < len(left) < 1_000
    assert left[-1].heard == clock.look()
    assert left[0].heard.steady_s > clock.look().steady_s - 10


@pytest.mark.error_lines("spool_dropped")
def test_news_are_given_up_after_what_the_service_has_already(opened, clock):
    spool = opened(limit_bytes=300_000)
    spool.add([call(clock, "z" * 1000) for _ in range(100)])
    spool.hold(Lane.CALLS, 100)
    spool.add([news(clock, "n" * 1000) for _ in range(120)])
    assert len(waiting(spool, Lane.NEWS)) == 120
    assert spool.dropped() == 0
    spool.hold(Lane.CALLS, 0)
    assert waiting(spool) == [], "what the service had was let go for them"


@pytest.mark.error_lines("spool_dropped")
def test_what_may_be_a_call_under_another_role_is_not_given_up(opened, clock):
    spool = opened(limit_bytes=200_000)
    spool.add([news(clock, "motion", Weight.LASTING)])
    spool.add([news(clock, "n" * 1000) for _ in range(300)])
    assert waiting(spool, Lane.NEWS)[0] == (1, "motion")
    assert 0 < spool.dropped() <= 300


def a_small_disk(pages: int):
    """SQLite itself refuses to let the file grow: the same error as from a full disk."""

    def connect(path: Path):
        connection = open_file(path)
        connection.execute(f"PRAGMA max_page_count = {pages}")
        return connection

    return connect


@pytest.mark.error_lines("spool_full", "spool_dropped")
def test_on_a_full_disk_a_press_takes_the_place_of_life_signs(opened, clock):
    spool = opened(connect=a_small_disk(120))
    fill(spool, clock, 1_000)
    assert spool.dropped() >= CHUNK
    spool.add([call(clock, "y" * 4000)])
    assert waiting(spool) == [(1, "y" * 4000)]


@pytest.mark.error_lines("spool_full")
def test_on_a_disk_full_of_calls_nothing_is_promised_and_nothing_is_lost(opened, clock):
    spool = opened(connect=a_small_disk(60))
    kept = []
    for number in range(200):
        with contextlib.suppress(SpoolBroken):
            spool.add([call(clock, f"{number:04}" + "y" * 2000)])
            kept.append(number)
    assert 20 < len(kept) < 200
    assert [int(body[:4]) for _, body in waiting(spool)] == kept


@pytest.mark.error_lines("spool_full")
def test_a_full_disk_gets_the_reserve_back(opened, clock, path):
    spool = opened(connect=a_small_disk(60))
    reserve = path.with_name("spool.db.reserve")
    assert reserve.stat().st_blocks * 512 >= 1024 * 1024
    with pytest.raises(SpoolBroken):
        spool.add([call(clock, "y" * 1_000_000)])
    assert not reserve.exists()
    spool.tidy()
    assert reserve.exists()


# ------------------------------------------------------------------------------------------------ the file itself


@pytest.mark.error_lines("spool_renewed")
@pytest.mark.parametrize("endings", [("",), ("", "-wal", "-shm"), ("", "-wal", "-shm", ".reserve")])
def test_a_file_deleted_while_it_is_open_is_written_anew_with_the_same_numbers(opened, clock, path, endings):
    spool = opened()
    spool.add([call(clock, "a"), news(clock, "tamper")])
    spool.add([call(clock, "b")])
    spool.hold(Lane.CALLS, 1)
    epoch = spool.epoch(Lane.CALLS)
    for ending in endings:
        path.with_name(path.name + ending).unlink(missing_ok=True)
    spool.add([call(clock, "c")])
    spool.close()
    again = opened()
    assert waiting(again) == [(2, "b"), (3, "c")]
    assert waiting(again, Lane.NEWS) == [(1, "tamper")]
    assert again.epoch(Lane.CALLS) == epoch


class Failing:
    """A connection of which one statement fails as a disk does; `left` counts down to it."""

    def __init__(self, path: Path, statement: str, left: int, error: str) -> None:
        self._inner = open_file(path)
        self._statement, self._error = statement, error
        self.left = left

    def execute(self, statement, values=()):
        if statement.startswith(self._statement):
            self.left -= 1
            if self.left == 0:
                raise self._inner.OperationalError(self._error)
        return self._inner.execute(statement, values)

    def __getattr__(self, name):
        return getattr(self._inner, name)


@pytest.mark.error_lines("spool_renewed")
def test_after_a_failed_sync_nothing_was_kept_and_the_file_is_written_anew(opened, clock, path):
    made = []

    def connect(path: Path):
        made.append(Failing(path, "COMMIT", 3 if not made else 0, "disk I/O error"))
        return made[-1]

    spool = opened(connect=connect)
    spool.add([call(clock, "a")])
    spool.add([call(clock, "b")])
    inode = path.stat().st_ino
    with pytest.raises(SpoolBroken):
        spool.add([call(clock, "not kept")])
    assert path.stat().st_ino != inode
    spool.add([call(clock, "c")])
    spool.close()
    assert waiting(opened()) == [(1, "a"), (2, "b"), (3, "c")]


@pytest.mark.error_lines("spool_set_aside", "spool_not_read")
def test_a_file_that_is_no_database_is_set_aside_and_not_emptied(opened, clock, path):
    path.write_bytes(rubbish := os.urandom(20_000))
    spool = opened()
    spool.add([call(clock)])
    assert waiting(spool) == [(1, "help")]
    assert spool.set_aside.read_bytes() == rubbish


@pytest.mark.error_lines("spool_set_aside", "spool_not_read")
def test_out_of_a_damaged_file_comes_what_can_still_be_read(opened, clock, path):
    """Each page in turn is made rubbish; where it holds calls, only its own are lost, some eleven of 300 bytes."""
    spool = opened()
    spool.add([call(clock, f"{number:03}" + "y" * 300) for number in range(60)])
    spool.hold(Lane.CALLS, 20)
    spool.close()
    whole = path.read_bytes()
    saved = []
    for page in range(1, len(whole) // 4096):
        path.write_bytes(whole[: page * 4096] + os.urandom(4096) + whole[(page + 1) * 4096 :])
        spool = opened()
        if spool.set_aside is None:
            continue
        found = [int(body[:3]) for _, body in waiting(spool)]
        assert sorted(found) == found
        saved.append(len({*found} & {*range(20, 60)}))
        spool.close()
        for file in path.parent.iterdir():
            file.unlink()
    # Of the table's own pages only the root costs all: it says where the others are.
    assert len(saved) >= 10
    assert sorted(saved)[1] >= 25, saved


def test_a_record_that_the_disk_has_changed_is_not_believed(opened, clock, path):
    spool = opened()
    spool.add([call(clock, "EV1527:0a1b2c:01"), call(clock, "EV1527:0a1b2d:01")])
    spool.close()
    data = path.read_bytes()
    assert data.count(b"0a1b2c") == 1
    path.write_bytes(data.replace(b"0a1b2c", b"0a1b2d"))
    assert waiting(opened()) == [(1, None), (2, "EV1527:0a1b2d:01")]


class Disk:
    """Opens files, and refuses every write below `home` while it is `broken`."""

    def __init__(self, home: Path) -> None:
        self.home, self.broken = home, False

    def connect(self, path: Path):
        if self.broken and path.is_relative_to(self.home):
            raise open_file(Path(":memory:")).OperationalError("attempt to write a readonly database")
        return _OnDisk(self, path)


class _OnDisk:
    def __init__(self, disk: Disk, path: Path) -> None:
        self._disk, self._path, self._inner = disk, path, open_file(path)

    def execute(self, statement, values=()):
        to = Path(values[0]) if statement.startswith("VACUUM") else self._path
        if self._disk.broken and to.is_relative_to(self._disk.home) and statement.startswith(("BEGIN", "VACUUM")):
            raise self._inner.OperationalError("attempt to write a readonly database")
        return self._inner.execute(statement, values)

    def __getattr__(self, name):
        return getattr(self._inner, name)


@pytest.fixture
def disk(tmp_path):
    (tmp_path / "home").mkdir()
    return Disk(tmp_path / "home")


def spool_on(disk, clock):
    return Spool(
        disk.home / "spool.db", clock, connect=disk.connect, refuge=disk.home.parent / "refuge" / "spool.db"
    )  # fmt: skip


@pytest.mark.error_lines("spool_renewed", "spool_elsewhere")
def test_where_its_disk_cannot_be_written_it_goes_on_elsewhere_and_comes_home(disk, clock):
    spool = spool_on(disk, clock)
    spool.add([call(clock, "a")])
    epoch = spool.epoch(Lane.CALLS)
    disk.broken = True
    with pytest.raises(SpoolBroken):
        spool.add([call(clock, "not kept")])
    spool.add([call(clock, "b")])
    assert spool.elsewhere
    assert waiting(spool) == [(1, "a"), (2, "b")]
    disk.broken = False
    spool.tidy()
    assert not spool.elsewhere
    spool.add([call(clock, "c")])
    spool.close()
    again = spool_on(disk, clock)
    assert waiting(again) == [(1, "a"), (2, "b"), (3, "c")]
    assert again.epoch(Lane.CALLS) == epoch
    assert list((disk.home.parent / "refuge").iterdir()) == []
    again.close()


@pytest.mark.error_lines("spool_renewed", "spool_elsewhere")
def test_a_log_that_a_dead_disk_kept_is_not_played_over_the_file_that_comes_home(disk, clock):
    """A disk that cannot be written does not let its log be taken away either."""
    spool = spool_on(disk, clock)
    spool.add([call(clock, "a")])
    log = disk.home / "spool.db-wal"
    kept = log.read_bytes()
    assert kept
    disk.broken = True
    with pytest.raises(SpoolBroken):
        spool.add([call(clock, "not kept")])
    for body in "bcdef":
        spool.add([call(clock, body)])
    log.write_bytes(kept)
    disk.broken = False
    spool.tidy()
    spool.close()
    again = spool_on(disk, clock)
    assert again.set_aside is None
    assert waiting(again) == [(number, body) for number, body in enumerate("abcdef", 1)]
    again.close()


@pytest.mark.error_lines("spool_renewed", "spool_elsewhere")
def test_what_lies_elsewhere_is_the_newer_one_after_a_restart(disk, clock):
    spool = spool_on(disk, clock)
    spool.add([call(clock, "a")])
    disk.broken = True
    with pytest.raises(SpoolBroken):
        spool.add([call(clock, "not kept")])
    spool.add([call(clock, "b")])
    spool.close()
    spool = spool_on(disk, clock)
    assert (spool.elsewhere, waiting(spool)) == (True, [(1, "a"), (2, "b")])
    spool.close()
    disk.broken = False
    spool = spool_on(disk, clock)
    assert (spool.elsewhere, waiting(spool)) == (False, [(1, "a"), (2, "b")])
    spool.close()


@pytest.mark.error_lines("spool_renewed", "spool_elsewhere")
def test_a_disk_that_is_dead_at_the_start_does_not_keep_it_from_hearing(disk, clock):
    disk.broken = True
    spool = spool_on(disk, clock)
    spool.add([call(clock, "a")])
    assert (spool.elsewhere, waiting(spool)) == (True, [(1, "a")])
    disk.broken = False
    spool.tidy()
    spool.close()
    spool = spool_on(disk, clock)
    assert (spool.elsewhere, waiting(spool)) == (False, [(1, "a")])
    spool.close()


@pytest.mark.error_lines("spool_renewed", "spool_full")
def test_a_disk_full_of_calls_is_left_for_another(path, clock):
    def connect(file: Path):
        return open_file(file) if "refuge" in str(file) else a_small_disk(60)(file)

    spool = Spool(path, clock, connect=connect, refuge=path.parent / "refuge" / "spool.db")
    kept = []
    for number in range(60):
        with contextlib.suppress(SpoolBroken):
            spool.add([call(clock, f"{number:04}" + "y" * 4000)])
            kept.append(number)
    assert len(kept) == 59, "only the one that met the end of the disk was not kept; its gateway tries it again"
    assert [int(body[:4]) for _, body in waiting(spool)] == kept
    assert spool.elsewhere
    spool.close()


def test_what_cannot_be_opened_at_all_is_said(tmp_path, clock):
    (tmp_path / "spool.db").mkdir()
    with pytest.raises(SpoolBroken):
        Spool(tmp_path / "spool.db", clock)


def test_every_commit_is_synced(path):
    """PROMISES, S7: a default that was lowered would lose what was acknowledged, and nothing would show it."""
    connection = open_file(path)
    assert connection.execute("PRAGMA synchronous").fetchone()[0] == 2
    assert connection.execute("PRAGMA journal_mode").fetchone()[0] == "wal"
    connection.close()
