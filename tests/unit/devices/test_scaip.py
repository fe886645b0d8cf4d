"""SCAIP: what each message says, how it is answered, and what XML may not do to us."""

from datetime import UTC, datetime
from itertools import pairwise

import pytest

from devices.decoders import addresses
from devices.decoders.decoder import FRAME_BYTES_MAX, Role
from devices.decoders.scaip import END, Scaip, canonical, encode
from devices.decoders.scaip_codes import ALARMS, STATUSES, scaip_event
from devices.decoders.scaip_message import NAMELESS_WINDOW_S, REPEAT_WINDOW_S
from devices.rules.meaning import calls_for_help, meaning
from dispatch.rules.signal import CAUSES, Event, Scope

NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


def mrq(dty="0003", stc="0010", did="00010001", *, ref="R1", cid="4670", root="mrq", **tags: str) -> bytes:
    told = {"ref": ref, "cid": cid, "dty": dty, "did": did, "stc": stc} | tags
    return f"<{root}>{''.join(f'<{tag}>{text}</{tag}>' for tag, text in told.items() if text)}</{root}>".encode()


def heard(data: bytes, **profile: Event):
    decoder = Scaip(profile=profile)
    return decoder.feed(data + END), decoder


def one(data: bytes, **profile: Event):
    (frame,) = heard(data, **profile)[0]
    return frame


def answer(data: bytes) -> bytes:
    """What the sender of these bytes is told, once all of it is durable."""
    frames, decoder = heard(data)
    return decoder.acknowledge(frames[0], NOON, b"") if frames else decoder.refuse(data)


def test_a_press_names_its_device_and_its_unit_and_waits_for_its_answer():
    frame = one(mrq())
    assert (frame.event, frame.scope) == (Event.PRESS, Scope.DEVICE)
    assert frame.addresses == ("4670:00010001", "4670")
    assert frame.explicit
    assert frame.answers
    assert frame.trusted
    assert (frame.window_s, frame.sliding) == (3600.0, False)
    assert frame.raw == mrq()
    assert answer(mrq()) == b"<mrs><ref>R1</ref><snu>0</snu></mrs>"


@pytest.mark.parametrize(
    ("dty", "stc", "event"),
    [
        # PROTOCOLS section 13, the SCAIP column.
        ("0002", "0010", Event.PRESS),
        ("0003", "0010", Event.PRESS),
        ("0004", "0010", Event.PRESS),
        ("0007", "0010", Event.PRESS),
        ("0006", "0010", Event.DURESS),
        ("0005", "0009", Event.FALL),
        ("0010", "0009", Event.INACTIVITY),
        ("0012", "0009", Event.BED_EXIT),
        ("0012", "0117", Event.BED_ENTER),
        ("0023", "0009", Event.SMOKE),
        ("0021", "0009", Event.GAS),
        ("0026", "0009", Event.CO),
        ("0033", "0009", Event.WATER),
        ("0003", "0019", Event.CANCEL),
        ("0003", "0093", Event.CANCEL),
        ("0008", "0088", Event.ATTENDANCE),
        ("0008", "0110", Event.ATTENDANCE),
        ("0008", "0111", Event.ATTENDANCE),
        ("0003", "0016", Event.LOW_BATTERY),
        ("0041", "0085", Event.MAINS_FAIL),
        ("0041", "0086", Event.MAINS_RESTORE),
        ("0003", "0125", Event.TAMPER),
        ("0003", "0123", Event.OFFLINE),
        ("0003", "0124", Event.ONLINE),
        ("0002", "0102", Event.TEST),
        ("0002", "0103", Event.TEST),
        ("0050", "0122", Event.JAMMING),
        ("0050", "0052", Event.JAMMING),
        # The device types and statuses of section 6.
        ("0015", "0009", Event.WANDERING),
        ("0017", "0009", Event.ALARM),
        ("0016", "0009", Event.ALARM),
        ("0003", "0009", Event.ALARM),
        ("0051", "0010", Event.PRESS),
        ("0005", "0010", Event.PRESS),
        ("0023", "0010", Event.SMOKE),
        ("0099", "0010", Event.PRESS),
        ("0025", "0126", Event.HEAT),
        ("0002", "0023", Event.LINK_FAULT),
        ("0002", "0116", Event.LINK_RESTORE),
        ("0003", "0092", Event.RESTORE),
        ("0038", "0094", Event.TAMPER_RESTORE),
        ("0032", "0091", Event.LINK_RESTORE),
        ("0003", "0073", Event.OFFLINE),
        ("0003", "0075", Event.ONLINE),
        ("3", "9", Event.ALARM),
        ("5", "9", Event.FALL),
        ("0003", "0006", Event.BUTTON),
        ("0014", "0076", Event.CONTACT_OPEN),
        ("0014", "0050", Event.UNKNOWN),
        ("0014", "4711", Event.UNKNOWN),
    ],
)
def test_what_the_codes_say(dty, stc, event):
    assert one(mrq(dty, stc)).event is event


