"""The watch passes from one shift to the next: two people sign, and neither can sign for the other."""

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from dispatch.errors import Conflict
from dispatch.rules.people import Person

OPEN_FOR = timedelta(hours=12)
"""A handover nobody took within a shift's length is over: the next one begins with what is open then."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Handover:
    """
    One handover. `alarms` are the numbers of what was open when the outgoing operator signed.

        begun (the outgoing signs) ──► taken (the incoming signs)
    """

    id: str
    outgoing: Person
    begun_at: datetime
    alarms: tuple[str, ...]
    note: str = ""
    incoming: Person | None = None
    taken_at: datetime | None = None

    def waits(self, now: datetime) -> bool:
        """Whether somebody still has to take it."""
        return self.taken_at is None and now - self.begun_at < OPEN_FOR


def begin(waiting: Handover | None, fresh: Handover) -> Handover:
    """
    The outgoing operator signs.

    Raises:
        Conflict: a handover of somebody else waits to be taken; two at once would leave it open who has the watch.
    """
    if waiting is not None and waiting.waits(fresh.begun_at) and waiting.outgoing != fresh.outgoing:
        raise Conflict("A handover waits already: take it first.")
    return fresh


def take(handover: Handover, by: Person, now: datetime) -> Handover:
    """
    The incoming operator signs.

    Raises:
        Conflict: it was taken, it is over, or the same person would sign twice.
    """
    if not handover.waits(now):
        raise Conflict("This handover is over: begin a new one.")
    if by == handover.outgoing:
        raise Conflict("Who hands over cannot take over: the incoming operator signs in and signs.")
    return replace(handover, incoming=by, taken_at=now)
