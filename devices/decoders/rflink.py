"""
RFLink text lines from a 433 MHz gateway on USB (57600 8N1) or TCP.

    20;SS;NAME;ID=0a1b2c;SWITCH=08;CMD=ON;<CR><LF>
    │  │  │    └ labels, any number; hexadecimal unless documented otherwise
    │  │  └ radio protocol, may hold spaces and slashes
    │  └ counter of the gateway's lines, two hex digits
    └ from the gateway

One way: no checksum, no acknowledgement, no number from the transmitter. A frame says *which button*, never
*emergency*; that comes from the registration. Sources: `aequitas/python-rflink` (RFLink Protocol Reference, protocol
samples, parser tests).
"""

import re
from collections.abc import Mapping, Sequence
from datetime import datetime
from itertools import pairwise
from types import MappingProxyType
from typing import Any

from devices.decoders.decoder import NO_PROFILE, Frame, Tail, Tally, gravest_first, profiled
from dispatch.rules.signal import Event, Scope

LINE_BYTES_MAX = 4096
"""Longer than any line: with RFDEBUG on, a gateway prints up to 300 pulses of at most five digits and a comma each."""

REPEAT_WINDOW_S = 3.0
"""A button sends many times for one press; lines nearer than this are one press (PROTOCOLS section 1)."""

PING = b"10;PING;\r\n"
"""Asks the gateway for a PONG: the only supervision there is."""

_LINE_END = re.compile(rb"[\r\n]+")
_START = re.compile(r"20;[0-9A-Fa-f]{2};")
_BANNER = re.compile(r"RFLink Gateway V(?P<version>[0-9.]+) - R(?P<revision>[0-9.]+)")
_BUTTON = re.compile(
    "20;([0-9A-Fa-f]{2});(?!(?:PONG|OK|STATUS|DEBUG);)([0-9A-Za-z][0-9A-Za-z_/-]*+);"
    "ID=([0-9A-Za-z]{1,16});SWITCH=([0-9A-Za-z]++);CMD=([0-9A-Za-z]++);"
)
"""The line of a button, as almost all are: it needs no reading label by label."""

_LABEL = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_ID = re.compile(r"[0-9A-Za-z]{1,16}")
_COMMANDS = frozenset(("ON", "OFF", "ALLON", "ALLOFF", "UP", "DOWN", "STOP", "PAIR", "UNKOWN", "UNKNOWN"))
_WHOLE = {"CMD": _COMMANDS, "BAT": frozenset({"OK", "LOW"})} | dict.fromkeys(
    ("SMOKEALERT", "PIR"), frozenset({"ON", "OFF"})
)
_RENAMED = {"ID": "id", "SWITCH": "switch", "CMD": "cmd"}


class Rflink:
    """
    One RFLink gateway.

    `profile` may give an event to an address (`EV1527:0a1b2c:08`) that this gateway's house uses otherwise.
    """

    keepalive = PING
    """What the gateway may be asked when it has been silent; it answers with a heartbeat."""

    def __init__(self, *, profile: Mapping[str, Event] = NO_PROFILE) -> None:
        self.tally = Tally()
        self._profile = {canonical(address): event for address, event in profile.items()}
        self._tail = Tail(limit=LINE_BYTES_MAX, tally=self.tally)

    def feed(self, data: bytes) -> Sequence[Frame]:
        """The frames completed by these bytes. A line ends at CR or LF, with or without the other."""
        frames: list[Frame] = []
        at = 0
        for end in _LINE_END.finditer(data):
            frames += self._line(data[at : end.start()])
            at = end.end()
        self._tail.add(data[at:])
        return frames

    def acknowledge(self, frame: Frame, at: datetime, pad: bytes) -> bytes:
        """Nothing: the radio is one-way."""
        return b""

    def refuse(self, data: bytes) -> bytes:
        """Nothing: the radio is one-way."""
        return b""

    def _line(self, data: bytes) -> list[Frame]:
        """What a line end has ended; most lines come whole and never wait."""
        if len(self._tail) or len(data) > LINE_BYTES_MAX:
            self._tail.add(data)
            data = self._tail.take()
        return self._frames(data) if data else []

    def _frames(self, line: bytes) -> list[Frame]:
        """
        The frames of one line: several when line ends were lost between them.

        Every `20;SS;` begins anew, so that the leftover of a cut line never swallows the press glued behind it.
        """
        text = line.decode("latin-1")
        if (button := _BUTTON.fullmatch(text)) is not None:
            pressed = _pressed(button, line)
            return [profiled(pressed, self._profile) if self._profile else pressed]
        if "20;" not in text:
            self._count_noise(text)
            return []
        starts = [start.start() for start in _START.finditer(text)]
        if starts != [0]:
            self._count_noise(text[: starts[0]] if starts else text)
        pieces = [text[a:b] for a, b in pairwise([*starts, len(text)])]
        return [frame for piece in pieces if (frame := self._frame(piece)) is not None]

    def _count_noise(self, text: str) -> None:
        self.tally.noise_bytes += len(text.strip())

    def _frame(self, piece: str) -> Frame | None:
        frame = _parsed(piece)
        if frame is None:
            self.tally.malformed += 1
            return None
        return profiled(frame, self._profile) if self._profile else frame


