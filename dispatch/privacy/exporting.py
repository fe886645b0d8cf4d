"""One resident's data, given out: everything kept about them, for programs (JSON) and for people (HTML), in one zip."""

import io
import json
import zipfile
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from html import escape
from typing import Any

from dispatch.clock import Clock
from dispatch.errors import Invalid, NotFound
from dispatch.privacy import inventory
from dispatch.rules.inventory import Holding
from dispatch.rules.message import Fact
from dispatch.rules.people import Person
from dispatch.rules.record import Line
from dispatch.rules.rights import Area
from dispatch.store.database import Engine
from dispatch.store.personal import PersonalRows, Subject, home_of
from dispatch.store.transactions import Transactions

REASON_MIN = 2
_STYLE = (
    "body{font:16px sans-serif;margin:2em}table{border-collapse:collapse;margin:0 0 2em}td,th{border:1px solid #777}"
)
Plain = dict[str, Any]


class Exporting:
    """Gathers and packs; each time is in the record with who did it and why."""

    def __init__(self, transactions: Transactions, reading: Engine, clock: Clock) -> None:
        self._transactions = transactions
        self._reading = reading
        self._clock = clock

    def export(self, resident_id: str, *, by: Person, reason: str, area: Area) -> bytes:
        """
        A zip with `data.json` and `data.html`.

        Raises:
            NotFound: there is no such resident in this area.
            Invalid: no reason was given.
        """
        if len(reason.strip()) < REASON_MIN:
            raise Invalid("Please say why.", {"reason": "missing"})
        data = self.gather(resident_id, area)
        facts: dict[str, Fact] = {
            "person": f"resident:{resident_id}",
            "rows": sum(len(rows) for rows in data["tables"].values()),
        }
        self._transactions.run(lambda tx: tx.log(Line(kind="data_given_out", by=by, facts=facts, note=reason)))
        return packed(data)

    def gather(self, resident_id: str, area: Area) -> Plain:
        """Everything kept about them, by table, as plain values; what is about staff is left out."""
        with self._reading.connect() as connection:
            home, rows = home_of(connection, resident_id), PersonalRows(connection, inventory())
            subject = rows.subject(resident_id)
            if subject is None or home is None or not area.covers(home[1]):  # type: ignore[arg-type]
                raise NotFound("There is no such resident.")
            found = rows.find(subject)
            tables = {
                name: [_told(inventory()[name], row, subject) for row in rows.read(name, keys)]
                for name, keys in sorted(found.items())
            }
        return {
            "format": "anling-personal-data/1",
            "resident": resident_id,
            "made_at": self._clock.now().isoformat(),
            "tables": tables,
            "kept_after_erasing": {name: dict(inventory()[name].keep) for name in tables if inventory()[name].keep},
        }


def packed(data: Plain) -> bytes:
    """Both forms in one zip."""
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("data.json", json.dumps(data, ensure_ascii=False, indent=1))
        archive.writestr("data.html", readable(data))
    return out.getvalue()


def readable(data: Mapping[str, Any]) -> str:
    """A page that prints: a table for each kind of row, in Chinese and English, with nothing from elsewhere."""
    parts = [
        '<!doctype html><html lang="zh-CN"><meta charset="utf-8"><title>个人信息副本 Personal data</title>',
        f"<style>{_STYLE}</style>",
        f"<h1>个人信息副本 <small>Personal data</small></h1><p>{escape(str(data['made_at']))}</p>",
    ]
    for name, rows in data["tables"].items():
        parts.append(_table(name, rows))
    return "".join(parts) + "</html>"


def _table(name: str, rows: Sequence[Mapping[str, Any]]) -> str:
    columns = list(rows[0]) if rows else []
    head = "".join(f"<th>{escape(each)}</th>" for each in columns)
    body = "".join(
        "<tr>" + "".join(f"<td>{escape(_word(row[each]))}</td>" for each in columns) + "</tr>" for row in rows
    )
    return f"<h2>{escape(name)} ({len(rows)})</h2><table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _word(value: Any) -> str:
    return "" if value is None else value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _told(holding: Holding, row: Mapping[str, Any], subject: Subject) -> Plain:
    """A row as it is given out: without what is about staff, and without anybody else's number."""
    theirs = subject.sets.get("phone", set())
    return {
        name: "***" if name in holding.phones and value and value not in theirs else _plain(value)
        for name, value in row.items()
        if name not in holding.staff
    }


def _plain(value: Any) -> Any:
    if isinstance(value, datetime | date):
        return value.isoformat()
    return value.hex() if isinstance(value, bytes) else value
