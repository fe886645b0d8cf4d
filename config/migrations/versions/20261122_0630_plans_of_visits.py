"""
Plans of visits, and the visits of each.

Only new tables: an older program does not see them.

Revision ID: 20261122_0630
Revises: 20261122_0620
"""

import sqlalchemy as sa
from alembic import op

revision = "20261122_0630"
down_revision = "20261122_0620"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "visit_plans",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("station_id", sa.String(length=40), nullable=True),
        sa.Column("first_on", sa.Date(), nullable=False),
        sa.Column("days", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("seconds", sa.Integer(), nullable=False),
        sa.Column("seed", sa.Integer(), nullable=False),
        sa.Column("part", sa.Integer(), nullable=False),
        sa.Column("cost", sa.Text(), nullable=True),
        sa.Column("rests", sa.Text(), nullable=True),
        sa.Column("error", sa.Text(), nullable=True),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.Column("asked_by", sa.String(length=80), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=True),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("published_at", sa.BigInteger(), nullable=True),
        sa.Column("published_by", sa.String(length=80), nullable=True),
        sa.CheckConstraint(
            "state IN ('waiting','thinking','ready','failed','published','undone','dropped')",
            name=op.f("ck_visit_plans_state"),
        ),
        sa.CheckConstraint("days >= 1", name=op.f("ck_visit_plans_days")),
        sa.ForeignKeyConstraint(["station_id"], ["stations.id"], name=op.f("fk_visit_plans_station_id_stations")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_visit_plans")),
    )
    op.create_index("ix_visit_plans_state", "visit_plans", ["state", "asked_at"], unique=False)
    op.create_table(
        "plan_visits",
        sa.Column("plan_id", sa.String(length=40), nullable=False),
        sa.Column("visit_id", sa.String(length=40), nullable=False),
        sa.Column("resident_id", sa.String(length=40), nullable=False),
        sa.Column("home_id", sa.String(length=40), nullable=False),
        sa.Column("start_from", sa.BigInteger(), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("carers", sa.Text(), nullable=False),
        sa.Column("had", sa.Text(), nullable=False),
        sa.Column("start_at", sa.BigInteger(), nullable=True),
        sa.Column("travel_s", sa.Integer(), nullable=True),
        sa.Column("reason", sa.String(length=12), nullable=True),
        sa.Column("why", sa.Text(), nullable=True),
        sa.Column("refused", sa.Text(), nullable=True),
        sa.Column("assigned_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["plan_id"], ["visit_plans.id"], name=op.f("fk_plan_visits_plan_id_visit_plans")),
        sa.PrimaryKeyConstraint("plan_id", "visit_id", name=op.f("pk_plan_visits")),
    )
    op.create_index(op.f("ix_plan_visits_resident_id"), "plan_visits", ["resident_id"], unique=False)


def downgrade() -> None:
    op.drop_index(op.f("ix_plan_visits_resident_id"), table_name="plan_visits")
    op.drop_table("plan_visits")
    op.drop_index("ix_visit_plans_state", table_name="visit_plans")
    op.drop_table("visit_plans")