def canonical(address: str) -> str:
    """The one spelling of an address: the name as it is, ID and SWITCH in lower case, leading zeros kept."""
    name, colon, rest = address.strip().partition(":")
    return name + colon + rest.lower()


def encode(address: str, event: Event = Event.BUTTON, *, count: int = 0) -> bytes:
    """
    The line with which a gateway would report this device (`NAME:ID:SWITCH` or `NAME:ID`).

    `count` is the gateway's line counter. Life signs and battery are sent as a sensor would; all else as a button.
    """
    name, number, switch = (*address.split(":"), "", "")[:3]
    labels = {
        Event.HEARTBEAT: "PONG;",
        Event.SMOKE: f"{name};ID={number};SMOKEALERT=ON;",
        Event.MOTION: f"{name};ID={number};PIR=ON;",
        Event.LOW_BATTERY: f"{name};ID={number};BAT=LOW;",
        Event.TELEMETRY: f"{name};ID={number};TEMP=00cf;BAT=OK;",
    }.get(event, f"{name};ID={number};" + (f"SWITCH={switch};" if switch else "") + "CMD=ON;")
    return f"20;{count & 0xFF:02X};{labels}\r\n".encode("ascii")


def _parsed(piece: str) -> Frame | None:
    """The frame of one piece that begins with `20;SS;`, None when it is cut or damaged."""
    sequence, body = piece[3:5], piece[6:]
    if not body.isprintable() or not body.isascii():
        body = _before_noise(body)
    parts = body.rstrip().split(";")
    if len(parts) < 2 and body.strip() not in _ANSWERS:
        return None
    name, labels = parts[0].strip(), parts[1:]
    known = _control(name, labels, piece) if name else None
    return known or (_device(name, labels, sequence, piece) if name and "=" not in name else None)


def _before_noise(body: str) -> str:
    """The body up to its last `;` when only what follows is noise, and nothing when the noise is inside."""
    whole = body[: body.rfind(";") + 1]
    return whole if whole.isprintable() and whole.isascii() else ""


def _whole(label: str) -> bool:
    """Whether a label at the end of a line without `;` is surely not cut: its value is one of a known few."""
    name, _, value = label.partition("=")
    return value in _WHOLE.get(name, ())


def _control(name: str, labels: list[str], piece: str) -> Frame | None:
    """What the gateway says of itself, None for a device's line."""
    if "RFLink Gateway" in name:
        banner = _BANNER.search(name)
        return _own(Event.GATEWAY_BOOT, piece, banner.groupdict() if banner else {"message": name})
    if name in _ANSWERS:
        event, fields = _ANSWERS[name]
        return _own(event, piece, fields)
    if "=" in name:
        lost_its_name = name.partition("=")[0] in _RENAMED
        return None if lost_its_name else _own(Event.GATEWAY_INFO, piece, _version([name, *labels]))
    # A sentence with its `;` is news of the gateway; a single word may be the name of a device whose line was cut.
    if name in ("STATUS", "DEBUG") or (labels and not any(labels) and " " in name):
        return _own(Event.GATEWAY_INFO, piece, {"message": name})
    return None


_ANSWERS: Mapping[str, tuple[Event, Mapping[str, Any]]] = {
    "PONG": (Event.HEARTBEAT, {"pong": True}),
    "OK": (Event.ACK, {"ok": True}),
    "CMD UNKNOWN": (Event.NACK, {"ok": False}),
}


def _version(labels: list[str]) -> dict[str, Any]:
    """The answer to `10;VERSION;` and to settings: VER and REV under their long names, the rest as it stands."""
    long = {"VER": "version", "REV": "revision", "BUILD": "build"}
    pairs = [label.partition("=") for label in labels if label]
    return {"message": ";".join(filter(None, labels))} | {long.get(key, key): value for key, _, value in pairs}


def _own(event: Event, piece: str, fields: Mapping[str, Any]) -> Frame:
    return Frame(
        event=event, raw=piece.encode("latin-1"), scope=Scope.GATEWAY, dedup_key=f"rflink:{event}", fields=fields
    )


