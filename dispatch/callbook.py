"""Reading: calls that rang in, as plain values for the board, the lists and the story of an alarm."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from dispatch.clock import Clock
from dispatch.errors import NotFound
from dispatch.ids import AlarmId, CallId, StationId
from dispatch.rules.calls import Call, CallState, File
from dispatch.rules.people import carer_id
from dispatch.rules.rights import DISTRICT, Area
from dispatch.store.calls import Calls
from dispatch.store.database import Connection, Engine
from dispatch.store.people import People

Plain = dict[str, Any]

SHOWN_MAX = 20
"""Calls on the board at once; those behind them come up as these are judged."""

COUNTED = timedelta(hours=24)


class CallBook:
    """Reads for people. Every method takes a connection of its own from the reading engine."""

    def __init__(self, reading: Engine, clock: Clock) -> None:
        self._reading = reading
        self._clock = clock

    def to_judge(self, area: Area = DISTRICT) -> list[Plain]:
        """
        The calls of which nobody has said yet what they are, with whose number it is: those that ring before the
        others, the newest first.
        """
        with self._reading.connect() as connection:
            found = sorted(Calls(connection).to_judge(SHOWN_MAX), key=lambda call: call.state is not CallState.RINGING)
            return _of_area(connection, found, area)

    def recent(self, limit: int = 200, area: Area = DISTRICT) -> list[Plain]:
        """The newest calls."""
        with self._reading.connect() as connection:
            return _of_area(connection, Calls(connection).recent(limit), area)

    def refuse_foreign(self, id_: CallId, area: Area) -> None:
        """
        Lets pass what the area may judge.

        Raises:
            NotFound: there is no such call, or it is another station's.
        """
        with self._reading.connect() as connection:
            call = Calls(connection).get(id_)
            if call is None or not _of_area(connection, [call], area):
                raise NotFound(f"no call {id_}")

    def counts(self) -> dict[str, int]:
        """How many calls of the last day were answered, were missed, still ring."""
        with self._reading.connect() as connection:
            found = Calls(connection).counts(self._clock.now() - COUNTED)
        return {str(state): count for state, count in found.items()}


def _of_area(connection: Connection, calls: Sequence[Call], area: Area) -> list[Plain]:
    """
    These calls as the area may see them. One from a number that nobody has, or of somebody without a station, is
    everybody's to take, like an alarm from there.
    """
    if area.is_district:
        return [told(connection, each) for each in calls]
    return [row for each in calls if (row := _narrowed(connection, each, area)) is not None]


def _narrowed(connection: Connection, call: Call, area: Area) -> Plain | None:
    people = People(connection)
    files = people.files_of(call.number) if call.number else ()
    ours = tuple(each for each in files if area.answers_for(_station_of(people, each)))
    if files and not ours:
        return None
    return told(connection, call, ours)


def _station_of(people: People, file: File) -> StationId | None:
    if file.home_id is not None:
        return people.home(file.home_id).station_id
    id_ = carer_id(file.person)
    found = people.carers_by_id([id_]) if id_ else {}
    return found[id_].station_id if id_ in found else None


def calls_of(connection: Connection, alarm_id: AlarmId) -> list[Plain]:
    """The calls that made this alarm or joined it, oldest first."""
    return [told(connection, each) for each in Calls(connection).of_alarm(alarm_id)]


def told(connection: Connection, call: Call, files: Sequence[File] | None = None) -> Plain:
    """
    One call: who rings, for which homes, and how it stands. `phone` is None where the number is withheld; `files` are
    whose number it is, all of them unless others are given.
    """
    people = People(connection)
    if files is None:
        files = people.files_of(call.number) if call.number else ()
    return {
        "id": call.id,
        "phone": call.number,
        "state": str(call.state),
        "came_at": call.came_at.isoformat(),
        "answered_at": _iso(call.answered_at),
        "ended_at": _iso(call.ended_at),
        "judged": call.judged and str(call.judged),
        "judged_by": call.judged_by,
        "alarm": call.alarm_id,
        "people": [{"person": each.person, "name": people.name_of(each.person)} for each in files],
        "homes": _homes(people, files),
    }


def _homes(people: People, files: Sequence[File]) -> list[Plain]:
    ids = dict.fromkeys(each.home_id for each in files if each.home_id is not None)
    found = [people.home(id_) for id_ in ids]
    return [{"id": each.id, "code": each.code, "address": each.address} for each in found]


def _iso(at: datetime | None) -> str | None:
    return None if at is None else at.isoformat()
