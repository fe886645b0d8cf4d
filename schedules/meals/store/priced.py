"""Meals by the versions of rules that priced them, for whoever looks whether a correction prices them otherwise."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date

from sqlalchemy import Connection, Text, case, func, select, type_coerce

from schedules.meals.rules.serving import Serving
from schedules.meals.store.servings import serving_of, servings
from schedules.money.rules.outdated import Asked


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """A day by a version of a rule: whether its meals were told to be of a workday, which may be both."""

    policy: str
    version: str
    on: date
    told: Collection[bool]


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

    def days(self, policies: Collection[str]) -> list[Day]:
        """With what kind of day rules were asked, by their days, the earliest first: a look at every such meal."""
        c = servings.c
        workday = case((type_coerce(c.asked, Text).contains('"workday":true'), 1), else_=0)
        query = (
            select(c.policy, c.policy_version, c.on, func.min(workday).label("least"), func.max(workday).label("most"))
            .where(c.policy.in_(policies), c.policy_version.is_not(None), c.asked.is_not(None))
            .group_by(c.policy, c.policy_version, c.on).order_by(c.on)
        )  # fmt: skip
        rows = self._connection.execute(query) if policies else ()
        return [
            Day(policy=row.policy, version=row.policy_version, on=row.on, told={bool(row.least), bool(row.most)})
            for row in rows
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
