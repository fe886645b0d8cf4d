"""
Who can be reached: a test message to each carer once a month, which asks for an answer, and what every other message
says about each number. "Cannot be reached" is known before it matters.

```
  planned (an hour of the month's working days, spread) ──► asked ──► answered
                                                              └─────► silent after a day; a later answer still counts
```

Whoever was silent is told to the desk and ranked behind the others, never left out: a telephone that does not answer a
test may answer an emergency.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Protocol

import structlog

from dispatch.clock import Clock
from dispatch.expectations import Done, Expectation, in_earnest
from dispatch.ids import CarerId
from dispatch.rules.message import Channel, Draft, Priority
from dispatch.rules.people import SERVICE, Carer, Person, carer, carer_id
from dispatch.rules.record import Line
from dispatch.rules.reply import Action, Parsed
from dispatch.store.alarms import Alarms
from dispatch.store.database import Connection, Engine
from dispatch.store.outbox import Outbox
from dispatch.store.people import People
from dispatch.store.reach_tests import ReachTest, ReachTests, Tally
from dispatch.store.replies import Reply
from dispatch.store.transactions import Lane, Transactions, Tx

ANSWER_WITHIN = timedelta(hours=24)
WORTH_SENDING = timedelta(hours=4)
NOT_NOW = timedelta(minutes=30)
"""Whoever is being asked about an emergency is asked for a test later."""

AGAIN = timedelta(minutes=10)

RATES_OVER = timedelta(days=30)
"""Failure rates look back so far."""

REFUSED_MIN = 3
"""So many attempts at a number, of which none was taken, make it one that cannot be reached."""

log = structlog.get_logger()

Month = Callable[[datetime], tuple[str, datetime, datetime]]
"""The local month of an instant: its name, and the window it fills."""


class Spread(Protocol):
    """When in a stretch of time somebody is to be asked; `schedules.spread` answers."""

    def __call__(self, key: str, start: datetime, end: datetime) -> datetime:
        """An instant within working hours, the same for the same key, spread evenly over all keys."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Unreached:
    """A carer who cannot be reached, why (`no_phone`, `opted_out`, `silent`, `refused`) and since when, if known."""

    carer: Carer
    why: str
    since: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reach:
    """One row of the list of carers: their newest test, what messages to the number say, and why they are unreached."""

    carer: Carer
    test: ReachTest | None
    tally: Tally | None
    why: str | None


