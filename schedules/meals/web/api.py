# mypy: disable-error-code="untyped-decorator"
"""`/api/v1/meals` and `/api/v1/canteens`: what tills send and are answered, meals on file, the registers."""

from datetime import UTC, date, timedelta
from typing import Any

from marshmallow import RAISE, Schema, fields, validate

from dispatch.rules.rights import Right
from dispatch.store.transactions import Transactions
from dispatch.web.access import area, caller, either
from dispatch.web.api import ApiBlueprint
from dispatch.web.i18n import current_words, gettext
from dispatch.web.once import Once
from dispatch.web.schemas import Wire, named
from schedules.meals.catering import BATCH_MAX, Catering, Receipt
from schedules.meals.desk import MealDesk
from schedules.meals.rules.canteen import Canteen, Kind, Term
from schedules.meals.rules.serving import By, MealType, Presented, Serving
from schedules.meals.store.diners import Diner, Facts

READ, WRITE, TILL = "read", "registers", "till"
FEN_MAX = 1_000_000
"""Ten thousand yuan: no meal costs more, and a till that sends more has lost a point."""

_CODE = validate.Length(min=1, max=40)


def _fen(**more: Any) -> fields.Integer:
    return fields.Integer(strict=True, validate=validate.Range(min=0, max=FEN_MAX), **more)


class MealSchema(Wire):
    """One meal as the till has it. `ref` is the till's own id of it: the same again is harmless."""

    till = fields.String(required=True, validate=_CODE, metadata={"example": "T1"})
    ref = fields.String(required=True, validate=validate.Length(min=1, max=80))
    meal = fields.Enum(MealType, by_value=True, required=True)
    served_at = fields.AwareDateTime(required=True, default_timezone=None)
    price_fen = _fen(required=True, metadata={"description": "The list price without delivery"})
    by = fields.Enum(By, by_value=True, required=True)
    who = fields.String(required=True, validate=validate.Length(min=1, max=40))
    delivery = fields.Boolean(load_default=False)
    delivery_fee_fen = _fen(load_default=0)
    charged_fen = _fen(load_default=None, allow_none=True, metadata={"description": "Taken already, while offline"})
    operator = fields.String(load_default="", validate=validate.Length(max=80))


class MealsSchema(Wire):
    """One meal or up to 500, in any order."""

    meals = fields.List(
        fields.Nested(MealSchema), required=True, validate=validate.Length(min=1, max=BATCH_MAX)
    )  # fmt: skip


class MealsWaitingSchema(Wire):
    """From which local day on."""

    since = fields.Date(required=True)


class MealsPricedSchema(Schema):
    """How many have a price now, how many still wait, and what their diners are to get back together."""

    priced = fields.Integer(required=True)
    waiting = fields.Integer(required=True)
    back_fen = fields.Integer(required=True)


class MealCancelSchema(Wire):
    """A meal that was not; it may come before the meal itself."""

    till = fields.String(required=True, validate=_CODE)
    ref = fields.String(required=True, validate=validate.Length(min=1, max=80))
    note = fields.String(load_default="", validate=validate.Length(max=500))


class MealListSchema(Wire):
    """Which: days (both inclusive), a canteen's code, only those that somebody looks at."""

    since = fields.Date(load_default=None)
    until = fields.Date(load_default=None)
    canteen = fields.String(load_default="", validate=validate.Length(max=40))
    review = fields.Boolean(load_default=False)
    limit = fields.Integer(load_default=200, validate=validate.Range(min=1, max=500))


