"""`anling import` and `anling export` as changes of a house, whether a command or the service owns the database."""

import base64
from collections.abc import Callable, Mapping
from typing import Any

from config.lists.columns import KINDS
from config.lists.desk import ImportDesk, Wanted
from config.lists.export import as_csv, as_xlsx, listed
from config.lists.register import read_register
from config.secret import secret_key
from config.wiring import House
from config.wiring_roads import operator_of
from dispatch.errors import Invalid
from dispatch.rules.people import SERVICE, Person
from dispatch.rules.record import Line
from dispatch.rules.rights import DISTRICT, Area


def import_desk(house: House) -> ImportDesk:
    """The desk of this house."""
    return ImportDesk(
        house.settings.home, house.transactions, house.reading, house.clock, house.calendar,
        secret=secret_key(house.settings.home), changed=house.forget,
        policies=house.homecare.meals.desk.policies, urgent=house.transactions.urgent,
    )  # fmt: skip


def list_commands(house: House) -> dict[str, Callable[..., dict[str, Any]]]:
    """By name, with plain values in and out."""
    desk = import_desk(house)

    def named(login: str) -> Person:
        found = operator_of(house.reading, login) if login else SERVICE
        if found is None:
            raise Invalid(f"nobody signs in as '{login}'; anling user add")
        return found

    def list_import(
        kind: str, content: str, name: str, by: str, datum: str, dry: bool, columns: Mapping[str, str]
    ) -> dict[str, Any]:
        person = named(by)
        desk.sweep()
        token = desk.upload(base64.b64decode(content), name, by=person)
        seen = desk.preview(token, Wanted(kind=kind, datum=datum, columns=columns), by=person)
        told = {**seen.told(), "imported": False}
        if dry or not seen.ready:
            desk.forget(token)
            return told
        done = desk.commit(seen, by=person)
        return {**told, "imported": True, "import": done.id}

    def list_undo(id: str, by: str) -> dict[str, Any]:  # noqa: A002  as it is called on the line
        return {"stayed": desk.undo(id, by=named(by))}

    def list_export(kind: str, form: str, full: bool, reason: str, by: str) -> dict[str, Any]:
        content = export(house, kind, form, full=full, reason=reason, by=named(by))
        return {"content": base64.b64encode(content).decode()}

    return {"list_import": list_import, "list_undo": list_undo, "list_export": list_export}


def export(
    house: House, kind: str, form: str, *, full: bool, reason: str, by: Person, area: Area = DISTRICT
) -> bytes:  # fmt: skip
    """
    A list as a file; that it left, for whom and why, is recorded.

    Raises:
        Invalid: there is no such list, or it is to be whole without a reason.
    """
    if kind not in KINDS or form not in {"xlsx", "csv"}:
        raise Invalid("There is no such list.", {"query": {"kind": [f"one of {', '.join(KINDS)}"]}})
    if full and not reason.strip():
        raise Invalid("Say why it is needed whole.", {"json": {"reason": ["Say why it is needed whole."]}})
    with house.reading.connect() as connection:
        rows = listed(read_register(connection, area, ""), kind, full=full, zone=house.calendar.tzinfo)
    facts: dict[str, str | int | None] = {"kind": kind, "rows": len(rows) - 1, "full": "yes" if full else "no"}
    line = Line(kind="list_exported", by=by, facts=facts, note=reason.strip()[:500] or None)
    house.transactions.run(lambda tx: tx.log(line))
    return as_csv(rows) if form == "csv" else as_xlsx(rows, kind)
