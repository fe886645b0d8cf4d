"""Pages and API for other programs and for lists: webhooks out, the roster with its calendars, import and export."""

from flask import Blueprint

from config.wiring import House
from dispatch.web.webhooks import webhook_pages, webhooks_blueprint


def program_blueprints(house: House) -> list[Blueprint]:
    """Everything that programs of others and people with lists come for."""
    zone = house.calendar.tzinfo
    return [
        webhooks_blueprint(house.webhooks.book, transactions=house.transactions),
        webhook_pages(house.webhooks.book, zone=zone),
    ]