class MealRowSchema(Schema):
    """A meal with what became of its price; all amounts in fen."""

    ref = fields.String(required=True)
    meal = fields.String(required=True, allow_none=True, metadata={"description": "Our id of it; null if refused"})
    repeated = fields.Boolean(required=True)
    error = fields.String(
        required=True, allow_none=True, metadata={"description": "What to mend, where it was refused"}
    )
    canteen = fields.String(required=True, allow_none=True)
    diner = fields.String(required=True, allow_none=True, metadata={"description": "The name, masked"})
    type = fields.String(required=True, allow_none=True)
    served_at = fields.String(required=True, allow_none=True)
    day = fields.String(required=True, allow_none=True)
    price_fen = fields.Integer(required=True, allow_none=True)
    fee_fen = fields.Integer(required=True, allow_none=True)
    discount_fen = fields.Integer(required=True, allow_none=True)
    subsidy_fen = fields.Integer(required=True, allow_none=True)
    layers = fields.Dict(keys=fields.String(), values=fields.Integer(), required=True)
    delivery_fen = fields.Integer(required=True, allow_none=True)
    pays_fen = fields.Integer(required=True, allow_none=True)
    differs_fen = fields.Integer(required=True, metadata={"description": "Charged too much (below 0: too little)"})
    reason = fields.String(required=True, allow_none=True)
    policy = fields.String(required=True, allow_none=True)
    version = fields.String(required=True, allow_none=True)
    because = fields.List(fields.String(), required=True, metadata={"description": "In the caller's language"})
    cancelled = fields.Boolean(required=True)


class MealRowsSchema(Schema):
    """In the order they were sent, or the newest first."""

    items = fields.List(fields.Nested(MealRowSchema), required=True)


class CanteenRuleSchema(Wire):
    """The rule in force from a local day until another, both inclusive."""

    policy = fields.String(required=True, validate=validate.Length(min=1, max=80))
    from_on = fields.Date(required=True)
    until_on = fields.Date(load_default=None, allow_none=True)


class CanteenAskSchema(Wire):
    """A canteen; one of the same code is made like it. Without `rules` those on file stay."""

    code = fields.String(required=True, validate=_CODE)
    name = fields.String(required=True, validate=validate.Length(min=1, max=120))
    kind = fields.Enum(Kind, by_value=True, load_default=Kind.CANTEEN)
    area_code = fields.String(required=True, validate=validate.Length(equal=12))
    station = fields.String(load_default="", validate=validate.Length(max=40))
    place = fields.String(load_default="", validate=validate.Length(max=40))
    hours = fields.String(load_default="", validate=validate.Length(max=400))
    rules = fields.List(fields.Nested(CanteenRuleSchema), load_default=None, allow_none=True)


class CanteenSchema(Schema):
    """A canteen with its rules."""

    code = fields.String(required=True)
    name = fields.String(required=True)
    kind = fields.String(required=True)
    area_code = fields.String(required=True)
    place = fields.String(required=True)
    hours = fields.String(required=True)
    version = fields.Integer(required=True)
    rules = fields.List(fields.Nested(CanteenRuleSchema), required=True)


class CanteensSchema(Schema):
    """All of them."""

    items = fields.List(fields.Nested(CanteenSchema), required=True)


class TillSchema(Wire):
    """A till of a canteen. `key` is the prefix of the machine key that alone speaks for it."""

    code = fields.String(required=True, validate=_CODE)
    canteen = fields.String(required=True, validate=_CODE)
    key = fields.String(load_default="", validate=validate.Length(max=40))


class DinerSchema(Wire):
    """
    What rules ask about a resident, from the local day `since` on (today, without it; never a later one). Without
    `card` the card on file stays; "" takes it away.
    """

    resident = fields.String(required=True, validate=_CODE)
    card = fields.String(load_default=None, allow_none=True, validate=validate.Length(max=40))
    hukou = fields.String(load_default="", validate=validate.Length(max=12))
    residence = fields.String(load_default="", validate=validate.Length(max=12))
    income_fen = fields.Integer(load_default=None, allow_none=True, validate=validate.Range(min=0, max=10**10))
    schemes = fields.List(fields.String(validate=validate.Length(min=1, max=80)), load_default=list)
    since = fields.Date(load_default=None, allow_none=True)


