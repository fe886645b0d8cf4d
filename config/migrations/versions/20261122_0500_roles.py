"""
What each account may do, and for which stations.

Accounts from before could do everything; they keep it until an administrator says otherwise.

Revision ID: 20261122_0500
Revises: 20261122_0440
"""

import sqlalchemy as sa
from alembic import op

revision = "20261122_0500"
down_revision = "20261122_0440"
branch_labels = None
depends_on = None

EVERYTHING = "operator reviewer manager installer administrator"


def upgrade() -> None:
    op.add_column("operators", sa.Column("roles", sa.String(length=80), nullable=False, server_default=EVERYTHING))
    op.add_column("operators", sa.Column("stations", sa.String(length=2000), nullable=False, server_default=""))


def downgrade() -> None:
    op.drop_column("operators", "stations")
    op.drop_column("operators", "roles")
