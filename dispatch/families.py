"""What a contact sees on their page of one alarm: how far it is, as far as the resident allowed it."""

from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from dispatch.clock import Clock
from dispatch.errors import NotFound
from dispatch.ids import AlarmId, ContactId
from dispatch.rules.family import Stage, known, stage_of
from dispatch.store.alarms import Alarms
from dispatch.store.database import Engine
from dispatch.store.people import People

SHOWN_AFTER_CLOSING = timedelta(hours=24)


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """
    The last stage that this contact may know, with the local times of those up to it that they may know.

    No cause, no name, no illness, no door.
    """

    stage: Stage
    steps: tuple[tuple[Stage, str], ...]


class Families:
    """Reads the pages of families."""

    def __init__(self, reading: Engine, clock: Clock, *, local: Callable[[datetime], datetime]) -> None:
        self._reading = reading
        self._clock = clock
        self._local = local

    def told(self, alarm_id: AlarmId, contact_id: ContactId) -> Told:
        """
        What this contact may know now.

        Raises:
            NotFound: nothing, or no longer: consent was withdrawn, or it has been over for more than a day.
        """
        with self._reading.connect() as connection:
            alarm = Alarms(connection).get(alarm_id)
            household = People(connection).household(alarm.home_id) if alarm.home_id else None
        who = next((each for each in household.contacts if each.id == contact_id), None) if household else None
        over = alarm.closed_at is not None and self._clock.now() - alarm.closed_at > SHOWN_AFTER_CLOSING
        stage = known(stage_of(alarm), who) if who else None
        if who is None or stage is None or over:
            raise NotFound("nothing to be told")
        times: dict[Stage, Any] = {
            Stage.RAISED: alarm.raised_at, Stage.COMING: alarm.accepted_at,
            Stage.THERE: alarm.attended_at, Stage.CLOSED: alarm.closed_at,
        }  # fmt: skip
        upto = list(Stage)[: list(Stage).index(stage) + 1]
        steps = tuple(
            (each, f"{self._local(times[each]):%H:%M}") for each in upto if each in who.may_know and times[each]
        )
        return Told(stage=stage, steps=steps)
