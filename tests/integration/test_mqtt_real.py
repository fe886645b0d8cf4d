"""A real broker: what it sends is durable before it is confirmed, and what was not confirmed it says again."""

import json
import shutil
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path

import pytest

from devices.decoders import DECODERS
from devices.decoders.decoder import FRAME_BYTES_MAX
from devices.exchange import Exchange
from devices.line import Condition
from devices.ports import PortLost
from devices.ports.mqtt import UNCONFIRMED_MAX, MqttListener
from devices.reception import Reception
from devices.supervision import Supervision
from dispatch.clock import SystemClock
from dispatch.review import Review
from tests.builders import DISTRICT, build_world
from tests.fakes.line import LineDecoder, listening, until
from tests.fakes.listener import SharedEars
from tests.integration.broker import Broker
from tests.need import need

HOME_MORE = """
[[homes]]
code = "H8"
address = "红星里 8-101"
lat = 38.0730
lng = 114.4930
residents = [{ code = "R8", name = "张桂兰" }]
devices = [{ code = "D8", kind = "pendant", protocol = "zigbee2mqtt", address = "bed_sos" }]
"""
PRESS = '{"action":"emergency","battery":80}'


@pytest.fixture
def broker(tmp_path: Path) -> Iterator[Broker]:
    with Broker(tmp_path) as started:
        yield started


@pytest.fixture
def heard(broker):
    """Makes listeners of one session and closes them."""
    made: list[MqttListener] = []

    def listener(topic: str = "home/#", **options: object) -> MqttListener:
        made.append(MqttListener(broker.address(topic, **{"client_id": "test", **options})))
        made[-1].open()
        return made[-1]

    yield listener
    for each in made:
        each.close()


def take(listener: MqttListener, count: int) -> list:
    """So many messages, as they come."""
    said: list = []
    until(lambda: said.extend(listener.poll(0.1)) or len(said) >= count)
    return said


def payloads(said: list) -> list[str]:
    return [json.loads(each.data)["payload"] for each in said]


def die(listener: MqttListener) -> None:
    """As by kill -9: the connection breaks without a word."""
    listener._client.socket().close()


# ------------------------------------------------------------------------------------------------ messages


def test_a_message_is_one_line_with_its_topic(broker, heard):
    broker.publish("home/old", "press", retain=True)
    listener = heard()
    broker.publish("home/new/警", '{"action":\n"press"}')
    said = take(listener, 2)
    assert [json.loads(each.data) for each in said] == [
        {"topic": "home/old", "payload": "press", "retain": True},
        {"topic": "home/new/警", "payload": '{"action":\n"press"}', "retain": False},
    ]
    assert [each.data.count(b"\n") for each in said] == [1, 1]
    assert len({each.talker for each in said}) == 1


def test_what_was_not_confirmed_is_said_again_and_what_was_is_not(broker, heard):
    listener = heard()
    broker.publish("home/a", "one", "two", "three")
    said = take(listener, 3)
    listener.confirm(said[1], 1)
    die(listener)
    again = take(heard(), 2)
    assert payloads(again) == ["one", "three"]


@pytest.mark.parametrize("version", ["5", "3.1.1"])
def test_what_is_published_while_we_are_away_waits_at_the_broker(broker, heard, version):
    listener = heard(version=version)
    listener.close()
    broker.publish("home/a", "one", "two")
    listener.open()
    said = take(listener, 2)
    assert payloads(said) == ["one", "two"]
    for each in said:
        listener.confirm(each, 1)
    die(listener)
    listener = heard(version=version)
    broker.publish("home/a", "three")
    assert payloads(take(listener, 1)) == ["three"]


def test_a_confirmation_after_the_connection_has_changed_confirms_nothing(broker, heard):
    """The numbers of the broker begin anew: an old one may by now be another message's."""
    listener = heard()
    broker.publish("home/a", "one")
    (old,) = take(listener, 1)
    die(listener)
    listener.open()
    (again,) = take(listener, 1)
    assert again.receipt != old.receipt
    listener.confirm(old, 1)
    die(listener)
    assert payloads(take(heard(), 1)) == ["one"]


