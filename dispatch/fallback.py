"""
What is left when the rules fail: plain text to everybody on duty and to the operator, and again in two minutes.

Nothing here looks at policies, rankings or wording beyond one plain sentence, so that a mistake there cannot reach it.
"""

from collections.abc import Sequence
from datetime import timedelta

from dispatch.ids import AlarmId, CarerId
from dispatch.rules.alarm import Alarm, change
from dispatch.rules.escalation import FALL_BACK_S
from dispatch.rules.message import Channel, Draft, Fact, Priority, Rank
from dispatch.rules.people import SERVICE, Reach, carer
from dispatch.rules.signal import Cause
from dispatch.store.alarms import Alarms, hold_key
from dispatch.store.outbox import Outbox
from dispatch.store.people import People
from dispatch.store.transactions import Tx

TOLD_MAX = 200


def fall_back(
    tx: Tx,
    alarm_id: AlarmId,
    on_duty: Sequence[CarerId],
    operators: Sequence[Reach],
    *,
    failures: int,
    error: str,
    again: bool,
) -> None:
    """
    Writes to everybody and puts the alarm two minutes on.

    `failures` is how often in a row the rules have failed, `error` the kind of what went wrong. What is written `again`
    waits for the first words about other alarms.
    """
    tx.hold(hold_key(Alarms.of(tx).get(alarm_id)))
    alarm = Alarms.of(tx).get(alarm_id)
    if not alarm.open:
        return
    # An exercise that fails is the desk's to hear of, and nobody else's: it does not say that it is one here.
    on_duty = on_duty if alarm.cause is not Cause.EXERCISE else ()
    carers = People(tx.connection).carers_by_id(on_duty[:TOLD_MAX]).values()
    told = [Reach(person=carer(each.id), phone=each.phone, lang=each.lang) for each in carers if each.phone]
    facts: dict[str, Fact] = {"error": error, "told": len(told) + len(operators)}
    due_at = tx.now + timedelta(seconds=FALL_BACK_S)
    after, line = change(alarm, "fell_back", SERVICE, facts, due_at=due_at, stepped_at=tx.now)
    # What fails twice will fail a third time: from now on one failure is enough.
    Alarms.of(tx).save(alarm, after, failures=failures)
    Outbox.post(tx, [_plain(tx, after, reach, again=again) for reach in (*told, *operators)])
    tx.log(line)


def _plain(tx: Tx, alarm: Alarm, reach: Reach, *, again: bool) -> Draft:
    return Draft(
        key=f"plain:{alarm.id}:{reach.person}:{alarm.version}",
        sentence="plain",
        channel=Channel.SMS,
        priority=Priority.EMERGENCY,
        to=reach.phone,
        person=reach.person,
        lang=reach.lang,
        expires_at=tx.now + timedelta(seconds=600),
        alarm_id=alarm.id,
        rank=Rank.AGAIN if again else Rank.FIRST,
        facts={"number": alarm.number, "place": "", **({"exercise": 1} if alarm.cause is Cause.EXERCISE else {})},
    )
