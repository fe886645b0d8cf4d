"""
The escalation file that was last in order is kept: a start that finds the file damaged goes on by it, where it used to
stop and nobody heard a press.

Revision ID: 20261122_0793
Revises: 20261122_0784
"""

import sqlalchemy as sa
from alembic import op

revision = "20261122_0793"
down_revision = "20261122_0784"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "standing_policies",
        sa.Column("id", sa.Integer, primary_key=True, autoincrement=False),
        sa.Column("rows", sa.Text, nullable=False),
        sa.Column("kept_at", sa.BigInteger, nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_standing_policies_only_one")),
    )


def downgrade() -> None:
    op.drop_table("standing_policies")
