"""Statements as plain values, for pages and programs alike."""

from typing import Any

from schedules.money.rules.statement import Objection, Statement, Step, masked
from schedules.money.settling import Had, Told

Plain = dict[str, Any]


def told_short(statement: Statement) -> Plain:
    """One line of a list. Money is fen."""
    return {
        "id": statement.id, "month": statement.month, "kind": statement.kind.value, "account": statement.account,
        "name": statement.name, "station": statement.station_id, "amount_fen": statement.amount_fen,
        "entries": statement.entries, "state": statement.state.value, "submitted_by": statement.submitted_by,
        "objections_until": statement.objections_until.isoformat() if statement.objections_until else None,
    }  # fmt: skip


def told_whole(told: Told) -> Plain:
    """A statement with its parts, steps and objections."""
    return {
        **told_short(told.statement), "hash": told.hash, "legal": [each.value for each in told.legal],
        "parts": [
            {"account": account, "amount_fen": fen, "entries": entries}
            for account, (fen, entries) in told.parts.items()
        ],
        "steps": [_step(each) for each in told.steps],
        "objections": [_objection(each) for each in told.objections],
        "serving": [_served(each) for each in told.serving],
    }  # fmt: skip


def told_had(had: Had, *, is_public: bool = False) -> Plain:
    """What one resident had; in public with nothing of them but a masked name."""
    found = {"name": masked(had.name) if is_public and not had.is_serving else had.name, "entries": had.entries,
             "amount_fen": had.amount_fen, "late": had.late}  # fmt: skip
    return found if is_public else {"resident": had.resident_id or None, **found}


def _served(row: Plain) -> Plain:
    """One entry that pays for serving; `reversal` takes back what was booked before."""
    same = {name: row[name] for name in ("source", "kind", "owed_to", "period", "title", "counted", "version", "late")}
    return same | {
        "policy": row["policy_id"], "on": row["on"].isoformat(), "amount_fen": row["fen"], "reversal": row["back"],
        "why": row["because"],
    }  # fmt: skip


def _step(step: Step) -> Plain:
    return {
        "deed": step.deed.value, "state": step.state.value, "by": step.by, "at": step.at.isoformat(),
        "on": step.on.isoformat() if step.on else None, "reference": step.reference, "note": step.note,
    }  # fmt: skip


def _objection(objection: Objection) -> Plain:
    return {
        "id": objection.id, "said_by": objection.said_by, "text": objection.text, "by": objection.by,
        "at": objection.at.isoformat(), "upheld": objection.upheld, "answer": objection.answer,
        "answered_by": objection.answered_by,
    }  # fmt: skip
