"""The pages and the programs' side of money for beds and services."""

from flask import Blueprint

from config.wiring import House
from schedules.money.beds.web.api import bills_blueprint, vouchers_blueprint
from schedules.money.beds.web.bills import bill_pages
from schedules.money.beds.web.pages import bed_money_pages


def bed_money_blueprints(house: House) -> list[Blueprint]:
    """Over what the wiring has built."""
    own = house.homecare.bedmoney
    return [
        bed_money_pages(
            own.filing, own.reckoning, own.settling, house.reading,
            today=lambda: house.calendar.day_of(house.clock.now()),
        ),
        bill_pages(own.filing, own.reckoning, today=lambda: house.calendar.day_of(house.clock.now())),
        bills_blueprint(own.filing, own.reckoning, own.settling, transactions=house.transactions),
        vouchers_blueprint(own.reckoning, house.reading),
    ]  # fmt: skip
