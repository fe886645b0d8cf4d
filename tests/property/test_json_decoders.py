"""The laws of every decoder, for those that read messages: cuts, garbage, memory, time, and what is encoded."""

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from devices.decoders import DECODERS, bed, canonical, chirpstack, traccar, zigbee2mqtt
from devices.decoders.decoder import FRAME_BYTES_MAX
from devices.decoders.envelope import wrap
from devices.decoders.radar import FRAME_BYTES_MAX as RADAR_BYTES_MAX
from dispatch.rules.signal import CAUSES, Event
from tests.thrift import processor_s

E = Event
MODULES = {"zigbee2mqtt": zigbee2mqtt, "chirpstack": chirpstack, "traccar": traccar, "bed": bed}
NAMES = sorted(MODULES)

_HEX = "0123456789abcdef"
_BED = st.one_of(st.just(bed.RADAR), st.text(_HEX, min_size=1, max_size=12).map(lambda text: f"s{text}"))
ADDRESSES = {
    "zigbee2mqtt": st.text("abc09 _-/:#王é", max_size=30).map(lambda text: f"n{text}x"),
    "chirpstack": st.text(_HEX, min_size=16, max_size=16),
    "traccar": st.text("0123456789", min_size=5, max_size=15),
    "bed": _BED,
}
BESIDE_RADAR = {
    E.SMOKE,
    E.GAS,
    E.CO,
    E.WATER,
    E.TAMPER,
    E.LOW_BATTERY,
    E.OFFLINE,
    E.ONLINE,
    E.TEST,
    E.WANDERING,
    E.PRESS,
}
ONLY_RADAR = {E.HEARTBEAT, E.TELEMETRY, E.FAULT, E.IGNORE, E.INACTIVITY, E.PRESENCE, E.RESTORE}
SAID = {
    "zigbee2mqtt": {
        E.PRESS, E.BUTTON, E.ARM_DISARM, E.FIRE, E.FALL, E.FALL_SUSPECTED, E.SMOKE, E.GAS, E.CO, E.WATER, E.ALARM,
        E.TAMPER, E.LOW_BATTERY, E.FAULT, E.MAINS_FAIL, E.MOTION, E.PRESENCE, E.VIBRATION, E.CONTACT_OPEN,
        E.CONTACT_CLOSED, E.TEST, E.HEARTBEAT, E.OFFLINE, E.ONLINE,
    },
    "chirpstack": {
        E.PRESS, E.CANCEL, E.FALL, E.FALL_SUSPECTED, E.INACTIVITY, E.BED_EXIT, E.BED_ENTER, E.PRESENCE, E.VITALS,
        E.SMOKE, E.WATER, E.TAMPER, E.LOW_BATTERY, E.TEST, E.LOCATION, E.UNKNOWN, E.HEARTBEAT, E.ONLINE, E.FAULT,
        E.INFO, E.ACK,
    },
    "traccar": {
        E.PRESS, E.FALL, E.ALARM, E.LOW_BATTERY, E.TAMPER, E.MAINS_FAIL, E.MAINS_RESTORE, E.JAMMING, E.FAULT,
        E.VIBRATION, E.WANDERING, E.RESTORE, E.OFFLINE, E.ONLINE, E.INFO, E.LOCATION,
    },
    "bed": {E.FALL, E.BED_ENTER, E.BED_EXIT, E.VITALS} | BESIDE_RADAR | ONLY_RADAR,
}  # fmt: skip
"""What each protocol can say, and its encoder must be able to."""

FRAGMENTS = [b"\n", b"\r\n", b"{", b"}", b'{"', b'{"topic":"', b'","payload":"', b"SY", b"TC", b"SY\x83\x01\x00\x01",
             b"\x00", b"\xff", b" {", b"\n{\n", b"\xe7\x8e", b'{"device":{"uniqueId":"1"}}\n', b'{"pushType":4}\n',
             b"[1,2]\n", wrap("zigbee2mqtt/d/set", b'{"action":"sos"}', False),
             wrap("zigbee2mqtt/d", b"", True)]  # fmt: skip


def pieces(name: str) -> st.SearchStrategy[bytes]:
    """What may come: whole messages, cut ones, and anything."""
    whole = st.builds(MODULES[name].encode, ADDRESSES[name], st.sampled_from(sorted(SAID[name])))
    cut = st.builds(lambda data, at: data[: at % len(data)], whole, st.integers(0, 400))
    return st.one_of(whole, cut, st.sampled_from(FRAGMENTS), st.binary(max_size=40))


@st.composite
def streams(draw: st.DrawFn, name: str) -> tuple[bytes, list[int]]:
    data = b"".join(draw(st.lists(pieces(name), max_size=8)))
    return data, sorted(draw(st.lists(st.integers(0, len(data)), max_size=10)))


