"""What the siren sees: the engine's beat, the watch's beat, and the database, which it only reads."""

import json
import sqlite3
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from dispatch.clock import Clock, Instant
from dispatch.store.questions import OVERDUE, UNTAKEN, values_at

BUSY_S = 1.0
"""So long a look waits for a lock of somebody else's."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Beat:
    """
    Somebody's last sign of life: `steady_s` on the clock of this boot, None where it comes from an earlier one.

    `worries` is what the one who beat knows to be wrong, each with the steady time since when.
    """

    steady_s: float | None
    worries: Mapping[str, float] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Signs:
    """
    One look. `engine` and `watch` are None where there is no beat at all. `untaken` and `overdue` name what broke a
    promise; `unreadable` says why the database could not be looked at.
    """

    at: Instant
    engine: Beat | None
    watch: Beat | None
    untaken: tuple[str, ...] = ()
    overdue: tuple[str, ...] = ()
    unreadable: str = ""


def look(home: Path, database: Path | None, clock: Clock, *, untaken_s: float, overdue_s: float) -> Signs:
    """Looks at everything once. Nothing that is missing or broken makes it fail: that is what it is looking for."""
    at = clock.look()
    untaken: tuple[str, ...] = ()
    overdue: tuple[str, ...] = ()
    unreadable = ""
    if database is not None:
        try:
            untaken, overdue = _ask(database, at, untaken_s, overdue_s)
        except sqlite3.Error as error:
            unreadable = str(error)
    return Signs(
        at=at, engine=read_beat(home / "engine.beat", at), watch=read_beat(home / "watch.beat", at),
        untaken=untaken, overdue=overdue, unreadable=unreadable,
    )  # fmt: skip


def read_beat(path: Path, at: Instant) -> Beat | None:
    """The beat on file; None where there is none or it makes no sense."""
    try:
        said = json.loads(path.read_text(encoding="utf-8"))
        steady_s = float(said["steady_s"]) if str(said["boot"]) == at.boot else None
        worries = {str(name): float(since_s) for name, since_s in dict(said.get("worries", {})).items()}
    except (OSError, ValueError, KeyError, TypeError):
        return None
    return Beat(steady_s=steady_s, worries=worries)


def _ask(database: Path, at: Instant, untaken_s: float, overdue_s: float) -> tuple[tuple[str, ...], tuple[str, ...]]:
    """
    Raises:
        sqlite3.Error: the file is missing, broken, locked for more than a second, or not ours.
    """
    connection = sqlite3.connect(f"{database.resolve().as_uri()}?mode=ro", uri=True, timeout=BUSY_S)
    try:
        untaken = connection.execute(UNTAKEN, values_at(at.wall, untaken_s)).fetchall()
        overdue = connection.execute(OVERDUE, values_at(at.wall, overdue_s)).fetchall()
        return tuple(str(row[0]) for row in untaken), tuple(str(row[0]) for row in overdue)
    finally:
        connection.close()
