"""
What a district file may say: the rows as frozen values, and the schema that reads them.

`config/district.py` checks what rows say of each other. Positions become WGS-84 and telephones E.164 on the way in.
"""

import unicodedata
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any
from zoneinfo import ZoneInfo

from marshmallow import ValidationError, fields, post_load, validate, validates_schema

from config.district_meanings import MeaningsField
from config.district_phones import e164
from config.positions import refuse_impossible
from config.schemas import Table, say
from devices.rules.meaning import NO_MEANINGS, Meanings
from dispatch.rules.family import Stage
from dispatch.rules.place import Position, gcj02_to_wgs84

"""Numbers without a country code are read as Chinese."""


@dataclass(frozen=True, slots=True, kw_only=True)
class StationRow:
    """Where carers belong. `lends` names the stations whose homes its carers may also be sent to."""

    code: str
    name: str
    position: Position | None = None
    lends: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CarerRow:
    """A person who may be sent. `phone` is E.164, or empty: then nobody can ask this carer, and the plan says so."""

    code: str
    name: str
    station: str
    phone: str = ""
    position: Position | None = None
    position_at: datetime | None = None
    means: str = "ebike"
    skills: tuple[str, ...] = ()
    languages: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ShiftRow:
    """One stretch of duty, `[start, end)`, aware UTC."""

    carer: str
    start: datetime
    end: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ResidentRow:
    """The old person served. `talk` is how to speak with this person, `needs` are skills a carer must have."""

    code: str
    name: str
    born_on: date | None = None
    phone: str = ""
    level: str = ""
    cats: tuple[str, ...] = ()
    illness: str = ""
    needs: tuple[str, ...] = ()
    language: str = ""
    talk: tuple[str, ...] = ()
    agreements: tuple[str, ...] = ()
    meanings: Meanings = field(default_factory=lambda: NO_MEANINGS)


@dataclass(frozen=True, slots=True, kw_only=True)
class ConsentRow:
    """Who allowed a contact to be told what of an alarm, and when; an empty list withdraws it."""

    by: str
    at: datetime
    may_know: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactRow:
    """Family or a neighbour, asked in growing `order`. Without a consent they are told nothing of an alarm's course."""

    name: str
    phone: str
    order: int = 1
    relation: str = ""
    key_holder: bool = False
    consent: ConsentRow | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class DeviceRow:
    """
    A trigger or sensor. `resident` is None when several share the home and the file does not say whose it is.
    `meanings` are what its events mean, where that is not what they mean to its resident or the district.
    """

    code: str
    kind: str
    protocol: str
    address: str
    resident: str | None = None
    gateway: str | None = None
    meanings: Meanings = field(default_factory=lambda: NO_MEANINGS)


