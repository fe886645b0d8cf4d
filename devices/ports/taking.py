"""What an address takes for itself alone, so that two that cannot live together are refused before they are opened."""

import ipaddress
from dataclasses import dataclass
from pathlib import Path

from devices.ports.addresses import host_and_port
from devices.ports.mqtt_address import read_address
from devices.ports.sip_address import sip_address

ANY = frozenset({"0.0.0.0", "::"})  # noqa: S104  looked for, not listened on
"""Every interface of this machine; `::` hears IPv4 as well."""


@dataclass(frozen=True, slots=True)
class Place:
    """
    Something that only one may have: `kind` is `line`, `stdin`, `tcp`, `udp` or `broker`. `where` is a device, an
    interface or a broker with the client id, `port` the number listened on, 0 for none.
    """

    kind: str
    where: str = ""
    port: int = 0

    def meets(self, other: "Place") -> bool:
        """Whether both cannot be had at once."""
        if (self.kind, self.port) != (other.kind, other.port):
            return False
        return self.where == other.where or _covers(self.where, other.where) or _covers(other.where, self.where)


def places(address: str) -> list[Place]:
    """
    What the line or listener at this address takes; nothing for one that others may have beside it.

    Raises:
        ValueError: the address has not the form of its kind.
    """
    scheme = "" if address.startswith(("/", ".")) else address.partition(":")[0].lower() if ":" in address else ""
    if scheme in {"", "spy"}:
        device = address.partition("://")[2].partition("?")[0] if scheme else address
        # By its stable name or by its number, it is one line: links are followed.
        return [Place("line", str(Path(device).resolve()))]
    if scheme == "rfc2217":
        return [Place("line", address.lower())]
    if scheme == "stdin":
        return [Place("stdin")]
    if scheme in {"mqtt", "mqtts"}:
        broker = read_address(address)
        # Brokers hang up on whoever was there first under the same id: MQTT 3.1.1, 3.1.4-2.
        return [Place("broker", f"{broker.host}/{broker.client_id}", broker.port)]
    if scheme == "sip-listen":
        said = sip_address(address)
        return listening(said.host, said.port, *(("tcp",) if said.certificate else ("tcp", "udp")))
    if scheme in {"tcp-listen", "udp-listen"}:
        host, port = host_and_port(address, scheme=scheme)
        return listening(host, port, scheme[:3])
    return []


def listening(host: str, port: int, *kinds: str) -> list[Place]:
    """An interface and a port, for `tcp`, `udp` or both; nothing where the machine chooses the port."""
    return [Place(kind, _interface(host), port) for kind in kinds if port]


def _interface(host: str) -> str:
    try:
        return str(ipaddress.ip_address("127.0.0.1" if host.lower() == "localhost" else host))
    except ValueError:
        return host.lower()


def _covers(wide: str, narrow: str) -> bool:
    """Whether listening on the one keeps others from the other."""
    return wide in ANY and (wide == "::" or ":" not in narrow)
