"""Examples of the bodies of coverage and service points; `operations` tells them."""

from collections.abc import Mapping
from typing import Any

COVERAGE_EXAMPLES: Mapping[str, Any] = {
    "POST /places": {
        "code": "P1", "kind": "canteen", "name": "柏林社区食堂", "lat": 38.0712, "lng": 114.4903,
        "hours": "Mo-Fr 11:00-13:00,17:00-18:30; PH off", "phone": "+8631188888888", "offers": "午餐、晚餐，可送餐",
    },
}  # fmt: skip