class Reachability:
    """Plans, asks and counts. An owner of waiting rows, and one who may be waiting for an answer."""

    name = "reach_tests"
    patient = True

    def __init__(
        self,
        transactions: Transactions,
        reading: Engine,
        clock: Clock,
        *,
        wanted: bool,
        month_of: Month,
        spread: Spread,
        road: Callable[[str], Channel | None],
        page: Callable[[str, str], None],
        changed: Callable[[], None],
    ) -> None:
        """
        `wanted`: whether tests are sent at all. `road` says by what an answer could come back from a number, if at all;
        `page(why, what)` tells the duty numbers; `changed` is called when somebody became reachable or not.
        """
        self._transactions = transactions
        self._reading = reading
        self._clock = clock
        self._wanted = wanted
        self._month_of = month_of
        self._spread = spread
        self._road = road
        self._page = page
        self._changed = changed

    # ------------------------------------------------------------------------------------------- planning

    def check(self) -> None:
        """Plans this month's test of everybody who has none yet. Called now and then."""
        if not self._wanted:
            return
        now = self._clock.now()
        month, start, end = self._month_of(now)
        with self._reading.connect() as connection:
            planned = ReachTests(connection).planned_in(month)
            missing = [each for each in People(connection).carers() if each.id not in planned and _may_be_asked(each)]
        for each in missing:
            # About the same day of each month, so that no answer is ever much older than a month.
            due_at = self._spread(each.code, max(now, start), end)
            self._transactions.run(lambda tx, who=each, at=due_at: _plan(tx, who, month, at), lane=Lane.BULK)  # type: ignore[misc]

    # ------------------------------------------------------------------------------------------- what falls due

    def due(self, now: datetime, most: int) -> Sequence[str]:
        with self._reading.connect() as connection:
            return ReachTests(connection).due(now, most)

    def next_due(self) -> datetime | None:
        with self._reading.connect() as connection:
            return ReachTests(connection).next_due()

    def wake(self, id_: str) -> None:
        """Asks whose hour has come, and ends what was asked a day ago."""
        silent = self._transactions.run(lambda tx: self._wake(tx, id_))
        if silent is not None:
            self._changed()
            self._page("carer_unreached", silent)

    def stumble(self, id_: str, error: Exception) -> None:
        """Tried again in a while."""
        self._transactions.run(lambda tx: ReachTests(tx.connection).change(id_, due_at=tx.now + AGAIN))

    def _wake(self, tx: Tx, id_: str) -> str | None:
        """The code of a carer who turned out not to answer."""
        shelf = ReachTests(tx.connection)
        test = shelf.get(id_)
        if test is None or test.due_at is None or test.due_at > tx.now:
            return None
        who = People(tx.connection).carers_by_id([test.carer_id]).get(test.carer_id)
        if test.state == "asked":
            return _end(tx, test, who)
        if who is None or not _may_be_asked(who):
            shelf.change(id_, state="left", due_at=None, ended_at=tx.now)
            return None
        self._ask(tx, test, who)
        return None

    def _ask(self, tx: Tx, test: ReachTest, who: Carer) -> None:
        shelf = ReachTests(tx.connection)
        at = self._spread(f"{who.code}:{test.month}", tx.now, tx.now + NOT_NOW)
        if at > tx.now + NOT_NOW:
            # The service was down when its hour came, and now it is night.
            shelf.change(test.id, due_at=at)
            return
        if Alarms(tx.connection).offers_to(carer(who.id)):
            shelf.change(test.id, due_at=tx.now + NOT_NOW)
            return
        assert who.phone is not None
        road = self._road(who.phone)
        if road is None:
            # Nobody could answer: whoever was asked would be called silent, and ranked behind the others for it.
            log.warning("reach_test_unanswerable", person=carer(who.id))
            shelf.change(test.id, state="left", due_at=None, ended_at=tx.now)
            return
        shelf.change(test.id, state="asked", asked_at=tx.now, due_at=tx.now + ANSWER_WITHIN, phone=who.phone)
        Outbox.post(tx, [_letter(tx, test, who, who.phone, road)])
        tx.log(Line(kind="reach_asked", by=SERVICE, facts={"person": carer(who.id), "test": test.id}))

    # ------------------------------------------------------------------------------------------- answers

    def expects(self, tx: Tx, person: Person, parsed: Parsed, reply: Reply) -> Sequence[Expectation]:
        """A test's answer. Never while an alarm is open to this person: a test must not make an emergency unclear."""
        id_ = carer_id(person)
        test = ReachTests(tx.connection).open_of(id_) if id_ else None
        if test is None or parsed.action is not Action.ACCEPT or tx.now - (test.asked_at or tx.now) > RATES_OVER:
            return []
        if in_earnest(tx, Alarms(tx.connection).offers_to(person), coded=True):
            return []
        return [Expectation(0, "", lambda tx: self._answered(tx, test, person, reply))]

    def _answered(self, tx: Tx, test: ReachTest, person: Person, reply: Reply) -> Done:
        ReachTests(tx.connection).change(test.id, state="answered", due_at=None, ended_at=tx.now)
        tx.log(Line(kind="reach_answered", by=person, facts={"person": person, "test": test.id}))
        if not reply.voice:
            who = People(tx.connection).carers_by_id([test.carer_id]).get(test.carer_id)
            Outbox.post(tx, [_thanks(tx, test, person, reply.sender, who.lang if who else "zh")])
        return Done("reach_test", self._changed)

    # ------------------------------------------------------------------------------------------- what is known

    def carers(self) -> list[Reach]:
        """Every carer with the newest test and the figures of the number; those who cannot be reached first."""
        with self._reading.connect() as connection:
            shelf, now = ReachTests(connection), self._clock.now()
            last, tallies = shelf.last(), shelf.by_number(now - RATES_OVER)
            unreached = {each.carer.id: each.why for each in unreached_of(connection, now)}
            rows = [
                Reach(
                    carer=each, test=last.get(each.id), tally=tallies.get(each.phone or ""), why=unreached.get(each.id)
                )
                for each in People(connection).carers()
                if not each.suspended
            ]
        return sorted(rows, key=lambda row: (row.why is None, row.carer.code))

    def providers(self) -> dict[str, Tally]:
        """What became of attempts by each provider within the last month."""
        with self._reading.connect() as connection:
            return dict(ReachTests(connection).by_provider(self._clock.now() - RATES_OVER))

    def unreached(self) -> list[Unreached]:
        """Carers on the register who cannot be reached."""
        with self._reading.connect() as connection:
            return unreached_of(connection, self._clock.now())


