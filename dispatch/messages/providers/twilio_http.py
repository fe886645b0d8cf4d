"""
How one request to Twilio goes over the wire: our HttpClient under Twilio's own client.

twilio-python's client has no time limit by default, keeps the last response in an attribute shared by all threads and
throws away the response headers. An `Exchange` is made for every call and shares nothing but the connections; it knows
whether the request began to leave, and it can be broken off from outside.
"""

import contextlib
import json
import logging
import socket
import threading
from typing import Any

import requests
from requests.adapters import HTTPAdapter
from twilio.http import HttpClient  # type: ignore[import-untyped]
from twilio.http.response import Response  # type: ignore[import-untyped]
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

BODY_MAX = 1_048_576
"""Bytes of an answer that are read; a page of fifty messages has about 40,000."""

_TWILIO = "https://api.twilio.com"

# Both write addresses with phone numbers in them: twilio at INFO, urllib3 at DEBUG.
logging.getLogger("twilio.http_client").setLevel(logging.WARNING)
logging.getLogger("urllib3.connectionpool").setLevel(logging.INFO)

_current = threading.local()


class Unreadable(Exception):
    """Not an error by its status, but not the JSON object it should be: a proxy's page, a redirect, half an answer."""


class BrokenOff(Exception):
    """Nobody waits for this exchange any more; raised before its request leaves."""


class Exchange(HttpClient):  # type: ignore[misc]
    """
    One call to Twilio, used by one thread, broken off by another.

    `base_url` takes the place of Twilio's address, so that every path may go to a local stand-in.
    """

    def __init__(self, session: requests.Session, *, base_url: str, connect_s: float, read_s: float) -> None:
        super().__init__(logging.getLogger("twilio.http_client"), False, None)
        self.status: int | None = None
        self.retry_after_s: float | None = None
        self._session, self._base_url, self._limits_s = session, base_url.rstrip("/"), (connect_s, read_s)
        self._lock = threading.Lock()
        self._line: socket.socket | None = None
        self._began = self._broken_off = False

    def request(
        self,
        method: str,
        uri: str,
        params: Any = None,
        data: Any = None,
        headers: Any = None,
        auth: Any = None,
        timeout: float | None = None,
        allow_redirects: bool = False,
    ) -> Response:
        """
        The answer of the server, read whole; redirects are not followed, `timeout` gives way to our own limits.

        Raises:
            requests.RequestException: the network failed.
            Unreadable: no error and no JSON object either.
            BrokenOff: too late to begin.
        """
        self.status, self.retry_after_s, self._line, self._began = None, None, None, False
        _current.exchange = self
        with self._session.request(
            method.upper(),
            uri.replace(_TWILIO, self._base_url, 1),
            params=params,
            data=data,
            headers=headers,
            auth=auth,
            timeout=self._limits_s,
            allow_redirects=False,
            stream=True,
        ) as response:
            return self._read(response)

    def begin(self, line: socket.socket) -> None:
        """The connection stands and the request is about to leave on it. Refused with `BrokenOff` when too late."""
        with self._lock:
            if self._broken_off:
                raise BrokenOff
            self._line, self._began = line, True

    def break_off(self) -> None:
        """End the exchange from another thread: a request under way fails at once, a later one never leaves."""
        with self._lock:
            self._broken_off = True
            if self._line is not None:
                _shut(self._line)

    @property
    def began(self) -> bool:
        """Whether the request began to leave: only if not, it is certain that nobody got it."""
        return self._began

    def _read(self, response: requests.Response) -> Response:
        self.status = response.status_code
        self.retry_after_s = _seconds(response.headers.get("Retry-After"))
        text = _text(response)
        with self._lock:
            self._line = None  # It goes back to the pool and may be another exchange's from now on.
        if response.status_code < 400 and not _is_object(text):
            raise Unreadable
        return Response(response.status_code, text, response.headers)


def connections(*, trust_env: bool, pool_max: int) -> requests.Session:
    """Connections kept open between exchanges. `trust_env` lets the environment name proxies and certificates."""
    session = requests.Session()
    session.trust_env = trust_env
    for scheme in ("https://", "http://"):
        session.mount(scheme, _Adapter(pool_maxsize=pool_max, max_retries=0))
    return session


def _text(response: requests.Response) -> str:
    body = bytearray()
    for chunk in response.iter_content(8192):
        body += chunk
        if len(body) > BODY_MAX:
            raise Unreadable
    return body.decode("utf-8", "replace")


def _is_object(text: str) -> bool:
    try:
        return isinstance(json.loads(text), dict)
    except (ValueError, RecursionError):
        return False


def _seconds(value: str | None) -> float | None:
    # The header may also hold a date; Twilio sends seconds.
    return float(value) if value is not None and value.strip().isdecimal() else None


def _shut(line: socket.socket) -> None:
    with contextlib.suppress(OSError):  # It may be closed already.
        # The plain method on purpose: that of a TLS socket drops its state under the feet of the reading thread.
        socket.socket.shutdown(line, socket.SHUT_RDWR)


class _Http(HTTPConnection):
    def request(self, *args: Any, **kwargs: Any) -> None:
        _announce(self)
        super().request(*args, **kwargs)


class _Https(HTTPSConnection):
    def request(self, *args: Any, **kwargs: Any) -> None:
        _announce(self)
        super().request(*args, **kwargs)


def _announce(connection: HTTPConnection) -> None:
    if connection.sock is None:
        connection.connect()
    assert connection.sock is not None
    _current.exchange.begin(connection.sock)


class _HttpPool(HTTPConnectionPool):
    ConnectionCls = _Http


class _HttpsPool(HTTPSConnectionPool):
    ConnectionCls = _Https


class _Adapter(HTTPAdapter):
    def init_poolmanager(self, *args: Any, **kwargs: Any) -> None:
        super().init_poolmanager(*args, **kwargs)
        self.poolmanager.pool_classes_by_scheme = {"http": _HttpPool, "https": _HttpsPool}

    def proxy_manager_for(self, *args: Any, **kwargs: Any) -> Any:
        manager = super().proxy_manager_for(*args, **kwargs)
        manager.pool_classes_by_scheme = {"http": _HttpPool, "https": _HttpsPool}
        return manager
