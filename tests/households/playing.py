"""The months played through the rules: when each household would have raised a signal, and whether it was right."""

from bisect import bisect_left, bisect_right
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, datetime, timedelta, timezone
from random import Random

from dispatch.ids import HomeId, ResidentId
from schedules.welfare.rules.judging import judge
from schedules.welfare.rules.ringing import WITHIN, ring_until
from schedules.welfare.rules.signs import LIFE, Kind, Observation, Scale
from schedules.welfare.rules.watching import little_motion, missed_meal, no_motion
from tests.households.lives import CLOSED, DAY, FIRST, HOUR, LEARNT_DAYS, SHIFT, WATCHED_DAYS, Life, Trouble, local

HOME_REACHED, AWAY_REACHED = 0.95, 0.7
"""
Whoever is well answers one of two calls (one in six is missed, CARE-RULES says nothing of it: ours); of those away, the
mobile telephone or the family knows. An ill person who answers says so, and is helped.
"""

LOOKED_AFTER = 1 * HOUR
"""After a signal somebody has seen for themselves so soon; what was before it is settled."""

PARTS_END = (11, 17, 21.5)
OPEN = frozenset(FIRST + timedelta(days=each) for each in range(LEARNT_DAYS + WATCHED_DAYS)) - CLOSED
_ZONE = timezone(SHIFT)
WATCHED_FROM = local(FIRST + timedelta(days=LEARNT_DAYS), 0)


@dataclass(slots=True)
class Outcome:
    """What a threshold comes to: `hours` from the beginning of a trouble to its signal."""

    right: int = 0
    false: int = 0
    missed: int = 0
    lasting: int = 0
    lasting_right: int = 0
    nobody_home: int = 0
    household_months: float = 0.0
    rung: int = 0
    hours: list[float] = field(default_factory=list)
    caught: Counter[str] = field(default_factory=Counter)
    all: Counter[str] = field(default_factory=Counter)

    @property
    def precision(self) -> float:
        return self.right / max(1, self.right + self.false)

    @property
    def recall(self) -> float:
        return self.right / max(1, self.right + self.missed)

    @property
    def rung_a_month(self) -> float:
        """How often somebody was rung first, per household and thirty days."""
        return self.rung / max(1e-9, self.household_months)

    @property
    def false_a_month(self) -> float:
        """False signals per household and thirty days."""
        return self.false / max(1e-9, self.household_months)


@dataclass(frozen=True, slots=True)
class _Looks:
    """A household with every instant at which it is looked at, and the score it would have had unsettled."""

    life: Life
    signs: Sequence[Observation]
    alive: Mapping[Kind, Sequence[datetime]]
    times: Sequence[datetime]
    scores: Sequence[float]


def play(lives: Iterable[Life], scale: Scale, thresholds: Sequence[float]) -> dict[float, Outcome]:
    """All of them, under each threshold; whoever is rung first and well, or away, is no signal."""
    found = {each: Outcome() for each in thresholds}
    for life in lives:
        looks = _looks(life, scale)
        for threshold, outcome in found.items():
            _play(looks, scale, threshold, outcome)
    return found


def _looks(life: Life, scale: Scale) -> _Looks:
    heard = _with_habits(life)
    signs = [each for each in heard if each.kind not in LIFE]
    alive = {kind: [each.at for each in heard if each.kind is kind] for kind in LIFE}
    eights = {local(FIRST + timedelta(days=each), 8) for each in range(LEARNT_DAYS, LEARNT_DAYS + WATCHED_DAYS)}
    times = sorted({each.at for each in signs if each.at >= WATCHED_FROM} | eights)
    looks = _Looks(life, signs, alive, times, [])
    return replace(looks, scores=[_judged(looks, at, scale, None) for at in times])


