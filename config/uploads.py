"""Files of imports in the folder of data: uploads for an hour, journals for a day, and no longer."""

import json
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

FOLDER = "imports"

KEPT = timedelta(hours=1)
"""So long an upload that nobody commits is kept."""

UNDO = timedelta(hours=24)
"""So long an import can be taken back."""

BEGUN, DONE, UNDONE = "begun", "done", "undone"


def sweep(home: Path, now: datetime) -> None:
    """Deletes what is over, and what a crash left lying about."""
    folder = home / FOLDER
    for path in folder.glob("*.about"):
        at = _at(_said(path))
        if at is None or now - at >= KEPT:
            drop(home, path.stem)
    for path in folder.glob("*.upload"):
        if not path.with_suffix(".about").exists():
            path.unlink(missing_ok=True)
    for path in folder.glob(".*.new"):
        # A younger one may be somebody's who is writing it.
        if abs(now.timestamp() - _touched_s(path)) >= KEPT.total_seconds():
            path.unlink(missing_ok=True)
    for path in folder.glob("*.json"):
        told = _said(path)
        at = _at(told)
        if at is None or (told.get("state") != BEGUN and now - at >= UNDO):
            path.unlink(missing_ok=True)
    # The head of a journal is written before its rows: rows without a head are nobody's.
    for path in folder.glob("*.rows"):
        if not path.with_suffix(".json").exists():
            path.unlink(missing_ok=True)


def drop(home: Path, token: str) -> None:
    """Deletes one upload."""
    for kind in ("upload", "about"):
        (home / FOLDER / f"{token}.{kind}").unlink(missing_ok=True)


def _said(path: Path) -> dict[str, Any]:
    try:
        told = json.loads(path.read_bytes())
    except (OSError, ValueError):
        return {}
    return told if isinstance(told, dict) else {}


def _touched_s(path: Path) -> float:
    try:
        return path.stat().st_mtime
    except OSError:
        return 0.0


def _at(told: dict[str, Any]) -> datetime | None:
    try:
        return datetime.fromisoformat(told["at"])
    except (ValueError, KeyError, TypeError):
        return None
