# mypy: disable-error-code="untyped-decorator"
"""The rounds on the wire: `/api/v1/rounds`, its results, extra rounds and the visit rate."""

from datetime import date
from typing import Any

from marshmallow import RAISE, Schema, fields, validate

from dispatch.errors import Invalid
from dispatch.rules.rights import Right
from dispatch.store.transactions import Transactions
from dispatch.web.access import area, caller, either
from dispatch.web.api import ApiBlueprint
from dispatch.web.once import Once
from dispatch.web.registers import bookmarked
from dispatch.web.schemas import ListSchema, Moment, PageSchema, PositionSchema, Text, Wire, named, position_of
from schedules.rounds.extra import Called, Extras
from schedules.rounds.proving import Where
from schedules.rounds.reading import Due, RoundsBook
from schedules.rounds.rounding import RoundsDesk
from schedules.rounds.rules.book import Means
from schedules.rounds.rules.round import Result, Round
from schedules.rounds.store.campaigns import Campaign

READ, WRITE = "read", "rounds"
"""The scopes of keys that may look at rounds, and enter or call them."""

Plain = dict[str, Any]


class RoundListSchema(ListSchema):
    """Open rounds due within so many days; of this class, community, station (id)."""

    days = fields.Integer(load_default=7, validate=validate.Range(0, 400))
    cls = Text(20, data_key="class")
    community = Text(60)
    station = Text(40)


class RoundSchema(Schema):
    """One open round."""

    id = fields.String(required=True)
    resident = fields.String(required=True, metadata={"description": "The resident's id"})
    cls = fields.String(required=True, data_key="class")
    kind = fields.String(required=True)
    why = fields.String(required=True)
    means = fields.List(fields.String(), required=True)
    plan_on = fields.String(required=True)
    due_on = fields.String(required=True, metadata={"description": "The last local day that keeps the rule"})
    days_late = fields.Integer(required=True)
    stage = fields.String(required=True)
    tries = fields.Integer(required=True)


class RoundPageSchema(PageSchema):
    """One page of open rounds."""

    items = fields.List(fields.Nested(RoundSchema), required=True)


class RoundResultSchema(PositionSchema):
    """What came of it; `note` is asked for with needs. A position told at once shows that somebody is at the door."""

    result = fields.Enum(Result, by_value=True, required=True)
    means = fields.Enum(Means, by_value=True, required=True)
    note = Text(2000)
    at = Moment()
    accuracy_m = fields.Integer(validate=validate.Range(0, 100_000))


class RoundReviewSchema(Wire):
    """What a second person makes of a round at the door that is only claimed."""

    accepted = fields.Boolean(required=True)


class RoundClaimSchema(Schema):
    """A round at the door that is only claimed."""

    id = fields.String(required=True)
    resident = fields.String(required=True, metadata={"description": "The resident's id"})
    result = fields.String(required=True)
    done_on = fields.String(required=True)
    done_by = fields.String(required=True)


class RoundClaimsSchema(Schema):
    """Rounds that wait for a second person, the one that waits longest first."""

    items = fields.List(fields.Nested(RoundClaimSchema), required=True)


class RoundEnteredSchema(Schema):
    """The round that was entered."""

    round = fields.String(required=True)
    result = fields.String(required=True)


class RoundAskSchema(Wire):
    """Whom somebody asks a round for, by code or id."""

    resident = Text(40, required=True)
    note = Text(2000)


class RoundAskedSchema(Schema):
    """The round that was opened."""

    round = fields.String(required=True)


class RoundCallSchema(Wire):
    """Extra rounds between two local days. `key` is a warning's own number: the same key again calls nothing more."""

    occasion = Text(20, required=True)
    level = Text(10)
    from_on = fields.Date(required=True)
    until_on = fields.Date(required=True)
    classes = fields.List(Text(20), load_default=list)
    station = Text(40)
    note = Text(2000)
    key = Text(100)


class RoundCalledSchema(Schema):
    """Extra rounds, or null where a warning of this colour calls none."""

    id = fields.String(required=True, allow_none=True)
    occasion = fields.String(required=True)
    from_on = fields.String(required=True)
    until_on = fields.String(required=True)
    classes = fields.List(fields.String(), required=True)


class RoundMonthSchema(Wire):
    """A local month like 2026-11; this one where nothing is said."""

    month = Text(7)


class RoundRateSchema(Schema):
    """People visited in the month, of the people with a round due in it; what is only claimed is no visit."""

    month = fields.String(required=True)
    visited = fields.Integer(required=True)
    due = fields.Integer(required=True)


