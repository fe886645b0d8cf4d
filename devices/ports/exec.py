"""
A child process as a line: what it prints on standard output is what the line says (`exec:rtl_433 -F json`).

```
 exec:CMD ──fork, own process group──► child ── stdout ──► read()
                                          │ └── stderr ──► a thread: the first lines to the log, the rest counted
                                          └◄── stdin ───── write()
```

Standard error is never mixed in: rtl_433 writes its diagnostics there, and they would break JSON lines apart.
"""

import contextlib
import os
import select
import shlex
import signal
import subprocess
import threading
from collections import deque

import structlog

from devices.ports.port import READ_BYTES_MAX, WRITE_S, LineSettings, PortBlocked, PortLost

COMPLAINTS_MAX = 20
"""Lines of standard error that reach the log for each start of the child; the others are only counted."""

COMPLAINT_BYTES_MAX = 300
"""Of a longer line only the beginning is kept."""

GOODBYE_S = 0.4
"""How long a child may take to end after SIGTERM, before SIGKILL."""

_log = structlog.get_logger()


class ExecPort:
    """
    A `Port` over a supervised child, started without a shell, in a process group of its own.

    `open` starts it. A child that has ended is a lost line with its exit code in the reason; opening again starts it
    again. `close` ends the whole group by its own id. A service that is killed without a word leaves the child to the
    service manager; without one, `exec:setpriv --pdeathsig TERM rtl_433 …` ties the two together.
    """

    def __init__(self, address: str, settings: LineSettings | None = None) -> None:
        """`address` is `exec:` and a command line, split as a shell does; `ValueError` when empty or malformed."""
        self._command = shlex.split(address.removeprefix("exec:"))
        if not self._command:
            raise ValueError("a command must follow 'exec:'")
        self._child: subprocess.Popen[bytes] | None = None
        self._complaints: _Complaints | None = None

    @property
    def complained(self) -> int:
        """How many lines the child has written to standard error since it was started."""
        return 0 if self._complaints is None else self._complaints.count

    def open(self) -> None:
        self.close()
        try:
            child = subprocess.Popen(  # noqa: S603  the operator's own command, without a shell
                self._command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.PIPE,
                bufsize=0,
                start_new_session=True,
            )
        except OSError as error:
            raise PortLost(f"cannot start {self._command[0]!r}: {error.strerror}") from error
        assert child.stdin is not None
        os.set_blocking(child.stdin.fileno(), False)
        self._child = child
        self._complaints = _Complaints(child, program=self._command[0])

    def read(self, timeout_s: float) -> bytes:
        child = self._living()
        assert child.stdout is not None
        try:
            if _ready(child.stdout.fileno(), select.POLLIN, timeout_s):
                data = os.read(child.stdout.fileno(), READ_BYTES_MAX)
            elif _has_ended(child):
                # It is gone but a grandchild keeps the pipe: nothing more is said on the child's behalf.
                data = b""
            else:
                return b""
        except OSError as error:
            raise PortLost(f"reading failed: {error.strerror}") from error
        if not data:
            raise PortLost(self._last_words(child))
        return data

    def write(self, data: bytes) -> None:
        child = self._living()
        assert child.stdin is not None
        try:
            while data:
                if not _ready(child.stdin.fileno(), select.POLLOUT, WRITE_S):
                    raise PortBlocked(f"the child took nothing for {WRITE_S} s")
                data = data[os.write(child.stdin.fileno(), data) :]
        except OSError as error:
            raise PortLost(f"writing failed: {error.strerror}") from error

    def close(self) -> None:
        child, self._child = self._child, None
        if child is None:
            return
        _end(child)
        if self._complaints is not None:
            self._complaints.finish()
        for pipe in (child.stdin, child.stdout):
            assert pipe is not None
            pipe.close()

    def _living(self) -> "subprocess.Popen[bytes]":
        if self._child is None:
            raise PortLost("not started")
        return self._child

    def _last_words(self, child: "subprocess.Popen[bytes]") -> str:
        """How it ended. It is not reaped here, so that its group's id stays its own until `close`."""
        code = _exit_code(child)
        assert self._complaints is not None
        said = self._complaints.last()
        return f"exit code {code}" + (f": {said}" if said else "")


class _Complaints:
    """Empties a child's standard error, so that it never blocks there, and keeps a bounded part of it."""

    def __init__(self, child: "subprocess.Popen[bytes]", *, program: str) -> None:
        assert child.stderr is not None
        self.count = 0
        self._pipe = child.stderr
        self._program = program
        self._kept: deque[str] = deque(maxlen=1)
        self._closing = threading.Event()
        self._thread = threading.Thread(target=self._listen, name=f"stderr of {program}", daemon=True)
        self._thread.start()

    def last(self) -> str:
        """The last line said, after giving the thread a moment to read to the end."""
        self._thread.join(GOODBYE_S / 4)
        return self._kept[-1] if self._kept else ""

    def finish(self) -> None:
        """Stop listening and close the pipe. The child has ended; a grandchild may still hold the other end."""
        self._closing.set()
        self._thread.join()
        self._pipe.close()

    def _listen(self) -> None:
        line = b""
        while not self._closing.is_set():
            if not _ready(self._pipe.fileno(), select.POLLIN, GOODBYE_S / 4):
                continue
            data = os.read(self._pipe.fileno(), READ_BYTES_MAX)
            if not data:
                break
            *whole, line = (line + data).split(b"\n")
            line = line[:COMPLAINT_BYTES_MAX]
            for each in whole:
                self._keep(each)
        self._keep(line)

    def _keep(self, line: bytes) -> None:
        words = line[:COMPLAINT_BYTES_MAX].decode("utf-8", "replace").strip()
        if not words:
            return
        self.count += 1
        self._kept.append(words)
        if self.count <= COMPLAINTS_MAX:
            _log.info("child_wrote_to_stderr", program=self._program, line=words)


def _ready(number: int, what: int, timeout_s: float) -> bool:
    """Whether the file is ready, ended or broken within this time. `poll`, because numbers over 1023 break `select`."""
    waiting = select.poll()
    waiting.register(number, what)
    return bool(waiting.poll(timeout_s * 1000))


def _has_ended(child: "subprocess.Popen[bytes]", *, options: int = os.WNOHANG) -> bool:
    """Looks without reaping: while the child is not reaped, no other process can get its id."""
    return child.returncode is not None or os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT | options) is not None


def _exit_code(child: "subprocess.Popen[bytes]") -> int | None:
    """The exit code, minus the signal's number when one ended it; None when it closed its output and goes on living."""
    moment = threading.Event()
    for _ in range(10):
        ended = os.waitid(os.P_PID, child.pid, os.WEXITED | os.WNOWAIT | os.WNOHANG)
        if ended is not None:
            return ended.si_status if ended.si_code == os.CLD_EXITED else -ended.si_status
        moment.wait(GOODBYE_S / 10)
    return None


def _end(child: "subprocess.Popen[bytes]") -> None:
    """SIGTERM to the group, SIGKILL to what is left of it, then reap."""
    moment = threading.Event()
    with contextlib.suppress(ProcessLookupError):
        os.killpg(child.pid, signal.SIGTERM)
        for _ in range(20):
            if _has_ended(child):
                break
            moment.wait(GOODBYE_S / 20)
        os.killpg(child.pid, signal.SIGKILL)
    child.wait()
