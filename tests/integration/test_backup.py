"""Backups: tried before they count, whole whatever happens meanwhile, and put back without sending anything twice."""

import json
import os
import shutil
import stat
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from click.testing import CliRunner

from config.backup import making, restoring
from config.backup.checking import faults
from config.backup.making import back_up, backups
from config.backup.manifest import read_manifest
from config.backup.restoring import restore
from config.backup.rotation import Rule, kept
from config.backup.seal import NotOpened, draw_key, open_sealed, seal
from config.databases import open_for_writing
from config.main import cli
from dispatch.errors import Conflict, Invalid, Misconfigured, Refusal
from dispatch.store.database import sqlite_module
from dispatch.store.record import Record
from tests.fakes.clock import HandClock
from tests.integration.backup_rig import BackupRig


@pytest.fixture
def rig(tmp_path):
    rig = BackupRig(tmp_path)
    yield rig
    rig.world.close()


def made_and_left(rig: BackupRig, **options) -> Path:
    """A backup, after which the service has ended."""
    folder = back_up(rig.settings, rig.world.clock, **options).folder
    rig.world.close()
    return folder


# ------------------------------------------------------------------------------------------------ making


def test_a_backup_holds_the_database_the_keys_and_the_settings_and_says_so(rig, tmp_path):
    config = tmp_path / "anling.toml"
    config.write_text("[web]\n", encoding="utf-8")
    rig.world.press()
    made = back_up(rig.settings, rig.world.clock, config=config)
    assert {each.name for each in made.folder.iterdir()} == {"anling.db", "web.key", "settings.toml", "manifest.json"}
    manifest = read_manifest(made.folder)
    assert manifest.entries == rig.ask("SELECT max(number) FROM entries")[0][0] > 0
    assert manifest.head == rig.ask("SELECT hash FROM entries ORDER BY number DESC LIMIT 1")[0][0]
    assert faults(made.folder / "anling.db") == []
    assert stat.S_IMODE(made.folder.stat().st_mode) == 0o700


def test_what_a_backup_leaves_out_is_said(rig):
    (rig.folder / "web.key").unlink()
    left_out = " ".join(back_up(rig.settings, rig.world.clock).manifest.left_out)
    assert "…_file" in left_out
    assert "--config" in left_out
    assert "keys of links" in left_out


def test_the_nightly_line_says_where_the_record_ends(rig):
    """What the unit prints goes to the journal, and with it to another machine: nobody shortens the record unseen."""
    rig.world.press()
    said = {"ANLING_HOME": str(rig.folder), "ANLING_DATABASE_URL": rig.settings.database_url}
    done = CliRunner().invoke(cli, ["db", "backup", "--json"], env=said)
    assert done.exit_code == 0, done.output
    (line,) = done.stdout.splitlines()
    with rig.world.reading.connect() as connection:
        assert (json.loads(line)["entries"], json.loads(line)["head"]) == Record(connection).head()
    unit = (Path(making.__file__).parents[1] / "systemd/anling-backup.service").read_text(encoding="utf-8")
    assert "anling db backup --json" in unit
    assert "StandardOutput" not in unit


def test_a_backup_is_made_while_somebody_writes(rig):
    connection = rig.world.writing.connect()
    with connection.begin():
        connection.exec_driver_sql("UPDATE homes SET address = address || '!'")
        made = back_up(rig.settings, rig.world.clock)
        restored = sqlite_module().connect(made.folder / "anling.db")
        assert restored.execute("SELECT count(*) FROM homes WHERE address LIKE '%!'").fetchone() == (0,)
        restored.close()
    connection.close()


def test_a_record_that_does_not_hold_makes_no_backup(rig):
    rig.world.press()
    with rig.world.writing.begin() as connection:
        connection.exec_driver_sql("DROP TRIGGER entries_refuse_update")
        connection.exec_driver_sql("UPDATE entries SET kind = 'forged' WHERE number = 1")
    with pytest.raises(Refusal, match="entry 1 of the record"):
        back_up(rig.settings, rig.world.clock)
    assert backups(rig.folder / "backups") == []
    assert list((rig.folder / "backups").glob(".partial*")) == []


def test_a_promise_that_is_broken_now_does_not_keep_the_backup_from_counting(rig):
    rig.world.press()
    rig.world.clock.advance(3600)
    manifest = back_up(rig.settings, rig.world.clock).manifest
    assert any(each.startswith("I2.late ") for each in manifest.broken)


def test_two_at_once_make_one(rig):
    def meanwhile(step):
        if step == "try":
            with pytest.raises(Conflict, match="another backup"):
                back_up(rig.settings, rig.world.clock)

    assert back_up(rig.settings, rig.world.clock, step=meanwhile).folder.is_dir()


