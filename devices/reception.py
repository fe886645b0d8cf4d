"""
Reception: whose frame is it, what does it mean from them, is it a copy, and does somebody have to come?

`hear` returns when what was heard is durable; only then the gateway acknowledges.
"""

import threading
from collections.abc import Callable, Collection, Mapping
from datetime import datetime

import structlog

from devices.crowds import Crowds
from devices.decoders.decoder import Frame
from devices.picture import Picture
from devices.rehearsal import PROTOCOL, Rehearsal
from devices.rules.burst import Windows
from devices.rules.meaning import FAULTS, MENDS, NO_MEANINGS, Said, counts_as_test, overlaid, understood
from devices.rules.stuck import Sticking
from devices.store.devices import Device
from devices.store.meanings import DISTRICT
from devices.supervision import Supervision
from devices.taken import Taken, is_alive, key_of, rssi_of
from devices.upkeep.press_tests import PressTesting
from devices.wire import EDGE, key_on_file
from dispatch.clock import Clock
from dispatch.desk import Also, Desk, Received, Spool
from dispatch.ids import SignalId, StationId
from dispatch.rules.message import NO_FACTS, Fact
from dispatch.rules.people import Person
from dispatch.rules.place import Position
from dispatch.rules.record import Line
from dispatch.rules.signal import Cause, Event, Signal
from dispatch.store.database import Engine
from dispatch.store.transactions import Tx

