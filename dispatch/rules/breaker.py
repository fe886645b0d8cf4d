"""
Whether a road (a provider and a channel) is to be trusted: a circuit breaker that only ever changes the order.

    closed ──3 failures running, or half of the last six──► open ──its time is over──► on trial
      ▲  ▲─────────────────────good──────────────────────────────────────────────────────┘ │
      └──good (a late answer, a probe)── open ◄──────bad: twice as long──────────────────────┘

An open road is tried last, never not at all: when every road is open, all are tried in their order. The figures are
MESSAGING, section 8.6.
"""

from dataclasses import dataclass, replace
from enum import StrEnum


class Mark(StrEnum):
    """
    What one attempt says of its road. `NOTHING`: it says something of the recipient, or of the pace, only. `FATAL`: the
    account is closed or not ours, and no further try will do better.
    """

    GOOD = "good"
    BAD = "bad"
    FATAL = "fatal"
    NOTHING = "nothing"


@dataclass(frozen=True, slots=True, kw_only=True)
class BreakerLimits:
    """
    When a road opens, in seconds and counts: `failures` running within `window_s`, or `share` of at least `calls_min`
    calls within it. It stays open for `open_s`, twice as long each time, `open_max_s` at most.
    """

    failures: int = 3
    window_s: float = 60.0
    share: float = 0.5
    calls_min: int = 6
    open_s: float = 15.0
    open_max_s: float = 120.0

    def __post_init__(self) -> None:
        assert self.failures > 0
        assert 0 < self.open_s <= self.open_max_s


@dataclass(frozen=True, slots=True, kw_only=True)
class Breaker:
    """
    One road. `calls` are the steady times of the calls that count and whether they were good, oldest first;
    `open_until_s` is when a road that is open goes on trial, None while it is closed; `open_for_s` how long it was
    opened the last time.
    """

    calls: tuple[tuple[float, bool], ...] = ()
    open_until_s: float | None = None
    open_for_s: float = 0.0

    @property
    def closed(self) -> bool:
        return self.open_until_s is None

    def on_trial(self, now_s: float) -> bool:
        """It was open, and its time is over: the next call decides."""
        return self.open_until_s is not None and now_s >= self.open_until_s


def noted(breaker: Breaker, mark: Mark, now_s: float, limits: BreakerLimits) -> Breaker:
    """The road after one more call ended at `now_s` of the steady clock."""
    if mark is Mark.NOTHING:
        return breaker
    if mark is Mark.GOOD:
        return replace(breaker, calls=_lately(breaker, now_s, limits, good=True), open_until_s=None, open_for_s=0.0)
    calls = _lately(breaker, now_s, limits, good=False)
    after = replace(breaker, calls=calls)
    if breaker.closed:
        return _opened(after, now_s, limits) if mark is Mark.FATAL or _failing(calls, limits) else after
    # What was under way when it opened says nothing new; what failed on trial does.
    return _opened(after, now_s, limits) if breaker.on_trial(now_s) else after


def tried(breaker: Breaker, now_s: float, limits: BreakerLimits) -> Breaker:
    """
    A message goes the road that is on trial: one is enough. The others wait for what becomes of it, and if nothing
    does, for twice the time.
    """
    return _opened(breaker, now_s, limits) if breaker.on_trial(now_s) else breaker


def _lately(breaker: Breaker, now_s: float, limits: BreakerLimits, *, good: bool) -> tuple[tuple[float, bool], ...]:
    most = max(limits.failures, limits.calls_min)
    lately = tuple(each for each in breaker.calls if now_s - each[0] <= limits.window_s)
    return (*lately, (now_s, good))[-most:]


def _failing(calls: tuple[tuple[float, bool], ...], limits: BreakerLimits) -> bool:
    running = calls[-limits.failures :]
    if len(running) == limits.failures and not any(good for _, good in running):
        return True
    bad = sum(not good for _, good in calls)
    return len(calls) >= limits.calls_min and bad >= limits.share * len(calls)


def _opened(breaker: Breaker, now_s: float, limits: BreakerLimits) -> Breaker:
    for_s = min(limits.open_max_s, 2 * breaker.open_for_s or limits.open_s)
    return replace(breaker, open_until_s=now_s + for_s, open_for_s=for_s)
