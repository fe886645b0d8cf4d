"""
The dialog with a modem: made ready, looked after, and one text after another handed over in PDU mode.

```
  AT, ATE0, +CMEE=1 ─► +CPIN? ─► +CMGF=0 ─► +CREG? / +CEREG?, +CSQ       ready
  AT+CMGS=<octets> ─► "> " ─► digits, Ctrl-Z ─► +CMGS: <number>, OK       handed over
                       │                    └─► +CMS ERROR: <n>           refused
                       └─► nothing: Escape, then AT                       not sent
```

Sequence and time limits: 3GPP TS 27.005, sections 3.5.1 and 4.3; the network may take a minute. The line is handed in:
whoever owns it opens, closes and reopens it. Nothing here logs, because everything here has a telephone number in it.
"""

from collections import deque
from collections.abc import Sequence
from dataclasses import replace
from enum import StrEnum
from typing import Protocol

from dispatch.clock import Clock
from dispatch.messages.modem.lines import REGISTERED, Line, Value, read_line
from dispatch.messages.modem.pdu import Submit, submit

ANSWER_S = 5.0
"""How long an answer to a plain command, or the prompt, may take."""

NETWORK_S = 60.0
"""How long the network may take to accept one part."""

WEAK_RSSI = 8
"""Below this (-97 dBm) texts begin to fail."""

_PROMPT, _END, _ESCAPE = b">", b"\x1a", b"\x1b"
_READ_S = 0.2
_HEARD_MAX = 65_536


class Fate(StrEnum):
    """What is certain about a text that was not simply handed over."""

    NOT_SENT = "not_sent"
    REFUSED = "refused"
    UNKNOWN = "unknown"


