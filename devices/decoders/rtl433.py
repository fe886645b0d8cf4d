"""
JSON lines of rtl_433, as they come from its standard output, over syslog (UDP) or from MQTT.

    {"time" : "@0.196604s", "model" : "Generic-Remote", "id" : 5069, "cmd" : 48, "tristate" : "0Z01101Z0100"}

One radio burst gives one to some forty such objects, often ghosts of other models among them: decoders without a
checksum (`mic`) read any fixed-code remote as theirs. So nothing here is an emergency by itself; who is registered
decides. Sources: `merbanan/rtl_433` (docs/DATA_FORMAT.md, devices), runs of rtl_433 22.11.
"""

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from types import MappingProxyType
from typing import Any

from devices.decoders.decoder import FRAME_BYTES_MAX, NO_PROFILE, Frame, Tail, Tally, gravest_first
from dispatch.rules.signal import Event, Scope

REPEAT_WINDOW_S = 3.0
"""Objects of one burst come within some 2 s; nearer than this is one press (PROTOCOLS section 13)."""

NAME_CHARACTERS_MAX = 64
"""No model name or id of rtl_433 is longer than about 40 characters; what is, is not one."""

BRACES_MAX = 256
"""A flex decoder prints an object for each of some fifty rows at most; what closes more braces than this is noise."""

_END = re.compile(rb"[}\n]")
_MARK = re.compile(rb'\{\s*"(?:time|model)"')
_STATISTICS = frozenset({"stats", "enabled", "frames", "noise"})

Json = Mapping[str, Any]


class Rtl433:
    """
    One rtl_433.

    `profile` may give an event to an address (`Generic-Remote:5069:48`) that this gateway's house uses otherwise.
    """

    def __init__(self, *, profile: Mapping[str, Event] = NO_PROFILE) -> None:
        self.tally = Tally()
        self._profile = {canonical(address): event for address, event in profile.items()}
        self._tail = Tail(limit=FRAME_BYTES_MAX, tally=self.tally)
        self._braces = 0

    def feed(self, data: bytes) -> Sequence[Frame]:
        """
        The frames completed by these bytes.

        An object is complete at its closing brace, so a datagram needs no line end; a line end gives up what is open.
        """
        frames: list[Frame] = []
        at = 0
        for end in _END.finditer(data):
            self._add(data[at : end.end()])
            frames += self._line_ended() if end[0] == b"\n" else self._brace_closed()
            at = end.end()
        self._add(data[at:])
        return frames

    def acknowledge(self, frame: Frame, at: datetime, pad: bytes) -> bytes:
        """Nothing: the radio is one-way."""
        return b""

    def refuse(self, data: bytes) -> bytes:
        """Nothing: the radio is one-way."""
        return b""

    def _add(self, data: bytes) -> None:
        """Keeps what may become an object; whatever stands before its first brace is a banner or noise."""
        opening = 0 if len(self._tail) else data.find(b"{")
        kept = data[opening:] if opening >= 0 else b""
        self._count_noise(data[: len(data) - len(kept)])
        self._tail.add(kept)

    def _line_ended(self) -> list[Frame]:
        """An object is on one line: what is open when the line ends was cut."""
        if len(self._tail):
            self._give_up()
        return []

    def _give_up(self) -> None:
        self._count_noise(self._tail.take())
        self._braces = 0
        self.tally.malformed += 1

    def _brace_closed(self) -> list[Frame]:
        found = _object_at_the_end(self._tail.peek())
        if found is not None:
            return self._closed(*found)
        self._braces += 1
        if len(self._tail) and self._braces > BRACES_MAX:
            self._give_up()
        return []

    def _closed(self, start: int, said: Json, raw: bytes) -> list[Frame]:
        self._count_noise(self._tail.take()[:start])
        self._braces = 0
        frame = _frame(said, raw)
        if frame is None:
            self.tally.malformed += 1
            return []
        return [_profiled(frame, self._profile)]

    def _count_noise(self, data: bytes) -> None:
        self.tally.noise_bytes += len(data.translate(None, b" \t\r\n"))


