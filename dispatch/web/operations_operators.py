"""An example of every body of `/api/v1/operators`; the summaries stand in its views."""

from collections.abc import Mapping
from typing import Any

OPERATOR_EXAMPLES: Mapping[str, Any] = {
    "POST /operators/terms": {
        "kind": "station", "payee": "S1", "policy": "qingyuan-station", "from_on": "2026-12-01",
        "facts": {"area": "rural", "star": "3"}, "fund": "district",
    },
    "POST /operators/terms/{term_id}/end": {"until_on": "2027-03-15"},
    "POST /operators/settle": {"month": "2026-12"},
}  # fmt: skip
