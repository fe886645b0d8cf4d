"""Who was chosen and why, as it is kept with the alarm and can be read again years later."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Self

from dispatch.ids import CarerId


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """Why a carer stands where they stand: a code with a sentence in `messages/reasons.py`, its seconds and figures."""

    code: str
    seconds: int = 0
    figures: Mapping[str, int | str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ranked:
    """A carer who may be asked. `effective_s` is `travel_s` plus the seconds of `reasons`; `eta_s` is promised."""

    carer_id: CarerId
    code: str
    ring: int
    distance_m: float | None
    travel_s: float
    effective_s: float
    eta_s: int
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """
    The answer that is kept with the alarm: the best, and how many were left out for which reason.

    `version` is a hash of the weights, the source of travel times and the version of the roster.
    """

    ranked: tuple[Ranked, ...]
    excluded: Mapping[str, int]
    considered: int
    version: str
    place_known: bool
    at: datetime

    @classmethod
    def from_json(cls, stored: Mapping[str, Any]) -> Self:
        """The choice that was kept as JSON, field by field (`store.database.Json` writes a dataclass so)."""
        reasons = [tuple(Reason(**reason) for reason in one["reasons"]) for one in stored["ranked"]]
        ranked = tuple(Ranked(**{**one, "reasons": why}) for one, why in zip(stored["ranked"], reasons, strict=True))
        return cls(**{**stored, "ranked": ranked, "at": datetime.fromisoformat(stored["at"])})
