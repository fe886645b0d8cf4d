"""Contact ID from the panels themselves: check digits, brackets, spool lines, and what is never acknowledged."""

from datetime import UTC, datetime

import pytest

from devices.decoders.contact_id import ACK, MESSAGE_BYTES_MAX, ContactId, canonical, check_digit, encode, fletcher
from devices.decoders.contact_id_codes import PROFILES
from devices.decoders.decoder import FRAME_BYTES_MAX
from dispatch.rules.signal import Event, Scope

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)
PRESS = b"123418110101001B"
"""`contact_id-o-001` of the vectors."""


def heard(data: bytes, **profile: Event):
    return list(ContactId(profile=profile).feed(data))


def test_a_press_names_account_and_zone_and_is_answered_by_one_byte():
    decoder = ContactId()
    (frame,) = decoder.feed(b"[1234 18110101001B]")
    assert frame.event is Event.PRESS
    assert frame.addresses == ("1234:001", "1234")
    assert frame.explicit
    assert (frame.window_s, frame.sliding) == (60.0, False)
    assert decoder.acknowledge(frame, NOON, b"") == b"\x06" == ACK
    assert decoder.acknowledge(frame, NOON, b"") == ACK
    assert decoder.refuse(b"") == b""


def test_the_published_example_has_its_check_digit():
    """LUPUS manual: <1234 18 1131 01 015 8>, a zero counts ten; and is printed for ten (`contact_id-o-009`)."""
    assert check_digit("123418113101015") == "8"
    assert check_digit("123418110201001") == "0"


@pytest.mark.parametrize("digit", "0123456789ACDEF")
def test_a_wrong_check_digit_is_heard_and_marked_and_never_acknowledged(digit):
    for data in (PRESS[:-1] + digit.encode() + b"\r\n", b"[1234 18110101001" + digit.encode() + b"]"):
        decoder = ContactId()
        (frame,) = decoder.feed(data)
        assert frame.event is Event.PRESS
        assert frame.explicit
        assert not frame.trusted
        assert decoder.acknowledge(frame, NOON, b"") == b""
        assert decoder.tally.bad_checksum == 1


def test_the_right_copy_of_a_damaged_press_joins_it():
    damaged, right = heard(PRESS[:-1] + b"C\r\n" + PRESS)
    assert (damaged.trusted, right.trusted) == (False, True)
    assert damaged.dedup_key == right.dedup_key


def test_raw_digits_need_no_line_end_when_they_fit():
    decoder = ContactId()
    assert decoder.feed(PRESS[:-1]) == []
    assert decoder.incomplete
    assert [frame.address for frame in decoder.feed(PRESS[-1:] + PRESS)] == ["1234:001"] * 2
    assert not decoder.incomplete


@pytest.mark.parametrize(
    "data",
    [
        b"\xff\x80" + PRESS + b"\r\n",
        b"12341811" + PRESS + b"\r\n",
        b"\r\n\x00\r\n" + PRESS,
        b"[1234 1811]" + PRESS,
        b"garbage[1234 18110101001B]",
        b"[1234 [1234 18110101001B]",
        b"\xa7" * (2 * FRAME_BYTES_MAX) + b"\n" + PRESS,
        b"1234 18 1101 01 001 B\n",
        b"event=123418110101001B\n",
        PRESS.lower() + b"\n",
    ],
)
def test_a_press_is_heard_through_what_stands_before_it(data):
    (frame,) = heard(data)
    assert (frame.event, frame.address, frame.trusted) == (Event.PRESS, "1234:001", True)


def test_what_stood_before_a_message_is_no_part_of_it():
    assert [frame.raw for frame in heard(b"garbage[1234 18110101001B]")] == [b"[1234 18110101001B]"]


@pytest.mark.parametrize(
    "data",
    [
        b"12341811010100B\r\n",
        b"1234181101010011B\r\n",
        b"123417110101001B\r\n",
        b"123418210101001B\r\n",
        b"99123418110101001C\r\n",
        b"[1234 1811010100B]",
        b"[1234 171101010010]",
    ],
)
def test_what_is_no_message_is_counted_and_not_answered(data):
    decoder = ContactId()
    assert decoder.feed(data) == []
    assert decoder.tally.malformed == 1
    assert decoder.refuse(data) == b""


