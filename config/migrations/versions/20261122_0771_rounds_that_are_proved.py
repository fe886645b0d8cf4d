"""
Rounds at the door say whether they are proved. What was entered before stays: nobody was asked for proof then.

Only new columns: an older program leaves them empty.

Revision ID: 20261122_0771
Revises: 20261122_0770
"""

import sqlalchemy as sa
from alembic import op

revision = "20261122_0771"
down_revision = "20261122_0770"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("care_rounds") as batch_op:
        batch_op.add_column(sa.Column("shown", sa.String(length=10), nullable=True))
        batch_op.add_column(sa.Column("proof", sa.String(length=120), nullable=True))
        batch_op.add_column(sa.Column("reviewed_by", sa.String(length=80), nullable=True))
    for name, column, where in (
        ("ix_care_rounds_claimed", "done_at", "shown = 'claimed'"),
        ("ix_care_rounds_proof", "proof", "proof IS NOT NULL"),
    ):
        some = sa.text(where)
        op.create_index(name, "care_rounds", [column], unique=False, sqlite_where=some, postgresql_where=some)


def downgrade() -> None:
    op.drop_index("ix_care_rounds_proof", table_name="care_rounds")
    op.drop_index("ix_care_rounds_claimed", table_name="care_rounds")
    with op.batch_alter_table("care_rounds") as batch_op:
        for name in ("reviewed_by", "proof", "shown"):
            batch_op.drop_column(name)
