"""
Attempts are looked for at their providers until their fate is known; what is no emergency may leave bundled.

Revision ID: 20261122_0400
Revises: 20261122_0100
"""

import sqlalchemy as sa
from alembic import op

revision = "20261122_0400"
down_revision = "20261122_0300"
branch_labels = None
depends_on = None

_BUNDLED = sa.text("bundle_id IS NOT NULL")
_PACED = sa.text("priority > 0")
_LOOKED = sa.text("look_at IS NOT NULL")


def upgrade() -> None:
    # Adding columns and indexes needs no copy of the tables, which hold references to others.
    op.add_column("messages", sa.Column("bundle_id", sa.String(length=40), nullable=True))
    op.add_column("attempts", sa.Column("why", sa.String(length=12), nullable=True))
    op.add_column("attempts", sa.Column("look_at", sa.BigInteger(), nullable=True))
    op.add_column("attempts", sa.Column("looks", sa.Integer(), nullable=True))
    op.add_column("attempts", sa.Column("absent_at", sa.BigInteger(), nullable=True))
    for name, table, columns, where in _INDEXES:
        op.create_index(name, table, columns, sqlite_where=where, postgresql_where=where)


def downgrade() -> None:
    for name, table, _, _ in reversed(_INDEXES):
        op.drop_index(name, table_name=table)
    for column in ("absent_at", "looks", "look_at", "why"):
        op.drop_column("attempts", column)
    op.drop_column("messages", "bundle_id")


_INDEXES = (
    ("ix_messages_bundle_id", "messages", ["bundle_id"], _BUNDLED),
    ("ix_messages_paced", "messages", ["to", "priority", "posted_at"], _PACED),
    ("ix_attempts_look_at", "attempts", ["look_at"], _LOOKED),
)
