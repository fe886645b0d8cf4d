"""
When silence is a fault: from what is known of a device to how it is, what is wrong, and when to look again.

```
            late: two intervals        offline: three, or as the type says
  well ────────────────────────► late ────────────────────────────► offline
    ▲                              │                                    │
    └──────────── heard again ◄────┴────────────────────────────────────┘
```

Silence counts only while somebody listened. It is measured up to the moment when the device's gateway was last known
to hear anything, and the times in which that gateway was deaf are taken out. So neither an outage, nor a service that
was down, nor a clock set forward makes a device silent; and a gateway that falls silent is one incident, not a
thousand devices.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from devices.rules.plan import Plan, Rule

LOOK_MIN = timedelta(seconds=5)
"""Nothing is looked at more often; a gateway may have been quiet a moment ago and speak the next."""

RELOOK_MIN = timedelta(minutes=1)
RELOOK_MAX = timedelta(hours=1)
"""A device nobody can judge, because its gateway is deaf, is looked at again after a quarter of its interval."""


class Health(StrEnum):
    """How a device is, by its signs of life. One without an interval is always well."""

    WELL = "well"
    LATE = "late"
    OFFLINE = "offline"


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """A stretch of time `[start, end)` in which a gateway heard nothing, or nobody listened to it."""

    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Known:
    """
    What is known of a device. `heard_at` is its last sign of life, or when it was handed out if there was none;
    `listened_until` is when its gateway was last known to hear. `fault` is what it said of itself, since `fault_at`.
    """

    heard_at: datetime
    listened_until: datetime
    deaf: tuple[Span, ...] = ()
    battery_low: bool = False
    fault: str | None = None
    fault_at: datetime | None = None
    jammed: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """
    How it is, the faults that count now, and when to look again; None when only a sign of life changes anything.

    `silent_max` is how long it may be silent before it is offline, None for ever.
    """

    health: Health
    faults: tuple[str, ...]
    due_at: datetime | None
    silent_max: timedelta | None = None


def judge(known: Known, rule: Rule, plan: Plan, now: datetime) -> Verdict:
    """How a device is at this moment."""
    health, next_at = _signs_of_life(known, rule, now)
    faults = ["offline"] if health is Health.OFFLINE and not known.jammed else []
    if health is Health.OFFLINE and known.jammed:
        # The incident of its gateway speaks for it; once that is over, it speaks for itself.
        next_at = now + RELOOK_MAX
    if known.fault is not None:
        began = known.fault_at or now
        # A time to come is none of ours: the clock was set back since.
        counts_at = min(began, now) + plan.remedy(known.fault).after
        if counts_at <= now:
            faults.append(known.fault)
        else:
            next_at = min(next_at or counts_at, counts_at)
    if known.battery_low:
        faults.append("low_battery")
    return Verdict(
        health=health, faults=tuple(dict.fromkeys(faults)), due_at=next_at,
        silent_max=rule.offline if rule.interval is not None else None,
    )  # fmt: skip


def _signs_of_life(known: Known, rule: Rule, now: datetime) -> tuple[Health, datetime | None]:
    if rule.interval is None or rule.late is None or rule.offline is None:
        return Health.WELL, None
    # What was heard in the future was heard before the clock was set back: until then nobody listened for anything.
    silent = listened(known.heard_at, min(known.listened_until, now), known.deaf)
    if silent >= rule.offline:
        return Health.OFFLINE, None
    left = (rule.late if silent < rule.late else rule.offline) - silent
    missed = now - min(known.listened_until, now)
    relook = min(max(rule.interval / 4, RELOOK_MIN), RELOOK_MAX)
    next_at = now + max(left, LOOK_MIN if missed < relook else relook)
    return (Health.WELL if silent < rule.late else Health.LATE), next_at


def listened(start: datetime, end: datetime, deaf: Iterable[Span]) -> timedelta:
    """How much of `[start, end)` somebody listened for: the length without the deaf spans, which may overlap."""
    total, at = timedelta(), start
    for span in sorted(deaf, key=lambda each: each.start):
        if at < min(span.start, end):
            total += min(span.start, end) - at
        at = max(at, span.end)
    return total + max(end - at, timedelta())
