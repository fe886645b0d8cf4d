"""The one alarm of many strangers: those at a gateway who are too many to be believed each for itself share it."""

import threading
from datetime import timedelta

import structlog

from devices.rules.strangers import Strangers
from dispatch.clock import Clock
from dispatch.desk import Also, Desk, Received, Spool
from dispatch.rules.alarm import Alarm
from dispatch.rules.raising import subject_of
from dispatch.rules.signal import Signal
from dispatch.store.alarms import Alarms
from dispatch.store.database import Engine

_log = structlog.get_logger()


class Crowds:
    """Serves all gateways; safe to call from their threads."""

    def __init__(self, desk: Desk, reading: Engine, clock: Clock) -> None:
        self._desk = desk
        self._reading = reading
        self._clock = clock
        self._strangers = Strangers()
        self._lock = threading.Lock()

    def has_own(self, gateway: str, address: str | None) -> bool:
        """Whether this emergency of somebody nobody registered is an alarm of its own; it counts as one of its own."""
        with self._lock:
            return self._strangers.has_own(gateway, address or "", self._clock.look().steady_s)

    def join(self, signal: Signal, *, spool: Spool | None, also: Also | None = None) -> Received:
        """
        Takes in the emergency of one who has none of its own; `signal` is in the name of the gateway, with a key that
        all of them with this cause have in common. `also` as at `Desk.receive`.

        While their alarm is open each cause is kept once and then counted: it is known already that somebody has to
        come, or to look who forges.
        """
        before = self._open_of(signal)
        said_in = (before.raised_at - timedelta(seconds=1), self._clock.now()) if before is not None else None
        received = self._desk.receive(signal, spool=spool, said_in=said_in, also=also)
        if before is None and not received.joined:
            _log.warning("strangers_share_an_alarm", gateway=signal.gateway, alarm_id=received.alarm_id)
        if received.copy and received.alarm_id is not None and self._open_of(signal) is None:
            # It was closed while this was on its way.
            received = self._desk.receive(signal)
        return received

    def _open_of(self, signal: Signal) -> Alarm | None:
        with self._reading.connect() as connection:
            return Alarms(connection).open_of(subject_of(None, None, f"{signal.protocol}:{signal.address}"))
