"""A clamd that speaks as clamd(8) says: INSTREAM and PING, in the form that begins with z and ends with a zero byte."""

import contextlib
import socket
import threading
from pathlib import Path

EVIL = b"X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-STANDARD-ANTIVIRUS-" + b"TEST-FILE!$H+H*"
"""The test file of eicar.org, in two pieces, so that no scanner takes this file for it."""


class Clamd:
    """
    Listens at `path`. `answer` overrides what it says to a file (None: what is in it); it keeps what it was sent, and
    says nothing while `hold` is not set.
    """

    def __init__(self, path: Path, *, most: int = 1_000_000) -> None:
        self.path = str(path)
        self.most = most
        self.answer: bytes | None = None
        self.got: list[bytes] = []
        self.asked = threading.Event()
        self.hold = threading.Event()
        self.hold.set()
        self._listener = socket.socket(socket.AF_UNIX)
        self._listener.bind(self.path)
        self._listener.listen(64)
        threading.Thread(target=self._serve, daemon=True).start()

    def _serve(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                line, _ = self._listener.accept()
                threading.Thread(target=self._talk, args=(line,), daemon=True).start()

    def _talk(self, line: socket.socket) -> None:
        with line, line.makefile("rb") as said, contextlib.suppress(OSError):
            command = b""
            while not command.endswith(b"\0"):
                command += said.read(1) or b"\0"
            answer = b"PONG" if command == b"zPING\0" else self._stream(said) if command == b"zINSTREAM\0" else b"?"
            self.asked.set()
            self.hold.wait(60)
            line.sendall(answer + b"\0")

    def _stream(self, said) -> bytes:
        content = b""
        while size := int.from_bytes(said.read(4), "big"):
            content += said.read(size)
            if len(content) > self.most:
                return b"INSTREAM size limit exceeded. ERROR"
        self.got.append(content)
        if self.answer is not None:
            return self.answer
        return b"stream: Eicar-Test-Signature FOUND" if EVIL in content else b"stream: OK"

    def close(self) -> None:
        self.hold.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
