"""
When each part of the way was last shown to work, and which backups were put back.

Only new tables: an older program does not see them, and going back drops nothing of anybody's.

Revision ID: 20261122_0570
Revises: 20261122_0560
"""

import sqlalchemy as sa
from alembic import op

revision = "20261122_0570"
down_revision = "20261122_0560"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "proofs",
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("tried_at", sa.BigInteger(), nullable=False),
        sa.Column("proven_at", sa.BigInteger(), nullable=True),
        sa.Column("detail", sa.String(length=240), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_proofs")),
    )
    op.create_table(
        "restorations",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("restored_at", sa.BigInteger(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("entries", sa.Integer(), nullable=False),
        sa.Column("head", sa.String(length=64), nullable=False),
        sa.Column("open_alarms", sa.Integer(), nullable=False),
        sa.Column("withdrawn", sa.Integer(), nullable=False),
        sa.Column("lost", sa.Text(), nullable=False),
        sa.Column("told_at", sa.BigInteger(), nullable=True),
        sa.Column("looked_at", sa.BigInteger(), nullable=True),
        sa.Column("looked_by", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_restorations")),
    )


def downgrade() -> None:
    op.drop_table("restorations")
    op.drop_table("proofs")
