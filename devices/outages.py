"""
Gateways that hear nothing any more: one incident each, with the homes it leaves uncovered, and a page.

```
  hearing ──► quiet, or its line gone ──► incident: on record, owned, paged ──► heard again: ended
     ▲                                       │      again after 10 min, later every hour
     └───────────────────────────────────────┴──► dismissed by a named human, until it is heard
```

How long we have listened to a gateway in vain is kept with it, on the steady clock and across restarts; so neither a
restart of the supervisor nor a clock that was set makes the 180 s longer (PROMISES, section 2), and the time in which
nobody listened counts for no silence, of the gateway or of the devices behind it.
"""

import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from typing import Any, Protocol

from devices.rules.repair import owner_of
from devices.rules.silence import Span
from devices.store.gateways import Ear, Gateways, Incident, Incidents
from devices.store.repairs import Check, Checks
from devices.upkeep.notices import Notices
from dispatch.clock import Clock
from dispatch.errors import Conflict
from dispatch.ids import StationId
from dispatch.rules.message import Fact
from dispatch.rules.people import SERVICE, Person
from dispatch.rules.record import Line
from dispatch.store.database import Engine
from dispatch.store.transactions import Lane, Transactions, Tx

LOST_S = 60.0
"""A line that comes back within a minute is not worth waking somebody; PROMISES allows 180 s."""

SILENT_S = 150.0
"""
A gateway we have listened to for so long in vain is deaf: the second life sign of one a minute is missed (RFLink is
asked every 60 s, Sur-Gard speaks every 30 s), and the check, its commit and a restart fit into what is left of 180 s.
"""

KEPT_EVERY_S = 10.0
"""How often it is written down what was heard; a restart forgets no more listening than that."""

AGAIN = (timedelta(minutes=10), timedelta(minutes=10), timedelta(hours=1))
"""When the page is repeated: after each of these, then after the last again and again."""

CHECK_AFTER = timedelta(minutes=30)
"""An outage of so long makes somebody telephone the homes that were uncovered; a shorter one, when it is over."""

CHECK_WORTH = timedelta(seconds=180)
"""Over an outage shorter than this nobody is telephoned."""

DEAFNESS_KEPT = timedelta(days=90)
EARS_MAX = 1_000
"""Gateways remembered at most: a forwarding one is taken in by what its key says it is called."""


class State(Protocol):
    """How a gateway is, as far as this matters here."""

    @property
    def connected(self) -> bool: ...

    @property
    def frames(self) -> int: ...


class Heard(Protocol):
    """A gateway that is wired to us."""

    name: str

    @property
    def state(self) -> State: ...


@dataclass(slots=True)
class _Ear:
    """What is known of one gateway. `quiet_s` and `gone_s` are steady seconds of listening in vain."""

    name: str
    heard_at: datetime
    forwarding: bool = False
    quiet_s: float = 0.0
    gone_s: float = 0.0
    count: int = 0
    dismissed_at: datetime | None = None
    silent_s: float = SILENT_S
    connected: bool = True
    heard: bool = False
    spans: list[Span] = field(default_factory=list)

    def look(self, *, connected: bool, count: int, now: datetime, passed_s: float) -> None:
        """Takes in how it is now. One that may be quiet for ever is heard as long as its line is there."""
        self.heard = count != self.count or (connected and not self.silent_s)
        self.count, self.connected = count, connected
        self.gone_s = 0.0 if connected else self.gone_s + passed_s
        self.quiet_s = 0.0 if self.heard else self.quiet_s + passed_s
        if self.heard:
            if now - self.heard_at >= timedelta(seconds=self.silent_s or LOST_S):
                self.spans.append(Span(start=self.heard_at, end=now))
            self.heard_at, self.dismissed_at = now, None

    @property
    def deaf(self) -> str | None:
        """Why it hears nothing; None while it may."""
        if self.dismissed_at is not None:
            return None
        if self.gone_s >= LOST_S:
            return "lost"
        return "silent" if self.silent_s and self.quiet_s >= self.silent_s else None

    def on_file(self) -> Ear:
        return Ear(
            name=self.name, forwarding=self.forwarding, heard_at=self.heard_at, quiet_s=round(self.quiet_s, 1),
            dismissed_at=self.dismissed_at,
        )  # fmt: skip


