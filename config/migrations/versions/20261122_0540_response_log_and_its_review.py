"""
The response log made searchable, and its review: rows that a follower fills from the record.

Only new tables, and nothing in them that the record does not say: going back drops nothing that cannot be filled again.

Revision ID: 20261122_0540
Revises: 20261122_0530
"""

import sqlalchemy as sa
from alembic import op

revision = "20261122_0540"
down_revision = "20261122_0530"
branch_labels = None
depends_on = None

NUMBER = sa.BigInteger().with_variant(sa.Integer(), "sqlite")


def upgrade() -> None:
    op.create_table(
        "log_alarms",
        sa.Column("first", NUMBER, autoincrement=False, nullable=False),
        sa.Column("alarm_id", sa.String(length=40), nullable=False),
        sa.Column("last", sa.BigInteger(), nullable=False),
        sa.Column("number", sa.String(length=24), nullable=False),
        sa.Column("cause", sa.String(length=24), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("home_id", sa.String(length=40), nullable=True),
        sa.Column("resident_id", sa.String(length=40), nullable=True),
        sa.Column("station_id", sa.String(length=40), nullable=True),
        sa.Column("raised_at", sa.BigInteger(), nullable=False),
        sa.Column("answered_at", sa.BigInteger(), nullable=True),
        sa.Column("accepted_at", sa.BigInteger(), nullable=True),
        sa.Column("attended_at", sa.BigInteger(), nullable=True),
        sa.Column("closed_at", sa.BigInteger(), nullable=True),
        sa.Column("closed_by", sa.String(length=80), nullable=True),
        sa.Column("outcome", sa.String(length=20), nullable=True),
        sa.Column("lapses", sa.Integer(), nullable=False),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("breaches", sa.Integer(), nullable=False),
        sa.Column("is_drawn", sa.Boolean(), nullable=False),
        sa.Column("stage", sa.String(length=8), nullable=False),
        sa.Column("act_number", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("first", name=op.f("pk_log_alarms")),
        sa.UniqueConstraint("alarm_id", name=op.f("uq_log_alarms_alarm_id")),
    )
    op.create_index("ix_log_alarms_cause", "log_alarms", ["cause", "first"], unique=False)
    op.create_index("ix_log_alarms_outcome", "log_alarms", ["outcome", "first"], unique=False)
    op.create_index("ix_log_alarms_stage", "log_alarms", ["stage", "first"], unique=False)
    op.create_index("ix_log_alarms_station_id", "log_alarms", ["station_id", "first"], unique=False)
    op.create_table(
        "log_audits",
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("promise", sa.String(length=40), nullable=False),
        sa.Column("alarm_id", sa.String(length=40), nullable=False),
        sa.Column("what", sa.String(length=240), nullable=False),
        sa.PrimaryKeyConstraint("number", "promise", name=op.f("pk_log_audits")),
    )
    op.create_index(op.f("ix_log_audits_alarm_id"), "log_audits", ["alarm_id"], unique=False)
    op.create_table(
        "log_bookmarks",
        sa.Column("name", sa.String(length=20), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_log_bookmarks")),
    )
    op.create_table(
        "log_findings",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("alarm_id", sa.String(length=40), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.Column("cause", sa.String(length=24), nullable=False),
        sa.Column("measure", sa.String(length=24), nullable=False),
        sa.Column("station_id", sa.String(length=40), nullable=True),
        sa.Column("follow_up_on", sa.Date(), nullable=True),
        sa.Column("done_at", sa.BigInteger(), nullable=True),
        sa.Column("done_by", sa.String(length=80), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_log_findings")),
    )
    op.create_index(op.f("ix_log_findings_alarm_id"), "log_findings", ["alarm_id"], unique=False)
    op.create_index(
        "ix_log_findings_waits",
        "log_findings",
        ["follow_up_on"],
        unique=False,
        sqlite_where=sa.text("done_at IS NULL AND follow_up_on IS NOT NULL"),
        postgresql_where=sa.text("done_at IS NULL AND follow_up_on IS NOT NULL"),
    )
    op.create_table(
        "log_hours",
        sa.Column("hour", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("least", sa.BigInteger(), nullable=False),
        sa.Column("most", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("hour", name=op.f("pk_log_hours")),
    )
    op.create_table(
        "log_limits",
        sa.Column("since", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("limits", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("since", name=op.f("pk_log_limits")),
    )
    op.create_table(
        "log_notes",
        sa.Column("first", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("note_hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("first", "number", name=op.f("pk_log_notes")),
        sqlite_with_rowid=False,
    )
    op.create_table(
        "log_people",
        sa.Column("person", sa.String(length=80), nullable=False),
        sa.Column("first", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("person", "first", name=op.f("pk_log_people")),
        sqlite_with_rowid=False,
    )


def downgrade() -> None:
    for name in ("people", "notes", "limits", "hours", "findings", "bookmarks", "audits", "alarms"):
        op.drop_table(f"log_{name}")
