"""
What a family can book on its own page: who they are by the code in the address, for whom, and what is booked already.

The standing code of a contact is made like those of alarm pages (`dispatch.links`), so nothing is kept; the page of an
open alarm leads there too. Whoever is no contact any more finds nothing.
"""

import threading
from collections.abc import Sequence
from dataclasses import dataclass

from dispatch.clock import Clock
from dispatch.errors import NotFound
from dispatch.ids import ContactId, HomeId, StationId
from dispatch.links import ORDERS, Links
from dispatch.rules.people import Person, Resident, contact
from dispatch.rules.rights import Area
from dispatch.store.database import Engine
from dispatch.store.people import People
from schedules.orders.rules.order import Order
from schedules.orders.store.orders import Orders

LOOK_S = 5.0
"""A code nobody knows makes the contacts be read again at most this often, so that guessing costs nothing."""

SHOWN = 10


@dataclass(frozen=True, slots=True, kw_only=True)
class Family:
    """A contact with the residents of their home, and what is booked for them."""

    person: Person
    home_id: HomeId
    station_id: StationId | None
    residents: Sequence[Resident]
    orders: Sequence[Order]

    @property
    def area(self) -> Area:
        """What they may book for: nothing but the stations of this home; the residents are checked besides."""
        return Area(frozenset({self.station_id})) if self.station_id else Area()


class FamilyOrders:
    """Opens the pages of families. May be asked from any thread."""

    def __init__(self, reading: Engine, clock: Clock, links: Links) -> None:
        self._reading = reading
        self._clock = clock
        self._links = links
        self._lock = threading.Lock()
        self._known: dict[str, ContactId] = {}
        self._looked_s = float("-inf")

    def code(self, contact_id: str) -> str:
        """The standing code of one contact: 22 letters, digits, - and _."""
        return self._links.token(ORDERS, contact_id)

    def open(self, code: str) -> Family:
        """
        Whose page this is.

        Raises:
            NotFound: nobody's, or no longer.
        """
        contact_id = self._contact(code)
        with self._reading.connect() as connection:
            people = People(connection)
            who = next((each for each in people.contacts() if each.id == contact_id and not each.ended_at), None)
            if who is None:
                raise NotFound("no such page")
            living = [each for each in people.dwelling(who.home_id).residents if each.is_served]
            return Family(
                person=contact(who.id), home_id=who.home_id, station_id=people.home(who.home_id).station_id,
                residents=living, orders=Orders(connection).of([each.id for each in living], SHOWN),
            )  # fmt: skip

    def _contact(self, code: str) -> ContactId | None:
        alarm = self._links.open_family(code)
        if alarm is not None:
            return alarm[1]
        if code not in self._known and self._may_look():
            with self._reading.connect() as connection:
                found = [each.id for each in People(connection).contacts()]
            self._known = {self.code(id_): id_ for id_ in found}
        return self._known.get(code)

    def _may_look(self) -> bool:
        now_s = self._clock.look().steady_s
        with self._lock:
            if now_s - self._looked_s < LOOK_S:
                return False
            self._looked_s = now_s
            return True
