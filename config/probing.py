"""
Answers are tried in a process of their own before they are read in ours, where a text that takes too long would hold
up every alarm (`dispatch/learning.py`).

    probe = Probe()
    probe("我马上到，大概十分钟")        whether it was read in time
    probe.close()

The other side is a fresh interpreter with nothing but the reader. It ends its own attempt when it has computed for
LIMIT_S; if it says nothing at all it is killed, and begun anew with the next text. Where none can be begun, texts are
read as if there were no such process: whoever answers must be heard on a machine that allows no second one.
"""

import os
import select
import signal
import subprocess
import sys
import threading
from pathlib import Path
from types import FrameType
from typing import BinaryIO

import orjson
import structlog

from config.patterns import take_over
from dispatch.rules.phrases import lessons
from dispatch.rules.phrases.meaning import Standing
from dispatch.rules.reply import parse

LIMIT_S = 0.5
"""Processor time for all readings of one text; long answers of the lists of life take 0.01 to 0.06."""

BEGINS_S, SAYS_S, TURN_S = 30.0, 5.0, 2.0
"""So long may the other side learn its patterns, be silent about a text, and be busy with others' texts."""

ENDED = b""

log = structlog.get_logger()


class Probe:
    """Whether texts can be read in time. From any thread; begins the other process when it is first needed."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._child: subprocess.Popen[bytes] | None = None
        self._closed = False

    def begin(self) -> None:
        """Before the first text needs it."""
        with self._lock:
            self._begun()

    def __call__(self, text: str) -> bool:
        """False where reading takes too long, or nobody had time to try."""
        if not self._lock.acquire(timeout=TURN_S):
            log.warning("answer_not_tried", signs=len(text))
            return False
        try:
            readable = self._is_readable(text)
        finally:
            self._lock.release()
        if not readable:
            log.warning("answer_takes_too_long", signs=len(text))
        return readable

    def close(self) -> None:
        """The other process ends; what is tried at this moment is as good as unreadable."""
        self._closed = True
        child = self._child
        if child is not None:
            child.kill()
        with self._lock:
            self._end()

    def _is_readable(self, text: str) -> bool:
        for _ in range(2):
            child = self._begun()
            if child is None:
                return True
            said = _asked(child, text)
            if said in (b"read", b"not read"):
                return said == b"read"
            # Whoever shut the pipe may be dying and not yet dead: it is asked nothing more.
            self._end()
            if said is None:
                return False
        return False

    def _begun(self) -> subprocess.Popen[bytes] | None:
        """The other process, ready; None where there can be none."""
        if self._child is not None and self._child.poll() is None:
            return self._child
        self._end()
        if self._closed:
            return None
        try:
            self._child = child = _started()
        except OSError as failure:
            log.warning("no_process_to_try_answers", error=str(failure))
            return None
        if _said(child, BEGINS_S) == b"ready":
            return child
        log.warning("no_process_to_try_answers", error=f"ended or silent, {child.poll()}")
        self._end()
        return None

    def _end(self) -> None:
        child, self._child = self._child, None
        if child is not None:
            child.kill()
            child.wait()
            for pipe in (child.stdin, child.stdout):
                _shut(_pipe(pipe))


_PROGRAM = "import sys; sys.path.insert(0, sys.argv[1]); from config.probing import main; main()"


def _started() -> subprocess.Popen[bytes]:
    root = str(Path(__file__).resolve().parents[1])
    program = [sys.executable, "-c", _PROGRAM, root]
    return subprocess.Popen(program, stdin=subprocess.PIPE, stdout=subprocess.PIPE, bufsize=0)  # noqa: S603


def _asked(child: subprocess.Popen[bytes], text: str) -> bytes | None:
    try:
        _pipe(child.stdin).write(orjson.dumps(text) + b"\n")
    except BrokenPipeError:
        return ENDED
    return _said(child, SAYS_S)


def _said(child: subprocess.Popen[bytes], within_s: float) -> bytes | None:
    """One line of the other side; `ENDED` where it is gone, None where it said none in time."""
    said, pipe = b"", _pipe(child.stdout)
    while not said.endswith(b"\n"):
        # A line is a few bytes, written at once.
        if not select.select([pipe], [], [], within_s)[0]:
            return None
        more = pipe.read(64)
        if not more:
            return ENDED
        said += more
    return said.strip()


def _pipe(pipe: object) -> BinaryIO:
    assert pipe is not None
    return pipe  # type: ignore[return-value]


def _shut(pipe: BinaryIO) -> None:
    try:
        pipe.close()
    except BrokenPipeError:
        return  # What stood in it was for somebody who is gone.


# ------------------------------------------------------------------------------------------------ the other side


class _TooLong(Exception):
    pass


def _give_up(_signal: int, _frame: FrameType | None) -> None:
    raise _TooLong


def main() -> None:
    """Learns, says so, and then answers each text with a line."""
    # A service that is stopped by Ctrl-C tells us by closing the pipe.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    signal.signal(signal.SIGVTALRM, _give_up)
    take_over()
    for learn in lessons():
        learn()
    _say("ready")
    for line in sys.stdin.buffer:
        _say("read" if _is_read(orjson.loads(line)) else "not read")


def _is_read(text: str) -> bool:
    try:
        signal.setitimer(signal.ITIMER_VIRTUAL, LIMIT_S)
        for standing in (None, *Standing):
            parse(text, standing)
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
    except _TooLong:
        return False
    return True


def _say(word: str) -> None:
    try:
        os.write(sys.stdout.fileno(), word.encode() + b"\n")
    except BrokenPipeError:
        # The service was killed: there is nobody to try texts for.
        raise SystemExit from None
