# mypy: disable-error-code="untyped-decorator"
"""Orders on the wire: `/api/v1/orders`, what becomes of them, and the organisations that can be asked."""

from typing import Any

from marshmallow import RAISE, Schema, fields, validate

from dispatch.errors import Invalid
from dispatch.rules.people import Person
from dispatch.rules.rights import Right
from dispatch.store.database import Engine
from dispatch.store.register_rows import CARERS, STATIONS, RegisterRows
from dispatch.store.transactions import Transactions
from dispatch.web.access import area, caller, either
from dispatch.web.api import ApiBlueprint
from dispatch.web.once import Once
from dispatch.web.registers import bookmarked
from dispatch.web.schemas import ListSchema, Moment, PageSchema, Text, Wire, named
from schedules.orders.ordering import Asking, Ordering
from schedules.orders.providing import Providing
from schedules.orders.rules.order import Order, State
from schedules.orders.store.orders import Orders, Provider

READ, WRITE = "read", "orders"
"""The scopes of keys that may look at orders, and make and change them."""

Plain = dict[str, Any]


class OrderListSchema(ListSchema):
    """Orders in this state, the newest first."""

    state = fields.Enum(State, by_value=True)


class OrderSchema(Schema):
    """One order. `smells` are words of it that sound like an emergency: raise an alarm where it is one."""

    id = fields.String(required=True)
    number = fields.Integer(required=True)
    service = fields.String(required=True)
    resident = fields.String(required=True, metadata={"description": "The resident's id"})
    start_at = fields.String(required=True)
    minutes = fields.Integer(required=True)
    state = fields.String(required=True)
    provider = fields.String(required=True, allow_none=True)
    step = fields.String(required=True)
    score = fields.Integer(required=True, allow_none=True)
    smells = fields.List(fields.String(), required=True)


class OrderPageSchema(PageSchema):
    """One page of orders."""

    items = fields.List(fields.Nested(OrderSchema), required=True)


class OrderAskSchema(Wire):
    """A service for a resident (code or id) at a time."""

    resident = Text(40, required=True)
    service = Text(30, required=True)
    start_at = Moment(required=True)
    note = Text(2000)
    urgent = fields.Boolean(load_default=False)


class OrderAcceptSchema(Wire):
    """Who does it: `carer:<id>`, a carer's code, or `provider:<id>`."""

    provider = Text(80, required=True)


class OrderWordSchema(Wire):
    """Words about it."""

    note = Text(2000)


class OrderWhySchema(Wire):
    """Why it is cancelled."""

    why = Text(2000, required=True)


class OrderScoreSchema(Wire):
    """What whoever was served said of it, 5 is best."""

    score = fields.Integer(strict=True, required=True, validate=validate.Range(1, 5))


class OrderStepSchema(Wire):
    """The next step; photos are taken in on the page."""

    step = Text(12, required=True)
    note = Text(2000)


class ProviderAskSchema(Wire):
    """An organisation that can be asked; of one station (code), or of all."""

    name = Text(120, required=True)
    phone = fields.String(required=True, validate=validate.Regexp(r"\+[1-9][0-9]{6,14}\Z"))
    skills = fields.List(Text(30), required=True, validate=validate.Length(min=1))
    station = Text(40)


class ProviderSchema(Schema):
    """One organisation."""

    id = fields.String(required=True)
    name = fields.String(required=True)
    station = fields.String(required=True, allow_none=True)
    skills = fields.List(fields.String(), required=True)


class ProvidersSchema(Schema):
    """Organisations in use."""

    items = fields.List(fields.Nested(ProviderSchema), required=True)


