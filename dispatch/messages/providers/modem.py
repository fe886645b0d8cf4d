"""
A GSM modem on a line of ours: texts out, receipts and replies in, without anybody's network but the carrier's.

```
  send ──► a place in the queue ──► the one thread that owns the modem ──► its dialog ──► taken, refused, unknown
                                          │ in between: what came in ──► kept ──► taken out of the modem's memory
                                          └ line lost, no network: opened anew; what waits is not sent, at once
```

One thread owns the line; whoever sends waits for it no longer than the total. What people answer stays in the modem's
memory until it is kept elsewhere.
"""

import contextlib
import hashlib
import queue
import threading
from collections.abc import Callable, Sequence
from concurrent.futures import Future, wait
from dataclasses import dataclass, field
from datetime import datetime
from typing import Protocol

import structlog

from dispatch.clock import Clock
from dispatch.messages.modem.memory import Memory, Text, texts
from dispatch.messages.modem.modem import WEAK_RSSI, Fate, Modem, ModemFailed
from dispatch.messages.modem.pdu import BadPdu, Report
from dispatch.messages.providers.modem_flights import Flights
from dispatch.messages.providers.modem_outcomes import MEMORY_FULL, NO_NETWORK, e164, refused, taken
from dispatch.messages.providers.provider import (
    Blame,
    Capability,
    Channel,
    Forged,
    Heard,
    Hook,
    Inbound,
    Keep,
    Outcome,
    Outgoing,
    Receipt,
    Sent,
)

SWEEP_S = 30.0
"""The memory is looked through so often, whatever was announced (MESSAGING 7.1)."""

LOOK_S = 60.0
"""Registration and signal are looked at so often."""

REOPEN_S = 2.0
"""Between two tries to open a line that is gone, or to have kept what came in."""

PARTS_WAIT_S = 300.0
"""A part whose others have not come after so long is handed on without them."""

_CAPABILITY = Capability(sms=True, two_way=True, urls=True, free_text=True, receipts=True)

log = structlog.get_logger()


class Line(Protocol):
    """The serial line, as whoever knows about lines makes it."""

    def open(self) -> None: ...

    def read(self, timeout_s: float) -> bytes: ...

    def write(self, data: bytes) -> None: ...

    def close(self) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class ModemSettings:
    """
    One modem. `line` makes its line, not opened yet, and is None where none is set; `lost` are the errors of that line.
    `total_deadline_s` is how long a `send` may take, waiting for others included: shorter than the courier's lease. The
    network may take `network_s` for a part, and a text that outlives its `send` is told of by its report. `country` is
    the calling code that senders without one are given.
    """

    line: Callable[[], Line] | None = None
    lost: tuple[type[Exception], ...] = (OSError,)
    clock: Clock
    total_deadline_s: float = 12.0
    network_s: float = 35.0
    listen_s: float = 0.2
    country: str = "86"


@dataclass(slots=True)
class _Job:
    """One text that somebody waits for. `begun` once the modem may have it; `over` when nobody waits any more."""

    message: Outgoing
    box: "Future[Sent]" = field(default_factory=Future)
    lock: threading.Lock = field(default_factory=threading.Lock)
    begun: bool = False
    over: bool = False


