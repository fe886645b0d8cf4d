"""
A file as rows of cells, whatever program wrote it: xlsx, xls, ods by calamine, CSV in UTF-8 (with or without its mark)
or GB 18030. Of formulas only the value that stood there last is read; nothing is computed and nothing is fetched.

Before anything is unpacked: at most 20 MB, at most 200 MB unpacked, at most 2,000 parts (ASVS 5.0, 5.2.1 and 5.2.3).
"""

import csv
import io
import re
import zipfile
import zlib
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from python_calamine import CalamineError, CalamineSheet, CalamineWorkbook, PasswordError, SheetVisibleEnum

from dispatch.errors import Invalid

FILE_MAX = 20 * 1024 * 1024
UNPACKED_MAX = 200 * 1024 * 1024
PARTS_MAX = 2_000
ROWS_MAX = 100_100
COLUMNS_MAX = 120
CELL_MAX = 1_000
"""What no register of a district reaches."""

_ROW = re.compile(rb"<(?:\w+:)?row\b[^>]*>")
_ZIP, _OLE = b"PK\x03\x04", b"\xd0\xcf\x11\xe0"


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheet:
    """
    The first visible sheet. Rows are counted as the program that wrote it counts them, from 1 for `rows[0]`; `hidden`
    are rows nobody sees there, `others` further sheets that were left aside.
    """

    name: str
    rows: Sequence[Sequence[Any]]
    hidden: frozenset[int] = frozenset()
    others: Sequence[str] = field(default_factory=tuple)


def read_sheet(content: bytes, name: str) -> Sheet:
    """
    The sheet in this file.

    Raises:
        Invalid: too large, no table of a kind we know, locked with a password, or broken; the cure is said.
    """
    if len(content) > FILE_MAX:
        raise _no("The file is larger than 20 MB: split it.")
    if not content.strip():
        raise _no("The file is empty.")
    is_book = content.startswith((_ZIP, _OLE))
    found = _workbook(content) if is_book else Sheet(name=name, rows=_csv(_text(content)))
    if len(found.rows) > ROWS_MAX:
        raise _no("More than 100,000 rows: split the file.")
    return found


def _workbook(content: bytes) -> Sheet:
    if content.startswith(_ZIP):
        _refuse_bomb(content)
    try:
        book = CalamineWorkbook.from_filelike(io.BytesIO(content))
        seen = [each for each in book.sheets_metadata if each.visible == SheetVisibleEnum.Visible]
        if not seen:
            raise _no("No sheet of the file is visible.")
        number = book.sheet_names.index(seen[0].name)
        sheet = book.get_sheet_by_index(number)
        if sheet.total_height > ROWS_MAX:
            raise _no("More than 100,000 rows: split the file.")
        if sheet.total_width > COLUMNS_MAX * 10:
            raise _no("The sheet has too many columns: take away those that are no part of the list.")
        rows = _rows(sheet)
        merged = sheet.merged_cell_ranges or []
    except PasswordError:
        raise _no("The file is locked with a password: save it without one.") from None
    # The library of Rust panics on some broken files, as an exception that is none of Python's.
    except (CalamineError, OSError, ValueError, IndexError, KeyError, zipfile.BadZipFile) as error:
        raise _no("The file is broken, or no table: save it again as .xlsx.") from error
    for first, last in merged:
        _fill(rows, first, last)
    return Sheet(name=seen[0].name, rows=rows, hidden=_hidden(content, number), others=[each.name for each in seen[1:]])


def _rows(sheet: CalamineSheet) -> list[list[Any]]:
    """
    The cells row by row, from the first of the file on: all at once they would be made in one call into the library,
    during which no other thread runs, a second for 60,000 rows.
    """
    # Rows above the first cell come with it, the columns before it do not.
    lead = [""] * (sheet.start or (0, 0))[1]
    return [(lead + list(row))[:COLUMNS_MAX] for row in sheet.iter_rows()]


def _fill(rows: list[list[Any]], first: tuple[int, int], last: tuple[int, int]) -> None:
    """A merged cell stands in all of its rows: two people of one home often share their address so."""
    if first[0] >= len(rows) or first[1] >= len(rows[first[0]]):
        return
    value = rows[first[0]][first[1]]
    for row in rows[first[0] : last[0] + 1]:
        if first[1] < len(row) and first[1] == last[1]:
            row[first[1]] = value


def _refuse_bomb(content: bytes) -> None:
    """Unpacks everything once in small pieces, counted: the sizes that an archive tells of itself may be wrong."""
    left = UNPACKED_MAX
    try:
        with zipfile.ZipFile(io.BytesIO(content)) as archive:
            if len(archive.infolist()) > PARTS_MAX:
                raise _no("The file has too many parts.")
            for part in archive.infolist():
                with archive.open(part) as unpacked:
                    while piece := unpacked.read(1024 * 1024):
                        left -= len(piece)
                        if left < 0:
                            raise _no("The file is too large once it is unpacked.")
    except (zipfile.BadZipFile, zlib.error, OSError, NotImplementedError, RuntimeError, EOFError, ValueError) as error:
        raise _no("The file is broken, or no table: save it again as .xlsx.") from error


def _hidden(content: bytes, number: int) -> frozenset[int]:
    """Rows that the program hides (xlsx only; calamine does not tell them)."""
    if not content.startswith(_ZIP):
        return frozenset()
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        path = f"xl/worksheets/sheet{number + 1}.xml"
        if path not in archive.namelist():
            return frozenset()
        # One after the other: all at once they would be looked for in one call, and no other thread would run.
        found = (each[0] for each in _ROW.finditer(archive.read(path)) if b"hidden" in each[0])
        rows = [re.search(rb'\br="(\d{1,7})"', each) for each in found if re.search(rb'\bhidden="(?:1|true)"', each)]
    return frozenset(int(each[1]) for each in rows if each)


def _text(content: bytes) -> str:
    if b"\x00" in content:
        raise _no("The file is no table: save it as .xlsx, or as CSV.")
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            return content.decode(encoding)
        except UnicodeDecodeError:
            continue
    raise _no("The letters of the file cannot be read: save it as CSV UTF-8.")


def _csv(text: str) -> list[list[Any]]:
    first = next((line for line in text.splitlines() if line.strip()), "")
    delimiter = max(",\t;", key=first.count)
    try:
        rows = []
        for row in csv.reader(io.StringIO(text, newline=""), delimiter=delimiter):
            rows.append(list(row[:COLUMNS_MAX]))
            if len(rows) > ROWS_MAX:
                break
        return rows
    except csv.Error:
        raise _no("The file is no CSV: a quotation mark is not closed, or a cell is far too long.") from None


def _no(detail: str) -> Invalid:
    return Invalid(detail, {"json": {"file": [detail]}})