def meals_api(catering: Catering, desk: MealDesk, *, transactions: Transactions) -> ApiBlueprint:
    """What tills send, and meals on file."""
    bp = ApiBlueprint("meals_api", __name__, url_prefix="/meals", description="Meals at canteens, and their money")
    once = Once(transactions)

    @bp.post("")
    @either(TILL, Right.MEALS_SERVE)
    @bp.arguments(MealsSchema)
    @bp.response(200, MealRowsSchema)
    def serve(asked: dict[str, Any]) -> dict[str, Any]:
        """Send meals, one or up to 500; each is answered by itself, and the same again is harmless"""
        receipts = catering.serve([_presented(each) for each in asked["meals"]], by=caller(), area=area())
        return {"items": [receipt_row(each, _lang()) for each in receipts]}

    @bp.post("/quotes")
    @either(TILL, Right.MEALS_SERVE)
    @bp.arguments(MealsSchema)
    @bp.response(200, MealRowsSchema)
    def quote(asked: dict[str, Any]) -> dict[str, Any]:
        """What each meal would cost its diner if it were served; nothing is kept"""
        receipts = catering.quote([_presented(each) for each in asked["meals"]], by=caller(), area=area())
        return {"items": [receipt_row(each, _lang()) | {"meal": None} for each in receipts]}

    @bp.post("/waiting")
    @either(WRITE, Right.MEALS_SERVE)
    @once
    @bp.arguments(MealsWaitingSchema)
    @bp.response(200, MealsPricedSchema)
    def priced(asked: dict[str, Any]) -> dict[str, Any]:
        """Price meals whose rule could not be asked when they came in"""
        found, waiting = catering.price_waiting(since=asked["since"], by=caller(), area=area())
        return {"priced": len(found), "waiting": waiting, "back_fen": sum(each.differs_fen for each in found)}

    @bp.post("/cancellations")
    @either(TILL, Right.MEALS_SERVE)
    @bp.arguments(MealCancelSchema)
    @bp.response(204)
    def cancel(asked: dict[str, Any]) -> str:
        """A meal was not: its money goes back, once"""
        with named("till"):
            catering.cancel(asked["till"], asked["ref"], by=caller(), note=asked["note"], area=area())
        return ""

    @bp.get("")
    @either(READ, Right.MEALS_SEE)
    @bp.arguments(MealListSchema, location="query", unknown=RAISE)
    @bp.response(200, MealRowsSchema)
    def listed(asked: dict[str, Any]) -> dict[str, Any]:
        """Meals of some days (without any: the last seven), the newest first"""
        until = asked["until"] or desk.today
        since = asked["since"] or until - min(timedelta(days=6), until - date.min)
        with named("canteen"):
            rows = desk.meals(
                area(), since=since, until=until, canteen=asked["canteen"],
                review=asked["review"], most=asked["limit"],
            )  # fmt: skip
        return {"items": [_row(each, diner, code, _lang()) for each, diner, code in rows]}

    @bp.post("/diners")
    @either(WRITE, Right.RESIDENTS_CHANGE)
    @once
    @bp.arguments(DinerSchema)
    @bp.response(204)
    def diner(asked: dict[str, Any]) -> str:
        """What rules ask about a resident, and their card"""
        facts = Facts(
            hukou=asked["hukou"], residence=asked["residence"], income_fen=asked["income_fen"],
            schemes=tuple(asked["schemes"]),
        )  # fmt: skip
        with named("resident"):
            desk.put_diner(
                asked["resident"], facts, card_number=asked["card"], since=asked["since"], by=caller(), area=area()
            )
        return ""

    return bp


