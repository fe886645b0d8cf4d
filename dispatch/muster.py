"""
Who could come: everybody on duty, where they are and what they carry, kept in memory.

The muster only proposes. The desk looks again at those proposed inside its unit of work, so that a stale picture
costs a second look and never a wrong dispatch.
"""

import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

from dispatch.ids import CarerId, StationId
from dispatch.rules.grid import Grid
from dispatch.rules.nearest import Candidate, Choice, Need, Weights
from dispatch.rules.people import Carer, Station, carer
from dispatch.rules.travel import Means, TravelTime
from dispatch.store.alarms import Alarms
from dispatch.store.database import Engine
from dispatch.store.people import People
from dispatch.store.reach_tests import ReachTests

REBUILD_S = 300.0
"""
The whole picture is read afresh at least this often, whatever was or was not told; reading 500 carers takes 10 ms.
"""

CALLOUTS = timedelta(hours=2)
"""How far back call-outs are looked for; rest is counted in minutes."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Duty:
    """
    Who is on duty at an instant, and until when.

    `version` names the roster this was read from; `changes_at` is the next start or end of a shift, None if none is
    planned.
    """

    until: Mapping[CarerId, datetime]
    version: str
    changes_at: datetime | None


class DutyRoster(Protocol):
    """Whoever knows the roster; `schedules/duty` answers."""

    def on_duty(self, at: datetime) -> Duty:
        """Who is on duty at this wall-clock instant. Windows are half-open: a shift's end is off duty."""
        ...


class Muster:
    """The picture, and the choice out of it."""

    def __init__(
        self,
        reading: Engine,
        roster: DutyRoster,
        travel: TravelTime,
        weights: Weights,
        steady: Callable[[], float],
    ) -> None:
        self._reading = reading
        self._roster = roster
        self.travel = travel
        self.weights = weights
        self._steady = steady
        self._lock = threading.RLock()
        self._stale = True
        self._built_at_s = 0.0
        self._duty: Duty | None = None
        self._grid = Grid([])
        self._carers: dict[CarerId, Carer] = {}
        self._stations: dict[StationId, Station] = {}

    def propose(self, need: Need, now: datetime, k: int) -> tuple[Choice, dict[CarerId, Candidate]]:
        """The best `k` for this need as the picture shows them, and what is known of each."""
        with self._lock:
            duty = self._current(now)
            choice = self._grid.nearest(
                need, now=now, travel=self.travel, weights=self.weights, k=k, version=duty.version
            )
            return choice, {each.carer_id: self._grid.known(each.carer_id) for each in choice.ranked}

    def known(self, ids: Collection[CarerId]) -> dict[CarerId, Carer]:
        """Those of them who are on duty, as the register knew them when the picture was made."""
        with self._lock:
            return {id_: self._carers[id_] for id_ in ids if id_ in self._carers}

    def everybody(self, now: datetime) -> list[CarerId]:
        """All carers on duty by the roster alone."""
        return sorted(self._roster.on_duty(now).until)

    def lenders(self, station_id: StationId | None) -> Sequence[StationId]:
        """The stations that lend their carers to this one."""
        return [each.id for each in self._stations.values() if station_id in each.lends]

    def nearest_station(self, need: Need) -> StationId | None:
        """The station nearest to a place, for alarms without one of their own."""
        placed = [each for each in self._stations.values() if each.position is not None]
        if need.place is None or not placed:
            return None
        place = need.place
        return min(
            placed, key=lambda each: (self.travel.seconds(each.position or place, place, Means.FOOT), each.code)
        ).id

    def engage(self, changes: Mapping[CarerId, int]) -> None:
        """Tells the picture for whom one alarm more (1) or less (-1) is waiting."""
        with self._lock:
            for carer_id, change in changes.items():
                self._grid.engage(carer_id, change)

    def forget(self) -> None:
        """The register of people or the roster changed: read everything afresh before the next choice."""
        with self._lock:
            self._stale = True

    def refresh(self, now: datetime) -> None:
        """Reads afresh if it is time to; called from a timer, so that an alarm seldom has to wait for it."""
        with self._lock:
            self._current(now)

    def _current(self, now: datetime) -> Duty:
        duty = self._roster.on_duty(now)
        aged = self._steady() - self._built_at_s > REBUILD_S
        if self._stale or aged or self._duty is None or duty.version != self._duty.version or self._changed(now):
            self._build(duty, now)
        assert self._duty is not None
        return self._duty

    def _changed(self, now: datetime) -> bool:
        return self._duty is not None and self._duty.changes_at is not None and now >= self._duty.changes_at

    def _build(self, duty: Duty, now: datetime) -> None:
        with self._reading.connect() as connection:
            people, alarms = People(connection), Alarms(connection)
            self._stations = {station.id: station for station in people.stations()}
            engaged, callouts = alarms.all_engaged(), alarms.last_callouts(now - CALLOUTS)
            silent = ReachTests(connection).silent()
            on_duty = [each for each in people.carers() if each.id in duty.until]
        self._carers = {each.id: each for each in on_duty}
        self._grid = Grid(
            self._candidate(
                each,
                duty.until[each.id],
                engaged.get(carer(each.id), 0),
                callouts.get(carer(each.id)),
                unreached=each.id in silent,
            )
            for each in on_duty
        )
        self._duty, self._stale, self._built_at_s = duty, False, self._steady()

    def _candidate(
        self, who: Carer, until: datetime, engaged: int, last_callout_at: datetime | None, *, unreached: bool
    ) -> Candidate:
        station = self._stations.get(who.station_id) if who.station_id else None
        return Candidate(
            carer_id=who.id,
            code=who.code,
            station_id=who.station_id,
            means=Means(who.means),
            base=who.base or (station.position if station else None),
            position=who.position if who.position_at else None,
            position_at=who.position_at if who.position else None,
            skills=who.skills,
            languages=who.languages,
            on_duty_until=until,
            engaged=engaged,
            last_callout_at=last_callout_at,
            phone=who.phone is not None,
            suspended=who.suspended,
            opted_out=who.opted_out,
            unreached=unreached,
        )
