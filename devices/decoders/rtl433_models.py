"""
What the objects of rtl_433 mean, model by model, to one who does not know the device.

Sources: PROTOCOLS section 2.3; the devices of `merbanan/rtl_433` (field names and codes), where a model has changed
its names both are read.
"""

import re
from collections.abc import Callable, Mapping
from functools import lru_cache
from typing import Any

from dispatch.rules.signal import Event

NAME_CHARACTERS_MAX = 64
"""No model name or id of rtl_433 is longer than about 40 characters; what is, is not one."""

Json = Mapping[str, Any]


def nameable(value: object) -> bool:
    """Whether this can be a model or an id: a printable text of some length."""
    return isinstance(value, str) and 0 < len(value) <= NAME_CHARACTERS_MAX and value.isprintable()


def identity(said: Json) -> int | str | None:
    """The id, a number or a string; older versions said `device`, Cavius `senderid`, a flex decoder has its code."""
    for name in _IDENTITIES:
        if name not in said:
            continue
        value = _flex(said[name]) if name == "codes" else said[name]
        if isinstance(value, str) and nameable(value):
            return value
        if isinstance(value, int) and not isinstance(value, bool):
            return value
    return None


_IDENTITIES = ("id", "device", "senderid", "codes")


def _flex(codes: object) -> str | None:
    return codes[0].rpartition("}")[2] if isinstance(codes, list) and codes and isinstance(codes[0], str) else None


_BLANKS = re.compile(r"\s+")

BUTTON_FIELDS: Mapping[str, tuple[str, ...]] = {
    "Generic-Remote": ("cmd",),
    "Chuango-Security": ("cmd_id",),
    "Akhan-100F14": ("data",),
    "X10-Security": ("code",),
}
"""Where a model prints which button it was, if not under `button`."""


def button_of(said: Json, model: str) -> int | str | None:
    """Which button of the transmitter; Akhan prints it as `0x8 (Alarm)`."""
    for name in BUTTON_FIELDS.get(model, ("button",)):
        if (value := said.get(name)) is None:
            continue
        if isinstance(value, int) and not isinstance(value, bool):
            return value
        if nameable(value):
            code = re.match(r"0x([0-9a-fA-F]{1,4})\b", str(value))
            return int(code[1], 16) if code else str(value)
    return None


@lru_cache(maxsize=256)
def model_name(name: str) -> str:
    """The model as rtl_433 prints it since 2019; before, names had blanks (`SimpliSafe Keypad`)."""
    dashed = _BLANKS.sub("-", name.strip())
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


def events_of(said: Json, model: str) -> list[Event]:
    """The events of an object, in no order; empty for one that says nothing new. Battery and cover are read for all."""
    return [*_READINGS.get(model, _any_model)(said), *_trouble(said)]


def _trouble(said: Json) -> list[Event]:
    """Battery and cover. Some models print `battery_ok` only when it is low, so absent means well (X10, Kerui)."""
    low = said.get("battery_ok", 1) in (0, False) or ("battery" in said and str(said["battery"]).upper() == "LOW")
    events = [Event.LOW_BATTERY] if low else []
    return [*events, Event.TAMPER] if _on(said, "tamper") else events


def _on(said: Json, name: str) -> bool:
    return name in said and said[name] in (1, "1", "ON", "on", "true")


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
    return [Event.AMBIGUOUS if button_of(said, "Akhan-100F14") == 8 else Event.BUTTON]


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
    """`event` 1 is a change, a pendant's press among them, which has no contact; 0 is the hourly sign of life."""
    return (_contact(said) or [Event.BUTTON]) if _on(said, "event") else [Event.HEARTBEAT]


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
    events = [_COMMON[name] for name in said if name in _COMMON and _on(said, name)]
    events += _contact(said)
    if "subtype" in said and str(said["subtype"]).lower() == "smoke":
        events.append(Event.SMOKE)
    if not events and (not _REMOTE_FIELDS.isdisjoint(said) or isinstance(said.get("codes"), list)):
        events.append(Event.BUTTON)
    if not events and any(map(_MEASURED.match, said)):
        events.append(Event.TELEMETRY)
    return events


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
    for name in _CONTACTS:
        if name in said:
            when_on, when_off = _CONTACTS[name]
            return [when_on if _on(said, name) else when_off]
    state = str(said["state"]).lower() if "state" in said else ""
    return [_CONTACT_TEXTS[state]] if state in _CONTACT_TEXTS else []


_CONTACTS = {
    "contact_open": (Event.CONTACT_OPEN, Event.CONTACT_CLOSED),
    "opened": (Event.CONTACT_OPEN, Event.CONTACT_CLOSED),
    "closed": (Event.CONTACT_CLOSED, Event.CONTACT_OPEN),
    "reed_open": (Event.CONTACT_OPEN, Event.CONTACT_CLOSED),
}
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
