"""`/till`, `/meals`, a diner's card, the counts of a day, `/canteens`: for whoever feeds people or looks at it."""

import hashlib
from collections.abc import Iterable, Mapping
from contextlib import closing
from datetime import UTC, date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, Response, flash, make_response, redirect, render_template, request

from dispatch.clock import Clock
from dispatch.errors import Invalid, NotFound, Refusal
from dispatch.ids import new_id
from dispatch.rules.rights import Right
from dispatch.web.access import area, caller, file_opened, refuse_narrow, require
from dispatch.web.i18n import current_words, gettext
from dispatch.web.sizes import takes_files
from schedules.care.rules.picture import taken_at
from schedules.meals.catering import Catering, Receipt
from schedules.meals.desk import MealDesk
from schedules.meals.ordering import MealOrdering
from schedules.meals.own_pay import Listed, OwnPay
from schedules.meals.rules.handover import Count, OrderState, Proof, Stage
from schedules.meals.rules.serving import By, MealType, Presented, Serving
from schedules.meals.store.diners import Facts
from schedules.meals.waiting import Waiting
from schedules.meals.web import words
from schedules.meals.web.api import masked_name
from schedules.money.rules.amounts import loose_fen, yuan

BREAKFAST_UNTIL, LUNCH_UNTIL = 10, 15
"""Local hours until which the till proposes breakfast and lunch."""

PHOTO_MAX = 12_000_000


def meal_pages(
    catering: Catering, desk: MealDesk, ordering: MealOrdering, own_pay: OwnPay, waiting: Waiting, *, clock: Clock,
    zone: ZoneInfo,
) -> Blueprint:  # fmt: skip
    """All pages of meals."""
    bp = Blueprint("meals", __name__, template_folder="templates")
    shown = _Shown(desk, ordering, waiting, clock, zone)

    @bp.get("/till")
    @require(Right.MEALS_SERVE)
    def till() -> Any:
        return shown.till()

    @bp.post("/till")
    @require(Right.MEALS_SERVE)
    def serve() -> Any:
        is_quote = request.form.get("do") == "quote"
        try:
            (receipt,) = (catering.quote if is_quote else catering.serve)(
                [_presented(request.form, clock.now(), zone)], by=caller(), area=area()
            )
        except (Refusal, ValueError) as wrong:
            return make_response(shown.till(wrong=_said(wrong)), 422)
        if receipt.wrong is not None:
            return make_response(shown.till(wrong=receipt.wrong.detail), 422)
        return shown.till(quote=receipt) if is_quote else shown.till(receipt=receipt)

    @bp.get("/till/list")
    @require(Right.MEALS_SERVE)
    def till_list() -> Any:
        said = request.args
        meal = MealType(said["meal"] if said.get("meal") in set(MealType) else shown.now_served())
        found, wrong = None, ""
        if said.get("till"):
            try:
                price = _money(said.get("price", ""))
                found = own_pay.of(said["till"], meal, price, by=caller(), area=area())
                file_opened("list:own pay")
            except Invalid as refused:
                wrong = refused.detail
        page = shown.till_list(found, meal=str(meal), wrong=wrong)
        return make_response(page, 422 if wrong else 200)

    @bp.post("/till/cancel")
    @require(Right.MEALS_SERVE)
    def cancel() -> Any:
        form = request.form
        try:
            catering.cancel(form.get("till", ""), form.get("ref", "")[:80], by=caller(), area=area())
        except Refusal as wrong:
            return make_response(shown.till(wrong=wrong.detail), 404)
        flash(gettext("The meal is cancelled, its money is back."))
        return redirect("/till", 303)

    @bp.get("/meals")
    @require(Right.MEALS_SEE)
    def meals() -> Any:
        return shown.meals()

    @bp.post("/meals/waiting")
    @require(Right.MEALS_SERVE)
    def priced() -> Any:
        since = _day(request.form.get("since", ""), desk.today)
        found, waiting = catering.price_waiting(since=since, by=caller(), area=area())
        back = sum(each.differs_fen for each in found)
        flash(gettext(
            "Meals priced now: %(n)s; still waiting for a rule: %(waiting)s. Diners get back ¥%(back)s.",
            n=len(found), waiting=waiting, back=yuan(back),
        ))  # fmt: skip
        return redirect(f"/meals?review=1&since={since}", 303)

    @bp.get("/meals/export.csv")
    @require(Right.EXPORT)
    def export() -> Any:
        refuse_narrow()
        file_opened("list:meals")
        first = _month(desk.today)
        lines = desk.exported(first, _last_of(first))
        head = {"Content-Disposition": f'attachment; filename="meals-{first:%Y-%m}.csv"'}
        return Response(lines, mimetype="text/csv", headers=head)

    @bp.get("/meals/day")
    @require(Right.MEALS_SEE)
    def day() -> Any:
        return shown.day()

    @bp.post("/meals/day/<any(order, settle, count):deed>")
    @require(Right.MEALS_SERVE)
    @takes_files(PHOTO_MAX + 100_000)
    def change(deed: str) -> Any:
        on = _day(request.form.get("on", ""), desk.today)
        try:
            {"order": _order, "settle": _settle, "count": _count}[deed](ordering, request.form, on)
        except (Refusal, ValueError) as wrong:
            return make_response(shown.day(on, wrong=_said(wrong), deed=deed), 404 if _is_absent(wrong) else 422)
        return redirect(f"/meals/day?day={on}", 303)

    @bp.get("/meals/diner/<resident>")
    @require(Right.MEALS_SEE)
    def diner(resident: str) -> Any:
        return shown.card(resident)

    @bp.post("/meals/diner/<resident>")
    @require(Right.RESIDENTS_CHANGE)
    def keep(resident: str) -> Any:
        try:
            card = request.form.get("card", "").strip() or None
            since = _day(request.form.get("since", ""), desk.today)
            desk.put_diner(
                resident, _facts(request.form), card_number=card, since=since, by=caller(), area=area()
            )  # fmt: skip
        except (Refusal, ValueError) as wrong:
            if _is_absent(wrong):
                raise
            return make_response(shown.card(resident, wrong=_said(wrong)), 422)
        return redirect(f"/meals/diner/{resident}", 303)

    @bp.get("/canteens")
    @require(Right.MEALS_SEE)
    def canteens() -> Any:
        return shown.canteens()

    @bp.post("/canteens")
    @require(Right.IMPORT)
    def put() -> Any:
        try:
            _put(desk, request.form)
        except (Refusal, ValueError) as wrong:
            return make_response(shown.canteens(wrong=_said(wrong)), 422)
        return redirect("/canteens", 303)

    return bp


