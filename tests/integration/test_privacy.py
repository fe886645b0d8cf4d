"""Everything kept about one resident: classified, given out, and erased without a trace and without a broken chain."""

import io
import json
import zipfile
from contextlib import closing

import pytest
from sqlalchemy import func, select

from config.records import verify
from dispatch.errors import Conflict, Invalid, NotAllowed, NotFound
from dispatch.ids import StationId
from dispatch.privacy import inventory
from dispatch.privacy.erasing import Erasing
from dispatch.rules.alarm import Outcome
from dispatch.rules.rights import DISTRICT, Area
from dispatch.store.database import metadata, vacuum
from dispatch.store.people import residents
from dispatch.store.satisfaction import Ratings
from tests.integration.privacy_rig import ANNA, BORIS, MARK, PrivacyRig
from tests.integration.satisfaction_rig import R1

KEPT = ("entries", "alarms", "offers", "messages", "attempts", "replies", "signals", "ratings", "surveys")
HOUSE = ("王秀英", "柏林小区 3-2-501", "钥匙盒 4711", "13800000101", "王女士", "13800000201", "13800000202")


@pytest.fixture
def rig(tmp_path):
    rig = PrivacyRig(tmp_path)
    yield rig
    rig.close()


# ------------------------------------------------------------------------------------------------ the inventory


@pytest.mark.parametrize("table", sorted(metadata.tables))
def test_every_column_of_every_table_is_classified_and_none_that_is_gone(table):
    """A new column says what it keeps about people: dispatch/privacy/inventory.toml (ASVS 14.1.1)."""
    assert table in inventory(), f"classify {table} in dispatch/privacy/inventory.toml"
    columns = set(metadata.tables[table].columns.keys())
    held = inventory()[table].columns
    assert (sorted(columns - held), sorted(held - columns)) == ([], [])


def test_the_inventory_names_no_table_that_is_gone():
    assert set(inventory()) <= set(metadata.tables)


@pytest.mark.parametrize("holding", inventory().values(), ids=lambda each: each.table)
def test_what_is_erased_can_be_found_and_blanked(holding):
    table = metadata.tables[holding.table]
    assert not holding.erase or holding.is_personal, "erased, but by what is a row found?"
    for column, word in holding.erase.items():
        assert word != "null" or table.c[column].nullable or holding.delete, f"{column} cannot be NULL"
    assert {*holding.rows, *holding.contains, *holding.phones} <= set(table.columns.keys())


# ------------------------------------------------------------------------------------------------ given out


def opened(packed):
    with zipfile.ZipFile(io.BytesIO(packed)) as archive:
        assert archive.testzip() is None
        return json.loads(archive.read("data.json")), archive.read("data.html").decode()


def test_one_residents_data_is_given_out_whole_and_nothing_of_others(rig):
    rig.live()
    marked = rig.fill()
    data, page = opened(rig.exporting.export(rig.resident, by=ANNA, reason="asked by the family", area=DISTRICT))
    told = json.dumps(data, ensure_ascii=False)
    assert marked
    for each in marked:
        table, _, column = each.partition(".")
        rows = [row.get(column) for row in data["tables"][table]]
        assert any(MARK in str(value) or bytes_of(value) or value == "***" for value in rows), each
    assert "张桂兰" not in told + page, "who lives elsewhere"
    assert "+8613800000001" not in json.dumps(data["tables"]["messages"]), "a carer's telephone"
    assert "password" not in told
    assert [each.kind for each in rig.lines("data_given_out")] == ["data_given_out"]


def bytes_of(value):
    try:
        return MARK.encode() in bytes.fromhex(str(value))
    except ValueError:
        return False


def test_a_page_of_data_runs_nothing_that_somebody_wrote(rig):
    alarm_id = rig.helped()
    rig.world.desk.note(alarm_id, "<script>alert(1)</script>", by=ANNA)
    _, page = opened(rig.exporting.export(rig.resident, by=ANNA, reason="asked by the family", area=DISTRICT))
    assert "<script" not in page
    assert "&lt;script&gt;" in page


def test_data_is_given_out_for_a_reason_and_within_ones_area(rig):
    with pytest.raises(Invalid):
        rig.exporting.export(rig.resident, by=ANNA, reason=" ", area=DISTRICT)
    with pytest.raises(NotFound):
        rig.exporting.export(rig.resident, by=ANNA, reason="because", area=Area(frozenset({StationId("other")})))


# ------------------------------------------------------------------------------------------------ erased


def counts(rig):
    with rig.world.reading.connect() as connection:
        sizes = {
            name: connection.execute(select(func.count()).select_from(metadata.tables[name])).scalar() for name in KEPT
        }
        window = (rig.world.clock.now().replace(year=2020), rig.world.clock.now().replace(year=2030))
        return {**sizes, "scores": sorted(Ratings(connection).scores(*window))}


def test_after_erasing_no_byte_of_the_file_knows_them_and_the_record_is_whole(rig):
    rig.live()
    rig.fill()
    assert set(rig.tables()) == {name for name, held in inventory().items() if held.is_personal}
    before, told = counts(rig), rig.bytes_on_disk()
    assert MARK.encode() in told
    assert b"13800000101" in told
    rig.erase()
    left = rig.bytes_on_disk()
    assert not [each for each in (MARK, *HOUSE) if each.encode() in left]
    assert verify(rig.world.reading).good
    after = counts(rig)
    entries = after.pop("entries") - before.pop("entries")
    assert (after, entries) == (before, 3), "asked, approved, erased"
    assert [json.loads(each.body)["person"] for each in rig.lines("erased")] == [f"resident:{rig.resident}"]


