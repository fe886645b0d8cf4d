"""The same for statements and budgets."""

from collections.abc import Mapping
from typing import Any

MONEY_SUMMARIES: Mapping[str, str] = {
    "GET /statements": "Statements of closed months, the newest first",
    "POST /statements": "Draw the statements of a closed month, one for each payee and fund",
    "GET /statements/budgets": "Budgets of a year with what was given and paid, and the execution rate",
    "POST /statements/budgets": "Set the budget of a fund for a year",
    "GET /statements/{statement_id}": "One statement with its parts, steps and objections",
    "GET /statements/{statement_id}/people": "What each resident had of it",
    "POST /statements/{statement_id}/steps": "Submit a statement, or write its payment down",
    "POST /statements/{statement_id}/review": "Send back, publish, withdraw or approve; by three people",
    "POST /statements/{statement_id}/objections": "Somebody objects to a published statement",
    "POST /statements/{statement_id}/objections/{objection_id}": "What became of an objection; people only",
}

MONEY_EXAMPLES: Mapping[str, Any] = {
    "POST /corrections/{correction_id}/want": {"note": "市民政局 2026 年 31 号文更正"},
    "POST /corrections/{correction_id}/decline": {"note": "更正不溯及既往"},
    "POST /months": {"month": "2026-10", "sure": True},
    "POST /statements": {"month": "2026-10"},
    "POST /statements/budgets": {"fund": "city", "year": 2026, "amount_fen": 120000000},
    "POST /statements/{statement_id}/steps": {"deed": "pay", "on": "2026-11-20", "reference": "支付 2026-311"},
    "POST /statements/{statement_id}/review": {"deed": "send_back", "note": "与签到表不符"},
    "POST /statements/{statement_id}/objections": {"said_by": "张阿姨", "text": "十月三日没有用餐"},
    "POST /statements/{statement_id}/objections/{objection_id}": {"upheld": True, "answer": "属实，下月冲回"},
}  # fmt: skip
