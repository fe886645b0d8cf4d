"""
What the address of a broker says.

    mqtt://[USER[:PASSWORD]@]HOST[:PORT]/TOPIC/FILTER[?qos=1&client_id=…&version=5&keepalive=30]
    mqtts://…[?ca=/path/to/ca.pem]          TLS, with the system's authorities or this one
"""

import hashlib
import socket
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, unquote, urlsplit

VERSIONS = ("5", "3.1.1")
_PORTS = {"mqtt": 1883, "mqtts": 8883}


@dataclass(frozen=True, slots=True, kw_only=True)
class Broker:
    """What an address says."""

    host: str
    port: int
    tls: bool
    topic: str
    user: str = ""
    password: str = field(default="", repr=False)
    qos: int = 1
    client_id: str = ""
    version: str = "5"
    keepalive_s: int = 30
    ca: str = ""


def read_address(address: str) -> Broker:
    """
    The parts of an address. `#` is part of a topic here; a `?` in a topic is written `%3F`.

    Raises:
        ValueError: says what is wrong, without the password.
    """
    try:
        parts = urlsplit(address, allow_fragments=False)
        scheme, host, port = parts.scheme.lower(), parts.hostname, parts.port
        said = dict(parse_qsl(parts.query, strict_parsing=True)) if parts.query else {}
    except ValueError:
        raise ValueError("this is no address of a broker, like mqtt://broker:1883/zigbee2mqtt/#") from None
    topic = unquote(parts.path[1:])
    if scheme not in _PORTS or not host or not _is_filter(topic):
        raise ValueError("a broker needs a host and a topic filter, like mqtt://broker:1883/zigbee2mqtt/#")
    return Broker(
        host=host, port=port or _PORTS[scheme], tls=scheme == "mqtts", topic=topic,
        user=unquote(parts.username or ""), password=unquote(parts.password or ""), **_options(said, host, topic),
    )  # fmt: skip


def _options(said: dict[str, str], host: str, topic: str) -> dict[str, Any]:
    unknown = said.keys() - {"qos", "client_id", "version", "keepalive", "ca"}
    if unknown:
        raise ValueError(f"unknown in the address of a broker: {min(unknown)}")
    if said.get("qos", "1") not in {"0", "1"}:
        raise ValueError("qos is 0 or 1; copies are known by what they say, so 2 would give nothing")
    if said.get("version", "5") not in VERSIONS:
        raise ValueError(f"version is one of {', '.join(VERSIONS)}")
    if not said.get("keepalive", "30").isdecimal() or not 5 <= int(said.get("keepalive", "30")) <= 3600:
        raise ValueError("keepalive is 5 to 3600 seconds")
    return {
        "qos": int(said.get("qos", "1")),
        "client_id": said.get("client_id") or _own_id(host, topic),
        "version": said.get("version", "5"),
        "keepalive_s": int(said.get("keepalive", "30")),
        "ca": said.get("ca", ""),
    }


def _own_id(host: str, topic: str) -> str:
    """The same at every start on this machine, another for each machine and subscription: a session has one owner."""
    place = f"{socket.gethostname()} {host} {topic}"
    return f"anling-{hashlib.sha256(place.encode()).hexdigest()[:16]}"


def _is_filter(topic: str) -> bool:
    """Whether `#` stands alone at the end, and `+` alone in its level (MQTT 5, section 4.7.1)."""
    levels = topic.split("/")
    plain = all("+" not in level or level == "+" for level in levels)
    return (
        bool(topic)
        and "\0" not in topic
        and plain
        and all("#" not in level for level in levels[:-1])
        and ("#" not in levels[-1] or levels[-1] == "#")
    )
