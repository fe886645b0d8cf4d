# mypy: disable-error-code="untyped-decorator"
"""`/api/v1/places`: service points, what is open near a home, and which homes have a canteen near."""

from typing import Any

from marshmallow import RAISE, Schema, fields, validate

from dispatch.errors import Invalid, NotFound
from dispatch.rules.rights import Right
from dispatch.store.transactions import Transactions
from dispatch.web.access import area, caller, either
from dispatch.web.api import ApiBlueprint
from dispatch.web.once import Once
from dispatch.web.schemas import Text, Wire
from schedules.places.desk import Open, PlacesDesk
from schedules.places.rules.place import WALK_S, Kind

READ, WRITE = "read", "registers"
KINDS = validate.OneOf([str(each) for each in Kind])
_LAT = {"example": 38.0712, "description": "WGS-84 degrees"}
_LNG = {"example": 114.4903, "description": "WGS-84 degrees"}


class PlaceListSchema(Wire):
    """Which: of a kind; near a home (its code), within so many minutes on foot; only those open now."""

    kind = fields.String(load_default="", validate=KINDS)
    home = Text()
    minutes = fields.Float(load_default=WALK_S / 60, validate=validate.Range(min=1, max=120))
    open = fields.Boolean(load_default=False)


class PlaceAskSchema(Wire):
    """A service point; one of the same code is made like it."""

    code = Text(required=True, metadata={"example": "P1"})
    kind = fields.String(required=True, validate=KINDS)
    name = Text(required=True, metadata={"example": "柏林社区食堂"})
    lat = fields.Float(required=True, metadata=_LAT)
    lng = fields.Float(required=True, metadata=_LNG)
    hours = fields.String(load_default="", metadata={"example": "Mo-Fr 11:00-13:00; PH off"})
    phone = fields.String(load_default="")
    address = fields.String(load_default="")
    offers = fields.String(load_default="")


class ServicePointSchema(Schema):
    """A service point as it is now."""

    code = fields.String(required=True)
    kind = fields.String(required=True)
    name = fields.String(required=True)
    lat = fields.Float(required=True)
    lng = fields.Float(required=True)
    hours = fields.String(required=True)
    phone = fields.String(required=True)
    address = fields.String(required=True)
    offers = fields.String(required=True)
    open = fields.Boolean(required=True)
    until = fields.String(required=True, allow_none=True, metadata={"description": "Local time it closes"})
    walk_s = fields.Integer(
        required=True, allow_none=True, metadata={"description": "From the home, where one is named"}
    )


class ServicePointsSchema(Schema):
    """All of them."""

    items = fields.List(fields.Nested(ServicePointSchema), required=True)


class PlaceShareSchema(Schema):
    """How many homes of a community have one near."""

    community = fields.String(required=True)
    homes = fields.Integer(required=True)
    near = fields.Integer(required=True)


class PlaceSharesSchema(Schema):
    """All communities, the worst first."""

    items = fields.List(fields.Nested(PlaceShareSchema), required=True)


class PlaceShareAskSchema(Wire):
    """Of which kind."""

    kind = fields.String(load_default=str(Kind.CANTEEN), validate=KINDS)


def places_api(desk: PlacesDesk, *, transactions: Transactions) -> ApiBlueprint:
    """The resource."""
    bp = ApiBlueprint("places_api", __name__, url_prefix="/places", description="Canteens, clinics, repairs, stations")
    once = Once(transactions)

    @bp.get("")
    @either(READ, Right.RESIDENTS_SEE)
    @bp.arguments(PlaceListSchema, location="query", unknown=RAISE)
    @bp.response(200, ServicePointsSchema)
    def listed(asked: dict[str, Any]) -> dict[str, Any]:
        """Service points, all or those within a walk of a home"""
        return {"items": [place_row(each) for each in _asked(desk, asked)]}

    @bp.get("/coverage")
    @either(READ, Right.RESIDENTS_SEE)
    @bp.arguments(PlaceShareAskSchema, location="query", unknown=RAISE)
    @bp.response(200, PlaceSharesSchema)
    def shares(asked: dict[str, Any]) -> dict[str, Any]:
        """How many homes of each community have a canteen within a walk of 15 minutes"""
        return {"items": desk.shares(area(), Kind(asked["kind"]))}

    @bp.post("")
    @either(WRITE, Right.IMPORT)
    @once
    @bp.arguments(PlaceAskSchema)
    @bp.response(200, ServicePointsSchema)
    def put(asked: dict[str, Any]) -> dict[str, Any]:
        """Put a service point on file, or change the one of this code"""
        desk.put([asked], by=caller())
        return {"items": [place_row(each) for each in desk.all() if each.point.code == asked["code"]]}

    return bp


def _asked(desk: PlacesDesk, asked: dict[str, Any]) -> list[Open]:
    if "home" not in asked:
        return [each for each in desk.all(asked["kind"]) if each.until is not None or not asked["open"]]
    try:
        position = desk.home(asked["home"], area()).position
    except NotFound as none:
        # It is a filter: the list is there, what it was asked by is not.
        raise Invalid(none.detail, {"query": {"home": ["unknown"]}}) from None
    assert position is not None
    return desk.near(position, kind=asked["kind"], within_s=asked["minutes"] * 60, only_open=asked["open"])


def place_row(each: Open) -> dict[str, Any]:
    """A service point as plain values."""
    point = each.point
    return {
        "code": point.code, "kind": str(point.kind), "name": point.name, "lat": point.position.lat,
        "lng": point.position.lng, "hours": point.hours, "phone": point.phone, "address": point.address,
        "offers": point.offers, "open": each.until is not None,
        "until": f"{each.until:%H:%M}" if each.until else None,
        "walk_s": round(each.walk_s) if each.walk_s is not None else None,
    }  # fmt: skip
