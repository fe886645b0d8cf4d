"""
Gaps of coverage, the last look at them, and service points.

Only new tables: an older program does not see them.

Revision ID: 20261122_0600
Revises: 20261122_0590
"""

import sqlalchemy as sa
from alembic import op

revision = "20261122_0600"
down_revision = "20261122_0590"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "coverage_gaps",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("community", sa.String(length=120), nullable=False),
        sa.Column("reason", sa.String(length=20), nullable=False),
        sa.Column("start_at", sa.BigInteger(), nullable=False),
        sa.Column("end_at", sa.BigInteger(), nullable=False),
        sa.Column("homes", sa.Text(), nullable=False),
        sa.Column("found_at", sa.BigInteger(), nullable=False),
        sa.Column("told", sa.Integer(), server_default="0", nullable=False),
        sa.Column("told_at", sa.BigInteger(), nullable=True),
        sa.Column("homes_told", sa.Integer(), server_default="0", nullable=False),
        sa.Column("length_told_s", sa.BigInteger(), server_default="0", nullable=False),
        sa.Column("closed_at", sa.BigInteger(), nullable=True),
        sa.Column("closing_told", sa.Integer(), server_default="0", nullable=False),
        sa.CheckConstraint("end_at > start_at", name=op.f("ck_coverage_gaps_end_at")),
        sa.CheckConstraint(
            "reason IN ('nobody_on_duty','nobody_reachable','too_far')", name=op.f("ck_coverage_gaps_reason")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_coverage_gaps")),
    )
    op.create_index("ix_coverage_gaps_closed_at", "coverage_gaps", ["closed_at"])
    op.create_table(
        "coverage_looks",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("until", sa.BigInteger(), nullable=False),
        sa.Column("shifts_version", sa.Integer(), nullable=False),
        sa.Column("homes", sa.Integer(), nullable=False),
        sa.Column("took_ms", sa.Integer(), nullable=False),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("told_at", sa.BigInteger(), nullable=True),
        sa.Column("trouble", sa.Text(), nullable=True),
        sa.Column("seen", sa.String(length=64), server_default="", nullable=False),
        sa.Column("claimed_until", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("id = 1", name=op.f("ck_coverage_looks_one_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_coverage_looks")),
    )
    op.create_table(
        "places",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("lat", sa.Float(), nullable=False),
        sa.Column("lng", sa.Float(), nullable=False),
        sa.Column("hours", sa.String(length=400), nullable=False),
        sa.Column("phone", sa.String(length=20), nullable=False),
        sa.Column("address", sa.String(length=240), nullable=False),
        sa.Column("offers", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_places")),
        sa.UniqueConstraint("code", name=op.f("uq_places_code")),
    )


def downgrade() -> None:
    op.drop_table("places")
    op.drop_table("coverage_looks")
    op.drop_index("ix_coverage_gaps_closed_at", table_name="coverage_gaps")
    op.drop_table("coverage_gaps")