def canonical(address: str) -> str:
    """The one spelling of an address: the model as rtl_433 prints it since 2019, id and button in lower case."""
    model, colon, rest = address.strip().partition(":")
    return _model(model) + colon + rest.lower()


def encode(address: str, event: Event = Event.BUTTON, *, count: int = 0) -> bytes:
    """
    The line that rtl_433 would print for this device (`MODEL:ID` or `MODEL:ID:BUTTON`).

    An id or button of digits is printed as a number. `count` is the second of the time stamp.
    """
    model, number, button = (*address.split(":"), "", "")[:3]
    said: dict[str, Any] = {"time": f"@{count}.000000s", "model": model, "id": _number(number)}
    if button:
        said |= {_BUTTON_FIELDS.get(model, ("button",))[0]: _number(button)}
    return json.dumps({**said, **_ENCODED.get(event, {})}).encode() + b"\n"


_ENCODED: Mapping[Event, Json] = {
    Event.ALARM: {"alarm": 1},
    Event.LOW_BATTERY: {"battery_ok": 0},
    Event.TAMPER: {"tamper": 1},
    Event.HEARTBEAT: {"heartbeat": 1},
    Event.WATER: {"water": 1},
    Event.MOTION: {"motion": 1},
    Event.TELEMETRY: {"temperature_C": 20.5},
}


def _number(text: str) -> int | str:
    return int(text) if re.fullmatch(r"0|[1-9][0-9]{0,18}", text) else text


def events_topic(topic: str) -> bool:
    """
    Whether an MQTT topic carries whole objects: `rtl_433/<host>/events`.

    The topics under `devices` and `states` say the same again, field by field.
    """
    return topic.rstrip("/").endswith("/events")


def burst_offset_s(frame: Frame) -> float | None:
    """The second at which rtl_433 heard the frame, on whatever clock it prints, None when it prints none."""
    printed = str(frame.fields.get("time", ""))
    if re.fullmatch(r"@[0-9]{1,9}(?:\.[0-9]{1,9})?s", printed):
        return float(printed[1:-1])
    at = _moment(printed) or _local_moment(printed)
    return at.timestamp() if at else None


def _object_at_the_end(data: bytes) -> tuple[int, dict[str, Any], bytes] | None:
    """
    The JSON object that these bytes end with, where it starts and its own bytes; None while there is none.

    Tried are the last `{"time"` or `{"model"`, which nothing legal contains inside, so that a press glued to a cut
    line is found; then the first brace, for other orders of the fields; then the last.
    """
    for start in _starts(data):
        said = _loaded(data[start:])
        if said is not None and (start == data.find(b"{") or "model" in said):
            return start, said, data[start:]
    return None


def _starts(data: bytes) -> Iterable[int]:
    marks = [mark.start() for mark in _MARK.finditer(data)]
    return dict.fromkeys(at for at in (*marks[-1:], data.find(b"{"), data.rfind(b"{")) if at >= 0)


def _loaded(data: bytes) -> dict[str, Any] | None:
    try:
        said = json.loads(data.decode(), parse_constant=_no_constant)
    except (ValueError, RecursionError):  # Deep nesting is noise too.
        return None
    return said if isinstance(said, dict) else None


def _no_constant(name: str) -> float:
    raise ValueError(name)  # NaN and Infinity are not JSON; no program behind us could read them.


def _frame(said: Json, raw: bytes) -> Frame | None:
    """The frame of one object; None when it names no model and is no report of the program on itself."""
    if "model" not in said and said.keys() & _STATISTICS:
        return Frame(event=Event.HEARTBEAT, raw=raw, scope=Scope.GATEWAY, dedup_key="rtl433:stats")
    if not _nameable(said.get("model")):
        return None
    return _device(said, _model(said["model"]), raw)


