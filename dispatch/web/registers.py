# mypy: disable-error-code="untyped-decorator"
"""
The registers, for reading: who lives where, who may be sent, who is told, what was sent, what was recorded.

Key boxes and illnesses stand in no list; machines see telephone numbers masked.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any
from urllib.parse import quote

from flask import request
from marshmallow import RAISE

from dispatch.errors import Invalid
from dispatch.review import Review
from dispatch.rules.masking import ID_NUMBERS, PHONES, mask, masked
from dispatch.rules.people import Carer, Contact, Home, Resident, Station
from dispatch.rules.place import Position
from dispatch.rules.rights import Area, Right
from dispatch.store.accounts import Reading
from dispatch.store.database import Connection
from dispatch.store.log_search import EntryFilter
from dispatch.store.people import People
from dispatch.store.people_pages import PeoplePages
from dispatch.web.access import area, either, file_opened, has_bearer
from dispatch.web.api import ApiBlueprint
from dispatch.web.schemas import ListSchema, PageSchema, RecordListSchema

Plain = dict[str, Any]

Panel = Callable[[], Iterable[Plain]]
"""All rows of a register of another room as plain values, each with an `id` of its own as text."""

READ = "read"
"""The scope of keys that may look at the registers."""

STATION = "_station"
"""Under this name a row of a panel says whose it is: a station's id, `EVERYBODY`, or None for the whole district's."""

EVERYBODY = "everybody"

PANEL_RIGHTS: Mapping[str, Right] = {
    "homes": Right.RESIDENTS_SEE, "residents": Right.RESIDENTS_SEE, "contacts": Right.RESIDENTS_SEE,
    "carers": Right.CARERS_SEE, "stations": Right.SIGNED_IN,
    "gateways": Right.DEVICES_SEE, "strangers": Right.DEVICES_SEE, "devices": Right.DEVICES_SEE,
    "calls": Right.ALARMS_SEE,
}  # fmt: skip
"""Who may see a register; one without a line here stops the start."""

_SECRET = frozenset({"entry", "illness", "plan", "text", "note"})


def registers_blueprint(reading: Reading, review: Review, *, panels: Mapping[str, Panel]) -> ApiBlueprint:
    """
    `/api/v1/homes`, `residents`, `contacts`, `carers`, `stations`, `messages`, `record`, and one address for each
    panel: `{"shifts": …, "devices": …, "gateways": …}`, whose rows are told by other rooms.

    A list is `{"items": […], "next": "…"}`, at most 500 items; `?cursor=` takes the `next` of the page before. The
    record goes by number: `?after=`.
    """
    bp = ApiBlueprint("registers", __name__, description="Who and what the district consists of")
    people: dict[str, Callable[[People], Iterable[Plain]]] = {
        "carers": lambda shelf: [{**_carer(each), STATION: each.station_id} for each in shelf.carers()],
        "stations": lambda shelf: [{**_station(each), STATION: each.id} for each in shelf.stations()],
    }

    def from_shelf(rows_of: Callable[[People], Iterable[Plain]]) -> Panel:
        def rows() -> list[Plain]:
            with reading.connect() as connection:
                return list(rows_of(People(connection)))

        return rows

    for name, page_of in _FILES.items():
        _long_register(bp, name, reading, page_of)
    for name, rows_of in people.items():
        _register(bp, name, from_shelf(rows_of))
    for name, panel in panels.items():
        _register(bp, name, panel)

    @bp.get("/messages")
    @either(READ, Right.MESSAGES_SEE)
    @bp.arguments(ListSchema, location="query", unknown=RAISE)
    @bp.response(200, PageSchema)
    def messages(wanted: dict[str, Any]) -> Any:
        page, next_ = _messages(review, **wanted)
        return bookmarked([_discreet_letter(each) for each in page], next_)

    @bp.get("/record")
    @either(READ, Right.RECORD_SEE)
    @bp.arguments(RecordListSchema, location="query", unknown=RAISE)
    @bp.response(200, PageSchema)
    def record(wanted: dict[str, Any]) -> Any:
        after, limit = wanted.pop("after"), wanted.pop("limit")
        page, next_ = review.entries_of(EntryFilter(**wanted), after=after, limit=limit, area=area())
        return bookmarked(page, None if next_ is None else str(next_), by="after")

    return bp


def _register(bp: ApiBlueprint, name: str, rows: Panel) -> None:
    """One list at one address, in the order of its ids."""

    assert name in PANEL_RIGHTS, f"say in PANEL_RIGHTS who may see {name}"

    @bp.get(f"/{name}", endpoint=name)
    @either(READ, PANEL_RIGHTS[name])
    @bp.arguments(ListSchema, location="query", unknown=RAISE)
    @bp.response(200, PageSchema)
    def listed(wanted: dict[str, Any]) -> Any:
        return in_pages((_shown(each) for each in _ours(rows())), wanted)


def _long_register(bp: ApiBlueprint, name: str, reading: Reading, page_of: "Page") -> None:
    """One list with a row for everybody: each page is read by itself."""

    @bp.get(f"/{name}", endpoint=name)
    @either(READ, PANEL_RIGHTS[name])
    @bp.arguments(ListSchema, location="query", unknown=RAISE)
    @bp.response(200, PageSchema)
    def listed(wanted: dict[str, Any]) -> Any:
        limit = wanted["limit"]
        with reading.connect() as connection:
            rows = page_of(connection, area(), wanted.get("cursor", ""), limit + 1)
        if rows:
            file_opened(f"list:{name}")
        return bookmarked([_shown(each) for each in rows[:limit]], rows[limit - 1]["id"] if len(rows) > limit else None)


def in_pages(rows: Iterable[Plain], wanted: Plain, *by: str) -> tuple[Plain, Mapping[str, str]]:
    """
    The page that a `ListSchema` asks for, in the order of these fields (`id` when none is said), which together are a
    row's own.
    """
    after, limit = wanted.get("cursor", ""), wanted["limit"]
    placed = sorted(((_place_of(each, by or ("id",)), each) for each in rows), key=lambda pair: pair[0])
    behind = [pair for pair in placed if pair[0] > after]
    return bookmarked([each for _, each in behind[:limit]], behind[limit - 1][0] if len(behind) > limit else None)


def _place_of(row: Plain, by: Iterable[str]) -> str:
    """Where in its list a row stands, as a cursor; without the offset of a time, whose plus an address would lose."""
    return ",".join(str(row[name]).removesuffix("+00:00") for name in by)


def bookmarked(items: list[Plain], next_: str | None, *, by: str = "cursor") -> tuple[Plain, Mapping[str, str]]:
    """
    A page of a list as a view answers it: the body, and the header that programs follow.

    `by` is the parameter which takes `next_`.
    """
    headers = {}
    if next_ is not None:
        kept = {name: value for name, value in request.args.items() if name != by}
        query = "&".join(f"{quote(name)}={quote(value)}" for name, value in {**kept, by: next_}.items())
        headers["Link"] = f'<{request.path}?{query}>; rel="next"'
    return {"items": items, "next": next_}, headers


def discreet(told: Any) -> Any:
    """What a machine may see: numbers masked; key boxes, illnesses, the words of messages and notes left empty."""
    if isinstance(told, list):
        return [discreet(each) for each in told]
    if not isinstance(told, dict):
        return told
    return {name: _discreet(name, value) for name, value in told.items()}


def _discreet(name: str, value: Any) -> Any:
    if name in _SECRET:
        return None
    return masked(value) if name in PHONES | ID_NUMBERS and isinstance(value, str) else discreet(value)


def _ours(rows: Iterable[Plain]) -> Iterator[Plain]:
    """Those of whoever asks; a row that does not say whose it is, is the whole district's."""
    here = area()
    return (each for each in rows if each.get(STATION) == EVERYBODY or here.covers(each.get(STATION)))