def _with_habits(life: Life) -> list[Observation]:
    """What was noticed, and what the rules themselves notice to be missing."""
    home, resident = HomeId(life.code), ResidentId(life.code)
    heard = [
        Observation(
            key=str(number), kind=Kind(each.kind), home_id=home, resident_id=resident, at=each.at,
            expected_at=each.expected_at, strength=each.strength,
        )
        for number, each in enumerate(life.seen)
    ]  # fmt: skip
    away = _days_away(life)
    meals = [each for each in heard if each.kind is Kind.MEAL]
    motion = _once_an_hour(each for each in heard if each.kind is Kind.MOTION)
    for number in range(LEARNT_DAYS, LEARNT_DAYS + WATCHED_DAYS):
        day = FIRST + timedelta(days=number)
        so_far = {each for each in OPEN if each <= day}
        found = [
            missed_meal(
                [each for each in meals if each.at <= local(day, 13.5)], resident, home, local(day, 13.5),
                local=_local, open_days=so_far, away=away,
            ) if meals else None,
        ]  # fmt: skip
        lately = motion[bisect_left(motion, local(day, -24 * 29), key=lambda each: each.at) :]
        for hours in PARTS_END if motion else ():
            at = local(day, hours)
            until = lately[: bisect_right(lately, at, key=lambda each: each.at)]
            found.append(no_motion(until, resident, home, at, local=_local, since=FIRST, away=away))
            if hours == PARTS_END[-1]:
                found.append(little_motion(until, resident, home, at, local=_local, since=FIRST, away=away))
        heard += [sign for sign in found if sign is not None]
    return sorted(heard, key=lambda each: each.at)


def _once_an_hour(motion: Iterable[Observation]) -> list[Observation]:
    """One of each hour is enough for every habit, and quicker."""
    found = {(_local(each.at).date(), _local(each.at).hour, _local(each.at).minute >= 30): each for each in motion}
    return sorted(found.values(), key=lambda each: each.at)


def _days_away(life: Life) -> frozenset[date]:
    found = set()
    for each in life.stays:
        at = each.begun_at
        while each.told and at < each.ended_at + DAY:
            found.add(_local(min(at, each.ended_at)).date())
            at += DAY
    return frozenset(found)


def _local(at: datetime) -> datetime:
    return at.astimezone(_ZONE)


def _judged(looks: _Looks, at: datetime, scale: Scale, since: datetime | None) -> float:
    """The score at this instant. Of each kind of life the latest is enough."""
    resident, stays = ResidentId(looks.life.code), [each for each in looks.life.stays if each.told]
    first = bisect_left(looks.signs, at - scale.window, key=lambda each: each.at)
    last = bisect_right(looks.signs, at, key=lambda each: each.at)
    told = [
        each for each in looks.signs[first:last] if not any(stay.begun_at <= each.at < stay.ended_at for stay in stays)
    ]  # fmt: skip
    for kind, times in looks.alive.items():
        told += [_alive(resident, kind, each) for each in times[: bisect_right(times, at)][-1:]]
    gone = any(each.begun_at <= at < each.ended_at for each in stays)
    away = [resident] if gone else []
    return judge(told, living=[resident], away=away, scale=scale, now=at, since=since).score


def _alive(resident: ResidentId, kind: Kind, at: datetime) -> Observation:
    return Observation(key="", kind=kind, home_id=HomeId(resident), resident_id=resident, at=at)


def _play(looks: _Looks, scale: Scale, threshold: float, outcome: Outcome) -> None:
    life, caught, draw = looks.life, set(), Random(f"{looks.life.code}/{threshold}")
    outcome.household_months += WATCHED_DAYS / 30
    since: datetime | None = None
    for at, score in zip(looks.times, looks.scores, strict=True):
        if score < threshold or (since is not None and at < since):
            continue
        if since is not None and _judged(looks, at, scale, since) < threshold:
            continue
        trouble = next((each for each in life.troubles if each.begun_at <= at < each.found_at), None)
        gone = next((each for each in life.stays if each.begun_at <= at < each.ended_at), None)
        until = ring_until(score, scale, at, _local)
        if until is not None and until > at + WITHIN:
            continue  # It waits for the morning, when they are looked at again.
        first = until is not None
        outcome.rung += first
        since = at + LOOKED_AFTER
        if trouble is None:
            # Whoever was rung, or looked in vain, has learnt that they are away, and put it on file.
            since = gone.ended_at if gone is not None else since
            if first and draw.random() < (AWAY_REACHED if gone is not None else HOME_REACHED):
                continue
            outcome.false += 1
            outcome.nobody_home += gone is not None
        elif trouble not in caught:
            caught.add(trouble)
            outcome.right += 1
            outcome.caught[trouble.what] += 1
            outcome.lasting_right += _lasts(trouble)
            outcome.hours.append((at - trouble.begun_at) / HOUR)
            since = trouble.found_at
    outcome.lasting += sum(_lasts(each) for each in life.troubles)
    outcome.all.update(each.what for each in life.troubles)
    outcome.missed += len(life.troubles) - len(caught)


def _lasts(trouble: Trouble) -> bool:
    """Whether nobody found out for a day: those are the ones that a signal is for."""
    return trouble.found_at - trouble.begun_at >= DAY
