"""
Programs of others that are told what happens, drafts of the roster, addresses of calendar feeds.

Only new tables, and two columns of shifts which calendars need to see that one was changed.

Revision ID: 20261122_0560
Revises: 20261122_0550
"""

import sqlalchemy as sa
from alembic import op

revision = "20261122_0560"
down_revision = "20261122_0550"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "subscriptions",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("url", sa.String(length=500), nullable=False),
        sa.Column("template", sa.String(length=12), nullable=False),
        sa.Column("types", sa.Text(), nullable=False),
        sa.Column("stations", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.Column("old_until", sa.BigInteger(), nullable=True),
        sa.Column("cursor", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("failing_since", sa.BigInteger(), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("made_by", sa.String(length=80), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_subscriptions")),
    )
    op.create_table(
        "deliveries",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("subscription_id", sa.String(length=40), nullable=False),
        sa.Column("webhook_id", sa.String(length=80), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.Column("type", sa.String(length=80), nullable=False),
        sa.Column("why", sa.String(length=8), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("error", sa.String(length=80), nullable=True),
        sa.Column("took_ms", sa.Integer(), nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["subscription_id"], ["subscriptions.id"], name=op.f("fk_deliveries_subscription_id_subscriptions")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_deliveries")),
    )
    op.create_index("ix_deliveries_subscription_id", "deliveries", ["subscription_id", "at"], unique=False)
    op.create_index("ix_deliveries_live", "deliveries", ["subscription_id", "number", "why"], unique=False)
    waits = sa.text("due_at IS NOT NULL")
    op.create_index(
        "ix_deliveries_due", "deliveries", ["due_at"], unique=False, sqlite_where=waits, postgresql_where=waits
    )
    op.create_table(
        "shift_drafts",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("what", sa.String(length=4), nullable=False),
        sa.Column("shift_id", sa.String(length=40), nullable=True),
        sa.Column("carer_id", sa.String(length=40), nullable=False),
        sa.Column("start_at", sa.BigInteger(), nullable=False),
        sa.Column("end_at", sa.BigInteger(), nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.CheckConstraint("what IN ('put','take')", name=op.f("ck_shift_drafts_what")),
        sa.ForeignKeyConstraint(["carer_id"], ["carers.id"], name=op.f("fk_shift_drafts_carer_id_carers")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shift_drafts")),
    )
    op.create_table(
        "feeds",
        sa.Column("owner", sa.String(length=80), nullable=False),
        sa.Column("generation", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("owner", name=op.f("pk_feeds")),
    )
    op.add_column("shifts", sa.Column("sequence", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("shifts", sa.Column("changed_at", sa.BigInteger(), nullable=True))


def downgrade() -> None:
    op.drop_column("shifts", "changed_at")
    op.drop_column("shifts", "sequence")
    for table in ("feeds", "shift_drafts", "deliveries", "subscriptions"):
        op.drop_table(table)
