"""
What each register asks for: one list of fields a register, for forms and for programs alike.

A form is turned into what a program would send, and both go through the same schema, so that neither can say what the
other may not.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cache
from typing import Any

from marshmallow import Schema, ValidationError, fields, validate

from dispatch.errors import Invalid, NotFound
from dispatch.registry.id_numbers import checked
from dispatch.registry.registers import refused
from dispatch.rules.people import Talk
from dispatch.rules.place import Position, gcj02_to_wgs84
from dispatch.rules.rights import Area
from dispatch.rules.signs import is_readable
from dispatch.store.database import Connection
from dispatch.store.register_rows import CARERS, CONTACTS, HOMES, RESIDENTS, STATIONS, Kind, RegisterRows
from dispatch.web import words
from dispatch.web.i18n import N_
from dispatch.web.schemas import Text, Wire

Plain = dict[str, Any]
Phone = Callable[[str], str | None]
"""A number as somebody typed it, in E.164; None where it is none."""

LONG = 2_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Field:
    """
    One field: its name on the wire, its label (a message id), how it is typed.

    `kind`: text, long, words (several, between blanks), date, phone, secret, number, degrees, choice, many, yes.
    `once`: said when the row is added, and not changed afterwards by hand.
    """

    name: str
    label: str
    kind: str = "text"
    choices: Mapping[str, str] | None = None
    required: bool = False
    once: bool = False
    longest: int = 80
    hint: str = ""


MEANS: Mapping[str, str] = {"foot": N_("on foot"), "ebike": N_("by e-bike"), "car": N_("by car")}
DATUMS: Mapping[str, str] = {
    "wgs84": N_("WGS-84 (satellite receiver)"),
    "gcj02": N_("GCJ-02 (Chinese map)"),
}

_CODE = Field(name="code", label=N_("Code"), once=True, longest=40, hint=N_("Left empty, one is given."))
_PLACE = (
    Field(name="lat", label=N_("Latitude"), kind="degrees"),
    Field(name="lng", label=N_("Longitude"), kind="degrees"),
    Field(name="datum", label=N_("Read from"), kind="choice", choices=DATUMS),
)
_PHONE = Field(name="phone", label=N_("Telephone"), kind="phone")

FIELDS: Mapping[str, Sequence[Field]] = {
    "residents": (
        Field(name="name", label=N_("Name"), required=True),
        _CODE,
        Field(name="home", label=N_("Home (code)"), required=True, once=True),
        Field(name="id_number", label=N_("ID number"), kind="secret"),
        Field(name="born_on", label=N_("Born on"), kind="date"),
        _PHONE,
        Field(name="talk", label=N_("How to speak with this person"), kind="many", choices=words.TALKS),
        Field(name="plan", label=N_("Agreed procedure"), kind="long", longest=LONG, hint=N_("One step a line.")),
        Field(name="illness", label=N_("Illness and what to look out for"), kind="long", longest=LONG),
        Field(name="level", label=N_("Level of care"), kind="choice", choices=words.LEVELS),
        Field(name="cats", label=N_("Circumstances"), kind="many", choices=words.CATS),
        Field(name="needs", label=N_("Carers must be able to"), kind="many", choices=words.NEEDS),
        Field(name="language", label=N_("Speaks"), longest=20, hint=N_("zh, en or another, where it matters.")),
        Field(name="agreements", label=N_("Agreed"), kind="many", choices=words.AGREEMENTS),
    ),
    "homes": (
        Field(name="address", label=N_("Address"), required=True, longest=240),
        _CODE,
        Field(name="station", label=N_("Station (code)"), longest=40),
        Field(name="entry", label=N_("Key box and way in"), kind="long", longest=500,
              hint=N_("Shown to whoever has accepted an alarm.")),
        *_PLACE,
    ),
    "contacts": (
        Field(name="name", label=N_("Name"), required=True),
        _CODE,
        Field(name="home", label=N_("Home (code)"), required=True, once=True),
        _PHONE,
        Field(name="order", label=N_("Asked as number"), kind="number", required=True),
        Field(name="relation", label=N_("Relation"), longest=40),
        Field(name="key_holder", label=N_("has a key"), kind="yes"),
    ),
    "carers": (
        Field(name="name", label=N_("Name"), required=True),
        _CODE,
        _PHONE,
        Field(name="station", label=N_("Station (code)"), required=True, longest=40),
        Field(name="means", label=N_("Gets about"), kind="choice", choices=MEANS),
        Field(
            name="skills", label=N_("Skills"), kind="words", hint=N_("Words between blanks: nurse lifting first_aid")
        ),
        Field(name="languages", label=N_("Languages"), kind="words", hint=N_("Words between blanks: zh en")),
        Field(name="suspended", label=N_("Not to be sent at present"), kind="yes"),
        *_PLACE,
    ),
    "stations": (
        Field(name="name", label=N_("What it is called"), required=True),
        _CODE,
        Field(name="lends", label=N_("Lends carers to (codes)"), kind="words"),
        *_PLACE,
    ),
}  # fmt: skip

RIGHT_WORDS: Mapping[str, str] = {
    "residents": N_("Residents"), "homes": N_("Homes"), "contacts": N_("Contacts"), "carers": N_("Carers"),
    "stations": N_("Stations"),
}  # fmt: skip


# ------------------------------------------------------------------------------------------------ the wire


class _Said(fields.String):
    """A text that may be empty, and then says nothing; null is the same."""

    def __init__(self, longest: int, **more: Any) -> None:
        super().__init__(validate=[validate.Length(0, longest), _readable], allow_none=True, **more)


def _readable(text: str | None) -> None:
    if text and not is_readable(text):
        raise ValidationError("Not a readable text.")


def _wire(each: Field) -> fields.Field[Any]:
    if each.name == "talk":
        return fields.List(fields.Enum(Talk, by_value=True), metadata=_about(each))
    if each.kind in {"words", "many"}:
        return fields.List(Text(40), validate=validate.Length(max=30), metadata=_about(each))
    if each.kind == "date":
        return fields.Date(allow_none=True, metadata=_about(each))
    if each.kind == "number":
        return fields.Integer(strict=False, validate=validate.Range(1, 99), metadata=_about(each))
    if each.kind == "degrees":
        edge = 90 if each.name == "lat" else 180
        return fields.Float(allow_none=True, validate=validate.Range(-edge, edge), metadata=_about(each))
    if each.kind == "yes":
        return fields.Boolean(metadata=_about(each))
    if each.kind == "choice" and each.name != "level":
        return fields.String(validate=validate.OneOf(sorted(each.choices or ())), metadata=_about(each))
    if each.required:
        return Text(each.longest, metadata=_about(each))
    return _Said(each.longest, metadata=_about(each))


def _about(each: Field) -> Plain:
    return {"description": each.label}


@cache
def adding(kind: Kind) -> type[Schema]:
    """What a new row is made of."""
    made = {}
    for each in FIELDS[kind.register]:
        made[each.name] = wire = _wire(each)
        wire.required = each.required and each.name != "order"
    return Wire.from_dict(made, name=f"New{kind.one.capitalize()}Schema")


@cache
def changing(kind: Kind) -> type[Schema]:
    """What may be changed of a row: each field by itself."""
    made = {each.name: _wire(each) for each in FIELDS[kind.register] if not each.once}
    return Wire.from_dict(made, name=f"Changed{kind.one.capitalize()}Schema")


# ------------------------------------------------------------------------------------------------ to columns


def columns(kind: Kind, said: Plain, connection: Connection, area: Area, *, phone: Phone, today: date) -> Plain:
    """
    What was said as columns of the table.

    Raises:
        Invalid: names the field: no such home or station, no telephone number, a wrong ID number, half a position.
    """
    row = dict(said)
    row |= _people(row, phone, today)
    row |= _places(kind, row)
    shelf = RegisterRows(connection)
    if "home" in row:
        row["home_id"] = _one(shelf, HOMES, row.pop("home"), area, "home")
    if "station" in row:
        named = row.pop("station")
        row["station_id"] = _one(shelf, STATIONS, named, area, "station") if named else None
    if "lends" in row:
        row["lends"] = [_one(shelf, STATIONS, each, Area(), "lends") for each in row["lends"]]
    row.pop("datum", None)
    empty = {"language": None, "code": None}
    return {name: empty.get(name, "") if value is None and name in _TEXTS else value for name, value in row.items()}


_SORTED = ("needs", "agreements", "skills", "languages")
_TEXTS = frozenset({"level", "illness", "plan", "relation", "entry", "language", "code"})


def _people(row: Plain, phone: Phone, today: date) -> Plain:
    made: Plain = {}
    if row.get("phone"):
        made["phone"] = phone(row["phone"])
        if made["phone"] is None:
            raise refused("phone", "This is no telephone number.")
    elif "phone" in row:
        made["phone"] = None
    if "id_number" in row:
        made["id_number"] = checked(row["id_number"], today) if row["id_number"] else ""
    if "language" in row:
        made["language"] = row["language"] or None
    if "talk" in row:
        made["talk"] = [str(each) for each in row["talk"]]
    return made | {
        name: sorted(set(row[name])) for name in ("needs", "agreements", "skills", "languages") if name in row
    }


def _places(kind: Kind, row: Plain) -> Plain:
    """Both halves of a position or none, as WGS-84; a carer's is where the shift begins."""
    if "lat" not in row and "lng" not in row:
        return {}
    lat, lng = row.pop("lat", None), row.pop("lng", None)
    if (lat is None) != (lng is None):
        raise refused("lng" if lng is None else "lat", "A position has lat and lng.")
    place = None if lat is None else Position(lat, lng)
    if place is not None and (place.lat, place.lng) == (0, 0):
        raise refused("lat", "0, 0 lies in the Atlantic. Leave lat and lng out when the position is not known.")
    if place is not None and row.get("datum") == "gcj02":
        place = gcj02_to_wgs84(place)
    prefix = "base_" if kind is CARERS else ""
    return {f"{prefix}lat": place.lat if place else None, f"{prefix}lng": place.lng if place else None}


