"""
Working coverage out in a process of its own, so that no alarm waits for it.

Two weeks of 20,000 homes are seconds of pure arithmetic; in the engine's interpreter every press would share them. The
process is handed the question on its standard input (an address of a database may hold a password, and arguments can be
read by everybody on the machine), only reads, and is ended when it takes too long or the service stops.
"""

import os
import pickle
import subprocess
import sys
import threading
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import BinaryIO

from dispatch.rules.travel import TravelTime
from dispatch.store.database import reading_engine
from schedules.coverage.picture import Terms, picture
from schedules.coverage.rules.reach import Gap
from schedules.duty.store import Shifts

LIMIT_S = 120.0
"""After so long it is given up: ten times what the largest district takes."""

NICE = 10
"""Whoever answers a press comes first."""


class CoverageFailed(Exception):
    """Coverage could not be worked out; the message says why."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """From when on, for how long, on which database, on which terms."""

    url: str
    now: datetime
    ahead: timedelta
    terms: Terms
    travel: TravelTime


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """All gaps of [at, until), and what they were worked out from."""

    at: datetime
    until: datetime
    shifts_version: int
    homes: int
    unplaced: int
    silent: dict[str, str]
    baseless: list[str]
    gaps: list[Gap]


def work_out(question: Question) -> Found:
    """Reads everything and finds the gaps, in this process."""
    reading, until = reading_engine(question.url), question.now + question.ahead
    try:
        with reading.connect() as connection:
            # Read first: a change in between is looked at again, because the version is an older one.
            version = Shifts(connection).version()
            seen = picture(connection, question.now, until, now=question.now, terms=question.terms)
    finally:
        reading.dispose()
    return Found(
        at=question.now, until=until, shifts_version=version, homes=len(seen.dwellings), unplaced=len(seen.unplaced),
        silent=seen.silent, baseless=list(seen.baseless), gaps=seen.gaps(question.now, until, question.travel),
    )  # fmt: skip


class Apart:
    """Has it worked out by another process; one at a time."""

    def __init__(self, limit_s: float = LIMIT_S) -> None:
        self._limit_s = limit_s
        self._lock = threading.Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._stopped = False

    def __call__(self, question: Question) -> Found:
        """
        The answer.

        Raises:
            CoverageFailed: the process failed, took too long, or the service is being stopped.
        """
        with self._lock:
            if self._stopped:
                raise CoverageFailed("the service is being stopped")
            self._process = process = _started()
        try:
            answer, complaint = process.communicate(pickle.dumps(question), timeout=self._limit_s)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()
            raise CoverageFailed(f"it took longer than {self._limit_s:g} s") from None
        finally:
            self._process = None
        if process.returncode != 0:
            raise CoverageFailed(complaint.decode(errors="replace")[-500:] or f"it ended with {process.returncode}")
        found = pickle.loads(answer)  # noqa: S301  our own process wrote it, into a pipe that nobody else has
        assert isinstance(found, Found)
        return found

    def stop(self) -> None:
        """Ends what is under way."""
        with self._lock:
            self._stopped = True
            if self._process is not None:
                self._process.kill()


_PROGRAM = """
import sys
sys.path.insert(0, sys.argv[1])
from schedules.coverage.apart import main
main(sys.stdin.buffer, sys.stdout.buffer)
"""
"""The folder stays the service's own, because the address of a database may be relative; the code is this very one."""


def _started() -> subprocess.Popen[bytes]:
    root = str(Path(__file__).resolve().parents[2])
    program = [sys.executable, "-c", _PROGRAM, root]
    return subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)  # noqa: S603


def main(asked: BinaryIO, answered: BinaryIO) -> None:
    """One question, one answer."""
    os.nice(NICE)
    question = pickle.load(asked)  # noqa: S301  the service wrote it, into our own standard input
    answered.write(pickle.dumps(work_out(question)))
