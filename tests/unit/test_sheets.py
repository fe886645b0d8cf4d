"""Tables for other programs, read back by two of them: texts are texts, totals are right, nothing is a formula."""

import csv
import io
from datetime import UTC, date, datetime
from zoneinfo import ZoneInfo

import openpyxl
import pytest
from python_calamine import CalamineWorkbook

from dispatch.logbook.sheets import Column, Kind, Table, TotalsDiffer, file_name, safe, write_csv, write_xlsx

ZONE = ZoneInfo("Asia/Shanghai")
AT = datetime(2026, 11, 21, 4, 0, 5, tzinfo=UTC)
COLUMNS = (
    Column(key="id", title="身份证", kind=Kind.CODE, width=22),
    Column(key="name", title="姓名"),
    Column(key="at", title="时间", kind=Kind.MOMENT),
    Column(key="on", title="日期", kind=Kind.DAY),
    Column(key="times", title="次数", kind=Kind.NUMBER, is_summed=True),
    Column(key="money", title="金额", kind=Kind.FEN, is_summed=True),
)
TABLE = Table(
    name="台账", title="示范区 台账 2026-11", columns=COLUMNS, zone=ZONE, facts={"筛选": "=1+1", "记录末尾": "ab" * 32}
)
LOCAL, DAY = AT.astimezone(ZONE).replace(tzinfo=None), AT.replace(hour=0, second=0, tzinfo=None)
EVIL = ["=1+1", "+1", "-1", "@SUM(A1)", "\t=1", "\r=1", " =1", "\n=1", "　＝1", '=HYPERLINK("x")', "\ufeff=1"]
ROWS = [["130100195001010014", each, AT, date(2026, 11, 21), 2, 1050] for each in [*EVIL, "张桂兰"]]
EXPECTED = {"rows": len(ROWS), "times": 2 * len(ROWS), "money": 1050 * len(ROWS)}


@pytest.mark.parametrize("text", EVIL)
def test_what_looks_like_a_formula_is_a_text(text):
    assert safe(text).startswith("'")


@pytest.mark.parametrize("text", ["", "张桂兰", "3-2-501", "1+1", "0'", "138****1234", "a=b"])
def test_what_looks_like_none_stays_as_it_is(text):
    assert safe(text) == text


def test_control_characters_are_left_out_and_long_texts_cut():
    assert safe("a\x00b\x1bc\x7f") == "abc"
    assert len(safe("=" + "x" * 40_000)) <= 32_767


def test_excel_reads_texts_dates_and_the_total(tmp_path):
    path = tmp_path / "t.xlsx"
    assert write_xlsx(path, TABLE, iter(ROWS), EXPECTED) == len(ROWS)
    book = openpyxl.load_workbook(path)
    sheet, about = book["台账"], book["说明"]
    assert sheet["A1"].value == "示范区 台账 2026-11"
    assert [each.value for each in sheet[2]] == [each.title for each in COLUMNS]
    cells = [cell for row in sheet.iter_rows() for cell in row] + [cell for row in about.iter_rows() for cell in row]
    assert {cell.data_type for cell in cells} <= {"s", "n", "d"}, "no cell is a formula"
    assert not [
        cell
        for cell in cells
        if isinstance(cell.value, str) and cell.value.lstrip(" \u3000\ufeff")[:1] in {"=", "+", "-", "@"}
    ]
    first = [cell.value for cell in sheet[3]]
    assert first == ["130100195001010014", "'=1+1", LOCAL, DAY, 2, 10.5]
    assert (sheet["A3"].data_type, sheet["A3"].number_format) == ("s", "@")
    total = [cell.value for cell in sheet[3 + len(ROWS)]]
    assert total == [f"合计 {len(ROWS)}", None, None, None, EXPECTED["times"], EXPECTED["money"] / 100]
    assert (sheet.freeze_panes, sheet.auto_filter.ref) == ("A3", f"A2:F{2 + len(ROWS)}")
    assert [about["A1"].value, about["B1"].value, about["A3"].value] == ["筛选", "'=1+1", "行数"]
    assert about["B3"].value == str(len(ROWS))


def test_another_reader_sees_the_same(tmp_path):
    path = tmp_path / "t.xlsx"
    write_xlsx(path, TABLE, iter(ROWS), EXPECTED)
    book = CalamineWorkbook.from_path(str(path))
    assert book.sheet_names == ["台账", "说明"]
    rows = book.get_sheet_by_name("台账").to_python()
    assert rows[2][0] == "130100195001010014"
    assert rows[-1][4:] == [EXPECTED["times"], EXPECTED["money"] / 100]


def test_csv_opens_in_a_chinese_excel(tmp_path):
    path = tmp_path / "t.csv"
    write_csv(path, TABLE, iter(ROWS), EXPECTED)
    raw = path.read_bytes()
    assert raw.startswith(b"\xef\xbb\xbf")
    assert raw.count(b"\r\n") >= len(ROWS) + 3
    rows = list(csv.reader(io.StringIO(raw.decode("utf-8-sig"), newline="")))
    assert rows[2] == ["130100195001010014", "'=1+1", "2026-11-21T12:00:05+08:00", "2026-11-21", "2", "10.50"]
    assert rows[-1] == [f"合计 {len(ROWS)}", "", "", "", str(EXPECTED["times"]), f"{EXPECTED['money'] / 100:.2f}"]


@pytest.mark.parametrize("write", [write_xlsx, write_csv])
@pytest.mark.parametrize("key", ["rows", "times", "money"])
def test_a_file_that_does_not_add_up_does_not_leave_the_house(tmp_path, write, key):
    path = tmp_path / "t"
    with pytest.raises(TotalsDiffer):
        write(path, TABLE, iter(ROWS), {**EXPECTED, key: EXPECTED[key] + 1})
    assert not path.exists()


def test_an_empty_table_is_one_too(tmp_path):
    assert write_xlsx(tmp_path / "t.xlsx", TABLE, [], {"rows": 0, "times": 0, "money": 0}) == 0
    assert openpyxl.load_workbook(tmp_path / "t.xlsx")["台账"]["A3"].value == "合计 0"


def test_the_file_is_named_by_unit_table_period_and_version():
    assert file_name("示范区", "响应记录", "2026-11", "v1", "xlsx") == "示范区_响应记录_2026-11_v1.xlsx"
    assert file_name("../a/b", 'x"\r\n', "", "..", "csv") == "ab_x_-_-.csv"
