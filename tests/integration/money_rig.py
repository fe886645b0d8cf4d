"""A world with beds, proved visits, bills and a ledger: months settled as the service settles them."""

from config.bedmoney_options import BedMoneySettings
from config.wiring_bedmoney import build_bedmoney
from dispatch.rules.people import operator
from dispatch.rules.rights import DISTRICT
from schedules.money.beds.filing import Asked
from schedules.money.beds.store import Bills, Facts, Payments
from schedules.money.rules.bills import Line
from schedules.money.rules.ledger import Ledger
from tests.integration.beds_rig import BedsRig

CLERK, CHIEF = operator("clerk"), operator("chief")


class Books:
    """The ledger of the rules behind the face of the shelf."""

    def __init__(self, ledger: Ledger) -> None:
        self._ledger = ledger

    def enter(self, entry):
        return self._ledger.enter(entry)

    def closed(self):
        return self._ledger.closed


class MoneyRig(BedsRig):
    """The beds' world with money beside it. `said` are settings."""

    def __init__(self, folder, *, blueprints=None, **said) -> None:
        self.said = said
        self.ledger = Ledger()
        self.fitted = []
        self.folder = folder
        super().__init__(folder, blueprints=blueprints)
        if blueprints is None:
            self.money = self.build()

    def build(self, *, on_file=False, **more):
        """The services; `on_file` books in the database's own ledger."""
        world, said = self.world, BedMoneySettings(**{"beds": "fz-bed-2022", **self.said, **more})
        return build_bedmoney(
            said, world.transactions, world.reading, world.clock, world.calendar, months=self.beds.months,
            visits=self.visits, books=None if on_file else lambda _: Books(self.ledger), fitted=lambda: self.fitted,
        )  # fmt: skip

    def know(self, resident="R1", **facts):
        self.money.filing.know(resident, Facts(resident_id="", **facts), by=CLERK, area=DISTRICT)

    def file(self, fen, on, *, resident="R1", kind="institution", scheme="nat-voucher-2026", lines=None, **more):
        lines = lines or [Line(number=1, on=on, amount_fen=fen)]
        asked = Asked(kind=kind, scheme=scheme, resident=resident, on=on, provider="颐养院", lines=lines, **more)
        return self.money.filing.file(asked, by=CLERK, area=DISTRICT)

    def withdraw(self, bill):
        self.money.filing.withdraw(bill["id"], "写错了", by=CLERK, area=DISTRICT)

    def settle(self, month):
        found = self.money.settling.settle(month, by=CHIEF)
        return (found.entered, found.reversed, found.same)

    def month(self, month):
        return self.money.reckoning.month(month, DISTRICT)

    def paid(self, month):
        """What holds, by source."""
        with self.world.reading.connect() as connection:
            return Payments(connection).of_month(month)

    def bills(self, month):
        with self.world.reading.connect() as connection:
            return Bills(connection).of_month(month, DISTRICT)

    def balance(self):
        """Fen by account of the ledger, without those that are nothing."""
        sums = {}
        for entry in self.ledger:
            for posting in entry.postings:
                sums[posting.account] = sums.get(posting.account, 0) + posting.amount_fen
        return {account: fen for account, fen in sums.items() if fen}
