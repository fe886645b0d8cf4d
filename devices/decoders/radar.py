"""
Frames of mmWave radars for beds and falls on a serial line, 115200 8N1 (R60ABD1, Seeed MR60 family).

    53 59  control command  lengthH lengthL  data…  sum  54 43          sum = low byte of everything from 53 to the data

A frame names nobody: the line is the sensor. It reports on change, and answers a query (command with its high bit set,
data 0F) with the same command and a value. Sources: `Seeed-Studio/wiki-documents` (Radar_MR60FDA1.md, published
frames), the protocol libraries of the R60ABD1 (Chinese manual V3.0). Waveforms and distances are life signs here.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

from dispatch.rules.signal import Event

HEAD, END = b"SY", b"TC"
OVERHEAD_BYTES = 9
DATA_BYTES_MAX = 256
"""Data is never empty; the longest of the manuals is the summary of a night, 12 bytes, and a name has some 20."""

FRAME_BYTES_MAX = OVERHEAD_BYTES + DATA_BYTES_MAX

_HEAD = re.compile(rb"SY")
_ASKED = 0x80
_QUERY = b"\x0f"


class RadarFrame(NamedTuple):
    """A framed piece: its bytes, where it ends, and whether its checksum is right."""

    raw: bytes
    end: int
    trusted: bool

    @property
    def control(self) -> int:
        return self.raw[2]

    @property
    def command(self) -> int:
        return self.raw[3]

    @property
    def data(self) -> bytes:
        return self.raw[6:-3]


class RadarFrames:
    """
    Finds frames in a stream and keeps its unfinished end, less than `FRAME_BYTES_MAX` bytes.

    What is found depends on where frames end, never on the reads: of two that overlap, the one that ends first counts,
    so that a header cut short never swallows the fall behind it.
    """

    def __init__(self) -> None:
        self._kept = b""

    def __len__(self) -> int:
        return len(self._kept)

    def feed(self, data: bytes) -> Sequence[RadarFrame]:
        """The frames completed by these bytes."""
        old = len(self._kept)
        text = self._kept + data
        frames = _chosen(text, _candidates(text, old)) if text.find(END, max(0, old - 1)) >= 0 else []
        used = frames[-1].end if frames else 0
        self._kept = text[max(used, len(text) - FRAME_BYTES_MAX + 1) :]
        return frames


def _candidates(text: bytes, old: int) -> list[tuple[int, bool, int]]:
    """
    Everything framed that ends behind the first `old` bytes, whole or not: where it ends, whether its checksum is
    wrong, where it starts. In the order of their ends, and at the same end the right one first.
    """
    found = []
    for head in _HEAD.finditer(text):
        start = head.start()
        length = int.from_bytes(text[start + 4 : start + 6], "big")
        end = start + OVERHEAD_BYTES + length
        if 0 < length <= DATA_BYTES_MAX and old < end <= len(text) and text.startswith(END, end - 2):
            found.append((end, sum(text[start : end - 3]) & 0xFF != text[end - 3], start))
    return sorted(found)


def _chosen(text: bytes, candidates: Iterable[tuple[int, bool, int]]) -> list[RadarFrame]:
    """Of those that overlap, the one that ends first."""
    frames: list[RadarFrame] = []
    used = 0
    for end, wrong, start in candidates:
        if start >= used:
            frames.append(RadarFrame(raw=text[start:end], end=end, trusted=not wrong))
            used = end
    return frames


def framed(control: int, command: int, data: bytes) -> bytes:
    """The frame with which a radar would say this."""
    body = HEAD + bytes((control, command)) + len(data).to_bytes(2, "big") + data
    return body + bytes((sum(body) & 0xFF,)) + END


# ------------------------------------------------------------------------------------------------ what it says


Told = tuple[Event, dict[str, Any]]


def told(frame: RadarFrame) -> Told:
    """What a frame says, and its parts for people."""
    control, command, data = frame.control, frame.command, frame.data
    if (control, command) == (0x01, 0x02):
        return Event.IGNORE, {"kind": "reset command"}
    if command & _ASKED and data == _QUERY:
        return Event.IGNORE, {"kind": _QUERIES.get((control, command), "query")}
    said = _SAID.get((control, command & ~_ASKED))
    if said is None:
        return (Event.INFO if control in _ABOUT_ITSELF else Event.UNKNOWN), {"data_hex": data.hex()}
    return said(data)


_ABOUT_ITSELF = frozenset({0x01, 0x02, 0x03, 0x05, 0x07})
_QUERIES: Mapping[tuple[int, int], str] = {
    (0x84, 0x8F): "night summary query",
    (0x84, 0x8D): "sleep summary query",
    (0x83, 0x81): "fall query",
    (0x84, 0x81): "bed query",
    (0x85, 0x82): "heart rate query",
}


def _presence(data: bytes) -> Told:
    return Event.PRESENCE, {"present": data[0] != 0}


def _movement(data: bytes) -> Told:
    """No `motion`: a radar registered for falls has a word for them, and somebody who walks by has not fallen."""
    return Event.PRESENCE, {"present": data[0] != 0, "motion": _one_of(data[0], "none", "stationary", "active")}


def _measured(name: str) -> Callable[[bytes], Told]:
    def measured(data: bytes) -> Told:
        return Event.TELEMETRY, {name: int.from_bytes(data[:2], "big")}

    return measured


def _respiration_state(data: bytes) -> Told:
    """None is what an empty bed says as well; never an alarm by itself."""
    return Event.VITALS, {"respiration_state": _one_of(data[0], "", "normal", "high", "low", "none")}


def _vital(name: str) -> Callable[[bytes], Told]:
    def vital(data: bytes) -> Told:
        return Event.VITALS, {name: data[0]}

    return vital


def _fall(data: bytes) -> Told:
    """0 none, 1 a fall; a value that no manual has is one that must be asked about."""
    known = {0: Event.RESTORE, 1: Event.FALL}
    return known.get(data[0], Event.FALL_SUSPECTED), {"fall": data[0]}


def _residency(data: bytes) -> Told:
    return (Event.INACTIVITY if data[0] else Event.RESTORE), {"detail": "stationary residency"}


def _bed(data: bytes) -> Told:
    known = {0: Event.BED_EXIT, 1: Event.BED_ENTER}
    return known.get(data[0], Event.IGNORE), {
        "detail": _one_of(data[0], "out of bed", "in bed", "none (real-time mode)")
    }


def _sleep_stage(data: bytes) -> Told:
    return Event.VITALS, {"sleep": _one_of(data[0], "deep", "light", "awake", "none")}


def _sleep_abnormal(data: bytes) -> Told:
    """A judgement on the night (too short, too long, nobody there); 3 takes it back."""
    reason = _one_of(data[0], "under 4 hours", "over 12 hours", "nobody for long", "none")
    return (Event.RESTORE if data[0] == 3 else Event.FAULT), {"detail": "sleep abnormal flag", "reason": reason}


def _one_of(value: int, *words: str) -> str:
    return words[value] if value < len(words) and words[value] else str(value)


def _heartbeat(_: bytes) -> Told:
    return Event.HEARTBEAT, {}


def _ready(_: bytes) -> Told:
    return Event.GATEWAY_BOOT, {"detail": "initialised"}


_SAID: Mapping[tuple[int, int], Callable[[bytes], Told]] = MappingProxyType(
    {
        (0x01, 0x01): _heartbeat,
        (0x05, 0x01): _ready,
        (0x80, 0x01): _presence,
        (0x80, 0x02): _movement,
        (0x80, 0x03): _measured("body_movement"),
        (0x80, 0x04): _measured("distance_cm"),
        (0x80, 0x05): _measured("direction"),
        (0x81, 0x01): _respiration_state,
        (0x81, 0x02): _vital("respiration"),
        (0x81, 0x05): _measured("respiration_wave"),
        (0x83, 0x01): _fall,
        (0x83, 0x05): _residency,
        (0x84, 0x01): _bed,
        (0x84, 0x02): _sleep_stage,
        (0x84, 0x03): _measured("awake_minutes"),
        (0x84, 0x04): _measured("light_sleep_minutes"),
        (0x84, 0x05): _measured("deep_sleep_minutes"),
        (0x84, 0x06): _measured("sleep_score"),
        (0x84, 0x0C): _measured("sleep_summary"),
        (0x84, 0x0D): _measured("night_summary"),
        (0x84, 0x0E): _sleep_abnormal,
        (0x84, 0x10): _measured("sleep_rating"),
        (0x84, 0x11): _measured("struggle"),
        (0x84, 0x12): _measured("unattended"),
        (0x85, 0x02): _vital("heart_rate"),
        (0x85, 0x05): _measured("heart_wave"),
    }
)
"""Control and command → what it says, for a report and for the answer to a query alike."""