def test_a_spool_file_of_asterisk_is_read_and_not_answered():
    """Its heads are no broken messages. The check digit is masked, or printed in telephone keys (* is eleven)."""
    decoder = ContactId()
    spool = b"[metadata]\n\nPROTOCOL=ADEMCO_CONTACT_ID\nCALLINGFROM=5551234567\n\n[events]\n\n987618340103001_\n"
    (frame,) = decoder.feed(spool)
    assert (frame.event, frame.trusted, frame.answers) == (Event.ARM_DISARM, True, False)
    assert not frame.explicit
    assert decoder.acknowledge(frame, NOON, b"") == b""
    assert decoder.tally.malformed == 0
    (keyed,) = heard(b"123418110101001*\n")
    assert (keyed.event, keyed.trusted) == (Event.PRESS, True)


def test_keys_never_make_a_wrong_message_right_that_has_none():
    """12 weighs as hexadecimal C, 15 as the key C: a second reading would trust one damaged message in fifteen."""
    (frame,) = heard(b"123418110101016C\n")
    assert check_digit("123418110101016") == "F"
    assert not frame.trusted


def test_an_account_over_tcp_may_be_a_word_whose_digits_nobody_can_check():
    """The example in the README of `schmupu/ioBroker.contactid`."""
    (frame,) = heard(b"[test 18160201010B]")
    assert (frame.event, frame.addresses, frame.trusted) == (Event.TEST, ("TEST:010", "TEST"), True)
    assert [each.trusted for each in heard(b"[12345 181101010011][12345 181101010012]")] == [True, True]


def test_a_profile_overrides_codes():
    assert heard(b"1234181120010038", **PROFILES["climax-pers"])[0].event is Event.FALL
    (frame,) = heard(b"123418140600000F", **PROFILES["climax-ctc"])
    assert (frame.event, frame.scope) == (Event.ATTENDANCE, Scope.GATEWAY)


def test_noise_without_an_end_keeps_little():
    decoder = ContactId()
    decoder.feed(b"7" * FRAME_BYTES_MAX)
    assert len(decoder._tail) <= MESSAGE_BYTES_MAX
    assert decoder.tally.overlong == 1


@pytest.mark.parametrize("brackets", [True, False])
@pytest.mark.parametrize(
    "event",
    [
        Event.PRESS, Event.DURESS, Event.FIRE, Event.INACTIVITY, Event.LOW_BATTERY, Event.TAMPER_RESTORE, Event.ONLINE,
        Event.MAINS_FAIL, Event.CANCEL, Event.RESTORE, Event.STATUS_PRESS, Event.TEST,
    ],
)  # fmt: skip
def test_what_is_encoded_is_heard_again(event, brackets):
    (frame,) = heard(encode(canonical(" b234:7 "), event, brackets=brackets))
    assert (frame.event, frame.addresses, frame.trusted) == (event, ("B234:007", "B234"), True)


@pytest.mark.parametrize(
    ("text", "event", "addresses"),
    [
        (b"[alarmanlage 18140101001B4B6]", Event.ARM_DISARM, ("ALARMANLAGE:001", "ALARMANLAGE")),
        (b"[alarmanlage 18160200000C5B7]", Event.TEST, ("ALARMANLAGE:000", "ALARMANLAGE")),
        (b"[test 18313100003D504]", Event.RESTORE, ("TEST:003", "TEST")),
        (b"[1234 18110101001" + fletcher(b"1234 18110101001").encode() + b"]", Event.PRESS, ("1234:001", "1234")),
    ],
)
def test_messages_with_a_fletcher_sum_are_heard_and_answered(text, event, addresses):
    """The first three were printed by others who received them from real panels."""
    decoder = ContactId()
    (frame,) = decoder.feed(b"noise" + text)
    assert (frame.event, frame.addresses, frame.trusted) == (event, addresses, True)
    assert decoder.acknowledge(frame, NOON, b"") == b"\x06"


def test_a_wrong_fletcher_sum_is_heard_and_not_answered():
    decoder = ContactId()
    (frame,) = decoder.feed(b"[test 18110100003D504]")
    assert (frame.event, frame.explicit, frame.trusted, decoder.tally.bad_checksum) == (Event.PRESS, True, False, 1)
    assert decoder.acknowledge(frame, NOON, b"") == b""
