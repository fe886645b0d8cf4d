"""Who wanted a visit, and hears what became of it within the unit of work that says so."""

from collections.abc import Sequence
from typing import Protocol

from dispatch.ids import CarerId
from dispatch.rules.people import SERVICE, Person, carer
from dispatch.store.transactions import Tx
from schedules.care.rules.presence import Visit


class Origin(Protocol):
    """A room whose rows become visits: rounds, orders. The row is named by the second part of `visit.wanted.key`."""

    def waits_in(self, tx: Tx, visit: Visit) -> bool:
        """Whether the row behind a visit that has not begun still waits for it."""
        ...

    def proved_in(self, tx: Tx, visit: Visit, came: Sequence[CarerId]) -> None:
        """This visit counts. Told again whenever it is judged again: the same once more changes nothing."""
        ...

    def missed_in(self, tx: Tx, visit: Visit) -> bool:
        """Nobody came. Whether the row raises the alarm by itself, so that the visit must not raise a second one."""
        ...


def row_of(visit: Visit) -> str:
    """The row behind a visit: the id in `round:<id>`, `round:<id>:<try>` and `order:<id>`."""
    return visit.wanted.key.split(":")[1]


def whoever(came: Sequence[CarerId]) -> Person:
    """The first who came; the service where nobody is named."""
    return carer(came[0]) if came else SERVICE
