"""Every fact that the proof of a visit is judged by, as values; what is known of a place; what points come to."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum

from dispatch.ids import CarerId
from dispatch.rules.message import Fact
from dispatch.rules.place import Position, distance_m
from schedules.care.rules.presence import PROVES_PLACE, Photo, Point, Span, Visit, Way, Which, spans, together


class Code(StrEnum):
    """Why a visit does not count by itself."""

    NOT_ASSIGNED = "not_assigned"
    OTHER_TELEPHONE = "other_telephone"
    HANDS_MISSING = "hands_missing"
    NO_BEGIN = "no_begin"
    NO_FINISH = "no_finish"
    NO_ITEMS = "no_items"
    POSITION_MISSING = "position_missing"
    HOME_UNPLACED = "home_unplaced"
    POSITION_REUSED = "position_reused"
    TOO_FAR = "too_far"
    TOO_SHORT = "too_short"
    TOO_LONG = "too_long"
    OFF_TIME = "off_time"
    OVERLAP = "overlap"
    IMPOSSIBLE_TRAVEL = "impossible_travel"
    ENTERED_LATE = "entered_late"
    OFFICE_ENTRY = "office_entry"
    CLOCK_WRONG = "clock_wrong"
    NO_WITNESS = "no_witness"
    PHOTO_STALE = "photo_stale"
    PHOTO_REUSED = "photo_reused"
    RESIDENT_AWAY = "resident_away"
    RESIDENT_LEFT = "resident_left"
    RESIDENT_DEAD = "resident_dead"
    BURST = "burst"


BETWEEN_VISITS = frozenset({Code.OVERLAP, Code.IMPOSSIBLE_TRAVEL, Code.BURST})
"""What is found between two visits: either may be the false one, unless only one of them holds together by itself."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """
    What is still believed. The 200 m, the 24 hours and the witness are CARE-RULES, section 1.5; the rest is chosen.

    `accuracy_max_m` is the most a telephone's own doubt may add to the radius, so that nobody gets in by claiming to
    know nothing; one that claims more than `vague_m` says nothing at all. `speeds_mps` are straight lines that no
    carer beats: running, an e-bike at 43 km/h, a car at 108 km/h.
    """

    radius_m: float = 200.0
    accuracy_max_m: float = 100.0
    vague_m: float = 500.0
    told_at_once: timedelta = timedelta(minutes=5)
    short_percent: int = 80
    long_over: timedelta = timedelta(hours=2)
    early: timedelta = timedelta(hours=2)
    late: timedelta = timedelta(hours=4)
    entered_within: timedelta = timedelta(hours=24)
    clock_ahead: timedelta = timedelta(minutes=5)
    photo_around: timedelta = timedelta(minutes=30)
    vouches: timedelta = timedelta(minutes=20)
    overlap: timedelta = timedelta(seconds=60)
    witness: bool = True
    burst_visits: int = 3
    burst_within: timedelta = timedelta(seconds=60)
    travel_slack_m: float = 300.0
    speeds_mps: Mapping[str, float] = field(default_factory=lambda: {"foot": 3.0, "ebike": 12.0, "car": 30.0})


@dataclass(frozen=True, slots=True, kw_only=True)
class Trip:
    """Another visit of one of the carers. `sound`: nothing is found in it by itself. `place` is where it was."""

    visit_id: str
    carer_id: CarerId
    begun_at: datetime
    finished_at: datetime
    place: Position | None
    sound: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """That a carer said something about some visit at this moment, for those that come in bursts."""

    visit_id: str
    carer_id: CarerId
    received_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Away:
    """The resident is not at home, `[from_at, until_at)`."""

    kind: str
    from_at: datetime
    until_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """
    Every fact about one visit. `used` says of a photo's hash which visit showed it before, `same_place` of a point's id
    which other visit has a point at the very same position; `means` how each carer travels; `local_day` is the day it
    began where it was.
    """

    visit: Visit
    points: Sequence[Point]
    home: Position | None
    photos: Sequence[Photo] = ()
    others: Sequence[Trip] = ()
    entries: Sequence[Entry] = ()
    means: Mapping[CarerId, str] = field(default_factory=dict)
    used: Mapping[str, str] = field(default_factory=dict)
    same_place: Mapping[str, str] = field(default_factory=dict)
    away: Sequence[Away] = ()
    died_on: date | None = None
    left_at: datetime | None = None
    local_day: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that speaks against a visit, with the figures that show it. `evidence` holds codes and numbers only."""

    code: Code
    evidence: Mapping[str, Fact] = field(default_factory=dict)


class Place(StrEnum):
    """What is known of where something was said."""

    PROVEN = "proven"
    NEAR = "near"
    FAR = "far"
    UNKNOWN = "unknown"


def place_of(point: Point, home: Position | None, limits: Limits) -> Place:
    """By what cannot be said elsewhere, by a second person's word, else by the telephone's own position."""
    if point.way in PROVES_PLACE and point.proof is not None:
        return Place.PROVEN
    if point.way is Way.OFFICE and point.approved_by is not None:
        return Place.PROVEN
    return told_place(point.position, point.accuracy_m, home, limits)


def told_place(position: Position | None, accuracy_m: int | None, home: Position | None, limits: Limits) -> Place:
    """What a telephone's own word about where it is comes to."""
    if position is None or home is None or (accuracy_m or 0) > limits.vague_m:
        return Place.UNKNOWN
    doubt = min(max(accuracy_m or 0, 0), limits.accuracy_max_m)
    return Place.NEAR if distance_m(position, home) <= limits.radius_m + doubt else Place.FAR


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """What the points come to: each carer's span, and when all hands were there."""

    spans: Sequence[Span]
    begun_at: datetime | None
    finished_at: datetime | None


def shown(visit: Visit, points: Sequence[Point], home: Position | None, limits: Limits) -> Shown:
    """
    The times that were said, by the points whose place is good; what was told at once before what was told later, so
    that nobody makes a visit longer afterwards.
    """
    placed = [each for each in points if place_of(each, home, limits) in {Place.PROVEN, Place.NEAR}]
    at_once = {each.id for each in placed if each.received_at - each.at <= limits.told_at_once}
    found = spans(points, [at_once, {each.id for each in placed}])
    begun_at, finished_at = together(found, visit.wanted.carers)
    return Shown(spans=found, begun_at=begun_at, finished_at=finished_at)


def vouched(case: Case, point: Point, limits: Limits) -> bool:
    """
    Whether the home itself says at about the same time that a carer is there: a tag, a landline, the resident.

    A resident's word is about one moment: it vouches for the end of the visit that is nearer to it, never for both, or
    one press within a short visit would prove a place that nobody has shown.
    """
    return any(
        each.way in PROVES_PLACE and each.proof is not None and abs(each.at - point.at) <= limits.vouches
        and (_is_nearest(case, each, point) if each.which is Which.CONFIRM else each.carer_id == point.carer_id)
        for each in case.points
    )  # fmt: skip


def _is_nearest(case: Case, word: Point, point: Point) -> bool:
    """Whether nothing that the same carer said of the other end lies nearer to this word; of two as near, the first."""
    far = (abs(word.at - point.at), point.at)
    others = [each for each in case.points if each.carer_id == point.carer_id and each.which is not Which.CONFIRM]
    return all(each.which is point.which or far < (abs(word.at - each.at), each.at) for each in others)
