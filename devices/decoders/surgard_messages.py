"""
The forms in which alarm receivers print messages for their automation, and what each says.

    5RRLs18AAAAQXYZGGCCC␔      Contact ID          RR receiver, L line (System III: three places), s space, A account,
    3RRLssssAAAAAAXXYYYY␔      SIA                 Q E/R/P (or 1/3/6), XYZ code, GG group, CCC zone,
    SRRL[#AAAA|Nri1BA01]␔      SIA, as it came     XX or X event, YYYY code or zone, ␔ = 14h
    0RRL[#0000|NYK00]␔         the receiver's own state
    1RRLssssssAAAAsXYYYY␔      basic               6RRLssssssAAAAXXYYYY␔    BFSK
    8RRLAAAAsCCCCsCCCCsC␔      Ademco high speed   C channels and what they are about
    TRRLAAAAAAsEssZZ␔          Telenot             4RRLAAAAAATTTTTTTTTT␔    telephone of the caller
    1RRLsssssssssss@ssss␔      heartbeat, about every 30 s
    saRRLsAAAA18QXYZGGCCC␔     Radionics 6500
    ␊RG AAAA 18 QXYZ GG FCCC␍  Ademco 685; F C contact or U user;  ␊RG AAAA E␍  ␊RG AAAA E Z␍  ␊RG AAAA CCCC CCCC C␍

Sources: Sur-Gard MLR2-DG manual pp. 39-41 (basic, SIA 1 and 2, telephone, BFSK, high speed), MLR2-E manual p. 38
(Telenot), System III and MLR2-E automation pages (three places, six-digit accounts, the receiver's own state);
VisorAlarm Plus 2U appendix IV; Bosch D6600 computer interface 3.1.22; Honeywell MX8000 section 8.5;
`asterisk/asterisk:apps/app_alarmreceiver.c` (channels).
"""

import re
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

from devices.decoders.accounts import EMERGENCIES, Parts, addresses_of
from devices.decoders.contact_id_codes import contact_id_event, contact_id_scope
from devices.decoders.decoder import NO_PROFILE, Frame
from devices.decoders.sia_codes import sia_event, sia_scope
from devices.decoders.sia_data import Block, Packet, read_block
from devices.decoders.surgard_channels import high_speed
from devices.decoders.surgard_print import REPEAT_WINDOW_S, Print, Profile, frame_of
from dispatch.rules.signal import Event, Scope

Form = tuple[re.Pattern[str], Callable[[re.Match[str], Print], Sequence[Frame]]]
"""A message, and the reader of it: the events it tells, one frame each. At least one, or the sender has no answer."""

RECEIVER = "0000"
"""The account under which a receiver reports itself."""


def link_test(raw: bytes) -> Frame:
    """A receiver that speaks 685 asks whether we are there."""
    return _alive(raw, {})


def _heartbeat(found: re.Match[str], said: Print) -> Sequence[Frame]:
    return [_alive(said.raw, found.groupdict())]


def _alive(raw: bytes, line: Mapping[str, str]) -> Frame:
    """The receiver lives: never a copy of an earlier one, so it has no window."""
    fields = {"kind": "heartbeat"} | {name: value for name, value in line.items() if value}
    return Frame(
        Event.HEARTBEAT,
        raw,
        scope=Scope.GATEWAY,
        dedup_key="surgard:heartbeat",
        answers=True,
        fields=MappingProxyType(fields),
    )


# ---------------------------------------------------------------------------------------------------- Contact ID


def _contact_id(found: re.Match[str], said: Print) -> Sequence[Frame]:
    fields = found.groupdict() | {"kind": "contact-id"}
    if "letter" in fields:
        fields["zone_kind"] = {"C": "contact", "U": "user"}[fields.pop("letter")]
    event = contact_id_event(fields["code"], fields["qualifier"], said.profile)
    return [frame_of(said, event, fields, scope=contact_id_scope(fields["code"]), zone=fields["zone"])]


# ---------------------------------------------------------------------------------------------------- SIA


def _sia(found: re.Match[str], said: Print) -> Sequence[Frame]:
    fields = _stripped(found) | {"kind": "sia"}
    code = fields["sia_code"]
    return [frame_of(said, sia_event(code, said.profile), fields, scope=sia_scope(code), zone=fields["zone"])]


