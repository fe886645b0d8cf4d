"""The response log as Excel or CSV: masked, unless somebody may see more and says why; each export is an entry."""

import tempfile
from collections.abc import Mapping
from datetime import timedelta
from pathlib import Path
from typing import Any
from urllib.parse import quote

from werkzeug.wrappers import Response

from dispatch.errors import Invalid, NotAllowed
from dispatch.logbook import masks
from dispatch.logbook.sheets import ROWS_MAX, Column, Kind, Table, Value, file_name, write_csv, write_xlsx
from dispatch.rules.people import Person
from dispatch.rules.record import Line
from dispatch.rules.rights import Area, Right
from dispatch.store.log_search import Filter, Search
from dispatch.store.logbook import breaches_of, one_look
from dispatch.store.record import Record
from dispatch.store.transactions import Lane
from dispatch.web import words
from dispatch.web.access import may, need_proof
from dispatch.web.i18n import gettext
from dispatch.web.logbook import wording
from dispatch.web.logbook.reading import LogRoom

KINDS = ("xlsx", "csv")
MIMES = {
    "xlsx": "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "csv": "text/csv; charset=utf-8",
}
REASON_MAX = 200

Plain = Mapping[str, Any]


def exported(
    room: LogRoom, wanted: Filter, *, area: Area, by: Person, maker: str, said: Mapping[str, Any], kind: str,
    is_full: bool = False, reason: str = "",
) -> Response:  # fmt: skip
    """
    The alarms that fit, as a file to keep.

    `said` is the filter in ids and codes, as an address has it: it is written down with who took what away.

    Raises:
        Invalid: there are too many for a table, the kind is none, or a full export has no reason.
        NotAllowed: whoever asks may not see everything.
        ProofNeeded: everything is asked for by somebody who did not show lately who they are.
    """
    _check(kind, is_full=is_full, reason=reason)
    facts = {name: str(value) for name, value in said.items()}
    with tempfile.TemporaryDirectory(prefix="anling-") as folder:
        path = Path(folder) / f"export.{kind}"
        with one_look(room.reading) as connection:
            search = Search(connection, area)
            totals = search.totals(wanted)
            if totals["alarms"] > ROWS_MAX:
                raise Invalid("So many rows do not fit: please narrow the filter.", {"since": ["too many rows"]})
            number, head = Record(connection).head()
            table = _table(room, wanted, maker=maker, facts=facts, head=f"{number} {head}")
            names = room.names_of(())
            rows = (_cells(row, names, is_full=is_full) for row in search.all(wanted, ROWS_MAX))
            expected = {"rows": totals["alarms"], "lapses": totals["lapses"], "failures": totals["failures"]}
            count = (write_xlsx if kind == "xlsx" else write_csv)(path, table, rows, expected)
        body = path.read_bytes()
    line = Line(
        kind="log_exported", by=by, note=reason or None,
        facts={"rows": count, "form": kind, "full": "yes" if is_full else "no", "words": "yes" if wanted.text else "no",
               **{f"filter_{name}": value for name, value in facts.items()}},
    )  # fmt: skip
    room.transactions.run(lambda tx: tx.log(line), lane=Lane.BULK)
    name = file_name(room.unit(), gettext("Response log"), _period(wanted, room), f"r{number}", kind)
    return attached(body, name, MIMES[kind])


def attached(body: bytes, name: str, mime: str) -> Response:
    """A file to keep, under a name that may be Chinese (RFC 6266)."""
    answer = Response(body, mimetype=mime)
    plain = name.encode("ascii", "ignore").decode().strip("_") or "export"
    encoded = {"filename*": f"UTF-8''{quote(name)}"}
    answer.headers.set("Content-Disposition", "attachment", filename=plain, **encoded)
    answer.headers["Cache-Control"] = "no-store"
    return answer


def _check(kind: str, *, is_full: bool, reason: str) -> None:
    if kind not in KINDS:
        raise Invalid("Please choose one.", {"kind": ["unknown"]})
    if is_full and not may(Right.UNMASK):
        raise NotAllowed("Your account may not see whole names and numbers.")
    if is_full:
        need_proof()
    if is_full and not reason:
        raise Invalid("Please say why whole names and numbers are needed.", {"reason": ["missing"]})


