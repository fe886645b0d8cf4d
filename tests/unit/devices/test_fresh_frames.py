"""
Frames that stand in no file of vectors, made by hand from what PROTOCOLS says of each protocol: other accounts, zones
and codes, what is rare but legal, and what is damaged. For each what it says, who says it, and what is answered.
"""

import json
from datetime import UTC, datetime
from struct import pack

import pytest

from devices.decode import decoded
from devices.decoders.dc09 import Dc09, encode
from devices.decoders.dc09_message import framed
from devices.decoders.decoder import FRAME_BYTES_MAX
from devices.decoders.scaip import END, Scaip
from devices.decoders.surgard import ACK, Surgard
from devices.decoders.watch3g import Watch3g
from dispatch.rules.signal import Event

NOON = datetime(2026, 11, 22, 12, tzinfo=UTC)


def read(protocol: str, given, encoding: str = "text"):
    if isinstance(given, bytes):
        given, encoding = given.hex(), "hex"
    return decoded({"id": 1, "protocol": protocol, "encoding": encoding, "input": given})


def panel(data: str) -> bytes:
    return framed(f'"ADM-CID"0042L0#B7D2[#B7D2|{data}]'.encode())


def radar(control: int, command: int, value: int, damage: int = 0) -> bytes:
    body = b"SY" + bytes((control, command)) + pack(">H", 1) + bytes((value,))
    return body + bytes((sum(body) + damage & 0xFF,)) + b"TC"


def unit(kind: str, status: str, more: str = "") -> dict[str, str]:
    body = f"<mrq><ref>Qz7</ref><cid>4798765432</cid><dty>{kind}</dty><did>9</did><stc>{status}</stc>{more}</mrq>"
    return {"body": body}


TEXTS = [
    # RFLink: capital digits, a switch like A1, values with = in them, ends that were lost.
    ("rflink", "20;FF;EV1527;ID=0A1B2C;SWITCH=0F;CMD=ON;", "button", "EV1527:0a1b2c:0f"),
    ("rflink", "20;3B;NewKaku;ID=c142ff;SWITCH=A1;CMD=SET_LEVEL=14;", "button", "NewKaku:c142ff:a1"),
    ("rflink", "20;1B;PT2262;ID=00f1;SWITCH=2;CMD=ALLON", "button", "PT2262:00f1:2"),
    ("rflink", "20;1B;PT2262;ID=00f1;SWITCH=2;CMD=UNKOWN; ", "button", "PT2262:00f1:2"),
    ("rflink", "20;05;FA500;ID=fa;SMOKEALERT=OFF;", "restore", "FA500:fa"),
    ("rflink", "20;99;PONG;", "heartbeat", None),
    ("rflink", "20;01;CMD UNKNOWN;", "nack", None),
    # Contact ID: the restores, the rare codes, an account of letters, 98 for 18, a wrong check digit.
    ("contact-id-raw", "7316181154010079", "water", "7316:007"),
    ("contact-id-raw", "BCDF981101010017", "press", "BCDF:001"),
    ("contact-id-ip", "[7316 183384030123]", "battery_restore", "7316:012"),
    ("contact-id-ip", "[7316 181406000009]", "cancel", "7316:000"),
    ("contact-id-ip", "[FLAT_7 181101010015]", "press", "FLAT_7:001"),
    ("watch-3g", "[ZJ*8800009999*0009*LK,0,0,90]", "heartbeat", "8800009999"),
    ("watch-3g", "[CS*8800009999*0001*0004*INIT]", "heartbeat", "8800009999"),
    ("watch-3g", "[3G*8800009999*0002*AL]", "alarm", "8800009999"),
    ("h02", "*HQ,4109900001,V1,101112,A,3804.1234,N,11430.5678,E,0.00,000,221126,fffffffd#", "press", "4109900001"),
    ("h02", "*HQ,4109900001,LINK,101112,22,7,45,0,0,221126,FFFFFFFF#", "heartbeat", "4109900001"),
    (
        "trv",
        "IWAP10261122V2232.9806N11404.9355E000.1061830323.8706000908000502,460,0,9520,3671,02",
        "low_battery",
        None,
    ),
    ("trv", "TRVYP03261122A2232.9806N11404.9355E000.1061830323.8706000908000502,460,0,9520,3671", "location", None),
]

