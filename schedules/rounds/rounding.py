"""
The rounds (探访): everybody on a list has one open, what happens opens further ones, and a missed one is never quiet.

```
  registers ─► class ─► one open regular round ─┐
  the record (discharge, death, alarm) ─► soon ─┼─► due list ─► result ─► the next one, in the same unit
  weather, festivals, managers ─► extra ────────┘      └► reminder ─► operators' list ─► soft alarm ─► again
```
"""

from collections.abc import Callable, Sequence
from dataclasses import replace
from datetime import date, datetime, time, timedelta
from functools import partial
from typing import Protocol

from dispatch.clock import Clock
from dispatch.errors import Conflict, Invalid
from dispatch.ids import AlarmId, CarerId, HomeId, ResidentId
from dispatch.rules.message import Channel, Draft, Priority
from dispatch.rules.people import SERVICE, Person, carer_id, compound
from dispatch.rules.raising import Heard
from dispatch.rules.record import Entry, Line
from dispatch.rules.rights import Area
from dispatch.rules.signal import Cause
from dispatch.store.absences import Absences
from dispatch.store.database import Engine
from dispatch.store.outbox import Outbox
from dispatch.store.people import People
from dispatch.store.register_rows import RESIDENTS, RegisterRows
from dispatch.store.transactions import Lane, Transactions, Tx
from schedules.calendar import Calendar
from schedules.care.rules.evidence import Limits
from schedules.care.rules.visit import Source, Wanted
from schedules.rounds.entering import Entering, unlist
from schedules.rounds.happened import asked_by
from schedules.rounds.listing import Lists
from schedules.rounds.opening import Opening
from schedules.rounds.proving import Where
from schedules.rounds.rules import round as rules
from schedules.rounds.rules.book import Book, Change, Means
from schedules.rounds.rules.round import Result, Round, Stage
from schedules.rounds.store.rounds import Listed, Rounds
from schedules.rounds.waiting import facts_of, hand_over_all, key_of, list_in, may_alarm

DAY = timedelta(days=1)
PIECE = 10
"""People looked at in one unit of work: 16 ms of processor time where this was measured."""

LISTED_MAX = 200
"""
So many are put on their lists at one look: a new district of 20,000 is through in under two hours. All at once they
kept the writer busy for minutes, and each press beside them took four times as long.
"""

NEWS_MAX = 200
NEVER = 2**62
"""A number that no entry has."""

REST = timedelta(minutes=10)
ROUND_MINUTES = 30
"""How long a round at home takes as it is planned; a default."""

FROM, UNTIL = time(8), time(17)
"""Local times between which a round at home begins; defaults."""

NOTE_MAX = 2000

DEFAULTS = Limits()


class Raises(Protocol):
    """Who makes an alarm; `dispatch.desk.Desk`."""

    def raise_in(self, tx: Tx, heard: Heard) -> AlarmId: ...