_log = structlog.get_logger()


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
        tests: PressTesting | None = None,
    ) -> None:
        """
        `protocols` and `stations` say for each gateway what it speaks and which station answers for its strangers;
        `tests` knows whose test press is waited for.
        """
        self._desk = desk
        self._supervision = supervision
        self._reading = reading
        self._clock = clock
        self._ids = ids
        self._protocols = protocols
        self._stations = stations
        self._windows = Windows()
        self._crowds = Crowds(desk, reading, clock)
        self._sticking = Sticking()
        self._lock = threading.Lock()
        self._tests = tests
        self._handed_in: dict[str, int] = {}
        self._picture: Picture | None = None
        self.heeding: Callable[[Device, Said, datetime], None] | None = None
        """Is told of every life sign; must never wait nor fail."""

    def forget(self) -> None:
        """The register changed: read it afresh."""
        self._picture = Picture.read(self._reading)

    @property
    def _known(self) -> Picture:
        """Read when it is first needed, so that a start with alarms waiting sends their letters before it."""
        if self._picture is None:
            self.forget()
        assert self._picture is not None
        return self._picture

    @property
    def handed_in(self) -> Mapping[str, int]:
        """How much each forwarding gateway has handed in since the start."""
        with self._lock:
            return dict(self._handed_in)

    def hear(self, frame: Frame, *, gateway: str, waited_s: float = 0.0, settle: bool = True) -> Received | None:
        """
        Takes one frame in: a call for help becomes durable at the desk, anything else in the device's record.

        A copy of something heard already is known at once and changes nothing. Raises whatever kept it from becoming
        durable; then it counts as not heard, and the gateway will hand it over again. `waited_s`: how long ago it came.
        With `settle` false a life sign is answered for only after the caller has called `settle()`: many share a write.
        """
        if isinstance(frame, Rehearsal):
            return self._rehearsed(frame, gateway)
        protocol = self._protocols[gateway]
        device = self._whose(protocol, gateway, frame)
        said = self._understood((frame.event, *frame.also), device, explicit=frame.explicit)
        stuck = self._is_stuck(device, said, waited_s)
        if self._is_copy(frame):
            if device is not None:
                self._supervision.heard_too(device.id, self._clock.now(), gateway=gateway, rssi=rssi_of(frame))
            return Received(alarm_id=None, copy=True)
        try:
            return self._take(Taken(frame, protocol, gateway, device, waited_s, settle, stuck=stuck), said)
        except BaseException:
            with self._lock:
                self._windows.forget(frame.dedup_key)
            raise

    def _rehearsed(self, frame: Rehearsal, gateway: str) -> Received:
        """The press of an exercise: an alarm of its own subject, which no real press can join."""
        signal = self._signal(
            frame.event, Cause.EXERCISE, PROTOCOL, frame.address or "", gateway, None, dedup_key=frame.dedup_key,
            station_id=self._stations.get(gateway) or frame.station_id, position=frame.position,
            position_at=frame.position_at,
        )  # fmt: skip
        return self._desk.receive(signal)

    def report(
        self, frame: Frame, spool: Spool, *, protocol: str, gateway: str, waited_s: float, station: str = "",
        also: Also | None = None,
    ) -> Received:  # fmt: skip
        """
        Takes in what was heard at the gateway of a forwarding one, `waited_s` ago. Its number makes a repetition
        harmless; `station` is the code of the station that answers for strangers there.

        What others heard of the same statement is looked for in the database, by when it was heard, because this may
        have waited. Life signs are durable only after `settle`, which is called once for a whole batch. `also` is done
        in the unit of work that keeps the signal, and not at all for a life sign.
        """
        if protocol == EDGE:
            return self._about_itself(frame, spool, gateway, also)
        device = self._whose(protocol, gateway, frame)
        said = self._understood((frame.event, *frame.also), device, explicit=frame.explicit)
        with self._lock:
            if is_alive(frame):
                self._handed_in[spool.gateway] = self._handed_in.get(spool.gateway, 0) + 1
            self._windows.heard(frame, self._clock.look().steady_s - waited_s)
        stuck = self._is_stuck(device, said, waited_s)
        taken = Taken(frame, protocol, gateway, device, waited_s, False, spool, station, stuck)
        try:
            return self._take(taken, said, also) or _NOT_YET
        except BaseException:
            with self._lock:
                self._windows.forget(frame.dedup_key)
            raise

    def register(self, protocols: Collection[str]) -> dict[str, dict[str, tuple[str, str]]]:
        """What is registered of these protocols, by address: code and kind, nothing about people."""
        found: dict[str, dict[str, tuple[str, str]]] = {protocol: {} for protocol in protocols}
        for (protocol, address), devices in self._known.registered.items():
            if protocol in found:
                found[protocol][address] = (devices[0].code, devices[0].kind)
        return found

    def proceed(self, heard: object) -> None:
        """What `hear` or `report` gave back is acknowledged: now it is acted upon."""
        if isinstance(heard, Received):
            self._desk.proceed(heard)

    def settle(self, also: Also | None = None) -> None:
        """Makes the life signs reported so far durable; `also` is done in the last of these units."""
        self._supervision.write_down(also)

    def _whose(self, protocol: str, gateway: str, frame: Frame) -> Device | None:
        return self._device(protocol, gateway, frame.addresses)

    def _device(self, protocol: str, gateway: str, addresses: tuple[str, ...]) -> Device | None:
        """The device with the most particular of these addresses; one bound to another gateway is another device."""
        for address in addresses:
            for device in self._known.registered.get((protocol, address), ()):
                if device.gateway in {"", gateway}:
                    return device
        return None

    def _is_stuck(self, device: Device | None, said: Said, waited_s: float) -> bool:
        """Whether this is a button that is pressed without end; it is an alarm all the same, and never a test."""
        if device is None or not said.pressed:
            return False
        with self._lock:
            return self._sticking.pressed(device.id, self._clock.look().steady_s - waited_s)

    def _is_copy(self, frame: Frame) -> bool:
        """
        Whether memory knows it as a copy. Where the sender waits for an answer only the database may say so, because
        the answer promises that the statement is on disk.
        """
        if frame.answers:
            return False
        with self._lock:
            return self._windows.heard(frame, self._clock.look().steady_s)

    def _understood(self, events: tuple[Event, ...], device: Device | None, *, explicit: bool) -> Said:
        """What was said, by the vocabulary, the role of the device, and the meanings that were given."""
        given, role = self._known.given, device.kind if device else None
        if not given:
            return understood(events, role, explicit=explicit)
        layers = [given.get(DISTRICT, NO_MEANINGS)]
        if device is not None:
            layers += [given.get(f"resident:{device.resident_id}", NO_MEANINGS), given.get(f"device:{device.id}", {})]
        return understood(events, role, explicit=explicit, meanings=overlaid(*layers))

    def _kept(self, device: Device | None, said: Said) -> Event | None:
        """What is kept as a signal: what matters by itself, and whatever may be the test press that is waited for."""
        if said.kept is None and device is not None and self._tests is not None and self._tests.awaits(device.id):
            return said.events[0] if counts_as_test(device.kind, said) else None
        return said.kept

    def _is_test(self, taken: Taken, said: Said) -> Callable[[Tx, Signal], bool] | None:
        """
        Who may take it as a test press. Never one with a wrong checksum, which shows no working way, nor that of a
        button which is stuck: nobody pressed.
        """
        tests, device = self._tests, taken.device
        if device is None or tests is None or taken.stuck or not taken.frame.trusted:
            return None
        if not counts_as_test(device.kind, said):
            return None
        return lambda tx, signal: tests.take(tx, device, signal)

    def _take(self, taken: Taken, said: Said, also: Also | None = None) -> Received | None:
        now = self._clock.now()
        frame, device, heard_at = taken.frame, taken.device, taken.heard_at(now)
        if taken.is_recording(heard_at):
            # Whoever plays back what a panel said long ago must not make it look alive.
            _log.warning("message_out_of_time", gateway=taken.gateway, address=frame.address, sent_at=frame.sent_at)
        else:
            self._note(taken, said, heard_at)
        kept = self._kept(device, said)
        if kept is None:
            return self._settled(taken)
        station = self._known.stations.get(taken.station) if device is None else None
        if device is None and said.cause is not None and not self._crowds.has_own(taken.gateway, frame.address):
            return self._join_crowd(taken, kept, said.cause, station, also)
        signal = self._signal(
            kept, said.cause, taken.protocol, frame.address or taken.gateway, taken.gateway, device,
            dedup_key=frame.dedup_key or key_of(taken.spool), sent_at=taken.sent_at(now), heard_at=heard_at,
            station_id=station, raw=frame.raw, trusted=frame.trusted, position=frame.position,
            position_at=frame.position_at,
        )  # fmt: skip
        return self._desk.receive(
            signal,
            window_s=frame.window_s if taken.may_be_on_file else 0.0,
            spool=taken.spool,
            is_test=self._is_test(taken, said),
            said_in=taken.said_in,
            also=also,
        )

    def _join_crowd(
        self, taken: Taken, kept: Event, cause: Cause | None, station: StationId | None, also: Also | None
    ) -> Received:
        signal = self._signal(
            kept, cause, taken.protocol, taken.gateway, taken.gateway, None, raw=taken.frame.raw, station_id=station,
            dedup_key=f"strangers:{taken.gateway}:{cause}", trusted=taken.frame.trusted,
            details={"account": taken.frame.address},
        )  # fmt: skip
        return self._crowds.join(signal, spool=taken.spool, also=also)

    def _note(self, taken: Taken, said: Said, heard_at: datetime) -> None:
        """Who was heard, how strongly, and in which state."""
        frame, device, rssi = taken.frame, taken.device, rssi_of(taken.frame)
        heard = [device] if device is not None else self._same_transmitter(taken, said)
        alive = is_alive(frame)
        for each in heard:
            state = self._of_each(frame, each, device, said)
            self._supervision.saw(
                each.id, heard_at, gateway=taken.gateway, said=state, rssi=rssi, stuck=taken.stuck, alive=alive
            )
            if alive:
                self._heed(each, state, heard_at)
        # Under its own name a gateway speaks of itself.
        if alive and not heard and frame.address is not None and frame.address.casefold() != taken.gateway.casefold():
            self._supervision.saw_stranger(
                taken.protocol, frame.address, heard_at, gateway=taken.gateway, event=said.events[0], rssi=rssi
            )

    def _heed(self, device: Device, state: Said, heard_at: datetime) -> None:
        """Tells whoever heeds life signs; a mistake there must not cost the press that may stand in the same frame."""
        try:
            if self.heeding is not None:
                self.heeding(device, state, heard_at)
        except Exception:  # noqa: BLE001  an emergency outlives it
            _log.exception("sign_of_life_not_heeded", device=device.id)

    def _about_itself(self, frame: Frame, spool: Spool, gateway: str, also: Also | None) -> Received:
        """What an edge tells of itself: a line of the record, with numbers and words but nobody's telephone."""
        what = frame.fields.get("what")
        facts: dict[str, Fact] = {"gateway": gateway, "what": what if what in _TOLD_BY_EDGES else "other"}
        facts |= {key: value for key in _FIGURES if isinstance(value := frame.fields.get(key), int)}
        kind = "edge_cut_off" if what == "cut_off" else "edge_told"
        signal = self._signal(
            Event.GATEWAY_INFO, None, EDGE, gateway, gateway, None, dedup_key=key_of(spool), details=facts
        )  # fmt: skip
        return self._desk.receive(
            signal, spool=spool, line=Line(kind=kind, by=Person(f"gateway:{gateway}"), facts=facts), also=also
        )

    def _settled(self, taken: Taken) -> Received | None:
        """A life sign: written down before somebody who waits for an answer gets it, here or by the caller."""
        if not taken.settle:
            return _NOT_YET
        if taken.frame.answers:
            self._supervision.write_down()
        return None

    def _of_each(self, frame: Frame, each: Device, device: Device | None, said: Said) -> Said:
        """
        What was said, to those who only share the transmitter: nothing but its state, by their own role and meanings.
        """
        if device is not None:
            return said
        state = tuple(event for event in (frame.event, *frame.also) if event in FAULTS or event in MENDS)
        return self._understood(state or (Event.HEARTBEAT,), each, explicit=False)

    def _same_transmitter(self, taken: Taken, said: Said) -> list[Device]:
        """
        Whoever shares a battery with an address that names no button: a remote registered by its button says *low
        battery* without one. Never for a call for help, which must name whose it is.
        """
        address = taken.frame.address
        if said.call is not None or address is None:
            return []
        sharing = self._known.sharing.get((taken.protocol, address), ())
        return [device for device in sharing if device.gateway in {"", taken.gateway}]

    def _signal(
        self,
        event: Event,
        cause: Cause | None,
        protocol: str,
        address: str,
        gateway: str,
        device: Device | None,
        *,
        dedup_key: str,
        sent_at: datetime | None = None,
        heard_at: datetime | None = None,
        station_id: StationId | None = None,
        raw: bytes = b"",
        trusted: bool = True,
        position: Position | None = None,
        position_at: datetime | None = None,
        details: Mapping[str, Fact] = NO_FACTS,
    ) -> Signal:
        return Signal(
            id=SignalId(self._ids()),
            event=event,
            cause=cause,
            gateway=gateway,
            protocol=protocol,
            address=address,
            dedup_key=key_on_file(dedup_key or f"{protocol}:{address}:{event}"),
            received_at=self._clock.now(),
            sent_at=sent_at,
            heard_at=heard_at,
            device_id=device.id if device else None,
            home_id=device.home_id if device else None,
            resident_id=device.resident_id if device else None,
            station_id=None if device else station_id or self._stations.get(gateway),
            position=position,
            position_at=position_at,
            raw=raw,
            trusted=trusted,
            details=details,
        )


_NOT_YET = Received(alarm_id=None, durable=False)
_TOLD_BY_EDGES = frozenset({"cut_off", "refused", "damaged", "missing", "older", "twin", "set_aside", "elsewhere"})
_FIGURES = ("lasted_s", "calls", "texts", "saved", "seq")
"""What an edge may tell of itself, and the numbers that go with it."""
