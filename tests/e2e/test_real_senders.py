"""
Every road that the README names, with senders that nobody here wrote, into a real service.

    socat (TCP, UDP, a serial line that is unplugged) · rtl_433 · mosquitto · sipp · curl's part by HTTP

What they say is cut into pieces, said again, preceded by noise and damaged; and the service is killed in the moment
between commit and answer, by a library that lets it die in its own call of `send`.
"""

import json
import random
import shlex
import shutil
import subprocess
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from devices.decoders import ENCODERS, LOGINS
from dispatch.rules.signal import Event
from tests.e2e.dialler import Dialler, SerialLine, cut, need_socat
from tests.e2e.last_gasp import LastGasp
from tests.e2e.rig import Rig, district, phone_of, policy, rest, until
from tests.integration.broker import Broker
from tests.integration.test_rtl433_real import REPEATS, ROW, pulses
from tests.integration.test_sipp_real import sipp
from tests.need import need
from tests.ports import free_port

SEED = 20_261_122
STEPS = policy("offer_nearest 60", "all_hands 60")
TREATMENTS = ("whole", "byte by byte", "in pieces", "three times", "after noise", "damaged, then right")
NOISE = b"\x00\xff\xfe20;00;N20;0\x7f\r\n+CREG: 1\r\n"
ON_TCP = ("contact_id", "dc09", "ev07b", "gt06", "h02", "jt808", "surgard", "topin", "trv", "watch3g", "bed")
ON_UDP = ("contact_id", "dc09", "ev07b", "h02", "jt808")
AT_BROKER = ("zigbee2mqtt", "chirpstack")
BY_HTTP = ("traccar", "bed", "surgard", "dc09")
ANSWERING = ("contact_id", "dc09", "ev07b", "gt06", "h02", "jt808", "surgard", "trv", "watch3g")
"""Protocols whose sender waits for an answer to a call for help."""

_TRACKERS = frozenset({"ev07b", "gt06", "h02", "jt808", "topin", "traccar", "trv", "watch3g"})
_DIGITS = {"h02": 10, "jt808": 11, "watch3g": 10}


@dataclass(frozen=True, slots=True)
class Button:
    """One resident's device on one road."""

    road: str
    protocol: str
    number: int

    @property
    def home(self) -> str:
        return f"{self.road}-{self.protocol}-{self.number}"

    @property
    def address(self) -> str:
        """Far from each other, so that no flipped bit makes one of another."""
        if self.protocol in _TRACKERS:
            digits = _DIGITS.get(self.protocol, 15)
            return f"{_ROADS.index(self.road) + 1}{self.number:02}{8_675_309 * (self.number + 7) % 10**9:09}".ljust(
                digits, "4"
            )[:digits]
        if self.protocol in {"contact_id", "dc09", "surgard"}:
            return f"{_ROADS.index(self.road) * 1000 + 2117 + self.number * 13}"
        if self.protocol == "chirpstack":
            return f"a8404100{_ROADS.index(self.road):04x}{self.number:04x}"
        if self.protocol == "rflink":
            return f"EV1527:{0x51A000 + 257 * self.number:06x}:01"
        if self.protocol == "bed" and self.road != "http":
            return f"{self.road}-radar"
        return f"{self.protocol}_{self.road}_{self.number}"

    def says(self, count: int = 1) -> bytes:
        event = Event.FALL if self.protocol == "bed" else Event.BUTTON if self.protocol == "rflink" else Event.PRESS
        return ENCODERS[self.protocol](self.address, event, count=count)

    def logs_in(self) -> bytes:
        return LOGINS[self.protocol](self.address) if self.protocol in LOGINS else b""

    def on_file(self) -> str:
        gateway = f', gateway = "{self.road}-{self.protocol}"' if self.protocol == "bed" else ""
        return (
            f'[[homes]]\ncode = "{self.home}"\naddress = "红星里 {self.number}"\nlat = 38.0730\nlng = 114.4930\n'
            f'residents = [{{ code = "P-{self.home}", name = "张桂兰" }}]\n'
            f'devices = [{{ code = "D-{self.home}", kind = "pendant", protocol = "{self.protocol}", '
            f'address = "{self.address}"{gateway} }}]\n'
        )


