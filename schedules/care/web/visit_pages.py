"""`/visits`: a day with its late ones first, one visit with its evidence, and what waits for a human to judge it."""

from collections.abc import Callable, Mapping
from datetime import UTC, date, datetime, time, timedelta
from functools import partial
from typing import Any
from uuid import UUID

from flask import Blueprint, flash, make_response, redirect, render_template, request

from dispatch.errors import Conflict, Invalid, NotFound
from dispatch.rules.rights import Right
from dispatch.web.access import area, caller, file_opened, may, require
from dispatch.web.i18n import gettext
from dispatch.web.telling import called
from dispatch.web.words import word
from schedules.care.judging import NEVER_ACCEPTED, RESOLUTIONS
from schedules.care.rules.presence import Way, Which
from schedules.care.visit_book import Row, VisitBook
from schedules.care.visiting import Said, Visiting
from schedules.care.web import visit_words as words

YEARS = (2000, 2200)
NOTE_MAX = 500


def visit_pages(
    visiting: Visiting, book: VisitBook, *, new_id: Callable[[], str], item_name: Callable[[str, str], str]
) -> Blueprint:
    """The pages and their forms; `new_id` tells one entry from another, `item_name` says what a service is called."""
    bp = Blueprint("visits", __name__, template_folder="templates")
    bp.record_once(lambda state: state.app.jinja_env.globals.update(word=word))

    def whole(visit_id: str, *, said: Any = None, wrong: str = "") -> str:
        found = book.one(visit_id, area())
        file_opened(found.row.visit.wanted.resident_id)
        return render_template(
            "visit.html", one=found, row=found.row, visit=found.row.visit, said=said or {}, wrong=wrong,
            local=book.local, W=words, NEVER=NEVER_ACCEPTED, me=caller(), entry_id=new_id(),
            may_change=may(Right.VISITS_CHANGE), may_judge=may(Right.VISITS_JUDGE), names=found.names,
            item_name=item_name, shown=partial(_evidence, book, found.names),
        )  # fmt: skip

    def tried(visit_id: str, work: Callable[[], object]) -> Any:
        book.one(visit_id, area())
        try:
            work()
        except (Conflict, Invalid, NotFound) as refused:
            status = 409 if isinstance(refused, Conflict) else 422
            return make_response(whole(visit_id, said=request.form, wrong=refused.detail), status)
        flash(gettext("Kept."))
        return redirect(f"/visits/{visit_id}", 303)

    @bp.get("/visits")
    @require(Right.VISITS_SEE)
    def visits() -> str:
        day = _day(request.args.get("day", ""), book.today())
        rows = book.day(day, area())
        by_carer = request.args.get("by") == "carer"
        return render_template(
            "visits.html", day=day, before=day - timedelta(days=1), after=day + timedelta(days=1), today=book.today(),
            parts=_by_carer(rows) if by_carer else [("", rows)] if rows else [], by_carer=by_carer, local=book.local,
            W=words, late=sum(1 for each in rows if each.late_min), waits=sum(1 for each in rows if each.open),
            may_judge=may(Right.VISITS_JUDGE), away=sum(1 for each in rows if each.away),
        )  # fmt: skip

    @bp.get("/visits/findings")
    @require(Right.VISITS_JUDGE)
    def queue() -> str:
        return render_template("visit_findings.html", rows=book.queue(area()), local=book.local, W=words)

    @bp.get("/visits/<visit_id>")
    @require(Right.VISITS_SEE)
    def one(visit_id: str) -> str:
        return whole(visit_id)

    @bp.get("/visits/<visit_id>/photos/<photo_id>")
    @require(Right.VISITS_SEE)
    def photo(visit_id: str, photo_id: str) -> Any:
        picture, resident_id = book.picture(visit_id, photo_id, area())
        file_opened(resident_id)
        answer = make_response(picture.content)
        answer.content_type = picture.kind
        answer.headers["Cache-Control"] = "private, no-store"
        answer.headers["Content-Security-Policy"] = "default-src 'none'; sandbox"
        return answer

    @bp.post("/visits/<visit_id>/assign")
    @require(Right.VISITS_CHANGE)
    def assign(visit_id: str) -> Any:
        def work() -> None:
            ids = [book.carer_id(each, area()) for each in request.form.getlist("carer") if each]
            visiting.assign(visit_id, ids, by=caller())

        return tried(visit_id, work)

    @bp.post("/visits/<visit_id>/cancel")
    @require(Right.VISITS_CHANGE)
    def cancel(visit_id: str) -> Any:
        reason, note = request.form.get("reason", ""), request.form.get("note", "").strip()[:NOTE_MAX]

        def work() -> None:
            if reason not in words.BY_HAND:
                raise Invalid(gettext("Please choose a reason."))
            visiting.cancel(visit_id, reason=reason, by=caller(), note=note or None)

        return tried(visit_id, work)

    @bp.post("/visits/<visit_id>/entry")
    @require(Right.VISITS_CHANGE)
    def entry(visit_id: str) -> Any:
        return tried(visit_id, lambda: visiting.sign(visit_id, _entry(book)))

    @bp.post("/visits/<visit_id>/judge")
    @require(Right.VISITS_JUDGE)
    def judge(visit_id: str) -> Any:
        finding, resolution = request.form.get("finding", ""), request.form.get("resolution", "")
        note = request.form.get("note", "").strip()[:NOTE_MAX]

        def work() -> None:
            if resolution not in RESOLUTIONS or book.visit_of(finding=finding) != visit_id:
                raise Invalid(gettext("Please choose how it is judged."))
            visiting.resolve(finding, resolution, by=caller(), note=note or None)

        return tried(visit_id, work)

    @bp.post("/visits/<visit_id>/approve")
    @require(Right.VISITS_JUDGE)
    def approve(visit_id: str) -> Any:
        point = request.form.get("point", "")

        def work() -> None:
            if book.visit_of(point=point) != visit_id:
                raise NotFound("There is no such entry.")
            visiting.approve(point, by=caller())

        return tried(visit_id, work)

    return bp


