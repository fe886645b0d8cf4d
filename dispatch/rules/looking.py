"""
When the fate of an attempt is asked of its provider, and when silence counts as not received.

Figures: MESSAGING, sections 8.4 and 8.8. A lost webhook must not be a lost receipt, and unknown is not received.
"""

from datetime import datetime, timedelta

from dispatch.rules.message import Priority

UNKNOWN_S = (2.0, 5.0, 15.0, 60.0, 300.0)
"""An attempt that may have been sent is looked for after these times from its end."""

UNKNOWN_NOTICE_S = (5.0, 20.0, 60.0, 300.0)

LATER_S = (60.0, 120.0, 300.0, 900.0, 3600.0, 7200.0, 10_800.0, 14_400.0, 18_000.0, 21_600.0)
"""What was taken and has no receipt is asked about after these times: hourly to six hours."""

NOTICE_S = (120.0, 900.0, 3600.0, 21_600.0)

ABSENT_TWICE_S = 30.0
"""A message is certainly not there when its provider has said so twice with this time between; MESSAGING, 8.4."""

FIRST_S = 15.0
"""An emergency that was taken is asked about for the first time after this, or after half the limit of receipts."""


def look_after(*, unknown: bool, urgent: bool, looks: int, limit_s: float) -> timedelta | None:
    """
    How long after its end an attempt is asked about for the `looks`-th time, counted from 0; None when never again.

    `urgent`: see `is_urgent`. `limit_s`: seconds without a receipt after which an emergency counts as not received, 0
    where that is never.
    """
    times = _times(unknown=unknown, urgent=urgent, limit_s=limit_s)
    return timedelta(seconds=times[looks]) if looks < len(times) else None


def is_urgent(priority: Priority, *, over: bool, limit_s: float) -> bool:
    """
    Whether somebody still waits for what would be learned. An alarm that is over needs no other road; where silence is
    judged it is asked about as before, because that tells of the road.
    """
    return priority is Priority.EMERGENCY and not (over and not limit_s)


def is_judged(*, unknown: bool, urgent: bool, looks: int, limit_s: float) -> bool:
    """Whether this look is the one at the limit, at which silence is held against the road."""
    return not unknown and urgent and limit_s > 0 and looks == 1


def is_absent(first_at: datetime | None, now: datetime) -> bool:
    """Whether a provider that says "not here" at `now`, and said so first at `first_at`, is believed."""
    return first_at is not None and now - first_at >= timedelta(seconds=ABSENT_TWICE_S)


def _times(*, unknown: bool, urgent: bool, limit_s: float) -> tuple[float, ...]:
    if unknown:
        return UNKNOWN_S if urgent else UNKNOWN_NOTICE_S
    if not urgent:
        return NOTICE_S
    if not limit_s:
        return (FIRST_S, *LATER_S)
    return (min(FIRST_S, limit_s / 2), limit_s, *(each for each in LATER_S if each > limit_s))
