"""
Long work in a process of its own, so that it never shares an interpreter with the alarm's path.

    apart = Apart()
    answer = apart(sheet_told, lang="zh", …)
    apart.stop()                                what is under way ends, and nothing begins any more

A thread that computes for seconds makes every press beside it wait for the interpreter at each of its calls into the
database: filing the duty sheet of 20,000 homes in place held up the slowest of 300 alarms for two seconds.

The question goes in by a pipe: what stands in the arguments of a process can be read by everybody on the machine, and
the address of a database may hold a password.
"""

import contextlib
import os
import pickle
import subprocess
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from typing import BinaryIO, ParamSpec, TypeVar, cast

P = ParamSpec("P")
T = TypeVar("T")

NICENESS = 10
"""Whatever can wait lets the service's own process go first."""

LASTS_MAX_S = 300.0


class Failed(ChildProcessError):
    """The other process did not answer; what it said about it is in the text."""


class Apart:
    """Has functions worked out by fresh interpreters, until it is stopped. Several may be under way."""

    def __init__(self, lasts_max_s: float = LASTS_MAX_S) -> None:
        """After `lasts_max_s` a piece of work is given up."""
        self._lasts_max_s = lasts_max_s
        self._lock = threading.Lock()
        self._running: set[subprocess.Popen[bytes]] = set()
        self._stopped = False

    @property
    def under_way(self) -> int:
        """How many processes work at present."""
        return len(self._running)

    def __call__(self, function: Callable[P, T], /, *args: P.args, **kwargs: P.kwargs) -> T:
        """
        What the function answers. It is a function of a module; what goes in and what comes out can be pickled.

        Raises:
            Failed: it ended with an error, took too long, or the service is being stopped.
        """
        name = function.__name__
        question = pickle.dumps((function, args, kwargs))
        process = self._begun()
        try:
            answer, complaint = process.communicate(question, self._lasts_max_s)
        except subprocess.TimeoutExpired:
            raise Failed(f"{name} took longer than {self._lasts_max_s:g} s") from None
        finally:
            if process.poll() is None:  # Whatever kept us from its answer, nobody waits for it any more.
                process.kill()
                process.communicate()
            with self._lock:
                self._running.discard(process)
        if self._stopped and process.returncode:
            raise Failed("the service is being stopped")
        if process.returncode:
            said = complaint.decode(errors="replace")[-500:]
            raise Failed(f"{name} ended with {process.returncode}: {said}")
        # Our own process wrote it, into a pipe that nobody else has an end of.
        return cast(T, pickle.loads(answer))  # noqa: S301

    def stop(self) -> None:
        """Ends what is under way and lets nothing begin: a service that stops waits for none of it."""
        with self._lock:
            self._stopped = True
            for process in self._running:
                process.kill()

    def _begun(self) -> subprocess.Popen[bytes]:
        with self._lock:
            if self._stopped:
                raise Failed("the service is being stopped")
            process = _started()
            self._running.add(process)
        return process


_PROGRAM = """
import sys
sys.path.insert(0, sys.argv[1])
from schedules.apart import main
answered, sys.stdout = sys.stdout.buffer, sys.stderr
main(sys.stdin.buffer, answered)
"""
"""
Whatever is printed or logged there goes where complaints go, and never into the answer. The folder stays the service's
own, because the address of a database may be relative; the code is this very one.
"""


def _started() -> subprocess.Popen[bytes]:
    root = str(Path(__file__).resolve().parents[1])
    program = [sys.executable, "-c", _PROGRAM, root]
    return subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)  # noqa: S603


def step_aside(niceness: int) -> None:
    """
    Lets everybody else go first, by so much of the system's own scale. Where whoever confined the service does not
    allow even that, the work is done all the same: a month that nobody can close is worse than one closed in a hurry.
    """
    with contextlib.suppress(OSError):
        os.nice(niceness)


def main(asked: BinaryIO, answered: BinaryIO) -> None:
    """The other side: one question, one answer."""
    step_aside(NICENESS)
    function, args, kwargs = pickle.load(asked)  # noqa: S301  the service wrote it, into our own standard input
    answered.write(pickle.dumps(function(*args, **kwargs)))