def _sia_block(found: re.Match[str], said: Print) -> Sequence[Frame]:
    """The panel's own text, with every event in it; under 0 the receiver's."""
    block, own = read_block(found["data"]), found["form"] == "0" or found["account"] == RECEIVER
    line = {"kind": "sia", "receiver": found["receiver"], "line": found["line"]}
    line["account"] = RECEIVER if own else found["account"] or ""
    if len(block.packets) > 1:
        return _several(said, block, line, own)
    if block.packets:
        (packet,) = block.packets
        also = (Event.VOICE_REQUEST,) if block.listens else ()
        fields, code = {**line, **packet.fields, "sia_code": packet.code}, packet.code
        event, scope = sia_event(code, said.profile), sia_scope(code)
        return [frame_of(said, event, fields, scope=scope, zone=packet.zone, also=also, own=own)]
    readable = block.text != "" and block.text.isprintable()
    nothing = Event.VOICE_REQUEST if block.listens else Event.INFO if readable else Event.UNKNOWN
    return [frame_of(said, nothing, line | {"text": block.text}, scope=Scope.GATEWAY, own=own)]


def _several(said: Print, block: Block, line: Mapping[str, str], own: bool) -> Sequence[Frame]:
    """As `frame_of` would make them one by one; eighty stand in a message, and many say the same of the same zone."""
    shared = {**line, "message": said.number, "part": 0, "parts": len(block.packets)}
    also = (Event.VOICE_REQUEST,) if block.listens else ()
    known: dict[tuple[str, str, str, int], _Stated] = {}
    told = []
    for part, packet in enumerate(block.packets, 1):
        name = (packet.code, packet.zone, packet.text, id(packet.modifiers))
        stated = known.get(name) or known.setdefault(name, _stated(said, packet, line["account"], own))
        event, addresses, scope, explicit, fields = stated
        told.append(
            Frame(
                event,
                said.raw,
                addresses[0] if addresses else None,
                addresses[1:],
                also,
                scope,
                explicit,
                f"{said.key}:{part}",
                REPEAT_WINDOW_S,
                False,
                True,
                True,
                False,
                None,
                None,
                None,
                Parts(shared, fields, part),
            )
        )
    return told


_Stated = tuple[Event, tuple[str, ...], Scope, bool, Mapping[str, Any]]


def _stated(said: Print, packet: Packet, account: str, own: bool) -> _Stated:
    """What one event of a block says, and who says it."""
    event = sia_event(packet.code, said.profile)
    addresses = addresses_of(account, packet.zone.replace(" ", "")) if not own else ()
    scope = sia_scope(packet.code) if not own else Scope.GATEWAY
    return event, addresses, scope, event in EMERGENCIES, packet.fields | {"sia_code": packet.code}


# ---------------------------------------------------------------------------------------------------- letters


def _basic(found: re.Match[str], said: Print) -> Sequence[Frame]:
    """
    Basic and BFSK: a character or two for the event, and a code or zone that the panel chose.

    Under account 0000 `P  0L` asks for two-way audio (MLR2-DG option), the others are the receiver's own state.
    """
    fields = _stripped(found) | {"kind": "basic"}
    letters, code = fields["event_char"], fields["alarm_code"]
    if fields["account"] != RECEIVER:
        event = _own(letters, code, said.profile) or _FOUR_THREE.get(letters) or _lettered(letters)
        return [frame_of(said, event, fields, zone=code)]
    audio = letters not in _STATE and re.fullmatch(r"0[0-9A-F]", code) is not None
    event = Event.VOICE_REQUEST if audio else _STATE.get(letters) or _lettered(letters)
    return [frame_of(said, event, fields, own=True)]


def _low_speed(found: re.Match[str], said: Print) -> Sequence[Frame]:
    """The 3x1, 4x1 and 4x2 forms of the 685: one or two characters that the panel chose, the second as a zone."""
    fields = {"alarm_code": "", **_stripped(found)} | {"kind": "basic"}
    letters, code = fields["event_char"], fields["alarm_code"]
    return [frame_of(said, _own(letters, code, said.profile) or _lettered(letters), fields, zone=code)]


_STATE: Profile = {"A": Event.FAULT, "T": Event.FAULT, "R": Event.RESTORE}
"""What the receiver reports of itself under account 0000: lines, batteries, cards, faulty calls."""


def _own(letters: str, code: str, profile: Profile) -> Event | None:
    return profile.get(letters + code) or profile.get(letters) or profile.get(code)


def _lettered(letters: str) -> Event:
    known = sia_event(letters, NO_PROFILE) if len(letters) == 2 else Event.UNKNOWN
    digit = Event.ALARM if letters.isdigit() else Event.UNKNOWN
    return _LETTERS.get(letters) or (known if known is not Event.UNKNOWN else digit)


_LETTERS: Profile = {
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
    # One letter, or none, for whatever happens: the code alone tells (System III option 70).
    "Z": Event.ALARM,
    "": Event.ALARM,
}
"""
The event characters of the pulse formats. O and C are in the MLR2-DG manual; the others are the letters that
central stations use for the same words (panic, medical, holdup, duress, fire, trouble) and a profile may override them.
"""


_FOUR_THREE: Profile = {"1": Event.FIRE, "2": Event.PRESS, "7": Event.PRESS}
"""The digits of the Sur-Gard 4/3 format that call for help: fire, panic, medical. The others may be help elsewhere."""


