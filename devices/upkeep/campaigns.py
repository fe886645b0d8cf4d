"""
The monthly campaign: every button is pressed once a month, and the figure says how many were.

Any press counts, test or alarm: it came the whole way. A month begins and ends by the local calendar, whose row waits.
"""

from collections.abc import Callable
from datetime import datetime

from devices.rules.plan import Plan
from devices.store.lists import Lists
from devices.store.repairs import Campaign, Campaigns
from devices.upkeep.notices import Notices
from dispatch.clock import Clock
from dispatch.rules.message import Fact
from dispatch.rules.people import SERVICE
from dispatch.rules.record import Line
from dispatch.store.database import Engine
from dispatch.store.transactions import Lane, Transactions, Tx

Month = Callable[[datetime], tuple[str, datetime, datetime]]
"""The local month of an instant: its name, and the window it fills."""


class Campaigning:
    """Begins and ends the campaigns. `check` is called now and then."""

    def __init__(
        self,
        transactions: Transactions,
        reading: Engine,
        clock: Clock,
        plan: Plan,
        notices: Notices,
        *,
        month_of: Month,
    ) -> None:
        self._plan = plan
        self._transactions = transactions
        self._reading = reading
        self._clock = clock
        self._notices = notices
        self._month_of = month_of

    def check(self) -> None:
        """Ends the months that are over, and begins the one that runs."""
        now = self._clock.now()
        name, start, end = self._month_of(now)
        with self._reading.connect() as connection:
            known = Campaigns(connection).recent(1)
            running = Campaigns(connection).open()
        # A clock that shows a month long past ends nothing and begins nothing: it will be set.
        if known and known[0].id > name:
            return
        for campaign in running:
            if campaign.id != name:
                self._end(campaign)
        if not known or known[0].id != name:
            self._begin(Campaign(id=name, began_at=start, due_at=end))

    def _begin(self, campaign: Campaign) -> None:
        with self._reading.connect() as connection:
            _, of = Lists(connection, self._plan).coverage(campaign.began_at)

        def work(tx: Tx) -> None:
            if Campaigns(tx.connection).begin(campaign):
                tx.log(Line(kind="campaign_began", by=SERVICE, facts={"month": campaign.id, "of": of}))

        self._transactions.run(work, lane=Lane.BULK)

    def _end(self, campaign: Campaign) -> None:
        with self._reading.connect() as connection:
            covered, of = Lists(connection, self._plan).coverage(campaign.began_at)

        def work(tx: Tx) -> None:
            if Campaigns(tx.connection).end(campaign.id, tx.now, covered=covered, of=of):
                facts: dict[str, Fact] = {"month": campaign.id, "covered": covered, "of": of}
                tx.log(Line(kind="campaign_ended", by=SERVICE, facts=facts))
                self._notices.remind(tx, "campaign_ended", place=f"{covered}/{of}")

        self._transactions.run(work, lane=Lane.BULK)
