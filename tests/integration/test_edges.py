"""Forwarding gateways as the service knows them: held spools, what they tell of themselves, and their silence."""

from datetime import timedelta

import pytest

from devices.decoders import canonical
from devices.edges import SILENT_S, WRITTEN_S, Edges, Everybody
from devices.line import Condition
from devices.outages import Outages
from devices.store.devices import Devices, Sighting
from devices.store.edges import EdgeShelf
from devices.store.gateways import incidents
from devices.upkeep.notices import Notices
from dispatch.rules.signal import Event
from tests.builders import House, build_world

API = "/api/v1/signals"
RECEIVER = {"name": "garden", "condition": "connected", "since_s": 60.0, "heard_s": 5.0, "frames": 7}


@pytest.fixture
def world(tmp_path):
    world = build_world(tmp_path)
    yield world
    world.close()


@pytest.fixture
def edges(world):
    return Edges(world.transactions, world.reading, world.clock)


@pytest.fixture
def house(world):
    house = House(world)
    yield house
    house.close()


def beat(edges, **status):
    return edges.hold("garden-edge", "e1", [], status={"calls": 0, "receivers": [RECEIVER], **status})


def states(edges) -> dict[str, Condition]:
    return {each.name: each.state.condition for each in edges.all()}


# ------------------------------------------------------------------------------------------------ how far it is held


@pytest.mark.parametrize(
    ("batches", "held"),
    [
        ([(None, [1, 2, 3])], 3),
        ([(None, [3, 1, 2])], 3),
        ([(None, [1]), (None, [3])], 1),
        ([(None, [1]), (None, [3]), (None, [2, 3])], 3),
        ([(None, [5])], 0),
        ([(0, [5, 9])], 9),
        ([(0, [1, 2]), (2, [7])], 7),
        ([(0, [1, 2]), (1, [2, 3])], 3),
        ([(0, [1, 2]), (5, [6])], 2),
        ([(0, [1, 2]), (5, [])], 2),
        ([(None, [0])], 0),
    ],
)
def test_a_spool_is_held_as_far_as_nothing_is_missing(edges, batches, held):
    told = [edges.hold("garden-edge", "e1", seqs, after=after) for after, seqs in batches]
    assert told[-1] == held
    assert edges.hold("garden-edge", "e2", [], after=0) == 0


def press(house, seq, **more):
    at = house.world.clock.now().isoformat()
    return {"seq": seq, "protocol": "rflink", "device": "EV1527:0a1b2c:01", "event": "press", "received_at": at, **more}


def batch(*signals, **more):
    return {"gateway": "garden-edge", "epoch": "e1", "signals": list(signals), **more}


def test_the_answer_says_how_far_and_what_is_held_is_known_for_ever(house):
    gateway = house.machine("signals")
    assert gateway.post(API, json=batch(press(house, 1), press(house, 2))).json["held"] == 2
    house.world.clock.advance(100)
    again = gateway.post(API, json=batch(press(house, 1), press(house, 2), press(house, 3))).json
    assert (again["stored"], again["copies"], again["held"]) == (1, 2, 3)
    (alarm,) = house.review.recent(9)
    assert alarm["press_count"] == 3


def test_the_number_nought_is_a_number_like_others(house):
    gateway = house.machine("signals")
    assert gateway.post(API, json=batch(press(house, 0))).json["stored"] == 1
    assert gateway.post(API, json=batch(press(house, 0), press(house, 1))).json["copies"] == 1
    assert gateway.post(API, json=batch(press(house, 0), press(house, 1))).json["copies"] == 2


def test_a_batch_has_signals_or_says_how_its_sender_is(house):
    gateway = house.machine("signals")
    assert gateway.post(API, json=batch()).status_code == 422
    told = gateway.post(API, json=batch(after=0, status={"receivers": [RECEIVER], "from_a_later_version": 1}))
    assert (told.status_code, told.json["held"], told.json["stored"]) == (200, 0, 0)


def test_the_register_is_told_to_who_asks_and_nothing_about_people(house):
    told = house.machine("signals").post(API, json=batch(status={}, ask_register=["rflink", "surgard"])).json
    assert told["register"]["rflink"][canonical("rflink", "EV1527:0a1b2c:01")] == ["D1", "pendant"]
    assert told["register"]["surgard"] == {}
    assert "register" not in house.machine("signals").post(API, json=batch(status={})).json


# ------------------------------------------------------------------------------------------------ how it is