BYTES = [
    ("surgard", b"50A3 18B2C4E38401005\x14", "low_battery", "B2C4:005", "06"),
    ("surgard", b"5021 187316R38101007\x14", "online", "7316:007", "06"),
    ("surgard", b"5021 187316E40601001\x14", "cancel", "7316:001", "06"),
    ("surgard", b"5021 187316E99901001\x14", "unknown", "7316:001", "06"),
    ("surgard", b"5021 187316E1010100\x14", None, None, None),
    ("surgard", b"1AB000           @    \x14", "heartbeat", None, "06"),
    ("surgard", b"1021      0000 P  02\x14", "voice_request", None, "06"),
    ("surgard", b"3021    007316XT 007\x14", "low_battery", "007316:007", "06"),
    ("radionics-6500", b" a021 731618110101001\x14", "press", "7316:001", None),
    ("ademco-685", b"\n21 7316 18 R101 01 U012\r", "restore", "7316:012", "06"),
    ("sia-dc09", panel("3301 00 000"), "mains_restore", "B7D2:000", '"ACK"0042L0#B7D2[]'),
    ("sia-dc09", panel("1101 0a 00b"), "press", "B7D2:00B", '"ACK"0042L0#B7D2[]'),
    ("sia-dc09", panel("1999 01 001"), "unknown", "B7D2:001", '"DUH"0042L0#B7D2[]'),
    ("sia-dc09", panel("1101 01 001").replace(b"42L", b"43L"), "press", "B7D2:001", None),
    ("sia-dc09", encode("B7D2:3", Event.PRESS, count=9999 - 1), "press", "B7D2:003", '"ACK"9999R0L0#B7D2[]'),
    ("sia-dc09", encode("B7D2:3", Event.PRESS, count=9999), "press", "B7D2:003", '"ACK"0001R0L0#B7D2[]'),
    ("mmwave-5359", radar(0x83, 0x05, 1), "inactivity", "radar", None),
    ("mmwave-5359", radar(0x83, 0x01, 1, damage=1), "fall", "radar", None),
    ("mmwave-5359", radar(0x85, 0x02, 0), "vitals", "radar", None),
    ("gt06", bytes.fromhex("78780a1378020100020102c7bf0d0a"), "tamper", None, "787805130102c2b20d0a"),
    ("topin", bytes.fromhex("787801990d0a"), "press", None, None),
    ("jt808", bytes.fromhex("7e00020000013912340001ffff1d7e"), "heartbeat", "13912340001",
     "7e800100050139123400010000ffff000200997e"),
]  # fmt: skip

OBJECTS = [
    ("rtl_433-json", "json-line", {"model": "X10-Security", "id": "2b0f", "code": "99"}, "press", ["low_battery"]),
    ("rtl_433-json", "json-line", {"model": "DSC-Security", "id": 7, "event": 1}, "button", []),
    ("rtl_433-json", "json-line", {"model": "Cavius-Security", "id": 7, "message": 0x28}, "fire", ["low_battery"]),
    ("zigbee2mqtt", "mqtt", {"topic": "zigbee2mqtt/bad/2. OG", "payload": '{"action":"panic"}'}, "press", []),
    ("zigbee2mqtt", "mqtt", {"topic": "zigbee2mqtt/a", "payload": '{"smoke":true,"tamper":true}'}, "smoke", ["tamper"]),
    ("scaip-mrq", "sip-message-body", unit("0012", "0117"), "bed_enter", []),
    ("scaip-mrq", "sip-message-body", unit("0006", "0009"), "duress", []),
    ("scaip-mrq", "sip-message-body", unit("3", "10", "<cha>1</cha>"), "press", ["voice_request"]),
    ("scaip-mrq", "sip-message-body", unit("0003", "9999"), "ambiguous", []),
    ("cn-elder-platform-push", "json", {"Action": "118", "deviceId": "Q77"}, "fall", []),
]


@pytest.mark.parametrize(("protocol", "text", "event", "address"), TEXTS)
def test_a_fresh_text_says_what_the_reference_says(protocol, text, event, address):
    said = read(protocol, text)
    assert (said["event"], said["address"]) == (event, address)


@pytest.mark.parametrize(("protocol", "data", "event", "address", "answer"), BYTES)
def test_fresh_bytes_say_what_the_reference_says_and_are_answered_so(protocol, data, event, address, answer):
    said = read(protocol, data)
    assert (said["event"], said.get("address")) == (event, address)
    told = bytes.fromhex(said.get("ack_hex") or "")
    assert told.hex() == answer or (answer or "").encode() == told[9:-1], said.get("ack_hex")


@pytest.mark.parametrize(("protocol", "encoding", "given", "event", "also"), OBJECTS)
def test_a_fresh_object_says_what_the_reference_says(protocol, encoding, given, event, also):
    said = read(protocol, json.dumps(given) if encoding == "json-line" else given, encoding)
    assert (said["event"], said["also"]) == (event, also)


