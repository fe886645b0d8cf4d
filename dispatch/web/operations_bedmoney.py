"""An example of every body of `/api/v1/bills`; the summaries stand in its views."""

from collections.abc import Mapping
from typing import Any

BED_MONEY_EXAMPLES: Mapping[str, Any] = {
    "POST /bills": {
        "kind": "home", "scheme": "nat-voucher-2026", "resident": "R1", "on": "2026-11-30", "provider": "颐养服务社",
        "lines": [{"on": "2026-11-05", "amount_fen": 12000, "proof": "visit", "ref": "01J0VISIT"}],
    },
    "POST /bills/{bill_id}/withdraw": {"why": "写错了老人"},
    "POST /bills/facts/{resident}": {
        "from_on": "2026-11-01", "income_fen": 280000, "hukou": "130102", "schemes": ["improvement_project"],
    },
    "POST /bills/settle": {"month": "2026-11"},
}  # fmt: skip
