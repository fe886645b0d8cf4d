"""DC-09: framing, both forms of the CRC, keys, and who gets which answer when."""

import itertools
import re
from datetime import UTC, datetime

import pytest

from devices.decoders.accounts import OPEN_MAX
from devices.decoders.dc09 import BODY_BYTES_MAX, START_BYTES_MAX, Dc09, canonical, encode
from devices.decoders.dc09_message import crc, framed
from devices.decoders.decoder import FRAME_BYTES_MAX
from dispatch.rules.signal import Event, Scope

NOON = datetime(2026, 11, 21, 12, tzinfo=UTC)
PAD = bytes(range(16))
KEY = "000102030405060708090A0B0C0D0E0F"
PRESS = b'\n02BE0029"ADM-CID"0001R0L0#1234[#1234|1101 01 001]\r'
"""`dc09-o-011` of the vectors."""


def message(body: str, **form: bool) -> bytes:
    return framed(body.encode("latin-1"), **form)


def answered(data: bytes, *, at: datetime = NOON, keys: dict[str, str] | None = None):
    """The frames and all that is written back."""
    decoder = Dc09(keys=keys or {})
    frames = list(decoder.feed(data))
    return frames, b"".join(decoder.acknowledge(frame, at, PAD) for frame in frames)


def said_in(answer: bytes) -> str:
    """The body of an answer whose frame is right, by the rules of the standard alone."""
    found = re.fullmatch(rb'\n([0-9A-F]{4})([0-9A-F]{4})(".*)\r', answer, re.DOTALL)
    assert int(found[2], 16) == len(found[3])
    assert int(found[1], 16) == crc(found[3])
    return found[3].decode("ascii")


# ------------------------------------------------------------------------------------------------ framing


def test_the_crc_is_that_of_the_standards_own_example():
    assert crc(b'"ADM-CID"9876R579BDFL789ABC#12345A[#12345A|1110 00 129]') == 0x87CD


def test_a_press_names_account_and_zone_and_is_answered_with_its_own_sequence():
    (frame,), answer = answered(PRESS)
    assert frame.event is Event.PRESS
    assert frame.addresses == ("1234:001", "1234")
    assert frame.explicit
    assert (frame.window_s, frame.sliding) == (600.0, False)
    assert said_in(answer) == '"ACK"0001R0L0#1234[]'


@pytest.mark.parametrize(
    ("sender", "echo"),
    [("R0L0#1234", "R0L0#1234"), ("L0#1234", "L0#1234"), ("L#22334455", "L#22334455"), ("#0123", "#0123"),
     ("R579BDFL789ABC#12345A", "R579BDFL789ABC#12345A"), ("L0#px12", "L0#px12"), ("R1L2", "R1L2#1234")],
)  # fmt: skip
def test_the_answer_repeats_what_the_panel_said_of_itself_and_no_more(sender, echo):
    """A panel that left its receiver out gives up on an answer with one (home-assistant/core issue 180511)."""
    _, answer = answered(message(f'"ADM-CID"0007{sender}[#1234|1101 01 001]'))
    assert said_in(answer) == f'"ACK"0007{echo}[]'


def test_the_crc_may_be_two_bytes_and_is_answered_in_kind():
    frames, answer = answered(message('"ADM-CID"0001R0L0#1234[#1234|1101 01 001]', binary=True))
    assert [frame.event for frame in frames] == [Event.PRESS]
    body = b'"ACK"0001R0L0#1234[]'
    assert answer == b"\n" + crc(body).to_bytes(2, "big") + b"0014" + body + b"\r"


@pytest.mark.parametrize("byte", [0x0A, 0x0D, 0x22, 0x30])
@pytest.mark.parametrize("place", [0, 1])
def test_a_byte_of_the_crc_may_be_a_line_end_a_quote_or_a_digit(byte, place):
    bodies = (f'"ADM-CID"{seq:04}R0L0#1234[#1234|1101 01 001]' for seq in range(1, 10_000))
    wanted = next(body for body in bodies if crc(body.encode()).to_bytes(2, "big")[place] == byte)
    data = message(wanted, binary=True)
    for noise in (b"", b"\n", b"\r\n", b"\n\r"):
        frames, _ = answered(noise + data + noise + PRESS)
        assert [(frame.address, frame.trusted) for frame in frames] == [("1234:001", True)] * 2


