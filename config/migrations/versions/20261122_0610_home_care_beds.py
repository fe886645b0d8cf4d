"""
Home-care beds: their life with its steps and papers, assessments, care plans, and how their months stand.

Only new tables: an older program does not see them.

Revision ID: 20261122_0610
Revises: 20261122_0600
"""

import sqlalchemy as sa
from alembic import op

revision = "20261122_0610"
down_revision = "20261122_0600"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "beds",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("number", sa.String(length=20), nullable=False),
        sa.Column("resident_id", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("applied_on", sa.Date(), nullable=False),
        sa.Column("applied_by", sa.String(length=80), nullable=False),
        sa.Column("standard", sa.String(length=40), nullable=False),
        sa.Column("first_by", sa.String(length=80), nullable=True),
        sa.Column("agency", sa.String(length=120), nullable=False),
        sa.Column("agreed_from", sa.Date(), nullable=True),
        sa.Column("agreed_until", sa.Date(), nullable=True),
        sa.Column("why", sa.String(length=16), nullable=True),
        sa.Column("absence_id", sa.String(length=40), nullable=True),
        sa.Column("before", sa.String(length=12), nullable=True),
        sa.Column("ended_on", sa.Date(), nullable=True),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("(state = 'ended') = (ended_on IS NOT NULL)", name=op.f("ck_beds_ended_on")),
        sa.CheckConstraint(
            "state IN ('applied','assessed','approved','built','accepted','active','suspended','ended')",
            name=op.f("ck_beds_state"),
        ),
        sa.ForeignKeyConstraint(["resident_id"], ["residents.id"], name=op.f("fk_beds_resident_id_residents")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_beds")),
        sa.UniqueConstraint("number", name=op.f("uq_beds_number")),
    )
    with op.batch_alter_table("beds", schema=None) as batch_op:
        batch_op.create_index(
            "ix_beds_alive",
            ["resident_id"],
            unique=True,
            sqlite_where=sa.text("state != 'ended'"),
            postgresql_where=sa.text("state != 'ended'"),
        )
        batch_op.create_index(batch_op.f("ix_beds_resident_id"), ["resident_id"], unique=False)

    op.create_table(
        "bed_assessments",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("bed_id", sa.String(length=40), nullable=False),
        sa.Column("standard", sa.String(length=40), nullable=False),
        sa.Column("score", sa.Integer(), nullable=True),
        sa.Column("initial_level", sa.String(length=16), nullable=False),
        sa.Column("adjustments", sa.Text(), nullable=False),
        sa.Column("final_level", sa.String(length=16), nullable=False),
        sa.Column("reason", sa.String(length=12), nullable=False),
        sa.Column("assessed_on", sa.Date(), nullable=False),
        sa.Column("valid_until", sa.Date(), nullable=False),
        sa.Column("org", sa.String(length=120), nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=True),
        sa.Column("told", sa.Integer(), nullable=False),
        sa.CheckConstraint("valid_until >= assessed_on", name=op.f("ck_bed_assessments_valid_until")),
        sa.ForeignKeyConstraint(["bed_id"], ["beds.id"], name=op.f("fk_bed_assessments_bed_id_beds")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bed_assessments")),
    )
    with op.batch_alter_table("bed_assessments", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_bed_assessments_bed_id"), ["bed_id"], unique=False)
        batch_op.create_index(
            "ix_bed_assessments_due_at",
            ["due_at"],
            unique=False,
            sqlite_where=sa.text("due_at IS NOT NULL"),
            postgresql_where=sa.text("due_at IS NOT NULL"),
        )

    op.create_table(
        "bed_standings",
        sa.Column("bed_id", sa.String(length=40), nullable=False),
        sa.Column("month", sa.String(length=7), nullable=False),
        sa.Column("course", sa.String(length=12), nullable=False),
        sa.Column("counted_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["bed_id"], ["beds.id"], name=op.f("fk_bed_standings_bed_id_beds")),
        sa.PrimaryKeyConstraint("bed_id", name=op.f("pk_bed_standings")),
    )
    with op.batch_alter_table("bed_standings", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_bed_standings_counted_at"), ["counted_at"], unique=False)

    op.create_table(
        "bed_steps",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("bed_id", sa.String(length=40), nullable=False),
        sa.Column("deed", sa.String(length=16), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.Column("on", sa.Date(), nullable=False),
        sa.Column("post", sa.String(length=80), nullable=False),
        sa.Column("opinion", sa.Text(), nullable=False),
        sa.Column("org", sa.String(length=120), nullable=False),
        sa.Column("number", sa.String(length=80), nullable=False),
        sa.Column("why", sa.String(length=16), nullable=True),
        sa.ForeignKeyConstraint(["bed_id"], ["beds.id"], name=op.f("fk_bed_steps_bed_id_beds")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bed_steps")),
    )
    with op.batch_alter_table("bed_steps", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_bed_steps_bed_id"), ["bed_id"], unique=False)

    op.create_table(
        "bed_stretches",
        sa.Column("bed_id", sa.String(length=40), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("until_on", sa.Date(), nullable=True),
        sa.CheckConstraint("until_on IS NULL OR until_on >= from_on", name=op.f("ck_bed_stretches_until_on")),
        sa.ForeignKeyConstraint(["bed_id"], ["beds.id"], name=op.f("fk_bed_stretches_bed_id_beds")),
        sa.PrimaryKeyConstraint("bed_id", "from_on", name=op.f("pk_bed_stretches")),
    )
    with op.batch_alter_table("bed_stretches", schema=None) as batch_op:
        batch_op.create_index(
            "ix_bed_stretches_open",
            ["bed_id"],
            unique=True,
            sqlite_where=sa.text("until_on IS NULL"),
            postgresql_where=sa.text("until_on IS NULL"),
        )
        batch_op.create_index("ix_bed_stretches_until_on", ["until_on"], unique=False)

    op.create_table(
        "care_plans",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("bed_id", sa.String(length=40), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("from_on", sa.Date(), nullable=False),
        sa.Column("made_at", sa.BigInteger(), nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.Column("urgent", sa.Boolean(), nullable=False),
        sa.Column("lines", sa.Text(), nullable=False),
        sa.Column("not_with", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["bed_id"], ["beds.id"], name=op.f("fk_care_plans_bed_id_beds")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_care_plans")),
        sa.UniqueConstraint("bed_id", "version", name=op.f("uq_care_plans_bed_id_version")),
    )
    op.create_table(
        "bed_papers",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("bed_id", sa.String(length=40), nullable=False),
        sa.Column("step_id", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("size", sa.Integer(), nullable=False),
        sa.Column("sha256", sa.String(length=64), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.Column("content", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(["bed_id"], ["beds.id"], name=op.f("fk_bed_papers_bed_id_beds")),
        sa.ForeignKeyConstraint(["step_id"], ["bed_steps.id"], name=op.f("fk_bed_papers_step_id_bed_steps")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_bed_papers")),
    )
    with op.batch_alter_table("bed_papers", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_bed_papers_bed_id"), ["bed_id"], unique=False)


def downgrade() -> None:
    with op.batch_alter_table("bed_papers", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_bed_papers_bed_id"))

    op.drop_table("bed_papers")
    op.drop_table("care_plans")
    with op.batch_alter_table("bed_stretches", schema=None) as batch_op:
        batch_op.drop_index("ix_bed_stretches_until_on")
        batch_op.drop_index(
            "ix_bed_stretches_open",
            sqlite_where=sa.text("until_on IS NULL"),
            postgresql_where=sa.text("until_on IS NULL"),
        )

    op.drop_table("bed_stretches")
    with op.batch_alter_table("bed_steps", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_bed_steps_bed_id"))

    op.drop_table("bed_steps")
    with op.batch_alter_table("bed_standings", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_bed_standings_counted_at"))

    op.drop_table("bed_standings")
    with op.batch_alter_table("bed_assessments", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_bed_assessments_due_at",
            sqlite_where=sa.text("due_at IS NOT NULL"),
            postgresql_where=sa.text("due_at IS NOT NULL"),
        )
        batch_op.drop_index(batch_op.f("ix_bed_assessments_bed_id"))

    op.drop_table("bed_assessments")
    with op.batch_alter_table("beds", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_beds_resident_id"))
        batch_op.drop_index(
            "ix_beds_alive", sqlite_where=sa.text("state != 'ended'"), postgresql_where=sa.text("state != 'ended'")
        )

    op.drop_table("beds")
