"""Every version of a rule that money was given by, kept for ever with its content: a month can be counted again."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass

from sqlalchemy import Column, Connection, String, Table, Text, bindparam, insert, select

from dispatch.store.database import metadata
from dispatch.store.prepared import Prepared
from schedules.money.rules.policy import Policy
from schedules.money.rules.reading import read_policy
from schedules.money.store.refusing import refuse_changes

policy_versions = Table(
    "policy_versions",
    metadata,
    Column("version", String(64), primary_key=True),
    Column("policy_id", String(80), nullable=False, index=True),
    Column("file", String(120), nullable=False),
    Column("content", Text, nullable=False),
)
refuse_changes(policy_versions)

_KEPT = Prepared(select(policy_versions.c.version).where(policy_versions.c.version == bindparam("version")))


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """A version of a rule as its file says it; `version` is the hash of what it says (`rules.reading.version_of`)."""

    version: str
    policy_id: str
    file: str
    content: str


class Versions:
    """The shelf of versions."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def keep(self, rule: Rule) -> bool:
        """Keeps a version; False when it was kept before. A version is its content, so there is nothing to compare."""
        if _KEPT.on(self._connection, version=rule.version):
            return False
        row = {name: getattr(rule, name) for name in Rule.__slots__}
        self._connection.execute(insert(policy_versions), row | {"file": rule.file[:120]})
        return True

    def get(self, version: str) -> str | None:
        """The file's text."""
        query = select(policy_versions.c.content).where(policy_versions.c.version == version)
        found: str | None = self._connection.execute(query).scalar()
        return found

    def all(self) -> Iterator[Rule]:
        """Every one that is kept, by its rule."""
        query = select(policy_versions).order_by(policy_versions.c.policy_id, policy_versions.c.version)
        for row in self._connection.execute(query):
            yield Rule(version=row.version, policy_id=row.policy_id, file=row.file, content=row.content)

    def known(self, versions: Collection[str]) -> Iterator[Rule]:
        """Each of these that is kept."""
        query = select(policy_versions).where(policy_versions.c.version.in_(versions))
        for row in self._connection.execute(query.order_by(policy_versions.c.version)):
            yield Rule(version=row.version, policy_id=row.policy_id, file=row.file, content=row.content)


def kept_policies(connection: Connection, versions: Collection[str]) -> dict[str, Policy]:
    """The versions whose text was kept with money given by them, read again."""
    read = {each.version: read_policy(each.content, each.file).policy for each in Versions(connection).known(versions)}
    return {version: policy for version, policy in read.items() if policy is not None}
