"""What the search for anomalies reads, and what it finds: plain values, ids and figures only."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum

from dispatch.rules.place import Position

EVIDENCE_MAX = 50
"""Ids that one finding names; how many there are in all stands in its figures."""

MACHINE_WAYS = frozenset({"card", "qr"})
"""Ways of identification that a machine reads. Every other one was typed or judged by the person at the till."""


class Code(StrEnum):
    """What may be wrong. The sources are beside the thresholds, in `config/money/anomalies.toml`."""

    AFTER_DEATH = "after_death"
    IN_HOSPITAL = "in_hospital"
    """In hospital or in an institution."""
    TWO_CANTEENS = "two_canteens"
    OVER_LIMIT = "over_limit"
    BURST = "burst"
    ONE_OPERATOR = "one_operator"
    AT_MINIMUM = "at_minimum"
    SAME_MINUTE = "same_minute"
    CLOSED_HOURS = "closed_hours"
    STALE_PHOTO = "stale_photo"
    REUSED_PHOTO = "reused_photo"
    EXCLUDED_SCHEME = "excluded_scheme"
    VISITS_OVERLAP = "visits_overlap"
    VISIT_AFTER_DEATH = "visit_after_death"
    VISIT_IN_HOSPITAL = "visit_in_hospital"
    JUMP = "jump"


class Severity(StrEnum):
    """How soon somebody should look."""

    HIGH = "high"
    MIDDLE = "middle"
    LOW = "low"


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """A meal that was brought: `photo` is the hash of the picture taken as proof, `taken_at` when by its own word."""

    photo: str | None = None
    taken_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Serving:
    """
    One meal that was given. `served_at` and `received_at` are aware UTC, `day` is the local day of the meal.

    `way` is how the person was identified ("card", "qr"; others are by hand), `scheme` the rule that paid.
    """

    id: str
    resident: str
    canteen: str
    till: str
    operator: str
    meal: str
    served_at: datetime
    received_at: datetime
    day: date
    price_fen: int
    subsidy_fen: int
    way: str
    delivery: Delivery | None = None
    scheme: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Canteen:
    """
    A canteen as far as it matters here. `minimums` are the least prices (fen) from which its schemes pay.

    `hours` are (weekday 0–6, first minute of the day, minute it closes); none are known where it is empty.
    """

    id: str
    station: str | None = None
    place: Position | None = None
    hours: tuple[tuple[int, int, int], ...] = ()
    minimums: frozenset[int] = frozenset()


@dataclass(frozen=True, slots=True, kw_only=True)
class Stay:
    """Somebody is in hospital or in an institution. The first and the last local day are spent at home in part."""

    kind: str
    first: date
    last: date | None = None

    def holds(self, day: date) -> bool:
        return self.first < day and (self.last is None or day < self.last)


@dataclass(frozen=True, slots=True, kw_only=True)
class About:
    """What is remarkable about a resident. `schemes` maps the id of each scheme they draw to its kind."""

    died_on: date | None = None
    stays: tuple[Stay, ...] = ()
    schemes: Mapping[str, str] = field(default_factory=dict)
    cats: frozenset[str] = frozenset()

    def is_dead(self, day: date) -> bool:
        """Whether they had died before this local day; on the day itself they may have eaten."""
        return self.died_on is not None and day > self.died_on

    def stay(self, day: date) -> Stay | None:
        return next((each for each in self.stays if each.holds(day)), None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """
    One thing somebody should look at. `key` is the same whenever the same is found again.

    `evidence` are ids of servings or visits; `figures` what was measured and what the limit is; `amount_fen` the public
    money that hangs on it. Nothing here names or describes anybody.
    """

    code: Code
    key: str
    severity: Severity
    first: date
    last: date
    canteen: str | None = None
    resident: str | None = None
    operator: str | None = None
    evidence: tuple[str, ...] = ()
    figures: Mapping[str, int | str] = field(default_factory=dict)
    amount_fen: int = 0

    def __post_init__(self) -> None:
        assert self.first <= self.last
        assert self.evidence
        assert len(self.evidence) <= EVIDENCE_MAX


def fen_of(servings: Sequence[Serving]) -> int:
    """The public money in these meals."""
    return sum(each.subsidy_fen for each in servings)


def ids_of(servings: Sequence[Serving]) -> tuple[str, ...]:
    """The first of their ids, as evidence."""
    return tuple(each.id for each in servings[:EVIDENCE_MAX])
