"""
The first house: people, alarms, messages, the record, devices, shifts, accounts.

Revision ID: 20261121_2030
Revises:
"""

import sqlalchemy as sa
from alembic import op

from dispatch.store.record import refusals

revision = "20261121_2030"
down_revision = None
branch_labels = None
depends_on = None


def upgrade() -> None:
    op.create_table(
        "districts",
        sa.Column("id", sa.String(length=8), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("area_code", sa.String(length=12), nullable=False),
        sa.Column("zone", sa.String(length=40), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_districts")),
    )
    op.create_table(
        "entries",
        sa.Column("number", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("boot", sa.String(length=40), nullable=False),
        sa.Column("steady_us", sa.BigInteger(), nullable=False),
        sa.Column("kind", sa.String(length=40), nullable=False),
        sa.Column("by", sa.String(length=80), nullable=False),
        sa.Column("alarm_id", sa.String(length=40), nullable=True),
        sa.Column("version", sa.Integer(), nullable=True),
        sa.Column("body", sa.Text(), nullable=False),
        sa.Column("note_hash", sa.String(length=64), nullable=True),
        sa.Column("before", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_entries")),
        sa.UniqueConstraint("before", name=op.f("uq_entries_before")),
        sa.UniqueConstraint("hash", name=op.f("uq_entries_hash")),
    )
    with op.batch_alter_table("entries", schema=None) as batch_op:
        batch_op.create_index("ix_entries_alarm_id", ["alarm_id", "number"], unique=False)
        batch_op.create_index("ix_entries_version", ["alarm_id", "version"], unique=True)

    op.create_table(
        "idempotency",
        sa.Column("caller", sa.String(length=80), nullable=False),
        sa.Column("route", sa.String(length=160), nullable=False),
        sa.Column("key", sa.String(length=200), nullable=False),
        sa.Column("body_hash", sa.String(length=64), nullable=False),
        sa.Column("begun_at", sa.BigInteger(), nullable=False),
        sa.Column("status", sa.Integer(), nullable=True),
        sa.Column("body", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("caller", "route", "key", name=op.f("pk_idempotency")),
    )
    with op.batch_alter_table("idempotency", schema=None) as batch_op:
        batch_op.create_index("ix_idempotency_begun_at", ["begun_at"], unique=False)

    op.create_table(
        "keys",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("prefix", sa.String(length=16), nullable=False),
        sa.Column("secret_hash", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("scope", sa.String(length=200), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("last_used_at", sa.BigInteger(), nullable=True),
        sa.Column("revoked_at", sa.BigInteger(), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_keys")),
        sa.UniqueConstraint("prefix", name=op.f("uq_keys_prefix")),
    )
    op.create_table(
        "notes",
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("salt", sa.String(length=32), nullable=False),
        sa.Column("text", sa.Text(), nullable=True),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_notes")),
    )
    op.create_table(
        "numbers",
        sa.Column("day", sa.String(length=8), nullable=False),
        sa.Column("last", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("day", name=op.f("pk_numbers")),
    )
    op.create_table(
        "operators",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("login", sa.String(length=64), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("phone", sa.String(length=20), nullable=True),
        sa.Column("lang", sa.String(length=8), nullable=False),
        sa.Column("password_hash", sa.String(length=200), nullable=False),
        sa.Column("disabled", sa.Boolean(), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_operators")),
        sa.UniqueConstraint("login", name=op.f("uq_operators_login")),
    )
    op.create_table(
        "policies",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=80), nullable=False),
        sa.Column("content", sa.Text(), nullable=False),
        sa.Column("first_used_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_policies")),
    )
    op.create_table(
        "receipts",
        sa.Column("provider", sa.String(length=40), nullable=False),
        sa.Column("key", sa.String(length=160), nullable=False),
        sa.Column("attempt_id", sa.String(length=40), nullable=True),
        sa.Column("kind", sa.String(length=12), nullable=False),
        sa.Column("status", sa.String(length=40), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=True),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("provider", "key", name=op.f("pk_receipts")),
    )
    op.create_table(
        "replies",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("provider", sa.String(length=40), nullable=False),
        sa.Column("key", sa.String(length=160), nullable=False),
        sa.Column("sender", sa.String(length=40), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("voice", sa.Boolean(), nullable=False),
        sa.Column("attempt_id", sa.String(length=40), nullable=True),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=True),
        sa.Column("failures", sa.Integer(), nullable=False),
        sa.Column("result", sa.String(length=24), nullable=True),
        sa.Column("person", sa.String(length=80), nullable=True),
        sa.Column("alarm_id", sa.String(length=40), nullable=True),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_replies")),
    )
    with op.batch_alter_table("replies", schema=None) as batch_op:
        batch_op.create_index(
            "ix_replies_due_at",
            ["due_at"],
            unique=False,
            sqlite_where=sa.text("due_at IS NOT NULL"),
            postgresql_where=sa.text("due_at IS NOT NULL"),
        )
        batch_op.create_index("ix_replies_key", ["provider", "key"], unique=True)
        batch_op.create_index("ix_replies_received_at", ["received_at"], unique=False)

    op.create_table(
        "shift_changes",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("id = 1", name=op.f("ck_shift_changes_one_row")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shift_changes")),
    )
    op.create_table(
        "sign_in_failures",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("login", sa.String(length=64), nullable=False),
        sa.Column("ip", sa.String(length=45), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sign_in_failures")),
    )
    with op.batch_alter_table("sign_in_failures", schema=None) as batch_op:
        batch_op.create_index("ix_sign_in_failures_at", ["at"], unique=False)
        batch_op.create_index("ix_sign_in_failures_login_ip", ["login", "ip", "at"], unique=False)

    op.create_table(
        "spooled",
        sa.Column("gateway", sa.String(length=80), nullable=False),
        sa.Column("epoch", sa.String(length=80), nullable=False),
        sa.Column("seq", sa.BigInteger(), autoincrement=False, nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("gateway", "epoch", "seq", name=op.f("pk_spooled")),
    )
    op.create_table(
        "stations",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("lat", sa.Float(), nullable=True),
        sa.Column("lng", sa.Float(), nullable=True),
        sa.Column("lends", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_stations")),
        sa.UniqueConstraint("code", name=op.f("uq_stations_code")),
    )
    op.create_table(
        "strangers",
        sa.Column("protocol", sa.String(length=24), nullable=False),
        sa.Column("address", sa.String(length=160), nullable=False),
        sa.Column("gateway", sa.String(length=80), nullable=False),
        sa.Column("event", sa.String(length=24), nullable=False),
        sa.Column("first_at", sa.BigInteger(), nullable=False),
        sa.Column("last_at", sa.BigInteger(), nullable=False),
        sa.Column("times", sa.Integer(), nullable=False),
        sa.PrimaryKeyConstraint("protocol", "address", name=op.f("pk_strangers")),
    )
    op.create_table(
        "carers",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("phone", sa.String(length=20), nullable=True),
        sa.Column("station_id", sa.String(length=40), nullable=True),
        sa.Column("base_lat", sa.Float(), nullable=True),
        sa.Column("base_lng", sa.Float(), nullable=True),
        sa.Column("lat", sa.Float(), nullable=True),
        sa.Column("lng", sa.Float(), nullable=True),
        sa.Column("position_at", sa.BigInteger(), nullable=True),
        sa.Column("means", sa.String(length=8), nullable=False),
        sa.Column("skills", sa.Text(), nullable=False),
        sa.Column("languages", sa.Text(), nullable=False),
        sa.Column("suspended", sa.Boolean(), nullable=False),
        sa.Column("opted_out", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["station_id"], ["stations.id"], name=op.f("fk_carers_station_id_stations")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_carers")),
        sa.UniqueConstraint("code", name=op.f("uq_carers_code")),
    )
    with op.batch_alter_table("carers", schema=None) as batch_op:
        batch_op.create_index("ix_carers_phone", ["phone"], unique=False)

    op.create_table(
        "homes",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("address", sa.String(length=240), nullable=False),
        sa.Column("lat", sa.Float(), nullable=True),
        sa.Column("lng", sa.Float(), nullable=True),
        sa.Column("station_id", sa.String(length=40), nullable=True),
        sa.Column("entry", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["station_id"], ["stations.id"], name=op.f("fk_homes_station_id_stations")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_homes")),
        sa.UniqueConstraint("code", name=op.f("uq_homes_code")),
    )
    op.create_table(
        "sessions",
        sa.Column("token_hash", sa.String(length=64), nullable=False),
        sa.Column("operator_id", sa.String(length=40), nullable=False),
        sa.Column("created_at", sa.BigInteger(), nullable=False),
        sa.Column("seen_at", sa.BigInteger(), nullable=False),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["operator_id"], ["operators.id"], name=op.f("fk_sessions_operator_id_operators")),
        sa.PrimaryKeyConstraint("token_hash", name=op.f("pk_sessions")),
    )
    with op.batch_alter_table("sessions", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_sessions_operator_id"), ["operator_id"], unique=False)

    op.create_table(
        "contacts",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("code", sa.String(length=80), nullable=False),
        sa.Column("home_id", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("phone", sa.String(length=20), nullable=True),
        sa.Column("order", sa.Integer(), nullable=False),
        sa.Column("relation", sa.String(length=40), nullable=False),
        sa.Column("key_holder", sa.Boolean(), nullable=False),
        sa.ForeignKeyConstraint(["home_id"], ["homes.id"], name=op.f("fk_contacts_home_id_homes")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_contacts")),
        sa.UniqueConstraint("code", name=op.f("uq_contacts_code")),
    )
    with op.batch_alter_table("contacts", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_contacts_home_id"), ["home_id"], unique=False)
        batch_op.create_index("ix_contacts_phone", ["phone"], unique=False)

    op.create_table(
        "residents",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("home_id", sa.String(length=40), nullable=False),
        sa.Column("name", sa.String(length=120), nullable=False),
        sa.Column("born_on", sa.Date(), nullable=True),
        sa.Column("phone", sa.String(length=20), nullable=True),
        sa.Column("level", sa.String(length=20), nullable=False),
        sa.Column("cats", sa.Text(), nullable=False),
        sa.Column("needs", sa.Text(), nullable=False),
        sa.Column("language", sa.String(length=20), nullable=True),
        sa.Column("talk", sa.Text(), nullable=False),
        sa.Column("agreements", sa.Text(), nullable=False),
        sa.Column("illness", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["home_id"], ["homes.id"], name=op.f("fk_residents_home_id_homes")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_residents")),
        sa.UniqueConstraint("code", name=op.f("uq_residents_code")),
    )
    with op.batch_alter_table("residents", schema=None) as batch_op:
        batch_op.create_index(batch_op.f("ix_residents_home_id"), ["home_id"], unique=False)

    op.create_table(
        "shifts",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("carer_id", sa.String(length=40), nullable=False),
        sa.Column("start_at", sa.BigInteger(), nullable=False),
        sa.Column("end_at", sa.BigInteger(), nullable=False),
        sa.CheckConstraint("end_at > start_at", name=op.f("ck_shifts_end_at")),
        sa.ForeignKeyConstraint(["carer_id"], ["carers.id"], name=op.f("fk_shifts_carer_id_carers")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_shifts")),
        sa.UniqueConstraint("carer_id", "start_at", "end_at", name=op.f("uq_shifts_carer_id_start_at_end_at")),
    )
    with op.batch_alter_table("shifts", schema=None) as batch_op:
        batch_op.create_index("ix_shifts_end_at", ["end_at"], unique=False)

    op.create_table(
        "alarms",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("number", sa.String(length=24), nullable=False),
        sa.Column("subject", sa.String(length=160), nullable=False),
        sa.Column("cause", sa.String(length=24), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("raised_at", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=True),
        sa.Column("policy_id", sa.String(length=40), nullable=False),
        sa.Column("home_id", sa.String(length=40), nullable=True),
        sa.Column("resident_id", sa.String(length=40), nullable=True),
        sa.Column("station_id", sa.String(length=40), nullable=True),
        sa.Column("lat", sa.Float(), nullable=True),
        sa.Column("lng", sa.Float(), nullable=True),
        sa.Column("place_source", sa.String(length=12), nullable=False),
        sa.Column("press_count", sa.Integer(), nullable=False),
        sa.Column("pressed_at", sa.BigInteger(), nullable=False),
        sa.Column("step", sa.Integer(), nullable=False),
        sa.Column("rounds", sa.Integer(), nullable=False),
        sa.Column("stepped_at", sa.BigInteger(), nullable=True),
        sa.Column("accepted_at", sa.BigInteger(), nullable=True),
        sa.Column("attended_at", sa.BigInteger(), nullable=True),
        sa.Column("proof", sa.String(length=20), nullable=True),
        sa.Column("closed_at", sa.BigInteger(), nullable=True),
        sa.Column("closed_by", sa.String(length=80), nullable=True),
        sa.Column("outcome", sa.String(length=20), nullable=True),
        sa.Column("delayed_s", sa.Integer(), nullable=False),
        sa.Column("failures", sa.Integer(), server_default="0", nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.CheckConstraint("(state = 'closed') = (closed_by IS NOT NULL)", name=op.f("ck_alarms_closed_by")),
        sa.CheckConstraint("(state = 'closed') = (due_at IS NULL)", name=op.f("ck_alarms_due")),
        sa.CheckConstraint(
            "state IN ('raised','offered','accepted','attended','closed')", name=op.f("ck_alarms_state")
        ),
        sa.ForeignKeyConstraint(["home_id"], ["homes.id"], name=op.f("fk_alarms_home_id_homes")),
        sa.ForeignKeyConstraint(["policy_id"], ["policies.id"], name=op.f("fk_alarms_policy_id_policies")),
        sa.ForeignKeyConstraint(["resident_id"], ["residents.id"], name=op.f("fk_alarms_resident_id_residents")),
        sa.ForeignKeyConstraint(["station_id"], ["stations.id"], name=op.f("fk_alarms_station_id_stations")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_alarms")),
        sa.UniqueConstraint("number", name=op.f("uq_alarms_number")),
    )
    with op.batch_alter_table("alarms", schema=None) as batch_op:
        batch_op.create_index(
            "ix_alarms_due_at",
            ["due_at"],
            unique=False,
            sqlite_where=sa.text("due_at IS NOT NULL"),
            postgresql_where=sa.text("due_at IS NOT NULL"),
        )
        batch_op.create_index("ix_alarms_home_id", ["home_id", "raised_at"], unique=False)
        batch_op.create_index("ix_alarms_raised_at", ["raised_at"], unique=False)
        batch_op.create_index(
            "ix_alarms_subject_open",
            ["subject"],
            unique=True,
            sqlite_where=sa.text("state != 'closed'"),
            postgresql_where=sa.text("state != 'closed'"),
        )

    op.create_table(
        "devices",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("code", sa.String(length=40), nullable=False),
        sa.Column("kind", sa.String(length=24), nullable=False),
        sa.Column("protocol", sa.String(length=24), nullable=False),
        sa.Column("address", sa.String(length=160), nullable=False),
        sa.Column("gateway", sa.String(length=80), nullable=False),
        sa.Column("home_id", sa.String(length=40), nullable=False),
        sa.Column("resident_id", sa.String(length=40), nullable=True),
        sa.Column("retired_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["home_id"], ["homes.id"], name=op.f("fk_devices_home_id_homes")),
        sa.ForeignKeyConstraint(["resident_id"], ["residents.id"], name=op.f("fk_devices_resident_id_residents")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_devices")),
        sa.UniqueConstraint("code", name=op.f("uq_devices_code")),
    )
    with op.batch_alter_table("devices", schema=None) as batch_op:
        batch_op.create_index(
            "ix_devices_address",
            ["protocol", "address", "gateway"],
            unique=True,
            sqlite_where=sa.text("retired_at IS NULL"),
            postgresql_where=sa.text("retired_at IS NULL"),
        )

    op.create_table(
        "choices",
        sa.Column("alarm_id", sa.String(length=40), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.Column("choice", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["alarm_id"], ["alarms.id"], name=op.f("fk_choices_alarm_id_alarms")),
        sa.PrimaryKeyConstraint("alarm_id", "version", name=op.f("pk_choices")),
    )
    op.create_table(
        "offers",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("alarm_id", sa.String(length=40), nullable=False),
        sa.Column("person", sa.String(length=80), nullable=False),
        sa.Column("code", sa.Integer(), nullable=False),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("role", sa.String(length=8), nullable=True),
        sa.Column("offered_at", sa.BigInteger(), nullable=False),
        sa.Column("eta_s", sa.Integer(), nullable=True),
        sa.Column("asked", sa.Integer(), nullable=False),
        sa.Column("answered_at", sa.BigInteger(), nullable=True),
        sa.Column("arrival_due_at", sa.BigInteger(), nullable=True),
        sa.Column("attended_at", sa.BigInteger(), nullable=True),
        sa.Column("proof", sa.String(length=20), nullable=True),
        sa.CheckConstraint("(role IS NOT NULL) = (state IN ('accepted','done'))", name=op.f("ck_offers_role")),
        sa.CheckConstraint(
            "state IN ('open','lapsed','declined','withdrawn','accepted','done')", name=op.f("ck_offers_state")
        ),
        sa.ForeignKeyConstraint(["alarm_id"], ["alarms.id"], name=op.f("fk_offers_alarm_id_alarms")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_offers")),
    )
    with op.batch_alter_table("offers", schema=None) as batch_op:
        batch_op.create_index("ix_offers_alarm_id", ["alarm_id", "person"], unique=True)
        batch_op.create_index(
            "ix_offers_engaged",
            ["person"],
            unique=False,
            sqlite_where=sa.text("state IN ('open', 'accepted')"),
            postgresql_where=sa.text("state IN ('open', 'accepted')"),
        )
        batch_op.create_index(
            "ix_offers_lead",
            ["alarm_id"],
            unique=True,
            sqlite_where=sa.text("role = 'lead'"),
            postgresql_where=sa.text("role = 'lead'"),
        )
        batch_op.create_index("ix_offers_offered_at", ["offered_at"], unique=False)
        batch_op.create_index("ix_offers_person", ["person", "offered_at"], unique=False)

    op.create_table(
        "seen",
        sa.Column("device_id", sa.String(length=40), nullable=False),
        sa.Column("last_at", sa.BigInteger(), nullable=False),
        sa.Column("times", sa.BigInteger(), nullable=False),
        sa.Column("gateway", sa.String(length=80), nullable=False),
        sa.Column("battery_low", sa.Boolean(), nullable=False),
        sa.Column("fault", sa.String(length=24), nullable=True),
        sa.Column("fault_at", sa.BigInteger(), nullable=True),
        sa.ForeignKeyConstraint(["device_id"], ["devices.id"], name=op.f("fk_seen_device_id_devices")),
        sa.PrimaryKeyConstraint("device_id", name=op.f("pk_seen")),
    )
    op.create_table(
        "signals",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("event", sa.String(length=24), nullable=False),
        sa.Column("cause", sa.String(length=24), nullable=True),
        sa.Column("gateway", sa.String(length=80), nullable=False),
        sa.Column("protocol", sa.String(length=24), nullable=False),
        sa.Column("address", sa.String(length=160), nullable=False),
        sa.Column("dedup_key", sa.String(length=240), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("sent_at", sa.BigInteger(), nullable=True),
        sa.Column("device_id", sa.String(length=40), nullable=True),
        sa.Column("home_id", sa.String(length=40), nullable=True),
        sa.Column("resident_id", sa.String(length=40), nullable=True),
        sa.Column("alarm_id", sa.String(length=40), nullable=True),
        sa.Column("raw", sa.LargeBinary(), nullable=False),
        sa.Column("trusted", sa.Integer(), nullable=False),
        sa.Column("copies", sa.Integer(), nullable=False),
        sa.Column("details", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["alarm_id"], ["alarms.id"], name=op.f("fk_signals_alarm_id_alarms")),
        sa.ForeignKeyConstraint(["home_id"], ["homes.id"], name=op.f("fk_signals_home_id_homes")),
        sa.ForeignKeyConstraint(["resident_id"], ["residents.id"], name=op.f("fk_signals_resident_id_residents")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_signals")),
    )
    with op.batch_alter_table("signals", schema=None) as batch_op:
        batch_op.create_index("ix_signals_alarm_id", ["alarm_id"], unique=False)
        batch_op.create_index("ix_signals_dedup_key", ["dedup_key", "received_at"], unique=False)
        batch_op.create_index(
            "ix_signals_orphans",
            ["id"],
            unique=False,
            sqlite_where=sa.text("cause IS NOT NULL AND alarm_id IS NULL"),
            postgresql_where=sa.text("cause IS NOT NULL AND alarm_id IS NULL"),
        )

    op.create_table(
        "messages",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("key", sa.String(length=240), nullable=False),
        sa.Column("sentence", sa.String(length=40), nullable=False),
        sa.Column("channel", sa.String(length=8), nullable=False),
        sa.Column("priority", sa.Integer(), nullable=False),
        sa.Column("to", sa.String(length=20), nullable=False),
        sa.Column("person", sa.String(length=80), nullable=False),
        sa.Column("lang", sa.String(length=8), nullable=False),
        sa.Column("facts", sa.Text(), nullable=False),
        sa.Column("answerable", sa.Boolean(), nullable=False),
        sa.Column("alarm_id", sa.String(length=40), nullable=True),
        sa.Column("offer_id", sa.String(length=40), nullable=True),
        sa.Column("state", sa.String(length=12), nullable=False),
        sa.Column("posted_at", sa.BigInteger(), nullable=False),
        sa.Column("due_at", sa.BigInteger(), nullable=True),
        sa.Column("expires_at", sa.BigInteger(), nullable=False),
        sa.Column("fence", sa.Integer(), nullable=False),
        sa.Column("lease_until", sa.BigInteger(), nullable=True),
        sa.Column("tries", sa.Integer(), nullable=False),
        sa.Column("sent_at", sa.BigInteger(), nullable=True),
        sa.Column("delivered_at", sa.BigInteger(), nullable=True),
        sa.Column("reason", sa.String(length=160), nullable=True),
        sa.CheckConstraint(
            "state IN ('posted','claimed','uncertain','sent','delivered','failed','cancelled','expired')",
            name=op.f("ck_messages_state"),
        ),
        sa.ForeignKeyConstraint(["alarm_id"], ["alarms.id"], name=op.f("fk_messages_alarm_id_alarms")),
        sa.ForeignKeyConstraint(["offer_id"], ["offers.id"], name=op.f("fk_messages_offer_id_offers")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_messages")),
        sa.UniqueConstraint("key", name=op.f("uq_messages_key")),
    )
    with op.batch_alter_table("messages", schema=None) as batch_op:
        batch_op.create_index("ix_messages_alarm_id", ["alarm_id"], unique=False)
        batch_op.create_index(
            "ix_messages_due",
            ["priority", "due_at"],
            unique=False,
            sqlite_where=sa.text("due_at IS NOT NULL"),
            postgresql_where=sa.text("due_at IS NOT NULL"),
        )
        batch_op.create_index("ix_messages_person", ["person", "posted_at"], unique=False)

    op.create_table(
        "attempts",
        sa.Column("id", sa.String(length=40), nullable=False),
        sa.Column("message_id", sa.String(length=40), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("provider", sa.String(length=40), nullable=False),
        sa.Column("started_at", sa.BigInteger(), nullable=False),
        sa.Column("ended_at", sa.BigInteger(), nullable=True),
        sa.Column("outcome", sa.String(length=12), nullable=False),
        sa.Column("provider_id", sa.String(length=80), nullable=True),
        sa.Column("status", sa.String(length=40), nullable=True),
        sa.Column("code", sa.String(length=40), nullable=True),
        sa.Column("detail", sa.String(length=240), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.CheckConstraint(
            "outcome IN ('in_flight','taken','refused','not_sent','unknown','confirmed','absent')",
            name=op.f("ck_attempts_outcome"),
        ),
        sa.ForeignKeyConstraint(["message_id"], ["messages.id"], name=op.f("fk_attempts_message_id_messages")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_attempts")),
    )
    with op.batch_alter_table("attempts", schema=None) as batch_op:
        batch_op.create_index(
            "ix_attempts_in_flight",
            ["started_at"],
            unique=False,
            sqlite_where=sa.text("outcome = 'in_flight'"),
            postgresql_where=sa.text("outcome = 'in_flight'"),
        )
        batch_op.create_index(batch_op.f("ix_attempts_message_id"), ["message_id"], unique=False)
        batch_op.create_index("ix_attempts_message_seq", ["message_id", "seq"], unique=True)
        batch_op.create_index("ix_attempts_provider_id", ["provider", "provider_id"], unique=True)

    # The record is append-only: the database itself refuses to change or take away an entry.
    for statement in refusals(op.get_bind().dialect.name):
        op.execute(statement)


def downgrade() -> None:
    with op.batch_alter_table("attempts", schema=None) as batch_op:
        batch_op.drop_index("ix_attempts_provider_id")
        batch_op.drop_index("ix_attempts_message_seq")
        batch_op.drop_index(batch_op.f("ix_attempts_message_id"))
        batch_op.drop_index(
            "ix_attempts_in_flight",
            sqlite_where=sa.text("outcome = 'in_flight'"),
            postgresql_where=sa.text("outcome = 'in_flight'"),
        )

    op.drop_table("attempts")
    with op.batch_alter_table("messages", schema=None) as batch_op:
        batch_op.drop_index("ix_messages_person")
        batch_op.drop_index(
            "ix_messages_due",
            sqlite_where=sa.text("due_at IS NOT NULL"),
            postgresql_where=sa.text("due_at IS NOT NULL"),
        )
        batch_op.drop_index("ix_messages_alarm_id")

    op.drop_table("messages")
    with op.batch_alter_table("signals", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_signals_orphans",
            sqlite_where=sa.text("cause IS NOT NULL AND alarm_id IS NULL"),
            postgresql_where=sa.text("cause IS NOT NULL AND alarm_id IS NULL"),
        )
        batch_op.drop_index("ix_signals_dedup_key")
        batch_op.drop_index("ix_signals_alarm_id")

    op.drop_table("signals")
    op.drop_table("seen")
    with op.batch_alter_table("offers", schema=None) as batch_op:
        batch_op.drop_index("ix_offers_person")
        batch_op.drop_index("ix_offers_offered_at")
        batch_op.drop_index(
            "ix_offers_lead", sqlite_where=sa.text("role = 'lead'"), postgresql_where=sa.text("role = 'lead'")
        )
        batch_op.drop_index(
            "ix_offers_engaged",
            sqlite_where=sa.text("state IN ('open', 'accepted')"),
            postgresql_where=sa.text("state IN ('open', 'accepted')"),
        )
        batch_op.drop_index("ix_offers_alarm_id")

    op.drop_table("offers")
    op.drop_table("choices")
    with op.batch_alter_table("devices", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_devices_address",
            sqlite_where=sa.text("retired_at IS NULL"),
            postgresql_where=sa.text("retired_at IS NULL"),
        )

    op.drop_table("devices")
    with op.batch_alter_table("alarms", schema=None) as batch_op:
        batch_op.drop_index(
            "ix_alarms_subject_open",
            sqlite_where=sa.text("state != 'closed'"),
            postgresql_where=sa.text("state != 'closed'"),
        )
        batch_op.drop_index("ix_alarms_raised_at")
        batch_op.drop_index("ix_alarms_home_id")
        batch_op.drop_index(
            "ix_alarms_due_at",
            sqlite_where=sa.text("due_at IS NOT NULL"),
            postgresql_where=sa.text("due_at IS NOT NULL"),
        )

    op.drop_table("alarms")
    with op.batch_alter_table("shifts", schema=None) as batch_op:
        batch_op.drop_index("ix_shifts_end_at")

    op.drop_table("shifts")
    with op.batch_alter_table("residents", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_residents_home_id"))

    op.drop_table("residents")
    with op.batch_alter_table("contacts", schema=None) as batch_op:
        batch_op.drop_index("ix_contacts_phone")
        batch_op.drop_index(batch_op.f("ix_contacts_home_id"))

    op.drop_table("contacts")
    with op.batch_alter_table("sessions", schema=None) as batch_op:
        batch_op.drop_index(batch_op.f("ix_sessions_operator_id"))

    op.drop_table("sessions")
    op.drop_table("homes")
    with op.batch_alter_table("carers", schema=None) as batch_op:
        batch_op.drop_index("ix_carers_phone")

    op.drop_table("carers")
    op.drop_table("strangers")
    op.drop_table("stations")
    op.drop_table("spooled")
    with op.batch_alter_table("sign_in_failures", schema=None) as batch_op:
        batch_op.drop_index("ix_sign_in_failures_login_ip")
        batch_op.drop_index("ix_sign_in_failures_at")

    op.drop_table("sign_in_failures")
    op.drop_table("shift_changes")
    with op.batch_alter_table("replies", schema=None) as batch_op:
        batch_op.drop_index("ix_replies_received_at")
        batch_op.drop_index("ix_replies_key")
        batch_op.drop_index(
            "ix_replies_due_at",
            sqlite_where=sa.text("due_at IS NOT NULL"),
            postgresql_where=sa.text("due_at IS NOT NULL"),
        )

    op.drop_table("replies")
    op.drop_table("receipts")
    op.drop_table("policies")
    op.drop_table("operators")
    op.drop_table("numbers")
    op.drop_table("notes")
    op.drop_table("keys")
    with op.batch_alter_table("idempotency", schema=None) as batch_op:
        batch_op.drop_index("ix_idempotency_begun_at")

    op.drop_table("idempotency")
    with op.batch_alter_table("entries", schema=None) as batch_op:
        batch_op.drop_index("ix_entries_version")
        batch_op.drop_index("ix_entries_alarm_id")

    op.drop_table("entries")
    op.drop_table("districts")
