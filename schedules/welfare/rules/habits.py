"""
What somebody usually does, learnt from the last weeks, and how much it says when they do not.

Of `n` times that it could have happened it happened `k` times. That it fails to although all is well then has the
probability 1 - (k + ½) / (n + 1) (Jeffreys' prior: half a success and half a failure before any was seen), and that it
fails when something is wrong is taken for certain. The logarithm of the odds is -ln of the first.
"""

import math
from collections.abc import Collection
from datetime import date, timedelta

WEEKS = 8
"""So many weeks are looked back at. A weekday has eight of itself in them."""

TIMES_MIN = 3
"""With fewer times to go by nothing is called a habit."""

FULL = -math.log(1 - (WEEKS + 0.5) / (WEEKS + 1))
"""The log-odds of one who never failed in eight weeks, 2.89: strength 1."""

LEAST = 0.3
"""A habit that says less than this part of a full one is none: somebody who comes every other time."""


def by_weekday(done: Collection[date], day: date, *, open_days: Collection[date] = (), away: Collection[date] = ()) -> (
    float
):  # fmt: skip
    """
    How much it says (0 to 1) that somebody did not do today what they did on `done`, by the same weekday.

    `away` are days on which they were known to be away: those say nothing. `open_days`, where given, are the days on
    which it could be done at all (a canteen is closed on some): others say nothing, and neither does today unless it is
    among them.
    """
    if day in away or (open_days and day not in open_days):
        return 0.0
    looked = [day - timedelta(weeks=each) for each in range(1, WEEKS + 1)]
    return _strength([each for each in looked if each not in away and (not open_days or each in open_days)], done)


def by_day(done: Collection[date], day: date, *, since: date | None = None, away: Collection[date] = ()) -> float:
    """The same by every day of the last four weeks, from `since` on (when it began to be watched)."""
    looked = [day - timedelta(days=each) for each in range(1, 29)]
    if day in away:
        return 0.0
    return _strength([each for each in looked if each not in away and (since is None or each >= since)], done)


def _strength(looked: Collection[date], done: Collection[date]) -> float:
    if len(looked) < TIMES_MIN:
        return 0.0
    share = (sum(each in done for each in looked) + 0.5) / (len(looked) + 1)
    strength = min(1.0, -math.log(1 - share) / FULL)
    return strength if strength >= LEAST else 0.0
