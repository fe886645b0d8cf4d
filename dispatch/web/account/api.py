# mypy: disable-error-code="untyped-decorator"
"""Accounts and keys on the wire, for people who are signed in: no machine makes accounts, or keys for machines."""

from typing import Any

from marshmallow import RAISE, Schema, fields, validate

from dispatch.accounts.keys import Keys
from dispatch.accounts.second_step import SecondStep
from dispatch.accounts.staff import Staff, area_of
from dispatch.ids import OperatorId
from dispatch.rules.masking import masked_or_none
from dispatch.rules.rights import Right, Role
from dispatch.store.accounts import Key, Operator, Reading
from dispatch.store.transactions import Transactions
from dispatch.web import access
from dispatch.web.access import caller, recently, require
from dispatch.web.account.users import roles_of
from dispatch.web.account.words import refuse_unknown
from dispatch.web.api import ApiBlueprint
from dispatch.web.once import Once
from dispatch.web.registers import in_pages
from dispatch.web.schemas import ListSchema, PageSchema, Text, Wire

Plain = dict[str, Any]

_ROLES = validate.OneOf([each.value for each in Role])
_PHONE = validate.Regexp(r"^\+[1-9][0-9]{6,14}\Z")


class AppointSchema(Wire):
    """What somebody may do, and for which stations (codes or ids); no station is the whole district."""

    roles = fields.List(fields.String(validate=_ROLES), required=True, validate=validate.Length(1, len(Role)))
    stations = fields.List(Text(40), load_default=list, validate=validate.Length(max=40))


class InviteSchema(AppointSchema):
    """A new account."""

    login = Text(64, required=True)
    name = Text(120, required=True)
    phone = fields.String(validate=_PHONE)
    lang = fields.String(load_default="zh", validate=validate.OneOf(["zh", "en"]))


class ResetSchema(Wire):
    """Whether the second factor goes as well."""

    factor = fields.Boolean(load_default=False)


class ProofSchema(Wire):
    """The password, or a code of the authenticator."""

    password = fields.String(load_default="", validate=validate.Length(max=256))
    code = fields.String(load_default="", validate=validate.Length(max=80))


class UserSchema(Schema):
    """An account. `code` is there once: with it this person chooses a password within 24 hours."""

    id = fields.String(required=True)
    login = fields.String(required=True)
    name = fields.String(required=True)
    phone = fields.String(required=True, allow_none=True, metadata={"description": "Masked"})
    lang = fields.String(required=True)
    roles = fields.List(fields.String(), required=True)
    stations = fields.List(fields.String(), required=True, metadata={"description": "Ids; empty: the district"})
    disabled = fields.Boolean(required=True)
    second_factor_since = fields.String(required=True, allow_none=True)
    created_at = fields.String(required=True)
    code = fields.String(metadata={"description": "Shown this once"})


class KeyMadeSchema(Schema):
    """A new key, shown this once."""

    key = fields.String(required=True)


class MakeKeySchema(Wire):
    """A key: its name, the words it is good for, and the only gateways it may speak for."""

    name = Text(120, required=True)
    scope = Text(200, required=True)
    gateways = fields.List(Text(80), load_default=list, validate=validate.Length(max=40))


