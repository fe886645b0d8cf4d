"""
`/rounds`: what is due, the longest overdue first; a result is a digit, a letter where it was another way, and Enter.

No script: a form each row, the first one takes the keys, and whatever is refused comes back with what was typed.
"""

from collections.abc import Callable, Mapping
from datetime import date
from typing import Any

from flask import Blueprint, flash, make_response, redirect, render_template, request
from werkzeug.wrappers import Response

from dispatch.errors import Conflict, Invalid
from dispatch.rules.people import Person, carer
from dispatch.rules.rights import Right
from dispatch.web.access import area, caller, may, require
from dispatch.web.i18n import current_words, gettext
from dispatch.web.words import word
from schedules.rounds.extra import Called, Extras
from schedules.rounds.places import where_of
from schedules.rounds.reading import RoundsBook
from schedules.rounds.rounding import RoundsDesk
from schedules.rounds.rules.book import Means
from schedules.rounds.rules.round import Result, Round
from schedules.rounds.web import words

WITHIN = (0, 7, 31, 92)
"""Days ahead that the list can show."""

DIGITS = dict(zip("123456", Result, strict=True))

Form = Mapping[str, str]


def round_pages(
    desk: RoundsDesk, extras: Extras, book: RoundsBook, *, names: Callable[[], Mapping[str, str]],
    carer_of: Callable[[str], str | None],
) -> Blueprint:  # fmt: skip
    """`names` says what people are called, by reference; `carer_of` finds a carer's id by their code."""
    bp = Blueprint("rounds", __name__, template_folder="templates")
    bp.record_once(lambda state: state.app.jinja_env.globals.update(word=word))

    def page(status: int = 200, *, said: Form | None = None, wrong: str = "", at: str = "") -> Response:
        asked = request.args if request.method == "GET" else request.form
        days = int(asked.get("days", "7")) if asked.get("days", "7") in map(str, WITHIN) else 7
        here, month = area(), book.month()
        chosen = {name: asked.get(name, "")[:60] for name in ("cls", "community")}
        rows = book.due(here, days=days, cls=chosen["cls"], community=chosen["community"])
        return make_response(render_template(
            "rounds.html", rows=rows, days=days, chosen=chosen, said=said or {}, wrong=wrong, at=at, WITHIN=WITHIN,
            rate=book.rate(month, here), month=month, overdue=book.overdue(here), extras=book.extras(here),
            claims=book.claimed(here),
            names=names(), today=book.today(), communities=sorted({each.community for each in rows if each.community}),
            may_call=may(Right.ROUNDS_CALL), **_told(book, desk.lacking),
        ), status)  # fmt: skip

    def history(name: str, status: int = 200, *, said: Form | None = None, wrong: str = "") -> Response:
        found = book.history(name, area())
        return make_response(render_template(
            "round_history.html", found=found, said=said or {}, wrong=wrong, names=names(), today=book.today(),
            may_call=may(Right.ROUNDS_CALL), **_told(book, desk.lacking),
        ), status)  # fmt: skip

    @bp.get("/rounds")
    @require(Right.RESIDENTS_SEE)
    def rounds() -> Response:
        return page()

    @bp.post("/rounds/<round_id>/result")
    @require(Right.RESIDENTS_CHANGE)
    def result(round_id: str) -> Response:
        form = request.form
        try:
            said, means = _read(form.get("code", ""), desk.usual(round_id, area()))
            note = form.get("note", "")[:2000] or None
            desk.enter(round_id, said, means, by=caller(), area=area(), note=note, where=where_of(form))
        except (Invalid, Conflict) as refused:
            return page(_status(refused), said=form, wrong=_why(refused), at=round_id)
        flash(gettext("Kept, thank you."))
        return redirect("/rounds", 303)

    @bp.post("/rounds/<round_id>/review")
    @require(Right.ROUNDS_CALL)
    def review(round_id: str) -> Response:
        try:
            desk.review(round_id, accepted=request.form.get("do") == "accept", by=caller(), area=area())
        except Conflict as refused:
            return page(409, wrong=_why(refused), at="claims")
        flash(gettext("Kept, thank you."))
        return redirect("/rounds#claims", 303)

    @bp.get("/rounds/residents/<name>")
    @require(Right.RESIDENTS_SEE)
    def one(name: str) -> Response:
        return history(name)

    @bp.post("/rounds/residents/<name>/ask")
    @require(Right.RESIDENTS_CHANGE)
    def ask(name: str) -> Response:
        return tried(name, lambda form: desk.ask_for(name, note=form.get("note", ""), by=caller(), area=area()))

    @bp.post("/rounds/residents/<name>/<any(class, responsible):what>")
    @require(Right.ROUNDS_CALL)
    def change(name: str, what: str) -> Response:
        def work(form: Form) -> None:
            if what == "class":
                said = form.get("class", "")
                cls = None if said == "book" else said
                desk.classify(name, cls, why=form.get("why", ""), by=caller(), area=area())
            else:
                desk.entrust(name, _person(form.get("carer", ""), carer_of), by=caller(), area=area())

        return tried(name, work)

    @bp.post("/rounds/extra")
    @require(Right.ROUNDS_CALL)
    def call() -> Response:
        try:
            made = extras.call(_called(request.form), by=caller(), area=area())
        except (Invalid, Conflict) as refused:
            return page(_status(refused), said=request.form, wrong=_why(refused), at="extra")
        done = gettext("Kept, thank you.")
        flash(done if made else gettext("A warning of this colour calls no extra rounds."))
        return redirect("/rounds", 303)

    @bp.post("/rounds/extra/<campaign_id>/end")
    @require(Right.ROUNDS_CALL)
    def end(campaign_id: str) -> Response:
        try:
            extras.end(campaign_id, by=caller(), area=area())
        except Conflict as refused:
            return page(409, wrong=_why(refused), at="extra")
        return redirect("/rounds", 303)

    def tried(name: str, work: Callable[[Form], object]) -> Response:
        try:
            work(request.form)
        except (Invalid, Conflict) as refused:
            return history(name, _status(refused), said=request.form, wrong=_why(refused))
        flash(gettext("Kept, thank you."))
        return redirect(f"/rounds/residents/{name}", 303)

    return bp