def _pressed(button: re.Match[str], line: bytes) -> Frame:
    """As `_device` would make it."""
    sequence, name, number, switch, command = button.groups()
    device = f"{name}:{number.lower()}"
    address = f"{device}:{switch.lower()}"
    fields = {"node": 20, "seq": sequence, "name": name, "id": number, "switch": switch, "cmd": command}
    return Frame(
        Event.BUTTON,
        line,
        address,
        (device,),
        dedup_key=f"rflink:{address}:{command}",
        window_s=REPEAT_WINDOW_S,
        fields=MappingProxyType(fields),
    )


def _device(name: str, labels: list[str], sequence: str, piece: str) -> Frame | None:
    """A transmitter's line; None when it is cut, which shows in a label without value or a button without command."""
    values = _values(labels)
    if values is None or not _complete(values):
        return None
    events, addresses = _events(values), _addresses(name, values)
    address = addresses[0] if addresses else None
    return Frame(
        events[0],
        piece.encode("latin-1"),
        address,
        addresses[1:],
        events[1:],
        dedup_key=f"rflink:{address or name}:" + (values.get("CMD") or events[0]),
        window_s=REPEAT_WINDOW_S,
        fields=MappingProxyType({"node": 20, "seq": sequence, "name": name} | _fields(values)),
    )


def _values(labels: list[str]) -> dict[str, str] | None:
    """
    The labels with their values, split at the first `=` only (`CMD=SET_LEVEL=14`).

    None when one is cut. The last one is surely whole only with its `;` or when its value is one of a known few.
    """
    *ended, open_end = labels
    if open_end.strip() and not _whole(open_end.strip()):
        return None
    values = {}
    for label in [*ended, open_end]:
        name, _, value = label.strip().partition("=")
        if value and (name in _RENAMED or _LABEL.fullmatch(name)):
            values[name] = value
        elif label.strip():
            return None
    return values


def _complete(values: Mapping[str, str]) -> bool:
    """Whether a line says more than who speaks; a SWITCH never comes without its CMD."""
    if "ID" in values and not _ID.fullmatch(values["ID"]):
        return False
    if "SWITCH" in values and "CMD" not in values:
        return False
    return not values.keys() <= _NAMING


_NAMING = frozenset({"ID", "SWITCH"})


def _events(values: Mapping[str, str]) -> tuple[Event, ...]:
    if values.keys() <= _PRESSED:
        return (Event.BUTTON,)
    events = [_SAID[said] for said in values.items() if said in _SAID]
    button = "CMD" in values or "CHIME" in values
    if button:
        events.append(Event.BUTTON)
    if not events or (not button and not values.keys() <= _SAYING):
        events.append(Event.TELEMETRY)
    return gravest_first(events) if len(events) > 1 else tuple(events)


_PRESSED = frozenset({"ID", "SWITCH", "CMD"})
"""The labels of a line that tells of a button and nothing else; one without CMD is not complete."""

_SAYING = _PRESSED | {"CHIME", "SMOKEALERT", "PIR", "BAT"}
"""Those that are no measurement."""


_SAID = {
    ("SMOKEALERT", "ON"): Event.SMOKE,
    ("SMOKEALERT", "OFF"): Event.RESTORE,
    ("PIR", "ON"): Event.MOTION,
    ("PIR", "OFF"): Event.SENSOR_STATE,
    ("BAT", "LOW"): Event.LOW_BATTERY,
}


def _addresses(name: str, values: Mapping[str, str]) -> tuple[str, ...]:
    if "ID" not in values:
        return ()
    device = canonical(f"{name}:{values['ID']}")
    return (f"{device}:{values['SWITCH'].lower()}", device) if "SWITCH" in values else (device,)


def _fields(values: Mapping[str, str]) -> dict[str, Any]:
    fields: dict[str, Any] = {_RENAMED.get(name, name): value for name, value in values.items()}
    if "TEMP" in values and re.fullmatch(r"[0-9A-Fa-f]{1,4}", values["TEMP"]):
        fields["temperature_c"] = _temperature_c(int(values["TEMP"], 16))
    if "HUM" in values and re.fullmatch(r"[0-9]{1,3}", values["HUM"]):
        fields["humidity"] = int(values["HUM"])
    return fields


def _temperature_c(tenths: int) -> float:
    """Tenths of a degree with the highest of sixteen bits as the sign (RFLink Protocol Reference)."""
    return -(tenths & 0x7FFF) / 10 if tenths & 0x8000 else tenths / 10
