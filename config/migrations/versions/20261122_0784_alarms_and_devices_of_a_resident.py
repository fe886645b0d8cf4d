"""
The alarms and the devices of a resident and of a home are found by an index: with half a million alarms on file a
resident's page looked through all of them, and so did the database itself before it let a resident's row go.

Revision ID: 20261122_0784
Revises: 20261122_0781
"""

from alembic import op

revision = "20261122_0784"
down_revision = "20261122_0781"
branch_labels = None
depends_on = None

_INDEXES = (
    ("ix_alarms_resident_id", "alarms", ("resident_id", "raised_at")),
    ("ix_devices_home_id", "devices", ("home_id",)),
    ("ix_devices_resident_id", "devices", ("resident_id",)),
    ("ix_assignments_home_id", "assignments", ("home_id",)),
    ("ix_assignments_resident_id", "assignments", ("resident_id",)),
)


def upgrade() -> None:
    for name, table, columns in _INDEXES:
        op.create_index(name, table, list(columns))


def downgrade() -> None:
    for name, table, _ in _INDEXES:
        op.drop_index(name, table_name=table)
