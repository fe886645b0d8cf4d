"""
What is heard becomes an alarm: a signal is kept, joins the open alarm of its person, or begins one.

All of it happens within a unit of work of whoever calls, the desk's mostly. Nothing here chooses whom to ask: a mistake
in choosing must never cost the alarm itself.
"""

from collections.abc import Callable
from dataclasses import replace
from datetime import datetime, timedelta

import structlog

from dispatch.errors import SLIPS
from dispatch.ids import AlarmId
from dispatch.rules import answering
from dispatch.rules.alarm import Alarm
from dispatch.rules.escalation import Policies, Situation
from dispatch.rules.people import Household, Person, Resident
from dispatch.rules.raising import Heard, begin, begin_plainly, subject_of
from dispatch.rules.received import Received, Spool
from dispatch.rules.record import Line
from dispatch.rules.signal import Cause, Event, Signal
from dispatch.situations import Situations, keep
from dispatch.store.absences import is_held
from dispatch.store.alarms import Alarms
from dispatch.store.database import savepoint
from dispatch.store.idempotency import MISTAKES
from dispatch.store.people import People
from dispatch.store.policies import KeptPolicies
from dispatch.store.shadows import cover
from dispatch.store.signals import Signals
from dispatch.store.transactions import Tx

log = structlog.get_logger()

IsTest = Callable[[Tx, Signal], bool]
"""Whether a signal is the test press that somebody waits for; may write, in the unit that keeps the signal."""


