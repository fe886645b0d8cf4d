"""
Messages of alarm receivers to their automation: Sur-Gard MLR2 and System I-III, Radionics 6500, Ademco 685.

    5RRLs18AAAAQXYZGGCCC␔     Contact ID           RR receiver, L line, s space, A account,
    3RRLssssAAAAAAXXYYYY␔     SIA                  Q E/R/P (or 1/3/6), XYZ code, GG group, CCC zone,
    1RRLssssssAAAAsXYYYY␔     basic                XX or X event, YYYY code or zone, ␔ = 14h
    6RRLssssssAAAAXXYYYY␔     BFSK
    8RRLAAAAsCCCCsCCCCsC␔     Ademco high speed
    1RRLsssssssssss@ssss␔     heartbeat, about every 30 s
    saRRLsAAAA18QXYZGGCCC␔    Radionics 6500
    ␊R G AAAA 18 QXYZ GG FCCC␍    Ademco 685; F C contact or U user;  ␊R G AAAA E Z␍  its 4x2 form

The answer is one byte within 4 s: 06 for each message and each copy, 15 for a garbled one. Without it the receiver
repeats three times and then buffers, so nothing is acknowledged before it is durable. There is no checksum and no
sequence number. Sources: Sur-Gard MLR2-E, MLR2-DG and MLR2000 manuals; VisorAlarm Plus 2U appendix IV; Honeywell
MX8000 section 8.5.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from types import MappingProxyType
from typing import Any

from devices.decoders.contact_id_codes import EVENTS, RESTORES, contact_id_event, contact_id_scope
from devices.decoders.decoder import NO_PROFILE, Frame, Tail, Tally
from devices.decoders.sia_codes import sia_event, sia_scope
from dispatch.rules.signal import CAUSES, Event, Scope

ACK = b"\x06"
NAK = b"\x15"

MESSAGE_BYTES_MAX = 256
"""The longest message above has 26 bytes; a terminator later than this ends noise."""

REPEAT_WINDOW_S = 60.0
"""
The same message nearer than this to the first is a retransmission: 4 s, three times, with room for a busy line
(PROTOCOLS section 13). Copies do not extend it: who presses every half minute is heard every minute.
"""

_DC4, _CR, _LF = 0x14, 0x0D, 0x0A
_TERMINATOR = re.compile(rb"[\x14\r]")
_WITHOUT_PARITY = bytes(byte & 0x7F if byte.bit_count() % 2 == 0 else byte for byte in range(256))
"""What 7 bits with even parity look like when read as 8 bits: bit 7 makes the number of ones even."""


class Surgard:
    """
    One receiver, on a serial line or TCP.

    `profile` maps codes of its panels to events where they differ from the standard: three digits for Contact ID, two
    letters for SIA, one for the basic format.
    """

    def __init__(self, *, profile: Mapping[str, Event] = NO_PROFILE) -> None:
        self.tally = Tally()
        self._profile = profile
        self._tail = Tail(limit=MESSAGE_BYTES_MAX, tally=self.tally)
        self._speaks_685 = False

    @property
    def incomplete(self) -> bool:
        """Whether a message has begun and waits for its terminator."""
        return len(self._tail) > 0

    def feed(self, data: bytes) -> Sequence[Frame]:
        """The frames completed by these bytes, whether the line was opened with seven bits or with eight."""
        clean = data.translate(_WITHOUT_PARITY)
        frames: list[Frame] = []
        at = 0
        for end in _TERMINATOR.finditer(clean):
            self._tail.add(clean[at : end.end()])
            frames += self._line() if end[0] == b"\r" else self._message()
            at = end.end()
        self._tail.add(clean[at:])
        return frames

    def acknowledge(self, frame: Frame, at: datetime, pad: bytes) -> bytes:
        """06, for every copy again."""
        return ACK

    def refuse(self, data: bytes) -> bytes:
        """15: the same message, please."""
        return NAK

    def _message(self) -> list[Frame]:
        """What a DC4 has ended. Noise may stand before the message, never behind it."""
        return self._one_of(_MESSAGES, self._tail.take())

    def _line(self) -> list[Frame]:
        """
        What a CR has ended, if it began with LF; else the CR is noise in a message that may still end well.

        A lone CR is the 685 link test. Noise has those too, so it counts only where 685 has been spoken before.
        """
        text = self._tail.peek()
        if text.strip(b"\r\n") == b"":
            self._tail.take()
            return [_heartbeat(text, {})] if self._speaks_685 else []
        if b"\n" not in text:
            return []
        frames = self._one_of(_LINES, self._tail.take())
        self._speaks_685 |= bool(frames)
        return frames

    def _one_of(self, forms: Sequence["_Form"], data: bytes) -> list[Frame]:
        text = data[:-1].decode("latin-1")
        for form, read in forms:
            found = form.search(text)
            if found is not None:
                self.tally.noise_bytes += found.start()
                return [read(found, data[found.start() :], self._profile)]
        self.tally.malformed += bool(text.strip())
        return []


_Form = tuple[re.Pattern[str], Callable[[re.Match[str], bytes, Mapping[str, Event]], Frame]]


def canonical(address: str) -> str:
    """The one spelling of an address: upper case, leading zeros kept."""
    return address.strip().upper()


def encode(address: str, event: Event = Event.PRESS, *, count: int = 0) -> bytes:
    """
    The Contact ID message with which a receiver reports this account (`ACCOUNT` or `ACCOUNT:ZONE`).

    A restore is sent as such; what Contact ID has no code for is sent as a test (602). `count` chooses the line, 1-9.
    """
    if event is Event.HEARTBEAT:
        return b"1011           @    \x14"
    account, _, zone = address.partition(":")
    qualifier, code = _code_of(event)
    return f"501{count % 9 + 1} 18{account}{qualifier}{code}01{zone[-3:] or '000':0>3}\x14".encode("ascii")


def _code_of(event: Event) -> tuple[str, str]:
    if event in _STATED_CODES:
        return "E", _STATED_CODES[event]
    new = [code for code, stated in EVENTS.items() if stated is event]
    ended = [code for code, stated in EVENTS.items() if RESTORES.get(stated) is event]
    if event is Event.RESTORE:
        return "R", "101"
    return ("E", new[0]) if new else ("R", ended[0]) if ended else ("E", "602")


_STATED_CODES = {Event.PRESS: "101", Event.LOW_BATTERY: "384", Event.OFFLINE: "381", Event.TEST: "602"}


def _frame(
    event: Event, raw: bytes, fields: Mapping[str, Any], *, scope: Scope = Scope.DEVICE, zone: str = ""
) -> Frame:
    """A message about an account; copies are known by their whole text, for there is no sequence number."""
    account = fields["account"]
    precise = (f"{account}:{zone}",) if zone else ()
    addresses = (*precise, account)
    return Frame(
        event=event,
        raw=raw,
        address=addresses[0],
        alternatives=addresses[1:],
        scope=scope,
        explicit=event in _EMERGENCIES,
        dedup_key=f"surgard:{raw.strip().decode('latin-1')}",
        window_s=REPEAT_WINDOW_S,
        sliding=False,
        answers=True,
        fields=MappingProxyType(dict(fields)),
    )


_EMERGENCIES = CAUSES.keys() - {Event.ALARM}
"""What the message itself calls an emergency. An alarm of unknown kind is not, unless we know the account."""


def _heartbeat(raw: bytes, line: Mapping[str, str]) -> Frame:
    """The receiver lives: never a copy of an earlier one, so it has no window."""
    fields = {"kind": "heartbeat"} | {name: value for name, value in line.items() if value}
    return Frame(
        event=Event.HEARTBEAT,
        raw=raw,
        scope=Scope.GATEWAY,
        dedup_key="surgard:heartbeat",
        answers=True,
        fields=MappingProxyType(fields),
    )


def _contact_id(found: re.Match[str], raw: bytes, profile: Mapping[str, Event]) -> Frame:
    fields = found.groupdict() | {"kind": "contact-id"}
    event = contact_id_event(fields["code"], fields["qualifier"], profile)
    return _frame(event, raw, fields, scope=contact_id_scope(fields["code"]), zone=fields["zone"])


def _line_685(found: re.Match[str], raw: bytes, profile: Mapping[str, Event]) -> Frame:
    fields = found.groupdict() | {"kind": "contact-id"}
    fields["zone_kind"] = {"C": "contact", "U": "user"}[fields.pop("letter")]
    event = contact_id_event(fields["code"], fields["qualifier"], profile)
    return _frame(event, raw, fields, scope=contact_id_scope(fields["code"]), zone=fields["zone"])


def _sia(found: re.Match[str], raw: bytes, profile: Mapping[str, Event]) -> Frame:
    fields = {name: value.strip() for name, value in found.groupdict().items()} | {"kind": "sia"}
    code = fields["sia_code"]
    return _frame(sia_event(code, profile), raw, fields, scope=sia_scope(code), zone=fields["zone"])


def _basic(found: re.Match[str], raw: bytes, profile: Mapping[str, Event]) -> Frame:
    """
    Basic, BFSK and the 4x2 form: a character for the event and a code or zone whose meaning is the panel's own.

    With account 0000 and `P  0L` it asks for two-way audio (MLR2-DG option).
    """
    fields = {name: value.strip() for name, value in found.groupdict().items()} | {"kind": "basic"}
    if fields["account"] == "0000" and re.fullmatch(r"0[0-9A-F]", fields["alarm_code"]):
        return _frame(Event.VOICE_REQUEST, raw, fields, scope=Scope.GATEWAY)
    event = _lettered(fields["event_char"], fields["alarm_code"], profile)
    return _frame(event, raw, fields, zone=fields["alarm_code"])


def _lettered(letters: str, code: str, profile: Mapping[str, Event]) -> Event:
    own = profile.get(letters + code) or profile.get(letters) or profile.get(code)
    known = sia_event(letters, NO_PROFILE) if len(letters) == 2 else Event.UNKNOWN
    digit = Event.ALARM if letters.isdigit() else Event.UNKNOWN
    return own or _LETTERS.get(letters) or (known if known is not Event.UNKNOWN else digit)


_LETTERS: Mapping[str, Event] = {
    "A": Event.ALARM,
    "P": Event.PRESS,
    "M": Event.PRESS,
    "H": Event.DURESS,
    "D": Event.DURESS,
    "F": Event.FIRE,
    "G": Event.GAS,
    "R": Event.RESTORE,
    "T": Event.FAULT,
    "L": Event.LOW_BATTERY,
    "O": Event.ARM_DISARM,
    "C": Event.ARM_DISARM,
    "B": Event.INFO,
    "U": Event.INFO,
    "S": Event.FAULT,
    "X": Event.TEST,
}
"""
The event characters of the pulse formats. O and C are in the MLR2-DG manual; the others are the letters that
central stations use for the same words (panic, medical, holdup, duress, fire, trouble) and a profile may override them.
"""


def _high_speed(found: re.Match[str], raw: bytes, profile: Mapping[str, Event]) -> Frame:
    """
    Eight channels and a status: 1 alarm, 2 opening, 3 restore, 4 closing, 5 nothing new, 6 still in alarm.

    The zone is the first channel with the gravest news.
    """
    channels = found["first"] + found["second"]
    digit = next((news for news in "13246" if news in channels), "5")
    zone = f"{channels.index(digit) + 1:03}" if digit in channels else ""
    fields = {name: found[name] for name in ("receiver", "line", "account")}
    fields |= {"kind": "high-speed", "alarm_code": channels, "zone": zone}
    event = profile.get(digit) or _CHANNELS[digit]
    return _frame(event, raw, fields, zone=zone)


_CHANNELS: Mapping[str, Event] = {
    "1": Event.ALARM,
    "2": Event.ARM_DISARM,
    "3": Event.RESTORE,
    "4": Event.ARM_DISARM,
    "5": Event.TEST,
    "6": Event.STATUS_PRESS,
}


_HEX = "[0-9A-F]"
# System III prints its line with three places, the others with one.
_FROM = rf"(?P<receiver>{_HEX}{{2}})(?P<line>{_HEX}{{3}}|{_HEX})"
_EVENT = rf"(?P<qualifier>[ERP136])(?P<code>{_HEX}{{3}})(?P<group>{_HEX}{{2}})(?P<zone>{_HEX}{{3}})"
_CODE = "[0-9A-F ]{4}"
_ACCOUNT = rf"(?P<account>{_HEX}{{4}})"

_MESSAGES: Sequence[_Form] = (
    (re.compile(rf"5{_FROM} (?:18|98){_ACCOUNT}{_EVENT}$"), _contact_id),
    (re.compile(rf" a{_FROM} {_ACCOUNT}(?:18|98){_EVENT}$"), _contact_id),
    (re.compile(rf" ?1{_FROM} +@ *$"), lambda found, raw, _: _heartbeat(raw, found.groupdict())),
    (re.compile(rf"3{_FROM} {{4}}(?=.{{12}}$)(?P<account> *{_HEX}+)(?P<sia_code>[A-Z]{{2}})(?P<zone>{_CODE})$"), _sia),
    (re.compile(rf"1{_FROM} {{6}}{_ACCOUNT} (?P<event_char>[A-Z0-9])(?P<alarm_code>{_CODE})$"), _basic),
    (re.compile(rf"6{_FROM} {{6}}{_ACCOUNT}(?P<event_char>[A-Z0-9 ]{{2}})(?P<alarm_code>{_CODE})$"), _basic),
    (re.compile(rf"8{_FROM}{_ACCOUNT} (?P<first>[0-9]{{4}}) (?P<second>[0-9]{{4}}) [0-9]$"), _high_speed),
)
_LINES: Sequence[_Form] = (
    (
        re.compile(
            rf"\n(?P<receiver>\S)(?P<line>\S) {_ACCOUNT} (?:18|98) (?P<qualifier>[ERP136])(?P<code>{_HEX}{{3}})"
            rf" (?P<group>{_HEX}{{2}}) (?P<letter>[CU])(?P<zone>{_HEX}{{3}}) ?$"
        ),
        _line_685,
    ),
    (
        re.compile(
            rf"\n(?P<receiver>\S)(?P<line>\S) {_ACCOUNT}"
            rf" (?P<event_char>[A-Z0-9]{{1,2}}) (?P<alarm_code>{_HEX}{{1,4}}) ?$"
        ),
        _basic,
    ),
)
