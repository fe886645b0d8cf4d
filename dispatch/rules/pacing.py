"""
How often a contact is written to, and when not: limits that make messages wait and never delete one.

An emergency passes both. So does what would be worth nothing by the time its turn came: it cannot wait.
"""

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from types import MappingProxyType

from dispatch.rules.message import Priority

Limit = tuple[int, float]
"""So many messages in so many seconds."""

LIMITS: Mapping[Priority, tuple[Limit, ...]] = MappingProxyType(
    {
        Priority.CONFIRMATION: ((120, 60.0), (600, 3600.0)),
        Priority.FAMILY: ((1, 180.0), (3, 1200.0), (8, 7200.0)),
        Priority.REMINDER: ((1, 900.0), (6, 86_400.0)),
        Priority.REPORT: ((2, 86_400.0),),
    }
)
"""
MESSAGING, section 8.7; but every answer of a person is answered within 2 s, so that confirmations are only held back
where two machines answer each other.
"""

SPARE = timedelta(seconds=60)
"""What waits leaves so long before it would expire: time for a second road."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pace:
    """
    Limits for each kind of message to one contact; between `quiet_from` and `quiet_until`, local time, what is in
    `quiet` waits. The same time twice means no quiet hours. Afterwards messages leave within `spread_s`, not all at
    once.
    """

    limits: Mapping[Priority, tuple[Limit, ...]] = field(default_factory=lambda: LIMITS)
    quiet_from: time = time(21)
    quiet_until: time = time(8)
    quiet: frozenset[Priority] = frozenset({Priority.REMINDER, Priority.REPORT})
    spread_s: float = 600.0

    def __post_init__(self) -> None:
        assert not self.quiet & {Priority.EMERGENCY, Priority.CONFIRMATION}
        assert Priority.EMERGENCY not in self.limits


def longest_s(pace: Pace, priority: Priority) -> float:
    """The widest window that counts for this kind, in seconds; 0 without limits."""
    return max((seconds for _, seconds in pace.limits.get(priority, ())), default=0.0)


def earliest(
    pace: Pace, priority: Priority, *, now: datetime, local: datetime, left: Sequence[datetime], to: str,
    expires_at: datetime,
) -> datetime:  # fmt: skip
    """
    When a message may leave: `now`, or later.

    `local` is `now` as the clocks of the place show it, `left` when others of its kind left to the same contact, oldest
    first, `to` its number.
    """
    if priority is Priority.EMERGENCY:
        return now
    at = max(_after_quiet(pace, priority, now, local, to), _within_limits(pace, priority, now, left))
    latest = expires_at - SPARE
    return max(now, min(at, latest))


def _after_quiet(pace: Pace, priority: Priority, now: datetime, local: datetime, to: str) -> datetime:
    if priority not in pace.quiet or not _is_quiet(pace, local.timetz().replace(tzinfo=None)):
        return now
    end = local.replace(
        hour=pace.quiet_until.hour, minute=pace.quiet_until.minute, second=pace.quiet_until.second, microsecond=0
    )
    end = end if end > local else end + timedelta(days=1)
    share = int.from_bytes(hashlib.sha256(to.encode()).digest()[:4]) / 2**32
    return now + (end - local) + timedelta(seconds=share * pace.spread_s)


def _is_quiet(pace: Pace, at: time) -> bool:
    begin, end = pace.quiet_from, pace.quiet_until
    return begin <= at < end if begin <= end else at >= begin or at < end


def _within_limits(pace: Pace, priority: Priority, now: datetime, left: Sequence[datetime]) -> datetime:
    """The first instant at which no window holds as many as its limit."""
    at = now
    for most, seconds in pace.limits.get(priority, ()):
        if len(left) >= most:
            at = max(at, left[-most] + timedelta(seconds=seconds))
    return at
