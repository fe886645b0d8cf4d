"""
`/review`: what is to be looked at, found by whatever somebody remembers of it; one alarm as a story; findings, and the
second person's signature. By forms, on a phone, without a script.
"""

from collections.abc import Mapping
from datetime import datetime, tzinfo
from typing import Any

from flask import Blueprint, flash, redirect, render_template, request, session
from jinja2 import Environment
from werkzeug.wrappers import Response

from dispatch.errors import Conflict, Invalid, NotAllowed
from dispatch.ids import AlarmId
from dispatch.logbook import masks
from dispatch.logbook.stories import Story
from dispatch.rules.review import Stage, finders, limits_at
from dispatch.rules.rights import Right
from dispatch.store.log_search import COUNT_MAX, Search
from dispatch.store.logbook import Log, breaches_of
from dispatch.web import telling, words
from dispatch.web.access import area, caller, may, require, signed_in
from dispatch.web.i18n import N_, current_words, gettext
from dispatch.web.logbook import wording
from dispatch.web.logbook.exporting import REASON_MAX, exported
from dispatch.web.logbook.filters import (
    TEXT_MAX,
    WAITING,
    FilterSchema,
    ReviewListSchema,
    address_of,
    blank_left_out,
    filter_of,
    load,
    month_around,
)
from dispatch.web.logbook.reading import Codes, LogRoom
from dispatch.web.logbook.schemas import FindingSchema
from dispatch.web.schemas import NOTE_MAX

TEXT = "review_text"
"""Where the words looked for wait in the session."""

ROWS, PRINTED = 50, 500
DUE_SHOWN = 20

Plain = dict[str, Any]


class ReviewPage:
    """Gathers what the pages show."""

    def __init__(self, room: LogRoom) -> None:
        self.room = room
        self.codes = Codes(room.reading)

    def listed(self, typed: Mapping[str, str], *, limit: int) -> Plain:
        """A list with everything around it; a filter that cannot be read is told beside the form and finds nothing."""
        typed = blank_left_out(typed)
        is_text = typed.pop("text", None) is not None
        text = str(session.get(TEXT, "")) if is_text else ""
        shown: Plain = {name: value for name, value in typed.items() if name not in {"cursor", "limit"}}
        page: Plain = {"rows": [], "next": None, "errors": {}, "shown": shown, "text": text, "is_text": is_text}
        try:
            page |= self._found(typed, text, limit)
        except Invalid as wrong:
            page["errors"] = wrong.errors or {"filter": [wrong.detail]}
        around = self._around()
        return {**page, **around, "said": _said(shown, dict(around["operators"])), **_WORDS}

    def refused(self, typed: Mapping[str, str], wrong: Invalid) -> Plain:
        """The first page with everything that was typed, and what is wrong with it beside its field."""
        page = self.listed({}, limit=ROWS)
        return {**page, "shown": typed, "text": typed.get("text", ""), "errors": wrong.errors, "rows": []}

    def _found(self, typed: Mapping[str, str], text: str, limit: int) -> Plain:
        loaded = load(ReviewListSchema(), typed)
        if text:
            loaded = month_around(loaded, self.room.today())
        is_queue = not typed.keys() - {"cursor"} and not text
        asked = {**loaded, "text": text, "stage": WAITING if is_queue else loaded["stage"]}
        wanted = filter_of(asked, self.codes, self.room.zone)
        with self.room.reading.connect() as connection:
            rows = Search(connection, area()).page(wanted, limit + 1, before=loaded.get("cursor"))
        more = {"text": 1} if text else {}
        kept = {name: value for name, value in typed.items() if name != "cursor"} | more
        next_ = address_of("/review", kept, cursor=rows[limit - 1]["first"]) if len(rows) > limit else None
        return {"rows": [_row(each) for each in rows[:limit]], "next": next_, "is_queue": is_queue}

    def _around(self) -> Plain:
        with self.room.reading.connect() as connection:
            search = Search(connection, area())
            behind = Log(connection)
            return {
                "waiting": search.waiting(), "COUNT_MAX": COUNT_MAX, "today": self.room.today(),
                "due": search.follow_ups(self.room.today(), DUE_SHOWN),
                "unit": self.room.unit(), "stations": self.room.stations(area()), "operators": self.room.operators(),
                "made_at": self.room.clock.now(), "bookmark": behind.bookmark(), "lacking": self.room.lacking,
            }  # fmt: skip

    def told(self, alarm_id: AlarmId) -> Plain:
        """One alarm whole; that it was read is written down."""
        story = self.room.stories.story(alarm_id, area())
        told = story.judged.told
        subject = f"resident:{told.resident_id}" if told.resident_id else f"home:{told.home_id}"
        if told.home_id:
            self.room.seen(by=caller(), subject=subject, where="review")
        names = self.room.names_of(())
        lines = [{**each, "text": telling.sentence(each, names), "teller": telling.teller(each, names)}
                 for each in story.timeline]  # fmt: skip
        return {
            "story": story, "told": told, "judged": story.judged, "lines": lines, "names": names,
            "stations": self.room.stations(area()),
            "limits": self._limits(story), "may_find": may(Right.REVIEW) and told.is_closed, "typed": {}, "errors": {},
            "may_sign": may(Right.REVIEW) and story.judged.stage is Stage.FOUND and caller() not in finders(told),
            "own": caller() in finders(told),
            "origins": {name: _origin(each) for name, each in self.room.limits.items()},
            "today": self.room.today(),
            "notes": {each["number"]: each["note"] for each in story.timeline}, "unit": self.room.unit(), **_WORDS,
        }  # fmt: skip

    def _limits(self, story: Story) -> list[tuple[str, float | None, int, bool]]:
        """Each limit of time: its name, what it took in seconds, how long it may take, and whether it was passed."""
        told = story.judged.told
        with self.room.reading.connect() as connection:
            kept = Log(connection).limits()
        if not kept:
            return []
        limits = limits_at(kept, told.closing or kept[-1][0] + 1)
        arrived = told.attended_at or told.raised_at
        took = {
            "answered_s": _seconds(told.raised_at, told.answered_at),
            "accepted_s": _seconds(told.raised_at, told.accepted_at),
            "on_site_s": _seconds(told.raised_at, told.attended_at),
            "closed_s": _seconds(arrived, told.first_closed_at),
        }
        passed = {str(each) for each in story.judged.breaches}
        return [(name, took[name], getattr(limits, name), name.removesuffix("_s") in passed) for name in took]


