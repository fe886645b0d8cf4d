"""
The one welfare signal: looks at a home when it is due, and raises one soft alarm when its signs are enough.

    signs ─► row due now ───┐
    end of a part of a day ─┴─► look ─► habits that failed ─► judge ─► below: nothing
                    somebody on watch rings them first, for an hour ◄─┤ (less than `sure`)
                                                                      └─► one alarm, or a note on the open one

A home waits in its own row. While an alarm is open there, nothing is raised: what is new joins it as a note. When it is
closed, somebody has looked, and everything before is settled.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, time, timedelta
from typing import Any
from zlib import crc32

import structlog

from dispatch.desk import Desk
from dispatch.ids import AlarmId, HomeId, ResidentId
from dispatch.rules.absences import Absence
from dispatch.rules.people import SERVICE
from dispatch.rules.raising import Heard
from dispatch.rules.received import Received
from dispatch.rules.record import Line
from dispatch.rules.signal import Cause
from dispatch.store.absences import Absences
from dispatch.store.accounts import Reading
from dispatch.store.people import People
from dispatch.store.transactions import Lane, Transactions, Tx
from schedules.calendar import Calendar
from schedules.welfare.ringing import Ringing
from schedules.welfare.rules.habits import WEEKS
from schedules.welfare.rules.judging import Reason, Verdict, judge
from schedules.welfare.rules.ringing import ring_until
from schedules.welfare.rules.signs import Kind, Observation, Scale
from schedules.welfare.rules.watching import LUNCH_ENDS, PARTS, little_motion, missed_meal, no_motion
from schedules.welfare.store import Around, Given, Givens, Signs, Standing, Standings
from schedules.welfare.words import sentence

REST = timedelta(minutes=10)
LEARNT = timedelta(weeks=WEEKS, days=1)
MOVED = timedelta(days=29)
SPREAD_S = 30 * 60
"""Twice a day 20,000 homes are looked at: eleven a second for half an hour leaves the alarms their place."""

HABITS = "habits"
"""The source of what is missed by habit."""

log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class _Gone:
    """Who is away now, and on which local days each resident was away or will be."""

    now: frozenset[ResidentId]
    served: Sequence[ResidentId]
    spans: Sequence[tuple[ResidentId, datetime, datetime]]

    def held(self, each: Observation) -> bool:
        """Whether this was noticed while the one it is about was away; about the whole home: while all were."""
        away = {who for who, start, end in self.spans if start <= each.at < end}
        return away >= set(self.served) if each.resident_id is None else each.resident_id in away

    def days(self, resident: ResidentId | None, calendar: Calendar) -> frozenset[date]:
        if resident is None:
            each = [self.days(one, calendar) for one in self.served]
            return frozenset.intersection(*each) if each else frozenset()
        found: set[date] = set()
        for who, start, end in self.spans:
            day, last = calendar.day_of(start), calendar.day_of(end)
            while who == resident and day <= last:
                found.add(day)
                day += timedelta(days=1)
        return frozenset(found)


class Looking:
    """The owner of the rows of homes that are watched."""

    name = "welfare"
    patient = True

    def __init__(
        self, transactions: Transactions, reading: Reading, desk: Desk, calendar: Calendar, scale: Scale
    ) -> None:  # fmt: skip
        self._transactions = transactions
        self._reading = reading
        self._desk = desk
        self._calendar = calendar
        self.scale = scale

    def due(self, now: datetime, most: int) -> Sequence[str]:
        with self._reading.connect() as connection:
            return Standings(connection).due(now, most)

    def next_due(self) -> datetime | None:
        with self._reading.connect() as connection:
            return Standings(connection).next_due()

    def stumble(self, id_: str, error: Exception) -> None:
        """One home that cannot be judged keeps no other waiting."""

        def work(tx: Tx) -> None:
            failures = Standings(tx.connection).get(HomeId(id_)).failures
            Standings(tx.connection).change(HomeId(id_), due_at=tx.now + REST, failures=failures + 1)

        log.error("welfare_not_judged", home_id=id_, why=type(error).__name__)
        self._transactions.run(work, lane=Lane.BULK)

    def wake(self, id_: str) -> None:
        """Looks at one home; what is raised is acted upon once it is durable."""
        alarm_id = self._transactions.run(lambda tx: self._look(tx, HomeId(id_)), lane=Lane.BULK)
        if alarm_id is not None:
            self._desk.proceed(Received(alarm_id=alarm_id))

    def _look(self, tx: Tx, home_id: HomeId) -> AlarmId | None:
        tx.hold(f"home:{home_id}")
        standing = Standings(tx.connection).get(home_id)
        if standing.due_at > tx.now:
            return None
        served = [each.id for each in People(tx.connection).dwelling(home_id).residents if each.is_served]
        gone = _gone(tx, served)
        self._keep_habits(tx, standing, served, gone)
        settled = Around(tx.connection).settled(standing)
        verdict = self._judged(tx, standing, served, gone, settled)
        threshold = self.scale.threshold if standing.threshold is None else standing.threshold
        rings_until = self._ring_first(tx, home_id, verdict, threshold)
        next_look = self._next_look(home_id, tx.now)
        Standings(tx.connection).looked(
            home_id, score=verdict.score, reasons=plain(verdict.reasons), looked_at=tx.now, settled_at=settled,
            due_at=min(next_look, rings_until or next_look), failures=0,
        )  # fmt: skip
        send = verdict.score >= threshold and rings_until is None
        return self._signal(tx, home_id, verdict, threshold) if send else None

    def _ring_first(self, tx: Tx, home_id: HomeId, verdict: Verdict, threshold: float) -> datetime | None:
        """Until when somebody may ring them before anybody is sent; None: nobody is to ring, or the time is over."""
        ringing = Ringing(tx)
        asked = ringing.open(home_id)
        until = ring_until(verdict.score, self.scale, tx.now, self._calendar.local)
        over = asked is not None and asked <= tx.now
        if verdict.score < threshold or until is None or over or Around(tx.connection).open_alarm(home_id):
            if asked is not None:
                ringing.end(home_id)
            return None
        if asked is None:
            ringing.begin(home_id, verdict.resident_id, until, sentence(verdict.reasons, self._calendar.local))
        return asked or until

    # ------------------------------------------------------------------------------------------- what is known

    def _judged(
        self, tx: Tx, standing: Standing, served: Sequence[ResidentId], gone: _Gone, settled: datetime | None
    ) -> Verdict:
        noticed = Signs(tx.connection).of(standing.home_id, tx.now - self.scale.window)
        return judge(
            [each for each in noticed if not gone.held(each)], living=served, away=gone.now, scale=self.scale,
            now=tx.now, since=settled,
        )  # fmt: skip

    def _keep_habits(self, tx: Tx, standing: Standing, served: Sequence[ResidentId], gone: _Gone) -> None:
        """Signs out of what did not happen by the end of each part of this day and of lunch; each is kept once."""
        parts = [self._moment(tx.now, each) for each in PARTS]
        lunch, over = self._moment(tx.now, LUNCH_ENDS), [each for each in parts if each <= tx.now]
        if not over:
            return
        signs, home = Signs(tx.connection), standing.home_id
        life = signs.of(home, tx.now - LEARNT, {Kind.MEAL}) + signs.of(home, tx.now - MOVED, {Kind.MOTION})
        since = self._calendar.day_of(standing.watched_from)
        found: list[Observation | None] = []
        for each in (None, *served) if any(one.kind is Kind.MOTION for one in life) else ():
            about = {"local": self._calendar.local, "since": since, "away": gone.days(each, self._calendar)}
            found += [no_motion(_until(life, at), each, home, at, **about) for at in over]  # type: ignore[arg-type]
            if len(over) == len(parts):
                found.append(little_motion(_until(life, over[-1]), each, home, over[-1], **about))  # type: ignore[arg-type]
        if tx.now >= lunch and any(each.kind is Kind.MEAL for each in life):
            open_days = self._open_days(signs, tx.now)
            found += [
                missed_meal(
                    life, each, home, lunch, local=self._calendar.local, open_days=open_days,
                    away=gone.days(each, self._calendar),
                )
                for each in served
            ]  # fmt: skip
        for sign in found:
            if sign is not None:
                signs.add(sign, HABITS)

    def _open_days(self, signs: Signs, now: datetime) -> frozenset[date]:
        """The days like today, and today, on which anybody at all came to eat: a closed canteen is nobody's trouble."""
        today = self._calendar.day_of(now)
        days = [today - timedelta(weeks=each) for each in range(WEEKS + 1)]
        return frozenset(each for each in days if signs.any_meal(*self._calendar.bounds(each)))

    def _moment(self, now: datetime, at: time, *, later: int = 0) -> datetime:
        day = self._calendar.day_of(now) + timedelta(days=later)
        return datetime.combine(day, at, self._calendar.tzinfo).astimezone(UTC)

    def _next_look(self, home_id: HomeId, now: datetime) -> datetime:
        """The end of a part of the day or of lunch, and some minutes by its id: homes do not all fall due at once."""
        late = timedelta(seconds=crc32(home_id.encode()) % SPREAD_S)
        ends = (*PARTS, LUNCH_ENDS)
        moments = [self._moment(now, at, later=later) + late for later in (0, 1) for at in ends]
        return min(each for each in moments if each > now)

    # ------------------------------------------------------------------------------------------- what is told

    def _signal(self, tx: Tx, home_id: HomeId, verdict: Verdict, threshold: float) -> AlarmId | None:
        """Raises one, or adds what is new as a note to the alarm that is open at this home; gives back a new alarm."""
        open_ = Around(tx.connection).open_alarm(home_id)
        last = Givens(tx.connection).last_of(home_id)
        words = sentence(verdict.reasons, self._calendar.local)
        if open_ is not None and last is not None and last.alarm_id == open_:
            self._add(tx, last, verdict, words)
            return None
        alarm_id = open_ or self._desk.raise_in(tx, Heard(
            cause=Cause.INACTIVITY, by=SERVICE, home_id=home_id, resident_id=verdict.resident_id, note=words,
        ))  # fmt: skip
        given = Given(
            id=tx.new_id(), home_id=home_id, resident_id=verdict.resident_id, alarm_id=alarm_id,
            joined=open_ is not None, at=tx.now, score=verdict.score, threshold=threshold,
            reasons=plain(verdict.reasons),
        )  # fmt: skip
        Givens(tx.connection).add(given)
        kinds = ",".join(each.kind.value for each in verdict.reasons)
        facts = {"home": home_id, "resident": verdict.resident_id, "score": f"{verdict.score:.2f}", "signs": kinds}
        note = words if given.joined else None
        tx.log(Line(kind="welfare_signalled", by=SERVICE, alarm_id=alarm_id, facts=facts, note=note))
        return None if given.joined else alarm_id

    def _add(self, tx: Tx, last: Given, verdict: Verdict, words: str) -> None:
        """Only what was not told before: nobody is to read the same again."""
        known = {(each["kind"], each["at"]) for each in last.reasons}
        told = plain(verdict.reasons)
        if all((each["kind"], each["at"]) in known for each in told):
            return
        Givens(tx.connection).add_reasons(last.id, told, verdict.score)
        tx.log(Line(kind="noted", by=SERVICE, alarm_id=last.alarm_id, note=words))


def _until(life: Sequence[Observation], at: datetime) -> list[Observation]:
    """What was noticed up to then: what moves later says nothing of this part of the day."""
    return [each for each in life if each.at <= at]


def plain(reasons: Sequence[Reason]) -> list[Mapping[str, Any]]:
    """Reasons as they are kept and told over the wire: codes, times and points, no words about people."""
    return [
        {
            "kind": each.kind.value, "at": each.at.isoformat(),
            "expected_at": each.expected_at.isoformat() if each.expected_at else None,
            "points": round(each.points, 2),
        }
        for each in reasons
    ]  # fmt: skip


def _gone(tx: Tx, served: Sequence[ResidentId]) -> _Gone:
    current: list[Absence] = Absences(tx.connection).of(served) if served else []
    now = frozenset(each.resident_id for each in current if each.holds(tx.now))
    return _Gone(now, tuple(served), Around(tx.connection).spans_away(served, tx.now - LEARNT, tx.now))
