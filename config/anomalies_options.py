"""The settings of the search for anomalies of public money, as values."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class AnomalySettings:
    """`rules` is the file of thresholds, empty for the packaged one."""

    rules: str = ""