def test_an_edge_and_its_gateways_are_known_while_it_lets_itself_be_heard(edges, world):
    for _ in range(20):
        beat(edges)
        world.clock.advance(10)
    assert states(edges) == {"garden-edge": Condition.CONNECTED, "garden": Condition.CONNECTED}
    (_, garden) = edges.all()
    assert (garden.behind, garden.state.frames) == ("garden-edge", 7)
    assert garden.state.last_heard_at == world.clock.now() - timedelta(seconds=15)


def test_a_silent_edge_is_lost_and_its_gateways_with_it(edges, world):
    beat(edges)
    world.clock.advance(SILENT_S - 1)
    assert states(edges)["garden-edge"] is Condition.CONNECTED
    world.clock.advance(2)
    assert states(edges) == {"garden-edge": Condition.LOST, "garden": Condition.LOST}
    assert "garden-edge" in edges.all()[1].state.error
    beat(edges)
    assert set(states(edges).values()) == {Condition.CONNECTED}


def test_a_clock_that_is_set_loses_nobody_and_hides_nobody(edges, world):
    beat(edges)
    world.clock.step_wall(30 * 86_400)
    assert states(edges)["garden-edge"] is Condition.CONNECTED
    world.clock.step_wall(-60 * 86_400)
    world.clock.advance(SILENT_S + 1)
    assert states(edges)["garden-edge"] is Condition.LOST


def test_after_a_start_of_the_service_each_edge_has_its_time_to_be_heard(edges, world):
    beat(edges)
    world.clock.advance(4 * 3600)
    fresh = Edges(world.transactions, world.reading, world.clock)
    assert states(fresh)["garden-edge"] is Condition.CONNECTED
    world.clock.advance(SILENT_S + 1)
    assert states(fresh)["garden-edge"] is Condition.LOST


def test_after_a_start_an_edge_that_has_long_been_gone_is_not_missed(edges, world):
    beat(edges)
    world.clock.advance(8 * 86_400)
    assert states(Edges(world.transactions, world.reading, world.clock)) == {}


def test_one_that_was_taken_down_on_purpose_is_forgotten(edges, world):
    beat(edges)
    edges.hold("garden-edge", "retired", [], status={"retired": True})
    assert states(edges) == {}
    assert states(Edges(world.transactions, world.reading, world.clock)) == {}
    beat(edges)
    assert "garden-edge" in states(edges)


def test_what_is_not_well_with_it_is_said(edges):
    beat(edges, elsewhere=True, pager="no SIM can be used", calls=2, news=3)
    (edge, _) = edges.all()
    assert "own disk" in edge.state.error
    assert "no SIM" in edge.state.error
    assert edge.state.waiting == 5
    beat(edges, pager="ready")
    assert edges.all()[0].state.error == ""


def test_a_condition_from_a_later_version_is_no_reason_to_fail(edges):
    edges.hold("garden-edge", "e1", [], status={"receivers": [RECEIVER | {"condition": "levitating"}]})
    assert states(edges)["garden"] is Condition.STARTING


def test_a_beat_is_not_a_row_each_time(edges, world):
    written = []
    for number in range(int(3 * WRITTEN_S)):
        beat(edges, calls=number)
        with world.reading.connect() as connection:
            written.append(EdgeShelf(connection).all()[0].status["calls"])
        world.clock.advance(1)
    assert len(set(written)) == 3
    beat(edges)
    world.clock.advance(1)
    edges.hold("garden-edge", "e1", [], status={"receivers": [RECEIVER | {"condition": "lost"}]})
    with world.reading.connect() as connection:
        assert EdgeShelf(connection).all()[0].status["receivers"][0]["condition"] == "lost"


class Watch:
    """Outages over an edge that is heard or not, with the incidents they open."""

    def __init__(self, world, edges) -> None:
        self.world, self.edges = world, edges
        self.handed_in: dict[str, int] = {}
        self.outages = Outages(
            Everybody([], edges.ears), world.transactions, world.reading, world.clock, Notices(["+8613800000009"]),
            forwarding=lambda: {name: n for name, n in self.handed_in.items() if not edges.is_edge(name)},
        )  # fmt: skip

    def live(self, seconds: int, *receivers, heard: bool = True) -> None:
        for second in range(seconds):
            if heard and second % 10 == 0:
                self.edges.hold("garden-edge", "e1", [], status={"receivers": list(receivers)})
            if second % 5 == 0:
                self.outages.check()
            self.world.clock.advance(1)

    def incidents(self) -> list[tuple[str, str, bool]]:
        with self.world.reading.connect() as connection:
            rows = connection.execute(incidents.select().order_by(incidents.c.opened_at)).all()
        return [(row.gateway, row.why, row.ended_at is None) for row in rows]


