"""
Counting calls: every figure with its n, in the whole and by part.

A call becomes the set of flags that hold for it; a rate is two flags, its part and its whole. So a new figure is a line
in FLAGS and a line in RATES, and what a number stands for can always be listed.
"""

from collections import Counter, defaultdict
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Any

from dispatch.rules.figures.calls import Call
from dispatch.rules.figures.lines import EPOCH

MINUTE_US = 60_000_000
SECOND_US = 1_000_000

SMALL = 5
"""Fewer than this: a rate says little, and whoever reads it is told so."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """What counts as in time: our defaults, not an official rule (CARE-RULES, 3.4); a district sets its own."""

    ack_s: int = 20
    response_s: int = 60
    on_site_min: int = 15


Flag = Callable[[Call, Limits], bool]


def _within(took_us: int | None, limit_us: int) -> bool:
    return took_us is not None and took_us <= limit_us


OF_ANY: Mapping[str, Flag] = {
    "total": lambda _call, _: True,
    "test": lambda call, _: call.outcome == "test",
    "duplicate": lambda call, _: call.duplicate or call.outcome == "duplicate",
    "valid": lambda call, _: is_valid(call),
    "false": lambda call, _: call.outcome == "false_alarm",
    "valid_or_false": lambda call, _: is_valid(call) or call.outcome == "false_alarm",
}
"""What may hold for a call, by name."""

OF_VALID: Mapping[str, Flag] = {
    "acked": lambda call, limits: _within(call.acked_us, limits.ack_s * SECOND_US),
    "responded": lambda call, limits: _within(call.responded_us, limits.response_s * SECOND_US),
    "offered": lambda call, _: call.offered,
    "answered": lambda call, _: call.offered and call.accepted_us is not None,
    "accepted": lambda call, _: call.accepted_us is not None,
    "onsite": lambda call, limits: _on_site(call, limits.on_site_min),
    "onsite_15": lambda call, _: _on_site(call, 15),
    "onsite_30": lambda call, _: _on_site(call, 30),
    "onsite_45": lambda call, _: _on_site(call, 45),
    "arrived": lambda call, _: call.arrived_us is not None,
    "closed": lambda call, _: call.outcome is not None,
    "linked_120": lambda call, _: call.linked_120,
    "delayed": lambda call, _: call.delayed,
    "paper": lambda call, _: call.paper,
}
"""What may hold for a valid call only."""

FLAGS = (*OF_ANY, *OF_VALID)

COUNTS: Mapping[str, str] = {
    "calls_total": "total", "calls_valid": "valid", "calls_test": "test", "calls_duplicate": "duplicate",
    "accepted": "accepted", "arrived": "arrived", "closed": "closed", "false_alarms": "false",
    "linked_120": "linked_120", "calls_delayed": "delayed", "calls_on_paper": "paper",
}  # fmt: skip
"""Figures that are counts, and the flag that is counted."""

RATES: Mapping[str, tuple[str, str]] = {
    "ack_on_time_rate": ("acked", "valid"),
    "answer_rate": ("answered", "offered"),
    "response_rate": ("responded", "valid"),
    "onsite_rate": ("onsite", "accepted"),
    "onsite_15_rate": ("onsite_15", "accepted"),
    "onsite_30_rate": ("onsite_30", "accepted"),
    "onsite_45_rate": ("onsite_45", "accepted"),
    "closed_rate": ("closed", "valid"),
    "false_alarm_rate": ("false", "valid_or_false"),
}
"""Figures that are rates: the part and the whole, a call of the part being one of the whole."""

TIMES: Mapping[str, Callable[[Call], int | None]] = {
    "ack": lambda call: call.acked_us,
    "accept": lambda call: call.accepted_us,
    "onsite": lambda call: None if call.accepted_us is None else call.arrived_us,
    "close": lambda call: call.closed_us,
}
"""Times of valid calls of which the 50th and the 90th percentile are told, never a mean."""

PERCENTS = (50, 90)

PARTS = ("station", "street", "community", "hour", "cause")


def is_valid(call: Call) -> bool:
    """No test, and no duplicate."""
    return not call.duplicate and call.outcome not in {"test", "duplicate"}


def _on_site(call: Call, minutes: int) -> bool:
    return call.accepted_us is not None and _within(call.arrived_us, minutes * MINUTE_US)


def nearest_rank(values: Sequence[int], percent: int) -> int | None:
    """
    The percentile by nearest rank: the ⌈percent/100 · n⌉-th smallest of `values`, which are sorted; None of none.

    Always a value that occurred (ISO 3534-1 leaves the choice; nothing is interpolated here).
    """
    return values[(percent * len(values) + 99) // 100 - 1] if values else None


def flags_of(call: Call, limits: Limits) -> frozenset[str]:
    """Everything that holds for this call."""
    held = {name for name, holds in OF_ANY.items() if holds(call, limits)}
    return frozenset(held | {name for name, holds in OF_VALID.items() if is_valid(call) and holds(call, limits)})


Row = tuple[int, tuple[int | None, ...]]
"""A call as it is counted: its flags as bits in the order of FLAGS, and its times in the order of TIMES."""


def row_of(call: Call, limits: Limits) -> Row:
    """What a call adds to each cell it belongs to."""
    mask, bit = 0, 1
    for holds in OF_ANY.values():
        if holds(call, limits):
            mask |= bit
        bit <<= 1
    if not is_valid(call):
        return mask, _NO_TIMES
    for holds in OF_VALID.values():
        if holds(call, limits):
            mask |= bit
        bit <<= 1
    return mask, tuple(get(call) for get in TIMES.values())


_NO_TIMES = (None,) * len(TIMES)


class Cell(list[Row]):
    """The calls of one part."""

    def figures(self) -> dict[str, Any]:
        """Every figure of this part, by key."""
        masks = Counter(mask for mask, _ in self)
        sums = {
            name: sum(times for mask, times in masks.items() if mask >> place & 1) for place, name in enumerate(FLAGS)
        }
        found: dict[str, Any] = {key: {"n": sums[flag]} for key, flag in COUNTS.items()}
        found |= {key: rate(sums[part], sums[whole]) for key, (part, whole) in RATES.items()}
        for place, name in enumerate(TIMES):
            ordered = sorted(us for _, times in self if (us := times[place]) is not None)
            found |= {f"{name}_p{each}": percentile(ordered, each) for each in PERCENTS}
        return found


def rate(part: int, whole: int) -> dict[str, Any]:
    """A rate never without its n."""
    return {"k": part, "n": whole, "rate": round(part / whole, 4) if whole else None}


def percentile(ordered: Sequence[int], percent: int) -> dict[str, Any]:
    """In whole seconds, cut off, and in minutes with one decimal; with its n."""
    us = nearest_rank(ordered, percent)
    if us is None:
        return {"n": 0, "seconds": None, "minutes": None}
    return {"n": len(ordered), "seconds": us // SECOND_US, "minutes": us // (MINUTE_US // 10) / 10}


Cells = dict[tuple[str, str], Cell]


def count(calls: Iterable[Call], limits: Limits, zone: tzinfo) -> Cells:
    """All cells: ("", "") is the whole, the others are (part, which). Only calls that count may be given."""
    cells: Cells = defaultdict(Cell)
    hours = _Hours(zone)
    for call in calls:
        row = row_of(call, limits)
        cells["", ""].append(row)
        for key in parts_of(call, hours.of(call.at_us)):
            cells[key].append(row)
    return cells


def parts_of(call: Call, hour: str) -> Iterable[tuple[str, str]]:
    """Where a call belongs in each breakdown."""
    return zip(PARTS, (call.station, call.street, call.community, hour, call.cause), strict=True)


def hour_of(us: int, zone: tzinfo) -> str:
    """The local hour of an instant, "00" to "23"."""
    return f"{(EPOCH + timedelta(microseconds=us)).astimezone(zone).hour:02}"


class _Hours:
    """Local hours, looked up once for each quarter: no zone of the world is shifted by less."""

    def __init__(self, zone: tzinfo) -> None:
        self._zone = zone
        self._known: dict[int, str] = {}

    def of(self, us: int) -> str:
        quarter = us // (15 * MINUTE_US)
        if quarter not in self._known:
            self._known[quarter] = hour_of(quarter * 15 * MINUTE_US, self._zone)
        return self._known[quarter]


def month_bounds(month: str, zone: tzinfo) -> tuple[int, int]:
    """
    The half-open local month "2026-11" in microseconds since 1970.

    Raises:
        ValueError: no such month.
    """
    year, _, number = month.partition("-")
    if len(month) != 7 or not (year + number).isdecimal():
        raise ValueError(f"a month is written like 2026-11, not {month[:20]!r}")
    first = datetime(int(year), int(number), 1, tzinfo=zone)
    after = first.replace(year=first.year + first.month // 12, month=first.month % 12 + 1)
    return us_of(first), us_of(after)


def us_of(at: datetime) -> int:
    """Microseconds since 1970 of an aware instant."""
    return (at - EPOCH) // timedelta(microseconds=1)
