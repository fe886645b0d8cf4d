"""
A frame as reception has taken it: with where it came from, whose it is, when it was said and heard, and what it is
known by.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from devices.decoders.decoder import SEALED_EARLY, SEALED_LATE, Frame
from devices.store.devices import Device
from dispatch.desk import Spool

NAMED_S = 60.0
"""
A message whose copies are known for so long has a number or a time of its own: it is the same one also after a restart.
"""

KEPT_BY_DEVICES, AHEAD_AT_MOST = timedelta(days=31), timedelta(days=1)
"""
No device keeps a call for a month, and no clock in the wrong time zone is a day ahead: what tells such a time has never
been told the date (PROMISES, R9: receipt time rules).
"""


@dataclass(frozen=True, slots=True)
class Taken:
    """A frame with where it came from, whose it is, how long it had to wait, and whether a life sign is settled now."""

    frame: Frame
    protocol: str
    gateway: str
    device: Device | None
    waited_s: float
    settle: bool
    spool: Spool | None = None
    station: str = ""
    stuck: bool = False

    def heard_at(self, now: datetime) -> datetime:
        """When the gateway heard it, by our clock."""
        return now - timedelta(seconds=self.waited_s)

    def sent_at(self, now: datetime) -> datetime | None:
        """When it was said: as the frame tells, if that can be, else when it was heard, if that is not now."""
        heard_at, told = self.heard_at(now), self.frame.sent_at
        if told is not None and heard_at - KEPT_BY_DEVICES <= told <= heard_at + AHEAD_AT_MOST:
            return told
        return None if self.waited_s < 1.0 else heard_at

    def is_recording(self, heard_at: datetime) -> bool:
        """Whether this may be one played back: what its sender has sealed says that it was said at another time."""
        return self.frame.sealed and not self.frame.is_timely(heard_at)

    @property
    def said_in(self) -> tuple[datetime, datetime] | None:
        """When its sender has certainly said it, by our clock if the sender's was right then."""
        sent_at = self.frame.sent_at
        if not self.frame.sealed or sent_at is None:
            return None
        return sent_at - SEALED_EARLY, sent_at + SEALED_LATE

    @property
    def may_be_on_file(self) -> bool:
        """
        Whether the database must be asked for copies as well. Senders that repeat until acknowledged may do so across a
        restart of ours: whoever waits for an answer, and messages with a name of their own, which brokers say again.
        """
        return self.frame.answers or self.spool is not None or self.frame.window_s >= NAMED_S


def key_of(spool: Spool | None) -> str:
    """By its number, where nothing else tells it from others."""
    return f"{spool.gateway}:{spool.epoch}:{spool.seq}" if spool else ""


def is_alive(frame: Frame) -> bool:
    """Whether its sender was really heard: not of what a broker has kept, or a machine says that we do not know."""
    return frame.fields.get("retained") is not True


def rssi_of(frame: Frame) -> float | None:
    """How strongly it came in, in dBm, where its decoder found that out."""
    said = frame.fields.get("rssi")
    return float(said) if isinstance(said, int | float) and -200.0 <= said <= 50.0 else None
