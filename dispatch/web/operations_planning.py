"""Examples of what programs send about plans of visits."""

from collections.abc import Mapping
from typing import Any

PLANNING_EXAMPLES: Mapping[str, Any] = {
    "POST /plans": {"first": "2026-11-24", "days": 1, "station": "S1", "seconds": 10, "seed": 1},
}
