"""
Where a home belongs in the figures, an index for counting the record by kind and time, and signed monthly reports.

Revision ID: 20261122_0550
Revises: 20261122_0540
"""

import sqlalchemy as sa
from alembic import op

revision = "20261122_0550"
down_revision = "20261122_0540"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("homes", sa.Column("street", sa.String(length=60), nullable=False, server_default=""))
    op.add_column("homes", sa.Column("community", sa.String(length=60), nullable=False, server_default=""))
    op.create_index("ix_entries_kind", "entries", ["kind", "at"])
    op.create_table(
        "signed_reports",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("signed_at", sa.BigInteger(), nullable=False),
        sa.Column("signed_by", sa.String(length=80), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("figures", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name="pk_signed_reports"),
    )
    op.create_index("ix_signed_reports_month", "signed_reports", ["month", "signed_at"])


def downgrade() -> None:
    op.drop_table("signed_reports")
    op.drop_index("ix_entries_kind", table_name="entries")
    op.drop_column("homes", "community")
    op.drop_column("homes", "street")
