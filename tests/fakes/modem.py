"""
A modem on a pseudo-terminal, as a driver meets one: it echoes, answers, prompts, and goes wrong when told to.

It decodes what it is given with code of its own, so that a mistake in ours cannot be made twice in the same way.
"""

import contextlib
import os
import re
import select
import threading
import tty
from dataclasses import dataclass, field
from pathlib import Path

_LINE = re.compile(rb"[^\r\x1a\x1b]*[\r\x1a]|\x1b")


@dataclass
class Air:
    """What goes wrong: see each field. All is well as it stands."""

    sim: str = "READY"
    """What it says to `AT+CPIN?`; empty for no SIM at all."""
    registered: int = 1
    """The state of `AT+CREG?`; on LTE the state of `AT+CEREG?` is `registered_lte`."""
    registered_lte: int = 2
    rssi: int = 21
    refuse: list[str] = field(default_factory=list)
    """Final lines with which it refuses the next texts, one each, like `+CMS ERROR: 38`; empty: it is taken."""
    silent: bool = False
    """It answers nothing at all: hung, or at another speed."""
    no_prompt: int = 0
    """So many texts are never asked for."""
    no_result: int = 0
    """So many texts are taken and never confirmed."""
    chatter: bytes = b""
    """Lines of its own between every command and its answer."""
    unknown: tuple[str, ...] = ()
    """Commands that this make does not know."""
    room: int = 20
    """So many messages fit into its memory; the next is lost in silence, as with a real one."""
    gives_reports_away: bool = False
    """Reports come as `+CDS` and a line of digits; else they are stored, and `+CDSI` says where."""


@dataclass(frozen=True)
class Texted:
    """One part that the network took: to whom, which text, which part of how many."""

    to: str
    text: str
    part: tuple[int, int, int] | None
    wants_report: bool = False


