"""The key of encrypted panels: a secret, checked early, and given only to a decoder that has a use for it."""

import threading

import pytest

from config.gateways import Gateways
from config.settings import read_settings
from devices.decoders.dc09 import encode
from dispatch.errors import Misconfigured
from dispatch.rules.signal import Event
from tests.fakes.clock import HandClock

KEY = "00112233445566778899AABBCCDDEEFF"
PANEL = {"name": "panels", "protocol": "dc09", "port": "tcp-listen://127.0.0.1:0"}


def said(gateway: dict[str, str], **environ: str):
    return read_settings({"gateways": [gateway]}, environ=environ).gateways[0]


def test_a_key_comes_from_the_environment_and_is_not_shown():
    read = said(dict(PANEL), ANLING_GATEWAYS__0__KEY=KEY)
    assert read.key == KEY
    assert KEY not in repr(read)


def test_a_key_in_the_file_is_refused():
    with pytest.raises(Misconfigured, match="key"):
        said(PANEL | {"key": KEY})


@pytest.mark.parametrize("key", [KEY[1:], KEY + "0", "no hexadecimal digits at all!!!!"])
def test_a_key_of_another_form_is_refused(key):
    with pytest.raises(Misconfigured, match="hexadecimal"):
        said(dict(PANEL), ANLING_GATEWAYS__0__KEY=key)


CLOCK = HandClock()


def gateway_of(settings):
    gateway, _ = Gateways(None, CLOCK, threading.Event()).of(settings)
    return gateway


def test_every_connection_of_the_gateway_opens_what_the_key_opens():
    gateway = gateway_of(said(dict(PANEL), ANLING_GATEWAYS__0__KEY=KEY))
    message = encode("1234:1", key=KEY, at=CLOCK.now(), pad=bytes(16))
    for _ in range(2):
        assert [frame.event for frame in gateway._decoder_factory().feed(message)] == [Event.PRESS]


def test_without_a_key_nothing_encrypted_is_opened():
    message = encode("1234:1", key=KEY, at=CLOCK.now(), pad=bytes(16))
    decoder = gateway_of(said(dict(PANEL)))._decoder_factory()
    assert [frame.event for frame in decoder.feed(message)] == [Event.NACK]


def test_a_key_where_nothing_is_encrypted_stops_the_start():
    """Somebody believes that this line is safe."""
    with pytest.raises(Misconfigured, match=r"gateways\.panels\.key"):
        gateway_of(said(PANEL | {"protocol": "surgard"}, ANLING_GATEWAYS__0__KEY=KEY))
