"""
What the rules in force now give for meals that were priced before: each diner's meals asked again in their order.

    meals of a diner, in the order in which they got their first price
        ─ before the first day that matters, or never asked ─► stand as they are
        ─ the same version, shared and before it the same ───► stand as they are
        ─ anything else ─► asked again with the facts kept with it ─► counts for those after it

So a week in which a meal more has money has one less for the meals behind it, as if the rule had always been so. It is
what `config/recompute_meals.py` finds from exports, which shares no line with this.
"""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime

from schedules.meals.catering import presented_again
from schedules.meals.deciding import Asked, Before, Deciding
from schedules.meals.rules.serving import WAITING, Answer, Serving
from schedules.meals.store.diners import Since, held_on
from schedules.money.rules.facts import Used
from schedules.money.rules.outdated import same_terms
from schedules.money.rules.policies import NoRule, NotInForce
from schedules.money.rules.policy import Policy


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """
    A meal whose answer would be another one now. Where `differs` is False its money is the same, and only what was used
    before it, or what is known of its day, is another.
    """

    serving: Serving
    answer: Answer
    differs: bool


@dataclass(frozen=True, slots=True)
class _Had:
    on: date
    kind: str
    policy: str
    drawn: int
    gone: datetime | None
    """When it was cancelled: who came before that was told that it counts."""


def replayed(
    deciding: Deciding, history: Sequence[Serving], first: date, anew: frozenset[str] = frozenset(),
    changes: Sequence[Since] = (),
) -> list[Replayed]:  # fmt: skip
    """
    `history` is a diner's meals in their order, from a quarter before `first` on; those from that day on count. The
    rules `anew` are asked again by the same version, too: what they share with others is not what it was. `changes` is
    what was written about the diner, some of it perhaps of days before it was.
    """
    had: list[_Had] = []
    found = []
    for each in history:
        mine = [one for one in had if one.gone is None or one.gone > each.settled_at]
        answer = _again(deciding, each, mine, anew, changes) if each.on >= first else each.answer
        if answer is not each.answer:
            differs = answer.money != each.answer.money
            found.append(Replayed(serving=each, answer=answer, differs=differs))
        if answer.is_aided:
            assert answer.policy is not None
            had.append(
                _Had(each.on, str(each.meal_type), answer.policy, answer.money.quota_fen, each.cancelled_at)
            )  # fmt: skip
    return found


def used_by(asked_used: dict[str, int | None]) -> Used:
    """What was used before, as it is kept with a meal."""
    return Used(**asked_used)  # type: ignore[arg-type]


def in_force(deciding: Deciding, policy_id: str, on: date) -> Policy | None:
    """
    The version that is in force on a day; None where the rule has none on it.

    Raises:
        NoRule: nobody can say which.
    """
    try:
        return deciding.book.policies.in_force(policy_id, on)
    except NotInForce:
        return None


def as_known(asked: Asked, meal: Serving, changes: Sequence[Since]) -> Asked:
    """The facts that a meal was asked with, and in their place what was written later of a day before."""
    held = held_on(changes, meal.on)
    if held is None or not any(
        each.is_back and each.from_on <= meal.on and each.at > meal.settled_at for each in changes
    ):
        return asked
    facts = held.facts
    return {
        **asked, "hukou": facts.hukou, "residence": facts.residence, "income_fen": facts.income_fen,
        "schemes": sorted(facts.schemes),
    }  # fmt: skip


def _again(
    deciding: Deciding, each: Serving, had: Sequence[_Had], anew: frozenset[str], changes: Sequence[Since]
) -> Answer:  # fmt: skip
    """Its answer as it stands where nothing of it changes, else the new one."""
    said = each.answer
    if said.asked is None or said.policy is None or said.reason in WAITING:
        return said
    try:
        policy = in_force(deciding, said.policy, each.on)
    except NoRule:
        # A file that is missing or refused is no correction: its meals stand, and new ones wait (0053).
        return said
    presented, used = presented_again(each), used_by(said.asked["used"])
    asked = as_known(said.asked, each, changes)
    if policy is not None:
        used = deciding.used_again(policy, presented, each.on, asked, _before(had))
        old = None if said.version is None else deciding.book.policies.version(said.version)
        is_same = policy.version == said.version or (old is not None and same_terms(policy, old))
        if is_same and said.policy not in anew and used == used_by(said.asked["used"]):
            return said
    answer = replace(deciding.again(policy, presented, each.on, asked, used), policy=said.policy)
    if answer.money != said.money or policy is None:
        return answer
    # Whoever counts the meal again has to be told what is known by now.
    facts = answer.asked or {**asked, "used": _plain(used)}
    return said if facts == said.asked else replace(said, asked=facts)


def _plain(used: Used) -> dict[str, int | None]:
    return {name: getattr(used, name) for name in Used.__slots__}


def _before(had: Sequence[_Had]) -> Before:
    def drawn(policy: str, first: date, last: date) -> list[tuple[date, int]]:
        mine = [each for each in had if each.policy == policy and each.drawn and first <= each.on <= last]
        return sorted([(each.on, each.drawn) for each in mine], key=lambda pair: pair[0])

    return Before(meals=[(each.on, each.kind) for each in had], drawn=drawn)
