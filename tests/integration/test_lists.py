"""Lists out of Excel: what bureaus really send, what is wrong with it, all or nothing, and back again."""

import csv
import datetime as dt
import io
import os
import struct
import zipfile
from collections.abc import Iterator

import openpyxl
import pytest
import xlsxwriter
from hypothesis import given, settings
from hypothesis import strategies as st
from sqlalchemy import select

import devices.store.assignments
import devices.store.vigils  # noqa: F401  tables must be known
from config.lists import cells
from config.lists.cells import Wrong
from config.lists.desk import ImportDesk, Wanted
from config.lists.export import as_csv, as_xlsx, listed
from config.lists.register import TABLES, read_register
from config.lists.sheet import read_sheet
from config.uploads import FOLDER
from dispatch.errors import Conflict, Invalid, NotFound
from dispatch.ids import StationId
from dispatch.registry.id_numbers import IdNumbers, draw_key
from dispatch.rules.people import operator
from dispatch.rules.rights import DISTRICT, Area
from dispatch.store.people import carers, homes, residents
from dispatch.store.record import Record
from tests.builders import build_world

BY = operator("wangfang")
GOOD_ID, OTHER_ID = "11010519491231002X", "130105193803050029"
HEAD = ["姓名", "身份证号", "联系电话", "家庭住址", "紧急联系人", "联系人电话"]
TODAY = dt.date(2026, 11, 21)


def xlsx(*rows, formats=True) -> bytes:
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    sheet = book.add_worksheet("老人")
    for number, row in enumerate(rows):
        for column, cell in enumerate(row):
            if isinstance(cell, dt.date):
                sheet.write_datetime(number, column, cell, book.add_format({"num_format": "yyyy-mm-dd"}))
            elif cell is not None:
                sheet.write(number, column, cell)
    book.close()
    return out.getvalue()


class Rig:
    """A small district with somebody who imports."""

    def __init__(self, folder) -> None:
        self.world = build_world(folder)
        self.changed = 0
        self.home = folder / "home"
        self.desk = self.new_desk()

    def new_desk(self, transactions=None, **more) -> ImportDesk:
        world = self.world
        return ImportDesk(
            self.home, transactions or world.transactions, world.reading, world.clock, world.calendar, secret="s" * 40,
            changed=self.count, **more,
        )  # fmt: skip

    def count(self) -> None:
        self.changed += 1

    def look(self, content: bytes, kind: str = "residents", *, area=DISTRICT, name="名册.xlsx", **more):
        token = self.desk.upload(content, name, by=BY)
        return self.desk.preview(token, Wanted(kind=kind, **more), by=BY, area=area)

    def load(self, content: bytes, kind: str = "residents", **more):
        seen = self.look(content, kind, **more)
        assert seen.ready, seen.told()
        return self.desk.commit(seen, by=BY)

    def rows(self, table):
        with self.world.reading.connect() as connection:
            return [dict(row._mapping) for row in connection.execute(select(table).order_by(table.c.code))]

    def everything(self):
        """All rows, but for how often each was written."""
        with self.world.reading.connect() as connection:
            return {
                name: sorted(str(dict(row._mapping) | {"version": 0}) for row in connection.execute(table.select()))
                for name, table in TABLES.items()
            }

    def lines(self, kind: str):
        with self.world.reading.connect() as connection:
            return [each for each in Record(connection).after(0, 10_000) if each.kind == kind]


@pytest.fixture
def rig(tmp_path) -> Iterator[Rig]:
    rig = Rig(tmp_path)
    yield rig
    rig.world.close()


def found(seen):
    return [(each.row, each.column, each.code) for each in seen.plan.problems]


