"""The house: everything that was wired, and how it is started and stopped (`wiring.build` puts it together)."""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import timedelta
from functools import cached_property
from typing import TYPE_CHECKING, Any

from config.databases import Owned
from config.hearing import hang_up, listen
from config.late import Late
from config.nudges import Nudges
from config.probing import Probe
from config.settings import Settings
from config.uploads import sweep
from config.wiring_desk import Escalation, keep_escalation
from config.wiring_devices import Upkeep
from config.wiring_figures import measuring
from config.wiring_lifeline import timetable as lifeline_timetable
from config.wiring_logbook import LogBook
from config.wiring_pages import Page
from config.wiring_registry import Registers
from config.wiring_roads import Lines, Roads
from config.wiring_sending import Sending
from config.wiring_webhooks import Webhooks
from devices.edges import Edges, Everybody
from devices.exchange import Exchange
from devices.gateway import Gateway
from devices.outages import Outages
from devices.ports import HttpDoor
from devices.reception import Reception
from devices.supervision import Supervision
from dispatch.accounts.keys import Keys
from dispatch.answers import Answers
from dispatch.calls import Calls
from dispatch.clock import Clock
from dispatch.desk import Desk
from dispatch.lifeline import Lifeline
from dispatch.links import Links
from dispatch.messages.courier import Courier
from dispatch.messages.providers import console as console_provider
from dispatch.messages.providers.provider import Provider
from dispatch.messages.reconcile import Reconciler
from dispatch.muster import Muster
from dispatch.review import Review
from dispatch.siren import Consoles, Siren
from dispatch.store.alarms import Alarms
from dispatch.store.bell import Listener
from dispatch.store.database import Engine
from dispatch.store.transactions import Tx
from dispatch.talks import Talks
from schedules.calendar import Calendar
from schedules.duty.roster import Roster
from schedules.runner import Runner
from schedules.timers import Timers
from schedules.timetable import Periodic

if TYPE_CHECKING:  # They are imported when they are furnished.
    from config.rooms import Rooms
    from config.wiring_after import After
    from config.wiring_board import Console
    from config.wiring_homecare import HomeCare

WAIT_MAX = timedelta(hours=1, minutes=1)
"""No rule lets an alarm wait longer (closing: an hour). One that does waits for a clock that was set back."""

REREAD_S = 10.0
"""Where several processes share a database, a device paired in one is known to the others after so long at most."""


@dataclass(kw_only=True)
class House:
    """What a running service is made of."""

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
    probe: Probe
    talks: Talks
    calls: Calls
    review: Review
    logbook: LogBook
    providers: Mapping[str, Provider]
    panel: console_provider.ConsolePanel
    courier: Courier
    reconciler: Reconciler
    sending: Sending
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
    webhooks: Webhooks
    registers: Registers
    escalation: Escalation
    rooms: "Late[Rooms]" = field(init=False)
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

    @cached_property
    def keys(self) -> Keys:
        """The keys of machines; on SQLite nobody but this process changes them."""
        return Keys(self.transactions, self.reading, self.clock, remembers=self.writing.dialect.name == "sqlite")

    @property
    def after(self) -> "After":
        return self.rooms.get().after

    @property
    def console(self) -> "Console":
        return self.rooms.get().console

    @property
    def homecare(self) -> "HomeCare":
        return self.rooms.get().homecare

    def start(self, roles: frozenset[str]) -> None:
        """
        Takes up what waits, then listens. The engine first: what was pending leaves before anything else begins; the
        rooms that are no part of answering an alarm are furnished last.
        """
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
        rooms = self.rooms.get()
        if self.wakes and self.runner is not None:
            self.runner.join(rooms.timetable)
            keep_escalation(self.transactions, self.reading, self.escalation)
            if rooms.broken:
                first, *others = rooms.broken
                self.page("file_refused", f"{first} +{len(others)}" if others else first)
        rooms.homecare.start(roles)

    def stop(self) -> None:
        """Ends cleanly: no more listening, then no more waking, then no more sending, then the writer."""
        self.stopping.set()
        for gateway in self.hearing:
            gateway.stop()
        if self.bell is not None:
            self.bell.stop()
        if self.rooms.made is not None:
            self.rooms.made.stop()
        if self.runner is not None:
            self.runner.stop()
        self.probe.close()
        self.webhooks.timers.stop()
        self.logbook.verifier.stop()
        hang_up(self.providers)
        self.reconciler.stop()
        self.sending.stop()

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
            self.consoles, self.transactions, self.clock,
            # No console can ring: the duty numbers are told, because an alarm would ring for nobody.
            page=lambda _: self.page("no_console", ""),
            silent_s=self.settings.siren.sound_console_s,
        )  # fmt: skip
        return (
            *self._listening(),
            Periodic(name="begin_probe", every_s=60.0, work=self.probe.begin),
            Periodic(name="check_siren", every_s=5.0, work=siren.check),
            Periodic(name="check_campaign", every_s=60.0, work=self.upkeep.campaigning.check),
            *self.roads.timetable,
            *lifeline_timetable(self.lifeline),
            *self.webhooks.timetable,
            Periodic(name="sweep_imports", every_s=300.0, work=lambda: sweep(self.settings.home, self.clock.now())),
            *self.logbook.timetable,
            *self.registers.timetable,
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
