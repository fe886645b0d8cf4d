"""
`anling serve`: one process, its roles in threads, stopped by SIGTERM.

What was pending leaves at once: the courier is made and at work before the rest is so much as imported, and the engine
starts before the pages do.
"""

import os
import sys
from pathlib import Path

import structlog

from config.cores import OneCore
from config.databases import Ownership, newest, revision_of
from config.keeper import Keeper
from config.logs import configure_logs
from config.refusals import refuse_lacking
from config.settings import Settings, systemd_watchdog_s
from config.told import Told
from config.wiring_sending import Sending, build_sending
from dispatch.clock import SystemClock
from dispatch.errors import Misconfigured
from dispatch.ids import new_id
from dispatch.store.database import is_sqlite
from dispatch.store.transactions import Tx

log = structlog.get_logger()

ROLES = ("web", "engine", "gateway", "planner")
SWITCH_S = 0.0005
LEAD_S = 0.5
"""The look for what was pending, and then its letters, are each waited for so long before anything else is read: a
provider that hangs keeps nobody from hearing a press for longer than that."""


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
    sending = build_sending(settings, SystemClock(), new_id, mend=mend)
    try:
        if "engine" in chosen:
            sending.courier.start()
            sending.courier.lead(LEAD_S)
        _serve(settings, chosen, sending, told, file)
    finally:
        sending.stop()
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


def _serve(settings: Settings, roles: frozenset[str], sending: Sending, told: Told, file: Path | None) -> None:
    # Read while the first letters leave: it takes longer than everything before it.
    from config.serving import Serving

    serving = Serving(settings, file=file, restart=told.begin_anew, anew=lambda: told.anew, sending=sending)
    cores = OneCore(SystemClock())
    try:
        serving.start(roles)
        if is_sqlite(settings.database_url):
            # Where it was measured. Not before, for a start has the more of several cores the sooner it is ready.
            cores.start()
        keeper = Keeper(systemd_watchdog_s(), stuck_s=serving.house.stuck_s, status=serving.house.status)
        while not told.wait(keeper.every_s):
            keeper.turn()
    finally:
        serving.stop()
        cores.stop()


def mend(tx: Tx, seconds: float) -> None:
    """Somebody set the clock by so many seconds: see `mend_waiting`, which is read only then."""
    from config.wiring import mend_waiting

    mend_waiting(tx, seconds)


def begin_anew() -> None:
    """This process becomes a fresh one with the same command; systemd sees it reload and stay."""
    log.info("service_begins_anew")
    os.execv(sys.executable, [sys.executable, *sys.orig_argv[1:]])  # noqa: S606  our own command line
