"""Examples of what programs post about visits; the summaries stand at the views."""

from collections.abc import Mapping
from typing import Any

CARE_EXAMPLES: Mapping[str, Any] = {
    "POST /visits/{visit_id}/begin": {
        "carer": "C1", "at": "2026-11-23T09:02:00+08:00", "lat": 38.072, "lng": 114.492, "accuracy_m": 18,
    },
    "POST /visits/{visit_id}/finish": {
        "carer": "C1", "at": "2026-11-23T10:01:00+08:00", "lat": 38.072, "lng": 114.492, "accuracy_m": 25,
        "items": ["B01", "B07"],
    },
    "POST /visits/{visit_id}/cancel": {"reason": "hospital", "note": "女儿来电，昨晚住院"},
    "POST /visits/{visit_id}/assign": {"carers": ["C1", "C2"]},
    "POST /visits/{visit_id}/photo": {"sha256": "0" * 64, "taken_at": "2026-11-23T09:40:00+08:00", "carer": "C1"},
    "POST /visits/{visit_id}/resolve": {"finding": "too_short", "resolution": "accepted", "note": "老人要求提前结束"},
    "POST /visits/{visit_id}/approve": {"point": "0197f3a2c5d07c0e8a52f1b3d4e5f601"},
}  # fmt: skip
