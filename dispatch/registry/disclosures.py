"""
Who saw a number in full: the one place that writes it down, each time with the reason.

That somebody opened a file at all is kept by `dispatch.privacy.reads`.
"""

from dispatch.errors import Invalid
from dispatch.registry.id_numbers import IdNumbers
from dispatch.rules.people import Person
from dispatch.rules.record import Line
from dispatch.rules.rights import Area
from dispatch.store.register_rows import CONTACTS, RESIDENTS, RegisterRows
from dispatch.store.transactions import Transactions, Tx

REASON_MIN = 4
"""A reason is a word at least: two characters of Chinese and a blank would be none."""

Numbers = dict[str, str]


class Disclosures:
    """Numbers in full, each time with a reason that is kept."""

    def __init__(self, transactions: Transactions, sealing: IdNumbers) -> None:
        self._transactions = transactions
        self.sealing = sealing

    def unmask(self, resident: str, reason: str, *, by: Person, area: Area) -> Numbers:
        """
        The resident's ID number and telephone, and the telephones of the contacts, by `id_number`, `phone` and
        `contact:<id>`.

        Raises:
            NotFound: no such resident in this area. Invalid: no reason. Conflict: the key of the ID number is missing.
        """
        why = reason.strip()
        if len(why) < REASON_MIN:
            raise Invalid("Please say why.", {"json": {"reason": ["Say why, in a few words."]}})

        def work(tx: Tx) -> Numbers:
            shelf = RegisterRows(tx.connection)
            row = shelf.one(RESIDENTS, resident, area)
            numbers = {"phone": row["phone"] or ""}
            if row["id_sealed"]:
                numbers["id_number"] = self.sealing.open(row["id_sealed"])
            for contact in shelf.of_home(CONTACTS, row["home_id"]):
                numbers[f"contact:{contact['id']}"] = contact["phone"] or ""
            facts = {"resident": row["id"], "fields": ",".join(sorted(name for name in numbers if ":" not in name))}
            tx.log(Line(kind="numbers_shown", by=by, facts=facts, note=why))
            return numbers

        return self._transactions.run(work)