_ROADS = ("tcp", "udp", "mqtt", "http", "serial", "gasp", "gaspudp")


def buttons(road: str, protocols: tuple[str, ...], count: int) -> list[Button]:
    return [Button(road, protocol, number) for protocol in protocols for number in range(count)]


@dataclass
class Roads:
    """A service with a gateway for each road, and what leads there."""

    rig: Rig
    ports: dict[str, int]
    broker: Broker
    serial: SerialLine
    gasp: LastGasp
    key: str

    def dial(self, button: Button) -> Dialler:
        kind = "UDP" if button.road in {"udp", "gaspudp"} else "TCP"
        port = self.ports[f"{'tcp' if kind == 'TCP' else 'udp'}-{button.protocol}"]
        return Dialler(f"{kind}:127.0.0.1:{port}{',nodelay' if kind == 'TCP' else ''}")

    def alarms(self) -> dict[str, int]:
        rows = self.rig.rows(
            "SELECT h.code, count(*) AS count FROM alarms a JOIN homes h ON h.id = a.home_id GROUP BY h.code"
        )
        return {row["code"]: row["count"] for row in rows}

    def presses(self, button: Button) -> int:
        found = self.rig.one(
            "SELECT count(*) FROM signals s JOIN homes h ON h.id = s.home_id WHERE h.code = :home"
            " AND s.cause IS NOT NULL",
            home=button.home,
        )  # fmt: skip
        return int(found)

    def raised(self, button: Button) -> dict:
        return self.rig.raised(button.home, 20)


def gateways(ports: dict[str, int], broker: Broker, serial: SerialLine, recording: Path) -> str:
    rows = [(name, name.partition("-")[2], f"{name[:3]}-listen://127.0.0.1:{port}") for name, port in ports.items()]
    rows = [row for row in rows if row[1] not in {"scaip", "rtl433"}]
    rows += [
        (f"mqtt-{protocol}", protocol, broker.address(topic, client_id=protocol))
        for protocol, topic in (("zigbee2mqtt", "zigbee2mqtt/#"), ("chirpstack", "application/#"))
    ]
    rows += [(f"http-{protocol}", protocol, "http:") for protocol in BY_HTTP]
    rows += [
        ("serial-rflink", "rflink", str(serial.path)),
        ("units", "scaip", f"sip-listen://127.0.0.1:{ports['sip-scaip']}"),
        ("radio-syslog", "rtl433", f"udp-listen://127.0.0.1:{ports['udp-rtl433']}"),
        ("radio-exec", "rtl433", "exec:" + shlex.join(["rtl_433", "-c", "0", "-F", "json", "-r", str(recording)])),
    ]
    return "\n".join(f'[[gateways]]\nname = "{name}"\nprotocol = "{what}"\nport = \'{at}\'' for name, what, at in rows)


def _recording(path: Path) -> Path:
    """A press of a Generic-Remote as rtl_433 would record it from the air."""
    head = [";pulse data", ";version 1", ";timescale 1us", f";ook {len(ROW) * REPEATS} pulses", ";freq1 433920000"]
    path.write_text("\n".join([*head, *pulses(ROW) * REPEATS, ";end", ""]), encoding="ascii")
    return path


MORE = """
[[homes]]
code = "remote"
address = "红星里 900"
lat = 38.0730
lng = 114.4930
residents = [{ code = "P-remote", name = "张桂兰" }]
devices = [{ code = "D-remote", kind = "pendant", protocol = "rtl433", address = "Generic-Remote:5069:48" }]

[[homes]]
code = "unit"
address = "红星里 901"
lat = 38.0730
lng = 114.4930
residents = [{ code = "P-unit", name = "张桂兰" }]
devices = [{ code = "D-unit", kind = "pendant", protocol = "scaip", address = "46700007" }]
"""