def _table(room: LogRoom, wanted: Filter, *, maker: str, facts: Plain, head: str) -> Table:
    at = room.clock.now().astimezone(room.zone).isoformat(sep=" ", timespec="seconds")
    name, period = gettext("Response log"), _period(wanted, room)
    return Table(
        name=name, columns=columns(), zone=room.zone, total=gettext("Total"), about=gettext("About"),
        rows_word=gettext("Rows"),
        title="  ".join((
            room.unit(), name, gettext("Period: %(period)s", period=period), gettext("Maker: %(name)s", name=maker),
            gettext("Made at: %(at)s", at=at),
        )),
        facts={
            gettext("Filter"): ", ".join(f"{key}={value}" for key, value in facts.items()) or gettext("everything"),
            gettext("Period"): period, gettext("Time"): at, gettext("Maker"): maker,
            gettext("Time zone"): str(room.zone), gettext("End of the record (number, hash)"): head,
            gettext("Words searched for"): gettext("yes, not written here") if wanted.text else gettext("no"),
        },
    )  # fmt: skip


def columns() -> tuple[Column, ...]:
    """The columns, named in the reader's language."""
    return (
        Column(key="number", title=gettext("Number"), kind=Kind.CODE),
        Column(key="raised_at", title=gettext("Raised at"), kind=Kind.MOMENT, width=20),
        Column(key="cause", title=gettext("Cause")),
        Column(key="station", title=gettext("Station"), width=20),
        Column(key="resident", title=gettext("Resident's code"), kind=Kind.CODE),
        Column(key="name", title=gettext("Service user")),
        Column(key="phone", title=gettext("Telephone"), kind=Kind.CODE, width=16),
        Column(key="address", title=gettext("Address"), width=26),
        Column(key="answered", title=gettext("First act after (s)"), kind=Kind.NUMBER),
        Column(key="accepted", title=gettext("Accepted after (s)"), kind=Kind.NUMBER),
        Column(key="on_site", title=gettext("On site after (s)"), kind=Kind.NUMBER),
        Column(key="closed_at", title=gettext("Closed at"), kind=Kind.MOMENT, width=20),
        Column(key="outcome", title=gettext("Outcome")),
        Column(key="closed_by", title=gettext("Closed by")),
        Column(key="lapses", title=gettext("Requests without an answer"), kind=Kind.NUMBER, is_summed=True),
        Column(key="failures", title=gettext("Messages that did not arrive"), kind=Kind.NUMBER, is_summed=True),
        Column(key="breaches", title=gettext("Breaches"), width=30),
        Column(key="drawn", title=gettext("Sample")),
        Column(key="stage", title=gettext("Review")),
    )


def _cells(row: Plain, names: Mapping[str, str], *, is_full: bool) -> list[Value]:
    raised = row["raised_at"]

    def after(name: str) -> int | None:
        return None if row[name] is None else round((row[name] - raised).total_seconds())

    return [
        row["number"], raised, words.word(words.CAUSES, row["cause"]), row["station_name"], row["resident"],
        _masked(row["name"], masks.name, is_full=is_full), _phone(row["phone"], is_full=is_full),
        _masked(row["address"], masks.address, is_full=is_full), after("answered_at"), after("accepted_at"),
        after("attended_at"), row["closed_at"], words.word(words.OUTCOMES, row["outcome"]) if row["outcome"] else None,
        names.get(row["closed_by"], row["closed_by"]), row["lapses"], row["failures"],
        ", ".join(gettext(wording.BREACHES[each]) for each in breaches_of(row["breaches"])),
        gettext("yes") if row["is_drawn"] else "", words.word(wording.STAGES, row["stage"]),
    ]  # fmt: skip


def _masked(whole: str | None, mask: Any, *, is_full: bool) -> str | None:
    return whole if whole is None or is_full else mask(whole)


def _phone(whole: str | None, *, is_full: bool) -> str | None:
    return whole and (masks.national(whole) if is_full else masks.phone(whole))


def _period(wanted: Filter, room: LogRoom) -> str:
    if wanted.since is None and wanted.until is None:
        return gettext("to %(day)s", day=room.today().isoformat())
    since = wanted.since.astimezone(room.zone).date().isoformat() if wanted.since else ""
    last = wanted.until.astimezone(room.zone).date() - timedelta(days=1) if wanted.until else room.today()
    return f"{since}~{last.isoformat()}"
