"""
What `anling doctor` says of the ways of keeping others out that an installer chooses.

Each is a note: well, with what could be done. A house may have good reasons for another choice, and no service is ill
because it made one, or because time went by.
"""

from collections.abc import Iterator
from urllib.parse import urlsplit

from config.doctor_machine import Machine
from config.findings import Finding
from config.settings import Settings
from config.settings_encryption import weak
from config.wiring_scanner import scanner_of
from dispatch.clock import Clock, SystemClock


def names_below(settings: Settings) -> Iterator[Finding]:
    """What browsers that were here are told of the names below ours; only where our address is https."""
    own = urlsplit(settings.web.public_url)
    if own.scheme != "https":
        return
    told = settings.web.hsts_subdomains
    seen = f"names below {own.hostname} are {'by https alone' if told else 'reached in the clear too'}"
    cure = "" if told else "web.hsts_subdomains = true, once every name below ours is on https"
    yield Finding(name="https", well=True, seen=seen, cure=cure)


def receivers(settings: Settings) -> Iterator[Finding]:
    """Whether an address that somebody types on a page may lead anywhere."""
    hosts = settings.webhooks.hosts
    seen = "may stand on any host" if hosts is None else f"may stand on {', '.join(hosts) or 'no host'}"
    cure = 'webhooks.hosts = ["their.host.example"] lets nothing be sent elsewhere' if hosts is None else ""
    yield Finding(name="programs of others", well=True, seen=seen, cure=cure)


def logs(machine: Machine) -> Iterator[Finding]:
    """Whether the log goes to another machine, by systemd's own means; nothing is said where no systemd answers."""
    said = machine.ask(["systemctl", "show", "systemd-journal-upload", "--property=ActiveState"])
    if said is None:
        return
    away = said.strip() in {"ActiveState=active", "ActiveState=activating"}
    seen = "sent to another machine" if away else "stays on this machine, unless syslog sends it away"
    cure = "" if away else "sudo make install LOGS=https://HOST:19532 (docs/installers.md)"
    yield Finding(name="log", well=True, seen=seen, cure=cure)


def scanner(settings: Settings, clock: Clock) -> Iterator[Finding]:
    """Whether files that people bring are looked through; a silent scanner keeps every file out, which is a fault."""
    asked = scanner_of(settings, clock)
    if asked is None:
        cure = 'apt install clamav-daemon, then uploads.scanner = "/run/clamav/clamd.ctl"'
        yield Finding(name="scanner", well=True, seen="nobody looks through files that people bring", cure=cure)
        return
    wrong = asked.answers()
    cure = f"systemctl start clamav-daemon; no file is taken until {settings.uploads.scanner} answers" if wrong else ""
    yield Finding(name="scanner", well=not wrong, seen=wrong or f"{settings.uploads.scanner} answers", cure=cure)


def encryption(settings: Settings) -> Iterator[Finding]:
    """Which settings let something through a network in the clear, or by weak ciphers; where that is required, none."""
    found = sorted({".".join(map(str, place)) for place, _ in weak(settings)})
    seen = f"not approved, or in the clear: {', '.join(found)}" if found else "nothing in the clear or by weak ciphers"
    cure = "docs/security.md, Communication: a network of their own, or devices that can do more" if found else ""
    kept = "" if settings.encryption.required else "encryption.required = true keeps it so"
    yield Finding(name="encryption", well=True, seen=seen, cure=cure or kept)


def _scanner(settings: Settings) -> Iterator[Finding]:
    yield from scanner(settings, SystemClock())


def _logs(_: Settings) -> Iterator[Finding]:
    yield from logs(Machine())


LOOKS = (names_below, receivers, _logs, _scanner, encryption)
