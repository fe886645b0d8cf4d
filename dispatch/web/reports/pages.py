"""`/reports` and its neighbours: the lists behind numbers, charts, the printable month, PDF, Excel, the signature."""

import base64
from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote, urlencode

from flask import Blueprint, Response, current_app, flash, make_response, redirect, render_template, request
from werkzeug.wrappers import Response as AnyResponse

from dispatch.errors import Invalid, NotFound
from dispatch.figures.counted import after, before
from dispatch.ids import StationId
from dispatch.rules.figures.calls import Call
from dispatch.rules.figures.counting import SECOND_US
from dispatch.rules.figures.lines import EPOCH
from dispatch.rules.figures.report import Report, digest
from dispatch.rules.rights import Area, Right
from dispatch.web import words
from dispatch.web.access import area, caller, may, require
from dispatch.web.i18n import N_, current_words, gettext
from dispatch.web.reports import charts, excel, pdf
from dispatch.web.reports.desk import ReportDesk, Wanted
from dispatch.web.reports.labels import COLUMNS, FIGURES
from dispatch.web.reports.showing import Showing

LISTED = 200
"""Rows of a list on one page."""

SHOWS: Mapping[str, str] = {"met": N_("those that are"), "missed": N_("those that are not"), "all": N_("all of them")}

Plain = dict[str, Any]


def reports_blueprint(desk: ReportDesk) -> Blueprint:
    """Everything below `/reports`."""
    bp, pages = Blueprint("reports", __name__), _Pages(desk)

    @bp.get("/reports")
    @require(Right.FIGURES_SEE)
    def reports() -> str:
        return render_template("reports.html", **pages.whole(_month(desk), area()))

    @bp.get("/reports/calls")
    @require(Right.FIGURES_SEE)
    def calls() -> str:
        asked = request.args
        show = asked.get("show", "all")
        if show not in SHOWS:
            raise Invalid("Please choose one.", {"query": {"show": ["unknown"]}})
        wanted = Wanted(
            month=_month(desk), figure=asked.get("figure", "calls_total"), show=show, part=asked.get("part", ""),
            of=asked.get("of", ""),
        )  # fmt: skip
        return render_template("report_calls.html", **pages.listed(wanted, area(), _page()))

    @bp.get("/reports/chart/<name>.svg")
    @require(Right.FIGURES_SEE)
    def chart(name: str) -> Response:
        theme = request.args.get("theme", "light")
        if name not in charts.NAMES or theme not in charts.THEMES:
            raise NotFound("There is no such chart.")
        picture = make_response(pages.chart(name, _month(desk), area(), theme))
        picture.mimetype = "image/svg+xml"
        # A picture that brings its own style, and nothing else.
        picture.headers["Content-Security-Policy"] = "default-src 'none'; style-src 'unsafe-inline'"
        return picture

    @bp.get("/reports/print")
    @require(Right.FIGURES_SEE)
    def printed() -> str:
        return render_template("report_print.html", **pages.printed(_month(desk), area(), bare=False))

    @bp.get("/reports/monthly.pdf")
    @require(Right.FIGURES_SEE)
    def as_pdf() -> AnyResponse:
        month = _month(desk)
        if not pdf.is_possible():
            return redirect(f"/reports/print?month={month}", 303)
        page = render_template("report_print.html", **pages.printed(month, area(), bare=True))
        try:
            made = pdf.pdf_of(page)
        except pdf.NoPdf:
            return redirect(f"/reports/print?month={month}", 303)
        return _file(made, "application/pdf", pages.file_name(month, "pdf"))

    @bp.get("/reports/monthly.xlsx")
    @require(Right.EXPORT)
    def as_excel() -> AnyResponse:
        month = _month(desk)
        return _file(pages.workbook(month, area()), excel.MIME, pages.file_name(month, "xlsx"))

    @bp.post("/reports/sign")
    @require(Right.REVIEW)
    def sign() -> AnyResponse:
        month = request.form.get("month", "")
        desk.figures.bounds(month)
        desk.signing.sign(month, area=area(), by=caller(), seen=request.form.get("digest", ""))
        flash(gettext("Signed."))
        return redirect(f"/reports?month={month}#signed", 303)

    return bp


