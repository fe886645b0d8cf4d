"""
Reception: whose frame is it, what does it mean from them, is it a copy, and does somebody have to come?

`hear` returns when what was heard is durable; only then the gateway acknowledges.
"""

import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

from devices.decoders import addresses, canonical
from devices.decoders.decoder import Frame
from devices.rules.burst import Windows
from devices.rules.meaning import calls_for_help, meaning
from devices.store.devices import Device, Devices
from devices.supervision import Supervision
from dispatch.clock import Clock
from dispatch.desk import Desk, Received, Spool
from dispatch.ids import SignalId, StationId
from dispatch.rules.place import Position
from dispatch.rules.signal import CAUSES, Event, Signal
from dispatch.store.database import Engine

_TOLD = frozenset({Event.CANCEL, Event.ATTENDANCE, Event.VOICE_REQUEST, Event.RESTORE, Event.TEST, Event.GATEWAY_BOOT})
"""Events without a cause that are kept as signals: people will ask about them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """What a forwarding gateway says a device said, decoded already. `received_at` is when the gateway heard it."""

    protocol: str
    device: str
    event: Event
    received_at: datetime
    position: Position | None = None
    position_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class _Taken:
    """A frame with where it came from, whose it is, and how long it had to wait for the database."""

    frame: Frame
    protocol: str
    gateway: str
    device: Device | None
    waited_s: float

    def sent_at(self, now: datetime) -> datetime | None:
        """When it was said: as the frame tells, else when it was heard, if that is not now."""
        if self.frame.sent_at is not None or self.waited_s < 1.0:
            return self.frame.sent_at
        return now - timedelta(seconds=self.waited_s)


class Reception:
    """Serves all gateways; safe to call from their threads."""

    def __init__(
        self,
        desk: Desk,
        supervision: Supervision,
        reading: Engine,
        clock: Clock,
        ids: Callable[[], str],
        *,
        protocols: Mapping[str, str],
        stations: Mapping[str, StationId],
    ) -> None:
        """
        `protocols` and `stations` say for each gateway what it speaks and which station answers for its strangers.
        """
        self._desk = desk
        self._supervision = supervision
        self._reading = reading
        self._clock = clock
        self._ids = ids
        self._protocols = protocols
        self._stations = stations
        self._windows = Windows()
        self._lock = threading.Lock()
        self._registered: Mapping[tuple[str, str], tuple[Device, ...]] = {}
        self.forget()

    def forget(self) -> None:
        """The register changed: read it afresh."""
        with self._reading.connect() as connection:
            active = Devices(connection).active()
        found: dict[tuple[str, str], tuple[Device, ...]] = {}
        for device in active:
            key = (device.protocol, canonical(device.protocol, device.address))
            found[key] = (*found.get(key, ()), device)
        self._registered = found

    def hear(self, frame: Frame, *, gateway: str, waited_s: float = 0.0) -> Received | None:
        """
        Takes one frame in: a call for help becomes durable at the desk, anything else in the device's record.

        A copy of something heard already is known at once and changes nothing. Raises whatever kept it from becoming
        durable; then it counts as not heard, and the gateway will hand it over again. `waited_s`: how long ago it came.
        """
        protocol = self._protocols[gateway]
        device = self._whose(protocol, gateway, frame)
        role = device.kind if device else None
        if self._is_copy(frame):
            return Received(alarm_id=None, copy=True)
        try:
            return self._take(
                _Taken(frame, protocol, gateway, device, waited_s), calls_for_help(frame, role), meaning(frame, role)
            )
        except BaseException:
            with self._lock:
                self._windows.forget(frame.dedup_key)
            raise

    def report(self, report: Report, spool: Spool) -> Received:
        """
        Takes in what a forwarding gateway heard. Its number makes a repetition harmless.

        A radio device nobody registered never raises an alarm; it is listed for pairing. Life signs are durable only
        after `settle`, which is called once for a whole batch.
        """
        known_as = addresses(report.protocol, report.device)
        address, device = known_as[0], self._device(report.protocol, spool.gateway, known_as)
        now = self._clock.now()
        cause = CAUSES.get(report.event)
        if device is None and report.protocol in _RADIO:
            self._supervision.saw_stranger(report.protocol, address, now, gateway=spool.gateway, event=report.event)
            cause = None
        if device is not None:
            self._supervision.saw(device.id, now, gateway=spool.gateway, events=(report.event,))
        if cause is None and report.event not in _TOLD:
            return Received(alarm_id=None, durable=False)
        signal = self._signal(
            report.event, report.protocol, address, spool.gateway, device,
            dedup_key=f"{spool.gateway}:{spool.epoch}:{spool.seq}", helped=cause is not None,
            sent_at=report.received_at, position=report.position, position_at=report.position_at,
        )  # fmt: skip
        return self._desk.receive(signal, spool=spool)

    def settle(self) -> None:
        """Makes the life signs reported so far durable."""
        self._supervision.write_down()

    def _whose(self, protocol: str, gateway: str, frame: Frame) -> Device | None:
        return self._device(protocol, gateway, frame.addresses)

    def _device(self, protocol: str, gateway: str, addresses: tuple[str, ...]) -> Device | None:
        """The device with the most particular of these addresses; one bound to another gateway is another device."""
        for address in addresses:
            for device in self._registered.get((protocol, address), ()):
                if device.gateway in {"", gateway}:
                    return device
        return None

    def _is_copy(self, frame: Frame) -> bool:
        """
        Whether memory knows it as a copy. Where the sender waits for an answer only the database may say so, because
        the answer promises that the statement is on disk.
        """
        if frame.answers:
            return False
        with self._lock:
            return self._windows.heard(frame, self._clock.look().steady_s)

    def _take(self, taken: "_Taken", calls: tuple[Event, ...], events: tuple[Event, ...]) -> Received | None:
        now = self._clock.now()
        frame, device = taken.frame, taken.device
        heard = [device] if device is not None else self._same_transmitter(taken, calls)
        for each in heard:
            self._supervision.saw(each.id, now, gateway=taken.gateway, events=events)
        if not heard and frame.address is not None:
            self._supervision.saw_stranger(taken.protocol, frame.address, now, gateway=taken.gateway, event=events[0])
        told = calls[:1] or tuple(event for event in events if event in _TOLD)[:1]
        if not told:
            if frame.answers:
                self._supervision.write_down()
            return None
        signal = self._signal(
            told[0], taken.protocol, frame.address or taken.gateway, taken.gateway, device,
            dedup_key=frame.dedup_key, helped=bool(calls), sent_at=taken.sent_at(now), raw=frame.raw,
            trusted=frame.trusted, position=frame.position, position_at=frame.position_at,
        )  # fmt: skip
        # Senders that repeat until acknowledged may do so across a restart of ours, so the database is asked as well.
        return self._desk.receive(signal, window_s=frame.window_s if frame.answers else 0.0)

    def _same_transmitter(self, taken: "_Taken", calls: tuple[Event, ...]) -> list[Device]:
        """
        Whoever shares a battery with an address that names no button: a remote registered by its button says *low
        battery* without one. Never for a call for help, which must name whose it is.
        """
        address = taken.frame.address
        if calls or address is None:
            return []
        return [
            device
            for (protocol, known), devices in self._registered.items()
            if protocol == taken.protocol and known.startswith(f"{address}:")
            for device in devices
            if device.gateway in {"", taken.gateway}
        ]

    def _signal(
        self,
        event: Event,
        protocol: str,
        address: str,
        gateway: str,
        device: Device | None,
        *,
        dedup_key: str,
        helped: bool,
        sent_at: datetime | None = None,
        raw: bytes = b"",
        trusted: bool = True,
        position: Position | None = None,
        position_at: datetime | None = None,
    ) -> Signal:
        return Signal(
            id=SignalId(self._ids()),
            event=event,
            cause=CAUSES.get(event) if helped else None,
            gateway=gateway,
            protocol=protocol,
            address=address,
            dedup_key=dedup_key or f"{protocol}:{address}:{event}",
            received_at=self._clock.now(),
            sent_at=sent_at,
            device_id=device.id if device else None,
            home_id=device.home_id if device else None,
            resident_id=device.resident_id if device else None,
            station_id=None if device else self._stations.get(gateway),
            position=position,
            position_at=position_at,
            raw=raw,
            trusted=trusted,
        )


_RADIO = frozenset({"rflink", "rtl433"})
"""Fixed-code radio: anybody's remote control may sound like a pendant."""
