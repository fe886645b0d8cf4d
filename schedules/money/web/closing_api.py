# mypy: disable-error-code="untyped-decorator"
"""`/api/v1/months`: closed months with their hashes, the one that is to be closed next, and closing it."""

from collections.abc import Callable
from typing import Any

from marshmallow import Schema, fields, validate

from dispatch.errors import NotFound
from dispatch.rules.rights import Right
from dispatch.store.transactions import Transactions
from dispatch.web.access import caller, either, refuse_narrow
from dispatch.web.api import ApiBlueprint
from dispatch.web.once import Once
from dispatch.web.schemas import Wire
from schedules.money.counting import Counting
from schedules.money.rules.months import is_month
from schedules.money.web.api import _MONTH, READ, WRITE
from schedules.money.web.closing_pages import begin

Plain = dict[str, Any]


class LedgerMonthCloseSchema(Wire):
    """Which month. `sure` says that it is known that this cannot be taken back; going on with one needs none."""

    month = fields.String(required=True, validate=_MONTH, metadata={"example": "2026-10"})
    sure = fields.Boolean(load_default=False)


class LedgerMonthSchema(Schema):
    """
    A month of the ledger. `state` is open, waiting (over, and its turn), broken_off (begun, and to be begun again),
    counting or closed; `hash` and `before` are null until it is closed.
    """

    month = fields.String(required=True)
    state = fields.String(required=True, validate=validate.OneOf(["open", "waiting", "broken_off", "counting", "closed"]))  # noqa: E501  # fmt: skip
    entries = fields.Integer(required=True)
    done = fields.Integer(required=True, metadata={"description": "Entries counted so far"})
    working_out = fields.Boolean(required=True, metadata={"description": "What serving is due is worked out first"})
    wrong = fields.String(required=True, metadata={"description": "Why counting was broken off; empty otherwise"})
    hash = fields.String(required=True, allow_none=True, metadata={"description": "As in the record"})
    before = fields.String(required=True, allow_none=True, metadata={"description": "The hash of the month before"})
    closed_at = fields.String(required=True, allow_none=True)


class LedgerMonthsSchema(Schema):
    """The closed months, the newest first, and the one whose turn it is (null: all that are over are closed)."""

    items = fields.List(fields.Nested(LedgerMonthSchema), required=True)
    next = fields.Nested(LedgerMonthSchema, required=True, allow_none=True)
    unpriced = fields.Integer(required=True, metadata={"description": "Meals that could be priced first"})


MOST = 120
"""Ten years of closed months in one answer."""


def closing_api(counting: Counting, unpriced: Callable[[], int], *, transactions: Transactions) -> ApiBlueprint:
    """What `/settlement/closing` shows and does. Counting goes on after the answer: ask for the month again."""
    bp = ApiBlueprint("months_api", __name__, url_prefix="/months", description="Months of the ledger")
    once = Once(transactions)

    @bp.get("")
    @either(READ, Right.MONEY_SEE)
    @bp.response(200, LedgerMonthsSchema)
    def months() -> Plain:
        """Closed months with their hashes, and the one that is to be closed next"""
        refuse_narrow()
        following = counting.closing.next()
        return {
            "items": [_told(counting, each) for each in counting.closing.closed(MOST)],
            "next": _told(counting, following[0]) if following else None, "unpriced": unpriced(),
        }  # fmt: skip

    @bp.post("")
    @either(WRITE, Right.MONEY_CHANGE)
    @once
    @bp.arguments(LedgerMonthCloseSchema)
    @bp.response(202, LedgerMonthSchema)
    def close(wanted: Plain) -> Plain:
        """Close the month whose turn it is, once and for ever; answered at once, counted afterwards"""
        refuse_narrow()
        if counting.closing.known(wanted["month"]) is None:
            begin(counting, wanted["month"], is_sure=wanted["sure"], by=caller())
        return _told(counting, wanted["month"])

    @bp.get("/<month>")
    @either(READ, Right.MONEY_SEE)
    @bp.response(200, LedgerMonthSchema)
    def month(month: str) -> Plain:
        """One month: how far its closing is, and its hash"""
        refuse_narrow()
        if not is_month(month):
            raise NotFound(f"no month {month}")
        return _told(counting, month)

    return bp


def _told(counting: Counting, month: str) -> Plain:
    # How far it is comes first: what ends between the two is told as closed, never as broken off.
    progress = counting.now()
    known = counting.closing.known(month)
    told = {
        "month": month,
        "done": 0,
        "working_out": False,
        "wrong": "",
        "hash": None,
        "before": None,
        "closed_at": None,
    }
    if known is not None:
        closed = {"state": "closed", "hash": known["hash"], "before": known["before"], "done": known["entries"]}
        return told | closed | {"entries": known["entries"], "closed_at": known["at"].isoformat()}
    told |= {"entries": counting.closing.entries(month)}
    if progress is not None and progress.month == month:
        told |= {"wrong": progress.wrong}
        if not progress.wrong:
            done = 0 if progress.due else progress.done
            return told | {"state": "counting", "done": done, "working_out": progress.due}
    following = counting.closing.next()
    if following is None or following[0] != month:
        return told | {"state": "open"}
    return told | {"state": "broken_off" if following[2] else "waiting"}
