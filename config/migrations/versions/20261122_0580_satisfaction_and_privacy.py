"""
How satisfied people were, and what they asked about their data.

Only new tables: an older program does not see them.

Revision ID: 20261122_0580
Revises: 20261122_0570
"""

import sqlalchemy as sa
from alembic import op

revision = "20261122_0580"
down_revision = "20261122_0570"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "erasures",
        sa.Column("resident_id", sa.String(length=40), nullable=False),
        sa.Column("request_id", sa.String(length=40), nullable=True),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("resident_id", name=op.f("pk_erasures")),
    )
    op.create_table(
        "rating_refusals",
        sa.Column("phone", sa.String(length=20), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("phone", name=op.f("pk_rating_refusals")),
    )
    op.create_table(
        "survey_draws",
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("seed", sa.String(length=64), nullable=False),
        sa.Column("drawn_at", sa.BigInteger(), nullable=False),
        sa.Column("population", sa.Integer(), nullable=False),
        sa.Column("form", sa.String(length=40), nullable=False),
        sa.PrimaryKeyConstraint("month", name=op.f("pk_survey_draws")),
    )
    op.create_table(
        "privacy_requests",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("resident_id", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("asked_by", sa.String(length=120), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.Column("answer_by", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.Column("second_by", sa.String(length=80), nullable=True),
        sa.Column("decided_at", sa.BigInteger(), nullable=True),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("answer", sa.Text(), nullable=True),
        sa.CheckConstraint(
            "kind IN ('access','correction','erasure','withdrawal')", name=op.f("ck_privacy_requests_kind")
        ),
        sa.CheckConstraint("state IN ('open','approved','refused','done')", name=op.f("ck_privacy_requests_state")),
        sa.ForeignKeyConstraint(
            ["resident_id"], ["residents.id"], name=op.f("fk_privacy_requests_resident_id_residents")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_privacy_requests")),
    )
    op.create_index(op.f("ix_privacy_requests_resident_id"), "privacy_requests", ["resident_id"], unique=False)
    op.create_index("ix_privacy_requests_state", "privacy_requests", ["state", "asked_at"], unique=False)
    op.create_table(
        "ratings",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("about", sa.String(length=60), nullable=False),
        sa.Column("home_id", sa.String(length=40), nullable=True),
        sa.Column("resident_id", sa.String(length=40), nullable=True),
        sa.Column("station_id", sa.String(length=40), nullable=True),
        sa.Column("person", sa.String(length=80), nullable=True),
        sa.Column("to", sa.String(length=20), nullable=True),
        sa.Column("means", sa.String(length=8), nullable=True),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("why", sa.String(length=24), nullable=True),
        sa.Column("due_at", sa.BigInteger(), nullable=True),
        sa.Column("asked_at", sa.BigInteger(), nullable=True),
        sa.Column("message_key", sa.String(length=80), nullable=True),
        sa.Column("raw", sa.Text(), nullable=True),
        sa.Column("score", sa.Integer(), nullable=True),
        sa.Column("answered_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("state IN ('waiting','asked','silent','answered','left')", name=op.f("ck_ratings_state")),
        sa.CheckConstraint("score IS NULL OR (score >= 1 AND score <= 5)", name=op.f("ck_ratings_score")),
        sa.ForeignKeyConstraint(["home_id"], ["homes.id"], name=op.f("fk_ratings_home_id_homes")),
        sa.ForeignKeyConstraint(["resident_id"], ["residents.id"], name=op.f("fk_ratings_resident_id_residents")),
        sa.ForeignKeyConstraint(["station_id"], ["stations.id"], name=op.f("fk_ratings_station_id_stations")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_ratings")),
        sa.UniqueConstraint("about", name=op.f("uq_ratings_about")),
    )
    op.create_index("ix_ratings_answered_at", "ratings", ["answered_at"], unique=False)
    op.create_index(
        "ix_ratings_due_at",
        "ratings",
        ["due_at"],
        unique=False,
        sqlite_where=sa.text("due_at IS NOT NULL"),
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )
    op.create_index("ix_ratings_resident_id", "ratings", ["resident_id", "asked_at"], unique=False)
    op.create_index("ix_ratings_to", "ratings", ["to", "asked_at"], unique=False)
    op.create_table(
        "resident_consents",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("resident_id", sa.String(length=40), nullable=False),
        sa.Column("purpose", sa.String(length=40), nullable=False),
        sa.Column("version", sa.String(length=40), nullable=False),
        sa.Column("given_by", sa.String(length=120), nullable=False),
        sa.Column("channel", sa.String(length=16), nullable=False),
        sa.Column("given_at", sa.BigInteger(), nullable=False),
        sa.Column("kept_by", sa.String(length=80), nullable=False),
        sa.Column("withdrawn_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(
            ["resident_id"], ["residents.id"], name=op.f("fk_resident_consents_resident_id_residents")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_resident_consents")),
    )
    op.create_index(op.f("ix_resident_consents_resident_id"), "resident_consents", ["resident_id"], unique=False)
    op.create_table(
        "surveys",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("resident_id", sa.String(length=40), nullable=False),
        sa.Column("station_id", sa.String(length=40), nullable=True),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("interviewer", sa.String(length=80), nullable=True),
        sa.Column("taken_at", sa.BigInteger(), nullable=True),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("answers", sa.Text(), nullable=True),
        sa.Column("score", sa.Integer(), nullable=True),
        sa.CheckConstraint(
            "state IN ('open','taken','done','refused','unreached','left')", name=op.f("ck_surveys_state")
        ),
        sa.CheckConstraint("score IS NULL OR (score >= 1 AND score <= 5)", name=op.f("ck_surveys_score")),
        sa.ForeignKeyConstraint(["month"], ["survey_draws.month"], name=op.f("fk_surveys_month_survey_draws")),
        sa.ForeignKeyConstraint(["resident_id"], ["residents.id"], name=op.f("fk_surveys_resident_id_residents")),
        sa.ForeignKeyConstraint(["station_id"], ["stations.id"], name=op.f("fk_surveys_station_id_stations")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_surveys")),
    )
    op.create_index("ix_surveys_ended_at", "surveys", ["ended_at"], unique=False)
    op.create_index("ix_surveys_once", "surveys", ["month", "resident_id"], unique=True)


def downgrade() -> None:
    op.drop_index("ix_surveys_once", table_name="surveys")
    op.drop_index("ix_surveys_ended_at", table_name="surveys")
    op.drop_table("surveys")
    op.drop_index(op.f("ix_resident_consents_resident_id"), table_name="resident_consents")
    op.drop_table("resident_consents")
    op.drop_index("ix_ratings_to", table_name="ratings")
    op.drop_index("ix_ratings_resident_id", table_name="ratings")
    op.drop_index(
        "ix_ratings_due_at",
        table_name="ratings",
        sqlite_where=sa.text("due_at IS NOT NULL"),
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )
    op.drop_index("ix_ratings_answered_at", table_name="ratings")
    op.drop_table("ratings")
    op.drop_index("ix_privacy_requests_state", table_name="privacy_requests")
    op.drop_index(op.f("ix_privacy_requests_resident_id"), table_name="privacy_requests")
    op.drop_table("privacy_requests")
    op.drop_table("survey_draws")
    op.drop_table("rating_refusals")
    op.drop_table("erasures")
