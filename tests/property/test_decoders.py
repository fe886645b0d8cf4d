"""Laws for every decoder: cuts do not matter, garbage is harmless, memory is bounded, what is encoded is heard."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.decode import PROTOCOLS, decoded
from devices.decoders import DECODERS, canonical, rflink, rtl433, surgard
from devices.decoders.decoder import FRAME_BYTES_MAX
from devices.rules.burst import Windows
from dispatch.rules.signal import CAUSES, Event

ENCODERS = {"rflink": rflink.encode, "rtl433": rtl433.encode, "surgard": surgard.encode}
NAMES = sorted(ENCODERS)

_HEX = "0123456789abcdef"
ADDRESSES = {
    "rflink": st.builds("{}:{}:{}".format, st.sampled_from(["EV1527", "NewKaku", "UPM/Esic", "Conrad RSL2"]),
                        st.text(_HEX, min_size=4, max_size=8), st.text(_HEX, min_size=1, max_size=4)),
    "rtl433": st.builds("{}:{}:{}".format, st.sampled_from(["Generic-Remote", "Waveman-Switch", "Acme-7"]),
                        st.text(_HEX, min_size=1, max_size=8), st.integers(0, 255)),
    "surgard": st.builds("{}:{:03}".format, st.text("0123456789BCDEF", min_size=4, max_size=4), st.integers(0, 999)),
}  # fmt: skip
FRAGMENTS = [b"20;", b"20;00;N", b"CMD=ON;", b"\r\n", b"\n", b"\r", b"\x14", b"5011 18", b'{"time"', b'{"model":"',
             b"}", b"{", b"\xff", b"\x00", b"E10101001", b" a011 ", b"\n12 ", b'","id":']  # fmt: skip


SAID = [Event.PRESS, Event.LOW_BATTERY, Event.HEARTBEAT]


def pieces(name: str) -> st.SearchStrategy[bytes]:
    """What a line may carry: whole frames, parts of frames, and anything."""
    whole = st.builds(ENCODERS[name], ADDRESSES[name], st.sampled_from(SAID))
    cut = st.builds(lambda frame, at: frame[: at % len(frame)], whole, st.integers(0, 200))
    return st.one_of(whole, cut, st.sampled_from(FRAGMENTS), st.binary(max_size=40))


@st.composite
def streams(draw: st.DrawFn, name: str) -> tuple[bytes, list[int]]:
    data = b"".join(draw(st.lists(pieces(name), max_size=12)))
    return data, sorted(draw(st.lists(st.integers(0, len(data)), max_size=10)))


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
def test_whatever_came_before_a_good_frame_is_heard_after_a_line_end(name, data):
    stream, _ = data.draw(streams(name))
    address = canonical(name, data.draw(ADDRESSES[name]))
    decoder = DECODERS[name]()
    decoder.feed(stream)
    decoder.feed(b"\r\n\x14")
    (frame,) = decoder.feed(ENCODERS[name](address))
    assert frame.address == address


@pytest.mark.parametrize("name", NAMES)
@given(noise=st.lists(st.binary(max_size=300), max_size=8))
def test_noise_never_raises_and_never_is_an_emergency(name, noise):
    frames, _ = heard(name, noise)
    assert not any(frame.explicit or frame.event in CAUSES for frame in frames)


@pytest.mark.parametrize("name", NAMES)
@given(data=st.data())
def test_only_a_receiver_says_emergency_by_itself(name, data):
    stream, _ = data.draw(streams(name))
    for frame in heard(name, [stream])[0]:
        assert frame.dedup_key
        assert frame.raw
        assert not frame.explicit or name == "surgard"
        assert all(canonical(name, address) == address for address in frame.addresses)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("unit", [b"{", b"}", b'{"model":"', b"20;", b"5011 18", b"\xff", b"\x00\n", b"\n", b"a=b;"])
def test_a_flood_keeps_no_more_than_a_frame(name, unit):
    decoder = DECODERS[name]()
    for _ in range(20):
        decoder.feed(unit * 4096)
        assert len(decoder._tail) <= FRAME_BYTES_MAX  # type: ignore[attr-defined]
    decoder.feed(b"\r\n\x14")
    address = {"rflink": "EV1527:0a:1", "rtl433": "Acme:1:2", "surgard": "1234:001"}[name]
    assert [frame.address for frame in decoder.feed(ENCODERS[name](address))] == [address]


@pytest.mark.parametrize("name", NAMES)
@given(data=st.data())
def test_what_is_encoded_is_heard_as_it_was_meant(name, data):
    address = canonical(name, data.draw(ADDRESSES[name]))
    (frame,) = heard(name, [ENCODERS[name](address, count=data.draw(st.integers(0, 999)))])[0]
    assert frame.address == address


@given(
    st.fixed_dictionaries(
        {
            "id": st.integers(),
            "protocol": st.sampled_from([*PROTOCOLS, "nothing"]),
            "encoding": st.sampled_from(["text", "hex", "hex-chunks", "json-line", "json-lines", "mqtt", "smoke"]),
            "input": st.recursive(
                st.none() | st.text(max_size=60) | st.integers() | st.text(string.hexdigits, max_size=40),
                lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=8), inner, max_size=3),
                max_leaves=6,
            ),
        },
        optional={"registered_as": st.text(max_size=8), "profile": st.text(max_size=8)},
    )
)
def test_decoding_a_line_never_raises(line):
    given_back = decoded(line)
    assert given_back["id"] == line["id"]
    assert isinstance(given_back["ok"], bool)


@given(st.lists(st.tuples(st.integers(0, 30), st.floats(0, 100)), max_size=200), st.integers(1, 10))
def test_the_memory_of_copies_is_bounded(heard_at, most):
    windows = Windows(remembered_max=most)
    for number, at_s in heard_at:
        windows.seen(str(number), at_s, 3.0)
        assert len(windows) <= most
