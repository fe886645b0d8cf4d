"""Listening to a port that nobody else listens to yet: what comes, and what a decoder makes of it."""

import threading
from collections import deque
from dataclasses import dataclass
from datetime import datetime

from config.gateways import decoders_of
from config.settings import GatewaySettings
from devices.ports import PortLost, is_listener, open_port
from dispatch.clock import Clock

LASTS_S = 90.0
SHOWN = 8
READ_S = 0.5


@dataclass(frozen=True, slots=True, kw_only=True)
class Heard:
    """One thing that came: a frame with what it says, or bytes that nobody understood (`what` is empty then)."""

    at: datetime
    what: str
    address: str
    raw: str


class Listening:
    """Listens in a thread of its own for a minute and a half, or until it is ended."""

    def __init__(self, said: GatewaySettings, clock: Clock) -> None:
        self.said = said
        self.bytes_heard = 0
        self.frames = 0
        self.error = ""
        self.heard: deque[Heard] = deque(maxlen=SHOWN)
        self._clock = clock
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="setup listens", daemon=True)
        self._thread.start()

    @property
    def listens(self) -> bool:
        return self._thread.is_alive()

    def stop(self) -> None:
        """Gives the line back."""
        self._stopping.set()
        self._thread.join(5.0)

    def _run(self) -> None:
        said = self.said
        if is_listener(said.port):
            self.error = "listener"
            return
        try:
            port = open_port(
                said.port, baud=said.baud, bytesize=said.bytesize, parity=said.parity, stopbits=said.stopbits
            )
            port.open()
        except (PortLost, ValueError) as lost:
            self.error = str(getattr(lost, "reason", lost))
            return
        decoder, until_s = decoders_of(said)(), self._clock.look().steady_s + LASTS_S
        try:
            while not self._stopping.is_set() and self._clock.look().steady_s < until_s:
                data = port.read(READ_S)
                if not data:
                    continue
                self.bytes_heard += len(data)
                frames = decoder.feed(data)
                self.frames += len(frames)
                now = self._clock.now()
                for each in frames:
                    self.heard.append(
                        Heard(at=now, what=str(each.event), address=each.address or "", raw=each.raw.hex()[:80])
                    )
                if not frames:
                    self.heard.append(Heard(at=now, what="", address="", raw=data.hex()[:80]))
        except PortLost as lost:
            self.error = lost.reason
        finally:
            port.close()
