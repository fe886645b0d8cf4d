"""
Health watches and tags that speak TRV or IW, over TCP: texts that end with #.

    IWAP00353456789012345#                     login: the only text that names the device
    IWAP10080524A2232.9806N11404.9355E000.1061830323.8706000908000502,460,0,9520,3671,01,zh-cn,00,Wi-Fi…#
          yymmdd│lat      │lng       │speed hhmmss course│         │ network and cell│alarm
                                          signal satellites battery space state mode
    AP01 YP03 YP14 position   AP10 alarm   AP03 CP01 heartbeat   AP02 cells   AP49 APHT APHP AP50 measurements

Alarm code 01 is SOS, 05 and 06 are falls, 02 a low battery, 03 not worn, 00 none (then it only asks where it is); a
code that is missing or unknown is an alarm of unknown kind. An alarm before any login belongs to nobody and raises one
without a home. Each text is answered by its name with the next letter (IWBP10#), the login with the time; answers to
our own commands (`,` and six digits first) are not. A repetition has the same time and the same code.

Times are UTC, positions WGS-84 and valid with A. Sources: PROTOCOLS section 10 (vectors); field order and samples in
Traccar's tests (commit 9e5c458); codes 02 and 03, AP04 and APFD from servers of such watches on GitHub.
"""

import re
from collections import deque
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from devices.decoders.decoder import NO_PROFILE, Frame, Tail, Tally
from devices.decoders.fix import NO_FIX, Fix, as_minutes, degrees, moment_of, position_of
from devices.decoders.tracker import IDS, Levels, place_fields, statement, words
from dispatch.rules.place import Position
from dispatch.rules.signal import Event

canonical = IDS

TEXT_BYTES_MAX = 4096
"""The longest texts list Wi-Fi by name: some hundred bytes. Voice (AP07) is longer, and not for us."""

HEAD_BYTES_MIN = 6
"""The name of the maker and of the text: `IWAP00`."""

ALARMS: Mapping[str, Event] = {
    "01": Event.PRESS,
    "02": Event.LOW_BATTERY,
    "03": Event.TAMPER,
    "05": Event.FALL,
    "06": Event.FALL,
}
"""What the code of AP10 says."""

_HEAD = re.compile(r"(IW|TRV)([A-Z]P[0-9A-Z]{2})")
_SURE_HEAD = re.compile(r"(IW|TRV)(AP00(?=\d{10})|[AY]P\d\d(?=\d{6}[AV])|[AC]P\d\d(?=,)|AP[A-Z]{2}(?=,))", re.ASCII)
"""With what follows it: the name of a Wi-Fi may hold the mere letters."""

_PLACE = re.compile(
    r"(?P<date>\d{6})(?P<valid>[AV])(?P<lat>\d{4}\.\d{1,6})(?P<north>[NS])(?P<lng>\d{5}\.\d{1,6})(?P<east>[EW])"
    r"[\d.]{5}(?P<time>\d{6})[\d.]{6}(?P<state>\d*)(?:,(?P<cells>[^,]*,[^,]*,[^,]*,[^,]*)(?:,(?P<alarm>\d\d)(?:,|$))?)?",
    re.ASCII,
)
_ID = re.compile(r"(\d{10,20})(?:,|$)", re.ASCII)
_STATE = re.compile(r"\d{6}(?P<battery>\d{3})", re.ASCII)
_FALLEN = re.compile(r",\d{10,15},", re.ASCII)
_NUMBER = re.compile(r"[0-9]{1,6}(?:\.[0-9]{1,3})?")
_LOGIN, _ALARM, _FALL, _LOW = "AP00", "AP10", "APFD", "AP04"
_TO_OUR_COMMANDS = re.compile(r",\d{6}(?:,|$)", re.ASCII)
_UNANSWERED = {"AP12", "AP14", "AP33", "AP34", "AP40", "AP76", "AP77", "AP84", "AP85", "AP86", "AP87"}
_WORDS = {
    **dict.fromkeys((_LOGIN, "AP03", "CP01", "APLN"), Event.HEARTBEAT),
    **dict.fromkeys(("AP01", "AP02", "YP03", "YP14", "APT1"), Event.LOCATION),
    **dict.fromkeys(("AP49", "APHT", "APHP", "AP50", "APJK"), Event.VITALS),
    _LOW: Event.LOW_BATTERY,
    "AP07": Event.INFO,
}
_MEASURES: Mapping[str, Mapping[str, int]] = {
    "AP49": {"heart_rate": 1},
    "APHT": {"heart_rate": 1, "bp_high": 2, "bp_low": 3},
    "APHP": {"heart_rate": 1, "bp_high": 2, "bp_low": 3, "spo2": 4, "blood_sugar": 5, "temperature_c": 6},
    "AP50": {"temperature_c": 1, "battery": 2},
    "AP03": {"steps": 2},
    "CP01": {},
}


