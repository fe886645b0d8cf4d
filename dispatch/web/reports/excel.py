"""
The month as a workbook: the figures, a sheet for each breakdown, every call, and how it was counted.

Text is text and numbers are numbers; a cell that a program could take for a formula is disarmed (CARE-RULES, 5.2), and
total rows are checked against the report before anything is given out.
"""

import io
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta, tzinfo
from typing import Any

import xlsxwriter  # type: ignore[import-untyped]

from dispatch.rules.figures.calls import Call
from dispatch.rules.figures.counting import MINUTE_US, PARTS, SECOND_US
from dispatch.rules.figures.lines import EPOCH
from dispatch.rules.figures.report import Report
from dispatch.web import words
from dispatch.web.i18n import N_, Words
from dispatch.web.reports.showing import Names, Showing

MIME = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")

CALL_COLUMNS: Sequence[tuple[str, int]] = (
    (N_("Alarm"), 12), (N_("Raised"), 20), (N_("Station"), 20), (N_("Street"), 14), (N_("Community"), 14),
    (N_("Cause"), 14), (N_("Outcome"), 14), (N_("Noticed after, s"), 12), (N_("Accepted after, s"), 12),
    (N_("Arrived after, min"), 12), (N_("Closed after, min"), 12), (N_("Presses"), 8), (N_("Counted"), 12),
)  # fmt: skip


