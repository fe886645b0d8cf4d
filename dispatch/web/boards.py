"""
Makes the board of each scope: the database is read once for everybody, each scope is rendered once for all its people.

    record moved ──► read (once) ──► scope, scope, … (each rendered once) ──► pages, streams

A rendering is made with the scope and without a request: nothing in it can come from whoever happened to ask first.
"""

import itertools
import secrets
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any, Protocol

from flask import Flask, g

from dispatch.clock import Clock, SystemClock
from dispatch.ids import AlarmId
from dispatch.rules.alarm import State
from dispatch.rules.claims import Claim, Tick
from dispatch.rules.people import Person
from dispatch.rules.rights import DISTRICT, Area, Right
from dispatch.rules.signal import Cause
from dispatch.rules.urgency import urgency
from dispatch.web import telling, words
from dispatch.web.i18n import current_words, gettext, read_texts
from dispatch.web.i18n import words as words_in
from dispatch.web.rendered import Fresh, Rendered
from dispatch.web.residents import words as registers
from dispatch.web.scope import Scope
from dispatch.web.shown import TOKEN, Shown

CLOSED_SHOWN = 6
CLOSED_FOR = timedelta(hours=24)
"""How many of the alarms closed lately are shown, and for how long: as long as a closing may be taken back."""

ROW_SHOWS = (
    "id", "state", "version", "press_count", "waits", "raised_at", "claim", "cause", "where", "shape", "shadow", "name",
)  # fmt: skip
ROWS_KEPT = 4_000

LIST_LASTS_S, LIST_APART_S, LISTS_KEPT = 1.0, 0.15, 64
"""
What is the same for everybody is made again when anything has happened, and after so long in any case; but however
much happens, not more often than six times a second.
"""

WHOLE_S = 2.0
"""Between two looks at everything only the alarms that entries are about are read again; registers have no entries."""

ENTRIES_MAX = 100
UNSEEN = frozenset({"resident_read"})
"""Kinds of entries that change nothing on a board, and are written whenever somebody opens an alarm."""

Plain = dict[str, Any]


class Stories(Protocol):
    """What the board reads; `dispatch.review.Review` does it."""

    def board(self, area: Area = DISTRICT, only: Collection[AlarmId] | None = None) -> list[Plain]: ...

    def entries(self, after: int, limit: int) -> list[Plain]: ...

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
    """
    Something that is not well, as the strip says it: a sentence, the number in it, whether it is a fault, and the page
    where it is seen to.
    """

    text: str
    count: int | None = None
    fault: bool = False
    path: str = "/roads"


class CallsShown(Protocol):
    """The calls that ring in, and how many did; `dispatch.callbook.CallBook` tells."""

    def to_judge(self, area: Area = DISTRICT) -> list[Plain]: ...

    def counts(self) -> dict[str, int]: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class _Read:
    """
    What was read for all scopes at once: open alarms of the whole district, who is in charge of which, and what stands
    beside them, with the calls and the alarms closed lately of each area that asked. `whole_s` is when all of it was.
    """

    head: int
    whole_s: float
    alarms: Sequence[Plain]
    claims: Mapping[AlarmId, Claim]
    names: Mapping[str, str]
    strip: Strip
    call_counts: Mapping[str, int]
    beside: dict[Area, "_Beside"] = field(default_factory=dict)

    @property
    def closed(self) -> set[str]:
        return {each["id"] for some in list(self.beside.values()) for each in some.closed}


@dataclass(frozen=True, slots=True)
class _Beside:
    calls: Sequence[Plain]
    closed: Sequence[Plain]


