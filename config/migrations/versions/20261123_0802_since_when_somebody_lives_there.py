"""
Since when somebody lives in another home, where it was written down later than it happened.

Revision ID: 20261123_0802
Revises: 20261123_0801
"""

import sqlalchemy as sa
from alembic import op

revision = "20261123_0802"
down_revision = "20261123_0801"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("register_moves", sa.Column("since", sa.Date(), nullable=True))


def downgrade() -> None:
    with op.batch_alter_table("register_moves") as batch:
        batch.drop_column("since")