def test_a_full_disk_is_said_beforehand_and_nothing_is_left(rig, monkeypatch):
    usage = shutil.disk_usage(rig.folder)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=1000))
    with pytest.raises(Refusal, match="make room"):
        back_up(rig.settings, rig.world.clock)
    assert list((rig.folder / "backups").glob("*anling-*")) == []


def test_a_disk_that_fills_up_meanwhile_leaves_no_half_backup(rig, monkeypatch):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(making, "copy_sqlite", full)
    with pytest.raises(Refusal, match="No space left"):
        back_up(rig.settings, rig.world.clock)
    assert [each.name for each in (rig.folder / "backups").iterdir()] == [".backup.lock"]


def test_every_backup_is_copied_on_and_compared(rig, tmp_path):
    second = tmp_path / "second"
    second.mkdir()
    rig.with_backup(also=(str(second), str(tmp_path / "not-mounted")))
    made = back_up(rig.settings, rig.world.clock)
    assert read_manifest(second / made.folder.name) == made.manifest
    assert len(made.not_copied) == 1
    assert "mount it" in made.not_copied[0]


def test_old_ones_are_thinned_on_every_disk_and_strangers_are_left_alone(rig, tmp_path):
    second = tmp_path / "second"
    second.mkdir()
    rig.with_backup(also=(str(second),), daily=2, weekly=1, monthly=1)
    stranger = rig.folder / "backups" / "anling-by-hand"
    for _ in range(4):
        back_up(rig.settings, rig.world.clock)
        rig.world.clock.advance(86_400)
        stranger.mkdir(exist_ok=True)
    assert len(backups(rig.folder / "backups")) == len(backups(second)) == 2
    assert stranger.is_dir()


# ------------------------------------------------------------------------------------------------ which are kept


def test_seven_days_four_weeks_and_twelve_months_keep_their_newest():
    now = datetime(2026, 11, 22, 3, tzinfo=UTC)
    nightly = {now - timedelta(days=n) for n in range(500)}
    stay = sorted(kept(nightly, Rule()), reverse=True)
    assert stay[:7] == [now - timedelta(days=n) for n in range(7)]
    # Sundays of the weeks before, then the last nights of the months before.
    assert [at.date().isoformat() for at in stay[7:11]] == ["2026-11-15", "2026-11-08", "2026-11-01", "2026-10-31"]
    assert len({(at.year, at.month) for at in stay}) == 12
    assert datetime(2026, 1, 31, 3, tzinfo=UTC) in stay
    assert datetime(2025, 11, 30, 3, tzinfo=UTC) not in stay


def test_the_newest_stays_whatever_the_rule():
    only = datetime(2020, 1, 1, tzinfo=UTC)
    assert kept([only], Rule(daily=1, weekly=1, monthly=1)) == {only}
    assert kept([], Rule()) == set()


# ------------------------------------------------------------------------------------------------ sealed


@pytest.mark.parametrize("size", [0, 1, 1024 * 1024, 1024 * 1024 + 1, 2 * 1024 * 1024])
def test_a_sealed_file_opens_with_its_key_alone(tmp_path, size):
    private, public = draw_key()
    plain = tmp_path / "plain"
    plain.write_bytes(os.urandom(size))
    seal(plain, tmp_path / "sealed", public)
    open_sealed(tmp_path / "sealed", tmp_path / "again", private)
    assert (tmp_path / "again").read_bytes() == plain.read_bytes()
    with pytest.raises(NotOpened):
        open_sealed(tmp_path / "sealed", tmp_path / "other", draw_key()[0])
    assert not (tmp_path / "other").exists()


@pytest.mark.parametrize("wrong", ["cut", "flipped", "swapped", "longer", "header"])
def test_a_sealed_file_that_was_changed_does_not_open(tmp_path, wrong):
    private, public = draw_key()
    plain, sealed = tmp_path / "plain", tmp_path / "sealed"
    plain.write_bytes(os.urandom(3 * 1024 * 1024))
    seal(plain, sealed, public)
    said, piece = sealed.read_bytes(), 1024 * 1024 + 16
    head, body = said[:40], said[40:]
    sealed.write_bytes({
        "cut": head + body[: 2 * piece],
        "flipped": head + body[:100] + bytes([body[100] ^ 1]) + body[101:],
        "swapped": head + body[piece : 2 * piece] + body[:piece] + body[2 * piece :],
        "longer": said + b"x",
        "header": head[:20] + bytes([head[20] ^ 1]) + head[21:] + body,
    }[wrong])  # fmt: skip
    with pytest.raises(NotOpened):
        open_sealed(sealed, tmp_path / "again", private)