def users_api(step: SecondStep, staff: Staff, reading: Reading, transactions: Transactions) -> ApiBlueprint:
    """`/api/v1/users` and `/account/proof`. What changes an account wants a fresh proof: 403 `proof-needed`."""
    bp = ApiBlueprint("users_api", __name__, description="Accounts of people")
    once = Once(transactions)

    @bp.post("/account/proof")
    @require(Right.SIGNED_IN)
    @bp.arguments(ProofSchema)
    @bp.response(204)
    def proof(wanted: Plain) -> None:
        access.renew(step.prove(access.own_token(), password=wanted["password"], code=wanted["code"]))

    @bp.get("/users")
    @require(Right.ACCOUNTS)
    @bp.arguments(ListSchema, location="query", unknown=RAISE)
    @bp.response(200, PageSchema)
    def listed(wanted: Plain) -> Any:
        return in_pages([_told(each) for each in staff.everybody()], wanted, "login")

    @bp.get("/users/<operator_id>")
    @require(Right.ACCOUNTS)
    @bp.response(200, UserSchema)
    def one(operator_id: str) -> Plain:
        return _told(staff.operator(OperatorId(operator_id)))

    @bp.post("/users")
    @require(Right.ACCOUNTS)
    @recently
    @once.untold
    @bp.arguments(InviteSchema)
    @bp.response(201, UserSchema)
    def invited(wanted: Plain) -> Plain:
        operator, code = staff.invite(
            wanted["login"], wanted["name"], roles=roles_of(wanted["roles"]), area=area_of(wanted["stations"], reading),
            phone=wanted.get("phone"), lang=wanted["lang"], by=caller(),
        )  # fmt: skip
        return {**_told(operator), "code": code}

    @bp.post("/users/<operator_id>/appoint")
    @require(Right.ACCOUNTS)
    @recently
    @bp.arguments(AppointSchema)
    @bp.response(200, UserSchema)
    def appointed(wanted: Plain, operator_id: str) -> Plain:
        id_, area = OperatorId(operator_id), area_of(wanted["stations"], reading)
        staff.appoint(id_, roles=roles_of(wanted["roles"]), area=area, by=caller())
        return _told(staff.operator(id_))

    @bp.post("/users/<operator_id>/reset")
    @require(Right.ACCOUNTS)
    @recently
    @bp.arguments(ResetSchema)
    @bp.response(200, UserSchema)
    def reset(wanted: Plain, operator_id: str) -> Plain:
        id_ = OperatorId(operator_id)
        code = staff.reset(id_, factor=wanted["factor"], by=caller())
        return {**_told(staff.operator(id_)), "code": code}

    @bp.post("/users/<operator_id>/<any(disable, enable, factor, sessions):deed>")
    @require(Right.ACCOUNTS)
    @recently
    @bp.response(200, UserSchema)
    def changed(operator_id: str, deed: str) -> Plain:
        id_ = staff.operator(OperatorId(operator_id)).id
        ways = {"disable": staff.disable, "enable": staff.enable, "factor": staff.drop_factor}
        if deed in ways:
            ways[deed](id_, by=caller())
        else:
            staff.end_session(id_, "", by=caller())
        return _told(staff.operator(id_))

    return bp


def keys_api(keys: Keys, transactions: Transactions) -> ApiBlueprint:
    """`/api/v1/keys`."""
    bp = ApiBlueprint("keys_api", __name__, url_prefix="/keys", description="Keys of machines")
    once = Once(transactions)

    @bp.get("")
    @require(Right.KEYS)
    @bp.arguments(ListSchema, location="query", unknown=RAISE)
    @bp.response(200, PageSchema)
    def listed(wanted: Plain) -> Any:
        return in_pages(map(_key, keys.keys()), wanted, "created_at", "prefix")

    @bp.post("")
    @require(Right.KEYS)
    @recently
    @once.untold
    @bp.arguments(MakeKeySchema)
    @bp.response(201, KeyMadeSchema)
    def made(wanted: Plain) -> Plain:
        refuse_unknown(wanted["scope"])
        return {"key": keys.new_key(wanted["name"], wanted["scope"], gateways=wanted["gateways"], by=caller())}

    @bp.post("/<prefix>/revoke")
    @require(Right.KEYS)
    @recently
    @bp.response(204)
    def revoked(prefix: str) -> None:
        keys.revoke(prefix, by=caller())

    return bp


def _told(operator: Operator) -> Plain:
    return {
        "id": operator.id, "login": operator.login, "name": operator.name, "phone": masked_or_none(operator.phone),
        "lang": operator.lang, "roles": sorted(operator.roles), "stations": sorted(operator.area.stations or ()),
        "disabled": operator.disabled, "created_at": operator.created_at.isoformat(),
        "second_factor_since": operator.factor_at.isoformat() if operator.factor_at else None,
    }  # fmt: skip


def _key(key: Key) -> Plain:
    return {
        "prefix": key.prefix, "name": key.name, "scope": key.scope.split(), "gateways": key.gateways.split(),
        "created_at": key.created_at.isoformat(),
        "last_used_at": key.last_used_at.isoformat() if key.last_used_at else None,
        "revoked_at": key.revoked_at.isoformat() if key.revoked_at else None,
    }  # fmt: skip