class ModemFailed(Exception):
    """
    The modem did not do it. `reason` is for people and holds no telephone number; `code` is the modem's own number.

    `fate` says what became of the text: it never left, it was refused, or nobody knows.
    """

    def __init__(self, reason: str, *, fate: Fate = Fate.NOT_SENT, code: int | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        self.fate = fate
        self.code = code

    @property
    def blames_recipient(self) -> bool:
        """Whether the number that was called is at fault, so that another road will not help either."""
        return self.code in _RECIPIENT


_RECIPIENT = frozenset({1, 8, 10, 21, 27, 28, 29, 30})
"""Unassigned, barred, rejected, out of service, unknown (TS 24.011, annex E-2, as TS 27.005, 3.2.5 numbers them)."""

_GIVEN_AWAY = frozenset({"CDS", "CMT"})
"""A unit follows on the next line (TS 27.005, 3.4.1)."""

_DOUBTFUL = frozenset({332})
"""The network did not say in time whether it took the text."""

_MEANINGS = {
    38: "network out of order", 41: "temporary failure", 42: "network congested", 47: "no resources",
    304: "unit refused", 310: "no SIM", 311: "SIM needs a PIN", 313: "SIM failed", 316: "SIM is locked (PUK)",
    322: "memory full", 330: "no service centre", 331: "no network", 332: "no answer from the network",
    500: "unknown error",
}  # fmt: skip
"""TS 27.005, 3.2.5."""


class Serial(Protocol):
    """The line: bytes both ways. Its errors are its own and pass through."""

    def read(self, timeout_s: float) -> bytes:
        """What has come, at once when there is something; nothing after so many seconds."""
        ...

    def write(self, data: bytes) -> None:
        """Send all of this."""
        ...


class Modem:
    """
    One modem on an open line, used by one thread. Nothing is remembered that a replugged modem would not know.

    `state` is what the last look found: registration, signal, SIM. `unasked` is what it said by itself; a unit that it
    gave away instead of storing it (`+CDS`, `+CMT`) stands there with its digits as `pdu`. `handed_over` says whether
    any part of the last text has gone to the modem, for when the line breaks in the middle.
    """

    def __init__(self, line: Serial, clock: Clock, *, network_s: float = NETWORK_S) -> None:
        """`network_s` is how long the network may take to accept one part."""
        self._line = line
        self._clock = clock
        self._network_s = network_s
        self._heard = b""
        self._reference = 0
        self._announced: Line | None = None
        self.state: dict[str, Value] = {}
        self.unasked: deque[Line] = deque(maxlen=100)
        self.handed_over = False

    def prepare(self) -> None:
        """
        Makes the modem ready, from whatever it was doing. The SIM has to be without a PIN: a machine that tries one
        again and again locks it.

        Raises:
            ModemFailed: it does not answer, or its SIM is missing or locked; the reason says which.
        """
        self._wake()
        for command in ("ATE0", "AT+CMEE=1"):
            self.ask(command)
        told = self._pin()
        if told != "READY":
            raise ModemFailed(f"the SIM says {told or 'nothing'}; take its PIN off in a telephone")
        self.ask("AT+CMGF=0")
        self.look()

    def look(self) -> dict[str, Value]:
        """
        How it is: `reg` (home, roaming, searching, denied, off, unknown), `rssi` and `dbm`.

        Raises:
            ModemFailed: it does not answer.
        """
        registered = self._value("AT+CREG?", "reg")
        if registered not in REGISTERED:
            # On LTE alone the old question may be answered with "searching" for ever.
            on_lte = self._value("AT+CEREG?", "reg")
            registered = on_lte if on_lte in REGISTERED else registered
        signal = next((line.values for line in self._answers("AT+CSQ") if "rssi" in line.values), {})
        self.state = {"reg": registered, **signal}
        return self.state

    @property
    def registered(self) -> bool:
        """Whether the last look found it in a network."""
        return self.state.get("reg") in REGISTERED

    def send(self, to: str, text: str, *, validity_s: int | None = None, report: bool = False) -> tuple[int, ...]:
        """
        Hands a text to the network, part by part; the numbers it gave them, by which reports name them.

        Raises:
            ModemFailed: a part was refused or may not have left; with parts before it, the fate is UNKNOWN.
            BadPdu: the number is none.
        """
        self.handed_over = False
        self._reference = (self._reference + 1) % 256
        parts = submit(to, text, reference=self._reference, validity_s=validity_s, report=report)
        numbers: list[int] = []
        for part in parts:
            try:
                numbers.append(self._hand_over(part))
            except ModemFailed as failed:
                failed.fate = Fate.UNKNOWN if numbers else failed.fate
                raise
        return tuple(numbers)

    def ask(self, command: str, *, within_s: float = ANSWER_S) -> list[Line]:
        """
        One command and the lines it was answered with, the final one left out.

        Raises:
            ModemFailed: refused, or no final line within the time.
        """
        self._line.write(command.encode("ascii") + b"\r")
        return self._until_final(command.partition("=")[0], within_s)

    # ------------------------------------------------------------------------------------------------ one text

    def _hand_over(self, part: Submit) -> int:
        self._line.write(f"AT+CMGS={part.length}\r".encode("ascii"))
        self._await_prompt()
        self.handed_over = True
        self._line.write(part.pdu.encode("ascii") + _END)
        try:
            answer = self._until_final("AT+CMGS", self._network_s)
        except ModemFailed as failed:
            if failed.code is None and failed.fate is Fate.NOT_SENT:
                failed.fate = Fate.UNKNOWN
            raise
        found = [line.values["ref"] for line in answer if isinstance(line.values.get("ref"), int)]
        return int(found[0] or 0) if found else 0

    def _await_prompt(self) -> None:
        """The prompt has no line end, so it is looked for in what stands after the last one."""
        end_s = self._now_s() + ANSWER_S
        while not self._heard.lstrip().startswith(_PROMPT):
            lines = self._lines()
            self._keep_unasked(lines)
            if refused := next((line for line in lines if line.final), None):
                raise self._refusal("AT+CMGS", refused)
            if self._now_s() >= end_s:
                self._give_up()
                raise ModemFailed("the modem gave no prompt for a text")
            if not self._heard.lstrip().startswith(_PROMPT):
                self._hear()
        self._heard = self._heard.lstrip().removeprefix(_PROMPT).lstrip(b" ")

    def _give_up(self) -> None:
        """It may come with its prompt late and take the next command for a text: Escape ends that."""
        self._line.write(_ESCAPE)
        self._heard = b""

    # ------------------------------------------------------------------------------------------------ question, answer

    def _wake(self) -> None:
        """Escape ends a text that a killed process began; some modems find the speed only at the second or third AT."""
        self._line.write(_ESCAPE)
        for patience in (3, 2, 1):
            try:
                self.ask("AT", within_s=1.0)
            except ModemFailed:
                if patience == 1:
                    raise
            else:
                self._let_come()
                return

    def _let_come(self) -> None:
        """Answers to what was asked before this process, or before a time limit, are not answers to what comes now."""
        end_s = self._now_s() + 1.0
        while (more := self._line.read(_READ_S)) and self._now_s() < end_s:
            self._heard = (self._heard + more)[-_HEARD_MAX:]
        self._keep_unasked(self._lines())

    def _pin(self) -> str:
        try:
            return str(self._value("AT+CPIN?", "pin") or "")
        except ModemFailed as failed:
            raise ModemFailed(f"no SIM can be used: {failed.reason}", code=failed.code) from None

    def _value(self, command: str, name: str) -> Value:
        return next((line.values[name] for line in self._answers(command) if name in line.values), None)

    def _answers(self, command: str) -> list[Line]:
        """What it knows; nothing from a modem that refuses the question, because not each knows every one."""
        try:
            return self.ask(command)
        except ModemFailed as failed:
            if failed.fate is Fate.REFUSED and command != "AT+CPIN?":
                return []
            raise

    def _until_final(self, command: str, within_s: float) -> list[Line]:
        answer: list[Line] = []
        end_s = self._now_s() + within_s
        while self._now_s() < end_s:
            lines = self._lines()
            for place, line in enumerate(lines):
                if line.final:
                    self._keep_unasked(lines[place + 1 :])  # It may have come in one piece with the answer.
                    if not line.ok:
                        raise self._refusal(command, line)
                    return answer
                if not self._is_unasked(line):
                    answer.append(line)
            self._hear()
        raise ModemFailed(f"the modem did not answer {command}")

    def _is_unasked(self, line: Line) -> bool:
        """Keeps what the modem says by itself, also the digits that follow a unit which it does not store."""
        if self._announced is not None:
            told = {"urc": self._announced.name, "pdu": line.text}
            self._announced = None
            self.unasked.append(replace(line, values=told))
            return True
        if line.name in _GIVEN_AWAY:
            self._announced = line
            return True
        if "urc" in line.values:
            self.unasked.append(line)
            return True
        return False

    def listen(self, for_s: float) -> bool:
        """Waits for what the modem says by itself; whether there is something to look at."""
        self._heard = (self._heard + self._line.read(for_s))[-_HEARD_MAX:]
        self._keep_unasked(self._lines())
        return bool(self.unasked)

    def _keep_unasked(self, lines: Sequence[Line]) -> None:
        for line in lines:
            self._is_unasked(line)

    def _refusal(self, command: str, line: Line) -> ModemFailed:
        code = line.values.get("code")
        number = code if isinstance(code, int) else None
        meaning = _MEANINGS.get(number or 0, line.text)
        fate = Fate.UNKNOWN if number in _DOUBTFUL else Fate.REFUSED
        return ModemFailed(f"{command} was refused: {meaning}", fate=fate, code=number)

    def _lines(self) -> list[Line]:
        """The whole lines heard so far; the unfinished end stays."""
        *whole, self._heard = self._heard.replace(b"\r", b"\n").split(b"\n")
        return [read_line(each.decode("ascii", "replace")) for each in whole if each.strip()]

    def _hear(self) -> None:
        self._heard = (self._heard + self._line.read(_READ_S))[-_HEARD_MAX:]

    def _now_s(self) -> float:
        return self._clock.look().steady_s
