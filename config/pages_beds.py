"""The pages and the programs' side of home-care beds, over what the wiring has built."""

from collections.abc import Callable, Mapping

from flask import Blueprint

from config.wiring import House
from dispatch.web.access import file_opened
from schedules.care.web.beds_api import beds_api
from schedules.care.web.beds_pages import beds_pages
from schedules.care.web.desk import BedDesk


def bed_blueprints(house: House, names: Callable[[], Mapping[str, str]]) -> list[Blueprint]:
    """`names` says what operators are called, by reference."""
    own = house.homecare.beds
    desk = BedDesk(
        life=own.life, assessing=own.assessing, plans=own.plans, months=own.months, filing=own.filing,
        duties=own.duties, items=own.items, default=own.default, reading=house.reading,
        transactions=house.transactions, calendar=house.calendar, names=names, seen=file_opened, lacking=own.lacking,
    )  # fmt: skip
    return [beds_api(desk), beds_pages(desk)]
