"""What became of the visit that an order asked for."""

from collections.abc import Sequence

from dispatch.errors import NotFound
from dispatch.ids import CarerId
from dispatch.store.transactions import Tx
from schedules.care.origins import row_of, whoever
from schedules.care.rules.presence import Visit
from schedules.orders.ordering import Ordering
from schedules.orders.rules.order import Order, State
from schedules.orders.store.orders import Orders


class OrderVisits:
    """An origin of visits."""

    def __init__(self, ordering: Ordering) -> None:
        self._ordering = ordering

    def waits_in(self, tx: Tx, visit: Visit) -> bool:
        """Whether somebody has accepted this visit's order and it is not done."""
        order = _behind(tx, visit)
        return order is not None and order.state is State.ACCEPTED

    def proved_in(self, tx: Tx, visit: Visit, came: Sequence[CarerId]) -> None:
        """A visit that counts is its order done; one in steps waits for its last step, whoever was there."""
        order = _behind(tx, visit)
        if order is not None and order.state is State.ACCEPTED and self._ordering.at_its_end(order):
            self._ordering.done_in(tx, order, by=whoever(came), visit=visit.id)

    def missed_in(self, tx: Tx, visit: Visit) -> bool:
        """An order raises no alarm by itself: its visit does."""
        return False


def _behind(tx: Tx, visit: Visit) -> Order | None:
    try:
        return Orders(tx.connection).get(row_of(visit))
    except NotFound:
        return None
