"""The settings of settlement, as values."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class SettlementSettings:
    """
    A published statement hangs out for objections for `objection_days`, the day of publishing not counted. Without a
    `second_reviewer` whoever published it may approve it.
    """

    objection_days: int = 7
    second_reviewer: bool = True
