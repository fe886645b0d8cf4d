"""
Whoever serves is paid: terms of canteens and stations, what was booked for each period, and when a month was looked at.

Nothing is booked for months that were closed before: somebody may have paid them by hand, and says so with a term.

Revision ID: 20261122_0780
Revises: 20261122_0771
"""

import sqlalchemy as sa
from alembic import op

revision = "20261122_0780"
down_revision = "20261122_0771"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "operator_terms",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("payee_id", sa.String(length=40), nullable=False),
        sa.Column("policy", sa.String(length=80), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("until_on", sa.Date(), nullable=True),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("fund", sa.String(length=80), nullable=False),
        sa.Column("period", sa.String(length=8), nullable=False),
        sa.Column("days", sa.String(length=8), nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("kind IN ('canteen','station')", name=op.f("ck_operator_terms_kind")),
        sa.CheckConstraint("period IN ('','month','quarter','year')", name=op.f("ck_operator_terms_period")),
        sa.CheckConstraint("days IN ('calendar','served')", name=op.f("ck_operator_terms_days")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_operator_terms")),
    )
    op.create_index("ix_operator_terms_payee_id", "operator_terms", ["payee_id", "from_on"], unique=False)
    op.create_table(
        "operator_payments",
        sa.Column("id", sa.String(length=120), nullable=False),
        sa.Column("source", sa.String(length=110), nullable=False),
        sa.Column("claim", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("term_kind", sa.String(length=8), nullable=False),
        sa.Column("payee_id", sa.String(length=40), nullable=False),
        sa.Column("owed_to", sa.String(length=80), nullable=False),
        sa.Column("policy_id", sa.String(length=80), nullable=False),
        sa.Column("title", sa.String(length=200), nullable=False),
        sa.Column("version", sa.String(length=64), nullable=False),
        sa.Column("period", sa.String(length=8), nullable=False),
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("fund", sa.String(length=80), nullable=False),
        sa.Column("outcome", sa.String(length=24), nullable=False),
        sa.Column("counted", sa.String(length=60), nullable=False),
        sa.Column("because", sa.Text(), nullable=False),
        sa.Column("booked", sa.String(length=7), nullable=True),
        sa.Column("live", sa.Boolean(), nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("reversed_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("(amount_fen > 0) = (booked IS NOT NULL)", name=op.f("ck_operator_payments_booked")),
        sa.CheckConstraint("live = (reversed_at IS NULL)", name=op.f("ck_operator_payments_live")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_operator_payments")),
    )
    op.create_index("ix_operator_payments_month", "operator_payments", ["month", "payee_id"], unique=False)
    op.create_index(
        "ix_operator_payments_live", "operator_payments", ["source"], unique=True,
        sqlite_where=sa.text("live = 1"), postgresql_where=sa.text("live"),
    )  # fmt: skip
    op.create_table(
        "operator_months",
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("whole", sa.Boolean(), nullable=False),
        sa.PrimaryKeyConstraint("month", name=op.f("pk_operator_months")),
    )
    cancelled, late = sa.text("cancelled_at IS NOT NULL"), sa.text("late <> ''")
    op.create_index(
        "ix_servings_cancelled_at", "servings", ["cancelled_at"], unique=False, sqlite_where=cancelled,
        postgresql_where=cancelled,
    )  # fmt: skip
    op.create_index(
        "ix_ledger_entries_late", "ledger_entries", ["month", "on"], unique=False, sqlite_where=late,
        postgresql_where=late,
    )  # fmt: skip


def downgrade() -> None:
    op.drop_index("ix_ledger_entries_late", table_name="ledger_entries")
    op.drop_index("ix_servings_cancelled_at", table_name="servings")
    op.drop_table("operator_months")
    op.drop_table("operator_payments")
    op.drop_table("operator_terms")
