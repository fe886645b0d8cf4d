"""
The board: what is open, what is known about it and what can be done; and every alarm's own page.

The stream tells the script what has changed (`dispatch.web.stream`); the script asks for `/board/live` when it begins,
when it is in doubt, and for the alarm that is open, and merges it into the page. So what is shown is rendered in one
place, in one language and escaped by the template. Everything can be read and done without a script.
"""

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, tzinfo
from typing import Any, cast

from flask import Blueprint, Flask, Response, flash, make_response, redirect, render_template, request
from flask_wtf.csrf import generate_csrf  # type: ignore[import-untyped]
from jinja2 import Environment
from markupsafe import Markup
from werkzeug.wrappers import Response as Redirect

from dispatch.clock import Clock
from dispatch.errors import AlarmClosed, Invalid, NotFound
from dispatch.ids import AlarmId
from dispatch.rules.alarm import State
from dispatch.rules.claims import Claim, Tick
from dispatch.rules.people import Person
from dispatch.rules.rights import Right
from dispatch.web import telling, words
from dispatch.web.access import area, caller, may, require
from dispatch.web.board_acts import ACTS, EVERYBODY, WITH_PERSON, Deeds
from dispatch.web.boards import WORDS, Boards, InCharge, Stories, claim_of, row_of
from dispatch.web.eyes import for_eyes, note_opened
from dispatch.web.i18n import current_words, gettext
from dispatch.web.rendered import Rendered
from dispatch.web.scope import scope
from dispatch.web.shown import TOKEN, clock_mark, filled, span

DETAIL_LASTS_S, DETAILS_KEPT = 2.0, 256
"""What is told of one alarm changes with its entries; what the registers say of its people is this old at most."""

Plain = dict[str, Any]


def board_blueprint(
    boards: Boards,
    stories: Stories,
    deeds: Deeds,
    *,
    clock: Clock,
    zone: tzinfo,
    operators: Callable[[], Mapping[str, str]],
    in_charge: InCharge,
    false_alarms: Callable[[AlarmId], int] = lambda _: 0,
) -> Blueprint:
    """
    `/board`, `/board/live` and `/alarms/<id>`.

    `zone` is the district's. `operators` says what operators are called, by `operator:<id>`. `false_alarms` counts
    those of an alarm's home and resident in this month.
    """
    bp = Blueprint("board", __name__)
    book = _Book(boards, stories, clock, operators, in_charge, false_alarms)
    bp.record_once(lambda state: _teach(state.app.jinja_env, zone))
    bp.record_once(lambda state: boards.install(cast(Flask, state.app)))

    @bp.get("/board")
    @require(Right.ALARMS_SEE)
    def board() -> str:
        return render_template("board.html", **book.live(request.args.get("alarm")))

    @bp.get("/board/live")
    @require(Right.ALARMS_SEE)
    def live() -> Response:
        chosen = request.args.get("alarm")
        if chosen and request.args.get("part") == "detail":
            return _unless_known(book.beside(chosen), "_detail.html")
        return _unless_known(book.live(chosen), "_live.html")

    @bp.get("/alarms/<alarm_id>")
    @require(Right.ALARMS_SEE)
    def alarm(alarm_id: str) -> str:
        told = book.one(AlarmId(alarm_id))
        return filled(render_template("alarm.html", **told), told["now"], generate_csrf())

    @bp.post("/alarms/<alarm_id>/<any(accept, decline, attend, offer, close, reopen, note, emergency):deed>")
    @require(Right.ALARMS_ACT)
    def act(alarm_id: str, deed: str) -> Redirect:
        book.check(AlarmId(alarm_id), deed, request.form.get("person"))
        ACTS[deed](deeds, AlarmId(alarm_id), request.form)
        flash(gettext("Done."))
        return redirect(f"/board?alarm={alarm_id}", 303)

    return bp


def _unless_known(told: Plain, template: str) -> Response:
    """What a page asks for, or 304 where it has shown just that already."""
    answer = make_response()
    answer.set_etag(told["etag"])
    if request.if_none_match.contains(told["etag"]):
        answer.status_code = 304
    else:
        answer.set_data(render_template(template, **told))
    return answer


@dataclass(frozen=True, slots=True, kw_only=True)
class _Charge:
    """Who is in charge of an alarm and whether that is who asks; who was, and is not at a console any more; ticks."""

    claim: Claim | None
    gone: Claim | None
    mine: bool
    ticks: Mapping[Tick, tuple[Person, datetime]]


@dataclass(frozen=True, slots=True)
class _Detail:
    """One alarm as its readers see it; `told` is what must be kept when one of them opens it."""

    html: str
    tag: str
    told: Plain


