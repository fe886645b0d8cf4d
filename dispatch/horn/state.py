"""How the siren is, as its beat tells those whom it watches: who watches must be watched."""

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from dispatch.clock import Clock
from dispatch.horn.crier import BEAT

SIREN_BEAT_S = 30.0
"""It makes a round every 2 s; one that has said nothing for so long is dead, or was never started."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SirenState:
    """`age_s` is how long ago it spoke, infinite before this start of the machine; the rest is what it said."""

    age_s: float
    reasons: tuple[str, ...]
    faults: Mapping[str, str]
    mistakes: tuple[str, ...]

    @property
    def well(self) -> bool:
        """It runs and could be heard. That it sounds is no fault of its own."""
        return self.age_s <= SIREN_BEAT_S and not self.faults and not self.mistakes

    @classmethod
    def read(cls, home: Path, clock: Clock) -> "SirenState | None":
        """What the file says; None where no siren has ever run here."""
        look = clock.look()
        try:
            said = json.loads((home / BEAT).read_text(encoding="utf-8"))
            age_s = look.steady_s - float(said["steady_s"]) if said["boot"] == look.boot else float("inf")
            return cls(
                age_s=age_s, reasons=tuple(map(str, said["reasons"])), faults=dict(said["faults"]),
                mistakes=tuple(map(str, said["mistakes"])),
            )  # fmt: skip
        except (OSError, ValueError, KeyError, TypeError):
            return None
