"""Puts together the pages of visits: for people at desks, for carers, for programs."""

from flask import Blueprint

from config.wiring import House
from dispatch.accounts.carers import CarerSignIn
from dispatch.web.options import WebOptions
from schedules.care.visit_book import VisitBook
from schedules.care.web.visit_carer import visit_carer_pages
from schedules.care.web.visit_pages import visit_pages
from schedules.care.web.visits_api import visits_blueprint


def care_pages(house: House, options: WebOptions, secret: str) -> list[Blueprint]:
    """Every blueprint of visits."""
    visiting = house.homecare.visits.visiting
    book = VisitBook(house.reading, house.clock, house.calendar)
    carers = CarerSignIn(house.transactions, house.reading, house.clock, secret=secret, nudge=house.nudges)
    return [
        visit_pages(visiting, book, new_id=house.ids),
        visits_blueprint(visiting, book, transactions=house.transactions),
        visit_carer_pages(carers, visiting, book, options=options, new_id=house.ids),
    ]