def test_a_stolen_backup_shows_nothing_and_the_key_opens_it(rig):
    private, public = draw_key()
    rig.with_backup(recipient=public)
    rig.world.press()
    folder = made_and_left(rig)
    assert all(each.suffix == ".sealed" or each.name == "manifest.json" for each in folder.iterdir())
    everything = b"".join(each.read_bytes() for each in folder.iterdir())
    assert "王秀英".encode() not in everything
    with pytest.raises(NotOpened, match="--key"):
        restore(rig.settings, folder, rig.world.clock)
    with pytest.raises(NotOpened, match="another key"):
        restore(rig.settings, folder, rig.world.clock, key=draw_key()[0])
    restore(rig.settings, folder, rig.world.clock, key=private)
    assert rig.ask("SELECT count(*) FROM residents WHERE name = '王秀英'") == [(1,)]


# ------------------------------------------------------------------------------------------------ putting back


def test_it_refuses_over_a_live_database(rig):
    folder = back_up(rig.settings, rig.world.clock).folder
    from config.databases import Ownership

    owner = Ownership(rig.settings)
    assert owner.take()
    with pytest.raises(Conflict, match="systemctl stop"):
        restore(rig.settings, folder, rig.world.clock)
    owner.release()


def test_open_alarms_stay_open_wait_for_a_human_and_nothing_that_waited_leaves(rig):
    alarm_id = rig.world.press()
    rig.world.wake()
    assert rig.ask("SELECT count(*) FROM messages WHERE due_at IS NOT NULL")[0][0] > 0
    folder = made_and_left(rig)
    rig.world.clock.advance(3600)
    done = restore(rig.settings, folder, rig.world.clock)
    assert (done.restoration.open_alarms, done.restoration.withdrawn > 0) == (1, True)
    assert rig.ask("SELECT count(*) FROM messages WHERE due_at IS NOT NULL") == [(0,)]
    now_us = int(rig.world.clock.now().timestamp() * 1_000_000)
    assert rig.ask("SELECT id, state, due_at FROM alarms") == [(alarm_id, "offered", now_us + 120_000_000)]
    kind, body = rig.ask("SELECT kind, body FROM entries ORDER BY number DESC LIMIT 1")[0]
    assert kind == "restored"
    assert json.loads(body)["entries"] == done.manifest.entries
    assert faults(rig.database) == []


def test_after_the_two_minutes_the_next_people_are_asked(rig, tmp_path):
    alarm_id = rig.world.press()
    rig.world.wake()
    folder = made_and_left(rig)
    restore(rig.settings, folder, rig.world.clock)
    from tests.builders import build_world

    again = build_world(rig.folder, clock=rig.world.clock, ids=rig.world.ids)
    asked = len(again.messages(alarm_id))
    again.advance(119)
    assert len(again.messages(alarm_id)) == asked
    again.advance(2)
    assert len(again.messages(alarm_id)) > asked
    again.close()


def test_alarms_raised_since_are_named_and_the_old_database_stays(rig):
    folder = back_up(rig.settings, rig.world.clock).folder
    rig.world.clock.advance(60)
    rig.world.press()
    rig.world.close()
    done = restore(rig.settings, folder, rig.world.clock)
    assert [each["address"] for each in done.restoration.lost] == ["柏林小区 3-2-501"]
    assert rig.ask("SELECT count(*) FROM alarms") == [(0,)]
    assert done.before is not None
    assert faults(done.before) == []
    assert json.loads(rig.ask("SELECT lost FROM restorations")[0][0])[0]["state"] == "raised"


def test_a_destroyed_database_is_replaced_and_kept_aside(rig):
    folder = made_and_left(rig)
    rig.database.write_bytes(b"\0" * 4096)
    done = restore(rig.settings, folder, rig.world.clock)
    assert faults(rig.database) == []
    assert done.before.read_bytes() == b"\0" * 4096


def test_a_backup_that_was_altered_is_refused_and_nothing_changes(rig):
    folder = made_and_left(rig)
    before = rig.database.read_bytes()
    with (folder / "anling.db").open("r+b") as file:
        file.seek(5000)
        file.write(b"xxxx")
    with pytest.raises(Refusal, match="is not what it was"):
        restore(rig.settings, folder, rig.world.clock)
    assert rig.database.read_bytes() == before


def test_a_copy_without_a_manifest_is_no_backup(rig, tmp_path):
    folder = tmp_path / "by-hand"
    folder.mkdir()
    rig.world.close()
    shutil.copy(rig.database, folder)
    with pytest.raises(Invalid, match="no verified backup"):
        restore(rig.settings, folder, rig.world.clock)


def test_other_keys_are_left_unless_they_are_asked_for(rig):
    folder = made_and_left(rig)
    (rig.folder / "web.key").write_text("other", encoding="ascii")
    done = restore(rig.settings, folder, rig.world.clock)
    assert "left as it is" in done.keys["web.key"]
    assert (rig.folder / "web.key").read_text(encoding="ascii") == "other"
    restore(rig.settings, folder, rig.world.clock, take_keys=True)
    assert (rig.folder / "web.key").read_text(encoding="ascii") == "k" * 64


