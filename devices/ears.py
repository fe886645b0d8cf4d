"""
What is known of each gateway by listening to it: whether its line is there, what it hears, how much of it is noise.

Where several processes share a database each listens to its own lines and writes down what it hears; what another one
listens to is known by its row: a row that moves was moved by somebody who hears.
"""

from collections import deque
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from devices.rules.noise import WINDOW_S, Noise, is_noisy
from devices.rules.silence import Span
from devices.store.gateways import Ear

LOST_S = 60.0
"""A line that comes back within a minute is not worth waking somebody; PROMISES allows 180 s."""

SILENT_S = 150.0
"""
A gateway we have listened to for so long in vain is deaf: the second life sign of one a minute is missed (RFLink is
asked every 60 s, Sur-Gard speaks every 30 s), and the check, its commit and a restart fit into what is left of 180 s.
"""


@dataclass(frozen=True, slots=True)
class Look:
    """
    How a gateway is at this moment. `unreached`: the edge it is wired to is not there itself; `told`: this is how it
    is, and not how it was before our start.
    """

    connected: bool
    count: int
    unreached: bool = False
    told: bool = True
    noise: Noise = field(default_factory=Noise)


@dataclass(slots=True)
class Listened:
    """
    One gateway, listened to. `quiet_s` and `gone_s` are steady seconds of listening in vain, `vain_s` those of them
    with its line there; `behind` is the edge it is wired to.
    """

    name: str
    heard_at: datetime
    forwarding: bool = False
    quiet_s: float = 0.0
    gone_s: float = 0.0
    vain_s: float = 0.0
    count: int = 0
    dismissed_at: datetime | None = None
    silent_s: float = SILENT_S
    behind: str = ""
    connected: bool = True
    connected_at: datetime | None = None
    unreached: bool = False
    told: bool = True
    heard: bool = False
    spans: list[Span] = field(default_factory=list)
    noises: deque[tuple[float, Noise]] = field(default_factory=deque)
    filed: Ear | None = None

    def look(self, how: Look, now: datetime, passed_s: float) -> None:
        """Takes in how it is now. One that may be quiet for ever is heard as long as its line is there."""
        back = how.connected and not self.connected
        self.heard = how.told and (how.count != self.count or (how.connected and not self.silent_s))
        self.count, self.connected = how.count, how.connected
        self.unreached, self.told = how.unreached, how.told
        self._pass(now, passed_s)
        # Nobody listened to what is behind an edge while the edge was gone: it has its time again.
        if back and self.behind:
            self.quiet_s = min(self.quiet_s, self.vain_s)
        self._note_noise(how.noise, passed_s)

    def look_elsewhere(self, filed: Ear | None, now: datetime, passed_s: float) -> None:
        """Another process listens to it: what has become of its row since the last look."""
        before, self.filed = self.filed, filed
        if filed is None or before is None:
            self.heard = self.connected = True
        else:
            self.heard = filed.heard_at != before.heard_at
            self.connected = filed.connected_at != before.connected_at or (self.heard and not filed.connected_at)
        self._pass(now, passed_s)
        if filed is not None:
            self.silent_s, self.behind, self.forwarding = filed.silent_s, filed.behind, filed.forwarding
            self.dismissed_at, self.heard_at = filed.dismissed_at, filed.heard_at
        self.spans.clear()  # Whoever hears it writes them down.

    def heard_by_another(self, filed: Ear) -> None:
        """We listen to it, and so does somebody else who has more luck: two may not open one serial port."""
        mine = self.connected_at
        if filed.connected_at is not None and (mine is None or filed.connected_at > mine):
            self.gone_s, self.connected_at, self.connected = 0.0, filed.connected_at, True
        if filed.heard_at > self.heard_at:
            self.heard, self.heard_at, self.quiet_s, self.vain_s = True, filed.heard_at, 0.0, 0.0
        # A named human has said so on a page that another process serves.
        if not self.heard and filed.dismissed_at is not None and filed.dismissed_at > self.heard_at:
            self.dismissed_at = filed.dismissed_at

    def _pass(self, now: datetime, passed_s: float) -> None:
        self.gone_s = 0.0 if self.connected else self.gone_s + passed_s
        self.quiet_s = 0.0 if self.heard else self.quiet_s + passed_s
        self.vain_s = 0.0 if self.heard else self.vain_s + (passed_s if self.connected else 0.0)
        if self.connected:
            self.connected_at = now
        if self.heard:
            if now - self.heard_at >= timedelta(seconds=self.silent_s or LOST_S):
                self.spans.append(Span(start=self.heard_at, end=now))
            self.heard_at, self.dismissed_at = now, None

    def _note_noise(self, noise: Noise, passed_s: float) -> None:
        """Keeps what was counted over the window; a gateway that begins to count anew begins anew here."""
        if self.noises and noise.frames < self.noises[-1][1].frames:
            self.noises.clear()
        at_s = (self.noises[-1][0] if self.noises else 0.0) + passed_s
        self.noises.append((at_s, noise))
        while at_s - self.noises[0][0] > WINDOW_S:
            self.noises.popleft()

    @property
    def away(self) -> bool:
        """Whether its edge is away, as far as we know; after a start it is until it has spoken."""
        return bool(self.behind) and (self.unreached or not self.told)

    @property
    def noisy(self) -> bool:
        """Whether too much of what came lately could not be read."""
        if not self.noises:
            return False
        first, last = self.noises[0][1], self.noises[-1][1]
        return is_noisy(Noise(frames=last.frames - first.frames, bad=last.bad - first.bad))

    @property
    def deaf(self) -> str | None:
        """Why it hears nothing; None while it may."""
        if self.dismissed_at is not None:
            return None
        if self.gone_s >= LOST_S:
            return "lost"
        return "silent" if self.silent_s and self.quiet_s >= self.silent_s else None

    def on_file(self) -> Ear:
        return Ear(
            name=self.name, forwarding=self.forwarding, heard_at=self.heard_at, quiet_s=round(self.quiet_s, 1),
            dismissed_at=self.dismissed_at, silent_s=self.silent_s, behind=self.behind,
            connected_at=self.connected_at,
        )  # fmt: skip


def taken_up(known: Ear, now: datetime, silent_s: float, *, behind: str, forwarding: bool) -> Listened:
    """A gateway as it was before a start."""
    return Listened(
        known.name, min(known.heard_at, now), forwarding=forwarding, quiet_s=known.quiet_s, silent_s=silent_s,
        behind=behind, dismissed_at=known.dismissed_at, filed=replace(known),
    )  # fmt: skip
