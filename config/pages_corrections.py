"""The pages and the programs' side of rules that were corrected backwards."""

from collections.abc import Callable, Mapping

from flask import Blueprint

from config.wiring import House
from schedules.money.corrections.web.api import corrections_api
from schedules.money.corrections.web.pages import correction_pages


def correction_blueprints(house: House, names: Callable[[], Mapping[str, str]]) -> list[Blueprint]:
    """`names` says what operators are called, by reference."""
    desk = house.homecare.corrections.desk
    return [
        correction_pages(desk, names=names, zone=house.calendar.tzinfo),
        corrections_api(desk, transactions=house.transactions),
    ]
