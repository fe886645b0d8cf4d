"""
What did not happen today although it usually does: a meal by the end of lunch, a step by the end of the morning, of the
afternoon, of the evening; and a day with far fewer steps than this person's other days.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Mapping
from datetime import date, datetime, time, timedelta
from statistics import fmean, pstdev

from dispatch.ids import HomeId, ResidentId
from schedules.welfare.rules.habits import by_day, by_weekday
from schedules.welfare.rules.signs import Kind, Observation

MORNING_ENDS, LUNCH_ENDS = time(11), time(13, 30)
"""Local times by which a step, and a meal, would have been heard of."""

MORNING_BEGINS = time(5)
"""What moves before belongs to the night."""

AFTERNOON_ENDS, EVENING_ENDS = time(17), time(21, 30)
PARTS: Mapping[time, time] = {MORNING_ENDS: MORNING_BEGINS, AFTERNOON_ENDS: MORNING_ENDS, EVENING_ENDS: AFTERNOON_ENDS}
"""When each part of a day begins, by its end."""

DAYS_MIN = 10
"""With fewer days to go by nobody knows how much somebody moves."""

FEW_FROM, FEW_FULL = 1.5, 4.0
"""
Standard deviations below one's own mean from which a day counts as still, and at which it counts wholly. One day in
fifteen of a bell curve lies below the first.
"""

Local = Callable[[datetime], datetime]
"""An instant as the clocks of the place show it."""


def missed_meal(
    life: Collection[Observation], resident: ResidentId, home: HomeId, at: datetime, *, local: Local,
    open_days: Collection[date], away: Collection[date],
) -> Observation | None:  # fmt: skip
    """
    The sign that this resident did not come to eat, at the end of lunch (`at`); None where they did, or seldom do.

    `life` are the notices of eight weeks; `open_days` the days on which anybody at all ate there, today included.
    """
    day = local(at).date()
    done = {local(each.at).date() for each in life if each.kind is Kind.MEAL and each.resident_id == resident}
    strength = 0.0 if day in done else by_weekday(done, day, open_days=open_days, away=away)
    if not open_days or not strength:
        return None
    return Observation(
        key=f"meal:{resident}:{day}", kind=Kind.MEAL_MISSED, home_id=home, resident_id=resident, at=at,
        expected_at=_begins(at, local), strength=strength,
    )  # fmt: skip


def no_motion(
    life: Collection[Observation], resident: ResidentId | None, home: HomeId, at: datetime, *, local: Local,
    since: date | None, away: Collection[date],
) -> Observation | None:  # fmt: skip
    """
    The sign that nothing moved in the part of the day that ends `at`, where something mostly does; `resident` None for
    sensors of the whole home. `since` is the first day on which they listened.
    """
    ends = local(at).time().replace(second=0, microsecond=0)
    begins, day = PARTS[ends], local(at).date()
    moved = {local(each.at).date() for each in life if _is_within(each, resident, begins, ends, local)}
    strength = 0.0 if day in moved else by_day(moved, day, since=since, away=away)
    if not strength:
        return None
    part = "" if ends == MORNING_ENDS else f":{ends.hour}"
    return Observation(
        key=f"motion:{home}:{resident or '-'}:{day}{part}", kind=Kind.NO_MOTION, home_id=home, resident_id=resident,
        at=at, expected_at=_begins(at, local, begins), strength=strength,
    )  # fmt: skip


def little_motion(
    life: Collection[Observation], resident: ResidentId | None, home: HomeId, at: datetime, *, local: Local,
    since: date | None, away: Collection[date],
) -> Observation | None:  # fmt: skip
    """
    The sign that this day (until `at`) had far fewer hours with a step in them than the last four weeks had.

    A day without any says nothing here: that is what `no_motion` is about.
    """
    hours: dict[date, set[int]] = defaultdict(set)
    for each in life:
        if _is_within(each, resident, MORNING_BEGINS, EVENING_ENDS, local):
            hours[local(each.at).date()].add(local(each.at).hour)
    today = local(at).date()
    looked = [today - timedelta(days=each) for each in range(1, 29)]
    before = [len(hours[day]) for day in looked if day in hours and day not in away and (since is None or day >= since)]
    if today in away or not hours[today] or len(before) < DAYS_MIN:
        return None
    below = (fmean(before) - len(hours[today])) / max(1.0, pstdev(before))
    strength = min(1.0, (below - FEW_FROM) / (FEW_FULL - FEW_FROM))
    if strength <= 0:
        return None
    return Observation(
        key=f"little:{home}:{resident or '-'}:{today}", kind=Kind.LITTLE_MOTION, home_id=home, resident_id=resident,
        at=at, expected_at=None, strength=strength,
    )  # fmt: skip


def _is_within(each: Observation, resident: ResidentId | None, begins: time, ends: time, local: Local) -> bool:
    return each.kind is Kind.MOTION and each.resident_id == resident and begins <= local(each.at).time() < ends


def _begins(at: datetime, local: Local, begins: time = MORNING_BEGINS) -> datetime:
    """From when on a sign of life would have meant that all is well."""
    here = local(at)
    return here.replace(hour=begins.hour, minute=begins.minute, second=0, microsecond=0).astimezone(at.tzinfo)
