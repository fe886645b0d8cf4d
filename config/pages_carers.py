"""Puts together the page on which carers keep their own day, and the keys of those who ring in."""

from functools import partial

from flask import Blueprint

from config.wiring import House
from dispatch.accounts.carers import CarerSignIn
from dispatch.rules.people import Person
from dispatch.rules.record import Line
from dispatch.tasks import Tasks
from dispatch.web.options import WebOptions
from schedules.care.rules.items import ServiceList
from schedules.care.visit_book import VisitBook
from schedules.care.web.visit_carer import Signing
from schedules.carers.day import Days
from schedules.carers.deeds import Deeds
from schedules.carers.keypad import VisitKeypad
from schedules.carers.web.pages import Desk, carer_pages
from schedules.duty.web.words import window
from schedules.orders.rules.services import Services
from schedules.rounds.reading import RoundsBook


def carer_blueprints(house: House, options: WebOptions, secret: str) -> list[Blueprint]:
    """The page, by either of its addresses."""
    own, reading, clock = house.homecare, house.reading, house.clock
    book = VisitBook(reading, clock, house.calendar)
    rounds = RoundsBook(reading, clock, house.calendar, own.rounds.desk.book)
    days = Days(
        reading, clock, visits=book, rounds=rounds, services=own.rounds.ordering.services,
        limits=own.visits.visiting.limits,
    )  # fmt: skip
    deeds = Deeds(
        house.transactions, rounds=own.rounds.desk, ordering=own.rounds.ordering, swapping=own.duty.swapping,
        days=days, nudge=house.nudges,
    )  # fmt: skip

    def opened(person: Person) -> None:
        house.transactions.run(lambda tx: tx.log(Line(kind="page_visit", by=person)))

    return [carer_pages(
        Desk(
            days=days, deeds=deeds, signing=Signing(own.visits.visiting, book),
            tasks=Tasks(reading, house.transactions, house.answers, clock, local=house.calendar.local),
            sign_in=CarerSignIn(house.transactions, reading, clock, secret=secret, nudge=house.nudges),
            links=house.links, clock=clock, calendar=house.calendar, window=partial(window, house.calendar),
            item=partial(item_name, own.beds.items, own.rounds.ordering.services),
            opened=opened,
        ),
        options=options,
    )]  # fmt: skip


def item_name(items: ServiceList, services: Services, code: str, lang: str) -> str:
    """What is done at a visit, in words: an item of the service list, one of its types (rounds), a booked service."""
    service = services.services.get(code)
    if service is not None:
        return service.names.get(lang, service.names["zh"])
    return items.types.get(code) or items.name(code)


def keypad_of(house: House) -> VisitKeypad:
    """Who answers the keys of carers who ring in."""
    return VisitKeypad(
        house.transactions, house.homecare.visits.visiting, house.calls, local=house.calendar.local, nudge=house.nudges
    )
