"""Sends a family the address of the page on which they book."""

from datetime import timedelta

from dispatch.rules.message import Channel, Draft, Priority
from dispatch.rules.people import Person
from dispatch.rules.record import Line
from dispatch.rules.rights import Area
from dispatch.store.outbox import Outbox
from dispatch.store.register_rows import CONTACTS, RegisterRows
from dispatch.store.transactions import Transactions, Tx
from schedules.orders.photos import wrong


class Linking:
    """
    Posts the message, at most once a day and contact; the address itself is made where it leaves, and nowhere kept.
    """

    def __init__(self, transactions: Transactions) -> None:
        self._transactions = transactions

    def send(self, contact_id: str, *, by: Person, area: Area) -> None:
        """
        A family member is told their page.

        Raises:
            NotFound: no such contact in this area. Invalid: no telephone is on file.
        """

        def work(tx: Tx) -> None:
            row = RegisterRows(tx.connection).one(CONTACTS, contact_id, area)
            if not row["phone"] or row["ended_at"]:
                raise wrong("contact", "No telephone is on file.")
            Outbox.post(tx, [Draft(
                key=f"order_link:{row['id']}:{tx.now:%Y%m%d}", sentence="order_link", channel=Channel.SMS,
                priority=Priority.REMINDER, to=row["phone"], person=f"contact:{row['id']}", lang="zh",
                expires_at=tx.now + timedelta(hours=12),
            )])  # fmt: skip
            tx.log(Line(kind="order_link_sent", by=by, facts={"contact": row["id"], "home": row["home_id"]}))

        self._transactions.run(work)
