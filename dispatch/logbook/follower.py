"""
Follows the record and keeps the log's rows up to it: a bookmark, the entries behind it, the alarms they are about.

Behind the emergency path on purpose: an alarm pays nothing for being searchable. A pass takes up what it finds until
its time is used up; what is closed stands in the lists a second or two later. Written on the bulk lane, some alarms at
a time.
"""

from collections.abc import Callable, Sequence
from dataclasses import asdict
from typing import Any

import structlog

from dispatch.clock import Clock
from dispatch.ids import AlarmId
from dispatch.logbook.findings_of_watch import Inspector
from dispatch.rules.people import SERVICE
from dispatch.rules.record import Entry, Line
from dispatch.rules.review import Limits, breaches, is_drawn, limits_at, stage
from dispatch.rules.review import is_due as belongs
from dispatch.rules.told import Told, tell
from dispatch.store.audit import Unreadable
from dispatch.store.database import Connection, Engine
from dispatch.store.logbook import Judged, Log, LogWriting
from dispatch.store.record import Record
from dispatch.store.transactions import Lane, Transactions, Tx

BATCH = 250
"""Entries taken up at once: about a dozen alarms, a unit of work of a few milliseconds."""

PASS_S = 0.02
"""Seconds after which a pass, each second, begins no further batch: two batches, about three percent of a processor."""

QUEUE_MAX = 2
PUT_OFF_MAX = 9
"""While more units of work than this wait for the writer, a pass is put off: so often in a row at most."""

_WAKES = frozenset({"raised", "closed", "reopened"})
"""Entries that make an alarm's row worth writing while it is open; of a closed one every entry does."""

Kept = Sequence[tuple[int, Limits]]

log = structlog.get_logger()


class Follower:
    """
    Fills the log's rows. `limits` are those of the settings; where they differ from the last ones kept, they hold from
    the next entry on, and the record says so.
    """

    def __init__(
        self, transactions: Transactions, reading: Engine, clock: Clock, limits: Limits,
        *, are_own: bool = True, waiting: Callable[[], int] = lambda: 0,
    ) -> None:  # fmt: skip
        """
        Limits that are not the centre's own, because its file cannot be read, stand in only where none ever held.
        `waiting` is how many units of work wait for the writer.
        """
        self._transactions = transactions
        self._reading = reading
        self._clock = clock
        self._limits = limits
        self._are_own = are_own
        self._inspector = Inspector(reading)
        self._kept: Kept = ()
        self._waiting = waiting
        self._put_off = 0

    def pass_(self) -> int:
        """Takes up what is new, for `PASS_S` or so; how many entries that were. In a flood it mostly stands aside."""
        if self._waiting() > QUEUE_MAX and self._put_off < PUT_OFF_MAX:
            self._put_off += 1
            return 0
        self._put_off = 0
        begun_s, taken = self._clock.look().steady_s, 0
        while True:
            took = self.step()
            taken += took
            if took < BATCH or self._clock.look().steady_s - begun_s >= PASS_S:
                return taken

    def catch_up(self) -> int:
        """Takes up everything there is, however long it takes."""
        taken = 0
        while took := self.step():
            taken += took
        return taken

    def step(self) -> int:
        """Takes up the next entries; how many."""
        kept = self._kept or self.keep_limits()
        with self._reading.connect() as connection:
            was = Log(connection).bookmark()
            entries = Record(connection).after(was, BATCH)
            if not entries:
                return 0
            audits = self._inspected(was, entries[-1].number)
            found = [{**each, "alarm_id": about} for each in audits if (about := _about(entries, each["number"]))]
            judged = self._judged(connection, entries, kept, {str(each["alarm_id"]) for each in found})
        self._transactions.run(lambda tx: _write(tx, was, entries, judged, found), lane=Lane.BULK)
        return len(entries)

    def keep_limits(self) -> Kept:
        """Writes down the limits where they are new, and gives all that ever held."""
        wanted = asdict(self._limits)

        def work(tx: Tx) -> list[tuple[int, Limits]]:
            log = Log(tx.connection)
            if not (kept := log.limits()) or (self._are_own and asdict(kept[-1][1]) != wanted):
                head = Record(tx.connection).head()[0]
                if not kept or kept[-1][0] < head:
                    LogWriting(tx.connection).put_limits(head, wanted)
                    tx.log(Line(kind="limits_set", by=SERVICE, facts={n: str(v) for n, v in wanted.items()}))
            return log.limits()

        self._kept = self._transactions.run(work, lane=Lane.BULK)
        return self._kept

    def _inspected(self, was: int, now: int) -> list[dict[str, Any]]:
        try:
            return self._inspector.between(was, now)
        except Unreadable as error:
            # One entry that PostgreSQL cannot read as JSON must not keep all that follow out of the lists.
            log.warning("log_not_inspected", from_number=was, to_number=now, error=str(error))
            return []

    def refresh(self, alarm_id: AlarmId) -> None:
        """Writes one alarm's row anew at once, however far behind the rest is: for those who wait to see it."""
        kept = self._kept or self.keep_limits()

        def work(tx: Tx) -> None:
            if judged := _tell_one(tx.connection, alarm_id, kept):
                LogWriting(tx.connection).put([judged])

        self._transactions.run(work)

    def judged(self, connection: Connection, alarm_id: AlarmId) -> Judged | None:
        """One alarm as its entries tell it now; None where there is none."""
        return _tell_one(connection, alarm_id, self._kept or Log(connection).limits() or [(0, self._limits)])

    def _judged(self, connection: Connection, entries: Sequence[Entry], kept: Kept, audited: set[str]) -> list[Judged]:
        named = {each.alarm_id for each in entries if each.alarm_id}
        woken = {each.alarm_id for each in entries if each.alarm_id and each.kind in _WAKES}
        rest = named - woken
        woken |= Log(connection).closed_among(rest) if rest else set()
        audited |= {each["alarm_id"] for each in Log(connection).audits(woken)} if woken else set()
        record = Record(connection)
        told = [_read(id_, record.of_alarm(id_)) for id_ in sorted(woken)]
        return [judge(each, kept, audited=each.alarm_id in audited) for each in _named(connection, told)]


