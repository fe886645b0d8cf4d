"""What a resident allows a contact to be told: kept with who said so and when, the newest holds, none is deleted."""

from collections.abc import Callable, Collection

from dispatch.errors import Invalid
from dispatch.ids import ContactId
from dispatch.rules.family import Stage
from dispatch.rules.people import Person
from dispatch.rules.record import Line
from dispatch.rules.rights import Area
from dispatch.store.accounts import Reading
from dispatch.store.contact_consents import ContactConsent, consents_of
from dispatch.store.people import People
from dispatch.store.register_rows import CONTACTS, RegisterRows, Row
from dispatch.store.transactions import Transactions, Tx

GIVEN_BY_MAX = 120


class ContactConsents:
    """Keeps them. `changed` is called after each: whoever tells families looks at the register anew."""

    def __init__(self, transactions: Transactions, reading: Reading, *, changed: Callable[[], None]) -> None:
        self._transactions = transactions
        self._reading = reading
        self._changed = changed

    def keep(self, name: str, *, may_know: Collection[str], given_by: str, by: Person, area: Area) -> Row:
        """
        The resident, or whoever may speak for them (`given_by`), allows this much; an empty list takes all of it back.

        Raises:
            NotFound: there is no such contact in this area.
            Invalid: nobody is named, or something is no stage of an alarm.
        """
        said = given_by.strip()
        if not said or len(said) > GIVEN_BY_MAX:
            raise Invalid("Please check what was entered", {"json": {"given_by": ["Say who allowed it."]}})
        if not set(may_know) <= set(Stage):
            raise Invalid("Please check what was entered", {"json": {"may_know": ["Please choose one."]}})

        def work(tx: Tx) -> Row:
            row = RegisterRows(tx.connection).one(CONTACTS, name, area)
            kept = sorted({str(each) for each in may_know})
            People(tx.connection).keep_consent(ContactId(row["id"]), given_by=said, given_at=tx.now, may_know=kept)
            tx.log(Line(kind="consent_kept", by=by, facts={"contact": row["id"], "may_know": ",".join(kept)}))
            return RegisterRows(tx.connection).one(CONTACTS, row["id"], area)

        done = self._transactions.run(work)
        self._changed()
        return done

    def of(self, name: str, area: Area) -> tuple[Row, list[ContactConsent]]:
        """A contact and all that was ever said, the newest first. Raises NotFound: none in this area."""
        with self._reading.connect() as connection:
            row = RegisterRows(connection).one(CONTACTS, name, area)
            return row, consents_of(connection, ContactId(row["id"]))
