"""The same for rounds and orders: examples of their bodies. `operations` tells them."""

from collections.abc import Mapping
from typing import Any

ROUND_EXAMPLES: Mapping[str, Any] = {
    "POST /rounds": {"resident": "R1", "note": "邻居说几天没见到人"},
    "POST /rounds/{round_id}/result": {
        "result": "needs", "means": "visit", "note": "要一根拐杖", "lat": 38.0721, "lng": 114.4921, "accuracy_m": 12,
    },
    "POST /rounds/{round_id}/review": {"accepted": True},
    "POST /rounds/extra": {
        "occasion": "heat", "level": "orange", "from_on": "2026-07-20", "until_on": "2026-07-22", "key": "cma-4711",
    },
    "POST /orders": {
        "resident": "R1", "service": "escort", "start_at": "2026-11-25T08:30:00+08:00", "note": "去市二院复查",
    },
    "POST /orders/{order_id}/accept": {"provider": "C1"},
    "POST /orders/{order_id}/done": {"note": "十一点送回家"},
    "POST /orders/{order_id}/cancel": {"why": "老人住院了"},
    "POST /orders/{order_id}/rate": {"score": 5},
    "POST /orders/{order_id}/step": {"step": "survey", "note": "卫生间要加扶手"},
    "POST /orders/providers": {"name": "老张维修", "phone": "+8613800000401", "skills": ["repair"]},
}  # fmt: skip