class Uneven(Exception):
    """A total row is not what the report says: nothing is given out."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Maker:
    """Who made the workbook, of which district, when."""

    district: str
    by: str
    at: datetime


def guarded(value: str) -> str:
    """A text that no spreadsheet takes for a formula, however it is opened later."""
    return f"'{value}" if value.startswith(_FORMULA) else value


def workbook(
    report: Report, calls: Sequence[Call], numbers: Mapping[str, str], *, names: Names, said: Words, maker: Maker,
    zone: tzinfo,
) -> bytes:  # fmt: skip
    """
    The whole book. `calls` are those that count; `numbers` are the short numbers of alarms, by id.

    Raises:
        Uneven: the rows do not add up to the report.
    """
    _check(report, calls)
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"constant_memory": True, "strings_to_formulas": False, "strings_to_urls": False})
    writer = _Writer(book, Showing(report, said, names), said, maker)
    writer.summary()
    for table in writer.showing.tables():
        writer.breakdown(table.part)
    writer.calls(calls, numbers, names, zone)
    writer.explanation(zone)
    book.close()
    return out.getvalue()


class _Writer:
    """Writes sheet after sheet, each row by row."""

    def __init__(self, book: Any, showing: Showing, said: Words, maker: Maker) -> None:
        self._book = book
        self.showing = showing
        self._report = showing.report
        self._said = said
        self._maker = maker
        self._title = book.add_format({"bold": True, "font_size": 14})
        self._head = book.add_format({"bold": True, "text_wrap": True, "border": 1, "bg_color": "#E6ECEA"})
        self._text = book.add_format({"num_format": "@", "border": 1})
        self._whole = book.add_format({"num_format": "0", "border": 1})
        self._part = book.add_format({"num_format": "0.0", "border": 1})
        self._share = book.add_format({"num_format": "0.0%", "border": 1})
        self._plain = book.add_format({"text_wrap": True, "valign": "top"})

    def summary(self) -> None:
        """Every figure of the whole, with what it is of."""
        sheet = self._sheet(N_("Figures"), [(N_("Figure"), 44), (N_("Value"), 12), (N_("Part"), 10), (N_("n"), 10),
                                           (N_("Note"), 40)])  # fmt: skip
        for row, shown in enumerate(self.showing.whole(), start=3):
            figure = self._report["figures"][shown.key]
            self._put(sheet, row, 0, shown.name)
            self._figure(sheet, row, 1, figure)
            self._put(sheet, row, 2, figure.get("k"))
            self._put(sheet, row, 3, figure["n"])
            self._put(sheet, row, 4, self._said.gettext("few cases: n is below 5") if shown.small else "")

    def breakdown(self, part: str) -> None:
        """A row for each part; calls add up to the whole, or nothing is given out."""
        table = self.showing.table(part)
        heads = [(self.showing.table(part).title, 24)]
        for name in table.heads:
            heads += [(name, 14), ("n", 8)]
        sheet, rows = self._sheet(table.title, heads, translated=True), self._report["by"][part]
        total = 0
        for number, (row, (name, _)) in enumerate(zip(rows, table.rows, strict=True), start=3):
            self._put(sheet, number, 0, name)
            for place, key in enumerate(table.keys):
                figure = row["figures"].get(key)
                self._figure(sheet, number, 1 + 2 * place, figure)
                self._put(sheet, number, 2 + 2 * place, None if figure is None else figure["n"])
            total += row["figures"].get("calls_total", {"n": 0})["n"]
        if "calls_total" in table.keys:
            self._put(sheet, len(rows) + 3, 0, self._said.gettext("Total"))
            self._put(sheet, len(rows) + 3, 1, total)

    def calls(self, calls: Iterable[Call], numbers: Mapping[str, str], names: Names, zone: tzinfo) -> None:
        """A row for each call."""
        sheet = self._sheet(N_("Calls"), CALL_COLUMNS)
        row = 3
        for call in calls:
            for column, value in enumerate(self._call(call, numbers, names, zone)):
                self._put(sheet, row, column, value)
            row += 1
        self._put(sheet, row, 0, self._said.gettext("Total"))
        self._put(sheet, row, 1, row - 3)

    def explanation(self, zone: tzinfo) -> None:
        """How it was counted, by which limits, from which record."""
        report, say = self._report, self._said.gettext
        sheet = self._book.add_worksheet(say("Notes")[:31])
        sheet.set_column(0, 0, 30)
        sheet.set_column(1, 1, 90)
        stations = say("whole district") if report["stations"] is None else ", ".join(
            self.showing.name_of("station", each) for each in report["stations"]
        )  # fmt: skip
        limits, head = report["limits"], report["head"]
        rows = [
            (say("Month"), f"{report['month']} ({zone})"), (say("Stations"), stations),
            (say("Made by"), self._maker.by), (say("Made at"), _local(self._maker.at, zone)),
            (say("Limits"), say("noticed %(ack)s s, human contact %(response)s s, on site %(site)s min",
                                ack=limits["ack_s"], response=limits["response_s"], site=limits["on_site_min"])),
            (say("Rows"), str(report["figures"]["calls_total"]["n"])),
            (say("Left out: exercises"), str(report["left_out"]["exercise"])),
            (say("Left out: raised while only listening"), str(report["left_out"]["shadow"])),
            (say("Head of the record"), f"{head['number']} · {head['hash']}"),
            (say("Percentiles"), say("by nearest rank: a value that occurred, never a mean")),
            (say("Recounting"), "python3 config/recompute_figures.py (docs/figures.md)"),
        ]  # fmt: skip
        for row, (name, value) in enumerate(rows):
            sheet.write_string(row, 0, guarded(name), self._head)
            sheet.write_string(row, 1, guarded(value), self._plain)

    def _call(
        self, call: Call, numbers: Mapping[str, str], names: Names, zone: tzinfo
    ) -> list[str | int | float | None]:
        say = self._said.gettext
        counted = say("duplicate") if call.duplicate or call.outcome == "duplicate" else ""
        counted = say("test") if call.outcome == "test" else counted
        outcome = words.OUTCOMES.get(call.outcome or "")
        return [
            numbers.get(call.id, ""), _local(EPOCH + timedelta(microseconds=call.at_us), zone),
            names.get(call.station, call.station), call.street, call.community,
            say(words.CAUSES[call.cause]) if call.cause in words.CAUSES else call.cause,
            say(outcome) if outcome else call.outcome or say("open"),
            _in(call.acked_us, SECOND_US), _in(call.accepted_us, SECOND_US), _tenths(call.arrived_us),
            _tenths(call.closed_us), call.presses, counted or say("valid"),
        ]  # fmt: skip

    def _sheet(self, name: str, columns: Sequence[tuple[str, int]], *, translated: bool = False) -> Any:
        """A sheet with its title row, frozen heads, ready to be printed on A4."""
        say = (lambda text: text) if translated else self._said.gettext
        sheet = self._book.add_worksheet(say(name)[:31])
        sheet.set_landscape()
        sheet.set_paper(9)
        sheet.fit_to_pages(1, 0)
        sheet.repeat_rows(0, 2)
        for column, (_, width) in enumerate(columns):
            sheet.set_column(column, column, width)
        sheet.write_string(0, 0, guarded(f"{self._maker.district} {say(name)} {self._report['month']}"), self._title)
        signs = (N_("Made by"), self._maker.by), (N_("Reviewed by"), "________"), (N_("Date"), "________")
        line = "    ".join(f"{self._said.gettext(label)}: {value}" for label, value in signs)
        sheet.write_string(1, 0, guarded(line))
        for column, (head, _) in enumerate(columns):
            sheet.write_string(2, column, guarded(say(head)), self._head)
        sheet.freeze_panes(3, 1)
        return sheet

    def _figure(self, sheet: Any, row: int, column: int, figure: Mapping[str, Any] | None) -> None:
        if figure is None or figure.get("rate", 0) is None or figure.get("minutes", 0) is None:
            sheet.write_string(row, column, "—", self._text)
        elif "rate" in figure:
            sheet.write_number(row, column, figure["rate"], self._share)
        elif "minutes" in figure:
            sheet.write_number(row, column, figure["minutes"], self._part)
        else:
            sheet.write_number(row, column, figure["n"], self._whole)

    def _put(self, sheet: Any, row: int, column: int, value: str | float | None) -> None:
        if value is None:
            sheet.write_string(row, column, "", self._text)
        elif isinstance(value, str):
            sheet.write_string(row, column, guarded(value), self._text)
        else:
            sheet.write_number(row, column, value, self._part if value % 1 else self._whole)


def _check(report: Report, calls: Sequence[Call]) -> None:
    """Before anything is written: every total row will be what the report says."""
    told = report["figures"]["calls_total"]["n"]
    totals = {"calls": len(calls)} | {
        part: sum(row["figures"].get("calls_total", {"n": 0})["n"] for row in report["by"][part]) for part in PARTS
    }
    uneven = {name: total for name, total in totals.items() if total != told}
    if uneven:
        raise Uneven(f"{uneven}, and the report says {told}")


def _in(us: int | None, unit: int) -> int | None:
    return None if us is None else us // unit


def _tenths(us: int | None) -> float | None:
    return None if us is None else us // (MINUTE_US // 10) / 10


def _local(at: datetime, zone: tzinfo) -> str:
    return at.astimezone(zone).isoformat(sep=" ", timespec="seconds")
