"""What `anling privacy` does in the house that has the database."""

import base64
from collections.abc import Callable
from datetime import datetime
from typing import Any

from config.wiring import House
from dispatch.errors import NotFound
from dispatch.rules.people import Person
from dispatch.rules.rights import DISTRICT
from dispatch.store.people import People, residents

Commands = dict[str, Callable[..., dict[str, Any]]]


def after_commands(house: House, named: Callable[[str], Person]) -> Commands:
    """By name. `named` finds the person who signs in with a login."""
    after = house.after

    def resident_of(code: str) -> str:
        with house.reading.connect() as connection:
            found = People(connection).id_of(residents, code)
        if found is None:
            raise NotFound(f"no resident has the code '{code}'")
        return found

    def privacy_export(resident: str, by: str, reason: str) -> dict[str, Any]:
        packed = after.exporting.export(resident_of(resident), by=named(by), reason=reason, area=DISTRICT)
        return {"resident": resident, "zip": base64.b64encode(packed).decode()}

    def privacy_ask(resident: str, kind: str, asked_by: str, reason: str, by: str) -> dict[str, Any]:
        words = {"asked_by": asked_by, "reason": reason}
        return {"request": after.erasing.ask(resident_of(resident), kind, **words, by=named(by), area=DISTRICT)}

    def privacy_approve(request: str, by: str) -> dict[str, Any]:
        after.erasing.approve(request, by=named(by), area=DISTRICT)
        return {"request": request, "erased": after.erasing.check()}

    def privacy_requests(most: int) -> dict[str, Any]:
        return {"requests": [_row(each) for each in after.erasing.recent(most, DISTRICT)]}

    def privacy_reapply() -> dict[str, Any]:
        return dict(after.erasing.reapply())

    def privacy_retention(dry_run: bool) -> dict[str, Any]:
        due = {f"{each.rule.kind} ({each.rule.days} d)": each.rows for each in after.retention.due()}
        return {"due": due} if dry_run else {"erased": after.retention.check()}

    return {
        "privacy_export": privacy_export, "privacy_ask": privacy_ask, "privacy_approve": privacy_approve,
        "privacy_requests": privacy_requests, "privacy_reapply": privacy_reapply,
        "privacy_retention": privacy_retention,
    }  # fmt: skip


def _row(request: Any) -> dict[str, Any]:
    names = ("id", "resident_id", "kind", "state", "asked_at", "answer_by")
    values = {name: getattr(request, name) for name in names}
    return {name: value.isoformat() if isinstance(value, datetime) else value for name, value in values.items()}