class FakeModem:
    """
    At `path` from the start; `commands` is what it was told, `texts` what it sent, `units` the digits of that.

    Close it, or use it in `with`.
    """

    def __init__(self, folder: Path, name: str = "modem") -> None:
        self.path = folder / name
        self.air = Air()
        self.commands: list[str] = []
        self.texts: list[Texted] = []
        self.wrong: list[str] = []
        self.units: list[str] = []
        self.stored: dict[str, dict[int, str]] = {"ME": {}, "SR": {}}
        self._memory = "ME"
        self._echo = True
        self._expected: int | None = None
        self._heard = b""
        self._numbers = 0
        self._lock = threading.Lock()
        self._stopping = threading.Event()
        self._ends: tuple[int, int] | None = None
        self.plug()
        self._thread = threading.Thread(target=self._run, name="modem", daemon=True)
        self._thread.start()

    def __enter__(self) -> "FakeModem":
        return self

    def __exit__(self, *_: object) -> None:
        self._stopping.set()
        self._thread.join()
        self.unplug()

    def plug(self) -> None:
        """A fresh modem: it echoes again and has forgotten what it was doing."""
        with self._lock:
            self._ends = os.openpty()
            tty.setraw(self._ends[1])
            self._echo, self._expected, self._heard = True, None, b""
            self.path.unlink(missing_ok=True)
            self.path.symlink_to(os.ttyname(self._ends[1]))

    def unplug(self) -> None:
        """The stick is pulled."""
        with self._lock:
            ends, self._ends = self._ends, None
            self.path.unlink(missing_ok=True)
            for end in ends or ():
                os.close(end)

    def begin_a_text(self) -> None:
        """As a process leaves it that was killed behind the prompt: whatever comes is taken for a text."""
        self._expected = 20

    def sent(self) -> list[tuple[str, str]]:
        """Whole texts with their recipients, parts put together."""
        whole: dict[tuple[str, int, int], str] = {}
        for number, each in enumerate(self.texts):
            key = (each.to, *(each.part[:2] if each.part else (-1, number)))
            whole[key] = whole.get(key, "") + each.text
        return [(key[0], text) for key, text in whole.items()]

    def receive(self, pdu: str) -> None:
        """A text comes in from the air: stored and announced, or lost where there is no room."""
        with self._lock, contextlib.suppress(OSError):
            self._store("ME", pdu, "CMTI")

    def report(self, pdu: str) -> None:
        """A report comes in from the air."""
        with self._lock, contextlib.suppress(OSError):
            if self.air.gives_reports_away:
                self._say(f"\r\n+CDS: {len(pdu) // 2 - 1}\r\n{pdu}\r\n".encode())
            else:
                self._store("SR", pdu, "CDSI")

    def _store(self, memory: str, pdu: str, urc: str) -> None:
        shelf = self.stored[memory]
        if len(shelf) >= self.air.room:
            return
        place = next(place for place in range(1, self.air.room + 1) if place not in shelf)
        shelf[place] = pdu
        self._say(f'\r\n+{urc}: "{memory}",{place}\r\n'.encode())

    # -------------------------------------------------------------------------------------- the dialog

    def _run(self) -> None:
        while not self._stopping.wait(0.002):
            with self._lock, contextlib.suppress(OSError):
                if self._ends is None or not select.select([self._ends[0]], [], [], 0)[0]:
                    continue
                heard = os.read(self._ends[0], 4096)
                if self._echo and not self.air.silent:
                    self._say(heard)
                self._hear(heard)

    def _hear(self, data: bytes) -> None:
        self._heard += data
        while found := _LINE.match(self._heard):
            self._heard = self._heard[found.end() :]
            if not self.air.silent:
                self._take(found.group())

    def _take(self, line: bytes) -> None:
        if line == b"\x1b":
            self._expected = None
        elif line.endswith(b"\x1a"):
            self._text(line[:-1].decode("ascii").strip())
        elif self._expected is None and (command := line.decode("ascii").strip()):
            self._command(command)

    def _command(self, command: str) -> None:
        self.commands.append(command)
        self._say(self.air.chatter)
        if command.startswith(self.air.unknown) and self.air.unknown:
            self._say(b"\r\nERROR\r\n")
            return
        if command.startswith("AT+CMGS="):
            self._prompt(int(command.removeprefix("AT+CMGS=")))
            return
        if command == "AT+CPIN?" and not self.air.sim:
            self._say(b"\r\n+CME ERROR: 10\r\n")
            return
        verbs = ("AT+CMGL=", "AT+CMGR=", "AT+CMGD=", "AT+CPMS=", "AT+CPMS?")
        if command.startswith(verbs) and not command.endswith("=?"):
            self._on_memory(command[3:7], command[8:])
            return
        if command in {"ATE0", "ATE1"}:
            self._echo = command == "ATE1"
        answers = {
            "AT+CPIN?": f"+CPIN: {self.air.sim}",
            "AT+CREG?": f"+CREG: 0,{self.air.registered}",
            "AT+CEREG?": f"+CEREG: 0,{self.air.registered_lte}",
            "AT+CSQ": f"+CSQ: {self.air.rssi},99",
            "AT+CFUN?": "+CFUN: 1",
            "AT+CSCA?": '+CSCA: "+8613800210500",145',
            "AT+CMGF?": "+CMGF: 0",
            "AT+CSCS=?": '+CSCS: ("IRA","GSM","UCS2")',
            "AT+CSCS?": '+CSCS: "IRA"',
            "AT+CPMS=?": '+CPMS: ("SM","ME"),("SM","ME"),("SM","ME")',
        }
        if command in answers:
            self._say(f"\r\n{answers[command]}\r\n".encode())
        is_foreign = command.endswith("?") and command not in answers
        self._say(b"\r\nERROR\r\n" if is_foreign or command == "AT+CLAC" else b"\r\nOK\r\n")

    def _on_memory(self, verb: str, rest: str) -> None:
        if verb == "CPMS" and rest:
            self._memory = rest[1:3]
        shelf = self.stored.setdefault(self._memory, {})
        if verb == "CPMS":
            self._say(f"\r\n+CPMS: {len(shelf)},{self.air.room},{len(shelf)},{self.air.room}\r\n\r\nOK\r\n".encode())
            return
        place = int(rest.split(",")[0])
        if verb == "CMGL":
            for index, pdu in list(shelf.items()):
                self._say(f"\r\n+CMGL: {index},0,,{len(pdu) // 2 - 1}\r\n{pdu}\r\n".encode())
        elif place not in shelf:
            self._say(b"\r\n+CMS ERROR: 321\r\n")
            return
        elif verb == "CMGR":
            self._say(f"\r\n+CMGR: 0,,{len(shelf[place]) // 2 - 1}\r\n{shelf[place]}\r\n".encode())
        else:
            del shelf[place]
        self._say(b"\r\nOK\r\n")

    def _prompt(self, length: int) -> None:
        if self.air.no_prompt:
            self.air.no_prompt -= 1
            return
        self._expected = length
        self._say(b"\r\n> ")

    def _text(self, digits: str) -> None:
        expected, self._expected = self._expected, None
        octets = bytes.fromhex(digits)
        if expected is None or len(octets) - 1 - octets[0] != expected:
            self.wrong.append(f"told {expected} octets, got {digits}")
            self._say(b"\r\n+CMS ERROR: 304\r\n")
            return
        self.units.append(digits)
        self._say(self.air.chatter)
        if self.air.refuse and (refusal := self.air.refuse.pop(0)):
            self._say(f"\r\n{refusal}\r\n".encode())
            return
        self.texts.append(_submitted(octets[1 + octets[0] :]))
        if self.air.no_result:
            self.air.no_result -= 1
            return
        self._numbers = (self._numbers + 1) % 256
        self._say(f"\r\n+CMGS: {self._numbers}\r\n\r\nOK\r\n".encode())

    def _say(self, data: bytes) -> None:
        if self._ends is not None and data:
            os.write(self._ends[0], data)


