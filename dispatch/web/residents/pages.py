"""
The pages of the registers: lists, a resident's file, forms that two people may fill in at once, deeds, and the search.

They work on a phone and without a script. A form that is refused comes back with everything that was typed.
"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from flask import Blueprint, flash, make_response, redirect, render_template, request
from jinja2 import Environment
from werkzeug.wrappers import Response

from dispatch.errors import Conflict, Invalid, Refusal, Stale
from dispatch.registry.follow_ups import FOUND
from dispatch.registry.leaving import Carried, Why
from dispatch.rules.absences import Kind as Away
from dispatch.rules.rights import Right
from dispatch.store.register_rows import CARERS, CONTACTS, HOMES, KINDS, RESIDENTS, Kind, Row
from dispatch.web import words as told_words
from dispatch.web.access import area, caller, may, recently, require
from dispatch.web.i18n import gettext
from dispatch.web.residents import files, words
from dispatch.web.residents.api import CHANGE, SEE
from dispatch.web.residents.fields import FIELDS, RIGHT_WORDS, day_said, typed
from dispatch.web.residents.finding import finding, wrong_fields
from dispatch.web.residents.telling import told
from dispatch.web.residents.work import Work

Plain = dict[str, Any]
Form = Mapping[str, str]

NOTE_MAX = 2_000


def registry_pages(work: Work) -> Blueprint:
    """`/residents`, `/homes`, `/contacts`, `/carers`, `/stations` and what is below them, `/find`, `/follow-ups`."""
    bp = Blueprint("registry_pages", __name__)
    bp.record_once(lambda state: _teach(state.app.jinja_env, work))
    for kind in KINDS.values():
        _list_and_forms(bp, work, kind)
    for kind in (CONTACTS, CARERS, HOMES):
        _endings(bp, work, kind)
    _files(bp, work)
    _follow_ups(bp, work)
    finding(bp, work, _WORDS)
    return bp


# ------------------------------------------------------------------------------------------------ lists and forms


def _list_and_forms(bp: Blueprint, work: Work, kind: Kind) -> None:
    register = kind.register

    @bp.get(f"/{register}", endpoint=register)
    @require(SEE[register])
    def listed() -> str:
        ended, after = request.args.get("show") == "ended", request.args.get("after", "")[:40]
        shown = files.listed(work, kind, after=after, ended=ended)
        return render_template("registers.html", kind=kind, change=CHANGE[register], **shown, **_WORDS)

    @bp.get(f"/{register}/new", endpoint=f"{register}_new")
    @require(CHANGE[register])
    def new() -> str:
        return _form(work, kind, None, said=request.args.to_dict())

    @bp.post(f"/{register}/new", endpoint=f"{register}_added")
    @require(CHANGE[register])
    def added() -> Response:
        try:
            id_ = work.add(kind, typed(kind, request.form, is_new=True))
        except (Invalid, Conflict) as refusal:
            return make_response(_form(work, kind, None, said=_kept(kind), refusal=refusal), 422)
        flash(gettext("Done."))
        return redirect(_path(work, kind, id_), 303)

    @bp.get(f"/{register}/<name>/edit", endpoint=f"{register}_edit")
    @require(CHANGE[register])
    def edit(name: str) -> str:
        row = work.row(kind, name)
        return _form(work, kind, row, said=_on_file(work, row))

    @bp.post(f"/{register}/<name>/edit", endpoint=f"{register}_edited")
    @require(CHANGE[register])
    def edited(name: str) -> Response:
        row = work.row(kind, name)
        try:
            version = int(request.form.get("version", "0"))
            work.change(kind, row["id"], typed(kind, request.form, is_new=False), version=version)
        except Stale:
            return make_response(_both(work, kind, name), 409)
        except (Invalid, Conflict, ValueError) as refusal:
            page = _form(
                work, kind, row, said=_kept(kind), refusal=refusal, was=_was(kind), version=request.form["version"]
            )
            return make_response(page, 422)
        flash(gettext("Done."))
        return redirect(_path(work, kind, row["id"]), 303)


def _endings(bp: Blueprint, work: Work, kind: Kind) -> None:
    @bp.post(f"/{kind.register}/<name>/<any(end, restore):deed>", endpoint=f"{kind.register}_{'end'}")
    @require(CHANGE[kind.register])
    def end(name: str, deed: str) -> Response:
        row = work.row(kind, name)
        if deed == "end":
            work.registry.end(kind, name, by=caller(), area=area(), note=_note(request.form))
        else:
            work.registry.restore(kind, name, by=caller(), area=area())
        flash(gettext("Done."))
        return redirect(_path(work, kind, row["id"]), 303)


def _form(
    work: Work, kind: Kind, row: Row | None, *, said: Plain, refusal: Exception | None = None, was: Plain | None = None,
    theirs: Plain | None = None, version: Any = None,
) -> str:  # fmt: skip
    """The form with what was typed, else what is on file. `was` is what the fields said when the page was opened."""
    errors = wrong_fields(refusal)
    fields = [each for each in FIELDS[kind.register] if row is None or not each.once]
    stations = work.stations() if any(each.name == "station" for each in fields) else []
    if row is None and len(stations) == 1 and "station" not in said:
        said = {**said, "station": stations[0][0]}
    return render_template(
        "register_form.html", kind=kind, row=row, fields=fields, said=said, was=said if was is None else was,
        theirs=theirs or {}, errors=errors, version=version or (row or {}).get("version", 0), refusal=refusal,
        stations=stations,
        **_WORDS,
    )  # fmt: skip


def _both(work: Work, kind: Kind, name: str) -> str:
    """
    Somebody else has changed the row since this form was opened: what only they changed is taken over, what only this
    person changed is kept, and where both did, both are shown and the one who looks decides.
    """
    row = work.row(kind, name)
    now, mine, was = _on_file(work, row), _kept(kind), _was(kind)
    said, theirs = dict(now), {}
    for each in FIELDS[kind.register]:
        if each.once or mine.get(each.name) == was.get(each.name):
            continue
        said[each.name] = mine.get(each.name)
        if now.get(each.name) != was.get(each.name) and now.get(each.name) != mine.get(each.name):
            theirs[each.name] = now.get(each.name) or "—"
    stale = Stale("Somebody else has changed this meanwhile", {})
    return _form(work, kind, row, said=said, refusal=stale, was=now, theirs=theirs)


def _on_file(work: Work, row: Row) -> Plain:
    """What the form shows of a row, as text. Numbers are not filled in: left empty, they stay as they are."""
    with work.reading.connect() as connection:
        plain = told(row, connection, with_entry=True)
    shown = {name: _text(value) for name, value in plain.items()}
    hints = {f"{name}_mask": shown[name] for name in ("phone", "id_number") if shown.get(name)}
    return {**shown, **{name: "" for name in ("phone", "id_number") if name in shown}, **hints, "datum": "wgs84"}


def _kept(kind: Kind) -> Plain:
    """What was typed, as it is shown again."""
    form = request.form
    said: Plain = {each.name: _from(form, each.name, each.kind) for each in FIELDS[kind.register]}
    return said | {name: form[name] for name in ("phone_mask", "id_number_mask") if name in form}


def _was(kind: Kind) -> Plain:
    return {each.name: request.form.get(f"was.{each.name}", "") for each in FIELDS[kind.register]}


def _from(form: Any, name: str, kind: str) -> str:
    if kind == "many":
        return " ".join(sorted(form.getlist(name)))
    return "yes" if kind == "yes" and name in form else str(form.get(name, "")).replace("\r\n", "\n").strip()


def _text(value: Any) -> str:
    if isinstance(value, bool):
        return "yes" if value else ""
    if isinstance(value, list):
        return " ".join(sorted(map(str, value)))
    return "" if value is None else str(value)


def _path(work: Work, kind: Kind, id_: str) -> str:
    if kind in (RESIDENTS, HOMES):
        return f"/{kind.register}/{id_}"
    if kind is CONTACTS:
        return f"/homes/{work.row(CONTACTS, id_)['home_id']}"
    return f"/{kind.register}"


# ------------------------------------------------------------------------------------------------ files and deeds


def _files(bp: Blueprint, work: Work) -> None:
    @bp.get("/residents/<name>")
    @require(Right.RESIDENTS_SEE)
    def resident(name: str) -> str:
        return render_template("resident.html", numbers=None, **files.resident(work, name), **_WORDS)

    @bp.get("/homes/<name>")
    @require(Right.RESIDENTS_SEE)
    def home(name: str) -> str:
        return render_template("home.html", **files.home(work, name), **_WORDS)

    @bp.get("/<any(carers, stations):register>/<name>")
    @require(Right.CARERS_SEE)
    def other(register: str, name: str) -> str:
        kind = KINDS[register]
        shown = files.alone(work, kind, name)
        return render_template("registers.html", kind=kind, change=CHANGE[register], **shown, **_WORDS)

    @bp.post("/residents/<name>/unmask")
    @require(Right.UNMASK)
    @recently
    def unmask(name: str) -> Response:
        try:
            numbers = work.disclosures.unmask(name, request.form.get("reason", ""), by=caller(), area=area())
        except (Invalid, Conflict) as refusal:
            return _file_again(work, name, refusal)
        page = render_template("resident.html", numbers=numbers, **files.resident(work, name), **_WORDS)
        answer = make_response(page)
        answer.headers["Cache-Control"] = "no-store"
        return answer

    @bp.post("/residents/<name>/<any(away, leave, resume, move, task):deed>")
    @require(Right.RESIDENTS_CHANGE)
    def act(name: str, deed: str) -> Response:
        row = work.row(RESIDENTS, name)
        try:
            _DEEDS[deed](work, row["id"], request.form)
        except (Invalid, Conflict) as refusal:
            return _file_again(work, name, refusal)
        flash(gettext("Done."))
        return redirect(f"/residents/{row['id']}", 303)

    @bp.post("/absences/<id_>/<any(end, prolong):deed>")
    @require(Right.RESIDENTS_CHANGE)
    def absence(id_: str, deed: str) -> Response:
        if deed == "end":
            work.absent.end(id_, by=caller(), area=area(), note=_note(request.form))
        else:
            until = _moment(work, request.form, "until_at")
            work.absent.prolong(id_, until_at=until, by=caller(), area=area(), note=_note(request.form))
        flash(gettext("Done."))
        return redirect(_back("/follow-ups"), 303)

    @bp.post("/homes/<name>/checked")
    @require(Right.RESIDENTS_CHANGE)
    def checked(name: str) -> Response:
        found = request.form.get("found", "")
        work.following_up.check_keys(name, found, by=caller(), area=area(), note=_note(request.form))
        flash(gettext("Done."))
        return redirect(_back(f"/homes/{name}"), 303)


def _file_again(work: Work, name: str, refusal: Refusal) -> Response:
    """The file with what was refused and why; the forms on it hold what was typed."""
    page = render_template(
        "resident.html", numbers=None, refusal=refusal, errors=wrong_fields(refusal), said=request.form,
        **files.resident(work, name), **_WORDS,
    )  # fmt: skip
    return make_response(page, 422)


def _follow_ups(bp: Blueprint, work: Work) -> None:
    @bp.get("/follow-ups")
    @require(Right.RESIDENTS_SEE)
    def listed() -> str:
        return render_template("follow_ups.html", **files.tasks(work), **_WORDS)

    @bp.post("/follow-ups/<id_>/<any(done, mine, give):deed>")
    @require(Right.RESIDENTS_CHANGE)
    def settle(id_: str, deed: str) -> Response:
        try:
            if deed == "done":
                work.following_up.done(id_, note=request.form.get("note", ""), by=caller(), area=area())
            else:
                owner = caller() if deed == "mine" else _colleague(work, request.form.get("owner", ""))
                work.following_up.give(id_, owner=owner, due_at=None, by=caller(), area=area())
        except Invalid as refusal:
            page = render_template("follow_ups.html", wrong=id_, refusal=refusal, **files.tasks(work), **_WORDS)
            return make_response(page, 422)
        flash(gettext("Done."))
        return redirect("/follow-ups", 303)


def _colleague(work: Work, said: str) -> str:
    if not said.startswith("operator:") or said not in work.names():
        raise Invalid("Please choose one.", {"json": {"owner": ["Please choose one."]}})
    return said


def _away(work: Work, id_: str, form: Form) -> None:
    kind = form.get("kind", "")
    if kind not in set(Away):
        raise Invalid("Please choose one.", {"json": {"kind": ["Please choose one."]}})
    begins = _moment(work, form, "from_at") if form.get("from_at") else None
    until = _moment(work, form, "until_at")
    work.absent.begin(
        id_, Away(kind), from_at=begins, until_at=until, by=caller(), area=area(), note=_note(form)
    )  # fmt: skip


def _leave(work: Work, id_: str, form: Form) -> None:
    why = form.get("why", "")
    if why not in set(Why):
        raise Invalid("Please choose one.", {"json": {"why": ["Please choose one."]}})
    died_on = work.day_of_death(Why(why), day_said(form, "died_on"))
    if why == Why.DIED and died_on is None:
        died_on = work.today()
    work.leaving.leave(id_, Why(why), died_on=died_on, by=caller(), area=area(), note=_note(form))


def _resume(work: Work, id_: str, form: Form) -> None:
    work.leaving.resume(id_, by=caller(), area=area(), note=_note(form))


def _move(work: Work, id_: str, form: Any) -> None:
    said: Plain = {"home": form.get("home", "").strip(), "note": _note(form), "since": day_said(form, "since")}
    if form.get("address", "").strip():
        said["new_home"] = typed(HOMES, form, is_new=True)
    carried = Carried(devices=form.getlist("devices"), contacts=form.getlist("contacts"), entry="keep_entry" in form)
    work.move(id_, said, carried)


def _task(work: Work, id_: str, form: Form) -> None:
    if (note := _note(form)) is None:
        raise Invalid("Please fill in the text.", {"json": {"note": ["Please fill in the text."]}})
    due = day_said(form, "due_on")
    at = datetime.combine(due, datetime.min.time(), work.zone) + timedelta(days=1) if due else None
    due_at = at.astimezone(UTC) if at else work.clock.now() + timedelta(days=7)
    work.following_up.open(id_, due_at=due_at, note=note, by=caller(), area=area(), owner=caller())


_DEEDS: Mapping[str, Callable[[Work, str, Any], None]] = {
    "away": _away, "leave": _leave, "resume": _resume, "move": _move, "task": _task,
}  # fmt: skip

_WORDS: Mapping[str, Any] = {
    "AWAY": words.AWAY, "AWAY_STATES": words.AWAY_STATES, "LEFT": words.LEFT, "TASKS": words.TASKS,
    "ABOUT": words.ABOUT, "KEYS": words.KEYS, "KINDS": words.KINDS, "FOUND": FOUND, "REGISTERS": RIGHT_WORDS,
    "TALKS": told_words.TALKS, "LEVELS": told_words.LEVELS, "CATS": told_words.CATS, "NEEDS": told_words.NEEDS,
    "AGREEMENTS": told_words.AGREEMENTS, "CAUSES": told_words.CAUSES, "STATES": told_words.STATES,
    "OUTCOMES": told_words.OUTCOMES,
}  # fmt: skip


def _note(form: Form) -> str | None:
    return form.get("note", "").strip()[:NOTE_MAX] or None


def _moment(work: Work, form: Form, name: str) -> datetime:
    """A local time as a browser sends it: 2026-11-22T08:00."""
    try:
        return datetime.fromisoformat(form.get(name, "")).replace(tzinfo=work.zone).astimezone(UTC)
    except ValueError:
        raise Invalid("Please check what was entered", {"json": {name: ["Not a moment."]}}) from None


def _back(otherwise: str) -> str:
    """The file the form stood on, where it says so."""
    here = request.form.get("next", "")
    return here if here.startswith(("/residents/", "/homes/")) and "//" not in here else otherwise


def _teach(pages: Environment, work: Work) -> None:
    def local(at: datetime | None, pattern: str = "%Y-%m-%d %H:%M") -> str:
        return at.astimezone(work.zone).strftime(pattern) if at else "—"

    pages.filters.update(local=local)
    pages.globals.update(word=told_words.word, may=may)
