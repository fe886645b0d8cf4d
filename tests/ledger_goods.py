"""A closed month with published statements in a whole house, for tests that look at every address and page."""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from typing import Any

from dispatch.rules.people import Person
from dispatch.rules.rights import DISTRICT
from schedules.money.closing import Closing
from schedules.money.corrections.rules.correction import Correction, Item, State
from schedules.money.corrections.store import Corrections
from schedules.money.rules.ledger import Kind, Source, subsidy
from schedules.money.rules.outdated import Outdated
from schedules.money.rules.statement import Deed
from schedules.money.store.ledger import Books
from schedules.money.store.versions import Rule, Versions

MONTH = "2024-01"
CORRECTED = Correction(
    id="correction-1", kind="meal", mark="", state=State.DECLINED, cursor="", found_at=datetime(2024, 2, 1, tzinfo=UTC),
    outdated=(Outdated(policy="p", old="v1", new="v2", first=date(2024, 1, 2)),), note="不溯及既往",
)  # fmt: skip
"""A correction that was left as it was, so that nothing is looked at again."""

RULE = Rule(version="v1", policy_id="p", file="p.toml", content="")


def settled(house: Any, diners: Mapping[str, str], *, by: Person) -> dict[str, tuple[str, str]]:
    """
    A meal of each resident (values) owed to each payee (keys), closed, drawn, published and objected to.

    Statement and objection by payee.
    """

    def work(tx: Any) -> None:
        for payee, resident in diners.items():
            entry = subsidy(
                entry_id=f"e-{payee}", source=Source(Kind.MEAL, f"m-{payee}"), version=RULE.version, owed_to=payee,
                claim=f"{resident}/2024-01-02/lunch", on=date(2024, 1, 2), layers={"city": 300},
            )  # fmt: skip
            Books(tx.connection, {RULE.version: RULE}).enter(entry)
        Versions(tx.connection).keep(RULE)

        Corrections(tx.connection).add(CORRECTED)
        Corrections(tx.connection).put(CORRECTED.id, [
            Item(source="m", together="m", resident_id=each, on=date(2024, 1, 2), before_fen=300, after_fen=400,
                 paid_fen=900, pays_fen=800)
            for each in diners.values()
        ])  # fmt: skip

    house.transactions.run(work)
    Closing(house.transactions, house.reading, house.clock, house.calendar).close(MONTH, by=by)
    settling = house.homecare.settlement.settling
    settling.draw(MONTH, by=Person("operator:keeper"))
    settling.set_budget("city", house.calendar.day_of(house.clock.now()).year, 100_000, by=by)
    found = {}
    for each in settling.page(DISTRICT, month=MONTH, kind="payee"):
        for deed, who in ((Deed.SUBMIT, "operator:keeper"), (Deed.PUBLISH, by)):
            settling.step(each.id, deed, by=Person(who), area=DISTRICT)
        objection = settling.object(each.id, said_by="邻居", text="没有用餐", by=by, area=DISTRICT)
        found[each.account.partition(":")[2]] = (each.id, objection)
    return found
