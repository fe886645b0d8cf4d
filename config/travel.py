"""How long ways take: the straight line with its detour, and the barriers of a district that have to be gone around."""

from config.settings import Settings
from config.settings_barriers import read_barriers
from config.tolerated import stood_in
from dispatch.clock import Clock
from dispatch.rules.barriers import Barrier, Detours
from dispatch.rules.travel import StraightLine, TravelTime
from dispatch.situations import Measure
from schedules.roads.asking import RoadTimes
from schedules.roads.rules.router import DIALECTS
from schedules.roads.surveying import Roads


def measure_of(settings: Settings, clock: Clock) -> Measure | None:
    """Who measures the way of the best few by the roads; None where no router is set."""
    said = settings.travel
    if not said.router:
        return None
    return RoadTimes(
        said.router, DIALECTS[said.router], said.url, budget_s=said.budget_ms / 1000,
        steady=lambda: clock.look().steady_s,
    ).measured  # fmt: skip


def roads_of(settings: Settings, *, for_s: float) -> Roads | None:
    """Who measures the ways that coverage hangs on, for so long at most; None where no router is set."""
    said = settings.travel
    return Roads(router=said.router, url=said.url, for_s=for_s) if said.router else None


def barriers_of(settings: Settings) -> tuple[Barrier, ...]:
    """
    What ways go around; nothing where no file is named.

    Raises:
        Misconfigured: the file cannot be read or is wrong; names the place.
    """
    path = settings.travel.barriers
    return () if path is None else read_barriers(path)


def travel_of(settings: Settings) -> TravelTime:
    """
    Who tells how long a way takes.

    Raises:
        Misconfigured: the file of barriers cannot be read or is wrong; names the place.
    """
    return _around(barriers_of(settings))


def travel_anyway(settings: Settings) -> TravelTime:
    """
    The same for a service. Where the file of barriers has a mistake, ways go straight over the rivers: somebody who
    comes late is better than a service that does not start.
    """
    return _around(stood_in("barriers", lambda: barriers_of(settings), lambda: ()).value)


def _around(barriers: tuple[Barrier, ...]) -> TravelTime:
    return Detours(open_country=StraightLine(), barriers=barriers) if barriers else StraightLine()
