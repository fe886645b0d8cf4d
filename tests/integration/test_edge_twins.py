"""Two edges under one name: a name given twice, and a disk that was copied with its spool. No press is lost."""

import random
import shutil

import pytest

from devices.edges import SILENT_S, Edges
from devices.line import Condition
from tests.integration.edge_rig import PENDANTS, EdgeRig, Service


@pytest.fixture
def service(tmp_path):
    service = Service(tmp_path / "service")
    yield service
    service.stop()


@pytest.fixture
def one(tmp_path, service):
    (tmp_path / "one").mkdir()
    rig = EdgeRig(tmp_path / "one", service)
    yield rig
    rig.stop()


def other(tmp_path, service) -> EdgeRig:
    (tmp_path / "other").mkdir(exist_ok=True)
    return EdgeRig(tmp_path / "other", service)


def copied(tmp_path, one, service) -> EdgeRig:
    """The first edge's disk, in another machine."""
    one.stop()
    shutil.copytree(tmp_path / "one", tmp_path / "other", dirs_exist_ok=True)
    one.start()
    return other(tmp_path, service)


def of_home(number: int) -> str:
    return f"P{number}"


@pytest.mark.error_lines("edge_name_twice")
def test_two_of_one_name_with_spools_of_their_own_lose_and_double_nothing(tmp_path, one, service):
    two = other(tmp_path, service)
    for number in range(6):
        (one, two)[number % 2].press(PENDANTS[number])
        one.pass_time(3)
        two.pass_time(3)
    assert service.presses() == {of_home(number): 1 for number in range(6)}
    assert (one.lost, two.lost) == ([], [])
    two.stop()


@pytest.mark.error_lines("spool_has_a_twin", "edge_name_twice")
@pytest.mark.parametrize("seconds", [0, 1, 15])
def test_a_copied_disk_loses_no_press_of_either(tmp_path, one, service, seconds):
    """Both would give their next press the same number, and the service would take the second for the first."""
    one.press(PENDANTS[0])
    one.deliver()
    two = copied(tmp_path, one, service)
    one.deliver()
    two.deliver()
    for number in range(1, 7):
        (one, two)[number % 2].press(PENDANTS[number])
        one.pass_time(seconds) if seconds else None
        two.pass_time(seconds) if seconds else None
    one.pass_time(15)
    two.pass_time(15)
    assert service.presses() == {of_home(number): 1 for number in range(7)}
    assert {lost.why for lost in one.lost + two.lost} == {"twin"}
    assert {entry["what"] for entry in service.entries("edge_told")} == {"twin"}
    two.stop()


@pytest.mark.error_lines("spool_has_a_twin", "edge_name_twice", "spool_is_older", "service_cut_off")
@pytest.mark.parametrize("seed", range(2))
def test_copied_disks_restarts_and_lost_answers_in_any_order_lose_no_press(tmp_path, one, service, seed):
    draw = random.Random(seed)
    one.press(PENDANTS[0])
    one.deliver()
    two = copied(tmp_path, one, service)
    pressed = {of_home(0)}
    for _ in range(20):
        rig = draw.choice([one, two])
        what = draw.choice(["press", "press", "time", "restart", "lose", "cut"])
        if what == "press":
            home = draw.randrange(8)
            service.clock.advance(5)
            rig.press(PENDANTS[home])
            pressed.add(of_home(home))
        elif what == "restart":
            rig.restart()
        elif what == "lose":
            rig.road.lose_answers = 1
        else:
            rig.road.cut = what == "cut"
            rig.pass_time(4)
    for rig in (one, two):
        rig.road.cut = False
        rig.pass_time(20)
    assert set(service.presses()) == pressed
    assert (one.waiting(), two.waiting()) == ((0, 0), (0, 0))
    two.stop()


def beat(edges: Edges, epoch: str, *, name: str = "garden-edge", **status) -> None:
    edges.hold(name, epoch, [], status={"calls": 0, "receivers": [], **status})