def _told(book: RoundsBook, lacking: str) -> dict[str, Any]:
    lang = current_words().lang
    return {
        "CLASSES": {key: each.names[lang] for key, each in book.book.classes.items()},
        "OCCASIONS": {key: each.names[lang] for key, each in book.book.occasions.items()},
        "RESULTS": words.RESULTS, "MEANS": words.MEANS, "WHY": words.WHY, "STAGES": words.STAGES,
        "SHOWN": words.SHOWN, "PROOFS": words.PROOFS,
        "lacking": lacking, "STATES": words.STATES, "LEVELS": words.LEVELS, "LETTERS": words.LETTERS, "DIGITS": DIGITS,
    }  # fmt: skip


def _read(code: str, round_: Round) -> tuple[Result, Means]:
    """ "1" is well by the usual way, "1p" well by telephone, "4" not met."""
    said = code.strip().lower()
    letter = words.LETTERS.get(said[1:], str(round_.means[0]) if len(said) == 1 else "")
    if said[:1] not in DIGITS or not letter:
        why = "A digit from 1 to 6, then a letter: v, p or s."
        raise Invalid("Please check what was entered", {"json": {"code": [why]}})
    return DIGITS[said[:1]], Means(letter)


def _person(code: str, carer_of: Callable[[str], Any]) -> Person | None:
    if not code.strip():
        return None
    found = carer_of(code.strip())
    if found is None:
        raise Invalid("Please check what was entered", {"json": {"carer": ["There is none with this code."]}})
    return carer(found)


def _called(form: Any) -> Called:
    try:
        first, last = (date.fromisoformat(form.get(name, "")) for name in ("from_on", "until_on"))
    except ValueError:
        raise Invalid("Please check what was entered", {"json": {"from_on": ["Not a valid date."]}}) from None
    return Called(
        occasion=form.get("occasion", ""), level=form.get("level", ""), from_on=first, until_on=last,
        classes=tuple(form.getlist("classes")), station=form.get("station", "")[:40], note=form.get("note", "")[:2000],
    )  # fmt: skip


def _why(refused: Invalid | Conflict) -> str:
    """The sentence that says most."""
    if isinstance(refused, Invalid):
        return next(
            (each for where in refused.errors.values() for one in where.values() for each in one), refused.detail
        )
    return refused.detail


def _status(refused: Invalid | Conflict) -> int:
    return 422 if isinstance(refused, Invalid) else 409
