"""
One meal at a till, and what became of its price.

    till ──Presented──► who? ──► where were they? ──► rule of the canteen on that local day ──► Answer ──► ledger
                         │            │                          │
                         └─ unknown   └─ died, hospital, …       └─ none, or two: nobody guesses

Whoever comes is fed. Where public money may not be given the diner pays, is told why, and somebody looks at it.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any

from dispatch.ids import ResidentId
from schedules.money.rules.ledger import Entry, Kind, Source, reversal, subsidy
from schedules.money.rules.reasons import Outcome

LATE = timedelta(days=3)
"""So late a till that was offline may send a meal and still have money for it (the issue: three days)."""

AHEAD = timedelta(minutes=10)
"""A meal that lies further ahead than this comes from a till whose clock is wrong."""

DELIVERY = "delivery"
"""The layer of the money that is given for bringing a meal."""


class MealType(StrEnum):
    """The meals of a day."""

    BREAKFAST = "breakfast"
    LUNCH = "lunch"
    DINNER = "dinner"


class By(StrEnum):
    """How the till knew the diner. Faces are not among them, and never will be."""

    CARD = "card"
    ID = "id"
    PHONE = "phone"


class Why(StrEnum):
    """Why no rule was asked; besides these the reasons are those of the rules (`Outcome`)."""

    UNKNOWN_DINER = "unknown_diner"
    SEVERAL_DINERS = "several_diners"
    """More than one resident has this telephone number."""
    DIED = "died"
    LEFT = "left"
    HOSPITAL = "hospital"
    INSTITUTION = "institution"
    NO_RULE = "no_rule"
    """None is in force at this canteen on that day, or the one named is not there."""
    TWO_RULES = "two_rules"
    NO_AGE = "no_age"
    TOO_LATE = "too_late"
    CANCELLED = "cancelled"
    """Cancelled before it came in."""


WAITING = frozenset({str(Why.NO_RULE), str(Why.TWO_RULES), str(Outcome.NOT_IN_FORCE)})
"""Meals whose rule could not be asked: they are priced when it can be."""

LOOKED_AT = frozenset(Why) - {Why.CANCELLED}
"""What somebody looks at: the review list."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Presented:
    """
    What a till says of one meal. `ref` is the till's own id of it, `who` the number of card, ID or telephone.

    `price_fen` is the list price, without delivery. `charged_fen` is what a till without a connection took from the
    diner already; None where it waits for the answer.
    """

    till: str
    ref: str
    meal_type: MealType
    served_at: datetime
    price_fen: int
    by: By
    who: str
    delivery: bool = False
    delivery_fee_fen: int = 0
    charged_fen: int | None = None
    operator: str = ""

    def __post_init__(self) -> None:
        assert self.served_at.tzinfo is not None
        assert self.price_fen >= 0
        assert self.delivery_fee_fen >= 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Money:
    """
    What becomes of a price, in fen: price + fee = discount + subsidy + what delivery takes off the fee + pays.

    `layers` are the funds that gave the subsidy; `delivery_fen` is given besides. `quota_fen` is the part of the
    subsidy that came out of the diner's virtual account.
    """

    price_fen: int
    fee_fen: int = 0
    discount_fen: int = 0
    layers: Mapping[str, int] = field(default_factory=dict)
    delivery_fen: int = 0
    pays_fen: int = 0
    quota_fen: int = 0

    def __post_init__(self) -> None:
        taken = self.discount_fen + self.subsidy_fen + min(self.delivery_fen, self.fee_fen)
        assert self.price_fen + self.fee_fen == taken + self.pays_fen
        assert min(self.discount_fen, self.delivery_fen, self.pays_fen, *self.layers.values(), 0) >= 0

    @property
    def subsidy_fen(self) -> int:
        return sum(self.layers.values())

    @property
    def funds(self) -> dict[str, int]:
        """What each fund gives, that for delivery among them; empty where nobody gives anything."""
        given = {**self.layers, DELIVERY: self.delivery_fen + self.layers.get(DELIVERY, 0)}
        return {name: fen for name, fen in given.items() if fen}


