"""Meals by the versions of rules that priced them, for whoever looks whether a correction prices them otherwise."""

from collections.abc import Collection
from datetime import date

from sqlalchemy import Connection, func, select

from schedules.meals.rules.serving import Serving
from schedules.meals.store.servings import serving_of, servings
from schedules.money.rules.outdated import Asked


class Priced:
    """The shelf, read only."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def asked(self) -> list[Asked]:
        """Every version that was asked for meals, with its first and last day; read from an index alone."""
        c = servings.c
        query = (
            select(c.policy, c.policy_version, func.min(c.on).label("first"), func.max(c.on).label("last"))
            .where(c.policy.is_not(None), c.policy_version.is_not(None)).group_by(c.policy, c.policy_version)
        )  # fmt: skip
        return [
            Asked(policy=row.policy, version=row.policy_version, first=row.first, last=row.last)
            for row in self._connection.execute(query)
        ]

    def diners(self, policies: Collection[str], first: date, after: str, most: int) -> list[str]:
        """Ids behind `after` of residents with meals by these rules from this day on."""
        c = servings.c
        query = select(c.resident_id).where(c.resident_id > after, c.on >= first, c.policy.in_(policies)).distinct()
        return [str(each) for each in self._connection.scalars(query.order_by(c.resident_id).limit(most))]

    def history(self, resident_id: str, since: date) -> list[Serving]:
        """A resident's meals from this day on, cancelled ones too, in the order in which they got their first price."""
        c = servings.c
        query = select(servings).where(c.resident_id == resident_id, c.on >= since)
        query = query.order_by(func.coalesce(c.priced_at, c.received_at), c.id)
        return [serving_of(row) for row in self._connection.execute(query)]
