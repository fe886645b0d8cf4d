"""Two gateways that want the same line or the same address are refused, by both keys, before anything is opened."""

import pytest

from config.settings import read_settings
from dispatch.errors import Misconfigured

SHARED = {
    "one serial port": ("/dev/ttyUSB0", "/dev/ttyUSB0"),
    "in other words": ("/dev/ttyUSB0", "/dev/../dev/ttyUSB0"),
    "watched": ("/dev/ttyUSB0", "spy:///dev/ttyUSB0?file=/dev/null"),
    "a remote one": ("rfc2217://10.0.0.5:4000", "RFC2217://10.0.0.5:4000"),
    "standard input": ("stdin:", "stdin:"),
    "one address": ("tcp-listen://127.0.0.1:5000", "tcp-listen://localhost:5000"),
    "every interface": ("tcp-listen://0.0.0.0:5000", "tcp-listen://10.1.2.3:5000"),
    "every interface, later": ("udp-listen://10.1.2.3:5000", "udp-listen://0.0.0.0:5000"),
    "IPv6 hears IPv4": ("tcp-listen://[::]:5000", "tcp-listen://0.0.0.0:5000"),
    "one address of IPv6": ("tcp-listen://[::1]:5000", "tcp-listen://[0:0:0:0:0:0:0:1]:5000"),
    "SIP is heard by UDP": ("sip-listen://0.0.0.0:5060", "udp-listen://0.0.0.0:5060"),
    "and by TCP": ("tcp-listen://0.0.0.0:5060", "sip-listen://0.0.0.0"),
    "SIP in TLS": ("sip-listen://0.0.0.0:5061?tls=/etc/a.pem", "tcp-listen://0.0.0.0:5061"),
    "one client of a broker": ("mqtt://broker/a/#", "mqtt://broker:1883/a/#"),
    "one id by hand": ("mqtt://broker/a/#?client_id=x", "mqtt://broker/b/#?client_id=x"),
}
APART = {
    "two serial ports": ("/dev/ttyUSB0", "/dev/ttyUSB1"),
    "another port": ("tcp-listen://0.0.0.0:5000", "tcp-listen://0.0.0.0:5001"),
    "another protocol": ("tcp-listen://0.0.0.0:5000", "udp-listen://0.0.0.0:5000"),
    "other interfaces": ("tcp-listen://10.1.2.3:5000", "tcp-listen://127.0.0.1:5000"),
    "IPv4 alone beside IPv6": ("tcp-listen://0.0.0.0:5000", "tcp-listen://[::1]:5000"),
    "as the machine chooses": ("tcp-listen://127.0.0.1:0", "tcp-listen://127.0.0.1:0"),
    "SIP in TLS takes no UDP": ("sip-listen://0.0.0.0:5061?tls=/etc/a.pem", "udp-listen://0.0.0.0:5061"),
    "two subscriptions": ("mqtt://broker/a/#", "mqtt://broker/b/#"),
    "what others post": ("http:", "http:"),
    "a server that many may ask": ("socket://10.0.0.5:7000", "socket://10.0.0.5:7000"),
    "programs": ("exec:rtl_433 -F json", "exec:rtl_433 -F json"),
}


def read(*ports, **more):
    gateways = [{"name": f"g{number}", "protocol": "rflink", "port": port} for number, port in enumerate(ports)]
    return read_settings({"gateways": gateways, **more}, environ={})


@pytest.mark.parametrize("ports", SHARED.values(), ids=SHARED)
def test_two_that_cannot_be_had_at_once_are_refused_by_both_keys(ports):
    with pytest.raises(Misconfigured) as refused:
        read("/dev/ttyS7", *ports)
    assert "gateways.1.port" in str(refused.value)
    assert "gateways.2.port" in str(refused.value)


@pytest.mark.parametrize("ports", APART.values(), ids=APART)
def test_those_that_do_not_meet_are_taken(ports):
    assert [each.port for each in read(*ports).gateways] == list(ports)


def test_a_link_to_a_serial_port_is_that_port(tmp_path):
    (tmp_path / "ttyUSB0").touch()
    (tmp_path / "by-id").symlink_to(tmp_path / "ttyUSB0")
    with pytest.raises(Misconfigured):
        read(str(tmp_path / "ttyUSB0"), str(tmp_path / "by-id"))


OTHERS = {
    "web.listen": ("tcp-listen://127.0.0.1:8080", {}),
    "providers.modem.port": (
        "/dev/ttyUSB2",
        {"messages": {"order": ["modem"]}, "providers": {"modem": {"port": "/dev/ttyUSB2"}}},
    ),
    "edge.modem": ("/dev/ttyUSB2", {"edge": {"modem": "/dev/ttyUSB2"}}),
}


@pytest.mark.parametrize("key", OTHERS)
def test_what_else_is_opened_is_refused_too(key):
    port, more = OTHERS[key]
    with pytest.raises(Misconfigured) as refused:
        read(port, **more)
    assert "gateways.0.port" in str(refused.value)
    assert key in str(refused.value)


def test_what_is_not_opened_is_in_nobodys_way():
    edge = {"edge": {"url": "https://anling.example"}}
    assert read("tcp-listen://127.0.0.1:8080", **edge).edge.url, "an edge serves no pages"
    assert read("/dev/ttyUSB2", providers={"modem": {"port": "/dev/ttyUSB2"}}), "the modem stands in no order"
