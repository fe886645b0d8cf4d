"""Receivers: every form of message, its answer, and what a bad line does."""

from datetime import UTC, datetime

import pytest

from devices.decoders.contact_id_codes import EVENTS, PROFILES, contact_id_event, contact_id_scope
from devices.decoders.decoder import FRAME_BYTES_MAX
from devices.decoders.sia_codes import SIA_EVENTS, sia_scope
from devices.decoders.surgard import ACK, MESSAGE_BYTES_MAX, NAK, Surgard, canonical, encode
from dispatch.rules.signal import Event, Scope

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
PRESS = b"5011 181234E10101001\x14"


def one(text: str, **profile: Event):
    (frame,) = Surgard(profile=profile).feed(text.encode("latin-1"))
    return frame


def test_a_press_names_account_and_zone_and_waits_for_its_answer():
    decoder = Surgard()
    (frame,) = decoder.feed(PRESS)
    assert frame.event is Event.PRESS
    assert frame.addresses == ("1234:001", "1234")
    assert frame.explicit
    assert frame.answers
    assert (frame.window_s, frame.sliding) == (60.0, False)
    assert decoder.acknowledge(frame, NOON, b"") == ACK
    assert decoder.refuse(PRESS) == NAK


@pytest.mark.parametrize(
    ("text", "event", "scope", "explicit"),
    [
        ("5011 181234E12101001\x14", Event.DURESS, Scope.DEVICE, True),
        ("5011 181234112001001\x14", Event.PRESS, Scope.DEVICE, True),
        ("5011 98BCDFR10101001\x14", Event.RESTORE, Scope.DEVICE, False),
        ("5011 181234310101001\x14", Event.RESTORE, Scope.DEVICE, False),
        ("5011 181234610101001\x14", Event.STATUS_PRESS, Scope.DEVICE, False),
        ("5011 181234P11001001\x14", Event.FIRE, Scope.DEVICE, True),
        ("5011 181234E11101001\x14", Event.SMOKE, Scope.DEVICE, True),
        ("5011 181234E15101001\x14", Event.GAS, Scope.DEVICE, True),
        ("5011 181234E10201001\x14", Event.INACTIVITY, Scope.DEVICE, True),
        ("5011 181234E13101001\x14", Event.INTRUSION, Scope.DEVICE, False),
        ("5011 181234R30100000\x14", Event.MAINS_RESTORE, Scope.GATEWAY, False),
        ("5011 181234R38401003\x14", Event.BATTERY_RESTORE, Scope.DEVICE, False),
        ("5011 181234E30200000\x14", Event.LOW_BATTERY, Scope.GATEWAY, False),
        ("5011 181234R38101003\x14", Event.ONLINE, Scope.DEVICE, False),
        ("5011 181234R35000000\x14", Event.LINK_RESTORE, Scope.GATEWAY, False),
        ("5011 181234R13700000\x14", Event.TAMPER_RESTORE, Scope.GATEWAY, False),
        ("5011 181234R34400000\x14", Event.JAMMING_RESTORE, Scope.GATEWAY, False),
        ("5011 181234E40600000\x14", Event.CANCEL, Scope.GATEWAY, False),
        ("5011 181234R40100001\x14", Event.ARM_DISARM, Scope.GATEWAY, False),
        ("5011 181234E60600000\x14", Event.VOICE_REQUEST, Scope.GATEWAY, False),
        ("5011 181234E99900000\x14", Event.UNKNOWN, Scope.GATEWAY, False),
        ("501001 181234E10101001\x14", Event.PRESS, Scope.DEVICE, True),
        ("3011      1234QA0001\x14", Event.PRESS, Scope.DEVICE, True),
        ("3011      1234FA0001\x14", Event.FIRE, Scope.DEVICE, True),
        ("3011    ABCDEFNA0001\x14", Event.INACTIVITY, Scope.DEVICE, True),
        ("3011      1234YT0000\x14", Event.LOW_BATTERY, Scope.GATEWAY, False),
        ("3011      1234UZ0003\x14", Event.OFFLINE, Scope.DEVICE, False),
        ("3011      1234ZX0000\x14", Event.UNKNOWN, Scope.DEVICE, False),
        ("1011      1234 P0001\x14", Event.PRESS, Scope.DEVICE, True),
        ("1011      1234 A0001\x14", Event.ALARM, Scope.DEVICE, False),
        ("1011      0000 P  0L\x14".replace("0L", "02"), Event.VOICE_REQUEST, Scope.GATEWAY, False),
        ("6011      1234MA0001\x14", Event.PRESS, Scope.DEVICE, True),
        ("80111234 5555 5155 7\x14", Event.ALARM, Scope.DEVICE, False),
        ("80111234 5555 5355 7\x14", Event.RESTORE, Scope.DEVICE, False),
        ("80111234 5555 5555 7\x14", Event.TEST, Scope.GATEWAY, False),
        (" a011 123418E10101001\x14", Event.PRESS, Scope.DEVICE, True),
        ("\n12 1234 18 R101 01 C001\r", Event.RESTORE, Scope.DEVICE, False),
        ("\n12 1234 18 E406 01 U001\r", Event.CANCEL, Scope.GATEWAY, False),
        ("\n12 1234 P 1\r", Event.PRESS, Scope.DEVICE, True),
        ("\n12 1234 3 1\r", Event.ALARM, Scope.DEVICE, False),
        ("\n12 1234 5\r", Event.ALARM, Scope.DEVICE, False),
        ("\n12 1234 5515 5555 7\r", Event.ALARM, Scope.DEVICE, False),
        ("S011[#1234|Nri1BA01]\x14", Event.INTRUSION, Scope.DEVICE, False),
        ("S01001[#1234|Nri1/QA01]\x14", Event.PRESS, Scope.DEVICE, True),
        (" S011[#1234567890ABCDEF|NFA2]\x14", Event.FIRE, Scope.DEVICE, True),
        ("S011[#1234|AText alone]\x14", Event.INFO, Scope.GATEWAY, False),
        ("S011[\x01\x02]\x14", Event.UNKNOWN, Scope.GATEWAY, False),
        ("001001[#0000|NYK0002]\x14", Event.LINK_RESTORE, Scope.GATEWAY, False),
        ("1011      0000 T  40\x14", Event.FAULT, Scope.GATEWAY, False),
        ("1011      0000 R  08\x14", Event.RESTORE, Scope.GATEWAY, False),
        ("1011      1234 2 001\x14", Event.PRESS, Scope.DEVICE, True),
        ("1011      1234 4 001\x14", Event.ALARM, Scope.DEVICE, False),
        ("1011      1234   001\x14", Event.ALARM, Scope.DEVICE, False),
        ("1011      1234MA0001\x14", Event.PRESS, Scope.DEVICE, True),
        ("101001    123456 M 001\x14", Event.PRESS, Scope.DEVICE, True),
        ("601001    123456QA0001\x14", Event.PRESS, Scope.DEVICE, True),
        ("80111234 5155 5555 1\x14", Event.DURESS, Scope.DEVICE, True),
        ("80111234 5555 5555 1\x14", Event.DURESS, Scope.GATEWAY, True),
        ("80111234 5155 5555 5\x14", Event.FAULT, Scope.DEVICE, False),
        ("80111234 3555 5555 2\x14", Event.ARM_DISARM, Scope.GATEWAY, False),
        ("80111234 5555 5555 8\x14", Event.LOW_BATTERY, Scope.GATEWAY, False),
        ("8010011234 5555 5555 5515 5555 7\x14", Event.ALARM, Scope.DEVICE, False),
        ("T011123456 N  01\x14", Event.PRESS, Scope.DEVICE, True),
        ("T011  1234 R  01\x14", Event.TEST, Scope.DEVICE, False),
        ("4011  12340301234567\x14", Event.INFO, Scope.GATEWAY, False),
    ],
)
def test_what_the_messages_say(text, event, scope, explicit):
    frame = one(text)
    assert (frame.event, frame.scope, frame.explicit) == (event, scope, explicit)


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("S011[#1234|Nri1/QA001/YT000]\x14", [(Event.PRESS, "1234:001"), (Event.LOW_BATTERY, "1234:000")]),
        ("80111234 5155 5551 7\x14", [(Event.ALARM, "1234:002"), (Event.ALARM, "1234:008")]),
        (
            "80111234 1555 5553 8\x14",
            [(Event.ALARM, "1234:001"), (Event.RESTORE, "1234:008"), (Event.LOW_BATTERY, "1234")],
        ),
        ("\n12 1234 1155 5555 7\r", [(Event.ALARM, "1234:001"), (Event.ALARM, "1234:002")]),
    ],
)
def test_each_event_of_a_message_is_a_frame_and_one_answer_waits_for_all(text, told):
    """Two answers would be one too many: the second would count for the message behind it, kept or not."""
    decoder = Surgard()
    frames = decoder.feed(text.encode())
    assert [(frame.event, frame.address) for frame in frames] == told
    assert len({frame.dedup_key for frame in frames}) == len(told)
    answers = [decoder.acknowledge(frame, NOON, b"") for frame in reversed(frames)]
    assert answers == [b""] * (len(told) - 1) + [ACK]


