"""What the views of the registers are given: the services, and how a form or a request becomes columns."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, tzinfo
from typing import Any

from dispatch.clock import Clock
from dispatch.errors import Invalid, NotFound
from dispatch.ids import HomeId, ResidentId
from dispatch.registry.absences import Absent
from dispatch.registry.disclosures import Disclosures
from dispatch.registry.finding import Finding
from dispatch.registry.follow_ups import FollowingUp
from dispatch.registry.leaving import Carried, DevicesAt, Leaving, Why
from dispatch.registry.registers import Registry, refused
from dispatch.store.accounts import Reading
from dispatch.store.register_rows import HOMES, RESIDENTS, Kind, RegisterRows, Row
from dispatch.store.transactions import Transactions
from dispatch.web.access import area, caller, need_proof
from dispatch.web.residents.fields import Phone, adding, changing, columns, load

Plain = dict[str, Any]

Seen = Callable[[ResidentId], None]
"""Told of every read of a resident's file; whoever is asking is known from the request."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """Everything that is done with the registers. `names` says what operators are called, by reference."""

    reading: Reading
    transactions: Transactions
    clock: Clock
    zone: tzinfo
    registry: Registry
    leaving: Leaving
    absent: Absent
    following_up: FollowingUp
    finding: Finding
    disclosures: Disclosures
    seen: Seen
    phone: Phone
    devices_at: DevicesAt
    device_kinds: Mapping[str, str]
    names: Callable[[], Mapping[str, str]]

    def today(self) -> date:
        """The district's local day."""
        return self.clock.now().astimezone(self.zone).date()

    def day_of_death(self, why: Why, died_on: date | None) -> date | None:
        """
        The local day of a death as it may be kept; a slip of the year would let bills run on until then.

        Raises:
            Invalid: it lies ahead, or nobody has died.
        """
        if died_on is not None and why is not Why.DIED:
            told = "A day of death is given, and another reason: choose what has happened."
            raise Invalid(told, {"json": {"why": [told]}})
        if died_on is not None and died_on > self.today():
            raise Invalid("This day lies ahead.", {"json": {"died_on": ["This day lies ahead."]}})
        return died_on

    def row(self, kind: Kind, name: str) -> Row:
        """A row of the caller's area; NotFound for any other."""
        with self.reading.connect() as connection:
            return RegisterRows(connection).one(kind, name, area())

    def stations(self) -> list[tuple[str, str]]:
        """Code and name of each station that the caller works for."""
        with self.reading.connect() as connection:
            return RegisterRows(connection).station_choices(area())

    def add(self, kind: Kind, said: Plain) -> str:
        """A new row of what was said; gives back its id."""
        return self.registry.add(kind, self._columns(kind, load(adding(kind), said)), by=caller(), area=area())

    def change(self, kind: Kind, name: str, said: Plain, *, version: int) -> Row:
        """What was said of a row, if it still has this version; gives back the row as it is now."""
        if "phone" in said:
            # Whoever changes where calls go changes who comes: the same care as for seeing the number.
            need_proof()
        wanted = self._columns(kind, load(changing(kind), said))
        return self.registry.change(kind, name, wanted, version=version, by=caller(), area=area())

    def move(self, name: str, said: Plain, carried: Carried, note: str | None = None) -> HomeId:
        """To the home named by `home`, or to a new one as `new_home` says."""
        home: str | Plain = said.get("home") or ""
        if said.get("new_home"):
            home = self._columns(HOMES, said["new_home"])
        elif not home:
            raise refused("home", "Say where to.")
        note, since = note or said.get("note"), said.get("since")
        if since is not None and since > self.today():
            raise refused("since", "This day is still to come: write it down when it has come.")
        try:
            return self.leaving.move(name, home, carried, by=caller(), area=area(), note=note, since=since)
        except NotFound:
            self.row(RESIDENTS, name)
            raise refused("home", "There is none with this code.") from None

    def _columns(self, kind: Kind, loaded: Plain) -> Plain:
        with self.reading.connect() as connection:
            return columns(kind, loaded, connection, area(), phone=self.phone, today=self.today())