def _month(desk: ReportDesk) -> str:
    """The month that was asked for, last month when none was."""
    month = request.args.get("month", "").strip() or desk.figures.last_month()
    desk.figures.bounds(month)
    return month


def _page() -> int:
    text = request.args.get("page", "1")
    return max(1, int(text)) if text.isascii() and text.isdigit() and len(text) < 7 else 1


def _file(content: bytes, mime: str, name: str) -> Response:
    answer = Response(content, mimetype=mime)
    answer.headers["Content-Disposition"] = f"attachment; filename=\"report\"; filename*=UTF-8''{quote(name)}"
    return answer


class _Pages:
    """Gathers what the templates show."""

    def __init__(self, desk: ReportDesk) -> None:
        self._desk = desk
        self._figures = desk.figures

    def whole(self, month: str, mine: Area) -> Plain:
        """Everything on `/reports`."""
        report, names = self._figures.report(month, mine), self._desk.names()
        later = after(month)
        return {
            **self._common(month, mine, report, names),
            "earlier": before(month), "later": later if later <= self._figures.this_month() else None,
            "over": self._figures.is_over(month), "pdf": pdf.is_possible(), "digest": digest(report),
            "headline": Showing(report, current_words(), names).headline(),
            "may_sign": may(Right.REVIEW) and mine.is_district and self._figures.is_over(month),
            "chart_url": lambda name, theme: f"/reports/chart/{name}.svg?{urlencode({'month': month, 'theme': theme})}",
        }  # fmt: skip

    def printed(self, month: str, mine: Area, *, bare: bool) -> Plain:
        """The printable page; `bare` is the one that becomes a PDF."""
        report = self._figures.report(month, mine)
        pictures = {
            name: "data:image/svg+xml;base64," + base64.b64encode(self.chart(name, month, mine, "light")).decode()
            for name in charts.NAMES
        }
        common = self._common(month, mine, report, self._desk.names())
        return {**common, "pictures": pictures, "bare": bare, "district": self._desk.district()}

    def chart(self, name: str, month: str, mine: Area, theme: str) -> bytes:
        said = current_words()
        if name == "hours":
            return charts.hours(self._figures.report(month, mine), said, theme)
        draw = charts.trend if name == "trend" else charts.times
        return draw(self._figures.trend(month, mine), said, theme)

    def workbook(self, month: str, mine: Area) -> bytes:
        """The month as Excel, every call a row."""
        report, calls = self._figures.report(month, mine), self._figures.calls(month, mine)
        operator = caller()
        names = self._desk.names()
        maker = excel.Maker(district=self._desk.district(), by=names.get(operator, operator), at=self._desk.clock.now())
        return excel.workbook(
            report, calls, self._desk.numbers([each.id for each in calls]), names=names, said=current_words(),
            maker=maker, zone=self._figures.zone,
        )  # fmt: skip

    def file_name(self, month: str, kind: str) -> str:
        """单位_表名_期间_版本 (CARE-RULES, 5.2)."""
        district = self._desk.district() or "anling"
        return f"{district}_{gettext('Monthly report of emergency calls')}_{month}_v1.{kind}".replace(" ", "-")

    def listed(self, wanted: Wanted, mine: Area, page: int) -> Plain:
        """The alarms behind a number."""
        found, names = self._desk.listed(wanted, mine), self._desk.names()
        some = found[(page - 1) * LISTED : page * LISTED]
        numbers = self._desk.numbers([each.id for each in some])
        asked = {"month": wanted.month, "figure": wanted.figure, "show": wanted.show, "part": wanted.part,
                 "of": wanted.of, "page": page + 1}  # fmt: skip
        showing = Showing(self._figures.report(wanted.month, mine), current_words(), names)
        return {
            "name": gettext(FIGURES[wanted.figure]), "month": wanted.month, "show": wanted.show,
            "shows": {key: gettext(text) for key, text in SHOWS.items()}, "count": len(found),
            "which": showing.name_of(wanted.part, wanted.of) if wanted.part and _is_ours(wanted, mine) else "",
            "rows": [self._row(each, numbers, names) for each in some], "review": self._review(wanted),
            "more": f"/reports/calls?{urlencode(asked)}" if len(found) > page * LISTED else "",
        }  # fmt: skip

    def _row(self, call: Call, numbers: Mapping[str, str], names: Mapping[str, str]) -> Plain:
        outcome = words.OUTCOMES.get(call.outcome or "")
        at = EPOCH + timedelta(microseconds=call.at_us)
        return {
            "id": call.id, "number": numbers.get(call.id, call.id), "at": self._moment(at),
            "station": names.get(call.station, call.station) or "—",
            "cause": gettext(words.CAUSES[call.cause]) if call.cause in words.CAUSES else call.cause,
            "outcome": gettext(outcome) if outcome else call.outcome or gettext("open"),
            "acked": _seconds(call.acked_us), "arrived": _minutes(call.arrived_us),
        }  # fmt: skip

    def _review(self, wanted: Wanted) -> str:
        """The same month in the response log, where this service has that page."""
        if not any(rule.rule == "/review" for rule in current_app.url_map.iter_rules()):
            return ""
        start_us, end_us = self._figures.bounds(wanted.month)
        days = [(EPOCH + timedelta(microseconds=us)).astimezone(self._figures.zone) for us in (start_us, end_us - 1)]
        asked = {"from": f"{days[0]:%Y-%m-%d}", "to": f"{days[1]:%Y-%m-%d}"}
        if wanted.part == "station" and wanted.of:
            asked["station"] = wanted.of
        return f"/review?{urlencode(asked)}"

    def _common(self, month: str, mine: Area, report: Report, names: Mapping[str, str]) -> Plain:
        showing = Showing(report, current_words(), names)
        trend = self._figures.trend(month, mine)
        rows = [(each, None if told is None else self._trend_row(told, names)) for each, told in trend]
        return {
            "month": month, "whole": showing.whole(), "tables": showing.tables(), "limits": report["limits"],
            "left_out": report["left_out"], "head": report["head"], "signed": self._signed(month, mine, names),
            "charts": {name: gettext(text) for name, text in charts.NAMES.items()},
            "trend": rows[::-1], "trend_heads": [gettext(FIGURES[key]) for key in COLUMNS],
            "counting": sum(told is None for _, told in trend),
            "area_names": "" if mine.stations is None else gettext(", ").join(
                sorted(names.get(each, each) for each in mine.stations)
            ),
        }  # fmt: skip

    def _trend_row(self, report: Report, names: Mapping[str, str]) -> list[Any]:
        showing = Showing(report, current_words(), names)
        return [showing.one(key, report["figures"][key]) for key in COLUMNS]

    def _signed(self, month: str, mine: Area, names: Mapping[str, str]) -> Sequence[Plain]:
        if not mine.is_district:
            return []
        return [
            {
                "by": names.get(signed.signed_by, signed.signed_by), "at": self._moment(signed.signed_at),
                "digest": signed.digest, "head": signed.figures["head"]["number"], "differs": differs,
            }
            for signed, differs in self._desk.signed(month)
        ]  # fmt: skip

    def _moment(self, at: datetime) -> str:
        return at.astimezone(self._figures.zone).strftime("%Y-%m-%d %H:%M:%S")


def _is_ours(wanted: Wanted, mine: Area) -> bool:
    """Another station is not named, whatever the address asks."""
    return wanted.part != "station" or mine.covers(StationId(wanted.of))


def _seconds(us: int | None) -> str:
    return "—" if us is None else gettext("%(n)s s", n=us // SECOND_US)


def _minutes(us: int | None) -> str:
    return "—" if us is None else gettext("%(n)s min", n=us // (6 * SECOND_US) / 10)
