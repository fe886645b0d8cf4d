"""
Furnishes the rooms that are no part of answering an alarm: home care, what comes after an alarm, the console.

They are many, and a service that was killed must send what was pending before it thinks of them. So they are made once
the engine runs, or when somebody first asks for them: `House.rooms`.
"""

from functools import partial

from config.almanac import Almanac
from config.doctor_files import broken_files
from config.duty_sheet import sheet_told, what_it_needs
from config.house import House
from config.rooms import Rooms
from config.wiring_after import build_after, mend_after
from config.wiring_board import build_console
from config.wiring_homecare import build_homecare, mend_homecare
from config.wiring_pages import teller_once
from dispatch.store.transactions import Tx
from schedules.apart import Apart


def furnish(house: House) -> Rooms:
    """
    Makes them, and joins them to those who answer alarms. A file that is not in order keeps none of them from being
    made: see `config.tolerated`.
    """
    rooms = _made(house)
    house.registers.leaving.partings.append(rooms.homecare.beds.life.parting)
    house.reception.heeding = rooms.homecare.welfare.heard
    house.answers.join(rooms.claimants, rooms.orders)
    house.timers.join(rooms.owners)
    return rooms


def _made(house: House) -> Rooms:
    settings, providers = house.settings, house.providers
    common = house.transactions, house.reading, house.clock, house.calendar
    apart = Apart()
    after = build_after(settings, *common, providers, forget=house.forget)
    homecare = build_homecare(
        settings, *common, house.desk, providers, house.muster.travel, after.asking, apart=apart,
        nudge=house.nudges, changed=house.forget,
    )  # fmt: skip
    tell = teller_once(settings.operators.phones, house.transactions, house.clock, house.nudges)
    return Rooms(
        after=after, apart=apart, broken=broken_files(settings), homecare=homecare,
        almanac=Almanac(homecare.duty.holidays, settings, house.clock, house.calendar, tell=tell),
        console=build_console(
            *common, house.desk, house.roster, home=settings.home, nudge=house.nudges,
            desk_phones=settings.operators.phones, emergency=settings.emergency.number or None,
            elsewhere=partial(apart, sheet_told, **what_it_needs(settings), lang="zh"),
        ),
    )  # fmt: skip


def mend_rooms(tx: Tx, seconds: float) -> None:
    """Somebody set the clock back: what waits here waits no longer than it would have."""
    mend_after(tx, seconds)
    mend_homecare(tx, seconds)
