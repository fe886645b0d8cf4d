"""Laws for every decoder: cuts do not matter, garbage is harmless, memory is bounded, what is encoded is heard."""

import string

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.decode import PROTOCOLS, decoded
from devices.decoders import DECODERS, canonical, contact_id, dc09, rflink, rtl433, surgard
from devices.decoders.decoder import FRAME_BYTES_MAX
from devices.rules.burst import Windows
from dispatch.rules.signal import CAUSES, Event
from tests.thrift import is_within, processor_s

ENCODERS = {
    "rflink": rflink.encode, "rtl433": rtl433.encode, "surgard": surgard.encode, "contact_id": contact_id.encode,
    "dc09": dc09.encode,
}  # fmt: skip
PANELS = {"surgard", "contact_id", "dc09"}
UNCHECKED = f"Aa{string.ascii_letters[6:26]}{string.ascii_uppercase[6:]}_.-".encode()
NAMES = sorted(ENCODERS)

_HEX = "0123456789abcdef"
ADDRESSES = {
    "rflink": st.builds("{}:{}:{}".format, st.sampled_from(["EV1527", "NewKaku", "UPM/Esic", "Conrad RSL2"]),
                        st.text(_HEX, min_size=4, max_size=8), st.text(_HEX, min_size=1, max_size=4)),
    "rtl433": st.builds("{}:{}:{}".format, st.sampled_from(["Generic-Remote", "Waveman-Switch", "Acme-7"]),
                        st.text(_HEX, min_size=1, max_size=8), st.integers(0, 255)),
    "surgard": st.builds("{}:{:03}".format, st.text("0123456789BCDEF", min_size=4, max_size=4), st.integers(0, 999)),
    "contact_id": st.builds("{}:{:03}".format, st.text("0123456789BCDEF", min_size=4, max_size=4), st.integers(0, 999)),
    "dc09": st.builds("{}:{:03}".format, st.text("0123456789ABCDEF", min_size=3, max_size=16), st.integers(0, 999)),
}  # fmt: skip
FRAGMENTS = [b"20;", b"20;00;N", b"CMD=ON;", b"\r\n", b"\n", b"\r", b"\x14", b"5011 18", b'{"time"', b'{"model":"',
             b"}", b"{", b"{}", b'{ "a"', b'{"model":"A"}', b'{"\\"', b'"a" :', b'"stats" : 1}',
              b"\xff", b"\x00", b"E10101001", b" a011 ", b"\n12 ", b'","id":', b"[1234 18", b"]", b"1234181",
             b'\n00000029"', b'\n\r\n0029"', b'"ADM-CID"0001R0L0#1234[#1234|1101', b'02BE0029"', b"SR0001L0001  AB  [",
             b"S011[#1234|N", b"80111234 1515 "]  # fmt: skip


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
        assert not frame.explicit or name in PANELS
        assert all(canonical(name, address) == address for address in frame.addresses)


@pytest.mark.parametrize("name", NAMES)
@pytest.mark.parametrize("unit", [b"{", b"}", b'{"model":"', b"20;", b"5011 18", b"\xff", b"\x00\n", b"\n", b"a=b;",
                                  b'\n12340FFF"', b'12340FFF"', b"SR0001L0001 ", b"123418110", b"[", b"]"])  # fmt: skip
def test_a_flood_keeps_no_more_than_a_frame(name, unit):
    decoder = DECODERS[name]()
    for _ in range(20):
        decoder.feed(unit * 4096)
        assert len(decoder._tail) <= FRAME_BYTES_MAX  # type: ignore[attr-defined]
    decoder.feed(b"\r\n\x14")
    address = {"rflink": "EV1527:0a:1", "rtl433": "Acme:1:2"}.get(name, "1234:001")
    assert [frame.address for frame in decoder.feed(ENCODERS[name](address))] == [address]


@pytest.mark.parametrize("name", NAMES)
@given(data=st.data())
def test_what_is_encoded_is_heard_as_it_was_meant(name, data):
    address = canonical(name, data.draw(ADDRESSES[name]))
    (frame,) = heard(name, [ENCODERS[name](address, count=data.draw(st.integers(0, 999)))])[0]
    assert frame.address == address


@pytest.mark.parametrize("name", ["contact_id", "dc09"])
@given(data=st.data())
def test_no_single_damaged_byte_is_acknowledged_as_something_else(name, data):
    """Of Contact ID, a zero and an A are one digit, and an account that is a word has digits that nobody can check."""
    address = canonical(name, data.draw(ADDRESSES[name]))
    event = data.draw(st.sampled_from([Event.PRESS, Event.CANCEL, Event.LOW_BATTERY]))
    good = ENCODERS[name](address, event)
    place, byte = (
        data.draw(st.integers(0, len(good) - 1)),
        data.draw(st.integers(0, 255).filter(lambda b: name == "dc09" or b not in UNCHECKED)),
    )
    frames, _ = heard(name, [good[:place] + bytes([byte]) + good[place + 1 :] + b"\r"])
    assert {(frame.address, frame.event) for frame in frames if frame.trusted} <= {(address, event)}


WORST = {
    "heads": lambda: b'\n12340FFF"' * 6553,
    "heads without a line feed": lambda: b'12340FFF"' * 7281,
    "heads, quotes and brackets": lambda: b'\n00000FFF"ADM-CID"0001R0L0#1[' * 2048,
    "long bodies": lambda: (b'\n12340FFF"' + b"A" * 4000 + b"\r") * 16,
    "packets": lambda: b'\n12340FFF"SIA-DCS"0001L0#1[#1|N' + b"QA1/" * 1000 + b"]\r",
    "carets": lambda: (b'\n12340FFF"SIA-DCS"0001L0#1[#1|N' + b"^" * 4000 + b"]\r") * 16,
    "modifiers": lambda: (b'\n12340FFF"SIA-DCS"0001L0#1[#1|N' + b"ri1" * 1300 + b"]\r") * 16,
    "brackets": lambda: (b'\n12340FFF"ADM-CID"0001L0#1[' + b"[]" * 2000 + b"]\r") * 16,
    "presses": lambda: dc09.encode("1234:1") * 1560,
    "keep-alives": lambda: b"SR0001L0001    " * 4369,
    "digits": lambda: b"1234181101010016" * 4096,
    "raw presses": lambda: contact_id.encode("1234:1", brackets=False) * 3640,
    "open brackets": lambda: b"[1234 18" * 8192,
    "terminators": lambda: b"\x14\r]\n" * 16384,
    "channels": lambda: b"80111234 1111 1111 7\x14" * 3120,
    "blocks": lambda: (b"S011[#1234|N" + b"QA1/" * 60 + b"]\x14") * 250,
    "zeros": lambda: b"0" * 65536,
    "spaces": lambda: b" " * 65536,
}


@pytest.mark.parametrize("name", sorted(PANELS))
@pytest.mark.parametrize("kind", WORST)
def test_no_64_kib_take_longer_than_100_ms_of_processor(name, kind):
    """
    Where a message tells many events, so that 64 KiB hold ten thousand and more, 12 us for each: eight stand in 22
    bytes of a high-speed message. Floods of the shortest messages are in `test_floods.py`.

    The best of some tries, for the machine does other things as well.
    """
    data = WORST[kind]()[:65536]
    limit_s = max(0.1, 12e-6 * len(heard(name, [data])[0]))
    assert is_within(limit_s, lambda: _processor_s(name, data))


def _processor_s(name: str, data: bytes) -> float:
    decoder = DECODERS[name]()
    return processor_s(lambda: decoder.feed(data))


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
