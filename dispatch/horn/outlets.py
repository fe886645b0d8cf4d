"""
The ways to be heard. Each is tried by itself, again and again: one that fails is told and holds no other up.

    relay      bytes on a serial line: on when it begins, again every 10 s, off when all is well
    command    a program, at the beginning and every minute
    modem      a text and then a call to every number, at the beginning and every `again_s`
"""

import subprocess
import threading
from collections.abc import Callable, Sequence
from functools import partial
from typing import Protocol

from dispatch.clock import Clock
from dispatch.horn.judge import WORDS, Reason
from dispatch.horn.line import RawLine
from dispatch.horn.settings import SirenSettings
from dispatch.messages.modem.modem import Modem, ModemFailed
from dispatch.messages.modem.pdu import BadPdu

RELAY_AGAIN_S = 10.0
COMMAND_AGAIN_S = 60.0
END_S = 5.0
"""So long a program may take to end when it is told to."""

RING_S = 25.0
"""How long a telephone is let ring; what Twilio's `Timeout` is set to elsewhere (MESSAGING, section 8.5)."""

NETWORK_S = 60.0

TAUGHT = {
    "zh": "【安铃】警笛：{why}。请马上去看服务器和值守台",
    "en": "ANLING siren: {why}. Look at the server and the board now",
}
OVER = {"zh": "【安铃】警笛解除：恢复正常", "en": "ANLING siren: all is well again"}


class Outlet(Protocol):
    """One way to be heard. `fault` says why it does not work, empty while it does. Nothing here may raise."""

    name: str
    fault: str

    def sound(self, reasons: Sequence[Reason], now_s: float) -> None:
        """Called at every look while there is something to tell."""
        ...

    def rest(self, now_s: float) -> None:
        """Called at every look while there is not."""
        ...

    def probe(self) -> None:
        """Looks whether it would work, without making noise."""
        ...

    def end(self) -> None:
        """No more noise, because this process ends; what is under way is waited for."""
        ...


class Relay:
    """A lamp, a horn or a bell behind a relay on a serial line."""

    name = "relay"

    def __init__(self, path: str, *, baud: int, on: bytes, off: bytes, alive: bytes = b"") -> None:
        """`alive` is written while all is well, for hardware that sounds when it stops; empty for none."""
        self.fault = ""
        self._path, self._baud = path, baud
        self._on, self._off, self._alive = on, off, alive
        self._line: RawLine | None = None
        self._sounded_s: float | None = None

    def sound(self, reasons: Sequence[Reason], now_s: float) -> None:
        # Again and again: a relay that was unplugged in between does not know any more that it is on.
        if (self._sounded_s is None or now_s - self._sounded_s >= RELAY_AGAIN_S) and self._write(self._on):
            self._sounded_s = now_s

    def rest(self, now_s: float) -> None:
        if self._sounded_s is not None:
            if self._write(self._off):
                self._sounded_s = None
        elif self._alive:
            self._write(self._alive)

    def probe(self) -> None:
        self._write(b"")

    def end(self) -> None:
        if self._sounded_s is not None:
            self._write(self._off)
        self._drop()

    def _write(self, data: bytes) -> bool:
        try:
            if self._line is None:
                self._line = RawLine(self._path, baud=self._baud)
            self._line.write(data)
        except (OSError, ValueError) as error:
            self.fault = f"{self._path}: {error}"
            self._drop()
            return False
        self.fault = ""
        return True

    def _drop(self) -> None:
        if self._line is not None:
            self._line.close()
        self._line = None


class Command:
    """A program that makes noise; the reasons stand behind it as arguments. At most one runs at a time."""

    name = "command"

    def __init__(self, words: Sequence[str]) -> None:
        self.fault = ""
        self._words = list(words)
        self._running: subprocess.Popen[bytes] | None = None
        self._sounded_s: float | None = None

    def sound(self, reasons: Sequence[Reason], now_s: float) -> None:
        self._reap()
        if self._running is not None or (self._sounded_s is not None and now_s - self._sounded_s < COMMAND_AGAIN_S):
            return
        self._sounded_s = now_s
        try:
            self._running = subprocess.Popen(  # noqa: S603  the installer's own command from the settings
                [*self._words, *map(str, reasons)], stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL
            )
        except OSError as error:
            self.fault = f"{self._words[0]}: {error.strerror}"

    def rest(self, now_s: float) -> None:
        """A noise that goes on by itself ends with its reason."""
        if self._running is not None and self._sounded_s is not None:
            self._running.terminate()
        self._reap()
        self._sounded_s = None

    def probe(self) -> None:
        """A program is tried by being run, which makes noise: so it is not."""

    def end(self) -> None:
        self.rest(0.0)
        if self._running is None:
            return
        try:
            self._running.wait(END_S)
        except subprocess.TimeoutExpired:
            self._running.kill()

    def _reap(self) -> None:
        if self._running is not None and self._running.poll() is not None:
            code = self._running.returncode
            ended = code == 0 or (self._sounded_s is not None and code < 0)
            self.fault = "" if ended else f"{self._words[0]} ended with {code}"
            self._running = None


