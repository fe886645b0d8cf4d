"""Puts together the pages of visits: for people at desks, for programs."""

from functools import partial

from flask import Blueprint

from config.pages_carers import item_name
from config.wiring import House
from schedules.care.visit_book import VisitBook
from schedules.care.web.visit_pages import visit_pages
from schedules.care.web.visits_api import visits_blueprint


def care_pages(house: House) -> list[Blueprint]:
    """Every blueprint of visits."""
    visiting = house.homecare.visits.visiting
    book = VisitBook(house.reading, house.clock, house.calendar)
    return [
        visit_pages(
            visiting,
            book,
            new_id=house.ids,
            item_name=partial(item_name, house.homecare.beds.items, house.homecare.rounds.ordering.services),
        ),
        visits_blueprint(visiting, book, transactions=house.transactions),
    ]
