"""Wires what stands behind the console: who is in charge, handovers, the duty sheet, paper."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import structlog
from sqlalchemy import func, select

from dispatch.clock import Clock
from dispatch.dark.paper import Paper
from dispatch.dark.sheets import Filing, Gathering, Made, Rota
from dispatch.desk import Desk
from dispatch.handover.claiming import Claiming
from dispatch.handover.places import Places
from dispatch.handover.watch import Watch
from dispatch.muster import DutyRoster
from dispatch.store.database import Engine
from dispatch.store.people import People, homes
from dispatch.store.transactions import Transactions
from dispatch.web.sheets import sheet_on_paper
from schedules.calendar import Calendar
from schedules.duty.rules import Shift
from schedules.duty.store import Shifts
from schedules.timetable import Periodic

AHEAD = timedelta(hours=24)
"""Who comes next is told so far ahead."""

BACK = timedelta(hours=24)
SHEETS = "sheets"
"""The folder of filed duty sheets, below the folder of data."""

IN_PLACE_MAX = 1_000
"""So many homes are written on a sheet in some 60 ms of processor time; a process of its own costs a second."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class Console:
    """What operators do among themselves, and what lies ready for the dark."""

    claiming: Claiming
    watch: Watch
    places: Places
    gathering: Gathering
    filing: Filing
    paper: Paper
    rota: Callable[[datetime], Rota]

    @property
    def timetable(self) -> tuple[Periodic, ...]:
        return (
            Periodic(name="check_claims", every_s=5.0, work=self.claiming.check),
            Periodic(name="file_sheets", every_s=60.0, work=self.filing.check),
        )


def build_console(
    transactions: Transactions, reading: Engine, clock: Clock, calendar: Calendar, desk: Desk, roster: DutyRoster, *,
    home: Path, nudge: Callable[[], None], desk_phones: Sequence[str] = (), emergency: str | None = None,
    elsewhere: Callable[[], Made] | None = None,
) -> Console:  # fmt: skip
    """
    `nudge` tells every board that something changed; `home` is the folder of data; `elsewhere` makes the sheet
    of a large district in another process.
    """

    def rota(now: datetime) -> Rota:
        return rota_of(reading, now)

    gathering = Gathering(reading, clock, rota=rota, desk_phones=desk_phones, emergency=emergency)

    def make() -> Made:
        if elsewhere is not None and _homes(reading) > IN_PLACE_MAX:
            return elsewhere()
        told = gathering.sheet()
        return {"page": sheet_on_paper(told, lang="zh", zone=calendar.tzinfo), "homes": len(told["homes"])}

    filing = Filing(transactions, clock, home / SHEETS, rota=rota, make=make)

    def begun() -> None:
        # The watch has been signed for: that a file could not be written must not undo it.
        try:
            filing.file()
        except OSError as error:
            log.warning("sheet_not_filed", error=type(error).__name__)

    return Console(
        claiming=Claiming(transactions, reading, clock, nudge=nudge),
        watch=Watch(transactions, reading, clock, nudge=nudge, begun=begun),
        places=Places(reading, roster), gathering=gathering, filing=filing,
        paper=Paper(transactions, desk, clock), rota=rota,
    )  # fmt: skip


def _homes(reading: Engine) -> int:
    with reading.connect() as connection:
        return connection.execute(select(func.count()).select_from(homes)).scalar_one()


def rota_of(reading: Engine, now: datetime) -> Rota:
    """Who is on duty at this instant, who comes within a day, and when the shift changed last."""
    with reading.connect() as connection:
        shifts = Shifts(connection).covering(now - BACK, now + AHEAD)
        people = People(connection)
        carers = people.carers_by_id({each.carer_id for each in shifts})
        stations = {each.id: each.name for each in people.stations()}

    def told(shift: Shift, **when: str) -> dict[str, Any]:
        known = carers[shift.carer_id]
        station = stations.get(known.station_id) if known.station_id else None
        return {"name": known.name, "phone": known.phone, "station": station, "station_id": known.station_id,
                **when}  # fmt: skip

    passed = [at for each in shifts for at in (each.start_at, each.end_at) if at <= now]
    return Rota(
        now=[told(each, until=each.end_at.isoformat()) for each in shifts if each.start_at <= now < each.end_at],
        next=[
            told(each, start=each.start_at.isoformat())
            for each in sorted(shifts, key=lambda shift: shift.start_at)
            if now < each.start_at
        ],
        changed_at=max(passed, default=None),
    )
