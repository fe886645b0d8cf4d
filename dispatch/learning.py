"""
What must be there before an answer is read: its patterns, and that reading it comes to an end.

A pattern that meets a text for which it must try every way holds the interpreter for as long as it tries, and with it
everything that the process does: thirty times 刚 took hours. Short texts cannot do that. Any other is tried elsewhere
first (`config/probing.py`).
"""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager

from dispatch.rules.phrases import learn, lessons, standing
from dispatch.rules.reply import BARE, parse

SHORT = 16
"""Signs of a text that is read within some hundredths of a second, whatever stands in it: 14 ms of the worst known."""

PATIENCE_S = 1.0
"""Who learns in advance waits for answers that need something at once, for so long at most before each piece."""


class Unreadable(Exception):
    """Reading this text would take too long: it is for a human."""


class Learning:
    """Makes patterns when they are needed, or before; and lets nobody read what cannot be read in time."""

    def __init__(self, is_readable: Callable[[str], bool] = lambda _: True) -> None:
        self._is_readable = is_readable
        self._learnt = False
        # Two who learn the same at once take twice as long, under one interpreter's lock.
        self._lock = threading.Lock()
        self._turn, self._asking = threading.Condition(), 0

    def learn(self) -> None:
        """Makes all patterns of answers: for the start of the service. What Chinese needs first, it is less."""
        for each in lessons():
            with self._turn:
                self._turn.wait_for(lambda: not self._asking, PATIENCE_S)
            with self._lock:
                each()
        self._learnt = True

    def prepare(self, text: str) -> None:
        """
        Before this answer is read: what its first reader would otherwise keep the writer for, for as long as learning
        takes.

        Raises:
            Unreadable: it would take too long to read.
        """
        if BARE.fullmatch(text):
            return
        if len(text) > SHORT and not self._is_readable(text):
            raise Unreadable(f"an answer of {len(text)} signs takes too long to read")
        if self._learnt:
            return
        with self._at_once(), self._lock:
            learn(text)
            if parse(text).action is None:
                standing.learn_for(text)

    @contextmanager
    def _at_once(self) -> Iterator[None]:
        """While it lasts nothing is learned in advance: who waits for an answer comes first."""
        with self._turn:
            self._asking += 1
        try:
            yield
        finally:
            with self._turn:
                self._asking -= 1
                self._turn.notify_all()
