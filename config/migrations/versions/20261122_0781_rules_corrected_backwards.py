"""
A rule is corrected backwards: what it would price otherwise is listed, agreed to by two people and priced anew.

An older program does not know `pricing`: of a meal that was priced anew it would take back the first entry, which is
taken back already, and be refused.

Revision ID: 20261122_0781
Revises: 20261122_0780
"""

import sqlalchemy as sa
from alembic import op

revision = "20261122_0781"
down_revision = "20261122_0780"
branch_labels = None
depends_on = None


def upgrade() -> None:
    with op.batch_alter_table("servings") as batch_op:
        batch_op.add_column(sa.Column("pricing", sa.Integer(), server_default="1", nullable=False))
        batch_op.add_column(sa.Column("priced_at", sa.BigInteger(), nullable=True))
    op.create_index("ix_servings_policy", "servings", ["policy", "policy_version", "on"], unique=False)
    op.create_table(
        "corrections",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("mark", sa.String(length=64), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("outdated", sa.Text(), nullable=False),
        sa.Column("cursor", sa.String(length=80), nullable=False),
        sa.Column("found_at", sa.BigInteger(), nullable=False),
        sa.Column("wanted_by", sa.String(length=80), nullable=True),
        sa.Column("wanted_at", sa.BigInteger(), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("decided_by", sa.String(length=80), nullable=True),
        sa.Column("decided_at", sa.BigInteger(), nullable=True),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("kind IN ('meal','bill')", name=op.f("ck_corrections_kind")),
        sa.CheckConstraint(
            "state IN ('looking','found','wanted','approved','done','declined','nothing','void')",
            name=op.f("ck_corrections_state"),
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_corrections")),
    )
    op.create_index("ix_corrections_kind", "corrections", ["kind", "found_at"], unique=False)
    op.create_table(
        "correction_items",
        sa.Column("correction_id", sa.String(length=40), nullable=False),
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("source", sa.String(length=120), nullable=False),
        sa.Column("together", sa.String(length=120), nullable=False),
        sa.Column("resident_id", sa.String(length=40), nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("before_fen", sa.BigInteger(), nullable=False),
        sa.Column("after_fen", sa.BigInteger(), nullable=False),
        sa.Column("paid_fen", sa.BigInteger(), nullable=False),
        sa.Column("pays_fen", sa.BigInteger(), nullable=False),
        sa.Column("differs", sa.Boolean(), nullable=False),
        sa.Column("old_version", sa.String(length=64), nullable=True),
        sa.Column("new_version", sa.String(length=64), nullable=True),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.CheckConstraint("state IN ('open','done','skipped')", name=op.f("ck_correction_items_state")),
        sa.ForeignKeyConstraint(
            ["correction_id"], ["corrections.id"], name=op.f("fk_correction_items_correction_id_corrections")
        ),
        sa.ForeignKeyConstraint(
            ["resident_id"], ["residents.id"], name=op.f("fk_correction_items_resident_id_residents")
        ),
        sa.PrimaryKeyConstraint("correction_id", "number", name=op.f("pk_correction_items")),
    )
    op.create_index("ix_correction_items_state", "correction_items", ["correction_id", "state", "number"], unique=False)
    op.create_index("ix_correction_items_resident_id", "correction_items", ["resident_id"], unique=False)


def downgrade() -> None:
    op.drop_table("correction_items")
    op.drop_table("corrections")
    op.drop_index("ix_servings_policy", table_name="servings")
    with op.batch_alter_table("servings") as batch_op:
        batch_op.drop_column("priced_at")
        batch_op.drop_column("pricing")
