"""What the board tells of the past: false alarms of this month, and the list of all alarms page by page."""

from collections.abc import Callable
from datetime import datetime
from typing import Any

from dispatch.clock import Clock
from dispatch.ids import AlarmId
from dispatch.review import briefs_of
from dispatch.rules.alarm import Outcome
from dispatch.store.alarms import Alarms
from dispatch.store.database import Engine
from dispatch.store.history import History, Wanted

Month = Callable[[datetime], tuple[str, datetime, datetime]]
"""The local month of an instant: its name, its beginning and its end."""


class FalseAlarms:
    """Counts the false alarms of an alarm's home and resident in this local month."""

    def __init__(self, reading: Engine, clock: Clock, *, month_of: Month) -> None:
        self._reading = reading
        self._clock = clock
        self._month_of = month_of

    def __call__(self, alarm_id: AlarmId) -> int:
        """How many; 0 for an alarm without a home. Raises NotFound where there is no such alarm."""
        _, start, _ = self._month_of(self._clock.now())
        with self._reading.connect() as connection:
            alarm = Alarms(connection).get(alarm_id)
            if alarm.home_id is None:
                return 0
            return History(connection).times(alarm.home_id, alarm.resident_id, Outcome.FALSE_ALARM, start)


class AlarmHistory:
    """The list of all alarms, newest first."""

    def __init__(self, reading: Engine) -> None:
        self._reading = reading

    def page(self, wanted: Wanted, *, limit: int, cursor: str | None) -> tuple[list[dict[str, Any]], str | None]:
        """
        One page in short, and the cursor of the next.

        Raises:
            Invalid: the cursor is none of ours.
        """
        with self._reading.connect() as connection:
            ids, next_ = History(connection).page(wanted, limit=limit, cursor=cursor)
            shelf = Alarms(connection)
            return briefs_of(connection, [shelf.get(id_) for id_ in ids]), next_
