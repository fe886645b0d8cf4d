"""Gathers what a resident's file and a home's page show. Whoever reads a file has read it: `Work.seen` is told."""

from datetime import timedelta
from typing import Any

from dispatch.errors import NotFound
from dispatch.ids import HomeId, ResidentId
from dispatch.rules.follow_ups import KEY_CHECK_EVERY, key_check_due
from dispatch.rules.people import age
from dispatch.store.absences import Absences
from dispatch.store.database import Connection
from dispatch.store.files import Files
from dispatch.store.follow_ups import FollowUps, KeyChecks
from dispatch.store.register_rows import CONTACTS, HOMES, RESIDENTS, STATIONS, Kind, RegisterRows, Row
from dispatch.web.access import area
from dispatch.web.residents.telling import masked
from dispatch.web.residents.work import Work

Plain = dict[str, Any]

ALARMS_SHOWN = 10
CHECKS_SHOWN = 5
LISTED = 50
TASKS_MAX = 500


def listed(work: Work, kind: Kind, *, after: str, ended: bool) -> Plain:
    """One page of a register."""
    with work.reading.connect() as connection:
        rows = RegisterRows(connection).page(kind, area(), after=after, most=LISTED + 1, ended=ended)
        shown = [_line(connection, row) for row in rows[:LISTED]]
        if kind is RESIDENTS:
            _mark_absent(connection, shown, work)
    return {"rows": shown, "more": rows[LISTED - 1]["id"] if len(rows) > LISTED else None, "ended": ended}


def alone(work: Work, kind: Kind, name: str) -> Plain:
    """One row of a register that has no page of its own, as its list shows it."""
    row = work.row(kind, name)
    with work.reading.connect() as connection:
        return {"rows": [_line(connection, row)], "more": None, "ended": row.get("ended_at") is not None}


def resident(work: Work, name: str) -> Plain:
    """A resident's whole file."""
    row = work.row(RESIDENTS, name)
    work.seen(ResidentId(row["id"]))
    with work.reading.connect() as connection:
        shelf, home_id = RegisterRows(connection), HomeId(row["home_id"])
        home = shelf.by_ids(HOMES, [home_id])[home_id]
        absences = Absences(connection).of([ResidentId(row["id"])])
        return {
            "row": row | {"phone": masked(row["phone"])}, "age": age(row["born_on"], work.today()),
            "steps": [line for line in (row["plan"] or "").splitlines() if line.strip()],
            "absences": absences, "away": next((each for each in absences if each.holds(work.clock.now())), None),
            "alarms": Files(connection).alarms_of(ResidentId(row["id"]), ALARMS_SHOWN),
            "tasks": FollowUps(connection).of_resident(ResidentId(row["id"])),
            **_home(work, connection, home), "now": work.clock.now(), "names": work.names(),
        }  # fmt: skip


def home(work: Work, name: str) -> Plain:
    """A home with who lives there and how to get in."""
    row = work.row(HOMES, name)
    with work.reading.connect() as connection:
        return {**_home(work, connection, row), "now": work.clock.now(), "names": work.names()}


def tasks(work: Work) -> Plain:
    """What is to be done in the caller's stations, what was done lately, and who is away."""
    with work.reading.connect() as connection:
        shelf = FollowUps(connection)
        to_do = [_task(connection, each) for each in shelf.to_do(TASKS_MAX)]
        done = [_task(connection, each) for each in shelf.done_lately(ALARMS_SHOWN)]
        absences = [
            {"absence": each, **_who(connection, each.resident_id, each.home_id)}
            for each in Absences(connection).current(TASKS_MAX)
        ]
    now, names = work.clock.now(), work.names()
    colleagues = {who: name for who, name in names.items() if who.startswith("operator:")}
    return {
        "colleagues": sorted(colleagues.items(), key=lambda each: each[1]),
        "tasks": [each for each in to_do if each["ours"]], "done": [each for each in done if each["ours"]],
        "absences": [each for each in absences if each["ours"]], "now": now, "names": names,
        "soon": now + timedelta(hours=1),
    }  # fmt: skip


def _home(work: Work, connection: Connection, row: Row) -> Plain:
    shelf, id_ = RegisterRows(connection), HomeId(row["id"])
    checks = KeyChecks(connection).of_home(id_, CHECKS_SHOWN)
    people = shelf.of_home(RESIDENTS, id_)
    kin = [each | {"phone": masked(each["phone"])} for each in shelf.of_home(CONTACTS, id_)]
    return {
        "home": row, "checks": checks,
        "check_due": bool(row["entry"]) and key_check_due(checks[0].at if checks else None, work.clock.now()),
        "check_days": KEY_CHECK_EVERY.days,
        "people": [each | {"phone": masked(each["phone"])} for each in people],
        "contacts": [each for each in kin if each["ended_at"] is None],
        "former": [each for each in kin if each["ended_at"] is not None],
        "devices": work.devices_at(connection, id_), "DEVICE_KINDS": work.device_kinds,
    }  # fmt: skip


def _line(connection: Connection, row: Row) -> Plain:
    return row | {"phone": masked(row.get("phone")), "where": _where(RegisterRows(connection), row)}


def _where(shelf: RegisterRows, row: Row) -> str:
    """A home's address, that of whoever lives there or belongs to it; of a carer the station."""
    if "address" in row:
        return str(row["address"])
    kind, of, called = (HOMES, "home_id", "address") if "home_id" in row else (STATIONS, "station_id", "name")
    found = shelf.by_ids(kind, [row[of]]).get(row[of]) if row.get(of) else None
    return str(found[called]) if found else ""


def _mark_absent(connection: Connection, shown: list[Plain], work: Work) -> None:
    now = work.clock.now()
    away = {each.resident_id: each for each in Absences(connection).of([row["id"] for row in shown]) if each.holds(now)}
    for row in shown:
        row["away"] = away.get(row["id"])


def _task(connection: Connection, each: Any) -> Plain:
    return {"task": each, **_who(connection, each.resident_id, each.home_id)}


def _who(connection: Connection, resident_id: str | None, home_id: str | None) -> Plain:
    """Whom it is about, as far as the caller may know of them."""
    shelf = RegisterRows(connection)
    try:
        home_row = shelf.one(HOMES, home_id, area()) if home_id else None
    except NotFound:
        return {"ours": False}
    row = shelf.by_ids(RESIDENTS, [resident_id]).get(resident_id) if resident_id else None
    return {"ours": home_row is not None or area().is_district, "resident": row, "home": home_row}