def _device(said: Json, model: str, raw: bytes) -> Frame:
    number, button = _identity(said), _button(said, model)
    addresses = _addresses(model, number, button)
    events = gravest_first(_events(said, model))
    head = _leading(events)
    return Frame(
        event=head[0],
        also=head[1:],
        raw=raw,
        address=addresses[0] if addresses else None,
        alternatives=addresses[1:],
        dedup_key=_dedup_key(model, number, button, head[0]),
        window_s=REPEAT_WINDOW_S,
        sent_at=_moment(str(said.get("time", ""))),
        fields=MappingProxyType(_fields(said, number, button)),
    )


def _leading(events: tuple[Event, ...]) -> tuple[Event, ...]:
    """A frame that says nothing we know is `unknown`; a heartbeat's contact state is no change of the contact."""
    if Event.HEARTBEAT in events:
        events = tuple(event for event in events if event not in _CONTACT_STATES)
    return events or (Event.UNKNOWN,)


_CONTACT_STATES = frozenset({Event.CONTACT_OPEN, Event.CONTACT_CLOSED})


def _fields(said: Json, number: int | str | None, button: int | str | None) -> dict[str, Any]:
    """What was printed, with `id` and `button` under one name for all models, and without a typed PIN."""
    fields = dict(said) | {"id": number} | ({} if button is None else {"button": button})
    if "pin" in str(said.get("extradata", "")).lower():
        fields["extradata"] = "Disarm Pin"
    return fields | ({} if "mic" in said else {"trust": "low"})


def _dedup_key(model: str, number: int | str | None, button: int | str | None, event: Event) -> str:
    """
    Equal for all copies of one press, whichever gateway heard it.

    A panic held for three seconds has another code than a short one (X10 88 and 98): the event stands for both.
    """
    told = button if button is not None and event is not Event.PRESS else event
    return f"rtl433:{model}:{number}:{told}".lower()


def _addresses(model: str, number: int | str | None, button: int | str | None) -> tuple[str, ...]:
    """From the button to the device; none when the object has no id, for then nobody can be told from another."""
    if number is None:
        return ()
    device = canonical(f"{model}:{_part(number)}")
    return (device,) if button is None else (canonical(f"{device}:{_part(button)}"), device)


def _part(value: int | str) -> str:
    return str(value).replace(":", "-")


def _nameable(value: object) -> bool:
    return isinstance(value, str) and 0 < len(value) <= NAME_CHARACTERS_MAX and value.isprintable()


def _identity(said: Json) -> int | str | None:
    """The id, a number or a string; older versions said `device`, Cavius `senderid`, a flex decoder has its code."""
    codes = said.get("codes")
    flex = codes[0].rpartition("}")[2] if isinstance(codes, list) and codes and isinstance(codes[0], str) else None
    for value in (said.get("id"), said.get("device"), said.get("senderid"), flex):
        if isinstance(value, str) and _nameable(value):
            return value
        if isinstance(value, int) and not isinstance(value, bool):
            return value
    return None


_BUTTON_FIELDS: Mapping[str, tuple[str, ...]] = {
    "Generic-Remote": ("cmd",),
    "Chuango-Security": ("cmd_id",),
    "Akhan-100F14": ("data",),
    "X10-Security": ("code",),
}


def _button(said: Json, model: str) -> int | str | None:
    """Which button of the transmitter; Akhan prints it as `0x8 (Alarm)`."""
    for name in _BUTTON_FIELDS.get(model, ("button",)):
        value = said.get(name)
        if isinstance(value, int) and not isinstance(value, bool):
            return value
        if _nameable(value):
            code = re.match(r"0x([0-9a-fA-F]{1,4})\b", str(value))
            return int(code[1], 16) if code else str(value)
    return None


def _model(name: str) -> str:
    """The model as rtl_433 prints it since 2019; before, names had blanks (`SimpliSafe Keypad`)."""
    dashed = re.sub(r"\s+", "-", name.strip())
    return _OLD_MODELS.get(dashed, dashed)


_OLD_MODELS: Mapping[str, str] = {
    "Interlogix": "Interlogix-Security",
    "Honeywell-Door/Window-Sensor": "Honeywell-Security",
    "DSC-Contact": "DSC-Security",
    "Visonic-powercode": "Visonic-Powercode",
    "Cavius": "Cavius-Security",
    "Akhan-100F14-remote-keyless-entry": "Akhan-100F14",
    "Smoke-detector-GS-558": "Smoke-GS558",
}


