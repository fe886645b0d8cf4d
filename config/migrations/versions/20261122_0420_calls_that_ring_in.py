"""
Calls that ring in, and what was pressed in a call looked up by the call.

A call that nobody took must be an alarm whatever becomes of the provider's word, so it is a row before it is answered.

Revision ID: 20261122_0420
Revises: 20261122_0100
"""

import sqlalchemy as sa
from alembic import op

revision = "20261122_0420"
down_revision = "20261122_0400"
branch_labels = None
depends_on = None

WAITS = sa.text("due_at IS NOT NULL")
UNJUDGED = sa.text("judged IS NULL AND alarm_id IS NULL")


def upgrade() -> None:
    op.create_table(
        "calls",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("provider", sa.String(length=40), nullable=False),
        sa.Column("key", sa.String(length=80), nullable=False),
        sa.Column("sender", sa.String(length=40), nullable=False),
        sa.Column("to", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("came_at", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=True),
        sa.Column("answered_at", sa.BigInteger(), nullable=True),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("alarm_id", sa.String(length=40), nullable=True),
        sa.Column("judged", sa.String(length=12), nullable=True),
        sa.Column("judged_by", sa.String(length=80), nullable=True),
        sa.Column("judged_at", sa.BigInteger(), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.CheckConstraint("state IN ('ringing','answered','missed')", name=op.f("ck_calls_state")),
        sa.CheckConstraint("judged IN ('alarm','no_alarm')", name=op.f("ck_calls_judged")),
        sa.CheckConstraint("(judged IS NULL) = (judged_by IS NULL)", name=op.f("ck_calls_judged_by_somebody")),
        sa.ForeignKeyConstraint(["alarm_id"], ["alarms.id"], name=op.f("fk_calls_alarm_id_alarms")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_calls")),
    )
    op.create_index("ix_calls_key", "calls", ["provider", "key"], unique=True)
    op.create_index("ix_calls_came_at", "calls", ["came_at"], unique=False)
    op.create_index("ix_calls_alarm_id", "calls", ["alarm_id"], unique=False)
    op.create_index("ix_calls_due_at", "calls", ["due_at"], sqlite_where=WAITS, postgresql_where=WAITS)
    op.create_index("ix_calls_to_judge", "calls", ["came_at"], sqlite_where=UNJUDGED, postgresql_where=UNJUDGED)
    op.create_index("ix_replies_attempt_id", "replies", ["attempt_id"], unique=False)
    op.create_index("ix_residents_phone", "residents", ["phone"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_residents_phone", "residents")
    op.drop_index("ix_replies_attempt_id", "replies")
    op.drop_table("calls")
