"""The kinds of line a gateway may hang on, by the scheme of their address. To add one: its file, and a line here."""

from collections.abc import Mapping
from types import MappingProxyType

from devices.ports.exec import ExecPort
from devices.ports.port import LineSettings, Port, PortBlocked, PortFactory, PortLost
from devices.ports.serial import SerialPort
from devices.ports.stdin import StdinPort

__all__ = ["PORTS", "LineSettings", "Port", "PortBlocked", "PortFactory", "PortLost", "open_port"]

PORTS: Mapping[str, PortFactory] = MappingProxyType(
    {
        "": SerialPort,
        "exec": ExecPort,
        "loop": SerialPort,
        "rfc2217": SerialPort,
        "socket": SerialPort,
        "spy": SerialPort,
        "stdin": StdinPort,
    }
)
"""What makes the port for a scheme. Without a scheme the address is a path: `/dev/ttyUSB0`, `/dev/serial/by-id/…`."""


def open_port(address: str, *, baud: int = 9600, bytesize: int = 8, parity: str = "N", stopbits: float = 1) -> Port:
    """
    The port at an address, ready for its `open()`: the line itself is not touched yet, and need not exist.

    `address` is a path, `socket://host:port`, `rfc2217://host:port`, `exec:COMMAND …` or `stdin:`; the numbers
    are those of `LineSettings`. `ValueError` says what is wrong with an address or a setting.
    """
    settings = LineSettings(baud=baud, bytesize=bytesize, parity=parity, stopbits=stopbits)
    scheme = _scheme(address)
    if not address or scheme not in PORTS:
        known = ", ".join(filter(None, sorted(PORTS)))
        raise ValueError(f"no such kind of port: {address!r}; known are a path and {known}")
    return PORTS[scheme](address, settings)


def _scheme(address: str) -> str:
    """What stands before the first colon; nothing for a path, whose names may contain colons."""
    return "" if address.startswith(("/", ".")) else address.partition(":")[0].lower() if ":" in address else ""
