"""
Who is engaged is answered from an index alone.

Revision ID: 20261121_2345
Revises: 20261121_2030
"""

import sqlalchemy as sa
from alembic import op

revision = "20261121_2345"
down_revision = "20261121_2030"
branch_labels = None
depends_on = None

_ENGAGED = sa.text("state IN ('open', 'accepted')")


def upgrade() -> None:
    op.drop_index("ix_offers_engaged", table_name="offers")
    op.create_index(
        "ix_offers_engaged", "offers", ["person", "state", "alarm_id"],
        sqlite_where=_ENGAGED, postgresql_where=_ENGAGED,
    )  # fmt: skip


def downgrade() -> None:
    op.drop_index("ix_offers_engaged", table_name="offers")
    op.create_index("ix_offers_engaged", "offers", ["person"], sqlite_where=_ENGAGED, postgresql_where=_ENGAGED)
