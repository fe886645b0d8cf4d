"""
An index of the meals that wait for their rule, so that a page can say at once how many there are.

Only a new index: an older program does not see it.

Revision ID: 20261122_0760
Revises: 20261122_0750
"""

import sqlalchemy as sa
from alembic import op

revision = "20261122_0760"
down_revision = "20261122_0750"
branch_labels = None
depends_on = None

WAITS = sa.text("reason IN ('no_rule', 'not_in_force', 'two_rules') AND cancelled_at IS NULL")


def upgrade() -> None:
    op.create_index("ix_servings_waiting", "servings", ["on", "canteen_id"], sqlite_where=WAITS, postgresql_where=WAITS)


def downgrade() -> None:
    op.drop_index("ix_servings_waiting", table_name="servings")
