"""
The engine with one mistake in it, by name. Each is made at a public seam and taken back afterwards.

What a simulation does not catch here it would not catch in earnest.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import timedelta
from unittest.mock import patch

from devices.reception import Reception
from devices.rules.burst import Windows
from devices.upkeep import silences
from devices.upkeep.cases import Cases
from devices.upkeep.silences import Silences
from dispatch.answers import Answers
from dispatch.desk import Desk, Received
from dispatch.messages.providers.provider import Outcome
from dispatch.messages.settling import Settling
from dispatch.rules import advance, alarm, answering
from dispatch.rules.alarm import State
from dispatch.rules.people import SERVICE, operator
from dispatch.rules.steps import all_hands
from dispatch.store import record, transactions
from dispatch.store.outbox import Outbox


def _steps_far_apart():
    """The next step comes ten minutes later."""
    return patch.object(advance, "soon", lambda now, wait_s: now + timedelta(seconds=wait_s + 600))


def _due_forgotten_on_accept():
    """Accepting leaves the alarm due in a day, so nobody ever looks whether somebody came."""
    real = answering.life.accept

    def accept(*args, **more):
        after, taken, line = real(*args, **more)
        return replace(after, due_at=more["now"] + timedelta(days=1)), taken, line

    return patch.object(answering.life, "accept", accept)


def _no_arrival_clock():
    """Who accepts has a week to arrive."""
    return patch.object(alarm, "arrival_due", lambda eta_s, now: now + timedelta(days=7))


def _accepted_without_compare():
    """Everybody who accepts is taken, whoever came before."""
    real = answering.life.accept
    return patch.object(answering.life, "accept", lambda *args, **more: real(*args, **(more | {"wanted": 99})))


def _acknowledged_before_commit():
    """The gateway answers first; the press is kept with the next one."""
    late = []
    real = Reception.hear

    def hear(self, frame, *, gateway):
        late.append((frame, gateway))
        if len(late) > 1:
            real(self, late.pop(0)[0], gateway=gateway)
        return Received(alarm_id=None)

    return patch.object(Reception, "hear", hear)


def _copies_not_known():
    """Every copy of a burst is a press of its own."""
    return patch.object(Windows, "heard", lambda self, frame, at_s: False)


def _joined_later():
    """A second press puts the next step off."""
    return patch.object(alarm, "sooner", lambda before, now: before.due_at + timedelta(seconds=90))


def _closed_by_timeout():
    """An attended alarm that nobody asks about ends by itself."""
    real = advance.advance

    def remind(situation):
        if situation.alarm.state is State.ATTENDED and situation.alarm.due_at <= situation.now:
            return answering.close(situation, outcome=alarm.Outcome.HELPED, by=operator("timeout"))
        return real(situation)

    return patch("dispatch.desk.advance", remind)


def _sent_again_after_taken():
    """What a provider has taken stays due."""
    real = Settling.settle

    def settle(self, tx, job, sent):
        unreachable = real(self, tx, job, sent)
        if sent.outcome is Outcome.TAKEN:
            outbox = Outbox(tx.connection)
            outbox.change(job.message, state="posted", due_at=tx.now + timedelta(seconds=3))
        return unreachable

    return patch.object(Settling, "settle", settle)


def _unknown_is_taken():
    """No answer from a provider is good enough."""
    real = Settling.settle

    def settle(self, tx, job, sent):
        good = replace(sent, outcome=Outcome.TAKEN) if sent.outcome is Outcome.UNKNOWN else sent
        return real(self, tx, job, good)

    return patch.object(Settling, "settle", settle)


def _claimed_without_lease():
    """A claimed message may be claimed again in a second."""
    real = Outbox.claim
    early = timedelta(seconds=14.8)
    return patch.object(
        Outbox, "claim", lambda self, message, *, until, look_at=None: real(self, message, until=until - early)
    )


def _clock_not_mended():
    """Nobody notices that the clock was set back."""
    return patch.object(transactions.Units, "mend_clock", lambda self, connection: None)


def _line_missing():
    """Acceptances are not written down."""
    real = record.append

    def append(connection, lines, *more):
        kept = [line for line in lines if line.kind != "accepted"]
        return real(connection, kept, *more) if kept else 0

    return patch.object(record, "append", append)


def _decliners_asked_again():
    """Whoever declined is asked as if they had not."""

    def everybody(situation, count):
        return [(offer.person, offer.eta_s) for offer in situation.offers if offer.role is None]

    return patch.object(all_hands, "_everybody", everybody)


def _no_fallback():
    """A decision that fails is left to fail."""
    return patch.object(Desk, "stumble", lambda self, id_, error: None)


def _answers_dropped():
    """An answer that comes in is not kept."""
    return patch.object(Answers, "receive", lambda self, provider, said: None)


def _answers_stumble():
    """Whoever answers runs into a mistake, and the service goes on as if nothing were."""

    def wake(self, id_):
        raise KeyError(id_)

    return patch.object(Answers, "wake", wake)


def _silence_forgotten():
    """A device that is silent is looked at in a week."""
    real = silences.judge

    def judge(*args):
        found = real(*args)
        return replace(found, faults=(), due_at=args[-1] + timedelta(days=7))

    return patch.object(silences, "judge", judge)


def _repair_ends_by_itself():
    """A device that is heard again needs no test press."""
    real = Silences._look

    def look(self, id_, most, tx):
        real(self, id_, most, tx)
        for row in tx.connection.exec_driver_sql("SELECT device_id FROM vigils WHERE health = 'well'").all():
            self._cases.end(tx, row.device_id, test_id=None, by=SERVICE)

    return patch.object(Silences, "_look", look)


def _nobody_asks_the_resident():
    """A case is opened, and no check with it."""
    return patch.object(Cases, "plan_check", lambda self, tx, *repairs: None)


def _arrival_proves_itself():
    """Whoever says they are there is believed, for ever."""
    real = answering.arrival.attend

    def attend(before, offer, *, proof, by, now, at=None):
        after, there, line = real(before, offer, proof=proof, by=by, now=now, at=at)
        return replace(after, due_at=now + timedelta(days=1)), there, line

    return patch.object(answering.arrival, "attend", attend)


MUTANTS = {
    name.strip("_").replace("_", " "): make
    for name, make in list(globals().items())
    if name.startswith("_") and callable(make) and make.__module__ == __name__
}
"""Each by the name of its mistake."""


@contextmanager
def mutated(name: str) -> Iterator[None]:
    """The engine with this mistake, for as long as it lasts."""
    with MUTANTS[name]():
        yield