def _by_carer(rows: list[Row]) -> list[tuple[str, list[Row]]]:
    found: dict[str, list[Row]] = {}
    for row in rows:
        names = [f"{each.code} {each.name}" for each in row.carers] or [gettext("nobody is sent")]
        for name in names:
            found.setdefault(name, []).append(row)
    return sorted(found.items())


def _evidence(book: VisitBook, names: Mapping[str, str], key: str, value: object) -> str:
    """One fact of a finding as people read it: local time, names and words instead of references and codes."""
    said = str(value)
    if key.endswith("_at") or key in {"start_by", "until"}:
        return book.local(datetime.fromisoformat(said)).strftime("%Y-%m-%d %H:%M:%S")
    if key in {"which", "way", "why"}:
        return word({"which": words.WHICH, "way": words.WAYS, "why": words.REASONS}[key], said)
    person = said if key == "by" else f"carer:{said}"
    return names.get(person, called(said, None, names) if key == "by" else said)


def _entry(book: VisitBook) -> Said:
    form = request.form
    which = Which.BEGIN if form.get("which") == "begin" else Which.FINISH
    reason = form.get("reason", "").strip()[:NOTE_MAX]
    if not reason:
        raise Invalid(gettext("An entry at the desk needs a reason."))
    return Said(
        key=f"entry:{_uuid(form.get('entry', ''))}", which=which, way=Way.OFFICE, by=caller(), reason=reason,
        at=_moment(book, form.get("day", ""), form.get("at", "")),
        carer_id=book.carer_id(form.get("carer", ""), area()),
    )  # fmt: skip


def _uuid(said: str) -> str:
    try:
        return UUID(said).hex
    except ValueError:
        raise Invalid(gettext("The page was too old. Please press once more.")) from None


def _moment(book: VisitBook, day: str, at: str) -> datetime:
    try:
        moment = datetime.combine(date.fromisoformat(day), time.fromisoformat(at))
    except ValueError:
        raise Invalid(gettext("Please choose a day and a time.")) from None
    if moment.tzinfo is not None or not YEARS[0] < moment.year < YEARS[1]:
        raise Invalid(gettext("Please choose a day and a time."))
    return moment.replace(tzinfo=book.zone).astimezone(UTC)


def _day(said: str, today: date) -> date:
    try:
        day = date.fromisoformat(said)
    except ValueError:
        return today
    return day if YEARS[0] < day.year < YEARS[1] else today
