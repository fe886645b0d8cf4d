"""
A second factor, codes that are used once, and what a session knows of the browser it is in.

Sessions from before go on as they are; whoever must have a second factor sets it up at the next sign-in.

Revision ID: 20261122_0510
Revises: 20261122_0500
"""

import sqlalchemy as sa
from alembic import op

revision = "20261122_0510"
down_revision = "20261122_0500"
branch_labels = None
depends_on = None


def upgrade() -> None:
    for column in (
        sa.Column("factor", sa.String(length=300)),
        sa.Column("factor_counter", sa.BigInteger(), nullable=False, server_default="0"),
        sa.Column("factor_at", sa.BigInteger()),
    ):
        op.add_column("operators", column)
    for column in (
        sa.Column("handle", sa.String(length=32), nullable=False, server_default=""),
        sa.Column("ip", sa.String(length=45), nullable=False, server_default=""),
        sa.Column("device", sa.String(length=200), nullable=False, server_default=""),
        sa.Column("step", sa.String(length=8), nullable=False, server_default=""),
        sa.Column("tries", sa.Integer(), nullable=False, server_default="0"),
        sa.Column("pending", sa.String(length=300)),
        sa.Column("proved_at", sa.BigInteger()),
        sa.Column("sealed", sa.Boolean(), nullable=False, server_default=sa.false()),
    ):
        op.add_column("sessions", column)
    op.create_table(
        "account_codes",
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("operator_id", sa.String(length=40)),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger()),
        sa.Column("used_at", sa.BigInteger()),
        sa.ForeignKeyConstraint(["operator_id"], ["operators.id"], name=op.f("fk_account_codes_operator_id_operators")),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_account_codes")),
    )
    op.create_index("ix_account_codes_operator_id", "account_codes", ["operator_id", "kind"])


def downgrade() -> None:
    op.drop_index("ix_account_codes_operator_id", table_name="account_codes")
    op.drop_table("account_codes")
    for name in ("sealed", "proved_at", "pending", "tries", "step", "device", "ip", "handle"):
        op.drop_column("sessions", name)
    for name in ("factor_at", "factor_counter", "factor"):
        op.drop_column("operators", name)