@pytest.fixture
def watch(world, edges):
    return Watch(world, edges)


def test_an_edge_whose_gateway_hears_is_no_incident_however_little_it_has_to_say(watch):
    for frames in range(60):
        watch.live(10, RECEIVER | {"frames": frames})
    watch.live(600, RECEIVER | {"name": "door", "silent_s": 0.0})
    assert watch.incidents() == [("garden", "silent", True)], "only the one that it does not tell of any more"


def several(frames: int) -> list[dict]:
    return [RECEIVER | {"name": name, "frames": frames} for name in ("garden", "roof", "cellar")]


def test_a_silent_edge_is_one_incident_however_many_gateways_are_behind_it_within_the_promised_time(watch, world):
    for frames in range(6):
        watch.live(10, *several(frames))
    gone_at = world.clock.now()
    while not watch.incidents():
        watch.live(1, heard=False)
    assert (world.clock.now() - gone_at).total_seconds() <= 180
    watch.live(1200, heard=False)
    assert watch.incidents() == [("garden-edge", "lost", True)]
    watch.live(30, *several(5))
    assert watch.incidents() == [("garden-edge", "lost", False)]
    watch.live(50, *several(5))
    assert len(watch.incidents()) == 1, "nobody listened to them while their edge was gone"
    watch.live(130, *several(5))
    assert sorted(each[:2] for each in watch.incidents()[1:]) == [
        (name, "silent") for name in ("cellar", "garden", "roof")
    ]


def test_it_names_the_homes_behind_every_one_of_them(watch, world):
    for code, gateway in (("D1", "garden"), ("D2", "roof"), ("D3", "cellar")):
        with world.reading.connect() as connection:
            device_id = Devices(connection).id_of(code)
        sighting = Sighting(at=world.clock.now(), gateway=gateway, events=(Event.HEARTBEAT,))
        world.transactions.run(lambda tx, seen=(device_id, sighting): Devices(tx.connection).saw([seen]))
    watch.live(20, *several(1))
    watch.live(200, heard=False)
    with world.reading.connect() as connection:
        (row,) = connection.execute(incidents.select()).all()
    assert (row.homes, row.devices) == (["H1", "H2"], 3)


def test_a_restart_in_the_middle_leaves_one_incident(watch, world):
    watch.live(20, *several(1))
    watch.live(200, heard=False)
    fresh = Watch(world, Edges(world.transactions, world.reading, world.clock))
    fresh.live(600, heard=False)
    assert watch.incidents() == [("garden-edge", "lost", True)]


def test_a_dismissed_edge_is_not_missed_until_it_is_heard(watch, world):
    watch.live(20, *several(1))
    watch.live(200, heard=False)
    with world.reading.connect() as connection:
        (row,) = connection.execute(incidents.select()).all()
    watch.outages.dismiss(row.id, by="operator:1")
    watch.live(600, heard=False)
    assert watch.incidents() == [("garden-edge", "lost", False)]
    for frames in range(2, 6):
        watch.live(10, *several(frames))
    watch.live(200, heard=False)
    assert watch.incidents()[1:] == [("garden-edge", "lost", True)]


def test_a_gateway_that_an_edge_has_lost_or_does_not_hear_is_an_incident_too(watch):
    lost, quiet = RECEIVER | {"condition": "lost"}, RECEIVER | {"name": "roof"}
    watch.live(100, lost, quiet)
    assert watch.incidents() == [("garden", "lost", True)]
    watch.live(100, lost, quiet)
    assert watch.incidents()[1:] == [("roof", "silent", True)]


def test_an_edge_without_gateways_speaks_for_itself(watch):
    watch.live(600)
    assert watch.incidents() == []
    watch.live(180, heard=False)
    assert watch.incidents() == [("garden-edge", "lost", True)]


def test_an_edge_is_not_also_taken_for_a_forwarder_that_has_gone_quiet(watch):
    watch.live(10, RECEIVER | {"silent_s": 0.0})
    watch.handed_in["garden-edge"] = 5
    watch.live(400, RECEIVER | {"silent_s": 0.0})
    watch.edges.hold("garden-edge", "retired", [], status={"retired": True})
    watch.live(400, heard=False)
    assert watch.incidents() == []


def test_everybody_is_who_is_there_at_the_moment_of_looking(edges):
    wired = [type("Wired", (), {"name": "hall"})()]
    everybody = Everybody(wired, edges.all)
    assert [each.name for each in everybody] == ["hall"]
    beat(edges)
    assert [each.name for each in everybody] == ["hall", "garden-edge", "garden"]
    assert (len(everybody), everybody[-1].name) == (3, "garden")
