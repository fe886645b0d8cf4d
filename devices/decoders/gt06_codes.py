"""
The alarm codes of GT06 trackers as data, and where in a message they stand.

Sources: PROTOCOLS section 10.3; the alert table of Concox's JM-VL03 protocol (V1.1.2); samples in Traccar's tests
(commit 9e5c458). The table is that of the maker; models differ, and a gateway's profile says how.
"""

from collections.abc import Mapping
from types import MappingProxyType

from dispatch.rules.signal import Event


def _table(*groups: tuple[Event, str]) -> Mapping[str, Event]:
    return MappingProxyType({code: event for event, codes in groups for code in codes.split()})


ALARMS: Mapping[str, Event] = _table(
    (Event.PRESS, "01"),
    (Event.FALL, "23"),
    (Event.MAINS_FAIL, "02"),
    (Event.VIBRATION, "03 09"),
    (Event.RESTORE, "04"),
    (Event.WANDERING, "05"),
    (Event.LOW_BATTERY, "0e 0f 19"),
    (Event.OFFLINE, "11 15"),
    (Event.TAMPER, "0c 10 13 18 25 32"),
    (Event.JAMMING, "17"),
    (Event.INFO, "06 0a 0b 0d 12 14 20 21 22 26 27 28 29 2a 2b 2e 30 33 34 c9 f0 f1 fe ff"),
)
"""
What an alarm code (two hexadecimal digits) says. 00 is *none*; a code that is not here is an alarm of unknown kind.

0c is tampering in Traccar's sample and *powered on* with Concox: somebody looks either way. 10 is another SIM, 15 a
battery so empty that it switches off, 17 a false base station. The last line is driving, ignition, doors and the GPS
receiver itself.
"""

STATES: Mapping[int, Event] = MappingProxyType(
    {
        1: Event.VIBRATION,
        2: Event.MAINS_FAIL,
        3: Event.LOW_BATTERY,
        4: Event.PRESS,
        6: Event.WANDERING,
        7: Event.TAMPER,
    }
)
"""What bits 3 to 5 of the terminal information say, as a number. 6 is a fence, which the alarm code may tell better."""

CAMERA_ALARMS: Mapping[str, Event] = _table(
    (Event.PRESS, "01"),
    (Event.LOW_BATTERY, "0e"),
    (Event.HEAT, "76"),
    (Event.VIBRATION, "80"),
    (Event.MAINS_FAIL, "88"),
    (Event.INFO, "69 87 90 91 92"),
)
"""The codes of message 95 (JC100, JC400 cameras). 93 is a collision: an alarm of unknown kind here."""

PLACED = frozenset(
    {0x10, 0x11, 0x12, 0x16, 0x1A, 0x1E, 0x22, 0x25, 0x26, 0x27, 0x2A, 0x2D, 0x31, 0x32, 0x37, 0x38, 0x39, 0xA0, 0xA4}
)
"""Messages that begin with time and place."""

LONG = frozenset({0x15, 0x21, 0x38, 0x70, 0x94, 0x9B})
"""Those that we understand with a length of two bytes; 32 and 33 are something else then."""

UTC_ALWAYS = frozenset({0x22, 0x26, 0x27, 0x28, 0x2A, 0xA0, 0xA1, 0xA4})
"""Those whose time is UTC whatever time zone the login named (JM-VL03); it subtracted twice would make a fix old."""

ALARMED = frozenset({0x16, 0x26, 0x27, 0x32, 0xA3, 0xA4})
"""Those of them that go on with cells, terminal information, battery, signal, alarm code and language."""

ALARMED_BY_CELLS = {0x19: 8, 0xA5: 15}
"""Alarms without a place, and how many bytes of cells stand before the terminal information."""

STATUS_ONLY = frozenset({0x13, 0x23, 0x36, 0xA3})
STATUS_BYTES_MAX = 30
"""
Keep-alives: the terminal information first. 36 and A3 are a place with some models, which makes them longer.

What stands where alarms have their code is a language, a voltage or nothing here (JM-VL03 says `40 04 04 0100` at
rest), so only the terminal information counts, and of it no fence, which is no state of this table with that maker.
"""

UNANSWERED = frozenset({0x15, 0x21, 0x80, 0x81, 0x82, 0x83, 0x84, 0x94, 0x9B, 0x2A})
"""Answers to commands and transfers of data, which expect nothing (JM-VL03), and the request for a street's name."""
