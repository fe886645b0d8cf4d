"""Gathers what was noticed from all sides, each side for itself, and learns from closed alarms what signals were."""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime, timedelta
from functools import partial

import structlog

from dispatch.clock import Clock
from dispatch.ids import AlarmId
from dispatch.rules.alarm import Outcome
from dispatch.rules.record import Line
from dispatch.store.accounts import Reading
from dispatch.store.idempotency import MISTAKES
from dispatch.store.transactions import Lane, Transactions, Tx
from schedules.welfare.rules.habits import WEEKS
from schedules.welfare.rules.signs import LIFE, Observation, Scale
from schedules.welfare.sources import Source
from schedules.welfare.store import Around, Given, Givens, Signs, Standings

AGAIN = timedelta(hours=2)
"""Each source is asked for so much more than is new: what came late, or was written while it was asked, is not lost."""

FIRST = timedelta(days=2)
"""After a start each is asked for so long back."""

FIRST_LOOK = timedelta(hours=2)
"""A home that is new, and of which only life was heard, is looked at after so long."""

PIECE, DECIDED_MAX, FORGOTTEN_MAX = 50, 200, 2_000
KEPT = timedelta(weeks=WEEKS, days=4)
"""What was noticed is kept for as long as habits are learnt from it, and no longer."""

BECAME: Mapping[Outcome, str] = {
    Outcome.HELPED: "right", Outcome.HOSPITAL: "right", Outcome.DIED: "right", Outcome.POLICE_FIRE: "right",
    Outcome.FALSE_ALARM: "wrong", Outcome.NOBODY_HOME: "wrong",
    Outcome.TEST: "unclear", Outcome.DUPLICATE: "unclear", Outcome.OTHER: "unclear",
}  # fmt: skip
"""What a signal was, by how its alarm ended, until somebody says otherwise. Nobody home: they were away, untold."""

log = structlog.get_logger()


class Gathering:
    """Asks every source in turn. `observe` takes what somebody tells by themselves."""

    def __init__(
        self, transactions: Transactions, reading: Reading, clock: Clock, scale: Scale, sources: Sequence[Source], *,
        nudge: Callable[[], None],
    ) -> None:  # fmt: skip
        assert len({each.name for each in sources}) == len(sources), "two sources of one name"
        self._transactions = transactions
        self._reading = reading
        self._clock = clock
        self._scale = scale
        self.sources = list(sources)
        self._nudge = nudge
        self._asked: dict[str, datetime] = {}
        self._known: dict[str, frozenset[str]] = {}
        self.failed: frozenset[str] = frozenset()

    def check(self) -> None:
        """One round over all sources. One that fails is told in the log and on the page, and asked again next time."""
        failed = set()
        for source in self.sources:
            now = self._clock.now()
            try:
                found = list(source.since(self._asked.get(source.name, now - FIRST)))
                # What was kept a minute ago is told again for two hours; of a district full of sensors that is much.
                known = self._known.get(source.name, frozenset())
                self.observe([each for each in found if each.key not in known], source=source.name)
                self._known[source.name] = frozenset(each.key for each in found)
                self._asked[source.name] = now - AGAIN
            except MISTAKES:
                log.exception("welfare_source_failed", source=source.name)
                failed.add(source.name)
        self.failed = frozenset(failed)

    def observe(self, observations: Sequence[Observation], *, source: str) -> int:
        """Keeps what is new of these and has their homes looked at; gives back how many were new."""
        new = 0
        for start in range(0, len(observations), PIECE):
            piece = observations[start : start + PIECE]
            new += self._transactions.run(partial(self._keep, piece=piece, source=source), lane=Lane.BULK)
        if new:
            self._nudge()
        return new

    def _keep(self, tx: Tx, *, piece: Sequence[Observation], source: str) -> int:
        signs, standings, new = Signs(tx.connection), Standings(tx.connection), 0
        for each in piece:
            # One slip of a code must not keep away everything that was told with it, now and for ever after.
            if not signs.is_known(each):
                log.warning("welfare_sign_unknown", source=source, kind=each.kind.value, home_id=each.home_id)
            elif signs.add(each, source):
                new += 1
                # A sign of life is no reason to look: the home takes its turn at the end of a morning or a lunch.
                first = tx.now + FIRST_LOOK if each.kind in LIFE else tx.now
                standings.watch(each.home_id, tx.now, self._scale.prior, due_at=first)
                if each.kind not in LIFE:
                    standings.look_now(each.home_id, tx.now)
        return new

    def learn(self) -> None:
        """What became of signals whose alarms are closed; a home is looked at anew, since somebody has been there."""
        with self._reading.connect() as connection:
            waiting = [each for each in Givens(connection).undecided(DECIDED_MAX) if each.alarm_id is not None]
            ended = Around(connection).outcomes([each.alarm_id for each in waiting if each.alarm_id])
        for each in waiting:
            if each.alarm_id in ended:
                self._transactions.run(partial(_decided, given=each, ended=ended), lane=Lane.BULK)

    def forget(self) -> None:
        """Deletes what is older than habits look back."""
        before = self._clock.now() - KEPT
        self._transactions.run(lambda tx: Signs(tx.connection).forget(before, FORGOTTEN_MAX), lane=Lane.BULK)


def _decided(tx: Tx, *, given: Given, ended: Mapping[AlarmId, tuple[Outcome, str, datetime]]) -> None:
    assert given.alarm_id is not None
    outcome, by, _ = ended[given.alarm_id]
    if Givens(tx.connection).get(given.id).became is not None:
        return
    became = BECAME[outcome]
    Givens(tx.connection).decide(given.id, became, by=by, at=tx.now)
    Standings(tx.connection).look_now(given.home_id, tx.now)
    facts = {"signal": given.id, "home": given.home_id, "became": became, "outcome": outcome.value}
    tx.log(Line(kind="welfare_turned_out", by=by, alarm_id=given.alarm_id, facts=facts))