class ModemProvider:
    """Keeps the contract of `Provider`, and hears by itself (`Listening`)."""

    name = "modem"

    def __init__(self, settings: ModemSettings) -> None:
        self._settings = settings
        self._jobs: queue.Queue[_Job | None] = queue.Queue()
        self._stopping = threading.Event()
        self._starting = threading.Lock()
        self._thread: threading.Thread | None = None
        self._keep: Keep | None = None
        self._flights = Flights()
        self._line: Line | None = None
        self._modem: Modem | None = None
        self._memory: Memory | None = None
        self._opened_s = self._looked_s = self._swept_s = float("-inf")
        self._parts_s: dict[int, float] = {}
        self.state = "not started"

    def capability(self, to: str) -> Capability:
        """Texts both ways, to wherever the carrier goes."""
        return _CAPABILITY

    def send(self, message: Outgoing) -> Sent:
        """One text, all parts of it, ended within the total."""
        if message.channel is not Channel.SMS or self._settings.line is None:
            detail = "carries texts only" if self._settings.line else "lacking port"
            return Sent(outcome=Outcome.REFUSED, blame=Blame.CONFIG, detail=detail)
        if self._stopping.is_set():
            return Sent(outcome=Outcome.NOT_SENT, blame=Blame.PROVIDER, detail="the service is stopping")
        self._start()
        job = _Job(message)
        self._jobs.put(job)
        wait([job.box], timeout=self._settings.total_deadline_s)
        if job.box.done():
            return job.box.result()
        with job.lock:
            job.over = True
            outcome = Outcome.UNKNOWN if job.begun else Outcome.NOT_SENT
        return Sent(outcome=outcome, blame=Blame.PROVIDER, detail="not ended within the deadline")

    def look_up(self, message: Outgoing, provider_id: str | None, since: datetime) -> Sent | None:
        """A modem cannot be asked: what it gave a number it took, of the rest nothing is known."""
        return None if provider_id is None else taken(provider_id)

    def hear(self, hook: Hook) -> Heard:
        """
        Nobody calls a modem over HTTP.

        Raises:
            Forged: always.
        """
        raise Forged("A modem has no hooks.")

    def lacking(self) -> Sequence[str]:
        """The key of the line where none is set."""
        return () if self._settings.line else ("port",)

    def listen(self, keep: Keep) -> None:
        """See `Listening`."""
        self._keep = keep
        if self._settings.line is not None:
            self._start()

    def close(self) -> None:
        """Ends the thread; a dialog under way is waited for a moment, and the line given back."""
        self._stopping.set()
        self._jobs.put(None)
        if self._thread is not None:
            self._thread.join(2.0)

    # ------------------------------------------------------------------------------------------------ the thread

    def _start(self) -> None:
        with self._starting:
            if self._thread is None and not self._stopping.is_set():
                self._thread = threading.Thread(target=self._run, name="modem", daemon=True)
                self._thread.start()

    def _run(self) -> None:
        """A loop that may catch everything: with its thread the ear and the voice of the modem would be gone."""
        while not self._stopping.is_set():
            try:
                self._turn()
            except Exception:
                log.exception("modem_failed")
                self._hang_up()
                self._stopping.wait(REOPEN_S)
        self._hang_up()
        self._send_away()

    def _send_away(self) -> None:
        """Who still waits is told at once, so that stopping takes no longer for it."""
        with contextlib.suppress(queue.Empty):
            while True:
                if job := self._jobs.get_nowait():
                    job.box.set_result(
                        Sent(outcome=Outcome.NOT_SENT, blame=Blame.PROVIDER, detail="the service is stopping")
                    )

    def _turn(self) -> None:
        """A text, if one waits; else what the modem says, which is waited for on the line."""
        try:
            job = self._jobs.get(timeout=self._settings.listen_s if self._modem is None else 0.001)
        except queue.Empty:
            self._guarded(self._attend)
            return
        if job is not None:
            self._carry(job)

    def _carry(self, job: _Job) -> None:
        """One text to its end. Whatever the line does, somebody gets an answer."""
        message = job.message
        sent = Sent(outcome=Outcome.NOT_SENT, blame=Blame.PROVIDER, detail="the modem is not there")
        try:
            modem = self._ready(now=True)
            with job.lock:
                if job.over:
                    return
                job.begun = True
            numbers = modem.send(message.to, message.text, validity_s=message.validity_s, report=True)
            sent = taken(self._flights.leave(message.attempt_id, message.to, numbers, self._now_s()))
        except ModemFailed as failed:
            sent = refused(failed)
            self._after(failed)
        except BadPdu as error:
            sent = Sent(outcome=Outcome.REFUSED, blame=Blame.RECIPIENT, code="number", detail=str(error))
        except self._settings.lost as error:
            sent = self._broken(type(error).__name__)
        finally:
            job.box.set_result(sent)

    def _broken(self, name: str) -> Sent:
        handed_over = self._modem is not None and self._modem.handed_over
        self._hang_up()
        self._say(f"the line is lost ({name})")
        outcome = Outcome.UNKNOWN if handed_over else Outcome.NOT_SENT
        return Sent(outcome=outcome, blame=Blame.PROVIDER, detail=f"the line is lost ({name})")

    def _after(self, failed: ModemFailed) -> None:
        """A modem that refused a text is well; one that said nothing is opened anew."""
        if self._modem is not None and (failed.fate is Fate.REFUSED or failed.code is not None):
            self._swept_s = float("-inf") if failed.code == MEMORY_FULL else self._swept_s
            return
        self._hang_up()
        self._say(failed.reason)

    def _guarded(self, work: Callable[[], None]) -> None:
        try:
            work()
        except ModemFailed as failed:
            self._hang_up()
            self._say(failed.reason)
        except self._settings.lost as error:
            self._broken(type(error).__name__)

    def _attend(self) -> None:
        """Between two texts: what the modem says, what came in, how it is."""
        if self._modem is None and self._now_s() - self._opened_s < REOPEN_S:
            return
        modem = self._ready()
        heard = modem.listen(self._settings.listen_s)
        if heard or self._now_s() - self._swept_s >= SWEEP_S:
            self._sweep(modem)
        if self._now_s() - self._looked_s >= LOOK_S:
            self._look(modem)

    def _ready(self, *, now: bool = False) -> Modem:
        """
        The modem, opened and made ready if it is not. `now` also wants a network, so that a text goes another way at
        once where there is none.
        """
        if self._modem is None:
            if self._now_s() - self._opened_s < REOPEN_S:
                raise ModemFailed(self.state)  # It was tried a moment ago: what waits goes another way at once.
            self._open()
        assert self._modem is not None
        if now and not self._modem.registered:
            self._look(self._modem)
            if not self._modem.registered:
                raise ModemFailed(f"not in a network ({self._modem.state.get('reg')})", code=NO_NETWORK)
        return self._modem

    def _open(self) -> None:
        assert self._settings.line is not None
        self._opened_s = self._now_s()
        line = self._settings.line()
        line.open()
        self._line = line
        modem = Modem(line, self._settings.clock, network_s=self._settings.network_s)
        modem.prepare()
        memory = Memory(modem)
        memory.prepare()
        self._modem, self._memory = modem, memory
        self._swept_s, self._looked_s = float("-inf"), self._now_s()
        self._tell(modem)

    def _look(self, modem: Modem) -> None:
        self._looked_s = self._now_s()
        modem.look()
        self._tell(modem)

    def _tell(self, modem: Modem) -> None:
        rssi = modem.state.get("rssi")
        weak = isinstance(rssi, int) and rssi < WEAK_RSSI
        if not modem.registered:
            self._say(f"not in a network ({modem.state.get('reg')})")
        else:
            self._say("ready, but the signal is weak" if weak else "ready")

    def _hang_up(self) -> None:
        line, self._line, self._modem, self._memory = self._line, None, None, None
        if line is not None:
            line.close()

    def _say(self, state: str) -> None:
        if state == self.state:
            return
        self.state = state
        if state == "ready":
            log.info("modem_ready")
        else:
            log.warning("modem_not_ready", reason=state)

    # ------------------------------------------------------------------------------------------------ what comes in

    def _sweep(self, modem: Modem) -> None:
        """Hands on what came in; what is not kept stays where it is, and is handed on again."""
        assert self._memory is not None
        self._swept_s = self._now_s()
        announced = [modem.unasked.popleft() for _ in range(len(modem.unasked))]
        reports = self._memory.reports(announced)
        stored = self._memory.stored()
        if self._memory.full:
            log.warning("modem_memory_full", messages=len(stored))
        receipts = self._receipts([*reports, *(each.unit for each in stored if isinstance(each.unit, Report))])
        if not self._kept(Heard(receipts=tuple(receipts))):
            return
        for each in stored:
            if each.unit is None:
                log.error("modem_message_unreadable", place=each.index)
            if each.unit is None or isinstance(each.unit, Report):
                self._memory.remove(each)
        found = list(texts(stored))
        self._forget_all_but(found)
        for text in found:
            if text.whole or self._memory.full or self._has_waited(text):
                self._hand_on(text)

    def _hand_on(self, text: Text) -> None:
        assert self._memory is not None
        key = hashlib.sha256("".join(each.digits for each in text.places).encode()).hexdigest()
        inbound = Inbound(key=key, sender=e164(text.sender, self._settings.country), text=text.text)
        if not self._kept(Heard(replies=(inbound,))):
            return
        for each in text.places:
            self._memory.remove(each)

    def _has_waited(self, text: Text) -> bool:
        """Whether these parts have been waiting for the others too long."""
        now_s = self._now_s()
        return any(now_s - self._parts_s.setdefault(each.index, now_s) >= PARTS_WAIT_S for each in text.places)

    def _forget_all_but(self, found: Sequence[Text]) -> None:
        waiting = {each.index for text in found if not text.whole for each in text.places}
        self._parts_s = {place: at_s for place, at_s in self._parts_s.items() if place in waiting}

    def _receipts(self, reports: Sequence[Report]) -> list[Receipt]:
        now_s = self._now_s()
        found = (self._flights.arrive(report, now_s) for report in reports)
        return [receipt for receipt in found if receipt is not None]

    def _kept(self, heard: Heard) -> bool:
        """Whether it is durable now; if not, the memory is looked through again soon."""
        if not heard.receipts and not heard.replies:
            return True
        kept = self._keep is not None and self._keep(heard)
        if not kept:
            self._swept_s = self._now_s() - SWEEP_S + REOPEN_S
        return kept

    def _now_s(self) -> float:
        return self._settings.clock.look().steady_s
