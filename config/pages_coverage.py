"""Puts together the pages of coverage."""

from typing import Any

from config.wiring import House
from schedules.coverage.outlook import Outlooks
from schedules.coverage.web.api import coverage_api
from schedules.coverage.web.pages import coverage_pages


def coverage_blueprints(house: House) -> list[Any]:
    """The page and the API."""
    outlooks = Outlooks(house.reading, house.clock, house.calendar)
    return [coverage_pages(outlooks), coverage_api(outlooks)]
