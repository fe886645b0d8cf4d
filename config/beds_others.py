"""What other rooms know of a bed's month: how satisfied its people were, and how often somebody looked in from afar."""

from collections.abc import Mapping
from datetime import date, timedelta
from fractions import Fraction

from dispatch.clock import Clock
from dispatch.ids import ResidentId
from dispatch.rules.satisfaction import SATISFIED_FROM
from dispatch.store.database import Connection, Engine
from dispatch.store.satisfaction import Ratings, Surveys
from schedules.calendar import Calendar
from schedules.care.rules.standard import Number
from schedules.care.store.beds import Beds, Steps
from schedules.rounds.store.rounds import Rounds

DAY = timedelta(days=1)


class OtherRooms:
    """
    Reads them: `beds.elsewhere.others`.

    What nobody wrote down is left out, and never a zero: without an answer there is no satisfaction, and a month in
    which no remote round was entered at all may have had them on a platform of somebody else's.
    """

    def __init__(self, reading: Engine, clock: Clock, calendar: Calendar) -> None:
        self._reading = reading
        self._clock = clock
        self._calendar = calendar

    def __call__(self, resident_id: ResidentId, month: date) -> Mapping[str, Number]:
        """
        Of the local month that begins on this day: `satisfaction`, the share of valid answers with 4 or 5 points
        (CARE-RULES, section 4.4), and `min_daily_remote_rounds`, the fewest of any day that is over and was owed.
        """
        with self._reading.connect() as connection:
            return {
                **self._satisfaction(connection, resident_id, month),
                **self._remote(connection, resident_id, month),
            }

    def _satisfaction(self, connection: Connection, resident_id: ResidentId, month: date) -> dict[str, Number]:
        _, start, end = self._calendar.month_of(self._calendar.start_of(month))
        scores = [
            *Ratings(connection).of_resident(resident_id, start, end),
            *Surveys(connection).of_resident(resident_id, start, end),
        ]
        return {"satisfaction": Fraction(sum(each >= SATISFIED_FROM for each in scores), len(scores))} if scores else {}

    def _remote(self, connection: Connection, resident_id: ResidentId, month: date) -> dict[str, Number]:
        days = [each for each in (month + number * DAY for number in range(31)) if each.month == month.month]
        done = Rounds(connection).remote(resident_id, days[0], days[-1])
        beds = Beds(connection).of(resident_id)
        stretches = [each for bed in beds for each in Steps(connection).stretches(bed.id)]
        today = self._calendar.day_of(self._clock.now())
        over = [day for day in days if day < today and any(each.owes(day) for each in stretches)]
        return {"min_daily_remote_rounds": min(done.get(day, 0) for day in over)} if done and over else {}
