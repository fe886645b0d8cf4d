"""
`/map` and `/wall`, and `/map.json` and `/wall.json` behind them: homes, open alarms, carers on duty, stations.

The wall hangs where visitors see it: counts, ages and streets, and not one name, number or door.
"""

from collections.abc import Callable, Sequence
from datetime import datetime
from typing import Any, Protocol

from flask import Blueprint, jsonify, render_template
from werkzeug.wrappers import Response

from dispatch.clock import Clock
from dispatch.rules.people import Carer, Home, Station, compound
from dispatch.rules.rights import Area, Right
from dispatch.rules.streets import Street, streets
from dispatch.web import words
from dispatch.web.access import area, require
from dispatch.web.i18n import gettext

HOMES_MAX = 3_000
"""Homes drawn at most: a district's; more of them are streets alone."""

Plain = dict[str, Any]


class Places(Protocol):
    """Who stands where; `dispatch.handover.places.Places`."""

    def homes(self) -> Sequence[Home]: ...

    def carers(self, now: datetime) -> Sequence[tuple[Carer, datetime]]: ...

    def stations(self) -> Sequence[Station]: ...


def map_blueprint(places: Places, open_alarms: Callable[[], list[Plain]], clock: Clock) -> Blueprint:
    """`open_alarms` are the open ones in short, the most urgent first."""
    bp = Blueprint("map", __name__)

    def mine() -> list[Plain]:
        here = area()
        return [_shaped(each) for each in open_alarms() if here.answers_for(each["station_id"])]

    @bp.get("/map")
    @require(Right.ALARMS_SEE)
    def whole() -> str:
        here, now = area(), clock.now()
        return render_template(
            "map.html", now=now, rows=mine(), stations=_stations(places, here), carers=_carers(places, here, now),
            **_WORDS,
        )  # fmt: skip

    @bp.get("/map.json")
    @require(Right.ALARMS_SEE)
    def told() -> Response:
        here, now = area(), clock.now()
        homes = [each for each in places.homes() if each.position and here.covers(each.station_id)]
        return jsonify(
            alarms=[_alarm(each, named=True) for each in mine() if each["place"]["lat"] is not None],
            carers=[
                {"name": each.name, "lat": at.lat, "lng": at.lng, "until": until.isoformat()}
                for each, until in _carers(places, here, now)
                if (at := each.position or each.base)
            ],
            homes=[_home(each) for each in homes[:HOMES_MAX]], stations=_marks(places, here),
            streets=[_street(each) for each in streets(homes)],
        )  # fmt: skip

    @bp.get("/wall")
    @require(Right.ALARMS_SEE)
    def wall() -> str:
        return render_template("wall.html", **_wall(mine(), clock.now()))

    @bp.get("/wall/live")
    @require(Right.ALARMS_SEE)
    def wall_live() -> str:
        return render_template("_wall.html", **_wall(mine(), clock.now()))

    @bp.get("/wall.json")
    @require(Right.ALARMS_SEE)
    def wall_told() -> Response:
        here = area()
        drawn = streets([each for each in places.homes() if each.position and here.covers(each.station_id)])
        alarms = [_alarm(each, named=False) for each in mine() if each["place"]["lat"] is not None]
        return jsonify(alarms=alarms, carers=[], homes=[], stations=_marks(places, here),
                       streets=[_street(each) for each in drawn])  # fmt: skip

    return bp


_WORDS: Plain = {"STATES": words.STATES, "SHAPES": words.SHAPES, "CAUSES": words.CAUSES}


def _wall(rows: list[Plain], now: datetime) -> Plain:
    counts = [(state, sum(row["state"] == state for row in rows)) for state in list(words.STATES)[:4]]
    return {"now": now, "rows": rows, "counts": counts, **_WORDS}


def _shaped(alarm: Plain) -> Plain:
    return {**alarm, "shape": words.SHAPES[alarm["state"]], "waits": alarm["state"] in {"raised", "offered"},
            "where": alarm["address"] or gettext("place unknown"),
            "street": compound(alarm["address"] or "") or gettext("place unknown")}  # fmt: skip


def _alarm(alarm: Plain, *, named: bool) -> Plain:
    told = {
        "shape": alarm["shape"], "state": alarm["state"], "lat": alarm["place"]["lat"], "lng": alarm["place"]["lng"],
        "words": f"{words.word(words.STATES, alarm['state'])} {words.word(words.CAUSES, alarm['cause'])}",
        "where": alarm["where"] if named else alarm["street"], "raised_at": alarm["raised_at"],
    }  # fmt: skip
    if named:
        return {**told, "id": alarm["id"], "number": alarm["number"]}
    # A point of the wall is that of the street and not of the door: three decimals are a hundred metres.
    return {**told, "lat": round(told["lat"], 3), "lng": round(told["lng"], 3)}


def _home(home: Home) -> Plain:
    assert home.position is not None
    return {"lat": home.position.lat, "lng": home.position.lng, "name": home.address}


def _marks(places: Places, here: Area) -> list[Plain]:
    return [
        {"name": each.name, "lat": each.position.lat, "lng": each.position.lng}
        for each in _stations(places, here)
        if each.position
    ]


def _stations(places: Places, here: Area) -> list[Station]:
    return [each for each in places.stations() if here.covers(each.id)]


def _carers(places: Places, here: Area, now: datetime) -> list[tuple[Carer, datetime]]:
    return [each for each in places.carers(now) if here.covers(each[0].station_id)]


def _street(street: Street) -> Plain:
    return {"name": street.name, "south": street.south, "west": street.west, "north": street.north, "east": street.east}
