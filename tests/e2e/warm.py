"""
Our own program as a process of its own, without the seconds that its imports take.

    a test ── command, environment, files ──▶ the warm process: everything imported, nothing begun
                                                 └─ fork ──▶ runs `anling ARGUMENTS`, is killed, stopped, waited for

What runs is `config.main` in a process with its own number, memory, environment, folder and files, as it would be if it
had been started from a shell; only that its modules were read before. A service takes 0.9 s of processor so to start
instead of 2.5, a command 0.2 instead of 1.5, and a test run begins some hundred of each. `Rig(cold=True)` does without.
"""

import atexit
import contextlib
import faulthandler
import gc
import importlib
import json
import os
import select
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from pathlib import Path
from tempfile import TemporaryFile
from typing import BinaryIO

import config
from dispatch.rules.phrases import lessons
from tests.kept import keep_templates

ROOT = Path(__file__).parents[2]
REQUEST_BYTES_MAX = 1 << 20


class Program:
    """One process, to be handled like a `subprocess.Popen`."""

    def __init__(self, warm: "Warm", pid: int, args: Sequence[str]) -> None:
        self.pid, self.args = pid, args
        self.returncode: int | None = None
        self._warm = warm

    def poll(self) -> int | None:
        """How it ended, as `Popen.poll` says it; None while it runs."""
        if self.returncode is None:
            self.returncode = self._warm.ended(self.pid)
        return self.returncode

    def wait(self, timeout: float | None = None) -> int:
        """
        How it ended, waited for.

        Raises:
            subprocess.TimeoutExpired: it runs after so many seconds.
        """
        end = None if timeout is None else time.monotonic() + timeout
        # Linux 6.18 says ENOENT of a process that is just being reaped, older ones ESRCH.
        with contextlib.suppress(ProcessLookupError, FileNotFoundError):
            watched = os.pidfd_open(self.pid)
            try:
                select.select([watched], [], [], timeout)
            finally:
                os.close(watched)
        while (code := self.poll()) is None:
            if end is not None and time.monotonic() >= end:
                raise subprocess.TimeoutExpired(self.args, timeout or 0.0)
            threading.Event().wait(0.01)
        return code

    def send_signal(self, number: int) -> None:
        if self.poll() is None:
            os.kill(self.pid, number)

    def terminate(self) -> None:
        self.send_signal(signal.SIGTERM)

    def kill(self) -> None:
        self.send_signal(signal.SIGKILL)


class Warm:
    """The warm process of this test run, begun when it is first needed."""

    def __init__(self) -> None:
        self._ours, theirs = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._ours.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, REQUEST_BYTES_MAX)
        self._lock = threading.Lock()
        environ = {name: value for name, value in os.environ.items() if not name.startswith("ANLING_")}
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-m", "tests.e2e.warm", str(theirs.fileno())],
                cwd=ROOT, env={**environ, "PYTHONPATH": str(ROOT)}, stdin=subprocess.DEVNULL,
                pass_fds=[theirs.fileno()],
            )  # fmt: skip

    def start(
        self, arguments: Sequence[str], *, cwd: Path, env: Mapping[str, str], files: Sequence[BinaryIO]
    ) -> Program:
        """`anling ARGUMENTS` with these as its standard input, output and error."""
        request = {"arguments": list(arguments), "cwd": str(cwd), "env": dict(env)}
        return Program(self, self._ask(request, [each.fileno() for each in files]), ["anling", *arguments])

    def run(
        self, arguments: Sequence[str], *, cwd: Path, env: Mapping[str, str], stdin: str = "", timeout: float
    ) -> "subprocess.CompletedProcess[str]":
        """`anling ARGUMENTS` to its end, as `subprocess.run` does it, and with its errors."""
        with TemporaryFile() as given, TemporaryFile() as out, TemporaryFile() as errors:
            given.write(stdin.encode())
            given.seek(0)
            program = self.start(arguments, cwd=cwd, env=env, files=[given, out, errors])
            try:
                code = program.wait(timeout)
            except subprocess.TimeoutExpired:
                program.kill()
                program.wait()
                raise
            said = [file.read().decode() for file in (out, errors) if file.seek(0) == 0]
        return subprocess.CompletedProcess(program.args, code, *said)

    def ended(self, pid: int) -> int | None:
        return self._ask({"ended": pid})

    def _ask(self, request: Mapping[str, object], files: Sequence[int] = ()) -> int:
        with self._lock:
            socket.send_fds(self._ours, [json.dumps(request).encode()], list(files))
            answer = self._ours.recv(1024)
        assert answer, "the warm process is gone"
        return json.loads(answer)

    def close(self) -> None:
        self._ours.close()
        self._process.wait()


_warm: Warm | None = None


def warm() -> Warm:
    """The one of this test run."""
    global _warm
    if _warm is None:
        _warm = Warm()
        atexit.register(_warm.close)
    return _warm


# ------------------------------------------------------------------------------------------------ the warm process


def _become_warm() -> None:
    for module in sorted(Path(config.__path__[0]).glob("*.py")):
        importlib.import_module(f"config.{module.stem}")
    # A second of processor time, which hundreds of services would each spend beside their first alarms.
    for lesson in lessons():
        lesson()
    keep_templates()
    assert threading.active_count() == 1, "a fork would lose the other threads"
    gc.collect()
    gc.freeze()


def _next_program(told: socket.socket) -> list[str]:
    """Answers until there is a program to run, whose arguments it gives back in the program's own process."""
    while True:
        message, files, _, _ = socket.recv_fds(told, REQUEST_BYTES_MAX, 3)
        if not message:
            os._exit(0)
        request = json.loads(message)
        if "ended" in request:
            pid, status = os.waitpid(request["ended"], os.WNOHANG)
            told.send(json.dumps(os.waitstatus_to_exitcode(status) if pid else None).encode())
        elif (pid := os.fork()) == 0:
            told.close()
            _become(request["cwd"], request["env"], files)
            return list(request["arguments"])
        else:
            told.send(json.dumps(pid).encode())
            for each in files:
                os.close(each)


def _become(cwd: str, env: Mapping[str, str], files: Sequence[int]) -> None:
    for number, file in enumerate(files):
        os.dup2(file, number)
        os.close(file)
    os.chdir(cwd)
    os.environ.clear()
    os.environ.update(env)
    time.tzset()
    if env.get("PYTHONFAULTHANDLER"):
        faulthandler.enable()


if __name__ == "__main__":
    _become_warm()
    sys.argv = ["anling", *_next_program(socket.socket(fileno=int(sys.argv[1])))]
    from config.main import main

    main()
