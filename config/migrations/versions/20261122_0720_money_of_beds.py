"""
Bills, what was paid for beds and services and why, vouchers of settled months, facts that rules ask of people.

Only new tables: an older program does not see them.

Revision ID: 20261122_0720
Revises: 20261122_0710
"""

import sqlalchemy as sa
from alembic import op

revision = "20261122_0720"
down_revision = "20261122_0710"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "bed_payments",
        sa.Column("id", sa.String(length=110), nullable=False),
        sa.Column("source", sa.String(length=100), nullable=False),
        sa.Column("claim", sa.String(length=200), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("resident_id", sa.String(length=40), nullable=False),
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("policy_id", sa.String(length=80), nullable=False),
        sa.Column("version", sa.String(length=64), nullable=True),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("fund", sa.String(length=80), nullable=False),
        sa.Column("owed_to", sa.String(length=80), nullable=False),
        sa.Column("outcome", sa.String(length=24), nullable=False),
        sa.Column("because", sa.Text(), nullable=False),
        sa.Column("booked", sa.String(length=7), nullable=True),
        sa.Column("live", sa.Boolean(), nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("reversed_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("(amount_fen > 0) = (booked IS NOT NULL)", name=op.f("ck_bed_payments_booked")),
        sa.CheckConstraint("live = (reversed_at IS NULL)", name=op.f("ck_bed_payments_live")),
        sa.ForeignKeyConstraint(["resident_id"], ["residents.id"], name=op.f("fk_bed_payments_resident_id_residents")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bed_payments")),
    )
    op.create_index(
        "ix_bed_payments_live",
        "bed_payments",
        ["source"],
        unique=True,
        sqlite_where=sa.text("live = 1"),
        postgresql_where=sa.text("live"),
    )
    op.create_index("ix_bed_payments_month", "bed_payments", ["month", "resident_id"], unique=False)
    op.create_index("ix_bed_payments_resident_id", "bed_payments", ["resident_id", "kind"], unique=False)
    op.create_table(
        "benefit_facts",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("resident_id", sa.String(length=40), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("income_fen", sa.BigInteger(), nullable=True),
        sa.Column("hukou", sa.String(length=12), nullable=False),
        sa.Column("residence", sa.String(length=12), nullable=False),
        sa.Column("schemes", sa.Text(), nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["resident_id"], ["residents.id"], name=op.f("fk_benefit_facts_resident_id_residents")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_benefit_facts")),
    )
    op.create_index("ix_benefit_facts_resident_id", "benefit_facts", ["resident_id", "from_on"], unique=False)
    op.create_table(
        "bills",
        sa.Column("id", sa.String(length=80), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("scheme", sa.String(length=80), nullable=False),
        sa.Column("resident_id", sa.String(length=40), nullable=False),
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("provider", sa.String(length=80), nullable=False),
        sa.Column("payer", sa.String(length=12), nullable=False),
        sa.Column("prior_adaptation", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("withdrawn_by", sa.String(length=80), nullable=True),
        sa.Column("withdrawn_at", sa.BigInteger(), nullable=True),
        sa.Column("why", sa.Text(), nullable=False),
        sa.CheckConstraint("(state = 'withdrawn') = (withdrawn_at IS NOT NULL)", name=op.f("ck_bills_withdrawn_at")),
        sa.CheckConstraint(
            "kind IN ('home','institution','construction','adaptation','operating','call')", name=op.f("ck_bills_kind")
        ),
        sa.CheckConstraint("state IN ('open','withdrawn')", name=op.f("ck_bills_state")),
        sa.ForeignKeyConstraint(["resident_id"], ["residents.id"], name=op.f("fk_bills_resident_id_residents")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bills")),
    )
    op.create_index("ix_bills_month", "bills", ["month", "resident_id"], unique=False)
    op.create_index("ix_bills_resident_id", "bills", ["resident_id", "kind"], unique=False)
    op.create_table(
        "vouchers",
        sa.Column("resident_id", sa.String(length=40), nullable=False),
        sa.Column("scheme", sa.String(length=80), nullable=False),
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("moves", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["resident_id"], ["residents.id"], name=op.f("fk_vouchers_resident_id_residents")),
        sa.PrimaryKeyConstraint("resident_id", "scheme", "month", name=op.f("pk_vouchers")),
    )
    op.create_table(
        "bill_lines",
        sa.Column("bill_id", sa.String(length=80), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("proof", sa.String(length=8), nullable=False),
        sa.Column("ref", sa.String(length=40), nullable=False),
        sa.Column("live", sa.Boolean(), nullable=False),
        sa.CheckConstraint("proof IN ('visit','order','other')", name=op.f("ck_bill_lines_proof")),
        sa.CheckConstraint("amount_fen >= 0", name=op.f("ck_bill_lines_amount_fen")),
        sa.ForeignKeyConstraint(["bill_id"], ["bills.id"], name=op.f("fk_bill_lines_bill_id_bills")),
        sa.PrimaryKeyConstraint("bill_id", "number", name=op.f("pk_bill_lines")),
    )
    op.create_index(
        "ix_bill_lines_once",
        "bill_lines",
        ["proof", "ref"],
        unique=True,
        sqlite_where=sa.text("live = 1 AND ref != ''"),
        postgresql_where=sa.text("live AND ref != ''"),
    )


def downgrade() -> None:
    op.drop_table("bill_lines")
    op.drop_table("vouchers")
    op.drop_table("bills")
    op.drop_table("benefit_facts")
    op.drop_table("bed_payments")
