"""The work of `anling money servings`: meals of a month with the facts that their rules were asked with."""

import json
from collections.abc import Mapping
from typing import IO, Any

from dispatch.store.database import Engine
from schedules.meals.rules.serving import Serving
from schedules.meals.store.servings import Servings
from schedules.money.rules.amounts import yuan
from schedules.money.rules.months import days_of

_json = json.JSONEncoder(sort_keys=True, ensure_ascii=False, separators=(",", ":")).encode


def export_servings(reading: Engine, month: str, out: IO[str]) -> int:
    """
    Writes every meal of a month's local days, cancelled ones too, a JSON line each, and returns how many.

    Raises:
        Invalid: this is no month.
    """
    first, last = days_of(month)
    done = 0
    with reading.connect() as connection:
        for serving, _, canteen in Servings(connection).between(first, last):
            out.write(_json(told(serving, canteen)) + "\n")
            done += 1
    return done


def told(each: Serving, canteen: str) -> dict[str, Any]:
    """A meal as a line: `person`, `meal`, `used` as a case of `anling quote` has them; null where no rule was asked."""
    asked = each.answer.asked
    return {
        "id": each.id, "resident": each.resident_id, "canteen": canteen, "policy": each.answer.policy,
        "version": each.answer.version, "date": each.on.isoformat(), "received_at": each.received_at.isoformat(),
        "type": str(each.meal_type), "served_at": each.served_at.isoformat(),
        "priced_at": each.priced_at.isoformat() if each.priced_at else None,
        "cancelled_at": each.cancelled_at.isoformat() if each.cancelled_at else None, "reason": each.answer.reason,
        "person": _person(asked) if asked else None, "meal": _meal(each, asked) if asked else None,
        "used": _used(asked["used"]) if asked else None,
    }  # fmt: skip


def _person(asked: Mapping[str, Any]) -> dict[str, Any]:
    said = {name: asked[name] for name in ("born_on", "age", "level") if asked[name] is not None}
    if asked["income_fen"] is not None:
        said["income"] = yuan(asked["income_fen"])
    return said | {name: asked[name] for name in ("cats", "hukou", "residence", "schemes")}


def _meal(each: Serving, asked: Mapping[str, Any]) -> dict[str, Any]:
    money = each.answer.money
    return {
        "type": str(each.meal_type), "price": yuan(money.price_fen), "point": asked["point"],
        "workday": asked["workday"], "delivery": each.delivery, "delivery_fee": yuan(money.fee_fen),
    }  # fmt: skip


def _used(used: Mapping[str, Any]) -> dict[str, Any]:
    said = {name: used[name] for name in ("same_type_today", "today", "week")}
    return said if used["quota_fen"] is None else said | {"quota": yuan(used["quota_fen"])}
