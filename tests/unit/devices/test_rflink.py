"""RFLink lines, good, cut, glued and noisy."""

from datetime import UTC, datetime

import pytest

from devices.decoders.decoder import FRAME_BYTES_MAX
from devices.decoders.rflink import LINE_BYTES_MAX, Rflink, canonical, encode
from dispatch.rules.signal import Event, Scope

PRESS = b"20;3A;EV1527;ID=0A1B2C;SWITCH=08;CMD=ON;"


def heard(data: bytes):
    return Rflink().feed(data)


def events(text: str):
    frames = heard(text.encode("latin-1") + b"\r\n")
    return [event for frame in frames for event in (frame.event, *frame.also)]


def test_a_press_names_its_button_and_its_transmitter():
    (frame,) = heard(PRESS + b"\r\n")
    assert frame.event is Event.BUTTON
    assert frame.addresses == ("EV1527:0a1b2c:08", "EV1527:0a1b2c")
    assert not frame.explicit
    assert frame.window_s == 3.0
    assert Rflink().acknowledge(frame, datetime(2026, 1, 1, tzinfo=UTC), b"") == b""
    assert Rflink().refuse(PRESS) == b""


def test_the_counter_is_the_gateways_and_no_part_of_the_press():
    first, second = heard(PRESS + b"\n" + PRESS.replace(b"3A", b"3B", 1) + b"\n")
    assert first.dedup_key == second.dedup_key


@pytest.mark.parametrize(
    "data",
    [
        b"\xff" + PRESS + b"\r\n",
        b"\x00\xfe garbage" + PRESS + b"\n",
        PRESS + b"\xff\r\n",
        PRESS + b"  \r\n",
        PRESS[:-1] + b"\r\n",
        PRESS[:-1] + b" \n",
        PRESS + b"\r",
        b"20;00;N" + PRESS + b"\r\n",
        b"20;39;EV1527;ID=0A1B2C;SWI" + PRESS + b"\r\n",
        b"CMD=ON;\r\n" + PRESS + b"\r\n",
        PRESS + b"20;3B;EV15\r\n",
        b"\xa5" * (2 * FRAME_BYTES_MAX) + PRESS + b"\r\n",
        b"20;3A;EV1\xff27;ID=000000;SWITCH=01;CMD=ON;\r\n" + PRESS + b"\r\n",
    ],
)
def test_a_press_is_heard_through_noise_and_damage(data):
    assert [frame.address for frame in heard(data)] == ["EV1527:0a1b2c:08"]


@pytest.mark.parametrize(
    "line",
    [
        "20;3A;EV1527;ID=0a1b2c;SWI",
        "20;3A;EV1527;ID=0a1b2c;SWITCH=0",
        "20;3A;EV1527;ID=0a1b2c;SWITCH=08;",
        "20;3A;EV1527;ID=0a1b2c;SWITCH=08;CMD=O",
        "20;3A;EV1527;ID=0a1b2c;SWITCH=08;CMD=",
        "20;3A;EV1527;ID=0a1b2c;",
        "20;3A;EV1527;",
        "20;3A;EV15",
        "20;3A;",
        "20;3A;ID=0a1b2c;SWITCH=08;CMD=ON;",
        "20;3A;EV1527;ID=0a\xff1b2c;SWITCH=08;CMD=ON;",
        "20;3A;EV1527;ID=0a 1b2c;SWITCH=08;CMD=ON;",
    ],
)
def test_a_cut_or_damaged_line_is_counted_and_says_nothing(line):
    decoder = Rflink()
    assert decoder.feed(line.encode("latin-1") + b"\r\n") == []
    assert decoder.tally.malformed == 1


