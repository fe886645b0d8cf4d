"""
Where a home, a canteen or a resident belonged before: money of a past month depends on whose they were then.

Who moved before this is not known: until then they belonged where the registers say that they do.

Revision ID: 20261122_0795
Revises: 20261122_0793
"""

import sqlalchemy as sa
from alembic import op

revision = "20261122_0795"
down_revision = "20261122_0793"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "register_moves",
        sa.Column("register", sa.String(length=12), nullable=False),
        sa.Column("row_id", sa.String(length=40), nullable=False),
        sa.Column("what", sa.String(length=12), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("was", sa.String(length=40), nullable=True),
        sa.CheckConstraint("register IN ('homes','canteens','residents')", name=op.f("ck_register_moves_register")),
        sa.PrimaryKeyConstraint("register", "row_id", "what", "at", name=op.f("pk_register_moves")),
    )


def downgrade() -> None:
    op.drop_table("register_moves")