def test_scope_is_the_device_that_is_named_and_else_the_unit():
    assert one(mrq("0003", "0016")).scope is Scope.DEVICE
    assert one(mrq("0045", "0016")).scope is Scope.GATEWAY
    assert one(mrq("0041", "0085", "")).scope is Scope.GATEWAY
    assert one(mrq("0002", "0010", "")).addresses == ("4670",)


def test_no_status_has_two_meanings():
    for table in (ALARMS, STATUSES):
        assert all(len(code) == 4 and code.isdigit() for code in table)
    assert not STATUSES.keys() & {
        "0000",
        "0001",
        "0006",
        "0009",
        "0010",
        "0011",
        "0050",
        "0070",
        "0091",
        "0092",
        "0094",
    }


@pytest.mark.parametrize(
    ("mty", "stc", "events"),
    [
        ("ME", "0010", (Event.PRESS,)),
        ("RE", "0010", (Event.CANCEL,)),
        ("re", "0009", (Event.CANCEL,)),
        ("PI", "", (Event.HEARTBEAT,)),
        ("PI", "0016", (Event.LOW_BATTERY, Event.HEARTBEAT)),
        ("PI", "0010", (Event.HEARTBEAT,)),
        ("PI", "0126", (Event.HEARTBEAT,)),
        ("IN", "0010", (Event.UPDATE,)),
        ("IN", "", (Event.UPDATE,)),
        ("IN", "0085", (Event.MAINS_FAIL,)),
    ],
)
def test_the_kind_of_message_decides_before_its_codes(mty, stc, events):
    frame = one(mrq(stc=stc, mty=mty))
    assert (frame.event, *frame.also) == events
    assert frame.explicit == (events == (Event.PRESS,))


def test_a_heartbeat_is_never_a_copy():
    assert one(mrq("0002", "", "", mty="PI")).window_s == 0.0


def test_a_unit_that_waits_to_be_called_says_so_beside_its_press():
    assert one(mrq(cha="1")).also == (Event.VOICE_REQUEST,)
    assert one(mrq(cha="0")).also == ()
    assert one(mrq(stc="0016", cha="1")).also == ()


def test_a_call_without_status_is_an_alarm_of_registered_devices_only():
    frame = one(mrq("0003", ""))
    assert (frame.event, frame.explicit) == (Event.ALARM, False)
    assert calls_for_help(frame, None) == ()
    assert calls_for_help(frame, Role.PENDANT) == (Event.PRESS,)
    assert calls_for_help(frame, Role.PANEL) == (Event.ALARM,)
    assert one(mrq("0002", "")).event is Event.UNKNOWN


def test_a_status_newer_than_our_lists_is_what_its_device_was_registered_for():
    frame = one(mrq("0003", "0200"))
    assert frame.event is Event.AMBIGUOUS
    assert meaning(frame, Role.PENDANT) == (Event.PRESS,)
    assert calls_for_help(frame, None) == ()