class Boards:
    """The boards of all scopes. For any thread; `install` comes first."""

    def __init__(
        self,
        stories: Stories,
        clock: Clock,
        *,
        strip: Callable[[], Strip],
        operators: Callable[[], Mapping[str, str]],
        calls: CallsShown,
        in_charge: InCharge,
    ) -> None:
        """`operators` says what operators are called, by `operator:<id>`."""
        self._stories, self._clock, self._strip = stories, clock, strip
        self._operators, self._calls, self._in_charge = operators, calls, in_charge
        self._app: Flask | None = None
        self._versions = (f"{secrets.token_hex(4)}-{number}" for number in itertools.count(1))
        self._last: dict[Scope, Shown] = {}
        self._last_read: _Read | None = None
        self._boards = Fresh(lasts_s=LIST_LASTS_S, apart_s=LIST_APART_S, most=LISTS_KEPT, steady_s=_steady_s)
        self._reads = Fresh(lasts_s=LIST_LASTS_S / 2, apart_s=0.0, most=1, steady_s=_steady_s)
        self._rows = Rendered(lasts_s=float("inf"), most=ROWS_KEPT, steady_s=lambda: 0.0)

    def install(self, app: Flask) -> None:
        """Renders with the templates of this application."""
        self._app = app

    def now(self) -> datetime:
        """By the clock that the alarms were raised by."""
        return self._clock.now()

    def shown(self, scope: Scope, head: int) -> Shown:
        """The board of this scope, with everything up to this entry of the record, or later."""
        shown: Shown = self._boards.get(scope, head, lambda: self._made(scope, head))
        return shown

    def _made(self, scope: Scope, head: int) -> tuple[int, Shown]:
        read: _Read = self._reads.get(None, head, self._read)
        fresh = self._rendered(scope, read)
        last = self._last.get(scope)
        if last is not None and fresh.looks_like(last):
            fresh = replace(fresh, version=last.version)
        else:
            fresh = replace(fresh, version=next(self._versions))
        self._last[scope] = fresh
        if len(self._last) > LISTS_KEPT:
            self._last.pop(next(iter(self._last)))
        return read.head, fresh

    def _read(self) -> tuple[int, _Read]:
        # The head first: what happens while we read is then told once more, and never missed.
        head = self._stories.head()
        last = self._last_read
        alarms, claims = self._moved(last) if last else None, self._in_charge.open(self._clock.now())
        if last is None or alarms is None:
            read = _Read(
                head=head, whole_s=_steady_s(), alarms=sorted(self._stories.board(), key=_urgency), claims=claims,
                names=self._operators(), strip=self._strip(), call_counts=self._calls.counts(),
            )  # fmt: skip
        else:
            read = replace(last, head=head, alarms=alarms, claims=claims)
        self._last_read = read
        return head, read

    def _moved(self, last: _Read) -> Sequence[Plain] | None:
        """
        The open alarms, with those that something has happened to since read anew; None where more than their rows may
        look otherwise.
        """
        touched = self._touched(last)
        if touched is None:
            return None
        fresh = self._stories.board(only=touched) if touched else []
        if len(fresh) < len(touched):
            # One is closed, and may stand among those closed lately now.
            return None
        return sorted([*(each for each in last.alarms if each["id"] not in touched), *fresh], key=_urgency)

    def _touched(self, last: _Read) -> set[AlarmId] | None:
        """
        Which alarms something has happened to since; None where it may be about more than open alarms, or it is time
        to look at everything.
        """
        if _steady_s() - last.whole_s >= WHOLE_S:
            return None
        entries = self._stories.entries(last.head, ENTRIES_MAX)
        telling_ = [each for each in entries if each["kind"] not in UNSEEN]
        touched = {each["alarm"] for each in telling_}
        if len(entries) == ENTRIES_MAX or None in touched or touched & last.closed:
            return None
        return touched

    def _rendered(self, scope: Scope, read: _Read) -> Shown:
        assert self._app is not None, "Boards.install comes first"
        # A context of its own, with the words of the scope and nobody signed in.
        with self._app.app_context():
            g.words = words_in(lang=scope.lang, texts=read_texts())
            return self._in_words(scope, read)

    def _in_words(self, scope: Scope, read: _Read) -> Shown:
        rows = [row_of(each, claim_of(read.claims.get(AlarmId(each["id"])), read.names))
                for each in read.alarms if scope.area.answers_for(each["station_id"])]  # fmt: skip
        waiting = [row for row in rows if row["waits"]]
        oldest = min(waiting, key=lambda row: (row["claim"] is not None, str(row["raised_at"])), default=None)
        beside = read.beside.get(scope.area) or self._beside(scope.area)
        read.beside[scope.area] = beside
        told = {
            "rows": rows, "oldest": oldest, "closed": [row_of(each, None) for each in beside.closed],
            "strip": read.strip, "calls": beside.calls if scope.may(Right.ALARMS_ACT) else [],
            "call_counts": read.call_counts, "csrf_token": lambda: TOKEN,
            "counts": [(state, sum(row["state"] == state for row in rows)) for state in list(words.STATES)[:4]],
        }  # fmt: skip
        return Shown(
            version="",
            head=read.head,
            rows={row["id"]: self._row(row) for row in rows},
            parts={part: self._render(f"_{part}.html", told) for part in PARTS},
            oldest=oldest["id"] if oldest else None,
        )

    def _row(self, row: Plain) -> str:
        """One row of the list: made again only when something of what it shows has changed."""
        shows = (current_words().lang, *(str(row[key]) for key in ROW_SHOWS))
        return self._rows.get(shows, lambda: self._render("_row.html", {"row": row}))

    def _beside(self, here: Area) -> _Beside:
        recent, now = self._stories.recent(CLOSED_SHOWN, state=State.CLOSED, area=here), self._clock.now()
        closed = [each for each in recent if now - datetime.fromisoformat(each["closed_at"]) < CLOSED_FOR]
        return _Beside(self._calls.to_judge(here), closed)

    def _render(self, template: str, told: Plain) -> str:
        assert self._app is not None
        # Not `render_template`: that would hand it the request of whoever asked first.
        return self._app.jinja_env.get_template(template).render(**told, **WORDS)


