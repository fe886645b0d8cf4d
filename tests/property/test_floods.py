"""64 KiB of the shortest messages that say anything, or nearly do: the dearest that a search found for each decoder."""

import pytest

from devices.decoders import DECODERS, ENCODERS, LOGINS
from devices.decoders.dc09_message import framed
from devices.decoders.decoder import FRAME_BYTES_MAX
from dispatch.rules.signal import Event
from tests.thrift import is_within, processor_s

IMEI = "123456789012345"
ADDRESSES = {
    "bed": "radar", "chirpstack": "0102030405060708", "contact_id": "1234:001", "dc09": "123:001", "ev07b": IMEI,
    "gt06": IMEI, "h02": "1", "jt808": "1", "rflink": "EV1527:0a:1", "rtl433": "A:1:2", "scaip": "1",
    "surgard": "1234:001", "topin": IMEI, "traccar": "1", "trv": IMEI, "watch3g": "1", "zigbee2mqtt": "a",
}  # fmt: skip

DEAREST = {
    "bed": [b'{"Action":7}\n', b'{"pushType":1}\n', b"SY\x84\x01\x00\x01\x013TC"],
    "chirpstack": [b'{"devEui":""}\n', b'{"deviceInfo":{}}\n'],
    "contact_id": [b"[1234 18113701001C]", b"][1234 183344010010]", b"]]]]", b"1234181131010158"],
    "dc09": [framed(b'"SIA-DCS"0000L0#1[' + b"BA/" * 1000 + b"]"), b'\nC1900014"NULL"0000R0L0#123[]\r',
        b'\n\x1b\x66000C"NULL"0000[]\r', b'\nA3A4000B"ACK"0000[]\r'],
    "ev07b": [b"\xab\x10\x14\x00\xee\x19\x00\x00\x03\x10\x01123456789012345\x01\x12"],
    "gt06": [b"xx\x01\x94\r\n", b"xx\x05\x13\x00\x01\xe9\xf1\r\n", b"xx\x08\x13\x05\x01\x02\x00\x01\xff\xff\r\n"],
    "h02": [b"*HQ,,#", b"*HQ,", b"$\x12\x34\x56\x78\x90\x12\0\0\x01\x01\x26" + bytes(20), b"*HQ,1,V1#",
        b"*HQ,1,HTBT#", b"*HQ,1T,0#"],
    "jt808": [b"~\x00\x02\x00\x00\x01#Eg\x89\x01\x00\x01\x00~", b"~1~", b"~1"],
    "rflink": [b"20;00;A;B=1;\n", b"20;00;A=1;\n", b";\n", b"\n\x82", b"20;00;OK;\n", b"20;00;PONG;\n"],
    "rtl433": [b"{}", b"}", b"{}\n", b'{"model":"A"}\n', b'{""A"}[', b'{"model"{}', b'{"mde"}', b'{{"model""a"1}'],
    "scaip": [b"<mrq></mrq>", b"<mrq/>", b"<mrq><ref>1</ref><cid>1</cid><dty>3</dty></mrq>", b"<mrq></mrq>mrq",
              b"<\x00", b"<mrq>\x00", b"<mrq>\x00<mrq/>", b"<mrq></mrq>\xff<mrq/>"],
    "surgard": [b"\n11 1234 1111 1111 1\r", b"S011[#1|" + b"BA/" * 80 + b"]\x14", b"x\x14", b"x\r", b"\x14", b"\r",
        b"\n11 1234 E\r", b"5011 181234E30501001\x14"],
    "topin": [b"xx\x01\x08\r\n", b"xx\x01\x13\r\n", b"xx\x01\x94\r\n", b"xx\x01\x99\r\nx"],
    "traccar": [b'{"event":{}}\n', b'{"event":{"type":"alarm"},"device":{"uniqueId":"1"}}\n'],
    "trv": [b"IWAP49,1#", b"IWAP10#", b"IWAP02#", b"IWCP01#", b"TRVAP00#", b"IWAP03,1#", b"IWAP50,1,1#"],
    "watch3g": [b"[3G*1*0000*[]", b"[[[[]", b"][", b"[3G*1*0002*AL]", b"[3G*1*0002*AL][", b"[3G*1*0000*]", b"]"],
    "zigbee2mqtt": [b'{"topic":"z/a","payload":""}\n', b'{"topic":"zigbee2mqtt/a","payload":"{\\"sos\\":true}"}\n'],
}  # fmt: skip
DEAREST_ALL = [(name, unit) for name in DEAREST for unit in DEAREST[name]]


@pytest.mark.parametrize(("name", "unit"), DEAREST_ALL)
def test_no_flood_of_tiny_messages_takes_longer_than_100_ms_of_processor(name, unit):
    """The best of some tries, for the machine does other things as well."""
    data = (unit * FRAME_BYTES_MAX)[:FRAME_BYTES_MAX]
    assert is_within(0.1, lambda: _processor_s(name, data))


@pytest.mark.parametrize("name", sorted(DECODERS))
@pytest.mark.parametrize("event", [Event.PRESS, Event.HEARTBEAT, Event.LOW_BATTERY, Event.LOCATION])
def test_no_flood_of_what_a_device_says_takes_longer_than_100_ms_of_processor(name, event):
    data = (ENCODERS[name](ADDRESSES[name], event) * FRAME_BYTES_MAX)[:FRAME_BYTES_MAX]
    assert is_within(0.1, lambda: _processor_s(name, data))


@pytest.mark.parametrize("name", sorted(DECODERS))
@pytest.mark.parametrize("size", [1, 7])
def test_a_slow_line_costs_no_more_for_what_came_before(name, size):
    """Read by read, work grows with the bytes alone: were what is kept read again each time, it would take seconds."""
    data = (DEAREST[name][0] * FRAME_BYTES_MAX)[: FRAME_BYTES_MAX // 4]
    reads = [data[at : at + size] for at in range(0, len(data), size)]
    assert is_within(0.15, lambda: _processor_s(name, *reads))


def test_no_flood_of_differing_lines_takes_longer_than_100_ms_of_processor():
    """What was read once is not read again; these were not."""
    data = b"".join(b'{"model":"%d"}\n' % number for number in range(FRAME_BYTES_MAX // 18))
    assert is_within(0.1, lambda: _processor_s("rtl433", data))


def test_every_decoder_is_flooded():
    assert DEAREST.keys() == DECODERS.keys() == ADDRESSES.keys()


def _processor_s(name: str, *reads: bytes) -> float:
    decoder = DECODERS[name]()
    for hello in (LOGINS[name](ADDRESSES[name]),) if name in LOGINS else ():
        decoder.feed(hello)
    if name == "surgard":
        decoder.feed(b"\n11 1234 E\r")  # after which every lone CR is a question
    return processor_s(lambda: [decoder.feed(data) for data in reads])
