"""The way from an edge to the service: one HTTPS connection, kept open, each exchange ended within its time."""

import contextlib
import http.client
import json
import socket
import ssl
import threading
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Protocol
from urllib.parse import urlsplit

PATH = "/api/v1/signals"

CONNECT_S = 5.0
EXCHANGE_S = 10.0
"""How long connecting, and a whole exchange, may take: an answer that drips in is no answer."""

ANSWER_BYTES_MAX = 1_048_576


class Unreached(Exception):
    """Nobody answered; the reason is for people."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What the service said: its status, the JSON object (empty if there was none), how long to stay away."""

    status: int
    body: Mapping[str, Any]
    retry_after_s: float = 0.0


class Link(Protocol):
    """How signals are handed to the service."""

    def post(self, body: Mapping[str, Any]) -> Answer:
        """
        One exchange, ended within its time.

        Raises:
            Unreached: there was no answer.
        """
        ...


class HttpsLink:
    """
    A `Link` to one address, used by one thread.

    Redirects are not followed: the key is for this address alone. The environment's proxies are not asked.
    """

    def __init__(self, url: str, key: str, *, ca_file: Path | None = None, exchange_s: float = EXCHANGE_S) -> None:
        """`url` is the service's address without a path of its own; `ca_file` holds certificates to trust instead."""
        parts = urlsplit(url)
        assert parts.hostname, "checked by the settings"
        self._host, self._port, self._path = parts.hostname, parts.port, parts.path.rstrip("/") + PATH
        self._context = ssl.create_default_context(cafile=str(ca_file) if ca_file else None)
        self._is_tls = parts.scheme == "https"
        self._headers = {
            "Authorization": f"Bearer {key}",
            "Content-Type": "application/json",
            "Accept": "application/json",
        }
        self._exchange_s = exchange_s
        self._connection: http.client.HTTPConnection | None = None

    def post(self, body: Mapping[str, Any]) -> Answer:
        data = json.dumps(body, separators=(",", ":")).encode("ascii")
        idle = self._connection is not None
        try:
            return self._exchange(data)
        except Unreached as lost:
            if not (idle and isinstance(lost.__cause__, ConnectionError)):
                raise
        # The other end closed a connection that was idle. To say the same again is harmless, by its numbers.
        return self._exchange(data)

    def close(self) -> None:
        connection, self._connection = self._connection, None
        if connection is not None:
            connection.close()

    def _exchange(self, data: bytes) -> Answer:
        over = threading.Event()
        limit = threading.Timer(self._exchange_s, self._break_off, (over,))
        limit.daemon = True
        limit.start()
        try:
            connection = self._connected()
            connection.request("POST", self._path, data, self._headers)
            with connection.getresponse() as response:
                return _answer(response, response.read(ANSWER_BYTES_MAX))
        except (OSError, http.client.HTTPException, ValueError) as error:
            self.close()
            reason = f"no answer within {self._exchange_s:g} s" if over.is_set() else _reason(error)
            raise Unreached(reason) from error
        finally:
            limit.cancel()

    def _connected(self) -> http.client.HTTPConnection:
        if self._connection is None:
            if self._is_tls:
                self._connection = http.client.HTTPSConnection(
                    self._host, self._port, timeout=CONNECT_S, context=self._context
                )
            else:
                self._connection = http.client.HTTPConnection(self._host, self._port, timeout=CONNECT_S)
            self._connection.connect()
            assert self._connection.sock is not None
            self._connection.sock.settimeout(self._exchange_s)
        return self._connection

    def _break_off(self, over: threading.Event) -> None:
        """Called by the timer: ends whatever read or write is under way in the other thread."""
        over.set()
        connection = self._connection
        line = connection.sock if connection is not None else None
        if line is not None:
            with contextlib.suppress(OSError):
                # The plain method on purpose: that of a TLS socket drops its state under the reading thread's feet.
                socket.socket.shutdown(line, socket.SHUT_RDWR)


def _answer(response: http.client.HTTPResponse, data: bytes) -> Answer:
    try:
        body = json.loads(data) if data else {}
    except (ValueError, RecursionError):
        body = {}
    later = response.headers.get("Retry-After") or ""
    return Answer(
        status=response.status,
        body=body if isinstance(body, dict) else {},
        retry_after_s=float(later) if later.isascii() and later.isdecimal() else 0.0,
    )


def _reason(error: Exception) -> str:
    return str(error) or type(error).__name__