class _Shown:
    """The pages as they look now."""

    def __init__(
        self, desk: MealDesk, ordering: MealOrdering, waiting: Waiting, clock: Clock, zone: ZoneInfo
    ) -> None:  # fmt: skip
        self._desk, self._ordering, self._waiting, self._clock, self._zone = desk, ordering, waiting, clock, zone

    def till(self, *, receipt: Receipt | None = None, quote: Receipt | None = None, wrong: str = "") -> str:
        """A quote keeps what was typed: serving it is the next press."""
        said: Mapping[str, str] = request.form if wrong or quote else {}
        return self._page(
            "till.html", tills=self._desk.tills(area()), receipt=receipt, quote=quote, wrong=wrong, said=said,
            ref=said.get("ref") or new_id(), meal=said.get("meal") or self.now_served(),
            at=said.get("at") or self._clock.now().isoformat(),
            chosen=request.form.get("till", request.args.get("till", "")),
        )  # fmt: skip

    def till_list(self, found: Listed | None, *, meal: str, wrong: str) -> str:
        return self._page(
            "till_list.html", tills=self._desk.tills(area()), found=found, meal=meal, wrong=wrong, said=request.args
        )  # fmt: skip

    def meals(self) -> str:
        until = _day(request.args.get("until", ""), self._desk.today)
        since = _day(request.args.get("since", ""), until - min(timedelta(days=6), until - date.min))
        review = request.args.get("review") == "1"
        rows = self._desk.meals(area(), since=since, until=until, review=review)
        return self._page(
            "meals.html", rows=rows, since=since, until=until, review=review, month=f"{until:%Y-%m}",
            waits=self._waiting.told(area()),
        )  # fmt: skip

    def day(self, on: date | None = None, *, wrong: str = "", deed: str = "") -> str:
        on = on or _day(request.args.get("day", ""), self._desk.today)
        rows = self._ordering.day(on, area())
        diners = self._ordering.diners([order for row in rows for order in row.orders])
        points = [each for each, _ in self._desk.canteens(area())]
        return self._page(
            "meals_day.html", rows=rows, on=on, diners=diners, points=points, wrong=wrong, deed=deed,
            said=request.form if wrong else {}, before=on - timedelta(days=1), after=on + timedelta(days=1),
        )  # fmt: skip

    def card(self, resident: str, *, wrong: str = "") -> str:
        month = self._desk.month(resident, _month(self._desk.today), area())
        file_opened(month.diner.id)
        return self._page(
            "meals_diner.html", card=month, wrong=wrong, said=request.form if wrong else {}, today=self._desk.today,
        )  # fmt: skip

    def canteens(self, *, wrong: str = "") -> str:
        rows, tills = self._desk.canteens(area()), self._desk.tills(area())
        of = {each.id: [till.code for till, at in tills if at.id == each.id] for each, _ in rows}
        return self._page(
            "canteens.html", rows=rows, tills=of, policies=self._desk.policies(), wrong=wrong,
            said=request.form if wrong else {}, today=self._desk.today,
        )  # fmt: skip

    def _page(self, name: str, **values: Any) -> str:
        return render_template(
            name, yuan=yuan, masked_name=masked_name, local=self._local, MEALS=words.MEALS, BYS=words.BYS,
            KINDS=words.KINDS, STAGES=words.STAGES, STATES=words.STATES, REASONS=words.REASONS, PROOFS=words.PROOFS,
            because=_because, Stage=Stage, given=_given, **values,
        )  # fmt: skip

    def _local(self, at: datetime) -> str:
        return f"{at.astimezone(self._zone):%m-%d %H:%M}"

    def now_served(self) -> str:
        hour = self._clock.now().astimezone(self._zone).hour
        return "breakfast" if hour < BREAKFAST_UNTIL else "lunch" if hour < LUNCH_UNTIL else "dinner"


