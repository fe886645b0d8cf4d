"""The same for home-care beds."""

from collections.abc import Mapping
from typing import Any

BED_SUMMARIES: Mapping[str, str] = {
    "GET /beds": "Home-care beds, the oldest first",
    "POST /beds": "A bed is asked for",
    "GET /beds/{name}": "One bed with its life, papers and plans, by number or id",
    "POST /beds/{name}/assessments": "How able the resident was found",
    "POST /beds/{name}/review": "What a reviewer decides: the town first, the district second; people only",
    "POST /beds/{name}/steps": "Take a bed a step further, with its paper",
    "POST /beds/{name}/plans": "A new version of the care plan",
    "GET /beds/{name}/standing": "A month against its duty, day by day",
    "GET /beds/{name}/statement": "A month's statement with the visits it is counted from",
}

_LINE = {
    "code": "a", "pattern": "weekly", "times": 7, "start": "09:00", "by": "10:00", "minutes": 60,
    "items": ["B01", "B02"], "skills": [], "carers": 1,
}  # fmt: skip

BED_EXAMPLES: Mapping[str, Any] = {
    "POST /beds": {"resident": "R1", "standard": "fj-bed-pilot", "number": "申请 2026-17", "opinion": "家属代办"},
    "POST /beds/{name}/assessments": {
        "standard": "gbt42195-2022", "assessed_on": "2026-11-02", "org": "示范区评估中心", "score": 52,
        "adjustments": ["dementia"], "reason": "first",
    },
    "POST /beds/{name}/review": {"deed": "first_review", "post": "街道民政科", "opinion": "情况属实"},
    "POST /beds/{name}/steps": {
        "deed": "activate", "org": "柏林颐养驿站", "agreed_from": "2026-11-10", "agreed_until": "2027-11-09",
        "number": "协议 2026-17",
    },
    "POST /beds/{name}/plans": {"base": 0, "lines": [_LINE], "urgent": False},
}  # fmt: skip
