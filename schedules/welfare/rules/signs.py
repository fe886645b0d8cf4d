"""
What can be noticed of a household, and what each notice weighs: read from a file of data, each weight with its reason.

Weights are natural logarithms of odds: how many times more often a sign is seen when something is wrong than when
nothing is (Bayes' rule, signs taken for independent).
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

from dispatch.errors import Invalid
from dispatch.ids import HomeId, ResidentId


class Kind(StrEnum):
    """One word for what was noticed, whoever noticed it."""

    # Something may be wrong.
    MEAL_MISSED = "meal_missed"
    DELIVERY_UNANSWERED = "delivery_unanswered"
    DOOR_UNANSWERED = "door_unanswered"
    """A carer or a visitor stood there and nobody opened."""
    VISIT_MISSED = "visit_missed"
    """Nobody came: it says little of the resident, and that nobody has seen them."""
    CALL_UNANSWERED = "call_unanswered"
    DEVICE_SILENT = "device_silent"
    NO_MOTION = "no_motion"
    LITTLE_MOTION = "little_motion"
    NOT_IN_BED = "not_in_bed"
    OUT_OF_BED = "out_of_bed"
    BREATHING = "breathing"
    # Somebody lives.
    MEAL = "meal"
    MOTION = "motion"
    PRESS = "press"
    ANSWERED = "answered"
    VISITED = "visited"


LIFE = frozenset({Kind.MEAL, Kind.MOTION, Kind.PRESS, Kind.ANSWERED, Kind.VISITED})
SIGNS = frozenset(Kind) - LIFE

LOG_ODDS_MAX, HALF_LIFE_MAX_H, SCORE_MAX = 10.0, 240.0, 20.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Observation:
    """
    Something that was noticed `at` an instant (aware UTC). `expected_at` is when it should have been otherwise.

    `resident_id` None: it is about the home, and nobody knows whom of those who live there. `strength` from 0 to 1 is
    the part of the kind's weight that this one has. `key` tells the same notice again from a new one.
    """

    key: str
    kind: Kind
    home_id: HomeId
    resident_id: ResidentId | None
    at: datetime
    expected_at: datetime | None = None
    strength: float = 1.0

    def __post_init__(self) -> None:
        assert self.at.tzinfo is not None
        assert 0.0 <= self.strength <= 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Weight:
    """
    What a sign adds to the score, and after how many hours half of that is left. `because` says why, for people.

    `life` says what part of it is left once a sign of life was noticed: whoever eats is alive, but may be ill all the
    same. What is not named leaves the whole. `explained` says the same of another sign that has this one for its own
    consequence: where a sensor has fallen silent nothing moves, whoever walks by.
    """

    log_odds: float
    half_life_h: float
    life: Mapping[Kind, float]
    because: str
    explained: Mapping[Kind, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Scale:
    """Everything that is weighed, and how much is enough: `prior` and `threshold` are log-odds."""

    prior: float
    threshold: float
    again: float
    """A second sign of the same kind adds this part of its weight, a third one the square of it, and so on."""
    weights: Mapping[Kind, Weight]
    sure: float | None = None
    """From this score on somebody is sent at once; below it they are rung first. None: nobody is ever rung first."""
    at_night: float | None = None
    """The same between 22 and 8 o'clock, when nobody is rung; what scores less waits for the morning."""

    @property
    def window(self) -> timedelta:
        """What is older than this weighs nothing any more: seven half-lives leave less than a hundredth."""
        return timedelta(hours=7 * max(each.half_life_h for each in self.weights.values()))


def read_scale(written: Mapping[str, Any]) -> Scale:
    """
    The scale from the tables of its file.

    Raises:
        Invalid: a key is missing, unknown or out of its range; `errors` names the place.
    """
    _only(written, {"scale", "sign"}, "the file")
    scale = _table(written, "scale")
    _only(scale, {"prior", "threshold", "again", "sure", "at_night"}, "[scale]")
    signs = _table(written, "sign")
    # A file that was written before there was such a sign does not weigh it.
    unknown = sorted((set(signs) | {Kind.LITTLE_MOTION}) ^ {each.value for each in SIGNS})
    if unknown:
        raise _wrong(f"[sign.{unknown[0]}]", "Not a kind of sign, or one is missing: " + ", ".join(sorted(SIGNS)))
    return Scale(
        prior=_number(scale, "prior", "[scale]", -SCORE_MAX, 0.0),
        threshold=_number(scale, "threshold", "[scale]", -SCORE_MAX, SCORE_MAX),
        again=_number(scale, "again", "[scale]", 0.0, 1.0),
        weights={Kind(name): _weight(signs[name], f"[sign.{name}]") for name in signs},
        sure=_number(scale, "sure", "[scale]", -SCORE_MAX, SCORE_MAX) if "sure" in scale else None,
        at_night=_number(scale, "at_night", "[scale]", -SCORE_MAX, SCORE_MAX) if "at_night" in scale else None,
    )  # fmt: skip


def _weight(said: Any, place: str) -> Weight:
    if not isinstance(said, Mapping):
        raise _wrong(place, "A table with log_odds, half_life_h, life and because.")
    _only(said, {"log_odds", "half_life_h", "life", "explained", "because"}, place)
    life, because, explained = said.get("life"), said.get("because"), said.get("explained", {})
    if not isinstance(life, Mapping) or not set(life) <= {each.value for each in LIFE}:
        raise _wrong(f"{place} life", "A table of: " + ", ".join(sorted(LIFE)))
    if not isinstance(explained, Mapping) or not set(explained) <= {each.value for each in SIGNS}:
        raise _wrong(f"{place} explained", "A table of: " + ", ".join(sorted(SIGNS)))
    if not isinstance(because, str) or not because.strip():
        raise _wrong(f"{place} because", "Say why it weighs so much.")
    return Weight(
        log_odds=_number(said, "log_odds", place, 0.0, LOG_ODDS_MAX),
        half_life_h=_number(said, "half_life_h", place, 0.1, HALF_LIFE_MAX_H),
        life={Kind(name): _number(life, name, f"{place} life", 0.0, 1.0) for name in life}, because=because,
        explained={Kind(name): _number(explained, name, f"{place} explained", 0.0, 1.0) for name in explained},
    )  # fmt: skip


def _number(table: Mapping[str, Any], key: str, place: str, least: float, most: float) -> float:
    said = table.get(key)
    if isinstance(said, bool) or not isinstance(said, int | float) or not least <= said <= most:
        raise _wrong(f"{place} {key}", f"A number from {least:g} to {most:g}.")
    return float(said)


def _table(written: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = written.get(name)
    if not isinstance(found, Mapping):
        raise _wrong(f"[{name}]", "This table is missing.")
    return found


def _only(table: Mapping[str, Any], known: set[str], place: str) -> None:
    unknown = sorted(set(table) - known)
    if unknown:
        raise _wrong(f"{place} {unknown[0]}", "There is no such key here.")


def _wrong(place: str, cure: str) -> Invalid:
    return Invalid(cure, {place: [cure]})
