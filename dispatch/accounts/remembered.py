"""
Keys of machines in memory, for the one process that may change them: a gateway shows its key with every request.

    look ──► remembered? ──► that
                └──► generation ──► read from the database ──► remembered, if nothing was forgotten meanwhile

Nothing is remembered while a key is changed, and when the change is durable everything is forgotten before whoever
changes it is answered: from then on nobody gets in by what was known before. Unknown keys are not remembered, so that
nobody can fill this by guessing.
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar, cast

from dispatch.errors import Busy

T = TypeVar("T")


class Remembered:
    """What was read, by its name, until anything is changed. For any thread."""

    def __init__(self, *, remembers: bool) -> None:
        """With `remembers` false everything is read each time: another process may have changed it."""
        self._remembers = remembers
        self._lock = threading.Lock()
        self._generation = 0
        self._changes = 0
        self._known: dict[str, Any] = {}

    def get(self, name: str, read: Callable[[], T]) -> T:
        """What is known by this name, or `read` now; None is read again each time."""
        with self._lock:
            known, generation = self._known.get(name), self._generation
        if known is not None:
            return cast(T, known)
        found = read()
        with self._lock:
            # What was read before a change may be from before it.
            if self._remembers and not self._changes and found is not None and generation == self._generation:
                self._known[name] = found
        return found

    @contextmanager
    def changing(self) -> Iterator[None]:
        """
        Around what changes something in the database.

        One that came to no end in time (`Busy`) may still be done at any moment: from then on nothing is remembered.
        """
        self._begin()
        try:
            yield
        except Busy:
            raise
        except BaseException:
            self._end()
            raise
        self._end()

    def _begin(self) -> None:
        with self._lock:
            self._changes += 1
            self._generation += 1
            self._known.clear()

    def _end(self) -> None:
        with self._lock:
            self._changes -= 1
            self._generation += 1

    def forget(self) -> None:
        with self._lock:
            self._generation += 1
            self._known.clear()
