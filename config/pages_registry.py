"""The pages and the programs' side of the registers, over what the wiring has built."""

from collections.abc import Callable, Mapping

from flask import Blueprint

from config.district_phones import typed_number
from config.wiring import House
from devices.store.dwellings import at_home
from devices.web.words import KINDS as DEVICE_KINDS
from dispatch.registry.contact_consents import ContactConsents
from dispatch.web.access import file_opened
from dispatch.web.boards import Note
from dispatch.web.i18n import N_
from dispatch.web.residents.api import registry_api
from dispatch.web.residents.consents import consent_api, consent_pages
from dispatch.web.residents.pages import registry_pages
from dispatch.web.residents.work import Work


def registry_blueprints(house: House, names: Callable[[], Mapping[str, str]]) -> list[Blueprint]:
    """`names` says what operators are called, by reference."""
    own = house.registers
    work = Work(
        reading=house.reading, transactions=house.transactions, clock=house.clock, zone=house.calendar.tzinfo,
        registry=own.registry, leaving=own.leaving, absent=own.absent, following_up=own.following_up,
        finding=own.finding, disclosures=own.disclosures, phone=typed_number, devices_at=at_home,
        device_kinds=DEVICE_KINDS, names=names, seen=file_opened,
    )  # fmt: skip
    consents = ContactConsents(house.transactions, house.reading, changed=house.forget)
    return [registry_api(work), registry_pages(work), consent_pages(consents), consent_api(consents, work)]


def file_notes(house: House) -> list[Note]:
    """What the strip of the board says of files that are not in order."""
    broken = len(house.rooms.get().broken)
    if not broken:
        return []
    return [Note(text=N_("files not in order: %(n)s, see `anling doctor`"), count=broken, fault=True, path="/alive")]


def almanac_notes(house: House) -> list[Note]:
    """What the strip of the board says of years whose days off are not on file."""
    return house.rooms.get().almanac.notes()


AWAY = "/follow-ups"
"""Where everybody stands who is not at home."""


def absence_notes(house: House) -> list[Note]:
    """What the strip of the board says of absences: those that end soon, and those that ended without a word."""
    soon, over = house.registers.absent.notices(house.clock.now())
    return [
        *([Note(text=N_("absences that end within the hour: %(n)s"), count=soon, path=AWAY)] if soon else []),
        *(
            [Note(text=N_("absences that are over: %(n)s; who is back?"), count=over, fault=True, path=AWAY)]
            if over
            else []
        ),
    ]
