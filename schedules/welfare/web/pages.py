"""`/welfare`: households by their score with its reasons, their thresholds, what became of each signal, and figures."""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime
from zoneinfo import ZoneInfo

from flask import Blueprint, flash, make_response, redirect, render_template, request
from werkzeug.wrappers import Response

from dispatch.errors import Conflict, Invalid, Refusal
from dispatch.rules.rights import Right
from dispatch.web.access import area, caller, file_opened, require
from dispatch.web.i18n import N_, gettext
from dispatch.web.words import word
from schedules.welfare.office import BECAME, FIGURES_OVER, Office
from schedules.welfare.rules.signs import Kind
from schedules.welfare.words import EN, WORDS

SIGNS: Mapping[str, str] = {kind.value: words[EN] for kind, words in WORDS.items()}
"""What signs are called, as message ids: each stands in the translations as well."""

TURNS: Mapping[str, str] = {
    "right": N_("right: help was needed"),
    "wrong": N_("wrong: all was well"),
    "unclear": N_("cannot be said"),
    "missed": N_("missed: no signal told"),
    "open": N_("still open"),
}
SHOWN = 100


def welfare_pages(
    office: Office, *, failed: Callable[[], frozenset[str]], names: Callable[[], Mapping[str, str]], zone: ZoneInfo
) -> Blueprint:
    """
    `/welfare` and its forms. `failed` says which sources do not answer, `names` what people are called by reference.
    """
    bp = Blueprint("welfare", __name__, template_folder="templates")

    def page(said: Mapping[str, str], refused: Refusal | None = None) -> str:
        here = area()
        watched, signals = office.watched(here, SHOWN), office.signals(here, SHOWN)
        file_opened("list:welfare")
        return render_template(
            "welfare.html", watched=watched, signals=signals, figures=office.figures(here), scale=office.scale,
            lacking=office.lacking,
            failed=sorted(failed()), names=names(), said=said, refused=refused, days=FIGURES_OVER.days, SIGNS=SIGNS,
            TURNS=TURNS, BECAME=BECAME, word=word, moment=lambda at: _moment(at, zone), iso=datetime.fromisoformat,
        )  # fmt: skip

    def tried(work: Callable[[], object]) -> Response:
        """Does it and shows the page again; what was typed stays where it was refused."""
        try:
            work()
        except (Invalid, Conflict) as refused:
            return make_response(page(request.form, refused), 409 if isinstance(refused, Conflict) else 422)
        flash(gettext("Done."))
        return redirect("/welfare", 303)

    @bp.get("/welfare")
    @require(Right.RESIDENTS_SEE)
    def welfare() -> str:
        return page({})

    @bp.post("/welfare/homes/<home>")
    @require(Right.ALARMS_ACT)
    def threshold(home: str) -> Response:
        said = request.form
        return tried(lambda: office.set_threshold(
            home, _number(said.get("threshold", "")), reason=said.get("reason", ""), by=caller(), area=area(),
        ))  # fmt: skip

    @bp.post("/welfare/signals/<signal_id>")
    @require(Right.ALARMS_ACT)
    def became(signal_id: str) -> Response:
        said = request.form
        note = said.get("note", "").strip()[:2_000] or None
        return tried(lambda: office.became(signal_id, said.get("became", ""), by=caller(), area=area(), note=note))

    @bp.post("/welfare/missed")
    @require(Right.ALARMS_ACT)
    def missed() -> Response:
        said = request.form
        return tried(lambda: office.missed(
            _home(said.get("home", "")), _at(said.get("at", ""), zone), note=said.get("note", ""), by=caller(),
            area=area(),
        ))  # fmt: skip

    return bp


def _number(said: str) -> float | None:
    """What was typed, None for nothing: as everywhere."""
    try:
        return float(said) if said.strip() else None
    except ValueError:
        raise Invalid("Please check what was entered", {"json": {"threshold": ["A number."]}}) from None


def _home(said: str) -> str:
    if not said.strip():
        raise Invalid("Please check what was entered", {"json": {"home": ["Say which home."]}})
    return said.strip()[:80]


def _at(said: str, zone: ZoneInfo) -> datetime:
    try:
        at = datetime.fromisoformat(said)
    except ValueError:
        raise Invalid("Please check what was entered", {"json": {"at": ["A day and a time."]}}) from None
    return (at if at.tzinfo else at.replace(tzinfo=zone)).astimezone(UTC)


def _moment(at: datetime | None, zone: ZoneInfo) -> str:
    return at.astimezone(zone).strftime("%m-%d %H:%M") if at else "—"


assert set(SIGNS) == {each.value for each in Kind}
