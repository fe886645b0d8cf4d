"""DC-09: which key opens a message, when its time counts as now, and what is answered where it does not."""

import re
from datetime import timedelta

import pytest
from cryptography.hazmat.primitives.ciphers import Cipher, algorithms, modes

from devices.decoders.dc09 import Dc09, encode
from dispatch.rules.signal import Event
from tests.unit.devices.test_dc09 import KEY, NOON, PAD, answered, said_in


def opened(cipher: str, key: str) -> str:
    reader = Cipher(algorithms.AES(bytes.fromhex(key)), modes.CBC(bytes(16))).decryptor()
    return (reader.update(bytes.fromhex(cipher)) + reader.finalize()).decode("ascii")


@pytest.mark.parametrize("bits", [128, 192, 256])
@pytest.mark.parametrize("form", ["ADM-CID", "SIA-DCS"])
def test_an_encrypted_press_is_opened_and_answered_encrypted_with_our_time(bits, form):
    key = KEY * 2
    key = key[: bits // 4]
    (frame,), answer = answered(encode("1234:1", form=form, key=key, at=NOON, pad=PAD), keys={"1234": key})
    assert (frame.event, frame.address, frame.sent_at) == (Event.PRESS, "1234:001", NOON)
    head, _, cipher = said_in(answer).partition("[")
    assert head == '"*ACK"0001R0L0#1234'
    assert re.fullmatch(r"[^|\[\]]{1,16}\]_12:00:00,11-21-2026", opened(cipher, key))


@pytest.mark.parametrize(
    ("late_s", "token"), [(-21, "NAK"), (-20, "*ACK"), (0, "*ACK"), (40, "*ACK"), (41, "NAK"), (90_000, "NAK")]
)
def test_a_time_that_is_not_now_is_answered_with_ours_and_the_press_is_heard(late_s, token):
    """DC-09-2013 5.5.3.2: the panel sets its clock by the NAK and sends again, which joins."""
    at = NOON + timedelta(seconds=late_s)
    (frame,), answer = answered(encode("1234:1", key=KEY, at=NOON, pad=PAD), at=at, keys={"*": KEY})
    assert frame.event is Event.PRESS
    body = said_in(answer)
    assert body.split('"')[1] == token
    assert token == "*ACK" or body == f'"NAK"0000R0L0A0[]{at.strftime("_%H:%M:%S,%m-%d-%Y")}'
    (again,), _ = answered(encode("1234:1", key=KEY, at=at, pad=PAD[::-1]), at=at, keys={"*": KEY})
    assert again.dedup_key == frame.dedup_key


def test_an_encrypted_message_without_a_time_fails_its_test():
    (frame,), answer = answered(encode("1234:1", key=KEY, pad=PAD), keys={"*": KEY})
    assert frame.event is Event.PRESS
    assert said_in(answer).startswith('"NAK"')


def test_what_no_key_of_ours_opens_says_nothing_and_is_answered_with_nak():
    (frame,), answer = answered(encode("1234:1", key=KEY, at=NOON, pad=PAD), keys={"*": KEY[::-1]})
    assert (frame.event, frame.explicit, frame.addresses) == (Event.NACK, False, ("1234",))
    assert said_in(answer) == '"NAK"0000R0L0A0[]_12:00:00,11-21-2026'


def test_no_wrong_key_ever_makes_sense_of_a_message():
    data = encode("1234:1", key=KEY, at=NOON, pad=PAD)
    for number in range(500):
        (frame,), _ = answered(data, keys={"*": f"{number:032x}"})
        assert frame.event is Event.NACK


def test_without_a_key_there_is_no_time_to_test():
    (frame,), answer = answered(encode("1234:1", key=KEY, at=NOON, pad=PAD), keys={"9999": KEY})
    assert frame.event is Event.NACK
    assert said_in(answer) == '"DUH"0001R0L0#1234[]'


def test_an_account_has_its_own_key_before_the_one_for_all():
    own, common = KEY, KEY[::-1]
    keys = {"12ab": own, "*": common}
    for account, key in (("12AB", own), ("12ab", own), ("7777", common)):
        (frame,), _ = answered(encode(f"{account}:1", key=key, at=NOON, pad=PAD), keys=keys)
        assert frame.event is Event.PRESS
    (frame,), _ = answered(encode("12AB:1", key=common, at=NOON, pad=PAD), keys=keys)
    assert frame.event is Event.NACK


@pytest.mark.parametrize("typed", ["sixteen letters!", "24 letters are a key too", "thirty-two letters are one, too!"])
def test_a_key_may_be_the_characters_themselves(typed):
    (frame,), answer = answered(encode("1234:1", key=typed.encode().hex(), at=NOON, pad=PAD), keys={"*": typed})
    assert frame.event is Event.PRESS
    assert said_in(answer).startswith('"*ACK"')


def test_thirty_two_hexadecimal_digits_may_be_either_kind_of_key():
    as_bytes, as_letters = KEY, KEY.encode().hex()
    for key in (as_bytes, as_letters):
        (frame,), answer = answered(encode("1234:1", key=key, at=NOON, pad=PAD), keys={"*": KEY})
        assert frame.event is Event.PRESS
        assert opened(said_in(answer).partition("[")[2], key).endswith("]_12:00:00,11-21-2026")


@pytest.mark.parametrize("key", ["", "short", KEY[:-1], "ключ-ключ-ключ-к"])
def test_a_key_of_no_known_form_is_refused(key):
    with pytest.raises(ValueError, match="hexadecimal"):
        Dc09(keys={"*": key})


def test_a_damaged_encrypted_press_is_heard_and_not_answered():
    data = encode("1234:1", key=KEY, at=NOON, pad=PAD)
    damaged = data[:1] + (b"0000" if data[1:5] != b"0000" else b"1111") + data[5:]
    (frame,), answer = answered(damaged, keys={"*": KEY})
    assert (frame.event, frame.trusted, answer) == (Event.PRESS, False, b"")


def test_no_secret_is_kept_with_a_frame():
    (frame,), _ = answered(encode("1234:1", key=KEY, at=NOON, pad=PAD), keys={"*": KEY})
    assert KEY not in repr(frame)
    assert repr(bytes.fromhex(KEY)) not in repr(frame)
