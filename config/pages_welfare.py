"""The pages and the programs' side of the welfare signal."""

from collections.abc import Callable, Mapping

from flask import Blueprint

from config.wiring import House
from schedules.welfare.web.api import welfare_blueprint
from schedules.welfare.web.pages import welfare_pages


def welfare_blueprints(house: House, names: Callable[[], Mapping[str, str]]) -> list[Blueprint]:
    """`names` says what people are called, by reference."""
    own = house.homecare.welfare
    return [
        welfare_pages(own.office, failed=lambda: own.gathering.failed, names=names, zone=house.calendar.tzinfo),
        welfare_blueprint(own.office, own.gathering, house.reading, transactions=house.transactions),
    ]
