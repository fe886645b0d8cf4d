"""The settings of money for beds and services, as values."""

from dataclasses import dataclass
from pathlib import Path

_POLICIES = Path(__file__).parent / "policies"


@dataclass(frozen=True, slots=True, kw_only=True)
class BedMoneySettings:
    """
    Which rules pay here. `policies` is the folder of rules; `beds`, `visits` and `calls` are ids of rules, "" for none,
    `vouchers` several; `calls_owed_to` gets the call fees and `fund` gives all of it.
    """

    policies: Path = _POLICIES
    beds: str = ""
    vouchers: tuple[str, ...] = ("nat-voucher-2026",)
    visits: str = "nat-visit-2024"
    calls: str = ""
    calls_owed_to: str = "calls"
    fund: str = "district"
    rounding: str = "half_up"
    leap_day: str = "mar_1"