def _because(serving: Serving) -> Iterable[str]:
    return serving.answer.because.get(current_words().lang, ())


def _given(serving: Serving) -> int:
    return sum(serving.answer.money.funds.values())


def _presented(form: Mapping[str, str], now: datetime, zone: ZoneInfo) -> Presented:
    delivery, charged = bool(form.get("delivery")), form.get("charged", "").strip()
    return Presented(
        till=form.get("till", ""), ref=form.get("ref", "")[:80] or new_id(), meal_type=MealType(form.get("meal", "")),
        served_at=_typed(form, zone) or _moment(form, now),
        price_fen=_money(form.get("price", "")), by=By(form.get("by", "")),
        who=form.get("who", "").strip()[:40], delivery=delivery,
        delivery_fee_fen=_money(form.get("fee") or "0") if delivery else 0, operator=caller(),
        charged_fen=_money(charged) if charged else None,
    )  # fmt: skip


def _typed(form: Mapping[str, str], zone: ZoneInfo) -> datetime | None:
    """When a meal was served while there was no connection, as somebody wrote it down: local time."""
    text = form.get("when", "").strip()
    if not text:
        return None
    try:
        return datetime.fromisoformat(text).replace(tzinfo=zone).astimezone(UTC)
    except ValueError:
        raise Invalid("A time is written 2026-11-22T11:30.") from None


def _moment(form: Mapping[str, str], now: datetime) -> datetime:
    """When the form was first shown at the till: the same form sent twice is the same meal."""
    try:
        at = datetime.fromisoformat(form.get("at", ""))
    except ValueError:
        return now
    return at.astimezone(UTC) if at.tzinfo and abs(now - at) < timedelta(minutes=10) else now