def _read(alarm_id: AlarmId, entries: Sequence[Entry]) -> Told | None:
    """The alarm as it is told; None where its entries were spoilt: that stops none of the others."""
    try:
        return tell(entries)
    except (ValueError, LookupError, TypeError, AttributeError, AssertionError, StopIteration) as error:
        log.warning("alarm_not_told", alarm_id=alarm_id, error=type(error).__name__)
        return None


def _tell_one(connection: Connection, alarm_id: AlarmId, kept: Kept) -> Judged | None:
    told = _named(connection, [tell(Record(connection).of_alarm(alarm_id))])
    audited = bool(Log(connection).audits([alarm_id]))
    return judge(told[0], kept, audited=audited) if told else None


def judge(told: Told, kept: Kept, *, audited: bool) -> Judged:
    """What follows from the limits that held when the alarm was closed, or hold now while it is open."""
    limits = limits_at(kept, told.closing or kept[-1][0] + 1)
    found = breaches(told, limits, audited=audited)
    drawn = is_drawn(told, limits)
    return Judged(
        told=told, breaches=found, is_drawn=drawn, stage=stage(told, is_due=belongs(found, drawn=drawn))
    )  # fmt: skip


def _named(connection: Connection, found: Sequence[Told | None]) -> list[Told]:
    """What entries of earlier versions left out is read from the alarm's row."""
    told = [each for each in found if each is not None]
    return complete(told, Log(connection).unnamed)


def complete(told: Sequence[Told], ask: Callable[[list[AlarmId]], dict[str, dict[str, str]]]) -> list[Told]:
    """The same with the numbers, residents and stations that their first entries did not say."""
    lacking = [each.alarm_id for each in told if each.number is None]
    rows = ask(lacking) if lacking else {}
    return [_completed(each, rows.get(each.alarm_id)) for each in told]


def _completed(told: Told, row: dict[str, str] | None) -> Told:
    return told if row is None else told.named(row["number"], row["resident_id"], row["station_id"])


def _about(entries: Sequence[Entry], number: int) -> AlarmId | None:
    return next((each.alarm_id for each in entries if each.number == number), None)


def _write(
    tx: Tx, was: int, entries: Sequence[Entry], judged: Sequence[Judged], audits: Sequence[dict[str, object]]
) -> None:
    writing = LogWriting(tx.connection)
    if writing.turn(was, entries[-1].number):
        writing.put_hours(entries)
        writing.put_audits(audits)
        writing.put(judged)