@pytest.mark.parametrize(
    ("text", "account"),
    [
        ("80111234 5515 5555 7\x14", "1234"),
        ("8010011234 5515 5555 7\x14", "1234"),
        ("801001123 5515 5555 7\x14", "123"),
        ("801001123456 5515 5555 5555 5555 7\x14", "123456"),
    ],
)
def test_a_line_of_three_places_is_told_from_the_account(text, account):
    assert one(text).addresses == (f"{account}:003", account)


@pytest.mark.parametrize("text", ["S011[#1234|Lri1QA01]\x14", "S011[#1234|Nri1QA01/L90]\x14"])
def test_a_press_that_asks_for_a_speech_path_is_still_a_press(text):
    assert (one(text).event, one(text).also) == (Event.PRESS, (Event.VOICE_REQUEST,))


@pytest.mark.parametrize("text", ["S011[#0000|NPA01]\x14", "001001[#0000|NPA01]\x14", "1011      0000 P  02\x14"])
def test_what_a_receiver_says_of_itself_names_nobody(text):
    assert one(text).addresses == ()


def test_a_key_of_a_copy_fits_every_database():
    frame = one(f"S011[#1234|NQA1^{'x' * 100}\x00{'y' * 60}^]\x14")
    assert frame.event is Event.PRESS
    assert len(frame.dedup_key) <= 240
    assert frame.dedup_key.isprintable()


