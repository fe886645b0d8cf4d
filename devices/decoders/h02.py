"""
Trackers and pendants that speak H02 (Sinotrack and the like), over TCP: texts, and the same packed into 32 bytes.

    *HQ,ID,V1,hhmmss,A,lat,N,lng,E,speed,course,ddmmyy,STATUS,…#     position or alarm; lat and lng in degrees, minutes
    *HQ,ID,HTBT,100#   V0   LINK   XT   NBR   V3   SMS   V4          battery, cells, answers to commands
    $ID(5)hhmmssddmmyy…STATUS(4)…                                    binary; see `h02_binary`

STATUS is active low: 0 at bit 0 is vibration, at bit 1 SOS, at bit 2 speed, at bit 19 a cut power line. Each is
reported; Traccar stops at the first, so vibration hides SOS there. Bit 18 is SOS with some models, and with others it
is low in every ordinary position. So it is `ambiguous`, which a device of ours may mean as an alarm, unless the bit was
high in the position before on the same connection: a bit that falls is a press. A profile settles it for a model.

A V1, NBR, V0 or HTBT asks to be confirmed, the others do not. There is no checksum, no number and no login. Times are
UTC, positions WGS-84 and valid with A. Sources: PROTOCOLS section 10.4; samples in Traccar's tests (commit 9e5c458).
"""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from devices.decoders.decoder import NO_PROFILE, Frame, Tally
from devices.decoders.fix import NO_FIX, Fix, as_minutes, degrees, moment_of, position_of
from devices.decoders.h02_binary import BEGINNING, BINARY_BYTES, Packed, unpacked
from devices.decoders.tracker import IDS, Levels, bits, place_fields, statement, words
from dispatch.rules.place import Position
from dispatch.rules.signal import Event

canonical = IDS

TEXT_BYTES_MAX = 2048
"""The longest samples, lists of cells and answers to commands, have some 400 bytes."""

DEVICES_MAX = 64
"""Of so many devices on one connection the last status is remembered; a hub that speaks for more is not known."""

STATUS_BITS: Mapping[str, Event] = {
    "bit0": Event.VIBRATION,
    "bit1": Event.PRESS,
    "bit18": Event.AMBIGUOUS,
    "bit19": Event.MAINS_FAIL,
}
"""What a bit that is 0 says. Bit 2 is speed, 10 the ignition; they say nothing here."""

_UNCLEAR_BIT = 1 << 18
_FALLEN = {**STATUS_BITS, "bit18": Event.PRESS}
_MEANT = sum(1 << int(bit[3:]) for bit in STATUS_BITS)
_START = re.compile(rb"\*(?:[A-Za-z]{2},|[A-Za-z]{0,2}\Z)|" + BEGINNING, re.DOTALL)
_STOP = re.compile(rb"#|\*(?=[A-Za-z]{2},)|[^\x20-\x7e\r\n\t]")
_TEXT = re.compile(r"\*[A-Za-z]{2},([0-9A-Za-z]{0,20}),([0-9A-Za-z]*)(?:,(.*))?#", re.DOTALL)
_STATUS = re.compile("[0-9A-Fa-f]{8}")
_DATE = re.compile("[0-9]{6}|")
_CONFIRMED = {"V1": "V4,V1", "NBR": "V4,NBR"}
_ECHOED = {"HTBT", "V0"}
_BATTERY = {"HTBT": 0, "LINK": 3, "XT": 1}
_WORDS = {
    **dict.fromkeys(("HTBT", "V0", "LINK", "XT", "NBR", "V3", "BS"), Event.HEARTBEAT),
    **dict.fromkeys(("SMS", "BASE"), Event.INFO),
}


