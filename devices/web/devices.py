# mypy: disable-error-code="untyped-decorator"
"""Devices on the wire: the register, pairing with its test press, moving, lending, retiring."""

from datetime import timedelta
from typing import Any

from flask import request
from marshmallow import RAISE, Schema, fields, validate

from devices.store.lists import FIND_MAX, Show
from devices.store.press_tests import Purpose
from devices.upkeep.press_tests import WAIT, WAIT_MAX, Wanted
from devices.upkeep.register import Label, Reason
from devices.web.shelves import Plain, Shelves, Upkeep
from devices.web.signals import PROTOCOL_MAX
from devices.wire import ADDRESS_MAX
from dispatch.rules.rights import Right
from dispatch.store.transactions import Transactions
from dispatch.web.access import caller, either, has_bearer, require
from dispatch.web.api import ApiBlueprint
from dispatch.web.i18n import current_words
from dispatch.web.once import Once
from dispatch.web.registers import bookmarked, discreet
from dispatch.web.schemas import ListSchema, Moment, PageSchema, Text, Wire

READ, WRITE = "read", "devices"
"""The scopes of keys that may look at devices, and pair, test, move and lend them."""

KIND_MAX = 24
_PHONE = validate.Regexp(r"^\+[1-9][0-9]{6,14}\Z")
_MINUTES = validate.Range(1, WAIT_MAX // timedelta(minutes=1))


class DeviceListSchema(ListSchema):
    """Which devices: all of a list, or those with this in a code, name or address."""

    show = fields.Enum(Show, by_value=True, load_default=Show.ALL)
    find = Text(FIND_MAX)


class TestSchema(Wire):
    """A test press that is waited for; `notify` is a telephone (E.164) that is told what was seen."""

    minutes = fields.Integer(strict=True, validate=_MINUTES, load_default=WAIT // timedelta(minutes=1))
    notify = fields.String(validate=_PHONE)
    purpose = fields.Enum(Purpose, by_value=True, load_default=Purpose.REPAIR)


class PlaceSchema(Wire):
    """Whose it is, by codes; a resident alone says which home."""

    home = Text()
    resident = Text()


class PairSchema(PlaceSchema):
    """A transmitter and whose it is to be. `gateway` binds it to one gateway; without `code` it is given one."""

    protocol = Text(PROTOCOL_MAX, required=True)
    address = Text(ADDRESS_MAX, required=True)
    kind = Text(KIND_MAX, load_default="pendant")
    gateway = Text(load_default="")
    code = Text(40)
    minutes = fields.Integer(strict=True, validate=_MINUTES, load_default=WAIT // timedelta(minutes=1))
    notify = fields.String(validate=_PHONE)


class LendSchema(PlaceSchema):
    """A loan, and when it is to be back."""

    back_at = Moment(required=True)


class RetireSchema(Wire):
    """Why it is taken out of use."""

    reason = fields.Enum(Reason, by_value=True, required=True)


class DeviceSchema(Schema):
    """One device whole."""

    id = fields.String(required=True)
    code = fields.String(required=True)
    kind = fields.String(required=True)
    protocol = fields.String(required=True)
    address = fields.String(required=True)
    gateway = fields.String(required=True, metadata={"description": "The one it is bound to; empty: any"})
    home = fields.String(required=True)
    home_code = fields.String(required=True)
    where = fields.String(required=True)
    resident = fields.String(required=True, allow_none=True)
    resident_code = fields.String(required=True, allow_none=True)
    name = fields.String(required=True, allow_none=True)
    health = fields.String(required=True, validate=validate.OneOf(["well", "late", "offline"]))
    health_at = fields.String(required=True, allow_none=True)
    last_at = fields.String(required=True, allow_none=True)
    heard_by = fields.String(required=True, allow_none=True)
    times = fields.Integer(required=True, allow_none=True)
    battery_low = fields.Boolean(required=True)
    fault = fields.String(required=True, allow_none=True)
    fault_at = fields.String(required=True, allow_none=True)
    pressed_at = fields.String(required=True, allow_none=True)
    proven_at = fields.String(required=True, allow_none=True)
    off_at = fields.String(required=True, allow_none=True)
    since = fields.String(required=True, allow_none=True)
    back_at = fields.String(required=True, allow_none=True)
    test_until = fields.String(required=True, allow_none=True)
    repair = fields.String(required=True, allow_none=True)
    retired_at = fields.String(required=True, allow_none=True)
    history = fields.List(fields.Dict(), required=True)
    tests = fields.List(fields.Dict(), required=True)
    repairs = fields.List(fields.Dict(), required=True)
    hearings = fields.List(fields.Dict(), required=True)


def devices_blueprint(shelves: Shelves, upkeep: Upkeep, *, transactions: Transactions) -> ApiBlueprint:
    """
    `/api/v1/devices` and everything below it; `{name}` is a device's code or id.

    A POST may bring an `Idempotency-Key`. Every change answers with the device. Nothing is done when it is paired: it
    is done when `proven_at` is set, because the centre saw its test press.
    """
    bp = ApiBlueprint("devices", __name__, url_prefix="/devices", description="Buttons and sensors, and whose they are")
    once = Once(transactions)

    def told(name: str) -> Plain:
        found = shelves.device(name)
        return discreet(found) if has_bearer(request) else found

    @bp.get("")
    @either(READ, Right.DEVICES_SEE)
    @bp.arguments(DeviceListSchema, location="query", unknown=RAISE)
    @bp.response(200, PageSchema)
    def listed(wanted: dict[str, Any]) -> Any:
        limit = wanted["limit"]
        found = shelves.devices(
            limit + 1, show=wanted["show"], find=wanted.get("find", ""), after=wanted.get("cursor", "")
        )
        page = [discreet(each) if has_bearer(request) else each for each in found[:limit]]
        return bookmarked(page, page[-1]["id"] if len(found) > limit else None)

    @bp.get("/<name>")
    @either(READ, Right.DEVICES_SEE)
    @bp.response(200, DeviceSchema)
    def one(name: str) -> Plain:
        return told(name)

    @bp.post("")
    @either(WRITE, Right.DEVICES_CHANGE)
    @once
    @bp.arguments(PairSchema)
    @bp.response(201, DeviceSchema)
    def paired(wanted: dict[str, Any]) -> Plain:
        device, _ = upkeep.register.pair(
            Label(
                kind=wanted["kind"], protocol=wanted["protocol"], address=wanted["address"],
                gateway=wanted["gateway"], code=wanted.get("code"),
            ),
            shelves.place(home=wanted.get("home"), resident=wanted.get("resident")),
            _wanted(wanted),
            by=caller(),
        )  # fmt: skip
        return told(device.id)

    @bp.post("/<name>/test")
    @either(WRITE, Right.DEVICES_CHANGE)
    @bp.arguments(TestSchema)
    @bp.response(200, DeviceSchema)
    def tested(wanted: dict[str, Any], name: str) -> Plain:
        upkeep.tests.begin(shelves.id_of(name), wanted["purpose"], _wanted(wanted), by=caller())
        return told(name)

    @bp.post("/<name>/cancel")
    @either(WRITE, Right.DEVICES_CHANGE)
    @bp.response(200, DeviceSchema)
    def cancelled(name: str) -> Plain:
        upkeep.tests.cancel(shelves.id_of(name), by=caller())
        return told(name)

    @bp.post("/<name>/move")
    @either(WRITE, Right.DEVICES_CHANGE)
    @bp.arguments(PlaceSchema)
    @bp.response(200, DeviceSchema)
    def moved(wanted: dict[str, Any], name: str) -> Plain:
        upkeep.register.move(shelves.id_of(name), _place(shelves, wanted), by=caller())
        return told(name)

    @bp.post("/<name>/lend")
    @either(WRITE, Right.DEVICES_CHANGE)
    @bp.arguments(LendSchema)
    @bp.response(200, DeviceSchema)
    def lent(wanted: dict[str, Any], name: str) -> Plain:
        upkeep.register.lend(shelves.id_of(name), _place(shelves, wanted), back_at=wanted["back_at"], by=caller())
        return told(name)

    @bp.post("/<name>/return")
    @either(WRITE, Right.DEVICES_CHANGE)
    @bp.response(200, DeviceSchema)
    def returned(name: str) -> Plain:
        upkeep.register.bring_back(shelves.id_of(name), by=caller())
        return told(name)

    @bp.post("/<name>/retire")
    @require(Right.DEVICES_CHANGE)
    @bp.arguments(RetireSchema)
    @bp.response(200, DeviceSchema)
    def retired(wanted: dict[str, Any], name: str) -> Plain:
        id_ = shelves.id_of(name)
        upkeep.register.retire(id_, wanted["reason"], by=caller())
        return told(id_)

    return bp


def _place(shelves: Shelves, wanted: dict[str, Any]) -> Any:
    return shelves.place(home=wanted.get("home"), resident=wanted.get("resident"))


def _wanted(said: dict[str, Any]) -> Wanted:
    lang = current_words().lang
    return Wanted(wait=timedelta(minutes=said["minutes"]), notify=said.get("notify"), lang=lang)
