# mypy: disable-error-code="untyped-decorator"
"""Bills and vouchers on the wire: `/api/v1/bills`, `/api/v1/vouchers`, a month of beds with what it comes to."""

from collections.abc import Mapping
from typing import Any

from marshmallow import Schema, fields, validate

from dispatch.rules.rights import Right
from dispatch.store.accounts import Reading
from dispatch.store.register_rows import RESIDENTS, RegisterRows
from dispatch.store.transactions import Transactions
from dispatch.web.access import area, caller, either, file_opened, whole_district
from dispatch.web.api import ApiBlueprint
from dispatch.web.i18n import gettext
from dispatch.web.once import Once
from dispatch.web.schemas import Text, Wire, named
from schedules.money.beds.filing import AMOUNT_MAX, LINES_MAX, NOTE_MAX, Asked, Filing
from schedules.money.beds.reckoning import Reckoning
from schedules.money.beds.settling import Settling
from schedules.money.beds.store import Facts, Row
from schedules.money.paid.web.fields import PaidSchema, told_paid
from schedules.money.rules.awards import Award
from schedules.money.rules.bills import BUILDING, PROOFS, SERVICES, Line
from schedules.money.rules.policies import NoRule
from schedules.money.rules.usage import Move

READ, WRITE = "money:read", "money"
"""The scopes of keys that may look at bills and vouchers, and bring bills in."""

MONTH = validate.Regexp(r"(20|21)\d\d-(0[1-9]|1[0-2])\Z", error="A month is written 2026-11.")
Plain = dict[str, Any]


class MonthSchema(Wire):
    """The month, written 2026-11."""

    month = fields.String(required=True, validate=MONTH)


class VoucherAskSchema(MonthSchema):
    """Whose vouchers of which month; `resident` is a code or an id."""

    resident = Text(required=True)


class BillLineSchema(Wire):
    """
    One service of one local day, in fen. `proof` says what shows it: a proved `visit` or a done `order`, with its id in
    `ref`, or something `other` that neither shows.
    """

    on = fields.Date(required=True)
    amount_fen = fields.Integer(required=True, strict=True, validate=validate.Range(0, AMOUNT_MAX))
    proof = fields.String(load_default="other", validate=validate.OneOf(PROOFS))
    ref = Text(40)


class BillAskSchema(Wire):
    """A bill of one resident and month, by one scheme; `payer` and `prior_adaptation` are about building only."""

    kind = fields.String(required=True, validate=validate.OneOf((*SERVICES, *BUILDING)))
    scheme = Text(80, required=True)
    resident = Text(required=True)
    on = fields.Date(required=True)
    provider = Text(80, required=True)
    payer = fields.String(load_default="", validate=validate.OneOf(("", "provider", "family")))
    prior_adaptation = fields.Boolean(load_default=False)
    lines = fields.List(fields.Nested(BillLineSchema), required=True, validate=validate.Length(1, LINES_MAX))


class BillWhySchema(Wire):
    """Why a bill asks for nothing any more."""

    why = Text(NOTE_MAX, required=True)


class BenefitFactsSchema(Wire):
    """What rules ask of a resident from a day on: fen a month, area codes, ids of other schemes and categories."""

    from_on = fields.Date(required=True)
    income_fen = fields.Integer(strict=True, load_default=None, allow_none=True, validate=validate.Range(0, AMOUNT_MAX))
    hukou = fields.String(load_default="", validate=validate.Regexp(r"\d{0,12}\Z"))
    residence = fields.String(load_default="", validate=validate.Regexp(r"\d{0,12}\Z"))
    schemes = fields.List(Text(80), load_default=list, validate=validate.Length(0, 20))


class AwardSchema(PaidSchema):
    """What one source is given, in fen, and why, Chinese and English; no version where no rule was in force."""

    version = fields.String(required=True, allow_none=True)
    on = fields.Date(required=True)


class BillSchema(Schema):
    """One bill; `awards` has one for each version of its rule that was in force on its days."""

    id = fields.String(required=True)
    kind = fields.String(required=True)
    scheme = fields.String(required=True)
    resident = fields.String(required=True)
    month = fields.String(required=True)
    on = fields.Date(required=True)
    provider = fields.String(required=True)
    state = fields.String(required=True)
    amount_fen = fields.Integer(required=True)
    lines = fields.List(fields.Dict(), required=True)
    awards = fields.List(fields.Nested(AwardSchema), required=True)
    trouble = fields.String(metadata={"description": "It is kept; why nothing can be reckoned of its month now"})


class BillsSchema(Schema):
    """A month's bills, and what beds and calls are given in it."""

    items = fields.List(fields.Nested(BillSchema), required=True)
    beds = fields.List(fields.Nested(AwardSchema), required=True)
    units = fields.Integer(required=True, allow_none=True)


class VoucherSchema(Schema):
    """One voucher of a month: its moves in their order, and what is left now."""

    scheme = fields.String(required=True)
    left_fen = fields.Integer(required=True)
    moves = fields.List(fields.Dict(), required=True)


class VouchersSchema(Schema):
    """The vouchers of one resident and month."""

    items = fields.List(fields.Nested(VoucherSchema), required=True)


class SettledSchema(Schema):
    """Payments entered, taken back, and left as they were."""

    entered = fields.Integer(required=True)
    reversed = fields.Integer(required=True)
    same = fields.Integer(required=True)


