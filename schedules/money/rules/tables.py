"""The tables of the policy format: which keys each has, and how each becomes a value."""

from collections.abc import Callable, Collection, Mapping
from itertools import pairwise
from typing import Any, TypeVar

from schedules.money.rules import sheet as read
from schedules.money.rules.bills import SERVICES
from schedules.money.rules.policy import (
    Condition,
    Construction,
    Delivery,
    Discount,
    Limit,
    Monthly,
    Operating,
    Quota,
    Rate,
    ServiceTier,
    Slab,
    Tier,
    Unit,
    Voucher,
)
from schedules.money.rules.sheet import Reader, Said, Sheet, Wrong

Made = TypeVar("Made")


def one(make: Callable[..., Made], keys: Mapping[str, Reader], *needed: str) -> Reader:
    """The reader of a table; a table with a fault becomes nothing, and its faults are on the sheet."""

    def reader(sheet: Sheet, place: str, raw: object) -> Made | None:
        before = len(sheet.faults)
        found = sheet.table(place, raw, keys, needed)
        return make(**found) if len(sheet.faults) == before else None

    return reader


def several(each: Reader) -> Reader:
    """The reader of an array of tables, counted from 1 as people do."""

    def reader(sheet: Sheet, place: str, raw: object) -> tuple[Any, ...]:
        if not isinstance(raw, list) or not raw:
            raise Wrong(
                "a list of tables is expected",
                Said("write [[%(place)s]] with its keys below, once for each", place=place),
            )
        made = [each(sheet, f"{place}[{number}]", one_raw) for number, one_raw in enumerate(raw, 1)]
        return tuple(value for value in made if value is not None)

    return reader


def _condition(sheet: Sheet, place: str, raw: object) -> Condition | None:
    made: Condition | None = one(Condition, CONDITION)(sheet, place, raw)
    if made is not None:
        _check_ages(sheet, place, made)
        _check_cats(sheet, place, made)
    return made


CONDITION: Mapping[str, Reader] = {
    "age_min": read.whole(0, 130),
    "age_max": read.whole(0, 130),
    "cats_any": read.words,
    "cats_all": read.words,
    "cats_none": read.words,
    "levels": read.words,
    "hukou": read.area,
    "residence": read.area,
    "income_max": read.amount,
    "same": read.one_of("district", "town"),
    "meal_types": read.words,
    "delivery": read.flag,
    "any": several(_condition),
}


def _check_ages(sheet: Sheet, place: str, condition: Condition) -> None:
    least, most = condition.age_min, condition.age_max
    if least is not None and most is not None and least > most:
        sheet.fault(
            place,
            "age_min",
            Said("nobody is at least %(least)s and at most %(most)s", least=least, most=most),
            "exchange age_min and age_max",
        )


def _check_cats(sheet: Sheet, place: str, condition: Condition) -> None:
    none = set(condition.cats_none or ())
    both = sorted(none & set(condition.cats_all or ()))
    if condition.cats_any and set(condition.cats_any) <= none:
        both = sorted(condition.cats_any)
    if both:
        sheet.fault(
            place,
            "cats_none",
            Said("asks for %(both)s and forbids it", both=", ".join(both)),
            "leave it out of one of the two",
        )


def _tier(**found: Any) -> Tier:
    if found.get("up_to") == "quota":
        found["quota"] = True
        del found["up_to"]
    return Tier(**found)


def _amount_or_quota(sheet: Sheet, place: str, value: object) -> int | str:
    return "quota" if value == "quota" else read.amount(sheet, place, value)


def _checked_tier(sheet: Sheet, place: str, raw: object) -> Tier | None:
    made: Tier | None = one(_tier, _TIER)(sheet, place, raw)
    if made is not None and isinstance(raw, dict):
        gives = [key for key in ("amount", "ratio", "up_to", "pay") if key in raw]
        if len(gives) != 1:
            said = " and ".join(gives) or Said("none of them")
            what = Said("a tier says one of amount, ratio, up_to, pay, this says %(said)s", said=said)
            sheet.fault(place, "amount", what, "keep one")
        elif "cap" in raw and gives != ["ratio"]:
            sheet.fault(place, "cap", Said("a cap belongs to a ratio, not to %(key)s", key=gives[0]), "leave it out")
    return made


