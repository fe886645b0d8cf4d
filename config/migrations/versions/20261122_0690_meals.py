"""
Canteens with their rules and tills, diners, meals with what became of their price, orders and counts.

Only new tables: an older program does not see them.

Revision ID: 20261122_0690
Revises: 20261122_0650
"""

import sqlalchemy as sa
from alembic import op

revision = "20261122_0690"
down_revision = "20261122_0650"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "canteens",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("area_code", sa.String(length=12), nullable=False),
        sa.Column("station_id", sa.String(length=40), nullable=True),
        sa.Column("place", sa.String(length=40), nullable=False),
        sa.Column("hours", sa.String(length=400), nullable=False),
        sa.Column("version", sa.Integer(), server_default="1", nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("kind IN ('kitchen','canteen','point')", name=op.f("ck_canteens_kind")),
        sa.ForeignKeyConstraint(["station_id"], ["stations.id"], name=op.f("fk_canteens_station_id_stations")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_canteens")),
        sa.UniqueConstraint("code", name=op.f("uq_canteens_code")),
    )
    op.create_index(op.f("ix_canteens_station_id"), "canteens", ["station_id"], unique=False)
    op.create_table(
        "canteen_rules",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("canteen_id", sa.String(length=40), nullable=False),
        sa.Column("policy", sa.String(length=80), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("until_on", sa.Date(), nullable=True),
        sa.CheckConstraint("until_on IS NULL OR until_on >= from_on", name=op.f("ck_canteen_rules_until_on")),
        sa.ForeignKeyConstraint(["canteen_id"], ["canteens.id"], name=op.f("fk_canteen_rules_canteen_id_canteens")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_canteen_rules")),
    )
    op.create_index(op.f("ix_canteen_rules_canteen_id"), "canteen_rules", ["canteen_id"], unique=False)
    op.create_table(
        "meal_counts",
        sa.Column("point_id", sa.String(length=40), nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("meal_type", sa.String(length=12), nullable=False),
        sa.Column("stage", sa.String(length=12), nullable=False),
        sa.Column("count", sa.Integer(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("stage IN ('sent','received','handed_out')", name=op.f("ck_meal_counts_stage")),
        sa.CheckConstraint("count >= 0", name=op.f("ck_meal_counts_count")),
        sa.ForeignKeyConstraint(["point_id"], ["canteens.id"], name=op.f("fk_meal_counts_point_id_canteens")),
        sa.PrimaryKeyConstraint("point_id", "on", "meal_type", "stage", name=op.f("pk_meal_counts")),
    )
    op.create_table(
        "tills",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("canteen_id", sa.String(length=40), nullable=False),
        sa.Column("key", sa.String(length=80), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["canteen_id"], ["canteens.id"], name=op.f("fk_tills_canteen_id_canteens")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_tills")),
        sa.UniqueConstraint("code", name=op.f("uq_tills_code")),
    )
    op.create_index(op.f("ix_tills_canteen_id"), "tills", ["canteen_id"], unique=False)
    op.create_table(
        "diners",
        sa.Column("resident_id", sa.String(length=40), nullable=False),
        sa.Column("card_hash", sa.String(length=64), nullable=True),
        sa.Column("card_mask", sa.String(length=20), nullable=False),
        sa.Column("hukou", sa.String(length=12), nullable=False),
        sa.Column("residence", sa.String(length=12), nullable=False),
        sa.Column("income_fen", sa.BigInteger(), nullable=True),
        sa.Column("schemes", sa.Text(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["resident_id"], ["residents.id"], name=op.f("fk_diners_resident_id_residents")),
        sa.PrimaryKeyConstraint("resident_id", name=op.f("pk_diners")),
        sa.UniqueConstraint("card_hash", name=op.f("uq_diners_card_hash")),
    )
    op.create_table(
        "meal_orders",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("resident_id", sa.String(length=40), nullable=False),
        sa.Column("point_id", sa.String(length=40), nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("meal_type", sa.String(length=12), nullable=False),
        sa.Column("delivery", sa.Boolean(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("code", sa.String(length=4), nullable=False),
        sa.Column("ordered_by", sa.String(length=80), nullable=False),
        sa.Column("ordered_at", sa.BigInteger(), nullable=False),
        sa.Column("proof", sa.String(length=8), nullable=True),
        sa.Column("shown", sa.String(length=80), nullable=False),
        sa.Column("settled_by", sa.String(length=80), nullable=True),
        sa.Column("settled_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("(state = 'ordered') = (settled_at IS NULL)", name=op.f("ck_meal_orders_settled")),
        sa.CheckConstraint("state IN ('ordered','cancelled','handed_out','missed')", name=op.f("ck_meal_orders_state")),
        sa.ForeignKeyConstraint(["point_id"], ["canteens.id"], name=op.f("fk_meal_orders_point_id_canteens")),
        sa.ForeignKeyConstraint(["resident_id"], ["residents.id"], name=op.f("fk_meal_orders_resident_id_residents")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_meal_orders")),
    )
    op.create_index("ix_meal_orders_on", "meal_orders", ["on", "point_id"], unique=False)
    op.create_index(
        "ix_meal_orders_once",
        "meal_orders",
        ["resident_id", "on", "meal_type"],
        unique=True,
        sqlite_where=sa.text("state != 'cancelled'"),
        postgresql_where=sa.text("state != 'cancelled'"),
    )
    op.create_index("ix_meal_orders_resident_id", "meal_orders", ["resident_id", "on"], unique=False)
    op.create_index(op.f("ix_meal_orders_settled_at"), "meal_orders", ["settled_at"], unique=False)
    op.create_table(
        "serving_cancellations",
        sa.Column("till_id", sa.String(length=40), nullable=False),
        sa.Column("ref", sa.String(length=80), nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["till_id"], ["tills.id"], name=op.f("fk_serving_cancellations_till_id_tills")),
        sa.PrimaryKeyConstraint("till_id", "ref", name=op.f("pk_serving_cancellations")),
    )
    op.create_table(
        "servings",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("till_id", sa.String(length=40), nullable=False),
        sa.Column("ref", sa.String(length=80), nullable=False),
        sa.Column("canteen_id", sa.String(length=40), nullable=False),
        sa.Column("resident_id", sa.String(length=40), nullable=True),
        sa.Column("meal_type", sa.String(length=12), nullable=False),
        sa.Column("served_at", sa.BigInteger(), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("by", sa.String(length=8), nullable=False),
        sa.Column("delivery", sa.Boolean(), nullable=False),
        sa.Column("price_fen", sa.Integer(), nullable=False),
        sa.Column("fee_fen", sa.Integer(), nullable=False),
        sa.Column("charged_fen", sa.Integer(), nullable=True),
        sa.Column("operator", sa.String(length=80), nullable=False),
        sa.Column("digest", sa.String(length=64), nullable=False),
        sa.Column("reason", sa.String(length=24), nullable=False),
        sa.Column("policy", sa.String(length=80), nullable=True),
        sa.Column("policy_version", sa.String(length=64), nullable=True),
        sa.Column("discount_fen", sa.Integer(), nullable=False),
        sa.Column("subsidy_fen", sa.Integer(), nullable=False),
        sa.Column("layers", sa.Text(), nullable=False),
        sa.Column("delivery_fen", sa.Integer(), nullable=False),
        sa.Column("pays_fen", sa.Integer(), nullable=False),
        sa.Column("quota_fen", sa.Integer(), nullable=False),
        sa.Column("because", sa.Text(), nullable=False),
        sa.Column("aided", sa.Boolean(), nullable=False),
        sa.Column("booked", sa.String(length=7), nullable=True),
        sa.Column("cancelled_at", sa.BigInteger(), nullable=True),
        sa.Column("cancelled_by", sa.String(length=80), nullable=True),
        sa.CheckConstraint(
            "NOT aided OR (resident_id IS NOT NULL AND policy_version IS NOT NULL)", name=op.f("ck_servings_aided")
        ),
        sa.CheckConstraint(
            "price_fen >= 0 AND fee_fen >= 0 AND pays_fen >= 0 AND subsidy_fen >= 0", name=op.f("ck_servings_fen")
        ),
        sa.ForeignKeyConstraint(["canteen_id"], ["canteens.id"], name=op.f("fk_servings_canteen_id_canteens")),
        sa.ForeignKeyConstraint(["resident_id"], ["residents.id"], name=op.f("fk_servings_resident_id_residents")),
        sa.ForeignKeyConstraint(["till_id"], ["tills.id"], name=op.f("fk_servings_till_id_tills")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_servings")),
        sa.UniqueConstraint("till_id", "ref", name=op.f("uq_servings_till_id_ref")),
    )
    op.create_index("ix_servings_canteen_id", "servings", ["canteen_id", "served_at"], unique=False)
    op.create_index("ix_servings_on", "servings", ["on", "canteen_id"], unique=False)
    op.create_index(
        "ix_servings_once",
        "servings",
        ["resident_id", "on", "meal_type"],
        unique=True,
        sqlite_where=sa.text("aided = 1 AND cancelled_at IS NULL"),
        postgresql_where=sa.text("aided AND cancelled_at IS NULL"),
    )
    op.create_index("ix_servings_received_at", "servings", ["received_at"], unique=False)
    op.create_index("ix_servings_resident_id", "servings", ["resident_id", "on"], unique=False)


def downgrade() -> None:
    op.drop_table("servings")
    op.drop_table("serving_cancellations")
    op.drop_table("meal_orders")
    op.drop_table("diners")
    op.drop_table("tills")
    op.drop_table("meal_counts")
    op.drop_table("canteen_rules")
    op.drop_table("canteens")
