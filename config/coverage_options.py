"""The settings of coverage and of travel times, as values."""

from dataclasses import dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True, kw_only=True)
class CoverageSettings:
    """
    A home is covered while somebody who is on duty and can be reached needs at most `city_min` minutes to it, in the
    communities or streets named in `rural` at most `country_min`. Where the telephones are tested each month, an answer
    older than `answered_days` counts as none. Looked at for `ahead_days`; 0 looks never by itself.
    """

    city_min: float = 15.0
    country_min: float = 30.0
    rural: tuple[str, ...] = ()
    answered_days: int = 35
    ahead_days: int = 14


@dataclass(frozen=True, slots=True, kw_only=True)
class TravelSettings:
    """
    `barriers` is the file of rivers and railways with their crossings; None for none. `router` is `valhalla` or `osrm`
    at `url`, empty for none: the best few of an alarm are asked about for at most `budget_ms`.
    """

    barriers: Path | None = None
    router: str = ""
    url: str = ""
    budget_ms: int = 200
