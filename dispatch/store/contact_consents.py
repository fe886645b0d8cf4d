"""What was ever allowed a contact, on file; `People.keep_consent` writes it."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import Connection, select

from dispatch.ids import ContactId
from dispatch.store.people import consents


@dataclass(frozen=True, slots=True, kw_only=True)
class ContactConsent:
    """Who said what a contact may know of an alarm, and when; the newest holds."""

    given_by: str
    given_at: datetime
    may_know: tuple[str, ...]


def consents_of(connection: Connection, contact_id: ContactId) -> list[ContactConsent]:
    """All of a contact's, the newest first."""
    query = select(consents).where(consents.c.contact_id == contact_id).order_by(consents.c.given_at.desc())
    return [
        ContactConsent(given_by=row.given_by, given_at=row.given_at, may_know=tuple(row.may_know))
        for row in connection.execute(query)
    ]
