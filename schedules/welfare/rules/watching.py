"""What did not happen today although it usually does: a meal by the end of lunch, a step by the end of the morning."""

from collections.abc import Callable, Collection
from datetime import date, datetime, time

from dispatch.ids import HomeId, ResidentId
from schedules.welfare.rules.habits import by_day, by_weekday
from schedules.welfare.rules.signs import Kind, Observation

MORNING_ENDS, LUNCH_ENDS = time(11), time(13, 30)
"""Local times by which a step, and a meal, would have been heard of."""

MORNING_BEGINS = time(5)
"""What moves before belongs to the night."""

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
    The sign that nothing moved all morning (at its end, `at`) where something mostly does; `resident` None for
    sensors of the whole home. `since` is the first day on which they listened.
    """
    mornings = {local(each.at).date() for each in life if _is_morning(each, resident, local)}
    day = local(at).date()
    strength = 0.0 if day in mornings else by_day(mornings, day, since=since, away=away)
    if not strength:
        return None
    return Observation(
        key=f"motion:{home}:{resident or '-'}:{day}", kind=Kind.NO_MOTION, home_id=home, resident_id=resident, at=at,
        expected_at=_begins(at, local), strength=strength,
    )  # fmt: skip


def _is_morning(each: Observation, resident: ResidentId | None, local: Local) -> bool:
    begins, ends = MORNING_BEGINS, MORNING_ENDS
    return each.kind is Kind.MOTION and each.resident_id == resident and begins <= local(each.at).time() < ends


def _begins(at: datetime, local: Local) -> datetime:
    """From when on a sign of life would have meant that all is well: the beginning of this morning."""
    here = local(at)
    return here.replace(hour=MORNING_BEGINS.hour, minute=0, second=0, microsecond=0).astimezone(at.tzinfo)
