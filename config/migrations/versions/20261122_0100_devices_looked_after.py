"""
Devices that are looked after: whose they were, test presses, silence, repair cases, incidents, meanings, campaigns.

Nobody who has a device today may fall out of supervision: each gets the vigil and the assignment that a device entered
from now on has.

Revision ID: 20261122_0100
Revises: 20261122_0010
"""

import sqlalchemy as sa
from alembic import op

revision = "20261122_0100"
down_revision = "20261122_0010"
branch_labels = None
depends_on = None

NOW_US = {
    "sqlite": "CAST(strftime('%s', 'now') AS INTEGER) * 1000000",
    "postgresql": "CAST(extract(epoch FROM now()) AS BIGINT) * 1000000",
}


def upgrade() -> None:
    op.create_table(
        "campaigns",
        sa.Column("id", sa.String(length=7), nullable=False),
        sa.Column("began_at", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=True),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("covered", sa.Integer(), nullable=True),
        sa.Column("of", sa.Integer(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_campaigns")),
    )
    op.create_table(
        "deafness",
        sa.Column("gateway", sa.String(length=80), nullable=False),
        sa.Column("start", sa.BigInteger(), nullable=False),
        sa.Column("end", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("gateway", "start", name=op.f("pk_deafness")),
    )
    op.create_table(
        "gateways",
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("forwarding", sa.Boolean(), nullable=False),
        sa.Column("heard_at", sa.BigInteger(), nullable=False),
        sa.Column("quiet_s", sa.Float(), nullable=False),
        sa.Column("dismissed_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("name", name=op.f("pk_gateways")),
    )
    op.create_table(
        "incidents",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("gateway", sa.String(length=80), nullable=False),
        sa.Column("why", sa.String(length=12), nullable=False),
        sa.Column("began_at", sa.BigInteger(), nullable=False),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=True),
        sa.Column("told", sa.Integer(), nullable=False),
        sa.Column("homes", sa.Text(), nullable=False),
        sa.Column("devices", sa.Integer(), nullable=False),
        sa.Column("owner", sa.String(length=80), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("ended_by", sa.String(length=80), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_incidents")),
    )
    with op.batch_alter_table("incidents", schema=None) as batch_op:
        batch_op.create_index(
            "ix_incidents_open",
            ["gateway"],
            unique=True,
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        )
        batch_op.create_index("ix_incidents_opened_at", ["opened_at"], unique=False)

    op.create_table(
        "meanings",
        sa.Column("scope", sa.String(length=80), nullable=False),
        sa.Column("meanings", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("scope", name=op.f("pk_meanings")),
    )
    op.create_table(
        "assignments",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("device_id", sa.String(length=40), nullable=False),
        sa.Column("home_id", sa.String(length=40), nullable=False),
        sa.Column("resident_id", sa.String(length=40), nullable=True),
        sa.Column("kind", sa.String(length=8), nullable=False),
        sa.Column("from_at", sa.BigInteger(), nullable=False),
        sa.Column("back_at", sa.BigInteger(), nullable=True),
        sa.Column("until_at", sa.BigInteger(), nullable=True),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.Column("ended_by", sa.String(length=80), nullable=True),
        sa.Column("reason", sa.String(length=24), nullable=True),
        sa.CheckConstraint("kind IN ('given','lent')", name=op.f("ck_assignments_kind")),
        sa.ForeignKeyConstraint(["device_id"], ["devices.id"], name=op.f("fk_assignments_device_id_devices")),
        sa.ForeignKeyConstraint(["home_id"], ["homes.id"], name=op.f("fk_assignments_home_id_homes")),
        sa.ForeignKeyConstraint(["resident_id"], ["residents.id"], name=op.f("fk_assignments_resident_id_residents")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_assignments")),
    )
    with op.batch_alter_table("assignments", schema=None) as batch_op:
        batch_op.create_index("ix_assignments_device_id", ["device_id", "from_at"], unique=False)
        batch_op.create_index(
            "ix_assignments_now",
            ["device_id"],
            unique=True,
            sqlite_where=sa.text("until_at IS NULL"),
            postgresql_where=sa.text("until_at IS NULL"),
        )

    op.create_table(
        "hearings",
        sa.Column("device_id", sa.String(length=40), nullable=False),
        sa.Column("gateway", sa.String(length=80), nullable=False),
        sa.Column("last_at", sa.BigInteger(), nullable=False),
        sa.Column("times", sa.BigInteger(), nullable=False),
        sa.Column("rssi", sa.Float(), nullable=True),
        sa.ForeignKeyConstraint(["device_id"], ["devices.id"], name=op.f("fk_hearings_device_id_devices")),
        sa.PrimaryKeyConstraint("device_id", "gateway", name=op.f("pk_hearings")),
    )
    op.create_table(
        "press_tests",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("device_id", sa.String(length=40), nullable=False),
        sa.Column("purpose", sa.String(length=8), nullable=False),
        sa.Column("state", sa.String(length=10), nullable=False),
        sa.Column("begun_at", sa.BigInteger(), nullable=False),
        sa.Column("until_at", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=True),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.Column("notify", sa.String(length=20), nullable=True),
        sa.Column("lang", sa.String(length=8), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=True),
        sa.Column("gateway", sa.String(length=80), nullable=True),
        sa.Column("signal_id", sa.String(length=40), nullable=True),
        sa.CheckConstraint("(due_at IS NULL) = (state <> 'waiting')", name=op.f("ck_press_tests_due_at")),
        sa.CheckConstraint("purpose IN ('pairing','repair','campaign')", name=op.f("ck_press_tests_purpose")),
        sa.CheckConstraint("state IN ('waiting','seen','lapsed','cancelled')", name=op.f("ck_press_tests_state")),
        sa.ForeignKeyConstraint(["device_id"], ["devices.id"], name=op.f("fk_press_tests_device_id_devices")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_press_tests")),
    )
    with op.batch_alter_table("press_tests", schema=None) as batch_op:
        batch_op.create_index("ix_press_tests_device_id", ["device_id", "begun_at"], unique=False)
        batch_op.create_index(
            "ix_press_tests_due_at",
            ["due_at"],
            unique=False,
            sqlite_where=sa.text("due_at IS NOT NULL"),
            postgresql_where=sa.text("due_at IS NOT NULL"),
        )
        batch_op.create_index(
            "ix_press_tests_waiting",
            ["device_id"],
            unique=True,
            sqlite_where=sa.text("state = 'waiting'"),
            postgresql_where=sa.text("state = 'waiting'"),
        )

    op.create_table(
        "vigils",
        sa.Column("device_id", sa.String(length=40), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=True),
        sa.Column("health", sa.String(length=8), nullable=False),
        sa.Column("health_at", sa.BigInteger(), nullable=False),
        sa.Column("since", sa.BigInteger(), nullable=False),
        sa.Column("proven_at", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("health IN ('well','late','offline')", name=op.f("ck_vigils_health")),
        sa.ForeignKeyConstraint(["device_id"], ["devices.id"], name=op.f("fk_vigils_device_id_devices")),
        sa.PrimaryKeyConstraint("device_id", name=op.f("pk_vigils")),
    )
    with op.batch_alter_table("vigils", schema=None) as batch_op:
        batch_op.create_index(
            "ix_vigils_due_at",
            ["due_at"],
            unique=False,
            sqlite_where=sa.text("due_at IS NOT NULL"),
            postgresql_where=sa.text("due_at IS NOT NULL"),
        )
        batch_op.create_index(
            "ix_vigils_ill",
            ["health"],
            unique=False,
            sqlite_where=sa.text("health != 'well'"),
            postgresql_where=sa.text("health != 'well'"),
        )
        batch_op.create_index(
            "ix_vigils_unproven",
            ["device_id"],
            unique=False,
            sqlite_where=sa.text("proven_at IS NULL"),
            postgresql_where=sa.text("proven_at IS NULL"),
        )

    op.create_table(
        "repairs",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("device_id", sa.String(length=40), nullable=False),
        sa.Column("home_id", sa.String(length=40), nullable=False),
        sa.Column("faults", sa.Text(), nullable=False),
        sa.Column("opened_at", sa.BigInteger(), nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.Column("owner", sa.String(length=80), nullable=False),
        sa.Column("repair_by", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=True),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("ended_by", sa.String(length=80), nullable=True),
        sa.Column("test_id", sa.String(length=40), nullable=True),
        sa.CheckConstraint("(due_at IS NULL) = (ended_at IS NOT NULL)", name=op.f("ck_repairs_due_at")),
        sa.ForeignKeyConstraint(["device_id"], ["devices.id"], name=op.f("fk_repairs_device_id_devices")),
        sa.ForeignKeyConstraint(["home_id"], ["homes.id"], name=op.f("fk_repairs_home_id_homes")),
        sa.ForeignKeyConstraint(["test_id"], ["press_tests.id"], name=op.f("fk_repairs_test_id_press_tests")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_repairs")),
    )
    with op.batch_alter_table("repairs", schema=None) as batch_op:
        batch_op.create_index(
            "ix_repairs_due_at",
            ["due_at"],
            unique=False,
            sqlite_where=sa.text("due_at IS NOT NULL"),
            postgresql_where=sa.text("due_at IS NOT NULL"),
        )
        batch_op.create_index(
            "ix_repairs_open",
            ["device_id"],
            unique=True,
            sqlite_where=sa.text("ended_at IS NULL"),
            postgresql_where=sa.text("ended_at IS NULL"),
        )
        batch_op.create_index("ix_repairs_opened_at", ["opened_at"], unique=False)

    op.create_table(
        "checks",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("repair_id", sa.String(length=40), nullable=True),
        sa.Column("incident_id", sa.String(length=40), nullable=True),
        sa.Column("home_id", sa.String(length=40), nullable=True),
        sa.Column("state", sa.String(length=8), nullable=False),
        sa.Column("planned_at", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=True),
        sa.Column("asked", sa.Integer(), nullable=False),
        sa.Column("done_at", sa.BigInteger(), nullable=True),
        sa.Column("done_by", sa.String(length=80), nullable=True),
        sa.Column("result", sa.String(length=16), nullable=True),
        sa.Column("alarm_id", sa.String(length=40), nullable=True),
        sa.CheckConstraint("(due_at IS NULL) = (state IN ('done','dropped'))", name=op.f("ck_checks_due_at")),
        sa.CheckConstraint("state IN ('waiting','asked','done','dropped')", name=op.f("ck_checks_state")),
        sa.CheckConstraint("(repair_id IS NULL) <> (incident_id IS NULL)", name=op.f("ck_checks_about")),
        sa.ForeignKeyConstraint(["alarm_id"], ["alarms.id"], name=op.f("fk_checks_alarm_id_alarms")),
        sa.ForeignKeyConstraint(["home_id"], ["homes.id"], name=op.f("fk_checks_home_id_homes")),
        sa.ForeignKeyConstraint(["incident_id"], ["incidents.id"], name=op.f("fk_checks_incident_id_incidents")),
        sa.ForeignKeyConstraint(["repair_id"], ["repairs.id"], name=op.f("fk_checks_repair_id_repairs")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_checks")),
    )
    with op.batch_alter_table("checks", schema=None) as batch_op:
        batch_op.create_index(
            "ix_checks_due_at",
            ["due_at"],
            unique=False,
            sqlite_where=sa.text("due_at IS NOT NULL"),
            postgresql_where=sa.text("due_at IS NOT NULL"),
        )
        batch_op.create_index("ix_checks_incident_id", ["incident_id"], unique=False)
        batch_op.create_index("ix_checks_repair_id", ["repair_id"], unique=False)

    with op.batch_alter_table("seen", schema=None) as batch_op:
        batch_op.add_column(sa.Column("pressed_at", sa.BigInteger(), nullable=True))
        batch_op.add_column(sa.Column("off_at", sa.BigInteger(), nullable=True))

    with op.batch_alter_table("strangers", schema=None) as batch_op:
        batch_op.add_column(sa.Column("rssi", sa.Float(), nullable=True))

    _take_in()


def _take_in() -> None:
    """What is known already: whose each device in use is, who heard it last, and when it was pressed last."""
    connection = op.get_bind()
    now = NOW_US[connection.dialect.name]
    connection.exec_driver_sql(
        'INSERT INTO assignments (id, device_id, home_id, resident_id, kind, from_at, "by") '  # noqa: S608  our own words
        f"SELECT id, id, home_id, resident_id, 'given', {now}, 'service' FROM devices WHERE retired_at IS NULL"
    )
    connection.exec_driver_sql(
        "INSERT INTO vigils (device_id, due_at, health, health_at, since) "  # noqa: S608  our own words
        f"SELECT id, {now}, 'well', {now}, {now} FROM devices WHERE retired_at IS NULL"
    )
    connection.exec_driver_sql(
        "INSERT INTO hearings (device_id, gateway, last_at, times) SELECT device_id, gateway, last_at, times FROM seen"
    )
    connection.exec_driver_sql(
        "UPDATE seen SET pressed_at = (SELECT pressed.at FROM (SELECT device_id, MAX(received_at) AS at FROM signals "
        "WHERE cause IS NOT NULL GROUP BY device_id) AS pressed WHERE pressed.device_id = seen.device_id)"
    )


def downgrade() -> None:
    with op.batch_alter_table("strangers", schema=None) as batch_op:
        batch_op.drop_column("rssi")

    with op.batch_alter_table("seen", schema=None) as batch_op:
        batch_op.drop_column("off_at")
        batch_op.drop_column("pressed_at")

    with op.batch_alter_table("checks", schema=None) as batch_op:
        batch_op.drop_index("ix_checks_repair_id")
        batch_op.drop_index("ix_checks_incident_id")
        batch_op.drop_index(
            "ix_checks_due_at",
            sqlite_where=sa.text("due_at IS NOT NULL"),
            postgresql_where=sa.text("due_at IS NOT NULL"),
        )

    op.drop_table("checks")
    with op.batch_alter_table("repairs", schema=None) as batch_op:
        batch_op.drop_index("ix_repairs_opened_at")
        batch_op.drop_index(
            "ix_repairs_open", sqlite_where=sa.text("ended_at IS NULL"), postgresql_where=sa.text("ended_at IS NULL")
        )
        batch_op.drop_index(
            "ix_repairs_due_at",
            sqlite_where=sa.text("due_at IS NOT NULL"),
            postgresql_where=sa.text("due_at IS NOT NULL"),
        )

    op.drop_table("repairs")
    with op.batch_alter_table("vigils", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_vigils_unproven",
            sqlite_where=sa.text("proven_at IS NULL"),
            postgresql_where=sa.text("proven_at IS NULL"),
        )
        batch_op.drop_index(
            "ix_vigils_ill", sqlite_where=sa.text("health != 'well'"), postgresql_where=sa.text("health != 'well'")
        )
        batch_op.drop_index(
            "ix_vigils_due_at",
            sqlite_where=sa.text("due_at IS NOT NULL"),
            postgresql_where=sa.text("due_at IS NOT NULL"),
        )

    op.drop_table("vigils")
    with op.batch_alter_table("press_tests", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_press_tests_waiting",
            sqlite_where=sa.text("state = 'waiting'"),
            postgresql_where=sa.text("state = 'waiting'"),
        )
        batch_op.drop_index(
            "ix_press_tests_due_at",
            sqlite_where=sa.text("due_at IS NOT NULL"),
            postgresql_where=sa.text("due_at IS NOT NULL"),
        )
        batch_op.drop_index("ix_press_tests_device_id")

    op.drop_table("press_tests")
    op.drop_table("hearings")
    with op.batch_alter_table("assignments", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_assignments_now", sqlite_where=sa.text("until_at IS NULL"), postgresql_where=sa.text("until_at IS NULL")
        )
        batch_op.drop_index("ix_assignments_device_id")

    op.drop_table("assignments")
    op.drop_table("meanings")
    with op.batch_alter_table("incidents", schema=None) as batch_op:
        batch_op.drop_index("ix_incidents_opened_at")
        batch_op.drop_index(
            "ix_incidents_open", sqlite_where=sa.text("ended_at IS NULL"), postgresql_where=sa.text("ended_at IS NULL")
        )

    op.drop_table("incidents")
    op.drop_table("gateways")
    op.drop_table("deafness")
    op.drop_table("campaigns")
