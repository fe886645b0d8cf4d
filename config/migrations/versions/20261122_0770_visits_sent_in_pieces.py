"""
A plan is published in pieces and true at once: what is prepared of a visit stands beside what is true until it is.

An older program reads `sent` alone: it sees a plan that was turned and not yet written down as not published, for the
seconds that this takes.

Revision ID: 20261122_0770
Revises: 20261122_0760
"""

import sqlalchemy as sa
from alembic import op

revision = "20261122_0770"
down_revision = "20261122_0760"
branch_labels = None
depends_on = None

_FK = "fk_visit_carers_sending_id_visit_sendings"


def upgrade() -> None:
    op.create_table(
        "visit_sendings",
        sa.Column("id", sa.String(length=60), nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.Column("begun_at", sa.BigInteger(), nullable=False),
        sa.Column("live_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_visit_sendings")),
    )
    with op.batch_alter_table("visit_carers") as batch_op:
        batch_op.add_column(sa.Column("sending_id", sa.String(length=60), nullable=True))
        batch_op.add_column(sa.Column("then_sent", sa.Boolean(), nullable=True))
        batch_op.create_foreign_key(op.f(_FK), "visit_sendings", ["sending_id"], ["id"])
    prepared = sa.text("sending_id IS NOT NULL")
    op.create_index(
        "ix_visit_carers_sending_id", "visit_carers", ["sending_id"], unique=False,
        sqlite_where=prepared, postgresql_where=prepared,
    )  # fmt: skip


def downgrade() -> None:
    op.drop_index("ix_visit_carers_sending_id", table_name="visit_carers")
    with op.batch_alter_table("visit_carers") as batch_op:
        batch_op.drop_constraint(op.f(_FK), type_="foreignkey")
        batch_op.drop_column("then_sent")
        batch_op.drop_column("sending_id")
    op.drop_table("visit_sendings")
