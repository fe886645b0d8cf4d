"""A line of the record as figures read it, and when what it tells of happened."""

from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from typing import Any, NamedTuple

import orjson

EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_MICROSECOND = timedelta(microseconds=1)


class Seen(NamedTuple):
    """The columns of an entry that matter; `at` in microseconds since 1970."""

    number: int
    at: int
    boot: str
    steady_us: int
    kind: str
    by: str
    alarm_id: str | None
    body: str

    @property
    def facts(self) -> Mapping[str, Any]:
        """The facts of the line; none where the body is no object."""
        found = orjson.loads(self.body)
        return found if isinstance(found, dict) else {}


def happened_us(line: Seen) -> int | None:
    """
    When a paper entry says that it happened; None for a line written as it happened.

    Without an offset, or later than it was written, it is not believed.
    """
    if '"happened_at"' not in line.body:
        return None
    told = line.facts.get("happened_at")
    try:
        at = datetime.fromisoformat(told) if isinstance(told, str) else None
    except ValueError:
        return None
    if at is None or at.tzinfo is None:
        return None
    us = (at - EPOCH) // _MICROSECOND
    return us if us <= line.at else None


def at_us(line: Seen) -> int:
    """When it happened, in microseconds since 1970."""
    told = happened_us(line)
    return line.at if told is None else told


def elapsed_us(first: Seen, then: Seen) -> int | None:
    """
    How long after `first` the other happened, in microseconds; None if that would be before it.

    By the steady clock where both were written by one machine that was not started in between: a wall clock that was
    set meanwhile must not change a figure. By the wall clock otherwise, and for what was on paper.
    """
    if first.boot == then.boot and happened_us(first) is None and happened_us(then) is None:
        took = then.steady_us - first.steady_us
    else:
        took = at_us(then) - at_us(first)
    return took if took >= 0 else None
