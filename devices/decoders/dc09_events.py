"""What a DC-09 message says: the events of its block, by the token that names the code, as frames."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any

from devices.decoders.accounts import EMERGENCIES, addresses_of, key_of
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

_CONTACT_ID = re.compile(
    r"(?:#(?P<account>[0-9A-Za-z_.-]*?))?\|?(?P<qualifier>[136ERP])(?P<code>[0-9A-F]{3}) ?(?P<group>[0-9A-F]{2})"
    r" ?(?P<zone>[0-9A-F]{3})(?P<text>[ ^|/].*)?",
    re.DOTALL,
)
_ACCOUNT = re.compile(r"#([0-9A-Za-z_.-]*)\||#([0-9A-F]{3,16})(?=[NOEL][A-Za-z]{2}|$)|\|")
"""Before the SIA text: the account in front of a bar; some leave out the bar, some the account."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One event of a message, with the account that its block names (empty where it names none)."""

    event: Event
    scope: Scope = Scope.DEVICE
    also: tuple[Event, ...] = ()
    account: str = ""
    zone: str = ""
    fields: Mapping[str, str] = field(default_factory=dict)


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
    several = [{"part": part, "parts": len(said)} if len(said) > 1 else {} for part in range(1, len(said) + 1)]
    return [_frame(message, one, {**stated, **part}) for one, part in zip(said, several, strict=True)]


def _frame(message: Message, one: Statement, stated: Mapping[str, Any]) -> Frame:
    fields = {**_fields(message, one), **one.fields, **stated}
    talk = message.head.token.removeprefix("*") in TALK
    addresses = () if talk else _addresses(message.head.account, one)
    block = message.block
    return Frame(
        event=one.event,
        also=one.also,
        raw=message.raw,
        address=addresses[0] if addresses else None,
        alternatives=addresses[1:],
        scope=one.scope,
        explicit=one.event in EMERGENCIES,
        dedup_key=_key(message, fields),
        window_s=0.0 if one.event in _NEVER_COPIES else REPEAT_WINDOW_S,
        sliding=False,
        trusted=message.crc_ok,
        answers=not talk,
        # Times in plain messages are as often local as GMT, and nothing sets the panel's clock right.
        sent_at=block.at if block is not None and message.head.encrypted else None,
        fields=MappingProxyType(fields),
    )


_NEVER_COPIES = frozenset({*TALK.values(), Event.HEARTBEAT})


def _key(message: Message, fields: Mapping[str, Any]) -> str:
    """Equal for all tries of one message, whatever their time and CRC: sender, sequence and data."""
    head = message.head
    data = message.block.data if message.block is not None else head.content
    sender = f"{fields['account']}:{head.receiver or ''}:{head.line or ''}:{head.seq}".upper()
    return f"dc09:{sender}:{key_of(data)}:{fields.get('part', 1)}"


def _addresses(account: str, one: Statement) -> tuple[str, ...]:
    """
    The zone before the account. The block may name another account than the head: the head's is the subscriber's.
    """
    named = (*addresses_of(account, one.zone), *addresses_of(one.account, one.zone))
    return tuple(dict.fromkeys(sorted(named, key=lambda address: ":" not in address)))


def _fields(message: Message, one: Statement) -> dict[str, Any]:
    head, block = message.head, message.block
    left_out = {"receiver": head.receiver, "line": head.line, "xdata": block.extended if block is not None else None}
    at = block.at if block is not None else None
    return {
        "kind": "dc09",
        "token": head.token,
        "seq": head.seq,
        "account": head.account or one.account,
        **{name: value for name, value in left_out.items() if value is not None and value != {}},
        **({"timestamp": at.strftime("%Y-%m-%dT%H:%M:%SZ")} if at is not None else {}),
        "encrypted": head.encrypted,
        "crc_ok": message.crc_ok,
        "length_ok": message.length_ok,
        "accept_strict": message.crc_ok and message.length_ok,
        "binary_crc": message.binary_crc,
    }


def _contact_id(data: str, profile: Profile) -> Sequence[Statement]:
    found = _CONTACT_ID.fullmatch(data)
    if found is None:
        return (_MYSTERY,)
    said = {name: value.strip(" ^|/") for name, value in found.groupdict().items() if value}
    account = said.pop("account", "")
    return (
        Statement(
            event=contact_id_event(said["code"], said["qualifier"], profile),
            scope=contact_id_scope(said["code"]),
            account=account,
            zone=said["zone"],
            fields={"kind": "contact-id", **said},
        ),
    )


def _sia(data: str, profile: Profile) -> Sequence[Statement]:
    """Every event of the block. One that is only text tells people something; L asks for a speech path as well."""
    found = _ACCOUNT.match(data)
    account = (found[1] or found[2] or "") if found else ""
    block = read_block(data[found.end() :] if found else data)
    if not block.packets:
        told = Statement(event=Event.INFO, scope=Scope.GATEWAY, account=account, fields={"text": block.text})
        return (told,) if block.text else (_MYSTERY,)
    voice = (Event.VOICE_REQUEST,) if block.listens else ()
    return [_packet(packet, account, voice, profile) for packet in block.packets]


def _packet(packet: Packet, account: str, also: tuple[Event, ...], profile: Profile) -> Statement:
    return Statement(
        event=sia_event(packet.code, profile),
        scope=sia_scope(packet.code),
        also=also,
        account=account,
        zone=packet.zone,
        fields={"kind": "sia", **packet.fields},
    )


def _foreign(_data: str, _profile: Profile) -> Sequence[Statement]:
    """A code of its own, such as a pulse format: nothing that we could say about it would be certain."""
    return (_MYSTERY,)


_READERS: Mapping[str, Callable[[str, Profile], Sequence[Statement]]] = {
    "ADM-CID": _contact_id,
    "SIA-DCS": _sia,
    "NULL": lambda _data, _profile: (_ALIVE,),
}
