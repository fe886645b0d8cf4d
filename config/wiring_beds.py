"""Puts together home-care beds: their life, assessments, care plans and the standing of their months."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

import structlog

from config.beds_options import BedSettings
from config.care_files import read_duties, read_items, read_standards
from config.tolerated import stood_in, tolerated
from dispatch.clock import Clock
from dispatch.ids import ResidentId
from dispatch.store.database import Engine
from dispatch.store.transactions import Transactions
from schedules.calendar import Calendar
from schedules.care.assessing import Assessing
from schedules.care.beds import BedLife
from schedules.care.filing import Filing
from schedules.care.plans import CarePlans
from schedules.care.rules.bed import Limits
from schedules.care.rules.items import ServiceList
from schedules.care.rules.month import Duty
from schedules.care.rules.standard import Number
from schedules.care.rules.visit import Proved
from schedules.care.standing import Months, Others, Visits
from schedules.timetable import Periodic

log = structlog.get_logger()

LOOK_EVERY_S = 60.0
COUNT_EVERY_S = 60.0
_ITEMS = BedSettings().items


class NoVisits:
    """Nobody proves visits yet: every month is empty."""

    def proved(self, _resident: ResidentId, _start: date, _end: date) -> Sequence[Proved]:
        return ()


@dataclass(kw_only=True)
class Elsewhere:
    """What beds ask of others; whoever is made later is put in then."""

    visits: Visits = field(default_factory=NoVisits)
    workdays: Callable[[date], bool] = field(default=lambda day: day.weekday() < 5)
    others: Others = field(default=lambda _resident, _month: {})

    def proved(self, resident_id: ResidentId, start: date, end: date) -> Sequence[Proved]:
        return self.visits.proved(resident_id, start, end)

    def is_workday(self, day: date) -> bool:
        return self.workdays(day)

    def told(self, resident_id: ResidentId, month: date) -> Mapping[str, Number]:
        return self.others(resident_id, month)


@dataclass(frozen=True, slots=True, kw_only=True)
class Beds:
    """Everybody who looks after beds."""

    life: BedLife
    assessing: Assessing
    plans: CarePlans
    months: Months
    filing: Filing
    duties: Mapping[str, Duty]
    items: ServiceList
    elsewhere: Elsewhere
    default: str
    lacking: str
    """What is wrong with their files, empty where all are in order."""

    timetable: tuple[Periodic, ...]

    @property
    def owners(self) -> tuple[Assessing]:
        return (self.assessing,)


def build_beds(
    said: BedSettings, transactions: Transactions, reading: Engine, clock: Clock, calendar: Calendar, *,
    nudge: Callable[[], None],
) -> Beds:  # fmt: skip
    """
    Wires them. No mistake in a file keeps anything from starting:

    * A standard of a month's duty that cannot be read is not there. Months of beds that are held to it are counted, and
      stand as not known and not fulfilled until it is; for new beds another one can be chosen.
    * Without standards of assessment none is written down.
    * For a service list that cannot be read the one that comes with the program stands in where items are chosen, and
      nobody counts basic items by it.
    """
    duties, lacking = duties_of(said)
    listed = stood_in("items", lambda: read_items(said.items), lambda: replace(read_items(_ITEMS), counts=False))
    assessed = tolerated("assessments", lambda: read_standards(said.assessments))
    items = listed.value
    elsewhere = Elsewhere()
    life = BedLife(
        transactions, reading, clock, calendar, limits=limits_of(said), changed=nudge,
        duties={id_: each.title for id_, each in duties.items()},
    )  # fmt: skip
    plans = CarePlans(
        transactions, reading, calendar, items=items, change_by=said.change_by, changed=nudge,
        is_workday=elsewhere.is_workday,
    )  # fmt: skip
    months = Months(
        transactions, reading, calendar, clock, plans=plans, visits=elsewhere, duties=duties, items=items,
        day_minutes_max=said.day_minutes_max, others=elsewhere.told,
    )  # fmt: skip
    assessing = Assessing(
        transactions, reading, calendar, assessed.value or {}, remind=timedelta(days=said.remind_days)
    )
    return Beds(
        life=life, assessing=assessing, plans=plans, months=months, filing=Filing(transactions), duties=duties,
        items=items, elsewhere=elsewhere, default=said.standard,
        lacking=" ".join(filter(None, [lacking, listed.lacking, assessed.lacking])),
        timetable=(
            Periodic(name="look_at_beds", every_s=LOOK_EVERY_S, work=life.look),
            Periodic(name="count_months_of_beds", every_s=COUNT_EVERY_S, work=months.round),
        ),
    )  # fmt: skip


def duties_of(said: BedSettings) -> tuple[Mapping[str, Duty], str]:
    """The standards of a month's duty by id, and what is wrong with them, empty when nothing is."""
    wrong = wrong_standards(said)
    for each in wrong:
        log.error("room_file_refused", room="standards", why=each)
    return read_duties(said.standards)[0], " ".join(wrong)


def wrong_standards(said: BedSettings) -> list[str]:
    """A sentence for each file of a standard that is wrong, and one where the setting names none that there is."""
    duties, wrong = read_duties(said.standards)
    if said.standard in duties:
        return wrong
    return [*wrong, f"beds.standard: there is no {said.standard!r}; there are: {', '.join(sorted(duties)) or 'none'}"]


def limits_of(said: BedSettings) -> Limits:
    """The settings as the rules want them."""
    return Limits(
        hospital=timedelta(days=said.hospital_days), away=timedelta(days=said.away_days),
        levels=frozenset(said.levels),
    )  # fmt: skip
