"""
Gateways that hear nothing any more: one incident each, with the homes it leaves uncovered, and a page.

```
  hearing ──► quiet, or its line gone ──► incident: on record, owned, paged ──► heard again: ended
     ▲  │                                    │      again after 10 min, later every hour
     │  └──► jammed, or nothing but noise ───┤
     └───────────────────────────────────────┴──► dismissed by a named human, until it is heard
```

Several gateways behind one edge that is gone are one incident, in the name of the edge. How long we have listened in
vain is kept with each gateway, on the steady clock and across restarts; so neither a restart of the supervisor nor a
clock that was set makes the 180 s longer (PROMISES, section 2), and the time in which nobody listened counts for no
silence, of the gateway or of the devices behind it.
"""

import threading
from collections.abc import Callable, Collection, Mapping, Sequence
from datetime import timedelta
from functools import partial
from typing import Protocol

from devices.ears import LOST_S as LOST_S
from devices.ears import SILENT_S, Listened, Look, taken_up
from devices.rules.noise import SILENT_MIN, Noise, is_jammed
from devices.rules.repair import owner_of
from devices.rules.silence import Span
from devices.store.air import Air
from devices.store.gateways import JAMMED, Ear, Gateways, Incident, Incidents
from devices.upkeep.incidents import CHECK_AFTER as CHECK_AFTER
from devices.upkeep.incidents import NOISY, TROUBLES, IncidentBook
from devices.upkeep.notices import Notices
from dispatch.clock import Clock
from dispatch.ids import StationId
from dispatch.rules.people import Person
from dispatch.store.database import Engine
from dispatch.store.transactions import Lane, Transactions, Tx

KEPT_EVERY_S = 10.0
"""How often it is written down what was heard; a restart forgets no more listening than that."""