def test_a_list_as_a_bureau_keeps_it(rig):
    """A title above the head, numbers as numbers, dates in three forms, a merged address, GCJ-02 positions."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True})
    sheet = book.add_worksheet("名册")
    sheet.merge_range(0, 0, 0, 6, "2026 年度老年人名册（柏林社区）")
    head = ["姓名*", "公民身份号码", "出生日期", "手机号码", "家庭地址", "纬度", "经度", "备注"]
    for column, title in enumerate(head):
        sheet.write(1, column, title)
    rows = [
        ["刘大妈", GOOD_ID, "1949年12月31日", 13800138000.0, None, 38.05, 114.5, "=1+1"],
        ["刘大爷", None, "1938.3.5", "138 0013 8001", None, None, None, "<b>x</b>"],
        ["孙奶奶", OTHER_ID, 13944, "0311-86012345", "新家园 1-1-101", None, None, None],
    ]
    for number, row in enumerate(rows, 2):
        for column, cell in enumerate(row):
            if cell is not None:
                sheet.write(number, column, cell)
    sheet.merge_range(2, 4, 3, 4, "柏林小区 9-1-101")
    sheet.set_row(3, None, None, {"hidden": True})
    book.close()
    seen = rig.look(out.getvalue(), datum="gcj02")
    assert (seen.columns.head, seen.columns.unknown, seen.plan.rows) == (2, ["备注"], 3)
    assert found(seen) == [(4, "姓名*", "hidden")]
    rig.desk.commit(seen, by=BY)
    by_name = {each["name"]: each for each in rig.rows(residents)}
    assert by_name["刘大妈"]["home_id"] == by_name["刘大爷"]["home_id"]
    assert by_name["刘大妈"]["born_on"] == dt.date(1949, 12, 31)
    assert by_name["刘大爷"]["born_on"] == by_name["孙奶奶"]["born_on"] == dt.date(1938, 3, 5)
    phones = [by_name[name]["phone"] for name in ("刘大妈", "刘大爷", "孙奶奶")]
    assert phones == ["+8613800138000", "+8613800138001", "+8631186012345"]
    place = next(each for each in rig.rows(homes) if each["address"] == "柏林小区 9-1-101")
    assert 38.04 < place["lat"] < 38.0499
    assert GOOD_ID not in str(rig.everything()), "the register keeps no ID number yet"


def row_of(*cells_):
    return [HEAD, [*cells_, *[None] * (len(HEAD) - len(cells_))]]


@pytest.mark.parametrize(
    ("row", "column", "code"),
    [
        (["刘大妈", 11010519491231002.0, None, "A 1"], "身份证号", "digits_lost"),
        (["刘大妈", "1.10105E+17", None, "A 1"], "身份证号", "digits_lost"),
        (["刘大妈", "110105194912310000", None, "A 1"], "身份证号", "digits_lost"),
        (["刘大妈", "110105194912310021", None, "A 1"], "身份证号", "id_checksum"),
        (["刘大妈", "110105491231002", None, "A 1"], "身份证号", "id_old"),
        (["刘大妈", "11010519491231", None, "A 1"], "身份证号", "id_length"),
        (["刘大妈", "110105194913310021", None, "A 1"], "身份证号", "id_birth"),
        (["刘大妈", None, "1.38E+10", "A 1"], "联系电话", "digits_lost"),
        (["刘大妈", None, "13800138000、13900139000", "A 1"], "联系电话", "two_phones"),
        (["刘大妈", None, "打不通", "A 1"], "联系电话", "no_phone"),
        ([None, None, "13800138000", "A 1"], "姓名", "missing"),
        (["刘大妈", None, None, None], "家庭住址", "missing"),
        (["刘" * 200, None, None, "A 1"], "姓名", "too_long"),
        (["刘\u202e大妈", None, None, "A 1"], "姓名", "odd_letters"),
        (["刘大妈", None, None, "A 1", "女儿", "x"], "联系人电话", "no_phone"),
    ],
)
def test_a_bad_cell_is_named_with_reason_and_cure_and_nothing_is_written(rig, row, column, code):
    before = rig.everything()
    good = ["张三", None, "13900139000", "B 2"]
    seen = rig.look(xlsx(*row_of(*row), good))
    assert (2, column, code) in found(seen)
    told = next(each for each in seen.told()["problems"] if each["code"] == code)
    assert told["reason"]
    assert told["cure"]
    assert not seen.ready
    with pytest.raises(Invalid):
        rig.desk.commit(seen, by=BY)
    assert rig.everything() == before


def test_the_check_digit_of_every_position_is_watched():
    for position in range(17):
        for digit in "0123456789":
            wrong = GOOD_ID[:position] + digit + GOOD_ID[position + 1 :]
            if wrong != GOOD_ID:
                with pytest.raises(Wrong):
                    cells.id_number(wrong, TODAY)
    assert cells.id_number(GOOD_ID.lower(), TODAY) == (GOOD_ID, dt.date(1949, 12, 31), None)


def test_a_county_nobody_knows_is_a_warning_only():
    from stdnum.cn import ric

    unknown = "990199194912310020"
    unknown = unknown[:-1] + ric.calc_check_digit(unknown)
    assert cells.id_number(unknown, TODAY)[2] == "id_county"


def test_the_same_list_again_changes_nothing(rig):
    content = xlsx(HEAD, ["刘大妈", GOOD_ID, 13800138000, "柏林小区 9-1-101", "刘先生", 13700137000])
    assert len(rig.load(content).changes) == 3
    before = rig.everything()
    assert rig.load(content).changes == []
    assert rig.everything() == before


def test_an_empty_cell_and_a_missing_column_change_nothing(rig):
    rig.load(xlsx(["编号", "姓名", "户号", "病史", "电话"], ["R1", "王秀英", "H1", "高血压", None]))
    before = next(each for each in rig.rows(residents) if each["code"] == "R1")
    assert (before["illness"], before["phone"], before["level"]) == ("高血压", "+8613800000101", "moderate")
    rig.load(xlsx(["姓名", "家庭地址", "能力等级"], ["王秀英", "柏林小区　3-2-501", "重度"]))
    after = next(each for each in rig.rows(residents) if each["code"] == "R1")
    assert after == {**before, "level": "severe", "version": before["version"] + 1}
    home = next(each for each in rig.rows(homes) if each["code"] == "H1")
    assert home["entry"] == "钥匙盒 4711"


def test_an_id_number_is_kept_sealed_and_nobody_elses(rig):
    rig.load(xlsx(["编号", "姓名", "户号", "身份证号"], ["R1", "王秀英", "H1", GOOD_ID]))
    kept = next(each for each in rig.rows(residents) if each["code"] == "R1")
    assert GOOD_ID not in str(kept)
    assert kept["id_mask"].startswith(GOOD_ID[:3])
    assert kept["id_mask"].endswith(GOOD_ID[-4:])
    again = rig.look(xlsx(["编号", "姓名", "户号", "身份证号"], ["R1", "王秀英", "H1", GOOD_ID]))
    assert again.plan.changes == []
    other = rig.look(xlsx(["姓名", "家庭地址", "身份证号"], ["别人", "新路 5", GOOD_ID]))
    assert {(row, code) for row, _, code in found(other)} >= {(2, "id_taken")}


def test_duplicates_in_the_file_are_both_named(rig):
    rows = [["刘大妈", GOOD_ID, None, "A 1"], ["刘大妈", None, None, "A 1"], ["别人", GOOD_ID, None, "B 2"]]
    seen = rig.look(xlsx(HEAD, *rows))
    assert {(row, code) for row, _, code in found(seen)} >= {(4, "twice")}
    assert any(row == 3 and code in {"twice", "differs"} for row, _, code in found(seen))


def test_columns_can_be_said_and_several_for_one_field_are_asked(rig):
    rows = [["姓名", "住在哪", "家庭住址", "现住址"], ["刘大妈", "A 1", "B 1", "C 1"]]
    seen = rig.look(xlsx(*rows))
    assert (seen.ready, list(seen.columns.ambiguous)) == (False, ["address"])
    said = {"家庭住址": "-", "现住址": "-", "住在哪": "address"}
    seen = rig.look(xlsx(*rows), columns=said)
    assert seen.ready
    rig.desk.commit(seen, by=BY)
    assert "A 1" in {each["address"] for each in rig.rows(homes)}
    with pytest.raises(Invalid):
        rig.look(xlsx(*rows), columns={"住在哪": "nothing"})


def test_an_import_is_taken_back_within_a_day_and_what_is_in_use_stays(rig):
    before = rig.everything()
    done = rig.load(xlsx(HEAD, ["刘大妈", None, 13800138000, "A 1", "刘先生", 13700137000], ["王秀英", None, 13800138999, "柏林小区 3-2-501"]))  # noqa: E501  # fmt: skip
    assert rig.everything() != before
    assert rig.desk.undo(done.id, by=BY) == 0
    assert rig.everything() == before
    assert [each.kind for each in rig.lines("list_imported") + rig.lines("import_undone")] == ["list_imported", "import_undone"]  # noqa: E501  # fmt: skip
    with pytest.raises(NotFound):
        rig.desk.undo(done.id, by=BY)
    done = rig.load(xlsx(HEAD, ["刘大妈", None, 13800138000, "A 1"]))
    code = next(each["code"] for each in rig.rows(homes) if each["address"] == "A 1")
    rig.world.press(code)
    assert rig.desk.undo(done.id, by=BY) >= 1
    assert "A 1" in {each["address"] for each in rig.rows(homes)}
    done = rig.load(xlsx(HEAD, ["另一个", None, None, "Z 1"]))
    rig.world.clock.advance(24 * 3600)
    with pytest.raises(NotFound):
        rig.desk.undo(done.id, by=BY)


class Died(BaseException):
    """The process ends here."""


class Killed:
    def __init__(self, inner, at) -> None:
        self._inner, self._left = inner, at

    def run(self, work, **more):
        self._left -= 1
        if self._left < 0:
            os.environ["ANLING_NOTHING"] = ""
            raise Died
        return self._inner.run(work, **more)


def test_a_list_that_takes_long_to_look_at_is_written_as_it_was_seen(rig, monkeypatch):
    token = rig.desk.upload(xlsx(HEAD, ["王一", None, None, "地址 1"]), "a.xlsx", by=BY)
    looks, plan = [], rig.desk._plan

    def slowly(*arguments):
        looks.append(arguments)
        rig.world.clock.advance(60)
        return plan(*arguments)

    monkeypatch.setattr(rig.desk, "_plan", slowly)
    rig.desk.commit(rig.desk.preview(token, Wanted(kind="residents"), by=BY), by=BY)
    assert len(looks) == 1


LONG = [[f"老人{number}", None, None, f"地址 {number}"] for number in range(600)]


@pytest.mark.parametrize("at", [0, 1, 3])
def test_killed_in_the_middle_of_a_very_long_list_the_next_start_takes_it_back(rig, at):
    before = rig.everything()
    token = rig.desk.upload(xlsx(HEAD, *LONG), "a.xlsx", by=BY)
    desk = rig.new_desk(Killed(rig.world.transactions, at), whole_max=0)
    seen = desk.preview(token, Wanted(kind="residents"), by=BY)
    # kill -9 runs no clean-up either.
    desk._take_back = lambda done: None
    with pytest.raises(Died):
        desk.commit(seen, by=BY)
    assert (rig.everything() != before) == (at > 0)
    rig.desk.mend(alone=False)
    assert (rig.everything() != before) == (at > 0), "a young one may be another process's"
    rig.desk.mend(alone=True)
    assert rig.everything() == before


def test_a_long_list_is_there_whole_or_not_at_all_for_whoever_reads_meanwhile(rig):
    before, seen, looks = rig.everything(), rig.look(xlsx(HEAD, *LONG)), []

    def nobody():
        looks.append(rig.everything() == before)
        return 0

    rig.new_desk(urgent=nobody).commit(seen, by=BY)
    assert len(looks) > 2
    assert all(looks)
    assert rig.everything() != before


def test_an_emergency_gets_its_turn_before_a_long_list(rig):
    before, waiting, alarms = rig.everything(), [0, 0, 1, 0], []

    class Turns:
        def run(self, work, **more):
            if alarms == ["waits"]:
                assert rig.everything() == before, "what was begun is gone"
                alarms.append(rig.world.press())
            return rig.world.transactions.run(work, **more)

    def urgent():
        told = waiting.pop(0) if waiting else 0
        alarms.extend(["waits"] if told else [])
        return told

    seen = rig.look(xlsx(HEAD, *LONG))
    rig.new_desk(Turns(), urgent=urgent).commit(seen, by=BY)
    assert len(alarms) == 2
    assert len({each["address"] for each in rig.rows(homes)} & {row[3] for row in LONG}) == len(LONG)
    assert len(rig.lines("list_imported")) == 1


def test_where_there_is_never_a_quiet_moment_a_list_is_written_in_pieces(rig):
    seen = rig.look(xlsx(HEAD, *LONG))
    desk = rig.new_desk(urgent=lambda: rig.world.clock.advance(1.0) is not None)
    desk.commit(seen, by=BY)
    assert len({each["address"] for each in rig.rows(homes)} & {row[3] for row in LONG}) == len(LONG)


class Watched:
    """Calls `after` behind each unit of work, as somebody who reads meanwhile."""

    def __init__(self, inner, after) -> None:
        self._inner, self._after = inner, after

    def run(self, work, **more):
        result = self._inner.run(work, **more)
        self._after()
        return result


def test_whoever_reads_amid_a_very_long_list_sees_no_home_without_its_people(rig):
    alone = "select count(*) from homes where code like 'H____%' and id not in (select home_id from residents)"
    seen_at: list[tuple[int, int]] = []

    def look():
        with rig.world.reading.connect() as connection:
            count = connection.exec_driver_sql("select count(*) from homes").scalar_one()
            seen_at.append((count, connection.exec_driver_sql(alone).scalar_one()))

    token = rig.desk.upload(xlsx(HEAD, *LONG), "a.xlsx", by=BY)
    desk = rig.new_desk(Watched(rig.world.transactions, look), whole_max=0)
    desk.commit(desk.preview(token, Wanted(kind="residents"), by=BY), by=BY)
    assert len({count for count, _ in seen_at}) > 3
    assert {without for _, without in seen_at} == {0}


def test_the_list_of_imports_reads_no_rows_and_what_lost_them_is_not_taken_back(rig):
    done = rig.load(xlsx(HEAD, *LONG[:3]))
    [rows] = (rig.home / FOLDER).glob("*.rows")
    assert len(rows.read_bytes().splitlines()) == done.size == 6
    rows.write_bytes(b"")
    [told] = rig.desk.imports()
    assert (told.size, told.changes, told.state) == (6, (), "done")
    after = rig.everything()
    with pytest.raises(NotFound):
        rig.desk.undo(done.id, by=BY)
    assert rig.everything() == after


def test_more_rows_than_anybody_needs_are_refused_before_they_are_read(rig):
    with pytest.raises(Invalid, match="100,000 rows"):
        rig.desk.upload(b"name\n" + b"x\n" * 100_101, "a.csv", by=BY)


def test_killed_behind_the_last_row_a_list_stays_imported(rig):
    token = rig.desk.upload(xlsx(HEAD, *LONG[:3]), "a.xlsx", by=BY)
    desk = rig.new_desk()
    seen = desk.preview(token, Wanted(kind="residents"), by=BY)

    def dies():
        raise Died

    desk._changed = dies
    with pytest.raises(Died):
        desk.commit(seen, by=BY)
    after = rig.everything()
    rig.desk.mend(alone=True)
    assert rig.everything() == after
    [kept] = rig.desk.imports()
    assert rig.desk.undo(kept.id, by=BY) == 0


@pytest.mark.parametrize("whole_max", [0, 20_000])
def test_a_unit_that_fails_takes_everything_back_at_once(rig, whole_max):
    before = rig.everything()
    seen = rig.look(xlsx(HEAD, *LONG))

    class Fails:
        left = 2 if whole_max == 0 else 1

        def run(self, work, **more):
            Fails.left -= 1
            if Fails.left == 0:
                raise OSError("disk full")
            return rig.world.transactions.run(work, **more)

    desk = rig.new_desk(Fails(), whole_max=whole_max)
    with pytest.raises(OSError, match="disk full"):
        desk.commit(seen, by=BY)
    assert rig.everything() == before


def test_what_changed_since_the_preview_is_noticed(rig):
    content = xlsx(HEAD, ["刘大妈", None, 13800138000, "A 1"])
    seen = rig.look(content)
    rig.load(content)
    rig.world.clock.advance(60)
    with pytest.raises(Conflict):
        rig.desk.commit(seen, by=BY)


def test_the_file_does_not_outlive_its_hour_and_is_for_one_persons_eyes(rig):
    content = xlsx(HEAD, ["刘大妈", GOOD_ID, None, "A 1"])
    token = rig.desk.upload(content, "a.xlsx", by=BY)
    folder = rig.home / FOLDER
    assert {path.stat().st_mode & 0o777 for path in folder.iterdir()} == {0o600}
    assert folder.stat().st_mode & 0o777 == 0o700
    for wrong in (token[:-1], "../../etc/passwd", "", "A" * 22):
        with pytest.raises(NotFound):
            rig.desk.preview(wrong, Wanted(kind="residents"), by=BY)
    with pytest.raises(NotFound):
        rig.desk.preview(token, Wanted(kind="residents"), by=operator("other"))
    rig.world.clock.advance(3600)
    with pytest.raises(NotFound):
        rig.desk.preview(token, Wanted(kind="residents"), by=BY)
    rig.desk.sweep()
    assert list(folder.iterdir()) == []
    rig.load(content)
    assert sorted(path.suffix for path in folder.iterdir()) == [".json", ".rows"]
    rig.world.clock.advance(24 * 3600)
    rig.desk.sweep()
    assert list(folder.iterdir()) == []


def test_whoever_works_for_one_station_imports_nothing_of_another(rig):
    mine = Area(frozenset({StationId("elsewhere")}))
    seen = rig.look(xlsx(["编号", "姓名", "户号"], ["R1", "王秀英", "H1"]), area=mine)
    assert "outside" in {code for _, _, code in found(seen)}
    seen = rig.look(xlsx(["姓名", "家庭地址"], ["新人", "新地址 1"]), area=mine)
    assert "outside" in {code for _, _, code in found(seen)}


# ------------------------------------------------------------------------------------------------ other registers


def test_carers_devices_and_shifts(rig):
    rig.load(
        xlsx(["工号", "姓名", "手机", "所属驿站", "交通方式"], ["C9", "新护理", 13700137009, "柏林颐养驿站", "步行"]),
        "carers",
    )
    made = next(each for each in rig.rows(carers) if each["code"] == "C9")
    assert (made["means"], made["phone"]) == ("foot", "+8613700137009")
    head = ["设备编号", "设备类型", "协议", "设备地址", "使用人"]
    done = rig.load(xlsx(head, ["D9", "呼叫器", "rflink", "EV1527:0F1B2C:01", "王秀英"]), "devices")
    assert len(done.changes) == 1
    assert len(rig.load(xlsx(head, ["D9", "呼叫器", "rflink", "EV1527:0F1B2C:01", "王秀英"]), "devices").changes) == 0
    seen = rig.look(xlsx(head, ["D8", "呼叫器", "rflink", "EV1527:0F1B2C:01", "王秀英"]), "devices")
    assert [code for _, _, code in found(seen)] == ["taken"]
    seen = rig.look(
        xlsx(head, ["D7", "x", "morse", "1", "王秀英"], ["D6", "x", "rflink", "EV1527:1:01", "谁"]), "devices"
    )
    assert [code for _, _, code in found(seen)] == ["no_protocol", "no_resident"]
    shifts = xlsx(
        ["护理员", "日期", "上班时间", "下班时间"],
        ["C9", dt.date(2026, 12, 1), "08:00", "20:00"],
        ["新护理", "2026年12月1日", 0.8333333333, "8点"],
        ["C9", "2026-12-03", "8:30", "24:00"],
    )
    done = rig.load(shifts, "shifts")
    spans = [(each.after["start_at"].isoformat(), each.after["end_at"].isoformat()) for each in done.changes]
    assert spans == [
        ("2026-12-01T00:00:00+00:00", "2026-12-01T12:00:00+00:00"),
        ("2026-12-01T12:00:00+00:00", "2026-12-02T00:00:00+00:00"),
        ("2026-12-03T00:30:00+00:00", "2026-12-03T16:00:00+00:00"),
    ]
    assert rig.load(shifts, "shifts").changes == []
    seen = rig.look(
        xlsx(["护理员", "开始", "结束"], ["C9", "2026-12-01T10:00:00+08:00", "2026-12-01T11:00:00+08:00"]), "shifts"
    )
    assert [code for _, _, code in found(seen)] == ["overlap"]
    before = rig.everything()
    assert rig.desk.undo(done.id, by=BY) == 0
    assert rig.everything() != before


def test_a_device_out_of_a_list_leaves_without_a_trace_when_it_is_taken_back(rig):
    before = rig.everything()
    head = ["设备编号", "协议", "设备地址", "使用人"]
    done = rig.load(xlsx(head, ["D9", "rflink", "EV1527:0F1B2C:01", "王秀英"]), "devices")
    assert rig.desk.undo(done.id, by=BY) == 0
    assert rig.everything() == before


@pytest.mark.parametrize("form", ["xlsx", "csv"])
@pytest.mark.parametrize("kind", ["residents", "carers", "devices", "shifts"])
def test_what_leaves_whole_comes_back_unchanged(rig, kind, form):
    rig.load(xlsx(HEAD, ["=cmd|' /C calc'!A0", None, "0311-85001234", "+A 1", "-刘", 13700137000]))
    with rig.world.reading.connect() as connection:
        rows = listed(read_register(connection, DISTRICT, ""), kind, full=True, zone=rig.world.calendar.tzinfo)
    assert len(rows) > 1
    assert any("031185001234" in row for row in rows) == (kind == "residents"), "as it is dialled"
    content = as_csv(rows) if form == "csv" else as_xlsx(rows, kind)
    seen = rig.look(content, kind)
    assert (found(seen), seen.plan.changes, seen.plan.rows) == ([], [], len(rows) - 1)


def test_another_program_finds_text_and_no_live_formula(rig):
    rig.load(xlsx(HEAD, ["=1+1", None, 13800138000, "@A 1"]))
    with rig.world.reading.connect() as connection:
        rows = listed(read_register(connection, DISTRICT, ""), "residents", full=False, zone=rig.world.calendar.tzinfo)
    sheet = openpyxl.load_workbook(io.BytesIO(as_xlsx(rows, "residents"))).active
    told = [cell for row in sheet.iter_rows() for cell in row if cell.value is not None]
    assert {cell.data_type for cell in told} == {"s"}
    text = as_csv(rows).decode("utf-8-sig")
    assert "'=1+1" in text
    assert "钥匙盒" not in text
    assert "13800138000" not in text
    assert "\n=" not in text
    assert ",@" not in text


# ------------------------------------------------------------------------------------------------ bad files


def bomb() -> bytes:
    out = io.BytesIO()
    with (
        zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, compresslevel=1) as archive,
        archive.open("xl/worksheets/sheet1.xml", "w", force_zip64=True) as part,
    ):
        for _ in range(210):
            part.write(b"\0" * 1024 * 1024)
    return out.getvalue()


def lying_bomb() -> bytes:
    """Tells of itself that it is small."""
    content = bytearray(xlsx(HEAD, ["x"]))
    at = content.find(b"PK\x01\x02")
    content[at + 24 : at + 28] = struct.pack("<I", 5)
    return bytes(content)


def many_parts() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as archive:
        for number in range(2_001):
            archive.writestr(f"x{number}", b"")
    return out.getvalue()


BAD = {
    "empty": b"", "blank": b"  \n", "noise": bytes(range(256)) * 40, "pdf": b"%PDF-1.7\n\x00\x01", "bomb": bomb,
    "lying": lying_bomb, "parts": many_parts, "too large": b"a,b\n" * (6 * 1024 * 1024),
    "half": lambda: xlsx(HEAD, ["x"])[:-200], "zip": b"PK\x03\x04" + b"\0" * 100,
    "ole": b"\xd0\xcf\x11\xe0" + b"\0" * 600,
    "quote": b'a,b\n"' + b"x" * 200_000, "many rows": b"a,b\n" * 50_200, "no head": "一,二\n三,四\n".encode(),
}  # fmt: skip


@pytest.mark.parametrize("name", BAD)
def test_a_bad_file_is_refused_with_a_sentence(rig, name):
    content = BAD[name]() if callable(BAD[name]) else BAD[name]
    with pytest.raises(Invalid) as refused:
        rig.look(content)
    assert len(refused.value.detail) > 10
    assert "file" in refused.value.errors["json"]


@pytest.mark.parametrize("encoding", ["utf-8", "utf-8-sig", "gb18030", "gbk"])
@pytest.mark.parametrize("delimiter", [",", "\t", ";"])
def test_csv_in_the_letters_of_the_country(encoding, delimiter):
    text = (
        delimiter.join(["姓名", "家庭住址"])
        + "\r\n"
        + delimiter.join(["刘大妈", '"柏林, 1"' if delimiter == "," else "柏林"])
    )
    sheet = read_sheet(text.encode(encoding), "a.csv")
    assert sheet.rows[0] == ["姓名", "家庭住址"]
    assert sheet.rows[1][0] == "刘大妈"


def test_an_external_entity_is_never_fetched_nor_a_billion_laughs_told(rig):
    out = io.BytesIO()
    with (
        zipfile.ZipFile(io.BytesIO(xlsx(HEAD, ["刘大妈", None, None, "A 1"]))) as source,
        zipfile.ZipFile(out, "w") as bad,
    ):
        for name in source.namelist():
            text = source.read(name)
            if name == "xl/sharedStrings.xml":
                laughs = b'<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;&a;"><!ENTITY f SYSTEM "file:///etc/hostname">]>'
                head, _, rest = text.partition(b"?>")
                text = head + b"?>" + laughs + rest.replace("刘大妈".encode(), b"&b;&f;")
            bad.writestr(name, text)
    try:
        seen = rig.look(out.getvalue())
    except Invalid:
        return
    assert "haha" not in str(seen.sheet.rows)


@settings(max_examples=60)
@given(st.lists(st.lists(st.one_of(st.none(), st.text(max_size=30), st.floats(), st.integers(), st.booleans(), st.dates(), st.times(), st.datetimes()), min_size=1, max_size=8), max_size=12), st.sampled_from(["residents", "carers", "devices", "shifts", "canteens"]))  # noqa: E501  # fmt: skip
def test_whatever_stands_in_cells_comes_to_a_plan_or_a_refusal(tmp_path_factory, rows, kind):
    from zoneinfo import ZoneInfo

    from config.lists.columns import NAMES, match
    from config.lists.planning import Ground, plan
    from config.lists.register import Register
    from config.lists.sheet import Sheet

    head = [all_[0] for all_ in NAMES[kind].values()]
    sheet = Sheet(name="x", rows=[head, *rows])
    register = Register(area=DISTRICT, secret=b"s", by_code={table: {} for table in TABLES})
    register.stations = {"S1": {"id": "s1", "code": "S1", "name": "站", "lat": 38.0, "lng": 114.0}}
    ground = Ground(
        register=register,
        new_id=lambda: "x",
        today=TODAY,
        zone=ZoneInfo("Asia/Shanghai"),
        seal=IdNumbers([draw_key()], b"x"),
    )
    made = plan(sheet, match(sheet, kind, {}), kind, ground, lambda done: None)
    assert made.rows <= len(rows)
    assert all(each.code in cells.CURES for each in made.problems)


@settings(max_examples=80)
@given(
    st.binary(max_size=2_000),
    st.sampled_from([b"", b"PK\x03\x04", b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1", b"\xef\xbb\xbf"]),
)
def test_whatever_bytes_come_as_a_file_they_are_a_sheet_or_refused(content, start):
    try:
        sheet = read_sheet(start + content, "x")
    except Invalid:
        return
    assert len(sheet.rows) >= 0


@settings(max_examples=60)
@given(st.data())
def test_a_workbook_with_a_byte_turned_is_a_sheet_or_refused(data):
    content = bytearray(_WHOLE)
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    try:
        read_sheet(bytes(content), "x")
    except Invalid:
        return


_WHOLE = xlsx(HEAD, ["刘大妈", GOOD_ID, 13800138000, "A 1", "刘先生", 13700137000])


@pytest.mark.parametrize("name", ["=1+1", "  =1+1", "\u3000@sum", "＝1+1", "\u200b-1", "\t=1"])
def test_no_way_to_write_a_formula_is_live_in_a_list(name):
    cell = next(csv.reader(io.StringIO(as_csv([[name]]).decode("utf-8-sig"))))[0]
    assert cell == f"'{name}"


@pytest.mark.parametrize("phone", ["1380013800", "138001380001", "8500000", "85000009"])
def test_a_number_that_reaches_nobody_is_refused_with_its_row(rig, phone):
    seen = rig.look(xlsx(HEAD, ["刘大妈", None, phone, "A 1"]))
    assert [(row, code) for row, _, code in found(seen)] == [(2, "no_phone")]


@pytest.mark.parametrize("phone", ["13800138000", "0311-85000009", "010-85000009", "400-800-1234", "12345"])
def test_a_number_that_may_reach_somebody_is_taken(rig, phone):
    assert found(rig.look(xlsx(HEAD, ["刘大妈", None, phone, "A 1"]))) == []


def test_a_row_that_one_list_changed_twice_is_taken_back_whole(rig):
    rig.load(xlsx(HEAD, ["刘大妈", None, 13800138000, "A 1"]))
    before = rig.everything()
    twice = xlsx(
        ["姓名", "家庭住址", "进门方式"],
        ["刘大妈", "A 1", "门垫下"],
        ["刘大爷", "A 1", "花盆下"],
        ["刘小妹", "A 1", "物业"],
    )
    done = rig.load(twice)
    assert sum(each.table == "homes" for each in done.changes) == 3
    assert rig.desk.undo(done.id, by=BY) == 0
    assert rig.everything() == before
