"""The pages and the interface of duty, with what they need of the house."""

from flask import Blueprint

from config.wiring import House
from schedules.duty.desk import DutyDesk
from schedules.duty.web.changes import changes_blueprint
from schedules.duty.web.changing_pages import changing_pages
from schedules.duty.web.pages import roster_pages
from schedules.duty.web.parts import Office


def duty_pages(house: House, desk: DutyDesk) -> list[Blueprint]:
    """The week, rotations, absences and swaps."""
    own = house.homecare.duty
    office = Office(
        desk=desk, rotating=own.rotating, absent=own.absent, swapping=own.swapping, holidays=own.holidays,
        calendar=house.calendar,
    )  # fmt: skip
    return [
        roster_pages(office, house.clock, public_url=house.settings.web.base_url),
        changing_pages(office, house.clock),
        changes_blueprint(office, house.clock, transactions=house.transactions),
    ]
