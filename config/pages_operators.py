"""The pages and the programs' side of money for whoever serves."""

from typing import Any

from config.wiring import House
from schedules.money.operators.web.api import operators_api
from schedules.money.operators.web.pages import operator_pages


def operator_blueprints(house: House) -> list[Any]:
    """Over what the wiring has built."""
    own = house.homecare.operators
    return [
        operator_pages(
            own.filing, own.settling, house.reading, house.transactions, house.calendar.tzinfo,
            today=lambda: house.calendar.day_of(house.clock.now()),
        ),
        operators_api(own.filing, own.settling, transactions=house.transactions),
    ]  # fmt: skip
