"""The settings of meals, as values."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class MealSettings:
    """
    The folder of subsidy rules is `policies`; empty means those that come with the program. A till that was offline may
    send a meal until the end of the day `late_days` later. `rounding` and `leap_day` are what a bureau settles for all
    rules together.
    """

    policies: str = ""
    late_days: int = 3
    rounding: str = "half_up"
    leap_day: str = "mar_1"
