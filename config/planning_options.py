"""The settings of planning visits, as values."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanningSettings:
    """
    A plan is thought about for `seconds` by `processes` processes of their own, which share `memory_mb` megabytes. A
    published visit that begins within `promised_h` hours keeps its carers and its time when plans are made again.
    """

    seconds: int = 30
    processes: int = 1
    memory_mb: int = 2048
    promised_h: int = 24
