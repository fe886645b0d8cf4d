"""
What the record does not say by itself is measured and written into it, so that a month can be counted from it alone:
how many devices were heard, how many homes somebody on duty could reach.
"""

import threading
from collections import defaultdict
from collections.abc import Callable, Mapping
from datetime import datetime, timedelta

from dispatch.clock import Clock
from dispatch.muster import Muster
from dispatch.rules.people import SERVICE, Carer
from dispatch.rules.place import Position
from dispatch.rules.record import Line
from dispatch.rules.travel import Means
from dispatch.store.database import Engine
from dispatch.store.figures import last_measured
from dispatch.store.people import People
from dispatch.store.transactions import Lane, Transactions

EVERY = timedelta(hours=6)
"""Four times a day: coverage at night is another than by day."""

REACH_S = 15 * 60
"""Fifteen minutes (Hubei, Guangzhou: CARE-RULES, 3.1), by the same estimate of travel that chooses carers."""

HOMES_A_TURN = 100
"""Homes looked at before other threads are let run."""

PAUSE_S = 0.002

Counted = Mapping[str, tuple[int, int]]
"""By station (empty for none): how many, of how many."""

Count = Callable[[datetime], Counted]


class Measuring:
    """Writes the lines `measured`, one for each station and thing. `check` is called every minute."""

    def __init__(self, transactions: Transactions, reading: Engine, clock: Clock, counts: Mapping[str, Count]) -> None:
        """`counts` by what they count, as docs/figures.md names it: devices, coverage."""
        self._transactions = transactions
        self._reading = reading
        self._clock = clock
        self._counts = counts

    def check(self) -> bool:
        """Measures if it was last done before this quarter of the day began; whether it did."""
        now = self._clock.now()
        with self._reading.connect() as connection:
            last = last_measured(connection)
        if last is not None and _quarter(last) >= _quarter(now):
            return False
        lines = [
            Line(kind="measured", by=SERVICE, facts={"what": what, "station": station, "met": met, "of": of})
            for what, count in self._counts.items()
            for station, (met, of) in sorted(count(now).items())
        ]
        self._transactions.run(lambda tx: tx.log(*lines), lane=Lane.BULK)
        return bool(lines)


def _quarter(at: datetime) -> int:
    return int(at.timestamp() // EVERY.total_seconds())


class Coverage:
    """Homes that somebody on duty reaches in time, of those whose position is known."""

    def __init__(self, reading: Engine, muster: Muster) -> None:
        self._reading = reading
        self._muster = muster
        self._quiet = threading.Event()  # Never set: waiting for it lets others run.

    def __call__(self, now: datetime) -> Counted:
        with self._reading.connect() as connection:
            homes = People(connection).homes()
        self._muster.refresh(now)
        carers = list(self._muster.known(self._muster.everybody(now)).values())
        sums: dict[str, list[int]] = defaultdict(lambda: [0, 0])
        for number, home in enumerate(each for each in homes if each.position is not None):
            if number % HOMES_A_TURN == 0:
                self._quiet.wait(PAUSE_S)
            assert home.position is not None
            both = sums[home.station_id or ""]
            both[0] += any(self._reaches(each, home.position) for each in carers)
            both[1] += 1
        return {station: (met, of) for station, (met, of) in sums.items()}

    def _reaches(self, carer: Carer, home: Position) -> bool:
        at = carer.position or carer.base
        return at is not None and self._muster.travel.seconds(at, home, Means(carer.means)) <= REACH_S