AIR_EVERY_S = 60.0
"""How often it is looked whether a gateway's devices fell silent together; the shortest interval is many times that."""

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
        shared: bool = False,
    ) -> None:
        """
        `gateways` are those that this process listens to. `forwarding` counts what each forwarding gateway has handed
        in since the start. `silent_s` is how long a wired gateway may be quiet, by name, zero for ever; `stations` who
        answers for it. `shared`: other processes listen to others, whose rows are on the same database.
        """
        self._gateways = gateways
        self._transactions = transactions
        self._reading = reading
        self._clock = clock
        self._book = IncidentBook(notices)
        self._forwarding = forwarding
        self._silent_s = silent_s or {}
        self._forwarding_silent_s = forwarding_silent_s
        self._stations = stations or {}
        self._nudge = nudge
        self._shared = shared
        self._lock = threading.Lock()
        self._ears: dict[str, Listened] = {}
        self._elsewhere: dict[str, Listened] = {}
        self._open: dict[str, str] = {}
        self._jammed: set[str] = set()
        self._looked_s = self._kept_s = self._aired_s = clock.look().steady_s
        self._taken_up = False

    def check(self) -> None:
        """Looks at every gateway, opens and ends incidents, repeats pages; what it heard is kept now and then."""
        with self._lock:
            if not self._taken_up:
                self._take_up()
            instant = self._clock.look()
            passed_s = max(0.0, instant.steady_s - self._looked_s)
            self._looked_s = instant.steady_s
            self._listen(passed_s)
            self._keep_when_due(instant.steady_s)
            self._look_at_the_air(instant.steady_s)
            self._judge()
        self._repeat()

    def dismiss(self, incident_id: str, *, by: Person) -> None:
        """
        A named human says that this gateway is not expected to be heard any more; it is, once it was heard again.

        Raises:
            Conflict: the incident is over.
        """
        assert by.startswith("operator:"), "only a named human says that nobody needs to listen"
        with self._lock:
            name = self._transactions.run(partial(self._book.dismiss, incident_id, by))
            self._open.pop(name, None)
            for ear in self._everybody():
                if name in {ear.name, ear.behind}:
                    ear.dismissed_at = self._clock.now()

    def _everybody(self) -> list[Listened]:
        return [*self._ears.values(), *self._elsewhere.values()]

    # ------------------------------------------------------------------------------------------- listening

    def _take_up(self) -> None:
        """After a start: what was known of each gateway, and which incidents are open."""
        with self._reading.connect() as connection:
            known = {each.name: each for each in Gateways(connection).all()}
            self._open = {each.gateway: each.why for each in Incidents(connection).all_open()}
        wired = {each.name: str(getattr(each, "behind", "")) for each in self._gateways}
        for name, behind in wired.items():
            self._ears[name] = self._ear(name, known.get(name), forwarding=False, behind=behind)
        if not self._shared:
            for name, ear in known.items():
                if ear.forwarding and name not in wired:
                    self._ears[name] = self._ear(name, ear, forwarding=True)
            for gone in (self._open.keys() | known.keys()) - self._names():
                self._transactions.run(partial(self._book.forget, gone))
                self._open.pop(gone, None)
        self._taken_up = True

    def _names(self) -> set[str]:
        return self._ears.keys() | {ear.behind for ear in self._ears.values()}

    def _ear(self, name: str, known: Ear | None, *, forwarding: bool, behind: str = "") -> Listened:
        now = self._clock.now()
        silent_s = self._forwarding_silent_s if forwarding else self._silent_s.get(name, self._told_silent_s(name))
        if known is None:
            return Listened(name, now, forwarding=forwarding, silent_s=silent_s, behind=behind)
        return taken_up(known, now, silent_s, behind=behind, forwarding=forwarding)

    def _told_silent_s(self, name: str) -> float:
        """How long a gateway behind an edge may be quiet, which only the edge knows."""
        found = next((each for each in self._gateways if each.name == name), None)
        return float(getattr(found, "silent_s", SILENT_S))

    def _listen(self, passed_s: float) -> None:
        now = self._clock.now()
        wired, counts = {each.name: each for each in self._gateways}, self._forwarding()
        for name in (*wired, *counts):
            if name not in self._ears and len(self._ears) < EARS_MAX:
                behind = str(getattr(wired.get(name), "behind", ""))
                self._ears[name] = self._ear(name, None, forwarding=name not in wired, behind=behind)
        self._let_go(wired)
        for name, ear in self._ears.items():
            ear.look(_how(wired.get(name), counts.get(name, 0)), now, passed_s)
        if self._shared:
            self._compare(passed_s)

    def _let_go(self, wired: Mapping[str, Heard]) -> None:
        """
        Those whose edge was taken down on purpose. One that its edge does not tell of any more goes on being missed:
        who took its line out of the settings there may not know who depends on it.
        """
        edges = {str(getattr(each, "behind", "")) for each in wired.values()}
        gone = [name for name, ear in self._ears.items() if not ear.forwarding and name not in wired]
        for name in [each for each in gone if self._ears[each].behind not in edges - {""}]:
            del self._ears[name]
            self._transactions.run(partial(self._book.forget, name))
            self._open.pop(name, None)

    def _compare(self, passed_s: float) -> None:
        """What other processes on this database listen to, by their rows."""
        now = self._clock.now()
        with self._reading.connect() as connection:
            filed = {each.name: each for each in Gateways(connection).all()}
            self._open = {each.gateway: each.why for each in Incidents(connection).all_open()}
        for name, row in filed.items():
            if name in self._ears:
                self._ears[name].heard_by_another(row)
                self._elsewhere.pop(name, None)
            elif name not in self._elsewhere:
                self._elsewhere[name] = taken_up(row, now, row.silent_s, behind=row.behind, forwarding=row.forwarding)
            else:
                self._elsewhere[name].look_elsewhere(row, now, passed_s)
        for gone in self._elsewhere.keys() - filed.keys():
            del self._elsewhere[gone]

    def _keep_when_due(self, steady_s: float) -> None:
        ears = self._ears.values()
        if not any(ear.spans for ear in ears) and steady_s - self._kept_s < KEPT_EVERY_S:
            return
        spans = [(each.name, span) for each in ears for span in each.spans]
        self._transactions.run(partial(_keep, [each.on_file() for each in ears], spans), lane=Lane.BULK)
        self._kept_s = steady_s
        for ear in ears:
            ear.spans.clear()

    def _look_at_the_air(self, steady_s: float) -> None:
        """Which gateways' devices are kept from them. Most of the time none is silent, and that is quickly read."""
        if steady_s - self._aired_s < AIR_EVERY_S:
            return
        self._aired_s = steady_s
        before = {name for name, why in self._open.items() if why == JAMMED}
        with self._reading.connect() as connection:
            air = Air(connection)
            found = air.silent(self._clock.now(), SILENT_MIN)
            self._jammed = {
                name
                for name, (silent, lately) in found.items()
                if is_jammed(
                    fell_silent=lately, silent=silent, supervised=air.supervised(name), before=name in before
                )
            }  # fmt: skip

    # ------------------------------------------------------------------------------------------- incidents

    def _judge(self) -> None:
        """Edges first: whatever is behind one that is gone is that one's."""
        ears = self._everybody()
        for edge in sorted({ear.behind for ear in ears if ear.behind}):
            behind = [ear for ear in ears if ear.behind == edge]
            lost = [ear for ear in behind if ear.away and ear.deaf]
            if lost and edge not in self._open:
                # One that has been quiet for long already does not make the whole edge gone any earlier.
                self._begin(edge, "lost", lost, names=[ear.name for ear in behind])
            elif edge in self._open and any(ear.connected and ear.told for ear in behind):
                self._end(edge)
        for ear in ears:
            if not (ear.away and ear.behind in self._open):
                self._judge_alone(ear)

    def _judge_alone(self, ear: Listened) -> None:
        why, open_ = ear.deaf, self._open.get(ear.name)
        if why is not None:
            if open_ is None or open_ in TROUBLES:
                self._begin(ear.name, why, [ear], names=[ear.name])
        elif open_ in TROUBLES or open_ is None:
            # What comes over the line of another process is that one's to judge.
            if ear.name in self._ears:
                self._judge_trouble(ear, open_)
        elif ear.connected and ear.heard:
            self._end(ear.name)

    def _judge_trouble(self, ear: Listened, open_: str | None) -> None:
        """It is there, and what it should hear does not come through."""
        if ear.dismissed_at is not None:
            return
        why = JAMMED if ear.name in self._jammed else NOISY if ear.noisy else None
        if why is None and open_ is not None:
            self._end(ear.name)
        elif why is not None and (open_ is None or (why == JAMMED and open_ == NOISY)):
            self._begin(ear.name, why, [ear], names=[ear.name])

    def _end(self, name: str) -> None:
        self._transactions.run(partial(self._book.end, name, Person(f"gateway:{name}")))
        self._open.pop(name, None)
        self._nudge()

    def _begin(self, name: str, why: str, ears: Sequence[Listened], *, names: Sequence[str]) -> None:
        """Who is left uncovered is found out beside the writer; only the incident itself is written."""
        with self._reading.connect() as connection:
            if why == JAMMED:
                homes, count = Air(connection).homes(name)
            elif why == NOISY:
                homes, count = (), 0
            else:
                homes, count = Gateways(connection).uncovered(names, self._deaf_names())
        station = next((self._stations[each] for each in names if each in self._stations), None)
        now = self._clock.now()
        incident = Incident(
            id="", gateway=name, why=why, began_at=min(now, *(ear.heard_at for ear in ears)), opened_at=now,
            due_at=None, told=1, homes=tuple(homes), devices=count, owner=owner_of(station),
        )  # fmt: skip
        self._transactions.run(partial(self._book.open, incident))
        self._open[name] = why
        self._nudge()

    def _deaf_names(self) -> list[str]:
        """Gateways with an incident, also those whose edge has it: they cover nobody."""
        lost = {name for name, why in self._open.items() if why not in TROUBLES}
        return sorted(lost | {ear.name for ear in self._everybody() if ear.away and ear.behind in lost})

    def _repeat(self) -> None:
        """Pages again about what is still open."""
        now = self._clock.now()
        with self._reading.connect() as connection:
            late = [each for each in Incidents(connection).all_open() if each.due_at is None or each.due_at <= now]
        for incident in late:
            self._transactions.run(partial(self._book.tell_again, incident))
            self._nudge()


def _how(gateway: Heard | None, count: int) -> Look:
    """How a gateway is; one that is not wired to us is there as long as it hands something in."""
    if gateway is None:
        return Look(connected=True, count=count)
    state = gateway.state
    tally = getattr(state, "tally", None)
    bad = tally.malformed + tally.bad_checksum if tally is not None else 0
    unreached, told = bool(getattr(gateway, "unreached", False)), bool(getattr(gateway, "told", True))
    return Look(
        connected=state.connected, count=state.frames, unreached=unreached, told=told,
        noise=Noise(frames=state.frames, bad=bad),
    )  # fmt: skip


def _keep(ears: Sequence[Ear], spans: Collection[tuple[str, Span]], tx: Tx) -> None:
    shelf = Gateways(tx.connection)
    shelf.heard(ears)
    for name, span in spans:
        shelf.was_deaf(name, span)
    if spans:
        shelf.forget_deafness(tx.now - DEAFNESS_KEPT)
