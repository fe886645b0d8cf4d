# mypy: disable-error-code="untyped-decorator"
"""What a resident agreed to, in which version of the words: kept and withdrawn by people, through the API."""

from typing import Any

from marshmallow import Schema, fields, validate

from dispatch.privacy.consenting import CHANNELS, Consenting
from dispatch.rules.rights import Right
from dispatch.store.transactions import Transactions
from dispatch.web.access import area, caller, require
from dispatch.web.api import ApiBlueprint
from dispatch.web.once import Once
from dispatch.web.schemas import Text, Wire


class GivenSchema(Wire):
    """A consent as it was given. `version` names the words that were read out or signed."""

    purpose = Text(40, required=True)
    version = Text(40, required=True)
    given_by = Text(120, required=True)
    channel = fields.String(required=True, validate=validate.OneOf(CHANNELS))


class ConsentSchema(Schema):
    """A consent on file; `withdrawn_at` is null while it holds."""

    id = fields.String(required=True)
    purpose = fields.String(required=True)
    version = fields.String(required=True)
    channel = fields.String(required=True)
    given_at = fields.AwareDateTime(required=True)
    withdrawn_at = fields.AwareDateTime(required=True, allow_none=True)


class ConsentsSchema(Schema):
    """All of a resident's, oldest first."""

    items = fields.List(fields.Nested(ConsentSchema), required=True)


class KeptSchema(Schema):
    """A consent by its id."""

    consent = fields.String(required=True)


def consents_blueprint(consenting: Consenting, *, transactions: Transactions) -> ApiBlueprint:
    """`/api/v1/privacy/residents/{id}/consents`."""
    bp = ApiBlueprint("consents", __name__, url_prefix="/privacy/residents", description="What residents agreed to")
    once = Once(transactions)

    @bp.get("/<resident_id>/consents")
    @require(Right.RESIDENTS_SEE)
    @bp.response(200, ConsentsSchema)
    def consents(resident_id: str) -> Any:
        return {"items": consenting.of(resident_id, area())}

    @bp.post("/<resident_id>/consents")
    @require(Right.RESIDENTS_CHANGE)
    @once
    @bp.arguments(GivenSchema)
    @bp.response(201, KeptSchema)
    def keep(given: dict[str, Any], resident_id: str) -> Any:
        return {"consent": consenting.keep(resident_id, **given, by=caller(), area=area())}

    @bp.post("/<resident_id>/consents/<consent_id>/withdraw")
    @require(Right.RESIDENTS_CHANGE)
    @once
    @bp.response(200, KeptSchema)
    def withdraw(resident_id: str, consent_id: str) -> Any:
        consenting.withdraw(resident_id, consent_id, by=caller(), area=area())
        return {"consent": consent_id}

    return bp
