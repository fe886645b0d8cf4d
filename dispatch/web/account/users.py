"""`/users`: everybody's accounts, for administrators."""

from collections.abc import Callable, Mapping
from typing import Any

from flask import Blueprint, flash, make_response, redirect, render_template, request
from werkzeug.wrappers import Response

from dispatch.accounts.second_step import SecondStep
from dispatch.accounts.staff import Staff, area_of, stations_of
from dispatch.errors import Conflict, Invalid
from dispatch.ids import OperatorId
from dispatch.rules.rights import Area, Right, Role
from dispatch.store.accounts import Reading
from dispatch.web.access import caller, recently, require, signed_in
from dispatch.web.account.words import ROLES
from dispatch.web.i18n import gettext
from dispatch.web.words import word

Form = Any


def users_blueprint(step: SecondStep, staff: Staff, reading: Reading) -> Blueprint:
    """The list, the invitation and what is done to one account."""
    bp = Blueprint("users", __name__)

    def page(**more: Any) -> str:
        _, sealed = step.left(signed_in())
        return render_template(
            "users.html", people=staff.everybody(), stations=stations_of(reading), sealed=sealed, ROLES=ROLES,
            word=word, form=request.form, **more,
        )  # fmt: skip

    @bp.get("/users")
    @require(Right.ACCOUNTS)
    def users() -> str:
        return page()

    @bp.post("/users")
    @require(Right.ACCOUNTS)
    @recently
    def invite() -> Any:
        form = request.form
        try:
            operator, code = staff.invite(
                form.get("login", ""), form.get("name", ""), roles=_roles(form), area=_area(form, reading),
                lang=form.get("lang", "zh"), by=caller(),
            )  # fmt: skip
        except (Invalid, Conflict) as refusal:
            return make_response(page(error=gettext(refusal.detail)), 422 if isinstance(refusal, Invalid) else 409)
        return page(shown=code, whose=operator)

    @bp.post("/users/<operator_id>/appoint")
    @require(Right.ACCOUNTS)
    @recently
    def appoint(operator_id: str) -> Any:
        roles, area = _roles(request.form), _area(request.form, reading)
        return _tried(lambda: staff.appoint(OperatorId(operator_id), roles=roles, area=area, by=caller()))

    @bp.post("/users/<operator_id>/reset")
    @require(Right.ACCOUNTS)
    @recently
    def reset(operator_id: str) -> Any:
        id_ = OperatorId(operator_id)
        code = staff.reset(id_, factor=bool(request.form.get("factor")), by=caller())
        return page(shown=code, whose=staff.operator(id_))

    @bp.post("/users/<operator_id>/<any(disable, enable, factor, sessions):deed>")
    @require(Right.ACCOUNTS)
    @recently
    def act(operator_id: str, deed: str) -> Any:
        staff.operator(OperatorId(operator_id))
        return _tried(lambda: _ACTS[deed](staff, OperatorId(operator_id)))

    @bp.post("/users/seal")
    @require(Right.ACCOUNTS)
    @recently
    def seal() -> str:
        return page(seal=step.seal(by=caller()))

    def _tried(work: Callable[[], object]) -> Any:
        try:
            work()
        except (Invalid, Conflict) as refusal:
            return make_response(page(error=gettext(refusal.detail)), 422 if isinstance(refusal, Invalid) else 409)
        flash(gettext("Done."))
        return _back()

    return bp


def _back() -> Response:
    return redirect("/users", 303)


_ACTS: Mapping[str, Callable[[Staff, OperatorId], object]] = {
    "disable": lambda staff, id_: staff.disable(id_, by=caller()),
    "enable": lambda staff, id_: staff.enable(id_, by=caller()),
    "factor": lambda staff, id_: staff.drop_factor(id_, by=caller()),
    "sessions": lambda staff, id_: staff.end_session(id_, "", by=caller()),
}


def roles_of(wanted: list[str]) -> frozenset[Role]:
    """
    These roles.

    Raises:
        Invalid: one of them is none.
    """
    if set(wanted) - set(Role):
        raise Invalid("There is no such role.", {"roles": ["There is no such role."]})
    return frozenset(map(Role, wanted))


def _roles(form: Form) -> frozenset[Role]:
    return roles_of(form.getlist("roles"))


def _area(form: Form, reading: Reading) -> Area:
    return area_of(form.getlist("stations"), reading)