def review_blueprint(room: LogRoom) -> Blueprint:
    """`/review` and everything below it."""
    bp, page = Blueprint("review", __name__, url_prefix="/review"), ReviewPage(room)
    bp.record_once(lambda state: _teach(state.app.jinja_env, room.zone))

    @bp.get("")
    @require(Right.RECORD_SEE)
    def listed() -> str:
        return render_template("review.html", **page.listed(request.args, limit=ROWS))

    @bp.get("/print")
    @require(Right.RECORD_SEE)
    def printed() -> str:
        return render_template("review_print.html", **page.listed(request.args, limit=PRINTED))

    @bp.post("/find")
    @require(Right.RECORD_SEE)
    def find() -> Any:
        """Words go into the session, names become codes, everything else goes into the address."""
        typed = blank_left_out({name: request.form[name] for name in request.form if name != "csrf_token"})
        text = typed.pop("text", "")[:TEXT_MAX]
        session.pop(TEXT, None)
        try:
            if "carer" in typed:
                typed["carer"] = room.carer_called(typed["carer"], area()).code
        except Invalid as wrong:
            return render_template("review.html", **page.refused({**typed, "text": text}, wrong)), 422
        if text:
            session[TEXT] = text
        known = {name: value for name, value in typed.items() if name in FilterSchema().fields}
        return redirect(address_of("/review", known, text=1 if text else None), 303)

    @bp.get("/carers")
    @require(Right.RECORD_SEE)
    def carers() -> Any:
        """Whom a field that names a carer may mean, while somebody types."""
        found = room.carers_like(request.args.get("q", "").strip()[:TEXT_MAX], area())
        return {"items": [{"code": each.code, "name": each.name} for each in found]}

    @bp.post("/export")
    @require(Right.EXPORT)
    def export() -> Response:
        form = request.form
        said = blank_left_out({name: form[name] for name in FilterSchema().fields if name in form})
        loaded, text = load(FilterSchema(), said), str(session.get(TEXT, "")) if form.get("text") else ""
        if text:
            loaded = month_around(loaded, room.today())
        if form.get("queue"):
            loaded["stage"], said["stage"] = WAITING, WAITING
        return exported(
            room, filter_of({**loaded, "text": text}, page.codes, room.zone), area=area(), by=caller(),
            maker=signed_in().name, said=said, kind=form.get("kind", ""), is_full=form.get("full") == "1",
            reason=form.get("reason", "").strip()[:REASON_MAX],
        )  # fmt: skip

    @bp.get("/<alarm_id>")
    @require(Right.RECORD_SEE)
    def told(alarm_id: str) -> str:
        return render_template("review_story.html", **page.told(AlarmId(alarm_id)))

    @bp.post("/<alarm_id>/findings")
    @require(Right.REVIEW)
    def found(alarm_id: str) -> Any:
        try:
            typed = load(FindingSchema(), blank_left_out({n: v for n, v in request.form.items() if n != "csrf_token"}))
            room.reviewing.find(AlarmId(alarm_id), by=caller(), area=area(), **_finding(typed, page.codes))
        except (Invalid, Conflict) as wrong:
            # What was typed stays: it may have been long, and the reason to refuse it short.
            again = page.told(AlarmId(alarm_id))
            again |= {"typed": request.form, "errors": {"finding": [gettext(wrong.detail)], **_errors(wrong)}}
            return render_template("review_story.html", **again), 422 if isinstance(wrong, Invalid) else 409
        flash(gettext("Kept. A second person signs."))
        return redirect(f"/review/{alarm_id}#findings", 303)

    @bp.post("/<alarm_id>/sign")
    @require(Right.REVIEW)
    def sign(alarm_id: str) -> Any:
        try:
            room.reviewing.sign(AlarmId(alarm_id), by=caller(), area=area(), seen=_seen(request.form))
        except (Conflict, NotAllowed) as wrong:
            again = page.told(AlarmId(alarm_id)) | {"errors": {"sign": [gettext(wrong.detail)]}}
            return render_template("review_story.html", **again), 409 if isinstance(wrong, Conflict) else 403
        flash(gettext("Signed."))
        return redirect(f"/review/{alarm_id}#findings", 303)

    @bp.post("/<alarm_id>/findings/<finding>/done")
    @require(Right.REVIEW)
    def done(alarm_id: str, finding: str) -> Response:
        text = request.form.get("text", "").strip()[:NOTE_MAX] or None
        room.reviewing.follow_up_done(AlarmId(alarm_id), finding, by=caller(), area=area(), text=text)
        flash(gettext("Done."))
        return redirect(f"/review/{alarm_id}#findings", 303)

    return bp


