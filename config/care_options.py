"""The settings of visits at home, as values."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class VisitSettings:
    """
    Minutes after the latest start until the carer is reminded, the operator told, an alarm raised; minutes after the
    planned end until the carer is asked to sign out, hours until it is over without. `days_ahead` are planned.
    The others are the limits of what is believed: see `schedules.care.rules.evidence.Limits`.
    """

    days_ahead: int = 7
    remind_min: int = 15
    tell_min: int = 30
    missed_min: int = 60
    unsigned_min: int = 60
    give_up_h: int = 6
    radius_m: int = 200
    accuracy_max_m: int = 100
    short_percent: int = 80
    long_over_min: int = 120
    entered_within_h: int = 24
    witness: bool = True
