"""Meals whose rule was corrected backwards: found by asking their rules again, and priced anew in the ledger."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import date, timedelta
from typing import Any

from dispatch.rules.people import Person
from dispatch.rules.record import Line
from dispatch.store.accounts import Reading
from dispatch.store.database import Connection
from dispatch.store.transactions import Tx
from schedules.meals.catering import Books, presented_again
from schedules.meals.deciding import Deciding
from schedules.meals.replaying import Replayed, in_force, replayed, used_by
from schedules.meals.rules.serving import Answer, Serving, entry_of, reversal_of
from schedules.meals.store.canteens import Canteens
from schedules.meals.store.diners import Diners
from schedules.meals.store.priced import Day, Priced
from schedules.meals.store.servings import Servings
from schedules.money.corrections.rules.correction import Item, book_mark
from schedules.money.rules.ledger import CORRECTED
from schedules.money.rules.outdated import Outdated, outdated
from schedules.money.rules.policies import NoRule
from schedules.money.rules.shared import Shared, reshared
from schedules.money.store.shared import SharedRules
from schedules.money.store.versions import kept_policies

BEFORE = timedelta(days=100)
"""So far back a diner's meals are read: a quarter, for its account, and a week."""

PIECE = 5
"""Diners in one look: 80 ms of processor time for a season of their meals, outside of any unit of work."""


class MealCorrections:
    """One source of `schedules.money.corrections.desk`."""

    kind = "meal"

    def __init__(self, reading: Reading, deciding: Deciding, *, books: Callable[[Connection], Books]) -> None:
        self._reading, self._deciding, self._books = reading, deciding, books

    def mark(self) -> str:
        book = self._deciding.book
        return book_mark(self.kind, book.policies, Shared.of(book.exclusions, book.implications), self.beside())

    def beside(self) -> str:
        # What is written of today is no concern of meals that have a price, and is written all day long.
        with self._reading.connect() as connection:
            at = Diners(connection).back_at()
        return self._deciding.days_mark + ("" if at is None else at.isoformat())

    def shared(self) -> Shared | None:
        book = self._deciding.book
        return Shared.of(book.exclusions, book.implications) if list(book.policies) else None

    def outdated(self) -> Sequence[Outdated]:
        with self._reading.connect() as connection:
            asked = Priced(connection).asked()
            kept = kept_policies(connection, {each.version for each in asked})
            now = self.shared()
            before = SharedRules(connection, self.kind).before(now) if now is not None else []
            known = Priced(connection).known_otherwise()
            days = Priced(connection).days({each.id for each in self._deciding.book.policies if each.limit.days})
        policies = self._deciding.book.policies
        found = [*outdated(asked, policies, kept), *self._of_other_days(days), *known]
        return found if now is None else [*found, *reshared(asked, before, now, policies)]

    def _of_other_days(self, asked: Sequence[Day]) -> list[Outdated]:
        """Rules that were told of a day off as of a workday, or the other way: its year was published later."""
        is_workday = self._deciding.is_workday
        first: dict[tuple[str, str], date] = {}
        for each in asked:
            if any(said != is_workday(each.on) for said in each.told):
                first.setdefault((each.policy, each.version), each.on)
        return [Outdated(policy=policy, old=version, new=version, first=on) for (policy, version), on in first.items()]

    def look(self, outdated: Sequence[Outdated], after: str, /) -> tuple[list[Item], str]:
        first = min(each.first for each in outdated)
        anew = frozenset(each.policy for each in outdated if each.old == each.new)
        who = None if any(not each.who for each in outdated) else {one for each in outdated for one in each.who}
        found: list[Item] = []
        with self._reading.connect() as connection:
            shelf = Priced(connection)
            diners = shelf.diners({each.policy for each in outdated}, first, after, PIECE, who)
            for each in diners:
                meals, changes = shelf.history(each, first - BEFORE), Diners(connection).changes(each)
                found += map(_item, replayed(self._deciding, meals, first, anew, changes))
        return found, diners[-1] if len(diners) == PIECE else ""

    def begin(self) -> None:
        """Nothing is held between turns."""

    def prepare(self, items: Sequence[Item], /) -> None:
        """Rules are asked in the unit of work: a meal's takes microseconds."""

    def price(self, tx: Tx, items: Sequence[Item], /, *, by: Person, correction: str) -> bool:
        for diner in sorted({each.resident_id for each in items}):
            tx.hold(f"diner:{diner}")
        shelf = Servings(tx.connection)
        pairs = []
        for item in items:
            known = shelf.get(item.source)
            answer = None if known is None else self._answer(known, item)
            if known is None or answer is None:
                return False
            pairs.append((item, known, answer))
        # What is taken back comes first: it sets free what another meal of the group is given.
        taken = [(item, self._taken_back(tx, known, item), answer) for item, known, answer in pairs]
        for item, serving, answer in taken:
            self._given(tx, item, serving, answer, by, correction)
        return True

    def _answer(self, known: Serving, item: Item) -> Answer | None:
        """What the meal is to be told; None where the meal or the rule is not as it was when it was looked at."""
        said = known.answer
        if (known.pricing, bool(known.cancelled_at), said.asked is None) != _guard(item.facts):
            return None
        assert said.asked is not None
        used = item.facts["used"]
        asked = {**said.asked, **item.facts.get("known", {})}
        if not item.facts["again"]:
            return replace(said, asked={**asked, "used": used})
        try:
            policy = in_force(self._deciding, said.policy or "", known.on)
        except NoRule:
            return None
        answer = self._deciding.again(policy, presented_again(known), known.on, asked, used_by(used))
        told = answer.version, _fen(answer, known), answer.money.pays_fen
        if told != (item.new_version, item.after_fen, item.pays_fen):
            return None
        return replace(answer, policy=said.policy)

    def _taken_back(self, tx: Tx, known: Serving, item: Item) -> Serving:
        if not item.differs:
            return known
        if known.answer.is_aided:
            books = self._books(tx.connection)
            code = Canteens(tx.connection).get(known.canteen_id).code
            books.enter(reversal_of(known, code, books.closed(), why=CORRECTED))
        paid = known.answer.money.pays_fen if known.charged_fen is None else known.charged_fen
        bare = replace(known, pricing=known.pricing + 1, charged_fen=paid, booked=None)
        # Without its money for a moment: two meals of a day may change places.
        Servings(tx.connection).price(replace(bare, answer=replace(known.answer, money=_unaided(known))))
        return bare

    def _given(
        self, tx: Tx, item: Item, serving: Serving, answer: Answer, by: Person, correction: str
    ) -> None:  # fmt: skip
        new = replace(serving, answer=answer)
        if item.differs and answer.is_aided:
            books = self._books(tx.connection)
            code = Canteens(tx.connection).get(serving.canteen_id).code
            entry = entry_of(new, code, books.closed(), why=CORRECTED)
            books.enter(entry)
            new = replace(new, booked=entry.month)
        Servings(tx.connection).price(new)
        if item.differs:
            facts = {
                "meal": new.id, "canteen": new.canteen_id, "resident": new.resident_id, "correction": correction,
                "reason": answer.reason, "before_fen": item.before_fen, "after_fen": item.after_fen,
                "version": answer.version,
            }  # fmt: skip
            tx.log(Line(kind="meal_repriced", by=by, facts=facts))