def everybody() -> list[Button]:
    return [
        *(each for each in buttons("tcp", ON_TCP, len(TREATMENTS)) if each.protocol != "bed" or each.number == 0),
        *buttons("udp", ON_UDP, 3),
        *buttons("mqtt", AT_BROKER, 2),
        *buttons("http", ("traccar", "surgard", "dc09"), 2),
        *buttons("serial", ("rflink",), 8),
        *buttons("gasp", (*ANSWERING, *AT_BROKER, "traccar"), 1),
        *buttons("gaspudp", ON_UDP, 1),
    ]


@pytest.fixture(scope="module")
def roads(tmp_path_factory) -> Iterator[Roads]:
    need_socat()
    need(shutil.which("rtl_433"), "rtl_433 not found: apt install rtl-433")
    need(shutil.which("sipp"), "sipp not found: apt install sip-tester")
    folder = tmp_path_factory.mktemp("roads")
    (folder / "broker").mkdir()
    ports = {f"tcp-{protocol}": free_port() for protocol in ON_TCP} | {f"udp-{each}": free_port() for each in ON_UDP}
    ports |= {"sip-scaip": free_port(), "udp-rtl433": free_port()}
    gasp = LastGasp(folder)
    loaded = district(
        homes=1, carers=[phone_of(number) for number in range(1, 6)],
        more="\n".join([*(each.on_file() for each in everybody()), MORE]),
    )  # fmt: skip
    with Broker(folder / "broker") as broker, SerialLine(folder) as serial:
        more = gateways(ports, broker, serial, _recording(folder / "press.ook"))
        with Rig(
            folder / "service", district=loaded, escalation=STEPS, radio=False, more=more, environ=gasp.environ
        ) as rig:
            key = rig.key("signals")
            rig.start()
            until("the broker's gateways are there", lambda: rig.metric("gateway_connected", "mqtt-zigbee2mqtt") == 1.0)
            yield Roads(rig, ports, broker, serial, gasp, key)
            rig.assert_sound(30)
            rig.stop()
            assert rig.surprises() == []