def rounds_api(desk: RoundsDesk, extras: Extras, book: RoundsBook, *, transactions: Transactions) -> ApiBlueprint:
    """
    `/api/v1/rounds`. A result entered twice is 409, one by means that do not do for the round 422.
    """
    bp = ApiBlueprint("rounds_api", __name__, url_prefix="/rounds", description="Rounds: who is to be seen, and was")
    once = Once(transactions)

    @bp.get("")
    @either(READ, Right.RESIDENTS_SEE)
    @bp.arguments(RoundListSchema, location="query", unknown=RAISE)
    @bp.response(200, RoundPageSchema)
    def listed(wanted: Plain) -> Any:
        """Open rounds, the longest overdue first"""
        rows = book.due(
            area(), days=wanted["days"], most=wanted["limit"] + 1, after=_place(wanted.get("cursor", "")),
            cls=wanted.get("cls", ""), community=wanted.get("community", ""), station=wanted.get("station", ""),
        )  # fmt: skip
        page = [_row(each) for each in rows[: wanted["limit"]]]
        return bookmarked(page, f"{page[-1]['due_on']}/{page[-1]['id']}" if len(rows) > len(page) else None)

    @bp.post("")
    @either(WRITE, Right.RESIDENTS_CHANGE)
    @once
    @bp.arguments(RoundAskSchema)
    @bp.response(201, RoundAskedSchema)
    def asked(wanted: Plain) -> Any:
        """Ask for a round within a day"""
        with named("resident"):
            return {"round": desk.ask_for(wanted["resident"], note=wanted.get("note", ""), by=caller(), area=area())}

    @bp.post("/<round_id>/result")
    @either(WRITE, Right.RESIDENTS_CHANGE)
    @once
    @bp.arguments(RoundResultSchema)
    @bp.response(200, RoundEnteredSchema)
    def entered(wanted: Plain, round_id: str) -> Any:
        """What came of a round"""
        desk.enter(
            round_id, wanted["result"], wanted["means"], by=caller(), area=area(), note=wanted.get("note"),
            at=wanted.get("at"), where=_where(wanted),
        )  # fmt: skip
        return {"round": round_id, "result": str(wanted["result"])}

    @bp.get("/claims")
    @either(READ, Right.RESIDENTS_SEE)
    @bp.response(200, RoundClaimsSchema)
    def claims() -> Any:
        """Rounds at the door that nothing proves yet"""
        return {"items": [_claim(one) for one, _ in book.claimed(area())]}

    @bp.post("/<round_id>/review")
    @either(WRITE, Right.ROUNDS_CALL)
    @bp.arguments(RoundReviewSchema)
    @bp.response(204)
    def reviewed(wanted: Plain, round_id: str) -> None:
        """A second person accepts a claimed round, or does not"""
        desk.review(round_id, accepted=wanted["accepted"], by=caller(), area=area())

    @bp.post("/extra")
    @either(WRITE, Right.ROUNDS_CALL)
    @once
    @bp.arguments(RoundCallSchema)
    @bp.response(201, RoundCalledSchema)
    def called(wanted: Plain) -> Any:
        """Call extra rounds, as by a warning of the weather"""
        said = Called(**{**wanted, "classes": tuple(wanted["classes"])})
        made = extras.call(said, by=caller(), area=area())
        return _campaign(made) if made else {
            "id": None, "occasion": said.occasion, "from_on": str(said.from_on), "until_on": str(said.until_on),
            "classes": [],
        }  # fmt: skip

    @bp.post("/extra/<campaign_id>/end")
    @either(WRITE, Right.ROUNDS_CALL)
    @bp.response(204)
    def ended(campaign_id: str) -> None:
        """Call extra rounds off"""
        extras.end(campaign_id, by=caller(), area=area())

    @bp.get("/rate")
    @either(READ, Right.RESIDENTS_SEE)
    @bp.arguments(RoundMonthSchema, location="query", unknown=RAISE)
    @bp.response(200, RoundRateSchema)
    def rate(wanted: Plain) -> Any:
        """The visit rate of a month"""
        month = wanted.get("month") or book.month()
        visited, due = book.rate(month, area())
        return {"month": month, "visited": visited, "due": due}

    return bp


def _place(cursor: str) -> str:
    try:
        return cursor and f"{date.fromisoformat(cursor.partition('/')[0])}/{cursor.partition('/')[2]}"
    except ValueError:
        raise Invalid("The cursor is none of ours.", {"query": {"cursor": ["none of ours"]}}) from None


def _row(due: Due) -> Plain:
    one = due.round
    return {
        "id": one.id, "resident": one.resident_id, "cls": one.cls, "kind": str(one.kind), "why": one.why,
        "means": [str(each) for each in one.means], "plan_on": one.plan_on.isoformat(),
        "due_on": one.due_on.isoformat(), "days_late": due.days_late, "stage": str(one.stage), "tries": one.tries,
    }  # fmt: skip


def _where(wanted: Plain) -> Where | None:
    position = position_of(wanted)
    return Where(position=position, accuracy_m=wanted.get("accuracy_m")) if position else None


def _claim(one: Round) -> Plain:
    return {
        "id": one.id, "resident": one.resident_id, "result": str(one.result), "done_on": str(one.done_on),
        "done_by": one.done_by,
    }  # fmt: skip


def _campaign(made: Campaign) -> Plain:
    return {
        "id": made.id, "occasion": made.occasion, "from_on": made.from_on.isoformat(),
        "until_on": made.until_on.isoformat(), "classes": list(made.classes),
    }  # fmt: skip
