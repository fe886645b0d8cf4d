"""
Tells carers what a plan that was published, or taken back, has made of their days: one text a carer and publication.

What is told is read from the visits themselves when the text is made, so that it is true whatever was refused or
changed by hand meanwhile. Nobody is told at night: the look of the morning finds what was published after dark, and of
two plans only the last. A text is posted under a key of its own, so a look that was cut off is made up for.
"""

from collections.abc import Callable, Sequence
from datetime import date, datetime, timedelta

from dispatch.clock import Clock
from dispatch.ids import CarerId
from dispatch.rules.message import Channel, Draft, Fact, Priority
from dispatch.rules.people import Carer, carer
from dispatch.store.database import Connection, Engine
from dispatch.store.outbox import Outbox
from dispatch.store.people import People
from dispatch.store.transactions import Lane, Transactions, Tx
from schedules.calendar import Calendar
from schedules.care.rules.presence import State, Visit
from schedules.planning.store import VisitPlan, VisitPlans

LOOK_BACK = timedelta(hours=24)
"""A plan published longer ago is told of no more: a night and a morning without the service are made up for."""

LASTS = timedelta(hours=12)


class Telling:
    """Posts the texts. `check` is called now and then, `told` right after a publication."""

    def __init__(
        self, transactions: Transactions, reading: Engine, clock: Clock, calendar: Calendar,
        kept: Callable[[date], Sequence[Visit]], *, page: str, nudge: Callable[[], None],
    ) -> None:  # fmt: skip
        """`kept` gives every visit of a local day; `page` is the address of a carer's own list of tasks."""
        self._transactions = transactions
        self._reading = reading
        self._clock = clock
        self._calendar = calendar
        self._kept = kept
        self._page = page
        self._nudge = nudge
        self._done: set[str] = set()

    def told(self, _plan: VisitPlan, _carers: Sequence[CarerId]) -> None:
        """What a publication calls once it is durable."""
        self.check()

    def check(self) -> None:
        """Tells whoever a plan of the last day touched and who was not told yet; by day only."""
        now = self._clock.now()
        if self._calendar.by_day(now) > now:
            return
        with self._reading.connect() as connection:
            last = _touched(connection, now - LOOK_BACK)
        new = {id_: plan for id_, plan in last.items() if _key(plan, id_) not in self._done}
        if not new:
            return
        texts = {id_: self._text(plan, id_, now) for id_, plan in new.items()}
        self._transactions.run(lambda tx: self._post(tx, new, texts), lane=Lane.BULK)
        self._done = {_key(plan, id_) for id_, plan in last.items()}
        self._nudge()

    def _text(self, plan: VisitPlan, id_: CarerId, now: datetime) -> str:
        """A carer's days of the plan: `11-23 08:00 x3; 11-24 …`; empty where nothing is left."""
        days = (plan.first_on + timedelta(days=number) for number in range(plan.days))
        mine = [
            [each for each in self._kept(day) if id_ in each.carer_ids and each.state is State.PLANNED
             and each.wanted.start_by > now]
            for day in days
        ]  # fmt: skip
        with self._reading.connect() as connection:
            starts = VisitPlans(connection).starts([each.id for some in mine for each in some])
        first = [min(starts.get(each.id, each.wanted.start_from) for each in some) for some in mine if some]
        counts = [len(some) for some in mine if some]
        return "; ".join(
            f"{self._calendar.local(at):%m-%d %H:%M} x{many}" for at, many in zip(first, counts, strict=True)
        )

    def _post(self, tx: Tx, plans: dict[CarerId, VisitPlan], texts: dict[CarerId, str]) -> None:
        people = People(tx.connection).carers_by_id(plans)
        Outbox.post(tx, [
            self._draft(tx, each, plans[each.id], texts[each.id]) for each in people.values()
            if each.phone and not (each.opted_out or each.suspended or each.ended_at)
        ])  # fmt: skip

    def _draft(self, tx: Tx, who: Carer, plan: VisitPlan, text: str) -> Draft:
        assert who.phone is not None
        facts: dict[str, Fact] = {"choices": text or None, "link": self._page}
        return Draft(
            key=_key(plan, who.id), sentence="visits_given" if text else "visits_gone", channel=Channel.SMS,
            priority=Priority.REPORT, to=who.phone, person=carer(who.id), lang=who.lang,
            expires_at=tx.now + LASTS, facts=facts,
        )  # fmt: skip


def _touched(connection: Connection, since: datetime) -> dict[CarerId, VisitPlan]:
    """The last plan since then that gave each of these carers a visit or took one."""
    shelf = VisitPlans(connection)
    return {
        id_: plan
        for plan in shelf.came_true_since(since)
        for each in shelf.visits(plan.id) if each.changes and each.assigned_at is not None
        for id_ in set(each.carers) ^ set(each.had)
    }  # fmt: skip


def _key(plan: VisitPlan, id_: CarerId) -> str:
    return f"plan_told:{plan.id}:{plan.state}:{id_}"
