"""Who stands where, for the map."""

from collections.abc import Sequence
from datetime import datetime

from dispatch.muster import DutyRoster
from dispatch.rules.people import Carer, Home, Station
from dispatch.store.database import Engine
from dispatch.store.people import People


class Places:
    """Reads positions. Every method takes a connection of its own."""

    def __init__(self, reading: Engine, roster: DutyRoster) -> None:
        self._reading = reading
        self._roster = roster

    def homes(self) -> Sequence[Home]:
        with self._reading.connect() as connection:
            return People(connection).homes()

    def carers(self, now: datetime) -> Sequence[tuple[Carer, datetime]]:
        """Those on duty, by name, each with until when."""
        until = self._roster.on_duty(now).until
        with self._reading.connect() as connection:
            found = People(connection).carers_by_id(list(until))
        return sorted(((each, until[id_]) for id_, each in found.items()), key=lambda told: told[0].name)

    def stations(self) -> Sequence[Station]:
        with self._reading.connect() as connection:
            return People(connection).stations()
