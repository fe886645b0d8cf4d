"""What a DC-09 message says: the events of its block, by the token that names the code, as frames."""

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import Any, Final

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

_EVENT = r"(?P<qualifier>[136ERP])(?P<code>[0-9A-F]{3}) ?(?P<group>[0-9A-F]{2}) ?(?P<zone>[0-9A-F]{3})"
_CONTACT_ID = re.compile(rf"{_EVENT}(?P<text>[ ^|/].*)?", re.DOTALL)
_ACCOUNT = re.compile(
    rf"#(?P<barred>[0-9A-Za-z_.-]*)\||#(?P<plain>[0-9A-Za-z_.-]{{1,16}}?)(?={_EVENT}$)"
    r"|#(?P<letters>[0-9A-F]{3,16})(?=[NOEL][A-Za-z]{2}|$)|\|"
)
"""In front of the data: the account and a bar; some leave out the bar, some the account."""


@dataclass(slots=True, kw_only=True)
class Statement:
    """One event of a message, with the account that its block names (empty where it names none). Never changed."""

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
        return [_frame(said[0], _addresses(message.head.account, said[0]), shared, common, key)]
    common |= {"part": 0, "parts": len(said)}
    known: dict[tuple[str, str], tuple[str, ...]] = {}
    told = []
    for part, one in enumerate(said, 1):
        who = (one.account, one.zone)
        if who not in known:
            known[who] = _addresses(message.head.account, one)
        common["part"] = part
        told.append(_frame(one, known[who], shared, common, f"{key}:{part}"))
    return told


def _shared(message: Message) -> dict[str, Any]:
    """What all frames of a message have in common."""
    head, block = message.head, message.block
    talk = head.token.removeprefix("*") in TALK
    # Times in plain messages are as often local as GMT, and nothing sets the panel's clock right.
    sent_at = block.at if block is not None and head.encrypted else None
    return {
        "raw": message.raw,
        "sliding": False,
        "trusted": message.crc_ok,
        "answers": not talk,
        "sent_at": sent_at,
        "sealed": sent_at is not None,
    }


def _frame(
    one: Statement, addresses: tuple[str, ...], shared: Mapping[str, Any], common: Mapping[str, Any], key: str
) -> Frame:
    event = one.event
    own = () if not shared["answers"] else addresses
    return Frame(
        event=event,
        also=one.also,
        address=own[0] if own else None,
        alternatives=own[1:],
        scope=one.scope,
        explicit=event in EMERGENCIES,
        dedup_key=key,
        window_s=0.0 if event in _NEVER_COPIES else REPEAT_WINDOW_S,
        fields=MappingProxyType({**common, **one.fields}),
        **shared,
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
    if one.account in {"", account}:
        return named
    both = (*named, *addresses_of(one.account, one.zone))
    return tuple(dict.fromkeys(sorted(both, key=lambda address: ":" not in address)))


def _fields(message: Message) -> dict[str, Any]:
    """What is the same for all events of a message. What was left out is not there."""
    head, block = message.head, message.block
    fields: dict[str, Any] = {"kind": "dc09", "token": head.token, "seq": head.seq}
    fields |= {} if head.receiver is None else {"receiver": head.receiver}
    fields |= {} if head.line is None else {"line": head.line}
    if block is not None and block.extended:
        fields["xdata"] = block.extended
    if block is not None and block.at is not None:
        fields["timestamp"] = block.at.strftime("%Y-%m-%dT%H:%M:%SZ")
    return fields | {
        "encrypted": head.encrypted,
        "crc_ok": message.crc_ok,
        "length_ok": message.length_ok,
        "accept_strict": message.crc_ok and message.length_ok,
        "binary_crc": message.binary_crc,
    }


def _contact_id(data: str, profile: Profile) -> Sequence[Statement]:
    account, rest = _parted(data)
    found = _CONTACT_ID.fullmatch(rest)
    if found is None:
        return (_MYSTERY,)
    said = found.groupdict()
    text = (said.pop("text") or "").strip(" ^|/")
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
