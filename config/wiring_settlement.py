"""Puts together the settlement of public money."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from sqlalchemy import select

from config.settlement_options import SettlementSettings
from dispatch.clock import Clock
from dispatch.store.database import Engine
from dispatch.store.people import stations
from dispatch.store.transactions import Transactions
from schedules.calendar import Calendar
from schedules.money.closing import Closing, Dues
from schedules.money.counting import Counting
from schedules.money.settling import Payee, Settling
from schedules.money.store.months import Months

CLOSED_MONTHS = 12
"""So many are looked over for anomalies after their closing."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """Settlement, and who may be owed money: stations always; canteens are put in by whoever knows them."""

    settling: Settling
    counting: Counting
    reading: Engine
    payees: list[Callable[[], Mapping[str, Payee]]] = field(default_factory=list)

    def month_hash(self, month: str) -> str | None:
        """The hash of a closed month; None of an open one."""
        with self.reading.connect() as connection:
            known = Months(connection).get(month)
        return None if known is None else str(known["hash"])

    def closed_months(self) -> Sequence[str]:
        """The months that were closed lately, the newest first."""
        with self.reading.connect() as connection:
            return [month for month, *_ in Months(connection).newest(CLOSED_MONTHS)]


def build_settlement(
    said: SettlementSettings, transactions: Transactions, reading: Engine, clock: Clock, calendar: Calendar, *,
    dues: Dues | None = None,
) -> Settlement:  # fmt: skip
    """Wires it. `dues` are booked in a month before it takes no more entries."""
    sources: list[Callable[[], Mapping[str, Payee]]] = [lambda: _stations(reading)]

    def known() -> Mapping[str, Payee]:
        found: dict[str, Payee] = {}
        for each in sources:
            found.update(each())
        return found

    settling = Settling(
        transactions, reading, calendar, days=said.objection_days, payees=known, second_reviewer=said.second_reviewer
    )
    counting = Counting(
        Closing(transactions, reading, clock, calendar, dues), reading.url.render_as_string(hide_password=False)
    )
    return Settlement(settling=settling, counting=counting, reading=reading, payees=sources)


def _stations(reading: Engine) -> Mapping[str, Payee]:
    """Stations by their codes and by their ids."""
    found: dict[str, Payee] = {}
    with reading.connect() as connection:
        for row in connection.execute(select(stations.c.id, stations.c.code, stations.c.name)):
            found[row.id] = found[row.code] = Payee(name=row.name, station_id=row.id)
    return found
