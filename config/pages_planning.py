"""Puts the pages and the programs' side of planning together."""

from flask import Blueprint

from config.wiring import House
from schedules.planning.web.api import plans_api
from schedules.planning.web.pages import planning_pages
from schedules.planning.web.shown import PlansShown


def planning_blueprints(house: House) -> list[Blueprint]:
    """`/planning` and `/api/v1/plans`."""
    desk = house.homecare.planning.desk
    shown = PlansShown(desk, house.reading)
    return [
        planning_pages(desk, shown, house.clock, house.calendar),
        plans_api(desk, shown, transactions=house.transactions),
    ]
