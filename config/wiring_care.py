"""Puts together what keeps visits at home: planning, signing, chasing, judging, and what carers answer about them."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import timedelta

from config.settings import Settings
from dispatch.clock import Clock
from dispatch.desk import Desk
from dispatch.messages.providers.provider import Provider
from dispatch.store.database import Engine
from dispatch.store.transactions import Transactions, Tx
from schedules.calendar import Calendar
from schedules.care.rules.evidence import Limits
from schedules.care.rules.lateness import Patience
from schedules.care.store.visits import Visits
from schedules.care.visit_answers import VisitClaims, VisitOrders
from schedules.care.visit_letters import Letters
from schedules.care.visit_planning import Planning, Source
from schedules.care.visit_tags import Tags
from schedules.care.visiting import Visiting
from schedules.timetable import Periodic


@dataclass(kw_only=True)
class Care:
    """Everybody who keeps visits. `sources` is where whoever wants visits is added, before the start."""

    visiting: Visiting
    planning: Planning
    claims: VisitClaims
    orders: VisitOrders
    tags: Tags
    sources: list[Source] = field(default_factory=list)

    @property
    def timetable(self) -> tuple[Periodic, ...]:
        return (
            Periodic(name="plan_visits", every_s=300.0, work=self.planning.check),
            Periodic(name="read_visit_tags", every_s=5.0, work=self.tags.check),
        )


def build_care(
    settings: Settings, transactions: Transactions, reading: Engine, clock: Clock, calendar: Calendar, desk: Desk,
    providers: Mapping[str, Provider], *, nudge: Callable[[], None],
) -> Care:  # fmt: skip
    """Wires them; nothing is wanted yet."""
    sources: list[Source] = []
    patience, limits = patience_of(settings), limits_of(settings)
    first = next(iter(providers.values()))
    letters = Letters(settings.operators.phones, two_way=lambda phone: first.capability(phone).two_way)
    planning = Planning(
        transactions, reading, clock, calendar, sources=sources, patience=patience,
        days_ahead=settings.visits.days_ahead, nudge=nudge,
    )  # fmt: skip
    visiting = Visiting(
        transactions, reading, clock, calendar, desk, letters=letters, patience=patience, limits=limits, nudge=nudge
    )
    return Care(
        visiting=visiting, planning=planning, claims=VisitClaims(visiting), orders=VisitOrders(visiting),
        tags=Tags(transactions, reading, clock, visiting), sources=sources,
    )  # fmt: skip


def patience_of(settings: Settings) -> Patience:
    """How long is waited, by the settings."""
    said = settings.visits
    return Patience(
        remind=timedelta(minutes=said.remind_min), tell=timedelta(minutes=said.tell_min),
        miss=timedelta(minutes=said.missed_min), unsigned=timedelta(minutes=said.unsigned_min),
        give_up=max(timedelta(hours=said.give_up_h), timedelta(minutes=said.unsigned_min)),
    )  # fmt: skip


def limits_of(settings: Settings) -> Limits:
    """What is believed, by the settings."""
    said = settings.visits
    return Limits(
        radius_m=said.radius_m, accuracy_max_m=said.accuracy_max_m, short_percent=said.short_percent,
        long_over=timedelta(minutes=said.long_over_min), entered_within=timedelta(hours=said.entered_within_h),
        witness=said.witness,
    )  # fmt: skip


def mend_care(tx: Tx, seconds: float) -> None:
    """Somebody set the clock back: what waits to be judged waits no longer than it would have."""
    Visits(tx.connection).shift_due(seconds)