# What the objects of each model mean. A reading takes the object and gives events; battery and tamper are read for all.


def _events(said: Json, model: str) -> list[Event]:
    return [*_READINGS.get(model, _any_model)(said), *_trouble(said)]


def _trouble(said: Json) -> list[Event]:
    """Battery and cover. Some models print `battery_ok` only when it is low, so absent means well (X10, Kerui)."""
    low = said.get("battery_ok") in (0, False) and "battery_ok" in said
    events = [Event.LOW_BATTERY] if low or str(said.get("battery", "")).upper() == "LOW" else []
    return [*events, Event.TAMPER] if _on(said, "tamper") else events


def _on(said: Json, name: str) -> bool:
    return said.get(name) in (1, "1", "ON", "on", "true")


def _chuango(said: Json) -> list[Event]:
    """
    Fixed code without checksum: *Alarm* may be any EV1527 remote, *24H Zone* is a smoke or a water sensor.

    *Test* is what other remotes are misread as. Source: rtl_433 chuango.c.
    """
    return [_CHUANGO.get(_integer(said.get("cmd_id")), Event.BUTTON)]


_CHUANGO: Mapping[int | None, Event] = {
    0x0: Event.IGNORE,
    0x2: Event.AMBIGUOUS,
    0x3: Event.TAMPER,
    0x6: Event.CONTACT,
    0x7: Event.CONTACT,
    0xA: Event.CONTACT,
    0xB: Event.ALARM_24H,
    0xD: Event.LOW_BATTERY,
}


def _akhan(said: Json) -> list[Event]:
    """Decodes any EV1527 fob, so its *Alarm* (0x8) is ambiguous; lock, unlock and mute are buttons."""
    return [Event.AMBIGUOUS if _button(said, "Akhan-100F14") == 8 else Event.BUTTON]


def _kerui(said: Json) -> list[Event]:
    return [_KERUI.get(_integer(said.get("cmd")), Event.SENSOR_STATE)]


_KERUI: Mapping[int | None, Event] = {
    0x5: Event.WATER,
    0x7: Event.CONTACT_CLOSED,
    0xA: Event.MOTION,
    0xB: Event.TAMPER,
    0xE: Event.CONTACT_OPEN,
    0xF: Event.LOW_BATTERY,
}


def _x10(said: Json) -> list[Event]:
    """
    By `code`, for the text changed between versions.

    Bit 0 of the code is a low battery in every message; bit 6 is the cover, in those of contacts and motion sensors.
    """
    code = _hexadecimal(said.get("code"))
    if code is None:
        return [Event.UNKNOWN]
    low = [Event.LOW_BATTERY] if code & 0x01 else []
    covered = _X10.get(code & 0xBE)
    if code & 0x40 and covered is not None and covered in _X10_WITH_COVER:
        return [covered, Event.TAMPER, *low]
    return [_X10.get(code & 0xFE, Event.BUTTON), *low]


_X10: Mapping[int, Event] = {
    0x00: Event.CONTACT_OPEN,
    0x04: Event.CONTACT_OPEN,
    0x80: Event.CONTACT_CLOSED,
    0x84: Event.CONTACT_CLOSED,
    0x0C: Event.MOTION,
    0x8C: Event.SENSOR_STATE,
    0x26: Event.PRESS,  # KR18
    0x88: Event.PRESS,  # KR15
    0x98: Event.PRESS,  # KR15, held for three seconds
}
_X10_WITH_COVER = frozenset({Event.CONTACT_OPEN, Event.CONTACT_CLOSED, Event.MOTION, Event.SENSOR_STATE})


