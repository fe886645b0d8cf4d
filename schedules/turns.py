"""
Rows of the timetable take turns.

They fall due together: all of them first run a moment after the start, and a minute is a minute for each. A dozen
threads that compute leave a press one thirteenth of the interpreter, and it changes threads a dozen times on its way:
presses that took 3 ms took 30 to 200 in such seconds, once a minute. Beside one thread that computes they take twice
as long as alone.
"""

import threading
from collections.abc import Callable

TURNS_FROM_S = 30.0
"""Rows that come more often than this look at little, and do not wait."""

PATIENCE_S = 10.0
"""After so long a row goes without its turn: one that hangs holds no other up."""


class Turns:
    """One at a time, as far as patience goes; any number of threads."""

    def __init__(self, patience_s: float = PATIENCE_S) -> None:
        self._patience_s = patience_s
        self._changed = threading.Condition()
        self._taken = False
        self._over = False

    def taking(self, work: Callable[[], object]) -> Callable[[], None]:
        """The same work, in its turn; after `end` it is not begun any more."""

        def in_turn() -> None:
            with self._changed:
                self._changed.wait_for(lambda: self._over or not self._taken, self._patience_s)
                if self._over:
                    return
                mine, self._taken = not self._taken, True
            try:
                work()
            finally:
                if mine:
                    self._give_back()

        return in_turn

    def end(self) -> None:
        """Nobody who waits begins; a stop need not wait for them."""
        with self._changed:
            self._over = True
            self._changed.notify_all()

    def _give_back(self) -> None:
        with self._changed:
            self._taken = False
            self._changed.notify()
