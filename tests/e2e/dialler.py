"""Senders that nobody here wrote: socat as a dialler over TCP and UDP and as the two ends of a serial line."""

import contextlib
import shutil
import subprocess
import threading
from collections.abc import Sequence
from itertools import pairwise
from pathlib import Path

from tests.e2e.rig import rest, until
from tests.need import need


def need_socat() -> None:
    need(shutil.which("socat"), "socat not found: apt install socat")


class Dialler:
    """One call: what is said goes through socat, what comes back is in `answer`. Use as a context manager."""

    def __init__(self, address: str) -> None:
        """`address` as socat writes it: `TCP:127.0.0.1:5000,nodelay`, `UDP:127.0.0.1:5001`."""
        need_socat()
        command = ["socat", "-t", "30", "-", address]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, bufsize=0
        )
        self.answer = b""
        self._reader = threading.Thread(target=self._read, daemon=True)
        self._reader.start()

    def __enter__(self) -> "Dialler":
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.wait()
        self._reader.join()
        for pipe in (self._process.stdin, self._process.stdout):
            assert pipe is not None
            with contextlib.suppress(OSError):
                pipe.close()

    def say(self, *parts: bytes, pause_s: float = 0.02) -> None:
        """Each part is a write of its own. Says nothing to a line that is gone."""
        assert self._process.stdin is not None
        with contextlib.suppress(OSError):
            for number, part in enumerate(parts):
                if number:
                    rest(pause_s)
                self._process.stdin.write(part)

    def is_over(self) -> bool:
        """Whether the other side has hung up (or nobody was there)."""
        return self._process.poll() is not None

    def wait_answer(self, within_s: float = 5.0, *, longer_than: int = 0) -> bool:
        """Whether more than so many bytes have come back in time; a line that is gone answers no more."""
        with contextlib.suppress(AssertionError):
            until("it is answered", lambda: len(self.answer) > longer_than or self.is_over(), within_s)
        return len(self.answer) > longer_than

    def _read(self) -> None:
        assert self._process.stdout is not None
        while heard := self._process.stdout.read(4096):
            self.answer += heard


class SerialLine:
    """Two pseudo-terminals joined by socat: the service opens `path`. Unplugging kills socat, both ends are gone."""

    def __init__(self, folder: Path) -> None:
        need_socat()
        self.path, self._far = folder / "ttyRADIO", folder / "ttyAIR"
        self._process: subprocess.Popen[bytes] | None = None
        self.plug()

    def __enter__(self) -> "SerialLine":
        return self

    def __exit__(self, *_: object) -> None:
        self.unplug()

    def plug(self) -> None:
        ends = [f"PTY,raw,echo=0,link={path}" for path in (self._far, self.path)]
        self._process = subprocess.Popen(["socat", *ends], stdin=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        until("both ends are there", lambda: self.path.exists() and self._far.exists())

    def unplug(self) -> None:
        assert self._process is not None
        self._process.kill()
        self._process.wait()
        # Killed, it cannot take its links away; a pulled adapter leaves none.
        for path in (self.path, self._far):
            path.unlink(missing_ok=True)

    def say(self, *parts: bytes, pause_s: float = 0.02) -> None:
        with self._far.open("wb", buffering=0) as line:
            for number, part in enumerate(parts):
                if number:
                    rest(pause_s)
                line.write(part)


def cut(data: bytes, places: Sequence[int]) -> list[bytes]:
    """The bytes in pieces that end at these places."""
    ends = [0, *sorted(set(places)), len(data)]
    return [data[start:end] for start, end in pairwise(ends) if end > start]
