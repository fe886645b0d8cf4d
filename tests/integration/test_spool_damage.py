"""A disk that changes what lies on it: one bad record costs itself, is told of, and keeps nobody else waiting."""

import contextlib
import random

import pytest

from devices.spool import Lane
from devices.spool_file import SpoolBroken, open_file
from tests.integration.edge_rig import PENDANTS, EdgeRig, Service


@pytest.fixture
def service(tmp_path):
    service = Service(tmp_path / "service")
    yield service
    service.stop()


@pytest.fixture
def rig(tmp_path, service):
    rig = EdgeRig(tmp_path, service)
    rig.road.cut = True
    for number in range(6):
        rig.press(PENDANTS[number])
    yield rig
    rig.stop()


def changed(rig: EdgeRig, statement: str) -> None:
    """The disk changes something while the edge is off; then it is on, and the road open."""
    rig.stop()
    connection = open_file(rig.path)
    connection.execute(statement)
    connection.close()
    rig.road.cut = False
    rig.start()
    rig.deliver()


def of_homes(*numbers: int) -> dict[str, int]:
    return {f"P{number}": 1 for number in numbers}


@pytest.mark.error_lines("signal_given_up")
@pytest.mark.parametrize("rubbish", ["X'ff7b7d'", "X'7b22c3'", "CAST(X'fe80' AS TEXT)", "''", "1.5"])
def test_a_text_that_is_none_any_more_stops_no_other(rig, service, rubbish):
    changed(rig, f"UPDATE kept SET body = {rubbish} WHERE seq = 3")
    assert service.presses() == of_homes(0, 1, 3, 4, 5)
    assert [entry["what"] for entry in service.entries("edge_told")] == ["damaged"]
    assert [lost.why for lost in rig.lost] == ["damaged"]


@pytest.mark.parametrize("change", ["steady_s = 'x'", "wall_us = 9223372036854775807", "boot = X'ff'", "wall_us = -1"])
def test_a_time_that_is_none_any_more_costs_no_press(rig, service, change):
    changed(rig, f"UPDATE kept SET {change} WHERE seq = 3")
    assert service.presses() == of_homes(*range(6))
    assert rig.waiting() == (0, 0)


@pytest.mark.error_lines("signals_missing")
@pytest.mark.parametrize("where", ["seq = 3", "seq >= 5"])
def test_calls_that_are_not_there_any_more_are_told_of(rig, service, where):
    changed(rig, f"DELETE FROM kept WHERE {where}")
    assert [lost.why for lost in rig.lost] == ["missing"]
    assert len(service.presses()) == (5 if where == "seq = 3" else 4)
    rig.pass_time(15)
    assert [entry["what"] for entry in service.entries("edge_told")] == ["missing"]
    assert any("?" in text for text in rig.pages.texts), "people are told, for nobody knows who called"


@pytest.mark.error_lines(
    "signal_given_up", "signals_missing", "spool_set_aside", "spool_not_read", "spool_is_older", "service_has_less"
)
@pytest.mark.parametrize("seed", range(4))
def test_whatever_bytes_change_no_press_is_invented_and_the_next_one_arrives(rig, service, seed):
    """Up to 64 bytes of any page, or the last page cut short; the rest arrives, and what does not is told of."""
    draw = random.Random(seed)
    rig.stop()
    data = bytearray(rig.path.read_bytes())
    at = draw.randrange(4096, len(data) - 64)
    data[at : at + 64] = draw.randbytes(64)
    rig.path.write_bytes(data[: len(data) - draw.choice([0, 0, 1, 2048])])
    rig.road.cut = False
    rig.start()
    rig.press(PENDANTS[7])
    rig.pass_time(20)
    heard = service.presses()
    assert heard["P7"] == 1
    assert set(heard) <= {f"P{number}" for number in range(8)}
    assert set(heard.values()) == {1}
    told = bool(rig.lost) or rig.spool.set_aside is not None
    assert len(heard) == 7 or told
    assert rig.spool.waiting().calls == 0
    assert rig.spool.missing(Lane.CALLS) == 0


@pytest.mark.error_lines("spool_set_aside", "spool_not_read", "spool_is_older")
@pytest.mark.parametrize("first", ["read", "written"])
def test_a_file_that_goes_bad_while_it_is_in_use_is_set_aside_with_what_can_be_read(rig, service, first):
    """Nobody needs to start it again: what comes next is kept, and nothing waits behind a page that is gone."""
    rig.spool._file.read("PRAGMA wal_checkpoint(TRUNCATE)")
    data = rig.path.read_bytes()
    pages = rig.spool._file.read("SELECT rootpage FROM sqlite_master WHERE name = 'lanes'")
    at = (pages[0][0] - 1) * 4096
    rig.path.write_bytes(data[:at] + bytes(4096) + data[at + 4096 :])
    rig.spool._file.read("PRAGMA shrink_memory")
    for _ in range(2):
        with contextlib.suppress(SpoolBroken):
            rig.spool.waiting() if first == "read" else rig.press(PENDANTS[7])
    assert rig.spool.set_aside is not None
    assert rig.spool.saved == 6
    rig.clock.advance(10)
    rig.press(PENDANTS[6])
    rig.road.cut = False
    rig.pass_time(15)
    assert of_homes(*range(7)).items() <= service.presses().items()


@pytest.mark.error_lines("spool_renewed")
def test_a_file_that_was_deleted_is_there_again_though_nobody_calls(rig, service):
    """Between the deletion and the next call the power may go, and with it all that waited."""
    for file in rig.path.parent.glob(f"{rig.path.name}*"):
        file.unlink()
    rig.spool.look()
    assert rig.path.exists()
    rig.restart()
    rig.road.cut = False
    rig.deliver()
    assert service.presses() == of_homes(*range(6))


def test_looking_at_a_file_that_is_there_does_nothing(rig):
    before = rig.path.stat()
    rig.spool.look()
    assert rig.path.stat().st_ino == before.st_ino