def heard(name: str, reads: list[bytes]):
    decoder = DECODERS[name]()
    return [frame for read in reads for frame in decoder.feed(read)], decoder.tally


def kept(decoder) -> int:
    return sum(len(getattr(decoder, part, ())) for part in ("_lines", "_text", "_radar", "_for_radar"))


@pytest.mark.parametrize("name", NAMES)
@given(data=st.data())
def test_any_cut_of_the_same_bytes_gives_the_same_frames(name, data):
    stream, cuts = data.draw(streams(name))
    whole, counted = heard(name, [stream])
    parts = [stream[a:b] for a, b in zip([0, *cuts], [*cuts, len(stream)], strict=True)]
    assert heard(name, parts) == (whole, counted)
    assert heard(name, [stream[at : at + 1] for at in range(len(stream))]) == (whole, counted)


@pytest.mark.parametrize("name", NAMES)
@given(data=st.data())
def test_whatever_came_before_a_message_is_heard_after_a_line_end(name, data):
    stream, _ = data.draw(streams(name))
    address = canonical(name, data.draw(ADDRESSES[name]))
    decoder = DECODERS[name]()
    decoder.feed(stream)
    decoder.feed(b"\r\n")
    frames = decoder.feed(MODULES[name].encode(address, E.FALL))
    assert [frame.address for frame in frames][-1:] == [address]


@pytest.mark.parametrize("name", NAMES)
@given(noise=st.lists(st.binary(max_size=300), max_size=8))
def test_noise_never_raises_and_never_is_an_emergency(name, noise):
    frames, _ = heard(name, noise)
    assert not any(frame.explicit or frame.event in CAUSES for frame in frames)


@pytest.mark.parametrize("name", NAMES)
@given(data=st.data())
def test_a_frame_is_fit_to_be_kept(name, data):
    stream, _ = data.draw(streams(name))
    for frame in heard(name, [stream])[0]:
        assert 0 < len(frame.dedup_key) <= 240
        assert frame.raw
        assert not frame.explicit or frame.event in CAUSES
        assert all(canonical(name, address) == address for address in frame.addresses)
        json.dumps(dict(frame.fields), allow_nan=False)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize(
    "unit", [b"{", b'{"', b'\n{"', b'"', b"SY", b"SY\x00\x00\x00\xff", b"\xff", b"\x00\n", b"\n", b"a=b;"]
)
def test_a_flood_keeps_no_more_than_a_frame(name, unit):
    decoder = DECODERS[name]()
    for _ in range(20):
        decoder.feed(unit * 4096)
        assert kept(decoder) <= FRAME_BYTES_MAX + RADAR_BYTES_MAX
    decoder.feed(b"\r\n")
    (frame,) = decoder.feed(MODULES[name].encode("a1", E.FALL))
    assert (frame.event, frame.address) == (E.FALL, "a1")


@pytest.mark.parametrize(("name", "event"), [(name, event) for name in NAMES for event in sorted(SAID[name])])
@settings(max_examples=5)
@given(data=st.data())
def test_what_is_encoded_is_heard_as_it_was_meant(name, event, data):
    address = canonical(name, data.draw(ADDRESSES[name]))
    if name == "bed" and event in BESIDE_RADAR | ONLY_RADAR | {E.VITALS}:
        address = bed.RADAR if event in ONLY_RADAR else "s7"
    (frame,), tally = heard(name, [MODULES[name].encode(address, event, count=data.draw(st.integers(0, 99_999)))])
    assert (frame.event, frame.addresses) == (event, (address,))
    assert (tally.malformed, tally.noise_bytes, tally.bad_checksum) == (0, 0, 0)


_SAYING_NOTHING = [
    *(part for part in FRAGMENTS if len(part) < 12),
    b'\n{"',
    b"{\n",
    b"SY\x00\x00",
    b'{"a":',
    b"[",
    b'{"a":[',
]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("unit", _SAYING_NOTHING)
def test_a_full_read_of_noise_takes_little_time(name, unit):
    assert _seconds(name, (unit * FRAME_BYTES_MAX)[:FRAME_BYTES_MAX]) < 0.1


@pytest.mark.parametrize("name", NAMES)
def test_four_times_as_much_takes_about_four_times_as_long(name):
    """Whatever comes is read once: a reader that goes back to the beginning would take sixteen times as long."""
    for event in (E.FALL, E.LOW_BATTERY, E.ONLINE):
        line = MODULES[name].encode("s7", event)
        quarter = line * (FRAME_BYTES_MAX // len(line) // 4)
        assert _seconds(name, quarter * 4) < 10 * _seconds(name, quarter)


def _seconds(name: str, data: bytes) -> float:
    """The processor's time for one read, the best of three and without that for clearing up after other tests."""
    return min(_once(name, data) for _ in range(3))


def _once(name: str, data: bytes) -> float:
    decoder = DECODERS[name]()
    return processor_s(lambda: decoder.feed(data))