def test_a_file_from_before_is_swept_by_writing_it_anew(rig):
    rig.live()
    rig.erase_all = rig.fill()
    rig.erase()
    rig.world.close()
    vacuum(f"sqlite:///{rig.folder / 'anling.db'}")
    assert MARK.encode() not in rig.bytes_on_disk()


def test_nobody_is_erased_while_an_alarm_is_open_or_a_device_is_theirs(rig):
    id_ = rig.erasing.ask(rig.resident, "erasure", asked_by="family", reason="moved", by=ANNA, area=DISTRICT)
    with pytest.raises(Conflict, match="paired"):
        rig.erasing.approve(id_, by=BORIS, area=DISTRICT)
    rig._retire()
    alarm_id = rig.world.press("H1")
    with pytest.raises(Conflict, match="alarm"):
        rig.erasing.approve(id_, by=BORIS, area=DISTRICT)
    rig.world.desk.close(alarm_id, outcome=Outcome.HELPED, by=ANNA)
    rig.erasing.approve(id_, by=BORIS, area=DISTRICT)
    again = rig.world.press("H1")
    assert rig.erasing.check() == 0, "an alarm that opens meanwhile holds it up"
    rig.world.desk.close(again, outcome=Outcome.HELPED, by=ANNA)
    assert rig.erasing.check() == 1


def test_it_takes_two(rig):
    rig._retire()
    id_ = rig.erasing.ask(rig.resident, "erasure", asked_by="family", reason="moved", by=ANNA, area=DISTRICT)
    with pytest.raises(NotAllowed):
        rig.erasing.approve(id_, by=ANNA, area=DISTRICT)
    assert rig.erasing.check() == 0
    with pytest.raises(Invalid):
        rig.erasing.answer(id_, "done", answer="by hand", by=BORIS, area=DISTRICT)


def test_whoever_lives_there_too_stays(rig):
    rig._retire()
    rig.resident = rig.world.resident("R2")
    rig.helped("H2", resident="R2")
    rig.erase()
    with rig.world.reading.connect() as connection:
        names = [row.name for row in connection.execute(select(residents).order_by(residents.c.id))]
    household = rig.world.home("H2")
    assert "赵大爷" in names
    assert "张桂兰" not in names
    with rig.world.reading.connect() as connection:
        homes = metadata.tables["homes"]
        assert connection.execute(select(homes.c.address).where(homes.c.id == household)).scalar() == "红星里 2-101"


def test_an_erasure_that_was_killed_in_the_middle_is_finished_by_the_next_check(rig, monkeypatch):
    rig.live()
    rig.fill()
    id_ = rig.erasing.ask(rig.resident, "erasure", asked_by="x", reason="y", by=ANNA, area=DISTRICT)
    rig.erasing.approve(id_, by=BORIS, area=DISTRICT)

    class Killed(BaseException):
        pass

    class Dying(Erasing):
        left = 3

        def _blank(self, name, keys):
            self.left -= 1
            if not self.left:
                raise Killed
            super()._blank(name, keys)

    dying = Dying(rig.world.transactions, rig.world.reading, rig.world.clock, listed=rig.listed)
    with pytest.raises(Killed):
        dying.check()
    assert MARK.encode() in rig.bytes_on_disk()
    assert rig.erasing.check() == 1
    assert not [each for each in (MARK, *HOUSE) if each.encode() in rig.bytes_on_disk()]


def test_who_was_erased_is_erased_again_after_a_backup_was_restored(rig):
    rig.live()
    rig._retire()
    sqlite = __import__("sqlite3")
    backup = rig.folder / "backup.db"
    with closing(sqlite.connect(rig.folder / "anling.db")) as source, closing(sqlite.connect(backup)) as target:
        source.backup(target)
    rig.erase()
    assert json.loads(rig.listed.read_text())["resident"] == rig.resident
    assert R1 not in rig.listed.read_text()
    rig.world.transactions.close()
    rig.world.writing.dispose()
    rig.world.reading.dispose()
    with closing(sqlite.connect(backup)) as source, closing(sqlite.connect(rig.folder / "anling.db")) as target:
        source.backup(target)
    restored = PrivacyRigAgain(rig)
    assert b"13800000101" in rig.bytes_on_disk()
    assert restored.reapply() == {"erased": [rig.resident], "left": []}
    assert not [each for each in (MARK, *HOUSE) if each.encode() in rig.bytes_on_disk()]
    assert restored.reapply() == {"erased": [], "left": []}


def PrivacyRigAgain(rig):  # noqa: N802  a service started anew on the same file
    from dispatch.store.database import reading_engine, writing_engine
    from dispatch.store.transactions import SerialTransactions

    url = f"sqlite:///{rig.folder / 'anling.db'}"
    rig.world.writing, rig.world.reading = writing_engine(url, synchronous="OFF"), reading_engine(url)
    rig.world.transactions = SerialTransactions(rig.world.writing, rig.world.clock, rig.world.ids)
    return Erasing(rig.world.transactions, rig.world.reading, rig.world.clock, listed=rig.listed)


# ------------------------------------------------------------------------------------------------ other requests


def test_other_requests_are_answered_and_kept_with_their_date(rig):
    id_ = rig.erasing.ask(rig.resident, "correction", asked_by="daughter", reason="name", by=ANNA, area=DISTRICT)
    request = rig.erasing.recent(10, DISTRICT)[0]
    assert (request.answer_by - request.asked_at).days == 30
    rig.erasing.answer(id_, "done", answer="corrected", by=ANNA, area=DISTRICT)
    assert rig.erasing.recent(10, DISTRICT)[0].state == "done"
    with pytest.raises(Conflict):
        rig.erasing.answer(id_, "refused", answer="again", by=ANNA, area=DISTRICT)
    with pytest.raises(Invalid):
        rig.erasing.ask(rig.resident, "other", asked_by="", reason="", by=ANNA, area=DISTRICT)
