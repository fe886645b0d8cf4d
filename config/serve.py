"""
`anling serve`: one process, its roles in threads, stopped by SIGTERM.

The engine starts before the pages do, so that what was pending leaves at once.
"""

import gc
import os
import signal
import sys
import threading
from collections.abc import Callable
from pathlib import Path
from types import FrameType
from typing import Any

import structlog
import waitress.server  # type: ignore[import-untyped]
from waitress import wasyncore

from config.admin import AdminSocket
from config.answering import answer_in_one
from config.databases import Ownership, newest, revision_of, sqlite_version
from config.dispatching import Dispatching
from config.keeper import Keeper, notify
from config.logs import configure_logs
from config.refusals import refuse_lacking, refuse_unknown_stations
from config.secret import secret_key
from config.settings import Settings, systemd_watchdog_s
from config.wiring import ROLES, House, build
from dispatch.clock import SystemClock
from dispatch.errors import Misconfigured
from dispatch.ids import new_id
from dispatch.store.database import is_sqlite
from dispatch.store.log_ready import look_once
from dispatch.store.prepared import make_all_ready
from dispatch.web.warming import make_pages_ready

log = structlog.get_logger()

SWITCH_S = 0.0005
CONNECTIONS_MAX = 500
"""Open connections at most; waitress's own hundred is taken up by fifty boards with two each, and no hook gets in."""

LOOK_S = 0.25
"""How often a process looks whether it was told to end."""


def run(settings: Settings, roles: str, *, file: Path | None = None) -> int:
    """
    Serves until SIGTERM or SIGINT; the exit code. `file` is the installer's settings file, for the setup wizard.

    Raises:
        Misconfigured: the settings, the roles or the database are not in order, or somebody else owns the database.
    """
    chosen = read_roles(roles, alone=is_sqlite(settings.database_url))
    # A press makes some twenty calls into SQLite and gives up the interpreter at each; with Python's own 5 ms it waited
    # that long behind every busy thread. Measured amid a storm of life signs: 72 ms became 10 ms at the median.
    sys.setswitchinterval(SWITCH_S)
    configure_logs(settings.log)
    refuse_lacking(settings)
    owner = Ownership(settings)
    if not owner.take():
        raise Misconfigured(
            "database_url", "another anling process owns this database; stop it first, or use PostgreSQL"
        )
    told = Told()
    if revision_of(settings) not in {None, newest()}:
        # Loaded only where the tables are old: a start waits for nothing that it does not need.
        from config.backup.upgrading import keep_before_upgrade

        keep_before_upgrade(settings)
    serving = Serving(settings, file=file, restart=told.begin_anew, anew=lambda: told.anew)
    try:
        serving.start(chosen)
        keeper = Keeper(systemd_watchdog_s(), stuck_s=serving.house.stuck_s, status=serving.house.status)
        while not told.wait(keeper.every_s):
            keeper.turn()
    finally:
        serving.stop()
        owner.release()
    if told.anew:
        begin_anew()
    return 0


def read_roles(roles: str, *, alone: bool) -> frozenset[str]:
    """
    The roles as said on the command line.

    Raises:
        Misconfigured: one is unknown, or SQLite is to be shared.
    """
    chosen = frozenset(role.strip() for role in roles.split(",") if role.strip())
    unknown = chosen - set(ROLES)
    if unknown or not chosen:
        raise Misconfigured("--roles", f"roles are {', '.join(ROLES)}")
    if alone and not chosen >= {"web", "engine", "gateway"}:
        raise Misconfigured("--roles", "SQLite is owned by one process with all roles; splitting them needs PostgreSQL")
    return chosen


def begin_anew() -> None:
    """This process becomes a fresh one with the same command; systemd sees it reload and stay."""
    log.info("service_begins_anew")
    os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606  our own command line


