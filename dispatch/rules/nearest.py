"""
Who should be asked first, and why.

Everything is one measure in seconds that a person can add up again:

    effective_s = travel_s + the seconds of every handicap

A handicap is a row of `RULES`; the search adds up the same rows that the explanation names. Whoever cannot be asked at
all is left out by the first row of `EXCLUSIONS` that holds, and counted under it.
"""

import hashlib
import heapq
import math
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass, fields
from datetime import datetime, timedelta
from functools import cache, lru_cache
from typing import NamedTuple, Self, TypeAlias

from dispatch.ids import CarerId, StationId
from dispatch.rules.choice import Choice as Choice
from dispatch.rules.choice import Ranked as Ranked
from dispatch.rules.choice import Reason as Reason
from dispatch.rules.place import Position, distance_m
from dispatch.rules.travel import Candidate as Candidate
from dispatch.rules.travel import Means, TravelTime

KEEP_MAX = 20
"""How many of the best are kept with the alarm (DESIGN, section 5)."""

UNKNOWN_TRAVEL_S = 600
"""The travel time of everybody when it cannot be known: ten minutes, chosen; see the ADR."""

OWN, LENDING, DISTRICT = 0, 1, 2
"""The rings of candidates: the resident's own station, the stations that lend, everybody else in the district."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Weights:
    """
    What a handicap costs, in seconds of travel, and when it begins.

    All numbers are chosen, see the ADR: 900 s say "only when nobody else is a quarter of an hour closer", so that a
    lone carer without the skill still comes. Configuration may push others; none may be negative.
    """

    ring_s: tuple[int, int, int] = (0, 120, 300)
    """Own station, lending station, district: another station's carer knows neither the house nor the key."""
    skill_s: int = 900
    """For each needed skill that is missing."""
    language_s: int = 300
    """When the resident's language is not spoken."""
    engaged_s: int = 900
    """For each other alarm the carer is engaged with."""
    unreached_s: int = 600
    """When the last monthly test of the telephone was not answered, nor anything since."""
    unrested_s: int = 120
    """When the last call-out was less than `rest_s` ago."""
    rest_s: int = 600
    shift_end_s: int = 600
    """When the shift ends before the carer could arrive and stay for `shift_spare_s`."""
    shift_spare_s: int = 900
    stale_per_s: float = 0.2
    """For each second of a position's age over `stale_after_s`, up to `stale_max_s` in all."""
    stale_after_s: int = 900
    stale_max_s: int = 300
    base_position_s: int = 120
    """When there is no position, or one older than `base_after_s`, and the base is used."""
    base_after_s: int = 3600
    unknown_travel_s: int = UNKNOWN_TRAVEL_S
    """In place of the travel time, when the resident's place or the carer's is not known."""

    def __post_init__(self) -> None:
        assert len(self.ring_s) == 3
        assert min(self.ring_s) >= 0
        assert all(getattr(self, field.name) >= 0 for field in fields(self) if field.name != "ring_s")


@dataclass(frozen=True, slots=True, kw_only=True)
class Need:
    """What a resident needs: where, from whom first, which skills and language, and who need not be asked again."""

    place: Position | None
    station_id: StationId | None = None
    lending: Sequence[StationId] = ()
    skills: Collection[str] = ()
    language: str | None = None
    asked: Collection[CarerId] = ()
    declined: Collection[CarerId] = ()


def rank(
    need: Need,
    candidates: Iterable[Candidate],
    *,
    now: datetime,
    travel: TravelTime,
    weights: Weights,
    version: str,
    k: int = KEEP_MAX,
) -> Choice:
    """
    The best `k` of all candidates, by looking at every one of them. `version` names the roster they were read from.

    Order is `effective_s`, then ring, then the carer's code, so that the same facts always give the same list.
    Every carer_id occurs once. Right for a district's hundreds; `Grid` gives the same answer for fifty thousand.
    """
    question = Question.of(need, now=now, travel=travel, weights=weights)
    excluded = dict.fromkeys(EXCLUSIONS, 0)
    scored = []
    for candidate in candidates:
        code = exclusion(question, candidate)
        if code is None:
            scored.append(score(question, candidate))
        else:
            excluded[code] += 1
    considered = len(scored) + sum(excluded.values())
    return chosen(question, heapq.nsmallest(k, scored), excluded=excluded, considered=considered, version=version)


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """What is the same for all candidates of one choice, worked out once."""

    need: Need
    now: datetime
    travel: TravelTime
    weights: Weights
    skills: frozenset[str]
    lending: frozenset[StationId]
    asked: frozenset[CarerId]
    declined: frozenset[CarerId]
    base_before: datetime
    rules: tuple["Rule", ...]

    @classmethod
    def of(cls, need: Need, *, now: datetime, travel: TravelTime, weights: Weights) -> Self:
        """The question that `need` asks at `now` (aware UTC)."""
        return cls(
            need=need,
            now=now,
            travel=travel,
            weights=weights,
            skills=frozenset(need.skills),
            lending=frozenset(need.lending),
            asked=frozenset(need.asked),
            declined=frozenset(need.declined),
            base_before=now - timedelta(seconds=weights.base_after_s),
            rules=tuple(rule for rule in RULES if rule.concerns(need)),
        )