def _item(found: Replayed) -> Item:
    serving, answer = found.serving, found.answer
    assert serving.resident_id is not None
    asked: Mapping[str, Any] = answer.asked or serving.answer.asked or {}
    return Item(
        source=serving.id, together=serving.claim, resident_id=serving.resident_id, on=serving.on,
        before_fen=_fen(serving.answer, serving), after_fen=_fen(answer, serving),
        paid_fen=serving.answer.money.pays_fen, pays_fen=answer.money.pays_fen,
        # Of a meal that was cancelled nothing is booked; whoever came before the cancelling was told that it counts.
        differs=found.differs and serving.cancelled_at is None,
        old_version=serving.answer.version, new_version=answer.version,
        facts={
            "pricing": serving.pricing, "cancelled": serving.cancelled_at is not None, "used": dict(asked["used"]),
            "known": _otherwise(asked, serving.answer.asked or {}),
            "again": found.differs or answer.version != serving.answer.version,
        },
    )  # fmt: skip


def _otherwise(asked: Mapping[str, Any], before: Mapping[str, Any]) -> dict[str, Any]:
    """What is known otherwise now than it was when the meal was asked."""
    return {name: value for name, value in asked.items() if name != "used" and before.get(name) != value}


def _fen(answer: Answer, serving: Serving) -> int:
    """The public money of an answer; nothing where the meal was cancelled."""
    return sum(answer.money.funds.values()) if serving.cancelled_at is None else 0


def _guard(facts: Mapping[str, Any]) -> tuple[int, bool, bool]:
    return facts["pricing"], facts["cancelled"], False


def _unaided(known: Serving) -> Any:
    money = known.answer.money
    return replace(
        money, layers={}, delivery_fen=0, quota_fen=0, discount_fen=0, pays_fen=money.price_fen + money.fee_fen
    )
