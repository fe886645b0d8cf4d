"""The pages and the programs' side of rules that were corrected backwards."""

from collections.abc import Callable, Mapping

from flask import Blueprint
from sqlalchemy import select

from config.wiring import House
from dispatch.store.database import Engine
from dispatch.store.people import residents
from schedules.money.corrections.web.api import corrections_api
from schedules.money.corrections.web.pages import correction_pages


def correction_blueprints(house: House, names: Callable[[], Mapping[str, str]]) -> list[Blueprint]:
    """`names` says what operators are called, by reference."""
    desk = house.homecare.corrections.desk
    return [
        correction_pages(desk, people=lambda ids: _people(house.reading, ids), names=names, zone=house.calendar.tzinfo),
        corrections_api(desk, transactions=house.transactions),
    ]


def _people(reading: Engine, ids: list[str]) -> Mapping[str, str]:
    with reading.connect() as connection:
        rows = connection.execute(select(residents.c.id, residents.c.name).where(residents.c.id.in_(set(ids))))
        return {row.id: row.name for row in rows}