def test_no_more_is_sent_than_is_confirmed(tmp_path):
    """However many are waiting, no more than the backlog holds are on their way."""
    with Broker(tmp_path, rules="allow_anonymous true\nmax_inflight_messages 0\n") as broker:
        listener = MqttListener(broker.address("home/#", client_id="test"))
        listener.open()
        broker.publish("home/a", *[str(number) for number in range(UNCONFIRMED_MAX + 20)])
        said = take(listener, UNCONFIRMED_MAX)
        assert listener.poll(0.3) == []
        for each in said:
            listener.confirm(each, 0)
        assert payloads(take(listener, 20)) == [str(UNCONFIRMED_MAX + number) for number in range(20)]
        listener.close()


def test_a_message_nobody_waits_for_has_no_receipt(broker, heard):
    listener = heard()
    broker.publish("home/a", "one", qos=0)
    assert [each.receipt for each in take(listener, 1)] == [None]


def test_a_message_too_long_for_any_frame_says_nothing_and_can_be_confirmed(broker, heard):
    listener = heard()
    broker.publish("home/a", "x" * (FRAME_BYTES_MAX + 1))
    (said,) = take(listener, 1)
    assert (said.data, listener.refused) == (b"", 1)
    assert said.receipt is not None


# ------------------------------------------------------------------------------------------------ the broker


def test_a_broker_that_ends_is_a_lost_port_and_what_it_owes_comes_when_it_is_back(broker, heard):
    listener = heard()
    broker.publish("home/a", "one")
    take(listener, 1)
    broker.end()
    until(lambda: _is_lost(listener))
    with pytest.raises(PortLost, match="no connection to the broker"):
        listener.open()
    broker.start()
    listener.open()
    assert payloads(take(listener, 1)) == ["one"]


def _is_lost(listener: MqttListener) -> bool:
    try:
        listener.poll(0.1)
    except PortLost:
        return True
    return False


def test_a_broker_that_refuses_us_says_why_without_the_password(tmp_path):
    rules = f"allow_anonymous false\npassword_file {tmp_path}/passwords\n"
    with Broker(tmp_path, rules=rules, passwords="anling:s3cret\n") as broker:
        with pytest.raises(PortLost, match="refuses us") as refused:
            MqttListener(broker.address("home/#", user="anling:wr0ng")).open()
        assert "wr0ng" not in refused.value.reason
        listener = MqttListener(broker.address("home/#", user="anling:s3cret"))
        listener.open()
        listener.close()


# paho leaves the socket of a failed handshake to be collected.
@pytest.mark.filterwarnings("ignore:Exception ignored in. <ssl.SSLSocket:pytest.PytestUnraisableExceptionWarning")
def test_a_certificate_of_an_authority_that_was_named_is_believed_and_no_other(tmp_path):
    need(shutil.which("openssl"), "openssl not found: apt install openssl")
    key, certificate = tmp_path / "key.pem", tmp_path / "ca.pem"
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-keyout", str(key), "-out", str(certificate),
         "-days", "2", "-subj", "/CN=localhost", "-addext", "subjectAltName=IP:127.0.0.1"],
        check=True, capture_output=True, timeout=240,
    )  # fmt: skip
    from tests.ports import free_port

    port = free_port()
    rules = f"allow_anonymous true\nlistener {port} 127.0.0.1\ncertfile {certificate}\nkeyfile {key}\n"
    with Broker(tmp_path, rules=rules):
        believed = MqttListener(f"mqtts://127.0.0.1:{port}/home/#?ca={certificate}")
        believed.open()
        believed.close()
        with pytest.raises(PortLost, match="certificate"):
            MqttListener(f"mqtts://127.0.0.1:{port}/home/#").open()


def test_something_that_is_no_broker_is_a_lost_port():
    import socket

    with socket.create_server(("127.0.0.1", 0)) as server:
        port = server.getsockname()[1]

        def babble() -> None:
            connection, _ = server.accept()
            with connection:
                connection.sendall(b"HTTP/1.1 400 Bad Request\r\n\r\n" * 3)
                connection.recv(1000)

        thread = threading.Thread(target=babble)
        thread.start()
        with pytest.raises(PortLost):
            MqttListener(f"mqtt://127.0.0.1:{port}/home/#").open()
        thread.join()


# ------------------------------------------------------------------------------------------------ with its exchange


