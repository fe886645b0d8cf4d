"""Pages and API for other programs and for lists: webhooks out, the roster with its calendars, import and export."""

from flask import Blueprint

from config.lists.commands import import_desk
from config.lists.door import ListDoor
from config.pages_duty import duty_pages
from config.secret import secret_key
from config.wiring import House
from dispatch.web.lists import list_pages, lists_api
from dispatch.web.roads_api import roads_api
from dispatch.web.webhooks import webhook_pages, webhooks_blueprint
from schedules.duty.desk import DutyDesk
from schedules.duty.web.shifts import calendars_blueprint, shifts_blueprint


def program_blueprints(house: House) -> list[Blueprint]:
    """Everything that programs of others and people with lists come for."""
    zone, secret = house.calendar.tzinfo, secret_key(house.settings.home)
    duty = DutyDesk(
        house.transactions,
        house.reading,
        house.clock,
        secret=secret,
        changed=house.forget,
        guard=house.homecare.duty.guard,
    )
    desk = import_desk(house)
    desk.mend(alone=house.writing.dialect.name == "sqlite")
    lists, roads = ListDoor(house, desk), house.roads
    return [
        webhooks_blueprint(house.webhooks.book, transactions=house.transactions),
        webhook_pages(house.webhooks.book, zone=zone),
        shifts_blueprint(duty, house.clock, transactions=house.transactions),
        calendars_blueprint(duty, house.clock, zone),
        roads_api(roads.drilling, roads.shadowing, roads.reach, transactions=house.transactions),
        lists_api(lists, transactions=house.transactions),
        list_pages(lists, zone=zone),
        *duty_pages(house, duty),
    ]
