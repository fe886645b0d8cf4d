"""The settings of money for whoever serves, as values."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class ServingSettings:
    """`fund` gives what rules for meals pay canteens by the person-day; terms name their own."""

    fund: str = "district"
