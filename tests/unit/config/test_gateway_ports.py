"""Where a gateway may be: what the settings accept, keep secret and look over."""

import json
import threading
from contextlib import closing
from pathlib import Path

import pytest

from config.admin import AdminSocket
from config.doctor import examine
from config.gateways import Gateways
from config.settings import GatewaySettings, read_settings
from devices.exchange import Exchange
from devices.gateway import Gateway
from devices.ports import HttpDoor, TcpListener, check_address, is_listener, open_listener, without_password
from dispatch.errors import Misconfigured
from tests.fakes.clock import HandClock
from tests.fakes.listener import SharedEars

BROKER = "mqtt://anling@broker.example:1883/zigbee2mqtt/#"
LISTENING = [
    "tcp-listen://0.0.0.0:5000", "tcp-listen://[::]:5000", "udp-listen://127.0.0.1:5140", "http:", BROKER,
    "mqtts://broker.example/rtl_433/+/events?qos=0&client_id=hall&version=3.1.1&keepalive=60&ca=/etc/ca.pem",
]  # fmt: skip
LINES = [
    "/dev/ttyUSB0",
    "/dev/serial/by-id/usb-a:b",
    "COM3",
    "socket://127.0.0.1:5000",
    "exec:rtl_433 -F json",
    "stdin:",
]


def gateway(port: str, **more) -> dict:
    return {"name": "hall", "protocol": "rtl433", "port": port, **more}


def read(*gateways: dict, **environ: str):
    return read_settings({"gateways": list(gateways)}, environ=environ)


@pytest.mark.parametrize("port", LISTENING + LINES)
def test_every_kind_of_port_is_accepted(port):
    assert read(gateway(port)).gateways[0].port == port
    assert is_listener(port) == (port in LISTENING)


@pytest.mark.parametrize(
    ("port", "word"),
    [
        ("ftp://broker", "tcp-listen"),
        ("tcp-listen://5000", "HOST:PORT"),
        ("udp-listen://0.0.0.0:99999", "HOST:PORT"),
        ("http://0.0.0.0:80", "nothing may follow"),
        ("mqtt://broker.example", "topic filter"),
        ("mqtt://broker.example/a/#/b", "topic filter"),
        ("mqtt://broker.example/a+/b", "topic filter"),
        ("mqtt://broker.example/a?qos=2", "qos"),
        ("mqtt://broker.example/a?colour=red", "colour"),
        ("mqtt://broker.example/a?version=4", "3.1.1"),
        ("mqtt://broker.example/a?keepalive=soon", "keepalive"),
        ("mqtt://broker.example/a?keepalive=1", "keepalive"),
        ("mqtt://broker.example:port/a", "like mqtt://"),
    ],
)
def test_what_is_no_port_stops_the_start_with_a_remedy(port, word):
    with pytest.raises(Misconfigured, match=r"gateways\.0\.port") as refused:
        read(gateway(port))
    assert word in refused.value.detail


def test_the_password_comes_from_the_environment_or_a_file_and_never_shows(tmp_path):
    (tmp_path / "password").write_text("s3cret/@:\n", encoding="utf-8")
    from_file = read(gateway(BROKER, password_file=str(tmp_path / "password")))
    from_environ = read(gateway(BROKER), ANLING_GATEWAYS__0__PASSWORD="s3cret/@:")
    for settings in (from_file, from_environ):
        assert settings.gateways[0].password == "s3cret/@:"
        assert "s3cret" not in repr(settings)
    with pytest.raises(Misconfigured, match=r"gateways\.0\.password"):
        read(gateway(BROKER, password="s3cret"))


def test_a_password_in_the_address_never_shows():
    address = "mqtt://anling:s3cret@broker.example/a/#"
    assert without_password(address) == "mqtt://anling:***@broker.example/a/#"
    assert "s3cret" not in repr(read(gateway(address)))
    with pytest.raises(ValueError, match="topic filter") as refused:
        check_address("mqtt://anling:s3cret@broker.example/")
    assert "s3cret" not in str(refused.value)
    with pytest.raises(ValueError, match="no such kind") as refused:
        check_address("amqp://anling:s3cret@broker.example/")
    assert "s3cret" not in str(refused.value)


def test_the_password_reaches_the_broker_as_it_was_written():
    broker = open_listener(BROKER, password="s3c/r:e@t%41")._broker
    assert (broker.user, broker.password, broker.host, broker.topic) == (
        "anling", "s3c/r:e@t%41", "broker.example", "zigbee2mqtt/#",
    )  # fmt: skip
    assert "s3c" not in repr(broker)


