"""
How far each spool of a forwarding gateway is held, how each says it is, and when a signal was heard.

Copies of a signal are looked for by when it was heard: what comes out of a spool may have waited for hours.

Revision ID: 20261122_0010
Revises: 20261121_2345
"""

import sqlalchemy as sa
from alembic import op

revision = "20261122_0010"
down_revision = "20261121_2345"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "spools",
        sa.Column("gateway", sa.String(length=80), nullable=False),
        sa.Column("epoch", sa.String(length=80), nullable=False),
        sa.Column("held", sa.BigInteger(), nullable=False),
        sa.Column("last_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("gateway", "epoch", name=op.f("pk_spools")),
    )
    op.create_table(
        "edges",
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("last_at", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_edges")),
    )
    # Adding a column and an index needs no copy of the table, which holds references to others.
    op.add_column("signals", sa.Column("heard_at", sa.BigInteger(), nullable=True))
    op.drop_index("ix_signals_dedup_key", "signals")
    op.create_index("ix_signals_dedup_key", "signals", ["dedup_key", "heard_at"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_signals_dedup_key", "signals")
    op.create_index("ix_signals_dedup_key", "signals", ["dedup_key", "received_at"], unique=False)
    op.drop_column("signals", "heard_at")
    op.drop_table("edges")
    op.drop_table("spools")
