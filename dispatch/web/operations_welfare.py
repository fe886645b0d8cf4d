"""An example of every body of `/api/v1/welfare`; the summaries stand in its views."""

from collections.abc import Mapping
from typing import Any

WELFARE_EXAMPLES: Mapping[str, Any] = {
    "POST /welfare/signs": {
        "signs": [{
            "key": "canteen-3-20261123-R1", "kind": "meal_missed", "resident": "R1",
            "at": "2026-11-23T13:30:00+08:00", "expected_at": "2026-11-23T11:00:00+08:00", "strength": 1.0,
        }],
    },
    "POST /welfare/signals/{signal_id}/became": {"became": "wrong", "note": "去女儿家了，忘了说"},
    "POST /welfare/homes/{home}/threshold": {"threshold": -3.0, "reason": "刚出院，一个人住"},
    "POST /welfare/missed": {"home": "H1", "at": "2026-11-22T20:00:00+08:00", "note": "邻居发现摔倒"},
}  # fmt: skip