@pytest.mark.parametrize("zone", ["0001", "  01", "   1", "1   "])
def test_a_zone_is_the_same_zone_with_any_number_of_zeros(zone):
    assert one(f"3011      1234QA{zone}\x14").address == "1234:001" == canonical("1234:1")


@pytest.mark.parametrize(
    "text",
    ["1011           @    \x14", "1011           @   \x14", "101000           @    \x14", " 1011           @    \x14"],
)
def test_a_heartbeat_is_answered_and_never_a_copy(text):
    frame = one(text)
    assert (frame.event, frame.scope, frame.address) == (Event.HEARTBEAT, Scope.GATEWAY, None)
    assert frame.answers
    assert frame.window_s == 0.0


def test_a_lone_return_is_a_link_test_only_where_685_is_spoken():
    assert Surgard().feed(b"\r\r\n\r") == []
    decoder = Surgard()
    assert len(decoder.feed(b"\n12 1234 18 E101 01 C001\r")) == 1
    assert [frame.event for frame in decoder.feed(b"\r")] == [Event.HEARTBEAT]


@pytest.mark.parametrize(
    "data",
    [
        b"\xff\x80~" + PRESS,
        b"5011 1812" + PRESS,
        b"\x14" + PRESS,
        b"\r\n" + PRESS,
        b"5011 181234E10101\x14" + PRESS,
        b"\xa7" * (2 * FRAME_BYTES_MAX) + PRESS,
        bytes(byte | 0x80 if byte.bit_count() % 2 else byte for byte in PRESS),
    ],
)
def test_a_press_is_heard_through_noise_and_parity(data):
    assert [frame.address for frame in Surgard().feed(data)] == ["1234:001"]