class H02:
    """
    One device on its connection (or several: each names itself).

    `profile` gives a bit of the status another meaning, for the gateway or for a model: `{"bit18": Event.PRESS}`,
    `{"35350522:bit18": Event.LOCATION}`.
    """

    def __init__(self, *, profile: Mapping[str, Event] = NO_PROFILE) -> None:
        self.tally = Tally()
        self._profile = profile
        self._kept = bytearray()
        self._searched = 1
        self._before: dict[str, int] = {}
        self._levels = Levels()

    def __len__(self) -> int:
        return len(self._kept)

    @property
    def incomplete(self) -> bool:
        """Whether a text has begun and waits for its end."""
        return len(self._kept) > 0

    def feed(self, data: bytes) -> Sequence[Frame]:
        """The frames completed by these bytes."""
        frames: list[Frame] = []
        for at in range(0, len(data), TEXT_BYTES_MAX):
            self._kept += data[at : at + TEXT_BYTES_MAX]
            self._cut(bytes(self._kept), frames)
        return frames

    def acknowledge(self, frame: Frame, at: datetime, pad: bytes) -> bytes:
        """The confirmation that this type of message asks for, with the time."""
        type_, device = frame.fields["type"], frame.fields.get("device", "")
        if type_ in _ECHOED:
            return f"*HQ,{device},{type_}#".encode("ascii")
        if type_ in _CONFIRMED and device:
            return f"*HQ,{device},{_CONFIRMED[type_]},{at.astimezone(UTC):%Y%m%d%H%M%S}#".encode("ascii")
        return b""

    def refuse(self, data: bytes) -> bytes:
        """Nothing: the protocol has no such word."""
        return b""

    # ------------------------------------------------------------------------------------------------ pieces

    def _cut(self, kept: bytes, frames: list[Frame]) -> None:
        """Reads all that is whole, and forgets it and what was noise; the rest waits for more."""
        at = 0
        while at < len(kept):
            start = _START.search(kept, at)
            begin = len(kept) if start is None else start.start()
            if begin > at:
                self._searched, self.tally.noise_bytes, at = 1, self.tally.noise_bytes + begin - at, begin
            elif kept.startswith(b"*", at):
                if (end := self._text_end(kept, at)) is None:
                    break
                frames += self._text(kept[at:end]) if end > at + 1 else ()
                self._searched, at = 1, end
            elif len(kept) - at >= BINARY_BYTES:
                packed = unpacked(piece := kept[at : at + BINARY_BYTES])
                frames += (self._binary(packed, piece),) if packed else ()
                at += BINARY_BYTES
            else:
                break
        del self._kept[:at]

    def _text_end(self, kept: bytes, at: int) -> int | None:
        """
        Where the text that begins here ends: behind its #, or at once where a byte that no text has, or another head
        inside, shows that it was cut; None while more bytes are needed.
        """
        stop = _STOP.search(kept, at + self._searched)
        length = (stop.end() if stop else len(kept)) - at
        if length <= TEXT_BYTES_MAX and stop is None:
            self._searched = max(1, length - 3)  # the next head may have come in part
            return None
        if length <= TEXT_BYTES_MAX and stop is not None and stop[0] == b"#":
            return stop.end()
        self.tally.overlong += length > TEXT_BYTES_MAX
        self.tally.noise_bytes += 1
        return at + 1

    # ------------------------------------------------------------------------------------------------ frames

    def _text(self, piece: bytes) -> Sequence[Frame]:
        text = _TEXT.fullmatch(piece.decode("latin-1"))
        if text is None:
            self.tally.malformed += 1
            return ()
        device, type_, rest = text.groups()
        parts = rest.split(",") if rest else ()
        return ((self._told if len(parts) > 2 else self._short)(piece, device, type_, parts),)

    def _short(self, raw: bytes, device: str, type_: str, parts: Sequence[str]) -> Frame:
        """A text without place and status: neither stands in less than three parts."""
        fields: dict[str, Any] = {"type": type_}
        if parts:
            fields |= _battery(type_, parts)
        word, answers = (_WORDS.get(type_) or _default(type_, None),), _is_answered(type_, device)
        events = self._levels.with_level(device, fields, word)
        return statement("h02", events, raw, device or None, fields, answers=answers)

    def _told(self, raw: bytes, device: str, type_: str, parts: Sequence[str]) -> Frame:
        address = device or None
        anchor = _anchor(parts)
        status, date = _status(parts, anchor)
        time = parts[anchor - 3] if anchor is not None else parts[0]
        at = moment_of(f"{date}{time}", order="dmy") if date else None
        fix = _fix(parts, anchor, at)
        fields: dict[str, Any] = {"type": type_, **_battery(type_, parts)}
        if anchor is not None:
            fields |= {"fix": parts[anchor - 2] == "A", **place_fields(fix)}
        if status:
            fields["status"] = status
        events = self._events(address, status) or (_WORDS.get(type_) or _default(type_, anchor),)
        return statement(
            "h02",
            self._levels.with_level(address, fields, events),
            raw,
            address,
            fields,
            number=f"{date}.{time}:{status}" if at and status else "",
            answers=_is_answered(type_, device),
            sent_at=at,
            fix=fix,
        )

    def _binary(self, packed: Packed, raw: bytes) -> Frame:
        fields = {"type": "binary", "status": packed.status, "fix": packed.fix.position is not None}
        return statement(
            "h02",
            self._events(packed.device, packed.status) or (Event.LOCATION,),
            raw,
            packed.device,
            fields | place_fields(packed.fix),
            number=f"{packed.at}:{packed.status}" if packed.at else "",
            answers=False,
            sent_at=packed.at,
            fix=packed.fix,
        )

    def _events(self, address: str | None, status: str) -> list[Event]:
        """What the zeros of the status say; a bit 18 that has just fallen is no longer ambiguous."""
        if not status:
            return []
        word = int(status, 16)
        fell = address is not None and bool(self._before.get(address, 0) & ~word & _UNCLEAR_BIT)
        if address is not None and (address in self._before or len(self._before) < DEVICES_MAX):
            self._before[address] = word
        table = _FALLEN if fell else STATUS_BITS
        return words(bits(~word & (0xFFFF_FFFF if self._profile else _MEANT)), table, self._profile, address)


