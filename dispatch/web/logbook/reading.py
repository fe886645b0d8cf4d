"""What the pages of the log read: codes into ids, and what people are called."""

from collections.abc import Iterable, Mapping
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
from dispatch.rules.people import Person, Station
from dispatch.rules.rights import Area
from dispatch.store.accounts import Accounts, Reading
from dispatch.store.people import People, carers, residents, stations
from dispatch.store.people_called import Called, CalledPeople
from dispatch.store.transactions import Transactions

OFFERED_MAX = 20
"""So many are offered to somebody who types the beginning of a name."""


class Seen(Protocol):
    """Keeps that somebody has read in a file: `subject` is `resident:<id>` or `home:<id>`, `where` a page."""

    def __call__(self, *, by: Person, subject: str, where: str) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class LogRoom:
    """
    Everything the views need. `zone` is the district's, `limits` the lines of the file of limits with their origins.
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
    limits: Mapping[str, Mapping[str, object]]
    lacking: str = ""
    """Why the centre's own limits cannot be read; empty where they can."""

    def today(self) -> date:
        return self.clock.now().astimezone(self.zone).date()

    def unit(self) -> str:
        """The district's name, as it stands over what is filed."""
        with self.reading.connect() as connection:
            return People(connection).district()[0] or "安铃"

    def stations(self, area: Area) -> list[Station]:
        with self.reading.connect() as connection:
            return [each for each in People(connection).stations() if area.covers(each.id)]

    def operators(self) -> list[tuple[str, str]]:
        """Everybody who ever sat at the desk: id and name."""
        with self.reading.connect() as connection:
            return [(str(each.id), each.name) for each in Accounts(connection).operators()]

    def names_of(self, wanted: Iterable[Person]) -> dict[str, str]:
        """What operators are called, and of all the others those who are asked for."""
        with self.reading.connect() as connection:
            found = People(connection).names_of(each for each in wanted if each)
        known = {person: name for person, name in found.items() if name != person}
        return known | {f"operator:{id_}": name for id_, name in self.operators()}

    def carers_like(self, typed: str, area: Area) -> list[Called]:
        """Whom somebody may mean who types this: a few of them."""
        with self.reading.connect() as connection:
            return CalledPeople(connection, area, OFFERED_MAX).carers_like(typed) if typed else []

    def carer_called(self, typed: str, area: Area) -> Called:
        """
        The carer with this code or name.

        Raises:
            Invalid: nobody of this area is called so, or several are.
        """
        with self.reading.connect() as connection:
            return _only(CalledPeople(connection, area, OFFERED_MAX).carers(typed), "carer")

    def called(self, typed: str, area: Area) -> Called:
        """The carer or contact with this code or name. Raises as `carer_called`."""
        with self.reading.connect() as connection:
            return _only(CalledPeople(connection, area, OFFERED_MAX).anybody(typed), "who")

    def named(self, person: str, area: Area) -> Called | None:
        """Who this reference means; None for an operator and for nobody of this area."""
        with self.reading.connect() as connection:
            return CalledPeople(connection, area, 1).named(Person(person))


def _only(found: list[Called], field: str) -> Called:
    if len(found) == 1:
        return found[0]
    if not found:
        raise Invalid("Nobody is called so and nobody has this code.", {field: ["unknown"]})
    raise Invalid("Several are called so: say the code.", {field: ["several"], "codes": [x.label for x in found]})


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
