"""
Who at the desk is in charge of an alarm, and which steps of its response plan are ticked.

    free ──take──► held ──────────► lapsed     nobody saw the holder's console for `HOLD_S`
                    │  ▲ take over, with a reason
                    └──┘

A claim is between operators alone: it never stops, delays or widens the escalation, because whoever claims and falls
asleep must not cost the old person anybody.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from dispatch.errors import Conflict, Invalid
from dispatch.ids import AlarmId
from dispatch.rules.message import Fact
from dispatch.rules.people import Person
from dispatch.rules.record import Line

HOLD_S = 60
"""A console asks for the board every 15 s at the latest; after four that were missed its operator is taken for gone."""

REASON_MIN = 2
"""Characters of a reason: enough for 交班, too many for a slip of the finger."""


class Tick(StrEnum):
    """The steps of the response plan (ECOSYSTEM, 7.1)."""

    CALL = "call"
    SEND = "send"
    FAMILY = "family"
    EMERGENCY = "emergency"


class Held(Conflict):
    """A colleague is in charge of this alarm: `by`, since `since_at`."""

    def __init__(self, claim: "Claim") -> None:
        super().__init__("A colleague is in charge of this alarm: take over with a reason.")
        self.claim = claim


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """One operator's claim; `seen_at` is when their console last asked for the board."""

    alarm_id: AlarmId
    by: Person
    since_at: datetime
    seen_at: datetime

    def holds(self, now: datetime) -> bool:
        """Whether its holder still sits there."""
        return now - self.seen_at < timedelta(seconds=HOLD_S)


def take(
    before: Claim | None, alarm_id: AlarmId, by: Person, *, over: bool, reason: str | None, now: datetime
) -> tuple[Claim, Line | None]:
    """
    The claim as it now stands and what the record says of it; no line where the same operator has it already.

    Raises:
        Held: somebody else holds it and `over` was not said.
        Invalid: it is taken over from somebody who holds it, and no reason is given.
    """
    mine = Claim(alarm_id=alarm_id, by=by, since_at=now, seen_at=now)
    if before is None or not before.holds(now):
        facts: dict[str, Fact] = {"was": before.by} if before and before.by != by else {}
        return mine, Line(kind="claimed", by=by, alarm_id=alarm_id, facts=facts)
    if before.by == by:
        return Claim(alarm_id=alarm_id, by=by, since_at=before.since_at, seen_at=now), None
    if not over:
        raise Held(before)
    if len((reason or "").strip()) < REASON_MIN:
        raise Invalid("Please say why you take over.", {"reason": ["missing"]})
    return mine, Line(kind="taken_over", by=by, alarm_id=alarm_id, facts={"was": before.by}, note=reason)
