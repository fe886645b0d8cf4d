"""The pages and the programs' side of meals."""

from typing import Any

from config.wiring import House
from schedules.meals.web.api import canteens_api, meals_api
from schedules.meals.web.pages import meal_pages


def meal_blueprints(house: House) -> list[Any]:
    """All of them."""
    own = house.homecare.meals
    return [
        meal_pages(
            own.catering,
            own.desk,
            own.ordering,
            own.own_pay,
            own.waiting,
            clock=house.clock,
            zone=house.calendar.tzinfo,
        ),
        meals_api(own.catering, own.desk, transactions=house.transactions),
        canteens_api(own.desk, transactions=house.transactions),
    ]
