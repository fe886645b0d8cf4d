"""The settings of home-care beds, as values."""

from dataclasses import dataclass
from pathlib import Path

FOLDER = Path(__file__).parent / "care"
"""What comes with the program."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BedSettings:
    """
    `standard` is the month's duty that a new bed is held to; files say which duties, standards of assessment and items
    there are. An absence suspends after `hospital_days` or `away_days`; `levels` have a claim; a change of a plan by
    the `change_by`th holds from the next month; assessments are thought of `remind_days` before they run out; a day
    holds `day_minutes_max` minutes of visits at most.
    """

    standard: str = "fj-bed-pilot"
    standards: Path = FOLDER / "standards"
    assessments: Path = FOLDER / "assessments.toml"
    items: Path = FOLDER / "items.toml"
    hospital_days: int = 15
    away_days: int = 30
    levels: tuple[str, ...] = ("mild", "moderate", "severe", "total")
    change_by: int = 20
    remind_days: int = 30
    day_minutes_max: int = 480
