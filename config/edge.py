"""
`anling gateway`: a machine next to receivers. It hears, keeps, forwards, and pages when the service cannot be reached.

    gateways ─► edge ─► spool ─► two forwarders ─► the service
                          └────► cut off? ─► pager ─► people
"""

import json
import os
import secrets
import tempfile
import threading
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from typing import Any

import structlog
from filelock import FileLock, Timeout

from config.gateways import Gateways
from config.keeper import notify
from config.logs import configure_logs
from config.options import EdgeSettings
from config.settings import Settings
from config.told import Told
from config.wiring_devices import default_silent_s
from devices.cut_off import PAGE_AFTER_S, CutOff
from devices.edge import Edge
from devices.exchange import Exchange
from devices.forwarder import Contact, Forwarder, Lost
from devices.gateway import Gateway
from devices.line import Condition
from devices.link import HttpsLink, Link, Unreached
from devices.pager import Pager
from devices.ports import HttpDoor, open_port
from devices.spool import Lane, Spool, age_s
from devices.spool_file import SpoolBroken
from dispatch.clock import Clock, SystemClock
from dispatch.errors import Misconfigured

TICK_S = 0.25
SAID_EVERY_S = 2.0
"""How often the file is written that `anling gateway --status` reads."""

LOGGED_EVERY_S = 60.0
TIDIED_EVERY_S = 600.0

STALE_S = 15.0
"""A status older than this was written by an edge that is not there any more."""

_log = structlog.get_logger()


class EdgeHouse:
    """Everything on this machine, wired, started and stopped together."""

    def __init__(
        self, settings: Settings, clock: Clock, *, links: Mapping[Lane, Link] | None = None, pager: Pager | None = None
    ) -> None:
        """`links` and `pager` take the place of those that the settings ask for."""
        said = settings.edge
        self.settings, self.clock = settings, clock
        self.stopping = threading.Event()
        self.spool = _spool(settings, clock)
        self.contact = Contact()
        self.reception = Edge(
            self.spool, clock, name=said.name,
            protocols={each.name: each.protocol for each in settings.gateways},
            stations={each.name: each.station for each in settings.gateways},
            ring=lambda lane: self.forwarders[lane].ring(),
        )  # fmt: skip
        self.gateways = _gateways(settings, Gateways(self.reception, clock, self.stopping))
        self.pager = pager or _pager(said, clock)
        self.cut_off = CutOff(self.reception, self.spool, self.contact, clock, pager=self.pager, lang=said.lang)
        self.links = links or {lane: _link(said) for lane in Lane}
        self.forwarders = {lane: self._forwarder(lane) for lane in Lane}
        self._silent_s = {each.name: each.silent_s or default_silent_s(each.port) for each in settings.gateways}
        self._due_s: dict[str, float] = {}
        self._conditions: list[Condition] = []
        self._elsewhere = False
        self._aside: Path | None = None

    def start(self) -> None:
        """Hears first: what comes is safe before anything else is tried."""
        self._tell_of_the_spool()
        for gateway in self.gateways:
            gateway.start()
        for agent in self._agents():
            agent.start()

    def tick(self) -> None:
        """Everything that is due now and then. Called a few times a second by one thread."""
        try:
            self.reception.settle()
            self.cut_off.look()
            self.spool.look()
            self._tell_changes()
            if self._is_due("tidy", TIDIED_EVERY_S):
                self.spool.tidy()
            if self._is_due("say", SAID_EVERY_S):
                _write(status_path(self.settings), self.status())
            if self._is_due("log", LOGGED_EVERY_S):
                self._log_backlog()
        except (SpoolBroken, OSError) as broken:
            if self._is_due("broken", LOGGED_EVERY_S):
                _log.error("edge_hindered", reason=str(broken))

    def is_whole(self) -> bool:
        """Whether every thread is alive; an edge with a dead one is to end and be started again."""
        return all(each.alive for each in self._agents())

    def stop(self) -> None:
        """No more hearing, then no more sending; what is left waits in the spool."""
        self.stopping.set()
        for gateway in self.gateways:
            gateway.stop()
        for each in self._agents():
            each.stop()
        try:
            self.reception.settle()
        except SpoolBroken as broken:
            _log.error("edge_hindered", reason=str(broken))
        self.spool.close()
        status_path(self.settings).unlink(missing_ok=True)

    def told(self) -> dict[str, Any]:
        """How it is, for the service: with every beat."""
        now, waiting = self.clock.look(), self.spool.waiting()
        return {
            "calls": waiting.calls,
            "news": waiting.news,
            "oldest_s": None if waiting.oldest is None else round(age_s(waiting.oldest, now), 1),
            "dropped": self.spool.dropped(),
            "elsewhere": self.spool.elsewhere,
            "pager": self.pager.state if self.pager else "none",
            "receivers": [self._receiver(gateway) for gateway in self.gateways],
        }

    def status(self) -> dict[str, Any]:
        """How it is, for people on this machine."""
        now = self.clock.look()
        return {
            "at": now.wall.isoformat(),
            "name": self.settings.edge.name,
            "silent_s": round(self.contact.silent_s(now.steady_s), 1),
            "reason": self.contact.reason,
            "cut_off": self.cut_off.silence is not None,
            **self.told(),
        }

    def _tell_changes(self) -> None:
        """A receiver that is lost, or back, is told at once and not with the next beat; so is a disk that fails."""
        self._tell_of_the_spool()
        conditions = [gateway.state.condition for gateway in self.gateways]
        if conditions != self._conditions:
            self._conditions = conditions
            self.forwarders[Lane.CALLS].beat()

    def _tell_of_the_spool(self) -> None:
        """Once for each file that was set aside, and each time it has to be kept elsewhere."""
        if self.spool.set_aside != self._aside:
            self._aside = self.spool.set_aside
            self.reception.say("set_aside", saved=self.spool.saved)
        before, self._elsewhere = self._elsewhere, self.spool.elsewhere
        if self._elsewhere and not before:
            self.reception.say("elsewhere")

    def _agents(self) -> list[Forwarder | Pager]:
        return [*self.forwarders.values(), *([self.pager] if self.pager else [])]

    def _receiver(self, gateway: Gateway | Exchange) -> dict[str, Any]:
        state, now = gateway.state, self.clock.now()
        heard = state.last_heard_at
        return {
            "name": gateway.name,
            "condition": str(state.condition),
            "since_s": max(0.0, round((now - state.since).total_seconds(), 1)),
            "heard_s": None if heard is None else max(0.0, round((now - heard).total_seconds(), 1)),
            "frames": state.frames,
            "malformed": state.tally.malformed,
            "noise_bytes": state.tally.noise_bytes,
            "waiting": state.waiting,
            "error": state.error[:300],
            "silent_s": self._silent_s[gateway.name],
        }

    def _forwarder(self, lane: Lane) -> Forwarder:
        leads = lane is Lane.CALLS
        return Forwarder(
            self.settings.edge.name, lane, self.spool, self.links[lane], self.clock,
            contact=self.contact if leads else Contact(),
            draw=lambda: secrets.randbelow(1000) / 1000,
            status=self.told if leads else None,
            protocols={each.protocol for each in self.settings.gateways} if leads else (),
            on_lost=self.cut_off.lost if leads else _not_told,
        )  # fmt: skip

    def _is_due(self, what: str, every_s: float) -> bool:
        now_s = self.clock.look().steady_s
        if now_s < self._due_s.get(what, 0.0):
            return False
        self._due_s[what] = now_s + every_s
        return True

    def _log_backlog(self) -> None:
        told = self.told()
        if told["calls"] or told["news"]:
            _log.info("edge_backlog", **{key: told[key] for key in ("calls", "news", "oldest_s", "dropped")})


