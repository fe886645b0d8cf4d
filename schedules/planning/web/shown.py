"""What pages and programs are told of a plan: by carer with times and ways, what is left out and why, why each."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from dispatch.errors import NotFound
from dispatch.ids import CarerId, StationId
from dispatch.rules.people import Carer, Station
from dispatch.rules.rights import Area
from dispatch.store.database import Engine
from dispatch.store.people import People
from dispatch.web.i18n import N_
from schedules.planning.desk import PlanDesk
from schedules.planning.store import Planned, State, VisitPlan

STATES = {
    State.WAITING: N_("waiting to be thought about"), State.THINKING: N_("being thought about"),
    State.READY: N_("ready to be looked at"), State.FAILED: N_("failed"), State.PUBLISHED: N_("published"),
    State.UNDONE: N_("taken back"), State.DROPPED: N_("dropped"),
}  # fmt: skip

REASONS = {
    "no_skill": N_("nobody has the skills, or is wanted at this door"),
    "no_shift": N_("nobody who could is on duty then"),
    "no_way": N_("nobody on duty would arrive in time"),
    "full": N_("it would push another visit out"),
    "promised": N_("the promised carer cannot keep it"),
    "waits": N_("it comes after a visit that is left out"),
}

BARRED = {
    "no_skill": N_("without the skills"), "not_wanted": N_("not wanted at this door"),
    "off_shift": N_("not on duty"), "no_room": N_("no room"),
}  # fmt: skip

FAILURES = {
    "it took too long": N_("it took too long"), "out of memory": N_("it needed too much memory"),
    "it ended without a word": N_("it ended without a word"),
}  # fmt: skip
"""What the planner's process says of itself, in words for people; anything else is shown as it was said."""

Plain = dict[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class Names:
    """Who is who, read for one answer."""

    carers: Mapping[CarerId, Carer]
    residents: Mapping[str, str]
    homes: Mapping[str, str]
    stations: Mapping[StationId, Station]

    def carer(self, id_: str) -> str:
        found = self.carers.get(CarerId(id_))
        return f"{found.code} {found.name}" if found else id_


class PlansShown:
    """Reads plans within an area; what lies outside does not exist."""

    def __init__(self, desk: PlanDesk, reading: Engine) -> None:
        self._desk = desk
        self._reading = reading

    def mine(self, plan_id: str, area: Area) -> VisitPlan:
        """
        A plan of this area.

        Raises:
            NotFound: there is none.
        """
        plan = self._desk.get(plan_id)
        if not area.covers(plan.station_id):
            raise NotFound("There is no such plan.")
        return plan

    def recent(self, area: Area) -> list[VisitPlan]:
        return [each for each in self._desk.recent() if area.covers(each.station_id)]

    def stations(self, area: Area) -> list[Station]:
        with self._reading.connect() as connection:
            return [each for each in People(connection).stations() if area.covers(each.id)]

    def names(self) -> Names:
        with self._reading.connect() as connection:
            people = People(connection)
            return Names(
                carers={each.id: each for each in people.carers()},
                residents={each.id: each.name for each in people.residents()},
                homes={each.id: each.address for each in people.homes()},
                stations={each.id: each for each in people.stations()},
            )

    def visits(self, plan: VisitPlan) -> list[Planned]:
        return self._desk.visits(plan.id)


def by_carer(visits: Sequence[Planned], names: Names) -> list[tuple[str, list[Planned]]]:
    """What each carer does, by name; a visit of two stands with both."""
    found: dict[CarerId, list[Planned]] = {}
    for visit in visits:
        for carer in visit.carers if visit.start_at else ():
            found.setdefault(carer, []).append(visit)
    return sorted(((names.carer(each), mine) for each, mine in found.items()), key=lambda each: each[0])


def visit_out(visit: Planned) -> Plain:
    """One visit for programs."""
    return {
        "visit": visit.visit_id, "resident": visit.resident_id, "home": visit.home_id, "minutes": visit.minutes,
        "carers": list(visit.carers), "had": list(visit.had),
        "start": visit.start_at.isoformat() if visit.start_at else None, "travel_s": visit.travel_s,
        "reason": visit.reason, "why": visit.why, "refused": visit.refused,
    }  # fmt: skip


def plan_out(plan: VisitPlan) -> Plain:
    """A plan for programs, without its visits."""
    return {
        "id": plan.id, "station": plan.station_id, "first": plan.first_on.isoformat(), "days": plan.days,
        "state": str(plan.state), "part": plan.part, "seconds": plan.seconds, "seed": plan.seed,
        "cost": plan.cost, "error": plan.error, "asked_at": plan.asked_at.isoformat(), "asked_by": plan.asked_by,
        "published_at": plan.published_at.isoformat() if plan.published_at else None,
        "published_by": plan.published_by,
    }  # fmt: skip
