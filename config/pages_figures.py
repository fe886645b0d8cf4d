"""Puts the reports together: the counting, the signature, the pages and the programs' side."""

from flask import Blueprint

from config.wiring import House
from dispatch.figures.counted import Figures
from dispatch.figures.signing import Signing
from dispatch.rules.figures.counting import Limits
from dispatch.web.reports.desk import ReportDesk
from dispatch.web.reports.pages import reports_blueprint
from dispatch.web.reports.wire import reports_api
from schedules.timetable import Periodic

READY_EVERY_S = 30.0


def figure_pages(house: House) -> list[Blueprint]:
    """`/reports` and `/api/v1/reports`; last month is counted in the background and kept."""
    own = house.settings.figures
    limits = Limits(ack_s=own.ack_s, response_s=own.response_s, on_site_min=own.on_site_min)
    figures = Figures(house.reading, zone=house.calendar.tzinfo, limits=limits, clock=house.clock)
    if house.runner is not None:
        house.runner.join((Periodic(name="count_last_month", every_s=READY_EVERY_S, work=figures.keep_ready),))
    desk = ReportDesk(house.reading, figures, Signing(house.transactions, house.reading, figures), house.clock)
    return [reports_blueprint(desk), reports_api(desk, transactions=house.transactions)]
