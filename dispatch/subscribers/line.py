"""
One POST to somebody else's address, with everything that such an address may do to us kept out.

```
  name ──► listed? ──► resolved once ──► every address public? ──► connected to that very address ──► POST ──► status
                                               │ no: Refused                      │ 5 s in all, then the line is shut
```

The name is resolved once and the connection goes to what was looked at, so that a name which changes between the two
(DNS rebinding) leads nowhere. Redirects are answers like any other and are not followed; proxies of the environment are
not asked; of an answer at most 64 kB are read.
"""

import contextlib
import http.client
import ipaddress
import json
import socket
import ssl
import threading
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from urllib.parse import urlsplit

from dispatch.clock import Clock
from dispatch.errors import Invalid

TOTAL_S = 5.0
"""Seconds for everything together: name, connection, request, answer."""

BODY_MAX = 65_536
PARALLEL_MAX = 4
URL_MAX = 500

Address = tuple[int, tuple[str, int]]
"""The family, and the host's number with the port."""

Resolve = Callable[[str, int], list[Address]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """What became of one try: `status` is None where no answer came, `error` a code of why; both None is no result."""

    status: int | None
    error: str | None
    took_ms: int

    @property
    def taken(self) -> bool:
        return self.error is None


def resolve(host: str, port: int) -> list[Address]:
    """What the machine's resolver says."""
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return [(each[0], (str(each[4][0]), port)) for each in found]


def is_public(number: str) -> bool:
    """
    Whether this address is one of the open net: not ours, not the neighbours', not a cloud's metadata service.

    IANA's registries of special addresses, as `ipaddress` has them; an address that carries another one inside
    (IPv4-mapped, 6to4, Teredo, NAT64) counts as what it carries.
    """
    address = ipaddress.ip_address(number.partition("%")[0])
    if isinstance(address, ipaddress.IPv6Address):
        inner = address.ipv4_mapped or address.sixtofour or (address.teredo and address.teredo[1])
        if address in _NAT64:
            inner = ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
        if inner:
            return is_public(str(inner))
    return address.is_global and not address.is_multicast


_NAT64 = ipaddress.ip_network("64:ff9b::/96")


def is_listed(host: str, hosts: Collection[str] | None) -> bool:
    """
    Whether the settings let anything be sent to this host, by its name alone.

    `hosts` are names in small letters, one with a dot in front meaning all below it; None lets every name through.
    """
    return hosts is None or host in hosts or any(each.startswith(".") and host.endswith(each) for each in hosts)


def refuse_odd(url: str, *, private: bool, hosts: Collection[str] | None = None) -> None:
    """
    Whether something may be sent there at all, before any name is asked for.

    Raises:
        Invalid: no address of the web, with a name and password in it, plain http where only https may be, or a host
            that the settings do not name.
    """
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise _odd("This is no address of the web.") from None
    if parts.scheme not in {"http", "https"} or not parts.hostname or port == 0 or len(url) > URL_MAX:
        raise _odd("This is no address of the web.")
    if not url.isascii() or not url.isprintable() or " " in url:
        raise _odd("This is no address of the web.")
    if parts.username is not None or parts.fragment:
        raise _odd("Leave out names, passwords and fragments.")
    if parts.scheme == "http" and not private:
        raise _odd("Only https leaves this network.")
    with contextlib.suppress(ValueError):
        if not private and not is_public(parts.hostname):
            raise _odd("This address lies inside a network of its own; webhooks.private_addresses would allow it.")
    if not is_listed(parts.hostname, hosts):
        raise _odd("This host is not among those that the settings let anything be sent to: webhooks.hosts.")


def _odd(detail: str) -> Invalid:
    return Invalid(detail, {"json": {"url": [detail]}})


class Line:
    """
    Posts. `private` lets it go to addresses of the own network, for receivers that stand beside the service; `hosts`
    are the only names it may go to, whoever entered an address and when.
    """

    def __init__(
        self, clock: Clock, *, private: bool, hosts: Collection[str] | None = None, resolve: Resolve = resolve,
        trust: ssl.SSLContext | None = None, total_s: float = TOTAL_S,
    ) -> None:  # fmt: skip
        self.private = private
        self._hosts = hosts
        self._clock = clock
        self._resolve = resolve
        self._trust = trust or ssl.create_default_context()
        self._total_s = total_s

    def post(self, url: str, headers: Mapping[str, str], body: bytes, *, robot: bool = False) -> Result:
        """
        One try; never raises for what the receiver or the network does.

        `robot` reads the answer of a group robot, which says 200 and its real no as `errcode`.
        """
        began = self._clock.look().steady_s
        status: int | None = None
        try:
            status, answer = self._exchange(url, headers, body)
            error = _no_of(status, answer, robot=robot)
        except _Refused as refused:
            error = str(refused)
        except TimeoutError:
            error = "timeout"
        except ssl.SSLError:
            error = "tls"
        except socket.gaierror:
            error = "no_such_host"
        except (OSError, http.client.HTTPException, ValueError):
            error = "no_connection"
        took_s = self._clock.look().steady_s - began
        if error == "no_connection" and took_s >= self._total_s:
            error = "timeout"
        return Result(status=status, error=error, took_ms=round(took_s * 1000))

    def _exchange(self, url: str, headers: Mapping[str, str], body: bytes) -> tuple[int, bytes]:
        parts = urlsplit(url)
        host, secure = parts.hostname or "", parts.scheme == "https"
        where = self._allowed(host, parts.port or (443 if secure else 80))
        end = _End(self._total_s)
        try:
            line = end.of(socket.create_connection(where[1], timeout=self._total_s))
            if secure:
                line = end.of(self._trust.wrap_socket(line, server_hostname=host))
            connection = http.client.HTTPConnection(host, parts.port, timeout=self._total_s)
            connection.sock = line
            target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
            connection.request("POST", target, body=body, headers={"Host": parts.netloc, **headers})
            response = connection.getresponse()
            answer = response.read(BODY_MAX)
            # A line that was shut looks like an answer that has ended.
            if end.came:
                raise TimeoutError
            return response.status, answer
        finally:
            end.over()

    def _allowed(self, host: str, port: int) -> Address:
        if not is_listed(host, self._hosts):
            raise _Refused("host_not_listed")
        found = self._resolve(host, port)
        if not found:
            raise socket.gaierror
        if not self.private and not all(is_public(each[1][0]) for each in found):
            raise _Refused("address_refused")
        return found[0]


class _Refused(Exception):
    """The name leads into our own network, or is none that the settings name; its text is the code of why."""


class _End:
    """Shuts a line when its time is over, whatever it is doing: limits on single reads let a slow one go on."""

    def __init__(self, seconds: float) -> None:
        self._line: socket.socket | None = None
        self.came = False
        self._timer = threading.Timer(seconds, self._shut)
        self._timer.daemon = True
        self._timer.start()

    def of(self, line: socket.socket) -> socket.socket:
        self._line = line
        return line

    def over(self) -> None:
        self._timer.cancel()
        if self._line is not None:
            self._line.close()

    def _shut(self) -> None:
        self.came = True
        if self._line is not None:
            with contextlib.suppress(OSError):
                socket.socket.shutdown(self._line, socket.SHUT_RDWR)


def _no_of(status: int, answer: bytes, *, robot: bool) -> str | None:
    """Why an answer is a no; only 2xx is a yes (Standard Webhooks 1.1)."""
    if not 200 <= status < 300:
        return "redirect" if 300 <= status < 400 else f"status_{status}"
    if robot:
        try:
            said = json.loads(answer)
            code = said.get("errcode", 0) if isinstance(said, dict) else 0
        except ValueError:
            return "robot_unreadable"
        return None if code == 0 else f"robot_{str(code)[:10]}"
    return None
