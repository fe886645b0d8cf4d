"""
Registers as lists: xlsx or CSV, in the columns that an import knows, so that what leaves whole comes back unchanged.

Masked unless somebody says why: telephone numbers show five digits, keys and illnesses are no columns at all. Every
cell is text: no formula of somebody's name is ever computed, and no number loses a digit.
"""

import csv
import io
from collections.abc import Callable, Iterable, Mapping, Sequence
from datetime import datetime
from typing import Any
from zoneinfo import ZoneInfo

import xlsxwriter  # type: ignore[import-untyped]

from config.lists.columns import NAMES
from config.lists.register import Register, Values
from dispatch.ids import StationId
from dispatch.logbook.sheets import safe
from dispatch.rules.dialling import as_dialled
from dispatch.rules.masking import masked

SECRET = frozenset({"entry", "illness"})
PHONES = frozenset({"phone", "contact_phone"})
NOT_KEPT = frozenset({"id_number", "datum"})
"""Columns that an import reads and the register does not keep."""


def listed(register: Register, kind: str, *, full: bool, zone: ZoneInfo) -> list[list[str]]:
    """The head and the rows of a list, as text."""
    hidden = NOT_KEPT if full else NOT_KEPT | SECRET
    fields = [name for name in NAMES[kind] if name not in hidden]
    head = [NAMES[kind][name][0] for name in fields]
    rows = [_shown(row, fields, full=full) for row in _ROWS[kind](register, zone)]
    return [head, *rows]


def as_csv(rows: Sequence[Sequence[str]]) -> bytes:
    """UTF-8 with its mark, which Excel needs; what looks like a formula gets a `'` in front."""
    out = io.StringIO(newline="")
    csv.writer(out).writerows([[safe(cell) for cell in row] for row in rows])
    return out.getvalue().encode("utf-8-sig")


def as_xlsx(rows: Sequence[Sequence[str]], title: str) -> bytes:
    """A workbook of one sheet with text cells, its head frozen, for A4 across."""
    out = io.BytesIO()
    book = xlsxwriter.Workbook(out, {"in_memory": True, "constant_memory": False})
    sheet, text, bold = (
        book.add_worksheet(title[:31]),
        book.add_format({"num_format": "@"}),
        book.add_format({"bold": 1}),
    )
    for number, row in enumerate(rows):
        for column, cell in enumerate(row):
            sheet.write_string(number, column, cell, text if number else bold)
    sheet.freeze_panes(1, 0)
    sheet.repeat_rows(0)
    sheet.set_landscape()
    sheet.set_paper(9)
    sheet.set_column(0, max(0, len(rows[0]) - 1), 16)
    book.close()
    return out.getvalue()


def _shown(row: Mapping[str, Any], fields: Iterable[str], *, full: bool) -> list[str]:
    return [_cell(name, row.get(name), full=full) for name in fields]


def _cell(name: str, value: Any, *, full: bool) -> str:
    if value is None:
        return ""
    if isinstance(value, (list, tuple)):
        return "、".join(str(each) for each in value)
    text = str(value)
    if name in PHONES:
        return as_dialled(text) if full else masked(text)
    return text


def _residents(register: Register, _: ZoneInfo) -> Iterable[Values]:
    codes = _codes(register)
    for each in sorted(register.by_code["residents"].values(), key=lambda row: row["code"]):
        home = register.by_id[each["home_id"]]
        if not register.area.covers(_station(home)):
            continue
        kin = sorted(register.kin.get(home["id"], []), key=lambda row: (row["order"], row["code"]))
        first = kin[0] if kin else {}
        yield {
            **each, "address": home["address"], "home": home["code"], "station": codes.get(home["station_id"]),
            "lat": home["lat"], "lng": home["lng"], "entry": home["entry"], "contact_name": first.get("name"),
            "contact_phone": first.get("phone"), "contact_relation": first.get("relation"),
        }  # fmt: skip


def _carers(register: Register, _: ZoneInfo) -> Iterable[Values]:
    codes = _codes(register)
    for each in sorted(register.by_code["carers"].values(), key=lambda row: row["code"]):
        if register.area.covers(_station(each)):
            yield {
                **each, "station": codes.get(each["station_id"]), "lat": each["base_lat"], "lng": each["base_lng"],
            }  # fmt: skip


def _devices(register: Register, _: ZoneInfo) -> Iterable[Values]:
    for each in sorted(register.by_code["devices"].values(), key=lambda row: row["code"]):
        home = register.by_id[each["home_id"]]
        if register.area.covers(_station(home)) and not each["retired_at"]:
            resident = register.by_id.get(each["resident_id"] or "", {})
            yield {**each, "home": home["code"], "resident": resident.get("code")}


def _shifts(register: Register, zone: ZoneInfo) -> Iterable[Values]:
    rows = [each for all_ in register.shifts.values() for each in all_]
    for each in sorted(rows, key=lambda row: (row["start_at"], row["carer_id"])):
        carer = register.by_id[each["carer_id"]]
        if register.area.covers(_station(carer)):
            start, end = _local(each["start_at"], zone), _local(each["end_at"], zone)
            yield {"carer": carer["code"], "start": start, "end": end}


def _canteens(register: Register, _: ZoneInfo) -> Iterable[Values]:
    """One row for each rule; what is known of the canteen itself stands in all of them."""
    codes = _codes(register)
    for each in sorted(register.by_code["canteens"].values(), key=lambda row: row["code"]):
        if each["ended_at"] or not register.area.covers(_station(each)):
            continue
        tills = sorted(
            row["code"] for row in register.by_code["tills"].values()
            if row["canteen_id"] == each["id"] and not row["ended_at"]
        )  # fmt: skip
        held = register.rules.get(each["id"], {})
        for rule in [held[day] for day in sorted(held)] or [{}]:
            days = {name: rule.get(name) for name in ("policy", "from_on", "until_on")}
            yield {**each, **days, "station": codes.get(each["station_id"]), "till": tills}


def _local(at: datetime, zone: ZoneInfo) -> str:
    return at.astimezone(zone).isoformat(timespec="minutes")


def _station(row: Values) -> StationId | None:
    return StationId(row["station_id"]) if row["station_id"] else None


def _codes(register: Register) -> dict[str, str]:
    return {each["id"]: each["code"] for each in register.stations.values()}


_ROWS: Mapping[str, Callable[[Register, ZoneInfo], Iterable[Values]]] = {
    "residents": _residents,
    "carers": _carers,
    "devices": _devices,
    "shifts": _shifts,
    "canteens": _canteens,
}
