"""
Who is in charge of an alarm, the ticks of its plan, and handovers of the watch.

Only new tables: an older program does not see them, and going back drops nothing of anybody's.

Revision ID: 20261122_0530
Revises: 20261122_0520
"""

import sqlalchemy as sa
from alembic import op

revision = "20261122_0530"
down_revision = "20261122_0520"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "claims",
        sa.Column("alarm_id", sa.String(length=40), nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.Column("since_at", sa.BigInteger(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["alarm_id"], ["alarms.id"], name=op.f("fk_claims_alarm_id_alarms")),
        sa.PrimaryKeyConstraint("alarm_id", name=op.f("pk_claims")),
    )
    op.create_index("ix_claims_by", "claims", ["by"], unique=False)
    op.create_table(
        "ticks",
        sa.Column("alarm_id", sa.String(length=40), nullable=False),
        sa.Column("step", sa.String(length=16), nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["alarm_id"], ["alarms.id"], name=op.f("fk_ticks_alarm_id_alarms")),
        sa.PrimaryKeyConstraint("alarm_id", "step", name=op.f("pk_ticks")),
    )
    op.create_table(
        "handovers",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("outgoing", sa.String(length=80), nullable=False),
        sa.Column("begun_at", sa.BigInteger(), nullable=False),
        sa.Column("alarms", sa.Text(), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("incoming", sa.String(length=80), nullable=True),
        sa.Column("taken_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_handovers")),
    )
    op.create_index("ix_handovers_begun_at", "handovers", ["begun_at"], unique=False)


def downgrade() -> None:
    op.drop_table("handovers")
    op.drop_table("ticks")
    op.drop_table("claims")
