"""
Watches that speak "3G": Setracker, Beesure, Wonlex and the like, over TCP.

    [MM*ID*LLLL*TYPE,...]        MM  two letters of the maker: 3G, SG, CS, ZJ
    [MM*ID*IIII*LLLL*TYPE,...]   ID  ten to fifteen digits, IIII a number, LLLL the length of the content in hex
    AL,ddmmyy,hhmmss,A,lat,N,lng,E,speed,course,altitude,satellites,signal,battery,steps,rolls,STATUS,cells and Wi-Fi

STATUS is hexadecimal: the upper sixteen bits are alarms, the lower ones states. In an alarm (AL) every set bit is
reported, for the alarms of one frame come together (SOS with a low battery); in a position (UD, WT) the states that
merely last are left alone, or a walk outside the fence would raise an alarm with every position. A low battery is told
by its bit or by the level, in per cent, that positions and keep-alives carry.

Every alarm, keep-alive (LK), question for voice (TKQ) and start (INIT) is answered by its own name; without it the
watch repeats. There is no checksum, no login and no password: the id is the whole secret. Times are UTC, positions
WGS-84 and only valid with A; V brings what was known last. Sources: PROTOCOLS section 10.1; samples and field order
in Traccar's tests (commit 9e5c458).
"""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from devices.decoders.brackets import HEAD, Brackets
from devices.decoders.decoder import NO_PROFILE, Frame, Tally
from devices.decoders.fix import NO_FIX, Fix, moment_of, position_of
from devices.decoders.tracker import IDS, Levels, bits, place_fields, statement, words
from dispatch.rules.place import Position
from dispatch.rules.signal import Event

canonical = IDS

STATUS_BITS: Mapping[str, Event] = {
    "bit0": Event.LOW_BATTERY,
    "bit1": Event.WANDERING,
    "bit2": Event.RESTORE,
    "bit14": Event.MAINS_FAIL,
    "bit16": Event.PRESS,
    "bit17": Event.LOW_BATTERY,
    "bit18": Event.WANDERING,
    "bit19": Event.RESTORE,
    "bit20": Event.TAMPER,
    "bit21": Event.FALL,
    "bit22": Event.FALL,
}
"""Out of the fence is wandering, in again its end; taken off is tampering."""

_LASTING = {"bit1", "bit2", "bit14"}
"""States that a position repeats for as long as they last."""

_UNESCAPED = {b"}\x01": b"}", b"}\x02": b"[", b"}\x03": b"]", b"}\x04": b",", b"}\x05": b"*"}
_STATUS = re.compile("[0-9A-Fa-f]{4}|[0-9A-Fa-f]{8}")
_NUMBER = re.compile(r"[0-9]{1,6}(?:\.[0-9]{1,6})?")
_ESCAPE = re.compile(rb"}[\x01-\x05]")

_ANSWERS = {"LK": "LK", "TKQ": "TKQ", "TKQ2": "TKQ2", "INIT": "INIT,1"}


class Watch3g:
    """
    One watch on its connection.

    `profile` gives a bit of the status (`bit22`, or `35350522:bit22` for one model) another meaning than the table's.
    """

    def __init__(self, *, profile: Mapping[str, Event] = NO_PROFILE) -> None:
        self.tally = Tally()
        self._profile = profile
        self._brackets = Brackets(self.tally)
        self._levels = Levels()

    @property
    def incomplete(self) -> bool:
        """Whether a text has begun and waits for its bracket."""
        return len(self._brackets) > 0

    def feed(self, data: bytes) -> Sequence[Frame]:
        """The frames completed by these bytes."""
        return [self._frame(text) for text in self._brackets.cut(data)]

    def acknowledge(self, frame: Frame, at: datetime, pad: bytes) -> bytes:
        """The name of what was said, as the watch wrote its own."""
        told = _answer_to(frame.fields["type"])
        if not told:
            return b""
        names = (frame.fields[name] for name in ("manufacturer", "device", "index"))
        return f"[{'*'.join(name for name in names if name)}*{len(told):04x}*{told}]".encode("ascii")

    def refuse(self, data: bytes) -> bytes:
        """Nothing: the watch repeats by itself what was not answered."""
        return b""

    def _frame(self, text: bytes) -> Frame:
        head = HEAD.match(text)
        assert head is not None
        maker, device, index, length = head.groups()
        said = content = text[head.end() : -1]
        if b"}" in said:
            content = _ESCAPE.sub(lambda found: _UNESCAPED[found[0]], said)
        type_, *parts = content.decode("latin-1").split(",")
        length_ok = int(length, 16) in (len(content), len(said))
        fields: dict[str, Any] = {"manufacturer": maker.decode("ascii"), "index": index and index.decode("ascii")}
        fields |= {"length_ok": length_ok, "type": type_}
        address = device.decode("ascii")
        if type_.startswith(("AL", "UD", "WT")):
            return self._placed(text, address, fields, parts)
        word = type_.lower()
        if parts and word in _MEASURES:
            fields |= _numbers(_MEASURES[word], parts)
        events = self._levels.with_level(address, fields, (_WORDS.get(word, Event.UNKNOWN),))
        return statement("watch3g", events, text, address, fields, answers=type_ in _ANSWERS)

    def _placed(self, text: bytes, address: str, fields: dict[str, Any], parts: Sequence[str]) -> Frame:
        """An alarm or a position. An alarm whose status says nothing we know, or is cut off, is one of unknown kind."""
        alarm = fields["type"].startswith("AL")
        fields |= {"status": "", "fix": False}
        if len(parts) < 2:
            return statement(
                "watch3g", (Event.ALARM if alarm else Event.LOCATION,), text, address, fields, answers=alarm
            )
        status = parts[15] if len(parts) > 15 and _STATUS.fullmatch(parts[15]) else ""
        said = bits(int(status or "0", 16))
        codes = [bit for bit in said if alarm or bit not in _LASTING]
        events = words(codes, STATUS_BITS, self._profile, address) or (Event.ALARM if alarm else Event.LOCATION,)
        at = moment_of(parts[0] + parts[1], order="dmy")
        fix = _fix(parts, at)
        fields |= {"status": status} | _state(parts, said) | place_fields(fix)
        return statement(
            "watch3g",
            self._levels.with_level(address, fields, events),
            text,
            address,
            fields,
            number=f"{parts[0]}.{parts[1]}:{status}",
            answers=alarm,
            sent_at=at,
            fix=fix,
        )


