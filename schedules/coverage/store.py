"""What coverage reads that no other shelf tells: when each carer was last heard of."""

from datetime import datetime

from sqlalchemy import Connection, func, select

from dispatch.ids import CarerId
from dispatch.rules.people import carer
from dispatch.store.reach_tests import reach_tests
from dispatch.store.replies import replies


def last_heard(connection: Connection) -> dict[CarerId, datetime]:
    """
    When each carer who was ever asked last answered a test, or said anything else; those who never did have the time
    of their first test.
    """
    of_carer = reach_tests.c.carer_id
    asked = select(of_carer, func.min(reach_tests.c.asked_at)).where(reach_tests.c.asked_at.is_not(None))
    answered = select(of_carer, func.max(reach_tests.c.ended_at)).where(reach_tests.c.state == "answered")
    heard = {row[0]: row[1] for row in connection.execute(asked.group_by(of_carer))}
    heard |= {row[0]: row[1] for row in connection.execute(answered.group_by(of_carer)) if row[1] is not None}
    said = select(replies.c.person, func.max(replies.c.received_at)).where(replies.c.person.like("carer:%"))
    spoken = {row[0]: row[1] for row in connection.execute(said.group_by(replies.c.person))}
    return {id_: max(at, spoken.get(carer(id_), at)) for id_, at in heard.items()}
