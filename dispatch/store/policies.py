"""
Escalation policies as alarms began with them: written once under the hash of their content, never changed. And the file
of them as it last stood: what a start goes by that finds it damaged.
"""

from collections.abc import Mapping, Sequence
from typing import Any

from sqlalchemy import CheckConstraint, Column, Connection, Integer, String, Table, Text, delete, insert, select

from dispatch.ids import PolicyId
from dispatch.rules.escalation import EscalationPolicy, policy_from_json, policy_json
from dispatch.store.database import Instant, Json, metadata
from dispatch.store.prepared import once
from dispatch.store.transactions import Tx

policies = Table(
    "policies", metadata,
    Column("id", String(40), primary_key=True),
    Column("name", String(80), nullable=False),
    Column("content", Text, nullable=False),
    Column("first_used_at", Instant, nullable=False),
)  # fmt: skip

standing_policies = Table(
    "standing_policies", metadata,
    Column("id", Integer, primary_key=True, autoincrement=False),
    Column("rows", Json, nullable=False),
    Column("kept_at", Instant, nullable=False),
    CheckConstraint("id = 1", name="only_one"),
)  # fmt: skip

Rows = Sequence[Mapping[str, Any]]
"""The tables under `[[policies]]` of a file."""


class StandingPolicies:
    """The shelf with one place: the rows of the last escalation file that was in order."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self) -> Rows | None:
        """Those rows; None where no start with this table has had a file in order."""
        found: Rows | None = self._connection.execute(select(standing_policies.c.rows)).scalar_one_or_none()
        return found

    def was_used(self) -> bool:
        """Whether any alarm was ever raised here: then this is no first start."""
        return self._connection.execute(select(policies.c.id).limit(1)).first() is not None

    @staticmethod
    def put(tx: Tx, rows: Rows) -> None:
        """These stand from now on."""
        tx.connection.execute(delete(standing_policies))
        tx.connection.execute(insert(standing_policies).values(id=1, rows=rows, kept_at=tx.now))


class KeptPolicies:
    """The shelf of policies."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def get(self, id_: PolicyId) -> EscalationPolicy:
        """The policy with this hash; an alarm's foreign key makes sure that it is there."""
        known = _KNOWN.get(id_)
        if known is None:
            row = self._connection.execute(select(policies.c.content).where(policies.c.id == id_)).scalar_one()
            # The id is the hash of the content, so what was read once is true for ever and everywhere.
            known = _KNOWN[id_] = policy_from_json(id_, row)
        return known

    @staticmethod
    def keep(tx: Tx, policy: EscalationPolicy) -> None:
        """Puts the policy on file, once."""
        _KEEP.on(tx.connection, id=policy.id, name=policy.name, content=_content(policy), first_used_at=tx.now)


def _content(policy: EscalationPolicy) -> str:
    """Its content, written out once: the id is the hash of it."""
    content = _CONTENTS.get(policy.id)
    if content is None:
        content = _CONTENTS[policy.id] = policy_json(policy.name, policy.steps, policy.responders)
    return content


_KEEP = once(policies)
_KNOWN: dict[PolicyId, EscalationPolicy] = {}
_CONTENTS: dict[PolicyId, str] = {}
