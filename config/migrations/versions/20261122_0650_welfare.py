"""
What was noticed of households, and the welfare signals that came of it.

Only new tables: an older program does not see them.

Revision ID: 20261122_0650
Revises: 20261122_0640
"""

import sqlalchemy as sa
from alembic import op

revision = "20261122_0650"
down_revision = "20261122_0640"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "welfare_homes",
        sa.Column("home_id", sa.String(length=40), nullable=False),
        sa.Column("threshold", sa.Float(), nullable=True),
        sa.Column("score", sa.Float(), nullable=False),
        sa.Column("reasons", sa.Text(), nullable=False),
        sa.Column("watched_from", sa.BigInteger(), nullable=False),
        sa.Column("looked_at", sa.BigInteger(), nullable=True),
        sa.Column("settled_at", sa.BigInteger(), nullable=True),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["home_id"], ["homes.id"], name=op.f("fk_welfare_homes_home_id_homes")),
        sa.PrimaryKeyConstraint("home_id", name=op.f("pk_welfare_homes")),
    )
    op.create_index("ix_welfare_homes_due_at", "welfare_homes", ["due_at"], unique=False)
    op.create_table(
        "welfare_signals",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("home_id", sa.String(length=40), nullable=False),
        sa.Column("resident_id", sa.String(length=40), nullable=True),
        sa.Column("alarm_id", sa.String(length=40), nullable=True),
        sa.Column("joined", sa.Integer(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("score", sa.Float(), nullable=False),
        sa.Column("threshold", sa.Float(), nullable=False),
        sa.Column("reasons", sa.Text(), nullable=False),
        sa.Column("became", sa.String(length=8), nullable=True),
        sa.Column("became_by", sa.String(length=80), nullable=True),
        sa.Column("became_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("became IN ('right','wrong','unclear','missed')", name=op.f("ck_welfare_signals_became")),
        sa.CheckConstraint("(became IS NULL) = (became_by IS NULL)", name=op.f("ck_welfare_signals_became_by")),
        sa.ForeignKeyConstraint(["alarm_id"], ["alarms.id"], name=op.f("fk_welfare_signals_alarm_id_alarms")),
        sa.ForeignKeyConstraint(["home_id"], ["homes.id"], name=op.f("fk_welfare_signals_home_id_homes")),
        sa.ForeignKeyConstraint(
            ["resident_id"], ["residents.id"], name=op.f("fk_welfare_signals_resident_id_residents")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_welfare_signals")),
    )
    op.create_index(op.f("ix_welfare_signals_alarm_id"), "welfare_signals", ["alarm_id"], unique=False)
    op.create_index("ix_welfare_signals_at", "welfare_signals", ["at"], unique=False)
    op.create_index("ix_welfare_signals_home_id", "welfare_signals", ["home_id", "at"], unique=False)
    op.create_index(
        "ix_welfare_signals_open",
        "welfare_signals",
        ["at"],
        unique=False,
        sqlite_where=sa.text("became IS NULL"),
        postgresql_where=sa.text("became IS NULL"),
    )
    op.create_index(op.f("ix_welfare_signals_resident_id"), "welfare_signals", ["resident_id"], unique=False)
    op.create_table(
        "welfare_signs",
        sa.Column("key", sa.String(length=160), nullable=False),
        sa.Column("home_id", sa.String(length=40), nullable=False),
        sa.Column("resident_id", sa.String(length=40), nullable=True),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("expected_at", sa.BigInteger(), nullable=True),
        sa.Column("strength", sa.Float(), nullable=False),
        sa.Column("source", sa.String(length=40), nullable=False),
        sa.CheckConstraint("strength >= 0 AND strength <= 1", name=op.f("ck_welfare_signs_strength")),
        sa.ForeignKeyConstraint(["home_id"], ["homes.id"], name=op.f("fk_welfare_signs_home_id_homes")),
        sa.ForeignKeyConstraint(["resident_id"], ["residents.id"], name=op.f("fk_welfare_signs_resident_id_residents")),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_welfare_signs")),
    )
    op.create_index("ix_welfare_signs_at", "welfare_signs", ["at"], unique=False)
    op.create_index("ix_welfare_signs_home_id", "welfare_signs", ["home_id", "at"], unique=False)
    op.create_index("ix_welfare_signs_kind", "welfare_signs", ["kind", "at"], unique=False)
    op.create_index(op.f("ix_welfare_signs_resident_id"), "welfare_signs", ["resident_id"], unique=False)
    op.create_table(
        "welfare_thresholds",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("home_id", sa.String(length=40), nullable=False),
        sa.Column("threshold", sa.Float(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["home_id"], ["homes.id"], name=op.f("fk_welfare_thresholds_home_id_homes")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_welfare_thresholds")),
    )
    op.create_index(op.f("ix_welfare_thresholds_home_id"), "welfare_thresholds", ["home_id"], unique=False)


def downgrade() -> None:
    op.drop_table("welfare_thresholds")
    op.drop_table("welfare_signs")
    op.drop_table("welfare_signals")
    op.drop_table("welfare_homes")
