"""How messages leave, out of the settings: what the courier is made of."""

from collections.abc import Mapping
from datetime import time
from types import MappingProxyType
from typing import Any

from config.options import LimitSettings, MessageSettings
from config.settings import Settings
from dispatch.clock import Clock
from dispatch.messages.breakers import Breakers
from dispatch.rules.breaker import BreakerLimits
from dispatch.rules.message import Priority
from dispatch.rules.pacing import Limit, Pace


def courier_options(settings: Settings, clock: Clock) -> dict[str, Any]:
    """The courier's hedge, limit of receipts, pace and breakers."""
    said = settings.messages
    limits = BreakerLimits(
        failures=said.breaker.failures, window_s=said.breaker.window_s, open_s=said.breaker.open_s,
        open_max_s=said.breaker.open_max_s,
    )  # fmt: skip
    return {
        "hedge_s": said.hedge_s,
        "limit_s": said.receipt_limit_s,
        "pace": pace_of(said),
        "breakers": Breakers(clock, limits),
    }


def pace_of(said: MessageSettings) -> Pace:
    """When contacts are left in peace."""
    return Pace(
        limits=_limits(said.limits),
        quiet_from=time.fromisoformat(said.quiet.begin),
        quiet_until=time.fromisoformat(said.quiet.end),
        quiet=frozenset(Priority[kind.upper()] for kind in said.quiet.kinds),
        spread_s=said.quiet.spread_s,
    )


def _limits(said: LimitSettings) -> Mapping[Priority, tuple[Limit, ...]]:
    kinds = (Priority.CONFIRMATION, Priority.FAMILY, Priority.REMINDER, Priority.REPORT)
    named = {kind: getattr(said, kind.name.lower()) for kind in kinds}
    return MappingProxyType({kind: tuple((count, float(s)) for count, s in pairs) for kind, pairs in named.items()})
