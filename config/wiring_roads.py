"""Puts together what makes sure that messages get through: vitals, the siren's guard, reachability, drills, shadows."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta

from config.settings import Settings
from devices.exchange import Exchange
from devices.gateway import Gateway
from devices.line import Condition
from dispatch.clock import Clock
from dispatch.desk import Desk
from dispatch.drilling import Drilling, Rhythm
from dispatch.messages.courier import Courier
from dispatch.messages.providers.provider import Provider
from dispatch.reachability import Reachability
from dispatch.rules.message import Channel
from dispatch.rules.people import Person, operator
from dispatch.shadow import Shadowing
from dispatch.siren import SirenGuard
from dispatch.store.accounts import Accounts
from dispatch.store.database import Engine, sqlite_file
from dispatch.store.drills import Drills
from dispatch.store.reach_tests import ReachTests
from dispatch.store.transactions import Transactions, Tx
from dispatch.vitals import Vitals
from schedules.calendar import Calendar
from schedules.spread import Spread
from schedules.timers import Timers
from schedules.timetable import Periodic

STUCK_S = 20.0
"""No pass of the timers for so long, and the siren is told."""

Page = Callable[[str, str], None]


@dataclass(kw_only=True)
class Roads:
    """Everybody who looks after the roads. `owners` keep rows that wait."""

    vitals: Vitals
    guard: SirenGuard
    reach: Reachability
    drilling: Drilling
    shadowing: Shadowing
    clock: Clock

    @property
    def owners(self) -> tuple[Reachability, Drilling]:
        return self.reach, self.drilling

    @property
    def timetable(self) -> tuple[Periodic, ...]:
        return (
            Periodic(name="check_vitals", every_s=2.0, work=self.vitals.check),
            Periodic(name="check_siren_runs", every_s=10.0, work=self.guard.check),
            Periodic(name="plan_reach_tests", every_s=600.0, work=self.reach.check),
            Periodic(name="check_drills", every_s=60.0, work=lambda: self.drilling.check(self.clock.now())),
            Periodic(name="check_shadows", every_s=5.0, work=self.shadowing.check),
        )


class Lines:
    """What the house listens on, and what only the running house knows of itself; filled once it is made."""

    def __init__(self) -> None:
        self.hearing: list[Gateway | Exchange] = []
        self.courier: Courier | None = None
        self.timers: Timers | None = None

    def worries(self) -> dict[str, bool]:
        """By the names of `dispatch.horn.judge.Reason`."""
        lost = any(isinstance(each, Gateway) and each.state.condition is Condition.LOST for each in self.hearing)
        courier = self.courier is not None and self.courier.stuck
        timers = self.timers is not None and self.timers.stuck_s() > STUCK_S
        unkept = any(each.help_waits for each in self.hearing)
        return {"courier_stuck": courier or timers, "gateway_lost": lost, "help_not_kept": unkept}


def build_roads(
    settings: Settings, transactions: Transactions, reading: Engine, clock: Clock, calendar: Calendar, desk: Desk,
    *, lines: Lines, providers: Mapping[str, Provider], page: Page, nudge: Callable[[], None],
    changed: Callable[[], None],
) -> Roads:  # fmt: skip
    """Wires them. `page(why, what)` tells the duty numbers; `changed` when somebody became reachable or not."""
    spread = Spread(calendar, from_hour=settings.reach.from_hour, until_hour=settings.reach.until_hour)

    def carries(provider: str, channel: Channel, phone: str) -> bool:
        able = providers[provider].capability(phone)
        return able.voice if channel is Channel.VOICE else able.sms

    return Roads(
        vitals=Vitals(
            transactions, reading, clock, settings.home / "engine.beat", database=sqlite_file(settings.database_url),
            untaken_s=settings.siren.untaken_s, others=lines.worries,
        ),
        guard=SirenGuard(
            settings.home, transactions, clock, wanted=settings.siren.own_lines,
            page=lambda: page("siren_missed", ""),
        ),
        reach=Reachability(
            transactions, reading, clock, wanted=settings.reach.monthly, month_of=calendar.month_of, spread=spread,
            road=lambda phone: answered_by(phone, list(providers.values())), page=page, changed=changed,
        ),
        drilling=Drilling(
            transactions, reading, desk, doors=lambda: lines.hearing, providers=list(providers), carries=carries,
            rhythm=Rhythm(
                every=timedelta(hours=settings.drills.every_h) if settings.drills.every_h else None,
                by=lambda: operator_of(reading, settings.drills.by),
                untested=timedelta(days=settings.drills.untested_days), working=spread.working,
            ),
            page=page, nudge=nudge,
        ),
        shadowing=Shadowing(transactions, reading, desk, nudge=nudge),
        clock=clock,
    )  # fmt: skip


def answered_by(phone: str, providers: Sequence[Provider]) -> Channel | None:
    """By text where the first road carries answers, else by a call whose key can return; None where nothing comes."""
    able = [each.capability(phone) for each in providers]
    if able[0].two_way:
        return Channel.SMS
    return Channel.VOICE if any(each.voice and each.keys for each in able) else None


def operator_of(reading: Engine, login: str) -> Person | None:
    """The person who signs in with this name; None where there is none."""
    with reading.connect() as connection:
        found = next((each for each in Accounts(connection).operators() if each.login == login), None)
    return operator(found.id) if found else None


def mend_roads(tx: Tx, seconds: float) -> None:
    """Somebody set the clock back: what waits here waits no longer than it would have."""
    ReachTests(tx.connection).shift_due(seconds)
    Drills(tx.connection).shift_due(seconds)