@dataclass(frozen=True, slots=True, kw_only=True)
class HomeRow:
    """Where residents live. `entry` is shown only to who accepted; `station`, `street`, `community` may be unsaid."""

    code: str
    address: str
    entry: str = field(default="", repr=False)
    station: str | None = None
    street: str = ""
    community: str = ""
    position: Position | None = None
    residents: tuple[ResidentRow, ...] = ()
    contacts: tuple[ContactRow, ...] = ()
    devices: tuple[DeviceRow, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class District:
    """A whole district file, checked."""

    name: str
    area_code: str = ""
    timezone: str = "Asia/Shanghai"
    meanings: Meanings = field(default_factory=lambda: NO_MEANINGS)
    stations: tuple[StationRow, ...] = ()
    carers: tuple[CarerRow, ...] = ()
    shifts: tuple[ShiftRow, ...] = ()
    homes: tuple[HomeRow, ...] = ()


# ------------------------------------------------------------------------------------------------ fields


class _Text(fields.String):
    """Text without blanks around it and without control characters."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **more: Any) -> Any:
        text = super()._deserialize(value, attr, data, **more).strip()
        if any(unicodedata.category(letter) in {"Cc", "Cs"} for letter in text):
            raise ValidationError("Control characters do not belong here.")
        return text


class _Phone(_Text):
    """A telephone, E.164; empty stays empty."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **more: Any) -> Any:
        text = super()._deserialize(value, attr, data, **more)
        return e164(text) if text else ""


class _Day(fields.Field[date]):
    """A local day, as TOML has it or as text."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **more: Any) -> date:
        if isinstance(value, date) and not isinstance(value, datetime):
            return value
        try:
            return date.fromisoformat(value)
        except (TypeError, ValueError):
            raise ValidationError("Not a date.") from None


class _Moment(fields.Field[datetime]):
    """A moment with its offset, as TOML has it or as text; kept in UTC."""

    def _deserialize(self, value: Any, attr: str | None, data: Any, **more: Any) -> datetime:
        try:
            moment = value if isinstance(value, datetime) else datetime.fromisoformat(value)
            if moment.tzinfo is not None:
                return moment.astimezone(UTC)
        except (TypeError, ValueError, OverflowError):
            raise ValidationError("Not a moment.") from None
        raise ValidationError("The offset is missing, so this could be any of several moments.")


def _code(remedy: str, *, required: bool = True) -> _Text:
    return _Text(validate=validate.Length(min=1, max=64), metadata=say(remedy), required=required)


def _text(remedy: str, *, required: bool = False, longest: int = 500) -> _Text:
    limits = validate.Length(min=1 if required else 0, max=longest)
    return _Text(validate=limits, metadata=say(remedy), required=required)


def _words(remedy: str, *allowed: str) -> fields.List[Any]:
    check = validate.OneOf(allowed) if allowed else validate.Length(min=1, max=64)
    return fields.List(_Text(validate=check), metadata=say(remedy))


def _phone() -> _Phone:
    return _Phone(metadata=say('it in quotes, like "+8613800000001"'))


def _degrees() -> fields.Float:
    return fields.Float(metadata=say("degrees, like lat = 38.0712 and lng = 114.4903"))


def _moment() -> _Moment:
    return _Moment(required=True, metadata=say("it like 2026-11-21T08:00:00+08:00"))


# ------------------------------------------------------------------------------------------------ tables


class _Placed(Table):
    """A row with a position."""

    lat = _degrees()
    lng = _degrees()
    datum = _Text(validate=validate.OneOf(["wgs84", "gcj02"]), metadata=say('"wgs84" or "gcj02"'))

    @validates_schema
    def _plausible(self, data: Mapping[str, Any], **_: Any) -> None:
        if ("lat" in data) != ("lng" in data):
            raise ValidationError("lat and lng belong together: one is missing.", "lng" if "lat" in data else "lat")
        if "lat" in data:
            refuse_impossible(data["lat"], data["lng"])

    @post_load
    def _made(self, loaded: dict[str, Any], **more: Any) -> Any:
        lat, lng, datum = loaded.pop("lat", None), loaded.pop("lng", None), loaded.pop("datum", "wgs84")
        if lat is not None:
            point = Position(lat, lng)
            loaded["position"] = gcj02_to_wgs84(point) if datum == "gcj02" else point
        return super()._made(loaded, **more)


class _StationSchema(_Placed):
    value = StationRow
    code = _code('a short code of its own, like "S1"')
    name = _text("the station's name", required=True)
    lends = _words('codes of stations, like ["S2"]')


class _CarerSchema(_Placed):
    value = CarerRow
    code = _code('a short code of its own, like "C1"')
    name = _text("the carer's name", required=True)
    phone = _phone()
    station = _code("the code of a station in this file")
    position_at = _Moment(metadata=say("it like 2026-11-21T08:00:00+08:00"))
    means = _Text(validate=validate.OneOf(["foot", "ebike", "car"]), metadata=say('"foot", "ebike" or "car"'))
    skills = _words('words like ["nurse", "lifting"]')
    languages = _words('languages like ["zh", "yue"]')


class _ShiftSchema(Table):
    value = ShiftRow
    carer = _code("the code of a carer in this file")
    start = _moment()
    end = _moment()

    @validates_schema
    def _forwards(self, data: Mapping[str, Any], **_: Any) -> None:
        if "start" in data and "end" in data and data["start"] >= data["end"]:
            raise ValidationError("The shift ends before it starts.", "end")


class _ResidentSchema(Table):
    value = ResidentRow
    code = _code('a short code of its own, like "R1"')
    name = _text("the resident's name", required=True)
    born_on = _Day(metadata=say("it like 1938-03-05"))
    phone = _phone()
    level = _text('the level of care, like "moderate"', longest=64)
    cats = _words('words like ["living_alone"]')
    illness = _text("what a carer has to know of illness")
    needs = _words('skills like ["nurse"]')
    language = _text('a language, like "zh"', longest=64)
    talk = _words('words like ["hard_of_hearing"]', "phone", "hard_of_hearing", "no_voice", "dementia", "do_not_phone")
    agreements = _words('words like ["emergency_call"]')
    meanings = MeaningsField()


class _ConsentSchema(Table):
    value = ConsentRow
    by = _text("the name of who allowed it", required=True)
    at = _Moment(required=True, metadata=say("when it was allowed, with its offset"))
    may_know = fields.List(
        _text("raised, coming, there or closed"), validate=validate.ContainsOnly([str(each) for each in Stage])
    )


class _ContactSchema(Table):
    value = ContactRow
    name = _text("the contact's name", required=True)
    phone = _Phone(required=True, validate=validate.Length(min=1), metadata=say('it in quotes, like "+8613800000201"'))
    order = fields.Integer(strict=True, validate=validate.Range(min=1, max=99), metadata=say("1 for the first to ask"))
    relation = _text('what this person is, like "女儿"', longest=64)
    key_holder = fields.Boolean(truthy={True}, falsy={False}, metadata=say("true or false"))
    consent = fields.Nested(_ConsentSchema, metadata=say("who allowed it, when, and what they may know"))


class _DeviceSchema(Table):
    value = DeviceRow
    code = _code('a short code of its own, like "D1"')
    kind = _code('what it is, like "pendant"')
    protocol = _code('the name of a decoder, like "rflink"')
    address = _text('what it says to its gateway, like "EV1527:0a1b2c:01"', required=True, longest=200)
    resident = _code("the code of a resident of this home", required=False)
    gateway = _code("the name of a gateway in the settings", required=False)
    meanings = MeaningsField()


class _HomeSchema(_Placed):
    value = HomeRow
    code = _code('a short code of its own, like "H1"')
    address = _text("the address", required=True)
    entry = _text("how to get in")
    station = _code("the code of a station in this file", required=False)
    street = _text('the street of the administration, like "柏林街道"', longest=60)
    community = _text('the community, like "柏林社区"', longest=60)
    residents = fields.List(fields.Nested(_ResidentSchema))
    contacts = fields.List(fields.Nested(_ContactSchema))
    devices = fields.List(fields.Nested(_DeviceSchema))


def _is_timezone(name: str) -> None:
    try:
        ZoneInfo(name)
    except (ValueError, OSError, KeyError):
        raise ValidationError("No such time zone.") from None


class _AboutSchema(Table):
    value = dict
    name = _text("the district's name", required=True)
    area_code = _text('its code of administrative division, like "130105"', longest=20)
    timezone = _Text(validate=_is_timezone, metadata=say('a name like "Asia/Shanghai"'))
    meanings = MeaningsField(everywhere=True)


class DistrictSchema(Table):
    """The whole file."""

    value = District
    district = fields.Nested(_AboutSchema, required=True, metadata=say("a table [district] with a name"))
    stations = fields.List(fields.Nested(_StationSchema))
    carers = fields.List(fields.Nested(_CarerSchema))
    shifts = fields.List(fields.Nested(_ShiftSchema))
    homes = fields.List(fields.Nested(_HomeSchema))

    @post_load
    def _made(self, loaded: dict[str, Any], **more: Any) -> Any:
        about = loaded.pop("district")
        return super()._made({**about, **loaded}, **more)
