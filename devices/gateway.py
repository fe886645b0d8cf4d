"""
The gateway: one line, one thread, and the loop that hears what is said on it.

```
  open ──► read ──► feed ──► backlog ──► hear: durable ──► acknowledge ──┐
   ▲        ▲                   │                                        │
   │        └───────────────────┴──── raised: kept and tried again ◄─────┘
   └── 1 s ── lost ◄── PortLost              nothing acknowledged
```

Commit, then acknowledge: the sender is answered only after `hear` has returned. What cannot be kept for now waits in
memory, in order, while the line is read on.
"""

import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

import structlog

from devices.backlog import Backlog, Waiting
from devices.decoders.decoder import Decoder, Frame, Tally
from devices.line import CURES, SETTLE_S, SILENT_S, Condition, Line
from devices.ports.port import Port, PortBlocked, PortLost
from dispatch.clock import Clock

READ_S = 0.2
"""How long one look at the line takes; everything else the thread does waits at most this long."""

RETRY_S = 1.0
"""Between two tries to open a line that is not there (R1)."""

LATE_S = 4.0
"""How long a sender waits for its answer: Sur-Gard MLR2-E manual, the shortest of our protocols."""

BACKOFF_S = 0.25
BACKOFF_MAX_S = 5.0
"""Between tries to have a frame kept: doubled with each miss, up to the second figure."""

DELIVER_MAX = 500
"""Frames handed on between two looks at the line: more than one look can bring."""

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


