"""Migrations make what the program expects, on both kinds of database, and can be taken back."""

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import inspect

from config.databases import MIGRATIONS, known, newest, revision, upgrade
from config.tables import metadata
from dispatch.store.database import writing_engine


@pytest.fixture
def engine(tmp_path):
    engine = writing_engine(f"sqlite:///{tmp_path / 'anling.db'}", synchronous="OFF")
    yield engine
    engine.dispose()


def test_an_upgraded_database_has_every_table_the_program_knows(engine):
    upgrade(engine)
    assert revision(engine) == newest()
    with engine.connect() as connection:
        context = MigrationContext.configure(connection, opts={"compare_type": False, "render_as_batch": True})
        assert compare_metadata(context, metadata) == []


def test_the_migrations_are_known_by_their_files_names():
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    script = ScriptDirectory.from_config(config)
    assert (newest(), known()) == (script.get_current_head(), {each.revision for each in script.walk_revisions()})


def test_upgrading_twice_changes_nothing(engine):
    upgrade(engine)
    upgrade(engine)
    assert revision(engine) == newest()


def test_the_record_refuses_to_be_changed_after_a_migration_too(engine):
    upgrade(engine)
    with engine.begin() as connection:
        connection.exec_driver_sql(
            "INSERT INTO entries (number, at, boot, steady_us, kind, by, body, before, hash) "
            "VALUES (1, 0, 'b', 0, 'k', 'service', '{}', 'x', 'y')"
        )
    for statement in ("UPDATE entries SET kind = 'z'", "DELETE FROM entries"):
        with pytest.raises(Exception, match="append-only"), engine.begin() as connection:
            connection.exec_driver_sql(statement)


def test_a_migration_can_be_taken_back(engine):
    upgrade(engine)
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with engine.connect() as connection:
        config.attributes["connection"] = connection
        command.downgrade(config, "base")
        connection.commit()
        assert set(inspect(connection).get_table_names()) <= {"alembic_version"}


def test_whoever_had_a_device_before_is_looked_after_from_then_on(engine):
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with engine.connect() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, "20261121_2030")
        connection.commit()
    statements = [
        "INSERT INTO homes (id, code, address, entry) VALUES ('h', 'H1', '柏林小区', '')",
        (
            "INSERT INTO devices (id, code, kind, protocol, address, gateway, home_id, retired_at) VALUES "
            "('d', 'D1', 'pendant', 'rflink', 'a', '', 'h', NULL), ('o', 'D0', 'pendant', 'rflink', 'b', '', 'h', 1)"
        ),
        "INSERT INTO seen (device_id, last_at, times, gateway, battery_low) VALUES ('d', 7000000, 3, 'radio', 0)",
        (
            "INSERT INTO signals (id, event, cause, gateway, protocol, address, dedup_key, received_at, device_id, "
            "raw, trusted, copies, details) VALUES "
            "('s', 'press', 'press', 'radio', 'rflink', 'a', 'k', 5000000, 'd', '', 1, 1, '{}')"
        ),
    ]
    with engine.begin() as connection:
        for statement in statements:
            connection.exec_driver_sql(statement)
    upgrade(engine)
    with engine.connect() as connection:
        rows = connection.exec_driver_sql("SELECT device_id, health, due_at > 0 FROM vigils").all()
        assert [tuple(row) for row in rows] == [("d", "well", 1)]
        rows = connection.exec_driver_sql("SELECT device_id, home_id, kind, until_at FROM assignments").all()
        assert [tuple(row) for row in rows] == [("d", "h", "given", None)]
        assert connection.exec_driver_sql("SELECT pressed_at FROM seen").scalar() == 5_000_000
        assert connection.exec_driver_sql("SELECT gateway FROM hearings").scalar() == "radio"
