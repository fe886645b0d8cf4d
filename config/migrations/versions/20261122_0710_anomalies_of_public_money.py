"""
Findings about public money with what became of them, what was looked at, and the draws of checks on site.

Only new tables: an older program does not see them.

Revision ID: 20261122_0710
Revises: 20261122_0700
"""

import sqlalchemy as sa
from alembic import op

revision = "20261122_0710"
down_revision = "20261122_0700"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "money_findings",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("key", sa.String(length=255), nullable=False),
        sa.Column("code", sa.String(length=20), nullable=False),
        sa.Column("severity", sa.String(length=8), nullable=False),
        sa.Column("first_on", sa.Date(), nullable=False),
        sa.Column("last_on", sa.Date(), nullable=False),
        sa.Column("canteen", sa.String(length=80), nullable=True),
        sa.Column("resident_id", sa.String(length=40), nullable=True),
        sa.Column("operator", sa.String(length=80), nullable=True),
        sa.Column("station_id", sa.String(length=40), nullable=True),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("figures", sa.Text(), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("found_at", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("judged_by", sa.String(length=80), nullable=True),
        sa.Column("judged_at", sa.BigInteger(), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("recovered_fen", sa.BigInteger(), nullable=False),
        sa.CheckConstraint(
            "state IN ('open','explained','confirmed','recovered')", name=op.f("ck_money_findings_state")
        ),
        sa.CheckConstraint("(state = 'open') = (judged_by IS NULL)", name=op.f("ck_money_findings_judged")),
        sa.CheckConstraint("(state = 'recovered') = (recovered_fen > 0)", name=op.f("ck_money_findings_recovered")),
        sa.CheckConstraint("amount_fen >= 0 AND recovered_fen >= 0", name=op.f("ck_money_findings_amounts")),
        sa.ForeignKeyConstraint(["station_id"], ["stations.id"], name=op.f("fk_money_findings_station_id_stations")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_money_findings")),
        sa.UniqueConstraint("key", name=op.f("uq_money_findings_key")),
    )
    op.create_index("ix_money_findings_state", "money_findings", ["state", "first_on", "id"], unique=False)
    op.create_index(op.f("ix_money_findings_resident_id"), "money_findings", ["resident_id"], unique=False)
    op.create_table(
        "money_looks",
        sa.Column("name", sa.String(length=40), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("meals", sa.BigInteger(), nullable=False),
        sa.Column("found", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_money_looks")),
    )
    op.create_table(
        "money_draws",
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("seed", sa.String(length=64), nullable=False),
        sa.Column("ledger_hash", sa.String(length=64), nullable=False),
        sa.Column("settled", sa.BigInteger(), nullable=False),
        sa.Column("drawn_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("month", name=op.f("pk_money_draws")),
    )
    op.create_table(
        "money_checks",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("source", sa.String(length=80), nullable=False),
        sa.Column("place", sa.String(length=80), nullable=False),
        sa.Column("resident_id", sa.String(length=40), nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("station_id", sa.String(length=40), nullable=True),
        sa.Column("result", sa.String(length=10), nullable=True),
        sa.Column("by", sa.String(length=80), nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.CheckConstraint("result IN ('right','wrong','not_found')", name=op.f("ck_money_checks_result")),
        sa.CheckConstraint('(result IS NULL) = ("by" IS NULL)', name=op.f("ck_money_checks_by_whom")),
        sa.ForeignKeyConstraint(["month"], ["money_draws.month"], name=op.f("fk_money_checks_month_money_draws")),
        sa.ForeignKeyConstraint(["station_id"], ["stations.id"], name=op.f("fk_money_checks_station_id_stations")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_money_checks")),
        sa.UniqueConstraint("month", "kind", "source", name=op.f("uq_money_checks_month_kind_source")),
    )
    op.create_index("ix_money_checks_month", "money_checks", ["month", "place", "id"], unique=False)
    op.create_index(op.f("ix_money_checks_resident_id"), "money_checks", ["resident_id"], unique=False)


def downgrade() -> None:
    for table in ("money_checks", "money_draws", "money_looks", "money_findings"):
        op.drop_table(table)