class BillDoneSchema(Schema):
    """The id of what was changed."""

    id = fields.String(required=True)


def bills_blueprint(
    filing: Filing, reckoning: Reckoning, settling: Settling, *, transactions: Transactions
) -> ApiBlueprint:  # fmt: skip
    """`/api/v1/bills` and what is below it."""
    bp = ApiBlueprint("bills_api", __name__, url_prefix="/bills", description="Bills, and a month of beds and services")
    once = Once(transactions)

    @bp.get("")
    @either(READ, Right.MONEY_SEE)
    @bp.arguments(MonthSchema, location="query")
    @bp.response(200, BillsSchema)
    def listed(asked: Plain) -> Any:
        """A month's bills, beds and calls with what each is given and why"""
        file_opened("list:bills")
        found = reckoning.month(asked["month"], area())
        own = {row["id"] for row in found.bills}
        return {
            "items": [_bill(row, found.award(row["id"])) for row in found.bills], "units": found.units,
            "beds": [_award(each) for each in found.awards if each.source.partition("/")[0] not in own],
        }  # fmt: skip

    @bp.post("")
    @either(WRITE, Right.MONEY_CHANGE)
    @once
    @bp.arguments(BillAskSchema)
    @bp.response(201, BillSchema)
    def filed(asked: Plain) -> Any:
        """A provider's bill; its visits and orders stand on no other one"""
        lines = [Line(number=number, **{"ref": "", **each}) for number, each in enumerate(asked.pop("lines"), 1)]
        with named("resident"):
            row = filing.file(Asked(**asked, lines=lines), by=caller(), area=area())
        try:
            return _bill(row, reckoning.bill(row, area()))
        except NoRule as no:
            # The bill is kept, whatever is wrong with its rule.
            return _bill(row, []) | {"trouble": no.told(gettext)}

    @bp.post("/<bill_id>/withdraw")
    @either(WRITE, Right.MONEY_CHANGE)
    @once
    @bp.arguments(BillWhySchema)
    @bp.response(200, BillDoneSchema)
    def withdrawn(asked: Plain, bill_id: str) -> Any:
        """A bill asks for nothing any more"""
        filing.withdraw(bill_id, asked["why"], by=caller(), area=area())
        return {"id": bill_id}

    @bp.post("/facts/<resident>")
    @either(WRITE, Right.MONEY_CHANGE)
    @once
    @bp.arguments(BenefitFactsSchema)
    @bp.response(200, BillDoneSchema)
    def known(asked: Plain, resident: str) -> Any:
        """Income, residence and other schemes of a resident from a day on"""
        facts = Facts(resident_id=resident, **asked | {"schemes": tuple(asked["schemes"])})  # type: ignore[arg-type]
        filing.know(resident, facts, by=caller(), area=area())
        return {"id": resident}

    @bp.post("/settle")
    @either("money:settle", Right.MONEY_APPROVE)
    @whole_district
    @once
    @bp.arguments(MonthSchema)
    @bp.response(200, SettledSchema)
    def settled(asked: Plain) -> Any:
        """Book a month that is over; doing it again books only what has changed"""
        return settling.settle(asked["month"], by=caller())

    return bp


def vouchers_blueprint(reckoning: Reckoning, reading: Reading) -> ApiBlueprint:
    """`/api/v1/vouchers`."""
    bp = ApiBlueprint("vouchers_api", __name__, url_prefix="/vouchers", description="Vouchers and their balances")

    @bp.get("")
    @either(READ, Right.MONEY_SEE)
    @bp.arguments(VoucherAskSchema, location="query")
    @bp.response(200, VouchersSchema)
    def told(asked: Plain) -> Any:
        """How a resident's vouchers moved in a month, and what is left"""
        with named("resident"), reading.connect() as connection:
            resident = RegisterRows(connection).one(RESIDENTS, asked["resident"], area())["id"]
        file_opened(resident)
        month, _ = reckoning.resident(resident, asked["month"], area())
        return {
            "items": [
                {"scheme": scheme, "left_fen": left_of(moves), "moves": [_move(each) for each in moves]}
                for scheme, moves in sorted(month.vouchers.items())
            ]
        }

    return bp


def left_of(moves: tuple[Move, ...]) -> int:
    """What is left before the month's end takes it."""
    before = [each for each in moves if each.what != "lapse"]
    return before[-1].left_fen if before else 0


def _bill(row: Row, awards: list[Award]) -> Plain:
    return {
        "id": row["id"], "kind": row["kind"], "scheme": row["scheme"], "resident": row["resident_code"],
        "month": row["month"], "on": row["on"], "provider": row["provider"], "state": row["state"],
        "amount_fen": sum(each["amount_fen"] for each in row["lines"]), "awards": [_award(each) for each in awards],
        "lines": [
            {"number": each["number"], "on": each["on"].isoformat(), "amount_fen": each["amount_fen"],
             "proof": each["proof"], "ref": each["ref"]}
            for each in row["lines"]
        ],
    }  # fmt: skip


def _award(award: Award) -> Mapping[str, Any]:
    return {**told_paid(award), "version": award.version, "on": award.on}


def _move(move: Move) -> Mapping[str, Any]:
    return {"on": move.on.isoformat(), "what": move.what, "amount_fen": move.amount_fen, "left_fen": move.left_fen}
