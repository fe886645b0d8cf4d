"""
What a gateway on one line and one on which many talk have in common: a thread, a loop, and the way of a frame.

```
  open ──► read ──► feed ──► backlog ──► hear: durable ──► acknowledge ──┐
   ▲        ▲                   │                                        │
   │        └───────────────────┴──── raised: kept and tried again ◄─────┘
   └── 1 s ── lost ◄── PortLost              nothing acknowledged
```

Commit, then acknowledge: the sender is answered only after `hear` has returned. What cannot be kept for now waits in
memory, in order, while the line is read on. No decoder, storage or line can end the thread.
"""

import threading
from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import structlog

from devices.ahead import Ahead
from devices.backlog import Backlog, Waiting
from devices.decoders.decoder import Frame, Tally
from devices.line import CURES, SETTLE_S, Condition, Line
from devices.ports.port import PortLost
from devices.rehearsal import Rehearsal
from dispatch.clock import Clock
from dispatch.errors import Busy
from dispatch.ids import StationId
from dispatch.rules.place import Position
from dispatch.rules.signal import Event
from dispatch.store.idempotency import MISTAKES, StorageFailed

READ_S = 0.2
"""How long one look at the line takes; everything else the thread does waits at most this long."""

RETRY_S = 1.0
"""Between two tries to open a line that is not there (R1)."""

LEAVE_S = 3.0
"""A service that ends keeps what it heard for so long, in seconds; it may be ended hard after ten."""

LATE_S = 4.0
"""How long a sender waits for its answer: Sur-Gard MLR2-E manual, the shortest of our protocols."""

BACKOFF_S = 0.25
BACKOFF_MAX_S = 5.0
"""Between tries to have a frame kept: doubled with each miss, up to the second figure."""

DELIVER_MAX = 500
"""Frames handed on between two looks at the line: more than one look at a single line can bring."""

FAILURES_MAX = 3
"""Failures of the loop in a row after which the line is closed and opened anew."""

_log = structlog.get_logger()


@dataclass(frozen=True, slots=True, kw_only=True)
class GatewayState:
    """
    A gateway at one moment, for the board, the health page and `doctor`.

    `since` is when the condition began, `last_heard_at` when the last whole frame came. `error` is a sentence for
    people, empty when all is well. `frames` were heard, `waiting` of them are not durable yet, `dropped` never will be,
    `unanswered` got no answer because the line took none, `failures` counts errors of the loop and of keeping frames.
    Where many talk, `talkers` is how many do now, and `refused` counts those who were sent away.
    """

    name: str
    condition: Condition
    since: datetime
    last_heard_at: datetime | None
    frames: int
    waiting: int
    dropped: int
    unanswered: int
    failures: int
    tally: Tally
    error: str
    talkers: int = 0
    refused: int = 0

    @property
    def connected(self) -> bool:
        """Whether the line is there; it may still be silent or garbled."""
        return self.condition in {Condition.CONNECTED, Condition.SILENT, Condition.GARBLED}


class Reception(Protocol):
    """Who takes the frames in."""

    def hear(self, frame: Frame, *, gateway: str, waited_s: float = 0.0) -> object:
        """
        Returns when the frame is durable. Raises when it could not be kept: it will be handed over again.

        `waited_s` is how long ago it was heard, for those that could not be kept at once.
        """
        ...

    def proceed(self, heard: object) -> None:
        """What `hear` gave back is acknowledged; whatever follows from it may begin."""
        ...


