"""
Meals keep the facts that their rule was asked with: a month can be counted again whatever the registers say later.

One column that may be empty: an older program does not see it, and meals from before it have none.

Revision ID: 20261122_0730
Revises: 20261122_0720
"""

import sqlalchemy as sa
from alembic import op

revision = "20261122_0730"
down_revision = "20261122_0720"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("servings", sa.Column("asked", sa.Text(), nullable=True))


def downgrade() -> None:
    op.drop_column("servings", "asked")