def canteens_api(desk: MealDesk, *, transactions: Transactions) -> ApiBlueprint:
    """The register of canteens and tills."""
    bp = ApiBlueprint("canteens_api", __name__, url_prefix="/canteens", description="Canteens, their rules and tills")
    once = Once(transactions)

    @bp.get("")
    @either(READ, Right.MEALS_SEE)
    @bp.response(200, CanteensSchema)
    def listed() -> dict[str, Any]:
        """Canteens with the rules in force at each"""
        return {"items": [_canteen(each, terms) for each, terms in desk.canteens(area())]}

    @bp.post("")
    @either(WRITE, Right.IMPORT)
    @once
    @bp.arguments(CanteenAskSchema)
    @bp.response(200, CanteensSchema)
    def put(asked: dict[str, Any]) -> dict[str, Any]:
        """Put a canteen on file, or change the one of this code"""
        with named("station"):
            made = desk.put(asked, by=caller(), area=area())
        return {"items": [_canteen(each, terms) for each, terms in desk.canteens(area()) if each.id == made.id]}

    @bp.post("/tills")
    @either(WRITE, Right.IMPORT)
    @once
    @bp.arguments(TillSchema)
    @bp.response(204)
    def till(asked: dict[str, Any]) -> str:
        """Put a till on file, or change the one of this code"""
        with named("canteen"):
            desk.put_till(asked["code"], asked["canteen"], key=asked["key"], by=caller(), area=area())
        return ""

    return bp


def _presented(asked: dict[str, Any]) -> Presented:
    return Presented(
        till=asked["till"], ref=asked["ref"], meal_type=asked["meal"], served_at=asked["served_at"].astimezone(UTC),
        price_fen=asked["price_fen"], by=asked["by"], who=asked["who"], delivery=asked["delivery"],
        delivery_fee_fen=asked["delivery_fee_fen"], charged_fen=asked["charged_fen"], operator=asked["operator"],
    )  # fmt: skip


def receipt_row(receipt: Receipt, lang: str) -> dict[str, Any]:
    """A receipt as plain values."""
    if receipt.serving is None:
        assert receipt.wrong is not None
        return dict.fromkeys(MealRowSchema().fields) | {
            "ref": receipt.ref, "repeated": False, "error": receipt.wrong.told(gettext), "layers": {}, "because": [],
            "differs_fen": 0, "cancelled": False,
        }  # fmt: skip
    return _row(receipt.serving, receipt.diner, None, lang) | {
        "repeated": receipt.repeated, "differs_fen": receipt.differs_fen,
    }  # fmt: skip


def _row(each: Serving, diner: Diner | None, canteen: str | None, lang: str) -> dict[str, Any]:
    money, answer = each.answer.money, each.answer
    return {
        "ref": each.ref, "meal": each.id, "repeated": False, "error": None, "canteen": canteen,
        "diner": masked_name(diner.name) if diner else None, "type": str(each.meal_type),
        "served_at": each.served_at.isoformat(), "day": each.on.isoformat(), "price_fen": money.price_fen,
        "fee_fen": money.fee_fen, "discount_fen": money.discount_fen, "subsidy_fen": money.subsidy_fen,
        "layers": dict(money.layers), "delivery_fen": money.delivery_fen, "pays_fen": money.pays_fen,
        "differs_fen": each.differs_fen, "reason": answer.reason,
        "policy": answer.policy, "version": answer.version, "because": list(answer.because.get(lang, ())),
        "cancelled": each.cancelled_at is not None,
    }  # fmt: skip


def masked_name(name: str) -> str:
    """The family name and stars, as publication lists have it (CARE-RULES 6.2): 王秀英 → 王**."""
    return name[:1] + "*" * max(1, len(name) - 1)


def _canteen(each: Canteen, terms: list[Term]) -> dict[str, Any]:
    rules = [{"policy": term.policy, "from_on": term.from_on, "until_on": term.until_on} for term in terms]
    return {
        "code": each.code, "name": each.name, "kind": str(each.kind), "area_code": each.area_code,
        "place": each.place, "hours": each.hours, "version": each.version, "rules": rules,
    }  # fmt: skip


def _lang() -> str:
    return current_words().lang