class Scene:
    """A desk with a broker before it."""

    def __init__(self, folder: Path, broker: Broker) -> None:
        self.world = build_world(folder, district=DISTRICT + HOME_MORE)
        self.reception = Reception(
            self.world.desk, Supervision(self.world.transactions), self.world.reading, self.world.clock, self.world.ids,
            protocols={"hall": "zigbee2mqtt"}, stations={},
        )  # fmt: skip
        self.review = Review(self.world.reading, lambda: 0)
        self.address = broker.address("zigbee2mqtt/#", client_id="hall")

    def exchange(self, listener: MqttListener) -> Exchange:
        decoder = DECODERS["zigbee2mqtt"]
        return Exchange("hall", listener, decoder, self.reception, SystemClock(), lambda: b"", threading.Event())

    def alarms(self):
        return self.review.recent(10)


@pytest.fixture
def scene(tmp_path, broker) -> Iterator[Scene]:
    built = Scene(tmp_path, broker)
    yield built
    built.world.close()


def test_a_press_at_the_broker_is_an_alarm_and_an_old_one_is_none(scene, broker):
    broker.publish("zigbee2mqtt/bed_sos", PRESS, retain=True)
    exchange = scene.exchange(MqttListener(scene.address))
    with listening(exchange):
        until(lambda: exchange.state.frames == 1)
        assert scene.alarms() == []
        broker.publish("zigbee2mqtt/bed_sos", PRESS)
        until(scene.alarms)
    (alarm,) = scene.alarms()
    assert (alarm["home"], alarm["press_count"]) == ("H8", 1)


class Dying(MqttListener):
    """A listener whose process dies after the press is committed and before the broker knows."""

    def confirm(self, said, frames):
        if frames:
            die(self)


def test_killed_between_commit_and_confirmation_the_press_comes_again_and_joins(scene, broker):
    first = scene.exchange(Dying(scene.address))
    with listening(first):
        until(lambda: first.state.condition is Condition.CONNECTED)
        broker.publish("zigbee2mqtt/bed_sos", PRESS)
        until(scene.alarms)
    # What was in memory is gone with the process; what is on disk is not.
    again = Scene.exchange(scene, MqttListener(scene.address))
    with listening(again):
        until(lambda: again.state.frames == 1)
        until(lambda: again.state.waiting == 0)
    assert len(scene.alarms()) == 1
    last = MqttListener(scene.address)
    last.open()
    assert last.poll(0.5) == [], "now it was confirmed"
    last.close()


@pytest.mark.error_lines("frame_not_kept")
def test_while_nothing_can_be_kept_nothing_is_confirmed_and_the_rest_is_read_on(broker):
    ears = SharedEars([])
    ears.misses = 1_000_000
    address = broker.address("home/#", client_id="test")
    exchange = Exchange("hall", MqttListener(address), LineDecoder, ears, SystemClock(), lambda: b"", threading.Event())
    with listening(exchange):
        until(lambda: exchange.state.connected)
        broker.publish("home/a", "one", "two", "three")
        until(lambda: exchange.state.waiting == 3)
        ears.misses = 0
        until(lambda: len(ears.kept) == 3)
    last = MqttListener(address)
    last.open()
    assert last.poll(0.5) == []
    last.close()


@pytest.mark.error_lines("frame_not_kept", "frames_never_kept")
def test_what_was_never_kept_is_said_again_to_the_next_process(broker):
    ears = SharedEars([])
    ears.misses = 1_000_000
    address = broker.address("home/#", client_id="test")
    exchange = Exchange("hall", MqttListener(address), LineDecoder, ears, SystemClock(), lambda: b"", threading.Event())
    with listening(exchange):
        until(lambda: exchange.state.connected)
        broker.publish("home/a", "one")
        until(lambda: exchange.state.waiting == 1)
    last = MqttListener(address)
    last.open()
    assert payloads(take(last, 1)) == ["one"]
    last.close()


def test_a_broker_that_comes_back_is_heard_again(scene, broker):
    exchange = scene.exchange(MqttListener(scene.address))
    with listening(exchange):
        until(lambda: exchange.state.connected)
        broker.end()
        until(lambda: exchange.state.condition is Condition.LOST)
        broker.start()
        broker.publish("zigbee2mqtt/bed_sos", PRESS)
        until(scene.alarms)