def _shown(row: Plain) -> Plain:
    """A row without what no list tells, its numbers masked: whole ones come by `/unmask`, with a reason."""
    row = {name: value for name, value in row.items() if name not in {"entry", "illness", STATION}}
    return discreet(row) if has_bearer(request) else dict(mask(row))


def _discreet_letter(message: Plain) -> Plain:
    # The letter to whoever accepted has the key box in it; nobody else is shown that.
    letter = {**message, "text": None} if message["sentence"] == "details" else message
    return discreet(letter) if has_bearer(request) else dict(mask(letter))


def _messages(review: Review, *, limit: int, cursor: str | None = None) -> tuple[list[Plain], str | None]:
    """One page of messages, newest first: read from the newest on until the page is whole."""
    look = limit + 1
    while True:
        newest = review.messages(look, area())
        start = 0 if cursor is None else next((i + 1 for i, each in enumerate(newest) if each["id"] == cursor), None)
        is_all = len(newest) < look
        if start is not None and (len(newest) > start + limit or is_all):
            page = newest[start : start + limit]
            return page, page[-1]["id"] if len(newest) > start + limit else None
        if is_all:
            raise Invalid("This cursor is none of ours.", {"query": {"cursor": ["not a cursor"]}})
        look *= 2


# ------------------------------------------------------------------------------------------------ rows as told


