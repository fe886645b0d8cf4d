"""The serial ports that this machine has, for whoever sets up a gateway: what each is, and by which name it stays."""

from dataclasses import dataclass
from pathlib import Path

from devices.ports.serial import comports

BY_ID, BY_PATH = Path("/dev/serial/by-id"), Path("/dev/serial/by-path")


@dataclass(frozen=True, slots=True, kw_only=True)
class FoundPort:
    """
    `device` is what the system calls it today, `stable` the name that stays the same after plugging in again (by serial
    number, or by the socket where the adapter has none), `usb` its VID:PID in hexadecimal, empty for none.
    """

    device: str
    stable: str
    usb: str
    what: str


def found_ports(by_id: Path = BY_ID, by_path: Path = BY_PATH) -> list[FoundPort]:
    """All of them, USB first: a board's own port is there on nearly every machine and used on few."""
    ports = [
        FoundPort(
            device=device, usb=usb, what=what,
            stable=_name_in(by_id, device) if serial else _name_in(by_path, device),
        )
        for device, usb, what, serial in comports()
    ]  # fmt: skip
    return sorted(ports, key=lambda each: (not each.usb, each.device))


def _name_in(folder: Path, device: str) -> str:
    """The link there that leads to this device; the device itself where there is none."""
    try:
        links = sorted(folder.iterdir())
    except OSError:
        return device
    real = Path(device).resolve()
    return next((str(link) for link in links if link.resolve() == real), device)
