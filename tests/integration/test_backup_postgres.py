"""Backups of PostgreSQL: by its own programs, tried in a database of their own, put back into an empty one."""

import pytest
from sqlalchemy import create_engine, text

from config.backup.copying import _address
from config.backup.making import back_up, backups
from config.backup.restoring import restore
from config.commands import change
from config.settings import Settings
from dispatch.clock import SystemClock
from dispatch.errors import Conflict, Misconfigured
from tests.builders import DISTRICT
from tests.need import need


@pytest.fixture
def programs(postgres):
    """The folder with the programs of PostgreSQL."""
    need((postgres.programs / "pg_dump").exists(), "pg_dump not found beside PostgreSQL")
    return postgres.programs


def asked(url: str, statement: str):
    engine = create_engine(url)
    with engine.connect() as connection:
        rows = connection.execute(text(statement)).all()
    engine.dispose()
    return rows


def test_a_dump_is_tried_and_put_back_into_an_empty_database(postgres, programs, tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", f"{programs}:/usr/bin:/bin")
    settings = Settings(database_url=postgres.database(), home=tmp_path)
    change(settings, "load", text=DISTRICT, name="d")
    made = back_up(settings, SystemClock())
    assert made.manifest.kind == "postgresql"
    assert made.manifest.entries == asked(settings.database_url, "SELECT coalesce(max(number), 0) FROM entries")[0][0]
    assert asked(settings.database_url, "SELECT datname FROM pg_database WHERE datname LIKE 'anling_trial%'") == []
    with pytest.raises(Conflict, match=r"not empty and was left as it is.*createdb \w+_restored"):
        restore(settings, made.folder, SystemClock())
    empty = Settings(database_url=postgres.database(), home=tmp_path / "two")
    done = restore(empty, made.folder, SystemClock())
    assert done.keys == {"web.key": "put back", "id-numbers.key": "put back"}
    assert asked(empty.database_url, "SELECT count(*) FROM homes") == asked(
        settings.database_url, "SELECT count(*) FROM homes"
    )
    assert asked(empty.database_url, "SELECT kind FROM entries ORDER BY number DESC LIMIT 1")[0][0] == "restored"


def test_without_its_programs_it_says_what_is_missing(tmp_path, monkeypatch):
    monkeypatch.setenv("PATH", str(tmp_path))
    settings = Settings(database_url="postgresql+psycopg://anling@127.0.0.1:1/anling", home=tmp_path)
    with pytest.raises(Misconfigured, match="postgresql-client"):
        back_up(settings, SystemClock())
    assert backups(tmp_path / "backups") == []
    assert list((tmp_path / "backups").glob(".partial*")) == []


def test_a_password_never_stands_on_a_command_line():
    address, surroundings = _address("postgresql+psycopg://anling:se%40cret@db.example:5432/anling?sslmode=require")
    assert address == "postgresql://anling@db.example:5432/anling?sslmode=require"
    assert surroundings == {"PGPASSWORD": "se@cret"}
