"""Migrations make what the program expects, on both kinds of database, and can be taken back."""

import pytest
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from sqlalchemy import inspect

from config.databases import MIGRATIONS, newest, revision, upgrade
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
