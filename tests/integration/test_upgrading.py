"""From every earlier program's database to today's, with a way back; never to a newer one's."""

import shutil

import pytest
from alembic import command
from alembic.config import Config

from config.backup.checking import faults
from config.backup.making import backups
from config.backup.upgrading import BEFORE, keep_before_upgrade, revision_of, upgraded
from config.databases import MIGRATIONS, Ownership, known, newest, open_for_writing
from config.settings import Settings
from dispatch.errors import Conflict
from dispatch.store.database import sqlite_module, writing_engine

FIRST = min(known())
ROWS = (
    "INSERT INTO homes (id, code, address, entry) VALUES ('h', 'H1', '柏林小区 3-2-501', '钥匙盒 4711')",
    (
        "INSERT INTO operators (id, login, name, phone, lang, password_hash, disabled, created_at) "
        "VALUES ('o', 'wang', '王芳', NULL, 'zh', 'x', 0, 5000000)"
    ),
    (
        "INSERT INTO devices (id, code, kind, protocol, address, gateway, home_id, retired_at) VALUES "
        "('d', 'D1', 'pendant', 'rflink', 'a', '', 'h', NULL)"
    ),
    "INSERT INTO seen (device_id, last_at, times, gateway, battery_low) VALUES ('d', 7000000, 3, 'radio', 0)",
)


def to(engine, revision):
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS))
    with engine.connect() as connection:
        config.attributes["connection"] = connection
        command.upgrade(config, revision)
        connection.commit()


@pytest.fixture(scope="module")
def aged(tmp_path_factory):
    """A database of every revision, with rows that were there from the first day on."""
    folder = tmp_path_factory.mktemp("aged")
    growing = folder / "growing.db"
    for revision in sorted(known()):
        engine = writing_engine(f"sqlite:///{growing}", synchronous="OFF")
        to(engine, revision)
        if revision == FIRST:
            with engine.begin() as connection:
                for statement in ROWS:
                    connection.exec_driver_sql(statement)
        engine.dispose()
        asked(growing, f"VACUUM INTO '{folder / revision}.db'")
    return folder


def settled(folder, tmp_path, revision):
    shutil.copy(folder / f"{revision}.db", tmp_path / "anling.db")
    return Settings(database_url=f"sqlite:///{tmp_path / 'anling.db'}", home=tmp_path)


def asked(path, statement):
    connection = sqlite_module().connect(path)
    try:
        return connection.execute(statement).fetchall()
    finally:
        connection.close()


@pytest.mark.parametrize("revision", sorted(known()))
def test_every_earlier_database_comes_up_to_date_with_what_is_in_it(aged, tmp_path, revision):
    settings = settled(aged, tmp_path, revision)
    assert revision_of(settings) == revision
    open_for_writing(settings).dispose()
    path = tmp_path / "anling.db"
    assert revision_of(settings) == newest()
    assert faults(path) == []
    assert asked(path, "SELECT address, entry FROM homes") == [("柏林小区 3-2-501", "钥匙盒 4711")]
    assert asked(path, "SELECT login FROM operators") == [("wang",)]
    assert asked(path, "SELECT count(*) FROM devices") == [(1,)]


def test_an_upgrade_makes_a_verified_backup_first_and_says_the_way_back(aged, tmp_path):
    settings = settled(aged, tmp_path, FIRST)
    said = upgraded(settings, None, backup=True)
    (folder, manifest), *_ = backups(tmp_path / "backups")
    assert manifest.revision == FIRST
    assert str(folder) in said
    assert asked(folder / "anling.db", "SELECT login FROM operators") == [("wang",)]
    assert revision_of(settings) == newest()
    assert upgraded(settings, None, backup=True) == f"the tables are at {newest()}"
    assert len(backups(tmp_path / "backups")) == 1


def test_a_running_service_is_not_upgraded_under_its_feet(aged, tmp_path):
    settings = settled(aged, tmp_path, FIRST)
    owner = Ownership(settings)
    assert owner.take()
    with pytest.raises(Conflict, match="upgraded it when it started"):
        upgraded(settings, None, backup=True)
    owner.release()
    assert revision_of(settings) == FIRST


def test_a_start_keeps_the_old_tables_beside_the_new(aged, tmp_path):
    settings = settled(aged, tmp_path, FIRST)
    keep_before_upgrade(settings)
    open_for_writing(settings).dispose()
    kept = tmp_path / f"anling.db{BEFORE}"
    assert asked(kept, "SELECT version_num FROM alembic_version") == [(FIRST,)]
    before = kept.stat().st_mtime_ns
    keep_before_upgrade(settings)
    assert kept.stat().st_mtime_ns == before


def test_a_start_without_room_for_the_copy_goes_on(aged, tmp_path, monkeypatch):
    settings = settled(aged, tmp_path, FIRST)
    usage = shutil.disk_usage(tmp_path)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=0))
    keep_before_upgrade(settings)
    assert not (tmp_path / f"anling.db{BEFORE}").exists()
    open_for_writing(settings).dispose()
    assert revision_of(settings) == newest()


def test_a_new_place_has_nothing_to_keep(tmp_path):
    settings = Settings(database_url=f"sqlite:///{tmp_path / 'anling.db'}", home=tmp_path)
    keep_before_upgrade(settings)
    assert list(tmp_path.iterdir()) == []
    assert upgraded(settings, None, backup=True) == f"the tables are at {newest()}"
