"""What other systems post in a protocol of their own: understood, durable, then answered."""

import json
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from devices.decoders import DECODERS, rflink, surgard
from devices.exchange import Exchange
from devices.ports import HttpDoor, PortLost, open_listener
from devices.ports.http import BODY_MAX, REQUESTS_MAX
from devices.reception import Reception
from devices.supervision import Supervision
from dispatch.errors import Busy
from dispatch.rules.signal import Event
from tests.builders import DISTRICT, House, build_world
from tests.fakes.line import LineDecoder, listening, until
from tests.fakes.listener import SharedEars

DISTRICT_MORE = """
[[homes]]
code = "H8"
address = "红星里 8-101"
lat = 38.0730
lng = 114.4930
residents = [{ code = "R8", name = "张桂兰" }]
devices = [
    { code = "D8", kind = "pendant", protocol = "rtl433", address = "Generic-Remote:5069:48" },
    { code = "D9", kind = "pendant", protocol = "surgard", address = "1234" },
]
"""
PRESS = {"time": "@0.196604s", "model": "Generic-Remote", "id": 5069, "cmd": 48}


class Notes:
    """A door that writes down what it is handed."""

    def __init__(self) -> None:
        self.bodies: list[bytes] = []

    def hand_over(self, body: bytes) -> tuple[int, bytes]:
        self.bodies.append(body)
        return 1, b""


class Scene:
    """Three gateways behind doors, over a real desk."""

    def __init__(self, folder: Path) -> None:
        self.world = build_world(folder, district=DISTRICT + DISTRICT_MORE)
        protocols = {"remote": "rtl433", "receiver": "surgard", "radio": "rflink"}
        self.reception = Reception(
            self.world.desk, Supervision(self.world.transactions), self.world.reading, self.world.clock, self.world.ids,
            protocols=protocols, stations={},
        )  # fmt: skip
        self.doors = {name: HttpDoor() for name in protocols}
        self.exchanges = [
            Exchange(
                name, door, DECODERS[protocols[name]], self.reception, self.world.clock, lambda: b"", threading.Event()
            )
            for name, door in self.doors.items()
        ]
        self.doors["notes"] = Notes()
        self.house = House(self.world, doors=self.doors)
        self.client = self.house.machine("signals")

    def post(self, name: str, body, **headers):
        return self.client.post(f"/api/v1/gateways/{name}/frames", data=body, headers=headers)

    def alarms(self):
        return self.house.review.recent(10)


@pytest.fixture
def scene(tmp_path: Path) -> Iterator[Scene]:
    built = Scene(tmp_path)
    with listening(*built.exchanges):
        until(lambda: all(each.state.connected for each in built.exchanges))
        yield built
    built.house.close()
    built.world.close()


def test_what_a_decoder_without_an_answer_understood_is_on_disk_and_answered_with_204(scene):
    answer = scene.post("remote", json.dumps(PRESS), **{"Content-Type": "application/json"})
    assert (answer.status_code, answer.data) == (204, b"")
    (alarm,) = scene.alarms()
    assert alarm["home"] == "H8"


def test_json_may_stand_on_many_lines(scene):
    """A line end gives an object up where the protocol is of lines."""
    assert scene.post("remote", json.dumps(PRESS, indent=2).replace("\n", "\r\n")).status_code == 204
    assert len(scene.alarms()) == 1


def test_several_lines_that_are_no_one_json_stay_several_lines(scene):
    lines = b"".join(rflink.encode(f"EV1527:{number}:01", Event.BUTTON) for number in ("0a1b2c", "0a1b2d"))
    assert scene.post("radio", lines).status_code == 204
    assert sorted(alarm["home"] for alarm in scene.alarms()) == ["H1", "H2"]
    assert scene.post("notes", lines).status_code == 204
    assert scene.doors["notes"].bodies == [lines + b"\n"]


def test_a_request_leaves_no_conversation_behind(scene):
    scene.post("remote", json.dumps(PRESS))
    scene.post("remote", b'{"half": ')
    assert scene.exchanges[0].state.talkers == 0


def test_the_protocols_own_acknowledgement_is_the_answer(scene):
    answer = scene.post("receiver", surgard.encode("1234", Event.PRESS))
    assert (answer.status_code, answer.data) == (200, b"\x06")
    assert answer.content_type == "application/octet-stream"
    assert len(scene.alarms()) == 1


def test_a_life_sign_is_on_disk_when_it_is_answered(scene):
    assert scene.post("receiver", surgard.encode("1234", Event.HEARTBEAT)).status_code == 200
    low = json.dumps({**PRESS, "battery_ok": 0, "cmd": 1})
    assert scene.post("remote", low).status_code == 204
    with scene.world.reading.connect() as connection:
        rows = connection.exec_driver_sql("SELECT address FROM strangers").all()
    assert [row.address for row in rows] == ["Generic-Remote:5069:1"]