class ModemOutlet:
    """A modem of the siren's own: texts and calls, in a thread, because a network takes its time."""

    name = "modem"

    def __init__(
        self, path: str, *, baud: int, numbers: Sequence[str], lang: str, again_s: float, clock: Clock,
        ring_s: float = RING_S,
    ) -> None:  # fmt: skip
        self.fault = ""
        self._path, self._baud, self._numbers, self._lang = path, baud, tuple(numbers), lang
        self._again_s, self._ring_s, self._clock = again_s, ring_s, clock
        self._sounded_s: float | None = None
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def sound(self, reasons: Sequence[Reason], now_s: float) -> None:
        if self._busy or (self._sounded_s is not None and now_s - self._sounded_s < self._again_s):
            return
        self._sounded_s = now_s
        why = ("；" if self._lang == "zh" else "; ").join(WORDS[each][self._lang] for each in reasons[:2])
        text = TAUGHT[self._lang].format(why=why)
        self._go(lambda modem: self._tell(modem, text, call=True))

    def rest(self, now_s: float) -> None:
        if self._sounded_s is not None and not self._busy:
            self._sounded_s = None
            self._go(lambda modem: self._tell(modem, OVER[self._lang], call=False))

    def probe(self) -> None:
        if not self._busy:
            self._go(lambda _modem: None)

    def end(self) -> None:
        """Hangs up; a text under way is let through."""
        self._stopping.set()
        if self._thread is not None:
            self._thread.join()

    @property
    def _busy(self) -> bool:
        return self._thread is not None and self._thread.is_alive()

    def _go(self, work: Callable[[Modem], None]) -> None:
        self._thread = threading.Thread(target=self._with_modem, args=(work,), name="modem", daemon=True)
        self._thread.start()

    def _with_modem(self, work: Callable[[Modem], None]) -> None:
        try:
            line = RawLine(self._path, baud=self._baud)
        except OSError as error:
            self.fault = str(error)
            self._sounded_s = None
            return
        try:
            modem = Modem(line, self._clock, network_s=NETWORK_S)
            modem.prepare()
            self.fault = "" if modem.registered else "the modem is in no network"
            work(modem)
        except (OSError, ModemFailed) as error:
            self.fault = str(error)
        finally:
            line.close()

    def _tell(self, modem: Modem, text: str, *, call: bool) -> None:
        """First a text to each, then a ring to each: a number that fails holds no other up."""
        faults = [self._one(partial(modem.send, number, text)) for number in self._numbers]
        if call:
            faults += [self._one(partial(self._ring, modem, number)) for number in self._numbers]
        self.fault = next((each for each in faults if each), "")

    def _one(self, work: Callable[[], object]) -> str:
        try:
            work()
        except (ModemFailed, BadPdu) as error:
            return str(error)
        return ""

    def _ring(self, modem: Modem, number: str) -> None:
        """A voice call (3GPP TS 27.007, ATD with a semicolon): it rings, which wakes people whom a text does not."""
        if self._stopping.is_set():
            return
        modem.ask(f"ATD{number};", within_s=NETWORK_S)
        self._stopping.wait(self._ring_s)
        modem.ask("ATH")


def outlets_of(settings: SirenSettings, words: Sequence[str], clock: Clock) -> list[Outlet]:
    """
    Those that are set up. `words` is the command, split. Settings that make no sense give no outlet: they are told as
    mistakes elsewhere.
    """
    made: list[Outlet] = []
    if settings.relay:
        made.append(Relay(
            settings.relay, baud=settings.relay_baud, on=_bytes(settings.relay_on) or _bytes(SirenSettings().relay_on),
            off=_bytes(settings.relay_off), alive=_bytes(settings.relay_alive),
        ))  # fmt: skip
    if words:
        made.append(Command(words))
    if settings.modem and settings.numbers:
        made.append(ModemOutlet(
            settings.modem, baud=settings.modem_baud, numbers=settings.numbers,
            lang=settings.lang if settings.lang in TAUGHT else "zh", again_s=settings.again_s, clock=clock,
        ))  # fmt: skip
    return made


def _bytes(text: str) -> bytes:
    try:
        return bytes.fromhex(text)
    except ValueError:
        return b""
