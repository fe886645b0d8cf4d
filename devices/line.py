"""One connection to a gateway as it is heard: when it spoke last, how much was noise, and what that says about it."""

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from devices.decoders.decoder import Frame

SETTLE_S = 5.0
"""A line lost again within this time, before it said anything, must hold as long before it counts as connected."""

KEEPALIVE_S = 60.0
"""A line quiet for so long is spoken to, where the protocol has words for it (RFLink's PING)."""

SILENT_S = 180.0
"""A line quiet for so long is silent (R11)."""

GARBLED_S = 60.0
GARBLED_BYTES = 64
"""So many bytes over so long a time without one frame: the wrong speed or parity (R10)."""


class Condition(StrEnum):
    """How a gateway's line is."""

    STARTING = "starting"
    CONNECTED = "connected"
    SILENT = "silent"
    GARBLED = "garbled"
    LOST = "lost"


CURES = {
    Condition.SILENT: "nothing heard: is the receiver alive, is the cable in the right port?",
    Condition.GARBLED: "nothing understood: check speed, parity and protocol",
}
"""What a person may look at first."""


@dataclass(slots=True)
class Line:
    """One connection, from opening to loss. All `…_s` are steady seconds."""

    number: int = 0
    opened_s: float = 0.0
    heard_s: float = 0.0
    spoken_to_s: float = 0.0
    frames: int = 0
    noise_s: float = 0.0
    noise_bytes: int = 0

    def note(self, count: int, frames: Sequence[Frame], at_s: float) -> None:
        """Bytes have come; they count as noise until a frame comes out of them."""
        if frames:
            self.frames += len(frames)
            self.heard_s, self.noise_bytes = at_s, 0
            return
        if not self.noise_bytes:
            self.noise_s = at_s
        self.noise_bytes += count

    def asks_for_words(self, now_s: float) -> bool:
        """Quiet for `KEEPALIVE_S`, and not spoken to for as long."""
        return now_s - max(self.heard_s, self.spoken_to_s) >= KEEPALIVE_S

    def judge(self, now_s: float, *, silent_s: float) -> Condition:
        """How an open line is, by what has and has not come over it."""
        if self.noise_bytes >= GARBLED_BYTES and now_s - self.noise_s >= GARBLED_S:
            return Condition.GARBLED
        return Condition.SILENT if now_s - self.heard_s >= silent_s else Condition.CONNECTED