@pytest.mark.parametrize(
    "text",
    [
        "5011 181234E10101\x14",
        "5011 181234E1010100100\x14",
        "5011 181234X10101001\x14",
        "5011 18123 E10101001\x14",
        "3011     1234MA0001\x14",
        "1011     1234 P0001\x14",
        "\n12 1234 18 E101 01 C01\r",
        "\n12 1234 18 E101 01 X001\r",
        "garbage\x14",
    ],
)
def test_a_garbled_message_is_counted_for_a_repetition(text):
    decoder = Surgard()
    assert decoder.feed(text.encode()) == []
    assert decoder.tally.malformed == 1


def test_an_unfinished_message_waits_without_an_answer():
    decoder = Surgard()
    assert decoder.feed(PRESS[:-1]) == []
    assert decoder.incomplete
    assert decoder.tally.malformed == 0
    assert len(decoder.feed(PRESS[-1:])) == 1
    assert not decoder.incomplete


def test_the_same_message_is_the_same_statement_whatever_stood_before_it():
    first, second, other = Surgard().feed(PRESS + b"noise" + PRESS + PRESS.replace(b"001\x14", b"002\x14"))
    assert first.dedup_key == second.dedup_key != other.dedup_key


def test_a_profile_overrides_codes_and_keeps_their_restores():
    assert one("5011 181234E12001003\x14", **PROFILES["climax-pers"]).event is Event.FALL
    assert one("5011 181234R12001003\x14", **PROFILES["climax-pers"]).event is Event.RESTORE
    assert one("5011 181234E37301004\x14", **PROFILES["climax-ctc"]).event is Event.LOW_BATTERY
    assert one("5011 181234E40600000\x14", **PROFILES["climax-ctc"]).event is Event.ATTENDANCE
    assert one("3011      1234ZX0000\x14", ZX=Event.PRESS).event is Event.PRESS
    assert one("1011      1234 A0001\x14", A=Event.SMOKE).event is Event.SMOKE


def test_every_code_has_an_end_and_a_scope():
    for code in EVENTS:
        assert contact_id_event(code, "E") is contact_id_event(code, "1")
        assert contact_id_event(code, "R") is contact_id_event(code, "3")
        assert contact_id_scope(code) in (Scope.DEVICE, Scope.GATEWAY)
    for code in SIA_EVENTS:
        assert sia_scope(code) in (Scope.DEVICE, Scope.GATEWAY)


def test_the_two_batteries_are_not_confused():
    assert (sia_scope("YT"), sia_scope("XT")) == (Scope.GATEWAY, Scope.DEVICE)
    assert (contact_id_scope("302"), contact_id_scope("384")) == (Scope.GATEWAY, Scope.DEVICE)


def test_noise_without_a_terminator_keeps_little():
    decoder = Surgard()
    decoder.feed(b"5" * FRAME_BYTES_MAX)
    assert len(decoder._tail) <= MESSAGE_BYTES_MAX
    assert decoder.tally.overlong == 1


@pytest.mark.parametrize(
    "event",
    [
        Event.PRESS, Event.DURESS, Event.SMOKE, Event.WATER, Event.LOW_BATTERY, Event.TAMPER_RESTORE, Event.ONLINE,
        Event.MAINS_FAIL, Event.CANCEL, Event.RESTORE, Event.TEST, Event.HEARTBEAT,
    ],
)  # fmt: skip
def test_what_is_encoded_is_heard_again(event):
    (frame,) = Surgard().feed(encode(canonical(" b234:7 "), event))
    assert frame.event is event
    assert event is Event.HEARTBEAT or frame.addresses == ("B234:007", "B234")
