"""
Whose turn it is among emergencies: a call to all waits for others' first offers, and leaves in an order of its own.

What waits when this is run keeps the turn it had. An older program leaves the rank at 0.

Revision ID: 20261123_0803
Revises: 20261123_0802
"""

import sqlalchemy as sa
from alembic import op

revision = "20261123_0803"
down_revision = "20261123_0802"
branch_labels = None
depends_on = None

_WAITS = sa.text("due_at IS NOT NULL")


def upgrade() -> None:
    op.add_column("messages", sa.Column("rank", sa.Integer(), server_default="0", nullable=False))
    _lay(["priority", "rank", "due_at"])


def downgrade() -> None:
    _lay(["priority", "due_at"])
    with op.batch_alter_table("messages") as batch:
        batch.drop_column("rank")


def _lay(columns: list[str]) -> None:
    op.drop_index("ix_messages_due", table_name="messages")
    op.create_index("ix_messages_due", "messages", columns, sqlite_where=_WAITS, postgresql_where=_WAITS)
