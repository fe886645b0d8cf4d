"""
Files that a bureau writes: one with a mistake costs its own room something, and nobody an alarm.

What is lost meanwhile is told in the log (`room_file_refused`), by a text to the people on watch, on the board, on the
room's page and by `anling doctor`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar, cast

import structlog

from dispatch.errors import SLIPS, Misconfigured

log = structlog.get_logger()

T = TypeVar("T")


@dataclass(frozen=True, slots=True, kw_only=True)
class Tolerated(Generic[T]):
    """What a file says; or None, and why it says nothing, in one sentence that names place and cure."""

    value: T | None
    lacking: str = ""


def tolerated(room: str, read: Callable[[], T]) -> Tolerated[T]:
    """Reads a file of a room; a mistake in it is an error in the log, and stops nothing else."""
    try:
        return Tolerated(value=read())
    except (Misconfigured, *SLIPS) as wrong:
        why = wrong.detail if isinstance(wrong, Misconfigured) else f"{wrong!r}"
        log.error("room_file_refused", room=room, why=why)
        return Tolerated(value=None, lacking=why)


@dataclass(frozen=True, slots=True, kw_only=True)
class StoodIn(Generic[T]):
    """What a file says, or what stands in for it; and why it does, empty for the file itself."""

    value: T
    lacking: str = ""


def stood_in(room: str, read: Callable[[], T], instead: Callable[[], T]) -> StoodIn[T]:
    """
    Reads a file of a room that cannot stand still: where it has a mistake, `instead` says what holds meanwhile, mostly
    by the file that comes with the program.
    """
    found = tolerated(room, read)
    return StoodIn(value=instead() if found.lacking else cast(T, found.value), lacking=found.lacking)