def _interlogix(said: Json) -> list[Event]:
    """
    By subtype and, since 22.11 prints *unknown* for a panic pendant, by the type nibble that begins the id.

    With all five switches closed it is the hourly supervision. Do not read the cover from switch3: it floats.
    """
    subtype = str(said.get("subtype", said.get("device_type", ""))).lower()
    switches = [str(said.get(f"switch{number}", "")).upper() for number in range(1, 6)]
    if subtype in ("keyfob", "key fob"):
        return [Event.BUTTON]
    if switches == ["CLOSED"] * 5 and subtype in (*_INTERLOGIX, "unknown"):
        return [Event.HEARTBEAT]
    pendant = subtype == "unknown" and str(said.get("id", "")).startswith("3")
    return [Event.AMBIGUOUS if pendant else _INTERLOGIX.get(subtype, Event.SENSOR_STATE)]


_INTERLOGIX: Mapping[str, Event] = {
    "panic": Event.PRESS,
    "smoke": Event.SMOKE,
    "heat": Event.HEAT,
    "carbon": Event.CO,
    "co": Event.CO,
    "water": Event.WATER,
}


def _visonic(said: Json) -> list[Event]:
    """
    `alarm` is the pressed button of a pendant as well as an opened contact.

    `supervised` and `restore` are abilities, printed in every message; they tell something only without an alarm.
    """
    if _on(said, "alarm"):
        return [Event.ALARM]
    restored = [Event.RESTORE] if _on(said, "restore") else []
    return restored + ([Event.HEARTBEAT] if _on(said, "supervised") else [])


def _honeywell(said: Json) -> list[Event]:
    """
    Bits of `event`: contact 80, tamper 40, reed 20, alarm 10, low battery 08, heartbeat 04.

    Versions before `contact_open` printed a muddle of bits under `alarm`; there the byte itself is read.
    """
    byte = _integer(said.get("event")) or 0
    alarm = _on(said, "alarm") if "contact_open" in said else bool(byte & 0x10)
    events = [Event.ALARM] if alarm else []
    if _on(said, "heartbeat"):
        return [*events, Event.HEARTBEAT]
    return events + _contact(said)


def _dsc(said: Json) -> list[Event]:
    """`event` 1 is a change, 0 the hourly sign of life."""
    return _contact(said) if _on(said, "event") else [Event.HEARTBEAT]


def _simplisafe(said: Json) -> list[Event]:
    """
    By the text, for the panic has no other mark.

    The panic of a key chain is printed as `Contact Open`: only its registration tells it from a door.
    """
    text = str(said.get("extradata", "")).lower()
    return [next((event for words, event in _SIMPLISAFE if words in text), _simplisafe_state(said))]


def _simplisafe_state(said: Json) -> Event:
    states = {1: Event.CONTACT_OPEN, 2: Event.CONTACT_CLOSED, 3: Event.ARM_DISARM}
    return states.get(_integer(said.get("state")) or 0, Event.SENSOR_STATE)


_SIMPLISAFE = (
    ("panic", Event.PRESS),
    ("contact open", Event.CONTACT_OPEN),
    ("contact closed", Event.CONTACT_CLOSED),
    ("disarm pin", Event.ARM_DISARM),
    ("arm system", Event.ARM_DISARM),
    ("alarm off", Event.ARM_DISARM),
    ("button", Event.BUTTON),
    ("keypad", Event.BUTTON),
)


def _cavius(said: Json) -> list[Event]:
    """By the bits of `message`; newer versions take the battery's bit out and print `battery_ok`."""
    bits = _integer(said.get("message")) or 0
    return [event for bit, event in _CAVIUS.items() if bits & bit] or ([] if "battery_ok" in said else [Event.UNKNOWN])


_CAVIUS: Mapping[int, Event] = {
    0x20: Event.FIRE,
    0x10: Event.WATER,
    0x08: Event.LOW_BATTERY,
    0x40: Event.TEST,
    0x04: Event.INFO,
    0x80: Event.INFO,
}