def test_a_profile_changes_a_status_or_a_pair():
    assert one(mrq("0011", "0081")).event is Event.INFO
    assert one(mrq("0011", "0081"), **{"0081": Event.INACTIVITY}).event is Event.INACTIVITY
    assert one(mrq("0012", "0009"), **{"0012+0009": Event.ALARM}).event is Event.ALARM
    assert one(mrq("0005", "0009"), **{"0012+0009": Event.ALARM}).event is Event.FALL
    assert scaip_event("12", "9", {"0012+0009": Event.ALARM}) is Event.ALARM


# ---------------------------------------------------------------------------------------------------- answers


@pytest.mark.parametrize(
    ("data", "status", "event"),
    [
        (mrq(ref="not valid!"), b"3", Event.PRESS),
        (mrq(ref="A" * 17), b"3", Event.PRESS),
        (mrq(cid="+4670"), b"3", Event.PRESS),
        (mrq(cid="4" * 17), b"3", Event.PRESS),
        (mrq(mty="XX"), b"3", Event.PRESS),
        (mrq(stc="alarm"), b"3", Event.AMBIGUOUS),
        (mrq(dty="trigger"), b"3", Event.UNKNOWN),
        (mrq(dty=""), b"7", Event.UNKNOWN),
        (mrq(dty="", stc="0016"), b"7", Event.LOW_BATTERY),
        (mrq(dty="", stc=""), b"7", Event.UNKNOWN),
        (mrq(ref=""), b"7", Event.PRESS),
        (mrq(cid=""), b"7", Event.PRESS),
        (b"<mrq></mrq>", b"7", Event.UNKNOWN),
        (b"<mrq/>", b"7", Event.UNKNOWN),
        (mrq(dte="x" * 200), b"0", Event.PRESS),
    ],
)
def test_what_is_defective_is_told_so_and_heard_all_the_same(data, status, event):
    frame = one(data)
    assert frame.event is event
    assert frame.trusted is (status == b"0")
    assert b"<snu>" + status + b"</snu>" in answer(data)


def test_an_alarm_without_device_type_is_raised_for_a_registered_unit():
    frame = one(mrq(dty=""))
    assert calls_for_help(frame, None) == ()
    assert calls_for_help(frame, Role.PANEL) == (Event.ALARM,)


def test_what_is_no_reference_is_not_sent_back():
    assert answer(mrq(ref="a&lt;b")) == b"<mrs><snu>3</snu></mrs>"


@pytest.mark.parametrize(
    "data",
    [
        mrq()[:-1],
        mrq()[:-6],
        mrq()[:40],
        b"<mrq><ref>R1</cid></mrq>",
        b"<mrq a='1' a='2'/>",
        b"<order><ref>R1</ref></order>",
        b"<order><mrq/></order>",
        b"<",
        mrq().decode().encode("utf-16"),
        b'<!DOCTYPE mrq [<!ENTITY a "0010">]>' + mrq(stc="&a;"),
        b'<!DOCTYPE mrq [<!ENTITY a SYSTEM "file:///etc/hostname">]>' + mrq(dte="&a;"),
        b"<mrq><a><b><c><d></d></c></b></a></mrq>",
        b'<?xml version="1.0" encoding="nonsense"?><mrq><ref>\xff',
    ],
)
def test_what_is_no_message_is_answered_with_2_and_counted(data):
    frames, decoder = heard(data)
    assert frames == []
    assert decoder.tally.malformed >= 1
    assert decoder.refuse(data) == b"<mrs><snu>2</snu></mrs>"


