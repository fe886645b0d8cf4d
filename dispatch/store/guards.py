"""What stands against erasing somebody: an open alarm, a device that is still theirs."""

from collections.abc import Collection

from sqlalchemy import Connection, or_, select, update

from dispatch.store.alarms import alarms
from dispatch.store.database import metadata
from dispatch.store.outbox import messages
from dispatch.store.people import residents


def open_alarm_of(connection: Connection, resident_id: str) -> bool:
    """Whether an alarm of this resident, or of their home without saying whose, is open."""
    home = select(residents.c.home_id).where(residents.c.id == resident_id).scalar_subquery()
    theirs = or_(alarms.c.resident_id == resident_id, (alarms.c.home_id == home) & alarms.c.resident_id.is_(None))
    query = select(alarms.c.id).where(theirs, alarms.c.state != "closed").limit(1)
    return connection.execute(query).first() is not None


def paired_device_of(connection: Connection, resident_id: str) -> bool:
    """
    Whether a device is still paired to this resident, or to their home where nobody else lives in it who is not erased.

    The register of devices stands in a room above; it is asked by the names of its columns.
    """
    devices = metadata.tables["devices"]
    home = select(residents.c.home_id).where(residents.c.id == resident_id).scalar_subquery()
    others = select(residents.c.id).where(residents.c.home_id == home, residents.c.id != resident_id)
    alone = connection.execute(others.where(residents.c.name != "").limit(1)).first() is None
    theirs = devices.c.resident_id == resident_id
    theirs = or_(theirs, devices.c.home_id == home) if alone else theirs
    return (
        connection.execute(select(devices.c.id).where(theirs, devices.c.retired_at.is_(None)).limit(1)).first()
        is not None
    )


def stop_messages_to(connection: Connection, people: Collection[str]) -> None:
    """What waits to be sent to them is not sent any more."""
    waiting = messages.c.person.in_(list(people)) & messages.c.due_at.is_not(None)
    stopped = {"state": "cancelled", "due_at": None, "reason": "erased"}
    connection.execute(update(messages).where(waiting).values(**stopped))
