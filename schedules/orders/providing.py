"""Organisations that can be asked: a repair shop, a clinic. Carers stand in their own register."""

from dispatch.rules.people import Person
from dispatch.rules.record import Line
from dispatch.store.transactions import Transactions, Tx
from schedules.orders.store.orders import Orders, Provider


class Providing:
    """Adds and ends them."""

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    def add(self, name: str, phone: str, skills: tuple[str, ...], *, station_id: str | None, by: Person) -> Provider:
        """One more, of a station or of the whole district. `phone` is E.164."""

        def work(tx: Tx) -> Provider:
            made = Provider(
                id=tx.new_id(), name=name, phone=phone, station_id=station_id, skills=skills, by=by, at=tx.now
            )
            Orders(tx.connection).add_provider(made)
            tx.log(Line(kind="provider_added", by=by, facts={"provider": made.id, "skills": ",".join(skills)}))
            return made

        return self._transactions.run(work)
