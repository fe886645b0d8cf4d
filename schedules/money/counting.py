"""
Closing a month from a page: what is due is worked out, it is begun, counted by a process of its own, then ended.

    asked ─► answered at once          due: worked out elsewhere, booked ─► begun ─► counted elsewhere ─► ended

A million entries are a third of a minute of processor time; in the engine's interpreter every press would share it. The
counting process reads its question on standard input (an address of a database may hold a password) and only reads the
database.
"""

import json
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO, Any

import structlog

from dispatch.errors import Conflict, Refusal
from dispatch.rules.people import Person
from dispatch.store.database import reading_engine
from dispatch.store.idempotency import MISTAKES
from schedules.apart import step_aside
from schedules.money.closing import Closing, Counted, count

NICE = 10
"""Whoever answers a press comes first."""

TOLD_EVERY = 10_000
"""After so many entries the process says how far it is: half a second or less."""

log = structlog.get_logger()


class CountingFailed(Exception):
    """The process ended without an answer; the message says what it said last."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """
    How far a month is: entries counted, of how many, or months of what is `due` worked out; `wrong` why it was broken
    off, empty while it goes on.
    """

    month: str
    due: bool = False
    done: int = 0
    of: int = 0
    wrong: str = ""


class Counting:
    """Closes one month at a time. What a restart breaks off is taken up again by closing the same month."""

    def __init__(self, closing: Closing, url: str, *, program: Callable[[], list[str]] | None = None) -> None:
        """`url` is the database's address; `program` is another in tests."""
        self.closing = closing
        self._url = url
        self._program = program or _program
        self._lock = threading.Lock()
        self._thread: threading.Thread | None = None
        self._process: subprocess.Popen[str] | None = None
        self._progress: Progress | None = None
        self._stopped = False

    def start(self, month: str, *, by: Person) -> None:
        """
        Begins, or takes up again; comes back at once. What is refused later is told by `now`.

        Raises:
            Invalid, Conflict: as `Closing.check`; Conflict also where a month is being counted.
        """
        with self._lock:
            if self._stopped or (self._thread is not None and self._thread.is_alive()):
                raise Conflict("A month is being closed at this moment.")
            self.closing.check(month)
            self._progress = Progress(month=month, due=True)
            self._thread = threading.Thread(target=self._run, args=(month, by), name="closing", daemon=True)
            self._thread.start()

    def now(self) -> Progress | None:
        """How far it is, or why the last one was broken off; None when nothing is being closed."""
        return self._progress

    def wait(self, seconds: int) -> None:
        """Until what is under way has ended, so long at most."""
        if self._thread is not None:
            self._thread.join(seconds)

    def stop(self) -> None:
        """Ends what is under way: nothing is lost, the month stays begun."""
        with self._lock:
            self._stopped = True
        process = self._process
        if process is not None:
            process.kill()

    def _run(self, month: str, by: Person) -> None:
        try:
            self.closing.begin(month, by=by, progress=self._working_out(month))
            self._progress = Progress(month=month)
            self.closing.end(self._counted(month), by=by)
            self._progress = None
        except (CountingFailed, OSError, Refusal, *MISTAKES) as failure:
            log.error("month_not_counted", month=month, why=str(failure))
            self._progress = replace(self._progress or Progress(month=month), wrong=str(failure) or repr(failure))

    def _working_out(self, month: str) -> Callable[[int, int], None]:
        def told(done: int, of: int) -> None:
            if self._stopped:
                raise CountingFailed("the service is being stopped")
            self._progress = Progress(month=month, due=True, done=done, of=of)

        return told

    def _counted(self, month: str) -> Counted:
        with subprocess.Popen(  # noqa: S603  our own program, no shell
            self._program(), stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        ) as process:
            self._process = process
            try:
                assert process.stdin is not None
                process.stdin.write(json.dumps({"url": self._url, "month": month}))
                process.stdin.close()
                return self._listened(month, process)
            finally:
                self._process = None
                process.kill()

    def _listened(self, month: str, process: "subprocess.Popen[str]") -> Counted:
        assert process.stdout is not None
        last = "it ended without a word"
        for line in process.stdout:
            last = line.strip() or last
            told = _told(line)
            if "counted" in told:
                return Counted.of(told["counted"])
            if "wrong" in told:
                raise CountingFailed(told["wrong"])
            if "of" in told:
                self._progress = Progress(month=month, done=told["done"], of=told["of"])
        raise CountingFailed(last)


def _told(line: str) -> dict[str, Any]:
    """What a line says; nothing where it is none of ours."""
    try:
        told = json.loads(line)
    except ValueError:
        return {}
    return told if isinstance(told, dict) else {}


# ------------------------------------------------------------------------------------------------ the other side


_PROGRAM = """
import sys
sys.path.insert(0, sys.argv[1])
from schedules.money.counting import main
main(sys.stdin, sys.stdout)
"""
"""The folder stays the service's own, because the address of a database may be relative; the code is this very one."""


def _program() -> list[str]:
    return [sys.executable, "-c", _PROGRAM, str(Path(__file__).resolve().parents[2])]


def main(asked: IO[str], answered: IO[str]) -> None:
    """Counts one month: lines of how far it is, the last of what it comes to."""
    step_aside(NICE)
    question = json.load(asked)

    def tell(done: int, of: int) -> None:
        if done % TOLD_EVERY == 0:
            _say(answered, done=done, of=of)

    reading = reading_engine(question["url"])
    try:
        _say(answered, counted=count(reading, question["month"], tell).plain())
    except Refusal as wrong:
        _say(answered, wrong=str(wrong))
    finally:
        reading.dispose()


def _say(answered: IO[str], **told: Any) -> None:
    answered.write(json.dumps(told) + "\n")
    answered.flush()