def unaided(presented: Presented) -> Money:
    """The diner pays all of it."""
    fee = presented.delivery_fee_fen if presented.delivery else 0
    return Money(price_fen=presented.price_fen, fee_fen=fee, pays_fen=presented.price_fen + fee)


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """
    What a till is told: the money, the one word of why, the rule, and every reason in Chinese and English.

    `asked` are the facts the rule was asked with, so that anybody can ask it again however the registers change:
    `born_on`, `age`, `cats`, `level`, `hukou`, `residence`, `income_fen`, `schemes`, `point`, `workday` and `used`
    (meals and `quota_fen` before this one); None where no rule was asked.
    """

    money: Money
    reason: str
    policy: str | None = None
    version: str | None = None
    because: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    asked: Mapping[str, Any] | None = None

    @property
    def is_aided(self) -> bool:
        """Whether public money is given for it."""
        return bool(self.money.funds)

    @property
    def to_look_at(self) -> bool:
        return self.reason in LOOKED_AT or self.reason == Outcome.NOT_IN_FORCE


@dataclass(frozen=True, slots=True, kw_only=True)
class Serving:
    """
    One meal on file; `booked` is the month of its ledger entry. It is never altered but for its cancelling, and for
    what becomes of its price where no rule could be asked when it came in (`priced_at`), or where its rule was
    corrected backwards: `pricing` counts its prices.
    """

    id: str
    till_id: str
    ref: str
    canteen_id: str
    resident_id: ResidentId | None
    meal_type: MealType
    served_at: datetime
    received_at: datetime
    on: date
    by: By
    delivery: bool
    charged_fen: int | None
    operator: str
    digest: str
    answer: Answer
    booked: str | None = None
    cancelled_at: datetime | None = None
    cancelled_by: str | None = None
    pricing: int = 1
    priced_at: datetime | None = None

    @property
    def entry_id(self) -> str:
        """The id of its ledger entry: its own, and with every price after the first the number of that price."""
        return self.id if self.pricing == 1 else f"{self.id}-{self.pricing}"

    @property
    def settled_at(self) -> datetime:
        """When it got its first price: what came before it counts against its limits."""
        return self.priced_at or self.received_at

    @property
    def differs_fen(self) -> int:
        """What the diner was charged too much, or too little (below nothing)."""
        return 0 if self.charged_fen is None else self.charged_fen - self.answer.money.pays_fen

    @property
    def claim(self) -> str:
        """What can be had once: this person's meal of this type on this day, at whatever canteen."""
        return f"{self.resident_id}/{self.on}/{self.meal_type}"


def entry_of(serving: Serving, canteen: str, closed: str | None, *, why: str = "late") -> Entry:
    """The ledger entry of a meal with money. `canteen` is the code of who is owed, `why` says why it is late."""
    assert serving.answer.version is not None
    return subsidy(
        entry_id=serving.entry_id, source=Source(Kind.MEAL, serving.id), version=serving.answer.version,
        claim=serving.claim, on=serving.on, layers=serving.answer.money.funds, owed_to=canteen, closed=closed, why=why,
    )  # fmt: skip


def reversal_of(serving: Serving, canteen: str, closed: str | None, *, why: str = "reversal") -> Entry:
    """The entry that takes it back, `<id>-r`: in its own month while that is open, else in the first open one."""
    assert serving.booked is not None
    return reversal(
        entry_of(serving, canteen, _before(serving)), entry_id=f"{serving.entry_id}-r", closed=closed, why=why
    )


def _before(serving: Serving) -> str | None:
    """A closed month that leads to the month the entry was booked in; None where that is its own."""
    assert serving.booked is not None
    if serving.booked == f"{serving.on:%Y-%m}":
        return None
    year, month = map(int, serving.booked.split("-"))
    return f"{year - (month == 1):04}-{(month - 2) % 12 + 1:02}"
