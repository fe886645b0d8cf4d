"""Every version of a rule that money was given by, kept for ever with its content: a month can be counted again."""

from collections.abc import Collection, Iterator

from sqlalchemy import Column, Connection, String, Table, Text, insert, select

from dispatch.store.database import metadata
from schedules.money.store.ledger import ledger_entries
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


class Versions:
    """The shelf of versions; its key is the hash of what the file says (`rules.reading.version_of`)."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def keep(self, *, version: str, policy_id: str, file: str, content: str) -> bool:
        """Keeps a version; False when it was kept before. A version is its content, so there is nothing to compare."""
        if self.get(version) is not None:
            return False
        row = {"version": version, "policy_id": policy_id, "file": file[:120], "content": content}
        self._connection.execute(insert(policy_versions), row)
        return True

    def get(self, version: str) -> str | None:
        """The file's text."""
        query = select(policy_versions.c.content).where(policy_versions.c.version == version)
        found: str | None = self._connection.execute(query).scalar()
        return found

    def missing(self, month: str) -> list[str]:
        """Versions that entries of a month name and that nobody kept: such a month could not be counted again."""
        used = select(ledger_entries.c.version).where(ledger_entries.c.month == month).distinct()
        query = used.where(ledger_entries.c.version.is_not(None), ledger_entries.c.version.not_in(select(policy_versions.c.version)))  # noqa: E501  # fmt: skip
        return sorted(self._connection.execute(query).scalars())

    def known(self, versions: Collection[str]) -> Iterator[tuple[str, str, str]]:
        """Version, id of the rule and text of each of these."""
        query = select(policy_versions).where(policy_versions.c.version.in_(versions))
        for row in self._connection.execute(query.order_by(policy_versions.c.version)):
            yield row.version, row.policy_id, row.content
