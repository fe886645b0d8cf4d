"""
One HTTP request to a provider, with everything that must be known about it afterwards.

HTTP clients have limits on single reads only, and say "connection error" of what never left and of what was taken and
not answered. An `Exchange` is made for every call and shares nothing but the connections: it knows whether the request
began to leave, it can be broken off from another thread, and a `Caller` holds it to a hard total.
"""

import contextlib
import json
import logging
import re
import socket
import threading
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from types import MappingProxyType
from typing import Any, TypeVar

import requests
from requests.adapters import HTTPAdapter
from urllib3 import exceptions as urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from dispatch.clock import Clock, SystemClock
from dispatch.messages.providers.bulkhead import Bulkhead, Full, Overdue
from dispatch.messages.providers.provider import Blame, Outcome, Sent
from dispatch.messages.providers.their_clock import TheirClock

BODY_MAX = 1_048_576
"""Bytes of an answer that are read; a page of fifty messages has about 40,000."""

NO_CONTENT, TOO_MANY = 204, 429

RETRY_AFTER_MAX_S = 3600.0
"""Who asks for more is not believed: the circuit breaker decides, not a header."""

# It writes addresses with phone numbers in them at DEBUG.
logging.getLogger("urllib3.connectionpool").setLevel(logging.INFO)

_current = threading.local()
_NUMBER = re.compile(r"\+?\d{6,}")
_Result = TypeVar("_Result")

# What went wrong before there was a connection, as urllib3 names it inside a requests.ConnectionError.
_BEFORE_LEAVING = (
    urllib3.NewConnectionError,
    urllib3.NameResolutionError,
    urllib3.ConnectTimeoutError,
    urllib3.ProxyError,
    urllib3.SSLError,
)


class Unreadable(Exception):
    """Not an error by its status, but not the JSON object it should be: a proxy's page, a redirect, half an answer."""


class BrokenOff(Exception):
    """Nobody waits for this exchange any more; raised before its request leaves."""


FAILURES = (requests.RequestException, Unreadable, BrokenOff)
"""What may come out of an exchange for reasons of the network or of the provider."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Answered:
    """What came back: the HTTP status, the body as text, the headers, and the body as the JSON object it is."""

    status: int
    text: str
    headers: Mapping[str, str]
    said: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))


class Exchange:
    """One call to a provider, used by one thread, broken off by another."""

    def __init__(self, session: requests.Session, *, connect_s: float, read_s: float) -> None:
        """`connect_s` and `read_s` are the limits of connecting and of one read, in seconds."""
        self.status: int | None = None
        self.retry_after_s: float | None = None
        self.date: datetime | None = None
        self._session, self._limits_s = session, (connect_s, read_s)
        self._lock = threading.Lock()
        self._line: socket.socket | None = None
        self._began = self._broken_off = False

    def ask(self, method: str, url: str, *, whatever: bool = False, **more: Any) -> Answered:
        """
        The answer of the server, read whole; redirects are not followed. `more` is what `requests` takes. `whatever`
        may stand in the body: then it need not be JSON.

        Raises:
            requests.RequestException: the network failed.
            Unreadable: no error and no JSON object either.
            BrokenOff: too late to begin.
        """
        self.status, self.retry_after_s, self.date, self._line, self._began = None, None, None, None, False
        _current.exchange = self
        with self._send(method.upper(), url, **more) as response:
            return self._read(response, whatever=whatever)

    def _send(
        self, method: str, url: str, *, headers: Mapping[str, str] | None = None, **more: Any
    ) -> requests.Response:
        """
        As `Session.request` without what is for browsers (cookies, redirects, hooks), a sixth of the processor time of
        a call: the request made ready by `requests`, and sent by its adapter.
        """
        session = self._session
        request = requests.Request(method, url, headers={**session.headers, **(headers or {})}, **more).prepare()
        how = session.merge_environment_settings(str(request.url), {}, True, None, None)
        return session.get_adapter(str(request.url)).send(request, timeout=self._limits_s, **how)

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

    def _read(self, response: requests.Response, *, whatever: bool) -> Answered:
        self.status = response.status_code
        self.retry_after_s = seconds_of(response.headers.get("Retry-After"), response.headers.get("Date"))
        self.date = date_of(response.headers.get("Date"))
        text = _text(response)
        with self._lock:
            self._line = None  # It goes back to the pool and may be another exchange's from now on.
        said = {} if response.status_code == NO_CONTENT else _object(text)
        if 300 <= response.status_code < 400 or (response.status_code < 300 and said is None and not whatever):
            raise Unreadable
        return Answered(status=response.status_code, text=text, headers=response.headers, said=said or {})


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """
    How long one call to a provider may take, in seconds. `total_s` holds for everything together, `slot_wait_s` is the
    part of it spent at most waiting for one of `calls_max` places; connecting and each single read have their own.
    """

    total_s: float = 6.0
    connect_s: float = 2.0
    read_s: float = 4.0
    slot_wait_s: float = 0.5
    calls_max: int = 32
    trust_env: bool = False

    def __post_init__(self) -> None:
        assert 0 < self.slot_wait_s < self.total_s
        assert self.connect_s > 0
        assert self.read_s > 0


LIMITS = Limits()
"""What holds when nothing is said."""


class Caller:
    """
    Calls one provider: kept connections, a bounded number of calls at once, a hard total for each. `theirs` is its
    clock, as its answers tell it.
    """

    def __init__(self, name: str, limits: Limits, clock: Clock | None = None) -> None:
        """`limits.trust_env` lets the environment name a proxy and certificates; `clock` is our own."""
        self.theirs = TheirClock(clock or SystemClock())
        self._limits = limits
        self._session = connections(trust_env=limits.trust_env, pool_max=limits.calls_max)
        self._places = Bulkhead(name, calls_max=limits.calls_max, wait_s=limits.slot_wait_s)

    def exchange(self) -> Exchange:
        """A fresh one, for one call."""
        return Exchange(self._session, connect_s=self._limits.connect_s, read_s=self._limits.read_s)

    def within(self, exchange: Exchange, call: Callable[[], _Result]) -> _Result:
        """
        What `call`, which uses this exchange, gives back within the total.

        Raises:
            Full: it was never begun.
            Overdue: it has been broken off.
        """
        try:
            return self._places.run(call, total_s=self._limits.total_s)
        except Overdue:
            exchange.break_off()
            raise
        finally:
            self.theirs.told(exchange.date)

    def send(self, make: Callable[[Exchange], Answered], judge: Callable[[Answered, Exchange], Sent]) -> Sent:
        """One attempt: what `judge` makes of the answer, or what is certain when there was none. Never raises."""
        exchange = self.exchange()
        try:
            return judge(self.within(exchange, lambda: make(exchange)), exchange)
        except (Full, Overdue) as error:
            return given_up(error, exchange)
        except FAILURES as error:
            return failed(error, exchange)

    def close(self) -> None:
        """Let the kept connections and threads go."""
        self._session.close()
        self._places.close()


def given_up(error: Full | Overdue, exchange: Exchange) -> Sent:
    """What is certain of a call that found no place, or was not over in time."""
    if isinstance(error, Full):
        return Sent(outcome=Outcome.NOT_SENT, blame=Blame.PROVIDER, detail="too many calls under way")
    outcome = Outcome.UNKNOWN if exchange.began else Outcome.NOT_SENT
    return Sent(outcome=outcome, blame=Blame.PROVIDER, detail="not ended within the deadline")


def failed(error: Exception, exchange: Exchange) -> Sent:
    """What is certain of a call that ended in one of `FAILURES`."""
    outcome = Outcome.NOT_SENT if never_left(error, exchange) else Outcome.UNKNOWN
    return Sent(outcome=outcome, http_status=exchange.status, blame=Blame.PROVIDER, detail=name_of(error))


def outcome_of(status: int) -> Outcome:
    """What an error means by its HTTP status: 429 was not processed, another 4xx is a no, behind a 5xx all is open."""
    if status == TOO_MANY:
        return Outcome.NOT_SENT
    return Outcome.REFUSED if 400 <= status < 500 else Outcome.UNKNOWN


def never_left(error: Exception, exchange: Exchange) -> bool:
    """
    Two witnesses: the connection never announced that a request is leaving, and the error is of a kind that comes
    before. `requests.ConnectionError` alone is said of "refused" and of "broken after sending", and its SSL errors may
    come late.
    """
    if exchange.began or not isinstance(error, requests.RequestException):
        return False
    reason = getattr(error.args[0], "reason", None) if error.args else None
    return isinstance(error, (requests.ConnectTimeout, ValueError)) or isinstance(reason, _BEFORE_LEAVING)


def name_of(error: Exception) -> str:
    """An error for the operator: its kind and the kind of its reason, never its text, which may hold an address."""
    reason = getattr(error.args[0], "reason", None) if error.args else None
    return type(error).__name__ + (f": {type(reason).__name__}" if reason is not None else "")


def masked(text: str) -> str:
    """A provider's own words without telephone numbers, at most 200 characters."""
    return _NUMBER.sub("…", text)[:200]