def in_turn(edges: Edges, service: Service, *, rounds: int = 3, **of_two) -> None:
    """Both speak under the one name."""
    for _ in range(rounds):
        beat(edges, "one")
        service.clock.advance(5)
        beat(edges, "two", **of_two)
        service.clock.advance(5)


def alone(edges: Edges, service: Service, epoch: str) -> None:
    """This one goes on by itself, for longer than anybody may be silent."""
    for _ in range(int(SILENT_S) // 5 + 1):
        service.clock.advance(5)
        beat(edges, epoch)


def receiver(name: str) -> dict:
    return {"name": name, "condition": "connected", "since_s": 1.0}


def troubles(edges: Edges) -> list[str]:
    return [each.state.error for each in edges.all() if "same name" in each.state.error]


@pytest.mark.error_lines("edge_name_twice")
def test_a_name_that_two_speak_under_is_said_until_only_one_does(service, log_lines):
    edges = Edges(service.world.transactions, service.world.reading, service.clock)
    for epoch in ("one", "two", "one", "two", "one"):
        beat(edges, epoch)
        service.clock.advance(5)
    assert len(troubles(edges)) == 1
    assert [line["event"] for line in log_lines].count("edge_name_twice") == 1
    beat(edges, "two", name="roof-edge")
    alone(edges, service, "one")
    assert troubles(edges) == []


@pytest.mark.error_lines("edge_name_twice", "edge_twin_missing")
def test_one_of_two_of_one_name_that_falls_silent_is_missed_beside_the_other(service, log_lines):
    """The other's signs of life come under the same name, and for hours nobody would know that a house is not heard."""
    edges = Edges(service.world.transactions, service.world.reading, service.clock)
    in_turn(edges, service, receivers=[receiver("roof")])
    assert {each.state.condition for each in edges.all()} == {Condition.CONNECTED}
    alone(edges, service, "one")
    missing = {each.name: each for each in edges.all()}
    assert {name: each.state.condition for name, each in missing.items()} == {
        "garden-edge": Condition.LOST, "roof": Condition.LOST
    }  # fmt: skip
    assert "one of two edges of this name is not heard" in missing["garden-edge"].state.error
    assert missing["roof"].unreached
    assert "roof" in {each.name for each in edges.ears()}
    assert [line["event"] for line in log_lines].count("edge_twin_missing") == 1
    in_turn(edges, service, receivers=[receiver("roof")])
    assert {each.state.condition for each in edges.all()} == {Condition.CONNECTED}


@pytest.mark.error_lines("edge_name_twice")
@pytest.mark.parametrize("way", ["renamed", "taken down", "renewed"])
def test_one_of_two_that_is_given_a_name_taken_down_or_renewed_is_not_missed(service, way):
    edges = Edges(service.world.transactions, service.world.reading, service.clock)
    in_turn(edges, service)
    if way == "renamed":
        beat(edges, "two", name="roof-edge")
    elif way == "taken down":
        beat(edges, "two", retired=True)
    else:
        for _ in range(int(SILENT_S) // 5 + 1):
            beat(edges, "one")
            service.clock.advance(5)
            beat(edges, "in place of two")
        alone_by_name = [each for each in edges.all() if each.name == "garden-edge"]
        assert [each.state.condition for each in alone_by_name] == [Condition.CONNECTED]
        return
    alone(edges, service, "one")
    assert [each.state.error for each in edges.all() if each.name == "garden-edge"] == [""]


def test_an_edge_whose_spool_was_renewed_or_that_was_taken_down_and_up_is_still_one(service):
    edges = Edges(service.world.transactions, service.world.reading, service.clock)
    for epoch, status in (("one", {}), ("two", {}), ("two", {}), ("retired", {"retired": True}), ("two", {})):
        beat(edges, epoch, **status)
        service.clock.advance(5)
    assert troubles(edges) == []
