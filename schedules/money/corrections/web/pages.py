"""
`/settlement/corrections`: rules that were corrected backwards, what they price otherwise, and who agrees to it.

No script: whatever is refused comes back with what was typed.
"""

from collections.abc import Callable, Mapping
from datetime import tzinfo
from typing import Any

from flask import Blueprint, flash, make_response, redirect, render_template, request

from dispatch.errors import Conflict, Invalid
from dispatch.rules.rights import Right
from dispatch.web.access import caller, refuse_narrow, require
from dispatch.web.i18n import gettext
from dispatch.web.words import word
from schedules.money.corrections.desk import CorrectionDesk
from schedules.money.corrections.web import words
from schedules.money.rules.amounts import yuan
from schedules.money.rules.statement import masked

PAGE, MOST = 200, 50
NOTE_MAX = 2000

Names = Callable[[], Mapping[str, str]]


def correction_pages(desk: CorrectionDesk, *, names: Names, zone: tzinfo) -> Blueprint:
    """`names` is what staff are called, by reference."""
    bp = Blueprint("corrections", __name__, template_folder="templates")

    def one(id_: str, refusal: Conflict | Invalid | None = None) -> str:
        told = desk.get(id_)
        after = _number(request.args.get("after", ""))
        items = desk.items(id_, after, PAGE + 1)
        who = desk.people([item.resident_id for _, _, item in items])
        return render_template(
            "money_correction.html", one=told.correction, tally=told.tally, items=items[:PAGE], after=after,
            more=items[PAGE - 1][0] if len(items) > PAGE else 0, names=names(), refusal=refusal, typed=request.form,
            who={id_: masked(name) for id_, name in who.items()}, W=words, word=word, yuan=yuan,
            is_mine=told.correction.wanted_by == caller(),
        )  # fmt: skip

    def tried(id_: str, work: Callable[[], object]) -> Any:
        refuse_narrow()
        try:
            work()
        except (Conflict, Invalid) as refusal:
            return make_response(one(id_, refusal), 409 if isinstance(refusal, Conflict) else 422)
        flash(gettext("Done."))
        return redirect(f"/settlement/corrections/{id_}", 303)

    @bp.get("/settlement/corrections")
    @require(Right.MONEY_SEE)
    def listed() -> str:
        refuse_narrow()
        return render_template(
            "money_corrections.html", rows=desk.newest(MOST), W=words, word=word, yuan=yuan,
            local=lambda at: f"{at.astimezone(zone):%Y-%m-%d %H:%M}",
        )  # fmt: skip

    @bp.get("/settlement/corrections/<correction_id>")
    @require(Right.MONEY_SEE)
    def shown(correction_id: str) -> str:
        refuse_narrow()
        return one(correction_id)

    @bp.post("/settlement/corrections/<correction_id>/want")
    @require(Right.MONEY_CHANGE)
    def want(correction_id: str) -> Any:
        return tried(correction_id, lambda: desk.want(correction_id, by=caller(), note=noted()))

    @bp.post("/settlement/corrections/<correction_id>/decline")
    @require(Right.MONEY_CHANGE)
    def decline(correction_id: str) -> Any:
        return tried(correction_id, lambda: desk.decline(correction_id, by=caller(), note=noted()))

    @bp.post("/settlement/corrections/<correction_id>/approve")
    @require(Right.MONEY_APPROVE)
    def approve(correction_id: str) -> Any:
        return tried(correction_id, lambda: desk.approve(correction_id, by=caller()))

    return bp


def noted() -> str:
    """
    The reason that was typed.

    Raises:
        Invalid: none was.
    """
    note = request.form.get("note", "").strip()[:NOTE_MAX]
    if not note:
        raise Invalid("Say why.", {"json": {"note": ["Say why."]}})
    return note


def _number(said: str) -> int:
    return int(said) if said.isascii() and said.isdigit() and len(said) < 10 else 0
