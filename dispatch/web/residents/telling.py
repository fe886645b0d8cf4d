"""How rows of the registers are told: codes instead of ids, numbers masked, and nothing that only the alarm needs."""

from collections.abc import Mapping
from datetime import date, datetime
from functools import cache
from typing import Any

from marshmallow import Schema, fields

from dispatch.rules.dialling import as_dialled
from dispatch.store.database import Connection
from dispatch.store.register_rows import HOMES, STATIONS, Kind, RegisterRows, Row

Plain = dict[str, Any]

_HIDDEN = frozenset({"id_sealed", "id_hash", "lat", "lng", "base_lat", "base_lng", "position_at", "home_id",
                     "station_id"})  # fmt: skip
_TYPES: Mapping[str, type[fields.Field[Any]]] = {
    "version": fields.Integer, "order": fields.Integer, "key_holder": fields.Boolean, "suspended": fields.Boolean,
    "opted_out": fields.Boolean, "lat": fields.Float, "lng": fields.Float,
}  # fmt: skip
_LISTS = frozenset({"cats", "needs", "talk", "agreements", "skills", "languages", "lends", "may_know"})

FIRST, LAST = 3, 4


def masked(phone: str | None) -> str | None:
    """`138****0101` (CARE-RULES, 6.2); a short number hidden whole; None where there is none."""
    if not phone:
        return None
    number = as_dialled(phone)
    hidden = len(number) - FIRST - LAST
    return number[:FIRST] + "*" * hidden + number[-LAST:] if hidden > 2 else "*" * len(number)


def told(row: Row, connection: Connection, *, with_entry: bool = False) -> Plain:
    """One row as pages and programs are told it. The way in is told only where somebody changes it."""
    plain = {name: _plain(value) for name, value in row.items() if name not in _HIDDEN and name != "id_mask"}
    if "phone" in row:
        plain["phone"] = masked(row["phone"])
    if "id_mask" in row:
        plain["id_number"] = row["id_mask"]
    if "lat" in row:
        prefix = "base_" if "base_lat" in row else ""
        plain |= {"lat": row[f"{prefix}lat"], "lng": row[f"{prefix}lng"]}
    if "entry" in row and not with_entry:
        plain["entry"] = None
    shelf = RegisterRows(connection)
    if "home_id" in row:
        plain["home"] = _code(shelf, HOMES, row["home_id"])
    if "station_id" in row:
        plain["station"] = _code(shelf, STATIONS, row["station_id"])
    if "lends" in row:
        codes = {each["id"]: each["code"] for each in shelf.by_ids(STATIONS, row["lends"]).values()}
        plain["lends"] = sorted(codes.values())
    return plain


@cache
def schema_of(kind: Kind) -> type[Schema]:
    """The shape of `told`."""
    names = [column.name for column in kind.table.columns if column.name not in _HIDDEN and column.name != "id_mask"]
    more = ["lat", "lng"] if "lat" in kind.table.c else []
    more += ["home"] if "home_id" in kind.table.c else []
    more += ["station"] if "station_id" in kind.table.c else []
    more += ["id_number"] if "id_mask" in kind.table.c else []
    made: dict[str, fields.Field[Any]] = {
        name: fields.List(fields.String()) if name in _LISTS else _TYPES.get(name, fields.String)(allow_none=True)
        for name in (*names, *more)
    }
    return Schema.from_dict(made, name=f"{kind.one.capitalize()}RowSchema")


def etag(row: Mapping[str, Any]) -> str:
    return f'"{row["version"]}"'


def _code(shelf: RegisterRows, kind: Kind, id_: str | None) -> str | None:
    found = shelf.by_ids(kind, [id_]).get(id_) if id_ else None
    return found["code"] if found else None


def _plain(value: Any) -> Any:
    return value.isoformat() if isinstance(value, date | datetime) else value
