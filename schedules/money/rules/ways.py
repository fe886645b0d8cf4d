"""What a bureau may set for all rules together, because no rule says it."""

from dataclasses import dataclass

from schedules.money.rules.ages import LEAP_DAYS
from schedules.money.rules.amounts import ROUNDINGS, Rounding


@dataclass(frozen=True, slots=True, kw_only=True)
class Ways:
    """How a share becomes whole fen, and when somebody born on 29 February is a year older."""

    rounding: str = "half_up"
    leap_day: str = "mar_1"

    def __post_init__(self) -> None:
        assert self.rounding in ROUNDINGS
        assert self.leap_day in LEAP_DAYS

    @property
    def rounded(self) -> Rounding:
        """Numerator and denominator to whole fen."""
        return ROUNDINGS[self.rounding]


CUSTOMARY = Ways()
