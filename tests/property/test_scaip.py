"""Laws of the SCAIP decoder: cuts do not matter, garbage is harmless and cheap, what is encoded is heard."""

from datetime import UTC, datetime

import pytest
from hypothesis import given
from hypothesis import strategies as st

from devices.decoders import canonical
from devices.decoders.decoder import FRAME_BYTES_MAX
from devices.decoders.scaip import END, REFUSALS_MAX, Scaip, encode
from devices.decoders.scaip_xml import KNOWN
from dispatch.rules.signal import CAUSES, Event
from tests.thrift import processor_s

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
DIGITS = st.text("0123456789", min_size=1, max_size=16)
DEVICES = st.text("0123456789ABCDEF", min_size=1, max_size=8)
ADDRESSES = st.one_of(DIGITS, st.builds("{}:{}".format, DIGITS, DEVICES))
SAID = st.sampled_from([Event.PRESS, Event.FALL, Event.LOW_BATTERY, Event.HEARTBEAT, Event.CANCEL])
FRAGMENTS = [b"<mrq>", b"</mrq>", b"</mrq", b">", b"<", b"<ref>R1</ref>", b"<stc>0010</stc>", b"<scaip>", b"</scaip>",
             b"<mrs>", b"</mrs >", b"<!--", b"-->", b"<![CDATA[", b"]]>", b"&lt;", b"&#48;", b"<?xml version='1.0'?>",
             b"<!DOCTYPE a [", b"\xef\xbb\xbf", b"\xff", END, b"\r\n", b"</s:mrq>",
             b"<lge><geo>1,2</geo></lge>"]  # fmt: skip


def tags() -> st.SearchStrategy[bytes]:
    """Any known tags, with any text."""
    tag = st.tuples(st.sampled_from(sorted(KNOWN)), st.text(max_size=20))
    body = st.lists(tag, max_size=8).map(lambda told: "".join(f"<{name}>{text}</{name}>" for name, text in told))
    return st.builds("<{0}>{1}</{0}>".format, st.sampled_from(["mrq", "scaip", "mrs"]), body).map(
        lambda text: text.encode("utf-8", "replace")
    )


def streams() -> st.SearchStrategy[bytes]:
    whole = st.builds(encode, ADDRESSES, SAID, count=st.integers(0, 9999))
    cut = st.builds(lambda frame, at: frame[: at % len(frame)], whole, st.integers(0, 200))
    piece = st.one_of(whole, cut, tags(), st.sampled_from(FRAGMENTS), st.binary(max_size=40))
    return st.lists(piece, max_size=12).map(b"".join)


def heard(reads: list[bytes]):
    decoder = Scaip()
    frames = [frame for read in reads for frame in decoder.feed(read)]
    return frames, decoder.tally, [decoder.refuse(b"") for _ in range(REFUSALS_MAX)], len(decoder._tail)


@given(streams(), st.lists(st.integers(0, 2000), max_size=10))
def test_any_cut_of_the_same_bytes_gives_the_same_frames_and_refusals(stream, cuts):
    whole = heard([stream])
    at = sorted(cut % (len(stream) + 1) for cut in cuts)
    assert heard([stream[a:b] for a, b in zip([0, *at], [*at, len(stream)], strict=True)]) == whole
    assert heard([stream[at : at + 1] for at in range(len(stream))]) == whole


@given(streams(), ADDRESSES)
def test_whatever_came_before_a_good_message_is_heard_after_an_end(stream, address):
    decoder = Scaip()
    decoder.feed(stream + END)
    (frame,) = decoder.feed(encode(address))
    assert (frame.event, frame.address) == (Event.PRESS, canonical("scaip", address))


@given(streams())
def test_every_frame_has_its_answer_and_every_malformed_message_its_refusal(stream):
    decoder = Scaip()
    frames = decoder.feed(stream + END)
    for frame in frames:
        answer = decoder.acknowledge(frame, NOON, b"")
        assert (b"<snu>" in answer) == frame.answers
        assert frame.trusted == (not frame.answers or b"<snu>0</snu>" in answer)
        assert all(canonical("scaip", address) == address for address in frame.addresses)
        assert frame.dedup_key
        assert len(frame.dedup_key) <= 240
        assert not frame.explicit or frame.event in CAUSES
    assert all(b"<snu>2</snu>" in decoder.refuse(b"") for _ in range(min(decoder.tally.malformed, REFUSALS_MAX)))
    assert not decoder.incomplete


@given(st.lists(st.binary(max_size=300), max_size=8))
def test_noise_never_raises_and_never_is_an_emergency(noise):
    assert not any(frame.event in CAUSES for frame in heard([*noise, END])[0])


@given(ADDRESSES, SAID, st.integers(0, 10**9))
def test_what_is_encoded_is_heard_as_it_was_meant(address, event, count):
    (frame,) = heard([encode(address, event, count=count)])[0]
    assert (frame.event, frame.address, frame.trusted) == (event, canonical("scaip", address), True)


@given(ADDRESSES.map(lambda address: f" +{address.lower()}\n") | st.text(max_size=30))
def test_a_spelling_is_final(address):
    assert canonical("scaip", canonical("scaip", address)) == canonical("scaip", address)


UNITS = [b"<", b">", b"<mrq>", b"</mrq>", b"<mrq><a>", b"<mrq a='", b"&amp;", END, b"<mrq></a></mrq>", b"<!--", b"\xff",
         b"<mrq><ref>", b" x='1'", b"<a>", b"</s:"]  # fmt: skip


@pytest.mark.parametrize("unit", UNITS)
@pytest.mark.parametrize("reads", [1, 64])
def test_a_flood_is_cheap_and_keeps_no_more_than_a_message(unit, reads):
    decoder, flood = Scaip(), (unit * FRAME_BYTES_MAX)[:FRAME_BYTES_MAX]

    def hear() -> None:
        for at in range(0, len(flood), FRAME_BYTES_MAX // reads):
            decoder.feed(flood[at : at + FRAME_BYTES_MAX // reads])
            assert len(decoder._tail) <= FRAME_BYTES_MAX
        decoder.feed(END)

    # The promise is 100 ms on an idle machine; the rest is for busy ones.
    assert processor_s(hear) < 0.5
    assert [frame.address for frame in decoder.feed(encode("4670"))] == ["4670"]
