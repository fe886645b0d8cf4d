"""The pages and the programs' side of settlement, over what the wiring has built."""

from collections.abc import Callable, Mapping

from flask import Blueprint

from config.wiring import House
from dispatch.rules.rights import DISTRICT
from dispatch.web.access import file_opened
from schedules.money.web.api import statements_api
from schedules.money.web.closing_api import closing_api
from schedules.money.web.closing_pages import closing_pages
from schedules.money.web.desk import SettlementDesk
from schedules.money.web.pages import settlement_pages


def settlement_blueprints(house: House, names: Callable[[], Mapping[str, str]]) -> list[Blueprint]:
    """`names` says what operators are called, by reference."""
    desk = SettlementDesk(
        settling=house.homecare.settlement.settling, reading=house.reading, transactions=house.transactions,
        zone=house.calendar.tzinfo, year=lambda: house.calendar.day_of(house.clock.now()).year, names=names,
        seen=file_opened,
    )  # fmt: skip
    waiting, counting = house.homecare.meals.waiting, house.homecare.settlement.counting

    def unpriced() -> int:
        return waiting.told(DISTRICT).ready

    return [
        statements_api(desk),
        settlement_pages(desk),
        closing_pages(counting, unpriced),
        closing_api(counting, unpriced, transactions=house.transactions),
    ]
