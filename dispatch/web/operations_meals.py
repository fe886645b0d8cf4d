"""Examples of the bodies of meals and canteens; the summaries stand in their views."""

from collections.abc import Mapping
from typing import Any

MEAL_EXAMPLES: Mapping[str, Any] = {
    "POST /meals": {
        "meals": [{
            "till": "T1", "ref": "20261123-0001", "meal": "lunch", "served_at": "2026-11-23T11:32:05+08:00",
            "price_fen": 1200, "by": "card", "who": "6217000012345678",
        }],
    },
    "POST /meals/quotes": {
        "meals": [{
            "till": "T1", "ref": "quote-1", "meal": "lunch", "served_at": "2026-11-23T11:30:00+08:00",
            "price_fen": 1200, "by": "card", "who": "6217000012345678",
        }],
    },
    "POST /meals/waiting": {"since": "2026-11-01"},
    "POST /meals/cancellations": {"till": "T1", "ref": "20261123-0001", "note": "按错了"},
    "POST /meals/diners": {
        "resident": "R1", "card": "6217000012345678", "hukou": "130102001001", "residence": "130102001001",
        "income_fen": 120000, "schemes": [],
    },
    "POST /canteens": {
        "code": "A1", "name": "柏林社区食堂", "kind": "canteen", "area_code": "130102001001", "station": "S1",
        "rules": [{"policy": "wuhu-2022", "from_on": "2026-01-01"}],
    },
    "POST /canteens/tills": {"code": "T1", "canteen": "A1", "key": ""},
}  # fmt: skip
