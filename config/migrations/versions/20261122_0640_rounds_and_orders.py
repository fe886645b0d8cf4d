"""
Rounds (探访) with their classes and extra rounds; services that are booked, offered and done.

Only new tables: an older program does not see them.

Revision ID: 20261122_0640
Revises: 20261122_0630
"""

import sqlalchemy as sa
from alembic import op

revision = "20261122_0640"
down_revision = "20261122_0630"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "round_marks",
        sa.Column("name", sa.String(length=20), nullable=False),
        sa.Column("number", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_round_marks")),
    )
    op.create_table(
        "order_providers",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("phone", sa.String(length=20), nullable=True),
        sa.Column("station_id", sa.String(length=40), nullable=True),
        sa.Column("skills", sa.Text(), nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["station_id"], ["stations.id"], name=op.f("fk_order_providers_station_id_stations")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_providers")),
    )
    op.create_table(
        "round_campaigns",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("key", sa.String(length=120), nullable=False),
        sa.Column("occasion", sa.String(length=20), nullable=False),
        sa.Column("level", sa.String(length=10), nullable=False),
        sa.Column("classes", sa.Text(), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("until_on", sa.Date(), nullable=False),
        sa.Column("station_id", sa.String(length=40), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("opened", sa.Boolean(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["station_id"], ["stations.id"], name=op.f("fk_round_campaigns_station_id_stations")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_round_campaigns")),
        sa.UniqueConstraint("key", name=op.f("uq_round_campaigns_key")),
    )
    op.create_table(
        "care_rounds",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("key", sa.String(length=120), nullable=False),
        sa.Column("resident_id", sa.String(length=40), nullable=False),
        sa.Column("home_id", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("cls", sa.String(length=20), nullable=False),
        sa.Column("why", sa.String(length=20), nullable=False),
        sa.Column("means", sa.Text(), nullable=False),
        sa.Column("opened_on", sa.Date(), nullable=False),
        sa.Column("plan_on", sa.Date(), nullable=False),
        sa.Column("due_on", sa.Date(), nullable=False),
        sa.Column("deadline", sa.BigInteger(), nullable=False),
        sa.Column("late", sa.Text(), nullable=False),
        sa.Column("look_at", sa.BigInteger(), nullable=True),
        sa.Column("stage", sa.String(length=10), nullable=False),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("result", sa.String(length=10), nullable=True),
        sa.Column("by_means", sa.String(length=10), nullable=True),
        sa.Column("done_on", sa.Date(), nullable=True),
        sa.Column("done_at", sa.BigInteger(), nullable=True),
        sa.Column("done_by", sa.String(length=80), nullable=True),
        sa.Column("campaign_id", sa.String(length=40), nullable=True),
        sa.CheckConstraint("(state = 'done') = (result IS NOT NULL)", name=op.f("ck_care_rounds_result")),
        sa.CheckConstraint("(state = 'open') = (look_at IS NOT NULL)", name=op.f("ck_care_rounds_waits")),
        sa.CheckConstraint("state IN ('open','done','dropped')", name=op.f("ck_care_rounds_state")),
        sa.ForeignKeyConstraint(["home_id"], ["homes.id"], name=op.f("fk_care_rounds_home_id_homes")),
        sa.ForeignKeyConstraint(["resident_id"], ["residents.id"], name=op.f("fk_care_rounds_resident_id_residents")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_care_rounds")),
        sa.UniqueConstraint("key", name=op.f("uq_care_rounds_key")),
    )
    op.create_index("ix_care_rounds_done_on", "care_rounds", ["done_on"], unique=False)
    op.create_index("ix_care_rounds_due_on", "care_rounds", ["due_on"], unique=False)
    op.create_index(
        "ix_care_rounds_look_at",
        "care_rounds",
        ["look_at"],
        unique=False,
        sqlite_where=sa.text("look_at IS NOT NULL"),
        postgresql_where=sa.text("look_at IS NOT NULL"),
    )
    op.create_index(
        "ix_care_rounds_one_open",
        "care_rounds",
        ["resident_id"],
        unique=True,
        sqlite_where=sa.text("state = 'open' AND kind = 'regular'"),
        postgresql_where=sa.text("state = 'open' AND kind = 'regular'"),
    )
    op.create_index("ix_care_rounds_resident_id", "care_rounds", ["resident_id", "due_on"], unique=False)
    op.create_table(
        "orders",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("service", sa.String(length=30), nullable=False),
        sa.Column("resident_id", sa.String(length=40), nullable=False),
        sa.Column("home_id", sa.String(length=40), nullable=False),
        sa.Column("start_at", sa.BigInteger(), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.Column("smells", sa.Text(), nullable=False),
        sa.Column("provider", sa.String(length=80), nullable=True),
        sa.Column("offered_until", sa.BigInteger(), nullable=True),
        sa.Column("tried", sa.Text(), nullable=False),
        sa.Column("step", sa.String(length=12), nullable=False),
        sa.Column("done_at", sa.BigInteger(), nullable=True),
        sa.Column("score", sa.Integer(), nullable=True),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("call_id", sa.String(length=40), nullable=True),
        sa.CheckConstraint("(state IN ('closed','cancelled')) = (due_at IS NULL)", name=op.f("ck_orders_waits")),
        sa.CheckConstraint(
            "state IN ('offered','waiting','accepted','done','closed','cancelled')", name=op.f("ck_orders_state")
        ),
        sa.CheckConstraint("score IS NULL OR (score >= 1 AND score <= 5)", name=op.f("ck_orders_score")),
        sa.ForeignKeyConstraint(["home_id"], ["homes.id"], name=op.f("fk_orders_home_id_homes")),
        sa.ForeignKeyConstraint(["resident_id"], ["residents.id"], name=op.f("fk_orders_resident_id_residents")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_orders")),
        sa.UniqueConstraint("number", name=op.f("uq_orders_number")),
    )
    op.create_index(
        "ix_orders_due_at",
        "orders",
        ["due_at"],
        unique=False,
        sqlite_where=sa.text("due_at IS NOT NULL"),
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )
    op.create_index("ix_orders_provider", "orders", ["provider", "state"], unique=False)
    op.create_index("ix_orders_resident_id", "orders", ["resident_id", "start_at"], unique=False)
    op.create_index("ix_orders_start_at", "orders", ["start_at"], unique=False)
    op.create_table(
        "round_people",
        sa.Column("resident_id", sa.String(length=40), nullable=False),
        sa.Column("cls", sa.String(length=20), nullable=False),
        sa.Column("by_hand", sa.Boolean(), nullable=False),
        sa.Column("why", sa.Text(), nullable=False),
        sa.Column("responsible", sa.String(length=80), nullable=False),
        sa.Column("since", sa.Date(), nullable=False),
        sa.Column("last_on", sa.Date(), nullable=True),
        sa.ForeignKeyConstraint(["resident_id"], ["residents.id"], name=op.f("fk_round_people_resident_id_residents")),
        sa.PrimaryKeyConstraint("resident_id", name=op.f("pk_round_people")),
    )
    op.create_table(
        "order_photos",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("order_id", sa.String(length=40), nullable=False),
        sa.Column("resident_id", sa.String(length=40), nullable=False),
        sa.Column("step", sa.String(length=12), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("picture", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["order_id"], ["orders.id"], name=op.f("fk_order_photos_order_id_orders")),
        sa.ForeignKeyConstraint(["resident_id"], ["residents.id"], name=op.f("fk_order_photos_resident_id_residents")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_order_photos")),
    )
    op.create_index(op.f("ix_order_photos_order_id"), "order_photos", ["order_id"], unique=False)
    op.create_index(op.f("ix_order_photos_resident_id"), "order_photos", ["resident_id"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_order_photos_resident_id"), table_name="order_photos")
    op.drop_index(op.f("ix_order_photos_order_id"), table_name="order_photos")
    op.drop_table("order_photos")
    op.drop_table("round_people")
    op.drop_index("ix_orders_start_at", table_name="orders")
    op.drop_index("ix_orders_resident_id", table_name="orders")
    op.drop_index("ix_orders_provider", table_name="orders")
    op.drop_index(
        "ix_orders_due_at",
        table_name="orders",
        sqlite_where=sa.text("due_at IS NOT NULL"),
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )
    op.drop_table("orders")
    op.drop_index("ix_care_rounds_resident_id", table_name="care_rounds")
    op.drop_index(
        "ix_care_rounds_one_open",
        table_name="care_rounds",
        sqlite_where=sa.text("state = 'open' AND kind = 'regular'"),
        postgresql_where=sa.text("state = 'open' AND kind = 'regular'"),
    )
    op.drop_index(
        "ix_care_rounds_look_at",
        table_name="care_rounds",
        sqlite_where=sa.text("look_at IS NOT NULL"),
        postgresql_where=sa.text("look_at IS NOT NULL"),
    )
    op.drop_index("ix_care_rounds_due_on", table_name="care_rounds")
    op.drop_index("ix_care_rounds_done_on", table_name="care_rounds")
    op.drop_table("care_rounds")
    op.drop_table("round_campaigns")
    op.drop_table("order_providers")
    op.drop_table("round_marks")