def seconds_of(retry_after: str | None, now: str | None = None) -> float | None:
    """
    The header Retry-After in seconds, whether it says seconds or a date (RFC 9110, 10.2.3); None where it says neither.
    A date is measured by `now`, the header Date of the same answer, so that no clock of ours is asked.
    """
    told = (retry_after or "").strip()
    if told.isascii() and told.isdecimal():
        return min(float(told[:9]), RETRY_AFTER_MAX_S)
    try:
        left = parsedate_to_datetime(told).timestamp() - parsedate_to_datetime(now or "").timestamp()
    except (ValueError, IndexError):
        return None
    return min(max(0.0, left), RETRY_AFTER_MAX_S)


def date_of(said: str | None) -> datetime | None:
    """The header Date (RFC 9110, 6.6.1): what the clock of whoever answered says; None where it says nothing."""
    try:
        at = parsedate_to_datetime(said or "")
        return at.astimezone(UTC) if at.tzinfo else at.replace(tzinfo=UTC)
    except (ValueError, IndexError, OverflowError):
        return None


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


def _object(text: str) -> dict[str, Any] | None:
    try:
        said = json.loads(text)
    except (ValueError, RecursionError):
        return None
    return said if isinstance(said, dict) else None


def _shut(line: socket.socket) -> None:
    with contextlib.suppress(OSError):  # It may be closed already.
        # The plain method on purpose: that of a TLS socket drops its state under the feet of the reading thread.
        socket.socket.shutdown(line, socket.SHUT_RDWR)


class _Whole(HTTPConnection):
    """
    Tells the exchange that its request is about to leave, and lets it leave in one piece: head and body are one call of
    the system and one packet, where `http.client` makes two of them.
    """

    _held: list[bytes] | None = None

    def request(self, *args: Any, **kwargs: Any) -> None:
        _announce(self)
        self._held = []
        try:
            super().request(*args, **kwargs)
            request = b"".join(self._held)
        finally:
            self._held = None
        self.send(request)

    def send(self, data: Any) -> None:
        if self._held is None:
            super().send(data)
        else:
            self._held.append(data)


class _Http(_Whole):
    pass


class _Https(_Whole, HTTPSConnection):
    pass


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