@pytest.mark.parametrize(
    "data",
    [
        b"\xff\x80~" + PRESS,
        PRESS[:20] + PRESS,
        b"\r\n\r\n\x00" + PRESS,
        PRESS[1:],
        PRESS[:-1] + PRESS[:5],
        PRESS[:-1] + b"\n",
        PRESS.replace(b"02BE", b"02be"),
        b"\n02BE0029" + PRESS,
        b"\xa7" * (2 * FRAME_BYTES_MAX) + PRESS,
        b'\n12340029"' + b"A" * 2 * BODY_BYTES_MAX + PRESS,
    ],
)
def test_a_press_is_heard_through_noise_cut_frames_and_lost_line_ends(data):
    frames, answer = answered(data)
    assert [(frame.address, frame.trusted) for frame in frames] == [("1234:001", True)]
    assert said_in(answer) == '"ACK"0001R0L0#1234[]'


def test_two_messages_in_one_read_are_two_and_each_is_answered():
    frames, answer = answered(PRESS + encode("1234:2", count=1))
    assert [frame.address for frame in frames] == ["1234:001", "1234:002"]
    assert answer.count(b'"ACK"') == 2


def test_a_line_feed_that_ends_a_message_still_begins_the_next():
    frames, _ = answered(PRESS[:-1] + message('"ADM-CID"0002R0L0#1234[#1234|1101 01 002]', binary=True))
    assert [(frame.address, frame.trusted) for frame in frames] == [("1234:001", True), ("1234:002", True)]


def test_a_body_without_an_end_keeps_no_more_than_a_message():
    decoder = Dc09()
    decoder.feed(b'\n12340FFF"' + b"A" * (BODY_BYTES_MAX - 1))
    assert decoder.incomplete
    decoder.feed(b"A")
    assert not decoder.incomplete
    assert decoder.tally.overlong == 1


def test_an_unfinished_message_waits_without_an_answer():
    decoder = Dc09()
    assert decoder.feed(PRESS[:-1]) == []
    assert decoder.incomplete
    assert len(decoder.feed(PRESS[-1:])) == 1
    assert not decoder.incomplete


def test_a_wrong_length_is_told_but_the_crc_has_proved_the_message():
    """Field senders get the length wrong (PROTOCOLS section 4); unanswered they would repeat for ever."""
    (frame,), answer = answered(PRESS.replace(b"0029", b"0078"))
    assert (frame.trusted, frame.fields["length_ok"], frame.fields["accept_strict"]) == (True, False, False)
    assert said_in(answer) == '"ACK"0001R0L0#1234[]'


# ------------------------------------------------------------------------------------------------ a wrong CRC


def test_a_wrong_crc_is_heard_and_marked_and_never_answered():
    decoder = Dc09()
    (frame,) = decoder.feed(PRESS.replace(b"02BE", b"0000"))
    assert frame.event is Event.PRESS
    assert frame.explicit
    assert not frame.trusted
    assert decoder.acknowledge(frame, NOON, PAD) == b""
    assert decoder.refuse(b"") == b""
    assert decoder.tally.bad_checksum == 1


def test_the_right_copy_of_a_damaged_press_joins_it():
    (damaged, right), answer = answered(PRESS.replace(b"02BE", b"0000") + PRESS)
    assert (damaged.trusted, right.trusted) == (False, True)
    assert damaged.dedup_key == right.dedup_key
    assert said_in(answer) == '"ACK"0001R0L0#1234[]'


