"""
Ports for programs that a test starts: nobody else's between the moment they are drawn and the moment they are bound.

A port that is bound to find out whether it is free, and let go for the program that is to have it, may be given to
somebody else meanwhile: the kernel hands out the same range to every outgoing connection and to every other test. So
these come from below that range, and each worker of the test run has a stretch of its own, through which it goes round.
"""

import contextlib
import itertools
import os
import re
import socket
from collections.abc import Iterator
from pathlib import Path

FIRST, STRETCHES = 20_000, 16
_RANGE = Path("/proc/sys/net/ipv4/ip_local_port_range")


def _stretch() -> Iterator[int]:
    """The ports of this worker, for ever; another run on the same machine begins elsewhere."""
    end = int(_RANGE.read_text().split()[0]) if _RANGE.exists() else 32_768
    size = (end - FIRST) // STRETCHES
    assert size > 100, f"outgoing connections begin at port {end}: too near to {FIRST}"
    worker = int(re.sub(r"\D", "", os.environ.get("PYTEST_XDIST_WORKER", "")) or 0) % STRETCHES
    begin = os.getpid() * 37 % size
    return (FIRST + worker * size + (begin + number) % size for number in itertools.count())


_ports = _stretch()


def free_port(host: str = "127.0.0.1") -> int:
    """One that no datagram and no connection has at the moment, nor had one that is over and not forgotten yet."""
    for port in itertools.islice(_ports, 1000):
        with (
            contextlib.suppress(OSError),
            socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as datagrams,
            socket.socket() as connections,
        ):
            datagrams.bind((host, port))
            connections.bind((host, port))
            return port
    raise AssertionError("no port is free")
