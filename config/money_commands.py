"""The work of `anling money`: closing a month beside the running service, and giving the ledger out."""

import csv
import json
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

from config.wiring import House
from dispatch.errors import Conflict, NotFound
from dispatch.logbook.sheets import safe
from dispatch.rules.people import SERVICE, Person
from dispatch.store.database import Connection, Engine
from schedules.money.beds.evidence import evidence
from schedules.money.closing import Counted, Progress, count
from schedules.money.keeping import rules_in
from schedules.money.operators.evidence import evidence as dues_behind
from schedules.money.rules.ledger import Entry, canonical
from schedules.money.rules.months import must_be_month
from schedules.money.store.ledger import Books
from schedules.money.store.months import Months
from schedules.money.store.versions import Versions

Commands = dict[str, Callable[..., dict[str, Any]]]
COLUMNS = ("id", "on", "month", "claim", "source_kind", "source_id", "version", "reverses", "late", "account", "amount_fen")  # noqa: E501  # fmt: skip


def money_commands(house: House, named: Callable[[str], Person]) -> Commands:
    """By name; counting lies between the two and is done by whoever asks, away from the process that takes alarms."""
    closing = house.homecare.settlement.counting.closing

    def money_begin(month: str, by: str) -> dict[str, Any]:
        closing.begin(month, by=named(by) if by else SERVICE)
        return {"month": month}

    def money_end(counted: dict[str, Any], by: str) -> dict[str, Any]:
        closing.end(Counted.of(counted), by=named(by) if by else SERVICE)
        return {"month": counted["month"], "hash": counted["hash"]}

    def money_keep(folder: str) -> dict[str, Any]:
        return {"kept": closing.keep(rules_in(Path(folder)))}

    def money_bills(month: str) -> dict[str, Any]:
        must_be_month(month)
        return {"bills": list(evidence(house.homecare.bedmoney.reckoning, month))}

    def money_operators(month: str) -> dict[str, Any]:
        must_be_month(month)
        return {"dues": [{"about": month}, *dues_behind(house.homecare.operators.reckoning, month)]}

    return {
        "money_begin": money_begin, "money_end": money_end, "money_keep": money_keep, "money_bills": money_bills,
        "money_operators": money_operators,
    }  # fmt: skip


def close_month(
    change: Callable[..., dict[str, Any]], reading: Engine, month: str, *, by: str, progress: Progress, policies: Path
) -> dict[str, Any]:
    """
    Closes a month: begun and ended by the writer (`change`), counted here.

    Rules of the folder `policies` that entries name and that were not kept with them are kept first.

    Raises:
        Refusal: it was refused, and why.
    """
    change("money_keep", folder=str(policies.resolve()))
    change("money_begin", month=month, by=by)
    counted = count(reading, month, progress)
    change("money_end", counted=counted.plain(), by=by)
    return {"month": month, "entries": counted.entries, "hash": counted.hash, "before": counted.before}


def export_month(reading: Engine, month: str, out: IO[str], *, form: str, policies: Path | None = None) -> int:
    """
    Writes a month's entries by their ids and returns how many: JSON lines, the first of which is about the month
    itself (its hash and the one before, null while it is open), or CSV with a line for each posting. Into the folder
    `policies` go the files of all versions that were used.

    Raises:
        Invalid: this is no month. NotFound: it has no entries and is not closed. Conflict: a version was not kept.
    """
    must_be_month(month)
    with reading.connect() as connection:
        about = _about(connection, month)
        entries = Books(connection).entries(month)
        first = next(entries, None)
        if first is None and about["hash"] is None:
            raise NotFound(f"{month} has no entries")
        told = _all(first, entries)
        versions: set[str] = set()
        done = (_as_lines if form == "json" else _as_csv)(told, about, out, versions)
        if policies is not None:
            _write_policies(Versions(connection), versions, policies)
    return done


def _all(first: Entry | None, rest: Iterator[Entry]) -> Iterator[Entry]:
    if first is not None:
        yield first
    yield from rest


def _about(connection: Connection, month: str) -> dict[str, Any]:
    row = Months(connection).get(month) or {}
    return {"about": month, **{name: row.get(name) for name in ("before", "hash", "entries")}}


def _as_lines(entries: Iterator[Entry], about: dict[str, Any], out: IO[str], versions: set[str]) -> int:
    out.write(json.dumps(about) + "\n")
    done = 0
    for entry in entries:
        done += 1
        out.write(canonical(entry) + "\n")
        versions |= {entry.version} if entry.version else set()
    return done


def _as_csv(entries: Iterator[Entry], _: dict[str, Any], out: IO[str], versions: set[str]) -> int:
    lines, done = csv.writer(out, lineterminator="\r\n"), 0
    lines.writerow(COLUMNS)
    for entry in entries:
        done += 1
        source = (entry.source.kind.value, entry.source.id) if entry.source else ("", "")
        said = (entry.id, entry.on.isoformat(), entry.month, entry.claim, *source, entry.version or "",
                entry.reverses or "")  # fmt: skip
        head = (*map(safe, said), entry.late)
        lines.writerows((*head, safe(each.account), each.amount_fen) for each in entry.postings)
        versions |= {entry.version} if entry.version else set()
    return done


def _write_policies(shelf: Versions, versions: set[str], folder: Path) -> None:
    missing = set(versions)
    folder.mkdir(parents=True, exist_ok=True)
    for rule in shelf.known(versions):
        missing.discard(rule.version)
        (folder / f"{rule.policy_id}.{rule.version}.toml").write_text(rule.content, encoding="utf-8")
    if missing:
        raise Conflict(f"rules of versions {', '.join(sorted(missing)[:5])} were used and not kept")
