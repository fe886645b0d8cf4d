"""What residents agreed to, in which version of the words: withdrawn by a date, never deleted (PIPL Art. 14 to 16)."""

from dispatch.errors import Conflict, Invalid, NotFound
from dispatch.rules.message import Fact
from dispatch.rules.people import Person
from dispatch.rules.record import Line
from dispatch.rules.rights import Area
from dispatch.store.database import Engine
from dispatch.store.personal import home_of
from dispatch.store.privacy import Consent, Requests
from dispatch.store.transactions import Transactions, Tx

CHANNELS = ("paper", "phone", "online")


class Consenting:
    """Keeps and withdraws consents."""

    def __init__(self, transactions: Transactions, reading: Engine) -> None:
        self._transactions = transactions
        self._reading = reading

    def keep(
        self, resident_id: str, *, purpose: str, version: str, given_by: str, channel: str, by: Person, area: Area
    ) -> str:
        """
        A consent was given, by the resident or whoever may sign for them; gives its id.

        Raises:
            NotFound: there is no such resident in this area.
            Invalid: a word is missing.
        """
        said = {"purpose": purpose, "version": version, "given_by": given_by}
        wrong = {name: "missing" for name, value in said.items() if not value.strip()}
        if wrong or channel not in CHANNELS:
            raise Invalid("Please check what was entered.", wrong or {"channel": "unknown"})

        def work(tx: Tx) -> str:
            home = home_of(tx.connection, resident_id)
            if home is None or not area.covers(home[1]):  # type: ignore[arg-type]
                raise NotFound("There is no such resident.")
            consent = Consent(
                id=tx.new_id(), resident_id=resident_id, purpose=purpose, version=version, given_by=given_by,
                channel=channel, given_at=tx.now, kept_by=by,
            )  # fmt: skip
            Requests(tx.connection).keep_consent(consent)
            facts: dict[str, Fact] = {"person": f"resident:{resident_id}", "consent": consent.id}
            tx.log(Line(kind="consent_given", by=by, facts=facts))
            return consent.id

        return self._transactions.run(work)

    def withdraw(self, resident_id: str, consent_id: str, *, by: Person, area: Area) -> None:
        """
        It holds no more from now on; what was done before stays lawful.

        Raises:
            NotFound, Conflict: there is none of this resident in this area, or it was withdrawn before.
        """
        if not any(each.id == consent_id for each in self.of(resident_id, area)):
            raise NotFound("There is no such consent.")

        def work(tx: Tx) -> None:
            if not Requests(tx.connection).withdraw(consent_id, tx.now):
                raise Conflict("This consent was withdrawn before.")
            facts: dict[str, Fact] = {"person": f"resident:{resident_id}", "consent": consent_id}
            tx.log(Line(kind="consent_withdrawn", by=by, facts=facts))

        self._transactions.run(work)

    def of(self, resident_id: str, area: Area) -> list[Consent]:
        """All of a resident's consents, oldest first, withdrawn ones too."""
        with self._reading.connect() as connection:
            home = home_of(connection, resident_id)
            if home is None or not area.covers(home[1]):  # type: ignore[arg-type]
                raise NotFound("There is no such resident.")
            return list(Requests(connection).consents_of(resident_id))