class Gateway:
    """
    Hears one line for as long as the service runs, whether the line is there or not.

    Promises: no frame is acknowledged before it is durable, each copy is acknowledged again; a frame of a one-way
    protocol outlives a failing database (up to `BACKLOG_MAX`); half a frame never outlives its connection; no decoder,
    storage or line can end the thread.
    """

    def __init__(
        self,
        name: str,
        port_factory: Callable[[], Port],
        decoder_factory: Callable[[], Decoder],
        reception: Reception,
        clock: Clock,
        pads: Callable[[], bytes],
        stopping: threading.Event,
        *,
        on_state: Callable[[GatewayState], None] | None = None,
        silent_s: float = SILENT_S,
    ) -> None:
        """
        `port_factory` and `decoder_factory` are called for every connection; `pads` gives the random bytes that some
        answers carry; `stopping` ends the thread (and may be shared); `on_state` is called in the gateway's thread when
        the condition has changed; `silent_s` is how long this line may be quiet before it counts as silent.
        """
        self.name = name
        self._port_factory = port_factory
        self._decoder_factory = decoder_factory
        self._reception = reception
        self._clock = clock
        self._pads = pads
        self._stopping = stopping
        self._on_state = on_state
        self._silent_s = silent_s
        self._thread = threading.Thread(target=self._run, name=f"gateway {name}", daemon=True)
        self._backlog = Backlog(name)
        self._trying: Waiting | None = None
        self._port: Port | None = None
        self._decoder: Decoder | None = None
        self._line = Line()
        self._open_at_s = 0.0
        self._flapping = False
        self._muted = False
        self._missed_s = self._retry_at_s = 0.0
        self._misses = 0
        self._failures_in_a_row = 0
        self._condition = Condition.STARTING
        self._since = clock.now()
        self._last_heard_at: datetime | None = None
        self._frames = self._unanswered = self._failures = 0
        self._past, self._tally = Tally(), Tally()
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

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self._round()
                self._failures_in_a_row = 0
            except Exception as error:  # noqa: BLE001  one of the five loops: it logs, counts and goes on
                self._failures += 1
                self._recover(error) if self._trying is None else self._miss(self._trying, error)
        self._disconnect()
        self._take_leave()

    def _round(self) -> None:
        try:
            if self._failures_in_a_row >= FAILURES_MAX:
                raise PortLost(self._error)
            self._listen()
        except PortLost as lost:
            self._lose(lost.reason)

    def _listen(self) -> None:
        self._muted = False
        self._connect_when_due()
        if self._port is not None and self._decoder is None:
            self._decoder = self._decoder_factory()
        data = self._read()
        garbled = self._take(data) if data else 0
        self._supervise()
        self._deliver()
        for _ in range(garbled):
            self._refuse(data)

    def _recover(self, error: Exception) -> None:
        """After a failure nobody knows what the decoder remembers: a fresh one. After several, a fresh line too."""
        _log.exception("gateway_failed", gateway=self.name)
        self._failures_in_a_row += 1
        self._error = f"{type(error).__name__}: {error}"
        self._retire_decoder()
        self._stopping.wait(min(READ_S * self._failures_in_a_row, RETRY_S))

    # ------------------------------------------------------------------------------------------------ the line

    def _connect_when_due(self) -> None:
        now_s = self._clock.look().steady_s
        if self._port is None and now_s >= self._open_at_s:
            self._open_at_s = now_s + RETRY_S
            port = self._port_factory()
            port.open()
            self._port = port
            self._line = Line(number=self._line.number + 1, opened_s=now_s, heard_s=now_s, spoken_to_s=now_s)

    def _read(self) -> bytes:
        if self._port is None:
            self._stopping.wait(READ_S)
            return b""
        return self._port.read(READ_S)

    def _take(self, data: bytes) -> int:
        """Frames from bytes, into the backlog. Returns how many whole but garbled pieces were among them."""
        assert self._decoder is not None
        before = self._decoder.tally.malformed
        frames = self._decoder.feed(data)
        at_s = self._clock.look().steady_s
        self._line.note(len(data), frames, at_s)
        self._tally = _sum(self._past, self._decoder.tally)
        for frame in frames:
            self._frames += 1
            waiting = Waiting(frame, number=self._frames, line=self._line.number, at_s=at_s)
            self._backlog.put(waiting, failing=self._misses > 0)
        if frames:
            self._last_heard_at = self._clock.now()
        return self._decoder.tally.malformed - before

    def _lose(self, reason: str) -> None:
        now_s = self._clock.look().steady_s
        quick = not self._line.frames and now_s - self._line.opened_s < SETTLE_S
        self._flapping = self._port is not None and quick
        self._open_at_s = now_s + RETRY_S
        self._disconnect()
        self._error = reason
        self._declare(Condition.LOST)

    def _disconnect(self) -> None:
        self._retire_decoder()
        port, self._port = self._port, None
        if port is not None:
            port.close()

    def _retire_decoder(self) -> None:
        """Half a frame goes with the decoder; its counts stay."""
        if self._decoder is not None:
            self._past = self._tally = _sum(self._past, self._decoder.tally)
            self._decoder = None

    # ------------------------------------------------------------------------------------------------ keep, then answer

    def _deliver(self) -> None:
        for _ in range(DELIVER_MAX):
            waiting = self._backlog.first()
            if waiting is None or self._clock.look().steady_s < self._due_s(waiting):
                return
            heard = self._keep(waiting)
            try:
                if self._awaits_answer(waiting) and self._decoder is not None:
                    self._answer(self._decoder.acknowledge(waiting.frame, self._clock.now(), self._pads()))
            finally:
                self._reception.proceed(heard)

    def _due_s(self, waiting: Waiting) -> float:
        """A frame that never had a try does not wait for the others' backoff, only for the shortest."""
        if not self._misses:
            return 0.0
        return self._retry_at_s if waiting.tries else self._missed_s + BACKOFF_S

    def _keep(self, waiting: Waiting) -> object:
        """Raises what `hear` raises; the loop then knows by `_trying` that it was neither line nor decoder."""
        self._trying = waiting
        waited_s = self._clock.look().steady_s - waiting.at_s
        heard = self._reception.hear(waiting.frame, gateway=self.name, waited_s=waited_s)
        self._trying = None
        self._backlog.remove(waiting)
        if self._misses:
            _log.info("frames_kept_again", gateway=self.name, waiting=len(self._backlog))
            self._misses, self._error = 0, ""
        return heard

    def _miss(self, waiting: Waiting, error: Exception) -> None:
        _log.exception("frame_not_kept", gateway=self.name, tries=waiting.tries + 1, waiting=len(self._backlog))
        self._trying = None
        self._misses += 1
        self._error = f"frames cannot be kept: {type(error).__name__}: {error}"
        self._missed_s = self._clock.look().steady_s
        self._retry_at_s = self._missed_s + min(BACKOFF_S * 2.0 ** min(self._misses - 1, 10), BACKOFF_MAX_S)
        self._backlog.postpone(waiting)

    def _awaits_answer(self, waiting: Waiting) -> bool:
        """
        Whether an answer now would be understood as meant.

        Sur-Gard's 06 names no message: given late, it would count for the one sent since, which may not be kept yet. So
        a late answer goes out only when its frame is the last we heard; otherwise the sender repeats and is answered
        then.
        """
        late = self._clock.look().steady_s - waiting.at_s >= LATE_S
        return waiting.line == self._line.number and (not late or waiting.number == self._frames)

    def _refuse(self, data: bytes) -> None:
        if self._decoder is not None:
            self._answer(self._decoder.refuse(data))

    def _answer(self, data: bytes) -> None:
        """A line that took one answer not in time is spared the others of this round: the reader must go on (R21)."""
        if not data or self._port is None:
            return
        if self._muted:
            self._unanswered += 1
            return
        try:
            self._port.write(data)
        except PortBlocked as blocked:
            self._muted = True
            self._unanswered += 1
            _log.warning("answer_blocked", gateway=self.name, reason=str(blocked))

    def _take_leave(self) -> None:
        """What could not be kept by the end is written to the log, for a person to read."""
        lost = [waiting.frame.raw.hex() for waiting in self._backlog.all()]
        if lost:
            _log.error("frames_never_kept", gateway=self.name, count=len(lost), raw=lost[:50])

    # ------------------------------------------------------------------------------------------------ how it is

    def _supervise(self) -> None:
        if self._port is None:
            return
        now_s = self._clock.look().steady_s
        words = getattr(self._decoder, "keepalive", b"")
        if words and self._line.asks_for_words(now_s):
            self._line.spoken_to_s = now_s
            self._answer(words)
        self._declare(
            self._condition if self._is_unsettled(now_s) else self._line.judge(now_s, silent_s=self._silent_s)
        )

    def _is_unsettled(self, now_s: float) -> bool:
        """A child process that ends as soon as it is started must not look connected once a second."""
        return self._flapping and not self._line.frames and now_s - self._line.opened_s < SETTLE_S

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


def _sum(one: Tally, other: Tally) -> Tally:
    return Tally(
        malformed=one.malformed + other.malformed,
        bad_checksum=one.bad_checksum + other.bad_checksum,
        noise_bytes=one.noise_bytes + other.noise_bytes,
        overlong=one.overlong + other.overlong,
    )
