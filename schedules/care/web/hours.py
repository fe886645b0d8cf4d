"""The month's hours table: one row for each carer and elder, as a bureau files it at the start of the next month."""

import tempfile
from collections.abc import Mapping
from datetime import date
from pathlib import Path

from dispatch.errors import Invalid
from dispatch.logbook.sheets import Column, Kind, Table, file_name, write_xlsx
from dispatch.rules.people import Person
from dispatch.rules.record import Line
from dispatch.rules.rights import Area
from dispatch.store.transactions import Lane
from dispatch.web.i18n import gettext
from schedules.care.web.desk import BedDesk, Plain

BEDS_MAX = 20_000


def hours_table(desk: BedDesk, month: date, *, area: Area, by: Person, maker: str) -> tuple[bytes, str]:
    """
    The table as an Excel file, and its name. A visit of two carers is an hour of each; what the resident was given is
    in the bed's statement.

    Raises:
        Invalid: there are more beds than one table holds.
    """
    rows = _rows(desk, month, area)
    expected = {"rows": len(rows), "visits": sum(row[5] for row in rows), "minutes": sum(row[6] for row in rows),
                "medical": sum(row[7] for row in rows)}  # fmt: skip
    unit, name = desk.unit(), gettext("Hours of home-care beds")
    with tempfile.TemporaryDirectory(prefix="anling-") as folder:
        path = Path(folder) / "hours.xlsx"
        write_xlsx(path, _table(desk, month, unit, name, maker), rows, expected)
        body = path.read_bytes()
    facts = {"month": f"{month:%Y-%m}", "rows": str(len(rows))}
    desk.transactions.run(lambda tx: tx.log(Line(kind="hours_exported", by=by, facts=facts)), lane=Lane.BULK)
    return body, file_name(unit, name, f"{month:%Y-%m}", "1", "xlsx")


def _table(desk: BedDesk, month: date, unit: str, name: str, maker: str) -> Table:
    columns = [
        Column(key="carer_code", title=gettext("Carer's code"), kind=Kind.CODE),
        Column(key="carer", title=gettext("Carer")),
        Column(key="bed", title=gettext("Bed"), kind=Kind.CODE),
        Column(key="resident_code", title=gettext("Resident's code"), kind=Kind.CODE),
        Column(key="resident", title=gettext("Resident")),
        Column(key="visits", title=gettext("Visits"), kind=Kind.NUMBER, is_summed=True),
        Column(key="minutes", title=gettext("Minutes"), kind=Kind.NUMBER, is_summed=True),
        Column(key="medical", title=gettext("Medical visits"), kind=Kind.NUMBER, is_summed=True),
    ]
    title = f"{unit}　{name}　{month:%Y-%m}　{maker}"
    return Table(
        name=name, title=title, columns=columns, zone=desk.calendar.tzinfo,
        facts={gettext("Month"): f"{month:%Y-%m}", gettext("Made by"): maker}, total=gettext("Total"),
        about=gettext("About this table"), rows_word=gettext("Rows"),
    )  # fmt: skip


def _rows(desk: BedDesk, month: date, area: Area) -> list[tuple[str, str, str, str, str, int, int, int]]:
    beds = desk.listed(area, after="", most=BEDS_MAX + 1)
    if len(beds) > BEDS_MAX:
        raise Invalid("So many rows do not fit: please narrow the filter.", {"month": ["too many rows"]})
    names, rows = desk.carer_names(), []
    for bed in beds:
        rows += _of(desk, month, bed, area, names)
    return sorted(rows)


def _of(
    desk: BedDesk, month: date, bed: Plain, area: Area, names: Mapping[str, tuple[str, str]]
) -> list[tuple[str, str, str, str, str, int, int, int]]:  # fmt: skip
    sums: dict[str, tuple[int, int, int]] = {}
    for each in desk.months.statement(bed["id"], month, area).standing.told:
        for carer in each.visit.carer_ids:
            visits, minutes, medical = sums.get(carer, (0, 0, 0))
            sums[carer] = (visits + 1, minutes + each.visit.minutes, medical + each.visit.medical)
    return [
        (*names.get(carer, (carer, "")), bed["number"], bed["resident_code"], bed["name"], *found)
        for carer, found in sums.items()
    ]