def _one(shelf: RegisterRows, kind: Kind, name: str, area: Area, field: str) -> str:
    try:
        return str(shelf.one(kind, name.strip(), area)["id"])
    except NotFound:
        # People know what a station is called; its code they would have to look up.
        known = shelf.station_choices(area) if kind is STATIONS else []
        called = [code for code, called in known if called == name.strip()]
        if len(called) == 1:
            return str(shelf.one(kind, called[0], area)["id"])
        raise refused(field, "There is none with this code.") from None


# ------------------------------------------------------------------------------------------------ forms


def typed(kind: Kind, form: Any, *, is_new: bool) -> Plain:
    """A form as a program would say it. A number that was left empty stays as it is, unless it is to be removed."""
    said: Plain = {}
    for each in FIELDS[kind.register]:
        if each.once and not is_new:
            continue
        text = str(form.get(each.name, "")).strip()
        if each.kind == "many":
            said[each.name] = form.getlist(each.name)
        elif each.kind == "words":
            said[each.name] = text.replace(",", " ").replace("，", " ").split()
        elif each.kind == "yes":
            said[each.name] = each.name in form
        elif each.kind in {"phone", "secret"}:
            if text or f"{each.name}_remove" in form:
                said[each.name] = text
        elif each.kind in {"date", "degrees"}:
            said[each.name] = text or None
        elif text or not (each.kind in {"number", "choice"} or (each.once and not each.required)):
            said[each.name] = text
    if said.get("lat") is None:
        said.pop("datum", None)
    return said


def load(schema: type[Schema], said: Plain) -> Plain:
    """
    What the schema makes of it.

    Raises:
        Invalid: with the fields that are wrong.
    """
    try:
        loaded: Plain = schema().load(said)
    except ValidationError as wrong:
        raise Invalid("Please check what was entered", {"json": wrong.messages_dict}) from None
    return loaded


__all__ = [
    "CARERS", "CONTACTS", "FIELDS", "HOMES", "RESIDENTS", "STATIONS", "Field", "adding", "changing", "columns", "load",
    "typed",
]  # fmt: skip


def day_said(form: Mapping[str, str], name: str) -> date | None:
    """
    The day that was typed in a field; None where there is none.

    Raises:
        Invalid: it is no day.
    """
    try:
        return date.fromisoformat(form[name]) if form.get(name) else None
    except ValueError:
        raise refused(name, "Not a valid date.") from None