@pytest.mark.parametrize(
    "before",
    [
        b'<!DOCTYPE mrq SYSTEM "file:///etc/hostname">',
        b'<!DOCTYPE mrq [<!ENTITY % p SYSTEM "http://127.0.0.1:9/"> %p;]>',
        b'<?xml version="1.0" encoding="utf-7"?>',
        b"<mrq><ref>R0</ref><cid>46",
        b"\x7f\xff<<>",
    ],
)
def test_what_stands_before_a_message_is_passed_over_unread(before):
    frame = one(before + mrq())
    assert (frame.event, frame.fields["ref"], frame.fields["cid"]) == (Event.PRESS, "R1", "4670")


def test_a_billion_laughs_cost_nothing():
    entities = "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    bomb = f'<!DOCTYPE mrq [<!ENTITY l0 "lol">{entities}]>'.encode() + mrq(dte="&l9;")
    frames, decoder = heard(bomb + END + mrq())
    assert [frame.event for frame in frames] == [Event.PRESS]
    assert decoder.tally.malformed == 1


def test_a_message_longer_than_any_is_answered_with_1():
    frames, decoder = heard(mrq(dte="x" * FRAME_BYTES_MAX))
    assert frames == []
    assert decoder.refuse(b"") == b"<mrs><snu>1</snu></mrs>"
    assert [frame.event for frame in decoder.feed(mrq())] == [Event.PRESS]


def test_each_malformed_message_has_its_own_refusal():
    decoder = Scaip()
    decoder.feed(b"<mrq>" + END + mrq() + b"<scaip><a></scaip>")
    assert decoder.tally.malformed == 2
    assert [decoder.refuse(b"") for _ in range(3)] == [
        b"<mrs><snu>2</snu></mrs>",
        b"<scaip><snu>2</snu></scaip>",
        b"",
    ]


# ---------------------------------------------------------------------------------------------------- dialects


@pytest.mark.parametrize(
    "data",
    [
        b'<?xml version="1.0" encoding="UTF-8"?>\r\n' + mrq(),
        b"\xef\xbb\xbf" + mrq(),
        b"  \r\n" + mrq() + b"\r\n",
        mrq().replace(b"<mrq>", b'<mrq xmlns="urn:scaip">'),
        mrq().replace(b"mrq>", b"s:mrq>").replace(b"<s:mrq>", b'<s:mrq xmlns:s="urn:scaip">'),
        mrq().replace(b"mrq", b"MRQ"),
        mrq().replace(b"<ref>", b"\n  <ref> ").replace(b"</mrq>", b"\n</mrq >"),
        mrq().replace(b"<did>", b"<did><![CDATA[").replace(b"</did>", b"]]></did>"),
        mrq().replace(b"<mrq>", b"<mrq><!-- a press -->"),
        mrq().replace(b"0010", b"&#48;010"),
        mrq(new="thing"),
        mrq(lge="<geo>59.3,18.0</geo><tim>2026-11-21T17:54:49+01</tim>"),
    ],
)
def test_one_message_may_be_written_in_many_ways(data):
    frame = one(data)
    assert (frame.event, frame.address, frame.trusted) == (Event.PRESS, "4670:00010001", True)
    assert answer(data) == b"<mrs><ref>R1</ref><snu>0</snu></mrs>"


def test_the_other_root_is_answered_with_itself():
    assert one(mrq(root="scaip")).event is Event.PRESS
    assert answer(mrq(root="scaip")) == b"<scaip><ref>R1</ref><snu>0</snu></scaip>"
    assert answer(mrq(root="scaip", dty="")) == b"<scaip><ref>R1</ref><snu>7</snu></scaip>"


def test_an_umlaut_in_the_wrong_encoding_costs_no_alarm():
    for encoding in ("utf-8", "iso-8859-1"):
        frame = one(mrq(dte="Anhänger Küche").decode().encode(encoding))
        assert (frame.event, frame.fields["dte"]) == (Event.PRESS, "Anhänger Küche")


def test_the_place_is_told():
    frame = one(mrq(lco="011", lge="<geo>59.3,18.0</geo>", lte="2. Stock"))
    assert (frame.fields["lco"], frame.fields["geo"], frame.fields["lte"]) == ("011", "59.3,18.0", "2. Stock")


