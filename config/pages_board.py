"""Puts together the pages of the console: claims, the map, the wall, history, handover, the duty sheet, paper."""

from collections.abc import Callable, Mapping

from flask import Blueprint

from config.wiring import House
from dispatch.handover.history import FalseAlarms
from dispatch.web.alarms import Names
from dispatch.web.claims import Desk, claim_forms, claims_blueprint

Operators = Callable[[], Mapping[str, str]]


def console_blueprints(house: House, operators: Operators) -> list[Blueprint]:
    """Everything of the console but the board itself."""
    names, claims = Names(house.reading), Desk(house.console.claiming, operators)
    return [claims_blueprint(claims, names), claim_forms(claims, names)]


def false_alarms(house: House) -> FalseAlarms:
    """How often it was a false alarm this month."""
    return FalseAlarms(house.reading, house.clock, month_of=house.calendar.month_of)
