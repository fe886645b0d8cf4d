"""
When the picture that proves a delivered meal was taken, by its own word; and pictures are found by their hash.

A column that may be empty: an older program does not miss it.

Revision ID: 20261122_0740
Revises: 20261122_0720
"""

import sqlalchemy as sa
from alembic import op

revision = "20261122_0740"
down_revision = "20261122_0730"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("meal_orders", sa.Column("taken_at", sa.BigInteger(), nullable=True))
    op.create_index("ix_meal_orders_shown", "meal_orders", ["shown"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_meal_orders_shown", table_name="meal_orders")
    op.drop_column("meal_orders", "taken_at")
