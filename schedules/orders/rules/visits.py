"""Orders as visits."""

from collections.abc import Sequence
from datetime import date, timedelta

from dispatch.rules.people import carer_id
from schedules.care.rules.visit import Source, Wanted
from schedules.orders.rules.order import Order
from schedules.orders.rules.services import Services

START_WITHIN = timedelta(minutes=30)
"""A visit for an order begins at the time that was booked, or so much later; a default."""


def key_of(order: Order) -> str:
    """What the visit of an order is called."""
    return f"order:{order.id}"


def visits_of(orders: Sequence[Order], services: Services, day: date) -> list[Wanted]:
    """
    One visit for each of these orders that a carer does at home.

    What was promised stays promised when its service is taken off the list, or another list stands in: a carer who
    accepted something that nobody knows any more is awaited.
    """
    known = services.services
    return [
        Wanted(
            key=key_of(each), source=Source.ORDER, home_id=each.home_id, resident_id=each.resident_id, on=day,
            start_from=each.start_at, start_by=each.start_at + START_WITHIN, minutes=each.minutes,
            items=(each.service,), skills=service.skills if service else frozenset(),
            carers=service.carers if service else 1,
            usual=tuple(id_ for id_ in [carer_id(each.provider)] if id_) if each.provider else (),
        )
        for each in orders
        if ((service := known.get(each.service)) is None or service.at_home)
        and each.provider is not None and carer_id(each.provider)
    ]  # fmt: skip
