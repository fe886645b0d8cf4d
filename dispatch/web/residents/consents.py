# mypy: disable-error-code="untyped-decorator"
"""What a contact may be told of an alarm: a page of its own beside the contact, and the same for programs."""

from collections.abc import Mapping
from typing import Any

from flask import Blueprint, flash, make_response, redirect, render_template, request
from marshmallow import fields, validate
from werkzeug.wrappers import Response

from dispatch.errors import Invalid
from dispatch.registry.contact_consents import GIVEN_BY_MAX, ContactConsents
from dispatch.rules.family import Stage
from dispatch.rules.rights import Right
from dispatch.store.register_rows import CONTACTS
from dispatch.web.access import area, caller, either, require
from dispatch.web.api import ApiBlueprint
from dispatch.web.i18n import N_, gettext
from dispatch.web.once import Once
from dispatch.web.residents.api import WRITE, answered
from dispatch.web.residents.telling import schema_of
from dispatch.web.residents.work import Work
from dispatch.web.schemas import Text, Wire

STAGES: Mapping[str, str] = {
    Stage.RAISED: N_("that there is an alarm"),
    Stage.COMING: N_("that somebody is on the way"),
    Stage.THERE: N_("that somebody is there"),
    Stage.CLOSED: N_("that it is over"),
}


class ContactConsentSchema(Wire):
    """Who allowed it, and what the contact may be told of; an empty list takes everything back."""

    given_by = Text(GIVEN_BY_MAX, required=True)
    may_know = fields.List(fields.String(validate=validate.OneOf(list(Stage))), required=True)


def consent_pages(consents: ContactConsents) -> Blueprint:
    """`/contacts/<name>/consent`."""
    bp = Blueprint("contact_consents", __name__)

    def page(name: str, status: int, *, said: Mapping[str, Any], wrong: str = "") -> Response:
        row, kept = consents.of(name, area())
        ticked = said.get("may_know", row["may_know"])
        shown = render_template(
            "contact_consent.html", row=row, kept=kept, ticked=ticked, said=said, wrong=wrong, STAGES=STAGES,
            longest=GIVEN_BY_MAX,
        )  # fmt: skip
        return make_response(shown, status)

    @bp.get("/contacts/<name>/consent")
    @require(Right.RESIDENTS_CHANGE)
    def consent(name: str) -> Response:
        return page(name, 200, said={})

    @bp.post("/contacts/<name>/consent")
    @require(Right.RESIDENTS_CHANGE)
    def keep(name: str) -> Response:
        ticked, given_by = request.form.getlist("may_know"), request.form.get("given_by", "")
        try:
            row = consents.keep(name, may_know=ticked, given_by=given_by, by=caller(), area=area())
        except Invalid as refused:
            return page(name, 422, said={"may_know": ticked, "given_by": given_by}, wrong=_why(refused))
        flash(gettext("Done."))
        return redirect(f"/homes/{row['home_id']}", 303)

    return bp


def consent_api(consents: ContactConsents, work: Work) -> ApiBlueprint:
    """`/api/v1/contacts/{name}/consent`."""
    bp = ApiBlueprint("contact_consents_api", __name__, description="What contacts may be told")
    once = Once(work.transactions)

    @bp.post("/contacts/<name>/consent")
    @either(WRITE, Right.RESIDENTS_CHANGE)
    @once
    @bp.arguments(ContactConsentSchema)
    @bp.response(200, schema_of(CONTACTS))
    def keep(wanted: dict[str, Any], name: str) -> Any:
        return answered(work, consents.keep(name, **wanted, by=caller(), area=area()))

    return bp


def _why(refused: Invalid) -> str:
    return next((gettext(why) for found in refused.errors["json"].values() for why in found), refused.detail)
