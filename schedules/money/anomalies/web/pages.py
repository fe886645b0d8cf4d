"""
`/findings/money`: the queue of findings, one with its evidence and its outcome, and the list of checks on site.

No script: whatever is refused comes back with what was typed.
"""

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from flask import Blueprint, flash, make_response, redirect, render_template, request
from werkzeug.wrappers import Response

from dispatch.errors import Conflict, Invalid
from dispatch.rules.rights import Right
from dispatch.web.access import area, caller, may, require
from dispatch.web.i18n import gettext
from dispatch.web.words import word
from schedules.money.anomalies.desk import FindingsDesk
from schedules.money.anomalies.rules.judging import NEXT, Result, State
from schedules.money.anomalies.rules.serving import Code
from schedules.money.anomalies.store.findings import Wanted
from schedules.money.anomalies.web import words
from schedules.money.rules import amounts
from schedules.money.rules.statement import masked

SHOWN = 200
"""Findings on one page; the rest comes when these are decided."""

Form = Mapping[str, str]


def finding_pages(desk: FindingsDesk, *, names: Callable[[], Mapping[str, str]]) -> Blueprint:
    """`names` says what people are called, by reference. Who may see public money sees it; who approves it decides."""
    bp = Blueprint("money_findings", __name__, template_folder="templates")
    bp.record_once(lambda state: state.app.jinja_env.globals.update(word=word))

    def one(finding_id: str, status: int = 200, *, said: Form | None = None, wrong: str = "") -> Response:
        case = desk.get(finding_id, area())
        return _page("money_finding.html", status, case=case, found=case.found, names=names(), said=said or {},
                     who=_who(desk, [case.found.resident]), wrong=wrong,
                     next=sorted(NEXT[case.state], key=list(State).index))  # fmt: skip

    def checks(month: str, status: int = 200, *, said: Form | None = None, wrong: str = "", at: str = "") -> Response:
        months = desk.months()
        month = month or (months[0] if months else "")
        drawn = desk.drawn(month, area()) if month else None
        return _page("money_checks.html", status, months=months, month=month, drawn=drawn, names=names(),
                     who=_who(desk, [each.lot.resident for each in drawn.checks] if drawn else []), said=said or {},
                     wrong=wrong, at=at)  # fmt: skip

    @bp.get("/findings/money")
    @require(Right.MONEY_SEE)
    def queue() -> Response:
        chosen = {name: request.args.get(name, "")[:80] for name in ("state", "code", "canteen")}
        wanted = Wanted(
            state=State(chosen["state"]) if chosen["state"] in list(State) else State.OPEN,
            code=Code(chosen["code"]) if chosen["code"] in list(Code) else None,
            canteen=chosen["canteen"].strip(), most=SHOWN,
        )  # fmt: skip
        assert wanted.state is not None
        return _page("money_findings.html", 200, rows=desk.some(wanted, area()), tally=desk.tally(area()),
                     lacking=desk.lacking, chosen=chosen | {"state": wanted.state.value}, SHOWN=SHOWN)  # fmt: skip

    @bp.get("/findings/money/<finding_id>")
    @require(Right.MONEY_SEE)
    def finding(finding_id: str) -> Response:
        return one(finding_id)

    @bp.post("/findings/money/<finding_id>")
    @require(Right.MONEY_APPROVE)
    def decide(finding_id: str) -> Response:
        form = request.form
        try:
            to, fen = _state(form.get("state", "")), fen_said(form.get("recovered", ""))
            desk.judge(finding_id, to, by=caller(), area=area(), note=form.get("note", "")[:2000], recovered_fen=fen)
        except (Invalid, Conflict) as refused:
            return one(finding_id, _status(refused), said=form, wrong=_why(refused))
        flash(gettext("Kept, thank you."))
        return redirect("/findings/money", 303)

    @bp.get("/findings/money/checks")
    @require(Right.MONEY_SEE)
    def drawn() -> Response:
        return checks(request.args.get("month", "")[:7])

    @bp.post("/findings/money/checks/<check_id>")
    @require(Right.MONEY_APPROVE)
    def enter(check_id: str) -> Response:
        form, month = request.form, desk.one_check(check_id, area()).month
        try:
            if form.get("result", "") not in list(Result):
                raise wrong_field("result", "Please choose one.")
            desk.check(check_id, Result(form["result"]), by=caller(), area=area(), note=form.get("note", "")[:2000])
        except (Invalid, Conflict) as refused:
            return checks(month, _status(refused), said=form, wrong=_why(refused), at=check_id)
        flash(gettext("Kept, thank you."))
        return redirect(f"/findings/money/checks?month={month}", 303)

    return bp


def fen_said(text: str) -> int:
    """
    An amount in yuan as people type it, in fen; nothing is 0.

    Raises:
        Invalid: it is none.
    """
    said = text.strip().lstrip("¥￥").replace(",", "").strip()
    if not said:
        return 0
    try:
        return amounts.loose_fen(said)
    except ValueError:
        raise wrong_field("recovered", "Write yuan with two decimals at most.") from None


def wrong_field(place: str, why: str) -> Invalid:
    return Invalid("Please check what was entered", {"json": {place: [why]}})


def _state(said: str) -> State:
    if said not in list(State) or said == State.OPEN:
        raise wrong_field("state", "Please choose one.")
    return State(said)


def _page(template: str, status: int, **told: Any) -> Response:
    names = {"CODES": words.CODES, "SEVERITIES": words.SEVERITIES, "STATES": words.STATES, "FIGURES": words.FIGURES,
             "RESULTS": words.RESULTS, "KINDS": words.KINDS}  # fmt: skip
    may_decide = may(Right.MONEY_APPROVE)
    return make_response(render_template(template, **names, **told, yuan=yuan, may_decide=may_decide), status)


def _who(desk: FindingsDesk, residents: Iterable[str | None]) -> Callable[[str], str]:
    """What residents are called on a page: the name masked, and the code; a stranger's id stays."""
    known = desk.people([each for each in residents if each])

    def called(resident: str) -> str:
        code, name = known.get(resident, (resident, ""))
        return f"{masked(name)} {code}".strip()

    return called


def yuan(fen: int) -> str:
    """An amount for people: ¥12.60."""
    return f"¥{amounts.yuan(fen)}"


def _why(refused: Invalid | Conflict) -> str:
    """The sentence that says most."""
    if isinstance(refused, Invalid):
        return next(
            (each for where in refused.errors.values() for one in where.values() for each in one), refused.detail
        )
    return refused.detail


def _status(refused: Invalid | Conflict) -> int:
    return 422 if isinstance(refused, Invalid) else 409