def run(settings: Settings) -> int:
    """
    Hears and forwards until SIGTERM or SIGINT; the exit code.

    Raises:
        Misconfigured: the settings are not in order, or another process has this spool.
    """
    configure_logs(settings.log)
    refuse_lacking(settings)
    lock = FileLock(f"{spool_path(settings)}.lock")
    try:
        spool_path(settings).parent.mkdir(parents=True, exist_ok=True)
        lock.acquire(timeout=0)
    except Timeout:
        raise Misconfigured(
            "edge.spool", "another anling gateway keeps its spool in this file; stop it first"
        ) from None
    told = Told()
    house = EdgeHouse(settings, SystemClock())
    try:
        house.start()
        _log.info("edge_ready", name=settings.edge.name, gateways=[each.name for each in house.gateways])
        notify("READY=1")
        while not told.wait(TICK_S):
            house.tick()
            notify("WATCHDOG=1")
            if not house.is_whole():
                _log.error("edge_broken")
                return 1
    finally:
        notify("STOPPING=1")
        house.stop()
        _log.info("edge_stopped")
        lock.release()
    return 0


def refuse_lacking(settings: Settings) -> None:
    """
    What an edge cannot do without stops the start.

    Raises:
        Misconfigured: names the key and the cure.
    """
    for key, cure in settings.edge.lacking().items():
        raise Misconfigured(key, cure)
    if not settings.gateways:
        raise Misconfigured("gateways", "an edge hears gateways; add [[gateways]]")
    if settings.edge.modem:
        _open_modem(settings.edge)


def show_status(settings: Settings, *, as_json: bool) -> int:
    """Prints what a running edge last said of itself; 0 when all is well, 1 when it is not, or does not run."""
    try:
        told = json.loads(status_path(settings).read_text(encoding="utf-8"))
        age = (SystemClock().now() - datetime.fromisoformat(told["at"])).total_seconds()
    except (OSError, ValueError, KeyError):
        told, age = {}, STALE_S
    running = abs(age) < STALE_S
    troubles = _troubles(told) if running else ["anling gateway does not run here"]
    if as_json:
        print(json.dumps({**told, "running": running, "troubles": troubles}, ensure_ascii=False))
        return 1 if troubles else 0
    for key, value in told.items():
        if key != "receivers":
            print(f"{key:>12}  {value}")
    for each in told.get("receivers", ()):
        print(f"{each['name']:>12}  {each['condition']}, {each['frames']} frames {each['error']}")
    for trouble in troubles:
        print(f"✗ {trouble}")
    return 1 if troubles else 0


