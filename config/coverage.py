"""The command about coverage: read beside the service, from the database alone, so that nothing has to wait for it."""

import json
from collections.abc import Iterable
from datetime import UTC, datetime, timedelta
from typing import Any

import click

from config.settings import Settings
from config.travel import roads_of, travel_of
from dispatch.clock import SystemClock
from dispatch.errors import Misconfigured
from dispatch.store.database import reading_engine, sqlite_file
from dispatch.store.people import People
from schedules.calendar import Calendar
from schedules.coverage.picture import Picture, Terms, picture
from schedules.coverage.rules.reach import Gap, uncovered_at
from schedules.coverage.working_out import by_roads

SURVEY_S = 120.0
"""So long a road router is asked by whoever waits for the answer."""

INSTANT = timedelta(microseconds=1)
"""What there is of time: an instant is looked at as the shortest window that begins with it."""


def terms_of(settings: Settings) -> Terms:
    """The settings as coverage wants them."""
    said = settings.coverage
    return Terms(
        city_s=said.city_min * 60, country_s=said.country_min * 60, rural=frozenset(said.rural),
        answered_within=timedelta(days=said.answered_days) if settings.reach.monthly else None,
    )  # fmt: skip


def show_at(settings: Settings, moment: str, *, as_json: bool) -> int:
    """
    The homes that nobody could reach in time at an instant; 1 if there are any.

    Raises:
        Misconfigured: there is no database to look at.
    """
    found, calendar, at, gaps = _look(settings, moment, INSTANT)
    alone = uncovered_at(gaps, at)
    communities = {each.code: each.community for each in found.dwellings}
    rows = [{"home": code, "community": communities[code], "reason": str(why)} for code, why in sorted(alone.items())]
    told = {"at": _time(calendar, at), **_facts(found), "uncovered": rows}
    _say(told, as_json, (f"{row['home']}  {row['community']}  {row['reason']}" for row in rows))
    return 1 if rows else 0


def show_ahead(settings: Settings, days: int, *, as_json: bool) -> int:
    """
    The gaps from now on; 1 if there are any.

    Raises:
        Misconfigured: there is no database to look at.
    """
    found, calendar, start, gaps = _look(settings, "now", timedelta(days=days))
    rows = [gap_row(each, calendar) for each in gaps]
    told = {
        "from": _time(calendar, start), "to": _time(calendar, start + timedelta(days=days)), **_facts(found),
        "gaps": rows,
    }  # fmt: skip
    lines = (f"{row['from']} – {row['to']}  {row['community']}  {row['reason']}  {row['count']}" for row in rows)
    _say(told, as_json, lines)
    return 1 if rows else 0


def gap_row(gap: Gap, calendar: Calendar) -> dict[str, Any]:
    """A gap as plain values, in the time of the district."""
    return {
        "community": gap.community, "reason": str(gap.reason), "from": _time(calendar, gap.start_at),
        "to": _time(calendar, gap.end_at), "count": len(gap.homes), "homes": list(gap.homes),
    }  # fmt: skip


def _look(settings: Settings, moment: str, length: timedelta) -> tuple[Picture, Calendar, datetime, list[Gap]]:
    path = sqlite_file(settings.database_url)
    if path is not None and not path.exists():
        raise Misconfigured("database_url", f"{path} is not there; start the service first")
    reading, now = reading_engine(settings.database_url), SystemClock().now()
    try:
        with reading.connect() as connection:
            calendar = Calendar(People(connection).district()[1])
            at = now if moment == "now" else _instant(moment, calendar)
            found = picture(connection, at, at + length, now=now, terms=terms_of(settings))
    finally:
        reading.dispose()
    gaps, by = by_roads(
        lambda travel: found.gaps(at, at + length, travel), travel_of(settings), roads_of(settings, for_s=SURVEY_S)
    )
    if by is not None:
        by_line = f", {len(by.wanted)} by the straight line: it was asked for too long, or failed" if by.wanted else ""
        click.echo(f"{by.router}: {len(by.known)} ways measured{by_line}", err=True)
    return found, calendar, at, gaps


def _instant(said: str, calendar: Calendar) -> datetime:
    """An instant as somebody writes it; without an offset it is the district's time."""
    try:
        at = datetime.fromisoformat(said)
        return (at if at.tzinfo else at.replace(tzinfo=calendar.tzinfo)).astimezone(UTC)
    except (ValueError, OverflowError):
        raise click.BadParameter(f'{said!r} is no time; write it like "2026-12-24T02:30"', param_hint="--at") from None


def _time(calendar: Calendar, at: datetime) -> str:
    return calendar.local(at).isoformat()


def _facts(found: Picture) -> dict[str, Any]:
    return {
        "homes": len(found.dwellings), "carers": len(found.helpers), "silent": found.silent,
        "without_a_position": {"homes": list(found.unplaced), "carers": list(found.baseless)},
    }  # fmt: skip


def _say(told: dict[str, Any], as_json: bool, lines: Iterable[str]) -> None:
    if as_json:
        click.echo(json.dumps(told, ensure_ascii=False))
        return
    for line in lines:
        click.echo(line)
    placeless = told["without_a_position"]
    click.echo(
        f"{told['homes']} homes, {told['carers']} carers with shifts, of whom {len(told['silent'])} do not answer; "
        f"without a position: {len(placeless['homes'])} homes, {len(placeless['carers'])} carers"
    )