class Outages:
    """Looks at every gateway every few seconds. `check` is called by one thread; the rest by any."""

    def __init__(
        self,
        gateways: Sequence[Heard],
        transactions: Transactions,
        reading: Engine,
        clock: Clock,
        notices: Notices,
        *,
        forwarding: Callable[[], Mapping[str, int]] = dict,
        silent_s: Mapping[str, float] | None = None,
        forwarding_silent_s: float = SILENT_S,
        stations: Mapping[str, StationId] | None = None,
        nudge: Callable[[], None] = lambda: None,
    ) -> None:
        """
        `forwarding` counts what each forwarding gateway has handed in since the start. `silent_s` is how long a wired
        gateway may be quiet, by name, zero for ever; `stations` who answers for it.
        """
        self._gateways = gateways
        self._transactions = transactions
        self._reading = reading
        self._clock = clock
        self._notices = notices
        self._forwarding = forwarding
        self._silent_s = silent_s or {}
        self._forwarding_silent_s = forwarding_silent_s
        self._stations = stations or {}
        self._nudge = nudge
        self._lock = threading.Lock()
        self._ears: dict[str, _Ear] = {}
        self._open: set[str] = set()
        self._looked_s = self._kept_s = clock.look().steady_s
        self._taken_up = False

    def check(self) -> None:
        """Looks at every gateway, opens and ends incidents, repeats pages; what it heard is kept now and then."""
        with self._lock:
            if not self._taken_up:
                self._take_up()
            instant = self._clock.look()
            passed_s = max(0.0, instant.steady_s - self._looked_s)
            self._looked_s = instant.steady_s
            back = self._listen(instant.wall, passed_s)
            self._keep_when_due(instant.steady_s, at_once=back)
            for ear in self._ears.values():
                self._judge(ear)
        self._repeat()

    def dismiss(self, incident_id: str, *, by: Person) -> None:
        """
        A named human says that this gateway is not expected to be heard any more; it is, once it was heard again.

        Raises:
            Conflict: the incident is over.
        """
        assert by.startswith("operator:"), "only a named human says that nobody needs to listen"
        with self._lock:
            name = self._transactions.run(partial(_dismiss, incident_id, by))
            self._open.discard(name)
            if name in self._ears:
                self._ears[name].dismissed_at = self._clock.now()

    # ------------------------------------------------------------------------------------------- listening

    def _take_up(self) -> None:
        """After a start: what was known of each gateway, and which incidents are open."""
        now = self._clock.now()
        with self._reading.connect() as connection:
            known = {each.name: each for each in Gateways(connection).all()}
            self._open = {each.gateway for each in Incidents(connection).all_open()}
        wired = {each.name for each in self._gateways}
        for name in wired:
            self._ears[name] = self._ear(name, known.get(name), now, forwarding=False)
        for name, ear in known.items():
            if ear.forwarding and name not in wired:
                self._ears[name] = self._ear(name, ear, now, forwarding=True)
        for gone in self._open - self._ears.keys():
            self._transactions.run(partial(_forget, gone))
        self._open &= self._ears.keys()
        self._taken_up = True

    def _ear(self, name: str, known: Ear | None, now: datetime, *, forwarding: bool) -> _Ear:
        silent_s = self._forwarding_silent_s if forwarding else self._silent_s.get(name, self._told_silent_s(name))
        if known is None:
            return _Ear(name, now, forwarding=forwarding, silent_s=silent_s)
        return _Ear(
            name, min(known.heard_at, now), forwarding=forwarding, quiet_s=known.quiet_s, silent_s=silent_s,
            dismissed_at=known.dismissed_at,
        )  # fmt: skip

    def _told_silent_s(self, name: str) -> float:
        """How long a gateway behind an edge may be quiet, which only the edge knows."""
        found = next((each for each in self._gateways if each.name == name), None)
        return float(getattr(found, "silent_s", SILENT_S))

    def _listen(self, now: datetime, passed_s: float) -> bool:
        """Whether somebody who had been deaf was heard."""
        counts = self._forwarding()
        states = {each.name: each.state for each in self._gateways}
        for name in (*states, *counts):
            if name not in self._ears and len(self._ears) < EARS_MAX:
                self._ears[name] = self._ear(name, None, now, forwarding=name not in states)
        for name, ear in self._ears.items():
            state = states.get(name)
            connected = state is None or state.connected
            count = state.frames if state is not None else counts.get(name, 0)
            ear.look(connected=connected, count=count, now=now, passed_s=passed_s)
        return any(ear.spans for ear in self._ears.values())

    def _keep_when_due(self, steady_s: float, *, at_once: bool) -> None:
        if not at_once and steady_s - self._kept_s < KEPT_EVERY_S:
            return
        ears = [each.on_file() for each in self._ears.values()]
        spans = [(each.name, span) for each in self._ears.values() for span in each.spans]
        self._transactions.run(partial(_keep, ears, spans), lane=Lane.BULK)
        self._kept_s = steady_s
        for ear in self._ears.values():
            ear.spans.clear()

    # ------------------------------------------------------------------------------------------- incidents

    def _judge(self, ear: _Ear) -> None:
        why = ear.deaf
        if why is not None and ear.name not in self._open:
            self._begin(ear, why)
        elif ear.name in self._open and ear.connected and ear.heard:
            self._transactions.run(partial(_end, ear.name, Person(f"gateway:{ear.name}")))
            self._open.discard(ear.name)
            self._nudge()

    def _begin(self, ear: _Ear, why: str) -> None:
        """Who is left uncovered is found out beside the writer; only the incident itself is written."""
        with self._reading.connect() as connection:
            homes, count = Gateways(connection).uncovered(ear.name, sorted(self._open))
        station = self._stations.get(ear.name)
        self._transactions.run(partial(self._write, ear, why, homes, count, owner_of(station)))
        self._open.add(ear.name)
        self._nudge()

    def _write(self, ear: _Ear, why: str, homes: Sequence[str], count: int, owner: str, tx: Tx) -> None:
        incident = Incident(
            id=tx.new_id(), gateway=ear.name, why=why, began_at=min(ear.heard_at, tx.now), opened_at=tx.now,
            due_at=tx.now + AGAIN[0], told=1, homes=tuple(homes), devices=count, owner=owner,
        )  # fmt: skip
        if not Incidents(tx.connection).open(incident):
            return
        if homes:
            Checks(tx.connection).plan(_round(tx, incident))
        facts: dict[str, Fact] = {
            "gateway": ear.name, "condition": why, "incident": incident.id, "homes": len(homes),
            "codes": " ".join(homes)[:CODES_MAX],
        }  # fmt: skip
        tx.log(Line(kind="gateway_lost", by=SERVICE, facts=facts))
        self._page(tx, incident)

    def _repeat(self) -> None:
        """Pages again about what is still open."""
        now = self._clock.now()
        with self._reading.connect() as connection:
            late = [each for each in Incidents(connection).all_open() if each.due_at is None or each.due_at <= now]
        for incident in late:
            self._transactions.run(partial(self._again, incident))
            self._nudge()

    def _again(self, incident: Incident, tx: Tx) -> None:
        told = incident.told + 1
        due_at = tx.now + AGAIN[min(told - 1, len(AGAIN) - 1)]
        if Incidents(tx.connection).change(incident.id, told=told, due_at=due_at):
            self._page(tx, incident, told)

    def _page(self, tx: Tx, incident: Incident, told: int = 1) -> None:
        place = f"{incident.gateway} ({len(incident.homes)})" if incident.homes else incident.gateway
        self._notices.page(tx, "gateway_lost", place=place, key=f"gateway_lost:{incident.id}:{told}")