def test_of_two_equal_tags_the_first_counts():
    assert one(mrq().replace(b"<stc>0010</stc>", b"<stc>0010</stc><stc>0070</stc>")).event is Event.PRESS


@pytest.mark.parametrize(
    ("data", "event"),
    [
        (b"<mrs><ref>R1</ref><snu>0</snu></mrs>", Event.ACK),
        (b"<scaip><ref>R1</ref><snu>0</snu><ste></ste></scaip>", Event.ACK),
        (b"<mrs><ref>R1</ref><snu>7</snu></mrs>", Event.NACK),
    ],
)
def test_an_answer_is_not_answered(data, event):
    frame = one(data)
    assert (frame.event, frame.address, frame.answers) == (event, None, False)
    assert Scaip().acknowledge(frame, NOON, b"") == b""


# ---------------------------------------------------------------------------------------------------- copies


def test_the_same_reference_of_the_same_unit_is_a_copy_for_an_hour():
    first, copy = one(mrq()), one(b"\n" + mrq(lte="moved on"))
    assert first.dedup_key == copy.dedup_key
    assert first.window_s == REPEAT_WINDOW_S


def test_what_differs_is_no_copy():
    keys = [
        one(data).dedup_key
        for data in (
            mrq(),
            mrq(ref="R2"),
            mrq(cid="4671"),
            mrq(mty="RE"),
            mrq(did="00010002"),
            mrq("0005", "0009"),
            mrq(stc="0016"),
            mrq(ref="no reference"),
            mrq(ref="no reference", did="00010002"),
        )
    ]
    assert len(set(keys)) == len(keys)


def test_leading_zeros_make_no_other_statement():
    assert one(mrq("3", "10")).dedup_key == one(mrq("0003", "0010")).dedup_key


def test_a_message_without_reference_is_remembered_for_a_minute():
    assert one(mrq(ref="")).window_s == one(mrq(cid="")).window_s == NAMELESS_WINDOW_S
    assert one(mrq(ref="")).dedup_key == one(mrq(ref="") + b"\n").dedup_key


def test_keys_and_addresses_fit_their_columns():
    frame = one(mrq("1" * 999, "1" * 999, "x" * 999, cid="1" * 999, ref="A" * 16, mty="M" * 999))
    assert len(frame.dedup_key) <= 240
    assert all(len(address) <= 160 for address in frame.addresses)


# ---------------------------------------------------------------------------------------------------- addresses, encode


def test_addresses_have_one_spelling():
    assert canonical(" +4670:0001000b ") == "4670:0001000B"
    assert one(mrq(did="0001000b")).address == "4670:0001000B"
    assert one(mrq(cid="+4670")).address == "4670:00010001"
    assert addresses("scaip", "4670:0001000b") == ("4670:0001000B", "4670")


@pytest.mark.parametrize("event", [*sorted(CAUSES.keys() - {Event.FALL_SUSPECTED}), *map(Event, (
    "bed_exit", "bed_enter", "cancel", "attendance", "restore", "low_battery", "battery_restore", "mains_fail",
    "mains_restore", "tamper", "offline", "online", "link_fault", "link_restore", "jamming", "fault", "heartbeat",
    "test", "update", "motion", "presence", "intrusion", "contact_open", "contact_closed"))])  # fmt: skip
@pytest.mark.parametrize("address", ["4670", "4670:00010001"])
def test_what_is_encoded_is_heard(event, address):
    (frame,) = Scaip().feed(encode(address, event, count=7))
    assert (frame.event, frame.address, frame.fields["ref"], frame.trusted) == (event, address, "R0007", True)


def test_what_scaip_has_no_word_for_is_a_test():
    assert one(encode("4670", Event.FALL_SUSPECTED)).event is Event.TEST


def test_counts_make_references():
    references = [one(encode("4670", count=count)).fields["ref"] for count in (0, 1, 9999, 123_456)]
    assert all(a != b for a, b in pairwise(references))