def treated(draw: random.Random, said: bytes, treatment: str) -> list[bytes]:
    """The writes that bring a message in this way; noise and damage come before it."""
    if treatment == "byte by byte":
        return [said[at : at + 1] for at in range(len(said))]
    if treatment == "in pieces":
        return cut(said, [draw.randrange(1, len(said)) for _ in range(4)])
    if treatment == "after noise":
        return [NOISE, said]
    if treatment == "damaged, then right":
        place = draw.randrange(len(said) // 2, len(said) - 2)
        return [said[:place] + bytes([said[place] ^ 0x08]) + said[place + 1 :], said]
    return [said] * (3 if treatment == "three times" else 1)


@pytest.mark.drill
@pytest.mark.parametrize("protocol", ON_TCP)
def test_a_dialler_over_tcp_is_heard_however_it_speaks(roads, protocol):
    draw = random.Random(f"{SEED} {protocol}")
    for number, treatment in enumerate(TREATMENTS):
        if protocol == "bed" and number:
            break
        button = Button("tcp", protocol, number)
        persevere(roads, button, treated(draw, button.says(number + 1), treatment), treatment)
        roads.raised(button)
        # A damaged frame may be kept as a press of its own, marked; an SOS of Topin has nothing to know it again by.
        if treatment != "damaged, then right" and protocol != "topin":
            assert roads.presses(button) == 1, treatment
        assert roads.alarms()[button.home] == 1, treatment


def persevere(roads: Roads, button: Button, writes: list[bytes], treatment: str) -> None:
    """Says it, and says the last of it again on a new line until it is answered, where an answer is waited for."""
    for attempt in range(4):
        with roads.dial(button) as line:
            answered = 0
            if button.logs_in():
                line.say(button.logs_in())
                assert line.wait_answer(), "the login is answered"
                answered = len(line.answer)
            if treatment in {"after noise", "damaged, then right"} and not attempt:
                line.say(writes.pop(0))
                # It may be refused, and without a checksum nobody can tell and it is answered like any other.
                line.wait_answer(0.5, longer_than=answered)
                answered = len(line.answer)
            line.say(*(writes if not attempt else writes[-1:]), pause_s=0.005 if len(writes) > 9 else 0.1)
            if button.protocol not in ANSWERING:
                rest(0.5)
                return
            if line.wait_answer(longer_than=answered):
                return
    raise AssertionError(f"{button.home}, {treatment}: never answered")


@pytest.mark.drill
@pytest.mark.parametrize("protocol", ON_UDP)
def test_a_dialler_over_udp_is_heard_also_when_it_repeats_and_when_a_datagram_is_damaged(roads, protocol):
    draw = random.Random(f"{SEED} udp {protocol}")
    for number, treatment in enumerate(("whole", "three times", "damaged, then right")):
        button = Button("udp", protocol, number)
        persevere(roads, button, treated(draw, button.says(number + 1), treatment), treatment)
        roads.raised(button)
        assert roads.presses(button) == 1 or treatment == "damaged, then right"
        assert roads.alarms()[button.home] == 1


@pytest.mark.drill
def test_mosquitto_pub_is_heard_once_however_often_it_says_it(roads):
    for button in buttons("mqtt", AT_BROKER, 2):
        topic, payload = unwrapped(button.says(button.number + 1))
        roads.broker.publish(topic, *[payload] * (1 + 2 * button.number))
        roads.raised(button)
        rest(0.5)
        assert roads.alarms()[button.home] == 1
        if button.number:
            assert roads.presses(button) == 1


def unwrapped(line: bytes) -> tuple[str, str]:
    said = json.loads(line)
    return said["topic"], said["payload"]


@pytest.mark.drill
def test_what_is_posted_is_heard_once(roads):
    for button in buttons("http", ("traccar", "surgard", "dc09"), 2):
        for _ in range(1 + 2 * button.number):
            status, _ = roads.rig.post_raw(
                f"/api/v1/gateways/http-{button.protocol}/frames", button.says(3), key=roads.key
            )
            assert status in {200, 204}
        roads.raised(button)
        assert (roads.alarms()[button.home], roads.presses(button)) == (1, 1)


@pytest.mark.drill
def test_a_radio_program_is_heard_on_its_pipe_and_as_syslog(roads, tmp_path):
    alarm = roads.rig.raised("remote", 30)
    count = alarm["press_count"]
    command = ["rtl_433", "-c", "0", "-r", str(_recording(tmp_path / "press.ook")),
               "-F", f"syslog:127.0.0.1:{roads.ports['udp-rtl433']}"]  # fmt: skip
    assert subprocess.run(command, capture_output=True, timeout=30, check=False).returncode == 0
    heard = "SELECT count(*) FROM hearings WHERE gateway = 'radio-syslog'"
    until("the syslog road heard it too", lambda: roads.rig.one(heard))
    assert roads.alarms()["remote"] == 1
    assert roads.rig.alarm("remote")["press_count"] >= count


@pytest.mark.drill
def test_sipp_is_answered_for_every_press_and_one_home_has_one_alarm(roads, tmp_path):
    body = "<mrq><ref>R{0}</ref><cid>46700007</cid><dty>0002</dty><stc>0010</stc></mrq>"
    done = sipp(tmp_path, roads.ports["sip-scaip"], [body.format(number) for number in range(20)], "-r", 50)
    assert done.returncode == 0, done.stdout + done.stderr
    assert roads.alarms()["unit"] == 1


@pytest.mark.drill
def test_a_serial_line_is_unplugged_in_the_middle_of_a_frame(roads):
    """For cuts all along a frame: the piece is forgotten, the line comes back, the next press is heard."""
    draw = random.Random(SEED)
    for number in range(8):
        button = Button("serial", "rflink", number)
        said = button.says(number)
        roads.serial.say(said[: draw.randrange(1, len(said) - 1)])
        roads.serial.unplug()
        until("it is missed", lambda: roads.rig.metric("gateway_connected", "serial-rflink") == 0.0)
        roads.serial.plug()
        until("it is back", lambda: roads.rig.metric("gateway_connected", "serial-rflink") == 1.0)
        assert button.home not in roads.alarms(), "half a frame is no press"
        roads.serial.say(*[said] * 4, pause_s=0.06)
        roads.raised(button)
        assert (roads.alarms()[button.home], roads.presses(button)) == (1, 1)


# ------------------------------------------------------------------------------------------------ killed answering


def died(roads: Roads) -> None:
    until("it died answering", roads.gasp.has_struck)
    roads.rig.process.wait(60)


@pytest.mark.drill
@pytest.mark.parametrize(
    "button", [*buttons("gasp", ANSWERING, 1), *buttons("gaspudp", ON_UDP, 1)], ids=lambda button: button.home
)
def test_a_service_killed_between_commit_and_answer_answers_the_repetition_and_raises_nothing(roads, button):
    with roads.dial(button) as line:
        if button.logs_in():
            line.say(button.logs_in())
            assert line.wait_answer()
        answered = line.answer
        roads.gasp.arm(roads.ports[f"{'udp' if button.road == 'gaspudp' else 'tcp'}-{button.protocol}"])
        line.say(button.says(9))
        died(roads)
        assert line.answer == answered, "nothing was answered"
    assert roads.presses(button) == 1, "it was on disk before"
    roads.rig.start()
    persevere(roads, button, [button.says(9)], "after the kill")
    assert (roads.alarms()[button.home], roads.presses(button)) == (1, 1)


@pytest.mark.drill
@pytest.mark.parametrize("button", buttons("gasp", AT_BROKER, 1), ids=lambda button: button.home)
def test_a_service_killed_before_it_confirms_to_the_broker_gets_the_message_again_and_raises_nothing(roads, button):
    until("it is there", lambda: roads.rig.metric("gateway_connected", f"mqtt-{button.protocol}") == 1.0)
    roads.gasp.arm(roads.broker.port)
    roads.broker.publish(*unwrapped(button.says(9)))
    died(roads)
    assert roads.presses(button) == 1, "it was on disk before"
    roads.rig.start()
    until("it is there", lambda: roads.rig.metric("gateway_connected", f"mqtt-{button.protocol}") == 1.0)
    rest(2.0)
    # A button of Zigbee2MQTT has no number: what the broker says again may be a second press, and joins the alarm.
    assert roads.alarms()[button.home] == 1
    assert roads.presses(button) == 1 or button.protocol == "zigbee2mqtt"


@pytest.mark.drill
def test_a_service_killed_before_it_answers_a_request_is_asked_again_and_raises_nothing(roads):
    (button,) = buttons("gasp", ("traccar",), 1)
    roads.gasp.arm(roads.rig.port)
    with pytest.raises(OSError, match=r"."):
        roads.rig.post_raw("/api/v1/gateways/http-traccar/frames", button.says(9), key=roads.key)
    died(roads)
    assert roads.presses(button) == 1, "it was on disk before"
    roads.rig.start()
    assert roads.rig.post_raw("/api/v1/gateways/http-traccar/frames", button.says(9), key=roads.key)[0] == 204
    assert (roads.alarms()[button.home], roads.presses(button)) == (1, 1)


@pytest.mark.drill
def test_sipp_that_was_not_answered_repeats_and_is_answered_by_the_next_process(roads, tmp_path):
    body = "<mrq><ref>R700</ref><cid>46700008</cid><dty>0002</dty><stc>0010</stc></mrq>"
    before, results = roads.rig.one("SELECT count(*) FROM signals WHERE address = '46700008'"), []
    unit = threading.Thread(target=lambda: results.append(sipp(tmp_path, roads.ports["sip-scaip"], [body])))
    roads.gasp.arm(roads.ports["sip-scaip"])
    unit.start()
    died(roads)
    roads.rig.start()
    unit.join(60)
    assert results[0].returncode == 0, results[0].stdout + results[0].stderr
    assert (before, roads.rig.one("SELECT count(*) FROM signals WHERE address = '46700008'")) == (0, 1)