STANDING: Mapping[str, Callable[[Candidate], bool]] = {
    "no_phone": lambda candidate: not candidate.phone,
    "suspended": lambda candidate: candidate.suspended,
    "opted_out": lambda candidate: candidate.opted_out,
}
"""Exclusions that hold for every resident and at any time."""

PASSING = ("shift_over", "declined", "asked_already")
"""Exclusions that hold for this resident at this time."""

EXCLUSIONS = (*STANDING, *PASSING)
"""All exclusions in the order in which they are looked at; a carer is counted under the first."""


def exclusion(question: Question, candidate: Candidate) -> str | None:
    """The code of the first exclusion that holds, or None for a carer who may be asked."""
    return standing(candidate) or passing(question, candidate)


def standing(candidate: Candidate) -> str | None:
    """The first exclusion that holds whatever the question is."""
    for code, holds in STANDING.items():
        if holds(candidate):
            return code
    return None


def passing(question: Question, candidate: Candidate) -> str | None:
    """The first exclusion that this question brings."""
    if candidate.on_duty_until <= question.now:
        return "shift_over"
    if candidate.carer_id in question.declined:
        return "declined"
    return "asked_already" if candidate.carer_id in question.asked else None


Scored: TypeAlias = tuple[float, int, str, CarerId, float, Candidate]
"""effective_s, ring, code, carer_id (these four are the order), travel_s, and the carer."""

Figures: TypeAlias = dict[str, int | str]


class Rule(NamedTuple):
    """One handicap: whole seconds, 0 when it does not apply, from (question, candidate, travel_s); and its figures."""

    code: str
    seconds: Callable[[Question, Candidate, float], int]
    figures: Callable[[Question, Candidate], Figures]
    concerns: Callable[[Need], bool] = lambda _: True
    """Whether it can apply to anybody at all, so that it is not asked of each."""


def score(question: Question, candidate: Candidate) -> Scored:
    """A carer's place in the order, without the explanation."""
    travel_s = _travel_s(question, candidate)
    effective_s = travel_s + handicap_s(question, candidate, travel_s)
    ring = ring_of(question, candidate.station_id)
    return effective_s, ring, candidate.code, candidate.carer_id, travel_s, candidate


def handicap_s(question: Question, candidate: Candidate, travel_s: float) -> int:
    """All handicaps together, in seconds. More travel never makes it less."""
    total_s = 0
    for rule in question.rules:
        total_s += rule.seconds(question, candidate, travel_s)
    return total_s


def ring_of(question: Question, station_id: StationId | None) -> int:
    """The ring a station is in, seen from the resident: OWN, LENDING or DISTRICT."""
    if station_id is None:
        return DISTRICT
    if station_id == question.need.station_id:
        return OWN
    return LENDING if station_id in question.lending else DISTRICT


def origin(question: Question, candidate: Candidate) -> Position | None:
    """Where a carer is believed to be: the last position when it is young enough, else the base, if there is one."""
    return candidate.position if _is_seen(question, candidate) else candidate.base


def _is_seen(question: Question, candidate: Candidate) -> bool:
    return candidate.position_at is not None and candidate.position_at >= question.base_before


def _travel_s(question: Question, candidate: Candidate) -> float:
    place, start = question.need.place, origin(question, candidate)
    if place is None or start is None:
        return float(question.weights.unknown_travel_s)
    return question.travel.seconds(start, place, candidate.means)


def _missing(question: Question, candidate: Candidate) -> list[str]:
    return [] if question.skills <= candidate.skills else sorted(question.skills - candidate.skills)


def _speaks(question: Question, candidate: Candidate) -> bool:
    return question.need.language is None or question.need.language in candidate.languages


