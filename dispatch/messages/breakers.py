"""The breakers of all roads, kept in memory: after a start every road is trusted until it fails."""

import threading
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from enum import StrEnum

import structlog

from dispatch.clock import Clock
from dispatch.messages.providers.provider import Blame, Outcome, Sent
from dispatch.rules.breaker import Breaker, BreakerLimits, Mark, noted, tried
from dispatch.rules.message import Channel
from dispatch.rules.people import SERVICE
from dispatch.rules.record import Line

log = structlog.get_logger()

TOO_MANY = 429

AWAY_S = 2.0
"""So long a road that says "too many" is tried last, where it does not say how long itself."""

AWAY_MAX_S = 30.0
"""Nobody's word keeps us away for longer: a provider that has room again is the first in order for a reason."""
_SHUT_OUT = frozenset({401, 403})
_CLOSED_ACCOUNTS = frozenset({"20003", "20005", "30002"})
"""Not authenticated, account not active, account suspended: Twilio's codes (MESSAGING, 1.4)."""


class Side(StrEnum):
    """Two things may go wrong on one road: what is given to the provider, and what arrives of it."""

    GIVING = "giving"
    ARRIVING = "arriving"


@dataclass(frozen=True, slots=True)
class Road:
    """One way to send, a provider and what it carries, and which side of it is meant."""

    provider: str
    channel: Channel
    side: Side

    def __str__(self) -> str:
        return f"{self.provider}.{self.channel}.{self.side}"


class Breakers:
    """Safe to use from several threads."""

    def __init__(self, clock: Clock, limits: BreakerLimits | None = None) -> None:
        self._clock = clock
        self._limits = limits or BreakerLimits()
        self._lock = threading.Lock()
        self._roads: dict[Road, Breaker] = {}
        self._open: frozenset[Road] = frozenset()
        self._away: Mapping[tuple[str, Channel], float] = {}
        self._probed: Collection[str] = ()

    def probe(self, providers: Collection[str]) -> None:
        """From now on these are asked by themselves whether they work: no emergency is spent on finding out."""
        self._probed = frozenset(providers)

    def note(self, provider: str, channel: Channel, sent: Sent) -> Line | None:
        """One attempt ended; the line for the record if that opened or closed its road."""
        if sent.http_status == TOO_MANY:
            # It works, and has no room: what it is given meanwhile only comes back, and holds a worker each time.
            away_s = min(max(sent.retry_after_s or AWAY_S, 0.0), AWAY_MAX_S)
            with self._lock:
                self._away = {**self._away, (provider, channel): self._clock.look().steady_s + away_s}
        return self.mark(Road(provider, channel, Side.GIVING), mark_of(sent))

    def arrived(self, provider: str, channel: Channel, *, arrived: bool) -> Line | None:
        """A receipt came, or did not come in its time."""
        return self.mark(Road(provider, channel, Side.ARRIVING), Mark.GOOD if arrived else Mark.BAD)

    def mark(self, road: Road, mark: Mark) -> Line | None:
        """The same, judged already."""
        if mark is Mark.GOOD and road not in self._roads:
            return None
        with self._lock:
            before = self._roads.get(road, Breaker())
            after = self._roads[road] = noted(before, mark, self._clock.look().steady_s, self._limits)
            self._open = frozenset(each for each, breaker in self._roads.items() if not breaker.closed)
        return None if before.closed == after.closed else _told(road, after)

    def doubts(self, provider: str, channel: Channel) -> tuple[bool, bool]:
        """
        Whether this road is in doubt, by its sides: one that does not take is worse than one that tells no receipts.
        On trial it is not in doubt, unless it is probed. One that asked us to stay away takes nothing until then.
        """
        if not self._open and not self._away:
            return (False, False)
        now_s = self._clock.look().steady_s
        giving, arriving = (self._is_shut(Road(provider, channel, side), now_s) for side in Side)
        return (giving or now_s < self._away.get((provider, channel), 0.0), arriving)

    def is_open(self, provider: str, channel: Channel) -> bool:
        """Whether this road does not take what it is given."""
        return bool(self._open) and self._is_shut(Road(provider, channel, Side.GIVING), self._clock.look().steady_s)

    def _is_shut(self, road: Road, now_s: float) -> bool:
        breaker = self._roads.get(road)
        if breaker is None or breaker.closed:
            return False
        return not breaker.on_trial(now_s) or (road.side is Side.GIVING and road.provider in self._probed)

    def tried(self, provider: str, channel: Channel) -> None:
        """A message leaves by this road: should it be on trial, the next does not."""
        if not self._open:
            return
        now_s = self._clock.look().steady_s
        with self._lock:
            for road in (Road(provider, channel, side) for side in Side):
                if road in self._roads:
                    self._roads[road] = tried(self._roads[road], now_s, self._limits)

    def on_trial(self) -> list[Road]:
        """Open roads whose time is over: a probe or the next message decides."""
        if not self._open:
            return []
        now_s = self._clock.look().steady_s
        with self._lock:
            return [road for road, breaker in self._roads.items() if breaker.on_trial(now_s)]

    def facts(self) -> Mapping[str, bool]:
        """For the health page: each road that was ever in trouble, and whether it is open now."""
        with self._lock:
            return {str(road): not breaker.closed for road, breaker in self._roads.items()}

    def in_trouble(self, provider: str) -> bool:
        """Whether any road of this provider is open."""
        return any(road.provider == provider for road in self._open)


def mark_of(sent: Sent) -> Mark:
    """What an outcome says of its road. Refusals of a recipient or a text, and "too many" (429), say nothing of it."""
    if sent.outcome is Outcome.TAKEN:
        return Mark.GOOD
    if sent.http_status in _SHUT_OUT or sent.code in _CLOSED_ACCOUNTS:
        return Mark.FATAL
    if sent.http_status == TOO_MANY:
        return Mark.NOTHING
    if sent.outcome is Outcome.REFUSED:
        return Mark.BAD if sent.blame is Blame.PROVIDER else Mark.NOTHING
    return Mark.BAD


def _told(road: Road, after: Breaker) -> Line:
    facts = {
        "provider": road.provider,
        "channel": road.channel.value,
        "side": road.side.value,
        "seconds": round(after.open_for_s),
    }
    if after.closed:
        log.warning("road_trusted", **facts)
        return Line(kind="road_trusted", by=SERVICE, facts=facts)
    log.warning("road_doubted", **facts)
    return Line(kind="road_doubted", by=SERVICE, facts=facts)
