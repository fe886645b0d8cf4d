"""
Puts home care together: who needs visits, who makes them, and what becomes of them.

    beds ─┐
    orders┼─► visits ─► months of beds
    rounds┘
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from config.beds_others import OtherRooms
from config.settings import Settings
from config.wiring_after import channel_of
from config.wiring_anomalies import Anomalies, build_anomalies
from config.wiring_bedmoney import BedMoney, build_bedmoney
from config.wiring_beds import Beds, build_beds
from config.wiring_care import Care, build_care, limits_of, mend_care
from config.wiring_corrections import Corrections, build_corrections
from config.wiring_coverage import Coverage, build_coverage
from config.wiring_duty import Duty, build_duty, mend_duty
from config.wiring_meals import Meals, build_meals
from config.wiring_operators import Operators, build_operators
from config.wiring_planning import Planning, build_planning
from config.wiring_rounds import Rounding, build_rounds
from config.wiring_settlement import Settlement, build_settlement
from config.wiring_welfare import Welfare, build_welfare, mend_welfare
from dispatch.clock import Clock
from dispatch.desk import Desk
from dispatch.messages.providers.provider import Provider
from dispatch.rules.message import Channel
from dispatch.rules.travel import TravelTime
from dispatch.satisfaction.asking import SatisfactionAsking
from dispatch.store.database import Engine
from dispatch.store.transactions import Transactions, Tx
from schedules.apart import Apart
from schedules.calendar import Calendar
from schedules.care.rules.visit import Source
from schedules.meals.searched import SearchedMeals
from schedules.money.beds.drawn import DrawnSchemes
from schedules.orders.visited import OrderVisits
from schedules.planning.visits import Book
from schedules.rounds.visited import RoundVisits
from schedules.timetable import Periodic
from schedules.welfare.visits import VisitSigns


@dataclass(frozen=True, slots=True, kw_only=True)
class HomeCare:
    """All of it."""

    duty: Duty
    beds: Beds
    rounds: Rounding
    visits: Care
    planning: Planning
    coverage: Coverage
    welfare: Welfare
    bedmoney: BedMoney
    operators: Operators
    settlement: Settlement
    anomalies: Anomalies
    meals: Meals
    corrections: Corrections

    @property
    def owners(self) -> Sequence[Any]:
        """Whoever has rows that wait."""
        return (self.visits.visiting, *self.beds.owners, *self.rounds.owners, *self.welfare.owners, self.duty.swapping)

    @property
    def claimants(self) -> Sequence[Any]:
        """Whoever expects answers by text."""
        return (self.visits.claims, self.duty.swapping, self.rounds.answers)

    @property
    def orders(self) -> Sequence[Any]:
        """Whoever reads texts that are orders and no answers."""
        return (self.visits.orders, self.rounds.answers)

    @property
    def timetable(self) -> tuple[Periodic, ...]:
        return (
            *self.duty.timetable, *self.beds.timetable, *self.rounds.timetable, *self.visits.timetable,
            *self.coverage.timetable, *self.welfare.timetable, *self.planning.timetable, *self.anomalies.timetable,
            *self.corrections.timetable,
        )  # fmt: skip

    def start(self, roles: Collection[str]) -> None:
        """Begins what has a thread of its own."""
        self.planning.start(roles)

    def stop(self) -> None:
        self.planning.thinker.stop()
        self.settlement.counting.stop()


def build_homecare(
    settings: Settings, transactions: Transactions, reading: Engine, clock: Clock, calendar: Calendar, desk: Desk,
    providers: Mapping[str, Provider], travel: TravelTime, asking: SatisfactionAsking, *, apart: Apart,
    nudge: Callable[[], None], changed: Callable[[], None],
) -> HomeCare:  # fmt: skip
    """Wires it. `changed` is called after every change of shifts; `apart` does what takes seconds."""
    duty = build_duty(settings, transactions, reading, clock, calendar, providers, nudge=nudge, changed=changed)
    beds = build_beds(settings.beds, transactions, reading, clock, calendar, nudge=nudge)
    beds.elsewhere.workdays = duty.holidays.is_workday
    beds.elsewhere.others = OtherRooms(reading, clock, calendar)
    rounds = build_rounds(
        settings, transactions, reading, clock, calendar, desk, asking, nudge=nudge,
        is_workday=duty.holidays.is_workday, festivals=duty.holidays.beginning, limits=limits_of(settings),
        two_way=lambda phone: channel_of(phone, providers) is Channel.SMS,
    )  # fmt: skip
    visits = build_care(settings, transactions, reading, clock, calendar, desk, providers, nudge=nudge)
    visits.visiting.origins |= {
        Source.ROUND: RoundVisits(rounds.desk), Source.ORDER: OrderVisits(rounds.ordering),
    }  # fmt: skip
    visits.sources += [beds.plans, rounds.desk, rounds.ordering]
    beds.elsewhere.visits = visits.visiting
    money = build_bedmoney(
        settings.bedmoney, transactions, reading, clock, calendar, months=beds.months, visits=visits.visiting
    )
    meals = build_meals(
        settings, transactions, reading, clock, calendar, is_workday=duty.holidays.is_workday,
        days_mark=lambda: duty.holidays.mark,
    )  # fmt: skip
    operators = build_operators(settings, transactions, reading, clock, calendar, beds=money.reckoning, apart=apart)
    settlement = build_settlement(settings.settlement, transactions, reading, clock, calendar, dues=operators.settling)
    settlement.payees.append(meals.payees)
    rules = money.reckoning.rules
    anomalies = build_anomalies(
        settings.anomalies, transactions, reading, clock, calendar,
        exclusions=list(dict.fromkeys([*meals.book.exclusions, *rules.exclusions])),
    )  # fmt: skip
    anomalies.searching.schemes = DrawnSchemes(reading, money.reckoning)
    anomalies.searching.policies = lambda: rules.policies
    anomalies.searching.meals, anomalies.searching.month_hash = (
        SearchedMeals(reading, meals.book.policies),
        settlement.month_hash,
    )
    anomalies.searching.closed_months = settlement.closed_months
    return HomeCare(
        bedmoney=money, duty=duty, beds=beds, rounds=rounds, visits=visits,
        planning=build_planning(
            settings, transactions, reading, clock, calendar, book=Book(visits.visiting), travel=lambda: travel,
            kept=visits.visiting.on, nudge=nudge, apart=apart,
        ),
        coverage=build_coverage(settings, transactions, reading, clock, calendar, travel, apart=apart, nudge=nudge),
        welfare=build_welfare(
            settings, transactions, reading, clock, calendar, desk, nudge=nudge,
            sources=[VisitSigns(visits.visiting, clock, calendar), meals.source],
        ),
        meals=meals,
        operators=operators, settlement=settlement, anomalies=anomalies,
        corrections=build_corrections(transactions, reading, meals, money),
    )  # fmt: skip


def mend_homecare(tx: Tx, seconds: float) -> None:
    """Somebody set the clock back: what waits here waits no longer than it would have."""
    mend_duty(tx, seconds)
    mend_care(tx, seconds)
    mend_welfare(tx, seconds)