class Hearing(ABC):
    """
    A gateway's thread and what it tells of itself.

    A subclass says what one round of the loop is (`_listen`), and how the line is let go (`_disconnect`).
    """

    def __init__(
        self,
        name: str,
        reception: Reception,
        clock: Clock,
        stopping: threading.Event,
        *,
        on_state: Callable[[GatewayState], None] | None,
        silent_s: float,
    ) -> None:
        self.name = name
        self._reception = reception
        self._clock = clock
        self._stopping = stopping
        self._on_state = on_state
        self._silent_s = silent_s
        self._thread = threading.Thread(target=self._run, name=f"gateway {name}", daemon=True)
        self._backlog = Backlog(name)
        self._ahead = Ahead(name)
        self._rehearsals: deque[Rehearsal] = deque(maxlen=4)
        self._songs: deque[Callable[[], None]] = deque(maxlen=4)
        self._trying: Sequence[Waiting] = ()
        self._line = Line()
        self._open_at_s = 0.0
        self._flapping = False
        self._missed_s = self._retry_at_s = 0.0
        self._misses = 0
        self._failures_in_a_row = 0
        self._condition = Condition.STARTING
        self._since = clock.now()
        self._last_heard_at: datetime | None = None
        self._frames = self._unanswered = self._failures = 0
        self._tally = Tally()
        self._error = ""

    @property
    def state(self) -> GatewayState:
        """How it is now; may be asked from any thread."""
        return GatewayState(
            name=self.name,
            condition=self._condition,
            since=self._since,
            last_heard_at=self._last_heard_at,
            frames=self._frames,
            waiting=len(self._backlog),
            dropped=self._backlog.dropped,
            unanswered=self._unanswered,
            failures=self._failures,
            tally=self._tally,
            error=self._error,
        )

    @property
    def help_waits(self) -> bool:
        """Whether a call for help waits that could not be kept when it was tried; may be asked from any thread."""
        return any(each.urgent and each.tries > 0 for each in self._backlog.all())

    def start(self) -> None:
        """Begin to listen. Once only: a stopped gateway is not started again."""
        self._thread.start()

    def stop(self) -> None:
        """Set `stopping` and wait, at most a second, for the thread to close the line."""
        self._stopping.set()
        self._thread.join(1.0)
        if self._thread.is_alive():
            # A connection attempt of a foreign library, or the storage; the thread ends by itself after it.
            _log.warning("gateway_still_busy", gateway=self.name)

    # ------------------------------------------------------------------------------------------------ the loop

    @abstractmethod
    def _listen(self) -> None:
        """One round: connect when it is time, read, feed, deliver, answer. `PortLost` when the line is gone."""

    @abstractmethod
    def _disconnect(self) -> None:
        """Lets the line go, with everything half-heard on it; may be called when there is none."""

    @abstractmethod
    def _forget(self) -> None:
        """After a failure nobody knows what the decoders remember: what they half know is given up."""

    def _run(self) -> None:
        failure: Exception | None = None
        while not self._stopping.is_set():
            before, failure = failure, None
            try:
                # Mending is a round of its own: if that fails too, the loop still goes on.
                self._round() if before is None else self._mend(before)
            except Exception as error:  # noqa: BLE001  one of the five loops: it logs, counts and goes on
                self._failures += 1
                failure = error
        self._disconnect()
        self._take_leave()
        self._ahead.close()

    def _round(self) -> None:
        try:
            if self._failures_in_a_row >= FAILURES_MAX:
                raise PortLost(self._error)
            self._listen()
            self._rehearse()
            self._sing()
        except PortLost as lost:
            self._lose(lost.reason)
        self._failures_in_a_row = 0

    def rehearse(self, drill_id: str, *, station_id: StationId | None, position: Position | None) -> None:
        """Hears the press of a drill in its own thread, as soon as its line is there; see `dispatch.drilling`."""
        press = Rehearsal(
            event=Event.PRESS, raw=b"", address=drill_id, dedup_key=drill_id, explicit=True, station_id=station_id,
            position=position, position_at=self._clock.now(),
        )  # fmt: skip
        self._rehearsals.append(press)

    def _rehearse(self) -> None:
        """A drill must cost no frame: what cannot be kept of it is told and dropped, and the drill fails."""
        if not self._rehearsals or not self._is_open:
            return
        press = self._rehearsals.popleft()
        try:
            self._reception.proceed(self._reception.hear(press, gateway=self.name))
        except (StorageFailed, Busy) as error:
            _log.warning("drill_not_kept", gateway=self.name, why=type(error).__name__)

    def sing(self, song: Callable[[], None]) -> None:
        """Does this in its own thread, as soon as its line is there: the canary of `dispatch.lifeline`."""
        self._songs.append(song)

    def _sing(self) -> None:
        """A canary must cost no frame either."""
        if not self._songs or not self._is_open:
            return
        song = self._songs.popleft()
        try:
            song()
        except (StorageFailed, Busy) as error:
            _log.warning("canary_not_kept", gateway=self.name, why=type(error).__name__)

    def _mend(self, error: Exception) -> None:
        """What was being tried could not be kept: then it was neither line nor decoder. Else something failed."""
        self._miss(error) if self._trying else self._recover(error)

    def _recover(self, error: Exception) -> None:
        """Fresh decoders. After several failures in a row, a fresh line too."""
        _log.error("gateway_failed", gateway=self.name, exc_info=error)
        self._failures_in_a_row += 1
        self._error = f"{type(error).__name__}: {error}"
        self._forget()
        self._stopping.wait(min(READ_S * self._failures_in_a_row, RETRY_S))

    # ------------------------------------------------------------------------------------------------ keeping frames

    def _due(self) -> Waiting | None:
        """
        The frame whose turn it is, if it may be tried now.

        One that never had a try does not wait for the others' backoff, only for the shortest.
        """
        waiting = self._backlog.first()
        if waiting is None or not self._misses:
            return waiting
        due_s = self._retry_at_s if waiting.tries else self._missed_s + BACKOFF_S
        return waiting if self._clock.look().steady_s >= due_s else None

    def _heard(self, waiting: Waiting) -> object:
        """What hearing it gives back; other calls for help that wait are begun with it, unless nothing can be kept."""
        if not self._misses and waiting.urgent:
            self._ahead.begin(self._backlog.all(), self._hear_one)
        return self._ahead.heard(waiting, self._hear_one)

    def _hear_one(self, waiting: Waiting) -> object:
        """Raises what kept it from becoming durable; may run in another thread."""
        return self._reception.hear(waiting.frame, gateway=self.name, waited_s=self._waited_s(waiting))

    def _waited_s(self, waiting: Waiting) -> float:
        return self._clock.look().steady_s - waiting.at_s

    def _kept(self) -> None:
        """Something has become durable, so others will."""
        self._trying = ()
        if self._misses:
            _log.info("frames_kept_again", gateway=self.name, waiting=len(self._backlog))
            self._misses, self._error = 0, ""

    def _miss(self, error: Exception) -> None:
        """It waits in the backlog for its next try."""
        tried, self._trying = self._trying, ()
        self._misses += 1
        self._error = f"frames cannot be kept: {type(error).__name__}: {error}"
        self._missed_s = self._clock.look().steady_s
        self._retry_at_s = self._missed_s + min(BACKOFF_S * 2.0 ** min(self._misses - 1, 10), BACKOFF_MAX_S)
        for waiting in tried:
            self._backlog.postpone(waiting)
        tries = max(waiting.tries for waiting in tried)
        _log.error("frame_not_kept", gateway=self.name, tries=tries, waiting=len(self._backlog), exc_info=error)

    def _take_leave(self) -> None:
        """
        What was heard and waits is kept before the end, help first; what cannot be is written to the log, for a person
        to read: a restart on purpose costs no press.
        """
        until_s, why = self._clock.look().steady_s + LEAVE_S, "no time was left"
        for waiting in sorted(self._backlog.all(), key=lambda each: not each.urgent):
            if self._clock.look().steady_s >= until_s:
                break
            try:
                self._reception.proceed(self._keep_last(waiting))
            except (Busy, OSError, *MISTAKES) as error:
                why = f"{type(error).__name__}: {error}"
        if lost := [waiting.frame.raw.hex() for waiting in self._backlog.all()]:
            _log.error("frames_never_kept", gateway=self.name, count=len(lost), raw=lost[:50], why=why)

    def _keep_last(self, waiting: Waiting) -> object:
        heard = self._ahead.heard(
            waiting, lambda each: self._reception.hear(each.frame, gateway=self.name, waited_s=self._waited_s(each))
        )
        self._backlog.remove(waiting)
        return heard

    # ------------------------------------------------------------------------------------------------ how it is

    def _opened(self, now_s: float) -> None:
        self._line = Line(number=self._line.number + 1, opened_s=now_s, heard_s=now_s, spoken_to_s=now_s)

    def _lose(self, reason: str) -> None:
        now_s = self._clock.look().steady_s
        quick = not self._line.frames and now_s - self._line.opened_s < SETTLE_S
        self._flapping = self._is_open and quick
        self._open_at_s = now_s + RETRY_S
        self._disconnect()
        self._error = reason
        self._declare(Condition.LOST)

    @property
    @abstractmethod
    def _is_open(self) -> bool: ...

    def _judge(self, now_s: float) -> Condition:
        """A child process that ends as soon as it is started must not look connected once a second."""
        if self._flapping and not self._line.frames and now_s - self._line.opened_s < SETTLE_S:
            return self._condition
        return self._line.judge(now_s, silent_s=self._silent_s)

    def _declare(self, condition: Condition) -> None:
        if condition is self._condition:
            return
        self._condition, self._since = condition, self._clock.now()
        if condition is Condition.CONNECTED:
            self._error = self._error if self._misses else ""
            _log.info("gateway_connected", gateway=self.name)
        elif condition is Condition.LOST:
            _log.warning("gateway_lost", gateway=self.name, reason=self._error)
        else:
            self._error = CURES[condition]
            _log.warning("gateway_not_understood", gateway=self.name, condition=condition, reason=self._error)
        if self._on_state is not None:
            self._on_state(self.state)
