"""
From what was seen to why the siren should sound: pure, so that every case can be tried without waiting.

A normal restart is no reason: the beat may be as old as `stale_s`, counted from the siren's own start at the earliest,
because after a start of the machine the engine needs its time as well.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from dispatch.horn.signs import Signs

USUAL_STALE_S = 30.0
"""Whoever sets a shorter `stale_s` than this wants a siren that is less patient in everything, by as much."""

WATCH_STALE_S = 60.0
"""The auditor makes a round every 10 s; one that was killed leaves its beat behind (PROMISES, section 1, 6)."""


class Reason(StrEnum):
    """Why the siren sounds."""

    ENGINE = "engine_silent"
    DATABASE = "database_not_writable"
    UNREADABLE = "database_not_readable"
    UNKEPT = "help_not_kept"
    UNTAKEN = "message_not_taken"
    OVERDUE = "alarm_overdue"
    PROVIDERS = "no_provider_takes"
    COURIER = "courier_stuck"
    GATEWAY = "gateway_lost"
    WATCH = "watch_silent"
    OUTLET = "siren_disturbed"
    MISTAKE = "siren_misconfigured"
    TEST = "siren_tested"


PATIENCE_S: Mapping[Reason, float] = MappingProxyType(
    {
        Reason.DATABASE: 10.0,
        Reason.UNREADABLE: 15.0,
        Reason.UNKEPT: 5.0,
        Reason.UNTAKEN: 3.0,
        Reason.OVERDUE: 5.0,
        Reason.PROVIDERS: 20.0,
        Reason.COURIER: 20.0,
        Reason.GATEWAY: 30.0,
        Reason.OUTLET: 5.0,
    }
)
"""
How long a reason must last before it is told; the others at once. Short enough that with the look and the beat, 2 s
each, and the longest time that comes before it (20 s untaken, 30 s overdue), all are heard within 60 s: PROMISES, I19.
A gateway 30 s after it was lost: PROMISES, R1.
"""

WORDS: Mapping[Reason, Mapping[str, str]] = MappingProxyType(
    {
        Reason.ENGINE: {"zh": "调度程序没有动静", "en": "the engine is silent"},
        Reason.DATABASE: {"zh": "数据库写不进去", "en": "the database cannot be written"},
        Reason.UNREADABLE: {"zh": "数据库读不出来", "en": "the database cannot be read"},
        Reason.UNKEPT: {"zh": "收到求救却存不下来", "en": "a call for help was heard and cannot be kept"},
        Reason.UNTAKEN: {"zh": "紧急消息发不出去", "en": "an emergency message does not get out"},
        Reason.OVERDUE: {"zh": "有警报无人处理", "en": "an alarm is not being handled"},
        Reason.PROVIDERS: {"zh": "所有短信通道都不通", "en": "no message provider takes anything"},
        Reason.COURIER: {"zh": "发信程序卡住了", "en": "the courier is stuck"},
        Reason.GATEWAY: {"zh": "有接收网关断开", "en": "a gateway is lost"},
        Reason.WATCH: {"zh": "监督程序没有动静", "en": "the watch is silent"},
        Reason.OUTLET: {"zh": "警笛设备有故障", "en": "a part of the siren is disturbed"},
        Reason.MISTAKE: {"zh": "警笛设置有误", "en": "the siren's settings are wrong"},
        Reason.TEST: {"zh": "这是测试", "en": "this is a test"},
    }
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """`stale_s` is how old the engine's beat may be; `started_s` when the siren began, on the steady clock."""

    stale_s: float
    started_s: float


class Judge:
    """Remembers since when each thing has been wrong; one for the siren's whole life."""

    def __init__(self, limits: Limits) -> None:
        self._limits = limits
        self._since_s: dict[Reason, float] = {}

    def weigh(self, signs: Signs, *, mistakes: bool = False, disturbed: bool = False) -> list[Reason]:
        """
        Why it should sound now, the gravest first. `mistakes` are those of the settings, `disturbed` a way to be heard
        that does not work.
        """
        seen = _worries(signs, self._limits) | _own(signs, mistakes=mistakes, disturbed=disturbed)
        now_s = signs.at.steady_s
        self._since_s = {each: min(since_s, self._since_s.get(each, since_s)) for each, since_s in seen.items()}
        less = min(1.0, self._limits.stale_s / USUAL_STALE_S)
        lasting = [each for each, since_s in self._since_s.items() if now_s - since_s >= less * PATIENCE_S.get(each, 0)]
        return sorted(lasting, key=list(Reason).index)


def _worries(signs: Signs, limits: Limits) -> dict[Reason, float]:
    """What the beats say: that they are too old, and what the engine itself knows to be wrong."""
    now_s, engine = signs.at.steady_s, signs.engine
    heard_s = max(limits.started_s, engine.steady_s if engine and engine.steady_s is not None else limits.started_s)
    found: dict[Reason, float] = {}
    if now_s - heard_s > limits.stale_s:
        found[Reason.ENGINE] = now_s
    elif engine is not None and engine.steady_s is not None:
        known = {str(each): each for each in Reason}
        found |= {known[name]: since_s for name, since_s in engine.worries.items() if name in known}
    if signs.watch is not None:
        watched_s = max(limits.started_s, signs.watch.steady_s or limits.started_s)
        if now_s - watched_s > WATCH_STALE_S * max(1.0, limits.stale_s / USUAL_STALE_S):
            found[Reason.WATCH] = now_s
    return found


def _own(signs: Signs, *, mistakes: bool, disturbed: bool) -> dict[Reason, float]:
    """What the siren saw with its own eyes: since now, unless it saw it before."""
    now_s = signs.at.steady_s
    seen = {
        Reason.UNREADABLE: bool(signs.unreadable), Reason.UNTAKEN: bool(signs.untaken),
        Reason.OVERDUE: bool(signs.overdue), Reason.OUTLET: disturbed, Reason.MISTAKE: mistakes,
    }  # fmt: skip
    return {each: now_s for each, is_seen in seen.items() if is_seen}