@pytest.mark.parametrize(
    "body",
    [
        '"ADM-CID"0001R0L0#1234[#1234|1101 01 0',
        '"ADM-CID"0001R0L0#1234[#1234|1101 01 001]_14:1x',
        '"ADM-CID"0001R0L0#12[#12|"ADM-CID"0002R0L0#34[#34|1101 01 001]',
        '"SIA-DCS"0001L0#12[#12|Nri1/RP0"SIA-DCS"0002L0#34[#34|Nri1/QA001]',
        '"ADM-CID"0001R0L0#1234[#1234|1x01 01 001]',
        "garbage",
    ],
)
def test_a_wrong_crc_around_what_is_not_whole_is_noise(body):
    decoder = Dc09()
    assert decoder.feed(b'\n00000029"' + body.removeprefix('"').encode() + b"\r") == []
    assert decoder.tally.malformed == 1


# ------------------------------------------------------------------------------------------------ what it says


@pytest.mark.parametrize(
    ("data", "event", "scope", "address"),
    [
        ("#1234|1110 00 129", Event.FIRE, Scope.DEVICE, "1234:129"),
        ("#1234|3301 00 000", Event.MAINS_RESTORE, Scope.GATEWAY, "1234:000"),
        ("|1101 01 001", Event.PRESS, Scope.DEVICE, "1234:001"),
        ("1101 01 001", Event.PRESS, Scope.DEVICE, "1234:001"),
        ("#12341101 01 001", Event.PRESS, Scope.DEVICE, "1234:001"),
        ("#1234|110101001", Event.PRESS, Scope.DEVICE, "1234:001"),
        ("#1234|1406 00 000", Event.CANCEL, Scope.GATEWAY, "1234:000"),
        ("#1234|3406 00 000", Event.RESTORE, Scope.GATEWAY, "1234:000"),
        ("#1234|1999 00 000", Event.UNKNOWN, Scope.GATEWAY, "1234:000"),
        ("#1234|1101 01 001^Küche^", Event.PRESS, Scope.DEVICE, "1234:001"),
        ("#1234|1101 01 0015", Event.UNKNOWN, Scope.GATEWAY, "1234"),
        ("#100000000|1101 01 001", Event.PRESS, Scope.DEVICE, "1234:001"),
    ],
)
def test_contact_id_in_all_its_spellings(data, event, scope, address):
    (frame,), _ = answered(message(f'"ADM-CID"0001R0L0#1234[{data}]'))
    assert (frame.event, frame.scope, frame.address) == (event, scope, address)


def test_the_account_may_stand_in_the_block_alone_or_be_another_there():
    (alone,), _ = answered(message('"SIA-DCS"0001L0[#ABCD|Nri1/QA001]'))
    assert alone.addresses == ("ABCD:001", "ABCD")
    (both,), _ = answered(message('"SIA-DCS"0001L0#1111[#2222|Nri1/QA1]'))
    assert both.addresses == ("1111:001", "2222:001", "1111", "2222")


@pytest.mark.parametrize("zone", ["1", "01", "001", "0001"])
def test_a_zone_is_the_same_zone_with_any_number_of_zeros(zone):
    (frame,), _ = answered(message(f'"SIA-DCS"0001L0#1234[#1234|NQA{zone}]'))
    assert frame.address == canonical(f"1234:{zone}") == "1234:001"


def test_extended_data_and_times_are_kept_and_a_plain_time_is_not_believed():
    """Panels print local time as often as GMT, and nothing corrects the clock of one that does not encrypt."""
    (frame,), answer = answered(message('"SIA-DCS"0001L0#AAA[|Nri1/QA1][M0026B9E4268B][X006E07.7]_14:12:04,09-25-2019'))
    assert frame.fields["xdata"] == {"M": "0026B9E4268B", "X": "006E07.7"}
    assert frame.fields["timestamp"] == "2019-09-25T14:12:04Z"
    assert frame.sent_at is None
    assert said_in(answer).startswith('"ACK"')


def test_a_null_is_a_sign_of_life_and_never_a_copy():
    for body in ('"NULL"0000R0L0#1234[]', '"NULL"0000L0#1234[#0000|0000 00 000]_22:13:29,12-29-2022'):
        (frame,), answer = answered(message(body))
        assert (frame.event, frame.scope, frame.addresses) == (Event.HEARTBEAT, Scope.GATEWAY, ("1234",))
        assert frame.window_s == 0.0
        assert said_in(answer).startswith('"ACK"0000')