class Serving:
    """A house with its pages, listening."""

    def __init__(
        self, settings: Settings, *, demo: Any = None, file: Path | None = None,
        restart: Callable[[], None] | None = None, anew: Callable[[], bool] = lambda: False,
    ) -> None:  # fmt: skip
        """`demo` are the controls of the demo's page, None in earnest; `restart` lets the setup wizard begin anew."""
        self._settings = settings
        self._file = file
        self._restart = restart
        self._anew = anew
        self._demo = demo
        self._pages: Any = None
        self._app: Any = None
        self.house: House = build(settings, SystemClock(), new_id)
        self._server: Any = None
        self._closing = threading.Event()
        self._admin: AdminSocket | None = None
        self._thread: threading.Thread | None = None

    @property
    def _parting(self) -> str:
        """systemd counts a process that says it stops as gone; one that begins anew only loads its settings again."""
        if not self._anew():
            return "STOPPING=1"
        return f"RELOADING=1\nMONOTONIC_USEC={round(SystemClock().look().steady_s * 1_000_000)}"

    @property
    def port(self) -> int:
        """The port listened on, once started."""
        return int(self._server.effective_port)

    def start(self, roles: frozenset[str]) -> None:
        self._settings.home.mkdir(parents=True, exist_ok=True)
        refuse_unknown_stations(self._settings, self.house.reading)
        self.house.start(roles)
        self._listen_for_commands()
        if "web" in roles:
            self._serve()
        version, safe = sqlite_version()
        log.info(
            "service_ready", roles=sorted(roles), address=self._settings.web.base_url, sqlite=version, sqlite_safe=safe
        )
        # Before anybody answers: what it takes would otherwise fall into the first alarm.
        self.house.answers.learn()
        make_all_ready(self.house.writing.dialect)
        if self._app is not None:
            make_pages_ready(self._app)
            look_once(self.house.reading, self.house.calendar.day_of(self.house.clock.now()))
        # What is here now stays: looked through each time, it would stop every thread for a tenth of a second and more.
        gc.freeze()
        gc.enable()
        notify("READY=1")

    def stop(self) -> None:
        notify(self._parting)
        if self._admin is not None:
            self._admin.stop()
        if self._pages is not None:
            self._pages.stop()
            self._hang_up()
            self._pages.reads.close()
        self.house.stop()
        log.info("service_stopped")

    def _listen_for_commands(self) -> None:
        from config.commands import commands_of

        self._admin = AdminSocket(self._settings.home, commands_of(self.house))
        self._admin.start()

    def _hang_up(self) -> None:
        """Where the port could not be had, there are pages and no server; that mistake is the one to be told."""
        self._closing.set()
        if self._thread is not None:
            self._server.pull_trigger()
            self._thread.join()

    def _serve(self) -> None:
        from config.pages import Pages

        self._pages = Pages(self.house, file=self._file, restart=self._restart)
        self._app = self._pages.app(secret_key=secret_key(self._settings.home), demo=self._demo)
        self._server = self._listening(self._app)
        self._thread = threading.Thread(target=self._answer, name="web", daemon=True)
        self._thread.start()

    def _listening(self, app: Any) -> Any:
        try:
            return answer_in_one(self._created(app))
        except (OSError, ValueError) as failure:
            at = f"{self._settings.web.host}:{self._settings.web.port}"
            cure = "Stop what listens there, or choose another address."
            raise Misconfigured(
                "web.listen", f"{at} cannot be listened on: {str(failure).rstrip('.')}. {cure}"
            ) from None

    def _created(self, app: Any) -> Any:
        return waitress.server.create_server(
            app,
            host=self._settings.web.host,
            port=self._settings.web.port,
            threads=self._settings.web.threads,
            _dispatcher=Dispatching(self._settings.web.threads),
            connection_limit=CONNECTIONS_MAX,
            channel_timeout=60,
            ident=None,
            clear_untrusted_proxy_headers=True,
            **_proxy(self._settings.web.trusted_proxy),
        )

    def _answer(self) -> None:
        """The web server's loop; it ends in its own thread, because a socket closed under a select is a crash."""
        while not self._closing.is_set():
            wasyncore.loop(timeout=LOOK_S, map=self._server._map, count=1)
        self._server.task_dispatcher.shutdown()
        wasyncore.close_all(self._server._map)


def _proxy(trusted: str) -> dict[str, Any]:
    """Behind a proxy the caller's own address comes from the proxy's headers, and from no others."""
    if not trusted:
        return {}
    return {
        "trusted_proxy": trusted,
        "trusted_proxy_count": 1,
        "trusted_proxy_headers": {"x-forwarded-for", "x-forwarded-proto"},
    }


class Told:
    """
    Whether somebody has told this process to end.

    The handler only sets a plain flag: an Event takes a lock in `set` that the interrupted `wait` may hold, and a
    signal can come between its last look and its sleep. So the flag is looked at twice a second.
    """

    def __init__(self) -> None:
        self._told = False
        self.anew = False
        self._pause = threading.Event()
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._tell)

    def wait(self, limit_s: float | None = None) -> bool:
        """Returns True once told to end, or False when the time is over."""
        waited_s = 0.0
        while not self._told and (limit_s is None or waited_s < limit_s):
            self._pause.wait(LOOK_S)
            waited_s += LOOK_S
        return self._told

    def begin_anew(self) -> None:
        """Ends, and begins again in the same place: what the setup wizard chose is in force then."""
        self.anew = self._told = True

    def _tell(self, number: int, _: FrameType | None) -> None:
        self._told = True
