"""What was asked of whom of late: for the index of links, and for codes that tell two requests apart."""

from collections.abc import Collection
from datetime import datetime

from sqlalchemy import Connection, bindparam, select

from dispatch.ids import AlarmId, CarerId, ContactId, OfferId
from dispatch.rules.people import Person
from dispatch.store.alarms import alarms, offers
from dispatch.store.people import carers, contacts
from dispatch.store.prepared import Prepared

_ASKED_AMONG = Prepared(
    select(offers.c.person)
    .join(alarms, alarms.c.id == offers.c.alarm_id)
    .where(offers.c.person.in_(bindparam("people", expanding=True)), offers.c.offered_at > bindparam("since"))
    .where(offers.c.state.in_(["open", "lapsed", "accepted"]), alarms.c.state != "closed")
    .where(offers.c.alarm_id != bindparam("but"))
)


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

    def carers(self) -> list[CarerId]:
        """Everybody who has a page of their own: carers who have not left."""
        query = select(carers.c.id).where(carers.c.ended_at.is_(None))
        return [CarerId(row.id) for row in self._connection.execute(query)]

    def asked_elsewhere(self, people: Collection[Person], since: datetime, *, but: AlarmId) -> set[Person]:
        """Those of these people who were asked since then about another alarm that is open, and may still answer."""
        if not people:
            return set()
        found = _ASKED_AMONG.on(self._connection, people=list(people), since=since, but=but)
        return {Person(row.person) for row in found}