def _said(shown: Mapping[str, str], operators: Mapping[str, str]) -> list[tuple[str, str]]:
    """The filter in words, for paper: what each field is called, and what was chosen in it."""
    chosen = {
        "cause": words.CAUSES, "outcome": words.OUTCOMES, "breach": wording.BREACHES, "stage": wording.STAGES,
        "drawn": {"true": N_("yes"), "false": N_("no")},
    }  # fmt: skip
    said = {**shown, "operator": operators.get(shown.get("operator", ""), "")}
    return [
        (label, words.word(chosen.get(name, {}), said[name]))
        for name, label in wording.FILTER_NAMES.items() if said.get(name)
    ]  # fmt: skip


def _finding(typed: Mapping[str, Any], codes: Codes) -> Plain:
    return {
        "cause": typed["cause"], "measure": typed["measure"], "text": typed.get("text"),
        "station_id": codes.station(typed["station"]) if "station" in typed else None,
        "follow_up_on": typed.get("follow_up_on"), "seen": typed.get("seen"),
    }  # fmt: skip


def _origin(limit: Mapping[str, object]) -> Plain:
    chinese = limit.get("origin_zh") if current_words().lang == "zh" else None
    return {"value": limit["value"], "origin": chinese or limit["origin"]}


def _errors(wrong: Exception) -> Plain:
    return dict(wrong.errors) if isinstance(wrong, Invalid) else {}


def _seen(form: Mapping[str, str]) -> int | None:
    said = form.get("seen", "")
    return int(said) if said.isascii() and said.isdigit() and len(said) < 19 else None


def _row(row: Plain) -> Plain:
    """A line of a list: who it is about is shortened, as everywhere where somebody did not open a file."""
    return {
        **row, "name": masks.name(row["name"] or ""), "address": masks.address(row["address"] or ""),
        "breaches": breaches_of(row["breaches"]), "shape": wording.SHAPES[row["stage"]],
    }  # fmt: skip


def _seconds(since: datetime, until: datetime | None) -> float | None:
    return None if until is None else (until - since).total_seconds()


def _span(seconds: float | None) -> str:
    """12 s, 3 min 20 s, 1 h 05 min."""
    if seconds is None:
        return gettext("never")
    minutes, rest = divmod(round(seconds), 60)
    if minutes >= 60:
        return gettext("%(hours)s h %(minutes)s min", hours=minutes // 60, minutes=minutes % 60)
    if minutes and not rest:
        return gettext("%(n)s min", n=minutes)
    return (
        gettext("%(minutes)s min %(seconds)s s", minutes=minutes, seconds=rest)
        if minutes
        else gettext("%(n)s s", n=rest)
    )


def _teach(pages: Environment, zone: tzinfo) -> None:
    def dated(at: datetime | str | None, pattern: str = "%Y-%m-%d %H:%M:%S") -> str:
        if at is None:
            return "—"
        return (datetime.fromisoformat(at) if isinstance(at, str) else at).astimezone(zone).strftime(pattern)

    pages.filters.update(dated=dated, span=_span)
    pages.globals.update(word=words.word, called=telling.called)


_WORDS: Mapping[str, Any] = {
    "BREACHES": wording.BREACHES, "STAGES": wording.STAGES, "SHAPES": wording.SHAPES, "FINDINGS": words.FINDINGS,
    "MEASURES": words.MEASURES, "LIMIT_NAMES": wording.LIMIT_NAMES, "CAUSES": words.CAUSES,
    "OUTCOMES": words.OUTCOMES, "STATES": words.STATES, "TEXT_MAX": TEXT_MAX, "NOTE_MAX": NOTE_MAX,
    "ANY": N_("any"),
}  # fmt: skip
