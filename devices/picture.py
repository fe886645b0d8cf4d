"""What reception must know of the registers to tell whose a frame is, in memory."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

from devices.decoders import canonical
from devices.rules.meaning import Meanings
from devices.store.devices import Device, Devices
from devices.store.meanings import GivenMeanings
from dispatch.ids import StationId
from dispatch.store.database import Engine
from dispatch.store.people import People


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """
    The devices in use by protocol and address, the stations by their codes, and the meanings that were given.

    Several devices share an address where each is bound to a gateway of its own. `sharing` are those that an address
    without its last parts may mean: a look for them is made for every frame of a stranger.
    """

    registered: Mapping[tuple[str, str], tuple[Device, ...]]
    sharing: Mapping[tuple[str, str], tuple[Device, ...]]
    stations: Mapping[str, StationId]
    given: Mapping[str, Meanings]

    @classmethod
    def read(cls, reading: Engine) -> Self:
        """As the registers are now."""
        with reading.connect() as connection:
            active = Devices(connection).active()
            stations = {each.code: each.id for each in People(connection).stations()}
            given = GivenMeanings(connection).all()
        found: dict[tuple[str, str], tuple[Device, ...]] = {}
        sharing: dict[tuple[str, str], tuple[Device, ...]] = {}
        for device in active:
            address = canonical(device.protocol, device.address)
            for shelf, known in ((found, address), *((sharing, start) for start in _starts(address))):
                shelf[device.protocol, known] = (*shelf.get((device.protocol, known), ()), device)
        return cls(registered=found, sharing=sharing, stations=stations, given=given)


def _starts(address: str) -> list[str]:
    """An address without its last parts: `A:1:2` is a part of `A:1` and of `A`."""
    parts = address.split(":")
    return [":".join(parts[:end]) for end in range(1, len(parts))]