def retire(settings: Settings) -> int:
    """
    Tells the service that this edge is taken down on purpose, so that nobody misses it; the exit code.

    Raises:
        Misconfigured: the settings are not in order, or the service did not agree.
    """
    refuse_lacking(settings)
    said = {"gateway": settings.edge.name, "epoch": "retired", "signals": [], "status": {"retired": True}}
    try:
        answer = _link(settings.edge).post(said)
    except Unreached as lost:
        raise Misconfigured("edge.url", f"the service cannot be reached: {lost}") from None
    if answer.status != 200:
        raise Misconfigured("edge.key", f"the service answers {answer.status}")
    print(f"{settings.edge.name} is retired")
    return 0


def probe(settings: Settings) -> str:
    """What keeps this edge from forwarding, as a sentence; empty when nothing does."""
    said = {"gateway": settings.edge.name, "epoch": "probe", "signals": [], "status": {}}
    try:
        answer = _link(settings.edge).post(said)
    except Unreached as lost:
        return str(lost)
    words = {200: "", 401: "the key is not known there", 403: "the key is not for signals"}
    return words.get(answer.status, f"it answers {answer.status}: is this the address of anling?")


def spool_path(settings: Settings) -> Path:
    """The file of the spool."""
    return Path(settings.edge.spool) if settings.edge.spool else settings.home / "spool.db"


def status_path(settings: Settings) -> Path:
    """The file in which a running edge says how it is."""
    return settings.home / "edge.json"


def _troubles(told: Mapping[str, Any]) -> list[str]:
    found = []
    if told["silent_s"] >= PAGE_AFTER_S:
        found.append(f"the service was not reached for {told['silent_s']:.0f} s: {told['reason']}")
    if told["elsewhere"]:
        found.append("the spool cannot be kept on its own disk")
    if told["pager"] not in {"none", "ready", "starting"}:
        found.append(f"the pager: {told['pager']}")
    found += [
        f"{each['name']}: {each['condition']} {each['error']}".rstrip()
        for each in told["receivers"]
        if each["condition"] not in {Condition.CONNECTED, Condition.STARTING}
    ]
    return found


def _gateways(settings: Settings, made: Gateways) -> list[Gateway | Exchange]:
    found = []
    for each in settings.gateways:
        gateway, listener = made.of(each)
        if isinstance(listener, HttpDoor):
            raise Misconfigured(f"gateways.{each.name}.port", "an edge has no web server; let it post to the service")
        found.append(gateway)
    return found


def _spool(settings: Settings, clock: Clock) -> Spool:
    try:
        return Spool(
            spool_path(settings), clock, limit_bytes=settings.edge.spool_mb * 1024 * 1024, refuge=_refuge(settings)
        )  # fmt: skip
    except SpoolBroken as broken:
        raise Misconfigured("edge.spool", f"{spool_path(settings)} cannot be written: {broken}") from None


def _refuge(settings: Settings) -> Path | None:
    """A folder of our own where temporary files are; none where somebody else was there first."""
    folder = Path(tempfile.gettempdir()) / f"anling-{os.getuid()}"
    try:
        folder.mkdir(mode=0o700, exist_ok=True)
        seen = folder.lstat()
    except OSError:
        return None
    is_ours = seen.st_uid == os.getuid() and not seen.st_mode & 0o077 and folder.is_dir() and not folder.is_symlink()
    return folder / f"{settings.edge.name}.db" if is_ours else None


def _link(said: EdgeSettings) -> HttpsLink:
    try:
        return HttpsLink(said.url, said.key, ca_file=Path(said.ca_file) if said.ca_file else None)
    except OSError as error:
        raise Misconfigured("edge.ca_file", f"{said.ca_file} cannot be read: {error}") from None


def _pager(said: EdgeSettings, clock: Clock) -> Pager | None:
    return Pager(lambda: _open_modem(said), said.pages, clock) if said.modem else None


def _open_modem(said: EdgeSettings) -> Any:
    try:
        return open_port(said.modem, baud=said.modem_baud)
    except ValueError as wrong:
        raise Misconfigured("edge.modem", str(wrong)) from None


def _not_told(lost: Lost) -> None:
    """Of news that were refused the log and the record tell; nobody is woken for them."""


def _write(path: Path, told: Mapping[str, Any]) -> None:
    """Whole or not at all, for whoever reads it at that moment."""
    fresh = path.with_suffix(".fresh")
    fresh.write_text(json.dumps(told, ensure_ascii=False), encoding="utf-8")
    fresh.replace(path)