def _telenot(found: re.Match[str], said: Print) -> Sequence[Frame]:
    fields = _stripped(found) | {"kind": "telenot"}
    letter = fields["event_char"]
    return [frame_of(said, said.profile.get(letter) or _TELENOT[letter], fields, zone=fields["alarm_code"])]


_TELENOT: Profile = {
    "A": Event.ALARM,
    "F": Event.FAULT,
    "H": Event.RESTORE,
    "K": Event.RESTORE,
    "L": Event.FAULT,
    "N": Event.PRESS,
    "O": Event.ALARM,
    "Q": Event.INFO,
    "R": Event.TEST,
    "T": Event.ARM_DISARM,
    "U": Event.ARM_DISARM,
}
"""N is the emergency alarm; O, a call, may be one."""


def _caller(found: re.Match[str], said: Print) -> Sequence[Frame]:
    """The telephone number a panel called from: for people."""
    return [frame_of(said, Event.INFO, _stripped(found) | {"kind": "caller"}, scope=Scope.GATEWAY)]


def _stripped(found: re.Match[str]) -> dict[str, str]:
    return {name: value.strip() for name, value in found.groupdict().items() if value is not None}


_HEX = "[0-9A-F]"
# System III prints its line with three places, the others with one.
_FROM = rf"(?P<receiver>{_HEX}{{2}})(?P<line>{_HEX}{{3}}|{_HEX})"
_FROM_685 = r"\n(?P<receiver>[0-9A-Z])(?P<line>[0-9A-Z])"
_CONTACT = rf"(?P<qualifier>[ERP136])(?P<code>{_HEX}{{3}})(?P<group>{_HEX}{{2}})(?P<zone>{_HEX}{{3}})"
_CODE = "[0-9A-F ]{4}"
_ACCOUNT = rf"(?P<account>{_HEX}{{4}})"
_SIX = rf"(?P<account> *{_HEX}+)"
"""An account at the right of its columns, which a lookahead counts."""
_CHANNEL = r"(?P<channels>[0-9]{4}(?: [0-9]{4}){1,3}) (?P<about>[0-9])"

MESSAGES: Sequence[Form] = (
    (re.compile(rf"5{_FROM} (?:18|98){_ACCOUNT}{_CONTACT}$"), _contact_id),
    (re.compile(rf" a{_FROM} {_ACCOUNT}(?:18|98){_CONTACT}$"), _contact_id),
    (re.compile(rf" ?1{_FROM} +@ *$"), _heartbeat),
    (re.compile(rf"3{_FROM} {{4}}(?=.{{12}}$){_SIX}(?P<sia_code>[A-Z]{{2}})(?P<zone>{_CODE})$"), _sia),
    (re.compile(rf" ?(?P<form>[S0]){_FROM}\[(?:#(?P<account>{_HEX}{{1,16}})\|)?(?P<data>[^\[\]]*)\]$"), _sia_block),
    (re.compile(rf"[16]{_FROM}(?=.{{16}}$){_SIX}(?P<event_char>[A-Z0-9 ]{{2}})(?P<alarm_code>{_CODE})$"), _basic),
    (
        re.compile(
            rf"8(?P<receiver>{_HEX}{{2}})(?P<line>{_HEX}(?={_HEX}{{4}} )|{_HEX}{{3}})(?P<account>{_HEX}{{3,6}})"
            rf" {_CHANNEL}$"
        ),
        high_speed,
    ),
    (
        re.compile(rf"T{_FROM}(?=.{{12}}$){_SIX} (?P<event_char>[AFHKLNOQRTU])  (?P<alarm_code>[0-9A-F ]{{2}})$"),
        _telenot,
    ),
    (re.compile(rf"4{_FROM}(?=.{{16}}$){_SIX}(?P<number>[0-9 ]{{10}})$"), _caller),
)
"""What a DC4 has ended."""

LINES: Sequence[Form] = (
    (
        re.compile(
            rf"{_FROM_685} {_ACCOUNT} (?:18|98) (?P<qualifier>[ERP136])(?P<code>{_HEX}{{3}})"
            rf" (?P<group>{_HEX}{{2}}) (?P<letter>[CU])(?P<zone>{_HEX}{{3}}) ?$"
        ),
        _contact_id,
    ),
    (re.compile(rf"{_FROM_685} {_ACCOUNT} {_CHANNEL} ?$"), high_speed),
    (
        re.compile(rf"{_FROM_685} {_ACCOUNT} (?P<event_char>[A-Z0-9]{{1,2}})(?: (?P<alarm_code>{_HEX}{{1,4}}))? ?$"),
        _low_speed,
    ),
)
"""What a CR has ended, in the forms of the 685."""
