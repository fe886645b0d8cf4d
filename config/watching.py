"""`anling watch`: the independent auditor, reading beside the service and never writing to its database."""

import signal
import sys
import threading

from config.logs import configure_logs
from config.settings import Settings
from dispatch.clock import SystemClock
from dispatch.errors import Misconfigured
from dispatch.store.database import reading_engine, sqlite_file
from dispatch.watch.auditor import Auditor
from dispatch.watch.loop import Beat, siren, watch
from dispatch.watch.predicates import PREDICATES
from dispatch.watch.roads import ROADS
from schedules.coverage.watch import COVERAGE


def run_watch(settings: Settings, *, once: bool, as_json: bool) -> int:
    """
    Makes rounds until SIGTERM, or one; 1 if a promise is broken.

    Raises:
        Misconfigured: there is no database to look at.
    """
    configure_logs(settings.log)
    path = sqlite_file(settings.database_url)
    if path is not None and not path.exists():
        raise Misconfigured("database_url", f"{path} is not there; start the service first")
    stopping = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stopping.set())
    reading, clock = reading_engine(settings.database_url), SystemClock()
    try:
        return watch(
            reading, clock, out=sys.stdout, every_s=settings.watch.every_s, once=once, as_json=as_json,
            beat=None if once else Beat(settings.home / "watch.beat", clock), sound=siren(settings.siren.command),
            progress_s=Beat(settings.home / "engine.beat", clock).age_s, stopping=stopping,
            auditor=Auditor(reading, clock, predicates=(*PREDICATES, *ROADS, *COVERAGE)),
        )  # fmt: skip
    finally:
        reading.dispose()
        if not once:
            # A watch that was ended on purpose is not missed by the siren; one that was killed leaves its beat behind.
            (settings.home / "watch.beat").unlink(missing_ok=True)
