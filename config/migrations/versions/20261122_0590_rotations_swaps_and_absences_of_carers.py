"""
Rotations with the turns they laid, swaps, absences of carers with the windows they leave open, and stand-ins.

New tables, and one new column that may be empty: an older program does not see them.

Revision ID: 20261122_0590
Revises: 20261122_0580
"""

import sqlalchemy as sa
from alembic import op

revision = "20261122_0590"
down_revision = "20261122_0580"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.add_column("shift_drafts", sa.Column("reason", sa.Text(), nullable=True))
    op.create_table(
        "rotations",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("station_id", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("first_day", sa.String(length=10), nullable=False),
        sa.Column("last_day", sa.String(length=10), nullable=True),
        sa.Column("cycle", sa.Text(), nullable=False),
        sa.Column("places", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), server_default="", nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["station_id"], ["stations.id"], name=op.f("fk_rotations_station_id_stations")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rotations")),
    )
    op.create_table(
        "carer_absences",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("carer_id", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("from_at", sa.BigInteger(), nullable=False),
        sa.Column("until_at", sa.BigInteger(), nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.Column("kept_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("kind IN ('sick','leave','training','other')", name=op.f("ck_carer_absences_kind")),
        sa.CheckConstraint("until_at > from_at", name=op.f("ck_carer_absences_until_at")),
        sa.ForeignKeyConstraint(["carer_id"], ["carers.id"], name=op.f("fk_carer_absences_carer_id_carers")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_carer_absences")),
    )
    op.create_index("ix_carer_absences_until_at", "carer_absences", ["until_at"], unique=False)
    op.create_table(
        "rotation_turns",
        sa.Column("rotation_id", sa.String(length=40), nullable=False),
        sa.Column("carer_id", sa.String(length=40), nullable=False),
        sa.Column("day", sa.String(length=10), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("start_at", sa.BigInteger(), nullable=False),
        sa.Column("end_at", sa.BigInteger(), nullable=False),
        sa.Column("shift_id", sa.String(length=40), nullable=True),
        sa.Column("why", sa.String(length=12), nullable=False),
        sa.ForeignKeyConstraint(["carer_id"], ["carers.id"], name=op.f("fk_rotation_turns_carer_id_carers")),
        sa.ForeignKeyConstraint(
            ["rotation_id"], ["rotations.id"], name=op.f("fk_rotation_turns_rotation_id_rotations")
        ),
        sa.PrimaryKeyConstraint("rotation_id", "carer_id", "day", "number", name=op.f("pk_rotation_turns")),
    )
    op.create_index("ix_rotation_turns_end_at", "rotation_turns", ["end_at"], unique=False)
    op.create_table(
        "stand_ins",
        sa.Column("shift_id", sa.String(length=40), nullable=False),
        sa.Column("carer_id", sa.String(length=40), nullable=False),
        sa.Column("start_at", sa.BigInteger(), nullable=False),
        sa.Column("end_at", sa.BigInteger(), nullable=False),
        sa.ForeignKeyConstraint(["carer_id"], ["carers.id"], name=op.f("fk_stand_ins_carer_id_carers")),
        sa.PrimaryKeyConstraint("shift_id", name=op.f("pk_stand_ins")),
    )
    op.create_table(
        "swaps",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("carer_id", sa.String(length=40), nullable=False),
        sa.Column("shift_id", sa.String(length=40), nullable=False),
        sa.Column("start_at", sa.BigInteger(), nullable=False),
        sa.Column("end_at", sa.BigInteger(), nullable=False),
        sa.Column("other_id", sa.String(length=40), nullable=False),
        sa.Column("other_shift_id", sa.String(length=40), nullable=True),
        sa.Column("other_start_at", sa.BigInteger(), nullable=True),
        sa.Column("other_end_at", sa.BigInteger(), nullable=True),
        sa.Column("code", sa.Integer(), nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.Column("asked_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=True),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("why", sa.String(length=12), server_default="", nullable=False),
        sa.CheckConstraint(
            "state IN ('asked','accepted','done','declined','refused','expired','withdrawn')",
            name=op.f("ck_swaps_state"),
        ),
        sa.CheckConstraint("carer_id <> other_id", name=op.f("ck_swaps_other_id")),
        sa.ForeignKeyConstraint(["carer_id"], ["carers.id"], name=op.f("fk_swaps_carer_id_carers")),
        sa.ForeignKeyConstraint(["other_id"], ["carers.id"], name=op.f("fk_swaps_other_id_carers")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_swaps")),
    )
    op.create_index(
        "ix_swaps_due",
        "swaps",
        ["due_at"],
        unique=False,
        sqlite_where=sa.text("due_at IS NOT NULL"),
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )
    op.create_index("ix_swaps_other_id", "swaps", ["other_id", "state"], unique=False)
    op.create_table(
        "vacancies",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("absence_id", sa.String(length=40), nullable=False),
        sa.Column("carer_id", sa.String(length=40), nullable=False),
        sa.Column("start_at", sa.BigInteger(), nullable=False),
        sa.Column("end_at", sa.BigInteger(), nullable=False),
        sa.Column("filled_by", sa.String(length=40), nullable=True),
        sa.CheckConstraint("end_at > start_at", name=op.f("ck_vacancies_end_at")),
        sa.ForeignKeyConstraint(
            ["absence_id"], ["carer_absences.id"], name=op.f("fk_vacancies_absence_id_carer_absences")
        ),
        sa.ForeignKeyConstraint(["carer_id"], ["carers.id"], name=op.f("fk_vacancies_carer_id_carers")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_vacancies")),
    )
    op.create_index("ix_vacancies_absence_id", "vacancies", ["absence_id"], unique=False)
    op.create_index("ix_vacancies_end_at", "vacancies", ["end_at"], unique=False)


def downgrade() -> None:
    op.drop_index("ix_vacancies_end_at", table_name="vacancies")
    op.drop_index("ix_vacancies_absence_id", table_name="vacancies")
    op.drop_table("vacancies")
    op.drop_index("ix_swaps_other_id", table_name="swaps")
    op.drop_index(
        "ix_swaps_due",
        table_name="swaps",
        sqlite_where=sa.text("due_at IS NOT NULL"),
        postgresql_where=sa.text("due_at IS NOT NULL"),
    )
    op.drop_table("swaps")
    op.drop_table("stand_ins")
    op.drop_index("ix_rotation_turns_end_at", table_name="rotation_turns")
    op.drop_table("rotation_turns")
    op.drop_index("ix_carer_absences_until_at", table_name="carer_absences")
    op.drop_table("carer_absences")
    op.drop_table("rotations")
    with op.batch_alter_table("shift_drafts") as batch:
        batch.drop_column("reason")
