"""Boards that watch, many in one thread: what the board's script does about its stream, and no more."""

import random
import re
import selectors
import socket
import threading
import time
from collections.abc import Sequence

LOOK_AGAIN_S = (12.0, 18.0)
"""As `live.js`: so often, each time another, a board asks whether what it shows is still so."""

APART_S = 0.3
"""As `live.js`: no more than three snapshots a second from one board."""

_ROW = re.compile(rb"row-([0-9a-f-]{32,36})")
_CHANGE = re.compile(rb'event: board\ndata: \{"scope": "[^"]*", "from": "([^"]*)", "to": "([^"]*)"')


class Watchers:
    """`seen` is for each of them when it first had the row of an alarm, by id."""

    def __init__(self, host: str, port: int, cookie: str, chosen: Sequence[str | None]) -> None:
        self._address, self._cookie = (host, port), cookie
        self._selector = selectors.DefaultSelector()
        self._over = threading.Event()
        self._all = [_Board(self, each, number) for number, each in enumerate(chosen)]
        self.asked = self.same = 0
        self.failures: list[str] = []
        self._thread = threading.Thread(target=self._run, daemon=True)

    @property
    def seen(self) -> list[dict[str, float]]:
        return [each.seen for each in self._all]

    def start(self) -> None:
        for each in self._all:
            each.begin()
        self._thread.start()

    def stop(self) -> None:
        self._over.set()
        self._thread.join()
        for each in self._all:
            each.close()

    def _run(self) -> None:
        while not self._over.is_set():
            for key, _ in self._selector.select(0.02):
                key.data()
            now = time.monotonic()
            for each in self._all:
                each.ask_if_due(now)

    def line(self, read) -> socket.socket:
        """A connection whose bytes `read` takes."""
        line = socket.create_connection(self._address)
        line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        self._selector.register(line, selectors.EVENT_READ, read)
        return line

    def leave(self, line: socket.socket) -> None:
        self._selector.unregister(line)
        line.close()

    def request(self, path: str, more: str = "") -> bytes:
        return f"GET {path} HTTP/1.1\r\nHost: {self._address[0]}\r\nCookie: {self._cookie}\r\n{more}\r\n".encode()


class _Board:
    """One of them: its stream, and the snapshot when it must."""

    def __init__(self, watchers: Watchers, chosen: str | None, number: int) -> None:
        self._watchers = watchers
        self._path = f"/board/live?alarm={chosen}" if chosen else "/board/live"
        self._version = self._tag = ""
        self._told, self._answer, self._is_busy = b"", b"", False
        self._asked_s, self._due_s = 0.0, time.monotonic() + number * APART_S / 10
        self.seen: dict[str, float] = {}

    def begin(self) -> None:
        self._stream = self._watchers.line(self._hear)
        self._line = self._watchers.line(self._read)
        self._stream.sendall(self._watchers.request("/api/v1/stream?board=1"))

    def close(self) -> None:
        self._stream.close()
        self._line.close()

    def _hear(self) -> None:
        piece = _taken(self._stream, 1 << 16)
        if not piece:
            self._watchers.leave(self._stream)
            self._watchers.failures.append("stream ended")
            return
        self._told += piece
        whole, _, self._told = self._told.rpartition(b"\n\n")
        for event in whole.split(b"\n\n"):
            change = _CHANGE.search(event)
            if change:
                self._apply(event, *(each.decode() for each in change.groups()))

    def _apply(self, event: bytes, before: str, after: str) -> None:
        if self._version == before or (before == after and self._version):
            self._note(event)
            self._version = after if self._version == before else self._version
        elif self._version != after:
            self._due_s = min(self._due_s, max(time.monotonic(), self._asked_s + APART_S))

    def _note(self, told: bytes) -> None:
        now = time.time()
        for id_ in set(_ROW.findall(told)):
            self.seen.setdefault(id_.decode(), now)

    def ask_if_due(self, now_s: float) -> None:
        if self._is_busy or now_s < self._due_s:
            return
        self._is_busy, self._answer = True, b""
        self._asked_s, self._due_s = now_s, now_s + random.uniform(*LOOK_AGAIN_S)
        shown = f'If-None-Match: "{self._version}.{self._tag}"\r\n' if self._version else ""
        self._line.sendall(self._watchers.request(self._path, shown))
        self._watchers.asked += 1

    def _read(self) -> None:
        piece = _taken(self._line, 1 << 18)
        if not piece:
            # A browser takes a fresh connection, too.
            self._watchers.leave(self._line)
            self._line = self._watchers.line(self._read)
            return
        self._answer += piece
        head, found, body = self._answer.partition(b"\r\n\r\n")
        if not found:
            return
        length = re.search(rb"(?i)content-length: *(\d+)", head)
        if len(body) < (int(length[1]) if length else 0):
            return
        self._is_busy = False
        self._take(head, body)

    def _take(self, head: bytes, body: bytes) -> None:
        status = head.split(b" ", 2)[1]
        if status == b"304":
            self._watchers.same += 1
        elif status != b"200":
            self._watchers.failures.append(f"snapshot {status.decode()}")
        else:
            self._note(body)
            tag = re.search(rb'(?i)etag: *"([^"]*)"', head)
            self._version, _, self._tag = tag[1].decode().partition(".") if tag else ("", "", "")


def _taken(line: socket.socket, most: int) -> bytes:
    """What has come; nothing where the other end hung up, however it did."""
    try:
        return line.recv(most)
    except ConnectionError:
        return b""
