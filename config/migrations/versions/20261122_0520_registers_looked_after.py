"""
Registers that people change: versions, endings, ID numbers, absences, follow-ups, key checks, and what may be typed.

What was there before is found as soon as the service has run for a while: it learns the rows it does not know yet, a
hundred at a time, between presses.

Revision ID: 20261122_0520
Revises: 20261122_0510
"""

import sqlalchemy as sa
from alembic import op

revision = "20261122_0520"
down_revision = "20261122_0510"
branch_labels = None
depends_on = None

VERSIONED = ("stations", "carers", "homes", "residents", "contacts")
ENDING = ("carers", "homes", "residents", "contacts")


def upgrade() -> None:
    for table in VERSIONED:
        op.add_column(table, sa.Column("version", sa.Integer(), nullable=False, server_default="1"))
    for table in ENDING:
        op.add_column(table, sa.Column("ended_at", sa.BigInteger(), nullable=True))
    op.add_column("residents", sa.Column("plan", sa.Text(), nullable=False, server_default=""))
    op.add_column("residents", sa.Column("ended_why", sa.String(length=12), nullable=True))
    op.add_column("residents", sa.Column("died_on", sa.Date(), nullable=True))
    op.add_column("residents", sa.Column("id_sealed", sa.Text(), nullable=True))
    op.add_column("residents", sa.Column("id_hash", sa.String(length=64), nullable=True))
    op.add_column("residents", sa.Column("id_mask", sa.String(length=20), nullable=True))
    op.create_index("ix_residents_id_hash", "residents", ["id_hash"], unique=False)
    _finds()
    _absences()
    _follow_ups()
    _key_checks()


def downgrade() -> None:
    for table in ("key_checks", "follow_ups", "absences", "finds"):
        op.drop_table(table)
    op.drop_index("ix_residents_id_hash", table_name="residents")
    for column in ("id_mask", "id_hash", "id_sealed", "died_on", "ended_why", "plan"):
        op.drop_column("residents", column)
    for table in ENDING:
        op.drop_column(table, "ended_at")
    for table in VERSIONED:
        op.drop_column(table, "version")


def _finds() -> None:
    term = sa.String(length=40).with_variant(sa.String(length=40, collation="C"), "postgresql")
    op.create_table(
        "finds",
        sa.Column("term", term, nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("subject_id", sa.String(length=40), nullable=False),
        sa.Column("within", sa.String(length=60), nullable=False),
        sa.Column("station_id", sa.String(length=40), nullable=True),
        sa.PrimaryKeyConstraint("term", "kind", "subject_id", name=op.f("pk_finds")),
        sqlite_with_rowid=False,
    )
    op.create_index("ix_finds_subject", "finds", ["kind", "subject_id"], unique=False)
    op.create_index("ix_finds_within", "finds", ["within"], unique=False)


def _absences() -> None:
    op.create_table(
        "absences",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("resident_id", sa.String(length=40), nullable=False),
        sa.Column("home_id", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("from_at", sa.BigInteger(), nullable=False),
        sa.Column("until_at", sa.BigInteger(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=True),
        sa.Column("warned", sa.Boolean(), nullable=False),
        sa.CheckConstraint("state IN ('planned','away','overrun','over')", name=op.f("ck_absences_state")),
        sa.CheckConstraint("(state = 'over') = (due_at IS NULL)", name=op.f("ck_absences_due")),
        sa.ForeignKeyConstraint(["resident_id"], ["residents.id"], name=op.f("fk_absences_resident_id_residents")),
        sa.ForeignKeyConstraint(["home_id"], ["homes.id"], name=op.f("fk_absences_home_id_homes")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_absences")),
    )
    op.create_index("ix_absences_resident_id", "absences", ["resident_id"], unique=False)
    op.create_index("ix_absences_due_at", "absences", ["due_at"], unique=False, **_where("due_at IS NOT NULL"))


def _follow_ups() -> None:
    op.create_table(
        "follow_ups",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=20), nullable=False),
        sa.Column("key", sa.String(length=120), nullable=False),
        sa.Column("resident_id", sa.String(length=40), nullable=True),
        sa.Column("home_id", sa.String(length=40), nullable=True),
        sa.Column("station_id", sa.String(length=40), nullable=True),
        sa.Column("about", sa.String(length=120), nullable=False),
        sa.Column("owner", sa.String(length=80), nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=False),
        sa.Column("done_at", sa.BigInteger(), nullable=True),
        sa.Column("done_by", sa.String(length=80), nullable=True),
        sa.ForeignKeyConstraint(["resident_id"], ["residents.id"], name=op.f("fk_follow_ups_resident_id_residents")),
        sa.ForeignKeyConstraint(["home_id"], ["homes.id"], name=op.f("fk_follow_ups_home_id_homes")),
        sa.ForeignKeyConstraint(["station_id"], ["stations.id"], name=op.f("fk_follow_ups_station_id_stations")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_follow_ups")),
        sa.UniqueConstraint("key", name=op.f("uq_follow_ups_key")),
    )
    op.create_index("ix_follow_ups_resident_id", "follow_ups", ["resident_id"], unique=False)
    op.create_index("ix_follow_ups_home_id", "follow_ups", ["home_id"], unique=False)
    op.create_index("ix_follow_ups_open", "follow_ups", ["due_at"], unique=False, **_where("done_at IS NULL"))


def _key_checks() -> None:
    op.create_table(
        "key_checks",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("home_id", sa.String(length=40), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.Column("found", sa.String(length=12), nullable=False),
        sa.ForeignKeyConstraint(["home_id"], ["homes.id"], name=op.f("fk_key_checks_home_id_homes")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_key_checks")),
    )
    op.create_index("ix_key_checks_home_id", "key_checks", ["home_id", "at"], unique=False)


def _where(condition: str) -> dict[str, sa.TextClause]:
    return {"sqlite_where": sa.text(condition), "postgresql_where": sa.text(condition)}
