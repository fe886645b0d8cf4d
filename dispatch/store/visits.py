"""The ways in of carers on file: codes that were sent, and visits that were begun with one. Only hashes are kept."""

from datetime import datetime

from sqlalchemy import Column, Connection, Integer, String, Table, delete, insert, select, update

from dispatch.rules.people import Person
from dispatch.store.database import Instant, metadata, upsert

carer_codes = Table(
    "carer_codes", metadata,
    Column("phone", String(20), primary_key=True),
    Column("code_hash", String(64), nullable=False),
    Column("expires_at", Instant, nullable=False),
    Column("tries", Integer, nullable=False),
)  # fmt: skip

carer_visits = Table(
    "carer_visits", metadata,
    Column("token_hash", String(64), primary_key=True),
    Column("person", String(80), nullable=False),
    Column("expires_at", Instant, nullable=False),
)  # fmt: skip


class CarerVisits:
    """The shelf of both."""

    def __init__(self, connection: Connection) -> None:
        self._connection = connection

    def keep_code(self, phone: str, code_hash: str, expires_at: datetime) -> None:
        row = {"phone": phone, "code_hash": code_hash, "expires_at": expires_at, "tries": 0}
        upsert(carer_codes, self._connection, "phone", row)

    def try_code(self, phone: str, now: datetime, *, tries_max: int) -> str | None:
        """Counts a try and gives the hash to compare; None where there is no code, or it had its tries."""
        row = self._connection.execute(select(carer_codes).where(carer_codes.c.phone == phone)).first()
        if row is None or row.expires_at <= now or row.tries >= tries_max:
            return None
        counted = update(carer_codes).where(carer_codes.c.phone == phone).values(tries=carer_codes.c.tries + 1)
        self._connection.execute(counted)
        return str(row.code_hash)

    def forget_code(self, phone: str) -> None:
        self._connection.execute(delete(carer_codes).where(carer_codes.c.phone == phone))

    def begin(self, token_hash: str, person: Person, expires_at: datetime, now: datetime) -> None:
        """A new visit; those that are over are swept away."""
        self._connection.execute(delete(carer_visits).where(carer_visits.c.expires_at <= now))
        row = {"token_hash": token_hash, "person": person, "expires_at": expires_at}
        self._connection.execute(insert(carer_visits).values(row))

    def person_of(self, token_hash: str, now: datetime) -> Person | None:
        query = select(carer_visits.c.person).where(
            carer_visits.c.token_hash == token_hash, carer_visits.c.expires_at > now
        )
        found = self._connection.execute(query).scalar()
        return None if found is None else Person(found)

    def end(self, token_hash: str) -> None:
        self._connection.execute(delete(carer_visits).where(carer_visits.c.token_hash == token_hash))
