"""
Files of the rooms beside alarms: one with a mistake costs its own room something, and nobody an alarm.

What is lost meanwhile is told in the log (`room_file_refused`), on the room's page and by `anling doctor`.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Generic, TypeVar

import structlog

from dispatch.errors import Misconfigured

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
    except Misconfigured as wrong:
        log.error("room_file_refused", room=room, why=wrong.detail)
        return Tolerated(value=None, lacking=wrong.detail)
