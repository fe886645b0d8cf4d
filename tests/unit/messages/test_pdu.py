"""The units of short messages: the vectors, which foreign libraries made or read, and what holds for every text."""

import json
from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch.messages.modem import gsm7
from dispatch.messages.modem.pdu import BadPdu, Deliver, Part, Report, read, submit
from dispatch.messages.segments import segments

VECTORS = json.loads((Path(__file__).parents[2] / "vectors" / "sms.json").read_text(encoding="utf-8"))
COMES_IN = {each["id"]: each for each in VECTORS if each["protocol"] == "sms-pdu"}
GOES_OUT = {each["id"]: each for each in VECTORS if each["protocol"] == "sms-submit"}

PLAIN = gsm7.ALPHABET.replace("\x1b", "") + "".join(gsm7.ESCAPED.values())
TEXTS = st.one_of(
    st.text(alphabet=PLAIN, max_size=400),
    st.text(alphabet=PLAIN + "急救王秀英𠮷🚑`’", max_size=300),
    st.builds(lambda count, end: "急" * count + end, st.integers(60, 140), st.text(alphabet="急🚑a", max_size=9)),
    st.builds(lambda count, end: "a" * count + end, st.integers(145, 310), st.text(alphabet="a€{", max_size=9)),
)


@pytest.mark.parametrize("vector", COMES_IN.values(), ids=COMES_IN)
def test_what_comes_in_is_read_as_its_source_says(vector):
    expected = vector["expect"]
    found = read(vector["input"])
    if expected["type"] == "status-report":
        assert found == Report(reference=expected["ref"], number=expected["number"], status=expected["status"])
        return
    assert (found.sender, found.text) == (expected["sender"], expected["text"])
    assert found.smsc == expected.get("smsc", found.smsc)
    assert found.part is None


@pytest.mark.parametrize("vector", GOES_OUT.values(), ids=GOES_OUT)
def test_what_goes_out_is_what_another_library_makes_of_it(vector):
    said, expected = vector["input"], vector["expect"]
    reference = int(vector["source"].partition("reference ")[2].partition(",")[0])
    parts = submit(said["to"], said["text"], reference=reference, report=True)
    assert [(each.pdu, each.length) for each in parts] == [(expected["pdu"], expected["cmgs_length"])]


def test_the_times_of_a_centre_are_told_in_utc():
    swedish, chinese = (read(COMES_IN[id_]["input"]) for id_ in ("sms-o-001", "sms-o-004"))
    assert swedish.sent_at == datetime(1998, 12, 22, 12, 4, 41, tzinfo=UTC)
    assert chinese.sent_at == datetime(2026, 11, 12, 9, 3, tzinfo=UTC)