def test_the_keep_alive_beside_the_protocol_is_answered_in_its_own_words():
    (frame,), answer = answered(b"SR0001L0001    006969XX    [ID00000000]")
    assert (frame.event, frame.address, frame.window_s) == (Event.HEARTBEAT, "006969XX", 0.0)
    assert answer == b'"ACK"'


@pytest.mark.parametrize("token", ["ACK", "NAK", "DUH", "RSP"])
def test_an_answer_is_not_answered_and_is_about_nobody(token):
    (frame,), answer = answered(message(f'"{token}"0001R0L0#1234[]'))
    assert frame.event in {Event.ACK, Event.NACK}
    assert frame.addresses == ()
    assert answer == b""


def test_a_text_may_be_in_any_language():
    (frame,), _ = answered(framed('"SIA-DCS"0001L0#1234[#1234|Nri1/QA001^厨房^]'.encode()))
    assert frame.fields["text"] == "厨房"


def test_each_event_of_a_block_is_a_frame_and_the_answer_waits_for_all():
    decoder = Dc09()
    press, battery = decoder.feed(message('"SIA-DCS"0040R0L0#1234[#1234|Nri1/QA001/YT000]'))
    assert [(frame.event, frame.address) for frame in (press, battery)] == [
        (Event.PRESS, "1234:001"),
        (Event.LOW_BATTERY, "1234:000"),
    ]
    assert press.dedup_key != battery.dedup_key
    assert decoder.acknowledge(battery, NOON, PAD) == b""
    assert decoder.acknowledge(battery, NOON, PAD) == b""
    assert said_in(decoder.acknowledge(press, NOON, PAD)) == '"ACK"0040R0L0#1234[]'


def test_what_is_never_kept_is_not_remembered_for_ever():
    decoder = Dc09()
    for number in range(3 * OPEN_MAX):
        press, _ = decoder.feed(message(f'"SIA-DCS"{number:04}R0L0#1234[#1234|Nri1/QA001/YT000]'))
        assert decoder.acknowledge(press, NOON, PAD) == b""
    assert len(decoder._unkept._kept) <= OPEN_MAX


def test_a_copy_of_several_events_is_answered_by_its_own_parts():
    decoder = Dc09()
    block = message('"SIA-DCS"0040R0L0#1234[#1234|Nri1/QA001/YT000]')
    first, copy = decoder.feed(block), decoder.feed(block)
    assert [frame.dedup_key for frame in first] == [frame.dedup_key for frame in copy]
    assert decoder.acknowledge(first[0], NOON, PAD) == b""
    assert decoder.acknowledge(copy[1], NOON, PAD) == b""
    assert decoder.acknowledge(copy[0], NOON, PAD) != b""


@pytest.mark.parametrize(
    "body",
    [
        '"SIA-DCS"0043R0L0#1234[#1234|Nri1/ZX001]',
        '"ADM-CID"0043R0L0#1234[#1234|1999 00 000]',
        '"ADM-CID"0043R0L0#1234[#1234|help]',
        '"ADM-CID"0043R0L0#1234[#1234|1101 01 001',
        '"SIA-PUL"0043R0L0#1234[#1234|4/2]',
        '"*ADM-CID"0043R0L0#1234[0123456789ABCDEF0123456789ABCDEF',
    ],
)
def test_what_is_whole_but_of_no_use_is_answered_with_duh(body):
    """DC-09-2013 5.5.3.3. It names its account all the same, so that somebody looks."""
    (frame,), answer = answered(message(body))
    assert frame.event in {Event.UNKNOWN, Event.NACK}
    assert frame.addresses[-1] == "1234"
    assert said_in(answer) == '"DUH"0043R0L0#1234[]'


def test_one_known_event_in_a_block_makes_it_useful():
    frames, answer = answered(message('"SIA-DCS"0043R0L0#1234[#1234|Nri1/ZX001/QA002]'))
    assert [frame.event for frame in frames] == [Event.UNKNOWN, Event.PRESS]
    assert said_in(answer) == '"ACK"0043R0L0#1234[]'


