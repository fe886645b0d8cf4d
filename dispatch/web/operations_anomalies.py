"""The same for findings about public money: examples of their bodies. `operations` tells them."""

from collections.abc import Mapping
from typing import Any

ANOMALY_EXAMPLES: Mapping[str, Any] = {
    "POST /money-findings/{finding_id}/outcome": {
        "state": "recovered", "note": "家属未报死亡，已退回", "recovered_fen": 7900,
    },
    "POST /money-findings/checks/{check_id}": {"result": "wrong", "note": "老人说那天没有来吃饭"},
}  # fmt: skip
