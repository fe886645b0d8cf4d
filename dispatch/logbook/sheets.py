"""
Tables for other programs: Excel and CSV, as a bureau files them.

    unit, table, period, maker, time      the title row
    编号   时间   …                         the heads, frozen, with a filter
    …                                     the rows, written as they come: no list is held in memory
    total                                 added up while writing, and compared with what the database says

General on purpose: a `Table` says what its columns are, rows are sequences of plain values in the same order. Texts
stay texts (a telephone number is no number), and no cell is ever a formula, neither for Excel nor for whoever opens the
CSV.
The form is CARE-RULES 5 (台账) and ECOSYSTEM 5.5; the dangerous beginnings are OWASP's list for CSV injection.
"""

import csv
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, tzinfo
from enum import StrEnum
from pathlib import Path
from typing import Any

import xlsxwriter  # type: ignore[import-untyped]

ROWS_MAX = 200_000
"""More than anybody reads; Excel itself ends at 1,048,576."""

CELL_MAX = 32_767
"""Characters of a cell (Excel specifications and limits)."""

_STARTS = "=+-@\t\r\n＝＋－＠"
_BLANK = " \u00a0\u3000\u200b\ufeff"
_UNSAFE_NAME = re.compile(r'[\\/:*?"<>|\x00-\x1f\x7f]+')
_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]")

Value = str | int | float | datetime | date | bool | None
Rows = Iterable[Sequence[Value]]


