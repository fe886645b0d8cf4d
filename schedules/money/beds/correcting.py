"""Months of beds and bills whose rules were corrected backwards: reckoned again, and the difference booked."""

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import structlog

from dispatch.rules.people import Person
from dispatch.rules.record import Line
from dispatch.rules.rights import DISTRICT
from dispatch.store.accounts import Reading
from dispatch.store.transactions import Tx
from schedules.money.beds.reckoning import Reckoned
from schedules.money.beds.settling import Settling
from schedules.money.beds.store import Payments, People, Row
from schedules.money.corrections.rules.correction import Item, book_mark
from schedules.money.rules.awards import Award
from schedules.money.rules.months import following
from schedules.money.rules.outdated import Outdated, outdated
from schedules.money.rules.policies import NoRule
from schedules.money.rules.shared import Shared, reshared
from schedules.money.store.shared import SharedRules
from schedules.money.store.versions import kept_policies

log = structlog.get_logger()


class BillCorrections:
    """One source of `schedules.money.corrections.desk`. What is looked at and priced together is one month."""

    kind = "bill"

    def __init__(self, reading: Reading, settling: Settling) -> None:
        self._reading, self._settling = reading, settling
        self._reckoned: dict[str, Reckoned] = {}
        """Months of this turn of pricing."""

    def mark(self) -> str:
        with self._reading.connect() as connection:
            _, at = Payments(connection).known_otherwise()
        reckoning = self._settling.reckoning
        return book_mark(self.kind, reckoning.rules.policies, reckoning.shared, _told(at))

    def beside(self) -> str:
        with self._reading.connect() as connection:
            return _told(People(connection).written_at())

    def shared(self) -> Shared | None:
        reckoning = self._settling.reckoning
        return reckoning.shared if list(reckoning.rules.policies) else None

    def outdated(self) -> Sequence[Outdated]:
        with self._reading.connect() as connection:
            asked = Payments(connection).asked()
            known, _ = Payments(connection).known_otherwise()
            kept = kept_policies(connection, {each.version for each in asked})
            now = self.shared()
            before = SharedRules(connection, self.kind).before(now) if now is not None else []
        policies = self._settling.reckoning.rules.policies
        found = [*outdated(asked, policies, kept), *known]
        return found if now is None else [*found, *reshared(asked, before, now, policies)]

    def look(self, outdated: Sequence[Outdated], after: str, /) -> tuple[list[Item], str]:
        first = min(each.first for each in outdated)
        with self._reading.connect() as connection:
            month = Payments(connection).next_month(after or _before(first))
            held = Payments(connection).of_month(month) if month else {}
        if month is None:
            return [], ""
        touched = {row["resident_id"] for row in held.values() if _is_about(outdated, row)}
        try:
            due = self._settling.reckoning.month(month, DISTRICT) if touched else Reckoned(month=month)
        except NoRule as refused:
            # A rule that is missing is no correction (0053): the month stands until its file is back.
            log.warning("correction_month_left", month=month, why=str(refused))
            return [], month
        return [each for who in sorted(touched) for each in _items(who, month, held, due.awards)], month

    def begin(self) -> None:
        self._reckoned = {}

    def prepare(self, items: Sequence[Item], /) -> None:
        for month in {str(each.facts["month"]) for each in items} - set(self._reckoned):
            self._reckoned[month] = self._settling.reckoning.month(month, DISTRICT)

    def price(self, tx: Tx, items: Sequence[Item], /, *, by: Person, correction: str) -> bool:
        month = str(items[0].facts["month"])
        due = self._reckoned[month]
        held = Payments(tx.connection).of_month(month)
        now = {each.source: each for who in {item.resident_id for item in items}
               for each in _items(who, month, held, due.awards)}  # fmt: skip
        if any(now.get(each.source) != each for each in items):
            return False
        wanted = {each.source for each in items}
        rows = [row for row in held.values() if _bill(row["source"]) in wanted]
        awards = [each for each in due.awards if _bill(each.source) in wanted]
        self._settling.correct(tx, rows, awards, due, by)
        for each in items:
            facts: dict[str, str | int | None] = {
                "bill": each.source, "resident": each.resident_id, "month": month, "correction": correction,
                "before_fen": each.before_fen, "after_fen": each.after_fen, "version": each.new_version,
            }  # fmt: skip
            tx.log(Line(kind="bill_repriced", by=by, facts=facts))
        return True


def _is_about(outdated: Sequence[Outdated], row: Row) -> bool:
    return any(each.old == row["version"] and (not each.who or row["resident_id"] in each.who) for each in outdated)


def _told(at: datetime | None) -> str:
    return "" if at is None else at.isoformat()


def _items(resident: str, month: str, held: dict[str, Row], awards: Sequence[Award]) -> list[Item]:
    """What is booked of somebody's month and due otherwise, bill by bill; a bill may have a part for each version."""
    due: dict[str, list[Award]] = {}
    for award in awards:
        if award.resident_id == resident:
            due.setdefault(_bill(award.source), []).append(award)
    booked: dict[str, list[Row]] = {}
    for row in held.values():
        if row["resident_id"] == resident:
            booked.setdefault(_bill(row["source"]), []).append(row)
    found = []
    for source, rows in sorted(booked.items()):
        parts = due.get(source, [])
        if _money(rows) != sorted((each.amount_fen, each.owed_to) for each in parts if each.amount_fen):
            found.append(_item(source, resident, month, rows, parts))
    return found


def _item(source: str, resident: str, month: str, rows: Sequence[Row], parts: Sequence[Award]) -> Item:
    facts: dict[str, Any] = {
        "month": month, "rows": sorted(row["id"] for row in rows),
        "due": [[each.source, each.amount_fen, each.owed_to] for each in sorted(parts, key=lambda each: each.source)],
    }  # fmt: skip
    return Item(
        source=source, together=f"{resident}/{month}", resident_id=resident, on=rows[0]["on"], facts=facts,
        before_fen=sum(row["amount_fen"] for row in rows), after_fen=sum(each.amount_fen for each in parts),
        old_version=rows[0]["version"], new_version=parts[-1].version if parts else None,
    )  # fmt: skip


def _money(rows: Sequence[Row]) -> list[tuple[int, str]]:
    return sorted((row["amount_fen"], row["owed_to"]) for row in rows if row["amount_fen"])


def _bill(source: str) -> str:
    return source.partition("/")[0]


def _before(first: date) -> str:
    """The month before the one of this day: months behind it are looked at."""
    year, month = first.year - (first.month == 1), (first.month - 2) % 12 + 1
    assert following(f"{year:04}-{month:02}") == f"{first:%Y-%m}"
    return f"{year:04}-{month:02}"
