"""
Visits at home: what is planned, who is sent, what was said about each, what speaks against it, and how it was resolved.

Only new tables and an index: an older program does not see them.

Revision ID: 20261122_0620
Revises: 20261122_0610
"""

import sqlalchemy as sa
from alembic import op

revision = "20261122_0620"
down_revision = "20261122_0610"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "visits",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("key", sa.String(length=120), nullable=False),
        sa.Column("source", sa.String(length=8), nullable=False),
        sa.Column("code", sa.Integer(), nullable=False),
        sa.Column("home_id", sa.String(length=40), nullable=False),
        sa.Column("resident_id", sa.String(length=40), nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("start_from", sa.BigInteger(), nullable=False),
        sa.Column("start_by", sa.BigInteger(), nullable=False),
        sa.Column("minutes", sa.Integer(), nullable=False),
        sa.Column("least_minutes", sa.Integer(), nullable=True),
        sa.Column("planned", sa.Text(), nullable=False),
        sa.Column("skills", sa.Text(), nullable=False),
        sa.Column("carers", sa.Integer(), nullable=False),
        sa.Column("medical", sa.Boolean(), nullable=False),
        sa.Column("usual", sa.Text(), nullable=False),
        sa.Column("not_with", sa.Text(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("chase", sa.Integer(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=True),
        sa.Column("failures", sa.Integer(), server_default="0", nullable=False),
        sa.Column("begun_at", sa.BigInteger(), nullable=True),
        sa.Column("finished_at", sa.BigInteger(), nullable=True),
        sa.Column("counted_on", sa.Date(), nullable=True),
        sa.Column("items", sa.Text(), nullable=True),
        sa.Column("reason", sa.String(length=40), nullable=True),
        sa.Column("alarm_id", sa.String(length=40), nullable=True),
        sa.Column("judged_at", sa.BigInteger(), nullable=True),
        sa.Column("counts", sa.Boolean(), nullable=False),
        sa.Column("sound", sa.Boolean(), nullable=False),
        sa.CheckConstraint(
            "NOT counts OR (state = 'finished' AND finished_at IS NOT NULL)", name=op.f("ck_visits_counts")
        ),
        sa.CheckConstraint(
            "state IN ('finished','missed','cancelled') OR due_at IS NOT NULL", name=op.f("ck_visits_waits")
        ),
        sa.CheckConstraint(
            "state IN ('planned','begun','finished','missed','cancelled')", name=op.f("ck_visits_state")
        ),
        sa.ForeignKeyConstraint(["alarm_id"], ["alarms.id"], name=op.f("fk_visits_alarm_id_alarms")),
        sa.ForeignKeyConstraint(["home_id"], ["homes.id"], name=op.f("fk_visits_home_id_homes")),
        sa.ForeignKeyConstraint(["resident_id"], ["residents.id"], name=op.f("fk_visits_resident_id_residents")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_visits")),
        sa.UniqueConstraint("key", name=op.f("uq_visits_key")),
    )
    op.create_index(
        "ix_visits_due_at",
        "visits",
        ["due_at"],
        unique=False,
        sqlite_where=sa.text("due_at IS NOT NULL"),
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )
    op.create_index("ix_visits_home_id", "visits", ["home_id", "on"], unique=False)
    op.create_index("ix_visits_on", "visits", ["on", "start_by"], unique=False)
    op.create_index("ix_visits_resident_id", "visits", ["resident_id", "counted_on"], unique=False)
    op.create_table(
        "visit_carers",
        sa.Column("visit_id", sa.String(length=40), nullable=False),
        sa.Column("carer_id", sa.String(length=40), nullable=False),
        sa.Column("sent", sa.Boolean(), nullable=False),
        sa.Column("begun_at", sa.BigInteger(), nullable=True),
        sa.Column("finished_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["carer_id"], ["carers.id"], name=op.f("fk_visit_carers_carer_id_carers")),
        sa.ForeignKeyConstraint(["visit_id"], ["visits.id"], name=op.f("fk_visit_carers_visit_id_visits")),
        sa.PrimaryKeyConstraint("visit_id", "carer_id", name=op.f("pk_visit_carers")),
    )
    op.create_index("ix_visit_carers_carer_id", "visit_carers", ["carer_id", "begun_at"], unique=False)
    op.create_table(
        "visit_findings",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("visit_id", sa.String(length=40), nullable=False),
        sa.Column("code", sa.String(length=24), nullable=False),
        sa.Column("evidence", sa.Text(), nullable=False),
        sa.Column("found_at", sa.BigInteger(), nullable=False),
        sa.Column("resolution", sa.String(length=12), nullable=True),
        sa.Column("resolved_by", sa.String(length=80), nullable=True),
        sa.Column("resolved_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint(
            "resolution IS NULL OR resolution IN ('accepted','rejected','cleared')",
            name=op.f("ck_visit_findings_resolution"),
        ),
        sa.ForeignKeyConstraint(["visit_id"], ["visits.id"], name=op.f("fk_visit_findings_visit_id_visits")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_visit_findings")),
    )
    op.create_index("ix_visit_findings_found_at", "visit_findings", ["resolution", "found_at"], unique=False)
    op.create_index("ix_visit_findings_once", "visit_findings", ["visit_id", "code"], unique=True)
    op.create_table(
        "visit_photos",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("visit_id", sa.String(length=40), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("taken_at", sa.BigInteger(), nullable=True),
        sa.Column("carer_id", sa.String(length=40), nullable=True),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.ForeignKeyConstraint(["carer_id"], ["carers.id"], name=op.f("fk_visit_photos_carer_id_carers")),
        sa.ForeignKeyConstraint(["visit_id"], ["visits.id"], name=op.f("fk_visit_photos_visit_id_visits")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_visit_photos")),
    )
    op.create_index("ix_visit_photos_once", "visit_photos", ["visit_id", "sha256"], unique=True)
    op.create_index(op.f("ix_visit_photos_sha256"), "visit_photos", ["sha256"], unique=False)
    op.create_table(
        "visit_points",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("key", sa.String(length=120), nullable=False),
        sa.Column("visit_id", sa.String(length=40), nullable=False),
        sa.Column("which", sa.String(length=8), nullable=False),
        sa.Column("way", sa.String(length=10), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.Column("carer_id", sa.String(length=40), nullable=True),
        sa.Column("lat", sa.Float(), nullable=True),
        sa.Column("lng", sa.Float(), nullable=True),
        sa.Column("accuracy_m", sa.Integer(), nullable=True),
        sa.Column("proof", sa.String(length=60), nullable=True),
        sa.Column("reason", sa.Text(), nullable=True),
        sa.Column("approved_by", sa.String(length=80), nullable=True),
        sa.Column("approved_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("which IN ('begin','finish','confirm')", name=op.f("ck_visit_points_which")),
        sa.CheckConstraint('approved_by IS NULL OR approved_by != "by"', name=op.f("ck_visit_points_two_people")),
        sa.ForeignKeyConstraint(["carer_id"], ["carers.id"], name=op.f("fk_visit_points_carer_id_carers")),
        sa.ForeignKeyConstraint(["visit_id"], ["visits.id"], name=op.f("fk_visit_points_visit_id_visits")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_visit_points")),
        sa.UniqueConstraint("key", name=op.f("uq_visit_points_key")),
    )
    op.create_index("ix_visit_points_carer_id", "visit_points", ["carer_id", "received_at"], unique=False)
    op.create_index("ix_visit_points_place", "visit_points", ["lat", "lng"], unique=False)
    op.create_index(op.f("ix_visit_points_visit_id"), "visit_points", ["visit_id"], unique=False)
    op.create_index(
        "ix_signals_attendance",
        "signals",
        ["received_at"],
        unique=False,
        sqlite_where=sa.text("event = 'attendance'"),
        postgresql_where=sa.text("event = 'attendance'"),
    )


def downgrade() -> None:
    op.drop_index(
        "ix_signals_attendance",
        table_name="signals",
        sqlite_where=sa.text("event = 'attendance'"),
        postgresql_where=sa.text("event = 'attendance'"),
    )
    op.drop_index(op.f("ix_visit_points_visit_id"), table_name="visit_points")
    op.drop_index("ix_visit_points_place", table_name="visit_points")
    op.drop_index("ix_visit_points_carer_id", table_name="visit_points")
    op.drop_table("visit_points")
    op.drop_index(op.f("ix_visit_photos_sha256"), table_name="visit_photos")
    op.drop_index("ix_visit_photos_once", table_name="visit_photos")
    op.drop_table("visit_photos")
    op.drop_index("ix_visit_findings_once", table_name="visit_findings")
    op.drop_index("ix_visit_findings_found_at", table_name="visit_findings")
    op.drop_table("visit_findings")
    op.drop_index("ix_visit_carers_carer_id", table_name="visit_carers")
    op.drop_table("visit_carers")
    op.drop_index("ix_visits_resident_id", table_name="visits")
    op.drop_index("ix_visits_on", table_name="visits")
    op.drop_index("ix_visits_home_id", table_name="visits")
    op.drop_index(
        "ix_visits_due_at",
        table_name="visits",
        sqlite_where=sa.text("due_at IS NOT NULL"),
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )
    op.drop_table("visits")