PARTS = ("facts", "counters", "calls", "quiet", "lately", "hint")
"""What stands beside the rows; each is the template `_<part>.html` and the element of that id."""


WORDS: Mapping[str, Any] = {
    "STATES": words.STATES, "SHAPES": words.SHAPES, "CAUSES": words.CAUSES, "OUTCOMES": words.OUTCOMES,
    "PROOFS": words.PROOFS, "OFFERS": words.OFFERS, "MESSAGES": words.MESSAGES, "ATTEMPTS": words.ATTEMPTS,
    "CHANNELS": words.CHANNELS, "SENTENCES": words.SENTENCES, "STEPS": words.STEPS, "TALKS": words.TALKS,
    "LEVELS": words.LEVELS, "CATS": words.CATS, "NEEDS": words.NEEDS, "AGREEMENTS": words.AGREEMENTS,
    "CALLS": words.CALLS, "TICKS": words.TICKS, "HOW_TO_TALK": words.HOW_TO_TALK, "AWAY": registers.AWAY,
    "LEFT": registers.LEFT,
}  # fmt: skip
"""The words for codes, as the templates of the board ask for them."""


def row_of(alarm: Plain, claim: Plain | None) -> Plain:
    """An alarm as the templates of the board show it."""
    return {
        **alarm,
        "shape": words.SHAPES[alarm["state"]],
        "waits": alarm["state"] in {State.RAISED, State.OFFERED},
        "where": alarm["address"] or gettext("place unknown"),
        "claim": claim,
    }


def claim_of(claim: Claim | None, names: Mapping[str, str]) -> Plain | None:
    """Who is in charge since when, by name."""
    if claim is None:
        return None
    return {"by": claim.by, "name": telling.called(claim.by, None, names), "since": claim.since_at.isoformat()}


def _urgency(alarm: Plain) -> Any:
    # Of two that were raised in the same instant always the same one first: a row that moves is told to everybody.
    raised_at = datetime.fromisoformat(alarm["raised_at"])
    return (*urgency(State(alarm["state"]), Cause(alarm["cause"]), raised_at), alarm["id"])


def _steady_s() -> float:
    return SystemClock().look().steady_s
