"""
What an auditor must know of supervision: how long each device and gateway may be silent, and behind which edge it is.

And for which gateways a machine's key may speak.

The times were known to the service alone, which read them out of its file; nobody beside it could say that a silent
device had been forgotten.

Revision ID: 20261122_0300
Revises: 20261122_0100
"""

import sqlalchemy as sa
from alembic import op

revision = "20261122_0300"
down_revision = "20261122_0100"
branch_labels = None
depends_on = None

NOW_US = {
    "sqlite": "CAST(strftime('%s', 'now') AS INTEGER) * 1000000",
    "postgresql": "CAST(extract(epoch FROM now()) AS BIGINT) * 1000000",
}
_ENDED = sa.text("ended_at IS NOT NULL")


def upgrade() -> None:
    op.create_table(
        "rounds",
        sa.Column("name", sa.String(length=16), nullable=False),
        sa.Column("after", sa.String(length=40), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_rounds")),
    )
    op.add_column("vigils", sa.Column("silent_s", sa.Float(), nullable=True))
    op.add_column("gateways", sa.Column("silent_s", sa.Float(), server_default="0", nullable=False))
    op.add_column("gateways", sa.Column("behind", sa.String(length=80), server_default="", nullable=False))
    op.add_column("gateways", sa.Column("connected_at", sa.BigInteger(), nullable=True))
    op.add_column("keys", sa.Column("gateways", sa.String(length=400), server_default="", nullable=False))
    op.create_index("ix_repairs_ended_at", "repairs", ["ended_at"], sqlite_where=_ENDED, postgresql_where=_ENDED)
    # Each device is looked at once, which writes down how long it may be silent.
    now_us = NOW_US[op.get_bind().dialect.name]
    op.execute(f"UPDATE vigils SET due_at = {now_us} WHERE due_at IS NULL AND health = 'well'")  # noqa: S608


def downgrade() -> None:
    op.drop_index("ix_repairs_ended_at", table_name="repairs")
    op.drop_table("rounds")
    with op.batch_alter_table("keys", schema=None) as batch_op:
        batch_op.drop_column("gateways")
    with op.batch_alter_table("gateways", schema=None) as batch_op:
        batch_op.drop_column("connected_at")
        batch_op.drop_column("behind")
        batch_op.drop_column("silent_s")
    with op.batch_alter_table("vigils", schema=None) as batch_op:
        batch_op.drop_column("silent_s")
