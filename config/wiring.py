"""
Puts the house together: each object is made here once and handed what it needs.

Roles: `engine` wakes what is due and sends; `gateway` hears devices; `web` serves pages and hooks. On SQLite they are
one process.
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

from config.databases import Owned, open_for_writing, transactions_on
from config.gateways import Gateways
from config.nudges import Nudges as Nudges
from config.secret import secret_key
from config.sending import courier_options, said_of
from config.settings import Settings
from config.uploads import sweep
from config.wiring_after import After, build_after, mend_after
from config.wiring_board import Console, build_console
from config.wiring_desk import build_situations, read_escalation, read_weights
from config.wiring_devices import Upkeep, build_outages, build_upkeep, mend_devices
from config.wiring_figures import measuring
from config.wiring_lifeline import build_lifeline
from config.wiring_lifeline import timetable as lifeline_timetable
from config.wiring_logbook import LogBook, build_logbook
from config.wiring_pages import Page, pager
from config.wiring_providers import hang_up, listen, make_provider
from config.wiring_registry import Registers, build_registers
from config.wiring_roads import Lines, Roads, build_roads, mend_roads
from config.wiring_webhooks import Webhooks, build_webhooks, mend_webhooks
from config.wiring_welfare import Welfare, build_welfare, mend_welfare
from devices.edges import Edges, Everybody
from devices.exchange import Exchange
from devices.gateway import Gateway
from devices.outages import Outages
from devices.ports import HttpDoor
from devices.reception import Reception
from devices.supervision import Supervision
from devices.upkeep.by_text import TestsByText
from dispatch.answers import Answers
from dispatch.calls import Calls
from dispatch.clock import Clock
from dispatch.desk import Desk
from dispatch.expectations import DeskClaims
from dispatch.ids import StationId
from dispatch.lifeline import Lifeline
from dispatch.links import Links, addresses
from dispatch.messages.courier import Courier
from dispatch.messages.providers import console as console_provider
from dispatch.messages.providers.provider import Provider
from dispatch.messages.reconcile import Reconciler
from dispatch.messages.ride import Ride
from dispatch.muster import Muster
from dispatch.review import Review
from dispatch.rules.travel import StraightLine
from dispatch.siren import Consoles, Siren
from dispatch.store.alarms import Alarms
from dispatch.store.bell import Listener
from dispatch.store.calls import Calls as CallShelf
from dispatch.store.database import Engine, reading_engine
from dispatch.store.outbox import Outbox
from dispatch.store.people import People
from dispatch.store.replies import Replies
from dispatch.store.transactions import Tx
from dispatch.talks import ResidentClaims, Talks
from schedules.calendar import Calendar
from schedules.duty.roster import Roster
from schedules.runner import Runner
from schedules.timers import Owner, Timers
from schedules.timetable import Periodic

ROLES = ("web", "engine", "gateway", "planner")

WAIT_MAX = timedelta(hours=1, minutes=1)
"""No rule lets an alarm wait longer (closing: an hour). One that does waits for a clock that was set back."""

REREAD_S = 10.0
"""Where several processes share a database, a device paired in one is known to the others after so long at most."""


@dataclass(kw_only=True)
class House:
    """Everything that was wired, started and stopped together."""

    settings: Settings
    clock: Clock
    ids: Callable[[], str]
    writing: Engine
    reading: Engine
    transactions: Owned
    calendar: Calendar
    nudges: Nudges
    roster: Roster
    muster: Muster
    desk: Desk
    answers: Answers
    talks: Talks
    calls: Calls
    review: Review
    logbook: LogBook
    providers: Mapping[str, Provider]
    panel: console_provider.ConsolePanel
    courier: Courier
    reconciler: Reconciler
    supervision: Supervision
    reception: Reception
    edges: Edges
    timers: Timers
    consoles: Consoles
    upkeep: Upkeep
    links: Links
    roads: Roads
    lines: Lines
    page: Page
    after: After
    webhooks: Webhooks
    console: Console
    registers: Registers
    welfare: Welfare
    outages: Outages = field(init=False)
    lifeline: Lifeline = field(init=False)
    gateways: list[Gateway | Exchange] = field(default_factory=list)
    hearing: list[Gateway | Exchange] = field(default_factory=list)
    doors: dict[str, HttpDoor] = field(default_factory=dict)
    stopping: threading.Event = field(default_factory=threading.Event)
    runner: Runner | None = None
    bell: Listener | None = None
    takes_batches: bool = True
    wakes: bool = False

    def start(self, roles: frozenset[str]) -> None:
        """Takes up what waits, then listens. The engine first: what was pending leaves before anything else begins."""
        # What the web server's threads hand over is heard in the same process.
        self.hearing += [each for each in self.gateways if ("web" if each.name in self.doors else "gateway") in roles]
        self.takes_batches = "web" in roles
        if self.writing.dialect.name == "postgresql":
            self.bell = Listener(self.writing, self.nudges)
            self.bell.start()
        if "engine" in roles:
            self.wakes = True
            self.muster.refresh(self.clock.now())
            self.transactions.run(self._take_up)
            self.courier.start()
            self.reconciler.start()
            listen(self.providers, self.answers, self.courier)
            self.runner = Runner(self.timers, self._timetable(), self.clock)
            self.runner.start()
            self.webhooks.timers.start()
            self.nudges()
        elif roles & {"web", "gateway"}:
            # Whoever hears must also write down what it heard, and notice when it hears nothing.
            self.runner = Runner(Timers([], self.clock, workers=0), self._listening(), self.clock)
            self.runner.start()
        self.reception.forget()
        self.lines.hearing = self.hearing
        for gateway in self.hearing:
            gateway.start()

    def stop(self) -> None:
        """Ends cleanly: no more listening, then no more waking, then no more sending, then the writer."""
        self.stopping.set()
        for gateway in self.hearing:
            gateway.stop()
        if self.bell is not None:
            self.bell.stop()
        if self.runner is not None:
            self.runner.stop()
        self.webhooks.timers.stop()
        self.logbook.verifier.stop()
        hang_up(self.providers)
        self.reconciler.stop()
        self.courier.stop()
        self.transactions.close()
        self.reading.dispose()
        self.writing.dispose()

    def everybody(self) -> Everybody:
        """All gateways, those behind forwarding ones too."""
        return Everybody(self.gateways, self.edges.all)

    def stuck_s(self) -> float:
        """Seconds without progress of what must go on for ever: the timers, and the writer behind the vitals."""
        if not self.wakes:
            return 0.0
        return max(self.timers.stuck_s(), self.roads.vitals.since_check_s)

    def status(self) -> str:
        """How it is, in one line for `systemctl status`."""
        there = [each.state.connected for each in self.hearing]
        worries = self.roads.vitals.worries
        return f"安铃：网关 {sum(there)}/{len(there)}，能响铃的值守台 {self.consoles.sounding()}" + (
            f"，注意：{'、'.join(worries)}" if worries else ""
        )

    def forget(self) -> None:
        """The registers changed: every picture of them in memory is read afresh."""
        self.roster.forget()
        self.muster.forget()
        self.upkeep.tests.forget()
        self.reception.forget()
        self.registers.finding.look_again()
        self.nudges()

    def _take_up(self, tx: Tx) -> None:
        """After a start with the clock set back nothing may wait longer than any rule says."""
        Alarms.of(tx).pull_in(tx.now + WAIT_MAX, tx.now)

    def _timetable(self) -> tuple[Periodic, ...]:
        siren = Siren(
            self.consoles,
            self.transactions,
            self.clock,
            # No console can ring: the duty numbers are told, because an alarm would ring for nobody.
            page=lambda _: self.page("no_console", ""),
            silent_s=self.settings.siren.sound_console_s,
        )
        return (
            *self._listening(),
            Periodic(name="check_siren", every_s=5.0, work=siren.check),
            Periodic(name="check_campaign", every_s=60.0, work=self.upkeep.campaigning.check),
            *self.roads.timetable,
            *lifeline_timetable(self.lifeline),
            *self.after.timetable,
            *self.webhooks.timetable,
            *self.console.timetable,
            Periodic(name="sweep_imports", every_s=300.0, work=lambda: sweep(self.settings.home, self.clock.now())),
            *self.logbook.timetable,
            *self.registers.timetable,
            *self.welfare.timetable,
            measuring(self.transactions, self.reading, self.clock, self.muster),
            Periodic(name="refresh_muster", every_s=2.0, work=lambda: self.muster.refresh(self.clock.now())),
        )

    def _listening(self) -> tuple[Periodic, ...]:
        """What every process does that hears devices, or that others tell of them."""
        own = (
            Periodic(name="check_gateways", every_s=5.0, work=self.outages.check),
            Periodic(name="write_down_sightings", every_s=1.0, work=self.supervision.write_down),
        )
        if self.writing.dialect.name == "sqlite":
            return own
        return (*own, Periodic(name="reread_register", every_s=REREAD_S, work=self._reread))

    def _reread(self) -> None:
        """Another process may have paired or moved a device: nobody else would tell this one."""
        self.upkeep.tests.forget()
        self.reception.forget()

    def heard(self) -> Sequence[Any]:
        """The gateways that this process listens to, itself or by what edges tell it."""
        return [*self.hearing, *(self.edges.ears() if self.takes_batches else ())]


def build(settings: Settings, clock: Clock, ids: Callable[[], str], *, alone: bool | None = None) -> House:
    """
    Wires a house on its database, brought up to date; nothing runs yet but the writer.

    Raises:
        Misconfigured: the settings or the escalation file are not in order.
    """
    policies = read_escalation(settings)
    writing = open_for_writing(settings)
    reading = reading_engine(settings.database_url)
    transactions = transactions_on(writing, clock, ids, mend_waiting)
    with reading.connect() as connection:
        _, zone = People(connection).district()
        stations = {each.code: each.id for each in People(connection).stations()}
    calendar, nudges, roster = Calendar(zone), Nudges(), Roster(reading)
    panel = _panel(settings)
    providers = {name: make_provider(name, settings, panel, clock, ids) for name in settings.messages.order}
    links = Links(reading, clock, secret=secret_key(settings.home))
    muster = Muster(reading, roster, StraightLine(), read_weights(settings), lambda: clock.look().steady_s)
    situations = build_situations(settings, reading, muster, clock, providers)

    def rides() -> AbstractContextManager[Ride]:
        # The courier is made below, because it tells the desk.
        return courier.ride()

    desk = Desk(
        transactions, reading, muster, policies, situations, day_number=calendar.day_number, nudge=nudges,
        hand_over=lambda id_: timers.hand_over(Desk.name, id_), rides=rides,
    )  # fmt: skip
    upkeep = build_upkeep(
        settings, transactions, reading, clock, calendar, desk, nudge=nudges,
        changed=lambda: reception.forget(),  # noqa: PLW0108  it is made below
    )  # fmt: skip
    registers = build_registers(
        settings, transactions, reading, clock, upkeep.register, nudge=nudges,
        changed=lambda: house.forget(),  # noqa: PLW0108  it is made below
    )  # fmt: skip
    lines, page = Lines(), pager(settings.operators.phones, transactions, clock, nudges)
    roads = build_roads(
        settings, transactions, reading, clock, calendar, desk, lines=lines, providers=providers, nudge=nudges,
        page=page, changed=muster.forget,
    )  # fmt: skip
    after = build_after(
        settings, transactions, reading, clock, calendar, providers,
        forget=lambda: house.forget(),  # noqa: PLW0108  below
    )  # fmt: skip
    answers = Answers(
        transactions, reading, [DeskClaims(desk), ResidentClaims(desk), roads.reach], desk,
        orders=[TestsByText(upkeep.tests, after=nudges), after.asking], operators=settings.operators.phones,
        nudge=nudges, hand_over=lambda id_: timers.hand_over(Answers.name, id_), rides=rides,
    )  # fmt: skip
    calls = Calls(transactions, reading, desk, nudge=nudges, hand_over=lambda id_: timers.hand_over(Calls.name, id_))
    on_sqlite = writing.dialect.name == "sqlite"
    courier = Courier(
        transactions,
        reading,
        providers,
        clock,
        local=calendar.local,
        unreached=desk,
        alone=on_sqlite if alone is None else alone,
        emergency_workers=settings.messages.emergency_workers,
        notice_workers=settings.messages.notice_workers,
        **courier_options(settings, clock),
        address=addresses(links, settings.web.base_url),
    )
    reconciler = Reconciler(
        courier, transactions, reading, clock, unreached=desk, poll_s=settings.messages.poll_s,
        keep=lambda provider, found: answers.receive(provider, [said_of(each) for each in found]),
    )  # fmt: skip
    supervision = Supervision(transactions)
    reception = Reception(
        desk, supervision, reading, clock, ids,
        protocols={each.name: each.protocol for each in settings.gateways},
        stations=_stations_of(settings, stations), tests=upkeep.tests,
    )  # fmt: skip
    welfare = build_welfare(settings, transactions, reading, clock, calendar, desk, nudge=nudges)
    reception.heeding = welfare.heard
    owners: list[Owner] = [*upkeep.owners, *roads.owners, *registers.owners, after.asking, *welfare.owners]
    timers = Timers([desk, answers, calls, *owners], clock)
    lines.courier, lines.timers = courier, timers
    # A unit of work looks at both clocks before it begins, so an empty one mends what a set clock has put off.
    timers.on_jump(lambda: transactions.run(lambda _tx: None))
    nudges.join(timers.nudge)
    nudges.join(courier.nudge)
    review = Review(reading, lambda: calendar.day_of(clock.now()))
    house = House(
        settings=settings, clock=clock, ids=ids, writing=writing, reading=reading, transactions=transactions,
        calendar=calendar, nudges=nudges, roster=roster, muster=muster, desk=desk, answers=answers,
        talks=Talks(transactions), calls=calls,
        review=review, logbook=build_logbook(settings, transactions, reading, clock, calendar, review),
        providers=providers, panel=panel, courier=courier, reconciler=reconciler,
        supervision=supervision, reception=reception, timers=timers, consoles=Consoles(clock), upkeep=upkeep,
        edges=Edges(transactions, reading, clock), links=links, roads=roads, lines=lines, page=page, after=after,
        webhooks=build_webhooks(settings, transactions, reading, clock, page=page),
        registers=registers, welfare=welfare,
        console=build_console(
            transactions, reading, clock, calendar, desk, roster, home=settings.home, nudge=nudges,
            desk_phones=settings.operators.phones, emergency=settings.emergency.number or None,
        ),
    )  # fmt: skip
    house.lifeline = build_lifeline(
        settings, transactions, reading, clock, timers=timers, vitals=roads.vitals, consoles=house.consoles,
        next_due=desk.next_due, hearing=lambda: house.hearing, page=page, nudge=nudges,
    )  # fmt: skip
    made = Gateways(reception, clock, house.stopping)
    for each in settings.gateways:
        gateway, listener = made.of(each)
        house.gateways.append(gateway)
        if isinstance(listener, HttpDoor):
            house.doors[each.name] = listener
    house.outages = build_outages(
        settings, Everybody((), house.heard), _stations_of(settings, stations), transactions,
        reading, clock, upkeep,
        forwarding=lambda: {name: n for name, n in reception.handed_in.items() if not house.edges.is_edge(name)},
        nudge=nudges, shared=not on_sqlite,
    )  # fmt: skip
    return house


def mend_waiting(tx: Tx, seconds: float) -> None:
    """Somebody set the clock back: everything that waits waits no longer than it would have."""
    if seconds < 0:
        Alarms.of(tx).shift_due(seconds)
        Outbox(tx.connection).shift_due(seconds)
        Replies(tx.connection).shift_due(seconds)
        CallShelf(tx.connection).shift_due(seconds)
        mend_devices(tx, seconds)
        mend_roads(tx, seconds)
        mend_after(tx, seconds)
        mend_webhooks(tx, seconds)
        mend_welfare(tx, seconds)


def _panel(settings: Settings) -> console_provider.ConsolePanel:
    said = settings.providers.console
    return console_provider.ConsolePanel(token=said.token, fault=console_provider.ConsoleFault(said.fault))


def _stations_of(settings: Settings, stations: Mapping[str, StationId]) -> dict[str, StationId]:
    return {each.name: stations[each.station] for each in settings.gateways if each.station in stations}
