"""The pages and the programs' side of rounds and orders, over what the wiring has built."""

from collections.abc import Callable, Mapping

from flask import Blueprint

from config.wiring import House
from dispatch.callbook import CallBook
from dispatch.errors import NotFound
from dispatch.ids import CallId
from dispatch.rules.rights import Area
from dispatch.store.calls import Calls
from dispatch.store.people import People, carers
from dispatch.web.options import WebOptions
from schedules.orders.families import FamilyOrders
from schedules.orders.linking import Linking
from schedules.orders.providing import Providing
from schedules.orders.web.api import orders_api
from schedules.orders.web.family import family_orders_blueprint
from schedules.orders.web.pages import Counter, order_pages
from schedules.rounds.reading import RoundsBook
from schedules.rounds.web.api import rounds_api
from schedules.rounds.web.pages import round_pages


def round_blueprints(house: House, names: Callable[[], Mapping[str, str]], *, options: WebOptions) -> list[Blueprint]:
    """`names` says what people are called, by reference."""
    own = house.homecare.rounds
    book = RoundsBook(house.reading, house.clock, house.calendar, own.desk.book)

    def carer_of(code: str) -> str | None:
        with house.reading.connect() as connection:
            return People(connection).id_of(carers, code)

    orders = Counter(
        ordering=own.ordering, families=FamilyOrders(house.reading, house.clock, house.links),
        linking=Linking(house.transactions), alarms=house.desk, calls=house.calls, heard=_heard(house),
        reading=house.reading, clock=house.clock, calendar=house.calendar, names=names,
    )  # fmt: skip
    return [
        round_pages(own.desk, own.extras, book, names=names, carer_of=carer_of),
        rounds_api(own.desk, own.extras, book, transactions=house.transactions),
        order_pages(orders),
        family_orders_blueprint(orders, house.links, options=options),
        orders_api(own.ordering, Providing(house.transactions), reading=house.reading, transactions=house.transactions),
    ]


def _heard(house: House) -> Callable[[str, Area], str | None]:
    """The number of a call that this area may judge; None where it may not, or the number is withheld."""
    book = CallBook(house.reading, house.clock)

    def heard(call: str, area: Area) -> str | None:
        try:
            book.refuse_foreign(CallId(call), area)
        except NotFound:
            return None
        with house.reading.connect() as connection:
            found = Calls(connection).get(CallId(call))
        return found.number if found else None

    return heard