def test_a_profile_overrides_codes_in_both_alphabets():
    decoder = Dc09(profile={"120": Event.FALL, "ZX": Event.FALL})
    data = message('"ADM-CID"0001L0#1[#1|1120 01 001]') + message('"SIA-DCS"0002L0#1[#1|NZX1]')
    assert [frame.event for frame in decoder.feed(data)] == [Event.FALL, Event.FALL]


def test_copies_are_known_by_sender_sequence_and_data_and_not_by_their_time():
    body = '"ADM-CID"{}[#1234|{}]{}'
    same = [body.format("0001R0L0#1234", "1101 01 001", stamp) for stamp in ("", "_14:12:04,09-25-2019")]
    others = [
        body.format("0002R0L0#1234", "1101 01 001", ""),
        body.format("0001R1L0#1234", "1101 01 001", ""),
        body.format("0001R0L1#1234", "1101 01 001", ""),
        body.format("0001R0L0#1235", "1101 01 001", ""),
        body.format("0001R0L0#1234", "1101 01 002", ""),
    ]
    keys = [answered(message(each))[0][0].dedup_key for each in (*same, *others)]
    assert keys[0] == keys[1]
    assert len(set(keys)) == 1 + len(others)


def test_a_key_of_a_copy_fits_every_database():
    (frame,), _ = answered(message(f'"SIA-DCS"0001L0#1234[#1234|NQA1^{"x" * 3000}\x00^]'))
    assert frame.event is Event.PRESS
    assert len(frame.dedup_key) <= 240
    assert frame.dedup_key.isprintable()


# ------------------------------------------------------------------------------------------------ there and back


@pytest.mark.parametrize(
    ("form", "key", "binary"), list(itertools.product(["ADM-CID", "SIA-DCS"], ["", KEY], [False, True]))
)
@pytest.mark.parametrize(
    "event",
    [
        Event.PRESS, Event.DURESS, Event.FIRE, Event.INACTIVITY, Event.LOW_BATTERY, Event.TAMPER_RESTORE, Event.OFFLINE,
        Event.MAINS_FAIL, Event.CANCEL, Event.RESTORE, Event.TEST, Event.HEARTBEAT,
    ],
)  # fmt: skip
def test_what_is_encoded_is_heard_again(event, form, key, binary):
    data = encode(canonical(" b234:7 "), event, form=form, key=key, at=NOON, pad=PAD, binary=binary)
    (frame,), answer = answered(data, keys={"*": key} if key else {})
    assert frame.event is event
    assert frame.addresses == (("B234",) if event is Event.HEARTBEAT else ("B234:007", "B234"))
    assert frame.trusted
    assert frame.fields["length_ok"]
    assert b"ACK" in answer


def test_noise_without_a_head_keeps_little():
    decoder = Dc09()
    decoder.feed(b"7" * FRAME_BYTES_MAX)
    assert len(decoder._tail) <= START_BYTES_MAX
    assert decoder.tally.noise_bytes == FRAME_BYTES_MAX - len(decoder._tail)


@pytest.mark.parametrize(
    ("data", "address"),
    [
        ("1101  02  019", "77C3:019"),
        ("18 1101 02 019", "77C3:019"),
        ("1101 2 19", "77C3:019"),
        ("1101-02-019", "77C3:019"),
        ("1101 02", "77C3:000"),
        ("1101", "77C3:000"),
    ],
)
def test_a_contact_id_block_that_is_not_neat_is_read_by_its_code(data, address):
    (frame,) = Dc09().feed(framed(f'"ADM-CID"0231L0#77C3[#77C3|{data}]'.encode()))
    assert (frame.event, frame.address, frame.trusted) == (Event.PRESS, address, True)


@pytest.mark.parametrize("data", ["101 02 019", "2101 02 019", "11Z1 02 019", "help", ""])
def test_what_has_no_code_is_no_call(data):
    (frame,) = Dc09().feed(framed(f'"ADM-CID"0231L0#77C3[#77C3|{data}]'.encode()))
    assert frame.event is Event.UNKNOWN