def _stale_s(question: Question, candidate: Candidate, _: float) -> int:
    if not _is_seen(question, candidate):
        return 0
    over_s = _age_s(question, candidate.position_at) - question.weights.stale_after_s
    return min(int(max(over_s, 0.0) * question.weights.stale_per_s), question.weights.stale_max_s)


def _base_position_s(question: Question, candidate: Candidate, _: float) -> int:
    return 0 if candidate.base is None or _is_seen(question, candidate) else question.weights.base_position_s


def _unrested_s(question: Question, candidate: Candidate, _: float) -> int:
    weights = question.weights
    return weights.unrested_s if _age_s(question, candidate.last_callout_at) < weights.rest_s else 0


def _shift_end_s(question: Question, candidate: Candidate, travel_s: float) -> int:
    left_s = (candidate.on_duty_until - question.now).total_seconds()
    return question.weights.shift_end_s if left_s < travel_s + question.weights.shift_spare_s else 0


def _age_s(question: Question, then: datetime | None) -> float:
    """Seconds since an instant; for ever, when there was none."""
    return math.inf if then is None else (question.now - then).total_seconds()


def _minutes(seconds: float) -> int:
    return max(0, int(seconds // 60))


RULES: tuple[Rule, ...] = (
    Rule("engaged", lambda q, c, _: q.weights.engaged_s * c.engaged, lambda _, c: {"count": c.engaged}),
    Rule("unreached", lambda q, c, _: q.weights.unreached_s if c.unreached else 0, lambda *_: {}),
    Rule(
        "skill",
        lambda q, c, _: q.weights.skill_s * len(_missing(q, c)),
        lambda q, c: {"count": len(_missing(q, c)), "skills": " ".join(_missing(q, c))},
        lambda need: bool(need.skills),
    ),
    Rule(
        "language",
        lambda q, c, _: 0 if _speaks(q, c) else q.weights.language_s,
        lambda q, _: {"language": q.need.language or ""},
        lambda need: need.language is not None,
    ),
    Rule("shift_end", _shift_end_s, lambda q, c: {"minutes": _minutes(-_age_s(q, c.on_duty_until))}),
    Rule(
        "ring",
        lambda q, c, _: q.weights.ring_s[ring_of(q, c.station_id)],
        lambda q, c: {"ring": ring_of(q, c.station_id)},
    ),
    Rule("base_position", _base_position_s, lambda *_: {}, lambda need: need.place is not None),
    Rule(
        "stale",
        _stale_s,
        lambda q, c: {"minutes": _minutes(_age_s(q, c.position_at))},
        lambda need: need.place is not None,
    ),
    Rule("unrested", _unrested_s, lambda q, c: {"minutes": _minutes(_age_s(q, c.last_callout_at))}),
)
"""Every handicap there is (q asks, c is the carer), in the order in which an operator reads them: the gravest first."""


def chosen(
    question: Question, best: Sequence[Scored], *, excluded: Mapping[str, int], considered: int, version: str
) -> Choice:
    """The choice with its explanations, of scored carers in their order."""
    return Choice(
        ranked=tuple(_ranked(question, scored) for scored in best),
        excluded={code: excluded[code] for code in EXCLUSIONS if excluded.get(code)},
        considered=considered,
        version=_version(question.weights, question.travel.source, version),
        place_known=question.need.place is not None,
        at=question.now,
    )


def _ranked(question: Question, scored: Scored) -> Ranked:
    effective_s, ring, code, carer_id, travel_s, candidate = scored
    place, start = question.need.place, origin(question, candidate)
    way = "no_place" if place is None else "no_position" if start is None else "travel"
    return Ranked(
        carer_id=carer_id,
        code=code,
        ring=ring,
        distance_m=None if place is None or start is None else distance_m(start, place),
        travel_s=travel_s,
        effective_s=effective_s,
        eta_s=math.ceil(travel_s),
        reasons=(_journey(way, candidate.means), *_handicaps(question, candidate, travel_s)),
    )


@cache
def _journey(code: str, means: Means) -> Reason:
    return Reason(code=code, figures={"means": means.value})


def _handicaps(question: Question, candidate: Candidate, travel_s: float) -> list[Reason]:
    return [
        Reason(code=rule.code, seconds=seconds, figures=rule.figures(question, candidate))
        for rule in question.rules
        if (seconds := rule.seconds(question, candidate, travel_s))
    ]


@lru_cache(maxsize=64)
def _version(weights: Weights, source: str, roster: str) -> str:
    """16 hexadecimal digits of SHA-256 over the inputs that are not in the choice itself."""
    return hashlib.sha256(f"{weights!r}|{source}|{roster}".encode()).hexdigest()[:16]
