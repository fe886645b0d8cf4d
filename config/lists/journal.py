"""
An import's journal: every row as it was and as it becomes, on disk before anything is written, deleted after a day.

By it an import is taken back. One that was too long for one unit of work, and killed in the middle, is taken back by it
at the next start: there is no half-imported file.

    <id>.json   the head: what, whose, when, how far; read whenever somebody looks at the list of imports
    <id>.rows   the rows, one line of JSON each

The rows are written and read line by line: 180,000 of them as one text would hold the interpreter for seconds, and a
press with it.
"""

import json
import os
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

from config.lists.register import Change, Values
from config.uploads import FOLDER, UNDONE


@dataclass(frozen=True, slots=True, kw_only=True)
class Journal:
    """One import. `file` is what its file was called, `size` how many changes it is; `changes` may be left on disk."""

    id: str
    kind: str
    file: str
    by: str
    at: datetime
    rows: int
    state: str
    size: int
    changes: Sequence[Change] = ()


def keep(home: Path, journal: Journal) -> None:
    """
    Writes it down, for this user's eyes only.

    The head comes first: one whose rows are not all there has changed nothing in the database yet.
    """
    turn(home, journal, journal.state)
    lines = (
        json.dumps([each.table, each.row, _tagged(each.before), _tagged(each.after)], ensure_ascii=False) + "\n"
        for each in journal.changes
    )
    write_lines(home, f"{journal.id}.rows", (each.encode() for each in lines))


def read(path: Path) -> Journal | None:
    """The head of the journal in this file; None of one that cannot be read."""
    try:
        told = json.loads(path.read_bytes())
        if "changes" in told:
            # As versions before this one wrote it: one text.
            changes = [_change([x[name] for name in ("table", "row", "before", "after")]) for x in told["changes"]]
            told |= {"changes": changes, "size": len(changes)}
        return Journal(**{**told, "at": datetime.fromisoformat(told["at"])})
    except (OSError, ValueError, KeyError, TypeError):
        return None


def whole(home: Path, journal: Journal) -> Journal:
    """The same with its changes; without any where they never came to be written."""
    if journal.changes:
        return journal
    try:
        with (home / FOLDER / f"{journal.id}.rows").open("rb") as lines:
            changes = [_change(json.loads(line)) for line in lines]
    except (OSError, ValueError):
        changes = []
    return replace(journal, changes=changes if len(changes) == journal.size else ())


def journals(home: Path) -> Iterator[tuple[Path, Journal]]:
    """The heads of all of them, the newest first."""
    found = [(path, read(path)) for path in (home / FOLDER).glob("*.json")]
    known = [(path, each) for path, each in found if each is not None]
    yield from sorted(known, key=lambda each: each[1].at, reverse=True)


def turn(home: Path, journal: Journal, state: str) -> None:
    """From now on it stands so; what was undone holds nobody's data any more."""
    head = {
        "id": journal.id, "kind": journal.kind, "file": journal.file, "by": journal.by,
        "at": journal.at.isoformat(), "rows": journal.rows, "state": state, "size": journal.size,
    }  # fmt: skip
    write(home, f"{journal.id}.json", json.dumps(head, ensure_ascii=False).encode())
    if state == UNDONE:
        (home / FOLDER / f"{journal.id}.rows").unlink(missing_ok=True)


def write(home: Path, name: str, content: bytes) -> Path:
    """A file in the folder of imports, mode 0600, on disk when this returns."""
    return write_lines(home, name, (content,))


def write_lines(home: Path, name: str, lines: Iterable[bytes]) -> Path:
    """The same of many pieces, whole or not at all."""
    folder = home / FOLDER
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path, fresh = folder / name, folder / f".{name}.new"
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.writelines(lines)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
    return path


def _change(told: list[Any]) -> Change:
    table, row, before, after = told
    return Change(table=table, row=row, before=_values(before), after=_values(after) or {})


def _tagged(values: Values | None) -> Any:
    if values is None:
        return None
    return {name: _tag(value) for name, value in values.items()}


def _tag(value: Any) -> Any:
    if isinstance(value, datetime):
        return {"$at": value.isoformat()}
    return {"$on": value.isoformat()} if isinstance(value, date) else value


def _values(told: Mapping[str, Any] | None) -> Values | None:
    if told is None:
        return None
    return {name: _untag(value) for name, value in told.items()}


def _untag(value: Any) -> Any:
    if not isinstance(value, dict):
        return value
    return datetime.fromisoformat(value["$at"]) if "$at" in value else date.fromisoformat(value["$on"])
