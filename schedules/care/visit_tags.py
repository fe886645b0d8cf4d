"""
Tags in the home: a paired attendance device says that somebody came, confirms that they are there, or that they leave.

Only an event that says "attendance", from a paired device whose home is known, is read here, from what was kept. A
press of a pendant is never looked at, so nothing here can swallow a cry for help; and whatever goes wrong here is tried
again by the next look.
"""

from datetime import datetime, timedelta

import structlog

from dispatch.clock import Clock
from dispatch.errors import Refusal
from dispatch.ids import HomeId
from dispatch.rules.people import Person
from dispatch.store.database import Engine
from dispatch.store.idempotency import MISTAKES
from dispatch.store.transactions import Transactions, Tx
from schedules.care.rules.presence import Point, State, Visit, Way, Which
from schedules.care.store.visit_points import Points
from schedules.care.store.visits import Visits
from schedules.care.visiting import Said, Visiting

LOOK_BACK = timedelta(hours=6)
EARLY, LATE = timedelta(hours=2), timedelta(hours=4)
STAYS = timedelta(minutes=10)
"""The same tag again after so long is a leaving; sooner it is the same coming."""

log = structlog.get_logger()


class Tags:
    """Reads kept signals, each once."""

    def __init__(self, transactions: Transactions, reading: Engine, clock: Clock, visiting: Visiting) -> None:
        self._transactions = transactions
        self._reading = reading
        self._clock = clock
        self._visiting = visiting
        self._seen: dict[str, datetime] = {}

    def check(self) -> None:
        """Takes every attendance that no visit has taken yet. Called every few seconds."""
        since = self._clock.now() - LOOK_BACK
        self._seen = {id_: at for id_, at in self._seen.items() if at >= since}
        with self._reading.connect() as connection:
            found = [each for each in Points(connection).attendances(since) if each[0] not in self._seen]
        for id_, home_id, at in found:
            try:
                self._transactions.run(lambda tx, id_=id_, home_id=home_id, at=at: self._take(tx, id_, home_id, at))  # type: ignore[misc]
            except (Refusal, *MISTAKES):
                log.exception("visit_tag_not_read", signal_id=id_)
                continue
            self._seen[id_] = at

    def _take(self, tx: Tx, id_: str, home_id: HomeId, at: datetime) -> None:
        key = f"signal:{id_}"
        if Points(tx.connection).has(key):
            return
        near = Visits(tx.connection).at_home(home_id, at - LATE, at + EARLY)
        visit = _meant(near)
        if visit is None:
            return
        points = Points(tx.connection).of([visit.id])
        which = _which(visit, points, at)
        carer_id = next((each.carer_id for each in points if each.carer_id), None) or visit.carer_ids[0]
        said = Said(
            key=key, which=which, way=Way.TAG, by=Person(f"signal:{id_}"), at=at, proof=f"signal:{id_}",
            carer_id=None if which is Which.CONFIRM else carer_id,
        )  # fmt: skip
        self._visiting.sign_in_unit(tx, visit.id, said)


def _meant(near: list[Visit]) -> Visit | None:
    """The visit a tag is about: the one that goes on, else the only one that waits for one carer, else one over."""
    begun = [each for each in near if each.state is State.BEGUN]
    waiting = [each for each in near if each.state in {State.PLANNED, State.MISSED} and len(each.carer_ids) == 1]
    over = [each for each in near if each.state is State.FINISHED]
    for some in (begun, waiting, over[-1:]):
        if some:
            return some[0] if len(some) == 1 else None
    return None


def _which(visit: Visit, points: list[Point], at: datetime) -> Which:
    if visit.state in {State.PLANNED, State.MISSED}:
        return Which.BEGIN
    begun = [each for each in points if each.which is Which.BEGIN and each.way is Way.TAG]
    alone = len({each.carer_id for each in points if each.carer_id}) == 1
    if visit.state is State.BEGUN and begun and alone and at - begun[0].at >= STAYS:
        return Which.FINISH
    return Which.CONFIRM