def as_deliver(unit: str, sender: str) -> str:
    """A SUBMIT without validity, turned into the DELIVER that its recipient gets: other first octets, and a time."""
    octets = bytes.fromhex(unit)
    first, rest = octets[1], octets[3:]
    address = 2 + (rest[0] + 1) // 2
    number = submit(sender, "a")[0].pdu[6 : 6 + 4 + 2 * ((len(sender)) // 2)]
    pid_dcs, body = rest[address : address + 2], rest[address + 2 :]
    return (bytes([0, first & 0x40]) + bytes.fromhex(number) + pid_dcs + bytes.fromhex("62112171900023") + body).hex()


@settings(max_examples=400)
@given(TEXTS)
def test_every_text_comes_out_again_in_as_many_parts_as_were_counted(text):
    parts = [read(as_deliver(each.pdu, "+8613800138000")) for each in submit("+447700900123", text, reference=77)]
    assert "".join(each.text for each in parts) == text
    assert len(parts) == segments(text)
    several = [Part(reference=77, count=len(parts), number=place) for place in range(1, len(parts) + 1)]
    assert [each.part for each in parts] == (several if len(parts) > 1 else [None] * len(parts))
    assert {each.sender for each in parts} <= {"+8613800138000"}


@given(st.text(alphabet="0123456789", min_size=1, max_size=20), st.booleans())
def test_every_number_comes_out_again(digits, international):
    number = f"+{digits}" if international else digits
    unit = bytes.fromhex(submit(number, "a")[0].pdu)
    report = bytes([0, 2, 9]) + unit[3 : 5 + (len(digits) + 1) // 2] + bytes(14) + b"\x30"
    assert read(report.hex()) == Report(reference=9, number=number, status=0x30)


def test_no_part_is_longer_than_the_air_allows():
    for text in ("急" * 500, "a€" * 300, "🚑" * 100):
        assert all(each.length <= 7 + 2 + 8 + 2 + 140 for each in submit("+8613800138000", text))


def test_half_a_pair_is_replaced_and_does_not_stop_the_text():
    (part,) = submit("+8613800138000", "救\ud83d命")
    assert bytes.fromhex(part.pdu).endswith("救?命".encode("utf-16-be"))
    whole = as_deliver(submit("+1234567", "救🚑")[0].pdu, "+1234567")
    body = "救🚑".encode("utf-16-be").hex()
    assert whole.endswith(f"06{body}")
    assert read(whole.removesuffix(f"06{body}") + f"04{body[:8]}").text == "救\ufffd"


@pytest.mark.parametrize(
    ("seconds", "said"),
    [(1, 0), (300, 0), (301, 1), (43_200, 143), (43_201, 144), (86_400, 167), (86_401, 168), (30 * 86_400, 196),
     (35 * 86_400, 197), (10**9, 255)],
)  # fmt: skip
def test_a_validity_is_never_shorter_than_asked_for_until_its_end(seconds, said):
    """The steps of TS 23.040, 9.2.3.12.1."""
    (part,) = submit("+8613800138000", "急", validity_s=seconds)
    unit = bytes.fromhex(part.pdu)
    assert unit[1] == 0x11
    assert unit[1 + 2 + 2 + 7 + 2] == said


@pytest.mark.parametrize("number", ["", "+", "sos", "+86 138", "+٣٤", "1" * 21])
def test_what_is_no_number_is_refused(number):
    with pytest.raises(BadPdu):
        submit(number, "急")


def test_a_text_of_too_many_parts_is_refused():
    with pytest.raises(BadPdu):
        submit("+8613800138000", "急" * 67 * 256)


def incoming(sender: bytes, body: bytes, *, header: bool = False) -> str:
    """A DELIVER in UCS-2 without a centre's number, at 17:09 in China on the 12th of November 2026."""
    unit = bytes([0, 0x40 if header else 0]) + sender + bytes.fromhex("000862112171900023") + bytes([len(body)]) + body
    return unit.hex()


def test_a_sender_in_letters_has_no_padding():
    """An operator's name: seven letters take thirteen half octets, and what fills the last octet is no letter."""
    sender = bytes([13, 0xD0]) + gsm7.pack(gsm7.septets("Telecom"))
    at = datetime(2026, 11, 12, 9, 9, tzinfo=UTC)
    assert read(incoming(sender, "1".encode("utf-16-be"))) == Deliver(
        smsc="", sender="Telecom", text="1", sent_at=at, part=None
    )


def test_a_reference_of_two_octets_is_understood():
    body = bytes.fromhex("06080412340302") + "急".encode("utf-16-be")
    sender = bytes.fromhex("0791214365F7")
    found = read(incoming(sender, body, header=True))
    assert (found.part, found.text) == (Part(reference=0x1234, count=3, number=2), "急")


@settings(max_examples=600)
@given(st.one_of(st.binary(max_size=200).map(bytes.hex), st.text(max_size=60)))
def test_whatever_a_modem_gives_is_read_or_refused(digits):
    try:
        found = read(digits)
    except BadPdu:
        return
    assert isinstance(found, Deliver | Report)
    json.dumps(found.text if isinstance(found, Deliver) else found.number).encode()


@pytest.mark.parametrize("vector", COMES_IN.values(), ids=COMES_IN)
def test_a_unit_cut_off_anywhere_is_refused(vector):
    octets = bytes.fromhex(vector["input"])
    behind = 1 if vector["category"] == "report" else 0  # optional parameters of a report
    for length in range(len(octets) - behind):
        with pytest.raises(BadPdu):
            read(octets[:length].hex())
