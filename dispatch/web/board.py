"""
The board: what is open, what is known about it and what can be done; and every alarm's own page.

The script asks for `/board/live` whenever something happened and merges it into the page, so that what is shown is
rendered in one place, in one language and escaped by the template. Everything can be read and done without a script.
"""

import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Any, Protocol

from flask import Blueprint, flash, redirect, render_template, request
from flask_wtf.csrf import generate_csrf  # type: ignore[import-untyped]
from jinja2 import Environment
from markupsafe import Markup, escape
from werkzeug.wrappers import Response

from dispatch.clock import Clock, SystemClock
from dispatch.errors import AlarmClosed, Invalid, NotFound
from dispatch.ids import AlarmId
from dispatch.rules.alarm import State
from dispatch.rules.claims import Claim, Tick
from dispatch.rules.people import Person
from dispatch.rules.rights import DISTRICT, Area, Right
from dispatch.web import telling, words
from dispatch.web.access import area, caller, may, require
from dispatch.web.board_acts import ACTS, EVERYBODY, WITH_PERSON, Deeds
from dispatch.web.eyes import for_eyes, note_opened
from dispatch.web.i18n import current_words, gettext
from dispatch.web.rendered import Fresh, Rendered
from dispatch.web.residents import words as registers

CLOSED_SHOWN = 6
CLOSED_FOR = timedelta(hours=24)
"""How many of the alarms closed lately are shown, and for how long: as long as a closing may be taken back."""

AT_ONCE = 4
"""Boards made at once: one more would only share the processor with them, and with the webhook that comes in."""

DETAIL_LASTS_S, DETAILS_KEPT = 2.0, 128
"""What is told of one alarm changes with its entries; what the registers say of its people is this old at most."""

TOKEN = secrets.token_urlsafe(24)
"""Stands in kept pages where each reader's own token goes; nobody can write it into a note."""

ROW_SHOWS = (
    "id", "state", "version", "press_count", "waits", "raised_at", "claim", "cause", "where", "shape", "shadow", "name",
)  # fmt: skip
ROWS_KEPT = 2_000
AGE = secrets.token_urlsafe(24)
"""Stands in a kept row where its age goes."""

LIST_LASTS_S, LIST_APART_S, LISTS_KEPT = 1.0, 0.15, 16
"""
What is the same for everybody is made again when anything has happened, and after so long in any case; but however
much happens, not more often than six times a second.
"""

Plain = dict[str, Any]


class Stories(Protocol):
    """What the board reads; `dispatch.review.Review` does it."""

    def board(self, area: Area = DISTRICT) -> list[Plain]: ...

    def recent(
        self, limit: int, *, before: datetime | None = None, state: State | None = None, area: Area = DISTRICT
    ) -> list[Plain]: ...

    def story(self, alarm_id: AlarmId, lang: str, area: Area = DISTRICT) -> Plain: ...

    def head(self) -> int: ...

    def head_of(self, alarm_id: AlarmId) -> int: ...


class InCharge(Protocol):
    """Who is in charge of what; `dispatch.handover.claiming.Claiming` tells."""

    def open(self, now: datetime) -> Mapping[AlarmId, Claim]: ...

    def of(self, alarm_id: AlarmId) -> tuple[Claim | None, Mapping[Tick, tuple[Person, datetime]]]: ...

    def seen(self, by: Person) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Strip:
    """
    What the strip on top says of the equipment: gateways and message providers by name, and whether each is well.

    `sounding` is how many consoles said within the last minute that they can be heard, None where nobody counts them.
    """

    gateways: Mapping[str, bool]
    providers: Mapping[str, bool]
    sounding: int | None = None
    notes: Sequence["Note"] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Note:
    """Something that is not well, as the strip says it: a sentence, the number in it, and whether it is a fault."""

    text: str
    count: int | None = None
    fault: bool = False


class CallsShown(Protocol):
    """The calls that ring in, and how many did; `dispatch.callbook.CallBook` tells."""

    def to_judge(self, area: Area = DISTRICT) -> list[Plain]: ...

    def counts(self) -> dict[str, int]: ...


def board_blueprint(
    stories: Stories,
    deeds: Deeds,
    *,
    clock: Clock,
    zone: tzinfo,
    strip: Callable[[], Strip],
    operators: Callable[[], Mapping[str, str]],
    calls: CallsShown,
    in_charge: InCharge,
    false_alarms: Callable[[AlarmId], int] = lambda _: 0,
) -> Blueprint:
    """
    `/board`, `/board/live` and `/alarms/<id>`.

    `zone` is the district's. `operators` says what operators are called, by `operator:<id>`. `false_alarms` counts
    those of an alarm's home and resident in this month.
    """
    bp = Blueprint("board", __name__)
    book = _Book(stories, clock, zone, strip, operators, calls, in_charge, false_alarms)
    bp.record_once(lambda state: _teach(state.app.jinja_env, zone))

    @bp.get("/board")
    @require(Right.ALARMS_SEE)
    def board() -> str:
        return render_template("board.html", **book.live(request.args.get("alarm")))

    @bp.get("/board/live")
    @require(Right.ALARMS_SEE)
    def live() -> str:
        return render_template("_live.html", **book.live(request.args.get("alarm")))

    @bp.get("/alarms/<alarm_id>")
    @require(Right.ALARMS_SEE)
    def alarm(alarm_id: str) -> str:
        return render_template("alarm.html", **book.one(AlarmId(alarm_id)))

    @bp.post("/alarms/<alarm_id>/<any(accept, decline, attend, offer, close, reopen, note, emergency):deed>")
    @require(Right.ALARMS_ACT)
    def act(alarm_id: str, deed: str) -> Response:
        book.check(AlarmId(alarm_id), deed, request.form.get("person"))
        ACTS[deed](deeds, AlarmId(alarm_id), request.form)
        flash(gettext("Done."))
        return redirect(f"/board?alarm={alarm_id}", 303)

    return bp


