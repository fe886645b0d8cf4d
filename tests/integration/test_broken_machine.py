"""A command on a machine where something is broken says so in one sentence, and what is dead is not called running."""

import socket
import threading
from types import SimpleNamespace

import pytest
from click.testing import CliRunner

from config.admin import AdminSocket, ask, is_served, socket_path
from config.databases import Ownership
from config.main import cli
from config.serving import Serving
from config.settings import load_settings
from dispatch.errors import Conflict, Misconfigured
from dispatch.store.database import reading_engine
from dispatch.store.idempotency import StorageFailed


@pytest.fixture
def home(tmp_path, monkeypatch):
    monkeypatch.setenv("ANLING_HOME", str(tmp_path))
    monkeypatch.delenv("ANLING_DATABASE_URL", raising=False)
    monkeypatch.delenv("ANLING_CONFIG", raising=False)
    return tmp_path


def said(*words):
    result = CliRunner().invoke(cli, words)
    assert (result.exit_code, result.stdout) == (1, "")
    assert result.stderr.count("\n") == 1
    return result.stderr


def test_a_record_without_tables_is_one_sentence(home):
    assert "anling db upgrade" in said("record", "verify")


def test_a_file_that_is_no_database_is_one_sentence(home):
    (home / "anling.db").write_text("no database" * 100, encoding="utf-8")
    assert "file is not a database" in said("record", "verify")


def test_a_folder_that_cannot_be_made_names_its_key(home, monkeypatch):
    (home / "file").write_text("", encoding="utf-8")
    monkeypatch.setenv("ANLING_HOME", str(home / "file" / "below"))
    monkeypatch.setenv("ANLING_DATABASE_URL", f"sqlite:///{home}/a.db")
    with pytest.raises(Misconfigured, match="home"):
        Ownership(load_settings(None))


def test_postgresql_without_its_driver_says_how_to_get_it():
    with pytest.raises(Misconfigured, match="PostgreSQL needs the driver"):
        reading_engine("postgresql+pg8000://nobody@127.0.0.1:1/none")


def test_the_address_of_the_pages_is_named_where_it_is_taken(home):
    def taken(app):
        raise OSError(98, "Address already in use")

    serving = SimpleNamespace(_settings=load_settings(None), _created=taken)
    with pytest.raises(Misconfigured, match=r"web\.listen: 127\.0\.0\.1:8080 .*already in use"):
        Serving._listening(serving, None)


def test_what_a_killed_service_left_behind_is_not_a_service(home):
    with socket.socket(socket.AF_UNIX) as dead:
        dead.bind(str(socket_path(home)))
    assert socket_path(home).exists()
    assert not is_served(home)


def test_a_command_that_fails_in_the_database_is_answered_and_so_is_the_next(home):
    def broken():
        raise StorageFailed("disk I/O error")

    service = AdminSocket(home, {"broken": broken, "fine": dict})
    service.start()
    try:
        assert is_served(home)
        assert "disk I/O error" in ask(home, "broken")["detail"]
        assert ask(home, "fine") == {"ok": True}
    finally:
        service.stop()


def test_a_service_that_ends_meanwhile_is_told(home):
    def hang_up():
        line, _ = listening.accept()
        line.recv(100)
        line.close()

    with socket.socket(socket.AF_UNIX) as listening:
        listening.bind(str(socket_path(home)))
        listening.listen(1)
        ending = threading.Thread(target=hang_up)
        ending.start()
        with pytest.raises(Conflict, match="did not answer"):
            ask(home, "load")
        ending.join()


def test_a_home_whose_socket_has_too_long_a_path_is_named(tmp_path):
    deep = tmp_path / ("x" * 110)
    deep.mkdir()
    service = AdminSocket(deep, {})
    try:
        with pytest.raises(Misconfigured, match="short path"):
            service.start()
    finally:
        service.stop()
