"""
Who looked at whose file: an entry in the record for each person and resident, once in a while and not per refresh.

    opened ──► lately? ──► a quiet file: written, then shown            (busy: 503, the file stays shut)
                     └───► an open alarm: shown, written a moment later (busy: tried again until it is kept)

Authority fails closed and alarms fail to people: without an alarm nobody sees a file whose opening cannot be kept; with
one, nothing here may cost a second or a page.
"""

import threading
from collections import OrderedDict, deque
from collections.abc import Iterable

import structlog

from dispatch.clock import Clock
from dispatch.errors import Busy
from dispatch.rules.people import Person
from dispatch.rules.record import Line
from dispatch.store.transactions import Transactions, Tx

AGAIN_S = 600.0
"""So long one opening stands for all that follow it: an alarm is looked at for a quarter of an hour, with refreshes."""

KNOWN_MAX = 10_000
"""Openings remembered; of the one forgotten first there would be one entry too many, never one too few."""

WAITING_MAX = 5_000
"""Entries that wait for a busy database; beyond it the oldest is lost, with an error that says so."""

RETRY_S = 2.0

log = structlog.get_logger()


class Reads:
    """Keeps who opened what. May be called from any thread."""

    def __init__(self, transactions: Transactions, clock: Clock) -> None:
        self._transactions = transactions
        self._clock = clock
        self._lock = threading.Lock()
        self._lately: OrderedDict[tuple[str, str], float] = OrderedDict()
        self._waiting: deque[Line] = deque()
        self._ready = threading.Event()
        self._stopping = threading.Event()
        self._thread: threading.Thread | None = None

    def opened(self, by: Person, files: Iterable[str], *, page: str, urgent: bool = False) -> None:
        """
        `by` opened these files: ids of residents, or `list:residents` for a whole register. `page` is the rule of the
        address (`/residents/<id>`), never the address itself. `urgent` is an open alarm: it waits for nothing.

        Raises:
            Busy: it could not be kept, and no alarm is open: the file is not to be shown.
        """
        fresh = self._fresh(by, files)
        if not fresh:
            return
        lines = [Line(kind="resident_read", by=by, facts={"resident": each, "page": page}) for each in fresh]
        if urgent:
            self._later(lines)
            return
        try:
            self._transactions.run(lambda tx: tx.log(*lines))
        except BaseException:
            self._forget(by, fresh)
            raise

    def flush(self) -> None:
        """
        Writes what waits, now.

        Raises:
            Busy: the database has no time; everything still waits.
        """
        with self._lock:
            lines = list(self._waiting)
        if not lines:
            return
        self._transactions.run(lambda tx: _keep(tx, lines))
        with self._lock:
            for line in lines:
                if self._waiting and self._waiting[0] is line:
                    self._waiting.popleft()

    def close(self) -> None:
        """Writes what waits and stops."""
        self._stopping.set()
        self._ready.set()
        if self._thread is not None:
            self._thread.join(RETRY_S)

    def _fresh(self, by: Person, files: Iterable[str]) -> list[str]:
        """Those that this person has not opened lately; they count as opened from now on."""
        now_s = self._clock.look().steady_s
        with self._lock:
            fresh = [each for each in dict.fromkeys(files) if self._is_fresh((by, each), now_s)]
            for each in fresh:
                self._lately[by, each] = now_s
                self._lately.move_to_end((by, each))
            while len(self._lately) > KNOWN_MAX:
                self._lately.popitem(last=False)
        return fresh

    def _is_fresh(self, key: tuple[str, str], now_s: float) -> bool:
        at_s = self._lately.get(key)
        return at_s is None or now_s - at_s >= AGAIN_S

    def _forget(self, by: Person, files: Iterable[str]) -> None:
        with self._lock:
            for each in files:
                self._lately.pop((by, each), None)

    def _later(self, lines: list[Line]) -> None:
        with self._lock:
            self._waiting.extend(lines)
            lost = max(0, len(self._waiting) - WAITING_MAX)
            for _ in range(lost):
                self._waiting.popleft()
            if self._thread is None or not self._thread.is_alive():
                self._thread = threading.Thread(target=self._write, name="reads", daemon=True)
                self._thread.start()
        if lost:
            log.error("reads_not_kept", count=lost)
        self._ready.set()

    def _write(self) -> None:
        """Until it is stopped, and then once more. After a database that is gone, the next opening begins again."""
        while True:
            self._ready.wait()
            self._ready.clear()
            try:
                self.flush()
            except Busy:
                log.warning("reads_wait", count=len(self._waiting))
                self._ready.set()
                self._stopping.wait(RETRY_S)
            except Exception as error:  # noqa: BLE001  a thread of its own: nobody else would hear of it
                log.warning("reads_wait", count=len(self._waiting), error=type(error).__name__)
                return
            if self._stopping.is_set():
                return


def _keep(tx: Tx, lines: list[Line]) -> None:
    tx.log(*lines)
