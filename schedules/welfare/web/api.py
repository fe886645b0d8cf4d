# mypy: disable-error-code="untyped-decorator"
"""`/api/v1/welfare`: how households stand, signs that other programs notice, thresholds, what became of signals."""

from collections.abc import Mapping, Sequence
from typing import Any

from marshmallow import Schema, fields, validate

from dispatch.errors import Invalid
from dispatch.ids import HomeId, ResidentId
from dispatch.rules.rights import Area, Right
from dispatch.store.accounts import Reading
from dispatch.store.register_rows import HOMES, RESIDENTS, RegisterRows
from dispatch.store.transactions import Transactions
from dispatch.web.access import area, caller, either
from dispatch.web.api import ApiBlueprint
from dispatch.web.once import Once
from dispatch.web.schemas import Moment, Text, Wire, named
from schedules.welfare.gathering import Gathering
from schedules.welfare.office import BECAME, NOTE_MAX, Figures, Office, Watched
from schedules.welfare.rules.signs import SCORE_MAX, Kind, Observation
from schedules.welfare.store import Given

READ, WRITE = "welfare:read", "welfare"
"""The scopes of keys that may look at welfare, and tell signs and judge."""

SIGNS_MAX = 500

Plain = dict[str, Any]


class WelfareSignSchema(Wire):
    """
    One thing that was noticed. `home` or `resident` (code or id) says of whom; `key` is yours, the same again is
    harmless; `strength` from 0 to 1 is how much of its kind it is.
    """

    key = Text(100, required=True)
    kind = fields.String(required=True, validate=validate.OneOf([each.value for each in Kind]))
    home = Text()
    resident = Text()
    at = Moment(required=True)
    expected_at = Moment()
    strength = fields.Float(load_default=1.0, validate=validate.Range(0, 1))


class WelfareSignsSchema(Wire):
    """What was noticed, all or nothing."""

    signs = fields.List(fields.Nested(WelfareSignSchema), required=True, validate=validate.Length(1, SIGNS_MAX))


class WelfareNewSchema(Schema):
    """How many of them were new."""

    new = fields.Integer(required=True)


class WelfareReasonSchema(Schema):
    """One sign and what it adds to the score (log-odds)."""

    kind = fields.String(required=True)
    at = fields.String(required=True)
    expected_at = fields.String(required=True, allow_none=True)
    points = fields.Float(required=True)


class WelfareStandingSchema(Schema):
    """How one household stands."""

    home = fields.String(required=True)
    home_code = fields.String(required=True)
    score = fields.Float(required=True)
    threshold = fields.Float(required=True)
    own_threshold = fields.Boolean(required=True)
    reasons = fields.List(fields.Nested(WelfareReasonSchema), required=True)
    looked_at = fields.String(required=True, allow_none=True)


class WelfareFiguresSchema(Schema):
    """What became of the signals of 90 days; shares are null where nothing was counted."""

    right = fields.Integer(required=True)
    wrong = fields.Integer(required=True)
    unclear = fields.Integer(required=True)
    open = fields.Integer(required=True)
    missed = fields.Integer(required=True)
    homes = fields.Integer(required=True)
    precision = fields.Float(required=True, allow_none=True)
    recall = fields.Float(required=True, allow_none=True)
    wrong_a_month = fields.Float(required=True, allow_none=True)


class WelfareOverviewSchema(Schema):
    """Households, the highest score first, with the figures."""

    items = fields.List(fields.Nested(WelfareStandingSchema), required=True)
    figures = fields.Nested(WelfareFiguresSchema, required=True)


class WelfareGivenSchema(Schema):
    """One signal with what became of it, null while nobody knows; `missed` is a trouble that no signal told."""

    id = fields.String(required=True)
    home = fields.String(required=True)
    resident = fields.String(required=True, allow_none=True)
    alarm = fields.String(required=True, allow_none=True)
    joined = fields.Boolean(required=True)
    at = fields.String(required=True)
    score = fields.Float(required=True)
    threshold = fields.Float(required=True)
    reasons = fields.List(fields.Nested(WelfareReasonSchema), required=True)
    became = fields.String(required=True, allow_none=True)


class WelfareGivensSchema(Schema):
    """Signals of the last 90 days, the newest first."""

    items = fields.List(fields.Nested(WelfareGivenSchema), required=True)


class WelfareThresholdSchema(Wire):
    """As many log-odds as are enough at this home; null: as everywhere."""

    threshold = fields.Float(required=True, allow_none=True, validate=validate.Range(-SCORE_MAX, SCORE_MAX))
    reason = Text(NOTE_MAX, required=True)


class WelfareBecameSchema(Wire):
    """What a signal was."""

    became = fields.String(required=True, validate=validate.OneOf(BECAME))
    note = Text(NOTE_MAX)


class WelfareMissedSchema(Wire):
    """Something was wrong and no signal told."""

    home = Text(required=True)
    at = Moment(required=True)
    note = Text(NOTE_MAX, required=True)


