"""The kinds of line a gateway may hang on, by the scheme of their address. To add one: its file, and a line here."""

import importlib
import re
from collections.abc import Mapping
from types import MappingProxyType
from urllib.parse import quote

from devices.ports.exec import ExecPort
from devices.ports.http import HttpDoor
from devices.ports.listener import Listener, ListenerFactory, Said
from devices.ports.port import LineSettings, Port, PortBlocked, PortFactory, PortLost
from devices.ports.stdin import StdinPort
from devices.ports.tcp_listen import TcpListener
from devices.ports.udp_listen import UdpListener

__all__ = [
    "LISTENERS",
    "PORTS",
    "HttpDoor",
    "LineSettings",
    "Listener",
    "ListenerFactory",
    "Port",
    "PortBlocked",
    "PortFactory",
    "PortLost",
    "Said",
    "check_address",
    "is_broker",
    "is_listener",
    "open_listener",
    "open_port",
    "without_password",
]


def _serial(address: str, settings: LineSettings) -> Port:
    from devices.ports.serial import SerialPort

    return SerialPort(address, settings)


PORTS: Mapping[str, PortFactory] = MappingProxyType(
    {
        "": _serial,
        "exec": ExecPort,
        "loop": _serial,
        "rfc2217": _serial,
        "socket": _serial,
        "spy": _serial,
        "stdin": StdinPort,
    }
)
"""What makes the port for a scheme. Without a scheme the address is a path: `/dev/ttyUSB0`, `/dev/serial/by-id/…`."""


def _sip(address: str) -> Listener:
    # With it come the decoders, for which the settings, that only look at addresses, would wait at each start.
    from devices.ports.sip import SipListener

    return SipListener(address)


def _mqtt(address: str) -> Listener:
    # Its library costs every start a tenth of a second, which a press may be waiting for.
    made: Listener = importlib.import_module("devices.ports.mqtt").MqttListener(address)
    return made


LISTENERS: Mapping[str, ListenerFactory] = MappingProxyType(
    {
        "http": HttpDoor,
        "mqtt": _mqtt,
        "mqtts": _mqtt,
        "sip-listen": _sip,
        "tcp-listen": TcpListener,
        "udp-listen": UdpListener,
    }
)
"""What makes the port on which many talk, for a scheme."""


def is_listener(address: str) -> bool:
    """Whether many may talk at this address."""
    return _scheme(address) in LISTENERS


def is_broker(address: str) -> bool:
    """Whether one connection of ours brings what many say."""
    return LISTENERS.get(_scheme(address)) is _mqtt


def open_listener(address: str, *, password: str = "") -> Listener:
    """
    The listener at an address, ready for its `open()`; nothing is listened on yet.

    `address` is `tcp-listen://host:port`, `udp-listen://host:port`, `sip-listen://host:port`,
    `mqtt://user@broker/topic/filter` or `http:`;
    `password` is the user's, where the address does not say it. `ValueError` says what is wrong with the address.
    """
    if not is_listener(address):
        raise ValueError(f"no such kind of listener: {address!r}; known are {', '.join(sorted(LISTENERS))}")
    return LISTENERS[_scheme(address)](_with_password(address, password))


def check_address(address: str) -> None:
    """`ValueError` says what is wrong with an address of either kind, if anything is; nothing is opened."""
    if is_listener(address):
        open_listener(address)
    elif _scheme(address) not in PORTS or not address:
        known = ", ".join(filter(None, sorted([*PORTS, *LISTENERS])))
        raise ValueError(f"no such kind of port: {without_password(address)!r}; known are a path and {known}")


def without_password(address: str) -> str:
    """The address as it may be shown."""
    return _PASSWORD.sub(r"\1:***@", address)


def _with_password(address: str, password: str) -> str:
    if password and not _USER.match(address):
        raise ValueError("a password needs a user in the address, and no other password")
    return _USER.sub(rf"\1:{quote(password, safe='')}@", address) if password else address


_USER = re.compile(r"^([a-z][a-z0-9+.-]*://[^/?#:@]+)@", re.IGNORECASE)
_PASSWORD = re.compile(r"^([a-z][a-z0-9+.-]*://[^/?#:@]*):[^/]*@", re.IGNORECASE)


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
        raise ValueError(f"no such kind of port: {without_password(address)!r}; known are a path and {known}")
    return PORTS[scheme](address, settings)


def _scheme(address: str) -> str:
    """What stands before the first colon; nothing for a path, whose names may contain colons."""
    return "" if address.startswith(("/", ".")) else address.partition(":")[0].lower() if ":" in address else ""