# ---------------------------------------------------------------------------------------------- several in one read


def test_every_event_of_one_input_is_shown_and_all_of_them_are_answered_once():
    said = read("surgard", b"S021[#7316|Nri2/QA003/YT000]\x14")
    assert [(each["event"], each["address"]) for each in said["events"]] == [
        ("press", "7316:003"),
        ("low_battery", "7316:000"),
    ]
    assert said["ack_hex"] == ACK.hex()


def test_two_messages_in_one_read_and_half_of_a_third():
    decoder = Surgard()
    first = decoder.feed(b"5021 187316E10101001\x145021 187316R10101001\x145021 187316E384")
    assert [frame.event for frame in first] == [Event.PRESS, Event.RESTORE]
    assert [frame.event for frame in decoder.feed(b"01002\x14")] == [Event.LOW_BATTERY]


def test_the_fields_of_one_event_of_several_are_a_mapping_like_any_other():
    first, second = Surgard().feed(b"S021[#7316|NMA1/XT2]\x14")
    assert (first.fields["part"], second.fields["part"], second.fields["parts"]) == (1, 2, 2)
    assert dict(second.fields) == second.fields
    assert len(second.fields) == len(dict(second.fields))
    assert second.fields["zone"] == "2"
    assert "user" not in second.fields
    assert repr(second.fields) == repr(dict(second.fields))


def test_a_thousand_events_of_one_message_are_all_heard():
    block = b"BA/" * 1000
    frames = Dc09().feed(framed(b'"SIA-DCS"0007L0#7316[#7316|N' + block + b"]"))
    assert len(frames) == 1000
    assert len({frame.dedup_key for frame in frames}) == 1000


# ---------------------------------------------------------------------------------------------- a watch's battery


def keep_alive(level: int) -> bytes:
    content = f"LK,100,2,{level}"
    return f"[3G*8800009999*{len(content):04X}*{content}]".encode()


def test_the_level_of_a_watch_tells_of_a_low_battery_and_of_its_end():
    watch = Watch3g()
    told = [watch.feed(keep_alive(level))[0] for level in (60, 15, 16, 25, 60)]
    assert [frame.event for frame in told] == [
        Event.HEARTBEAT,
        Event.LOW_BATTERY,
        Event.HEARTBEAT,
        Event.BATTERY_RESTORE,
        Event.HEARTBEAT,
    ]
    assert Event.HEARTBEAT in told[1].also
    assert watch.acknowledge(told[1], NOON, b"") == b"[3G*8800009999*0002*LK]"


def test_a_watch_that_knows_no_level_has_no_low_battery():
    assert Watch3g().feed(keep_alive(0))[0].event is Event.HEARTBEAT


# ---------------------------------------------------------------------------------------------- bodies that are none


@pytest.mark.parametrize("cut", range(8))
def test_a_body_of_gibberish_is_answered_as_no_xml(cut):
    decoder = Scaip()
    body = b"help me" + END
    assert not decoder.feed(body[:cut])
    assert not decoder.feed(body[cut:])
    assert decoder.tally.malformed == 1
    assert decoder.refuse(b"") == b"<mrs><snu>2</snu></mrs>"


def test_an_empty_body_and_what_stands_around_a_message_are_not():
    decoder = Scaip()
    message = b"<mrq><ref>1</ref><cid>1</cid><dty>3</dty><stc>10</stc></mrq>"
    assert len(decoder.feed(END + b" \r\n" + END + b"x" + message + b"y" + END)) == 1
    assert decoder.tally.malformed == 0


# ---------------------------------------------------------------------------------------------- watches' brackets


def test_brackets_that_end_before_a_head_are_no_beginning():
    noise = b"[a][[[x[y]]" * 999
    frames = Watch3g().feed(noise + b"[3G*8800009999*0002*LK]")
    assert [frame.event for frame in frames] == [Event.HEARTBEAT]


def test_a_text_as_long_as_may_be_is_whole_in_one_read_and_in_many():
    content = b"img," + b"x" * (FRAME_BYTES_MAX - 32)
    data = b"[3G*1*%04X*%b]" % (len(content) & 0xFFFF, content)
    in_one, decoder = Watch3g().feed(data), Watch3g()
    in_many = [frame for at in range(0, len(data), 5000) for frame in decoder.feed(data[at : at + 5000])]
    assert [frame.raw for frame in in_one] == [frame.raw for frame in in_many] == [data]