class RoundsDesk:
    """Plans, waits, and keeps what came of it. An owner of waiting rows and a source of wanted visits."""

    name = "rounds"
    patient = True

    def __init__(
        self, transactions: Transactions, reading: Engine, clock: Clock, calendar: Calendar, book: Book, desk: Raises,
        *, nudge: Callable[[], None], wanted: bool = True, is_workday: Callable[[date], bool] = lambda _: True,
        limits: Limits = DEFAULTS, always: bool = True, lacking: str = "",
    ) -> None:  # fmt: skip
        """
        `wanted`: whether rounds are kept at all; `always`: see `may_alarm`. `is_workday` keeps planned days off
        holidays where it can. `limits` say how near somebody is at a home, as for visits. `lacking` is why `book` only
        stands in for the centre's own, empty where it is that: nobody changes lists by it then.
        """
        self.lacking = lacking
        self._transactions = transactions
        self._reading = reading
        self._clock = clock
        self._calendar = calendar
        self.book = book
        self._desk = desk
        self._nudge = nudge
        self._wanted = wanted
        self._always = always
        self._opening = Opening(book, calendar, is_workday)
        self._lists = Lists(book, calendar, self._opening, holds=bool(lacking))
        self._todo: list[ResidentId] = []
        self._entering = Entering(book, calendar, self._opening, limits)

    # ------------------------------------------------------------------------------------------- planning

    def check(self) -> None:
        """Puts people on their lists, opens what is missing, reads what happened. Called now and then."""
        if not self._wanted:
            return
        self._read_news()
        now = self._clock.now()
        with self._reading.connect() as connection:
            shelf = Rounds(connection)
            hospital = shelf.hospital(now - timedelta(days=400), now)
            orphans = shelf.orphans(PIECE)
            if not self._todo:
                self._todo = list(dict.fromkeys([*self._lists.changed(shelf, hospital, now), *shelf.without_one()]))
        todo, self._todo = self._todo[:LISTED_MAX], self._todo[LISTED_MAX:]
        for at in range(0, len(todo), PIECE):
            self._transactions.run(partial(self._lists.put_all, todo[at : at + PIECE], hospital), lane=Lane.BULK)
        for id_ in orphans:
            self._transactions.run(partial(self._drop, id_), lane=Lane.BULK)

    def _drop(self, id_: str, tx: Tx) -> None:
        round_ = Rounds(tx.connection).get(id_)
        Rounds(tx.connection).save(rules.dropped(round_, tx.now, SERVICE))
        unlist(tx, round_)
        tx.log(Line(kind="round_dropped", by=SERVICE, facts=facts_of(round_)))

    # ------------------------------------------------------------------------------------------- what happened

    def _read_news(self) -> None:
        """What the record says since the last look; each entry asks for one round at most, however often it is read."""
        with self._reading.connect() as connection:
            shelf = Rounds(connection)
            mark = shelf.mark("news")
            # What lies before the first look of all asks for nothing any more.
            found, number = shelf.news(NEVER if mark is None else mark, NEWS_MAX)
        if mark == number and not found:
            return

        def work(tx: Tx) -> None:
            for entry in found:
                self._hear(tx, entry)
            Rounds(tx.connection).set_mark("news", number)

        self._transactions.run(work, lane=Lane.BULK)

    def _hear(self, tx: Tx, entry: Entry) -> None:
        for resident_id, change in asked_by(tx, entry):
            self._soon(tx, resident_id, change, key=f"entry:{entry.number}", by=SERVICE)

    def _soon(self, tx: Tx, resident_id: ResidentId, change: Change, *, key: str, by: Person) -> Round | None:
        row = RegisterRows(tx.connection).by_ids(RESIDENTS, [resident_id])[resident_id]
        round_ = self._opening.soon(tx, resident_id, HomeId(row["home_id"]), change, key)
        if not Rounds(tx.connection).open(round_):
            return None
        tx.log(Line(kind="round_opened", by=by, facts=facts_of(round_)))
        return round_

    # ------------------------------------------------------------------------------------------- by people

    def ask_for(self, resident: str, *, note: str, by: Person, area: Area) -> str:
        """
        Somebody asks for a round soon. Gives back its id.

        Raises:
            NotFound: no such resident in this area. Conflict: not served any more, or one is open already.
        """

        def work(tx: Tx) -> str:
            row = RegisterRows(tx.connection).one(RESIDENTS, resident, area)
            if row["ended_at"] is not None:
                raise Conflict("This resident is not served any more.")
            today = self._calendar.day_of(tx.now)
            made = self._soon(tx, row["id"], Change.ASKED, key=f"asked:{today}", by=by)
            if made is None:
                raise Conflict("A round soon is asked for already today.")
            tx.log(Line(kind="round_asked", by=by, facts=facts_of(made), note=note or None))
            return made.id

        made = self._transactions.run(work)
        self._nudge()
        return made

    def classify(self, resident: str, cls: str | None, *, why: str, by: Person, area: Area) -> None:
        """
        A class by hand, with a reason; None goes back to what the book says, an empty one takes off every list.

        Raises:
            NotFound: no such resident in this area. Invalid: no such class, or no reason.
        """
        if cls and cls not in self.book.classes:
            raise Invalid("Please choose one.", {"json": {"class": ["There is no such class."]}})
        if not why.strip():
            raise Invalid("Please fill in the text.", {"json": {"why": ["Say why, in a few words."]}})

        def work(tx: Tx) -> None:
            row = RegisterRows(tx.connection).one(RESIDENTS, resident, area)
            who = next(
                each for each in People(tx.connection).dwelling(row["home_id"]).residents if each.id == row["id"]
            )
            known = Rounds(tx.connection).listed(who.id)
            meant = cls if cls is not None else self.book.class_of(who, self._calendar.day_of(tx.now)) or ""
            self._lists.put(tx, who, known, meant, by=by, by_hand=cls is not None, why=why[:NOTE_MAX])

        self._transactions.run(work)
        self._nudge()

    def entrust(self, resident: str, responsible: Person | None, *, by: Person, area: Area) -> None:
        """Whose task the rounds of a resident are: a carer or an operator, None for nobody in particular."""

        def work(tx: Tx) -> None:
            row = RegisterRows(tx.connection).one(RESIDENTS, resident, area)
            shelf = Rounds(tx.connection)
            known = shelf.listed(ResidentId(row["id"]))
            if known is None:
                raise Conflict("This resident is on no list of rounds.")
            shelf.put(replace(known, responsible=responsible or ""))
            facts = {"resident": row["id"], "responsible": responsible}
            tx.log(Line(kind="round_entrusted", by=by, facts=facts))
            hand_over_all(tx, known.resident_id, responsible, by=by)

        self._transactions.run(work)

    def usual(self, id_: str, area: Area) -> Round:
        """
        One round as it stands.

        Raises:
            NotFound: no such round in this area.
        """
        with self._reading.connect() as connection:
            return Rounds(connection).get(id_, area)

    def enter(self, id_: str, result: Result, means: Means, *, by: Person, area: Area, note: str | None = None,
              at: datetime | None = None, where: Where | None = None) -> None:  # fmt: skip
        """
        What came of a round; `at` is when, now where nothing is said, `where` what the telephone says it is.

        Nobody met is no end: a further try is due soon, and after the last one the desk hears at once. Any other
        result closes it and opens the next regular one in the same unit. What was seen at the door and is not proved
        (`proving.py`) is a claim, which does not count before a second person has looked at it (`review`).

        Raises:
            NotFound: no such round in this area. Conflict: it is over. Invalid: these means do not do for it, it is
            said to be in the future, or needs are reported without a word about them.
        """
        if result is Result.NEEDS and not (note or "").strip():
            raise Invalid("Please fill in the text.", {"json": {"note": ["Say what is needed."]}})

        def work(tx: Tx) -> None:
            round_ = Rounds(tx.connection).get(id_, area)
            if round_.state is not rules.State.OPEN:
                raise Conflict("This round is over already.")
            when = at or tx.now
            if when > tx.now:
                raise Invalid("Please check what was entered", {"json": {"at": ["This is in the future."]}})
            if means not in round_.means:
                raise Invalid("Please choose one.", {"json": {"means": ["This round asks for another way."]}})
            self.enter_in(tx, round_, result, means, when, by, note, where=where)

        self._transactions.run(work)
        self._nudge()

    def enter_in(
        self, tx: Tx, round_: Round, result: Result, means: Means, at: datetime, by: Person, note: str | None,
        visit: str | None = None, where: Where | None = None,
    ) -> None:  # fmt: skip
        """The same for an open round within the caller's unit; `visit` is what showed it."""
        self._entering.enter(tx, round_, result, means, at, by, note, visit=visit, where=where)

    def prove_in(self, tx: Tx, round_: Round, visit: str) -> None:
        """A visit of this round counts; see `Entering.prove`."""
        self._entering.prove(tx, round_, visit)

    def review(self, id_: str, *, accepted: bool, by: Person, area: Area) -> None:
        """
        A second person looked at a claim: it counts, or it does not and somebody goes there soon.

        Raises:
            NotFound: no such round in this area. Conflict: it is no claim, or one's own.
        """

        def work(tx: Tx) -> None:
            round_ = Rounds(tx.connection).get(id_, area)
            self._entering.review(tx, round_, accepted=accepted, by=by)
            if not accepted and People(tx.connection).is_served(round_.resident_id):
                self._soon(tx, round_.resident_id, Change.ASKED, key=f"rejected:{id_}", by=by)

        self._transactions.run(work)
        self._nudge()

    # ------------------------------------------------------------------------------------------- by the timers

    def due(self, now: datetime, most: int) -> Sequence[str]:
        with self._reading.connect() as connection:
            return Rounds(connection).due(now, most)

    def next_due(self) -> datetime | None:
        with self._reading.connect() as connection:
            return Rounds(connection).next_due()

    def wake(self, id_: str) -> None:
        """Takes the step that is due."""
        if self._transactions.run(partial(self._wake, id_), lane=Lane.BULK) is Stage.ALARMED:
            self._nudge()

    def stumble(self, id_: str, error: Exception) -> None:
        """One that cannot be judged keeps no other waiting, and is looked at again."""
        self._transactions.run(lambda tx: Rounds(tx.connection).rest(id_, tx.now + REST), lane=Lane.BULK)

    def _wake(self, id_: str, tx: Tx) -> Stage | None:
        shelf = Rounds(tx.connection)
        round_ = shelf.get(id_)
        if round_.state is not rules.State.OPEN or round_.look_at is None or round_.look_at > tx.now:
            return None
        if not People(tx.connection).is_served(round_.resident_id):
            self._drop(id_, tx)
            return None
        away = [each for each in Absences(tx.connection).of([round_.resident_id]) if each.holds(tx.now)]
        if away:
            back_on = self._calendar.day_of(max(each.until_at for each in away)) + DAY
            shelf.save(rules.held_back(round_, back_on=back_on, deadline=self._calendar.start_of(back_on + DAY)))
            return None
        allowed = self._calendar.by_day(tx.now)
        if allowed > tx.now:
            shelf.rest(id_, allowed)
            return None
        after, stage = rules.look(round_, tx.now)
        if stage is Stage.ALARMED and not may_alarm(shelf, after, tx.now, self.book.alarms_per_hour, self._always):
            shelf.rest(id_, tx.now + REST)
            return None
        shelf.save(after)
        self._step(tx, after, stage)
        return stage

    def _step(self, tx: Tx, round_: Round, stage: Stage | None) -> None:
        if stage is Stage.REMINDED:
            self._remind(tx, round_)
        elif stage is Stage.LISTED:
            list_in(tx, round_)
            tx.log(Line(kind="round_overdue", by=SERVICE, facts=facts_of(round_)))
        elif stage is Stage.ALARMED:
            heard = Heard(
                cause=Cause.MISSED_VISIT, by=SERVICE, home_id=round_.home_id, resident_id=round_.resident_id,
                note=f"{round_.kind} {round_.why}".strip(),
            )  # fmt: skip
            alarm_id = self._desk.raise_in(tx, heard)
            tx.log(Line(kind="round_missed", by=SERVICE, alarm_id=alarm_id, facts=facts_of(round_)))

    def _remind(self, tx: Tx, round_: Round) -> None:
        listed = Rounds(tx.connection).listed(round_.resident_id)
        id_ = carer_id(Person(listed.responsible)) if listed and listed.responsible else None
        who = People(tx.connection).carers_by_id([id_]).get(id_) if id_ else None
        facts = facts_of(round_) | {"to": listed.responsible if listed else None}
        tx.log(Line(kind="round_reminded", by=SERVICE, facts=facts))
        if who is None or who.phone is None or who.opted_out or who.suspended or who.ended_at:
            return
        place = compound(People(tx.connection).home(round_.home_id).address)
        Outbox.post(tx, [Draft(
            key=f"round_due:{round_.id}:{round_.tries}", sentence="round_due", channel=Channel.SMS,
            priority=Priority.REMINDER, to=who.phone, person=f"carer:{who.id}", lang=who.lang,
            expires_at=tx.now + timedelta(hours=12),
            facts={"place": place, "choices": f"{round_.due_on:%m-%d}"},
        )])  # fmt: skip

    # ------------------------------------------------------------------------------------------- visits

    def wanted(self, day: date) -> Sequence[Wanted]:
        """The rounds that are planned for this local day and go to the door: one visit for each try."""
        with self._reading.connect() as connection:
            planned = [each for each in Rounds(connection).planned(day) if each.by_visit]
            away = {
                each.resident_id for each in Absences(connection).of([one.resident_id for one in planned])
                if each.holds(self._opening.at(day, FROM))
            } if planned else set()  # fmt: skip
            whose = Rounds(connection).everybody() if planned else {}
        return [
            Wanted(
                key=key_of(each), source=Source.ROUND,
                home_id=each.home_id, resident_id=each.resident_id, on=day, start_from=self._opening.at(day, FROM),
                start_by=self._opening.at(day, UNTIL), minutes=ROUND_MINUTES, items=("03",),
                usual=_usual(whose.get(each.resident_id)),
            )
            for each in planned if each.resident_id not in away
        ]  # fmt: skip


def _usual(listed: Listed | None) -> tuple[CarerId, ...]:
    """The carer to whom these rounds are entrusted goes there, and can sign as to any visit."""
    id_ = carer_id(Person(listed.responsible)) if listed and listed.responsible else None
    return (id_,) if id_ else ()
