"""
Imports from the upload to the undo.

```
  upload ──► kept for an hour, mode 0600 ──► preview (again and again) ──► commit ──► journal for a day ──► undo
                                                    │ one bad row: nothing is written
```

A commit is one unit of work: readers see nothing of it or all of it, and a process that dies leaves nothing. A press
does not wait for it, the unit makes room and begins again. Only where there is no quiet moment for it, or the list has
more than `WHOLE_MAX` rows, it is written in pieces of whole households, and what a death leaves of them is taken back
at the next start.
"""

import hashlib
import json
import re
import secrets
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

import structlog

from config.lists import journal as journals
from config.lists.columns import IGNORE, KINDS, NAMES, Columns, match
from config.lists.journal import Journal
from config.lists.planning import Ground, plan
from config.lists.reading import Plan
from config.lists.register import Change, read_register
from config.lists.sheet import Sheet, read_sheet
from config.lists.writing import (
    BACK,
    WHOLE_MAX,
    MadeRoom,
    Progress,
    in_order,
    is_written,
    pieces,
    take_back,
    write,
    write_whole,
)
from config.register_keys import id_numbers
from config.uploads import BEGUN, DONE, FOLDER, KEPT, UNDO, UNDONE, drop, sweep
from dispatch.clock import Clock
from dispatch.errors import Conflict, Invalid, NotFound
from dispatch.rules.people import SERVICE, Person
from dispatch.rules.record import Line
from dispatch.rules.rights import DISTRICT, Area
from dispatch.store.database import Engine
from dispatch.store.transactions import Lane, Transactions, Tx
from schedules.calendar import Calendar

FRESH = timedelta(seconds=20)
"""What was seen within this time is written as it was seen: only the columns that differ, so that nothing that somebody
typed in between is overwritten. Counted from the end of the look: a long list would else be looked at twice for one
import, and be no fresher for it."""

OTHERS_S = timedelta(minutes=15)
"""Where several processes share a database, an import younger than this may be somebody's who lives."""

SLACK = timedelta(hours=2)
"""A clock may have been set back between a journal and its entry of the record."""

TRIES_S, REST_S = 5.0, 0.1
"""How long a whole list is tried amid emergencies, and the rest between."""

BREATH_S = 0.0001
"""Between two rows that are looked at, each some 0.4 ms: else a press waits for its turn 5 ms at a time."""

SHOWN_MAX = 200
_TOKEN = re.compile(r"[A-Za-z0-9_-]{22}")

Facts = dict[str, str | int | None]

log = structlog.get_logger()


def _nothing(_done: float) -> None: ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """What somebody says of a file: its kind, heads → fields the table does not know, the positions' datum."""

    kind: str
    columns: Mapping[str, str] = field(default_factory=dict)
    datum: str = "wgs84"


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """A file as it would be written. `token` finds it again; by `seal` it is noticed that it would do otherwise now."""

    token: str
    file: str
    wanted: Wanted
    sheet: Sheet
    columns: Columns
    plan: Plan
    seal: str
    at: datetime

    @property
    def ready(self) -> bool:
        """Whether it may be committed."""
        return self.plan.good and not self.columns.missing and not self.columns.ambiguous and self.plan.rows > 0

    def told(self) -> dict[str, Any]:
        """As plain values: what it is, what it would do, and every bad row."""
        new = sum(each.before is None for each in self.plan.changes)
        return {
            "token": self.token, "file": self.file, "kind": self.wanted.kind, "sheet": self.sheet.name,
            "others": list(self.sheet.others), "rows": self.plan.rows, "new": new,
            "changed": len(self.plan.changes) - new, "ready": self.ready, "head": self.columns.head,
            "columns": {name: self.columns.titles[at] for name, at in self.columns.of.items()},
            "unknown": list(self.columns.unknown), "missing": list(self.columns.missing),
            "ambiguous": {name: list(titles) for name, titles in self.columns.ambiguous.items()},
            "problems_total": len(self.plan.problems), "datum": self.wanted.datum,
            "problems": [
                {"row": x.row, "column": x.column, "code": x.code, "cell": x.shown, "grave": x.grave, **x.more_told()}
                for x in self.plan.problems[:SHOWN_MAX]
            ],
        }  # fmt: skip


