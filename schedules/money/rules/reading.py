"""Reads one policy file whole: a policy, or every mistake in it at once."""

import hashlib
import json
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

from schedules.money.rules import sheet as read
from schedules.money.rules.contradictions import look_for
from schedules.money.rules.policy import KINDS, Policy
from schedules.money.rules.sheet import Fault, Reader, Sheet
from schedules.money.rules.tables import TABLES

_HEAD: Mapping[str, Reader] = {
    "id": read.name,
    "kind": read.one_of(*KINDS),
    "title": read.text,
    "grade": read.text,
    "region": read.text,
    "source": read.text,
    "effective_from": read.day,
    "effective_to": read.day,
    "price_basis": read.one_of("discounted", "list"),
}
_HEAD_NEEDED = ("id", "kind", "title", "grade")


@dataclass(frozen=True, slots=True, kw_only=True)
class Read:
    """What came of a file. `policy` is None exactly when there are faults; `doubts` stop nothing."""

    policy: Policy | None
    faults: Sequence[Fault] = ()
    doubts: Sequence[Fault] = ()
    named: str = ""
    """The id it says, even when it is refused."""


def read_policy(text: str, file: str) -> Read:
    """The policy in the text of a TOML file; `file` is how its faults name it."""
    sheet = Sheet(file)
    try:
        raw = tomllib.loads(text, parse_float=Decimal)
    except tomllib.TOMLDecodeError as error:
        sheet.fault("", "", *read.no_toml(error))
        return Read(policy=None, faults=sheet.faults)
    head = sheet.table("policy", raw.get("policy", {}), _HEAD, _HEAD_NEEDED)
    body = _body(sheet, raw)
    named = str(head.get("id", ""))
    if sheet.faults:
        return Read(policy=None, faults=sheet.faults, doubts=sheet.doubts, named=named)
    policy = Policy(**head, **body, version=version_of(raw), file=file)
    look_for(sheet, policy, raw)
    if sheet.faults:
        return Read(policy=None, faults=sheet.faults, doubts=sheet.doubts, named=named)
    return Read(policy=policy, doubts=sheet.doubts, named=named)


def version_of(raw: Mapping[str, Any]) -> str:
    """The hash of a file's content: the same whatever its comments, its spaces and the order of its keys."""
    canonical = json.dumps(raw, sort_keys=True, ensure_ascii=False, default=str, separators=(",", ":"))
    return hashlib.sha256(canonical.encode()).hexdigest()[:16]


def _body(sheet: Sheet, raw: Mapping[str, Any]) -> dict[str, Any]:
    tables = {name: _at(name, reader) for name, reader in TABLES.items()}
    found = sheet.table("", {key: value for key, value in raw.items() if key != "policy"}, tables)
    flat = {"guard": "price_must_exceed_subsidy", "operator": "per_person_day", "service_fee": "up_to"}
    names = {"service_fee": "service_fee_up_to"}
    for table, key in flat.items():
        if table in found:
            value = found.pop(table).get(key)
            found |= {names.get(table, key): value} if value is not None else {}
    if "watch" in found.get("standard", {}):
        found["watch"] = found["standard"].pop("watch")
    return found


def _at(name: str, reader: Reader) -> Reader:
    return lambda sheet, _place, raw: reader(sheet, name, raw)
