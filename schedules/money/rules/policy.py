"""A subsidy rule as values: what one policy file says, checked and never changed. Money is whole fen."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from fractions import Fraction

KINDS = ("meal", "meal_operator", "station_operator", "home_bed", "home_bed_standard", "visit_unit", "voucher",
         "retrofit", "call_fee")  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class Condition:
    """Whom or what something is for: all that is not None must hold; of `any` at least one."""

    age_min: int | None = None
    age_max: int | None = None
    cats_any: tuple[str, ...] | None = None
    cats_all: tuple[str, ...] | None = None
    cats_none: tuple[str, ...] | None = None
    levels: tuple[str, ...] | None = None
    hukou: str | None = None
    residence: str | None = None
    income_max: int | None = None
    """Fen a month, inclusive."""
    same: str | None = None
    """"district" or "town": the first 6 or 9 digits of the hukou are those of the meal point."""
    meal_types: tuple[str, ...] | None = None
    delivery: bool | None = None
    any: tuple["Condition", ...] | None = None


EVERYBODY = Condition()


@dataclass(frozen=True, slots=True, kw_only=True)
class Limit:
    """How often a meal gets money; None is no limit."""

    meal_types: tuple[str, ...] | None = None
    days: str | None = None
    per_meal_type_per_day: int | None = None
    meals_per_day: int | None = None
    meals_per_week: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Discount:
    """`rate` is what is left to pay; `stage` whether it is taken before or after the subsidy."""

    rate: Fraction
    stage: str
    when: Condition = EVERYBODY


@dataclass(frozen=True, slots=True, kw_only=True)
class Tier:
    """One step of a subsidy. Exactly one of `amount`, `ratio`, `up_to`, `quota`, `pay` says what it gives."""

    when: Condition = EVERYBODY
    group: str = "subsidy"
    min_price: int = 0
    per: str = "meal"
    amount: int | None = None
    ratio: Fraction | None = None
    cap: int | None = None
    up_to: int | None = None
    quota: bool = False
    pay: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Delivery:
    """What is given for bringing a meal: all of the fee (`free`) or an amount."""

    when: Condition = EVERYBODY
    free: bool = False
    amount: int | None = None
    limit_to_fee: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Quota:
    """A sum credited to a virtual account on the first of each month; what is left lapses."""

    amount: int
    expires: str
    when: Condition = EVERYBODY
    per: str = "month"


@dataclass(frozen=True, slots=True, kw_only=True)
class Construction:
    """Money for building a bed or adapting a home, once. `payer` is who must have paid for it."""

    mode: str
    amount: int
    if_prior_adaptation: int | None = None
    once_per: str = "person"
    payer: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceTier:
    """A share of a service bill, at most `cap`; without a ratio the bill itself up to the cap."""

    when: Condition = EVERYBODY
    ratio: Fraction = Fraction(1)
    cap: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Operating:
    """Money for a bed in use: at most so much a bed and month."""

    per_bed_month_up_to: int
    basis: str = "annual_average_beds"


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """So many visits make one person-time (人次), and a person counts for at most so many."""

    visits_per_unit: int
    units_per_person_max: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Voucher:
    """An electronic voucher of a calendar month: the share of each kind of bill it pays, until it is empty."""

    month_cap: int
    deduct: Mapping[str, Fraction]
    valid: str = "calendar_month"
    onsite_check_min: Fraction | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Monthly:
    """A monthly sum by people: for fitted devices, or for a station in a town or the country."""

    per_person: int | None = None
    cutoff_day: int = 31
    urban_per_person: int | None = None
    rural_flat: int | None = None
    rural_flat_below: int | None = None
    rural_per_person: int | None = None
    star_add: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Rate:
    """From so many on (to so many, both inclusive): one amount, or so much for every unit of the whole volume."""

    start: int
    end: int | None = None
    lump: int | None = None
    per_unit: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Slab:
    """Rates by a metric; `tables` by the value of the fact named `select`, or under "" for everybody."""

    metric: str
    tables: Mapping[str, tuple[Rate, ...]]
    select: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """
    One version of one rule. `version` is the hash of its content: comments and order do not count, every key does.

    It is in force from `effective_from` to `effective_to`, both inclusive local days; None is open.
    """

    id: str
    kind: str
    title: str
    grade: str
    version: str
    file: str = ""
    region: str = ""
    source: str = ""
    effective_from: date | None = None
    effective_to: date | None = None
    price_basis: str = "discounted"
    eligible: Condition = EVERYBODY
    limit: Limit = Limit()
    discount: tuple[Discount, ...] = ()
    tier: tuple[Tier, ...] = ()
    price_must_exceed_subsidy: bool = False
    delivery: tuple[Delivery, ...] = ()
    quota: tuple[Quota, ...] = ()
    construction: Construction | None = None
    service_fee_up_to: int | None = None
    service_fee_tier: tuple[ServiceTier, ...] = ()
    operating: Operating | None = None
    standard: Mapping[str, Fraction] | None = None
    watch: str | None = None
    unit: Unit | None = None
    voucher: Voucher | None = None
    monthly: Monthly | None = None
    slab: Slab | None = None
    per_person_day: int | None = None

    def covers(self, day: date) -> bool:
        """Whether it is in force on this local day."""
        return (self.effective_from or date.min) <= day <= (self.effective_to or date.max)
