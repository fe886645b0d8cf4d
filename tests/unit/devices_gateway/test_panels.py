"""Alarm panels at a gateway: kept, then answered, also where one message tells several things."""

import pytest

from devices.decoders.contact_id import ContactId
from devices.decoders.dc09 import Dc09
from devices.decoders.dc09_message import framed
from devices.decoders.surgard import Surgard
from tests.fakes.line import listening, until
from tests.unit.devices_gateway.test_gateway import Scene

PANELS = {
    "dc09": (Dc09, framed(b'"SIA-DCS"0040R0L0#1234[#1234|Nri1/QA001/YT000]')),
    "surgard": (Surgard, b"S011[#1234|Nri1/QA001/YT000]\x14"),
}
DAMAGED = {
    "dc09": (Dc09, b'\n00000029"ADM-CID"0041R0L0#1234[#1234|1101 01 001]\r'),
    "contact_id": (ContactId, b"[1234 18110101001C]"),
}


@pytest.mark.parametrize("name", PANELS)
def test_a_message_of_two_events_is_answered_once_and_after_both_are_kept(name):
    decoder, message = PANELS[name]
    scene = Scene(decoder=decoder)
    with listening(scene.gateway):
        scene.line.say(message[:9], message[9:])
        until(lambda: len(scene.line.written) == 1)
        scene.line.say(message)
        until(lambda: len(scene.line.written) == 2)
    assert [line.split()[0] for line in scene.journal[:6]] == ["kept", "kept", "wrote"] * 2


@pytest.mark.parametrize("name", DAMAGED)
def test_a_damaged_press_is_kept_and_never_answered(name):
    decoder, message = DAMAGED[name]
    scene = Scene(decoder=decoder)
    with listening(scene.gateway):
        for byte in message:
            scene.line.say(bytes([byte]))
        until(lambda: scene.ears.kept)
        until(lambda: scene.line.reads > len(message))
    assert scene.line.written == []
