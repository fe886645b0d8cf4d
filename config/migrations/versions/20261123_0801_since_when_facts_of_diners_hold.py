"""
Since when what rules ask about a diner holds: a move that is written down late is of its own day.

Revision ID: 20261123_0801
Revises: 20261122_0796
"""

import sqlalchemy as sa
from alembic import op

revision = "20261123_0801"
down_revision = "20261122_0796"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "diner_facts",
        sa.Column("resident_id", sa.String(length=40), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("is_back", sa.Boolean(), nullable=False),
        sa.Column("hukou", sa.String(length=12), nullable=False),
        sa.Column("residence", sa.String(length=12), nullable=False),
        sa.Column("income_fen", sa.BigInteger(), nullable=True),
        sa.Column("schemes", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["resident_id"], ["residents.id"], name=op.f("fk_diner_facts_resident_id_residents")),
        sa.PrimaryKeyConstraint("resident_id", "from_on", "at", name=op.f("pk_diner_facts")),
    )
    op.create_index("ix_diner_facts_at", "diner_facts", ["at"], unique=False)


def downgrade() -> None:
    op.drop_table("diner_facts")
