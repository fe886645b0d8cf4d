"""Meals by the versions of rules that priced them, for whoever looks whether a correction prices them otherwise."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import date
from typing import Any

from sqlalchemy import Connection, Text, case, func, select, type_coerce

from schedules.meals.rules.serving import Serving
from schedules.meals.store.diners import diner_facts
from schedules.meals.store.servings import serving_of, servings
from schedules.money.rules.outdated import Asked, Outdated


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

    def known_otherwise(self) -> list[Outdated]:
        """Versions that were asked about residents of whom something else was written later for the meal's day."""
        c, f = servings.c, diner_facts.c
        query = (
            select(c.policy, c.policy_version, c.resident_id, func.min(c.on).label("first"))
            .join_from(diner_facts, servings, c.resident_id == f.resident_id)
            .where(f.is_back, c.on >= f.from_on, func.coalesce(c.priced_at, c.received_at) < f.at)
            .where(c.asked.is_not(None), c.policy.is_not(None), c.policy_version.is_not(None))
            .group_by(c.policy, c.policy_version, c.resident_id).order_by(c.policy, c.policy_version, c.resident_id)
        )  # fmt: skip
        found: dict[tuple[str, str], list[Any]] = {}
        for row in self._connection.execute(query):
            found.setdefault((row.policy, row.policy_version), []).append(row)
        return [
            Outdated(
                policy=policy, old=version, new=version, first=min(row.first for row in rows),
                who=tuple(row.resident_id for row in rows),
            )
            for (policy, version), rows in found.items()
        ]  # fmt: skip

    def diners(
        self, policies: Collection[str], first: date, after: str, most: int, who: Collection[str] | None = None
    ) -> list[str]:  # fmt: skip
        """Ids behind `after` of residents (or of these) with meals by these rules from this day on."""
        c = servings.c
        query = select(c.resident_id).where(c.resident_id > after, c.on >= first, c.policy.in_(policies)).distinct()
        query = query if who is None else query.where(c.resident_id.in_(who))
        return [str(each) for each in self._connection.scalars(query.order_by(c.resident_id).limit(most))]

    def history(self, resident_id: str, since: date) -> list[Serving]:
        """A resident's meals from this day on, cancelled ones too, in the order in which they got their first price."""
        c = servings.c
        query = select(servings).where(c.resident_id == resident_id, c.on >= since)
        query = query.order_by(func.coalesce(c.priced_at, c.received_at), c.id)
        return [serving_of(row) for row in self._connection.execute(query)]
