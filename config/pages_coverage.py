"""Puts together the pages of coverage and of service points."""

from typing import Any

from config.wiring import House
from schedules.coverage.outlook import Outlooks
from schedules.coverage.web.api import coverage_api
from schedules.coverage.web.pages import coverage_pages
from schedules.places.desk import PlacesDesk
from schedules.places.web.api import places_api
from schedules.places.web.pages import places_pages


def coverage_blueprints(house: House) -> list[Any]:
    """The pages and the API."""
    outlooks = Outlooks(house.reading, house.clock, house.calendar)
    places = PlacesDesk(
        house.transactions, house.reading, house.clock, house.calendar, house.muster.travel,
        is_holiday=house.homecare.duty.holidays.is_off,
    )  # fmt: skip
    return [
        coverage_pages(outlooks), coverage_api(outlooks), places_pages(places),
        places_api(places, transactions=house.transactions),
    ]  # fmt: skip
