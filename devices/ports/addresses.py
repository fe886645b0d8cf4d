"""Addresses on which others may call: read from what the settings say, and taken."""

import socket
from urllib.parse import urlsplit

from devices.ports.port import PortLost


def host_and_port(address: str, *, scheme: str) -> tuple[str, int]:
    """
    The two parts of `SCHEME://HOST:PORT`.

    Raises:
        ValueError: it has another form; says which one is wanted.
    """
    wanted = f"{scheme}://HOST:PORT, like {scheme}://0.0.0.0:5000"
    try:
        parts = urlsplit(address)
        port = parts.port
    except ValueError:
        raise ValueError(f"{address!r} is not {wanted}") from None
    more = parts.path.strip("/") or parts.query or parts.fragment or parts.username
    if parts.scheme.lower() != scheme or not parts.hostname or port is None or more:
        raise ValueError(f"{address!r} is not {wanted}")
    return parts.hostname, port


def bound_socket(host: str, port: int, kind: socket.SocketKind) -> socket.socket:
    """
    A socket on this address that waits for nothing; `::` hears IPv4 as well.

    Raises:
        PortLost: the name is unknown, the address is not this machine's, or somebody else has it.
    """
    try:
        family, _, _, _, where = socket.getaddrinfo(host, port, type=kind, flags=socket.AI_PASSIVE)[0]
        bound = socket.socket(family, kind)
    except OSError as error:
        raise PortLost(f"cannot listen on {host}:{port}: {error.strerror}") from error
    try:
        if kind == socket.SOCK_STREAM:
            # A service that starts again must not wait for the connections of the one before to be forgotten.
            bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        if family == socket.AF_INET6:
            bound.setsockopt(socket.IPPROTO_IPV6, socket.IPV6_V6ONLY, int(host != "::"))
        bound.setblocking(False)
        bound.bind(where)
    except OSError as error:
        bound.close()
        raise PortLost(f"cannot listen on {host}:{port}: {error.strerror}") from error
    return bound
