"""What `anling doctor` finds."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing looked at: whether it is well, what was seen, and the cure where it is not."""

    name: str
    well: bool
    seen: str
    cure: str = ""
