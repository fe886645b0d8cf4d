"""What the links of pages open, read for the index that finds it again."""

from datetime import datetime

from sqlalchemy import Connection, select

from dispatch.ids import AlarmId, ContactId, OfferId
from dispatch.store.alarms import alarms, offers
from dispatch.store.people import contacts


class Openings:
    """Offers, and contacts of homes with an alarm, by when they came."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def offers(self, since: datetime) -> list[OfferId]:
        """Every offer made since then."""
        query = select(offers.c.id).where(offers.c.offered_at > since)
        return [OfferId(row.id) for row in self._connection.execute(query)]

    def contacts(self, since: datetime) -> list[tuple[AlarmId, ContactId]]:
        """Every contact of a home with an alarm raised since then, with that alarm."""
        query = (
            select(alarms.c.id.label("alarm_id"), contacts.c.id.label("contact_id"))
            .join(contacts, contacts.c.home_id == alarms.c.home_id)
            .where(alarms.c.raised_at > since)
        )
        return [(AlarmId(row.alarm_id), ContactId(row.contact_id)) for row in self._connection.execute(query)]
