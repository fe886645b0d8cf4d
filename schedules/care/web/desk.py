"""What pages and programs share about beds: reading them with everything that belongs to them, told as plain values."""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass
from datetime import date
from typing import Any

from dispatch.ids import ResidentId
from dispatch.rules.rights import Area
from dispatch.store.accounts import Reading
from dispatch.store.people import People
from dispatch.store.transactions import Transactions
from schedules.calendar import Calendar
from schedules.care.assessing import Assessing
from schedules.care.beds import BedLife
from schedules.care.filing import Filing
from schedules.care.plans import CarePlans
from schedules.care.rules.items import ServiceList
from schedules.care.rules.month import Duty, Point, Standing
from schedules.care.rules.plan import Plan
from schedules.care.standing import Months, Statement
from schedules.care.store.assessments import Assessments
from schedules.care.store.bed_lists import BedLists
from schedules.care.store.beds import Beds, Steps
from schedules.care.store.papers import Papers
from schedules.care.store.plans import plain

Plain = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class BedDesk:
    """The services, and what reads them."""

    life: BedLife
    assessing: Assessing
    plans: CarePlans
    months: Months
    filing: Filing
    duties: Mapping[str, Duty]
    items: ServiceList
    default: str
    reading: Reading
    transactions: Transactions
    calendar: Calendar
    names: Callable[[], Mapping[str, str]]
    seen: Callable[..., None]
    """Keeps in the record that a resident's file was opened."""

    lacking: str = ""
    """What is wrong with the files of beds, empty where all are in order."""

    def listed(self, area: Area, *, after: str, most: int, **filters: Any) -> list[Plain]:
        """Beds of an area behind this id; `filters` as `BedLists.page` takes them."""
        month = f"{self.months.this_month():%Y-%m}"
        with self.reading.connect() as connection:
            rows = BedLists(connection).page(area, after=after, most=most, month=month, **filters)
        return [told_bed(each) | {"course": each["course"] if each["month"] == month else None} for each in rows]

    def one(self, name: str, area: Area) -> Plain:
        """
        A bed with its steps, assessments, papers, plans and days of service; opening it is kept.

        Raises:
            NotFound: there is none in this area.
        """
        with self.reading.connect() as connection:
            row = Beds(connection).row(name, area)
            steps, shelf = Steps(connection), Papers(connection)
            found = {
                **told_bed(row),
                "steps": [_step(each) for each in steps.of(row["id"])],
                "assessments": [_assessment(each) for each in Assessments(connection).of(row["id"])],
                "papers": [asdict(each) | {"at": each.at.isoformat()} for each in shelf.of(row["id"])],
                "service": [_dates(asdict(each)) for each in steps.stretches(row["id"])],
            }
        self.seen(ResidentId(row["resident_id"]))
        return {**found, "plans": [told_plan(each) for each in self.plans.of(row["id"])]}

    def carers(self, area: Area) -> list[tuple[str, str]]:
        """The carers of an area who work here, by id."""
        with self.reading.connect() as connection:
            return [
                (each.id, f"{each.code} {each.name}") for each in People(connection).carers()
                if area.covers(each.station_id)
            ]  # fmt: skip

    def carer_names(self) -> dict[str, tuple[str, str]]:
        """Code and name of every carer, those who have left too."""
        with self.reading.connect() as connection:
            return {each.id: (each.code, each.name) for each in People(connection).carers()}

    def carer_labels(self) -> dict[str, str]:
        return {id_: f"{code} {name}" for id_, (code, name) in self.carer_names().items()}

    def unit(self) -> str:
        """The district's name, as it stands over what is filed."""
        with self.reading.connect() as connection:
            return People(connection).district()[0] or "安铃"


def told_bed(row: Plain) -> Plain:
    """A bed's row as it is told."""
    return {
        "id": row["id"], "number": row["number"], "state": str(row["state"]), "resident": row["resident_id"],
        "resident_code": row["resident_code"], "name": row["name"], "address": row["address"],
        "station": row["station_id"], "standard": row["standard"], "agency": row["agency"],
        "applied_on": row["applied_on"].isoformat(), "applied_by": row["applied_by"], "first_by": row["first_by"],
        "agreed_from": _day(row["agreed_from"]), "agreed_until": _day(row["agreed_until"]),
        "why": row["why"], "ended_on": _day(row["ended_on"]), "version": row["version"],
    }  # fmt: skip


def told_plan(plan: Plan) -> Plain:
    """One version of a plan."""
    return {
        "version": plan.version, "from_on": plan.from_on.isoformat(), "made_at": plan.made_at.isoformat(),
        "by": plan.by, "urgent": plan.urgent, "not_with": list(plan.not_with),
        "lines": [plain(each) for each in plan.lines],
    }  # fmt: skip


def told_standing(statement: Statement) -> Plain:
    """How a bed's month stands; hours as minutes, so that nothing is rounded."""
    standing = statement.standing
    return {
        "bed": statement.bed.id, "number": statement.bed.number, "month": f"{statement.month:%Y-%m}",
        "standard": statement.duty.id, "course": standing.course.value, "owed_days": standing.owed,
        "visits": standing.counted.visits, "minutes": standing.counted.minutes,
        "medical_visits": standing.counted.medical, "items": sorted(standing.counted.items),
        "fails": list(standing.fails), "points": [_point(each) for each in standing.points],
        "days": [_dates(asdict(each)) for each in standing.days],
        "year_visits": statement.year_visits, "units": statement.units,
    }  # fmt: skip


def told_visits(standing: Standing) -> list[Plain]:
    """The visits that a month was counted from, each with what of it counts."""
    return [
        {
            "id": each.visit.visit_id, "on": each.visit.on.isoformat(), "begun_at": each.visit.begun_at.isoformat(),
            "finished_at": each.visit.finished_at.isoformat(), "minutes": each.minutes, "own": each.own,
            "carers": list(each.visit.carer_ids), "items": list(each.visit.items), "medical": each.visit.medical,
        }
        for each in standing.told
    ]  # fmt: skip


def hours(minutes: int) -> str:
    """Minutes as people read them: 29:59."""
    return f"{minutes // 60}:{minutes % 60:02}"


def _point(point: Point) -> Plain:
    return {
        "duty": point.name, "course": point.course.value,
        **{name: None if value is None else _number(value, is_hours=point.name == "hours")
           for name, value in (("need", point.need), ("done", point.done), ("planned", point.planned),
                               ("missing", point.missing))},
    }  # fmt: skip


def _number(value: Any, *, is_hours: bool) -> int | float:
    """Hours in minutes; whole numbers whole, shares (of satisfaction) as they are."""
    exact = value * 60 if is_hours else value
    return int(exact) if exact == int(exact) else float(exact)


def _step(step: Any) -> Plain:
    return _dates(asdict(step)) | {"at": step.at.isoformat()}


def _assessment(assessment: Any) -> Plain:
    return _dates(asdict(assessment)) | {"adjustments": list(assessment.adjustments)}


def _dates(values: Plain) -> Plain:
    return {name: value.isoformat() if type(value) is date else value for name, value in values.items()}


def _day(day: date | None) -> str | None:
    return None if day is None else day.isoformat()
