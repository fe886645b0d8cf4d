"""What is not there yet: made when it is first asked for, or waited for until somebody has made it."""

import threading
from collections.abc import Callable
from typing import Generic, TypeVar

T = TypeVar("T")


class Late(Generic[T]):
    """One thing that is not there yet. Asked for from several threads, it is made by one and waited for by the rest."""

    def __init__(self, make: Callable[[], T]) -> None:
        self._make = make
        self._lock = threading.Lock()
        self.made: T | None = None

    def get(self) -> T:
        """The thing; raises what making it raises, and tries again when asked again."""
        if self.made is None:
            with self._lock:
                if self.made is None:
                    self.made = self._make()
        return self.made


class GivenUp(Exception):
    """What was waited for does not come."""


class Awaited(Generic[T]):
    """One thing that somebody else is making. Whoever asks for it before it is there waits; from any thread."""

    def __init__(self) -> None:
        self._settled = threading.Event()
        self._made: T | None = None

    def put(self, made: T) -> None:
        """Here it is."""
        self._made = made
        self._settled.set()

    def give_up(self) -> None:
        """Nobody waits any longer for what is not there; one that is there stays."""
        self._settled.set()

    def get(self) -> T:
        """
        The thing.

        Raises:
            GivenUp: it does not come.
        """
        self._settled.wait()
        if self._made is None:
            raise GivenUp
        return self._made