def test_a_password_without_a_user_is_refused():
    said = GatewaySettings(name="hall", protocol="rtl433", port="mqtt://broker.example/a", password="s3cret")
    with pytest.raises(Misconfigured, match="needs a user"):
        made(said)


def made(said: GatewaySettings):
    return Gateways(SharedEars(), HandClock(), threading.Event()).of(said)


def test_a_line_becomes_a_gateway_and_an_address_an_exchange():
    kinds = [type(made(GatewaySettings(name="hall", protocol="rtl433", port=port))[0]) for port in LISTENING + LINES]
    assert kinds == [Exchange] * len(LISTENING) + [Gateway] * len(LINES)
    assert isinstance(made(GatewaySettings(name="hall", protocol="rtl433", port="http:"))[1], HttpDoor)


def test_who_is_quiet_is_hung_up_on_but_a_broker_is_not():
    def idle_s(port: str, protocol: str) -> float:
        return made(GatewaySettings(name="hall", protocol=protocol, port=port))[0]._idle_s

    assert idle_s("tcp-listen://0.0.0.0:5000", "rtl433") == 1800.0
    assert idle_s("tcp-listen://0.0.0.0:5000", "surgard") == 300.0
    assert idle_s(BROKER, "rtl433") == float("inf")


def test_quiet_is_a_fault_for_lines_by_themselves_and_for_addresses_when_it_is_said():
    def silent_s(port: str, **more) -> float:
        return made(GatewaySettings(name="hall", protocol="surgard", port=port, **more))[0]._silent_s

    assert (silent_s("/dev/ttyUSB0"), silent_s("/dev/ttyUSB0", silent_s=90.0)) == (180.0, 90.0)
    assert (silent_s("http:"), silent_s("http:", silent_s=90.0)) == (float("inf"), 90.0)


# ------------------------------------------------------------------------------------------------ doctor


def findings(capsys, folder: Path, port: str, **more) -> dict:
    settings = read_settings({"home": str(folder), "gateways": [gateway(port, **more)]}, environ={})
    examine(settings, as_json=True)
    (found,) = [each for each in json.loads(capsys.readouterr().out) if each["name"].startswith("gateway")]
    return found


def test_doctor_finds_an_address_that_can_be_listened_on_well(capsys, tmp_path):
    assert findings(capsys, tmp_path, "udp-listen://127.0.0.1:0")["well"]
    assert findings(capsys, tmp_path, "http:")["well"]


def test_doctor_says_who_has_the_address(capsys, tmp_path):
    listener = TcpListener("tcp-listen://127.0.0.1:0")
    listener.open()
    with closing(listener):
        found = findings(capsys, tmp_path, f"tcp-listen://127.0.0.1:{listener.port}")
        assert not found["well"]
        assert "in use" in found["cure"]
        # While the service runs it has the address itself.
        service = AdminSocket(tmp_path, {})
        service.start()
        assert findings(capsys, tmp_path, f"tcp-listen://127.0.0.1:{listener.port}")["well"]
        service.stop()


def test_doctor_says_that_no_broker_answers_and_keeps_the_password(capsys, tmp_path):
    found = findings(capsys, tmp_path, "mqtt://anling:s3cret@127.0.0.1:9/a/#")
    assert not found["well"]
    assert "no connection to the broker" in found["cure"]
    assert "s3cret" not in json.dumps(found)
    assert "anling:***@127.0.0.1" in found["seen"]


SIP = "sip-listen://units@0.0.0.0:5060"


def test_a_user_of_sip_needs_a_password_which_a_file_or_the_environment_may_have(tmp_path):
    with pytest.raises(Misconfigured, match=r"gateways\.0\.password"):
        read(gateway(SIP))
    path = tmp_path / "password"
    path.write_text("s3cret\n")
    assert read(gateway(SIP, password_file=str(path))).gateways[0].password == "s3cret"
    assert read(gateway(SIP), ANLING_GATEWAYS__0__PASSWORD="s3cret").gateways[0].password == "s3cret"


@pytest.mark.parametrize(
    "port",
    [
        "sip-listen://0.0.0.0:5060",
        "sip-listen://0.0.0.0?users=/etc/anling/a@b",
        "sip-listen://units:s3cret@0.0.0.0",
        "sip-listen://0.0.0.0:5061?tls=/etc/a.pem",
    ],
)
def test_other_addresses_of_sip_need_none(port):
    assert read(gateway(port)).gateways[0].port == port
