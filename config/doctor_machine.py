"""What `anling doctor` asks of the machine: packages, disk, clock, ports and whoever else wants them, fonts."""

import re
import shutil
import ssl
import subprocess
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path

from config.findings import Finding
from config.settings import Settings
from devices.ports.found import FoundPort, found_ports
from dispatch.clock import Clock, SystemClock

ROOT = Path(__file__).parents[1]
ASK_S = 2.0
SYNC_SLOW_MS = 200.0
"""A press is acknowledged after one or two of these; PROMISES wants it durable within 300 ms."""

LOCK_DAYS = 90
"""docs/security.md, "Mending": so old may the list of parts be, since nothing in it was newer when it was made."""

TLS_AHEAD_DAYS = 30
SERIAL_CHIPS = frozenset({"0403", "10c4", "1a86", "067b", "2341"})
"""Vendors of the serial chips that radio receivers have; those of config/udev/70-anling.rules."""

CH340 = ("1a86", "7523")
PANGO = "apt install libpango-1.0-0 libpangoft2-1.0-0"


def ask(command: Sequence[str]) -> str | None:
    """What a program prints; None where it is not there, fails or takes too long."""
    program = shutil.which(command[0])
    if program is None:
        return None
    try:
        done = subprocess.run(  # noqa: S603  fixed words
            [program, *command[1:]], capture_output=True, text=True, timeout=ASK_S, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        return None
    return done.stdout if done.returncode == 0 else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Machine:
    """The machine as far as it is asked; a test brings another one."""

    ask: Callable[[Sequence[str]], str | None] = ask
    ports: Callable[[], Sequence[FoundPort]] = found_ports
    installed: Callable[[str], str] = version
    clock: Clock = field(default_factory=SystemClock)
    proc: Path = Path("/proc")
    usb: Path = Path("/sys/bus/usb/devices")
    rules: Path = Path("/etc/udev/rules.d")
    lock: Path = ROOT / "requirements.lock"


def packages(machine: Machine) -> Iterator[Finding]:
    """Whether what is installed is what was locked and tried."""
    if not machine.lock.is_file():
        return
    wanted = defaultdict[str, set[str]](set)
    # Of some there are two, each for other Pythons.
    for name, pinned in re.findall(r"^([A-Za-z0-9_.-]+)==([^\s;\\]+)", machine.lock.read_text(encoding="utf-8"), re.M):
        wanted[name].add(pinned)
    other = [f"{name} {seen or 'missing'}" for name, any_of in wanted.items()
             if (seen := _seen(machine, name)) not in any_of]  # fmt: skip
    # Some are for other systems or Pythons only; what is there must be as locked.
    wrong = [each for each in other if not each.endswith(" missing")]
    seen = f"{len(wanted) - len(other)} packages as locked" if not wrong else f"not as locked: {', '.join(wrong[:5])}"
    yield Finding(name="packages", well=not wrong, seen=seen, cure="sh ./demo --set-up run" if wrong else "")


def parts(machine: Machine) -> Iterator[Finding]:
    """
    Whether the parts of this release are newer than the time within which all holes are to be mended.

    A note and no fault: time alone makes no service ill, and whether there is a hole is known outside only.
    """
    if not machine.lock.is_file():
        return
    dated = re.match(r"# resolved (\d{4}-\d\d-\d\d)\n", machine.lock.read_text(encoding="utf-8"))
    days = (machine.clock.now().date() - date.fromisoformat(dated[1])).days if dated else None
    late = days is None or days > LOCK_DAYS
    seen = "nobody wrote down when they were the newest" if days is None else f"they were the newest {days} days ago"
    cure = f"after {LOCK_DAYS} days: install a newer anling; `make advisories` names known holes" if late else ""
    yield Finding(name="parts", well=True, seen=seen, cure=cure)


def _seen(machine: Machine, name: str) -> str:
    try:
        return machine.installed(name)
    except PackageNotFoundError:
        return ""


def write_through(settings: Settings, machine: Machine) -> Iterator[Finding]:
    """How long the disk takes until something is really on it."""
    if not settings.home.is_dir():
        return
    probe = settings.home / ".doctor"
    took_ms = []
    try:
        with probe.open("wb") as file:
            for _ in range(5):
                began = machine.clock.look().steady_s
                file.write(b"x" * 4096)
                file.flush()
                _sync(file.fileno())
                took_ms.append((machine.clock.look().steady_s - began) * 1000)
    finally:
        probe.unlink(missing_ok=True)
    median = sorted(took_ms)[len(took_ms) // 2]
    well = median <= SYNC_SLOW_MS
    cure = "" if well else "a press waits for this: another disk, best an SSD with power-loss protection"
    yield Finding(name="write-through", well=well, seen=f"{median:.1f} ms until it is on the disk", cure=cure)


def _sync(number: int) -> None:
    import os

    os.fsync(number)


def synchronised(machine: Machine) -> Iterator[Finding]:
    """Whether somebody keeps the clock right."""
    said = machine.ask(["timedatectl", "show", "--property=NTPSynchronized", "--property=Timezone"])
    facts = dict(line.split("=", 1) for line in (said or "").splitlines() if "=" in line)
    if "NTPSynchronized" not in facts:
        yield Finding(name="clock set by", well=True, seen="not known here: timedatectl does not answer")
        return
    well = facts["NTPSynchronized"] == "yes"
    seen = f"{'synchronised' if well else 'nobody'}, zone {facts.get('Timezone', '?')}"
    yield Finding(name="clock set by", well=well, seen=seen, cure="" if well else "timedatectl set-ntp true")


def serial_ports(machine: Machine) -> Iterator[Finding]:
    """What could be a gateway, by the name that stays."""
    ports = [each for each in machine.ports() if each.usb]
    seen = "; ".join(f"{each.stable} {each.usb} {each.what}".strip() for each in ports) or "no USB adapter"
    yield Finding(name="ports", well=True, seen=seen)


def modem_manager(settings: Settings, machine: Machine) -> Iterator[Finding]:
    """Whether somebody would send AT commands into a line that brings calls for help."""
    if not _serial_lines(settings) or not _running(machine.proc, "ModemManager"):
        return
    told = any("ID_MM_DEVICE_IGNORE" in _read(each) for each in _listed(machine.rules))
    cure = "" if told else "cp config/udev/70-anling.rules /etc/udev/rules.d/; udevadm control --reload; plug in again"
    seen = "runs, and is told to leave our adapters alone" if told else "runs, and tries every adapter"
    yield Finding(name="ModemManager", well=told, seen=seen, cure=cure)


def brltty(machine: Machine) -> Iterator[Finding]:
    """Whether a CH340 is plugged in whose port has vanished, as brltty before 6.5 makes it."""
    ids = {(_read(each / "idVendor").strip(), _read(each / "idProduct").strip()) for each in _listed(machine.usb)}
    if CH340 not in ids:
        return
    vanished = not any(each.usb == ":".join(CH340) for each in machine.ports())
    cure = "apt remove brltty, or systemctl mask --now brltty-udev.service; then plug in again" if vanished else ""
    seen = "a CH340 is plugged in and has no port" if vanished else "the CH340 has its port"
    yield Finding(name="brltty", well=not vanished, seen=seen, cure=cure)


def second_process(settings: Settings, machine: Machine, *, own: frozenset[int]) -> Iterator[Finding]:
    """Who else has a gateway's line open, as far as this user may see; `own` are the processes of the service."""
    for each in _serial_lines(settings):
        others = sorted(_holders(machine.proc, Path(each).resolve()) - own)
        if others:
            names = ", ".join(f"{_read(machine.proc / str(pid) / 'comm').strip()} ({pid})" for pid in others)
            yield Finding(name=f"port {each}", well=False, seen=f"open in {names} too", cure=f"stop {names}")


def fonts(machine: Machine) -> Iterator[Finding]:
    """Whether printed pages can show Chinese."""
    said = machine.ask(["fc-list", ":lang=zh", "family"])
    if said is None:
        return
    well = bool(said.strip())
    seen = f"{len(said.splitlines())} Chinese fonts" if well else "none that knows Chinese"
    yield Finding(name="fonts", well=well, seen=seen, cure="" if well else "apt install fonts-noto-cjk")


def pdf(*, possible: bool) -> Iterator[Finding]:
    """Whether reports and duty sheets can be had as PDF; without it people print from the browser."""
    seen = "can be made" if possible else "cannot be made; people print from the browser"
    yield Finding(name="PDF", well=True, seen=seen, cure="" if possible else PANGO)


def certificates(settings: Settings, machine: Machine) -> Iterator[Finding]:
    """How long the certificates of our own listeners are good for; a proxy in front looks after its own."""
    for each in settings.gateways:
        found = re.search(r"[?&]tls=([^&]+)", each.port)
        if found is None:
            continue
        name = f"certificate {each.name}"
        try:
            ends_at = _ends_at(Path(found[1]))
        except (OSError, ssl.SSLError, ValueError) as error:
            yield Finding(name=name, well=False, seen=f"{found[1]}: {error}", cure="name a certificate in PEM")
            continue
        days = (ends_at - machine.clock.now()).days
        well = days >= TLS_AHEAD_DAYS
        yield Finding(
            name=name, well=well, seen=f"good for {days} days", cure="" if well else f"renew {found[1]}; restart"
        )


def _ends_at(path: Path) -> datetime:
    """When the first certificate of a PEM file ends."""
    from config.backup.seal import certificate_ends_at

    return certificate_ends_at(path.read_bytes())


# ------------------------------------------------------------------------------------------------ asked of the system


def _serial_lines(settings: Settings) -> list[str]:
    return [each.port for each in settings.gateways if each.port.startswith("/dev/")]


def _running(proc: Path, name: str) -> bool:
    return any(_read(each / "comm").strip() == name for each in _listed(proc) if each.name.isdecimal())


def _holders(proc: Path, device: Path) -> set[int]:
    """The processes that have this file open."""
    found = set()
    for each in (entry for entry in _listed(proc) if entry.name.isdecimal()):
        if any(_target(link) == str(device) for link in _listed(each / "fd")):
            found.add(int(each.name))
    return found


def _target(link: Path) -> str:
    try:
        return str(link.readlink())
    except OSError:
        return ""


def _listed(folder: Path) -> list[Path]:
    try:
        return sorted(folder.iterdir())
    except OSError:
        return []


def _read(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8", errors="replace")[:4096]
    except OSError:
        return ""
