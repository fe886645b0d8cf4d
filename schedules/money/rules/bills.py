"""Bills of providers as values: what they ask money for, and what of them counts. Money is whole fen."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import groupby

from schedules.money.rules.policies import NotInForce, Policies

SERVICES = ("home", "institution")
"""Kinds of bills for services of a month; what a voucher gives is by these."""
BUILDING = ("construction", "adaptation")
"""Kinds of bills for building a bed or adapting a home, each paid once."""
MADE = ("operating", "call")
"""Kinds that the service makes itself, out of a bed's month or a fitted device."""
KINDS = (*SERVICES, *BUILDING, *MADE)

PROOFS = ("visit", "order", "other")
"""What a line of a bill refers to; "other" is for what no visit shows: days in an institution, material."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One service of one local day. `refused` is why it does not count, in a word; "" while it does."""

    number: int
    on: date
    amount_fen: int
    proof: str = "other"
    ref: str = ""
    refused: str = ""

    def __post_init__(self) -> None:
        assert self.amount_fen >= 0
        assert self.proof in PROOFS


@dataclass(frozen=True, slots=True, kw_only=True)
class Bill:
    """
    What a provider asks for, of one resident and one month, by one scheme.

    `on` is the day of the bill and `turn` what came in before what on one day. `payer` and `prior_adaptation` are
    about building only.
    """

    id: str
    kind: str
    scheme: str
    resident_id: str
    month: str
    on: date
    turn: str
    provider: str
    lines: tuple[Line, ...]
    payer: str = ""
    prior_adaptation: bool = False

    def __post_init__(self) -> None:
        assert self.kind in KINDS
        assert self.lines

    @property
    def amount_fen(self) -> int:
        return sum(each.amount_fen for each in self.lines)

    @property
    def counted_fen(self) -> int:
        return counted(self.lines)


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """The lines of a bill that fall under one version of its rule; nearly every bill is one part. None: no rule."""

    source: str
    bill: Bill
    on: date
    lines: tuple[Line, ...]
    version: str | None

    @property
    def amount_fen(self) -> int:
        return counted(self.lines)


def counted(lines: Iterable[Line]) -> int:
    """What of these lines counts."""
    return sum(each.amount_fen for each in lines if not each.refused)


def in_order(bills: Iterable[Bill]) -> list[Bill]:
    """As they draw on what a month has: by the day of the bill, then as they came in."""
    return sorted(bills, key=lambda each: (each.on, each.turn, each.id))


def parts(bill: Bill, policies: Policies) -> list[Part]:
    """
    A bill by the versions of its rule that are in force on the days of service, the earlier first.

    The first part bears the bill's own id, further ones "<id>/2" and so on: one entry has one source and one version.

    Raises:
        NoRule: there is no such rule, or two versions are in force on a day.
    """
    by_day = sorted(bill.lines, key=lambda each: (each.on, each.number))
    found: list[tuple[str | None, Sequence[Line]]] = [
        (version, list(lines)) for version, lines in groupby(by_day, lambda each: _version(bill, each.on, policies))
    ]
    return [
        Part(
            source=bill.id if number == 1 else f"{bill.id}/{number}", bill=bill, on=lines[0].on, lines=tuple(lines),
            version=version,
        )
        for number, (version, lines) in enumerate(found, 1)
    ]  # fmt: skip


def _version(bill: Bill, on: date, policies: Policies) -> str | None:
    try:
        return policies.in_force(bill.scheme, on).version
    except NotInForce:
        return None