class ImportDesk:
    """Takes files, shows what they would do, does it and takes it back."""

    def __init__(
        self, home: Path, transactions: Transactions, reading: Engine, clock: Clock, calendar: Calendar, *,
        secret: str, changed: Any, policies: Callable[[], Sequence[str]] = tuple,
        urgent: Callable[[], int] = lambda: 0, whole_max: int = WHOLE_MAX,
    ) -> None:  # fmt: skip
        """
        `home` is the folder of data; `changed()` is called when the registers have changed; `policies` are the ids of
        the meal rules there are; `urgent` says how many emergencies wait for the unit that runs.
        """
        self._urgent = urgent
        self._whole_max = whole_max
        self._rest = threading.Event()
        self._home = home
        self._transactions = transactions
        self._reading = reading
        self._clock = clock
        self._calendar = calendar
        self._secret = secret
        self._changed = changed
        self._policies = policies

    # -------------------------------------------------------------------------------------- looking

    def upload(self, content: bytes, name: str, *, by: Person) -> str:
        """
        Keeps a file for an hour; the token that finds it.

        Raises:
            Invalid: it is no table that can be read.
        """
        self.sweep()
        read_sheet(content, name)
        token = secrets.token_urlsafe(16)
        about = {"file": name[:120], "by": by, "at": self._clock.now().isoformat()}
        journals.write(self._home, f"{token}.about", json.dumps(about).encode())
        journals.write(self._home, f"{token}.upload", content)
        return token

    def preview(
        self, token: str, wanted: Wanted, *, by: Person, area: Area = DISTRICT, progress: Progress = _nothing
    ) -> Preview:
        """
        What the file would do now.

        Raises:
            NotFound: the hour is over, or it is somebody else's.
            Invalid: the kind is none, or the file is no such list.
        """
        content, about = self._kept(token, by)
        if wanted.kind not in KINDS or wanted.datum not in {"wgs84", "gcj02"}:
            raise Invalid("There is no such list.", {"json": {"kind": [f"one of {', '.join(KINDS)}"]}})
        for name in wanted.columns.values():
            if name != IGNORE and name not in NAMES[wanted.kind]:
                raise Invalid("There is no such column.", {"json": {"columns": [f"There is no field {name[:40]}."]}})
        sheet = read_sheet(content, about["file"])
        columns = match(sheet, wanted.kind, wanted.columns)
        made = self._plan(sheet, columns, wanted, area, progress)
        return Preview(
            token=token, file=about["file"], wanted=wanted, sheet=sheet, columns=columns, plan=made,
            seal=_seal(made.changes), at=self._clock.now(),
        )  # fmt: skip

    def _plan(self, sheet: Sheet, columns: Columns, wanted: Wanted, area: Area, progress: Progress) -> Plan:
        with self._reading.connect() as connection:
            register = read_register(connection, area, self._secret)
        ground = Ground(
            register=register, new_id=lambda: secrets.token_hex(16), today=self._calendar.day_of(self._clock.now()),
            zone=self._calendar.tzinfo, seal=id_numbers(self._home), datum=wanted.datum,
            policies=self._policies(), breathe=partial(self._rest.wait, BREATH_S),
        )  # fmt: skip
        return plan(sheet, columns, wanted.kind, ground, progress)

    # -------------------------------------------------------------------------------------- doing

    def commit(self, preview: Preview, *, by: Person, area: Area = DISTRICT, progress: Progress = _nothing) -> Journal:
        """
        Writes what was shown, all of it or nothing; the upload is gone afterwards.

        Raises:
            Invalid: something in it is wrong.
            Conflict: the registers have changed since it was shown.
        """
        if not preview.ready:
            raise Invalid("The list has mistakes: nothing was imported.", {"json": {"file": ["see the preview"]}})
        made = preview.plan
        if self._clock.now() - preview.at > FRESH:
            made = self._plan(preview.sheet, preview.columns, preview.wanted, area, _nothing)
        if (made is not preview.plan and _seal(made.changes) != preview.seal) or not made.good:
            raise Conflict("The registers have changed meanwhile: look at the preview again.")
        changes = in_order(made.changes)
        done = Journal(
            id=secrets.token_urlsafe(16), kind=preview.wanted.kind, file=preview.file, by=by, at=self._clock.now(),
            rows=made.rows, state=BEGUN, size=len(changes), changes=changes,
        )  # fmt: skip
        journals.keep(self._home, done)
        try:
            self._write(done, by, progress)
        except BaseException:
            if not self._is_written(done):
                self._take_back(done)
            raise
        self._changed()
        journals.turn(self._home, done, DONE)
        drop(self._home, preview.token)
        log.info("list_imported", kind=done.kind, rows=done.rows, changes=len(changes))
        return done

    def undo(self, id_: str, *, by: Person, area: Area = DISTRICT) -> int:
        """
        Takes an import back; how many of its rows stayed, because they were changed since or something depends on them.

        Raises:
            NotFound: there is none, it is older than a day, or it was taken back already.
        """
        found = next((each for each in self.imports() if each.id == id_ and each.state == DONE), None)
        if found is None or not (area.is_district or found.by == by):
            raise NotFound(f"no import {id_[:40]} that could be taken back")
        found = journals.whole(self._home, found)
        if len(found.changes) != found.size:
            raise NotFound(f"the rows of import {id_[:40]} are not there any more")
        stayed = self._take_back(found)
        facts: Facts = {"import": found.id, "kind": found.kind, "stayed": stayed}
        self._transactions.run(lambda tx: tx.log(Line(kind="import_undone", by=by, facts=facts)))
        self._changed()
        return stayed

    def imports(self) -> list[Journal]:
        """Those of the last day, the newest first, without their changes."""
        since = self._clock.now() - UNDO
        return [each for _, each in journals.journals(self._home) if each.at > since]

    def mend(self, *, alone: bool) -> None:
        """
        After a start: what was being written when the process died is taken back, what was written to its end stays.
        `alone`: nobody else writes.
        """
        for _, each in journals.journals(self._home):
            if each.state == BEGUN and (alone or self._clock.now() - each.at >= OTHERS_S):
                if self._is_written(each):
                    journals.turn(self._home, each, DONE)
                    continue
                self._take_back(journals.whole(self._home, each))
                facts = {"import": each.id, "kind": each.kind}
                self._log(Line(kind="import_undone", by=SERVICE, facts=facts))
                log.warning("import_mended", kind=each.kind, rows=each.rows)
        self.sweep()

    def _log(self, line: Line) -> None:
        self._transactions.run(lambda tx: tx.log(line))

    def forget(self, token: str) -> None:
        """Deletes an upload that nobody wants."""
        if _TOKEN.fullmatch(token):
            drop(self._home, token)

    def sweep(self) -> None:
        """Deletes uploads after an hour and journals after a day."""
        sweep(self._home, self._clock.now())

    def _is_written(self, done: Journal) -> bool:
        with self._reading.connect() as connection:
            return is_written(connection, done.id, done.at - SLACK)

    def _write(self, done: Journal, by: Person, progress: Progress) -> None:
        until = self._clock.look().steady_s + TRIES_S
        while len(done.changes) <= self._whole_max and self._clock.look().steady_s < until:
            try:
                self._transactions.run(partial(self._whole, done, by), lane=Lane.BULK)
            except MadeRoom:
                self._rest.wait(REST_S)
            else:
                progress(1.0)
                return
        self._write_in_pieces(done, by, progress)

    def _whole(self, done: Journal, by: Person, tx: Tx) -> None:
        write_whole(tx, done.changes, self._urgent)
        tx.log(_line(done, by))

    def _write_in_pieces(self, done: Journal, by: Person, progress: Progress) -> None:
        parts = pieces(done.changes) or [()]
        for number, part in enumerate(parts):
            last = number == len(parts) - 1

            def work(tx: Tx, part: Sequence[Change] = part, last: bool = last) -> None:
                write(tx, part)
                if last:
                    tx.log(_line(done, by))

            self._transactions.run(work, lane=Lane.BULK)
            progress((number + 1) / len(parts))

    def _take_back(self, done: Journal) -> int:
        stayed = 0
        for part in reversed(pieces(done.changes, BACK)):
            stayed += self._transactions.run(partial(_back, part), lane=Lane.BULK)
        journals.turn(self._home, done, UNDONE)
        return stayed

    def _kept(self, token: str, by: Person) -> tuple[bytes, dict[str, Any]]:
        folder = self._home / FOLDER
        if _TOKEN.fullmatch(token):
            try:
                about = json.loads((folder / f"{token}.about").read_bytes())
                if about["by"] == by and self._clock.now() - datetime.fromisoformat(about["at"]) < KEPT:
                    return (folder / f"{token}.upload").read_bytes(), about
            except (OSError, ValueError):
                pass
        raise NotFound("This file is not here any more: choose it again.")


def _back(part: Sequence[Change], tx: Tx) -> int:
    return take_back(tx, part)


def _line(done: Journal, by: Person) -> Line:
    new = sum(each.before is None for each in done.changes)
    facts: Facts = {
        "import": done.id, "kind": done.kind, "rows": done.rows, "new": new, "changed": done.size - new,
    }  # fmt: skip
    return Line(kind="list_imported", by=by, facts=facts, note=done.file)


def _seal(changes: Sequence[Change]) -> str:
    """What these changes come to, whatever ids are drawn for new rows and however numbers are sealed this time."""
    mac = hashlib.sha256()
    for each in changes:
        kept = {
            name: str(value) for name, value in each.after.items() if not name.endswith("id") and name != "id_sealed"
        }
        mac.update(json.dumps([each.table, each.row, each.before is None, kept], sort_keys=True).encode())
    return mac.hexdigest()
