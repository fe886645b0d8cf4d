"""
Paging by a modem of one's own: texts to the numbers that were given, each until the network has taken it.

```
  page(text) ──► one text a number ──► the modem ──► taken
                        ▲                  └──► refused, no network, no stick: again, later each time, for half an hour
```

Nothing here asks the service or the database: it is for when they cannot be asked.
"""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import structlog

from devices.ports.port import Port, PortBlocked, PortLost
from dispatch.clock import Clock
from dispatch.messages.modem.modem import Modem, ModemFailed
from dispatch.messages.modem.pdu import BadPdu

RETRY_S = 5.0
RETRY_MAX_S = 60.0
"""Between two tries of one text: doubled with each, up to the second figure."""

GIVEN_UP_S = 1800.0
"""A text that could not leave for so long says nothing that is still true."""

LOOK_S = 600.0
"""So often the modem is tried without a text, so that a dead one is known before it is needed."""

VALIDITY_S = 1800
"""How long the network may keep trying a telephone that is off."""

_log = structlog.get_logger()


@dataclass(slots=True)
class _Waiting:
    """One text to one number."""

    number: str
    text: str
    born_s: float
    due_s: float
    lasting: bool
    tries: int = 0


class Pager:
    """
    Sends in a thread of its own; `page` may be called from any.

    `state` is a word for people: `ready`, or what is wrong with the modem. `taken` counts texts the network took.
    """

    def __init__(
        self,
        port_factory: Callable[[], Port],
        numbers: Sequence[str],
        clock: Clock,
        *,
        network_s: float = 60.0,
    ) -> None:
        """`numbers` are E.164; `network_s` is how long the network may take to accept one text."""
        self._port_factory = port_factory
        self._numbers = tuple(numbers)
        self._clock = clock
        self._network_s = network_s
        self._port: Port | None = None
        self._modem: Modem | None = None
        self._lock = threading.Lock()
        self._waiting: list[_Waiting] = []
        self._bell = threading.Event()
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="pager", daemon=True)
        self._look_due_s = 0.0
        self.state = "starting"
        self.taken = 0

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        """Ends; a text under way is waited for a second."""
        self._stopping.set()
        self._bell.set()
        self._thread.join(1.0)

    @property
    def alive(self) -> bool:
        return self._thread.is_alive()

    @property
    def numbers(self) -> int:
        """How many numbers are paged."""
        return len(self._numbers)

    def page(self, text: str, *, lasting: bool = False) -> None:
        """Every number is to get this text, also after `forget` if it is `lasting`."""
        now_s = self._clock.look().steady_s
        with self._lock:
            self._waiting += [_Waiting(number, text, now_s, now_s, lasting) for number in self._numbers]
        self._bell.set()

    def forget(self) -> None:
        """What has not left yet need not any more."""
        with self._lock:
            self._waiting = [each for each in self._waiting if each.lasting]

    def waiting(self) -> int:
        """Texts that nobody has taken yet."""
        return len(self._waiting)

    def _run(self) -> None:
        while not self._stopping.is_set():
            self._bell.clear()
            wait_s = self.step()
            if wait_s > 0:
                self._bell.wait(wait_s)
        self._hang_up()

    def step(self) -> float:
        """Sends one text that is due, or looks at the modem; the seconds until there is something to do."""
        now_s = self._clock.look().steady_s
        text = self._due(now_s)
        if text is not None:
            self._try(text, now_s)
            return 0.0
        if now_s >= self._look_due_s:
            self._look(now_s)
        with self._lock:
            soonest = min((each.due_s for each in self._waiting), default=self._look_due_s)
        return max(0.0, min(soonest, self._look_due_s) - now_s)

    def _due(self, now_s: float) -> _Waiting | None:
        """The first text whose time has come, taken out."""
        with self._lock:
            found = next((each for each in self._waiting if each.due_s <= now_s), None)
            if found is not None:
                self._waiting.remove(found)
            return found

    def _try(self, text: _Waiting, now_s: float) -> None:
        try:
            self._ready().send(text.number, text.text, validity_s=VALIDITY_S)
        except (ModemFailed, BadPdu, PortLost, PortBlocked) as failed:
            self._hang_up()
            self._say(str(failed))
            self._again(text, failed, now_s)
            return
        self.taken += 1
        self._say("ready")
        _log.warning("page_sent", tries=text.tries + 1)

    def _again(self, text: _Waiting, failed: Exception, now_s: float) -> None:
        """Behind the others: one number that cannot be reached must not keep the rest waiting."""
        text.tries += 1
        text.due_s = now_s + min(RETRY_MAX_S, RETRY_S * 2.0 ** (text.tries - 1))
        is_nobody = isinstance(failed, BadPdu) or (isinstance(failed, ModemFailed) and failed.blames_recipient)
        if now_s - text.born_s >= GIVEN_UP_S or (is_nobody and text.tries > 1):
            _log.error("page_given_up", tries=text.tries, reason=str(failed))
            return
        with self._lock:
            self._waiting.append(text)

    def _look(self, now_s: float) -> None:
        """A modem that answers, has a SIM, and is in a network."""
        self._look_due_s = now_s + LOOK_S
        try:
            modem = self._ready()
            modem.look()
        except (ModemFailed, PortLost, PortBlocked) as failed:
            self._hang_up()
            self._look_due_s = now_s + RETRY_MAX_S
            self._say(str(failed))
            return
        registered = modem.state.get("reg")
        self._say("ready" if modem.registered else f"not in a network ({registered})")

    def _ready(self) -> Modem:
        """The modem, opened and made ready if it is not."""
        if self._modem is None:
            self._port = self._port_factory()
            self._port.open()
            modem = Modem(self._port, self._clock, network_s=self._network_s)
            modem.prepare()
            self._modem = modem
        return self._modem

    def _hang_up(self) -> None:
        """What a modem is in the middle of after a failure, nobody knows: next time it is opened anew."""
        port, self._port, self._modem = self._port, None, None
        if port is not None:
            port.close()

    def _say(self, state: str) -> None:
        if state == self.state:
            return
        self.state = state
        if state == "ready":
            _log.info("pager_ready")
        else:
            _log.error("pager_not_ready", reason=state)
