"""`/alarms`: every alarm there was, newest first, filtered and page by page."""

from collections.abc import Callable, Mapping, Sequence
from datetime import date, datetime, timedelta
from typing import Any, Protocol

from flask import Blueprint, render_template, request
from werkzeug.datastructures import MultiDict

from dispatch.errors import Invalid
from dispatch.ids import StationId
from dispatch.rules.alarm import Outcome, State
from dispatch.rules.people import Station
from dispatch.rules.rights import Area, Right
from dispatch.rules.signal import Cause
from dispatch.store.history import Wanted
from dispatch.web import words
from dispatch.web.access import area, require

PAGE = 50
TEXT_MAX = 80

Plain = dict[str, Any]


class Pages(Protocol):
    """Who reads them; `dispatch.handover.history.AlarmHistory`."""

    def page(self, wanted: Wanted, *, limit: int, cursor: str | None) -> tuple[list[Plain], str | None]: ...


def history_blueprint(
    history: Pages, *, start_of: Callable[[date], datetime], stations: Callable[[], Sequence[Station]],
    operators: Callable[[], Mapping[str, str]],
) -> Blueprint:  # fmt: skip
    """`start_of` is when a local day begins; `operators` says what they are called, by `operator:<id>`."""
    bp = Blueprint("history", __name__)

    @bp.get("/alarms")
    @require(Right.ALARMS_SEE)
    def alarms() -> str:
        asked, here = request.args, area()
        rows, next_ = history.page(_wanted(asked, start_of, here), limit=PAGE, cursor=asked.get("cursor") or None)
        kept = {name: value for name, value in asked.items() if value and name != "cursor"}
        return render_template(
            "alarms.html", rows=rows, next=next_, kept=kept, STATES=words.STATES, CAUSES=words.CAUSES,
            OUTCOMES=words.OUTCOMES, SHAPES=words.SHAPES, names=operators(),
            stations=[each for each in stations() if here.covers(each.id)],
        )  # fmt: skip

    return bp


def _wanted(asked: MultiDict[str, str], start_of: Callable[[date], datetime], here: Area) -> Wanted:
    """
    The filter that an address says.

    Raises:
        Invalid: a day or a code in it is none.
    """
    first, last = _day(asked, "from"), _day(asked, "to")
    return Wanted(
        start=start_of(first) if first else None,
        end=start_of(last + timedelta(days=1)) if last else None,
        state=State(_code(asked, "state", list(State))) if asked.get("state") else None,
        cause=Cause(_code(asked, "cause", list(Cause))) if asked.get("cause") else None,
        outcome=Outcome(_code(asked, "outcome", list(Outcome))) if asked.get("outcome") else None,
        station=StationId(asked["station"][:TEXT_MAX]) if asked.get("station") else None,
        closed_by=asked["by"][:TEXT_MAX] if asked.get("by") else None,
        text=asked.get("q", "").replace("\x00", "")[:TEXT_MAX],
        stations=here.stations,
    )


def _day(asked: MultiDict[str, str], name: str) -> date | None:
    if not asked.get(name):
        return None
    try:
        day = date.fromisoformat(asked[name])
    except ValueError:
        raise Invalid("Please choose a day.", {name: "not a day"}) from None
    if not 2000 <= day.year <= 2100:
        raise Invalid("Please choose a day.", {name: "not a day"})
    return day


def _code(asked: MultiDict[str, str], name: str, known: Sequence[str]) -> str:
    if asked[name] not in known:
        raise Invalid("Please choose one.", {name: "unknown"})
    return asked[name]
