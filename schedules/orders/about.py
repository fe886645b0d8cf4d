"""What an order is about: what the record says of it, and who is served."""

from dispatch.rules.message import Fact
from dispatch.rules.people import Resident
from dispatch.store.people import People
from dispatch.store.transactions import Tx
from schedules.orders.rules.order import Order


def resident_of(tx: Tx, order: Order) -> Resident | None:
    """Who is served, where they are still there."""
    living = People(tx.connection).dwelling(order.home_id).residents
    return next((each for each in living if each.id == order.resident_id), None)


def facts_of(order: Order) -> dict[str, Fact]:
    """What every line of the record says of an order."""
    return {"order": order.id, "number": order.number, "service": order.service, "resident": order.resident_id,
            "home": order.home_id, "at": order.start_at.isoformat(), "state": str(order.state)}  # fmt: skip
