"""
The ledger of public money, append-only by the database itself; versions of rules, statements, budgets.

Only new tables: an older program does not see them.

Revision ID: 20261122_0700
Revises: 20261122_0690
"""

import sqlalchemy as sa
from alembic import op

from schedules.money.store.refusing import refusals, withdrawn

revision = "20261122_0700"
down_revision = "20261122_0690"
branch_labels = None
depends_on = None

_ID = sa.String(length=120).with_variant(sa.String(length=120, collation="C"), "postgresql")
_APPEND_ONLY = {
    "ledger_entries": ["id"],
    "ledger_postings": ["entry_id", "place"],
    "ledger_closings": ["month"],
    "ledger_months": ["month"],
    "ledger_sums": ["month", "payee", "fund"],
    "policy_versions": ["version"],
    "money_budgets": ["fund", "year", "number"],
}


def upgrade() -> None:
    op.create_table(
        "ledger_closings",
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("month", name=op.f("pk_ledger_closings")),
    )
    op.create_table(
        "ledger_entries",
        sa.Column("id", _ID, nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("claim", sa.String(length=200), nullable=False),
        sa.Column("source_kind", sa.String(length=10), nullable=True),
        sa.Column("source_id", sa.String(length=120), nullable=True),
        sa.Column("version", sa.String(length=64), nullable=True),
        sa.Column("reverses", _ID, nullable=True),
        sa.Column("late", sa.String(length=200), nullable=False),
        sa.CheckConstraint("source_kind IN ('meal','visit','bill')", name=op.f("ck_ledger_entries_source_kind")),
        sa.CheckConstraint("(source_kind IS NULL) <> (reverses IS NULL)", name=op.f("ck_ledger_entries_either")),
        sa.CheckConstraint("(source_kind IS NULL) = (source_id IS NULL)", name=op.f("ck_ledger_entries_source")),
        sa.CheckConstraint("(source_kind IS NULL) = (version IS NULL)", name=op.f("ck_ledger_entries_version")),
        sa.ForeignKeyConstraint(
            ["reverses"], ["ledger_entries.id"], name=op.f("fk_ledger_entries_reverses_ledger_entries")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ledger_entries")),
        sa.UniqueConstraint("reverses", name=op.f("uq_ledger_entries_reverses")),
    )
    op.create_index("ix_ledger_entries_claim", "ledger_entries", ["claim"], unique=False)
    op.create_index("ix_ledger_entries_month", "ledger_entries", ["month", "id"], unique=False)
    op.create_index("ix_ledger_entries_source_id", "ledger_entries", ["source_id"], unique=False)
    op.create_table(
        "money_budgets",
        sa.Column("fund", sa.String(length=120), nullable=False),
        sa.Column("year", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("amount_fen >= 0", name=op.f("ck_money_budgets_amount_fen")),
        sa.PrimaryKeyConstraint("fund", "year", "number", name=op.f("pk_money_budgets")),
    )
    op.create_table(
        "policy_versions",
        sa.Column("version", sa.String(length=64), nullable=False),
        sa.Column("policy_id", sa.String(length=80), nullable=False),
        sa.Column("file", sa.String(length=120), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("version", name=op.f("pk_policy_versions")),
    )
    op.create_index(op.f("ix_policy_versions_policy_id"), "policy_versions", ["policy_id"], unique=False)
    op.create_table(
        "ledger_live",
        sa.Column("key", sa.String(length=220), nullable=False),
        sa.Column("entry_id", _ID, nullable=False),
        sa.ForeignKeyConstraint(
            ["entry_id"], ["ledger_entries.id"], name=op.f("fk_ledger_live_entry_id_ledger_entries")
        ),
        sa.PrimaryKeyConstraint("key", name=op.f("pk_ledger_live")),
    )
    op.create_index(op.f("ix_ledger_live_entry_id"), "ledger_live", ["entry_id"], unique=False)
    op.create_table(
        "ledger_months",
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("before", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("entries", sa.Integer(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["month"], ["ledger_closings.month"], name=op.f("fk_ledger_months_month_ledger_closings")
        ),
        sa.PrimaryKeyConstraint("month", name=op.f("pk_ledger_months")),
        sa.UniqueConstraint("hash", name=op.f("uq_ledger_months_hash")),
    )
    op.create_table(
        "ledger_postings",
        sa.Column("entry_id", _ID, nullable=False),
        sa.Column("place", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("account", sa.String(length=120), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(
            ["entry_id"], ["ledger_entries.id"], name=op.f("fk_ledger_postings_entry_id_ledger_entries")
        ),
        sa.PrimaryKeyConstraint("entry_id", "place", name=op.f("pk_ledger_postings")),
    )
    op.create_index("ix_ledger_postings_account", "ledger_postings", ["account", "entry_id"], unique=False)
    op.create_table(
        "ledger_sums",
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("payee", sa.String(length=120), nullable=False),
        sa.Column("fund", sa.String(length=120), nullable=False),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("entries", sa.Integer(), nullable=False),
        sa.ForeignKeyConstraint(["month"], ["ledger_months.month"], name=op.f("fk_ledger_sums_month_ledger_months")),
        sa.PrimaryKeyConstraint("month", "payee", "fund", name=op.f("pk_ledger_sums")),
    )
    op.create_table(
        "statements",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("account", sa.String(length=120), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("station_id", sa.String(length=40), nullable=True),
        sa.Column("amount_fen", sa.BigInteger(), nullable=False),
        sa.Column("entries", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("submitted_by", sa.String(length=80), nullable=True),
        sa.Column("objections_until", sa.Date(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("kind IN ('payee','fund')", name=op.f("ck_statements_kind")),
        sa.CheckConstraint(
            "state IN ('draft','review','published','approved','paid')", name=op.f("ck_statements_state")
        ),
        sa.CheckConstraint(
            "state NOT IN ('published','approved','paid') OR objections_until IS NOT NULL",
            name=op.f("ck_statements_published"),
        ),
        sa.ForeignKeyConstraint(["month"], ["ledger_months.month"], name=op.f("fk_statements_month_ledger_months")),
        sa.ForeignKeyConstraint(["station_id"], ["stations.id"], name=op.f("fk_statements_station_id_stations")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_statements")),
        sa.UniqueConstraint("month", "account", name=op.f("uq_statements_month_account")),
    )
    op.create_index(op.f("ix_statements_station_id"), "statements", ["station_id"], unique=False)
    op.create_table(
        "statement_objections",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("statement_id", sa.String(length=40), nullable=False),
        sa.Column("said_by", sa.String(length=120), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("upheld", sa.Boolean(), nullable=True),
        sa.Column("answer", sa.Text(), nullable=False),
        sa.Column("answered_by", sa.String(length=80), nullable=True),
        sa.Column("answered_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("(upheld IS NULL) = (answered_by IS NULL)", name=op.f("ck_statement_objections_answered")),
        sa.ForeignKeyConstraint(
            ["statement_id"], ["statements.id"], name=op.f("fk_statement_objections_statement_id_statements")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_statement_objections")),
    )
    op.create_index(
        op.f("ix_statement_objections_statement_id"), "statement_objections", ["statement_id"], unique=False
    )
    op.create_table(
        "statement_steps",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("statement_id", sa.String(length=40), nullable=False),
        sa.Column("deed", sa.String(length=12), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("on", sa.Date(), nullable=True),
        sa.Column("reference", sa.String(length=80), nullable=False),
        sa.Column("note", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["statement_id"], ["statements.id"], name=op.f("fk_statement_steps_statement_id_statements")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_statement_steps")),
    )
    op.create_index(op.f("ix_statement_steps_statement_id"), "statement_steps", ["statement_id"], unique=False)
    dialect = op.get_bind().dialect.name
    for table, keys in _APPEND_ONLY.items():
        for statement in refusals(table, keys, dialect):
            op.execute(sa.text(statement))


def downgrade() -> None:
    op.drop_index(op.f("ix_statement_steps_statement_id"), table_name="statement_steps")
    op.drop_table("statement_steps")
    op.drop_index(op.f("ix_statement_objections_statement_id"), table_name="statement_objections")
    op.drop_table("statement_objections")
    op.drop_index(op.f("ix_statements_station_id"), table_name="statements")
    op.drop_table("statements")
    op.drop_table("ledger_sums")
    op.drop_index("ix_ledger_postings_account", table_name="ledger_postings")
    op.drop_table("ledger_postings")
    op.drop_table("ledger_months")
    op.drop_index(op.f("ix_ledger_live_entry_id"), table_name="ledger_live")
    op.drop_table("ledger_live")
    op.drop_index(op.f("ix_policy_versions_policy_id"), table_name="policy_versions")
    op.drop_table("policy_versions")
    op.drop_table("money_budgets")
    op.drop_index("ix_ledger_entries_source_id", table_name="ledger_entries")
    op.drop_index("ix_ledger_entries_month", table_name="ledger_entries")
    op.drop_index("ix_ledger_entries_claim", table_name="ledger_entries")
    op.drop_table("ledger_entries")
    op.drop_table("ledger_closings")
    for table in _APPEND_ONLY:
        for statement in withdrawn(table, op.get_bind().dialect.name):
            op.execute(sa.text(statement))