def encode(
    address: str,
    event: Event = Event.PRESS,
    *,
    count: int = 0,
    at: datetime | None = None,
    position: Position | None = None,
) -> bytes:
    """
    What a watch of this id would say: an alarm with the bit of this event (none for `ALARM`), or the text for a life
    sign, a position, a measurement or a question for voice.

    `at` is the time it carries (aware; by default the first second of 2026 and `count` more), `position` where it is.
    """
    if event in _PLAIN:
        return _text(address, _PLAIN[event])
    word = 1 << int(_BIT_OF[event][3:]) if event in _BIT_OF else 0
    when = (at or datetime.fromtimestamp(1_767_225_600 + count, UTC)).astimezone(UTC)
    north, east = (position.lat, position.lng) if position else (0.0, 0.0)
    place = f"{abs(north):.6f},{'S' if north < 0 else 'N'},{abs(east):.7f},{'W' if east < 0 else 'E'}"
    type_, valid = "UD" if event is Event.LOCATION else "AL", "A" if position else "V"
    return _text(address, f"{type_},{when:%d%m%y,%H%M%S},{valid},{place},0.0,0.0,0.0,9,100,64,0,0,{word:08x},0,0,0")


_PLAIN = {Event.HEARTBEAT: "LK,0,0,64", Event.VOICE_REQUEST: "TKQ", Event.VITALS: "heart,71", Event.INFO: "img,5"}
_BIT_OF = {event: bit for bit, event in STATUS_BITS.items()}


def _text(address: str, content: str) -> bytes:
    return f"[3G*{address}*{len(content):04X}*{content}]".encode("ascii")


def _answer_to(type_: str) -> str:
    return "AL" if type_.startswith("AL") else _ANSWERS.get(type_, "")


def _fix(parts: Sequence[str], at: datetime | None) -> Fix:
    """The position, if the watch vouches for it. A sign in the number and a letter after it mean the same."""
    if len(parts) < 7 or parts[2] != "A":
        return NO_FIX
    try:
        lat, lng = float(parts[3]), float(parts[5])
    except ValueError:
        return NO_FIX
    return Fix(position_of(-abs(lat) if parts[4] == "S" else lat, -abs(lng) if parts[6] == "W" else lng), at)


def _state(parts: Sequence[str], said: Sequence[str]) -> dict[str, Any]:
    """What else a position tells: whether it is a fix, the battery in per cent, the steps, and that nobody wears it."""
    detail = {"detail": "watch taken off"} if "bit20" in said else {}
    return {"fix": len(parts) > 2 and parts[2] == "A", **_numbers({"battery": 12, "steps": 13}, parts), **detail}


_WORDS: Mapping[str, Event] = {
    "lk": Event.HEARTBEAT,
    "init": Event.HEARTBEAT,
    "tkq": Event.VOICE_REQUEST,
    "tkq2": Event.VOICE_REQUEST,
    "heart": Event.VITALS,
    "pulse": Event.VITALS,
    "bphrt": Event.VITALS,
    "blood": Event.VITALS,
    "oxygen": Event.VITALS,
    "temp": Event.VITALS,
    "btemp2": Event.VITALS,
    "img": Event.INFO,
    "tk": Event.INFO,
    "tk2": Event.INFO,
    "jxtk": Event.INFO,
}
"""What the other types are: signs of life, measurements, pictures and recorded words."""

_MEASURES: Mapping[str, Mapping[str, int]] = {
    "lk": {"steps": 0, "battery": 2},
    "heart": {"heart_rate": 0},
    "pulse": {"heart_rate": 0},
    "bphrt": {"bp_high": 0, "bp_low": 1, "heart_rate": 2},
    "blood": {"bp_high": 0, "bp_low": 1, "heart_rate": 2},
    "oxygen": {"spo2": 1},
    "temp": {"temperature_c": 0},
    "btemp2": {"temperature_c": 1},
}
"""Which part of each type is which number."""


def _numbers(places: Mapping[str, int], parts: Sequence[str]) -> dict[str, Any]:
    found = {name: parts[place] for name, place in places.items() if place < len(parts)}
    return {name: float(part) if "." in part else int(part) for name, part in found.items() if _NUMBER.fullmatch(part)}