def encode(
    address: str,
    event: Event = Event.PRESS,
    *,
    count: int = 0,
    at: datetime | None = None,
    position: Position | None = None,
) -> bytes:
    """
    What a device of this id would say: a V1 with the bit of this event low, or a heartbeat.

    `at` is the time it carries (aware; by default the first second of 2026 and `count` more), `position` where it is.
    """
    if event is Event.HEARTBEAT:
        return f"*HQ,{address},HTBT,{60 + count % 41}#".encode("ascii")
    bit = next((int(bit[3:]) for bit, said in STATUS_BITS.items() if said is event), None)
    status = 0xFFFF_FFFF & ~(0 if bit is None else 1 << bit)
    when = (at or datetime.fromtimestamp(1_767_225_600 + count, UTC)).astimezone(UTC)
    lat, lng = (position.lat, position.lng) if position else (0.0, 0.0)
    place = (
        f"{as_minutes(lat, places=2)},{'S' if lat < 0 else 'N'},{as_minutes(lng, places=3)},{'W' if lng < 0 else 'E'}"
    )
    valid = "A" if position else "V"
    return f"*HQ,{address},V1,{when:%H%M%S},{valid},{place},0.00,000,{when:%d%m%y},{status:08X}#".encode("ascii")


def _is_answered(type_: str, device: str) -> bool:
    return type_ in _ECHOED or (type_ in _CONFIRMED and device != "")


def _anchor(parts: Sequence[str]) -> int | None:
    """Where N or S stands with E or W two places on, a latitude before and a time before that."""
    if len(parts) < 6:
        return None
    return next(
        (place for place in range(3, len(parts) - 2) if parts[place] in {"N", "S"} and parts[place + 2] in {"E", "W"}),
        None,
    )


def _status(parts: Sequence[str], anchor: int | None) -> tuple[str, str]:
    """
    The status word and the date before it, each empty if there is none.

    A message with a place has its date behind speed and course (and sometimes a battery) and the status next to it, or
    last; others have both wherever they stand. A telephone number of eight digits is no status.
    """
    if len(parts) < 3:
        return "", ""
    if anchor is None:
        at = next(
            (at for at in range(2, len(parts)) if _STATUS.fullmatch(parts[at]) and _DATE.fullmatch(parts[at - 1])), 0
        )
        return (parts[at], parts[at - 1]) if at else ("", "")
    date = next((at for at in range(anchor + 5, len(parts)) if _DATE.fullmatch(parts[at])), None)
    if date is None:
        return "", ""
    behind = parts[date + 1 :]
    status = next((part for part in (*behind[:1], *behind[-1:]) if _STATUS.fullmatch(part)), "")
    return status, parts[date]


def _fix(parts: Sequence[str], anchor: int | None, at: datetime | None) -> Fix:
    if anchor is None or parts[anchor - 2] != "A":
        return NO_FIX
    lat = _coordinate(parts[anchor - 1], parts[anchor])
    lng = _coordinate(parts[anchor + 1], parts[anchor + 2])
    return NO_FIX if lat is None or lng is None else Fix(position_of(lat, lng), at)


def _coordinate(text: str, hemisphere: str) -> float | None:
    """`2234.2937`, without its point `37573392` (four decimals), or `-23-29.0095`: sign, degrees, minutes."""
    dashed = re.fullmatch(r"-(\d{1,3})-(\d{1,2}\.\d+)", text, re.ASCII)
    if dashed:
        return degrees(f"{dashed[1]}{float(dashed[2]):07.4f}", hemisphere)
    return degrees(text if "." in text else f"{text[:-4]}.{text[-4:]}", hemisphere)


def _battery(type_: str, parts: Sequence[str]) -> dict[str, int]:
    place = _BATTERY.get(type_)
    if place is None or place >= len(parts) or not re.fullmatch("[0-9]{1,3}", parts[place]):
        return {}
    return {"battery": int(parts[place])}


def _default(type_: str, anchor: int | None) -> Event:
    """A message with a place is a position, an answer to a command included; what has none and no name is unknown."""
    if anchor is not None or type_ in {"V1", "VP1"}:
        return Event.LOCATION
    return Event.ACK if type_ == "V4" else Event.UNKNOWN