class WelfareKeptSchema(Schema):
    """The id of what was kept."""

    id = fields.String(required=True)


def welfare_blueprint(
    office: Office, gathering: Gathering, reading: Reading, *, transactions: Transactions
) -> ApiBlueprint:  # fmt: skip
    """`/api/v1/welfare` and what is below it."""
    bp = ApiBlueprint("welfare_api", __name__, url_prefix="/welfare", description="Signs that somebody needs a look")
    once = Once(transactions)

    @bp.get("")
    @either(READ, Right.RESIDENTS_SEE)
    @bp.response(200, WelfareOverviewSchema)
    def standing() -> Any:
        """How households stand, the highest score first, and how good the signal is"""
        return {
            "items": [_standing(each) for each in office.watched(area())],
            "figures": _figures(office.figures(area())),
        }

    @bp.post("/signs")
    @either(WRITE, Right.ALARMS_ACT)
    @once
    @bp.arguments(WelfareSignsSchema)
    @bp.response(201, WelfareNewSchema)
    def signs(wanted: Plain) -> Any:
        """What another program noticed: meals, deliveries, calls, sensors"""
        found = _observations(reading, wanted["signs"], area())
        return {"new": gathering.observe(found, source=str(caller())[:40])}

    @bp.get("/signals")
    @either(READ, Right.RESIDENTS_SEE)
    @bp.response(200, WelfareGivensSchema)
    def signals() -> Any:
        """Signals with what became of them"""
        return {"items": [_given(each) for each, _ in office.signals(area())]}

    @bp.post("/signals/<signal_id>/became")
    @either(WRITE, Right.ALARMS_ACT)
    @once
    @bp.arguments(WelfareBecameSchema)
    @bp.response(200, WelfareKeptSchema)
    def became(wanted: Plain, signal_id: str) -> Any:
        """What a signal was, by somebody who knows"""
        office.became(signal_id, wanted["became"], by=caller(), area=area(), note=wanted.get("note"))
        return {"id": signal_id}

    @bp.post("/homes/<home>/threshold")
    @either(WRITE, Right.ALARMS_ACT)
    @once
    @bp.arguments(WelfareThresholdSchema)
    @bp.response(200, WelfareKeptSchema)
    def threshold(wanted: Plain, home: str) -> Any:
        """How much is enough at this home"""
        office.set_threshold(home, wanted["threshold"], reason=wanted["reason"], by=caller(), area=area())
        return {"id": home}

    @bp.post("/missed")
    @either(WRITE, Right.ALARMS_ACT)
    @once
    @bp.arguments(WelfareMissedSchema)
    @bp.response(201, WelfareKeptSchema)
    def missed(wanted: Plain) -> Any:
        """Something was wrong and no signal told"""
        with named("home"):
            return {"id": office.missed(wanted["home"], wanted["at"], note=wanted["note"], by=caller(), area=area())}

    return bp


def _observations(reading: Reading, signs: Sequence[Plain], here: Area) -> list[Observation]:
    with reading.connect() as connection:
        return [_observation(RegisterRows(connection), each, here) for each in signs]


def _observation(rows: RegisterRows, said: Plain, here: Area) -> Observation:
    if "resident" in said:
        with named("resident"):
            row = rows.one(RESIDENTS, said["resident"], here)
        home, resident = HomeId(row["home_id"]), ResidentId(row["id"])
    elif "home" in said:
        with named("home"):
            home, resident = HomeId(rows.one(HOMES, said["home"], here)["id"]), None
    else:
        raise Invalid("Please check what was entered", {"json": {"home": ["Say whose sign it is: home or resident."]}})
    return Observation(
        key=f"told:{said['key']}", kind=Kind(said["kind"]), home_id=home, resident_id=resident, at=said["at"],
        expected_at=said.get("expected_at"), strength=said["strength"],
    )  # fmt: skip


def _standing(each: Watched) -> Mapping[str, Any]:
    looked_at = each.standing.looked_at
    return {
        "home": each.standing.home_id, "home_code": each.household.home.code, "score": round(each.standing.score, 2),
        "threshold": each.threshold, "own_threshold": each.standing.threshold is not None,
        "reasons": each.standing.reasons, "looked_at": looked_at.isoformat() if looked_at else None,
    }  # fmt: skip


def _figures(found: Figures) -> Mapping[str, Any]:
    return {name: getattr(found, name) for name in WelfareFiguresSchema._declared_fields}


def _given(each: Given) -> Mapping[str, Any]:
    return {
        "id": each.id, "home": each.home_id, "resident": each.resident_id, "alarm": each.alarm_id,
        "joined": each.joined, "at": each.at.isoformat(), "score": round(each.score, 2), "threshold": each.threshold,
        "reasons": each.reasons, "became": each.became,
    }  # fmt: skip