def test_no_room_is_said_before_anything_is_touched(rig, monkeypatch):
    folder = made_and_left(rig)
    usage = shutil.disk_usage(rig.folder)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: usage._replace(free=1000))
    with pytest.raises(Refusal, match="make room"):
        restore(rig.settings, folder, rig.world.clock)
    assert not rig.database.with_name("anling.db.restoring").exists()


# ------------------------------------------------------------------------------------------------ killed anywhere


def killed_at(wanted: str, work) -> bool:
    """Runs the work in a child that ends without a word at this step; whether it came so far."""
    child = os.fork()
    if child == 0:
        try:
            work(lambda step: os._exit(9) if step == wanted else None)
        finally:
            os._exit(0)
    _, status = os.waitpid(child, 0)
    return os.waitstatus_to_exitcode(status) == 9


@pytest.mark.parametrize("step", ["clean", "read", "try", "seal", "describe", "place", "copy", "thin"])
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_backup_killed_at_any_step_leaves_only_whole_ones_and_the_next_cleans_up(tmp_path, step):
    clock = HandClock(datetime(2026, 11, 22, 4, tzinfo=UTC))
    rig = BackupRig(tmp_path, clock)
    rig.with_backup(recipient=draw_key()[1])
    first = back_up(rig.settings, clock).folder
    rig.world.close()
    clock.advance(86_400)
    assert killed_at(step, lambda told: back_up(rig.settings, clock, step=told))
    for folder, manifest in backups(tmp_path / "backups"):
        assert making.altered(folder, manifest) is None
    assert first in [folder for folder, _ in backups(tmp_path / "backups")]
    clock.advance(1)
    newest = back_up(rig.settings, clock).folder
    assert list((tmp_path / "backups").glob(".partial*")) == []
    assert backups(tmp_path / "backups")[0][0] == newest


SWAP = ["open", "try", "reconcile", "swap", "marked", "linked", "moved", "swapped", "keys"]


@pytest.mark.parametrize("step", SWAP)
@pytest.mark.filterwarnings("ignore:.*fork.*:DeprecationWarning")
def test_a_restore_killed_at_any_step_leaves_the_old_or_the_new_and_can_be_done_again(tmp_path, step):
    rig = BackupRig(tmp_path)
    folder = back_up(rig.settings, rig.world.clock).folder
    rig.world.press()
    rig.world.close()
    assert killed_at(step, lambda told: restore(rig.settings, folder, rig.world.clock, step=told))
    assert faults(rig.database) == []
    assert rig.ask("SELECT count(*) FROM alarms")[0][0] == (0 if step in {"swapped", "keys"} else 1)
    between = step in {"marked", "linked", "moved", "swapped"}
    assert rig.database.with_name("anling.db.swapping").exists() == between
    if between:
        with pytest.raises(Misconfigured, match="restore it again"):
            open_for_writing(rig.settings)
    restore(rig.settings, folder, rig.world.clock)
    open_for_writing(rig.settings).dispose()
    assert rig.ask("SELECT count(*) FROM alarms") == [(0,)]
    assert not list(tmp_path.glob("*restoring*"))


# ------------------------------------------------------------------------------------------------ looking over


def test_what_is_broken_in_a_file_is_named_with_its_cure(rig, tmp_path):
    rig.world.press()
    rig.world.close()
    sound = rig.database.read_bytes()
    assert faults(rig.database) == []
    cases = {
        "is not there": None, "is empty": b"", "is no SQLite database": b"x" * 8192, "": sound[: len(sound) // 2],
    }  # fmt: skip
    for what, content in cases.items():
        rig.database.unlink(missing_ok=True)
        if content is not None:
            rig.database.write_bytes(content)
        found = faults(rig.database)
        assert found
        assert what in found[0].what
        assert all(each.cure for each in found)


def test_a_row_that_points_nowhere_is_found(rig):
    rig.world.close()
    connection = sqlite_module().connect(rig.database)
    connection.execute("DELETE FROM homes WHERE code = 'H1'")
    connection.commit()
    connection.close()
    assert any("names a row of homes" in each.what for each in faults(rig.database))


def test_a_newer_database_is_told_apart_from_a_broken_one(rig):
    with rig.world.writing.begin() as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '29991231_0000'")
    (found,) = faults(rig.database)
    assert "newer than this program" in found.what
    with pytest.raises(Misconfigured, match="install the newer program"):
        open_for_writing(rig.settings)


def test_restoring_removes_what_an_earlier_try_left(rig):
    folder = made_and_left(rig)
    for suffix in ("", "-wal", "-shm"):
        rig.database.with_name(f"anling.db{restoring.RESTORING}{suffix}").write_bytes(b"left")
    restore(rig.settings, folder, rig.world.clock)
    assert faults(rig.database) == []