def unreached_of(connection: Connection, now: datetime) -> list[Unreached]:
    """Carers who are not suspended and cannot be reached, as far as anybody knows."""
    shelf = ReachTests(connection)
    last, silent, tallies = shelf.last(), shelf.silent(), shelf.by_number(now - RATES_OVER)
    found = []
    for each in People(connection).carers():
        why = None if each.suspended else _why(each, silent, tallies.get(each.phone or ""))
        test = last.get(each.id)
        if why is not None:
            found.append(Unreached(carer=each, why=why, since=test.asked_at if test and why == "silent" else None))
    return found


def _why(who: Carer, silent: set[CarerId], tally: Tally | None) -> str | None:
    if who.phone is None:
        return "no_phone"
    if who.opted_out:
        return "opted_out"
    if who.id in silent:
        return "silent"
    return "refused" if tally is not None and tally.tries >= REFUSED_MIN and tally.taken == 0 else None


def _may_be_asked(who: Carer) -> bool:
    return who.phone is not None and not who.suspended and not who.opted_out


def _plan(tx: Tx, who: Carer, month: str, due_at: datetime) -> None:
    test = ReachTest(
        id=tx.new_id(), carer_id=who.id, month=month, phone=who.phone or "", state="planned", due_at=due_at
    )
    ReachTests(tx.connection).plan(test)


def _end(tx: Tx, test: ReachTest, who: Carer | None) -> str | None:
    """A day is over: whoever said anything at all since then was reached."""
    shelf, person = ReachTests(tx.connection), carer(test.carer_id)
    heard = test.asked_at is not None and shelf.said_since(person, test.asked_at)
    state = "answered" if heard else "silent"
    shelf.change(test.id, state=state, due_at=None, ended_at=tx.now)
    kind = "reach_answered" if heard else "reach_silent"
    tx.log(Line(kind=kind, by=person if heard else SERVICE, facts={"person": person, "test": test.id}))
    return None if heard else (who.code if who else test.carer_id)


def _letter(tx: Tx, test: ReachTest, who: Carer, phone: str, road: Channel) -> Draft:
    """By text where an answer comes back, else by a call with a key."""
    return Draft(
        key=f"reach:{test.id}:{tx.now.isoformat()}",
        sentence="reach_test",
        channel=road,
        priority=Priority.REMINDER,
        to=phone,
        person=carer(who.id),
        lang=who.lang,
        expires_at=tx.now + WORTH_SENDING,
        answerable=True,
    )


def _thanks(tx: Tx, test: ReachTest, person: Person, to: str, lang: str) -> Draft:
    return Draft(
        key=f"reach_thanks:{test.id}",
        sentence="reach_thanks",
        channel=Channel.SMS,
        priority=Priority.CONFIRMATION,
        to=to,
        person=person,
        lang=lang,
        expires_at=tx.now + timedelta(minutes=10),
    )
