"""
Signs of life for somebody outside, and the small press that tries the way again and again.

```
  every minute:  ticks go on? commits come through? nothing overdue? a gateway is heard? a console can sound?
                   all yes ──► a call to the address outside, which alarms when the calls stop      (dead-man)
  every 15 min:  bytes of a pretend press ──► the gateway's own thread ──► a fresh decoder ──► kept ──► shown  (canary)
```

The canary asks nobody to come and is no alarm: it shows that bytes become something on disk and on the page. What only
a person can show (that a telephone rings, that somebody answers) is for exercises (`drilling`).
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import partial
from typing import Protocol

import structlog

from dispatch.clock import Clock
from dispatch.rules.people import Person
from dispatch.rules.record import Line
from dispatch.store.database import Engine
from dispatch.store.proofs import Proof, Proofs, Restoration, Restorations
from dispatch.store.transactions import Lane, Transactions, Tx

PING_S = 60.0
"""So often somebody outside is told that all is well (ECOSYSTEM, 5.7)."""

ANSWER = timedelta(seconds=30)
"""A canary that is not on disk by then has failed."""

SETTLE = timedelta(seconds=60)
"""No canary in the first minute after a start: lines are being opened."""

DEADMAN = "deadman"
CANARY = "canary:"

log = structlog.get_logger()


class Door(Protocol):
    """A gateway, as far as a canary needs it."""

    name: str

    def sing(self, song: Callable[[], None]) -> None:
        """Does this in its own thread, as soon as its line is there."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Canary:
    """`read` makes frames of the bytes of a pretend press and says how many; `connected` whether the line is there."""

    door: Door
    read: Callable[[], int]
    connected: Callable[[], bool]


@dataclass(frozen=True, slots=True, kw_only=True)
class Sung:
    """A canary on its way: since when."""

    at: datetime


class Lifeline:
    """Checks, calls and keeps when each part last worked. `check_*` are each called by one thread."""

    def __init__(
        self,
        transactions: Transactions,
        reading: Engine,
        clock: Clock,
        *,
        hindrances: Callable[[], Mapping[str, bool]],
        call: Callable[[], str] | None,
        canaries: Callable[[], Sequence[Canary]],
        every: timedelta | None,
        page: Callable[[str, str], None],
        nudge: Callable[[], None],
    ) -> None:
        """
        `hindrances` says by name what is not well; `call` calls outside and gives what went wrong, "" for nothing, and
        is None where nobody is to be called; `every` lies between two canaries, None for none.
        """
        self._transactions = transactions
        self._reading = reading
        self._clock = clock
        self._hindrances = hindrances
        self._call = call
        self._canaries = canaries
        self._every = every
        self._page = page
        self._nudge = nudge
        self._started_at = clock.now()
        self._on_its_way: dict[str, Sung] = {}
        self._sung_at: dict[str, datetime] = {}
        self._paged: set[str] = set()

    @property
    def hindrances(self) -> list[str]:
        """What keeps somebody outside from being told that all is well, by name."""
        return [name for name, hinders in self._hindrances().items() if hinders]

    @property
    def calls_outside(self) -> bool:
        return self._call is not None

    def proofs(self) -> list[Proof]:
        with self._reading.connect() as connection:
            return Proofs(connection).all()

    # ------------------------------------------------------------------------------------------- calling outside

    def check_call(self) -> None:
        """Calls outside if all is well. Nothing is open meanwhile: the network may take its time."""
        if self._call is None:
            return
        wrong = ", ".join(self.hindrances) or self._call()
        if wrong:
            log.warning("not_called_outside", why=wrong)
        self._keep(DEADMAN, worked=not wrong, detail=wrong)

    # ------------------------------------------------------------------------------------------- canaries

    def check_canaries(self) -> None:
        """Sends those whose time has come, and looks after those that have not arrived."""
        now = self._clock.now()
        for each in self._canaries():
            name = each.door.name
            sung = self._on_its_way.get(name)
            if sung is not None and abs(now - sung.at) >= ANSWER:
                self._missed(each)
            elif sung is None and self._is_time(name, now):
                self.sing(each)

    def _is_time(self, name: str, now: datetime) -> bool:
        if self._every is None or abs(now - self._started_at) < SETTLE:
            return False
        last = self._sung_at.get(name)
        return last is None or abs(now - last) >= self._every

    def sing_all(self, *, by: Person) -> int:
        """Sends one through every gateway now, because somebody asked for it; how many."""
        canaries = self._canaries()
        self._transactions.run(lambda tx: tx.log(Line(kind="canary_asked", by=by, facts={"gateways": len(canaries)})))
        for each in canaries:
            self.sing(each)
        return len(canaries)

    def sing(self, canary: Canary) -> None:
        """Sends one; it arrives, or is missed half a minute later."""
        name, now = canary.door.name, self._clock.now()
        self._on_its_way[name], self._sung_at[name] = Sung(at=now), now
        canary.door.sing(lambda: self._heard(canary))

    def _heard(self, canary: Canary) -> None:
        """In the gateway's own thread."""
        name = canary.door.name
        frames = canary.read()
        if not frames:
            # It is missed when its time is over.
            log.warning("canary_not_read", gateway=name)
            return
        self._keep(CANARY + name, worked=True, lane=Lane.EMERGENCY)
        self._on_its_way.pop(name, None)
        self._paged.discard(name)
        self._nudge()

    def _missed(self, canary: Canary) -> None:
        name = canary.door.name
        self._on_its_way.pop(name, None)
        connected = canary.connected()
        log.warning("canary_missed", gateway=name, connected=connected)
        self._keep(CANARY + name, worked=False, detail="" if connected else "line")
        # A lost line is told by itself; a line that is there and brings nothing is told here, once.
        if connected and name not in self._paged:
            self._page("canary_missed", name)
            self._paged.add(name)

    def _keep(self, name: str, *, worked: bool, detail: str = "", lane: Lane = Lane.BULK) -> None:
        def work(tx: Tx) -> None:
            Proofs(tx.connection).keep(name, tx.now, worked=worked, detail=detail)

        self._transactions.run(work, lane=lane)

    # ------------------------------------------------------------------------------------------- after a restore

    def restorations(self) -> list[Restoration]:
        """Backups that were put back and that nobody has looked through."""
        with self._reading.connect() as connection:
            return Restorations(connection).open()

    def tell_restorations(self) -> None:
        """Tells the duty numbers, once each, that the service goes on from a backup."""
        for each in self.restorations():
            if each.told_at is None:
                log.warning("restored_from_backup", made_at=each.made_at.isoformat(), open_alarms=each.open_alarms)
                self._page("restored", each.made_at.isoformat(timespec="minutes"))
                self._transactions.run(partial(_told, each.id))

    def look_through(self, id_: str, *, by: Person) -> bool:
        """A human has asked after everybody concerned; False when somebody said so before."""

        def work(tx: Tx) -> bool:
            fresh = Restorations(tx.connection).looked(id_, tx.now, by)
            if fresh:
                tx.log(Line(kind="restore_looked_through", by=by, facts={"restoration": id_}))
            return fresh

        return self._transactions.run(work)


def _told(id_: str, tx: Tx) -> None:
    Restorations(tx.connection).told(id_, tx.now)