def _homes(connection: Connection, area_: Area, after: str, most: int) -> list[Plain]:
    stations = {each.id: each.code for each in People(connection).stations()}
    found = PeoplePages(connection, area_).homes(after, most)
    return [_home(each, stations.get(each.station_id) if each.station_id else None) for each in found]


def _residents(connection: Connection, area_: Area, after: str, most: int) -> list[Plain]:
    return [_resident(each, home) for each, home in PeoplePages(connection, area_).residents(after, most)]


def _contacts(connection: Connection, area_: Area, after: str, most: int) -> list[Plain]:
    return [_contact(each, home) for each, home in PeoplePages(connection, area_).contacts(after, most)]


Page = Callable[[Connection, Area, str, int], list[Plain]]

_FILES: Mapping[str, Page] = {"homes": _homes, "residents": _residents, "contacts": _contacts}
"""Registers of residents: that somebody read them is kept."""


def _home(home: Home, station: str | None) -> Plain:
    return {
        "id": home.id, "code": home.code, "address": home.address, "station": station, **_place(home.position),
    }  # fmt: skip


def _resident(resident: Resident, home: str) -> Plain:
    return {
        "id": resident.id, "code": resident.code, "name": resident.name, "home": home,
        "born_on": resident.born_on.isoformat() if resident.born_on else None, "phone": resident.phone,
        "level": resident.level, "cats": list(resident.cats), "needs": sorted(resident.needs),
        "language": resident.language, "talk": [str(each) for each in resident.talk],
        "agreements": sorted(resident.agreements),
    }  # fmt: skip


def _contact(contact: Contact, home: str) -> Plain:
    return {
        "id": contact.id, "person": f"contact:{contact.id}", "name": contact.name, "home": home,
        "phone": contact.phone, "order": contact.order, "relation": contact.relation, "key_holder": contact.key_holder,
    }  # fmt: skip


def _carer(carer: Carer) -> Plain:
    return {
        "id": carer.id, "person": f"carer:{carer.id}", "code": carer.code, "name": carer.name, "phone": carer.phone,
        "station_id": carer.station_id, "means": carer.means, "skills": sorted(carer.skills),
        "languages": sorted(carer.languages), "suspended": carer.suspended, "opted_out": carer.opted_out,
        "position_at": carer.position_at.isoformat() if carer.position_at else None,
        **_place(carer.position or carer.base),
    }  # fmt: skip


def _station(station: Station) -> Plain:
    return {
        "id": station.id, "code": station.code, "name": station.name, "lends": list(station.lends),
        **_place(station.position),
    }  # fmt: skip


def _place(position: Position | None) -> Plain:
    return {"lat": position.lat if position else None, "lng": position.lng if position else None}
