"""
An import's journal: every row as it was and as it becomes, on disk before anything is written, deleted after a day.

By it an import is taken back. One that was too long for one unit of work, and killed in the middle, is taken back by it
at the next start: there is no half-imported file.
"""

import json
import os
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime
from pathlib import Path
from typing import Any

from config.lists.register import Change, Values
from config.uploads import FOLDER, UNDONE


@dataclass(frozen=True, slots=True, kw_only=True)
class Journal:
    """One import. `file` is what its file was called."""

    id: str
    kind: str
    file: str
    by: str
    at: datetime
    rows: int
    state: str
    changes: Sequence[Change]


def keep(home: Path, journal: Journal) -> None:
    """Writes it down, whole or not at all, for this user's eyes only."""
    head = {
        "id": journal.id, "kind": journal.kind, "file": journal.file, "by": journal.by,
        "at": journal.at.isoformat(), "rows": journal.rows, "state": journal.state,
    }  # fmt: skip
    changes = [
        {"table": each.table, "row": each.row, "before": _tagged(each.before), "after": _tagged(each.after)}
        for each in journal.changes
    ]
    write(home, f"{journal.id}.json", json.dumps({**head, "changes": changes}, ensure_ascii=False).encode())


def read(path: Path) -> Journal | None:
    """The journal in this file; None of one that cannot be read."""
    try:
        told = json.loads(path.read_bytes())
        changes = [
            Change(table=x["table"], row=x["row"], before=_values(x["before"]), after=_values(x["after"]) or {})
            for x in told.pop("changes")
        ]
        return Journal(**{**told, "at": datetime.fromisoformat(told["at"]), "changes": changes})
    except (OSError, ValueError, KeyError, TypeError):
        return None


def journals(home: Path) -> Iterator[tuple[Path, Journal]]:
    """All of them, the newest first."""
    found = [(path, read(path)) for path in (home / FOLDER).glob("*.json")]
    known = [(path, each) for path, each in found if each is not None]
    yield from sorted(known, key=lambda each: each[1].at, reverse=True)


def turn(home: Path, journal: Journal, state: str) -> None:
    """From now on it stands so; what was undone holds nobody's data any more."""
    keep(home, replace(journal, state=state, changes=() if state == UNDONE else journal.changes))


def write(home: Path, name: str, content: bytes) -> Path:
    """A file in the folder of imports, mode 0600, on disk when this returns."""
    folder = home / FOLDER
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    path, fresh = folder / name, folder / f".{name}.new"
    descriptor = os.open(fresh, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    fresh.replace(path)
    return path


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
