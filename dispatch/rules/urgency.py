"""The order of the board: what needs somebody most stands first."""

from datetime import datetime

from dispatch.rules.alarm import State
from dispatch.rules.signal import Cause

_RANK = {State.RAISED: 0, State.OFFERED: 1, State.ACCEPTED: 2, State.ATTENDED: 3, State.CLOSED: 4}


def urgency(state: State, cause: Cause, raised_at: datetime) -> tuple[int, int, datetime]:
    """
    A key to sort by, the most urgent first: those nobody has answered before those somebody is coming to; among the
    same, an exercise last; then whoever waits longest.

    The cause does not outrank waiting: a press may be a fall that nobody heard, and who is passed over by every graver
    one that comes in would never have their turn. A graver cause has its own, faster policy instead.
    """
    return _RANK[state], 1 if cause is Cause.EXERCISE else 0, raised_at