class _Book:
    """Gathers what the templates show."""

    def __init__(
        self,
        stories: Stories,
        clock: Clock,
        zone: tzinfo,
        strip: Callable[[], Strip],
        operators: Callable[[], Mapping[str, str]],
        calls: CallsShown,
        in_charge: InCharge,
        false_alarms: Callable[[AlarmId], int],
    ) -> None:
        self._stories = stories
        self._clock = clock
        self._zone = zone
        self._strip = strip
        self._operators = operators
        self._calls = calls
        self._in_charge = in_charge
        self._false_alarms = false_alarms
        steady_s = SystemClock().look
        self._lists = Fresh(
            lasts_s=LIST_LASTS_S, apart_s=LIST_APART_S, most=LISTS_KEPT, steady_s=lambda: steady_s().steady_s
        )
        self._rows = Rendered(lasts_s=float("inf"), most=ROWS_KEPT, steady_s=lambda: 0.0)
        self._details = Rendered(lasts_s=DETAIL_LASTS_S, most=DETAILS_KEPT, steady_s=lambda: clock.look().steady_s)

    def live(self, chosen: str | None) -> Plain:
        """All of the board, with this alarm's details."""
        # The head first: what happens while we read is then told by the stream as well, and never missed.
        head, now, here = self._stories.head(), self._clock.now(), area()
        self._in_charge.seen(caller())
        shown: Shown = self._lists.get((current_words().lang, here), head, lambda: self._list(here))
        return {
            "head": head,
            "now": now,
            "strip": shown.strip,
            "shown": shown,
            "calls": shown.calls if may(Right.ALARMS_ACT) else [],
            "call_counts": shown.call_counts,
            "list": shown.marked(chosen),
            "detail": self._detail(chosen),
            "wanted": chosen,
            "names": shown.names,
            **_WORDS,
        }

    def _list(self, here: Area) -> tuple[int, "Shown"]:
        """All that is the same for everybody who works for these stations: made once, however many boards ask."""
        head, now = self._stories.head(), self._clock.now()
        names, claims = self._operators(), self._in_charge.open(now)
        rows = [{**_row(each), "claim": _claim(claims.get(AlarmId(each["id"])), names)}
                for each in self._stories.board() if here.answers_for(each["station_id"])]  # fmt: skip
        waiting = [row for row in rows if row["waits"]]
        oldest = min(waiting, key=lambda row: (row["claim"] is not None, str(row["raised_at"])), default=None)
        told = {
            "rows": rows, "now": now, "oldest": oldest, "closed": self._closed(now, here),
            "rows_made": Markup("".join(self._row(row, now) for row in rows)),  # noqa: S704  each was escaped
            "counts": [(state, sum(row["state"] == state for row in rows)) for state in list(words.STATES)[:4]],
            **_WORDS,
        }  # fmt: skip
        return head, Shown(
            counters=Markup(render_template("_counters.html", **told)),  # noqa: S704  rendered and escaped above
            list=render_template("_list.html", **told),
            oldest=oldest,
            any=bool(rows),
            strip=self._strip(),
            calls=self._calls.to_judge(here),
            call_counts=self._calls.counts(),
            names=names,
        )

    def _row(self, row: Plain, now: datetime) -> str:
        """One row of the list: made again only when something of what it shows has changed, but for its age."""
        shows = (current_words().lang, *(str(row[key]) for key in ROW_SHOWS))
        made = self._rows.get(shows, lambda: render_template("_row.html", row=row, age=AGE, **_WORDS))
        return made.replace(AGE, _since(row["raised_at"], now), 1)

    def one(self, alarm_id: AlarmId) -> Plain:
        """
        One alarm whole.

        Raises:
            NotFound: there is none with this id.
        """
        story = self._story(alarm_id)
        return {"story": story, "now": self._clock.now(), "names": self._operators(), "alone": True, **_WORDS}

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

    def _closed(self, now: datetime, here: Area) -> list[Plain]:
        recent = self._stories.recent(CLOSED_SHOWN, state=State.CLOSED, area=here)
        return [_row(each) for each in recent if now - _instant(each["closed_at"]) < CLOSED_FOR]

    def _detail(self, alarm_id: str | None) -> Markup | None:
        """The alarm that is open, made again when anything has happened to it; None where it is not there."""
        if not alarm_id:
            return None
        who = (alarm_id, self._stories.head_of(AlarmId(alarm_id)), current_words().lang, caller(), area())
        try:
            made = self._details.get(who, lambda: self._render(AlarmId(alarm_id)))
        except NotFound:
            return None
        return Markup(made.replace(TOKEN, generate_csrf()))  # noqa: S704  rendered and escaped below

    def _render(self, alarm_id: AlarmId) -> str:
        told = {"now": self._clock.now(), "names": self._operators(), "csrf_token": lambda: TOKEN, **_WORDS}
        return render_template("_alarm.html", story=self._story(alarm_id), **told)

    def _story(self, alarm_id: AlarmId) -> Plain:
        told = self._stories.story(alarm_id, current_words().lang, area())
        note_opened(told)
        story = for_eyes(told)
        asked = {each["person"]: each for each in story["offers"]}
        names = self._operators()
        return {
            **_row(story),
            "candidates": [{**each, "offer": asked.get(each["person"])} for each in story["candidates"]],
            "lines": [
                {**each, "text": telling.sentence(each, names), "teller": telling.teller(each, names),
                 "loud": each["kind"] in telling.LOUD}
                for each in reversed(story["timeline"])
            ],
            "may_close": story["state"] != State.CLOSED and may(Right.ALARMS_ACT),
            **self._charge(alarm_id, names),
        }  # fmt: skip

    def _charge(self, alarm_id: AlarmId, names: Mapping[str, str]) -> Plain:
        """Who is in charge, which steps of the plan are ticked, and how often it was a false alarm this month."""
        claim, ticks = self._in_charge.of(alarm_id)
        held = claim is not None and claim.holds(self._clock.now())
        return {
            "claim": _claim(claim if held else None, names),
            "gone": _claim(claim if not held else None, names),
            "mine": held and claim is not None and claim.by == caller(),
            "ticks": [(str(each), ticks.get(each)) for each in Tick],
            "false_alarms": self._false_alarms(alarm_id),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Shown:
    """
    The part of the board that is the same for everybody: `list` is the list with nobody's choice marked in it, `calls`
    are for whoever may judge them.
    """

    counters: Markup
    list: str
    oldest: Plain | None
    any: bool
    strip: Strip
    calls: Sequence[Plain]
    call_counts: Mapping[str, int]
    names: Mapping[str, str]

    def marked(self, chosen: str | None) -> Markup:
        """The list with this alarm as the one that is open."""
        row = f'<li id="row-{escape(chosen or "")}"><a '
        return Markup(self.list.replace(row, f'{row}aria-current="true" ', 1))  # noqa: S704  all of it was escaped


def _claim(claim: Claim | None, names: Mapping[str, str]) -> Plain | None:
    """Who is in charge since when, by name."""
    if claim is None:
        return None
    return {"by": claim.by, "name": telling.called(claim.by, None, names), "since": claim.since_at.isoformat()}


def _row(alarm: Plain) -> Plain:
    return {
        **alarm,
        "shape": words.SHAPES[alarm["state"]],
        "waits": alarm["state"] in {State.RAISED, State.OFFERED},
        "where": alarm["address"] or gettext("place unknown"),
    }


def _teach(pages: Environment, zone: tzinfo) -> None:
    """What the templates of the board may call."""

    def at(iso: str | None, pattern: str = "%H:%M:%S") -> str:
        return _instant(iso).astimezone(zone).strftime(pattern) if iso else "—"

    pages.filters.update(at=at, since=_since, minutes=telling.minutes)
    pages.globals.update(word=words.word, called=telling.called)


_WORDS: Mapping[str, Any] = {
    "STATES": words.STATES, "SHAPES": words.SHAPES, "CAUSES": words.CAUSES, "OUTCOMES": words.OUTCOMES,
    "PROOFS": words.PROOFS, "OFFERS": words.OFFERS, "MESSAGES": words.MESSAGES, "ATTEMPTS": words.ATTEMPTS,
    "CHANNELS": words.CHANNELS, "SENTENCES": words.SENTENCES, "STEPS": words.STEPS, "TALKS": words.TALKS,
    "LEVELS": words.LEVELS, "CATS": words.CATS, "NEEDS": words.NEEDS, "AGREEMENTS": words.AGREEMENTS,
    "CALLS": words.CALLS, "TICKS": words.TICKS, "HOW_TO_TALK": words.HOW_TO_TALK, "AWAY": registers.AWAY,
    "LEFT": registers.LEFT,
}  # fmt: skip


def _instant(iso: str) -> datetime:
    return datetime.fromisoformat(iso)


def _since(iso: str, now: datetime | str) -> str:
    """Minutes and seconds from one instant to another, as the script counts them on; 00:00 where it has gone by."""
    until = _instant(now) if isinstance(now, str) else now
    minutes, seconds = divmod(max(0, int((until - _instant(iso)).total_seconds())), 60)
    return f"{minutes // 60}:{minutes % 60:02}:{seconds:02}" if minutes >= 60 else f"{minutes:02}:{seconds:02}"
