"""Cutting streams, and the checksums, times and places that all trackers share."""

import re
from datetime import UTC, datetime

import pytest

from devices.decoders.brackets import Brackets
from devices.decoders.checksum import x25, xmodem, xor_of
from devices.decoders.decoder import FRAME_BYTES_MAX, Frame, Tally
from devices.decoders.fix import as_minutes, degrees, epoch, moment, moment_of, position_of
from devices.decoders.spans import Spans
from dispatch.rules.place import Position
from dispatch.rules.signal import Event
from tests.unit.devices.redraw_trackers import crc_x25, crc_xmodem

CHECK = b"123456789"
SPAN_MAX = 64


def test_the_checksums_have_their_published_check_values():
    assert (x25(CHECK), xmodem(CHECK), xor_of(CHECK)) == (0x906E, 0x31C3, 0x31)
    assert (crc_x25(CHECK), crc_xmodem(CHECK)) == (0x906E, 0x31C3)
    assert (x25(b""), xmodem(b""), xor_of(b"")) == (0, 0, 0)


# ---------------------------------------------------------------------------------------------- lengths in the head


def spans(tally: Tally | None = None) -> Spans:
    """A toy: `<`, a digit that says how many letters follow, the letters, `>`."""
    return Spans(
        re.compile(rb"(?=<\d)"),
        lambda head: (int(head[1:2]) + 3,),
        head_bytes=2,
        span_max=SPAN_MAX,
        tally=tally or Tally(),
    )


def read(raw: bytes) -> Frame | None:
    return Frame(event=Event.INFO, raw=raw) if raw.endswith(b">") else None


def cut(data: bytes, *, tally: Tally | None = None) -> list[bytes]:
    return [frame.raw for frame in spans(tally).cut(data, read)]


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"<3abc>", [b"<3abc>"]),
        (b"<3abc><0><1x>", [b"<3abc>", b"<0>", b"<1x>"]),
        (b"..<3abc>..<1x>..", [b"<3abc>", b"<1x>"]),
        (b"<3ab>>", [b"<3ab>>"]),
        (b"<3abcd", []),
        (b"<9ab<1x>", [b"<1x>"]),
        (b"<9<3abc>....>", [b"<3abc>"]),
        (b"<8<3ab<1x>>.", [b"<1x>"]),
    ],
)
def test_whatever_ends_first_and_can_be_read_is_the_next_frame(data, expected):
    assert cut(data) == expected
    whole = spans()
    assert [frame.raw for at in range(len(data)) for frame in whole.cut(data[at : at + 1], read)] == expected


def test_what_is_no_frame_is_counted_once_a_frame_follows():
    tally = Tally()
    assert cut(b"....<9<1x>", tally=tally) == [b"<1x>"]
    assert tally.noise_bytes == 6


def test_a_reader_may_ask_for_more():
    def asks(raw: bytes) -> Frame | tuple[int, ...] | None:
        return (6, SPAN_MAX + 1) if len(raw) == 3 else read(raw)

    assert [frame.raw for frame in spans().cut(b"<0abc>", asks)] == [b"<0abc>"]


def test_little_is_kept_however_much_comes():
    kept = spans()
    for _ in range(20):
        kept.cut(b"<9" * 1000, read)
        assert len(kept._kept) <= SPAN_MAX
        assert len(kept._ends) <= SPAN_MAX
    assert kept.open
    assert [frame.raw for frame in kept.cut(b".<1x>", read)] == [b"<1x>"]


# ---------------------------------------------------------------------------------------------- brackets


def test_brackets_without_a_head_are_noise():
    tally = Tally()
    assert Brackets(tally).cut(b"[]x[[]][no head]") == []
    assert tally.noise_bytes == 16


def test_more_opening_brackets_than_networks_are_noise():
    tally = Tally()
    brackets = Brackets(tally)
    assert brackets.cut(b"[3G*1*FFFF*" + b"[" * 100) == []
    assert brackets.cut(b"[3G*1*0002*LK]") == [b"[3G*1*0002*LK]"]


def test_a_text_without_an_end_is_given_up():
    tally = Tally()
    brackets = Brackets(tally)
    assert brackets.cut(b"[3G*1*FFFF*" + b"x" * FRAME_BYTES_MAX) == []
    assert (len(brackets), tally.overlong) == (0, 1)
    assert brackets.cut(b"]" + b"[3G*1*0002*LK]") == [b"[3G*1*0002*LK]"]


# ---------------------------------------------------------------------------------------------- time and place


@pytest.mark.parametrize(
    ("text", "hemisphere", "expected"),
    [
        ("2232.9806", "N", 22.549676),
        ("11404.9355", "E", 114.082258),
        ("11404.9355", "W", -114.082258),
        ("0000.0000", "S", 0.0),
        (" 38.6508", "W", -0.644180),
        ("", "N", None),
        (".", "N", None),
        ("22x2.9806", "N", None),
        ("-2232.98", "N", None),
        ("２２３２.9806", "N", None),
        ("2232", "N", None),
    ],
)
def test_degrees_and_minutes(text, hemisphere, expected):
    assert degrees(text, hemisphere) == (None if expected is None else pytest.approx(expected, abs=1e-6))


@pytest.mark.parametrize("value", [0.0, 22.549676, 179.999999, 59.99999999, 0.99999999])
def test_minutes_are_written_as_they_are_read(value):
    assert degrees(as_minutes(value, places=3), "E") == pytest.approx(value, abs=1e-6)


def test_no_place_on_earth_is_none():
    assert position_of(90.0, -180.0) == Position(90.0, -180.0)
    assert position_of(0.0, 0.1) == Position(0.0, 0.1)
    for lat, lng in ((0.0, 0.0), (90.1, 0.0), (0.0, 180.1), (float("nan"), 0.0), (0.0, float("inf"))):
        assert position_of(lat, lng) is None


def test_a_time_that_never_was_is_none():
    assert moment(26, 11, 21, 4, 5, 6) == datetime(2026, 11, 21, 4, 5, 6, tzinfo=UTC)
    assert moment(26, 11, 21, 4, 5, 6, east_min=480) == datetime(2026, 11, 20, 20, 5, 6, tzinfo=UTC)
    for wrong in (
        (26, 2, 29, 0, 0, 0),
        (26, 0, 1, 0, 0, 0),
        (26, 1, 1, 24, 0, 0),
        (9, 12, 31, 0, 0, 0),
        (0, 1, 1, 0, 0, 0),
    ):
        assert moment(*wrong) is None


@pytest.mark.parametrize(
    ("text", "order", "expected"),
    [
        ("261121040506", "ymd", datetime(2026, 11, 21, 4, 5, 6, tzinfo=UTC)),
        ("211126040506", "dmy", datetime(2026, 11, 21, 4, 5, 6, tzinfo=UTC)),
        ("26112104050", "ymd", None),
        ("2611210405060", "ymd", None),
        ("26112104050a", "ymd", None),
        ("２６１１２１０４０５０６", "ymd", None),
    ],
)
def test_twelve_digits_are_a_time(text, order, expected):
    assert moment_of(text, order=order) == expected


def test_seconds_since_1970():
    assert epoch(1_787_299_200) == datetime(2026, 8, 21, 8, 0, tzinfo=UTC)
    assert epoch(0) is None
    assert epoch(0xFFFF_FFFF) == datetime(2106, 2, 7, 6, 28, 15, tzinfo=UTC)
