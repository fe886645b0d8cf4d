"""What became of the visit that a round asked for: it closes the round, or the round goes on waiting."""

from collections.abc import Sequence

from dispatch.errors import NotFound
from dispatch.ids import CarerId
from dispatch.store.transactions import Tx
from schedules.care.origins import row_of, whoever
from schedules.care.rules.presence import Visit
from schedules.rounds.rounding import RoundsDesk
from schedules.rounds.rules.book import Means
from schedules.rounds.rules.round import Result, Round, State
from schedules.rounds.store.rounds import Rounds
from schedules.rounds.waiting import key_of, list_in


class RoundVisits:
    """An origin of visits."""

    def __init__(self, desk: RoundsDesk) -> None:
        self._desk = desk

    def waits_in(self, tx: Tx, visit: Visit) -> bool:
        """Whether the round is open, and this the try that it waits for."""
        round_ = _behind(tx, visit)
        return round_ is not None and round_.state is State.OPEN and key_of(round_) == visit.wanted.key

    def proved_in(self, tx: Tx, visit: Visit, came: Sequence[CarerId]) -> None:
        """A visit that counts is the result of its round, or proves what was claimed before it was judged."""
        round_ = _behind(tx, visit)
        if round_ is not None and round_.state is State.DONE:
            self._desk.prove_in(tx, round_, visit.id)
        if round_ is None or round_.state is not State.OPEN or Means.VISIT not in round_.means:
            return
        note = f"已证实的上门 visit {visit.id}"
        at = visit.finished_at or tx.now
        self._desk.enter_in(tx, round_, Result.WELL, Means.VISIT, at, whoever(came), note, visit=visit.id)

    def missed_in(self, tx: Tx, visit: Visit) -> bool:
        """
        An open round raises its alarm by itself, and again until somebody was met, by day and not more than the centre
        can answer. It stands on the operators' list at once.
        """
        round_ = _behind(tx, visit)
        if round_ is None:
            return False
        if round_.state is State.OPEN:
            list_in(tx, round_)
        return True


def _behind(tx: Tx, visit: Visit) -> Round | None:
    try:
        return Rounds(tx.connection).get(row_of(visit))
    except NotFound:
        return None
