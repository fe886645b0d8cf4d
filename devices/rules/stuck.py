"""
A button that is stuck: something lies on it, or it does not come out again.

Nobody presses a button for five minutes without a pause of a few seconds, and who does needs somebody all the more: so
that a button is stuck takes nothing from its press. It is a fault beside the alarm, which says what to repair.

Time is passed in, as seconds of a steady clock whose zero does not matter.
"""

from collections import OrderedDict
from dataclasses import dataclass

from dispatch.ids import DeviceId

PAUSE_S = 15.0
"""A longer pause is one between two presses. Whoever waits for help in fear presses every few seconds."""

STUCK_S = 300.0
"""Pressed for so long without such a pause it is stuck; PROMISES R20 has one press every 2 s for 6 h."""

REMEMBERED_MAX = 1_000
"""Buttons pressed within the last seconds; a district has a handful."""


@dataclass(frozen=True, slots=True)
class _Held:
    """Pressed from then until then, without a pause."""

    first_s: float
    last_s: float


class Sticking:
    """Remembers which buttons are being pressed. Not safe for threads: the caller holds a lock."""

    def __init__(self) -> None:
        self._held: OrderedDict[DeviceId, _Held] = OrderedDict()

    def pressed(self, device_id: DeviceId, at_s: float) -> bool:
        """Takes in that it was heard being pressed, copies too; whether it is stuck."""
        before = self._held.get(device_id)
        paused = before is None or at_s - before.last_s > PAUSE_S
        held = _Held(at_s, at_s) if before is None or paused else _Held(before.first_s, max(before.last_s, at_s))
        self._held[device_id] = held
        self._held.move_to_end(device_id)
        if len(self._held) > REMEMBERED_MAX:
            self._held.popitem(last=False)
        return held.last_s - held.first_s >= STUCK_S
