"""
The pretend gateway: a pseudo-terminal that behaves like a receiver on USB, for the demo and the tests.

```
  press() ──► frames, repeats, noise ──► master ═ pty ═ slave ◄── directory/name ◄── the service opens this
                     PONG, 4 s rule ◄──────┘
```

It speaks every protocol that we decode (`dialects.py`): one-way ones several times, as RFLink does; what waits for an
answer again after 4 s, three times, as Sur-Gard does. What a bad road adds is said by a `Road`.
"""

import contextlib
import os
import random
import select
import threading
import tty
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from types import MappingProxyType

from devices.dialects import Dialect
from dispatch.rules.signal import Event

BURST_GAP_S = 0.06
"""Between two of them (rtl_433 captures: about 60 ms)."""

ANSWER_S = 4.0
REPETITIONS = 3
"""How long a Sur-Gard receiver waits for 0x06, and how often it then repeats (MLR2-E manual)."""

_NOISE = b"20;00;N20;0\xff\xfe;EV15\r\n\x00\x7f20;7A;Oregon\r\n"


@dataclass(frozen=True, slots=True, kw_only=True)
class Road:
    """
    How a line treats what is said on it.

    Frames come in writes of `bite` bytes (0: whole), each `times` over, with `noise` before each; a fraction `lost` of
    the writes of a protocol without answers never arrives. All of it is drawn by `seed`, so that it can be repeated.
    """

    bite: int = 0
    times: int = 1
    noise: bytes = b""
    lost: float = 0.0
    seed: int = 0


SMOOTH = Road()

ROADS: Mapping[str, Road] = MappingProxyType({
    "smooth": SMOOTH,
    "split": Road(bite=3),
    "repeated": Road(times=3),
    "noisy": Road(noise=_NOISE, times=2),
    "lossy": Road(lost=0.5, times=3, seed=2),
    "rough": Road(bite=5, noise=_NOISE, lost=0.3, times=3, seed=3),
})  # fmt: skip
"""Roads to choose from, by name."""


class Simulator:
    """
    A pretend gateway at a stable path, plugged in from the start. Close it (or use it in `with`) to end its thread.

    Promises: what is said while nobody has the line open waits in it; after `unplug` the service sees the line go as
    with a pulled adapter, and after `plug` finds a new one at the same path.
    """

    def __init__(
        self, directory: Path, dialect: Dialect, *, name: str = "gateway", answer_s: float = ANSWER_S,
        road: Road = SMOOTH,
    ) -> None:  # fmt: skip
        """
        `directory` takes the link `name` to the pseudo-terminal; `answer_s` is how long an answer is waited for; `road`
        is how the line treats what is said.
        """
        self.path = directory / name
        self.heard = b""
        self._dialect = dialect
        self._answer_s = answer_s
        self._road = road
        self._luck = random.Random(road.seed)
        self._answered = threading.Event()
        self._stopping = threading.Event()
        self._line = threading.Lock()
        self._ends: tuple[int, int] | None = None
        self.plug()
        self._thread = threading.Thread(target=self._listen, name=f"simulator {name}", daemon=True)
        self._thread.start()

    def __enter__(self) -> "Simulator":
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def press(self, address: str) -> bool:
        """Somebody presses. Returns whether the service has answered, where the protocol has answers; else True."""
        return self.say(address, Event.BUTTON)

    def low_battery(self, address: str) -> bool:
        """The device's battery is low; returns as `press`."""
        return self.say(address, Event.LOW_BATTERY)

    def noise(self) -> None:
        """Garbage as seen on such lines: glued halves, bytes of a brown-out, a cut line."""
        self._write(_NOISE)

    def say(self, address: str, event: Event) -> bool:
        """Any event of the dialect, with its repeats; nothing is said while unplugged."""
        said = True
        for frame in self._dialect.frames(address, event):
            if self._dialect.answered:
                said = self._until_answered(frame) and said
                continue
            for _ in range(self._road.times):
                if self._luck.random() >= self._road.lost:
                    self._send(frame)
                self._stopping.wait(BURST_GAP_S)
        return said

    def unplug(self) -> None:
        """Pull the adapter: the path is gone, whoever has the line open loses it."""
        with self._line:
            ends, self._ends = self._ends, None
            self.path.unlink(missing_ok=True)
            for end in ends or ():
                os.close(end)

    def plug(self) -> None:
        """Plug it in (again): a new pseudo-terminal under the same path. Nothing happens when it is plugged in."""
        with self._line:
            if self._ends is not None:
                return
            # The slave stays open here too: else its last closing would empty the line and forget the raw mode.
            self._ends = os.openpty()
            tty.setraw(self._ends[1])
            os.set_blocking(self._ends[0], False)
            self.path.unlink(missing_ok=True)
            self.path.symlink_to(os.ttyname(self._ends[1]))

    def close(self) -> None:
        """Unplug for good."""
        self._stopping.set()
        self.unplug()
        self._thread.join()

    def _until_answered(self, frame: bytes) -> bool:
        for _ in range(1 + REPETITIONS):
            self._answered.clear()
            self._send(frame)
            if self._answered.wait(self._answer_s):
                return True
        return False

    def _send(self, frame: bytes) -> None:
        """A frame as the road lets it through."""
        said, bite = self._road.noise + frame, self._road.bite or len(frame) + len(self._road.noise)
        for start in range(0, len(said), bite):
            self._write(said[start : start + bite])

    def _write(self, data: bytes) -> None:
        with self._line, contextlib.suppress(BlockingIOError):
            # A full line loses what is sent, as a radio does.
            if self._ends is not None:
                os.write(self._ends[0], data)

    def _listen(self) -> None:
        while not self._stopping.wait(0.01):
            heard = self._read()
            self.heard = (self.heard + heard)[-4096:]
            if heard and self._dialect.is_answer(heard):
                self._answered.set()
            if reply := self._dialect.reply(heard):
                self._write(reply)

    def _read(self) -> bytes:
        with self._line:
            if self._ends is None or not select.select([self._ends[0]], [], [], 0)[0]:
                return b""
            return os.read(self._ends[0], 4096)
