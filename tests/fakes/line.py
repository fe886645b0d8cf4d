"""A line, a protocol and a reception made of memory, and patience for what happens in another thread."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from devices.decoders.decoder import Frame, Tally
from devices.ports.port import PortBlocked, PortLost
from dispatch.rules.signal import Event

PATIENCE_S = 60.0


def until(happened: Callable[[], object], *, patience_s: float = PATIENCE_S) -> None:
    """Wait for something another thread does; fails when it does not."""
    pause = threading.Event()
    for _ in range(int(patience_s / 0.005)):
        if happened():
            return
        pause.wait(0.005)
    raise AssertionError("it did not happen in time")


@contextmanager
def listening(*gateways) -> Iterator[None]:
    """Run gateways for the length of a block; each must end when told."""
    for gateway in gateways:
        gateway.start()
    try:
        yield
    finally:
        for gateway in gateways:
            gateway._stopping.set()
        for gateway in gateways:
            gateway.stop()
        assert not [gateway.name for gateway in gateways if gateway._thread.is_alive()]


class FakeLine:
    """A port: each `say` comes out of one `read`. What it is given to write goes to the journal as `wrote …`."""

    def __init__(self, journal: list[str] | None = None, *, plugged: bool = True) -> None:
        self.journal = [] if journal is None else journal
        self.opened = 0
        self.reads = 0
        self.blocked = False
        self.deaf = False
        self._plugged = plugged
        self._said: list[bytes] = []
        self._changed = threading.Condition()

    @property
    def written(self) -> list[str]:
        return [line.removeprefix("wrote ") for line in self.journal if line.startswith("wrote ")]

    def say(self, *pieces: bytes) -> None:
        with self._changed:
            self._said += pieces
            self._changed.notify_all()

    def unplug(self) -> None:
        with self._changed:
            self._plugged = False
            self._changed.notify_all()

    def plug(self) -> None:
        with self._changed:
            self._plugged = True

    def open(self) -> None:
        self.opened += 1
        if not self._plugged:
            raise PortLost("no such line")

    def read(self, timeout_s: float) -> bytes:
        with self._changed:
            self._changed.wait_for(lambda: self._said or not self._plugged, timeout_s)
            self.reads += 1
            if self._said:
                return self._said.pop(0)
            if not self._plugged:
                raise PortLost("unplugged")
            return b""

    def write(self, data: bytes) -> None:
        if self.deaf:
            raise PortLost("unplugged while writing")
        if self.blocked:
            raise PortBlocked("full")
        self.journal.append(f"wrote {data.decode()}")

    def close(self) -> None:
        self.journal.append("closed")


class LineDecoder:
    """
    A made-up protocol of text lines, each acknowledged with `ack LINE;`.

    `?…` is garbled and refused with `nak;`, `!…` breaks the decoder, `low…` is a low battery, `one-way…` wants none.
    """

    keepalive = b"anybody there?"

    def __init__(self) -> None:
        self.tally = Tally()
        self._open = b""

    def feed(self, data: bytes) -> list[Frame]:
        *lines, self._open = (self._open + data).split(b"\n")
        return [frame for line in lines if (frame := self._frame(line)) is not None]

    def acknowledge(self, frame: Frame, at, pad: bytes) -> bytes:
        return b"ack " + frame.raw + b";" if frame.answers else b""

    def refuse(self, data: bytes) -> bytes:
        return b"nak;"

    def _frame(self, line: bytes) -> Frame | None:
        if line.startswith(b"!"):
            raise RuntimeError("a decoder with a bug")
        if line.startswith(b"?"):
            self.tally.malformed += 1
            return None
        event = Event.LOW_BATTERY if line.startswith(b"low") else Event.PRESS
        return Frame(
            event=event,
            raw=line,
            dedup_key=line.decode(),
            window_s=3.0,
            answers=not line.startswith(b"one-way"),
        )


class Ears:
    """
    A reception. What it has kept goes to the journal as `kept …`.

    `misses` is how many of the next frames it fails to keep; those in `poison` it never keeps.
    """

    def __init__(self, journal: list[str] | None = None) -> None:
        self.journal = [] if journal is None else journal
        self.misses = 0
        self.tried = 0
        self.poison: set[bytes] = set()
        self.proceeded = 0

    @property
    def kept(self) -> list[str]:
        return [line.removeprefix("kept ") for line in self.journal if line.startswith("kept ")]

    def hear(self, frame: Frame, *, gateway: str, waited_s: float = 0.0) -> None:
        self.tried += 1
        if frame.raw in self.poison:
            raise ValueError("this frame can never be kept")
        if self.misses > 0:
            self.misses -= 1
            raise ConnectionError("the database is down")
        self.journal.append(f"kept {frame.raw.decode()}")

    def proceed(self, heard: object) -> None:
        self.proceeded = len(self.journal)
