"""What the pretend gateway says: one dialect a protocol, each made of what the decoder's own `encode` writes."""

from collections.abc import Callable, Mapping
from functools import partial
from types import MappingProxyType
from typing import Protocol

from devices.decoders import ENCODERS, LOGINS, rflink, surgard
from dispatch.rules.signal import Event

BURST = 4
"""Lines of one press: a button sends 4 to 20 times, RFLink passes a varying part of them."""


class Dialect(Protocol):
    """What the pretend gateway says for a device of this address, and whether it waits for an answer."""

    answered: bool

    def frames(self, address: str, event: Event) -> list[bytes]:
        """The frames of one press, button or message, each to be sent (and repeated) by itself."""
        ...

    def reply(self, heard: bytes) -> bytes:
        """What it says at once to what the service has written; empty for nothing."""
        ...

    def is_answer(self, heard: bytes) -> bool:
        """Whether this is what it waits for."""
        ...


class RflinkDialect:
    """Addresses like `EV1527:0a1b2c:08`. Answers PING with PONG."""

    answered = False

    def __init__(self) -> None:
        self._count = 0

    def frames(self, address: str, event: Event) -> list[bytes]:
        return [self._line(address, event) for _ in range(BURST)]

    def reply(self, heard: bytes) -> bytes:
        return self._line("", Event.HEARTBEAT) if rflink.PING.strip() in heard else b""

    def is_answer(self, heard: bytes) -> bool:
        return False

    def _line(self, address: str, event: Event) -> bytes:
        self._count += 1
        return rflink.encode(address, event, count=self._count)


class SurgardDialect:
    """Addresses like `1234` or `1234:001`: an account and a zone. Waits for 0x06."""

    answered = True

    def frames(self, address: str, event: Event) -> list[bytes]:
        return [surgard.encode(address, _plain(event))]

    def reply(self, heard: bytes) -> bytes:
        return b""

    def is_answer(self, heard: bytes) -> bool:
        return surgard.ACK in heard


class SpokenDialect:
    """
    Any other protocol. A device that says who it is only when it calls (`LOGINS`) does so before each message, as
    after a broken connection. Where the service answers, anything it says counts as that.
    """

    def __init__(self, protocol: str, *, answered: bool) -> None:
        self.answered = answered
        self._encode, self._login = ENCODERS[protocol], LOGINS.get(protocol)
        self._count = 0

    def frames(self, address: str, event: Event) -> list[bytes]:
        self._count += 1
        said = self._encode(address, _plain(event), count=self._count)
        return [self._login(address) + said] if self._login else [said]

    def reply(self, heard: bytes) -> bytes:
        return b""

    def is_answer(self, heard: bytes) -> bool:
        return bool(heard)


def _plain(event: Event) -> Event:
    """A button of a protocol that says *emergency* itself is a press."""
    return Event.PRESS if event is Event.BUTTON else event


_ANSWERED = frozenset({
    "contact_id", "dc09", "ev07b", "gt06", "h02", "jt808", "scaip", "topin", "trv", "watch3g",
})  # fmt: skip
"""Protocols whose senders wait for an answer, Sur-Gard besides."""

_OWN: Mapping[str, Callable[[], Dialect]] = {"rflink": RflinkDialect, "surgard": SurgardDialect}

DIALECTS: Mapping[str, Callable[[], Dialect]] = MappingProxyType(
    {**{protocol: partial(SpokenDialect, protocol, answered=protocol in _ANSWERED) for protocol in ENCODERS}, **_OWN}
)
"""What it can speak, by the name of the protocol."""


def calling(protocol: str) -> Event:
    """What somebody who needs help makes a device of this protocol say: a radar has no button, it sees them fall."""
    return Event.FALL if protocol == "bed" else Event.BUTTON


def address_of(protocol: str, number: int) -> str:
    """
    An address as devices of this protocol have them; another one for each number from 0 to 9999.

    A radar on a line of its own has no name: it is the one that this gateway hears.
    """
    return _ADDRESSES[protocol].format(number=number, account=2000 + number)


_IMEI = "35963210765{number:04}"
_ADDRESSES: Mapping[str, str] = MappingProxyType({
    "bed": "radar", "chirpstack": "a84041000000{number:04x}", "contact_id": "{account}", "dc09": "{account}",
    "ev07b": _IMEI, "gt06": _IMEI, "h02": "410912{number:04}", "jt808": "1391234{number:04}",
    "rflink": "EV1527:0b{number:04x}:08", "rtl433": "Generic-Remote:{account}:48", "scaip": "4670987{number:04}",
    "surgard": "{account}", "topin": _IMEI, "traccar": _IMEI, "trv": _IMEI, "watch3g": "880000{number:04}",
    "zigbee2mqtt": "sos_{number}",
})  # fmt: skip
