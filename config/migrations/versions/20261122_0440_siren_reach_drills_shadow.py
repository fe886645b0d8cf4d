"""
The engine's pulse, the monthly test of each carer, drills, and streets that are only listened to.

Only new tables: an older program does not see them, and going back drops nothing of anybody's.

Revision ID: 20261122_0440
Revises: 20261122_0100
"""

import sqlalchemy as sa
from alembic import op

revision = "20261122_0440"
down_revision = "20261122_0430"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "pulses",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_pulses")),
    )
    op.create_table(
        "switches",
        sa.Column("area", sa.String(length=120), nullable=False),
        sa.Column("mode", sa.String(length=8), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.PrimaryKeyConstraint("area", name=op.f("pk_switches")),
    )
    op.create_table(
        "shadowed",
        sa.Column("alarm_id", sa.String(length=40), nullable=False),
        sa.Column("area", sa.String(length=120), nullable=False),
        sa.Column("since_at", sa.BigInteger(), nullable=False),
        sa.Column("until_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["alarm_id"], ["alarms.id"], name=op.f("fk_shadowed_alarm_id_alarms")),
        sa.PrimaryKeyConstraint("alarm_id", name=op.f("pk_shadowed")),
    )
    op.create_index("ix_shadowed_area", "shadowed", ["area", "until_at"], unique=False)
    op.create_table(
        "reach_tests",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("carer_id", sa.String(length=40), nullable=False),
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("phone", sa.String(length=20), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=True),
        sa.Column("asked_at", sa.BigInteger(), nullable=True),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["carer_id"], ["carers.id"], name=op.f("fk_reach_tests_carer_id_carers")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reach_tests")),
    )
    op.create_index("ix_reach_tests_once", "reach_tests", ["carer_id", "month"], unique=True)
    op.create_index("ix_reach_tests_due", "reach_tests", ["due_at"], unique=False, **_waits())
    op.create_table(
        "drills",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("gateway", sa.String(length=64), nullable=False),
        sa.Column("provider", sa.String(length=40), nullable=False),
        sa.Column("channel", sa.String(length=8), nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("begun_at", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=True),
        sa.Column("alarm_id", sa.String(length=40), nullable=True),
        sa.Column("raised_at", sa.BigInteger(), nullable=True),
        sa.Column("taken_at", sa.BigInteger(), nullable=True),
        sa.Column("answered_at", sa.BigInteger(), nullable=True),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("lacking", sa.String(length=40), nullable=True),
        sa.CheckConstraint("state IN ('running','passed','failed','broken_off')", name=op.f("ck_drills_state")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_drills")),
    )
    op.create_index("ix_drills_path", "drills", ["gateway", "provider", "channel", "begun_at"], unique=False)
    op.create_index("ix_drills_due", "drills", ["due_at"], unique=False, **_waits())


def downgrade() -> None:
    for name in ("drills", "reach_tests", "shadowed", "switches", "pulses"):
        op.drop_table(name)


def _waits() -> dict[str, sa.TextClause]:
    """Only rows that wait stand in the index."""
    return {"sqlite_where": sa.text("due_at IS NOT NULL"), "postgresql_where": sa.text("due_at IS NOT NULL")}