def test_the_same_again_is_answered_again_and_raises_nothing_more(scene):
    for _ in range(3):
        assert scene.post("receiver", surgard.encode("1234", Event.PRESS)).status_code == 200
    assert [alarm["press_count"] for alarm in scene.alarms()] == [1]


@pytest.mark.parametrize("body", [b"", b"{}", b"hello", b"\xff\xfe\x00", b"[" * 5000])
def test_a_body_that_says_nothing_is_refused(scene, body):
    answer = scene.post("remote", body)
    assert answer.status_code == 422
    assert answer.content_type == "application/problem+json"


def test_a_body_too_long_is_refused(scene):
    assert scene.post("remote", b" " * (BODY_MAX + 1)).status_code == 413
    assert scene.post("remote", json.dumps(PRESS).encode().rjust(BODY_MAX)).status_code == 204


def test_only_a_gateway_with_a_door_takes_anything(scene):
    answer = scene.post("hall-radio", json.dumps(PRESS))
    assert (answer.status_code, answer.content_type) == (404, "application/problem+json")


def test_only_a_key_for_signals_or_an_operator_may(scene):
    where, body = "/api/v1/gateways/remote/frames", json.dumps(PRESS)
    assert scene.house.machine("read").post(where, data=body).status_code == 403
    assert scene.house.stranger().post(where, data=body).status_code == 401
    assert scene.house.operators().post(where, data=body).status_code == 204


def test_it_is_in_the_document(scene):
    document = scene.house.stranger().get("/api/v1/openapi.json").json
    said = document["paths"]["/api/v1/gateways/{name}/frames"]["post"]
    assert {"200", "204", "404", "413", "422", "503"} <= said["responses"].keys()
    assert "*/*" in said["requestBody"]["content"]


# ------------------------------------------------------------------------------------------------ the door alone


@pytest.mark.error_lines("frame_not_kept", "frames_never_kept")
def test_what_cannot_be_kept_in_time_is_told_to_come_again_and_kept_all_the_same():
    ears, door = SharedEars([]), HttpDoor(wait_s=0.5)
    ears.misses = 1_000_000
    exchange = Exchange("yard", door, LineDecoder, ears, _quick_clock(), lambda: b"", threading.Event())
    refused: list[Busy] = []

    def hand_over() -> None:
        try:
            door.hand_over(b"help\n")
        except Busy as busy:
            refused.append(busy)

    sender = threading.Thread(target=hand_over)
    with listening(exchange):
        until(lambda: exchange.state.connected)
        sender.start()
        until(lambda: exchange.state.waiting == 1)
        sender.join(60)
        assert refused
        ears.misses = 0
        until(lambda: ears.kept == ["help"])
        until(lambda: door.unanswered == 1)


def test_no_more_requests_wait_than_leave_threads_for_carers_answers():
    door = HttpDoor(wait_s=100.0)
    door.open()
    waiting = [threading.Thread(target=_refused, args=(door,)) for _ in range(REQUESTS_MAX)]
    for each in waiting:
        each.start()
    until(lambda: len(door._requests) == REQUESTS_MAX)
    with pytest.raises(Busy):
        door.hand_over(b"one too many")
    assert door.refused == 1
    door.close()
    for each in waiting:
        each.join(60)
    assert not any(each.is_alive() for each in waiting), "the end tells those who wait"
    assert door._requests == {}


def test_a_request_is_heard_at_once():
    """Not when the look is over that the gateway is just taking."""
    door, looks = HttpDoor(wait_s=0.1), []
    door.open()
    looking = threading.Thread(target=lambda: looks.append(door.poll(1e6)))
    looking.start()
    until(lambda: door._changed._waiters)
    _refused(door)
    looking.join()
    assert [said.data for said in looks[0]] == [b"help"]


def _refused(door: HttpDoor) -> None:
    with pytest.raises(Busy):
        door.hand_over(b"help")


def test_a_door_that_is_shut_takes_nothing():
    door = HttpDoor()
    with pytest.raises(Busy):
        door.hand_over(b"help")
    with pytest.raises(PortLost):
        door.poll(0)


def test_nothing_may_follow_the_name_of_the_door():
    with pytest.raises(ValueError, match="nothing may follow"):
        open_listener("http://0.0.0.0:80")


def _quick_clock():
    from tests.unit.devices_gateway.test_gateway import QuickClock

    return QuickClock()
