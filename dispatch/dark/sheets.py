"""
The duty sheet: what an operator needs when every screen is dark. Gathered, rendered, filed with each change of shift.

    open alarms · who is on duty · stations · emergency numbers · every home: who, how to get in, whom to call
"""

import os
import re
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, TypedDict

import structlog

from dispatch.clock import Clock
from dispatch.review import briefs_of
from dispatch.rules import sheets as rules
from dispatch.rules.message import Fact
from dispatch.rules.people import SERVICE, Person
from dispatch.rules.record import Line
from dispatch.rules.rights import DISTRICT, Area
from dispatch.rules.urgency import urgency
from dispatch.store.alarms import Alarms
from dispatch.store.database import Engine
from dispatch.store.people import People
from dispatch.store.transactions import Transactions

Plain = dict[str, Any]


class Made(TypedDict):
    """A sheet as a page that prints, whole in itself, and how many homes stand on it."""

    page: str
    homes: int


NAME = re.compile(r"duty-(\d{8}T\d{6})Z\.html")
log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Rota:
    """Who is on duty and who comes next, as told; `changed_at` is the latest change that has passed."""

    now: Sequence[Mapping[str, Any]] = ()
    next: Sequence[Mapping[str, Any]] = ()
    changed_at: datetime | None = None

    def within(self, area: Area) -> "Rota":
        """Only the carers of these stations; each row has its `station_id`."""
        mine = [[row for row in rows if area.covers(row["station_id"])] for rows in (self.now, self.next)]
        return Rota(now=mine[0], next=mine[1], changed_at=self.changed_at)


class Gathering:
    """What stands on a sheet, as plain values."""

    def __init__(
        self, reading: Engine, clock: Clock, *, rota: Callable[[datetime], Rota], desk_phones: Sequence[str],
        emergency: str | None,
    ) -> None:  # fmt: skip
        """`desk_phones` are the duty numbers; `emergency` is what the service calls, 120 where it calls nobody."""
        self._reading = reading
        self._clock = clock
        self._rota = rota
        self._desk_phones = tuple(desk_phones)
        self._emergency = emergency

    def sheet(self, area: Area = DISTRICT) -> Plain:
        """The sheet for somebody who works for these stations."""
        now = self._clock.now()
        with self._reading.connect() as connection:
            people = People(connection)
            alarms = sorted(Alarms(connection).open(), key=lambda each: urgency(each.state, each.cause, each.raised_at))
            mine = [each for each in alarms if area.answers_for(each.station_id)]
            return {
                "made_at": now.isoformat(), "district": people.district()[0],
                "alarms": briefs_of(connection, mine), "rota": self._rota(now).within(area),
                "stations": [each for each in people.stations() if area.covers(each.id)],
                "desk_phones": self._desk_phones, "emergency": self._emergency or "120",
                "homes": _homes(people, area),
            }  # fmt: skip


class Filing:
    """Files sheets in a folder that only this service may read. `check` is called now and then."""

    def __init__(
        self, transactions: Transactions, clock: Clock, folder: Path, *, make: Callable[[], Made],
        rota: Callable[[datetime], Rota],
    ) -> None:  # fmt: skip
        """`make` makes the sheet of the whole district; of many homes it had better do so in a process of its own."""
        self._transactions = transactions
        self._clock = clock
        self._folder = folder
        self._make = make
        self._rota = rota

    def check(self) -> None:
        """Files one if the shift has changed since the last, or that is too long ago."""
        now = self._clock.now()
        last = max(self._there().values(), default=None)
        if rules.is_due(last, now, self._rota(now).changed_at):
            self.file()

    def file(self, *, by: Person = SERVICE) -> Path:
        """
        Files one now and deletes those that are old.

        Raises:
            OSError: the folder cannot be written.
        """
        now = self._clock.now()
        made = self._make()
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        path = self._folder / f"duty-{now.astimezone(UTC):%Y%m%dT%H%M%S}Z.html"
        write_private(path, made["page"])
        for name in rules.old(self._there(), now):
            (self._folder / name).unlink(missing_ok=True)
        facts: dict[str, Fact] = {"file": path.name, "homes": made["homes"]}
        self._transactions.run(lambda tx: tx.log(Line(kind="sheet_filed", by=by, facts=facts)))
        log.info("sheet_filed", file=path.name, homes=made["homes"])
        return path

    def _there(self) -> dict[str, datetime]:
        if not self._folder.is_dir():
            return {}
        found = {each.name: NAME.fullmatch(each.name) for each in self._folder.iterdir()}
        return {
            name: datetime.strptime(match[1], "%Y%m%dT%H%M%S").replace(tzinfo=UTC)
            for name, match in found.items()
            if match is not None
        }


def write_private(path: Path, text: str | bytes) -> None:
    """Writes a whole file that nobody else may read; there is the old one or the new one, never half of it."""
    beside = path.with_name(f".{path.name}.part")
    # Two who file at the same second write the same name.
    with _writing:
        beside.unlink(missing_ok=True)
        with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
            file.write(text.encode("utf-8") if isinstance(text, str) else text)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)


_writing = threading.Lock()


def _homes(people: People, area: Area) -> list[Plain]:
    """Every home by address, with who lives there and whom to call."""
    living: dict[str, list[Any]] = {}
    for resident in people.residents():
        living.setdefault(resident.home_id, []).append(resident)
    kin: dict[str, list[Any]] = {}
    for contact in sorted(people.contacts(), key=lambda each: each.order):
        kin.setdefault(contact.home_id, []).append(contact)
    stations = {each.id: each.name for each in people.stations()}
    homes = [each for each in people.homes() if area.covers(each.station_id)]
    return [
        {
            "code": each.code, "address": each.address, "entry": each.entry,
            "station": stations.get(each.station_id) if each.station_id else None,
            "residents": living.get(each.id, []), "contacts": kin.get(each.id, []),
        }
        for each in sorted(homes, key=lambda home: home.address)
    ]  # fmt: skip
