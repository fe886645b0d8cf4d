"""The settings of settlement, as values."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class SettlementSettings:
    """A published statement hangs out for objections for `objection_days`, the day of publishing not counted."""

    objection_days: int = 7