def test_every_beginning_of_a_press_is_silent_but_the_whole():
    for length in range(len(PRESS) - 1):
        assert heard(PRESS[:length] + b"\r\n") == [], PRESS[:length]


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        ("20;63;SmokeAlert;ID=123456;SMOKEALERT=ON;", [Event.SMOKE]),
        ("20;63;SmokeAlert;ID=123456;SMOKEALERT=OFF;", [Event.RESTORE]),
        ("20;63;SmokeAlert;ID=123456;SMOKEALERT=ON;BAT=LOW;", [Event.SMOKE, Event.LOW_BATTERY]),
        ("20;12;Pir;ID=aa66;PIR=ON;", [Event.MOTION]),
        ("20;AF;SelectPlus;ID=1bb4;CHIME=01;", [Event.BUTTON]),
        ("20;3B;NewKaku;ID=cac142;SWITCH=3;CMD=ON;BAT=LOW;", [Event.BUTTON, Event.LOW_BATTERY]),
        ("20;31;Mebus;ID=c201;TEMP=80cf;", [Event.TELEMETRY]),
        ("20;D3;PONG;", [Event.HEARTBEAT]),
        ("20;D3;PONG", [Event.HEARTBEAT]),
        ("20;3C;VER=1.1;REV=46;BUILD=0b;", [Event.GATEWAY_INFO]),
        ("20;46;STATUS;setRF433=ON;setNodoNRF=OFF;", [Event.GATEWAY_INFO]),
        ("20;01;MySensors=OFF;NO NRF24L01;", [Event.GATEWAY_INFO]),
    ],
)
def test_what_the_lines_say(line, expected):
    assert events(line) == expected


def test_a_temperature_below_zero_has_its_sign_in_the_highest_bit():
    (frame,) = heard(b"20;31;Mebus;ID=c201;TEMP=80cf;\n")
    assert frame.fields["temperature_c"] == -20.7


def test_the_gateways_own_lines_name_no_device():
    (frame,) = heard(b"20;00;Nodo RadioFrequencyLink - RFLink Gateway V1.1 - R46;\n")
    assert (frame.event, frame.scope, frame.addresses) == (Event.GATEWAY_BOOT, Scope.GATEWAY, ())


def test_a_profile_gives_an_address_its_event():
    (frame,) = Rflink(profile={"EV1527:0A1B2C:08": Event.PRESS}).feed(PRESS + b"\n")
    assert frame.event is Event.PRESS


def test_an_address_is_compared_without_case_but_with_leading_zeros():
    assert canonical(" EV1527:0A1B2C:0A ") == "EV1527:0a1b2c:0a"
    assert canonical("EV1527:00AB") != canonical("EV1527:AB")


@pytest.mark.parametrize("label", ["ID=", "=08", "SWITCH", "1D=08"])
def test_a_label_without_name_or_value_was_cut(label):
    decoder = Rflink()
    assert decoder.feed(f"20;3A;EV1527;ID=0a1b2c;{label};CMD=ON;\r\n".encode()) == []
    assert decoder.tally.malformed == 1


def test_noise_is_counted_before_a_line_and_instead_of_one():
    decoder = Rflink()
    assert len(decoder.feed(b"xyz" + PRESS + b"\nwxyz\n")) == 1
    assert decoder.tally.noise_bytes == 7


def test_a_line_that_is_too_long_is_told_however_it_comes():
    for reads in ([b"x" * (LINE_BYTES_MAX + 1) + b"\n"], [b"x" * LINE_BYTES_MAX, b"x\n"]):
        decoder = Rflink()
        assert [frame for read in reads for frame in decoder.feed(read)] == []
        assert decoder.tally.overlong == 1


def test_noise_without_a_line_end_keeps_little():
    decoder = Rflink()
    decoder.feed(b"20;" * FRAME_BYTES_MAX)
    assert len(decoder._tail) <= LINE_BYTES_MAX
    assert decoder.tally.overlong == 1


@pytest.mark.parametrize(
    "event", [Event.BUTTON, Event.SMOKE, Event.MOTION, Event.LOW_BATTERY, Event.TELEMETRY, Event.HEARTBEAT]
)
def test_what_is_encoded_is_heard_again(event):
    (frame,) = heard(encode("EV1527:0a1b2c:08", event, count=300))
    assert frame.event is event