def _money(text: str) -> int:
    try:
        return loose_fen(text.strip())
    except ValueError:
        raise Invalid("A price is yuan with at most two decimals, like 12.50.") from None


def _order(ordering: MealOrdering, form: Mapping[str, str], on: date) -> None:
    ordering.order(
        form.get("resident", "").strip(), form.get("canteen", ""), on, MealType(form.get("meal", "")),
        delivery=bool(form.get("delivery")), by=caller(), area=area(),
    )  # fmt: skip


def _settle(ordering: MealOrdering, form: Mapping[str, str], _on: date) -> None:
    proof, shown, content = form.get("proof", ""), form.get("shown", ""), _photo()
    if content:
        # The picture is not kept: its hash proves it, and its own word says when it was taken.
        proof, shown = Proof.PHOTO, hashlib.sha256(content).hexdigest()
    ordering.settle(
        form.get("order", ""), OrderState(form.get("state", "")), proof=Proof(proof) if proof else None, shown=shown,
        taken_at=taken_at(content, ordering.zone), by=caller(), area=area(),
    )  # fmt: skip


def _photo() -> bytes:
    """
    The picture that was chosen; empty without one.

    Raises:
        Invalid: it is too large.
    """
    file = request.files.get("photo")
    if file is None:
        return b""
    with closing(file):
        content: bytes = file.read(PHOTO_MAX + 1)
    if len(content) > PHOTO_MAX:
        raise Invalid("The photo is too large.")
    return content


def _count(ordering: MealOrdering, form: Mapping[str, str], on: date) -> None:
    count = form.get("count", "")
    if not (count.isascii() and count.isdigit() and len(count) < 7):
        raise Invalid("A count is a whole number from 0 to 100000.")
    said = Count(stage=Stage(form.get("stage", "")), count=int(count), why=form.get("why", "")[:500])
    ordering.count(form.get("canteen", ""), on, MealType(form.get("meal", "")), said, by=caller(), area=area())


def _facts(form: Mapping[str, str]) -> Facts:
    income = form.get("income", "").strip()
    for name in ("hukou", "residence"):
        code = form.get(name, "").strip()
        if code and not (code.isascii() and code.isdigit() and 2 <= len(code) <= 12):
            raise Invalid("An area code has 2 to 12 digits.")
    return Facts(
        hukou=form.get("hukou", "").strip(), residence=form.get("residence", "").strip(),
        income_fen=_money(income) if income else None, schemes=tuple(form.get("schemes", "").split()),
    )  # fmt: skip


def _put(desk: MealDesk, form: Mapping[str, str]) -> None:
    said: dict[str, Any] = {
        name: form.get(name, "").strip() for name in ("code", "name", "kind", "area_code", "station", "place", "hours")
    }  # fmt: skip
    if form.get("policy"):
        known = next((terms for each, terms in desk.canteens(area()) if each.code == said["code"]), [])
        fresh = _day(form.get("from_on", ""), desk.today)
        kept = [
            {"policy": each.policy, "from_on": each.from_on,
             "until_on": min(each.until_on or date.max, fresh - timedelta(days=1))}
            for each in known if each.from_on < fresh
        ]  # fmt: skip
        said["rules"] = [*kept, {"policy": form["policy"], "from_on": fresh, "until_on": None}]
    if not said["code"]:
        raise Invalid("A canteen has a code.")
    desk.put(said, by=caller(), area=area())
    if form.get("till", "").strip():
        desk.put_till(form["till"].strip()[:40], said["code"], by=caller(), area=area())


def _said(wrong: Exception) -> str:
    return wrong.detail if isinstance(wrong, Refusal) else "Please check what was entered"


def _is_absent(wrong: Exception) -> bool:
    return isinstance(wrong, NotFound)


def _day(text: str, otherwise: date) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError:
        return otherwise


def _month(today: date) -> date:
    return _day(f"{request.args.get('month', '')}-01", today.replace(day=1))


def _last_of(first: date) -> date:
    return date(first.year + first.month // 12, first.month % 12 + 1, 1) - timedelta(days=1)