def _any_model(said: Json) -> list[Event]:
    """What the common field names say (docs/DATA_FORMAT.md), for the models without a reading of their own."""
    events = [event for name, event in _COMMON.items() if _on(said, name)]
    events += _contact(said)
    if str(said.get("subtype", "")).lower() == "smoke":
        events.append(Event.SMOKE)
    if not events and (said.keys() & _REMOTE_FIELDS or isinstance(said.get("codes"), list)):
        events.append(Event.BUTTON)
    if not events and any(_MEASURED.match(name) for name in said):
        events.append(Event.TELEMETRY)
    return events or ([] if _trouble(said) else [Event.UNKNOWN])


_COMMON: Mapping[str, Event] = {
    "alarm": Event.ALARM,
    "smoke": Event.SMOKE,
    "water": Event.WATER,
    "detect_wet": Event.WATER,
    "leak": Event.WATER,
    "motion": Event.MOTION,
    "heartbeat": Event.HEARTBEAT,
    "supervised": Event.HEARTBEAT,
}
_REMOTE_FIELDS = frozenset({"button", "cmd", "command", "switch", "unit", "group_call", "rolling", "encrypted"})
_MEASURED = re.compile(r"temperature|humidity|pressure|wind|rain|power|energy|moisture|light|uv|consumption|depth")


def _contact(said: Json) -> list[Event]:
    """Open or closed, under the names that the versions had for it; nothing when none is there."""
    for name, when_on, when_off in _CONTACTS:
        if name in said:
            return [when_on if _on(said, name) else when_off]
    state = str(said.get("state", "")).lower()
    return [_CONTACT_TEXTS[state]] if state in _CONTACT_TEXTS else []


_CONTACTS = (
    ("contact_open", Event.CONTACT_OPEN, Event.CONTACT_CLOSED),
    ("opened", Event.CONTACT_OPEN, Event.CONTACT_CLOSED),
    ("closed", Event.CONTACT_CLOSED, Event.CONTACT_OPEN),
    ("reed_open", Event.CONTACT_OPEN, Event.CONTACT_CLOSED),
)
_CONTACT_TEXTS = {"open": Event.CONTACT_OPEN, "closed": Event.CONTACT_CLOSED, "close": Event.CONTACT_CLOSED}

_READINGS: Mapping[str, Callable[[Json], list[Event]]] = {
    "Generic-Remote": lambda _: [Event.BUTTON],
    "Chuango-Security": _chuango,
    "Akhan-100F14": _akhan,
    "Kerui-Security": _kerui,
    "X10-Security": _x10,
    "Interlogix-Security": _interlogix,
    "Visonic-Powercode": _visonic,
    "Honeywell-Security": _honeywell,
    "DSC-Security": _dsc,
    "SimpliSafe-Keypad": _simplisafe,
    "SimpliSafe-Sensor": _simplisafe,
    "Cavius-Security": _cavius,
    # Any EV1527 doorbell or remote is read as this smoke detector.
    "Smoke-GS558": lambda _: [Event.AMBIGUOUS],
}


def _integer(value: object) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _hexadecimal(value: object) -> int | None:
    """A byte printed as hexadecimal text; some bridges make a number of `"88"`, whose digits are still hexadecimal."""
    return int(str(value), 16) if re.fullmatch(r"[0-9a-fA-F]{1,2}", str(value)) else None


def _moment(printed: str) -> datetime | None:
    """The time that was printed, if it says its zone: seconds since 1970 as a string, or ISO 8601 with Z or offset."""
    try:
        if re.fullmatch(r"[0-9]{1,10}(?:\.[0-9]{1,9})?", printed):
            return datetime.fromtimestamp(float(printed), UTC)
        at = datetime.fromisoformat(printed)
        return at.astimezone(UTC) if at.tzinfo else None
    except (ValueError, OverflowError):
        return None


def _local_moment(printed: str) -> datetime | None:
    """A time without zone, only good for telling one from another."""
    try:
        return datetime.fromisoformat(printed).replace(tzinfo=UTC)
    except ValueError:
        return None


def _profiled(frame: Frame, profile: Mapping[str, Event]) -> Frame:
    own = next((profile[address] for address in frame.addresses if address in profile), None)
    return frame if own is None else replace(frame, event=own)
