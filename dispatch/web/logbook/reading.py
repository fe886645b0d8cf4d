"""What the pages of the log read: codes into ids, and the names of everybody who may be chosen."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date, tzinfo
from typing import Protocol

from dispatch.clock import Clock
from dispatch.errors import Invalid
from dispatch.ids import StationId
from dispatch.logbook.follower import Follower
from dispatch.logbook.reviewing import Reviewing
from dispatch.logbook.stories import Stories
from dispatch.logbook.verifying import Verifier
from dispatch.rules.people import Person, Station, carer, contact
from dispatch.rules.rights import Area
from dispatch.store.accounts import Accounts, Reading
from dispatch.store.people import People, carers, residents, stations
from dispatch.store.transactions import Transactions


class Seen(Protocol):
    """Keeps that somebody has read in a file: `subject` is `resident:<id>` or `home:<id>`, `where` a page."""

    def __call__(self, *, by: Person, subject: str, where: str) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class LogRoom:
    """
    Everything the views need. `zone` is the district's, `names` says what people are called, by reference, `limits` are
    the lines of the file of limits with their origins.
    """

    reading: Reading
    transactions: Transactions
    clock: Clock
    zone: tzinfo
    follower: Follower
    reviewing: Reviewing
    stories: Stories
    verifier: Verifier
    seen: Seen
    names: Callable[[], Mapping[str, str]]
    limits: Mapping[str, Mapping[str, object]]
    lacking: str = ""
    """Why the centre's own limits cannot be read; empty where they can."""

    def today(self) -> date:
        return self.clock.now().astimezone(self.zone).date()

    def unit(self) -> str:
        """The district's name, as it stands over what is filed."""
        with self.reading.connect() as connection:
            return People(connection).district()[0] or "安铃"

    def actors(self, area: Area) -> dict[str, str]:
        """Who may have done what is told in this area: every operator, and its own carers and contacts."""
        with self.reading.connect() as connection:
            shelf = People(connection)
            homes = {each.id for each in shelf.homes() if area.covers(each.station_id)}
            mine = {carer(each.id) for each in shelf.carers() if area.covers(each.station_id)}
            mine |= {contact(each.id) for each in shelf.contacts() if each.home_id in homes}
        return {who: name for who, name in self.names().items() if who.startswith("operator:") or who in mine}

    def choices(self, area: Area) -> tuple[list[Station], list[tuple[str, str]], list[tuple[str, str]]]:
        """Stations, carers (code and name) and operators (id and name) that a filter may name."""
        with self.reading.connect() as connection:
            people = People(connection)
            staff = [
                (each.code, f"{each.code} {each.name}") for each in people.carers() if area.covers(each.station_id)
            ]
            desk = [(str(each.id), each.name) for each in Accounts(connection).operators()]
            return [each for each in people.stations() if area.covers(each.id)], staff, desk


class Codes:
    """What codes stand for."""

    def __init__(self, reading: Reading) -> None:
        self._reading = reading

    def station(self, code: str) -> StationId:
        """Raises Invalid: no station has it."""
        with self._reading.connect() as connection:
            found = People(connection).id_of(stations, code)
        if found is None:
            raise Invalid("There is no such station.", {"station": ["unknown"]})
        return StationId(found)

    def person(self, kind: str, code: str) -> str:
        """A reference such as `carer:<id>`; operators are named by their ids. Raises Invalid: nobody has it."""
        if kind == "operator":
            return f"operator:{code}"
        with self._reading.connect() as connection:
            found = People(connection).id_of({"resident": residents, "carer": carers}[kind], code)
        if found is None:
            raise Invalid("Nobody has this code.", {kind: ["unknown"]})
        return f"{kind}:{found}"
