"""
The edge: a reception without a register. What its gateways hear is on disk here before it is acknowledged, and is told
to the service later.

```
  Gateway ─ hear ─► copy? ─► calls ─────────► spool, one commit ─► acknowledged ─► forwarder
                          └─► life signs ─► the last of each device, written once a second
```

Whose a frame is and what it means from them is decided by the service, which has the register.
"""

import json
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from devices.decoders.decoder import Frame
from devices.rules.burst import Windows
from devices.rules.urgency import life_sign, may_call, urgent
from devices.spool import Entry, Lane, Spool, Weight
from devices.wire import EDGE, told
from dispatch.clock import Clock, Instant
from dispatch.rules.signal import Event

GATHERED_MAX = 20_000
"""Devices whose life signs wait in memory for their second; those beyond are written at once."""


class Edge:
    """
    A `Reception` for the gateways of this machine; safe to call from their threads.

    Promises: `hear` returns when the frame is on disk, or is a copy of one that is. A life sign whose sender wants no
    answer may wait a second in memory.
    """

    def __init__(
        self,
        spool: Spool,
        clock: Clock,
        *,
        name: str,
        protocols: Mapping[str, str],
        stations: Mapping[str, str],
        ring: Callable[[Lane], None],
    ) -> None:
        """
        `protocols` says what each gateway speaks, `stations` the code of the station that answers for its strangers;
        `ring` is called when something new waits in a lane.
        """
        self.name = name
        self._spool = spool
        self._clock = clock
        self._protocols = protocols
        self._stations = stations
        self._ring = ring
        self._windows = Windows()
        self._lock, self._writing = threading.Lock(), threading.Lock()
        self._gathered: dict[str, Entry] = {}
        self.copies = 0

    def hear(self, frame: Frame, *, gateway: str, waited_s: float = 0.0, settle: bool = True) -> "Heard":
        """
        Takes one frame in. Raises `SpoolBroken` when it could not be kept; then it counts as not heard.

        `waited_s` is how long ago it came. With `settle` false a life sign is on disk only after `settle()`.
        """
        if self._is_copy(frame):
            return _ON_DISK
        try:
            gathered = self._keep(frame, gateway, self._heard(waited_s))
        except BaseException:
            with self._lock:
                self._windows.forget(frame.dedup_key)
            raise
        if gathered and settle and frame.answers:
            self.settle()
        return _IN_MEMORY if gathered and not (settle and frame.answers) else _ON_DISK

    def proceed(self, heard: object) -> None:
        """Nothing: what is in the spool sets off by itself."""

    def settle(self) -> None:
        """Writes down the life signs gathered so far; returns when they are on disk, whoever has written them."""
        with self._writing:
            self._write_down()

    def _write_down(self) -> None:
        with self._lock:
            gathered, self._gathered = self._gathered, {}
        try:
            self._spool.add(list(gathered.values()))
        except BaseException:
            with self._lock:
                self._gathered = gathered | self._gathered
            raise
        if gathered:
            self._ring(Lane.NEWS)

    def say(self, what: str, **facts: str | int | float | bool) -> None:
        """Tells the service something about the edge itself; it becomes a line of the record there."""
        body = {
            "protocol": EDGE, "receiver": self.name, "device": self.name, "event": str(Event.GATEWAY_INFO),
            "explicit": False, "fields": {"what": what, **facts},
        }  # fmt: skip
        self._add(Entry(lane=Lane.CALLS, body=_json(body), heard=self._clock.look()))

    def _is_copy(self, frame: Frame) -> bool:
        """
        Whether memory knows it as a copy. Where the sender waits for an answer each is kept again, because the answer
        promises that it is on disk; the service tells them apart by the same key.
        """
        if frame.answers:
            return False
        with self._lock:
            copy = self._windows.heard(frame, self._clock.look().steady_s)
            self.copies += copy
            return copy

    def _heard(self, waited_s: float) -> Instant:
        now = self._clock.look()
        return Instant(
            wall=now.wall - timedelta(seconds=waited_s), steady_s=max(0.0, now.steady_s - waited_s), boot=now.boot
        )

    def _keep(self, frame: Frame, gateway: str, heard: Instant) -> bool:
        """On disk, or, for a life sign, gathered: then it is True."""
        station = self._stations.get(gateway, "")
        body = _json(told(frame, protocol=self._protocols[gateway], receiver=gateway, station=station))
        if urgent(frame):
            self._add(Entry(lane=Lane.CALLS, body=body, heard=heard))
            return False
        if life_sign(frame):
            return self._gather(f"{gateway} {frame.address}", body, heard)
        weight = Weight.LASTING if may_call(frame) else Weight.NEWS
        self._add(Entry(lane=Lane.NEWS, body=body, heard=heard, weight=weight))
        return False

    def _gather(self, slot: str, body: str, heard: Instant) -> bool:
        entry = Entry(lane=Lane.NEWS, body=body, heard=heard, weight=Weight.LIFE, slot=slot)
        with self._lock:
            room = slot in self._gathered or len(self._gathered) < GATHERED_MAX
            if room:
                self._gathered[slot] = entry
        if not room:
            self._add(entry)
        return room

    def _add(self, entry: Entry) -> None:
        self._spool.add([entry])
        self._ring(entry.lane)


@dataclass(frozen=True, slots=True)
class Heard:
    """Whether what was heard is on disk already."""

    durable: bool


_ON_DISK, _IN_MEMORY = Heard(True), Heard(False)


def _json(body: Mapping[str, Any]) -> str:
    return json.dumps(body, ensure_ascii=True, separators=(",", ":"))