def orders_api(
    ordering: Ordering, providing: Providing, *, reading: Engine, transactions: Transactions
) -> ApiBlueprint:
    """
    `/api/v1/orders`. Why a resident cannot have a service is 422 in words; what comes too late is 409.
    """
    bp = ApiBlueprint("orders_api", __name__, url_prefix="/orders", description="Services that are booked")
    once = Once(transactions)

    @bp.get("")
    @either(READ, Right.RESIDENTS_SEE)
    @bp.arguments(OrderListSchema, location="query", unknown=RAISE)
    @bp.response(200, OrderPageSchema)
    def listed(wanted: Plain) -> Any:
        """Orders, the newest first"""
        states = [wanted["state"]] if "state" in wanted else []
        with reading.connect() as connection:
            found = Orders(connection).newest(
                area(), states=states, most=wanted["limit"] + 1, before=_before(wanted.get("cursor"))
            )
        page = found[: wanted["limit"]]
        return bookmarked([_row(each) for each in page], str(page[-1].number) if len(found) > len(page) else None)

    @bp.post("")
    @either(WRITE, Right.RESIDENTS_CHANGE)
    @once
    @bp.arguments(OrderAskSchema)
    @bp.response(201, OrderSchema)
    def taken(wanted: Plain) -> Any:
        """Book a service"""
        asking = Asking(
            resident=wanted["resident"], service=wanted["service"], start_at=wanted["start_at"],
            note=wanted.get("note", ""), urgent=wanted["urgent"] and caller().startswith("operator:"),
        )  # fmt: skip
        with named("resident"):
            return _row(ordering.take(asking, by=caller(), area=area()))

    @bp.get("/<order_id>")
    @either(READ, Right.RESIDENTS_SEE)
    @bp.response(200, OrderSchema)
    def one(order_id: str) -> Any:
        """One order"""
        with reading.connect() as connection:
            return _row(Orders(connection).get(order_id, area()))

    @bp.post("/<order_id>/accept")
    @either(WRITE, Right.RESIDENTS_CHANGE)
    @once
    @bp.arguments(OrderAcceptSchema)
    @bp.response(200, OrderSchema)
    def accepted(wanted: Plain, order_id: str) -> Any:
        """Somebody does it"""
        _refuse_foreign(order_id)
        return _row(ordering.accept(order_id, _provider(wanted["provider"]), by=caller(), area=area()))

    @bp.post("/<order_id>/decline")
    @either(WRITE, Right.RESIDENTS_CHANGE)
    @once
    @bp.response(200, OrderSchema)
    def declined(order_id: str) -> Any:
        """Whoever was asked does not: the next is"""
        return _row(ordering.decline(order_id, by=caller(), area=area()))

    @bp.post("/<order_id>/done")
    @either(WRITE, Right.RESIDENTS_CHANGE)
    @once
    @bp.arguments(OrderWordSchema)
    @bp.response(200, OrderSchema)
    def done(wanted: Plain, order_id: str) -> Any:
        """It was done"""
        return _row(ordering.done(order_id, by=caller(), area=area(), note=wanted.get("note", "")))

    @bp.post("/<order_id>/cancel")
    @either(WRITE, Right.RESIDENTS_CHANGE)
    @once
    @bp.arguments(OrderWhySchema)
    @bp.response(200, OrderSchema)
    def cancelled(wanted: Plain, order_id: str) -> Any:
        """It is not wanted any more"""
        return _row(ordering.cancel(order_id, wanted["why"], by=caller(), area=area()))

    @bp.post("/<order_id>/rate")
    @either(WRITE, Right.RESIDENTS_CHANGE)
    @once
    @bp.arguments(OrderScoreSchema)
    @bp.response(200, OrderSchema)
    def rated(wanted: Plain, order_id: str) -> Any:
        """What was said of it"""
        return _row(ordering.rate(order_id, wanted["score"], by=caller(), area=area()))

    @bp.post("/<order_id>/step")
    @either(WRITE, Right.RESIDENTS_CHANGE)
    @once
    @bp.arguments(OrderStepSchema)
    @bp.response(200, OrderSchema)
    def stepped(wanted: Plain, order_id: str) -> Any:
        """The next step of a home adaptation"""
        said = wanted.get("note", "")
        return _row(ordering.step(order_id, wanted["step"], by=caller(), area=area(), note=said))

    @bp.get("/providers")
    @either(READ, Right.CARERS_SEE)
    @bp.response(200, ProvidersSchema)
    def providers() -> Any:
        """Organisations that can be asked"""
        with reading.connect() as connection:
            found = Orders(connection).providers()
        return {"items": [_told(each) for each in found if _is_ours(each)]}

    @bp.post("/providers")
    @either(WRITE, Right.CARERS_CHANGE)
    @once
    @bp.arguments(ProviderAskSchema)
    @bp.response(201, ProviderSchema)
    def provided(wanted: Plain) -> Any:
        """An organisation that can be asked from now on"""
        with named("station"), reading.connect() as connection:
            shelf, code = RegisterRows(connection), wanted.get("station")
            station = shelf.one(STATIONS, code, area())["id"] if code else None
        if station is None and not area().is_district:
            raise Invalid("Please check what was entered", {"json": {"station": ["There is none with this code."]}})
        return _told(providing.add(
            wanted["name"], wanted["phone"], tuple(wanted["skills"]), station_id=station, by=caller()
        ))  # fmt: skip

    def _refuse_foreign(order_id: str) -> None:
        with reading.connect() as connection:
            Orders(connection).get(order_id, area())

    def _provider(said: str) -> Person:
        if said.startswith("provider:"):
            return Person(said)
        with named("provider"), reading.connect() as connection:
            return Person(f"carer:{RegisterRows(connection).one(CARERS, said.removeprefix('carer:'), area())['id']}")

    def _is_ours(each: Provider) -> bool:
        return each.station_id is None or each.station_id in (area().stations or {each.station_id})

    return bp


def _before(cursor: str | None) -> int | None:
    if cursor is None:
        return None
    if not cursor.isascii() or not cursor.isdigit() or len(cursor) > 15:
        raise Invalid("The cursor is none of ours.", {"query": {"cursor": ["none of ours"]}})
    return int(cursor)


def _row(order: Order) -> Plain:
    return {
        "id": order.id, "number": order.number, "service": order.service, "resident": order.resident_id,
        "start_at": order.start_at.isoformat(), "minutes": order.minutes, "state": str(order.state),
        "provider": order.provider, "step": order.step, "score": order.score, "smells": list(order.smells),
    }  # fmt: skip


def _told(each: Provider) -> Plain:
    return {"id": each.id, "name": each.name, "station": each.station_id, "skills": list(each.skills)}
