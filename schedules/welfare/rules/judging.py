"""
Whether the signs of a household are enough: their weights added up, faded with time, taken back by signs of life.

    prior + Σ weight × strength × ½^(age / half-life)  ≥  threshold of the household   ─►  one soft alarm
"""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from dispatch.ids import ResidentId
from schedules.welfare.rules.signs import LIFE, Kind, Observation, Scale, Weight

CLOCKS_APART = timedelta(minutes=5)
"""What is told of the near future by somebody's clock is taken for now; anything later is left out."""

TOLD_FROM = 0.05
"""A sign that adds less is no reason that anybody should read."""

_HOUR_S = 3600.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """One sign and what it adds now: `points` are log-odds."""

    kind: Kind
    at: datetime
    expected_at: datetime | None
    points: float


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """How a household stands: its score in log-odds, about whom (None: nobody knows), and why, the gravest first."""

    score: float
    resident_id: ResidentId | None
    reasons: tuple[Reason, ...]


def judge(
    observations: Collection[Observation], *, living: Collection[ResidentId], away: Collection[ResidentId],
    scale: Scale, now: datetime, since: datetime | None = None,
) -> Verdict:  # fmt: skip
    """
    How this household stands. `living` are the residents who are served there; of those `away` nothing is concluded.

    Signs of different people are never added up: the gravest of them counts. `since`: somebody looked after them then,
    and everything before it is settled.
    """
    heard = [each for each in observations if _counts(each, now, since)]
    waiting = [each for each in living if each not in away]
    verdicts = [_about(heard, resident, living, scale, now) for resident in waiting]
    return max(verdicts, key=lambda each: each.score, default=Verdict(score=scale.prior, resident_id=None, reasons=()))


def _counts(each: Observation, now: datetime, since: datetime | None) -> bool:
    return each.at <= now + CLOCKS_APART and (since is None or each.at > since)


def _about(
    heard: Sequence[Observation], resident: ResidentId, living: Collection[ResidentId], scale: Scale, now: datetime
) -> Verdict:
    mine = [each for each in heard if each.resident_id in {resident, None}]
    life = _latest_life(mine, alone=len(living) == 1)
    by_kind: dict[Kind, list[Reason]] = defaultdict(list)
    for each in mine:
        weight = None if each.kind in LIFE else scale.weights.get(each.kind)
        if weight is not None:
            left = _left(each, weight, life) * _unexplained(weight, mine)
            by_kind[each.kind].append(_reason(each, weight, left, now))
    reasons = [
        _again(each, scale.again, place) for rows in by_kind.values() for place, each in enumerate(_by_points(rows))
    ]
    known = {each.resident_id for each in mine if each.kind not in LIFE}
    return Verdict(
        score=scale.prior + sum(each.points for each in reasons),
        resident_id=resident if resident in known or len(living) == 1 else None,
        reasons=tuple(each for each in _by_points(reasons) if each.points >= TOLD_FROM),
    )  # fmt: skip


def _latest_life(mine: Sequence[Observation], *, alone: bool) -> Mapping[Kind, datetime]:
    """
    When this person last gave each sign of life. What moves in a home where several live says nothing of this one: it
    may be the other who walks past somebody lying there.
    """
    found: dict[Kind, datetime] = {}
    for each in mine:
        if each.kind in LIFE and (alone or each.resident_id is not None):
            found[each.kind] = max(each.at, found.get(each.kind, each.at))
    return found


def _left(sign: Observation, weight: Weight, life: Mapping[Kind, datetime]) -> float:
    """
    What part of a sign is left by the signs of life since then; those count from when something else was expected.
    """
    begins = min(sign.at, sign.expected_at or sign.at)
    return min((weight.life[kind] for kind, at in life.items() if kind in weight.life and at >= begins), default=1.0)


def _unexplained(weight: Weight, mine: Sequence[Observation]) -> float:
    """
    What part of a sign is not the mere consequence of another one. A silent sensor explains that nothing moves as long
    as nothing has moved since: once something has, another sensor listens, or it speaks again.
    """
    moved = max((each.at for each in mine if each.kind is Kind.MOTION), default=None)
    causes = {each.kind for each in mine if each.kind in weight.explained and (moved is None or moved < each.at)}
    return min((weight.explained[kind] for kind in causes), default=1.0)


def _reason(sign: Observation, weight: Weight, left: float, now: datetime) -> Reason:
    age_h = max(0.0, (now - sign.at).total_seconds() / _HOUR_S)
    points = weight.log_odds * sign.strength * left * 0.5 ** (age_h / weight.half_life_h)
    return Reason(kind=sign.kind, at=sign.at, expected_at=sign.expected_at, points=points)


def _again(reason: Reason, again: float, place: int) -> Reason:
    """The second of a kind is less news than the first: what caused one mistake often causes the next."""
    return Reason(kind=reason.kind, at=reason.at, expected_at=reason.expected_at, points=reason.points * again**place)


def _by_points(reasons: Sequence[Reason]) -> list[Reason]:
    return sorted(reasons, key=lambda each: (-each.points, each.at))
