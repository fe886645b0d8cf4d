"""What a DC-09 message says: the events of its block, by the token that names the code, as frames."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType
from typing import Any, Final

from devices.decoders.accounts import EMERGENCIES, Parts, addresses_of, key_of
from devices.decoders.contact_id_codes import contact_id_event, contact_id_scope
from devices.decoders.dc09_message import Message
from devices.decoders.decoder import Frame
from devices.decoders.sia_codes import sia_event, sia_scope
from devices.decoders.sia_data import Packet, read_block
from dispatch.rules.signal import Event, Scope

REPEAT_WINDOW_S = 600.0
"""
A message with the same sender, sequence and data nearer than this to the first is a retransmission (PROTOCOLS 13).

Its time may differ: an encrypted message is stamped anew for every try.
"""

TALK: Mapping[str, Event] = {"ACK": Event.ACK, "RSP": Event.ACK, "NAK": Event.NACK, "DUH": Event.NACK}
"""Answers, by their token. A receiver has no use for them; nobody is told anything by them."""

_EVENT = r"(?P<qualifier>[136ERP])(?P<code>[0-9A-F]{3}) ?(?P<group>[0-9A-F]{2}) ?(?P<zone>[0-9A-F]{3})"
_CONTACT_ID = re.compile(rf"{_EVENT}(?P<text>[ ^|/].*)?", re.DOTALL)
_LOOSE = re.compile(
    r"(?:[19]8[^0-9A-F]+)?(?P<qualifier>[136ERP])(?P<code>[0-9A-F]{3})"
    r"(?:[^0-9A-Z]+(?P<group>[0-9A-F]{1,2})(?:[^0-9A-Z]+(?P<zone>[0-9A-F]{1,3}))?)?[^0-9A-Z]*"
)
"""
The same with other spaces, without leading zeros, or ended early: the code is what somebody may be calling for help by.
"""

_ACCOUNT = re.compile(
    rf"#(?P<barred>[0-9A-Za-z_.-]*)\||#(?P<plain>[0-9A-Za-z_.-]{{1,16}}?)(?={_EVENT}$)"
    r"|#(?P<letters>[0-9A-F]{3,16})(?=[NOEL][A-Za-z]{2}|$)|\|"
)
"""In front of the data: the account and a bar; some leave out the bar, some the account."""


@dataclass(slots=True, eq=False)
class Statement:
    """
    One event of a message, with the account that its block names (empty where it names none). Never changed.

    A block that tells the same twice has the same statement twice.
    """

    event: Final[Event]
    scope: Final[Scope] = Scope.DEVICE
    also: Final[tuple[Event, ...]] = ()
    account: Final[str] = ""
    zone: Final[str] = ""
    fields: Final[Mapping[str, str]] = field(default_factory=dict)


Profile = Mapping[str, Event]

_ALIVE = Statement(event=Event.HEARTBEAT, scope=Scope.GATEWAY, fields={"kind": "null"})
"""A NULL. What stands in its block is filling (`#0000|0000 00 000`)."""

_MYSTERY = Statement(event=Event.UNKNOWN, scope=Scope.GATEWAY)
_SEALED = Statement(event=Event.NACK, scope=Scope.GATEWAY)


def statements(message: Message, profile: Profile) -> Sequence[Statement]:
    """
    The events of a message, one at least: `unknown` for what nobody documents, `nack` for what we cannot open.
    """
    kind = message.head.token.removeprefix("*")
    if kind in TALK:
        return (Statement(event=TALK[kind], scope=Scope.GATEWAY),)
    if message.block is None:
        return (_SEALED if message.head.encrypted else _MYSTERY,)
    return _READERS.get(kind, _foreign)(message.block.data, profile)


def frames(message: Message, said: Sequence[Statement], stated: Mapping[str, Any]) -> list[Frame]:
    """One frame for each statement, with `stated` among its fields; several are numbered by `part` of `parts`."""
    account = message.head.account or said[0].account
    common, key = {**_fields(message), **stated, "account": account}, _key(message, account)
    shared = _shared(message)
    if len(said) == 1:
        (one,) = said
        return [_frame(one, _details(message, one), shared, MappingProxyType({**common, **one.fields}), key)]
    common |= {"part": 0, "parts": len(said)}
    known = {one: _details(message, one) for one in dict.fromkeys(said)}
    return [
        _frame(one, known[one], shared, Parts(common, one.fields, part), f"{key}:{part}")
        for part, one in enumerate(said, 1)
    ]


_Shared = tuple[bytes, bool, bool, datetime | None]
"""What all frames of a message have in common: its bytes, whether they are sound, an answer is due, and its time."""


def _shared(message: Message) -> _Shared:
    head, block = message.head, message.block
    talk = head.token.removeprefix("*") in TALK
    # Times in plain messages are as often local as GMT, and nothing sets the panel's clock right.
    sent_at = block.at if block is not None and head.encrypted else None
    return message.raw, message.crc_ok, not talk, sent_at


_Details = tuple[tuple[str, ...], bool, float]


def _details(message: Message, one: Statement) -> _Details:
    """Who says it, whether it is an emergency in so many words, and for how long a copy of it is one."""
    addresses = () if message.head.token.removeprefix("*") in TALK else _addresses(message.head.account, one)
    return addresses, one.event in EMERGENCIES, 0.0 if one.event in _NEVER_COPIES else REPEAT_WINDOW_S


def _frame(one: Statement, details: _Details, shared: _Shared, fields: Mapping[str, Any], key: str) -> Frame:
    addresses, explicit, window_s = details
    raw, trusted, answers, sent_at = shared
    return Frame(
        one.event,
        raw,
        addresses[0] if addresses else None,
        addresses[1:],
        one.also,
        one.scope,
        explicit,
        key,
        window_s,
        False,
        trusted,
        answers,
        sent_at is not None,
        sent_at,
        None,
        None,
        fields,
    )


_NEVER_COPIES = frozenset({*TALK.values(), Event.HEARTBEAT})


def _key(message: Message, account: str) -> str:
    """Equal for all tries of one message, whatever their time and CRC: sender, sequence and data."""
    head = message.head
    data = message.block.data if message.block is not None else head.content
    sender = f"{account}:{head.receiver or ''}:{head.line or ''}:{head.seq}".upper()
    return f"dc09:{sender}:{key_of(data)}"


def _addresses(account: str, one: Statement) -> tuple[str, ...]:
    """
    The zone before the account. The block may name another account than the head: the head's is the subscriber's.
    """
    named = addresses_of(account or one.account, one.zone)
    if one.account in ("", account):
        return named
    both = (*named, *addresses_of(one.account, one.zone))
    return tuple(dict.fromkeys(sorted(both, key=lambda address: ":" not in address)))


def _fields(message: Message) -> dict[str, Any]:
    """What is the same for all events of a message. What was left out is not there."""
    head, block = message.head, message.block
    fields: dict[str, Any] = {"kind": "dc09", "token": head.token, "seq": head.seq}
    if head.receiver is not None:
        fields["receiver"] = head.receiver
    if head.line is not None:
        fields["line"] = head.line
    if block is not None and block.extended:
        fields["xdata"] = block.extended
    if block is not None and block.at is not None:
        fields["timestamp"] = block.at.strftime("%Y-%m-%dT%H:%M:%SZ")
    fields["encrypted"] = head.encrypted
    fields["crc_ok"] = message.crc_ok
    fields["length_ok"] = message.length_ok
    fields["accept_strict"] = message.crc_ok and message.length_ok
    fields["binary_crc"] = message.binary_crc
    return fields


def _contact_id(data: str, profile: Profile) -> Sequence[Statement]:
    account, rest = _parted(data)
    # Small letters are a sender's habit; whether something was damaged is for the check sum to say.
    found = _CONTACT_ID.fullmatch(rest) or _CONTACT_ID.fullmatch(rest.upper()) or _LOOSE.fullmatch(rest.upper())
    if found is None:
        return (_MYSTERY,)
    said = {name: part or "" for name, part in found.groupdict().items()}
    said |= {"group": said["group"].zfill(2), "zone": said["zone"].zfill(3)}
    text = said.pop("text", "").strip(" ^|/")
    return (
        Statement(
            event=contact_id_event(said["code"], said["qualifier"], profile),
            scope=contact_id_scope(said["code"]),
            account=account,
            zone=said["zone"],
            fields={"kind": "contact-id", **said, **({"text": text} if text else {})},
        ),
    )


def _parted(data: str) -> tuple[str, str]:
    """The account that the block names, empty where it names none, and the data behind it."""
    found = _ACCOUNT.match(data)
    if found is None:
        return "", data
    return found["barred"] or found["plain"] or found["letters"] or "", data[found.end() :]


def _sia(data: str, profile: Profile) -> Sequence[Statement]:
    """Every event of the block. One that is only text tells people something; L asks for a speech path as well."""
    account, rest = _parted(data)
    block = read_block(rest)
    if not block.packets:
        told = Statement(event=Event.INFO, scope=Scope.GATEWAY, account=account, fields={"text": block.text})
        return (told,) if block.text else (_MYSTERY,)
    voice = (Event.VOICE_REQUEST,) if block.listens else ()
    known: dict[tuple[str, str, str, int], Statement] = {}
    return [
        known.get(name := (packet.code, packet.zone, packet.text, id(packet.modifiers)))
        or known.setdefault(name, _packet(packet, account, voice, profile))
        for packet in block.packets
    ]


def _packet(packet: Packet, account: str, also: tuple[Event, ...], profile: Profile) -> Statement:
    code = packet.code
    fields = {"kind": "sia", **packet.fields}
    return Statement(sia_event(code, profile), sia_scope(code), also, account, packet.zone, fields)


def _foreign(_data: str, _profile: Profile) -> Sequence[Statement]:
    """A code of its own, such as a pulse format: nothing that we could say about it would be certain."""
    return (_MYSTERY,)


_READERS: Mapping[str, Callable[[str, Profile], Sequence[Statement]]] = {
    "ADM-CID": _contact_id,
    "SIA-DCS": _sia,
    "NULL": lambda _data, _profile: (_ALIVE,),
}