CODES_MAX = 2_000
"""Characters of the list of homes in the record; the incident has all of them."""


def _keep(ears: Sequence[Ear], spans: Sequence[tuple[str, Span]], tx: Tx) -> None:
    shelf = Gateways(tx.connection)
    shelf.heard(ears)
    for name, span in spans:
        shelf.was_deaf(name, span)
    if spans:
        shelf.forget_deafness(tx.now - DEAFNESS_KEPT)


def _round(tx: Tx, incident: Incident) -> Check:
    """One check for all homes of an outage: a list to be telephoned, never thousands of tasks."""
    at = tx.now + CHECK_AFTER
    return Check(
        id=tx.new_id(), repair_id=None, incident_id=incident.id, home_id=None, state="waiting", planned_at=at, due_at=at
    )


def _end(name: str, by: Person, tx: Tx) -> None:
    shelf, checks = Incidents(tx.connection), Checks(tx.connection)
    incident = shelf.open_of(name)
    if incident is None or not shelf.change(incident.id, ended_at=tx.now, ended_by=by, due_at=None):
        return
    lasted = tx.now - incident.began_at
    # After a clock that was set back nobody knows how long it was: then the homes are telephoned.
    short = timedelta() <= lasted < CHECK_WORTH
    now_or_never: dict[str, Any] = {"state": "dropped", "due_at": None} if short else {"due_at": tx.now}
    for check in checks.of_incident(incident.id):
        if check.state == "waiting":
            checks.change(check.id, **now_or_never)
    facts: dict[str, Fact] = {
        "gateway": name,
        "incident": incident.id,
        "seconds": max(0, round(lasted.total_seconds())),
    }
    tx.log(Line(kind="gateway_back", by=by, facts=facts))


def _forget(name: str, tx: Tx) -> None:
    """The settings know this gateway no more: whoever took it out knows that nobody listens there."""
    incident = Incidents(tx.connection).open_of(name)
    if incident is not None:
        _give_up(tx, incident, SERVICE)


def _dismiss(incident_id: str, by: Person, tx: Tx) -> str:
    incident = Incidents(tx.connection).get(incident_id)
    if incident is None or incident.ended_at is not None:
        raise Conflict("This incident is over.")
    Gateways(tx.connection).dismiss(incident.gateway, tx.now)
    _give_up(tx, incident, by)
    return incident.gateway


def _give_up(tx: Tx, incident: Incident, by: Person) -> None:
    Incidents(tx.connection).change(incident.id, ended_at=tx.now, ended_by=by, due_at=None)
    tx.log(Line(kind="gateway_dismissed", by=by, facts={"gateway": incident.gateway, "incident": incident.id}))
