"""Erasing by age: each night, in small batches behind everything urgent, and never the evidence chain."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from dispatch.clock import Clock
from dispatch.privacy import inventory
from dispatch.rules.message import Fact
from dispatch.rules.people import SERVICE
from dispatch.rules.record import Line
from dispatch.rules.retention import Rule
from dispatch.store.database import Engine
from dispatch.store.personal import Key, PersonalRows
from dispatch.store.transactions import Lane, Transactions, Tx

BATCH = 100
"""Rows of one unit of work."""

LOOKED_UP = 5_000
"""Rows looked up at once: it goes through the whole table where the age has no index, beside the writer."""

A_NIGHT_MAX = 50_000
"""Rows of one rule and night: what is left goes the night after."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Due:
    """What one rule finds due."""

    rule: Rule
    rows: int


class Retention:
    """Follows the rules."""

    def __init__(
        self, transactions: Transactions, reading: Engine, clock: Clock, *, rules: Sequence[Rule], lacking: str = ""
    ) -> None:  # fmt: skip
        """`lacking` is why there are no rules, empty where there are."""
        self.lacking = lacking
        self._transactions = transactions
        self._reading = reading
        self._clock = clock
        self.rules = tuple(rules)

    def due(self) -> list[Due]:
        """What would go now, by rule; changes nothing."""
        with self._reading.connect() as connection:
            rows = PersonalRows(connection, inventory())
            now = self._clock.now()
            return [
                Due(
                    rule=rule,
                    rows=rows.count_older(rule.table, rule.age, now - timedelta(days=rule.days), left=rule.blank),
                )
                for rule in self.rules
            ]

    def check(self) -> dict[str, int]:
        """Follows every rule; the record says how many rows of each table that were, if any."""
        done = {rule.table: count for rule in self.rules if (count := self._follow(rule))}
        if done:
            facts: dict[str, Fact] = dict(done)
            self._transactions.run(lambda tx: tx.log(Line(kind="retention_followed", by=SERVICE, facts=facts)))
        return done

    def _follow(self, rule: Rule) -> int:
        before, count = self._clock.now() - timedelta(days=rule.days), 0
        while count < A_NIGHT_MAX and (keys := self._oldest(rule, before)):
            for at in range(0, len(keys), BATCH):
                self._clear(rule, keys[at : at + BATCH])
            count += len(keys)
        return count

    def _oldest(self, rule: Rule, before: datetime) -> list[Key]:
        with self._reading.connect() as connection:
            rows = PersonalRows(connection, inventory())
            return rows.older(rule.table, rule.age, before, LOOKED_UP, left=rule.blank)

    def _clear(self, rule: Rule, keys: Sequence[Key]) -> None:
        def work(tx: Tx) -> None:
            PersonalRows(tx.connection, inventory()).clear(rule.table, keys, rule.blank)

        self._transactions.run(work, lane=Lane.BULK)
