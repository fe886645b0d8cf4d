"""Escalation policies as alarms began with them: written once under the hash of their content, never changed."""

from sqlalchemy import Column, Connection, String, Table, Text, select

from dispatch.ids import PolicyId
from dispatch.rules.escalation import EscalationPolicy, policy_from_json, policy_json
from dispatch.store.database import Instant, metadata
from dispatch.store.prepared import once
from dispatch.store.transactions import Tx

policies = Table(
    "policies", metadata,
    Column("id", String(40), primary_key=True),
    Column("name", String(80), nullable=False),
    Column("content", Text, nullable=False),
    Column("first_used_at", Instant, nullable=False),
)  # fmt: skip


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
