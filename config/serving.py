"""A house with its pages: what `serve` and the demo run once their messages leave."""

import gc
import threading
from collections.abc import Callable
from pathlib import Path
from typing import Any

import structlog
import waitress.server  # type: ignore[import-untyped]
from waitress import wasyncore

from config.admin import AdminSocket
from config.answering import answer_in_one
from config.databases import sqlite_version
from config.dispatching import Dispatching
from config.keeper import notify
from config.patterns import take_over
from config.refusals import refuse_unknown_stations
from config.secret import secret_key
from config.settings import Settings
from config.told import LOOK_S
from config.wiring import House, build
from config.wiring_sending import Sending
from dispatch.clock import SystemClock
from dispatch.errors import Misconfigured
from dispatch.ids import new_id
from dispatch.store.log_ready import look_once
from dispatch.store.prepared import make_all_ready
from dispatch.web.warming import make_pages_ready

log = structlog.get_logger()

CONNECTIONS_MAX = 500
"""Open connections at most; waitress's own hundred is taken up by fifty boards with two each, and no hook gets in."""


class Serving:
    """A house with its pages, listening."""

    def __init__(
        self, settings: Settings, *, demo: Any = None, file: Path | None = None,
        restart: Callable[[], None] | None = None, anew: Callable[[], bool] = lambda: False,
        sending: Sending | None = None,
    ) -> None:  # fmt: skip
        """
        `demo` are the controls of the demo's page, None in earnest; `restart` lets the setup wizard begin anew;
        `sending` is what may be at work already.
        """
        self._settings = settings
        self._file = file
        self._restart = restart
        self._anew = anew
        self._demo = demo
        self._pages: Any = None
        self._app: Any = None
        self.house: House = build(settings, SystemClock(), new_id, sending=sending)
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
        patterns = take_over()
        self.house.start(roles)
        self._listen_for_commands()
        if "web" in roles:
            self._serve()
        version, safe = sqlite_version()
        log.info(
            "service_ready", roles=sorted(roles), address=self._settings.web.base_url, sqlite=version, sqlite_safe=safe
        )
        # Before anybody answers: what it takes would otherwise fall into the first alarm.
        self.house.answers.learning.learn()
        patterns.keep()
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
