"""What money for serving asks of other rooms: the meals of a day, canteens, visits, and people as rules see them."""

from collections.abc import Callable, Collection, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Protocol, TypeAlias

from dispatch.ids import StationId
from dispatch.store.moves import belonged
from schedules.money.rules.awards import PersonOn

Meal: TypeAlias = Sequence[Any]
"""A meal that counts, as it is on file: canteen, resident, type, whether it has money, its rule and the version."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Canteen:
    """A canteen as whoever pays it knows it."""

    id: str
    code: str
    name: str
    station_id: StationId | None
    moves: Sequence[tuple[date, str | None]] = ()
    """Until which day it was another's, and whose; the earliest first."""

    def station_on(self, day: date) -> str | None:
        """Whose it was on a local day."""
        return belonged(self.moves, day, self.station_id)


@dataclass(frozen=True, slots=True, kw_only=True)
class Station:
    """A station as whoever pays it knows it."""

    code: str
    name: str


class Meals(Protocol):
    """Reads meals; see `schedules.meals.store.counted`."""

    def of(self, day: date, /) -> Sequence[Meal]:
        """The meals of a local day that count, as they were served: of each person one of a type, at any canteen."""
        ...

    def facts(self, day: date, /) -> Mapping[tuple[str, str], Mapping[str, Any] | None]:
        """By resident and type of meal: the facts that the meal's rule was asked with."""
        ...

    def changed(self, before: date, since: datetime, /) -> Sequence[date]:
        """Days before this one of which a meal came in, or was cancelled, from then on."""
        ...

    def many(self, first: date, last: date, most: int, /) -> int:
        """How many meals were told of these local days, both inclusive; counted up to `most`."""
        ...

    def canteens(self) -> Sequence[Canteen]:
        """All, those that are closed for good too."""
        ...


class Visited(Protocol):
    """Reads visits that count."""

    def of(self, first: date, last: date, /) -> Sequence[tuple[str | None, str, date]]:
        """Station of the home on that day, resident and local day of each, both days inclusive."""
        ...

    def changed(self, before: date, since: datetime, /) -> Sequence[date]:
        """Days before this one of which a visit was judged from then on."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Others:
    """
    The other rooms. `meals` and `visited` open what they read, `stations` are all of them by id, `people` residents as
    rules see them by day.
    """

    meals: Callable[[], AbstractContextManager[Meals]]
    visited: Callable[[], AbstractContextManager[Visited]]
    stations: Callable[[], Mapping[str, Station]]
    people: Callable[[Collection[str]], Mapping[str, PersonOn]]