class Kind(StrEnum):
    """What a column holds. `CODE` is for ids, telephone and ID numbers: text whatever it looks like."""

    TEXT = "text"
    CODE = "code"
    NUMBER = "number"
    FEN = "fen"
    """Integer fen, written as yuan with two decimals."""
    MOMENT = "moment"
    DAY = "day"


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One column. `key` names its total; `is_summed` columns are added up in the last row."""

    key: str
    title: str
    kind: Kind = Kind.TEXT
    width: int = 14
    is_summed: bool = False

    def __post_init__(self) -> None:
        assert not self.is_summed or self.kind in {Kind.NUMBER, Kind.FEN}


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """
    A table to be written. `title` stands over it whole: unit, table, period, maker, time. `facts` fill the sheet that
    explains (filter, time, author, head of the record …), `words` are its fixed words in the reader's language.
    """

    name: str
    title: str
    columns: Sequence[Column]
    zone: tzinfo
    facts: Mapping[str, str] = field(default_factory=dict)
    total: str = "合计"
    about: str = "说明"
    rows_word: str = "行数"


class TotalsDiffer(Exception):
    """What was written does not add up to what the database says: the file must not leave the house."""


def safe(text: str) -> str:
    """
    The text so that no program takes it for a formula: what begins with = + - @ tab or a line end, also behind blanks
    and in full width, gets an apostrophe before it. Other control characters are left out, as no cell may have them.
    """
    clean = _CONTROL.sub("", text)[: CELL_MAX - 1]
    return f"'{clean}" if clean.lstrip(_BLANK)[:1] in tuple(_STARTS) else clean


def file_name(unit: str, table: str, period: str, version: str, ending: str) -> str:
    """`单位_表名_期间_版本.xlsx`, with what no file name may have left out."""
    parts = [_UNSAFE_NAME.sub("", each).strip(" ._") or "-" for each in (unit, table, period, version)]
    return f"{'_'.join(parts)}.{ending}"


def write_xlsx(path: Path, table: Table, rows: Rows, expected: Mapping[str, int]) -> int:
    """
    Writes an Excel file and returns how many rows it has.

    `expected` are the totals of the database: `rows` for their count, and one for each summed column by its key.

    Raises:
        TotalsDiffer: they are not what was written; the file is taken away again.
    """
    options = {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False,
               "strings_to_numbers": False, "default_date_format": "yyyy-mm-dd"}  # fmt: skip
    book = xlsxwriter.Workbook(str(path), options)
    adding = _Adding(table, rows)
    _write_sheet(book, table, adding)
    _write_about(book, table, adding.count)
    book.close()
    try:
        adding.check(expected)
    except TotalsDiffer:
        path.unlink()
        raise
    return adding.count


def write_csv(path: Path, table: Table, rows: Rows, expected: Mapping[str, int]) -> int:
    """
    The same as CSV: UTF-8 with the mark that Excel asks for, CRLF. Raises as `write_xlsx` does.

    The title is the first line and the total the last, as in the sheet; times are ISO 8601 with their offset.
    """
    adding = _Adding(table, rows)
    with path.open("w", encoding="utf-8-sig", newline="") as file:
        out = csv.writer(file, lineterminator="\r\n")
        out.writerow([safe(table.title)])
        out.writerow([safe(each.title) for each in table.columns])
        for row in adding:
            out.writerow([_as_text(value, column, table) for value, column in zip(row, table.columns, strict=True)])
        out.writerow([_as_text(each, column, table) for each, column in zip(adding.last(), table.columns, strict=True)])
    try:
        adding.check(expected)
    except TotalsDiffer:
        path.unlink()
        raise
    return adding.count


class _Adding:
    """The rows as they go by, counted and added up."""

    def __init__(self, table: Table, rows: Rows) -> None:
        self._table = table
        self._rows = rows
        self.count = 0
        self._sums = {each.key: 0 for each in table.columns if each.is_summed}

    def __iter__(self) -> Iterator[Sequence[Value]]:
        places = [(place, each.key) for place, each in enumerate(self._table.columns) if each.is_summed]
        for row in self._rows:
            self.count += 1
            for place, key in places:
                value = row[place]
                self._sums[key] += int(value) if isinstance(value, (int, float)) else 0
            yield row

    def last(self) -> list[Value]:
        """The total row: its word and the count in the first columns that are free, each sum below its own."""
        row: list[Value] = [self._sums.get(each.key) for each in self._table.columns]
        words = iter([f"{self._table.total} {self.count}"])
        for place, column in enumerate(self._table.columns):
            if not column.is_summed and column.kind in {Kind.TEXT, Kind.CODE}:
                row[place] = next(words, None)
        return row

    def check(self, expected: Mapping[str, int]) -> None:
        written = {"rows": self.count, **self._sums}
        if written != {key: expected.get(key) for key in written}:
            raise TotalsDiffer(f"written {written}, the database says {dict(expected)}")


def _write_sheet(book: Any, table: Table, adding: _Adding) -> None:
    sheet = book.add_worksheet(_sheet_name(table.name))
    formats = _Formats(book)
    last = max(len(table.columns) - 1, 1)
    for place, column in enumerate(table.columns):
        sheet.set_column(place, place, column.width)
    sheet.merge_range(0, 0, 0, last, safe(table.title), formats.title)
    for place, column in enumerate(table.columns):
        sheet.write_string(1, place, safe(column.title), formats.head)
    sheet.freeze_panes(2, 0)
    number = 1
    for number, row in enumerate(adding, start=2):
        for place, (value, column) in enumerate(zip(row, table.columns, strict=True)):
            _write(sheet, number, place, value, column, formats, table.zone)
    if adding.count:
        sheet.autofilter(1, 0, number, len(table.columns) - 1)
    for place, (value, column) in enumerate(zip(adding.last(), table.columns, strict=True)):
        _write(sheet, number + 1, place, value, column, formats, table.zone, is_total=True)
    _prepare_print(sheet)


def _prepare_print(sheet: Any) -> None:
    """A4, landscape, as wide as the page, with the heads on every sheet."""
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.fit_to_pages(1, 0)
    sheet.repeat_rows(0, 1)
    sheet.set_footer("&C&P / &N")


def _write_about(book: Any, table: Table, count: int) -> None:
    sheet = book.add_worksheet(_sheet_name(table.about))
    sheet.set_column(0, 0, 20)
    sheet.set_column(1, 1, 90)
    for number, (name, value) in enumerate({**table.facts, table.rows_word: str(count)}.items()):
        sheet.write_string(number, 0, safe(name))
        sheet.write_string(number, 1, safe(value))


def _sheet_name(name: str) -> str:
    return re.sub(r"[\[\]:*?/\\']", "", name)[:31] or "1"


class _Formats:
    """The few looks that cells have."""

    def __init__(self, book: Any) -> None:
        self.title = book.add_format({"bold": True, "font_size": 14, "align": "left"})
        self.head = book.add_format({"bold": True, "text_wrap": True, "bottom": 1, "bg_color": "#E6ECEA"})
        looks = {Kind.TEXT: "@", Kind.CODE: "@", Kind.NUMBER: "0", Kind.FEN: "0.00", Kind.DAY: "yyyy-mm-dd"}
        looks[Kind.MOMENT] = "yyyy-mm-dd hh:mm:ss"
        self._plain = {kind: book.add_format({"num_format": look}) for kind, look in looks.items()}
        self._total = {
            kind: book.add_format({"num_format": look, "bold": True, "top": 1}) for kind, look in looks.items()
        }

    def of(self, kind: Kind, *, is_total: bool) -> Any:
        return (self._total if is_total else self._plain)[kind]


def _write(
    sheet: Any, row: int, place: int, value: Value, column: Column, formats: _Formats, zone: tzinfo,
    *, is_total: bool = False,
) -> None:  # fmt: skip
    look = formats.of(column.kind, is_total=is_total)
    if value is None:
        sheet.write_blank(row, place, None, look)
    elif column.kind is Kind.MOMENT and isinstance(value, datetime):
        sheet.write_datetime(row, place, value.astimezone(zone).replace(tzinfo=None), look)
    elif column.kind is Kind.DAY and isinstance(value, date):
        sheet.write_datetime(row, place, value, look)
    elif column.kind in {Kind.NUMBER, Kind.FEN} and isinstance(value, (int, float)):
        sheet.write_number(row, place, value / 100 if column.kind is Kind.FEN else value, look)
    else:
        sheet.write_string(row, place, safe(str(value)), look)


def _as_text(value: Value, column: Column, table: Table) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return value.astimezone(table.zone).isoformat(timespec="seconds")
    if column.kind is Kind.FEN and isinstance(value, int):
        return f"{'-' if value < 0 else ''}{abs(value) // 100}.{abs(value) % 100:02}"
    if column.kind is Kind.NUMBER and isinstance(value, (int, float)):
        return str(value)
    return safe(str(value))
