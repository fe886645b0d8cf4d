"""
A month's account with one payee or one fund, and its way to the money.

    draft ─submit─► review ─publish─► published ─approve─► approved ─pay─► paid
      ▲               │                   │
      └──send_back────┴────withdraw───────┘

Its sums come out of a closed month and never change; what was wrong is put right by entries of the next month.
Nobody does two of these with one statement: draw or submit it, publish it, approve it; and whoever approved it does not
pay it. So it has passed three people before any money leaves, as where a town reviews and the district approves
(CARE-RULES 2.5), and nobody both orders and makes a payment. Where there are only two people, whoever published may
approve as well: one makes statements and pays, the other publishes and approves. Approving waits until the days for
objections are over and every objection has an answer, which is not given by whoever submitted.
"""

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from enum import StrEnum

from dispatch.errors import Conflict
from dispatch.rules.people import Person


class Kind(StrEnum):
    """Whose account it is: of who is owed the money, or of the fund that gives it."""

    PAYEE = "payee"
    FUND = "fund"


class State(StrEnum):
    """How far it is."""

    DRAFT = "draft"
    REVIEW = "review"
    PUBLISHED = "published"
    APPROVED = "approved"
    PAID = "paid"


class Deed(StrEnum):
    """What is done with it."""

    DRAW = "draw"
    SUBMIT = "submit"
    SEND_BACK = "send_back"
    PUBLISH = "publish"
    WITHDRAW = "withdraw"
    APPROVE = "approve"
    PAY = "pay"


WAYS = {
    Deed.SUBMIT: (State.DRAFT, State.REVIEW),
    Deed.SEND_BACK: (State.REVIEW, State.DRAFT),
    Deed.PUBLISH: (State.REVIEW, State.PUBLISHED),
    Deed.WITHDRAW: (State.PUBLISHED, State.DRAFT),
    Deed.APPROVE: (State.PUBLISHED, State.APPROVED),
    Deed.PAY: (State.APPROVED, State.PAID),
}
"""From where each deed leads where."""

APART: Mapping[Deed, tuple[Deed, ...]] = {
    Deed.PUBLISH: (Deed.SUBMIT, Deed.DRAW),
    Deed.APPROVE: (Deed.SUBMIT, Deed.DRAW, Deed.PUBLISH),
    Deed.PAY: (Deed.APPROVE,),
}
"""What somebody must not have done with a statement, to do this with it."""

BARRED = {
    (Deed.PUBLISH, Deed.SUBMIT): "Whoever submitted a statement neither publishes nor approves it.",
    (Deed.APPROVE, Deed.SUBMIT): "Whoever submitted a statement neither publishes nor approves it.",
    (Deed.PUBLISH, Deed.DRAW): "Whoever drew a statement neither publishes nor approves it.",
    (Deed.APPROVE, Deed.DRAW): "Whoever drew a statement neither publishes nor approves it.",
    (Deed.APPROVE, Deed.PUBLISH): "Whoever published a statement does not approve it: a second reviewer does.",
    (Deed.PAY, Deed.APPROVE): "Whoever approved a statement does not pay it.",
}
"""Why not, for each pair of deeds that two people do."""

OWN_ANSWER = "Whoever submitted a statement does not answer what is objected to it."

REVIEWS = frozenset({Deed.SEND_BACK, Deed.PUBLISH, Deed.WITHDRAW, Deed.APPROVE})
"""Deeds of who reviews; the others are of who keeps the accounts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """
    One account of one closed month. `amount_fen` is what the payee is owed, or what the fund gives; it may be negative
    where more was taken back than given. `account` is that of the ledger: "owed:canteen-7", "fund:city".
    """

    id: str
    month: str
    kind: Kind
    account: str
    name: str
    station_id: str | None
    amount_fen: int
    entries: int
    state: State = State.DRAFT
    submitted_by: str | None = None
    objections_until: date | None = None
    version: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One deed as it is kept. `on` and `reference` are those of the payment."""

    id: str
    statement_id: str
    deed: Deed
    state: State
    by: str
    at: datetime
    on: date | None = None
    reference: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Objection:
    """What somebody said against a published statement, and what became of it (`upheld` None: nothing yet)."""

    id: str
    statement_id: str
    said_by: str
    text: str
    by: str
    at: datetime
    upheld: bool | None = None
    answer: str = ""
    answered_by: str | None = None
    answered_at: datetime | None = None


