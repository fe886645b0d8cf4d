"""
What all rules shared (exclusions, and what categories imply) as it was when something was priced: a change of it alone
is noticed from now on.

Revision ID: 20261122_0796
Revises: 20261122_0795
"""

import sqlalchemy as sa
from alembic import op

revision = "20261122_0796"
down_revision = "20261122_0795"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "rules_shared",
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("mark", sa.String(length=64), nullable=False),
        sa.Column("said", sa.Text(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("kind", "mark", name=op.f("pk_rules_shared")),
    )
    op.create_index("ix_rules_shared_at", "rules_shared", ["kind", "at"], unique=False)


def downgrade() -> None:
    op.drop_table("rules_shared")
