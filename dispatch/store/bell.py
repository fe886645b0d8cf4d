"""
Several processes on one PostgreSQL: whoever commits rings (`NOTIFY`), whoever listens looks at once.

Without it a press that one process took in is found by another's sweep, a second later at the most. So it still is
where the bell fails: nothing depends on it but time (ENGINE, section 3.3,
measured 0.9 ms at the median; ours was not measured).
"""

import threading
from collections.abc import Callable
from typing import Any

import structlog
from sqlalchemy import Connection, Engine, text
from sqlalchemy.exc import SQLAlchemyError

CHANNEL = "anling"
"""All processes of one database listen to this; a database is one service's."""

LOOK_S = 0.5
"""How often a listener looks whether it was told to end."""

AGAIN_S = 1.0
"""So long it waits after a lost connection."""

log = structlog.get_logger()

_RING = text(f"NOTIFY {CHANNEL}")


def ring(connection: Connection) -> None:
    """Everybody hears of this transaction when it is committed, and nobody when it is not."""
    connection.execute(_RING)


class Listener:
    """Calls `heard` soon after anybody's commit, its own process's too, and once whenever it begins to listen."""

    def __init__(self, engine: Engine, heard: Callable[[], None]) -> None:
        self._engine = engine
        self._heard = heard
        self._stopping = threading.Event()
        self._thread = threading.Thread(target=self._run, name="bell", daemon=True)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._stopping.set()
        self._thread.join()

    def _run(self) -> None:
        """Whatever goes wrong, it listens again: the sweeps go on meanwhile."""
        while not self._stopping.is_set():
            try:
                self._listen()
            except (SQLAlchemyError, OSError, self._engine.dialect.loaded_dbapi.Error) as error:
                log.warning("bell_lost", error=f"{type(error).__name__}: {error}".splitlines()[0])
                self._stopping.wait(AGAIN_S)

    def _listen(self) -> None:
        # Taken out of the pool for good: a connection that listens is fit for nothing else.
        borrowed = self._engine.raw_connection()
        line: Any = borrowed.driver_connection
        borrowed.detach()
        try:
            line.autocommit = True
            line.execute(f"LISTEN {CHANNEL}")
            # What was committed before it listened.
            self._heard()
            while not self._stopping.is_set():
                if list(line.notifies(timeout=LOOK_S, stop_after=1)):
                    self._heard()
        finally:
            line.close()
