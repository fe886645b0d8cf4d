"""A forwarding gateway's end of its connection, for measurements: one packet there, the answer back, and how long."""

import json
import socket
import time
from typing import Any

from tests.bench.service import Service

_HEAD = """POST /api/v1/signals HTTP/1.1\r
Host: anling\r
Authorization: Bearer {key}\r
Content-Type: application/json\r
Content-Length: {length}\r
\r
"""
_LENGTH = b"content-length:"


class Handing:
    """
    Hands batches in on a connection that stays open.

    By a socket: what a client's library takes to write a request in two packets and to read the words of its answer,
    half a millisecond, is no time of the service's.
    """

    def __init__(self, service: Service) -> None:
        web = service.settings.web
        self._key = service.key
        self._line = socket.create_connection((web.host, web.port), timeout=30)
        self._line.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)

    def ask(self, batch: dict[str, Any]) -> tuple[float, dict[str, Any]]:
        """Milliseconds from the request to the last byte of its answer, and what it said; nothing but after a 200."""
        body = json.dumps(batch).encode()
        request = _HEAD.format(key=self._key, length=len(body)).encode() + body
        begun = time.monotonic()
        self._line.sendall(request)
        status, told = self._answer()
        took = (time.monotonic() - begun) * 1000
        return took, json.loads(told) if status == 200 else {}

    def close(self) -> None:
        self._line.close()

    def _answer(self) -> tuple[int, bytes]:
        got = b""
        while b"\r\n\r\n" not in got:
            got += self._more()
        head, _, body = got.partition(b"\r\n\r\n")
        length = next(int(each[len(_LENGTH) :]) for each in head.lower().split(b"\r\n") if each.startswith(_LENGTH))
        while len(body) < length:
            body += self._more()
        return int(head.split()[1]), body

    def _more(self) -> bytes:
        more = self._line.recv(65_536)
        if not more:
            raise ConnectionError("the service has hung up")
        return more
