"""How long ways take: the straight line with its detour, and the barriers of a district that have to be gone around."""

from config.settings import Settings
from config.settings_barriers import read_barriers
from dispatch.rules.barriers import Detours
from dispatch.rules.travel import StraightLine, TravelTime


def travel_of(settings: Settings) -> TravelTime:
    """
    Who tells how long a way takes.

    Raises:
        Misconfigured: the file of barriers cannot be read or is wrong; names the place.
    """
    path = settings.travel.barriers
    barriers = () if path is None else read_barriers(path)
    return Detours(open_country=StraightLine(), barriers=barriers) if barriers else StraightLine()
