"""What the decoders of alarm panels share: who speaks (`ACCOUNT` or `ACCOUNT:ZONE`), and one answer for many events."""

from collections import OrderedDict
from collections.abc import Iterator, Mapping
from hashlib import blake2b
from typing import Any

from devices.decoders.decoder import Frame
from dispatch.rules.signal import CAUSES, Event

EMERGENCIES = CAUSES.keys() - {Event.ALARM}
"""What a panel's message itself calls an emergency. An alarm of unknown kind is not, unless we know the account."""

KEY_TEXT_MAX = 120
"""The database keeps dedup keys of 240 characters, and not every database keeps all of Unicode."""

OPEN_MAX = 64
"""Messages of several events that wait for the last of them to be kept; one that falls out is sent again."""


def canonical(address: str) -> str:
    """
    The one spelling of an address: upper case; the account with its zeros, the zone with three places or more.

    Panels send the same zone as 1, 01, 001 or 0001.
    """
    account, _, zone = address.partition(":")
    return (addresses_of(account, zone) or ("",))[0]


def addresses_of(account: str, zone: str) -> tuple[str, ...]:
    """The zone of the account, then the account; only this where no zone is told, nothing where nobody is."""
    whole, place = account.strip().upper(), zone.strip().upper()
    if not whole:
        return ()
    return (f"{whole}:{place.lstrip('0'):0>3}", whole) if place else (whole,)


def key_of(text: str) -> str:
    """The text as it may stand in a dedup key: itself, or its digest where it is long or not print."""
    if len(text) <= KEY_TEXT_MAX and text.isprintable():
        return text
    return blake2b(text.encode(), digest_size=16).hexdigest()


class Parts(Mapping[str, Any]):
    """
    The fields of one event of several: its own before those that all events of its message have.

    A message may tell a thousand events, and what they share is not written out for each.
    """

    __slots__ = ("_own", "_part", "_shared")

    def __init__(self, shared: Mapping[str, Any], own: Mapping[str, Any], part: int) -> None:
        """`part` is the number of the event, and its field of that name."""
        self._shared = shared
        self._own = own
        self._part = part

    def __getitem__(self, name: str) -> Any:
        if name == "part":
            return self._part
        return self._own[name] if name in self._own else self._shared[name]

    def __iter__(self) -> Iterator[str]:
        return iter({**self._shared, **self._own, "part": self._part})

    def __len__(self) -> int:
        return len({*self._shared, *self._own, "part"})

    def __repr__(self) -> str:
        return repr(dict(self))


class Unkept:
    """
    Which events of each message are not durable yet.

    A message may tell several events, each a frame of its own with `message` (its number on this connection) and
    `parts` in its fields; the sender waits for one answer, and it promises all of them.
    """

    def __init__(self) -> None:
        self._kept: OrderedDict[tuple[int, bytes], set[int]] = OrderedDict()

    def completed_by(self, frame: Frame) -> bool:
        """Notes that this frame is durable; whether all of its message now are."""
        parts = frame.fields.get("parts", 1)
        if parts == 1:
            return True
        message = (frame.fields["message"], frame.raw)
        kept = self._kept.setdefault(message, set())
        kept.add(frame.fields["part"])
        if len(kept) == parts:
            del self._kept[message]
            return True
        if len(self._kept) > OPEN_MAX:
            self._kept.popitem(last=False)
        return False
