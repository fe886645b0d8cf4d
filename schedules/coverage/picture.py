"""
What coverage is worked out from: every home that is served, every carer with their shifts, and who cannot be reached.

A carer starts from their base, else from the station's place: where they are at this minute says nothing about the
week after next.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from dispatch.ids import CarerId, StationId
from dispatch.reachability import unreached_of
from dispatch.rules.people import Carer, Home, Station
from dispatch.rules.place import Position
from dispatch.rules.travel import Means, TravelTime
from dispatch.store.database import Connection
from dispatch.store.people import People
from schedules.coverage.rules.gaps import gaps
from schedules.coverage.rules.reach import CITY_S, COUNTRY_S, Dwelling, Gap, Helper, Window
from schedules.coverage.store import last_heard
from schedules.duty.rules import joined
from schedules.duty.store import Shifts

ANSWERED_WITHIN = timedelta(days=35)
"""
How old an answer to a test may be where tests are sent: a month, and the days by which two tests of the same day of the
month lie apart when one of them would fall on a weekend or into a night.
"""


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """
    What counts as covered. `rural` are communities and streets (乡镇) where the longer limit holds; `answered_within`
    is None where no tests are sent, and then nobody's answer is too old.
    """

    city_s: float = CITY_S
    country_s: float = COUNTRY_S
    rural: frozenset[str] = frozenset()
    answered_within: timedelta | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """
    `unplaced` are the codes of homes without a position, `silent` the carers with a shift in this time who cannot be
    reached, by code with the reason, `baseless` those of whom nobody knows where they would start from.
    """

    dwellings: Sequence[Dwelling]
    helpers: Sequence[Helper]
    unplaced: Sequence[str]
    silent: dict[str, str]
    baseless: Sequence[str]

    def gaps(self, start: datetime, end: datetime, travel: TravelTime) -> list[Gap]:
        """The gaps of [start, end)."""
        return gaps(self.dwellings, self.helpers, start=start, end=end, travel=travel)


def picture(connection: Connection, start: datetime, end: datetime, *, now: datetime, terms: Terms) -> Picture:
    """Everybody as the registers and the roster have them for [start, end); who can be reached is judged at `now`."""
    people = People(connection)
    stations = {each.id: each for each in people.stations()}
    homes = [each for each in people.homes() if each.ended_at is None]
    presence = _presence(connection, start, end)
    silent = _silent(connection, now, terms.answered_within)
    # Whoever has left or is suspended is not on duty, whatever an old roster says.
    carers = [each for each in people.carers() if each.id in presence and each.ended_at is None and not each.suspended]
    return Picture(
        dwellings=[_dwelling(each, stations, terms) for each in homes],
        helpers=[_helper(each, stations, presence[each.id], reachable=each.id not in silent) for each in carers],
        unplaced=[each.code for each in homes if each.position is None],
        silent={each.code: silent[each.id] for each in carers if each.id in silent},
        baseless=[each.code for each in carers if _place(each, stations) is None],
    )


def community_of(home: Home, stations: dict[StationId, Station]) -> str:
    """The community that a home is counted under; where none is on file, its station, so that it is somebody's."""
    station = stations.get(home.station_id) if home.station_id else None
    return home.community or home.street or (station.name if station else "")


def _presence(connection: Connection, start: datetime, end: datetime) -> dict[CarerId, list[Window]]:
    presence: dict[CarerId, list[Window]] = {}
    for each in joined(Shifts(connection).covering(start, end)):
        presence.setdefault(each.carer_id, []).append((each.start_at, each.end_at))
    return presence


def _silent(connection: Connection, now: datetime, within: timedelta | None) -> dict[CarerId, str]:
    """Who cannot be reached, and why; somebody who was never asked is not known to be silent."""
    known = {each.carer.id: each.why for each in unreached_of(connection, now)}
    if within is not None:
        old = {id_: "answered_long_ago" for id_, at in last_heard(connection).items() if at < now - within}
        known = old | known
    return known


def _dwelling(home: Home, stations: dict[StationId, Station], terms: Terms) -> Dwelling:
    is_rural = home.community in terms.rural or home.street in terms.rural
    return Dwelling(
        code=home.code, community=community_of(home, stations), position=home.position,
        limit_s=terms.country_s if is_rural else terms.city_s,
    )  # fmt: skip


def _helper(carer: Carer, stations: dict[StationId, Station], presence: list[Window], *, reachable: bool) -> Helper:
    return Helper(
        carer_id=carer.id, place=_place(carer, stations), means=Means(carer.means), reachable=reachable,
        presence=presence,
    )  # fmt: skip


def _place(carer: Carer, stations: dict[StationId, Station]) -> Position | None:
    station = stations.get(carer.station_id) if carer.station_id else None
    return carer.base or (station.position if station else None)
