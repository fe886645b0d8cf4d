"""
The gateway: one line, one decoder, and what is said on it.

How it goes round and what it promises about frames is in `hearing.py`; where many talk at once, it is an `Exchange`.
"""

import threading
from collections.abc import Callable

import structlog

from devices.ahead import BESIDE_MAX
from devices.backlog import Waiting
from devices.decoders.decoder import Decoder, Tally
from devices.hearing import DELIVER_MAX, LATE_S, READ_S, RETRY_S, GatewayState, Hearing, Reception
from devices.line import SILENT_S
from devices.ports.port import READ_BYTES_MAX, Port, PortBlocked, PortLost
from dispatch.clock import Clock

LOOK_AGAIN_S = 0.1
"""So long at most nobody looks whether something urgent has come, while frames that can wait are being kept."""

SLOW_S = 0.025
"""From here on, in seconds, a line's calls for help are kept too slowly to be read and kept one after the other."""

AHEAD_MAX = 500
"""Frames heard ahead of what is kept; beyond that the line has to wait, and nothing is dropped that it could hold."""

__all__ = ["Gateway", "GatewayState", "Reception"]

_log = structlog.get_logger()


class Gateway(Hearing):
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
        super().__init__(name, reception, clock, stopping, on_state=on_state, silent_s=silent_s)
        self._port_factory = port_factory
        self._decoder_factory = decoder_factory
        self._pads = pads
        self._port: Port | None = None
        self._decoder: Decoder | None = None
        self._muted = False
        self._past = Tally()
        self._keeping_s = 0.0

    def _listen(self) -> None:
        self._muted = False
        self._connect_when_due()
        if self._port is not None and self._decoder is None:
            self._decoder = self._decoder_factory()
        data = self._read()
        garbled = self._take(data) if data else 0
        if not garbled:
            data, garbled = self._read_on(data)
        self._supervise()
        self._deliver(more=len(data) >= READ_BYTES_MAX)
        for _ in range(garbled):
            self._refuse(data)

    # ------------------------------------------------------------------------------------------------ the line

    @property
    def _is_open(self) -> bool:
        return self._port is not None

    def _connect_when_due(self) -> None:
        now_s = self._clock.look().steady_s
        if self._port is None and now_s >= self._open_at_s:
            self._open_at_s = now_s + RETRY_S
            port = self._port_factory()
            port.open()
            self._port = port
            self._opened(now_s)

    def _read(self) -> bytes:
        waits = self._due() is not None
        if self._port is None:
            self._stopping.wait(0.0 if waits else READ_S)
            return b""
        return self._port.read(0.0 if waits else READ_S)

    def _read_on(self, data: bytes) -> tuple[bytes, int]:
        """Hears what stands behind a full read. Gives back what was read last, and how much of it was garbled."""
        for _ in range(BESIDE_MAX):
            if self._port is None or len(data) < READ_BYTES_MAX or not self._hears_on():
                break
            try:
                data = self._port.read(0.0)
            except PortLost:
                # What was heard is kept and answered while the line may still take it; the next read finds the loss.
                return b"", 0
            if garbled := self._take(data) if data else 0:
                return data, garbled
        return data, 0

    def _hears_on(self) -> bool:
        """
        Whether calls for help wait here, and more may wait behind them on the line: they are kept side by side. Read
        one after the other, behind a disk that takes 0.3 s for a commit a line got through two of them in a second.

        Only where the last ones were kept slowly: what is read and not yet kept is gone with a service that is killed,
        and with one read after the other the further copies of a press still wait in the kernel (docs/adr/0016).
        """
        if self._misses or self._keeping_s < SLOW_S or len(self._backlog) >= AHEAD_MAX:
            return False
        return 0 < len(self._ahead.calls(self._backlog.all())) < BESIDE_MAX

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

    def _disconnect(self) -> None:
        self._forget()
        port, self._port = self._port, None
        if port is not None:
            port.close()

    def _forget(self) -> None:
        """Half a frame goes with the decoder; its counts stay."""
        if self._decoder is not None:
            self._past = self._tally = _sum(self._past, self._decoder.tally)
            self._decoder = None

    # ------------------------------------------------------------------------------------------------ keep, then answer

    def _deliver(self, *, more: bool) -> None:
        """
        Help at once. What can wait does so while the line has `more` to say, and for the next look at the line: behind
        a slow disk a flood of batteries must not keep a press in the kernel's buffer, which is small and then full.
        """
        begun_s = self._clock.look().steady_s
        until_s = begun_s + LOOK_AGAIN_S
        listens_on = more and len(self._backlog) < AHEAD_MAX
        for _ in range(DELIVER_MAX):
            waiting = self._due()
            if waiting is None:
                return
            if not waiting.urgent and (listens_on or self._clock.look().steady_s >= until_s):
                return
            heard = self._keep(waiting)
            try:
                if self._awaits_answer(waiting) and self._decoder is not None:
                    self._answer(self._decoder.acknowledge(waiting.frame, self._clock.now(), self._pads()))
            finally:
                self._reception.proceed(heard)
            if waiting.urgent:
                self._keeping_s = self._clock.look().steady_s - begun_s

    def _keep(self, waiting: Waiting) -> object:
        """What `hear` gives back. Raises what it raises."""
        self._trying = (waiting,)
        heard = self._heard(waiting)
        self._backlog.remove(waiting)
        self._kept()
        return heard

    def _awaits_answer(self, waiting: Waiting) -> bool:
        """
        Whether an answer now would be understood as meant.

        Sur-Gard's 06 names no message: given late, it would count for the one sent since, which may not be kept yet. So
        a late answer goes out only when its frame is the last we heard; otherwise the sender repeats and is answered
        then.
        """
        late = self._waited_s(waiting) >= LATE_S
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

    def _supervise(self) -> None:
        if self._port is None:
            return
        now_s = self._clock.look().steady_s
        words = getattr(self._decoder, "keepalive", b"")
        if words and self._line.asks_for_words(now_s):
            self._line.spoken_to_s = now_s
            self._answer(words)
        self._declare(self._judge(now_s))


def _sum(one: Tally, other: Tally) -> Tally:
    return Tally(
        malformed=one.malformed + other.malformed,
        bad_checksum=one.bad_checksum + other.bad_checksum,
        noise_bytes=one.noise_bytes + other.noise_bytes,
        overlong=one.overlong + other.overlong,
    )
