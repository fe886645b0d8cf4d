"""Gateways that stopped hearing: a line on the record and a page, because nobody behind them is heard."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Protocol

from devices.gateway import GatewayState
from devices.line import Condition
from dispatch.clock import Clock
from dispatch.rules.people import SERVICE, Person
from dispatch.rules.record import Line
from dispatch.store.transactions import Transactions

PATIENCE = timedelta(seconds=60)
"""
A line that comes back within a minute is not worth waking somebody; PROMISES allows 180 s until the operator knows.
"""

AGAIN = timedelta(minutes=10)


class Heard(Protocol):
    """A gateway, as far as its state goes."""

    name: str

    @property
    def state(self) -> GatewayState: ...


class Outages:
    """Looks at every gateway now and then. `page` is told why and which."""

    def __init__(
        self,
        gateways: Sequence[Heard],
        transactions: Transactions,
        clock: Clock,
        *,
        page: Callable[[str, str], None],
    ) -> None:
        self._gateways = gateways
        self._transactions = transactions
        self._clock = clock
        self._page = page
        self._paged: dict[str, datetime] = {}

    def check(self) -> None:
        """Pages for each gateway that has been deaf for too long, again every ten minutes, and notes its return."""
        now = self._clock.now()
        for gateway in self._gateways:
            state = gateway.state
            deaf = state.condition is not Condition.CONNECTED and now - state.since >= PATIENCE
            if deaf and now - self._paged.get(gateway.name, datetime.min.replace(tzinfo=now.tzinfo)) >= AGAIN:
                self._tell("gateway_lost", gateway.name, str(state.condition))
                self._page("gateway_lost", gateway.name)
                self._paged[gateway.name] = now
            elif state.condition is Condition.CONNECTED and self._paged.pop(gateway.name, None) is not None:
                self._tell("gateway_back", gateway.name, str(state.condition))

    def _tell(self, kind: str, name: str, condition: str) -> None:
        by = Person(f"gateway:{name}") if kind == "gateway_back" else SERVICE
        line = Line(kind=kind, by=by, facts={"gateway": name, "condition": condition})
        self._transactions.run(lambda tx: tx.log(line))