def taken(
    statement: Statement, deed: Deed, *, by: Person, today: date, days: int, objections: Collection[Objection],
    steps: Sequence[Step] = (), second_reviewer: bool = True,
) -> Statement:  # fmt: skip
    """
    The statement one step further. `days` is how long it hangs out for objections, `today` the local day; `steps` is
    what was done with it so far, the first first; `second_reviewer` as `barred` takes it.

    Raises:
        Conflict: not from where it stands, not by this person, not yet, or an objection has no answer.
    """
    start, end = WAYS[deed]
    if statement.state is not start:
        raise Conflict("A statement in this state does not take this step.")
    why_not = barred(deed, by=by, steps=steps, second_reviewer=second_reviewer)
    if why_not is not None:
        raise Conflict(why_not)
    if deed is Deed.APPROVE:
        _refuse_early(statement, today, objections)
    changes: dict[str, object] = {"state": end}
    if deed is Deed.SUBMIT:
        changes["submitted_by"] = str(by)
    if deed is Deed.PUBLISH:
        changes["objections_until"] = today + timedelta(days=days)
    return replace(statement, **changes)  # type: ignore[arg-type]


def barred(deed: Deed, *, by: Person, steps: Sequence[Step], second_reviewer: bool = True) -> str | None:
    """
    Why this person may not do it to this statement: that they drew it, or what they did since it was submitted; else
    None. Without a `second_reviewer` whoever published approves as well.
    """
    mine = {each.deed for each in [*_this_time(steps), *_drawn(steps)] if each.by == by}
    mine -= set() if second_reviewer else {Deed.PUBLISH}
    return next((BARRED[deed, each] for each in APART.get(deed, ()) if each in mine), None)


def refuse_own_answer(by: Person, steps: Sequence[Step]) -> None:
    """
    Raises:
        Conflict: it is this person's own statement that is objected to.
    """
    if any(each.deed is Deed.SUBMIT and each.by == by for each in _this_time(steps)):
        raise Conflict(OWN_ANSWER)


def _this_time(steps: Sequence[Step]) -> Sequence[Step]:
    """Since it was last submitted: what was done with it before it went back is another matter."""
    last = max((at for at, each in enumerate(steps) if each.deed is Deed.SUBMIT), default=0)
    return steps[last:]


def _drawn(steps: Sequence[Step]) -> Sequence[Step]:
    """How it came to be: that stays, however often it goes back."""
    return [each for each in steps if each.deed is Deed.DRAW]


def legal(state: State) -> list[Deed]:
    """What may be done from this state."""
    return [deed for deed, (start, _) in WAYS.items() if start is state]


def refuse_objection(statement: Statement) -> None:
    """
    Raises:
        Conflict: it does not hang out; what is wrong with a paid one is put right in the next month.
    """
    if statement.state is not State.PUBLISHED:
        raise Conflict("Only a published statement takes objections; what is wrong later is put right next month.")


def _refuse_early(statement: Statement, today: date, objections: Collection[Objection]) -> None:
    assert statement.objections_until is not None
    if today <= statement.objections_until:
        raise Conflict("The days for objections are not over yet.")
    if any(each.upheld is None for each in objections):
        raise Conflict("An objection has no answer yet.")


def execution(budget_fen: int, paid_fen: int) -> int | None:
    """Paid of the budget in hundredths of a percent (资金执行率), rounded down; None without a budget."""
    return None if budget_fen <= 0 else paid_fen * 10_000 // budget_fen


def masked(name: str) -> str:
    """A name as a public notice shows it: 张三丰 → 张*丰, 张三 → 张*; nothing of an empty one (CARE-RULES 6.2)."""
    return "" if not name else f"{name[0]}*{name[-1]}" if len(name) > 2 else f"{name[0]}*"
