"""What became of a signal, and how forwarding gateways number what they send."""

from dataclasses import dataclass
from typing import NamedTuple

from dispatch.ids import AlarmId


class Spool(NamedTuple):
    """How a forwarding gateway numbers what it sends: by its own name, an epoch drawn at random, a sequence."""

    gateway: str
    epoch: str
    seq: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Received:
    """
    What became of a signal: the alarm it raised or joined, if any, and whether it was a copy of one known. A life sign
    is not `durable` until it has been written down with others.
    """

    alarm_id: AlarmId | None
    copy: bool = False
    joined: bool = False
    durable: bool = True