_WHEN: Mapping[str, Reader] = {"when": _condition}
_TIER: Mapping[str, Reader] = {
    **_WHEN,
    "group": read.text,
    "min_price": read.amount,
    "per": read.one_of("meal", "day"),
    "amount": read.amount,
    "ratio": read.share,
    "cap": read.amount,
    "up_to": _amount_or_quota,
    "pay": read.amount,
}
_LIMIT: Mapping[str, Reader] = {
    "meal_types": read.words,
    "days": read.one_of("workday"),
    "per_meal_type_per_day": read.whole(1, 9),
    "meals_per_day": read.whole(1, 9),
    "meals_per_week": read.whole(1, 99),
}
_DISCOUNT: Mapping[str, Reader] = {**_WHEN, "rate": read.share, "stage": read.one_of("before", "after")}
_DELIVERY: Mapping[str, Reader] = {
    **_WHEN,
    "free": read.flag,
    "amount": read.amount,
    "limit_to_fee": read.flag,
}


def _checked_delivery(sheet: Sheet, place: str, raw: object) -> Delivery | None:
    made: Delivery | None = one(Delivery, _DELIVERY)(sheet, place, raw)
    if made is not None and made.free is (made.amount is not None):
        sheet.fault(place, "amount", "a delivery is either free or has an amount", 'write free = true or amount = "…"')
    return made


_QUOTA: Mapping[str, Reader] = {
    **_WHEN,
    "per": read.one_of("month"),
    "amount": read.amount,
    "expires": read.one_of("month_end", "quarter_end"),
}
_CONSTRUCTION: Mapping[str, Reader] = {
    "mode": read.one_of("fixed", "actual_capped"),
    "amount": read.amount,
    "if_prior_adaptation": read.amount,
    "once_per": read.one_of("person", "household"),
    "payer": read.text,
}
_SERVICE_TIER: Mapping[str, Reader] = {**_WHEN, "ratio": read.share, "cap": read.amount}


def _checked_service_tier(sheet: Sheet, place: str, raw: object) -> ServiceTier | None:
    made: ServiceTier | None = one(ServiceTier, _SERVICE_TIER)(sheet, place, raw)
    if made is not None and isinstance(raw, dict) and not {"ratio", "cap"} & raw.keys():
        sheet.fault(place, "ratio", "missing", 'say what share of the bill it pays, like ratio = "0.50"')
    return made


_STANDARD: Mapping[str, Reader] = {
    "visits_per_day_min": read.number,
    "minutes_per_day_min": read.number,
    "hours_per_month_min": read.number,
    "medical_visits_per_month_min": read.number,
    "basic_items_min": read.number,
    "contract_months_min": read.number,
    "satisfaction_min": read.share,
    "remote_rounds_per_day_min": read.number,
    "response_minutes_max": read.number,
    "watch": read.text,
}


def _by_name(value: Reader, example: str, names: Collection[str] = ()) -> Reader:
    """The reader of a table with one of these keys at least; without `names` its keys are the author's own."""

    def reader(sheet: Sheet, place: str, raw: object) -> dict[str, Any]:
        if not isinstance(raw, dict) or not raw:
            raise Wrong("a table with at least one key is expected", Said("write %(example)s", example=example))
        return sheet.table(place, raw, dict.fromkeys(names or raw, value))

    return reader


STARS = ("1", "2", "3", "4", "5")
"""What a station may have; "three" would be a sum that nobody is ever paid."""

_VOUCHER: Mapping[str, Reader] = {
    "month_cap": read.amount,
    "deduct": _by_name(read.share, 'deduct = { home = "0.50" }', SERVICES),
    "valid": read.one_of("calendar_month"),
    "onsite_check_min": read.share,
}
_MONTHLY: Mapping[str, Reader] = {
    "per_person": read.amount,
    "cutoff_day": read.whole(1, 31),
    "urban_per_person": read.amount,
    "rural_flat": read.amount,
    "rural_flat_below": read.whole(1),
    "rural_per_person": read.amount,
    "star_add": _by_name(read.amount, 'star_add = { 3 = "100.00" }', STARS),
}


def _checked_monthly(sheet: Sheet, place: str, raw: object) -> Monthly | None:
    made: Monthly | None = one(Monthly, _MONTHLY)(sheet, place, raw)
    if made is None:
        return None
    if (made.rural_flat is None) is not (made.rural_flat_below is None):
        sheet.fault(place, "rural_flat_below", "rural_flat and rural_flat_below belong together", "write both")
    if made.per_person is made.urban_per_person is made.rural_per_person is made.rural_flat is None:
        sheet.fault(place, "per_person", "missing", 'say what is paid, like per_person = "20.00"')
    return made