class Receiving:
    """Keeps what is heard and makes alarms of it, inside the desk's units of work."""

    def __init__(self, policies: Policies, situations: Situations, day_number: Callable[[datetime], str]) -> None:
        """`day_number` numbers alarms by local day."""
        self._policies = policies
        self._situations = situations
        self._day_number = day_number

    def receive(
        self, tx: Tx, signal: Signal, window_s: float, spool: Spool | None, line: Line | None, is_test: IsTest | None,
        said_in: tuple[datetime, datetime] | None,
    ) -> Received:  # fmt: skip
        """Keeps a signal that is no copy, and raises or joins an alarm where it asks for one: see `Desk.receive`."""
        signals = Signals(tx.connection)
        if spool is not None and not signals.first_time(spool.gateway, spool.epoch, spool.seq, tx.now):
            return Received(alarm_id=None, copy=True)
        if window_s > 0 or said_in is not None:
            # What comes out of a spool is old: copies of it, heard by others, may have come before and after it.
            heard_at, window = signal.heard_at or tx.now, timedelta(seconds=window_s)
            known = signals.copy_of(signal.dedup_key, heard_at - window, heard_at + window if spool else tx.now)
            if known is None and said_in is not None:
                known = signals.copy_of(signal.dedup_key, said_in[0], min(said_in[1], tx.now))
            if known is not None:
                return Received(alarm_id=known[1], copy=True)
        if is_test is not None and _is_test(tx, signal, is_test):
            signals.add(replace(signal, cause=None), None)
            return Received(alarm_id=None)
        if signal.cause is Cause.INACTIVITY and _is_held(tx, signal):
            signals.add(replace(signal, cause=None), None)
            return Received(alarm_id=None)
        if signal.cause is None:
            signals.add(signal, self._mark(tx, signal))
            tx.log(*([line] if line else []))
            return Received(alarm_id=None)
        alarm_id, joined = self.raise_or_join(tx, Heard.of(signal, signal.cause))
        signals.add(signal, alarm_id)
        return Received(alarm_id=alarm_id, joined=joined)

    def _mark(self, tx: Tx, signal: Signal) -> AlarmId | None:
        """A cancel or an attendance is a line on the open alarm, and never closes it."""
        if (
            signal.event not in {Event.CANCEL, Event.ATTENDANCE, Event.RESTORE, Event.VOICE_REQUEST}
            or signal.home_id is None
        ):
            return None
        tx.hold(f"home:{signal.home_id}")
        resident = People(tx.connection).dwelling(signal.home_id).resident(signal.resident_id)
        alarm = Alarms.of(tx).open_of(subject_of(signal.home_id, resident.id if resident else None, signal.address))
        if alarm is not None:
            tx.log(Line(kind=f"heard_{signal.event}", by=Person(f"device:{signal.address}"), alarm_id=alarm.id))
        return alarm.id if alarm else None

    def raise_or_join(self, tx: Tx, heard: Heard) -> tuple[AlarmId, bool]:
        """The alarm that this belongs to, and whether it was open before. Holds the home, or the device without one."""
        household = self._household(tx, heard)
        resident = household.resident(heard.resident_id) if household else None
        subject = subject_of(heard.home_id, resident.id if resident else None, heard.address)
        tx.hold(f"home:{heard.home_id}" if heard.home_id else subject)
        before = Alarms.of(tx).open_of(subject)
        if before is not None:
            self._join(tx, before, household, heard)
            return before.id, True
        return self._raise(tx, subject, household, resident, heard).id, False

    def _household(self, tx: Tx, heard: Heard) -> Household | None:
        """Who lives there; an alarm for a home that cannot be read is one for its number alone."""
        try:
            return People(tx.connection).dwelling(heard.home_id) if heard.home_id else None
        except SLIPS:
            log.exception("home_not_read", home_id=heard.home_id)
            return None

    def _join(self, tx: Tx, before: Alarm, household: Household | None, heard: Heard) -> None:
        policy = self._policies.of(heard.cause)
        KeptPolicies.keep(tx, policy)
        try:
            situation = Situation(
                now=tx.now, alarm=before, offers=(), policy=policy, ids=tx.new_id, household=household,
                operators=self._situations.operators, station=self._situations.station_alone(tx, before),
            )  # fmt: skip
            decision = answering.join(situation, cause=heard.cause, by=heard.by)
        except SLIPS:
            # The alarm is open and goes on; its second press is kept as a signal of it, which nothing may prevent.
            log.exception("press_not_counted", alarm_id=before.id)
            return
        keep(tx, situation, decision)

    def _raise(
        self, tx: Tx, subject: str, household: Household | None, resident: Resident | None, heard: Heard
    ) -> Alarm:
        policy = self._policies.of(heard.cause)
        KeptPolicies.keep(tx, policy)
        day, id_ = self._day_number(tx.now), AlarmId(tx.new_id())
        number = f"{day}-{Alarms.of(tx).next_number(day):03}"
        try:
            place = heard.place(household, tx.now)[0]
            alarm, line = begin(
                heard, id_=id_, number=number, subject=subject, policy_id=policy.id, household=household,
                resident=resident, station_id=heard.station_id or self._situations.station_of(household, place),
                now=tx.now,
            )  # fmt: skip
        except SLIPS:
            log.exception("alarm_begun_plainly", address=heard.address)
            alarm, line = begin_plainly(heard, id_=id_, number=number, subject=subject, policy_id=policy.id, now=tx.now)
        Alarms.of(tx).add(alarm)
        self._situations.expect(alarm, household)
        tx.log(line)
        _cover(tx, alarm, household)
        return alarm


def _is_test(tx: Tx, signal: Signal, is_test: IsTest) -> bool:
    """What cannot be told for a test press is none."""
    try:
        with savepoint(tx.connection):
            return is_test(tx, signal)
    except MISTAKES:
        log.exception("test_press_not_told", address=signal.address)
        return False


def _is_held(tx: Tx, signal: Signal) -> bool:
    """Whether nobody is at home to be heard. What cannot be told is an alarm; a press never comes here."""
    try:
        with savepoint(tx.connection):
            return is_held(tx, signal)
    except MISTAKES:
        log.exception("absence_not_told", address=signal.address)
        return False


def _cover(tx: Tx, alarm: Alarm, household: Household | None) -> None:
    """Where it cannot be told whether a street is only listened to, people are told."""
    try:
        with savepoint(tx.connection):
            cover(tx, alarm, household.home.address if household else None)
    except MISTAKES:
        log.exception("shadow_not_told", alarm_id=alarm.id)
