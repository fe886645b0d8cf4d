"""
The pictures of photos of visits, so that whoever judges a visit sees what was shown.

Only a new table: an older program does not see it.

Revision ID: 20261122_0750
Revises: 20261122_0720
"""

import sqlalchemy as sa
from alembic import op

revision = "20261122_0750"
down_revision = "20261122_0740"
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "visit_pictures",
        sa.Column("photo_id", sa.String(length=40), nullable=False),
        sa.Column("visit_id", sa.String(length=40), nullable=False),
        sa.Column("resident_id", sa.String(length=40), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("picture", sa.LargeBinary(), nullable=False),
        sa.ForeignKeyConstraint(
            ["photo_id"], ["visit_photos.id"], name=op.f("fk_visit_pictures_photo_id_visit_photos")
        ),
        sa.ForeignKeyConstraint(
            ["resident_id"], ["residents.id"], name=op.f("fk_visit_pictures_resident_id_residents")
        ),
        sa.ForeignKeyConstraint(["visit_id"], ["visits.id"], name=op.f("fk_visit_pictures_visit_id_visits")),
        sa.PrimaryKeyConstraint("photo_id", name=op.f("pk_visit_pictures")),
    )
    op.create_index("ix_visit_pictures_visit_id", "visit_pictures", ["visit_id"], unique=False)
    op.create_index("ix_visit_pictures_resident_id", "visit_pictures", ["resident_id"], unique=False)
    op.create_index("ix_visit_pictures_received_at", "visit_pictures", ["received_at"], unique=False)


def downgrade() -> None:
    op.drop_table("visit_pictures")