def incoming(
    sender: str, text: str, *, part: tuple[int, int, int] | None = None, second: int = 0, kind: int = 0x91
) -> str:
    """
    A text of `sender` as a modem stores it, in UCS-2; `part` is reference, count, number, `kind` the type of the
    sender's number. Written from TS 23.040.
    """
    digits = sender.removeprefix("+")
    header = bytes([5, 0, 3, *part]) if part else b""
    body = header + text.encode("utf-16-be")
    unit = bytes([0x44 if part else 0x04, len(digits), kind]) + _swapped(digits) + b"\x00\x08" + _stamp(second)
    return (b"\x00" + unit + bytes([len(body)]) + body).hex().upper()


def reported(number: int, to: str, status: int) -> str:
    """The network's report on the part it gave this number."""
    digits = to.removeprefix("+")
    unit = bytes([0x06, number, len(digits), 0x91]) + _swapped(digits) + _stamp(0) * 2 + bytes([status])
    return (b"\x00" + unit).hex().upper()


def _swapped(digits: str) -> bytes:
    even = digits + "F" * (len(digits) % 2)
    return bytes.fromhex("".join(even[at + 1] + even[at] for at in range(0, len(even), 2)))


def _stamp(second: int) -> bytes:
    """2026-03-02 20:00 and so many seconds, in Beijing."""
    return bytes.fromhex(f"6230200200{second % 10}{second // 10}23")


def _submitted(unit: bytes) -> Texted:
    """A SUBMIT in UCS-2 with an international number, as the pager makes them."""
    first, digits = unit[0], unit[2]
    assert first & 3 == 1
    assert unit[3] == 0x91
    swapped = unit[4 : 4 + (digits + 1) // 2].hex()
    number = "".join(swapped[at + 1] + swapped[at] for at in range(0, len(swapped), 2))[:digits]
    rest = unit[4 + (digits + 1) // 2 :]
    assert rest[:2] == b"\x00\x08"
    rest = rest[3:] if first & 0x18 == 0x10 else rest[2:]
    length, body = rest[0], rest[1:]
    assert length == len(body) <= 140
    part = None
    if first & 0x40:
        assert body[:3] == b"\x05\x00\x03"
        part, body = (body[3], body[4], body[5]), body[6:]
    return Texted(to=f"+{number}", text=body.decode("utf-16-be"), part=part, wants_report=bool(first & 0x20))
