"""Puts together the search for anomalies of public money, its queue and its draw."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import structlog

from config.anomalies_options import AnomalySettings
from config.tolerated import tolerated
from dispatch.clock import Clock
from dispatch.errors import Misconfigured
from dispatch.store.database import Engine
from dispatch.store.transactions import Transactions
from schedules.calendar import Calendar
from schedules.money.anomalies.desk import FindingsDesk
from schedules.money.anomalies.rules.limits import Limits, read_limits
from schedules.money.anomalies.searching import Searching
from schedules.money.rules.exclusions import Exclusion, read_exclusions
from schedules.timetable import Periodic

log = structlog.get_logger()

HERE = Path(__file__).parent
LOOK_EVERY_S = 1800.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Anomalies:
    """Whoever looks for anomalies, and whoever decides about them."""

    searching: Searching
    desk: FindingsDesk

    @property
    def timetable(self) -> tuple[Periodic, ...]:
        return (
            Periodic(name="look_at_money", every_s=LOOK_EVERY_S, work=self.searching.check),
            Periodic(name="look_at_closed_months", every_s=LOOK_EVERY_S, work=self.searching.settled),
        )


def build_anomalies(
    settings: AnomalySettings, transactions: Transactions, reading: Engine, clock: Clock, calendar: Calendar,
    exclusions: Sequence[Exclusion] | None = None,
) -> Anomalies:  # fmt: skip
    """
    Wires them; meals, schemes, rules and the hashes of months are given to `searching` afterwards, by their owners.
    `exclusions` are those of the rules in use; without them those that come with the program.

    With thresholds that are not in order nothing is looked for until they are: the log, the page of findings and
    `anling doctor` say so, and whoever presses a button is answered all the same.
    """
    limits = tolerated("anomalies", lambda: thresholds(settings.rules))
    searching = Searching(
        transactions, reading, calendar, clock, limits=limits.value,
        exclusions=_exclusions() if exclusions is None else exclusions,
    )  # fmt: skip
    return Anomalies(searching=searching, desk=FindingsDesk(transactions, reading, lacking=limits.lacking))


def thresholds(path: str) -> Limits:
    """
    The thresholds in this file; of the packaged one for an empty path.

    Raises:
        Misconfigured: it cannot be read, or something in it is not in order.
    """
    file = Path(path) if path else HERE.joinpath("money", "anomalies.toml")
    try:
        limits, faults = read_limits(file.read_text(encoding="utf-8"), str(file))
    except (OSError, UnicodeDecodeError):
        raise Misconfigured("anomalies.rules", f"{file} cannot be read; check its path and who may read it") from None
    if faults:
        raise Misconfigured("anomalies.rules", "; ".join(map(str, faults)))
    return limits


def _exclusions() -> Sequence[Exclusion]:
    file = HERE.joinpath("policies", "exclusions.toml")
    found, faults = read_exclusions(file.read_text(encoding="utf-8"), str(file))
    for each in faults:
        log.error("policy_file_refused", file=str(file), why=str(each))
    return found
