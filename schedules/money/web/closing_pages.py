"""`/settlement/closing`: the month that is to be closed next, and how far its closing is. It works without a script."""

from collections.abc import Callable
from typing import Any

from flask import Blueprint, make_response, redirect, render_template, request

from dispatch.errors import Conflict, Invalid
from dispatch.rules.people import Person
from dispatch.rules.rights import Right
from dispatch.web.access import caller, refuse_narrow, require
from dispatch.web.i18n import gettext
from schedules.money.counting import Counting


def closing_pages(counting: Counting, unpriced: Callable[[], int]) -> Blueprint:
    """`unpriced` says how many meals could be priced now: after the closing their money goes to a later month."""
    bp = Blueprint("closing", __name__, template_folder="templates")

    @bp.get("/settlement/closing")
    @require(Right.MONEY_SEE)
    def shown() -> str:
        refuse_narrow()
        return _shown(counting, unpriced)

    @bp.post("/settlement/closing")
    @require(Right.MONEY_CHANGE)
    def closed() -> Any:
        refuse_narrow()
        month = request.form.get("month", "")[:7]
        try:
            begin(counting, month, is_sure=bool(request.form.get("sure")), by=caller())
        except (Conflict, Invalid) as refusal:
            return make_response(_shown(counting, unpriced, refusal), 409 if isinstance(refusal, Conflict) else 422)
        return redirect("/settlement/closing", 303)

    return bp


def begin(counting: Counting, month: str, *, is_sure: bool, by: Person) -> None:
    """
    Begins to close a month. What the page does not offer is closed by nobody: somebody else was faster, or made the
    form.

    Raises:
        Conflict: it is another month's turn, or one is being counted. Invalid: nobody said that they know that it
            cannot be taken back.
    """
    following = counting.closing.next()
    if following is None or following[0] != month:
        raise Conflict("Another month is to be closed now: look at this page again.")
    if not following[2] and not is_sure:
        raise Invalid("Please tick that you know it.", {"json": {"sure": ["Please tick that you know it."]}})
    counting.start(month, by=by)


def _shown(counting: Counting, unpriced: Callable[[], int], refusal: Conflict | Invalid | None = None) -> str:
    progress = counting.now()
    is_running = progress is not None and not progress.wrong
    return render_template(
        "settlement_closing.html", progress=progress, is_running=is_running,
        refusal=refusal.told(gettext) if refusal else "",
        following=None if is_running else counting.closing.next(), unpriced=unpriced(),
    )  # fmt: skip
