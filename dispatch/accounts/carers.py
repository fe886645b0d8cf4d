"""
How a carer comes to their list: the number is typed, a code of six digits is sent to it, the code is typed back.

Nothing says whether a number is known. A code works once, for ten minutes and five tries; a visit ends with the shift.
"""

import hashlib
import hmac
import secrets
from collections.abc import Callable
from datetime import timedelta

from dispatch.clock import Clock
from dispatch.ids import CarerId
from dispatch.rules.message import Channel, Draft, Priority
from dispatch.rules.people import Person, carer, carer_id
from dispatch.rules.record import Line
from dispatch.store.database import Engine
from dispatch.store.outbox import Outbox
from dispatch.store.people import People
from dispatch.store.transactions import Transactions, Tx
from dispatch.store.visits import CarerVisits

CODE_LASTS = timedelta(minutes=10)
TRIES_MAX = 5
"""A million codes and five tries: one guess in 200,000 (ASVS 6.5 asks for 20 bits, a short life and single use)."""

VISIT_LASTS = timedelta(hours=12)


class CarerSignIn:
    """Codes by text, and the visits they begin."""

    def __init__(
        self, transactions: Transactions, reading: Engine, clock: Clock, *, secret: str, nudge: Callable[[], None]
    ) -> None:
        """`secret` keeps a code from being found out by whoever reads the database."""
        self._transactions = transactions
        self._reading = reading
        self._clock = clock
        self._key = secret.encode()
        self._nudge = nudge

    def ask(self, phone: str) -> None:
        """Sends a code to this number (E.164) if it is a carer's; the one before is void."""
        code = f"{secrets.randbelow(1_000_000):06}"

        def work(tx: Tx) -> None:
            found = [id_ for each in People(tx.connection).by_phone(phone) if (id_ := carer_id(each))]
            if not found:
                return
            who = People(tx.connection).carers_by_id(found[:1])[CarerId(found[0])]
            expires_at = tx.now + CODE_LASTS
            CarerVisits(tx.connection).keep_code(phone, self._hashed(phone, code), expires_at)
            draft = Draft(
                key=f"page_code:{phone}:{tx.new_id()}", sentence="page_code", channel=Channel.SMS,
                priority=Priority.CONFIRMATION, to=phone, person=carer(who.id), lang=who.lang, expires_at=expires_at,
                facts={"number": code},
            )  # fmt: skip
            Outbox.post(tx, [draft])
            tx.log(Line(kind="page_code_sent", by=carer(who.id)))

        self._transactions.run(work)
        self._nudge()

    def enter(self, phone: str, code: str) -> str | None:
        """The token of a new visit; None where number and code do not belong together, or no longer."""
        token = secrets.token_urlsafe(32)

        def work(tx: Tx) -> str | None:
            shelf = CarerVisits(tx.connection)
            kept = shelf.try_code(phone, tx.now, tries_max=TRIES_MAX)
            if kept is None or not hmac.compare_digest(kept, self._hashed(phone, code)):
                return None
            person = next((each for each in People(tx.connection).by_phone(phone) if carer_id(each)), None)
            shelf.forget_code(phone)
            if person is None:
                return None
            shelf.begin(_hash(token), person, tx.now + VISIT_LASTS, tx.now)
            tx.log(Line(kind="page_visit", by=person))
            return token

        return self._transactions.run(work)

    def check(self, token: str) -> Person | None:
        """Whose visit this is; None where it is over or was never begun."""
        if not token:
            return None
        with self._reading.connect() as connection:
            return CarerVisits(connection).person_of(_hash(token), self._clock.now())

    def leave(self, token: str) -> None:
        self._transactions.run(lambda tx: CarerVisits(tx.connection).end(_hash(token)))

    def _hashed(self, phone: str, code: str) -> str:
        return hmac.new(self._key, f"carer_code\x00{phone}\x00{code}".encode(), hashlib.sha256).hexdigest()


def _hash(token: str) -> str:
    return hashlib.sha256(token.encode()).hexdigest()
