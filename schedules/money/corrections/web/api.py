# mypy: disable-error-code="untyped-decorator"
"""`/api/v1/corrections`: rules that were corrected backwards, what they price otherwise, and deciding about it."""

from collections.abc import Mapping
from typing import Any

from marshmallow import RAISE, Schema, fields, validate

from dispatch.rules.rights import Right
from dispatch.store.transactions import Transactions
from dispatch.web.access import caller, either, refuse_narrow, require
from dispatch.web.api import ApiBlueprint
from dispatch.web.once import Once
from dispatch.web.registers import bookmarked
from dispatch.web.schemas import NOTE_MAX, ListSchema, PageSchema, Text, Wire
from schedules.money.corrections.desk import CorrectionDesk, Told
from schedules.money.corrections.rules.correction import Item, State
from schedules.money.web.api import READ, WRITE

Plain = dict[str, Any]
MOST = 100


class CorrectionNoteSchema(Wire):
    """Why."""

    note = Text(NOTE_MAX, required=True)


class CorrectionVersionSchema(Schema):
    """A version that was asked, and the one that is in force from a day on; empty: none is."""

    policy = fields.String(required=True)
    old = fields.String(required=True)
    new = fields.String(required=True)
    first = fields.String(required=True)


class CorrectionSchema(Schema):
    """
    A correction. Money is fen: public money `before_fen` and `after_fen`; diners get `back_fen` back, and paid
    `short_fen` too little. `items` are all that is written, `done` and `skipped` so many of them.
    """

    id = fields.String(required=True)
    kind = fields.String(required=True)
    state = fields.String(required=True, validate=validate.OneOf([each.value for each in State]))
    found_at = fields.String(required=True)
    versions = fields.List(fields.Nested(CorrectionVersionSchema), required=True)
    wanted_by = fields.String(required=True, allow_none=True)
    decided_by = fields.String(required=True, allow_none=True)
    note = fields.String(required=True)
    differing = fields.Integer(required=True)
    before_fen = fields.Integer(required=True)
    after_fen = fields.Integer(required=True)
    back_fen = fields.Integer(required=True)
    short_fen = fields.Integer(required=True)
    items = fields.Integer(required=True)
    done = fields.Integer(required=True)
    skipped = fields.Integer(required=True)


class CorrectionsSchema(Schema):
    """The newest first."""

    items = fields.List(fields.Nested(CorrectionSchema), required=True)


def corrections_api(desk: CorrectionDesk, *, transactions: Transactions) -> ApiBlueprint:
    """A step that is not legal from where a correction stands is 409; approving is for people, and for another one."""
    bp = ApiBlueprint(
        "corrections_api", __name__, url_prefix="/corrections", description="Rules that were corrected backwards"
    )
    once = Once(transactions)

    @bp.get("")
    @either(READ, Right.MONEY_SEE)
    @bp.response(200, CorrectionsSchema)
    def listed() -> Plain:
        """Corrections of rules with what they come to, the newest first"""
        refuse_narrow()
        return {"items": [told(each) for each in desk.newest(MOST)]}

    @bp.get("/<correction_id>")
    @either(READ, Right.MONEY_SEE)
    @bp.response(200, CorrectionSchema)
    def one(correction_id: str) -> Plain:
        """One correction"""
        refuse_narrow()
        return told(desk.get(correction_id))

    @bp.get("/<correction_id>/items")
    @either(READ, Right.MONEY_SEE)
    @bp.arguments(ListSchema, location="query", unknown=RAISE)
    @bp.response(200, PageSchema)
    def items(wanted: Plain, correction_id: str) -> Any:
        """Meals or bills that a correction prices otherwise, with the difference"""
        refuse_narrow()
        desk.get(correction_id)
        cursor, limit = wanted.get("cursor", ""), wanted["limit"]
        after = int(cursor) if cursor.isascii() and cursor.isdigit() and len(cursor) < 10 else 0
        rows = desk.items(correction_id, after, limit + 1)
        page = [told_item(item, state) for _, state, item in rows[:limit]]
        return bookmarked(page, str(rows[limit - 1][0]) if len(rows) > limit else None)

    @bp.post("/<correction_id>/want")
    @either(WRITE, Right.MONEY_CHANGE)
    @once
    @bp.arguments(CorrectionNoteSchema)
    @bp.response(200, CorrectionSchema)
    def wanted(said: Plain, correction_id: str) -> Plain:
        """Everything on the list is to be priced anew; another person approves"""
        refuse_narrow()
        desk.want(correction_id, by=caller(), note=said["note"])
        return told(desk.get(correction_id))

    @bp.post("/<correction_id>/decline")
    @either(WRITE, Right.MONEY_CHANGE)
    @once
    @bp.arguments(CorrectionNoteSchema)
    @bp.response(200, CorrectionSchema)
    def declined(said: Plain, correction_id: str) -> Plain:
        """What was priced stays as it is"""
        refuse_narrow()
        desk.decline(correction_id, by=caller(), note=said["note"])
        return told(desk.get(correction_id))

    @bp.post("/<correction_id>/approve")
    @require(Right.MONEY_APPROVE)
    @bp.response(200, CorrectionSchema)
    def approved(correction_id: str) -> Plain:
        """Agree to a correction that somebody else wanted; people only"""
        refuse_narrow()
        desk.approve(correction_id, by=caller())
        return told(desk.get(correction_id))

    return bp


def told(each: Told) -> Plain:
    """A correction as plain values."""
    one, tally = each.correction, each.tally
    versions: list[Mapping[str, str]] = [
        {"policy": said.policy, "old": said.old, "new": said.new, "first": said.first.isoformat()}
        for said in one.outdated
    ]
    return {
        "id": one.id, "kind": one.kind, "state": one.state.value, "found_at": one.found_at.isoformat(),
        "versions": versions, "wanted_by": one.wanted_by, "decided_by": one.decided_by, "note": one.note,
        **{name: getattr(tally, name) for name in type(tally).__slots__},
    }  # fmt: skip


def told_item(item: Item, state: str) -> Plain:
    """A meal or bill as plain values; whose it is stands as an id."""
    return {
        "source": item.source, "resident": item.resident_id, "on": item.on.isoformat(), "state": state,
        "before_fen": item.before_fen, "after_fen": item.after_fen, "paid_fen": item.paid_fen,
        "pays_fen": item.pays_fen, "old_version": item.old_version, "new_version": item.new_version,
    }  # fmt: skip