def _rate(**found: Any) -> Rate:
    return Rate(start=found["from"], end=found.get("to"), lump=found.get("lump"), per_unit=found.get("per_unit"))


_RATE: Mapping[str, Reader] = {
    "from": read.whole(0),
    "to": read.whole(0),
    "lump": read.amount,
    "per_unit": read.amount,
}


def _checked_rate(sheet: Sheet, place: str, raw: object) -> Rate | None:
    made: Rate | None = one(_rate, _RATE, "from")(sheet, place, raw)
    if made is not None and (made.lump is None) is (made.per_unit is None):
        sheet.fault(place, "lump", "a rate says either lump or per_unit", "keep one of the two")
    if made is not None and made.end is not None and made.end < made.start:
        sheet.fault(
            place,
            "to",
            Said("nothing is from %(first)s to %(last)s", first=made.start, last=made.end),
            "exchange from and to",
        )
    return made


def _rates(sheet: Sheet, place: str, raw: object) -> tuple[Rate, ...]:
    found: tuple[Rate, ...] = several(_checked_rate)(sheet, place, raw)
    for low, high in pairwise(found):
        if low.end is None or low.end >= high.start:
            sheet.fault(
                place,
                "from",
                Said("%(value)s is in two rates", value=high.start),
                "begin each rate where the one before has ended",
            )
        elif low.end + 1 < high.start:
            sheet.doubt(
                place,
                "from",
                Said("no rate from %(first)s to %(last)s", first=low.end + 1, last=high.start - 1),
                "is this meant?",
            )
    return found


def _slab(sheet: Sheet, place: str, raw: object) -> Slab | None:
    select = raw.get("select") if isinstance(raw, dict) else None
    more = {"select": read.text, "table": several(_slab_of(str(select)))} if select is not None else {"rates": _rates}
    before = len(sheet.faults)
    found = sheet.table(place, raw, {"metric": read.text, **more}, ["metric", "table" if select is not None else "rates"])  # noqa: E501  # fmt: skip
    if len(sheet.faults) > before:
        return None
    tables = dict(found["table"]) if select is not None else {"": found["rates"]}
    if select is not None and len(tables) < len(found["table"]):
        sheet.fault(place, "table", Said("two tables of the same %(key)s", key=select), "keep one for each")
    return Slab(metric=found["metric"], tables=tables, select=select)


def _slab_of(select: str) -> Reader:
    def reader(sheet: Sheet, place: str, raw: object) -> tuple[str, tuple[Rate, ...]] | None:
        before = len(sheet.faults)
        found = sheet.table(place, raw, {select: _name, "rates": _rates}, [select, "rates"])
        return (found[select], found["rates"]) if len(sheet.faults) == before else None

    return reader


def _name(_sheet: Sheet, _place: str, value: object) -> str:
    if isinstance(value, bool) or not isinstance(value, str | int):
        raise Wrong("a text or a whole number is expected", 'write the value of the fact, like "urban"')
    return str(value)


TABLES: Mapping[str, Reader] = {
    "eligible": _condition,
    "limit": one(Limit, _LIMIT),
    "discount": several(one(Discount, _DISCOUNT, "rate", "stage")),
    "tier": several(_checked_tier),
    "guard": one(dict, {"price_must_exceed_subsidy": read.flag}),
    "delivery": several(_checked_delivery),
    "quota": several(one(Quota, _QUOTA, "amount", "expires")),
    "construction": one(Construction, _CONSTRUCTION, "mode", "amount"),
    "service_fee": one(dict, {"up_to": read.amount}, "up_to"),
    "service_fee_tier": several(_checked_service_tier),
    "operating": one(
        Operating, {"per_bed_month_up_to": read.amount, "basis": read.one_of("annual_average_beds")},
        "per_bed_month_up_to",
    ),
    "standard": one(dict, _STANDARD),
    "unit": one(Unit, {"visits_per_unit": read.whole(1), "units_per_person_max": read.whole(1)}, "visits_per_unit"),
    "voucher": one(Voucher, _VOUCHER, "month_cap", "deduct"),
    "monthly": _checked_monthly,
    "slab": _slab,
    "operator": one(dict, {"per_person_day": read.amount}, "per_person_day"),
}  # fmt: skip
"""Every table of the format beside [policy]."""
