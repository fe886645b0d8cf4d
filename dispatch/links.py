"""
The addresses of pages for people without an account: one alarm for a carer, a carer's day, its state for a family.

A code is 128 bits of HMAC-SHA-256 over what it opens, under a key only this service has. So nothing is kept: no code
stands in the database, in a message or in the record, and whoever reads a backup cannot open a page. Found again it is
by an index in memory, filled from what the database knows; a restart fills it again.
"""

import base64
import hashlib
import hmac
import threading
from collections.abc import Callable
from datetime import date, datetime, timedelta
from typing import TypeVar

from dispatch.clock import Clock
from dispatch.ids import AlarmId, CarerId, ContactId, OfferId
from dispatch.rules.people import Person
from dispatch.store.database import Engine
from dispatch.store.openings import Openings

ORDERS = "orders"
"""The purpose of the standing code by which a contact books services."""

CODE_BYTES = 16
"""128 bits: PROMISES, X3."""

KEPT_FOR = timedelta(days=8)
"""What is older is not filled in again: no alarm stays open for so long."""

DAY_LASTS = timedelta(days=3)
"""So long the address of a carer's day is good: a text about tomorrow is opened tomorrow, one of last week is not."""

Found = TypeVar("Found")

LOOK_S = 0.5
"""A code nobody knows makes the database be asked for new ones at most this often, so that guessing costs nothing."""

OVERLAP = timedelta(minutes=2)

ANEW_EVERY = timedelta(days=1)
"""The index is made anew this often, so that it does not grow with the years."""


class Links:
    """Makes codes and finds what they open. May be asked from any thread."""

    def __init__(self, reading: Engine, clock: Clock, *, secret: str) -> None:
        """`secret` stays the same over restarts, else every link that was sent is dead."""
        self._reading = reading
        self._clock = clock
        self._key = secret.encode()
        self._lock = threading.Lock()
        self._tasks: dict[str, OfferId] = {}
        self._families: dict[str, tuple[AlarmId, ContactId]] = {}
        self._days: dict[str, tuple[CarerId, date]] = {}
        self._until: datetime | None = None
        self._anew_at: datetime | None = None
        self._looked_s = float("-inf")

    def task(self, offer_id: OfferId) -> str:
        """The code of the carer's page for one offer: 22 letters, digits, - and _."""
        return self._code("task", offer_id)

    def family(self, alarm_id: AlarmId, contact_id: ContactId) -> str:
        """The code of one contact's page of one alarm."""
        return self._code("family", alarm_id, contact_id)

    def day(self, carer_id: CarerId) -> str:
        """The code of this carer's own page as it is made today (UTC); another one tomorrow."""
        return self._day(carer_id, self._clock.now().date())

    def token(self, purpose: str, *what: str) -> str:
        """Proves something to ourselves later: that a form is ours, that a browser has pressed a button of a page."""
        return self._code(f"token.{purpose}", *what)

    def fits(self, token: str, purpose: str, *what: str) -> bool:
        return hmac.compare_digest(token.encode(), self.token(purpose, *what).encode())

    def open_task(self, code: str) -> OfferId | None:
        """The offer behind a code; None where there is none."""
        return self._find(lambda: self._tasks.get(code))

    def open_family(self, code: str) -> tuple[AlarmId, ContactId] | None:
        """The alarm and the contact behind a code; None where there is none."""
        return self._find(lambda: self._families.get(code))

    def open_day(self, code: str) -> CarerId | None:
        """The carer whose page this code opens; None where there is none, or it was made too long ago."""
        found = self._find(lambda: self._days.get(code))
        return found[0] if found and self._clock.now().date() - found[1] < DAY_LASTS else None

    def path_of(self, person: Person, alarm_id: AlarmId | None, offer_id: OfferId | None) -> str | None:
        """
        The page a message to this person may name: an offer's, the family's of an alarm, a carer's day, else the one to
        book on.
        """
        if offer_id is not None:
            return f"/t/{self.task(offer_id)}"
        kind, _, id_ = person.partition(":")
        if kind == "carer" and alarm_id is None:
            return f"/c/{self.day(CarerId(id_))}"
        if kind != "contact":
            return None
        return f"/f/{self.family(alarm_id, ContactId(id_))}" if alarm_id else f"/f/{self.token(ORDERS, id_)}/orders"

    def _day(self, carer_id: CarerId, on: date) -> str:
        return self._code("day", carer_id, on.isoformat())

    def _code(self, *what: str) -> str:
        digest = hmac.digest(self._key, "\x00".join(what).encode(), hashlib.sha256)
        return base64.urlsafe_b64encode(digest[:CODE_BYTES]).rstrip(b"=").decode()

    def _find(self, known: Callable[[], Found | None]) -> Found | None:
        found = known()
        if found is None and self._may_look():
            self._fill()
            found = known()
        return found

    def _may_look(self) -> bool:
        now_s = self._clock.look().steady_s
        with self._lock:
            if now_s - self._looked_s < LOOK_S:
                return False
            self._looked_s = now_s
            return True

    def _fill(self) -> None:
        now = self._clock.now()
        # A clock that was set back makes new offers look older than the last look.
        anew = self._anew_at is None or not now - ANEW_EVERY < self._anew_at <= now
        since = now - KEPT_FOR if anew or self._until is None else self._until - OVERLAP
        with self._reading.connect() as connection:
            tasks = [(self.task(id_), id_) for id_ in Openings(connection).offers(since)]
            families = [(self.family(*pair), pair) for pair in Openings(connection).contacts(since)]
            carers = Openings(connection).carers()
        lasting = [now.date() - timedelta(days=back) for back in range(DAY_LASTS.days)]
        days = {self._day(id_, on): (id_, on) for id_ in carers for on in lasting}
        with self._lock:
            self._days = days
            self._tasks = dict(tasks) if anew else self._tasks | dict(tasks)
            self._families = dict(families) if anew else self._families | dict(families)
            self._until, self._anew_at = now, now if anew else self._anew_at


def addresses(links: Links, public_url: str) -> Callable[[Person, AlarmId | None, OfferId | None], str | None]:
    """What the courier asks for the address a message may carry."""

    def address(person: Person, alarm_id: AlarmId | None, offer_id: OfferId | None) -> str | None:
        path = links.path_of(person, alarm_id, offer_id)
        return public_url + path if path else None

    return address
