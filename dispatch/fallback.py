"""
What is left when the rules fail: plain text to everybody on duty and to the operator, and again in two minutes.

Nothing here looks at policies, rankings or wording beyond one plain sentence, so that a mistake there cannot reach it.
"""

from collections.abc import Sequence
from datetime import timedelta

from sqlalchemy import update

from dispatch.ids import AlarmId, CarerId
from dispatch.rules.message import Channel, Draft, Priority
from dispatch.rules.people import SERVICE, Reach, carer
from dispatch.rules.record import Line
from dispatch.store.alarms import alarms
from dispatch.store.outbox import Outbox
from dispatch.store.people import People
from dispatch.store.transactions import Tx

AGAIN_S = 120
"""A fall-back is repeated as the last step of a policy would be; PROMISES, section 2."""

TOLD_MAX = 200


def fall_back(tx: Tx, alarm_id: AlarmId, on_duty: Sequence[CarerId], operators: Sequence[Reach], error: str) -> None:
    """Writes to everybody and puts the alarm two minutes on. `error` is the kind of what went wrong."""
    row = tx.connection.execute(alarms.select().where(alarms.c.id == alarm_id)).one()
    if row.state == "closed":
        return
    carers = People(tx.connection).carers_by_id(on_duty[:TOLD_MAX]).values()
    told = [Reach(person=carer(each.id), phone=each.phone, lang=each.lang) for each in carers if each.phone]
    version = row.version + 1
    Outbox.post(tx, [_plain(tx, alarm_id, row.number, version, reach) for reach in (*told, *operators)])
    due_at = tx.now + timedelta(seconds=AGAIN_S)
    changed = {"due_at": due_at, "version": version, "stepped_at": tx.now}
    tx.connection.execute(update(alarms).where(alarms.c.id == alarm_id).values(**changed))
    facts = {"from": row.state, "to": row.state, "error": error, "told": len(told) + len(operators)}
    tx.log(Line(kind="fell_back", by=SERVICE, alarm_id=alarm_id, version=version, facts=facts))


def _plain(tx: Tx, alarm_id: AlarmId, number: str, version: int, reach: Reach) -> Draft:
    return Draft(
        key=f"plain:{alarm_id}:{reach.person}:{version}",
        sentence="plain",
        channel=Channel.SMS,
        priority=Priority.EMERGENCY,
        to=reach.phone,
        person=reach.person,
        lang=reach.lang,
        expires_at=tx.now + timedelta(seconds=600),
        alarm_id=alarm_id,
        facts={"number": number, "place": ""},
    )
