"""What happens next: events by their time, and the stage that those who act in a simulation stand on."""

import heapq
import itertools
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from config.simulation.faults import Faults
from config.simulation.world import Service, SimClock, Town


@dataclass(slots=True)
class Event:
    """Something that happens at `t`. One that `asks` the service happens later when the service is down by then."""

    t: float
    number: int
    label: str
    action: Callable[[], None]
    asks: bool = False


class Agenda:
    """Events in the order of their time; those of one instant in the order they were put here."""

    def __init__(self) -> None:
        self._events: list[tuple[float, int, Event]] = []
        self._numbers = itertools.count()

    def put(self, t: float, label: str, action: Callable[[], None], *, asks: bool = False) -> None:
        number = next(self._numbers)
        heapq.heappush(self._events, (t, number, Event(t, number, label, action, asks)))

    def pop(self) -> Event | None:
        return heapq.heappop(self._events)[2] if self._events else None


class Stage(Protocol):
    """What carers, devices and providers see of the simulation they act in."""

    clock: SimClock
    faults: Faults
    town: Town

    @property
    def service(self) -> Service:
        """The service, which is up: nobody acts on it otherwise."""
        ...

    @property
    def is_up(self) -> bool: ...

    def later(self, seconds: float, label: str, action: Callable[[], None], *, asks: bool = False) -> None:
        """Something will happen; `asks` says that it needs the service."""
        ...

    def look(self, sql: str, *values: object) -> Sequence[tuple[Any, ...]]:
        """What the file says at this moment."""
        ...

    def broken(self, promise: str, id_: object, what: str) -> None:
        """A promise is broken: the run ends here."""
        ...

    def count(self, what: str) -> None:
        """Something worth a line in the report has happened."""
        ...
