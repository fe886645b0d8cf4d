"""Laws for the decoders of watches and trackers: cuts, noise, damage, floods; what is encoded is heard."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.decoders import DECODERS, addresses, canonical, ev07b, gt06, h02, jt808, topin, trv, watch3g
from devices.decoders.decoder import FRAME_BYTES_MAX, Frame
from dispatch.rules.place import Position
from dispatch.rules.signal import CAUSES, Event
from tests.thrift import processor_s
from tests.unit.devices.redraw import vectors

MODULES = {
    "watch3g": watch3g, "ev07b": ev07b, "gt06": gt06, "h02": h02, "jt808": jt808, "topin": topin, "trv": trv,
}  # fmt: skip
NAMES = sorted(MODULES)
LOGINS = {"gt06": gt06.login, "topin": topin.login, "trv": trv.login}
DIGITS = {"watch3g": (10, 15), "h02": (10, 15), "jt808": (11, 11)}
SAID = [Event.PRESS, Event.VIBRATION, Event.LOCATION, Event.HEARTBEAT]
UNSAID = {("ev07b", Event.VIBRATION), ("trv", Event.VIBRATION), ("watch3g", Event.VIBRATION)}
"""What a protocol has no word for."""

FLOOD_CPU_S = 0.1
FLOOD_WALKS_MAX = 80
"""Where the machine is slow, a flood may cost as much as walking over it so often, byte by byte, in plain Python."""

_PROTOCOLS = {"watch-3g": "watch3g", "watch-3g-stream": "watch3g", "eview-ev07": "ev07b"}
SAMPLES: dict[str, list[bytes]] = {name: [] for name in NAMES}
for _vector in vectors("trackers"):
    _name = _PROTOCOLS.get(_vector["protocol"], _vector["protocol"])
    _parts = _vector["input"] if isinstance(_vector["input"], list) else [_vector["input"]]
    if _name in SAMPLES:
        SAMPLES[_name] += [part.encode() if _vector["encoding"] == "text" else bytes.fromhex(part) for part in _parts]

FRAGMENTS = [
    *(b"[3G*", b"[3G*8800000015*0002*", b"]", b"AL,", b"*HQ,", b"#", b"$\x24", b"IWAP10", b"IWAP00", b"\r\n"),
    *map(
        bytes.fromhex,
        ["7d", "7e", "7e0200001c", "7878", "787805", "787801990d0a", "797900", "ab10", "ab101c00"],
    ),
]


SIGNS = st.sampled_from([-1, 1])


def ids(name: str) -> st.SearchStrategy[str]:
    fewest, most = DIGITS.get(name, (15, 15))
    return st.text("123456789", min_size=fewest, max_size=most)


def said(name: str) -> st.SearchStrategy[bytes]:
    """A whole statement, or the login that names who makes it."""
    told = st.builds(
        lambda id_, event, count: MODULES[name].encode(id_, event, count=count),
        ids(name), st.sampled_from(SAID), st.integers(0, 999),
    )  # fmt: skip
    return st.one_of(told, ids(name).map(LOGINS[name])) if name in LOGINS else told


@st.composite
def damaged(draw: st.DrawFn, name: str) -> bytes:
    """A statement or a sample from the field with some bytes changed, lost, doubled or put in."""
    data = bytearray(draw(st.one_of(said(name), st.sampled_from(SAMPLES[name] or [b"#"]))))
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(data)))
        kind = draw(st.integers(0, 3))
        lost = draw(st.integers(0, 8)) if kind == 1 else 0
        put = draw(st.binary(max_size=4)) if kind == 0 else bytes(data[at : at + 8]) if kind == 2 else b""
        if kind == 3 and at < len(data):
            data[at] ^= 1 << draw(st.integers(0, 7))
        data[at : at + lost] = put
    return bytes(data)


def pieces(name: str) -> st.SearchStrategy[bytes]:
    cut = st.builds(lambda frame, at: frame[: at % len(frame)], said(name), st.integers(0, 200))
    samples = st.sampled_from(SAMPLES[name] or [b"#"])
    return st.one_of(said(name), cut, damaged(name), samples, st.sampled_from(FRAGMENTS), st.binary(max_size=40))


@st.composite
def streams(draw: st.DrawFn, name: str) -> tuple[bytes, list[int]]:
    data = b"".join(draw(st.lists(pieces(name), max_size=10)))
    return data, sorted(draw(st.lists(st.integers(0, len(data)), max_size=8)))


def heard(name: str, reads: list[bytes]):
    decoder = DECODERS[name]()
    return [frame for read in reads for frame in decoder.feed(read)], decoder.tally


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
def test_a_press_is_heard_behind_any_noise_that_has_ended(name, data):
    """Noise of this length has let every candidate end, and a mark has closed what was open."""
    noise = b"".join(data.draw(st.lists(pieces(name), max_size=6))) + b"\xff" * 5000 + b"]#\x7e"
    id_ = data.draw(ids(name))
    decoder = DECODERS[name]()
    decoder.feed(noise)
    frames = decoder.feed(LOGINS[name](id_) if name in LOGINS else b"") + decoder.feed(MODULES[name].encode(id_))
    assert (frames[-1].event, frames[-1].address) == (Event.PRESS, canonical(name, id_))


@pytest.mark.parametrize("name", NAMES)
@given(noise=st.lists(st.binary(max_size=300), max_size=8))
def test_noise_never_raises_and_never_is_an_emergency(name, noise):
    frames, _ = heard(name, noise)
    assert not any(frame.explicit or frame.event in CAUSES for frame in frames)


@pytest.mark.parametrize("name", NAMES)
@given(data=st.data())
def test_what_is_damaged_never_raises_and_keeps_the_contract(name, data):
    decoder = DECODERS[name]()
    for frame in decoder.feed(b"".join(data.draw(st.lists(damaged(name), max_size=5)))):
        keeps_the_contract(name, frame)
        answer = decoder.acknowledge(frame, datetime(2026, 1, 1, tzinfo=UTC), b"")
        assert not answer or (frame.answers and frame.trusted)
        assert decoder.refuse(frame.raw) == b""


def keeps_the_contract(name: str, frame: Frame) -> None:
    assert frame.dedup_key
    assert frame.raw
    assert frame.address != ""
    assert frame.event not in frame.also
    assert frame.position_at is None or frame.position is not None
    assert all(at is None or at.tzinfo is UTC for at in (frame.sent_at, frame.position_at))
    assert frame.address is None or addresses(name, frame.address) == (frame.address,)
    assert frame.address is not None or frame.window_s == 0.0
    if frame.address is None and frame.event in CAUSES:
        assert frame.explicit


@pytest.mark.parametrize("name", NAMES)
@given(data=st.data())
def test_what_is_encoded_is_heard_as_it_was_meant(name, data):
    id_, event = data.draw(ids(name)), data.draw(st.sampled_from([e for e in SAID if (name, e) not in UNSAID]))
    at = datetime(2020, 1, 1, tzinfo=UTC) + timedelta(seconds=data.draw(st.integers(0, 10**9)))
    where = Position(data.draw(st.floats(-89.9, 89.9)), data.draw(st.floats(1.0, 179.9)) * data.draw(SIGNS))
    login = LOGINS[name](id_) if name in LOGINS else b""
    frames, _ = heard(name, [login + MODULES[name].encode(id_, event, count=7, at=at, position=where)])
    frame = frames[-1]
    assert (len(frames), frame.address, frame.trusted) == (2 if login else 1, canonical(name, id_), True)
    assert (frame.event, frame.also) == (event, ())
    if event is not Event.HEARTBEAT and frame.position is not None:
        assert (frame.sent_at, frame.position_at) == (at, at)
        assert (frame.position.lat, frame.position.lng) == pytest.approx((where.lat, where.lng), abs=2e-6)


# ---------------------------------------------------------------------------------------------- floods

UNITS = [
    *(b"[", b"]", b"[]", b"#", b"*", b"$", b"\r\n", b"[3G*1*0002*", b"[3G*1*FFFF*[", b"*HQ,", b"$\x00"),
    *(b"IWAP00", b"IW", b"#IWAP", b"\xff", b"\x00", b"\x78", b"\x79", b"\xab", b"\x7e", b"\x7d\x01"),
    *map(
        bytes.fromhex, ["ab1010000000000001", "ab1000070000000001", "78780501", "79790ff00d0a", "7878ff16", "78782017"]
    ),
    *map(bytes.fromhex, ["78780069", "787805100d0a", "7e0200001c"]),
]


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("unit", UNITS)
def test_a_flood_costs_little_time_and_no_memory(name, unit):
    flood = (unit * (FRAME_BYTES_MAX // len(unit) + 1))[:FRAME_BYTES_MAX]
    took_s, walked_s = [], []
    for _ in range(3):
        decoder = DECODERS[name]()
        took_s.append(processor_s(lambda decoder=decoder: decoder.feed(flood)))
        walked_s.append(processor_s(lambda: [byte for byte in flood if byte > 256]))
        if took_s[-1] < FLOOD_CPU_S:
            break
    assert min(took_s) < max(FLOOD_CPU_S, FLOOD_WALKS_MAX * min(walked_s))
    assert weight(decoder) <= FRAME_BYTES_MAX
    assert heard_after(name, decoder)


@pytest.mark.parametrize("name", NAMES)
def test_half_a_frame_again_and_again_keeps_no_more_than_one(name):
    """A sender that never ends what it began, on a line that is never closed."""
    decoder, half = DECODERS[name](), MODULES[name].encode("8" * DIGITS.get(name, (15, 15))[0])[:-1]
    for _ in range(400):
        for at in range(0, len(half), 7):
            decoder.feed(half[at : at + 7])
    assert weight(decoder) <= FRAME_BYTES_MAX
    assert heard_after(name, decoder)


def weight(decoder) -> int:
    """How many bytes of the stream the decoder keeps."""
    kept = getattr(decoder, "_brackets", getattr(decoder, "_spans", getattr(decoder, "_tail", None)))
    return len(getattr(kept, "_kept", decoder._kept if kept is None else kept))


def heard_after(name: str, decoder) -> bool:
    """Whether a press is still heard, once the flood has ended and whatever was open with it."""
    decoder.feed(b"\xff" * 5000 + b"]#\x7e")
    id_ = "8" * DIGITS.get(name, (15, 15))[0]
    return any(frame.event is Event.PRESS for frame in decoder.feed(MODULES[name].encode(id_)))