class _Book:
    """Gathers what the templates show."""

    def __init__(
        self,
        boards: Boards,
        stories: Stories,
        clock: Clock,
        operators: Callable[[], Mapping[str, str]],
        in_charge: InCharge,
        false_alarms: Callable[[AlarmId], int],
    ) -> None:
        self._boards = boards
        self._stories = stories
        self._clock = clock
        self._operators = operators
        self._in_charge = in_charge
        self._false_alarms = false_alarms
        self._details = Rendered(lasts_s=DETAIL_LASTS_S, most=DETAILS_KEPT, steady_s=lambda: clock.look().steady_s)

    def live(self, chosen: str | None) -> Plain:
        """All of the board, with this alarm's details."""
        # The head first: what happens while we read is then told by the stream as well, and never missed.
        head, now, here = self._stories.head(), self._clock.now(), scope()
        self._in_charge.seen(caller())
        shown, detail = self._boards.shown(here, head), self._detail(chosen)
        return {
            "head": head,
            "now": now,
            "scope": here.name,
            "shown": shown,
            "calls": Markup(filled(shown.parts["calls"], now, generate_csrf())),  # noqa: S704  escaped by its template
            "detail": self._filled(detail, now),
            "wanted": chosen,
            "tag": _tag(chosen, detail),
            "etag": f"{shown.version}.{_tag(chosen, detail)}",
        }

    def beside(self, chosen: str) -> Plain:
        """This alarm's details alone."""
        now, detail = self._clock.now(), self._detail(chosen)
        tag = _tag(chosen, detail)
        return {"detail": self._filled(detail, now), "wanted": chosen, "tag": tag, "etag": tag}

    def _filled(self, detail: "_Detail | None", now: datetime) -> Markup | None:
        return None if detail is None else Markup(filled(detail.html, now, generate_csrf()))  # noqa: S704  rendered

    def one(self, alarm_id: AlarmId) -> Plain:
        """
        One alarm whole.

        Raises:
            NotFound: there is none with this id.
        """
        told = self._stories.story(alarm_id, current_words().lang, area())
        note_opened(told)
        story = self._story(told, self._charge(alarm_id))
        return {"story": story, "now": self._clock.now(), "names": self._operators(), "alone": True, **WORDS}

    def check(self, alarm_id: AlarmId, deed: str, person: str | None) -> None:
        """
        That this person has to do with this alarm, and nobody is sent to one that is over.

        Raises:
            NotFound: no such alarm. Conflict: it is closed. Invalid: nobody of this name was asked or could be.
        """
        story = self._stories.story(alarm_id, "en", area())
        if deed == "offer" and story["state"] == State.CLOSED:
            raise AlarmClosed(f"alarm {story['number']} is closed")
        contacts = story["home_file"]["contacts"] if story["home_file"] else []
        known = {each["person"] for each in (*story["offers"], *story["candidates"])} | {
            each["id"] for each in contacts
        }
        if deed in WITH_PERSON and person not in known and not (deed == "offer" and person == EVERYBODY):
            raise Invalid("Please choose one.", {"person": "unknown"})

    def _detail(self, alarm_id: str | None) -> _Detail | None:
        """
        The alarm that is open, made again when anything has happened to it, once for all of a scope but for whoever is
        in charge of it; None where it is not there.
        """
        if not alarm_id:
            return None
        id_ = AlarmId(alarm_id)
        charge = self._charge(id_)
        who = (id_, self._stories.head_of(id_), scope(), charge.mine, charge.claim, charge.gone)
        try:
            made = self._details.get(who, lambda: self._render(id_, charge))
        except NotFound:
            return None
        note_opened(made.told)
        return made

    def _render(self, alarm_id: AlarmId, charge: "_Charge") -> _Detail:
        told = self._stories.story(alarm_id, current_words().lang, area())
        story = self._story(told, charge)
        html = render_template(
            "_alarm.html", story=story, names=self._operators(), csrf_token=lambda: TOKEN, **WORDS
        )  # fmt: skip
        file = told["resident_file"]
        opened = {"state": told["state"], "resident_file": {"id": file["id"]} if file else None}
        return _Detail(html, hashlib.sha256(html.encode()).hexdigest()[:16], opened)

    def _story(self, told: Plain, charge: "_Charge") -> Plain:
        story, alarm_id = for_eyes(told), AlarmId(told["id"])
        asked = {each["person"]: each for each in story["offers"]}
        names = self._operators()
        return {
            **row_of(story, None),
            "candidates": [{**each, "offer": asked.get(each["person"])} for each in story["candidates"]],
            "lines": [
                {**each, "text": telling.sentence(each, names), "teller": telling.teller(each, names),
                 "loud": each["kind"] in telling.LOUD}
                for each in reversed(story["timeline"])
            ],
            "may_close": story["state"] != State.CLOSED and may(Right.ALARMS_ACT),
            "claim": claim_of(charge.claim, names),
            "gone": claim_of(charge.gone, names),
            "mine": charge.mine,
            "ticks": [(str(each), charge.ticks.get(each)) for each in Tick],
            "false_alarms": self._false_alarms(alarm_id),
        }  # fmt: skip

    def _charge(self, alarm_id: AlarmId) -> _Charge:
        claim, ticks = self._in_charge.of(alarm_id)
        # When it was last seen is no news: it would make every look another one.
        told = None if claim is None else replace(claim, seen_at=claim.since_at)
        held = claim is not None and claim.holds(self._clock.now())
        mine = held and claim is not None and claim.by == caller()
        return _Charge(claim=told if held else None, gone=None if held else told, mine=mine, ticks=ticks)


def _tag(chosen: str | None, detail: _Detail | None) -> str:
    """What tells one look of the panel beside the list from another."""
    return detail.tag if detail else "none" if chosen else ""


def _teach(pages: Environment, zone: tzinfo) -> None:
    """What the templates of the board may call."""

    def at(iso: str | None, pattern: str = "%H:%M:%S") -> str:
        return _instant(iso).astimezone(zone).strftime(pattern) if iso else "—"

    pages.filters.update(at=at, since=_since, clock=lambda iso, kind: clock_mark(kind, iso), minutes=telling.minutes)
    pages.globals.update(word=words.word, called=telling.called)


def _instant(iso: str) -> datetime:
    return datetime.fromisoformat(iso)


def _since(iso: str, now: datetime | str) -> str:
    return span(iso, _instant(now) if isinstance(now, str) else now)