class Trv:
    """
    One device on its connection.

    `profile` gives an alarm code another meaning, for the gateway or for a model: `{"07": Event.INACTIVITY}`,
    `{"35345678:03": Event.INFO}`.
    """

    def __init__(self, *, profile: Mapping[str, Event] = NO_PROFILE) -> None:
        self.tally = Tally()
        self._profile = profile
        self._device: str | None = None
        self._levels = Levels()
        self._tail = Tail(limit=TEXT_BYTES_MAX, tally=self.tally)

    @property
    def incomplete(self) -> bool:
        """Whether a text has begun and waits for its end."""
        return len(self._tail) > 0

    def feed(self, data: bytes) -> Sequence[Frame]:
        """The frames completed by these bytes. A text that was cut is given up for the one behind it."""
        frames: list[Frame] = []
        for piece in self._tail.ended(data, b"#"):
            if len(piece) >= HEAD_BYTES_MIN and (head := _head_of(text := piece.decode("latin-1"))) is not None:
                start = head.start()
                self.tally.noise_bytes += start
                frames.append(self._frame(piece[start:] + b"#", head[1], head[2], text[head.end() :]))
            else:
                self.tally.noise_bytes += len(piece) + 1
        return frames

    def acknowledge(self, frame: Frame, at: datetime, pad: bytes) -> bytes:
        """The next letter of what was said; to an IW login the time (UTC, so no time zone is added)."""
        if not frame.answers:
            return b""
        maker, type_ = frame.fields["maker"], frame.fields["type"]
        name = f"{maker}{chr(ord(type_[0]) + 1)}{type_[1:]}"
        if type_ == _LOGIN and maker == "IW":
            return f"{name},{at.astimezone(UTC):%Y%m%d%H%M%S},0#".encode("ascii")
        return f"{name}#".encode("ascii")

    def refuse(self, data: bytes) -> bytes:
        """Nothing: the device repeats by itself what was not answered."""
        return b""

    def _frame(self, raw: bytes, maker: str, type_: str, rest: str) -> Frame:
        hello = _ID.match(rest) if type_ == _LOGIN else None
        if hello:
            self._device = hello[1]
        fields: dict[str, Any] = {"maker": maker, "type": type_}
        place = _PLACE.match(rest) if rest else None
        if place:
            return self._placed(raw, type_, place, rest, fields)
        if type_ in _MEASURES:
            fields |= _measured(type_, rest.split(","))
        number, answers = rest if type_ == _FALL else "", _is_answered(type_, rest)
        events = self._levels.with_level(self._device, fields, self._events(type_, rest, ""))
        return statement("trv", events, raw, self._device, fields, number=number, answers=answers)

    def _placed(self, raw: bytes, type_: str, place: re.Match[str], rest: str, fields: dict[str, Any]) -> Frame:
        at, code = moment_of(place["date"] + place["time"]), place["alarm"] or ""
        fix = _fix(place, at)
        fields |= ({"alarm_code": code} if code else {}) | _state(place) | place_fields(fix)
        return statement(
            "trv",
            self._levels.with_level(self._device, fields, self._events(type_, rest, code)),
            raw,
            self._device,
            fields,
            number=_number(type_, rest, place, code),
            answers=_is_answered(type_, rest),
            sent_at=at,
            fix=fix,
        )

    def _events(self, type_: str, rest: str, code: str) -> Sequence[Event]:
        if type_ == _ALARM:
            known = words((code,), ALARMS, self._profile, self._device) if code else ()
            return known or (Event.LOCATION if code == "00" else Event.ALARM,)
        # Another maker makes friends with APFD, and writes its place behind it.
        if type_ == _FALL and _FALLEN.match(rest):
            return words([type_], {_FALL: Event.FALL}, self._profile, self._device)
        word = _WORDS.get(type_)
        return (word or (Event.ACK if _TO_OUR_COMMANDS.match(rest) else Event.UNKNOWN),)


