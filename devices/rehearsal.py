"""A frame that no decoder makes: the press of an exercise, handed to a gateway in the place of one that was heard."""

from dataclasses import dataclass

from devices.decoders.decoder import Frame
from dispatch.ids import StationId

PROTOCOL = "drill"
"""What an exercise is said in: no gateway speaks it, so that no sender can pretend to be one."""


@dataclass(slots=True, kw_only=True)
class Rehearsal(Frame):
    """The press of an exercise. `station_id` answers for it; `address` is the id of the drill."""

    station_id: StationId | None = None