def login(address: str) -> bytes:
    """The login of a device with this IMEI (15 digits), with which every connection begins."""
    return f"IWAP00{address}#".encode("ascii")


def encode(
    _address: str,
    event: Event = Event.PRESS,
    *,
    count: int = 0,
    at: datetime | None = None,
    position: Position | None = None,
) -> bytes:
    """
    What a device that has logged in would send: an alarm with the code of this event, a position, a heartbeat. Its
    address is in the login alone.

    `at` is the time it carries (aware; by default the first second of 2026 and `count` more), `position` where it is.
    """
    if event is Event.HEARTBEAT:
        return f"IWAP03,06000908000102,{count},0#".encode("ascii")
    when = (at or datetime.fromtimestamp(1_767_225_600 + count, UTC)).astimezone(UTC)
    lat, lng = (position.lat, position.lng) if position else (0.0, 0.0)
    north, east = "S" if lat < 0 else "N", "W" if lng < 0 else "E"
    place = f"{'A' if position else 'V'}{as_minutes(lat, places=2)}{north}{as_minutes(lng, places=3)}{east}"
    code = next((code for code, said in ALARMS.items() if said is event), "99")
    told = f"{when:%y%m%d}{place}000.1{when:%H%M%S}323.8706000908000502,460,0,9520,3671"
    return (
        f"IWAP01{told}#".encode("ascii")
        if event is Event.LOCATION
        else f"IWAP10{told},{code},zh-cn,00#".encode("ascii")
    )


def _head_of(text: str) -> re.Match[str] | None:
    """The last head that is surely one, else the first that may be."""
    sure = deque(_SURE_HEAD.finditer(text), maxlen=1)
    return sure[0] if sure else _HEAD.search(text)


def _is_answered(type_: str, rest: str) -> bool:
    """A login that names nobody must come again, so it gets no answer either."""
    if type_ == _LOGIN:
        return _ID.match(rest) is not None
    return type_ not in _UNANSWERED and not _TO_OUR_COMMANDS.match(rest)


def _fix(place: re.Match[str], at: datetime | None) -> Fix:
    if place["valid"] != "A":
        return NO_FIX
    lat, lng = degrees(place["lat"], place["north"]), degrees(place["lng"], place["east"])
    return NO_FIX if lat is None or lng is None else Fix(position_of(lat, lng), at)


def _number(type_: str, rest: str, place: re.Match[str], code: str) -> str:
    """What tells one alarm from the next: its time and code; everything else is never a copy."""
    if type_ == _ALARM:
        return f"{place['date']}{place['time']}:{code}"
    return rest if type_ == _FALL else ""


def _state(place: re.Match[str]) -> dict[str, Any]:
    """Whether the position is a fix, and the battery in per cent."""
    state = _STATE.match(place["state"])
    return {"fix": place["valid"] == "A"} | ({"battery": int(state["battery"])} if state else {})


def _measured(type_: str, parts: Sequence[str]) -> dict[str, Any]:
    """The numbers of a measurement; those of a heartbeat are packed as in a position."""
    told: dict[str, Any] = {}
    for name, at in _MEASURES[type_].items():
        if at < len(parts) and _NUMBER.fullmatch(parts[at]):
            told[name] = float(parts[at]) if "." in parts[at] else int(parts[at])
    if type_ in {"AP03", "CP01"} and len(parts) > 1 and (packed := _STATE.match(parts[1])):
        told["battery"] = int(packed["battery"])
    return told
